//! Logs that are read to their end, and say nothing. The engine opens the log of a task whose node hangs
//! or is cut off, and then neither sends nor ends it (measured, 20.10 to 28.5).

use std::{collections::HashMap, time::Duration};

use crate::cluster::TaskId;

/// The lines of other tasks are held back for those of a silent one no longer than this.
const HELD: Duration = Duration::from_secs(3);
/// A log that is silent this long counts as unreadable.
const UNREAD: Duration = Duration::from_secs(8);
/// The same with `since`: the node may have to read a long log to find where it begins.
const SEARCHING: Duration = Duration::from_secs(30);

/// Measures how long each open log has been silent.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// Time spent waiting for lines, without the time that the reader needs to handle them.
    waited: Duration,
    open: HashMap<TaskId, Open>,
}

#[derive(Debug)]
struct Open {
    /// Total waiting time when the log last sent something.
    heard: Duration,
    held: bool,
}

/// Action to take on a silent log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Show the lines of the others.
    Release(TaskId),
    /// Give up waiting for it.
    Unread(TaskId),
}

impl Silence {
    /// Starts to watch these logs.
    pub fn begin(&mut self, tasks: impl Iterator<Item = TaskId>) {
        let waited = self.waited;
        self.open = tasks.map(|task| (task, Open { heard: waited, held: true })).collect();
    }

    /// Counts `time` in which nothing came.
    pub fn wait(&mut self, time: Duration) {
        self.waited += time;
    }

    /// Notes that a log sent something.
    pub fn heard(&mut self, task: &TaskId) {
        if let Some(open) = self.open.get_mut(task) {
            open.heard = self.waited;
        }
    }

    /// Stops watching a log.
    pub fn close(&mut self, task: &TaskId) {
        self.open.remove(task);
    }

    /// Whether no log is watched.
    pub fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// Logs that have been silent for too long, each returned once. Those with a known cause
    /// (`explained`) are given up as soon as others would have to wait for them.
    pub fn overdue(
        &mut self,
        searching: bool,
        explained: impl Fn(&TaskId) -> bool,
    ) -> Vec<Overdue> {
        let limit = if searching { SEARCHING } else { UNREAD };
        let mut overdue = Vec::new();
        self.open.retain(|task, open| {
            let silent = self.waited.saturating_sub(open.heard);
            if silent >= limit || (silent >= HELD && explained(task)) {
                overdue.push(Overdue::Unread(task.clone()));
                return false;
            }
            if silent >= HELD && std::mem::take(&mut open.held) {
                overdue.push(Overdue::Release(task.clone()));
            }
            true
        });
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn task(name: &str) -> TaskId {
        TaskId::from(name)
    }

    #[test]
    fn a_silent_log_is_first_not_waited_with_and_then_given_up() {
        let mut silence = Silence::default();
        silence.begin(["a", "b"].into_iter().map(task));
        silence.wait(secs(2));
        silence.heard(&task("a"));
        silence.wait(secs(1));
        let known = |_: &TaskId| false;
        assert_eq!(silence.overdue(false, known), [Overdue::Release(task("b"))]);
        assert_eq!(silence.overdue(false, known), [], "told once");
        silence.close(&task("a"));
        silence.wait(secs(5));
        assert!(!silence.is_over());
        assert_eq!(silence.overdue(true, known), [], "a long log is searched");
        assert_eq!(silence.overdue(false, known), [Overdue::Unread(task("b"))]);
        assert!(silence.is_over());
    }

    #[test]
    fn a_log_whose_node_is_down_is_given_up_at_once() {
        let mut silence = Silence::default();
        silence.begin(["a", "b"].into_iter().map(task));
        silence.wait(secs(3));
        silence.heard(&task("a"));
        let overdue = silence.overdue(true, |id| *id == task("b"));
        assert_eq!(overdue, [Overdue::Unread(task("b"))]);
    }
}
