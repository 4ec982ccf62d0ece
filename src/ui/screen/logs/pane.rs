//! The log view's state: whose, the lines, and where and how they are read.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use crate::{
    cluster::{ContainerId, NodeId, ServiceId, Store, Task, TaskId, Timestamp},
    logs::{Buffer, Incoming, Line, LineKind, LogLevel, ansi},
    session::{FollowedLog, LogFrame, LogWriterId, Output, Token},
    text::{clean, clean_lines},
    ui::table::filter::Filter,
};

/// Source of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// All tasks of these services, as they come and go, with those that ended.
    Services(Vec<ServiceId>),
    /// These tasks.
    Tasks(Vec<TaskId>),
    /// All tasks in the place of this one, those before it and those to come.
    Place(LogPlace),
    /// All live tasks on a node.
    Node(NodeId),
    /// A container, whoever made it.
    Container(LoggedContainer),
}

/// A container whose log is read of its node's own engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedContainer {
    /// Its node.
    pub node: NodeId,
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// Whether it might still write when its log was opened.
    pub alive: bool,
}

/// A slot of a service, or a node that runs one of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The service.
    pub service: ServiceId,
    slot: u64,
    node: Option<NodeId>,
}

impl LogPlace {
    /// The place of a task.
    pub fn of(task: &Task) -> Self {
        let node = task.node.clone().filter(|_| task.slot == 0);
        Self { service: task.service.clone(), slot: task.slot, node }
    }

    /// Its tasks, in no order.
    pub fn tasks<'s>(&self, store: &'s Store) -> impl Iterator<Item = &'s Task> {
        store.tasks_of(&self.service).filter(move |task| Self::of(task) == *self)
    }
}

impl LogSource {
    /// Whether all its lines are of one service.
    fn is_of_one_service(&self) -> bool {
        match self {
            Self::Services(ids) => ids.len() == 1,
            Self::Tasks(ids) => ids.len() == 1,
            Self::Place(_) => true,
            Self::Node(_) | Self::Container(_) => false,
        }
    }
}

/// More streams at once than this would weigh on the manager.
pub const STREAMS: usize = 64;
/// Tasks remembered before those without lines are forgotten.
const WRITERS: usize = 1_024;
/// Lines the filter looks at in one turn of the loop.
const TURN: usize = 100_000;

/// The format of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    #[default]
    Utc,
    Local,
    Ago,
    Off,
}

impl Times {
    /// The next way.
    pub fn next(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Ago,
            Self::Ago => Self::Off,
            Self::Off => Self::Utc,
        }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "local time",
            Self::Ago => "ages",
            Self::Off => "no times",
        }
    }
}

/// Filter of the lines.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// By text.
    pub text: Filter,
    /// Only this task's.
    pub task: Option<LogWriterId>,
    /// Only those of tasks on this node.
    pub host: Option<(NodeId, HashSet<LogWriterId>)>,
    /// Only this output's.
    pub stream: Option<LineKind>,
    /// Only at least so bad.
    pub severity: LogLevel,
}

impl LogFilter {
    fn passes(&self, line: &Line<LogWriterId>) -> bool {
        if self.task.as_ref().is_some_and(|t| *t != line.source)
            || self.host.as_ref().is_some_and(|(_, tasks)| !tasks.contains(&line.source))
        {
            return false;
        }
        if line.kind == LineKind::Ruler {
            return self.text.is_empty();
        }
        self.stream.is_none_or(|s| s == line.kind)
            && line.severity >= self.severity
            && (self.text.is_empty() || self.text.passes([&*ansi::plain(&line.text)].into_iter()))
    }

    /// Whether everything is shown.
    pub fn is_open(&self) -> bool {
        self.text.is_empty() && self.words().is_empty()
    }

    /// Filters set by keys, in words.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.task.is_some() {
            words.push("one task".to_owned());
        }
        if self.host.is_some() {
            words.push("one node".to_owned());
        }
        match self.stream {
            Some(LineKind::Stdout) => words.push("stdout".to_owned()),
            Some(LineKind::Stderr) => words.push("stderr".to_owned()),
            _ => {}
        }
        if self.severity > LogLevel::None {
            words.push(format!("≥ {}", self.severity.word()));
        }
        words
    }
}

/// A task whose lines are in the buffer, also once the manager has forgotten it.
#[derive(Clone, Debug)]
pub struct LogWriter {
    /// Its name.
    pub name: String,
    /// Begins its lines: its name, or its slot and node where the title names the service.
    pub label: String,
    /// Where it runs or ran.
    pub node: Option<NodeId>,
    /// Index of its colour.
    pub colour: usize,
    /// Its end stands in the buffer.
    ended: bool,
}

/// Where the reader wants to be once the lines are there.
#[derive(Clone, Debug)]
pub(in crate::ui) enum Seek {
    Time(Timestamp),
    End(LogWriterId),
}

/// A log being followed.
#[derive(Debug)]
pub struct LogPane {
    /// Names the view to the session.
    pub token: Token,
    /// Its source.
    pub source: LogSource,
    /// The title in the frame.
    pub title: String,
    /// The lines.
    pub buffer: Buffer<LogWriterId>,
    /// The filter of the lines.
    pub filter: LogFilter,
    /// Highlighted text.
    pub highlight: Filter,
    /// Tasks that wrote the lines.
    pub writers: HashMap<LogWriterId, LogWriter>,
    /// The tasks that are followed now, or the container.
    pub tasks: Vec<FollowedLog>,
    /// Tasks left out because there are more than [`STREAMS`].
    pub left_out: usize,
    /// The line under the cursor; `None` follows the newest.
    pub cursor: Option<u64>,
    /// The newest line in the window while the cursor is somewhere.
    pub(in crate::ui) bottom: Cell<Option<u64>>,
    /// Lines that had come when the view was stopped.
    pub(in crate::ui) stopped_at: u64,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// The format of times.
    pub times: Times,
    /// Columns to the left of the window.
    pub pan: usize,
    /// The keys of JSON lines to show; all if there are none.
    pub keys: Vec<String>,
    /// Lines opened in full.
    pub open: HashSet<u64>,
    /// Where a range to copy begins.
    pub anchor: Option<u64>,
    /// The window as it was last drawn: rows, and columns for text.
    pub window: Cell<(usize, usize)>,
    /// Every line that is shown is written there as it comes.
    pub tee: Option<PathBuf>,
    /// Tasks whose older lines are being read.
    pub(in crate::ui) reading_older: HashSet<LogWriterId>,
    /// The engine has no older lines.
    pub(in crate::ui) exhausted: bool,
    /// Older lines are wanted: the cursor was moved up at the oldest.
    pub(in crate::ui) wants_older: bool,
    pub(in crate::ui) seek: Option<Seek>,
    /// The store's revision that the tasks were last taken from.
    looked_at: Option<u64>,
}

impl LogPane {
    /// A pane for `source`.
    pub fn new(token: Token, source: LogSource, title: String) -> Self {
        Self {
            token,
            source,
            title,
            buffer: Buffer::default(),
            filter: LogFilter::default(),
            highlight: Filter::default(),
            writers: HashMap::new(),
            tasks: Vec::new(),
            left_out: 0,
            cursor: None,
            bottom: Cell::new(None),
            stopped_at: 0,
            wrap: false,
            times: Times::default(),
            pan: 0,
            keys: Vec::new(),
            open: HashSet::new(),
            anchor: None,
            window: Cell::new((10, 80)),
            tee: None,
            reading_older: HashSet::new(),
            exhausted: false,
            wants_older: false,
            seek: None,
            looked_at: None,
        }
    }

    /// The tasks to follow as the store stands: live ones first, then the newest of history, whose
    /// last lines tell why they ended. True if that changed.
    pub fn update_tasks(&mut self, store: &Store) -> bool {
        // Asked with every event, and most events are log lines.
        if self.looked_at.replace(store.revision()) == Some(store.revision()) {
            return false;
        }
        if let LogSource::Container(container) = &self.source {
            return self.follow_container(container.clone());
        }
        self.forget_writers();
        let mut found: Vec<&Task> = match &self.source {
            LogSource::Services(ids) => ids.iter().flat_map(|id| store.tasks_of(id)).collect(),
            LogSource::Node(id) => store.tasks_on(id).filter(|t| t.is_live()).collect(),
            LogSource::Tasks(ids) => ids.iter().filter_map(|id| store.task(id)).collect(),
            LogSource::Place(place) => place.tasks(store).collect(),
            LogSource::Container(_) => Vec::new(),
        };
        // A task that never got a container has nothing to say but its error.
        for task in found.iter().filter(|t| t.container.is_none() && !t.err.is_empty()) {
            self.note_writer(task, store);
        }
        found.retain(|t| t.container.is_some());
        found.sort_by_key(|t| (!t.is_live(), std::cmp::Reverse(t.created), t.id.clone()));
        self.left_out = found.len().saturating_sub(STREAMS);
        found.truncate(STREAMS);
        for task in &found {
            self.note_writer(task, store);
        }
        let mut tasks: Vec<FollowedLog> = found
            .iter()
            .map(|t| FollowedLog { of: t.id.clone().into(), alive: !t.state.is_terminal() })
            .collect();
        tasks.sort();
        if tasks == self.tasks {
            return false;
        }
        self.tasks = tasks;
        true
    }

    /// Follows a container's log; true if it was not followed yet.
    fn follow_container(&mut self, container: LoggedContainer) -> bool {
        let LoggedContainer { node, id, name, alive } = container;
        let of = LogWriterId::Container(node.clone(), id);
        if self.writers.contains_key(&of) {
            return false;
        }
        let label = name.clone();
        let writer = LogWriter { name, label, node: Some(node), colour: 0, ended: false };
        self.writers.insert(of.clone(), writer);
        self.tasks = vec![FollowedLog { of, alive }];
        true
    }

    /// Forgets tasks that left no line: a crash loop watched for weeks makes many.
    fn forget_writers(&mut self) {
        if self.writers.len() <= WRITERS {
            return;
        }
        let mut wanted: HashSet<&LogWriterId> = self.tasks.iter().map(|t| &t.of).collect();
        wanted.extend(self.buffer.lines().iter().map(|line| &line.source));
        self.writers.retain(|task, _| wanted.contains(task));
    }

    /// Remembers whose lines they are, and writes a task's end among them.
    fn note_writer(&mut self, task: &Task, store: &Store) {
        let id = LogWriterId::from(task.id.clone());
        let known = self.writers.get(&id);
        if known.is_some_and(|w| w.ended || !task.state.is_terminal()) {
            return;
        }
        // The attempts of one slot have one colour.
        let name = store.task_name(task);
        let same = self.writers.values().find(|w| w.name == name).map(|w| w.colour);
        let next = self.writers.values().map(|w| w.colour + 1).max().unwrap_or(0);
        let colour = same.unwrap_or(next);
        let service = store.service(&task.service).filter(|_| self.source.is_of_one_service());
        let short = service.and_then(|service| name.strip_prefix(&*service.name));
        let place = task.node.as_ref().filter(|_| task.slot > 0).map(|node| store.hostname(node));
        let label = match (short, place) {
            (Some(short), Some(node)) => format!("{short} {node}"),
            (Some(short), None) => short.to_owned(),
            (None, _) => name.clone(),
        };
        let said_of = short.unwrap_or(&name).to_owned();
        let writer = self.writers.entry(id.clone()).or_insert_with(|| LogWriter {
            name,
            label,
            node: task.node.clone(),
            colour,
            ended: false,
        });
        if task.state.is_terminal() && !writer.ended {
            writer.ended = true;
            let place =
                task.node.as_ref().map_or(String::new(), |n| format!(" on {}", store.hostname(n)));
            let exit = task.exit_code.map_or(String::new(), |code| format!(", exit {code}"));
            let err = if task.err.is_empty() { String::new() } else { format!(": {}", task.err) };
            let never = if task.container.is_none() { ", never had a container" } else { "" };
            let said = format!("{said_of} {}{place}{exit}{never}{err}", task.state);
            let severity = if task.state.is_failure() { LogLevel::Error } else { LogLevel::None };
            let filter = &self.filter;
            let at = task.since.map_or(0, Timestamp::nanos);
            self.buffer.rule(&id, at, severity, &said, |line| filter.passes(line));
        }
    }

    /// Takes lines in; what is to be written to a file, if anything.
    pub fn take(&mut self, task: &LogWriterId, frames: Vec<LogFrame>) -> Option<String> {
        let before = self.buffer.total();
        let incoming = frames.into_iter().map(incoming);
        self.buffer.extend(task, incoming, |line| self.filter.passes(line));
        self.tee.as_ref()?;
        let came = usize::try_from(self.buffer.total() - before).unwrap_or(usize::MAX);
        let lines = self.buffer.lines().iter().rev().filter(|l| l.seq > before).take(came);
        let mut fresh: Vec<_> = lines.filter(|l| l.passes).collect();
        fresh.sort_by_key(|l| l.seq);
        let text: String = fresh.into_iter().map(|l| self.written(l)).collect();
        (!text.is_empty()).then_some(text)
    }

    /// Takes older lines in.
    pub fn take_older(&mut self, task: &LogWriterId, frames: Vec<LogFrame>) {
        self.reading_older.remove(task);
        self.exhausted &= frames.is_empty();
        let incoming = frames.into_iter().map(incoming).collect();
        self.buffer.extend_older(task, incoming, |line| self.filter.passes(line));
    }

    /// A gap that can't be filled.
    pub fn gap(&mut self, task: &LogWriterId, from: Timestamp, to: Timestamp) {
        let name = self.writers.get(task).map_or("", |w| w.name.as_str());
        let secs = from.until(to) as f64 / 1e9;
        let said =
            format!("{name}: a gap of {secs:.1} s: the engine does not have these lines any more");
        let (at, filter) = (from.nanos().saturating_add(1), &self.filter);
        self.buffer.rule(task, at, LogLevel::Error, &said, |line| filter.passes(line));
    }

    /// A line as it is written to files and the clipboard.
    pub fn written(&self, line: &Line<LogWriterId>) -> String {
        let name = clean(self.writers.get(&line.source).map_or("", |w| w.name.as_str()));
        let at = time_of(line).map_or(String::new(), |at| format!("{at} "));
        format!("{at}{name} {}\n", clean_lines(&ansi::plain(&line.text)))
    }

    /// Goes on with what takes longer than a turn of the loop. True if there is more to do.
    pub fn work(&mut self) -> bool {
        if self.buffer.is_filtering() {
            self.buffer.go_on(TURN, |line| self.filter.passes(line));
        }
        let found = match &self.seek {
            None => None,
            Some(Seek::Time(at)) => {
                // The first line from then on, once there are lines from before.
                let lines = self.buffer.lines();
                let place = self.buffer.first_from(at.nanos());
                (place < lines.len() && (place > 0 || self.exhausted)).then(|| lines[place].seq)
            }
            Some(Seek::End(task)) => {
                let lines = self.buffer.lines().iter();
                let end = lines.rev().find(|l| l.source == *task && l.kind == LineKind::Ruler);
                let followed = self.tasks.iter().any(|t| t.of == *task);
                let spoke = |l: &Line<LogWriterId>| l.source == *task && l.kind != LineKind::Ruler;
                let ready = !followed || self.buffer.lines().iter().any(spoke);
                end.filter(|_| ready).map(|l| l.seq)
            }
        };
        if let Some(seq) = found {
            self.seek = None;
            self.stop_at(seq);
        }
        self.buffer.is_filtering()
    }

    /// Shows other lines.
    pub fn change_filter(&mut self, change: impl FnOnce(&mut LogFilter)) {
        change(&mut self.filter);
        self.buffer.refilter();
        self.work();
    }
}

/// When a line was written; none where its engine did not say.
pub(super) fn time_of(line: &Line<LogWriterId>) -> Option<Timestamp> {
    (line.at != 0).then(|| Timestamp::from_nanos(line.at))
}

fn incoming(frame: LogFrame) -> Incoming {
    let kind = if frame.output == Output::Stderr { LineKind::Stderr } else { LineKind::Stdout };
    Incoming { at: frame.at.map_or(0, Timestamp::nanos), kind, text: frame.text }
}
