//! Messages in the footer: shown for a while, or until the next key.

use crate::{cluster::Timestamp, ui::app::cluster::Cluster};

/// Time that a message stays if no key is pressed.
const STANDS: i64 = 6_000_000_000;
/// A key that came before this was not pressed because of it.
const READ: i64 = 400_000_000;

/// A message in the footer.
#[derive(Debug)]
pub(in crate::ui) struct Toast {
    pub text: String,
    said: Timestamp,
}

impl Cluster {
    /// Says something in the footer.
    pub(in crate::ui) fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), said: self.now });
    }

    /// A key was pressed: what it was pressed after has been read. Returns whether a message went.
    pub(in crate::ui) fn pass_toast(&mut self) -> bool {
        self.end_toast(READ)
    }

    /// Time goes on.
    pub(in crate::ui) fn age_toast(&mut self) {
        self.end_toast(STANDS + 1);
    }

    fn end_toast(&mut self, after: i64) -> bool {
        let now = self.now;
        self.toast.take_if(|toast| toast.said.until(now) >= after).is_some()
    }
}
