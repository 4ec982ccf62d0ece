//! Recognises values that look secret by their names, before they are shown.

/// Placeholder for a secret value.
pub const HIDDEN: &str = "<hidden>";

/// Words in a variable's or label's name that make its value a secret.
const WORDS: [&str; 16] = [
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
    "AUTH",
    "DSN",
    "SALT",
    "SIGNING",
];

/// Whether a value should be masked, by its name, or because it is a URL with a password in it.
pub fn looks_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    // `_FILE` names where a secret is mounted, by convention; that path helps and harms nobody.
    if name.ends_with("_FILE") && value.starts_with('/') {
        return false;
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
