//! Differences between two specs, in words that an operator reads at a glance: `image api:1.8 → 1.9`,
//! `replicas 3 → 5`, `env DB_PASSWORD changed (masked)`. Works on the engine's own JSON, so that a
//! field skep has never heard of is told as well, by its path.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::secret::{HIDDEN, looks_secret};
use crate::text::{exact, exact_bytes};

/// A longer value is not shown: `Args changed`.
const SHORT: usize = 40;

/// The changes from one spec to another, the most telling first; empty when they mean the same.
/// Secret values are masked. What can't be read tells nothing.
pub fn changes(before: &str, after: &str) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let (Ok(before), Ok(after)) = (serde_json::from_str(before), serde_json::from_str(after))
    else {
        return Vec::new();
    };
    let mut said = Vec::new();
    walk("", &before, &after, &mut said);
    said.sort_by_key(|text: &String| {
        let first = ["image", "replicas", "env", "command", "constraint"];
        first.iter().position(|word| text.starts_with(word)).unwrap_or(first.len())
    });
    said
}

/// Whether a value says no more than its absence: engines write either.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::String(s) => s.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        Value::Number(n) => n.as_f64() == Some(0.0),
    }
}

fn walk(path: &str, before: &Value, after: &Value, said: &mut Vec<String>) {
    if before == after || (is_nothing(before) && is_nothing(after)) {
        return;
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    match name {
        "Image" => return said.push(image(before, after)),
        // Of a secret or a config.
        "Data" => return said.push("its content changed".into()),
        "ForceUpdate" => return said.push("forced (all tasks replaced)".into()),
        "Env" => return pairs("env", &env(before), &env(after), said),
        "Labels" => {
            let word = if path == "Labels" { "label" } else { "container label" };
            return pairs(word, &labels(before), &labels(after), said);
        }
        "Secrets" => return set("secret", "SecretName", before, after, said),
        "Configs" => return set("config", "ConfigName", before, after, said),
        "Networks" => return set("network", "Target", before, after, said),
        "Mounts" => return set("mount", "Target", before, after, said),
        "Ports" => return ports(before, after, said),
        "Constraints" => return set("constraint", "", before, after, said),
        _ => {}
    }
    match (before, after) {
        (Value::Object(b), Value::Object(a)) => {
            let mut keys: Vec<&String> =
                b.keys().chain(a.keys().filter(|k| !b.contains_key(*k))).collect();
            keys.sort();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let none = Value::Null;
                walk(&path, b.get(key).unwrap_or(&none), a.get(key).unwrap_or(&none), said);
            }
        }
        // A part that came or went is told by its own fields.
        (Value::Object(_), _) if is_nothing(after) => {
            walk(path, before, &Value::Object(serde_json::Map::new()), said);
        }
        (_, Value::Object(_)) if is_nothing(before) => {
            walk(path, &Value::Object(serde_json::Map::new()), after, said);
        }
        _ => said.push(plain(path, before, after)),
    }
}

fn image(before: &Value, after: &Value) -> String {
    let text = |v: &Value| v.as_str().unwrap_or("none").to_owned();
    let (before, after) = (text(before), text(after));
    let tag = |image: &str| image.split_once('@').map_or(image.to_owned(), |(tag, _)| tag.into());
    if tag(&before) != tag(&after) {
        return format!("image {} → {}", tag(&before), tag(&after));
    }
    let digest = |image: &str| {
        let digest = image.split_once("sha256:").map(|(_, d)| d.chars().take(8).collect());
        digest.unwrap_or_else(|| "no digest".to_owned())
    };
    format!("image {}: digest {} → {}", tag(&after), digest(&before), digest(&after))
}

fn env(value: &Value) -> BTreeMap<String, String> {
    let lines = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    lines
        .map(|line| line.split_once('=').unwrap_or((line, "")))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect()
}

fn pairs(
    word: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    said: &mut Vec<String>,
) {
    for (key, old) in before {
        match after.get(key) {
            None => said.push(format!("{word} {key} removed")),
            Some(new) if new == old => {}
            Some(new) if looks_secret(key, new) || looks_secret(key, old) => {
                said.push(format!("{word} {key} changed (masked)"));
            }
            Some(new) if new.len() <= SHORT && old.len() <= SHORT => {
                said.push(format!("{word} {key} {old} → {new}"));
            }
            Some(_) => said.push(format!("{word} {key} changed")),
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        let value = if looks_secret(key, new) { HIDDEN } else { new };
        if value.is_empty() || value.len() > SHORT {
            said.push(format!("{word} {key} added"));
        } else {
            said.push(format!("{word} {key}={value} added"));
        }
    }
}

/// Things in a list that have a name, or are their own.
fn set(word: &str, key: &str, before: &Value, after: &Value, said: &mut Vec<String>) {
    let named = |list: &Value| -> BTreeMap<String, Value> {
        let items = list.as_array().into_iter().flatten();
        items
            .map(|item| {
                let name = if key.is_empty() { item } else { &item[key] };
                let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
                // A network is told by its id: twelve characters, as everywhere.
                let name = if key == "Target" && word == "network" {
                    name.chars().take(12).collect()
                } else {
                    name
                };
                (name, item.clone())
            })
            .collect()
    };
    let (before, after) = (named(before), named(after));
    for (name, item) in &before {
        match after.get(name) {
            None => said.push(format!("{word} {name} removed")),
            Some(new) if new != item => said.push(format!("{word} {name} changed")),
            Some(_) => {}
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        said.push(format!("{word} {name} added"));
    }
}

/// Published ports: `8080`, `53/udp` where another one is published under the number, `80/tcp unpublished` for
/// one whose number the engine chooses.
fn ports(before: &Value, after: &Value, said: &mut Vec<String>) {
    let number = |port: &Value| port["PublishedPort"].as_u64().filter(|n| *n > 0);
    let twice = |list: &Value, n: u64| {
        list.as_array().into_iter().flatten().filter(|port| number(port) == Some(n)).count() > 1
    };
    let named = |list: &Value| -> Value {
        let ports = list.as_array().into_iter().flatten().map(|port| {
            let protocol = port["Protocol"].as_str().filter(|p| !p.is_empty()).unwrap_or("tcp");
            let name = match number(port) {
                Some(n) if twice(before, n) || twice(after, n) => format!("{n}/{protocol}"),
                Some(n) => n.to_string(),
                None => format!("{}/{protocol} unpublished", port["TargetPort"]),
            };
            let mut port = port.clone();
            port["Name"] = name.into();
            port
        });
        ports.collect()
    };
    set("port", "Name", &named(before), &named(after), said);
}

/// Any other field: `UpdateConfig.Parallelism 1 → 2`.
fn plain(path: &str, before: &Value, after: &Value) -> String {
    let words = path
        .trim_start_matches("TaskTemplate.")
        .trim_start_matches("ContainerSpec.")
        .trim_start_matches("Mode.Replicated.");
    let name = path.rsplit('.').next().unwrap_or(path);
    let words = match words {
        "Replicas" => "replicas",
        "Command" | "Args" => "command",
        other => other,
    };
    let (old, new) = (value(name, before), value(name, after));
    // Options of log and volume drivers hold tokens.
    if looks_secret(name, &old) || looks_secret(name, &new) {
        return format!("{words} changed (masked)");
    }
    if words == "command" || old.len() > SHORT || new.len() > SHORT {
        return format!("{words} changed");
    }
    format!("{words} {old} → {new}")
}

fn value(name: &str, value: &Value) -> String {
    if is_nothing(value) && !value.is_number() {
        return "none".into();
    }
    let number = value.as_f64();
    match (name, number) {
        (
            "Delay" | "Monitor" | "Interval" | "Timeout" | "StartPeriod" | "StopGracePeriod"
            | "Window" | "StartInterval",
            Some(ns),
        ) => exact(Duration::from_nanos(ns as u64)),
        ("NanoCPUs", Some(n)) => format!("{} CPU", n / 1e9),
        ("MemoryBytes", Some(n)) => exact_bytes(n as u64),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_told_in_words() {
        let before = r#"{"Name":"api","Labels":{"tier":"1"},"TaskTemplate":{"ContainerSpec":{
            "Image":"api:1.8@sha256:aaaa","Env":["A=1","DB_PASSWORD=x","OLD=1"],"Secrets":null},
            "Resources":{"Limits":{"MemoryBytes":268435456}},"ForceUpdate":0,"Placement":{}},
            "Mode":{"Replicated":{"Replicas":3}}}"#;
        let after = r#"{"Name":"api","Labels":{"tier":"2"},"TaskTemplate":{"ContainerSpec":{
            "Image":"api:1.9@sha256:bbbb","Env":["A=2","DB_PASSWORD=y","API_TOKEN=z"],
            "Secrets":[{"SecretName":"tls"}]},
            "Resources":{"Limits":{"MemoryBytes":134217728}},"ForceUpdate":1,
            "Placement":{"Constraints":["node.role==worker"]},"New":{"Thing":7},"LogDriver":{"Options":{"splunk-token":"t0p"}}},
            "Mode":{"Replicated":{"Replicas":5}},"UpdateConfig":{"Delay":5000000000}}"#;
        assert_eq!(
            changes(before, after),
            [
                "image api:1.8 → api:1.9",
                "replicas 3 → 5",
                "env A 1 → 2",
                "env DB_PASSWORD changed (masked)",
                "env OLD removed",
                "env API_TOKEN=<hidden> added",
                "constraint node.role==worker added",
                "label tier 1 → 2",
                "secret tls added",
                "forced (all tasks replaced)",
                "LogDriver.Options.splunk-token changed (masked)",
                "New.Thing none → 7",
                "Resources.Limits.MemoryBytes 256 MiB → 128 MiB",
                "UpdateConfig.Delay none → 5s",
            ]
        );
        assert_eq!(changes(before, before), Vec::<String>::new());
        assert_eq!(changes("nonsense", after), Vec::<String>::new());
    }

    #[test]
    fn ports_are_told_apart() {
        let port = |target: u64, published: u64, protocol: &str| json!({ "TargetPort": target, "PublishedPort": published, "Protocol": protocol });
        let said = |before: Value, after: Value| {
            let spec = |ports: Value| json!({ "EndpointSpec": { "Ports": ports } }).to_string();
            changes(&spec(before), &spec(after))
        };
        let (tcp, udp) = (port(53, 18053, "tcp"), port(53, 18053, "udp"));
        assert_eq!(said(json!([tcp, udp]), json!([tcp])), ["port 18053/udp removed"]);
        let none = port(80, 0, "tcp");
        assert_eq!(
            said(json!([none]), json!([port(81, 0, "tcp"), port(82, 0, "tcp")])),
            [
                "port 80/tcp unpublished removed",
                "port 81/tcp unpublished added",
                "port 82/tcp unpublished added",
            ]
        );
        assert_eq!(said(json!([tcp]), json!([port(54, 18053, "tcp")])), ["port 18053 changed"]);
    }

    #[test]
    fn another_digest_of_one_tag_is_told() {
        let spec =
            |image| format!(r#"{{"TaskTemplate":{{"ContainerSpec":{{"Image":"{image}"}}}}}}"#);
        let said = changes(&spec("a:1@sha256:0123456789"), &spec("a:1@sha256:9876543210"));
        assert_eq!(said, ["image a:1: digest 01234567 → 98765432"]);
    }
}
