//! Lines of logs: a bounded buffer. Pure.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// One line of source `S`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<S> {
    /// Counts up from 1 in its buffer.
    pub seq: u64,
    /// When the engine took it: nanoseconds since the Unix epoch, 0 where it does not say.
    pub at: i64,
    /// Whose.
    pub source: S,
    /// From standard error.
    pub stderr: bool,
    /// Text; bytes that were not UTF-8 are replaced.
    pub text: String,
}

/// The last lines of a set of sources, merged by time.
#[derive(Debug)]
pub struct Buffer<S> {
    lines: VecDeque<Line<S>>,
    next: u64,
    dropped: u64,
    /// Why a source could not be read, newest reason.
    troubles: HashMap<S, String>,
}

impl<S> Default for Buffer<S> {
    fn default() -> Self {
        Self { lines: VecDeque::new(), next: 0, dropped: 0, troubles: HashMap::new() }
    }
}

impl<S: Clone + Eq + Hash> Buffer<S> {
    /// How many lines are kept.
    pub const LIMIT: usize = 50_000;
    /// A line longer than this is cut where it is shown.
    pub const SHOWN: usize = 16 << 10;

    /// Adds a line in its place by time; lines mostly come in order, so this looks from the end.
    pub fn push(&mut self, at: i64, source: S, stderr: bool, text: &[u8]) {
        if self.lines.len() == Self::LIMIT {
            self.lines.pop_front();
            self.dropped += 1;
        }
        self.next += 1;
        let text = String::from_utf8_lossy(&text[..text.len().min(Self::SHOWN)]).into_owned();
        let line = Line { seq: self.next, at, source, stderr, text };
        let mut place = self.lines.len();
        // Streams run side by side: a line may be a little older than what another one sent.
        while place > 0 && at != 0 && self.lines[place - 1].at > at {
            place -= 1;
        }
        self.lines.insert(place, line);
    }

    /// Notes why a source can't be read; `None` clears it.
    pub fn trouble(&mut self, source: S, why: Option<String>) {
        match why {
            Some(why) => self.troubles.insert(source, why),
            None => self.troubles.remove(&source),
        };
    }

    /// The reasons, by source.
    pub fn troubles(&self) -> impl Iterator<Item = (&S, &str)> {
        self.troubles.iter().map(|(source, why)| (source, why.as_str()))
    }

    /// Oldest first.
    pub fn lines(&self) -> &VecDeque<Line<S>> {
        &self.lines
    }

    /// How many old lines were dropped to stay within [`Buffer::LIMIT`].
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many lines ever came.
    pub fn total(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_tasks_are_merged_by_time() {
        let mut buffer = Buffer::default();
        for (at, text) in [(1, "a"), (4, "d"), (2, "b"), (3, "c"), (5, "e")] {
            buffer.push(at, "t", false, text.as_bytes());
        }
        let text: String = buffer.lines().iter().map(|l| l.text.as_str()).collect();
        assert_eq!(text, "abcde");
    }

    #[test]
    fn the_oldest_go_and_are_counted() {
        let mut buffer = Buffer::default();
        for i in 0..Buffer::<&str>::LIMIT + 7 {
            buffer.push(i as i64 + 1, "t", false, b"x\xff");
        }
        assert_eq!((buffer.lines().len(), buffer.dropped()), (Buffer::<&str>::LIMIT, 7));
        assert_eq!(buffer.lines()[0].text, "x\u{fffd}");
    }
}
