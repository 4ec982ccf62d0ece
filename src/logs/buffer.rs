//! The last lines of a set of sources, merged by time and bounded. Pure.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use super::{ansi, severity::LogLevel, shape};

/// LineKind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A line of standard output.
    Stdout,
    /// A line of standard error.
    Stderr,
    /// A remark of skep, drawn as a ruler: a gap, or the end of an attempt.
    Ruler,
}

/// A line as it comes.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// When the engine took it: nanoseconds since the Unix epoch, 0 where it does not say.
    pub at: i64,
    /// Its kind.
    pub kind: LineKind,
    /// Its bytes; what is not UTF-8 is replaced.
    pub text: Vec<u8>,
}

/// One line of source `S`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<S> {
    /// Counts up from 1 in its buffer, in the order of coming.
    pub seq: u64,
    /// When the engine took it.
    pub at: i64,
    /// Its source.
    pub source: S,
    /// Its kind.
    pub kind: LineKind,
    /// Its severity.
    pub severity: LogLevel,
    /// Whether it continues the line before it.
    pub continues: bool,
    /// Whether it passes the filter that was last applied.
    pub passes: bool,
    /// Its place in time: never before an earlier line of its source, and a line that goes on another
    /// has that one's, so that nothing comes between.
    order: i64,
    /// Text.
    pub text: Box<str>,
}

/// The last lines of a set of sources, merged by time.
#[derive(Debug)]
pub struct Buffer<S> {
    lines: VecDeque<Line<S>>,
    next: u64,
    dropped: u64,
    bytes: usize,
    limit: usize,
    passing: usize,
    /// Lines before this index are yet to be looked at by the filter.
    unseen: usize,
    last: HashMap<S, i64>,
    /// Why a source could not be read, newest reason.
    troubles: HashMap<S, String>,
}

/// Number of lines kept.
pub const LIMIT: usize = 50_000;
/// Bytes kept at most, so that long lines are bounded as well.
const BYTES: usize = 256 << 20;
/// A longer line is kept cut.
pub const LINE_BYTES: usize = 1 << 20;

impl<S> Default for Buffer<S> {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl<S> Buffer<S> {
    /// A buffer of so many lines at most.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            next: 0,
            dropped: 0,
            bytes: 0,
            limit: limit.max(1),
            passing: 0,
            unseen: 0,
            last: HashMap::new(),
            troubles: HashMap::new(),
        }
    }
}

impl<S: Clone + Eq + Hash> Buffer<S> {
    /// Takes lines of one source in, in the order they came; each goes to its place in time. `filter`
    /// is what [`Buffer::refilter`] was last told.
    pub fn extend(
        &mut self,
        source: &S,
        incoming: impl IntoIterator<Item = Incoming>,
        filter: impl Fn(&Line<S>) -> bool,
    ) {
        let mut order = self.last.get(source).copied().unwrap_or(i64::MIN);
        let mut fresh: Vec<Line<S>> = Vec::new();
        for line in incoming {
            let text = cut(&line.text);
            let continues =
                line.kind != LineKind::Ruler && shape::continues(&text) && order != i64::MIN;
            if !continues {
                order = order.max(line.at);
            }
            let severity = match (line.kind, continues) {
                (LineKind::Ruler, _) | (_, true) => LogLevel::None,
                _ => LogLevel::of(&ansi::plain(&text)),
            };
            self.next += 1;
            self.bytes += text.len();
            let mut line = Line {
                seq: self.next,
                at: line.at,
                source: source.clone(),
                kind: line.kind,
                severity,
                continues,
                passes: false,
                order,
                text,
            };
            line.passes = filter(&line)
                || continues && fresh.last().is_some_and(|head: &Line<S>| head.passes);
            self.passing += usize::from(line.passes);
            fresh.push(line);
        }
        self.last.insert(source.clone(), order);
        self.merge(fresh);
        while self.lines.len() > self.limit || self.bytes > BYTES && self.lines.len() > 1 {
            self.drop_oldest();
        }
    }

    /// Older lines of a source than any it has: they come in before, and drop nothing newer.
    pub fn extend_older(
        &mut self,
        source: &S,
        incoming: Vec<Incoming>,
        filter: impl Fn(&Line<S>) -> bool,
    ) {
        let room = self.limit.saturating_sub(self.lines.len());
        let skip = incoming.len().saturating_sub(room);
        let newest = self.last.remove(source);
        self.extend(source, incoming.into_iter().skip(skip), filter);
        if let Some(newest) = newest {
            let order = self.last.entry(source.clone()).or_insert(newest);
            *order = (*order).max(newest);
        }
    }

    fn drop_oldest(&mut self) {
        let Some(line) = self.lines.pop_front() else { return };
        self.dropped += 1;
        self.bytes -= line.text.len();
        self.passing -= usize::from(line.passes && self.unseen == 0);
        self.unseen = self.unseen.saturating_sub(1);
    }

    /// Merges lines in order among those that are there. Mostly they are the newest.
    fn merge(&mut self, fresh: Vec<Line<S>>) {
        let Some(first) = fresh.first().map(|l| l.order) else { return };
        if self.lines.back().is_none_or(|l| l.order <= first) {
            self.lines.extend(fresh);
            return;
        }
        let place = self.lines.partition_point(|l| l.order <= first);
        let later = self.lines.split_off(place);
        let among_unseen = place < self.unseen;
        let mut fresh = fresh.into_iter().peekable();
        for line in later {
            while let Some(next) = fresh.next_if(|f| f.order < line.order) {
                self.lines.push_back(next);
            }
            self.lines.push_back(line);
        }
        self.lines.extend(fresh);
        if among_unseen {
            // Rare: a filter is being applied just now. It begins again.
            self.refilter();
        }
    }

    /// A ruler among a source's lines: what skep knows of it at that time.
    pub fn rule(
        &mut self,
        source: &S,
        at: i64,
        severity: LogLevel,
        text: &str,
        filter: impl Fn(&Line<S>) -> bool,
    ) {
        self.next += 1;
        let text = cut(text.as_bytes());
        self.bytes += text.len();
        let mut line = Line {
            seq: self.next,
            at,
            source: source.clone(),
            kind: LineKind::Ruler,
            severity,
            continues: false,
            passes: false,
            order: at,
            text,
        };
        line.passes = filter(&line);
        self.passing += usize::from(line.passes);
        self.merge(vec![line]);
    }

    /// Where the lines from a time on begin.
    pub fn first_from(&self, at: i64) -> usize {
        self.lines.partition_point(|line| line.order < at)
    }

    /// Looks at all lines anew with another filter, the newest first; call [`Buffer::go_on`] until it
    /// is through.
    pub fn refilter(&mut self) {
        self.unseen = self.lines.len();
        self.passing = 0;
    }

    /// Looks at up to `most` lines that the filter has not seen. True if there are more.
    pub fn go_on(&mut self, most: usize, filter: impl Fn(&Line<S>) -> bool) -> bool {
        let begin = self.unseen.saturating_sub(most);
        for at in begin..self.unseen {
            let own = filter(&self.lines[at]);
            // A line that goes on another is shown with it.
            let with_head = self.lines[at].continues && at > begin && {
                let head = &self.lines[at - 1];
                head.passes && head.source == self.lines[at].source
            };
            let line = &mut self.lines[at];
            line.passes = own || with_head;
            self.passing += usize::from(line.passes);
        }
        self.unseen = begin;
        begin > 0
    }

    /// Whether a filter is still being applied.
    pub fn is_filtering(&self) -> bool {
        self.unseen > 0
    }

    /// Number of lines that pass the filter, of those seen.
    pub fn passing(&self) -> usize {
        self.passing
    }

    /// Whether the line at this index is shown.
    pub fn shows(&self, at: usize) -> bool {
        at >= self.unseen && self.lines.get(at).is_some_and(|l| l.passes)
    }

    /// Where a line is now.
    pub fn position(&self, seq: u64) -> Option<usize> {
        self.lines.iter().rposition(|l| l.seq == seq)
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

    /// Number of old lines dropped to stay within the bounds.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Total number of lines received.
    pub fn total(&self) -> u64 {
        self.next
    }
}

fn cut(bytes: &[u8]) -> Box<str> {
    let bytes = &bytes[..bytes.len().min(LINE_BYTES)];
    String::from_utf8_lossy(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(at: i64, text: &str) -> Incoming {
        Incoming { at, kind: LineKind::Stdout, text: text.into() }
    }

    fn all(buffer: &Buffer<&'static str>) -> String {
        buffer.lines().iter().map(|l| &*l.text).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn sources_are_merged_by_time_and_each_keeps_its_order() {
        let mut buffer = Buffer::default();
        let any = |_: &Line<&'static str>| true;
        buffer.extend(&"a", [incoming(1, "a1"), incoming(5, "a5"), incoming(9, "a9")], any);
        buffer.extend(&"b", [incoming(2, "b2"), incoming(5, "b5"), incoming(20, "b20")], any);
        assert_eq!(all(&buffer), "a1,b2,a5,b5,a9,b20");
        // A clock that was set back.
        buffer.extend(&"a", [incoming(3, "a3")], any);
        assert_eq!(all(&buffer), "a1,b2,a5,b5,a9,a3,b20");
    }

    #[test]
    fn nothing_comes_between_the_lines_of_a_trace() {
        let mut buffer = Buffer::default();
        let any = |_: &Line<&'static str>| true;
        buffer.extend(
            &"a",
            [incoming(1, "boom"), incoming(3, "\tat x"), incoming(5, "\tat y")],
            any,
        );
        buffer.extend(&"b", [incoming(2, "b")], any);
        assert_eq!(all(&buffer), "boom,\tat x,\tat y,b");
        buffer.refilter();
        while buffer.go_on(100, |l| l.text.contains("boom")) {}
        assert_eq!(buffer.passing(), 3, "a trace is shown with its head");
    }

    #[test]
    fn the_oldest_go_and_are_counted() {
        let mut buffer = Buffer::with_limit(100);
        for i in 0..107 {
            let line = Incoming { at: i, kind: LineKind::Stdout, text: b"x\xff".to_vec() };
            buffer.extend(&"t", [line], |_| true);
        }
        assert_eq!((buffer.lines().len(), buffer.dropped(), buffer.passing()), (100, 7, 100));
        assert_eq!(&*buffer.lines()[0].text, "x\u{fffd}");
    }

    #[test]
    fn older_lines_come_in_before() {
        let mut buffer = Buffer::with_limit(4);
        buffer.extend(&"t", [incoming(8, "8"), incoming(9, "9")], |_| true);
        let older = (1..6).map(|i| incoming(i, &i.to_string())).collect();
        buffer.extend_older(&"t", older, |_| true);
        buffer.extend(&"t", [], |_| true);
        assert_eq!(all(&buffer), "4,5,8,9");
    }
}
