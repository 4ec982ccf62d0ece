//! Follows logs: one stream per task, so that an unreachable node costs only its own lines. No line
//! is shown twice and none is left out, across broken streams and other managers.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, task::AbortHandle};

use crate::session::{
    jobs::caught,
    logs::access::LogAccess,
    outbox::{Gone, Out},
    protocol::{Event, FollowedLog, LogWriterId, Token},
};
use crate::{
    cluster::Timestamp,
    engine::{EngineError, LogFrame, LogRequest, LogStream, Output},
};

/// Lines read of the past when a task's log is opened.
const TAIL: usize = 500;
/// Waits before a stream that failed or ended is opened again.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A stream that is silent this long is checked: moby#41733, docker/cli#4678.
const DOUBT: Duration = Duration::from_secs(10);
/// Time limit for checking a stream that went silent.
const LOOK: Duration = Duration::from_secs(10);

/// Where a log that was never read begins.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Begin {
    /// Number of its last lines to begin with; all if `None`.
    pub tail: Option<usize>,
    /// Earliest time of its lines.
    pub since: Option<Timestamp>,
}

impl Default for Begin {
    fn default() -> Self {
        Self { tail: Some(TAIL), since: None }
    }
}

/// The log streams under way.
#[derive(Debug, Default)]
pub(in crate::session) struct Tails {
    view: Token,
    begin: Begin,
    running: HashMap<LogWriterId, AbortHandle>,
    /// Survives a lost link, so that reading goes on from there.
    known: HashMap<LogWriterId, Arc<LogState>>,
}

/// State of a task's log.
#[derive(Debug, Default)]
struct LogState {
    /// The task may still write.
    alive: AtomicBool,
    /// The UI was told that it can't be read, and no line has come since.
    in_trouble: AtomicBool,
    heard: Mutex<DeliveredLines>,
}

/// Lines delivered so far. A duplicate is recognised by its time and text: the engine itself sends
/// lines again within one stream, from the beginning, when a node comes back (measured, 20.10 to
/// 28.5).
#[derive(Debug, Default)]
struct DeliveredLines {
    /// Time of the newest line.
    newest: Option<Timestamp>,
    /// The newest of each output: each has its own clockwork, and the two may be a little out of step.
    of_output: [Option<Timestamp>; 3],
    /// Fingerprints of the last lines, the oldest first, and the same as a set.
    recent: VecDeque<(Option<Timestamp>, u64)>,
    lookup: HashSet<(Option<Timestamp>, u64)>,
    /// The log has ended: lines that come again are duplicates.
    closed: bool,
}

/// Limit of tasks whose end is remembered; a crash loop watched for weeks makes many.
const KNOWN: usize = 1_024;
/// Number of lines remembered for each task to find duplicates.
const RECENT: usize = 4_096;

impl DeliveredLines {
    fn key(frame: &LogFrame) -> (Option<Timestamp>, u64) {
        let mut hasher = std::hash::DefaultHasher::new();
        (output(frame), &frame.text).hash(&mut hasher);
        (frame.at, hasher.finish())
    }

    /// Whether a line was delivered already. One that is older than all remembered lines counts as
    /// delivered: it can only be a node's log sent again.
    fn knows(&self, frame: &LogFrame) -> bool {
        if frame.at.is_none() || frame.at > self.of_output[output(frame)] {
            return false;
        }
        let forgotten = self.recent.len() == RECENT
            && self.recent.front().is_some_and(|(oldest, _)| frame.at < *oldest);
        self.closed || forgotten || self.lookup.contains(&Self::key(frame))
    }

    /// Forgets the single lines: this log has ended and was delivered completely.
    fn close(&mut self) {
        self.recent = VecDeque::new();
        self.lookup = HashSet::new();
        self.closed = true;
    }

    fn note(&mut self, frame: (Option<Timestamp>, usize, (Option<Timestamp>, u64))) {
        let (at, output, key) = frame;
        if at.is_none() {
            return;
        }
        self.newest = self.newest.max(at);
        self.of_output[output] = self.of_output[output].max(at);
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.lookup.remove(&oldest);
        }
        self.recent.push_back(key);
        self.lookup.insert(key);
    }
}

fn output(frame: &LogFrame) -> usize {
    match frame.output {
        Output::Stdout => 0,
        Output::Stderr => 1,
        Output::Engine => 2,
    }
}

impl Tails {
    /// Streams with a start other than the default.
    pub fn beginning(begin: Begin) -> Self {
        let mut tails = Self::default();
        tails.begin = begin;
        tails
    }

    /// Follows these logs and no others; streams that already run go on.
    pub fn set(&mut self, access: &LogAccess, out: &Out, view: Token, logs: &[FollowedLog]) {
        if view != self.view {
            self.pause();
            self.known.clear();
            self.view = view;
        }
        self.running.retain(|of, handle| {
            let keep = logs.iter().any(|log| log.of == *of);
            if !keep {
                handle.abort();
            }
            keep
        });
        if self.known.len() > KNOWN {
            self.known.retain(|of, _| self.running.contains_key(of));
        }
        for wanted in logs {
            let known = Arc::clone(self.known.entry(wanted.of.clone()).or_default());
            known.alive.store(wanted.alive, Ordering::Relaxed);
            self.running.entry(wanted.of.clone()).or_insert_with(|| {
                let tail = Tail {
                    access: access.clone(),
                    out: out.clone(),
                    view,
                    of: wanted.of.clone(),
                    begin: self.begin,
                    known,
                };
                tokio::spawn(tail.follow()).abort_handle()
            });
        }
    }

    /// Ends all streams; [`Tails::set`] continues after the last line received.
    pub fn pause(&mut self) {
        for (_, handle) in self.running.drain() {
            handle.abort();
        }
    }
}

impl Drop for Tails {
    fn drop(&mut self) {
        self.pause();
    }
}

/// Reads lines older than `before`, as far as the engine still has them.
pub(in crate::session) fn older(
    access: &LogAccess,
    out: &Out,
    view: Token,
    logs: Vec<(LogWriterId, Timestamp, usize)>,
) {
    for (of, before, have) in logs {
        let (access, out) = (access.clone(), out.clone());
        tokio::spawn(async move {
            let request = LogRequest { follow: false, tail: Some(have + TAIL * 2), since: None };
            let mut found = Vec::new();
            let read = async {
                let mut stream = access.open(&of, request).await?;
                while let Some(frames) = stream.next().await? {
                    found.extend(frames.into_iter().filter(|f| f.at.is_some_and(|at| at < before)));
                }
                Ok::<_, EngineError>(())
            };
            // What could be read is of use also if the rest could not.
            let _ = caught(&access.endpoint(), tokio::time::timeout(LOOK, read)).await;
            let _ = out.send(Event::OlderLines(view, of, found)).await;
        });
    }
}

struct Tail {
    access: LogAccess,
    out: Out,
    view: Token,
    of: LogWriterId,
    begin: Begin,
    known: Arc<LogState>,
}

/// Reasons to leave a stream.
enum StreamEnd {
    /// The UI is gone.
    Gone,
    /// The stream ended by itself.
    Clean,
    /// The stream stalled or broke.
    Broken(Option<EngineError>),
}

/// Result of checking a silent stream.
enum SilenceCheck {
    /// The task just says nothing.
    Nothing,
    /// There are lines that the stream does not bring.
    Newer,
    /// The log can't be read there either.
    Unread(String),
}

/// Why a log can't be read whose engine opens it and sends nothing.
pub(in crate::session) const NO_ANSWER: &str = "nothing comes from its node";

impl Tail {
    async fn follow(self) {
        let mut wait = FIRST_WAIT;
        loop {
            let began = Instant::now();
            let alive = self.known.alive.load(Ordering::Relaxed);
            let read = caught(&self.access.endpoint(), self.stream(alive)).await;
            let (end, heard_any) =
                read.unwrap_or_else(|fault| (StreamEnd::Broken(Some(fault)), false));
            match end {
                StreamEnd::Gone => return,
                // The task is over, and so is its log.
                StreamEnd::Clean if !alive => {
                    self.known.heard.lock().await.close();
                    let _ = self.out.send(Event::LogEnd(self.view, self.of.clone())).await;
                    return;
                }
                StreamEnd::Clean | StreamEnd::Broken(None) => {}
                StreamEnd::Broken(Some(error)) => {
                    self.known.in_trouble.store(true, Ordering::Relaxed);
                    if self.trouble(Some(error.to_string())).await.is_err() {
                        return;
                    }
                }
            }
            // An engine that comes back is there soon after; one that stays away is not asked often.
            wait = if heard_any || began.elapsed() > LONGEST_WAIT {
                FIRST_WAIT
            } else {
                (wait * 2).min(LONGEST_WAIT)
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn trouble(&self, why: Option<String>) -> Result<(), Gone> {
        self.out.send(Event::LogTrouble(self.view, self.of.clone(), why)).await
    }

    /// Reads one stream to its end. Also returns whether anything new came.
    async fn stream(&self, follow: bool) -> (StreamEnd, bool) {
        let from = self.known.heard.lock().await.newest;
        let resumed = from.is_some();
        let request = LogRequest {
            follow,
            tail: if resumed { None } else { self.begin.tail },
            since: from.or(self.begin.since),
        };
        let mut stream = match self.access.open(&self.of, request).await {
            Ok(stream) => stream,
            Err(error) => return (StreamEnd::Broken(Some(error)), false),
        };
        // A resumed stream begins with the lines of the last instant; if it does not, what lay between
        // is lost: the engine rotated its files.
        let mut overlapped = !resumed;
        let mut any = false;
        loop {
            let frames = match self.next(&mut stream, follow).await {
                Ok(Some(frames)) => frames,
                Ok(None) => return (StreamEnd::Clean, any),
                Err(error) => return (StreamEnd::Broken(error), any),
            };
            // Held over the telling: a stream that is aborted in between tells nothing twice.
            let mut heard = self.known.heard.lock().await;
            let mut fresh = Vec::with_capacity(frames.len());
            for frame in frames {
                if heard.knows(&frame) {
                    overlapped = true;
                    continue;
                }
                if !std::mem::replace(&mut overlapped, true)
                    && let (Some(from), Some(to)) = (from, frame.at)
                {
                    let gap = Event::LogGap(self.view, self.of.clone(), from, to);
                    if self.out.send(gap).await.is_err() {
                        return (StreamEnd::Gone, any);
                    }
                }
                fresh.push(frame);
            }
            if fresh.is_empty() {
                continue;
            }
            any = true;
            if self.known.in_trouble.swap(false, Ordering::Relaxed)
                && self.trouble(None).await.is_err()
            {
                return (StreamEnd::Gone, any);
            }
            let notes: Vec<_> =
                fresh.iter().map(|f| (f.at, output(f), DeliveredLines::key(f))).collect();
            let lines = Event::Lines(self.view, self.of.clone(), fresh);
            if self.out.send(lines).await.is_err() {
                return (StreamEnd::Gone, any);
            }
            for note in notes {
                heard.note(note);
            }
        }
    }

    /// The next lines. A followed stream that is silent is compared with a second request:
    /// `Err(None)` if that has lines which the stream does not deliver. A node that answers neither
    /// is reported.
    async fn next(
        &self,
        stream: &mut LogStream,
        follow: bool,
    ) -> Result<Option<Vec<LogFrame>>, Option<EngineError>> {
        if !follow {
            return stream.next().await.map_err(Some);
        }
        let mut patience = DOUBT;
        loop {
            let found = tokio::select! {
                next = stream.next() => return next.map_err(Some),
                found = self.look_beside(patience) => found,
            };
            let (told, why) = match found {
                SilenceCheck::Newer => return Err(None),
                SilenceCheck::Nothing => {
                    (self.known.in_trouble.swap(false, Ordering::Relaxed), None)
                }
                SilenceCheck::Unread(why) => {
                    (!self.known.in_trouble.swap(true, Ordering::Relaxed), Some(why))
                }
            };
            // Asked again soon where there is trouble, and ever less where the task is just quiet.
            patience = if why.is_some() { DOUBT } else { patience * 2 };
            if told && self.trouble(why).await.is_err() {
                // Nobody listens; the next lines find out.
                return stream.next().await.map_err(Some);
            }
        }
    }

    /// Checks a stream that has been silent for `patience` with a second request.
    async fn look_beside(&self, patience: Duration) -> SilenceCheck {
        tokio::time::sleep(patience).await;
        let last = self.known.heard.lock().await.newest;
        let request = LogRequest { follow: false, tail: Some(1), since: None };
        let look = async {
            let mut stream = self.access.open(&self.of, request).await?;
            let mut newest = None;
            while let Some(frames) = stream.next().await? {
                newest = frames.iter().map(|f| f.at).max().unwrap_or(newest).max(newest);
            }
            Ok::<_, EngineError>(newest)
        };
        match tokio::time::timeout(LOOK, look).await {
            Ok(Ok(newest)) if last.is_some() && newest > last => SilenceCheck::Newer,
            Ok(Err(EngineError::LogBroke { said })) => SilenceCheck::Unread(said),
            // The stream itself tells of a connection that is lost.
            Ok(_) => SilenceCheck::Nothing,
            Err(_) => SilenceCheck::Unread(NO_ANSWER.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connect::{Connector, Endpoint},
        engine::Engine,
    };

    fn frame(at: i64, text: &str) -> LogFrame {
        LogFrame { at: Some(Timestamp::from_nanos(at)), output: Output::Stdout, text: text.into() }
    }

    fn tell(heard: &mut DeliveredLines, frame: &LogFrame) {
        heard.note((frame.at, output(frame), DeliveredLines::key(frame)));
    }

    #[test]
    fn what_comes_again_is_known_and_what_is_new_is_not() {
        let mut heard = DeliveredLines::default();
        for at in 1..=10 {
            tell(&mut heard, &frame(at, "x"));
        }
        assert!(heard.knows(&frame(10, "x")) && heard.knows(&frame(3, "x")));
        assert!(!heard.knows(&frame(11, "x")), "later");
        assert!(!heard.knows(&frame(10, "y")), "another line of the same instant");
        assert!(!heard.knows(&frame(3, "y")), "a clock that was set back a little");
        let late = LogFrame { output: Output::Stderr, ..frame(5, "x") };
        assert!(!heard.knows(&late), "the other output lags");
    }

    #[test]
    fn a_long_log_sent_again_is_known_from_its_beginning() {
        let mut heard = DeliveredLines::default();
        for at in 1..=10_000 {
            tell(&mut heard, &frame(at, "x"));
        }
        assert!((1..=10_000).all(|at| heard.knows(&frame(at, "x"))));
        assert_eq!(heard.lookup.len(), RECENT);
        heard.close();
        assert!((1..=10_000).all(|at| heard.knows(&frame(at, "x"))) && heard.lookup.is_empty());
    }

    #[test]
    fn a_line_of_another_output_or_without_a_time_is_none_that_was_forgotten() {
        let mut heard = DeliveredLines::default();
        for at in 1..=10_000 {
            tell(&mut heard, &frame(at, "x"));
        }
        let late = LogFrame { output: Output::Stderr, ..frame(5, "x") };
        let timeless = LogFrame { at: None, ..frame(5, "x") };
        assert!(!heard.knows(&late) && !heard.knows(&timeless));
        heard.close();
        assert!(!heard.knows(&timeless));
    }

    #[tokio::test]
    async fn logs_that_are_not_shown_any_more_are_forgotten_in_time() {
        let manager = Engine::new(Connector::new(Endpoint::Unix("/none".into())));
        let (access, (out, _told)) = (LogAccess { manager, nodes: None }, Out::alone(1));
        let mut tails = Tails::default();
        let of = |n: usize| LogWriterId::Task(format!("t{n}").as_str().into());
        let task = |n: usize| FollowedLog { of: of(n), alive: true };
        for n in 0..3 * KNOWN {
            tails.set(&access, &out, Token(1), &[task(n), task(n + 1)]);
            assert!(tails.known.len() <= KNOWN + 2 && tails.running.len() == 2);
        }
        // Where reading stopped is known for those that are read, and for some before them.
        assert!(tails.known.contains_key(&of(3 * KNOWN)));
    }
}
