//! Networks of a stack: they can't be changed, so it is told where one differs.

use serde_json::Value;

/// Differences between a network as the files want it and as it is, in words.
pub(super) fn differences(wanted: &Value, there: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for (field, word) in
        [("Attachable", "attachable"), ("Internal", "internal"), ("EnableIPv6", "IPv6")]
    {
        let (want, has) = (wanted[field].as_bool(), there[field].as_bool().unwrap_or_default());
        if want.unwrap_or_default() != has {
            let yes = |is: bool| if is { "yes" } else { "no" };
            said.push(format!("{word} {} → {}", yes(has), yes(!has)));
        }
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (want, has) = (text(&wanted["Driver"]), text(&there["Driver"]));
    if !want.is_empty() && want != has {
        said.push(format!("driver {has} → {want}"));
    }
    for (field, word) in [("Options", "option"), ("Labels", "label")] {
        for (key, value) in wanted[field].as_object().into_iter().flatten() {
            let has = &there[field][key];
            if has != value {
                let has = has.as_str().unwrap_or("none");
                said.push(format!("{word} {key} {has} → {}", text(value)));
            }
        }
    }
    let subnets = |network: &Value| -> Vec<String> {
        let config = network["IPAM"]["Config"].as_array().into_iter().flatten();
        config.map(|one| text(&one["Subnet"])).filter(|subnet| !subnet.is_empty()).collect()
    };
    let (want, has) = (subnets(wanted), subnets(there));
    if !want.is_empty() && want != has {
        said.push(format!("subnet {} → {}", has.join(", "), want.join(", ")));
    }
    said
}
