//! The way out of a shell that is ours: `~.` after Enter, as in ssh.

/// Bytes that come at once and are more than this are pasted: nobody leaves by them.
const TYPED: usize = 32;

/// The last bytes of what a terminal answers when it is asked: a shell asks where the cursor is before each
/// prompt, and nobody typed that.
const ANSWERS: &[u8] = b"Rcnty";

/// Finds `~.` at the beginning of a line; `~~` is one `~`.
#[derive(Debug, Default)]
pub(super) struct Escape {
    at: TypedAt,
    sequence: Sequence,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TypedAt {
    #[default]
    LineStart,
    /// After a `~` at the beginning of a line, which is held back.
    Tilde,
    Inside,
}

/// Where in a key, or an answer, of several bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    /// After ESC, which came at this place.
    Escape(TypedAt),
    /// After ESC [.
    Numbers(TypedAt),
}

impl Escape {
    /// The bytes that go out of these; `None` if they end the shell.
    pub fn take(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let is_typed = bytes.len() <= TYPED;
        let mut out = Vec::with_capacity(bytes.len() + 1);
        for &byte in bytes {
            match (self.at, byte) {
                (TypedAt::LineStart, b'~') if is_typed && self.sequence == Sequence::None => {
                    self.at = TypedAt::Tilde;
                    continue;
                }
                (TypedAt::Tilde, b'.') if is_typed => return None,
                (TypedAt::Tilde, b'~') => self.at = TypedAt::Inside,
                (TypedAt::Tilde, _) => {
                    out.push(b'~');
                    self.at = TypedAt::Inside;
                }
                _ => {}
            }
            out.push(byte);
            (self.sequence, self.at) = match (self.sequence, byte) {
                (Sequence::None, 0x1b) => (Sequence::Escape(self.at), TypedAt::Inside),
                (Sequence::Escape(before), b'[') => (Sequence::Numbers(before), TypedAt::Inside),
                (Sequence::Numbers(before), b'0'..=b'?' | b'$') => {
                    (Sequence::Numbers(before), TypedAt::Inside)
                }
                (Sequence::Numbers(before), end) if ANSWERS.contains(&end) => {
                    (Sequence::None, before)
                }
                (_, b'\r' | b'\n') => (Sequence::None, TypedAt::LineStart),
                _ => (Sequence::None, TypedAt::Inside),
            };
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that go out of pieces that come one after the other; none if they lead out.
    fn goes_out(pieces: &[&str]) -> Option<String> {
        let mut escape = Escape::default();
        let mut out = String::new();
        for piece in pieces {
            out += &String::from_utf8(escape.take(piece.as_bytes())?).unwrap();
        }
        Some(out)
    }

    #[test]
    fn only_a_tilde_and_a_dot_after_enter_lead_out() {
        for out in [&["~."][..], &["~", "."], &["ls\r", "~", "."], &["ls\r~."], &["~x\r", "~."]] {
            assert_eq!(goes_out(out), None, "{out:?}");
        }
        for (typed, sent) in [
            (&["ls ~."][..], "ls ~."),
            (&["cd ~", "/x\r"], "cd ~/x\r"),
            (&["~", "/bin\r"], "~/bin\r"),
            (&["~~", "."], "~."),
            (&["x", "~", "."], "x~."),
        ] {
            assert_eq!(goes_out(typed).as_deref(), Some(sent), "{typed:?}");
        }
        let pasted = format!("{}\n~.\n", "x".repeat(40));
        let answered = ["ls\r", "\x1b[24;5R", "~", "."];
        assert_eq!(goes_out(&answered), None, "the terminal's answer is not typed");
        let history = ["\x1b[A", "~", "."];
        assert_eq!(goes_out(&history).as_deref(), Some("\x1b[A~."), "a key is");
        assert_eq!(goes_out(&[&pasted]), Some(pasted.clone()), "what is pasted does not");
    }
}
