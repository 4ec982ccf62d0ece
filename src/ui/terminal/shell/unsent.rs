//! Typed input that the command has not taken yet.

use std::collections::VecDeque;

use crate::session::ShellInput;

/// Bytes that wait at most. More is only searched for the way out.
const MOST: usize = 8 << 20;

/// Typed input, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    pieces: VecDeque<ShellInput>,
    bytes: usize,
    /// Something was dropped, and little was taken since.
    drops: bool,
}

impl Unsent {
    /// Whether all was taken.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds bytes. True for the first that find no room and are dropped.
    pub fn push(&mut self, bytes: Vec<u8>) -> bool {
        if bytes.is_empty() {
            return false;
        }
        if self.bytes + bytes.len() > MOST {
            return !std::mem::replace(&mut self.drops, true);
        }
        self.bytes += bytes.len();
        self.pieces.push_back(ShellInput::Bytes(bytes));
        false
    }

    /// There is no more to come.
    pub fn end(&mut self) {
        self.pieces.push_back(ShellInput::End);
    }

    /// Takes the next.
    pub fn pop(&mut self) -> Option<ShellInput> {
        let next = self.pieces.pop_front();
        if let Some(ShellInput::Bytes(bytes)) = &next {
            self.bytes -= bytes.len();
            self.drops &= self.bytes > MOST / 2;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_no_more_than_its_bound_and_tells_once() {
        let mut unsent = Unsent::default();
        let piece = || vec![b'x'; MOST / 4];
        assert!(!(0..4).any(|_| unsent.push(piece())));
        assert!(unsent.push(vec![b'y']) && !unsent.push(vec![b'y']), "it is told once");
        assert!(unsent.pop().is_some());
        assert!(!unsent.push(piece()), "there is room again");
        assert!(!unsent.push(vec![b'y']), "but it is as full as before");
        assert!((0..2).all(|_| unsent.pop().is_some()));
        assert!(!(0..2).any(|_| unsent.push(piece())));
        assert!(unsent.push(vec![b'y']), "it is told again");
        unsent.end();
        let all: Vec<ShellInput> = std::iter::from_fn(|| unsent.pop()).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(all.last(), Some(&ShellInput::End));
        assert!(unsent.is_empty() && unsent.bytes == 0);
    }
}
