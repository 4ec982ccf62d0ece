//! Problems: what is wrong and why, since when, what changed before, and what to do first.
//!
//! A [`rule::Rule`] is a pure function over the model ([`context::Context`]) that may find something. `grouping`
//! makes one [`Problem`] of findings that have one cause, and ranks by harm. [`Triage`] keeps that up
//! to date as the model changes, looking only at what did, and remembers: what flaps, what is over,
//! what someone has acknowledged.
//!
//! Deliberately absent: a clock, I/O, and any text of the engine read outside of `error_class`.

mod began;
mod beginnings;
mod blast;
mod context;
mod error_class;
mod grouping;
mod history;
pub mod incident;
mod noticed;
mod rule;
mod rules;
mod start_allowance;
mod thresholds;
mod tracked_problem;
mod tracker;

pub use crate::text::count;
pub use began::Began;
pub use beginnings::unknown_beginning;
pub use blast::{Blast, Hit, blast};
pub use context::{Context, ServiceContext};
pub use grouping::Urgency;
pub(crate) use grouping::rank;
pub use rule::{Evidence, Family, Role, Rule};
pub use rules::{RULES, rule};
pub use thresholds::{GRACE, Thresholds};
pub use tracker::{Quiet, Quieted, Triage};

use std::sync::Arc;

use crate::cluster::{Store, Subject, Timestamp};

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing on a quiet day; never on the wall, never in an exit code.
    Advice,
    /// To be looked at today.
    Warning,
    /// Users feel it, or soon will.
    Critical,
}

impl Severity {
    /// In the words of monitoring plugins.
    pub fn word(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// First step to take. The UI knows the key of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Read the log at that moment.
    Logs,
    /// Roll the service back.
    Rollback,
    /// Another number of replicas.
    Scale,
    /// Another image or spec.
    Update,
    /// Replace all tasks.
    Force,
    /// Move a node's tasks away.
    Drain,
    /// Let a node take tasks again.
    Activate,
    /// Make a manager a worker.
    Demote,
    /// Remove a node.
    Delete,
    /// Everything about it on one page.
    Describe,
    /// Jump to its tasks.
    Tasks,
    /// Jump to the nodes.
    Node,
    /// Description.
    Events,
}

/// A change before a problem began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// When.
    pub at: Timestamp,
    /// `image api:1.8 → api:1.9`, with who did it where it was skep.
    pub text: String,
}

/// One finding, with all that was folded into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule that found it.
    pub rule: &'static str,
    /// How bad, the worst of what is folded into it.
    pub severity: Severity,
    /// The object.
    pub subject: Subject,
    /// Its name.
    pub object: String,
    /// One plain sentence, with the numbers.
    pub message: String,
    /// The words after the object's name to say it in few words: `: nothing stays up: exit 3, 8×`; empty if
    /// it does not begin with that name.
    pub brief: String,
    /// When it began.
    pub since: Began,
    /// The rule that explains it.
    pub cause: Option<&'static str>,
    /// The probable cause, and what it means.
    pub why: String,
    /// Evidence: tasks, their exact errors and exit codes.
    pub evidence: Vec<Evidence>,
    /// Last change shortly before.
    pub before: Option<Before>,
    /// First steps to take, in words.
    pub remedies: Vec<(Remedy, String)>,
    /// Problems with the same cause.
    pub folded: Vec<Arc<Problem>>,
    /// Of 100, what is folded into it included.
    pub harm: u8,
    /// Since when it is over; none while it is not.
    pub resolved: Option<Timestamp>,
    /// How often it came, this time included.
    pub times: u32,
    /// Someone knows of it.
    pub quiet: Option<Quiet>,
    /// When it came to notice; none if nothing tells.
    pub noticed: Option<Timestamp>,
}

impl Problem {
    /// Family of its rule; none if it is of no rule.
    pub fn family(&self) -> Option<Family> {
        rule(self.rule).map(|rule| rule.family)
    }

    /// Whether it asks for a human: it is not over, nobody knows of it yet, and it is more than advice.
    pub fn is_loud(&self) -> bool {
        self.resolved.is_none() && self.quiet.is_none() && self.severity > Severity::Advice
    }

    /// Tells problems apart, and knows one again: what a service suffers from is one problem, whichever
    /// of its symptoms is the worst at the moment; and so is quorum at risk that is lost then.
    pub fn key(&self) -> String {
        let kind = match (self.rule, rule(self.rule).map(|r| r.role)) {
            ("quorum-risk" | "quorum-lost", _) => "quorum",
            ("node-disconnected" | "node-down", _) => "lost",
            (_, Some(Role::Symptom)) => "trouble",
            (rule, _) => rule,
        };
        match &self.subject {
            Subject::Node(id) => format!("{kind} {id}"),
            Subject::Service(id) | Subject::Task(_, id) => format!("{kind} {id}"),
            Subject::Network(id) => format!("{kind} {id}"),
            Subject::Secret(id) => format!("{kind} {id}"),
            Subject::Config(id) => format!("{kind} {id}"),
            Subject::Container(_, id) => format!("{kind} {id}"),
            Subject::Volume(name) | Subject::Stack(name) => format!("{kind} {name}"),
            Subject::Other => kind.to_owned(),
        }
    }
}

/// All findings about a model at a moment, the worst first: what one look can tell, without memory.
pub fn problems(store: &Store, now: Timestamp, thresholds: &Thresholds) -> Vec<Arc<Problem>> {
    let mut triage = Triage::new(thresholds.clone());
    triage.look_at_all(store, now);
    let mut problems = triage.into_problems();
    rank(&mut problems);
    problems
}
