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

/// Masks what an editor must show whole and a plan need not: secrets in commands, health checks and options
/// of drivers.
pub(super) fn mask_words(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner) {
                    ("Args" | "Command" | "Test", Value::Array(words)) => mask_arguments(words),
                    ("Options" | "DriverOpts", Value::Object(options)) => {
                        for (name, option) in options {
                            if let Some(text) = option.as_str() {
                                *option = if looks_secret(name, "x") {
                                    HIDDEN.into()
                                } else {
                                    mask_text(text).into()
                                };
                            }
                        }
                    }
                    (_, inner) => mask_words(inner),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_words),
        _ => {}
    }
}

/// Arguments: `--password=x`, `--token x`, and whole command lines in one word.
fn mask_arguments(words: &mut [Value]) {
    let mut is_next = false;
    for word in words {
        let Some(text) = word.as_str().map(str::to_owned) else { continue };
        *word =
            if is_next && !text.starts_with('-') { HIDDEN.into() } else { mask_text(&text).into() };
        is_next = is_secret_flag(&text);
    }
}

/// Whether the next word is a secret.
fn is_secret_flag(word: &str) -> bool {
    let name = word.trim_start_matches('-');
    word.starts_with('-') && !name.contains('=') && looks_secret(name, "x")
}

/// A text, such as a command, with the secrets among its words masked.
pub fn mask_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_next = false;
    for part in text.split_inclusive([' ', ',', ';', '\n']) {
        let word = part.trim_end_matches([' ', ',', ';', '\n']);
        let end = &part[word.len()..];
        let bare = word.trim_matches(['"', '\'']);
        let masked = match bare.split_once('=') {
            _ if is_next && !bare.starts_with('-') && !bare.is_empty() => Some(HIDDEN.to_owned()),
            Some((name, value)) if looks_secret(name.trim_start_matches('-'), value) => {
                Some(format!("{name}={HIDDEN}"))
            }
            None if looks_secret("", bare) => Some(HIDDEN.to_owned()),
            _ => None,
        };
        match masked {
            Some(masked) => {
                let begin = word.len() - word.trim_start_matches(['"', '\'']).len();
                out += &word[..begin];
                out += &masked;
                out += &word[begin + bare.len()..];
            }
            None => out += word,
        }
        out += end;
        if !bare.is_empty() {
            // curl -u name:password
            is_next = is_secret_flag(bare) || bare == "-u";
        }
    }
    out
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
    fn secrets_in_commands_and_options_are_masked_in_plans() {
        let mut spec = serde_json::json!({
            "Args": ["serve", "--password=LEAK1", "--token", "LEAK2", "postgres://u:LEAK3@h/db", "--port", "80"],
            "Healthcheck": { "Test": ["CMD-SHELL", "curl -u admin:LEAK4 http://h/ || exit 1"] },
            "LogDriver": { "Options": { "splunk-token": "LEAK5", "gelf-address": "udp://u:LEAK6@h", "max-size": "1m" } },
            "VolumeOptions": { "DriverConfig": { "Options": { "o": "username=u,password=LEAK7,rw" } } },
            "Command": ["sh", "-c", "PASSWORD=LEAK8 run --secret LEAK9; sleep 5"],
        });
        mask_words(&mut spec);
        let text = spec.to_string();
        assert!(!text.contains("LEAK"), "{text}");
        for kept in [
            "serve",
            "--port\",\"80",
            "http://h/ || exit 1",
            "max-size\":\"1m",
            "username=u",
            ",rw",
            "sleep 5",
        ] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }

    #[test]
    fn values_that_hold_a_secret_are_known_whatever_their_name() {
        for line in [
            "CONN=Server=db;User=u;Password=x;",
            r#"JSON={"password":"x"}"#,
            "CREDS=user:x",
            "STRIPE=sk_live_x",
            "JWT=eyJhbGciOi.eyJzdWIi.x",
        ] {
            assert!(mask_env(line).ends_with(HIDDEN), "{line}");
        }
        for line in ["MODE=token", "TEXT=a password is needed", "URL=http://h/?q=1", "V=1.2.3"] {
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
