//! Beginnings of problems, kept for a later skep: the manager forgets old tasks, and with them when a
//! problem began.

use std::{sync::Arc, time::Duration};

use super::{Began, Problem, Severity};
use crate::{
    cluster::{Beginning, Store, Subject, Timestamp},
    text::age,
};

/// Written at most so often while they change.
const CHANGED: Duration = Duration::from_secs(5);
/// Written anew after this time, so that a later skep sees that the problems went on.
const SAME: Duration = Duration::from_secs(60);
/// A younger service's creation is told where the beginning is not known.
const YOUNG: Duration = Duration::from_secs(24 * 3_600);

/// Decides when beginnings are to be written.
#[derive(Debug, Default)]
pub(super) struct BeginningsKeeper {
    /// When the problems were last compared with what is written.
    compared: Option<Timestamp>,
    /// When they were last written.
    at: Option<Timestamp>,
    written: Vec<(String, Began)>,
}

impl BeginningsKeeper {
    /// The beginnings of what is open, if they are to be written now.
    pub fn take(&mut self, problems: &[Arc<Problem>], now: Timestamp) -> Option<Vec<Beginning>> {
        // Keys and events come often, and a Swarm on fire has a thousand problems.
        if self.compared.is_some_and(|at| at.age(now) < CHANGED) {
            return None;
        }
        self.compared = Some(now);
        let open = problems.iter().filter(|p| p.resolved.is_none() && p.since != Began::Unknown);
        let open = open.filter(|p| p.severity > Severity::Advice);
        let mut all: Vec<(String, Began)> = open.map(|p| (p.key(), p.since)).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let is_due = self.at.is_none_or(|at| at.age(now) >= SAME) && !all.is_empty();
        if all == self.written && !is_due {
            return None;
        }
        (self.at, self.written) = (Some(now), all);
        let kept = |(key, began): &(String, Began)| {
            let since = began.at_latest()?;
            let exactly = began.exactly().is_some();
            Some(Beginning { key: key.clone(), since, exactly, seen: now })
        };
        Some(self.written.iter().filter_map(kept).collect())
    }
}

/// Description of a beginning that is not known exactly.
pub fn unknown_beginning(store: &Store, problem: &Problem, now: Timestamp) -> String {
    let Some(at) = problem.since.at_latest() else {
        let of_tasks = store.tasks_refused() && !matches!(problem.subject, Subject::Node(_));
        return if of_tasks { "unknown: only its tasks tell" } else { "unknown" }.to_owned();
    };
    let created = match &problem.subject {
        Subject::Service(id) | Subject::Task(_, id) => store.service(id).and_then(|s| s.created),
        _ => None,
    };
    let said = format!("{}, {} ago, or earlier", at.clock(), age(at.age(now)));
    match created.filter(|at| at.age(now) < YOUNG) {
        Some(at) => format!("{said}; it was created at {}", at.clock()),
        None => said,
    }
}
