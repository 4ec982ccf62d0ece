//! A problem over time: when it came, went, came again, and was noticed.

use std::{sync::Arc, time::Duration};

use super::{Began, Problem, Quiet, Severity, noticed::Noticed};
use crate::cluster::{Store, Timestamp};

/// A problem that began before and was not seen for at most this time was not over.
const BLINK: Duration = Duration::from_secs(30);
/// Two clocks may tell one instant so far apart.
const CLOCKS: Duration = Duration::from_secs(5);

/// A problem over time.
pub(super) struct TrackedProblem {
    pub problem: Arc<Problem>,
    /// When it was seen first, this time.
    opened: Timestamp,
    /// It was there when skep came.
    from_before: bool,
    /// How often it came.
    pub times: u32,
    /// When it was over; none while it is not.
    pub closed: Option<Timestamp>,
    noticed: Noticed,
    /// The problem as it was told last, and what that was made of.
    told: Option<(Arc<Problem>, Arc<Problem>)>,
}

impl TrackedProblem {
    /// One that was just found, `from_before`: by the first look.
    pub fn new(problem: &Arc<Problem>, now: Timestamp, from_before: bool) -> Self {
        let came = (!from_before).then_some(now);
        Self {
            problem: Arc::clone(problem),
            opened: now,
            from_before,
            times: 1,
            closed: None,
            noticed: Noticed::new(problem, came),
            told: None,
        }
    }

    /// Takes in what is found of it now.
    pub fn go_on(&mut self, mut problem: Arc<Problem>, store: &Store, now: Timestamp) {
        if self.is_the_same(&problem, now) {
            self.closed = None;
        }
        if self.closed.take().is_some() {
            self.opened = now;
            self.from_before = false;
            self.times += 1;
            self.noticed.comes_again(&problem, self.times, now);
        } else {
            self.noticed.goes_on(&problem, now);
            let is_as_before = self.problem.rule == problem.rule;
            let known = if is_as_before { self.problem.since } else { Began::Unknown };
            let since = self.began(store, problem.since.or_earlier(known), &problem, now);
            if since != problem.since {
                Arc::make_mut(&mut problem).since = since;
            }
        }
        // What is told of it is only made anew if something is new.
        if self.problem != problem {
            self.problem = problem;
        }
    }

    /// The problem, with what skep has seen of it and the user has said.
    pub fn told(&mut self, quiet: Option<Quiet>) -> Arc<Problem> {
        let seen = (self.closed, self.times, quiet, self.noticed());
        let says = |p: &Problem| (p.resolved, p.times, p.quiet, p.noticed) == seen;
        if let Some((made_of, told)) = &self.told
            && Arc::ptr_eq(made_of, &self.problem)
            && says(told)
        {
            return Arc::clone(told);
        }
        let mut problem = Arc::clone(&self.problem);
        if !says(&problem) {
            let own = Arc::make_mut(&mut problem);
            (own.resolved, own.times, own.quiet, own.noticed) = seen;
            if self.closed.is_some() {
                // Nothing is to be done about what is over.
                own.remedies.clear();
            }
        }
        self.told = Some((Arc::clone(&self.problem), Arc::clone(&problem)));
        problem
    }

    /// When it came to notice. What was there when skep came did so when it began.
    pub fn noticed(&self) -> Option<Timestamp> {
        self.noticed.at().or(self.problem.since.exactly())
    }

    /// Whether what is found anew was never over: it began before, and only looked so for a moment. Tasks
    /// and services are listed one after the other.
    fn is_the_same(&self, found: &Problem, now: Timestamp) -> bool {
        let began =
            |end: Timestamp| found.since.at_latest().is_none_or(|at| at <= end.later(CLOCKS));
        self.closed.is_some_and(|closed| closed.age(now) <= BLINK && began(closed))
    }

    /// When a problem began that goes on, with what skep has seen and what an earlier skep has kept.
    fn began(&self, store: &Store, since: Began, problem: &Problem, now: Timestamp) -> Began {
        if since.exactly().is_some() || problem.severity == Severity::Advice {
            return since;
        }
        if !self.from_before {
            // It was not there when skep came: it began when it was first seen.
            return since.or_earlier(self.opened.into());
        }
        let kept = store.memory().beginning(&problem.key());
        let kept = kept.map_or(Began::Unknown, |one| match one.exactly {
            true => Began::At(one.since),
            false => Began::By(one.since),
        });
        // The moment of the first look itself tells nothing.
        let seen = if self.opened < now { Began::By(self.opened) } else { Began::Unknown };
        since.or_earlier(kept).or_earlier(seen)
    }
}
