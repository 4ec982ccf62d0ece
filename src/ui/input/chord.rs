//! Keys as they are written.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key as it is written: `s`, `G`, `Ctrl-x`, `Alt-l`, `F5`, `Space`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::ui) struct Chord {
    ctrl: bool,
    alt: bool,
    code: KeyCode,
}

/// Keys that have names, the first of which is shown.
const NAMED: [(&str, KeyCode); 18] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
];

impl Chord {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chord = Self { ctrl: false, alt: false, code: KeyCode::Null };
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix("Ctrl-").filter(|r| !r.is_empty()) {
                (chord.ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("Alt-").filter(|r| !r.is_empty()) {
                (chord.alt, rest) = (true, after);
            } else {
                break;
            }
        }
        let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest));
        let function = rest.strip_prefix('F').and_then(|n| n.parse().ok());
        let mut chars = rest.chars();
        chord.code = match (named, function, chars.next(), chars.next()) {
            (Some((_, code)), ..) => *code,
            (_, Some(n @ 1..=12), ..) => KeyCode::F(n),
            (_, _, Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => return None,
        };
        Some(chord)
    }

    /// Whether it is a letter of a text.
    pub fn is_text(self) -> bool {
        !self.ctrl && !self.alt && matches!(self.code, KeyCode::Char(_))
    }

    /// The event that a terminal sends for it.
    pub fn event(self) -> KeyEvent {
        let held = |is, key| if is { key } else { KeyModifiers::NONE };
        let ctrl = held(self.ctrl, KeyModifiers::CONTROL);
        KeyEvent::new(self.code, ctrl | held(self.alt, KeyModifiers::ALT))
    }

    /// The one a terminal sent.
    pub fn of(key: &KeyEvent) -> Self {
        let has = |modifier| key.modifiers.contains(modifier);
        Self { ctrl: has(KeyModifiers::CONTROL), alt: has(KeyModifiers::ALT), code: key.code }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (is, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-")] {
            f.write_str(if is { name } else { "" })?;
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, other) => write!(f, "{other}"),
        }
    }
}
