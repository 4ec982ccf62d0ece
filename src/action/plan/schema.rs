//! Schema of a service spec, as far as a slip in the editor can be told from intent.
//!
//! The engine silently drops a field it does not know, so a mistyped key would look accepted and do
//! nothing. A key is taken if it is known here, or if the spec had it before (a newer engine's).

use serde_json::Value;

/// Field by field, from the Engine API's `ServiceSpec`; `*` is any key, `[]` any element.
/// s text, n whole number from 0, f number, b yes or no, l list, m map.
const FIELDS: &str = "
s Name | m Labels | s Labels.* | m TaskTemplate | m Mode | m UpdateConfig | m RollbackConfig | m EndpointSpec | l Networks
m Networks[] | s Networks[].Target | l Networks[].Aliases | s Networks[].Aliases[] | m Networks[].DriverOpts
m TaskTemplate.ContainerSpec | m TaskTemplate.Resources | m TaskTemplate.RestartPolicy | m TaskTemplate.Placement
n TaskTemplate.ForceUpdate | s TaskTemplate.Runtime | l TaskTemplate.Networks | m TaskTemplate.LogDriver | m TaskTemplate.PluginSpec | m TaskTemplate.NetworkAttachmentSpec
m TaskTemplate.Networks[] | s TaskTemplate.Networks[].Target | l TaskTemplate.Networks[].Aliases | s TaskTemplate.Networks[].Aliases[] | m TaskTemplate.Networks[].DriverOpts
s TaskTemplate.LogDriver.Name | m TaskTemplate.LogDriver.Options | s TaskTemplate.LogDriver.Options.*
s TaskTemplate.ContainerSpec.Image | m TaskTemplate.ContainerSpec.Labels | s TaskTemplate.ContainerSpec.Labels.*
l TaskTemplate.ContainerSpec.Command | s TaskTemplate.ContainerSpec.Command[] | l TaskTemplate.ContainerSpec.Args | s TaskTemplate.ContainerSpec.Args[]
s TaskTemplate.ContainerSpec.Hostname | l TaskTemplate.ContainerSpec.Env | s TaskTemplate.ContainerSpec.Env[] | s TaskTemplate.ContainerSpec.Dir
s TaskTemplate.ContainerSpec.User | l TaskTemplate.ContainerSpec.Groups | s TaskTemplate.ContainerSpec.Groups[] | m TaskTemplate.ContainerSpec.Privileges
s TaskTemplate.ContainerSpec.StopSignal | b TaskTemplate.ContainerSpec.TTY | b TaskTemplate.ContainerSpec.OpenStdin | b TaskTemplate.ContainerSpec.ReadOnly
l TaskTemplate.ContainerSpec.Mounts | m TaskTemplate.ContainerSpec.Mounts[] | s TaskTemplate.ContainerSpec.Mounts[].Type | s TaskTemplate.ContainerSpec.Mounts[].Source
s TaskTemplate.ContainerSpec.Mounts[].Target | b TaskTemplate.ContainerSpec.Mounts[].ReadOnly | s TaskTemplate.ContainerSpec.Mounts[].Consistency
m TaskTemplate.ContainerSpec.Mounts[].BindOptions | m TaskTemplate.ContainerSpec.Mounts[].VolumeOptions | m TaskTemplate.ContainerSpec.Mounts[].TmpfsOptions | m TaskTemplate.ContainerSpec.Mounts[].ClusterOptions | m TaskTemplate.ContainerSpec.Mounts[].ImageOptions
n TaskTemplate.ContainerSpec.StopGracePeriod | m TaskTemplate.ContainerSpec.Healthcheck | l TaskTemplate.ContainerSpec.Healthcheck.Test | s TaskTemplate.ContainerSpec.Healthcheck.Test[]
n TaskTemplate.ContainerSpec.Healthcheck.Interval | n TaskTemplate.ContainerSpec.Healthcheck.Timeout | n TaskTemplate.ContainerSpec.Healthcheck.Retries | n TaskTemplate.ContainerSpec.Healthcheck.StartPeriod | n TaskTemplate.ContainerSpec.Healthcheck.StartInterval
l TaskTemplate.ContainerSpec.Hosts | s TaskTemplate.ContainerSpec.Hosts[] | m TaskTemplate.ContainerSpec.DNSConfig | l TaskTemplate.ContainerSpec.DNSConfig.Nameservers | l TaskTemplate.ContainerSpec.DNSConfig.Search | l TaskTemplate.ContainerSpec.DNSConfig.Options
l TaskTemplate.ContainerSpec.Secrets | m TaskTemplate.ContainerSpec.Secrets[] | m TaskTemplate.ContainerSpec.Secrets[].File | s TaskTemplate.ContainerSpec.Secrets[].SecretID | s TaskTemplate.ContainerSpec.Secrets[].SecretName
l TaskTemplate.ContainerSpec.Configs | m TaskTemplate.ContainerSpec.Configs[] | m TaskTemplate.ContainerSpec.Configs[].File | m TaskTemplate.ContainerSpec.Configs[].Runtime | s TaskTemplate.ContainerSpec.Configs[].ConfigID | s TaskTemplate.ContainerSpec.Configs[].ConfigName
s TaskTemplate.ContainerSpec.Isolation | b TaskTemplate.ContainerSpec.Init | m TaskTemplate.ContainerSpec.Sysctls | s TaskTemplate.ContainerSpec.Sysctls.* | n TaskTemplate.ContainerSpec.OomScoreAdj
l TaskTemplate.ContainerSpec.CapabilityAdd | s TaskTemplate.ContainerSpec.CapabilityAdd[] | l TaskTemplate.ContainerSpec.CapabilityDrop | s TaskTemplate.ContainerSpec.CapabilityDrop[]
l TaskTemplate.ContainerSpec.Ulimits | m TaskTemplate.ContainerSpec.Ulimits[] | s TaskTemplate.ContainerSpec.Ulimits[].Name | n TaskTemplate.ContainerSpec.Ulimits[].Hard | n TaskTemplate.ContainerSpec.Ulimits[].Soft
m TaskTemplate.Resources.Limits | m TaskTemplate.Resources.Reservations | n TaskTemplate.Resources.Limits.NanoCPUs | n TaskTemplate.Resources.Limits.MemoryBytes | n TaskTemplate.Resources.Limits.Pids
n TaskTemplate.Resources.Reservations.NanoCPUs | n TaskTemplate.Resources.Reservations.MemoryBytes | l TaskTemplate.Resources.Reservations.GenericResources | n TaskTemplate.Resources.SwapBytes | n TaskTemplate.Resources.MemorySwappiness
s TaskTemplate.RestartPolicy.Condition | n TaskTemplate.RestartPolicy.Delay | n TaskTemplate.RestartPolicy.MaxAttempts | n TaskTemplate.RestartPolicy.Window
l TaskTemplate.Placement.Constraints | s TaskTemplate.Placement.Constraints[] | l TaskTemplate.Placement.Preferences | m TaskTemplate.Placement.Preferences[] | n TaskTemplate.Placement.MaxReplicas | l TaskTemplate.Placement.Platforms | m TaskTemplate.Placement.Platforms[]
m Mode.Replicated | n Mode.Replicated.Replicas | m Mode.Global | m Mode.ReplicatedJob | n Mode.ReplicatedJob.MaxConcurrent | n Mode.ReplicatedJob.TotalCompletions | m Mode.GlobalJob
n UpdateConfig.Parallelism | n UpdateConfig.Delay | s UpdateConfig.FailureAction | n UpdateConfig.Monitor | f UpdateConfig.MaxFailureRatio | s UpdateConfig.Order
n RollbackConfig.Parallelism | n RollbackConfig.Delay | s RollbackConfig.FailureAction | n RollbackConfig.Monitor | f RollbackConfig.MaxFailureRatio | s RollbackConfig.Order
s EndpointSpec.Mode | l EndpointSpec.Ports | m EndpointSpec.Ports[] | s EndpointSpec.Ports[].Name | s EndpointSpec.Ports[].Protocol | n EndpointSpec.Ports[].TargetPort | n EndpointSpec.Ports[].PublishedPort | s EndpointSpec.Ports[].PublishMode
";

/// Fields whose words are few.
const WORDS: &[(&str, &[&str])] = &[
    ("UpdateConfig.FailureAction", &["pause", "continue", "rollback"]),
    ("RollbackConfig.FailureAction", &["pause", "continue"]),
    ("UpdateConfig.Order", &["stop-first", "start-first"]),
    ("RollbackConfig.Order", &["stop-first", "start-first"]),
    ("TaskTemplate.RestartPolicy.Condition", &["none", "on-failure", "any"]),
    ("EndpointSpec.Mode", &["vip", "dnsrr"]),
    ("EndpointSpec.Ports[].Protocol", &["tcp", "udp", "sctp"]),
    ("EndpointSpec.Ports[].PublishMode", &["ingress", "host"]),
    (
        "TaskTemplate.ContainerSpec.Mounts[].Type",
        &["bind", "volume", "tmpfs", "npipe", "cluster", "image"],
    ),
];

/// Maps skep does not look into.
fn is_open(pattern: &str) -> bool {
    const OPEN: [&str; 6] =
        ["DriverOpts", "Privileges", "Options", "File", "PluginSpec", "NetworkAttachmentSpec"];
    pattern.rsplit('.').next().is_some_and(|last| OPEN.iter().any(|o| last.ends_with(o)))
        || pattern.ends_with("Preferences[]")
        || pattern.ends_with("Platforms[]")
        || pattern.ends_with("GenericResources")
}

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathStep {
    Key(String),
    Index(usize),
}

type Path = Vec<PathStep>;

fn kind_of(pattern: &str) -> Option<char> {
    FIELDS.split(['|', '\n']).map(str::trim).find_map(|entry| {
        let (kind, name) = entry.split_once(' ')?;
        (name == pattern).then(|| kind.chars().next()).flatten()
    })
}

/// Checks an edited spec. The error is the path of the first slip and what is wrong with it.
pub(super) fn check(spec: &Value, original: &Value) -> Result<(), (Path, String)> {
    if spec["Name"] != original["Name"] {
        return Err((vec![PathStep::Key("Name".into())], "a service can't be renamed".into()));
    }
    walk(spec, Some(original), &mut Vec::new(), String::new())?;
    let modes = spec["Mode"].as_object().map_or(0, serde_json::Map::len);
    if modes != 1 {
        let path = vec![PathStep::Key("Mode".into())];
        return Err((path, "a service has exactly one mode".into()));
    }
    let mode_name = |v: &Value| v["Mode"].as_object().and_then(|m| m.keys().next().cloned());
    if mode_name(spec) != mode_name(original) {
        let path = vec![PathStep::Key("Mode".into())];
        return Err((path, "the mode of a service can't be changed: create it again".into()));
    }
    Ok(())
}

fn walk(
    value: &Value,
    original: Option<&Value>,
    path: &mut Path,
    pattern: String,
) -> Result<(), (Path, String)> {
    if value.is_null() || (!pattern.is_empty() && is_open(&pattern)) {
        return Ok(());
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let dot = if pattern.is_empty() { "" } else { "." };
                let exact = format!("{pattern}{dot}{key}");
                let any = format!("{pattern}{dot}*");
                let before = original.and_then(|o| o.get(key));
                path.push(PathStep::Key(key.clone()));
                let known = kind_of(&exact).map(|k| (k, exact)).or(kind_of(&any).map(|k| (k, any)));
                match known {
                    Some((kind, pattern)) => {
                        fits(kind, inner, &pattern)
                            .map_err(|m| (path.clone(), format!("{key}: {m}")))?;
                        walk(inner, before, path, pattern)?;
                    }
                    None if before.is_some() => {}
                    None => {
                        return Err((
                            path.clone(),
                            format!("'{key}' is not a field of a service here"),
                        ));
                    }
                }
                path.pop();
            }
        }
        Value::Array(items) => {
            let pattern = format!("{pattern}[]");
            let kind = kind_of(&pattern);
            for (index, inner) in items.iter().enumerate() {
                path.push(PathStep::Index(index));
                if let Some(kind) = kind {
                    fits(kind, inner, &pattern).map_err(|m| (path.clone(), m))?;
                }
                let before = original.and_then(|o| o.get(index));
                walk(inner, before, path, pattern.clone())?;
                path.pop();
            }
        }
        _ => {}
    }
    Ok(())
}

fn fits(kind: char, value: &Value, pattern: &str) -> Result<(), String> {
    let (fits, wanted) = match kind {
        's' => (value.is_string(), "text (put it in quotes)"),
        'n' => (value.as_i64().is_some() || value.as_u64().is_some(), "a whole number"),
        'f' => (value.is_number(), "a number"),
        'b' => (value.is_boolean(), "true or false"),
        'l' => (value.is_array(), "a list"),
        _ => (value.is_object(), "a map of fields"),
    };
    if value.is_null() {
        return Ok(());
    }
    if !fits {
        return Err(format!("must be {wanted}"));
    }
    if kind == 'n' && value.as_i64().is_some_and(|n| n < 0) && !pattern.ends_with("OomScoreAdj") {
        return Err("can't be below zero".into());
    }
    if pattern.ends_with("Port") && value.as_u64().is_some_and(|n| n > 65_535) {
        return Err("a port is at most 65535".into());
    }
    if pattern.ends_with("MaxFailureRatio")
        && !value.as_f64().is_some_and(|r| (0.0..=1.0).contains(&r))
    {
        return Err("must be between 0 and 1".into());
    }
    if let Some((_, words)) = WORDS.iter().find(|(field, _)| *field == pattern) {
        let word = value.as_str().unwrap_or_default();
        if !word.is_empty() && !words.contains(&word) {
            return Err(format!("'{word}' is none of {}", words.join(", ")));
        }
    }
    Ok(())
}

/// The line (from 1) on which a path stands in block-style YAML; its nearest parent's if the text
/// is written otherwise.
pub(super) fn line_of(text: &str, path: &[PathStep]) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |l: &str| l.len() - l.trim_start().len();
    let (mut from, mut found) = (0, 1);
    let mut floor: isize = -1;
    for part in path {
        let mut level = None;
        let mut count = 0;
        let mut hit = None;
        for (i, line) in lines.iter().enumerate().skip(from) {
            let trimmed = line.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let is_item = trimmed.starts_with("- ") || trimmed == "-";
            let here = indent(line) as isize;
            match part {
                PathStep::Key(key) => {
                    // Keys of a map in a list stand after its dash.
                    let (here, body) = if is_item {
                        (here + 2, trimmed[1..].trim_start())
                    } else {
                        (here, trimmed)
                    };
                    if here <= floor {
                        break;
                    }
                    if here != *level.get_or_insert(here) {
                        continue;
                    }
                    let name = body.split(':').next().unwrap_or(body).trim_matches(['"', '\'']);
                    if name == key {
                        hit = Some((i, here));
                        break;
                    }
                }
                PathStep::Index(index) => {
                    if here < floor {
                        break;
                    }
                    if is_item && here == *level.get_or_insert(here) {
                        if count == *index {
                            hit = Some((i, here));
                            break;
                        }
                        count += 1;
                    }
                }
            }
        }
        let Some((line, here)) = hit else { return found };
        found = line + 1;
        floor = here;
        // A list element's first key stands on the line of its dash.
        from = if matches!(part, PathStep::Index(_)) { line } else { line + 1 };
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::yaml::{from_yaml, to_yaml};

    fn spec() -> serde_json::Value {
        json!({
            "Name": "web", "Labels": {"a": "b"},
            "TaskTemplate": {"ContainerSpec": {"Image": "api:1", "Env": ["A=1", "DB_PASSWORD=x"]}, "ForceUpdate": 0, "FutureField": {"x": 1}},
            "Mode": {"Replicated": {"Replicas": 3}},
            "EndpointSpec": {"Ports": [{"Protocol": "tcp", "TargetPort": 80}, {"Protocol": "tcp", "TargetPort": 81}]},
        })
    }

    #[test]
    fn a_slip_is_refused_at_its_line() {
        let text = to_yaml(&spec());
        let check = |from: &str, to: &str, line_has: &str, says: &str| {
            let edited = text.replacen(from, to, 1);
            assert_ne!(edited, text, "{from}");
            let error = from_yaml(&edited, &spec()).expect_err(to);
            let line = edited.lines().nth(error.line - 1).unwrap_or("");
            assert!(line.contains(line_has), "{error} points at {line:?}");
            assert!(error.message.contains(says), "{error}");
        };
        check("Replicas: 3", "Replicas: three", "three", "whole number");
        check("Replicas: 3", "Replicas: -3", "-3", "below zero");
        check("Image: api:1", "Imagee: api:1", "Imagee", "not a field");
        check("TargetPort: 81", "TargetPort: 99999", "99999", "65535");
        check("- A=1", "- A: 1", "A: 1", "text");
        check("Name: web", "Name: shop", "Name", "renamed");
        check("Mode:", "Mode: [", "", "");
    }

    #[test]
    fn what_was_not_touched_stays_as_it_was() {
        assert_eq!(from_yaml(&to_yaml(&spec()), &spec()), Ok(spec()));
    }
}
