//! Whether an object holds what a plan says, whatever the answer to the write was.
//!
//! Only what the plan changed is compared, and as the engine writes it down: it fills in defaults,
//! leaves out what is empty, and puts a network's id in the place of its name.

use serde_json::{Map, Value};

use crate::cluster::changes;

/// The words of enumerations that the engine writes where a spec says nothing.
const DEFAULTS: [&str; 8] =
    ["pause", "stop-first", "any", "default", "vip", "tcp", "ingress", "container"];

/// Number of differences shown.
const TOLD: usize = 3;

/// Whether a spec as it is `now` holds all that a plan changes from `before` to `after`.
pub fn holds(before: &Value, after: &Value, now: &Value) -> bool {
    if now == after || before == after {
        return true;
    }
    match (before, after, now) {
        (Value::Object(b), Value::Object(a), Value::Object(n)) => {
            let mut keys = b.keys().chain(a.keys().filter(|key| !b.contains_key(*key)));
            keys.all(|key| {
                let (b, a, n) = (field(b, key), field(a, key), field(n, key));
                if key == "Networks" { same_networks(a, n) } else { holds(b, a, n) }
            })
        }
        _ => same(after, now),
    }
}

/// Differences from the plan in a few words, secrets masked; empty if they can't be named.
pub fn difference(after: &Value, now: &Value) -> String {
    let mut said = changes(&after.to_string(), &now.to_string());
    let more = said.len().saturating_sub(TOLD);
    said.truncate(TOLD);
    if more > 0 {
        said.push(format!("{more} more"));
    }
    said.join(", ")
}

fn field<'v>(map: &'v Map<String, Value>, key: &str) -> &'v Value {
    map.get(key).unwrap_or(&Value::Null)
}

/// Whether the present value is the requested one, in the engine's notation.
fn same(asked: &Value, now: &Value) -> bool {
    match (asked, now) {
        (asked, now) if asked == now => true,
        (Value::Object(a), Value::Object(n)) => {
            a.iter().all(|(key, value)| same(value, field(n, key)))
                && n.iter().all(|(key, value)| a.contains_key(key) || is_default(value))
        }
        (Value::Array(a), Value::Array(n)) if !a.is_empty() => {
            a.len() == n.len() && a.iter().zip(n).all(|(a, n)| same(a, n))
        }
        (Value::Number(a), Value::Number(n)) => match (a.as_f64(), n.as_f64()) {
            // A ratio is a 32-bit number in the engine.
            (Some(a), Some(n)) if a.fract() != 0.0 => (a - n).abs() <= a.abs() * 1e-6,
            (a, n) => a == n && a.is_some(),
        },
        (asked, now) => is_nothing(asked) && is_default(now),
    }
}

/// Networks attached by name are there by their ids.
fn same_networks(asked: &Value, now: &Value) -> bool {
    let (Some(asked), Some(now)) = (asked.as_array(), now.as_array()) else {
        return same(asked, now);
    };
    let is_id = |name: &str| name.len() == 25;
    asked.len() == now.len()
        && asked.iter().zip(now).all(|(asked, now)| {
            let mut asked = asked.clone();
            if asked["Target"].as_str().is_some_and(|name| !is_id(name)) {
                asked["Target"] = now["Target"].clone();
            }
            same(&asked, now)
        })
}

/// Whether a value says no more than its absence.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_nothing),
        Value::Number(number) => number.as_f64() == Some(0.0),
    }
}

/// Whether a value is the engine's default for a missing one.
fn is_default(value: &Value) -> bool {
    match value {
        Value::String(word) => word.is_empty() || DEFAULTS.contains(&word.as_str()),
        Value::Object(map) => map.values().all(is_default),
        other => is_nothing(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_engine_writes_down_differently_is_what_was_planned() {
        let cases = [
            // Defaults, where the plan leaves something out.
            (
                json!({ "UpdateConfig": { "Order": "start-first", "Monitor": 9 } }),
                json!({ "UpdateConfig": {} }),
                json!({ "UpdateConfig": { "Order": "stop-first", "FailureAction": "pause", "MaxFailureRatio": 0 } }),
            ),
            (json!({ "Labels": { "a": "1" } }), json!({}), json!({ "Labels": {} })),
            (json!({}), json!({ "Labels": {}, "Env": [] }), json!({})),
            (
                json!({}),
                json!({ "Ports": [{ "TargetPort": 80 }] }),
                json!({ "Ports": [{ "TargetPort": 80, "Protocol": "tcp", "PublishMode": "ingress" }] }),
            ),
            // A network by its name; a ratio of 32 bits; what the plan does not touch.
            (
                json!({ "Networks": [] }),
                json!({ "Networks": [{ "Target": "front" }] }),
                json!({ "Networks": [{ "Target": "0dlb13wvfwfqelnr2qdexfkgz" }] }),
            ),
            (json!({ "R": 0 }), json!({ "R": 0.1 }), json!({ "R": 0.100_000_001_5 })),
            (json!({ "A": 1, "B": 1 }), json!({ "A": 2, "B": 1 }), json!({ "A": 2, "B": 7 })),
        ];
        for (before, after, now) in cases {
            assert!(holds(&before, &after, &now), "{before} {after} {now}");
        }
    }

    #[test]
    fn what_is_not_as_planned_is_seen() {
        let cases = [
            (json!({ "A": 1 }), json!({ "A": 2 }), json!({ "A": 1 })),
            (json!({ "A": 1 }), json!({ "A": 2 }), json!({ "A": 3 })),
            (json!({ "A": 1 }), json!({ "A": 2 }), json!({})),
            (json!({ "A": 1 }), json!({ "A": 0 }), json!({ "A": 1 })),
            (json!({ "A": 1 }), json!({}), json!({ "A": 1 })),
            (json!({ "L": { "a": "1" } }), json!({ "L": {} }), json!({ "L": { "a": "1" } })),
            (json!({ "E": [] }), json!({ "E": ["A=1"] }), json!({ "E": ["A=2"] })),
            (json!({ "E": ["A=1", "B"] }), json!({ "E": ["B"] }), json!({ "E": ["A=1", "B"] })),
            (json!({ "O": "" }), json!({ "O": "start-first" }), json!({ "O": "stop-first" })),
            (json!({}), json!({ "Networks": [{ "Target": "front" }] }), json!({ "Networks": [] })),
            (json!({ "E": [] }), json!({ "E": ["A=1"] }), json!({ "E": ["A=1", "B"] })),
            // Another network, where the plan named one by its id.
            (
                json!({}),
                json!({ "Networks": [{ "Target": "0dlb13wvfwfqelnr2qdexfkgz" }] }),
                json!({ "Networks": [{ "Target": "1dlb13wvfwfqelnr2qdexfkgz" }] }),
            ),
            (
                json!({}),
                json!({ "Ports": [{ "TargetPort": 80 }] }),
                json!({ "Ports": [{ "TargetPort": 80, "PublishedPort": 8080 }] }),
            ),
        ];
        for (before, after, now) in cases {
            assert!(!holds(&before, &after, &now), "{before} {after} {now}");
        }
    }

    #[test]
    fn many_differences_are_told_as_some_and_a_number() {
        let spec = |n: u64| {
            let labels: Map<_, _> = (0..n).map(|i| (format!("l{i}"), json!("x"))).collect();
            json!({ "Name": "web", "Labels": labels })
        };
        let told = |n| difference(&spec(0), &spec(n));
        assert_eq!(told(3).split(", ").count(), 3, "{}", told(3));
        assert!(told(7).ends_with(", 4 more") && told(7).split(", ").count() == 4, "{}", told(7));
    }
}
