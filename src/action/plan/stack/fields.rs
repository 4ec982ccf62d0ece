//! The fields in which two specs differ.

use serde_json::{Map, Value};

use crate::action::plan::diff::masked;

/// A field that differs; null where it is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDiff {
    /// `TaskTemplate.ContainerSpec.Image`.
    pub path: String,
    /// Its value before, secrets masked.
    pub before: Value,
    /// Its value after, secrets masked.
    pub after: Value,
}

impl FieldDiff {
    /// `UpdateConfig.Parallelism not set → 0`.
    pub(super) fn words(&self) -> String {
        let said = |value: &Value| match value {
            Value::Null => "not set".to_owned(),
            Value::String(text) if text.is_empty() => "empty".into(),
            value => value.to_string(),
        };
        format!("{} {} → {}", self.path, said(&self.before), said(&self.after))
    }
}

/// Every field in which they differ, secrets masked. Lists are compared whole.
pub(super) fn fields(before: &Value, after: &Value) -> Vec<FieldDiff> {
    let (before, after) = masked(before, after);
    let mut found = Vec::new();
    walk(String::new(), &before, &after, &mut found);
    found
}

fn walk(path: String, before: &Value, after: &Value, found: &mut Vec<FieldDiff>) {
    if before == after {
        return;
    }
    let nothing = Map::new();
    let map = |value: &Value| match value {
        Value::Object(map) => Some(map.clone()),
        Value::Null if !path.is_empty() => Some(nothing.clone()),
        _ => None,
    };
    match (map(before), map(after)) {
        (Some(b), Some(a)) if !b.is_empty() || !a.is_empty() => {
            let mut keys: Vec<&String> =
                b.keys().chain(a.keys().filter(|key| !b.contains_key(*key))).collect();
            keys.sort();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                walk(path, &of(&b), &of(&a), found);
            }
        }
        _ => found.push(FieldDiff { path, before: before.clone(), after: after.clone() }),
    }
}
