//! Logs that are read to their end, and say nothing. The engine opens the log of a task whose node hangs
//! or is cut off, and then neither sends nor ends it (measured, 20.10 to 28.5).

use std::{collections::HashMap, time::Duration};

use crate::cluster::TaskId;

/// The lines of other tasks are held back for those of a silent one no longer than this.
const HELD: Duration = Duration::from_secs(3);
/// A log that says nothing for so long can't be read.
const UNREAD: Duration = Duration::from_secs(8);
/// The same with `since`: the node may have to read a long log to find where it begins.
const SEARCHING: Duration = Duration::from_secs(30);

/// How long each open log has been silent.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The time spent waiting for news; what the reader of the lines takes for them is not in it.
    waited: Duration,
    open: HashMap<TaskId, Open>,
}

#[derive(Debug)]
struct Open {
    /// What was waited in all when it last said something.
    heard: Duration,
    held: bool,
}

/// What to do about a silent log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Show the lines of the others.
    Release(TaskId),
    /// Give up waiting for it.
    Unread(TaskId),
}

impl Silence {
    /// These logs are read from now on.
    pub fn begin(&mut self, tasks: impl Iterator<Item = TaskId>) {
        let waited = self.waited;
        self.open = tasks.map(|task| (task, Open { heard: waited, held: true })).collect();
    }

    /// Nothing came for `time`.
    pub fn wait(&mut self, time: Duration) {
        self.waited += time;
    }

    /// A log said something.
    pub fn heard(&mut self, task: &TaskId) {
        if let Some(open) = self.open.get_mut(task) {
            open.heard = self.waited;
        }
    }

    /// A log is not waited for any more.
    pub fn close(&mut self, task: &TaskId) {
        self.open.remove(task);
    }

    /// Whether no log is waited for.
    pub fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// The logs that have been silent for too long, each told once; those whose cause is known, `explained`,
    /// are not waited for longer than the others are held back for them.
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
