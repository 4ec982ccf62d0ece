//! Text for 80 columns: headings, paragraphs, and tables of two or three columns.

use unicode_width::UnicodeWidthStr;

const WIDTH: usize = 80;
const INDENT: usize = 2;

/// A text that is being written.
#[derive(Default)]
pub(super) struct HelpText(String);

impl HelpText {
    /// A heading, with an empty line before it.
    pub fn heading(&mut self, words: &str) {
        self.gap();
        self.0 += &format!("{}\n", words.to_uppercase());
    }

    /// A paragraph, with an empty line before it unless it follows a heading.
    pub fn paragraph(&mut self, words: &str) {
        if !self.follows_heading() {
            self.gap();
        }
        for line in wrap(words, WIDTH - INDENT) {
            self.line(&line);
        }
    }

    /// A line as it is: a command, a table's head.
    pub fn line(&mut self, words: &str) {
        let line = format!("{:INDENT$}{words}", "");
        self.0 += line.trim_end();
        self.0.push('\n');
    }

    /// Lines as they are, from the first column on.
    pub fn lines(&mut self, text: &str) {
        for line in text.lines() {
            self.0 += line.trim_end();
            self.0.push('\n');
        }
    }

    /// A term in a column of the given width, and its explanation beside it.
    pub fn entry(&mut self, what: &str, width: usize, words: &str) {
        let room = WIDTH - INDENT - width - 1;
        // A cell too wide for its column gets a line of its own.
        let mut first = what;
        if what.width() > width {
            self.line(what);
            first = "";
        }
        for line in wrap(words, room) {
            let pad = width.saturating_sub(first.width());
            self.line(&format!("{first}{:pad$} {line}", ""));
            first = "";
        }
    }

    fn follows_heading(&self) -> bool {
        let last = self.0.lines().next_back().unwrap_or("");
        !last.is_empty() && !last.starts_with(' ')
    }

    fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }

    /// The text, laid out.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Lines of at most so many columns, broken between words.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let line = &lines[lines.len() - 1];
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_entries_aligned() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        let mut text = HelpText::default();
        text.heading("Keys");
        text.paragraph("as they are");
        text.entry("s", 4, "scale");
        text.entry("longer", 4, "on its own line");
        assert_eq!(
            text.into_string(),
            "KEYS\n  as they are\n  s    scale\n  longer\n       on its own line\n"
        );
    }
}
