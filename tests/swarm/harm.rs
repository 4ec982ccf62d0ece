//! What of a program's output a terminal would obey, or that hides or moves text.

/// In every sequence of the tests' own, and in none of skep's.
const MARK: &str = "7777";

/// The first thing in it that a terminal would obey, or that hides or moves text. Line ends are the
/// writer's own, as a terminal gets them.
pub fn harm(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n");
    if let Some(line) = text.lines().find(|l| l.starts_with("pwned")) {
        return Some(format!("a line of its own: {line:?}"));
    }
    let at = text.char_indices().find(|(_, c)| *c != '\n' && *c != '\t' && is_bad(*c))?.0;
    let from = text[..at].char_indices().rev().nth(40).map_or(0, |(i, _)| i);
    let near: String = text[from..].chars().take(80).collect();
    Some(format!("{near:?}"))
}

fn is_bad(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// What a full-screen program wrote, without the sequences it may use.
pub fn without_own_sequences(raw: &str) -> String {
    let mut out = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find('\x1b') {
        out += &rest[..at];
        let sequence = &rest[at + 1..];
        let end = match sequence.chars().next() {
            Some('[') => {
                sequence[1..].find(|c: char| ('\x40'..='\x7e').contains(&c)).map(|i| i + 2)
            }
            // It asks for the background, and copies an id.
            Some(']') if sequence.starts_with("]11;?") || sequence.starts_with("]10;?") => {
                sequence.find(['\x07', '\\']).map(|i| i + 1)
            }
            Some('7' | '8' | '=' | '>') => Some(1),
            _ => None,
        };
        let ours = end.map(|end| &sequence[..end]).filter(|s| !s.contains(MARK));
        let Some(ours) = ours else {
            // Left in, to be found.
            return out + &rest[at..];
        };
        rest = &sequence[ours.len()..];
    }
    out + rest
}
