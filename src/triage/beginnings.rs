//! Beginnings of problems, kept for a later skep: the manager forgets old tasks, and with them when a
//! problem began.

use std::{sync::Arc, time::Duration};

use super::{Problem, Severity};
use crate::cluster::{Beginning, Store, Subject, Timestamp};

/// Written at most so often while they change.
const CHANGED: Duration = Duration::from_secs(5);
/// Written anew after this time, so that a later skep sees that the problems went on.
const SAME: Duration = Duration::from_secs(60);
/// A younger service's creation is told where the beginning is not known.
const YOUNG: Duration = Duration::from_secs(24 * 3_600);

/// Decides when beginnings are to be written.
#[derive(Debug, Default)]
pub(super) struct BeginningsKeeper {
    at: Timestamp,
    written: Vec<(String, Timestamp)>,
}

impl BeginningsKeeper {
    /// The beginnings of what is open, if they are to be written now.
    pub fn take(&mut self, problems: &[Arc<Problem>], now: Timestamp) -> Option<Vec<Beginning>> {
        if self.at.is_set() && self.at.age(now) < CHANGED {
            return None;
        }
        let open = problems.iter().filter(|p| !p.resolved.is_set() && p.since.is_set());
        let open = open.filter(|p| p.severity > Severity::Advice);
        let mut all: Vec<(String, Timestamp)> = open.map(|p| (p.key(), p.since)).collect();
        all.sort();
        let is_due = self.at.age(now) >= SAME && !all.is_empty();
        if all == self.written && !is_due {
            return None;
        }
        (self.at, self.written) = (now, all);
        let all = self.written.iter();
        Some(
            all.map(|(key, since)| Beginning { key: key.clone(), since: *since, seen: now })
                .collect(),
        )
    }
}

/// Description of a beginning that nothing tells.
pub fn unknown_beginning(store: &Store, subject: &Subject, now: Timestamp) -> String {
    if store.tasks_refused() {
        return "unknown: only its tasks tell".to_owned();
    }
    let created = match subject {
        Subject::Service(id) | Subject::Task(_, id) => store.service(id).map(|s| s.created),
        Subject::Node(_) | Subject::Other => None,
    };
    let said = "before what the manager remembers";
    match created.filter(|at| at.is_set() && at.age(now) < YOUNG) {
        Some(at) => format!("{said}, but after it was created at {}", at.clock()),
        None => said.to_owned(),
    }
}
