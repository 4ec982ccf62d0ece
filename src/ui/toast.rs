//! Messages in the footer: shown for a while, or until the next key.

use super::Board;
use crate::cluster::Timestamp;

/// Time that a message stays if no key is pressed.
const STANDS: i64 = 6_000_000_000;
/// A key that came before this was not pressed because of it.
const READ: i64 = 400_000_000;

/// A message in the footer.
#[derive(Debug)]
pub(super) struct Toast {
    pub text: String,
    said: Timestamp,
}

impl Board {
    /// Says something in the footer.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), said: self.now });
    }

    /// A key was pressed: what it was pressed after has been read.
    pub(super) fn pass_toast(&mut self) {
        self.end_toast(READ);
    }

    /// Time goes on.
    pub(super) fn age_toast(&mut self) {
        self.end_toast(STANDS + 1);
    }

    fn end_toast(&mut self, after: i64) {
        let now = self.now;
        self.toast.take_if(|toast| now.0 - toast.said.0 >= after);
    }
}
