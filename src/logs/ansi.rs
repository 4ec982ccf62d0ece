//! Colours in log lines, read; everything else a terminal would obey is left out. Pure.

/// A colour as a program asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of the terminal's sixteen.
    Basic(u8),
    /// One of 256.
    Indexed(u8),
    /// Its own.
    Rgb(u8, u8, u8),
}

/// Style of a piece of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextStyle {
    /// Colour of the letters.
    pub fg: Option<Colour>,
    /// Colour behind them.
    pub bg: Option<Colour>,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underlined: bool,
    /// Both colours exchanged.
    pub reversed: bool,
}

/// The pieces of a line, each with its look; escape sequences are gone, and with them all that is no
/// colour.
pub fn pieces(line: &str) -> Vec<(TextStyle, &str)> {
    let mut found = Vec::new();
    let mut look = TextStyle::default();
    let mut begin = 0;
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let Some((end, colours)) = sequence(line, at) else {
            at += 1;
            continue;
        };
        if begin < at {
            found.push((look, &line[begin..at]));
        }
        if let Some(parameters) = colours {
            apply(&mut look, parameters);
        }
        at = end;
        begin = end;
    }
    if begin < line.len() {
        found.push((look, &line[begin..]));
    }
    found
}

/// A line as it was written, as text: without its colours and its end.
pub fn plain_text(line: &[u8]) -> String {
    plain(String::from_utf8_lossy(line).trim_end()).into_owned()
}

/// The text of a line without its escape sequences.
pub fn plain(line: &str) -> std::borrow::Cow<'_, str> {
    if !line.bytes().any(|b| b == 0x1b || b == 0xc2) {
        return line.into();
    }
    pieces(line).into_iter().map(|(_, text)| text).collect::<String>().into()
}

/// If an escape sequence begins at `at`: where it ends, and its parameters if it sets colours. One that
/// never ends takes the rest of the line.
fn sequence(line: &str, at: usize) -> Option<(usize, Option<&str>)> {
    let bytes = line.as_bytes();
    // ESC, or an 8-bit control, which UTF-8 writes with C2 before it.
    let (kind, begin) = match bytes[at] {
        0x1b => match bytes.get(at + 1) {
            None => return Some((line.len(), None)),
            Some(next) if next.is_ascii() => (*next, at + 2),
            Some(_) => return Some((at + 1, None)),
        },
        0xc2 if matches!(bytes.get(at + 1), Some(0x80..=0x9f)) => (bytes[at + 1] - 0x40, at + 2),
        _ => return None,
    };
    match kind {
        b'[' => {
            let end = bytes[begin..].iter().position(|b| (0x40..=0x7e).contains(b));
            let Some(end) = end.map(|n| begin + n) else { return Some((line.len(), None)) };
            let parameters = (bytes[end] == b'm').then(|| &line[begin..end]);
            Some((end + 1, parameters))
        }
        // Strings: to the bell, or to ESC \ or its 8-bit form.
        b']' | b'P' | b'X' | b'^' | b'_' => {
            let rest = &bytes[begin..];
            let end = rest.iter().enumerate().find_map(|(i, b)| match b {
                0x07 => Some(i + 1),
                0x1b if rest.get(i + 1) == Some(&b'\\') => Some(i + 2),
                0xc2 if rest.get(i + 1) == Some(&0x9c) => Some(i + 2),
                _ => None,
            });
            Some((end.map_or(line.len(), |n| begin + n), None))
        }
        // With one more byte: charsets and the like.
        b' ' | b'#' | b'%' | b'('..=b'/' => {
            let more = line[begin..].chars().next().map_or(0, char::len_utf8);
            Some((begin + more, None))
        }
        _ => Some((begin, None)),
    }
}

fn apply(look: &mut TextStyle, parameters: &str) {
    if parameters.contains(['<', '=', '>', '?']) {
        return;
    }
    let mut numbers = parameters.split([';', ':']).map(|p| p.parse::<u16>().unwrap_or(0));
    while let Some(n) = numbers.next() {
        match n {
            0 => *look = TextStyle::default(),
            1 => look.bold = true,
            2 => look.dim = true,
            3 => look.italic = true,
            4 => look.underlined = true,
            7 => look.reversed = true,
            22 => (look.bold, look.dim) = (false, false),
            23 => look.italic = false,
            24 => look.underlined = false,
            27 => look.reversed = false,
            30..=37 => look.fg = Some(Colour::Basic((n - 30) as u8)),
            90..=97 => look.fg = Some(Colour::Basic((n - 82) as u8)),
            40..=47 => look.bg = Some(Colour::Basic((n - 40) as u8)),
            100..=107 => look.bg = Some(Colour::Basic((n - 92) as u8)),
            39 => look.fg = None,
            49 => look.bg = None,
            38 | 48 => {
                let byte = |n: Option<u16>| n.and_then(|n| u8::try_from(n).ok());
                let colour = match numbers.next() {
                    Some(5) => byte(numbers.next()).map(Colour::Indexed),
                    Some(2) => {
                        let (r, g, b) = (numbers.next(), numbers.next(), numbers.next());
                        match (byte(r), byte(g), byte(b)) {
                            (Some(r), Some(g), Some(b)) => Some(Colour::Rgb(r, g, b)),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                if n == 38 { look.fg = colour } else { look.bg = colour }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read() {
        let found = pieces("a\x1b[31;1mred\x1b[0m b\x1b[38;5;200mc\x1b[48;2;1;2;3md");
        let texts: Vec<_> = found.iter().map(|(_, t)| *t).collect();
        assert_eq!(texts, ["a", "red", " b", "c", "d"]);
        assert_eq!(
            found[1].0,
            TextStyle { fg: Some(Colour::Basic(1)), bold: true, ..TextStyle::default() }
        );
        assert_eq!(found[2].0, TextStyle::default());
        assert_eq!(found[3].0.fg, Some(Colour::Indexed(200)));
        assert_eq!(found[4].0.bg, Some(Colour::Rgb(1, 2, 3)));
    }

    #[test]
    fn whatever_else_a_terminal_would_obey_is_gone() {
        for (line, text) in [
            ("\x1b[2J\x1b[Hcleared", "cleared"),
            ("\x1b]0;title\x07after", "after"),
            ("\x1b]52;c;aGk=\x1b\\after", "after"),
            ("\x1bPq#0;2;0\x1b\\after", "after"),
            ("\x1b[?1049hafter", "after"),
            ("\x1b(0lqqk", "lqqk"),
            ("\u{9b}31mred", "red"),
            ("\u{9d}0;t\u{9c}x", "x"),
            ("never \x1b]ends", "never "),
            ("ends \x1b", "ends "),
            ("\x1bénd", "énd"),
            ("plain", "plain"),
        ] {
            assert_eq!(plain(line), text, "{line:?}");
        }
    }
}
