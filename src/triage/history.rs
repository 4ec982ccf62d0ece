//! The history of a service: the last tasks of each place that the manager keeps after they ended.

use std::collections::HashMap;

use super::ServiceContext;
use crate::cluster::{Place, Task, Timestamp};

impl<'a> ServiceContext<'a> {
    /// The tasks that fail again and again.
    pub fn loop_kept(&self) -> Vec<&'a Task> {
        self.looping.iter().copied().filter(|task| self.is_kept(task)).collect()
    }

    /// Whether a task is among the last of its place that ended, as many as the manager keeps. Now and then
    /// it keeps one more: a number that counts those goes up and down while a loop goes on.
    pub(super) fn is_kept(&self, task: &Task) -> bool {
        let from = self.kept_from.get_or_init(|| self.kept_from());
        !task.state.is_terminal() || from.get(&task.place()).is_none_or(|at| task.since >= *at)
    }

    /// When the oldest of those ended, of each place that had more.
    fn kept_from(&self) -> HashMap<Place<'a>, Option<Timestamp>> {
        let mut ends: HashMap<Place<'_>, Vec<Option<Timestamp>>> = HashMap::new();
        for task in self.tasks.iter().filter(|task| task.state.is_terminal()) {
            ends.entry(task.place()).or_default().push(task.since);
        }
        let most = self.most_kept();
        if self.cx.store.info().history_limit == 0 {
            // It is not told.
            return HashMap::new();
        }
        let full = ends.into_iter().filter(|(_, ends)| ends.len() > most);
        full.map(|(place, mut ends)| {
            ends.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
            (place, ends[most - 1])
        })
        .collect()
    }

    /// Ended tasks of a place that the manager keeps (its limit counts the live task, too); of a job all
    /// are kept (measured).
    fn most_kept(&self) -> usize {
        if self.service.mode.is_job() {
            return usize::MAX;
        }
        let kept = self.cx.store.info().history_limit.saturating_sub(1).max(1);
        usize::try_from(kept).unwrap_or(usize::MAX)
    }

    /// Whether a slot has failed as often as the manager remembers.
    pub fn history_is_full(&self) -> bool {
        let mut slots = HashMap::new();
        let ended = self.looping.iter().filter(|t| !t.state.is_failure());
        for task in self.series.iter().map(|(task, _)| task).chain(ended) {
            *slots.entry(task.place()).or_insert(0_usize) += 1;
        }
        slots.values().any(|failed| *failed >= self.most_kept())
    }
}
