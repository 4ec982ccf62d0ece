//! The log view's state: whose, the buffer, and where it is read.

use std::{cell::Cell, collections::HashMap};

use super::filter::Filter;
use crate::{
    cluster::{NodeId, ServiceId, Store, TaskId},
    logs::Buffer,
    session::Token,
};

/// Whose logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// All tasks of these services, as they come and go.
    Services(Vec<ServiceId>),
    /// These tasks.
    Tasks(Vec<TaskId>),
    /// All live tasks on a node.
    Node(NodeId),
}

/// More streams at once than this would weigh on the manager.
pub const STREAMS: usize = 64;

/// A log being followed.
#[derive(Debug)]
pub struct LogPane {
    /// Names the view to the session.
    pub token: Token,
    /// Whose.
    pub source: LogSource,
    /// For the frame.
    pub title: String,
    /// The lines.
    pub buffer: Buffer<TaskId>,
    /// What is shown.
    pub filter: Filter,
    /// Names of the tasks whose lines are in the buffer, also of those the manager has forgotten.
    pub names: HashMap<TaskId, String>,
    /// The tasks that are followed now.
    pub tasks: Vec<TaskId>,
    /// Tasks left out because there are more than [`STREAMS`].
    pub left_out: usize,
    /// Reading in the past: the newest line shown has this number; `None` follows.
    pub held: Option<u64>,
    /// Columns to the left of the window.
    pub pan: usize,
    /// Lines the window had when it was last drawn.
    pub page: Cell<usize>,
}

impl LogPane {
    /// A pane for `source`.
    pub fn new(token: Token, source: LogSource, title: String) -> Self {
        Self {
            token,
            source,
            title,
            buffer: Buffer::default(),
            filter: Filter::default(),
            names: HashMap::new(),
            tasks: Vec::new(),
            left_out: 0,
            held: None,
            pan: 0,
            page: Cell::new(10),
        }
    }

    /// The tasks to follow as the store stands: live ones first, then the newest of history, whose
    /// last lines tell why they ended. True if that changed.
    pub fn update_tasks(&mut self, store: &Store) -> bool {
        let mut found: Vec<_> = match &self.source {
            LogSource::Services(ids) => ids.iter().flat_map(|id| store.tasks_of(id)).collect(),
            LogSource::Node(id) => store.tasks_on(id).filter(|t| t.is_live()).collect(),
            LogSource::Tasks(ids) => ids.iter().filter_map(|id| store.task(id)).collect(),
        };
        // A task that never got a container has nothing to say.
        found.retain(|t| t.container.is_some());
        found.sort_by_key(|t| (!t.is_live(), std::cmp::Reverse(t.created), t.id.clone()));
        for task in &found {
            if !self.names.contains_key(&task.id) {
                self.names.insert(task.id.clone(), store.task_name(task));
            }
        }
        self.left_out = found.len().saturating_sub(STREAMS);
        let mut tasks: Vec<TaskId> =
            found.into_iter().take(STREAMS).map(|t| t.id.clone()).collect();
        tasks.sort();
        if tasks == self.tasks {
            return false;
        }
        self.tasks = tasks;
        true
    }

    /// Indices of the lines that pass the filter and are not newer than what is held.
    pub fn visible(&self, want: usize) -> Vec<usize> {
        let lines = self.buffer.lines();
        let passes = |i: &usize| {
            let line = &lines[*i];
            self.filter.is_empty() || self.filter.passes([line.text.as_str()].into_iter())
        };
        let end = match self.held {
            None => lines.len(),
            Some(seq) => lines.iter().rposition(|l| l.seq == seq).map_or(lines.len(), |i| i + 1),
        };
        let mut shown: Vec<usize> = (0..end).rev().filter(passes).take(want).collect();
        shown.reverse();
        shown
    }

    /// Lines that came since the view was held.
    pub fn came_since(&self) -> u64 {
        self.held.map_or(0, |seq| self.buffer.total().saturating_sub(seq))
    }

    /// Scrolls by lines; at the end it follows again.
    pub fn scroll(&mut self, by: isize) {
        let lines = self.buffer.lines();
        if lines.is_empty() {
            return;
        }
        let end = self
            .held
            .and_then(|seq| lines.iter().rposition(|l| l.seq == seq))
            .unwrap_or(lines.len() - 1);
        let first = self.page.get().saturating_sub(1).min(lines.len() - 1);
        let mut at = end;
        let mut left = by.unsigned_abs();
        while left > 0 {
            let next = if by < 0 { at.checked_sub(1) } else { Some(at + 1) };
            match next {
                Some(n) if n >= first && n < lines.len() => at = n,
                _ => break,
            }
            if self.filter.is_empty() || self.filter.passes([lines[at].text.as_str()].into_iter()) {
                left -= 1;
            }
        }
        self.held = if at + 1 >= lines.len() && by > 0 { None } else { Some(lines[at].seq) };
    }

    /// To the oldest line kept.
    pub fn rewind(&mut self) {
        self.scroll(isize::MIN / 2);
    }

    /// Follows again, or stops to read.
    pub fn toggle_hold(&mut self) {
        self.held = match self.held {
            Some(_) => None,
            None => self.buffer.lines().back().map(|l| l.seq),
        };
    }
}
