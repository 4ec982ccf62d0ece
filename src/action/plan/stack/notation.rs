//! A spec as the CLI sends it, in the notation of the one that the engine has: what says the same is
//! written the same, so that only true differences are left.
//!
//! The engine fills in defaults, leaves out what is empty, and keeps ids of networks in place of their
//! names (measured on 20.10 to 29.7 with the corpus in `tests/stack`).

use serde_json::{Map, Value};

/// Defaults that the engine writes where a spec says nothing, by the name of their field.
const DEFAULTS: [(&str, &str); 8] = [
    ("FailureAction", "pause"),
    ("Order", "stop-first"),
    ("Condition", "any"),
    ("Isolation", "default"),
    ("Mode", "vip"),
    ("Protocol", "tcp"),
    ("PublishMode", "ingress"),
    ("Runtime", "container"),
];

/// The engine's delay between two tasks of a slot, and the time it watches a task of an update.
fn is_five_seconds(of: &str, name: &str, value: &Value) -> bool {
    matches!((of, name), ("RestartPolicy", "Delay") | (_, "Monitor")) && value.as_f64() == Some(5e9)
}

/// The key of an element of a list, by the name of the list.
fn key_of(list: &str, item: &Value) -> Option<String> {
    let fields: &[&str] = match list {
        "Env" => {
            let text = item.as_str()?;
            return Some(text.split_once('=').map_or(text, |(key, _)| key).to_owned());
        }
        "Mounts" => &["Target"],
        "Networks" => &["Target"],
        "Ports" => &["TargetPort", "Protocol", "PublishedPort", "PublishMode"],
        "Secrets" => &["SecretName"],
        "Configs" => &["ConfigName"],
        _ => return None,
    };
    let mut key: String = fields
        .iter()
        .map(|field| match &item[field] {
            Value::Null => default_of(field).to_owned(),
            Value::String(text) if text.is_empty() => default_of(field).to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect::<Vec<_>>()
        .join("/");
    key += item["File"]["Name"].as_str().unwrap_or_default();
    Some(key)
}

fn default_of(field: &str) -> &'static str {
    DEFAULTS.iter().find(|(name, _)| *name == field).map_or("", |(_, word)| word)
}

/// `sent` as the engine would write it down beside `stored`.
pub(super) fn as_stored(sent: &Value, stored: &Value) -> Value {
    let mut sent = sent.clone();
    if let Some(Value::Object(mode)) = sent.pointer_mut("/Mode/Replicated") {
        mode.entry("Replicas").or_insert_with(|| 1.into());
    }
    let mut written = rewritten("", &sent, stored);
    // Those of the image, which are told with its digest.
    let image = |spec: &Value| spec["TaskTemplate"]["ContainerSpec"]["Image"].clone();
    let platforms = &stored["TaskTemplate"]["Placement"]["Platforms"];
    if !platforms.is_null() && image(&written) == image(stored) {
        let placement = &mut written["TaskTemplate"]["Placement"];
        if placement["Platforms"].is_null() {
            placement["Platforms"] = platforms.clone();
        }
    }
    written
}

fn rewritten(name: &str, sent: &Value, stored: &Value) -> Value {
    match (sent, stored) {
        (sent, stored) if sent == stored => stored.clone(),
        (Value::Object(s), Value::Object(t)) => object(name, s, t),
        (Value::Array(s), Value::Array(t)) => array(name, s, t),
        (Value::Number(s), Value::Number(t)) if same_number(s.as_f64(), t.as_f64()) => {
            stored.clone()
        }
        (sent, stored) if is_nothing(name, sent) && is_default(name, stored) => stored.clone(),
        _ => sent.clone(),
    }
}

fn object(of: &str, sent: &Map<String, Value>, stored: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    if is_free(of) {
        // Whatever they say is meant, an empty value as well; the engine's order stays.
        for key in stored.keys().chain(sent.keys().filter(|key| !stored.contains_key(*key))) {
            if let Some(value) = sent.get(key) {
                out.insert(key.clone(), value.clone());
            }
        }
        return Value::Object(out);
    }
    for (key, value) in stored {
        let written = match (sent.get(key), value) {
            (Some(asked), value) => Some(rewritten(key, asked, value)),
            (None, value) if is_kept(of, key, value) => Some(value.clone()),
            // What is no default in it goes, and nothing else.
            (None, Value::Object(map)) if !is_meant(key) && !is_free(key) => {
                let left = object(key, &Map::new(), map);
                left.as_object().is_some_and(|left| !left.is_empty()).then_some(left)
            }
            _ => None,
        };
        if let Some(written) = written {
            out.insert(key.clone(), written);
        }
    }
    for (key, value) in sent.iter().filter(|(key, _)| !stored.contains_key(*key)) {
        let is_said = !is_nothing(key, value) || (key == "Init" && value.is_boolean());
        if is_said && !is_default_word(key, value) {
            out.insert(key.clone(), value.clone());
        }
    }
    Value::Object(out)
}

/// Whether the engine's value stays where a spec says nothing: it is the default.
fn is_kept(of: &str, name: &str, value: &Value) -> bool {
    // Without a word there are five seconds between two tasks.
    let is_no_delay = (of, name) == ("RestartPolicy", "Delay") && value.as_f64() == Some(0.0);
    !is_no_delay && (is_default(name, value) || is_five_seconds(of, name, value))
}

/// Maps whose keys are the user's.
fn is_free(name: &str) -> bool {
    matches!(name, "Labels" | "Options" | "DriverOpts" | "Sysctls")
}

fn array(name: &str, sent: &[Value], stored: &[Value]) -> Value {
    let keys = |list: &[Value]| -> Option<Vec<String>> {
        list.iter().map(|item| key_of(name, item)).collect()
    };
    let (Some(sent_keys), Some(stored_keys)) = (keys(sent), keys(stored)) else {
        let in_pairs = sent.len() == stored.len();
        let items = sent.iter().enumerate().map(|(at, item)| {
            if in_pairs { rewritten("", item, &stored[at]) } else { item.clone() }
        });
        return Value::Array(items.collect());
    };
    let paired = |item: &Value, key: &String| {
        let there = stored_keys.iter().position(|k| k == key);
        there.map_or_else(|| item.clone(), |at| rewritten("", item, &stored[at]))
    };
    let is_permuted = sent.len() == stored.len()
        && stored_keys.iter().all(|key| sent_keys.iter().filter(|k| *k == key).count() == 1);
    if is_permuted {
        // Their order means nothing: the engine's stays.
        let items = stored_keys.iter().filter_map(|key| {
            let at = sent_keys.iter().position(|k| k == key)?;
            Some(paired(&sent[at], key))
        });
        return Value::Array(items.collect());
    }
    Value::Array(sent.iter().zip(&sent_keys).map(|(item, key)| paired(item, key)).collect())
}

/// A ratio is a 32-bit number in the engine.
fn same_number(sent: Option<f64>, stored: Option<f64>) -> bool {
    match (sent, stored) {
        (Some(s), Some(t)) if s.fract() != 0.0 => (s - t).abs() <= s.abs() * 1e-6,
        (s, t) => s == t && s.is_some(),
    }
}

/// Fields whose presence means something, though there is nothing in them.
fn is_meant(name: &str) -> bool {
    matches!(name, "Global" | "GlobalJob" | "Replicated" | "ReplicatedJob")
}

/// Whether a value says no more than its absence.
fn is_nothing(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => !is_meant(name),
        Value::Bool(yes) => !yes,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) if is_free(name) => map.is_empty(),
        Value::Object(map) => {
            !is_meant(name) && map.iter().all(|(key, value)| is_nothing(key, value))
        }
        // None of them is not the default.
        Value::Number(number) => {
            !matches!(name, "Replicas" | "Parallelism" | "StopGracePeriod" | "TotalCompletions")
                && number.as_f64() == Some(0.0)
        }
    }
}

fn is_default_word(name: &str, value: &Value) -> bool {
    value.as_str().is_some_and(|word| !word.is_empty() && default_of(name) == word)
}

/// Whether the engine writes this where a spec says nothing.
fn is_default(name: &str, value: &Value) -> bool {
    match value {
        Value::Object(map) if !is_meant(name) => {
            map.iter().all(|(key, value)| !is_free(name) && is_kept(name, key, value))
        }
        value => is_nothing(name, value) || is_default_word(name, value),
    }
}
