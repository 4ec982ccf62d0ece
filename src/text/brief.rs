//! Length limits of what strangers say, in errors, in findings and in the log file.

use std::borrow::Cow;

/// An engine's own words are given this much room.
const WORDS: usize = 2 << 10;

/// An engine's words, cut in their middle where they are longer than some lines: the reason stands at
/// one end or the other.
pub fn brief(text: &str) -> Cow<'_, str> {
    within(text, WORDS)
}

/// Text in at most so many bytes, and a few that say what is left out.
pub fn within(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let head = (0..=most - most / 4).rev().find(is_boundary).unwrap_or(0);
    let tail = (text.len() - most / 4..=text.len()).find(is_boundary).unwrap_or(text.len());
    let left_out = super::bytes((tail - head) as u64);
    Cow::Owned(format!("{} … {left_out} … {}", &text[..head], &text[tail..]))
}

/// The beginning of a text, in at most so many letters.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_long_text_are_told() {
        assert!(matches!(brief(&"x".repeat(WORDS)), Cow::Borrowed(_)));
        let long = format!("pull failed: {} exit status 1", "日本".repeat(1 << 20));
        let said = brief(&long);
        assert!(said.len() <= WORDS + 30, "{}", said.len());
        assert!(
            said.starts_with("pull failed: 日") && said.ends_with("本 exit status 1"),
            "{said}"
        );
        assert!(said.contains(" … 6 MiB … "), "{said}");
        for most in 0..20 {
            assert!(within("añ日👍 and more of it", most).len() <= most + 30);
        }
    }
}
