//! New problems: those that came to notice a moment ago stand in front, whatever else is worse.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use super::{Problem, Severity, grouping::rank};
use crate::cluster::Timestamp;

/// A problem is new for so long.
const NEW: Duration = Duration::from_secs(5 * 60);
/// A warning that comes more often than this is no news.
const OFTEN: u32 = 2;

impl Problem {
    /// Whether it is one that few have seen yet.
    pub fn is_new(&self, now: Timestamp) -> bool {
        self.is_loud() && self.noticed.is_some_and(|at| at.age(now) < NEW)
    }
}

/// As [`rank`], but what is new comes before what is not, and of equally severe ones the newest first.
pub(super) fn rank_new_first(problems: &mut [Arc<Problem>], now: Timestamp) {
    rank(problems);
    problems.sort_by_key(|problem| {
        let new = problem.noticed.filter(|_| problem.is_new(now));
        Reverse(new.map(|at| (problem.severity, at)))
    });
}

/// When a problem came to notice.
#[derive(Debug)]
pub(super) struct Noticed {
    at: Option<Timestamp>,
    /// The worst it has been since.
    worst: Severity,
    /// Rules that found it since.
    rules: Vec<&'static str>,
}

impl Noticed {
    /// A record of a problem just found; `at` is `None` if it was there before skep looked.
    pub fn new(problem: &Problem, at: Option<Timestamp>) -> Self {
        Self { at, worst: problem.severity, rules: vec![problem.rule] }
    }

    /// When it came to notice; none if it was there before.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// It came back.
    pub fn comes_again(&mut self, problem: &Problem, times: u32, now: Timestamp) {
        let is_news = problem.severity == Severity::Critical || times <= OFTEN;
        *self = Self::new(problem, if is_news { Some(now) } else { self.at });
    }

    /// It goes on. That it got worse is news, and so is something else that is as bad: an update that
    /// pauses while a replica is missing.
    pub fn goes_on(&mut self, problem: &Problem, now: Timestamp) {
        let is_other = !self.rules.contains(&problem.rule);
        if problem.severity > self.worst || (is_other && problem.severity == self.worst) {
            self.at = Some(now);
        }
        self.worst = self.worst.max(problem.severity);
        if is_other {
            self.rules.push(problem.rule);
        }
    }
}
