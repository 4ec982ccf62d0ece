//! Logs: the lines of a set of tasks, merged by time; its keys are a pager's.

pub(in crate::ui) mod commands;
pub(in crate::ui) mod cursor;
pub(in crate::ui) mod draw;
pub(in crate::ui) mod pane;

use ratatui::{Frame, layout::Rect};

use crate::{
    cluster::{ServiceId, Subject, TaskId},
    logs::{LineKind, LogLevel, ansi},
    session::Command,
    text::clean,
    ui::{
        app::{Effect, cluster::Cluster},
        input::actions::{Act, KeyContext},
        screen::{Cx, Handled, Screen, Then},
        table::rows::Rows,
    },
};

pub(in crate::ui) use pane::{
    LogFilter, LogPane, LogPlace, LogSource, LoggedContainer, Seek, Times,
};

/// The log that is open.
#[derive(Default)]
pub struct Logs {
    /// It, if one is.
    pub log: Option<LogPane>,
}

impl Logs {
    /// The log, if there is one; else says how to get one.
    fn here(&mut self, cluster: &mut Cluster) -> Option<&mut LogPane> {
        if self.log.is_none() {
            cluster.say("no log is open: select a service, task or node and press l");
        }
        self.log.as_mut()
    }

    /// Asks for lines from before the oldest one known.
    pub(in crate::ui) fn read_older(&mut self, cluster: &mut Cluster) {
        let Some(log) = self.log.as_mut() else { return };
        let ask = log.older();
        if !ask.is_empty() {
            cluster.command(Command::OlderLogs(log.token, ask));
        }
    }

    /// Asks for older lines if the cursor was moved up at the oldest.
    pub(in crate::ui) fn read_wanted(&mut self, cluster: &mut Cluster) {
        if self.log.as_mut().is_some_and(LogPane::take_wants_older) {
            self.read_older(cluster);
        }
    }

    /// Columns to the left or to the right.
    pub(in crate::ui) fn pan(&mut self, by: isize) {
        if let Some(log) = &mut self.log {
            log.pan = log.pan.saturating_add_signed(by);
        }
    }
}

/// Its keys in the footer.
const FOOTER: &[(Act, &str)] = &[
    (Act::Filter, "filter"),
    (Act::Highlight, "highlight"),
    (Act::NextError, "next error"),
    (Act::PreviousError, "previous"),
    (Act::OnlyTask, "task"),
    (Act::OnlySeverity, "severity"),
    (Act::Wrap, "wrap"),
    (Act::Copy, "copy"),
    (Act::Enter, "in full"),
    (Act::Help, "help"),
];

impl Screen for Logs {
    fn context(&self) -> KeyContext {
        KeyContext::Log
    }

    fn refresh(&mut self, _: Cx<'_>) {}

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        draw::draw(self.log.as_ref(), cx, frame, area);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        self.log.as_ref().map(|log| log as &dyn Rows)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        self.log.as_mut().map(|log| log as &mut dyn Rows)
    }

    fn subject(&self, cluster: &Cluster) -> Option<Subject> {
        let store = &cluster.model.store;
        let task = |id: &TaskId| {
            let service = store.task(id)?.service.clone();
            Some(Subject::Task(id.clone(), service))
        };
        match &self.log.as_ref()?.source {
            LogSource::Services(ids) => ids.first().cloned().map(Subject::Service),
            LogSource::Tasks(ids) => ids.first().and_then(task),
            LogSource::Place(place) => {
                let newest = place.tasks(store).max_by_key(|task| task.created);
                newest.map(|task| Subject::Task(task.id.clone(), task.service.clone()))
            }
            LogSource::Node(id) => Some(Subject::Node(id.clone())),
            LogSource::Container(of) => Some(Subject::Container(of.node.clone(), of.id.clone())),
        }
    }

    fn interest(&self, _: Cx<'_>, wanted: &mut Vec<ServiceId>) {
        match self.log.as_ref().map(|log| &log.source) {
            Some(LogSource::Services(ids)) => wanted.extend(ids.iter().cloned()),
            Some(LogSource::Place(place)) => wanted.push(place.service.clone()),
            _ => {}
        }
    }

    fn act(&mut self, act: Act, cluster: &mut Cluster) -> Handled {
        match act {
            Act::Filter if self.log.is_none() => {
                cluster.say("no log is open: l opens that of what is selected");
            }
            Act::Enter => self.open_line(cluster),
            Act::Mark => self.mark_line(cluster),
            Act::Copy => self.copy_lines(cluster),
            Act::NextHit => self.find(true, cluster),
            Act::PreviousHit => self.find(false, cluster),
            Act::NextError => self.find_error(true, cluster),
            Act::PreviousError => self.find_error(false, cluster),
            Act::Highlight => {
                let Some(log) = self.here(cluster) else { return Handled::Yes };
                return Handled::Then(Then::AskHighlight(log.highlight.text.clone()));
            }
            Act::OnlyTask | Act::OnlyNode | Act::OnlyStream | Act::OnlySeverity => {
                if let Some(log) = self.here(cluster) {
                    only(log, act);
                }
            }
            Act::Wrap => {
                let Some(log) = self.here(cluster) else { return Handled::Yes };
                log.wrap = !log.wrap;
                log.pan = 0;
                cluster.say(if log.wrap {
                    "long lines are wrapped"
                } else {
                    "long lines are cut: ← → pan"
                });
            }
            Act::Times => {
                let Some(log) = self.here(cluster) else { return Handled::Yes };
                log.times = log.times.next();
                cluster.say(format!("times: {}", log.times.word()));
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn offers(&self, act: Act, _: &Cluster) -> Option<bool> {
        match act {
            Act::Mark => Some(self.log.is_some()),
            Act::NextHit | Act::PreviousHit => {
                Some(self.log.as_ref().is_some_and(|log| !log.highlight.is_empty()))
            }
            _ => None,
        }
    }

    fn footer(&self) -> Option<&'static [(Act, &'static str)]> {
        self.log.is_some().then_some(FOOTER)
    }

    fn follows(&self) -> bool {
        self.log.as_ref().is_none_or(LogPane::follows)
    }

    fn leave(&mut self) -> bool {
        let filtered = self.can_leave();
        if let Some(log) = self.log.as_mut().filter(|_| filtered) {
            // All of it: what the keys filter as well as what was typed.
            log.change_filter(|filter| *filter = LogFilter::default());
        }
        filtered
    }

    fn can_leave(&self) -> bool {
        self.log.as_ref().is_some_and(|log| !log.filter.is_open())
    }
}

/// Only lines of this task, node, output or severity, or all again.
fn only(log: &mut LogPane, act: Act) {
    let here = log.here().map(|at| log.buffer.lines()[at].source.clone());
    match act {
        Act::OnlyTask => {
            let only = if log.filter.task.is_some() { None } else { here };
            log.change_filter(|filter| filter.task = only);
        }
        Act::OnlyNode => {
            let node = here.and_then(|task| log.writers.get(&task)?.node.clone());
            let only = node.filter(|_| log.filter.host.is_none()).map(|node| {
                let there = log.writers.iter().filter(|(_, w)| w.node.as_ref() == Some(&node));
                (node.clone(), there.map(|(task, _)| task.clone()).collect())
            });
            log.change_filter(|filter| filter.host = only);
        }
        Act::OnlyStream => {
            let next = match log.filter.stream {
                None => Some(LineKind::Stdout),
                Some(LineKind::Stdout) => Some(LineKind::Stderr),
                _ => None,
            };
            log.change_filter(|filter| filter.stream = next);
        }
        _ => {
            let next = match log.filter.severity {
                LogLevel::None => LogLevel::Warning,
                LogLevel::Warning => LogLevel::Error,
                _ => LogLevel::None,
            };
            log.change_filter(|filter| filter.severity = next);
        }
    }
}

impl Logs {
    fn find_error(&mut self, forward: bool, cluster: &mut Cluster) {
        let Some(log) = self.here(cluster) else { return };
        let is_error =
            |l: &crate::logs::Line<_>| l.severity == LogLevel::Error && l.kind != LineKind::Ruler;
        if !log.find(forward, is_error) {
            let way = if forward { "after" } else { "before" };
            cluster.say(format!("no error {way} this line"));
        }
    }

    /// Goes to the next hit of the highlight, or of the filter.
    fn find(&mut self, forward: bool, cluster: &mut Cluster) {
        let Some(log) = self.here(cluster) else { return };
        let wanted =
            [&log.highlight, &log.filter.text].into_iter().find(|f| !f.is_empty()).cloned();
        let Some(wanted) = wanted else {
            return cluster.say("nothing to look for: & makes text stand out, / filters");
        };
        let hit = |line: &crate::logs::Line<_>| {
            line.kind != LineKind::Ruler && wanted.passes([&*ansi::plain(&line.text)].into_iter())
        };
        if !log.find(forward, hit) {
            let way = if forward { "after" } else { "before" };
            cluster.say(format!("no hit {way} this line"));
        }
    }

    /// Opens the line under the cursor in full, or closes it.
    fn open_line(&mut self, cluster: &mut Cluster) {
        let Some(log) = self.here(cluster) else { return };
        let Some(at) = log.here() else { return };
        let seq = log.buffer.lines()[at].seq;
        if !log.open.remove(&seq) {
            log.open.insert(seq);
        }
        if log.follows() {
            log.toggle_hold();
        }
    }

    /// Begins a range at the line under the cursor, or gives it up.
    fn mark_line(&mut self, cluster: &mut Cluster) {
        let Some(log) = self.here(cluster) else { return };
        if log.anchor.take().is_some() {
            return;
        }
        if log.follows() {
            log.toggle_hold();
        }
        log.anchor = log.cursor;
        cluster.say("a range begins here: move, then c copies it");
    }

    fn copy_lines(&mut self, cluster: &mut Cluster) {
        let Some(log) = self.here(cluster) else { return };
        let range = log.range();
        let lines = range.iter().map(|at| &log.buffer.lines()[*at]);
        // A line end would run what is pasted: none but those between lines.
        let text: String = match (log.anchor.is_some(), range.as_slice()) {
            (false, [one]) => {
                let line = ansi::plain(&log.buffer.lines()[*one].text);
                clean(line.trim_end_matches(['\r', '\n'])).into_owned()
            }
            _ => lines.map(|line| log.written(line)).collect(),
        };
        let text = text.trim_end_matches('\n').to_owned();
        log.anchor = None;
        match range.len() {
            0 => cluster.say("there is no line to copy"),
            n => {
                cluster.effects.push(Effect::Copy(text));
                let what =
                    if n == 1 { "the line was".to_owned() } else { format!("{n} lines were") };
                cluster.say(format!("{what} copied"));
            }
        }
    }
}
