//! A line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of a line at most: each of them may cost a search, and the next key waits for it.
const LONGEST: usize = 1_024;

/// One line with a cursor. Prefilled text is replaced by the first character typed.
#[derive(Clone, Debug, Default)]
pub struct LineEditor {
    text: String,
    /// Byte offset, always on a grapheme boundary.
    cursor: usize,
    /// Typing replaces what stands there.
    replace: bool,
}

impl LineEditor {
    /// Prefilled with `text`.
    pub fn prefilled(text: &str) -> Self {
        Self { text: text.into(), cursor: text.len(), replace: !text.is_empty() }
    }

    /// A line with this text and the cursor behind it.
    pub fn with(text: &str) -> Self {
        Self { replace: false, ..Self::prefilled(text) }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Before and after the cursor.
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Whether typing will replace it all.
    pub fn replaces(&self) -> bool {
        self.replace
    }

    /// Inserts pasted or typed text; line ends become spaces. What does not fit is left out. Returns whether
    /// anything did.
    pub fn insert(&mut self, text: &str) -> bool {
        if std::mem::take(&mut self.replace) {
            self.text.clear();
            self.cursor = 0;
        }
        let mut room = LONGEST.saturating_sub(self.text.len());
        let fits = |c: &char| {
            let left = room.checked_sub(c.len_utf8());
            room = left.unwrap_or(0);
            left.is_some()
        };
        let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let text: String = text.take_while(fits).collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
        !text.is_empty()
    }

    /// Takes a key; false if it means nothing here.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if ctrl => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('w') if ctrl => {
                let kept = self.text[..self.cursor].trim_end();
                let start = kept.rfind([' ', '/', ':']).map_or(0, |i| i + 1);
                self.text.drain(start..self.cursor);
                self.cursor = start;
            }
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
                return self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => {
                let before = self.text[..self.cursor].grapheme_indices(true).next_back();
                if let Some((at, _)) = before {
                    self.text.drain(at..self.cursor);
                    self.cursor = at;
                }
            }
            KeyCode::Delete => {
                let end = self.text[self.cursor..].graphemes(true).next().map_or(0, str::len);
                self.text.drain(self.cursor..self.cursor + end);
            }
            KeyCode::Left => {
                let before = self.text[..self.cursor].grapheme_indices(true).next_back();
                self.cursor = before.map_or(0, |(at, _)| at);
            }
            KeyCode::Right => {
                self.cursor += self.text[self.cursor..].graphemes(true).next().map_or(0, str::len);
            }
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        self.replace = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_line_takes_no_more() {
        let mut input = LineEditor::default();
        let key = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE);
        let taken = (0..100_000).filter(|_| input.key(&key)).count();
        assert_eq!((taken, input.text().len()), (LONGEST, LONGEST));
        assert!(!input.insert("more"), "there is no room");
        assert!(input.key(&KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE)));
        assert!(!input.insert("é") && input.insert("yz"), "half a letter is none");
        assert!(input.text().ends_with("xy") && input.text().len() == LONGEST);
    }

    #[test]
    fn prefilled_text_is_replaced_or_kept() {
        let press =
            |input: &mut LineEditor, code| input.key(&KeyEvent::new(code, KeyModifiers::NONE));
        let mut input = LineEditor::prefilled("3");
        press(&mut input, KeyCode::Char('5'));
        assert_eq!(input.text(), "5");
        let mut input = LineEditor::prefilled("3");
        press(&mut input, KeyCode::End);
        press(&mut input, KeyCode::Char('5'));
        assert_eq!(input.text(), "35");
        let mut input = LineEditor::with("ae\u{301}");
        press(&mut input, KeyCode::Backspace);
        assert_eq!(input.text(), "a");
    }
}
