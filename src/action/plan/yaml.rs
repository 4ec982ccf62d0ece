//! Specs as YAML, for reading and editing.

use serde_json::{Map, Number, Value};
use serde_norway::Value as Yaml;

use super::{mask, schema};

/// Why an edited spec is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct EditError {
    /// Counted from 1.
    pub line: usize,
    /// For the user.
    pub message: String,
}

/// A document as YAML, keys in the engine's order.
pub fn to_yaml(value: &Value) -> String {
    serde_norway::to_string(&yaml(value))
        .unwrap_or_else(|e| format!("# can't be shown as YAML: {e}\n"))
}

/// The spec that was meant by an edited text. `original` gives back masked values and the exact
/// writing of numbers that were not touched.
///
/// # Errors
/// The line that is wrong and why.
pub fn from_yaml(text: &str, original: &Value) -> Result<Value, EditError> {
    let parsed: Yaml = serde_norway::from_str(text).map_err(|e| EditError {
        line: e.location().map_or(1, |place| line_at(text, place.index())),
        message: plain(&e.to_string()),
    })?;
    let mut spec = json(parsed).map_err(|message| EditError { line: 1, message })?;
    if !spec.is_object() {
        return Err(EditError { line: 1, message: "a spec is a map of fields".into() });
    }
    schema::check(&spec, original)
        .map_err(|(path, message)| EditError { line: schema::line_of(text, &path), message })?;
    mask::unmask_document(&mut spec, original).map_err(|name| EditError {
        line: text.lines().position(|l| l.contains(&name)).map_or(1, |i| i + 1),
        message: format!(
            "{name} is {} but had no value before: write its value",
            crate::cluster::HIDDEN
        ),
    })?;
    keep_numbers(&mut spec, original);
    Ok(spec)
}

/// The line of a byte, as the editor counts: to YAML more than a line feed ends one.
fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

/// serde's message without its own position, which is told beside it.
fn plain(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// By hand, since serde_json with arbitrary precision hands numbers over as maps.
fn yaml(value: &Value) -> Yaml {
    match value {
        Value::Null => Yaml::Null,
        Value::Bool(b) => Yaml::Bool(*b),
        Value::Number(n) => {
            if let Some(n) = n.as_u64() {
                Yaml::Number(n.into())
            } else if let Some(n) = n.as_i64() {
                Yaml::Number(n.into())
            } else {
                Yaml::Number(n.as_f64().unwrap_or(0.0).into())
            }
        }
        Value::String(s) => Yaml::String(s.clone()),
        Value::Array(items) => Yaml::Sequence(items.iter().map(yaml).collect()),
        Value::Object(map) => {
            Yaml::Mapping(map.iter().map(|(k, v)| (Yaml::String(k.clone()), yaml(v))).collect())
        }
    }
}

fn json(value: Yaml) -> Result<Value, String> {
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(b) => Value::Bool(b),
        Yaml::Number(n) => {
            if let Some(n) = n.as_u64() {
                Value::Number(n.into())
            } else if let Some(n) = n.as_i64() {
                Value::Number(n.into())
            } else {
                let float = n.as_f64().and_then(Number::from_f64);
                Value::Number(float.ok_or("a number must be finite")?)
            }
        }
        Yaml::String(s) => Value::String(s),
        Yaml::Sequence(items) => items.into_iter().map(json).collect::<Result<_, _>>()?,
        Yaml::Mapping(map) => {
            let mut out = Map::new();
            for (key, value) in map {
                let Yaml::String(key) = key else {
                    return Err(format!("a key must be text, not {key:?}"));
                };
                out.insert(key, json(value)?);
            }
            Value::Object(out)
        }
        Yaml::Tagged(tagged) => return Err(format!("a tag ({}) has no meaning here", tagged.tag)),
    })
}

/// Numbers that only went through YAML keep their exact writing: 18446744073709551616 or 1.50.
fn keep_numbers(edited: &mut Value, original: &Value) {
    match (edited, original) {
        (Value::Object(map), Value::Object(before)) => {
            for (key, value) in map {
                if let Some(before) = before.get(key) {
                    keep_numbers(value, before);
                }
            }
        }
        (Value::Array(items), Value::Array(before)) => {
            for (value, before) in items.iter_mut().zip(before) {
                keep_numbers(value, before);
            }
        }
        (Value::Number(now), Value::Number(before)) if same_number(now, before) => {
            *now = before.clone();
        }
        _ => {}
    }
}

/// Whole numbers that fit are compared exactly; what YAML could only hold as a float, as floats.
fn same_number(now: &Number, before: &Number) -> bool {
    let whole = before.as_u64().is_some() || before.as_i64().is_some();
    now.as_f64() == before.as_f64() && (!whole || now.as_u64() == before.as_u64())
}
