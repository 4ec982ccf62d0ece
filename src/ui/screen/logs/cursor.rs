//! Moving about in a log: the cursor, what is looked for, and the window around it.

use std::collections::HashMap;

use crate::{
    cluster::Timestamp,
    logs::{Line, LineKind},
    session::LogWriterId,
    ui::{
        screen::logs::{LogPane, Seek},
        table::{
            filter::Filter,
            rows::{Moving, Rows},
        },
    },
};

impl LogPane {
    /// Whether it follows the newest line.
    pub fn follows(&self) -> bool {
        self.cursor.is_none()
    }

    /// Lines that came since it stopped following; `None` while it follows.
    pub fn missed(&self) -> Option<u64> {
        (!self.follows()).then(|| self.buffer.total().saturating_sub(self.stopped_at))
    }

    /// Follows again, or stops to read.
    pub fn toggle_hold(&mut self) {
        match self.cursor {
            Some(_) => self.follow(),
            None => {
                let newest = self.before(self.buffer.lines().len());
                if let Some(at) = newest {
                    self.stop_at(self.buffer.lines()[at].seq);
                }
            }
        }
    }

    /// Goes to the newest line and stays there.
    pub fn follow(&mut self) {
        self.cursor = None;
        self.bottom.set(None);
        self.anchor = None;
    }

    pub(in crate::ui) fn stop_at(&mut self, seq: u64) {
        if self.cursor.is_none() {
            self.stopped_at = self.buffer.total();
        }
        self.cursor = Some(seq);
    }

    /// The nearest shown line before an index.
    fn before(&self, at: usize) -> Option<usize> {
        (0..at.min(self.buffer.lines().len())).rev().find(|i| self.buffer.shows(*i))
    }

    /// The nearest shown line after an index.
    fn after(&self, at: usize) -> Option<usize> {
        (at + 1..self.buffer.lines().len()).find(|i| self.buffer.shows(*i))
    }

    /// The index of the line under the cursor, or of the newest.
    pub fn here(&self) -> Option<usize> {
        let len = self.buffer.lines().len();
        match self.cursor {
            None => self.before(len),
            Some(seq) => match self.buffer.position(seq) {
                Some(at) if self.buffer.shows(at) => Some(at),
                Some(at) => self.before(at).or_else(|| self.after(at)),
                // It was dropped: the oldest is the nearest.
                None => (0..len).find(|i| self.buffer.shows(*i)),
            },
        }
    }

    /// Moves the cursor by lines. At the oldest line, older ones are wanted if there may be some.
    fn step_lines(&mut self, by: isize) {
        let Some(mut at) = self.here() else { return };
        let mut left = by.unsigned_abs();
        while left > 0 {
            let next = if by < 0 { self.before(at) } else { self.after(at) };
            match next {
                Some(next) => at = next,
                None => break,
            }
            left -= 1;
        }
        if by > 0 && left > 0 {
            return self.follow();
        }
        self.stop_at(self.buffer.lines()[at].seq);
        self.wants_older |= by < 0 && left > 0 && !self.exhausted;
    }

    /// Whether older lines were wanted since this was last asked.
    pub fn take_wants_older(&mut self) -> bool {
        std::mem::take(&mut self.wants_older)
    }

    /// Goes to the next wanted line in a direction. False if there is none.
    pub fn find(&mut self, forward: bool, wanted: impl Fn(&Line<LogWriterId>) -> bool) -> bool {
        let Some(mut at) = self.here() else { return false };
        // The newest line itself counts when nothing was looked for yet.
        if self.cursor.is_none() && !forward && wanted(&self.buffer.lines()[at]) {
            self.stop_at(self.buffer.lines()[at].seq);
            return true;
        }
        loop {
            let next = if forward { self.after(at) } else { self.before(at) };
            let Some(next) = next else { return false };
            at = next;
            if wanted(&self.buffer.lines()[at]) {
                self.stop_at(self.buffer.lines()[at].seq);
                return true;
            }
        }
    }

    /// Goes to the first line from a time on, as soon as it is known.
    pub fn seek_time(&mut self, at: Timestamp) {
        self.seek = Some(Seek::Time(at));
        self.work();
    }

    /// Goes to a task's end, as soon as it is known.
    pub fn seek_end(&mut self, task: LogWriterId) {
        self.seek = Some(Seek::End(task));
        self.work();
    }

    /// Request for older lines: for each task its oldest known line and the number known.
    pub fn older(&mut self) -> Vec<(LogWriterId, Timestamp, usize)> {
        if !self.reading_older.is_empty() {
            return Vec::new();
        }
        let mut known: HashMap<&LogWriterId, (i64, usize)> = HashMap::new();
        for line in self.buffer.lines().iter().filter(|l| l.kind != LineKind::Ruler && l.at != 0) {
            let entry = known.entry(&line.source).or_insert((line.at, 0));
            *entry = (entry.0.min(line.at), entry.1 + 1);
        }
        let ask: Vec<_> = known
            .into_iter()
            .filter(|(task, _)| self.tasks.iter().any(|t| t.of == **task))
            .map(|(task, (at, count))| (task.clone(), Timestamp::from_nanos(at), count))
            .collect();
        self.reading_older = ask.iter().map(|(task, _, _)| task.clone()).collect();
        // Unless one of them brings something.
        self.exhausted = true;
        ask
    }

    /// Whether older lines are being read.
    pub fn is_reading_older(&self) -> bool {
        !self.reading_older.is_empty()
    }

    // === the window ===

    /// The indices of the lines in a window of so many rows, each taking `rows_of` it. The cursor is
    /// always among them.
    pub fn visible(
        &self,
        height: usize,
        rows_of: impl Fn(&Line<LogWriterId>) -> usize,
    ) -> Vec<usize> {
        let lines = self.buffer.lines();
        let fill = |bottom: usize| {
            let mut found = Vec::new();
            let mut used = 0;
            let mut next = Some(bottom);
            while let Some(at) = next {
                used += rows_of(&lines[at]).max(1);
                if used > height && !found.is_empty() {
                    break;
                }
                found.push(at);
                next = self.before(at);
            }
            found.reverse();
            found
        };
        let Some(here) = self.here() else { return Vec::new() };
        if self.cursor.is_none() {
            return fill(here);
        }
        let known = self.bottom.get().and_then(|seq| self.buffer.position(seq));
        let known = known.filter(|at| self.buffer.shows(*at));
        let bottom = known.or_else(|| self.before(lines.len())).unwrap_or(here);
        let mut found = fill(bottom);
        let within = found.first().is_some_and(|first| *first <= here) && here <= bottom;
        if !within {
            // A step over an edge moves the window by as much; a leap puts the cursor in its middle.
            let first = found.first().copied().unwrap_or(here);
            let below = if here > bottom && self.after(bottom) == Some(here) {
                0
            } else if here < first && self.before(first) == Some(here) {
                height
            } else {
                height / 2
            };
            let mut last = here;
            let mut used = rows_of(&lines[here]).max(1);
            while let Some(next) = self.after(last) {
                used += rows_of(&lines[next]).max(1);
                if used > below {
                    break;
                }
                last = next;
            }
            found = fill(last);
        }
        self.bottom.set(found.last().map(|at| lines[*at].seq));
        found
    }

    /// The lines from the anchor to the cursor, or the one under the cursor.
    pub fn range(&self) -> Vec<usize> {
        let Some(here) = self.here() else { return Vec::new() };
        let other = self.anchor.and_then(|seq| self.buffer.position(seq)).unwrap_or(here);
        (here.min(other)..=here.max(other)).filter(|i| self.buffer.shows(*i)).collect()
    }
}

impl Moving for LogPane {
    fn step(&mut self, by: isize) {
        self.step_lines(by);
    }

    fn jump(&mut self, to_top: bool) {
        if to_top {
            self.step_lines(isize::MIN / 2);
        } else {
            self.follow();
        }
    }

    fn page_size(&self) -> usize {
        self.window.get().0
    }
}

impl Rows for LogPane {
    fn filter_text(&self) -> &str {
        &self.filter.text.text
    }

    fn set_filter(&mut self, text: &str) {
        let text = Filter::new(text);
        self.change_filter(|filter| filter.text = text);
    }

    fn sort(&mut self, _: bool) -> String {
        "sorted by time".to_owned()
    }

    fn can_be_sorted(&self) -> bool {
        false
    }

    fn can_be_marked(&self) -> bool {
        false
    }

    fn mark(&mut self) {}

    fn has_marks(&self) -> bool {
        false
    }

    fn marks(&self) -> (usize, usize) {
        (0, 0)
    }

    fn clear_marks(&mut self) {}

    fn click(&mut self, _: u16) -> bool {
        false
    }
}
