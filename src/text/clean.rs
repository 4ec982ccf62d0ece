//! The one sanitiser. Names, labels, errors and log lines of a Swarm are written by strangers; whatever
//! skep writes of them, to the screen, to stdout and stderr, to a report or to its log file, passes
//! through here.

use std::{borrow::Cow, fmt::Write};

/// Text of one line with nothing in it that a terminal would obey: control characters become their
/// pictures, line ends too, and what moves, joins or hides other characters is left out.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(picture).collect())
}

/// The same for text of several lines, whose line ends and tabs are its own.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    let keeps = |c: char| matches!(c, '\n' | '\t') || is_harmless(c);
    if text.chars().all(keeps) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(|c| if keeps(c) { Some(c) } else { picture(c) }).collect())
}

/// JSON that means the same and is safe to look at: what a terminal would obey stands as `\uXXXX`.
/// `json` must be valid; its serializer has escaped C0 already, but neither DEL nor C1 nor what reorders
/// or hides text.
pub fn clean_json(json: &str) -> Cow<'_, str> {
    // Outside of strings JSON is ASCII, and its line ends are layout.
    let keeps = |c: char| c < '\u{7f}' || is_harmless(c);
    if json.chars().all(keeps) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if keeps(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(out)
}

fn is_harmless(c: char) -> bool {
    picture(c) == Some(c)
}

/// Replacement for a character; `None` if it is left out.
fn picture(c: char) -> Option<char> {
    match c {
        ' '..='~' => Some(c),
        '\t' => Some(' '),
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}' => Some('\u{fffd}'),
        // Zero-width joiners and spaces, bidi marks, overrides and isolates, variation selectors, the
        // soft hyphen, fillers, tags: terminals disagree on their width (ratatui#2585, #2431).
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_char() -> impl Iterator<Item = char> {
        (0..=0x0010_ffff).filter_map(char::from_u32)
    }

    /// Characters that no terminal may get, as a second list to test against.
    fn is_bad(c: char) -> bool {
        c.is_control()
            || ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c)
            || ('\u{fe00}'..='\u{fe0f}').contains(&c)
            || ('\u{e0000}'..='\u{e0fff}').contains(&c)
            || ['\u{ad}', '\u{61c}', '\u{feff}'].contains(&c)
    }

    #[test]
    fn nothing_a_terminal_obeys_gets_through() {
        assert_eq!(clean("plain é 名前"), "plain é 名前");
        assert_eq!(clean("a\x1b[31mred\0\r\n\x07\x7f"), "a␛[31mred␀␍␊␇␡");
        assert_eq!(clean("\u{9b}31m\u{202e}abc\u{200d}\u{fe0f}"), "\u{fffd}31mabc");
        assert_eq!(clean_lines("one\x1b[2J\n\ttwo\r\n"), "one␛[2J\n\ttwo␍\n");
        let all: String = every_char().collect();
        assert_eq!(clean(&all).chars().find(|c| is_bad(*c)), None);
        let bad = clean_lines(&all).chars().find(|c| is_bad(*c) && !matches!(c, '\n' | '\t'));
        assert_eq!(bad, None);
    }

    #[test]
    fn what_is_clean_stays_as_it_is_and_is_not_copied() {
        let once = clean(&every_char().collect::<String>()).into_owned();
        assert!(matches!(clean(&once), Cow::Borrowed(_)));
        assert!(matches!(clean_lines("one\ntwo\n"), Cow::Borrowed(_)));
        assert!(matches!(clean_json("{\n  \"a\": \"é\"\n}\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "\u{9d}key": every_char().collect::<String>() });
        for json in [value.to_string(), format!("{value:#}")] {
            let cleaned = clean_json(&json);
            assert_eq!(cleaned.chars().find(|c| is_bad(*c) && *c != '\n'), None);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&cleaned).unwrap(), value);
        }
        assert_eq!(clean_json("\"\u{9b}\u{7f}\u{e0001}\""), r#""\u009b\u007f\udb40\udc01""#);
    }
}
