//! Shape of a line: whether it continues another one, and short forms of JSON. Pure.

use serde_json::Value;

/// Whether a line goes on the one before it, as the frames of a stack trace do.
pub fn continues(line: &str) -> bool {
    let trimmed = line.trim_start();
    if trimmed.is_empty() {
        return false;
    }
    let indented = line.starts_with('\t') || line.starts_with("  ");
    indented
        || trimmed.starts_with("Caused by: ")
        || trimmed.starts_with("... ") && trimmed.ends_with(" more")
        || trimmed.starts_with("at ") && trimmed.ends_with(')')
        || line == "}"
        || line == ")"
}

/// Keys that say most, in the order they are shown.
const FIRST: [&[&str]; 3] = [
    &["level", "severity", "lvl", "levelname", "loglevel"],
    &["msg", "message", "@message", "event", "text"],
    &["error", "err", "exception", "error.message"],
];
/// Keys that say what stands beside the line anyhow.
const LEFT_OUT: [&str; 8] = ["time", "ts", "timestamp", "@timestamp", "t", "pid", "hostname", "v"];

/// A JSON object on one line: level, message, error, then the rest as `key=value`, or of the rest only
/// the chosen `keys`. `None` if the line is no JSON object.
pub fn compact(line: &str, keys: &[String]) -> Option<String> {
    let trimmed = line.trim();
    if !(trimmed.starts_with('{') && trimmed.ends_with('}')) {
        return None;
    }
    let Value::Object(fields) = serde_json::from_str(trimmed).ok()? else { return None };
    let mut out = String::new();
    let mut used = Vec::new();
    let mut add = |text: &str| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(text);
    };
    for (place, names) in FIRST.iter().enumerate() {
        let Some((name, value)) = names.iter().find_map(|n| fields.get_key_value(*n)) else {
            continue;
        };
        used.push(name.as_str());
        let text = plain(value);
        match place {
            0 => add(&text.to_uppercase()),
            1 => add(&text),
            _ if keys.is_empty() || keys.contains(name) => add(&format!("{name}={text}")),
            _ => {}
        }
    }
    for (name, value) in &fields {
        let wanted = match keys {
            [] => !LEFT_OUT.contains(&name.as_str()),
            keys => keys.contains(name),
        };
        if wanted && !used.contains(&name.as_str()) {
            add(&format!("{name}={}", plain(value)));
        }
    }
    Some(out)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A JSON line in full, a field a line. `None` if it is no JSON.
pub fn expand(line: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(line.trim()).ok()?;
    if !value.is_object() && !value.is_array() {
        return None;
    }
    let text = serde_json::to_string_pretty(&value).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on() {
        for line in [
            "\tat com.example.Foo.bar(Foo.java:12)",
            "  File \"x.py\", line 1",
            "Caused by: x",
            "... 12 more",
            "at a (b.js:1)",
        ] {
            assert!(continues(line), "{line}");
        }
        for line in ["at last", " one space", "", "plain", "2026 INFO x"] {
            assert!(!continues(line), "{line}");
        }
    }

    #[test]
    fn json_is_made_short() {
        let line = r#"{"ts":1,"caller":"a.go:1","level":"error","msg":"no such user","err":"EOF","user":{"id":7},"n":3}"#;
        assert_eq!(
            compact(line, &[]).unwrap(),
            r#"ERROR no such user err=EOF caller=a.go:1 user={"id":7} n=3"#
        );
        assert_eq!(compact(line, &["n".into()]).unwrap(), "ERROR no such user n=3");
        assert_eq!(compact("{broken}", &[]), None);
        assert_eq!(compact("plain", &[]), None);
        assert_eq!(expand(r#"{"a":1}"#).unwrap(), ["{", "  \"a\": 1", "}"]);
    }
}
