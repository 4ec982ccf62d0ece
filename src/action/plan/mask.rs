//! Values that look secret are not shown unless asked for.

use serde_json::Value;

use crate::cluster::{HIDDEN, looks_secret};

/// `KEY=value` with a secret value masked.
pub fn mask_env(line: &str) -> String {
    match line.split_once('=') {
        Some((key, value)) if looks_secret(key, value) => format!("{key}={HIDDEN}"),
        _ => line.to_owned(),
    }
}

/// Masks a whole document: every `Env` list and every `Labels` map in it.
pub fn mask_document(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner) {
                    ("Env", Value::Array(lines)) => {
                        for line in lines {
                            if let Some(text) = line.as_str() {
                                *line = mask_env(text).into();
                            }
                        }
                    }
                    ("Labels", Value::Object(labels)) => {
                        for (name, label) in labels {
                            if label.as_str().is_some_and(|v| looks_secret(name, v)) {
                                *label = HIDDEN.into();
                            }
                        }
                    }
                    // The content of a config, as base64.
                    ("Data", data @ Value::String(_)) => *data = HIDDEN.into(),
                    (_, inner) => mask_document(inner),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_document),
        _ => {}
    }
}

/// Puts the original values back where an edited document still says [`HIDDEN`].
///
/// # Errors
/// The name of a masked value that has no original.
pub(super) fn unmask_document(edited: &mut Value, original: &Value) -> Result<(), String> {
    match (edited, original) {
        (Value::Object(map), original) => {
            for (key, inner) in map.iter_mut() {
                let before = &original[key.as_str()];
                match (key.as_str(), inner) {
                    ("Env", Value::Array(lines)) => unmask_env(lines, before)?,
                    ("Labels", Value::Object(labels)) => {
                        for (name, label) in labels {
                            if label.as_str() == Some(HIDDEN) {
                                *label = before.get(name).cloned().ok_or_else(|| name.clone())?;
                            }
                        }
                    }
                    (_, inner) => unmask_document(inner, before)?,
                }
            }
            Ok(())
        }
        (Value::Array(items), original) => items
            .iter_mut()
            .enumerate()
            .try_for_each(|(i, item)| unmask_document(item, &original[i])),
        _ => Ok(()),
    }
}

fn unmask_env(lines: &mut [Value], before: &Value) -> Result<(), String> {
    for line in lines {
        let Some(key) = line.as_str().and_then(|t| t.strip_suffix(HIDDEN)) else { continue };
        let original = before
            .as_array()
            .into_iter()
            .flatten()
            .find(|l| l.as_str().is_some_and(|l| l.starts_with(key)));
        *line = original.cloned().ok_or_else(|| key.trim_end_matches('=').to_owned())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_config_is_hidden() {
        let mut config = serde_json::json!({ "Spec": { "Name": "a", "Data": "cGFzc3dvcmQ9eAo=" } });
        mask_document(&mut config);
        assert_eq!(config["Spec"]["Data"], HIDDEN);
        assert_eq!(config["Spec"]["Name"], "a");
    }

    #[test]
    fn secrets_are_known_by_name_and_by_shape() {
        for line in [
            "DB_PASSWORD=x",
            "api-token=x",
            "URL=postgres://u:p@db/x",
            "AWS_ACCESS_KEY_ID=x",
            "stripe_key=1",
        ] {
            assert!(mask_env(line).ends_with(HIDDEN), "{line}");
        }
        for line in [
            "A=1",
            "URL=http://a/?x=1",
            "DB_PASSWORD_FILE=/run/secrets/db",
            "KEYBOARD=us",
            "EMPTY_TOKEN=",
        ] {
            assert_eq!(mask_env(line), line);
        }
    }
    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let mut document = serde_json::json!({
            "Labels": { "token": "s3cret", "tier": "front" },
            "TaskTemplate": { "ContainerSpec": {
                "Labels": { "db-password": "s3cret" }, "Env": ["A=1", "API_KEY=s3cret"] } },
        });
        mask_document(&mut document);
        let text = document.to_string();
        assert!(
            !text.contains("s3cret") && text.contains("front") && text.contains("A=1"),
            "{text}"
        );
        assert_eq!(text.matches(HIDDEN).count(), 3);
    }
}
