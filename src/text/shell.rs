//! Words of a shell's command line: what skep offers is copied and run.

/// One word of shell, quoted only where it must be.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:@=,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whether it is a host's name or address and nothing else: also to a shell, and to ssh's own config.
pub fn is_host(text: &str) -> bool {
    is_login(text, "._-:%")
}

/// Whether it is a user's name and nothing else, also to a shell.
pub fn is_user(text: &str) -> bool {
    is_login(text, "._-+@")
}

fn is_login(text: &str, more: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || more.contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_is_one_word() {
        assert_eq!(quote("shop_api"), "shop_api");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        for c in "\n\t $`\"\\;&|<>(){}[]*?!#~^".chars() {
            let word = format!("a{c}b");
            assert_eq!(quote(&word), format!("'{word}'"));
            assert!(!is_host(&word) && !is_user(&word), "{word:?}");
        }
        assert!(is_host("fe80::1%eth0") && is_host("m-1.example") && is_user("ops@corp"));
        assert!(!is_host("") && !is_host("-oProxyCommand=x") && !is_user("-l"));
    }
}
