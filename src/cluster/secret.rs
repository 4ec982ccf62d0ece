//! Recognises values that look secret by their names, before they are shown.

/// Placeholder for a secret value.
pub const HIDDEN: &str = "<hidden>";

/// Words in a variable's or label's name that make its value a secret.
const WORDS: [&str; 17] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE",
    "CREDENTIAL",
    "CREDS",
    "AUTH",
    "DSN",
    "SALT",
    "SIGNING",
];

/// Words in a value that stand before a secret: in connection strings, JSON, options.
const BEFORE: [&str; 8] = [
    "password=",
    "passwd=",
    "pwd=",
    "secret=",
    "token=",
    "accountkey=",
    "\"password\":",
    "\"secret\":",
];
/// Beginnings of keys that well-known services give out, and of signed tokens and private keys.
const KEYS: [&str; 9] =
    ["sk_live_", "rk_live_", "ghp_", "gho_", "glpat-", "xoxb-", "xoxp-", "AKIA", "-----BEGIN"];

/// Whether a value holds a secret whatever its name is.
fn has_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_signed = value.starts_with("eyJ") && value.matches('.').count() == 2;
    is_signed
        || KEYS.iter().any(|key| value.starts_with(key))
        || BEFORE
            .iter()
            .any(|word| lower.split_once(word).is_some_and(|(_, rest)| !rest.trim().is_empty()))
}

/// Whether a value should be masked, by its name, or because it is a URL with a password in it.
pub fn looks_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    // `_FILE` names where a secret is mounted, by convention; that path helps and harms nobody.
    if name.ends_with("_FILE") && value.starts_with('/') {
        return false;
    }
    if has_secret(value) {
        return true;
    }
    if WORDS.iter().any(|word| name.contains(word)) || name.ends_with("_KEY") || name == "KEY" {
        return !value.is_empty();
    }
    value
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'))
}
