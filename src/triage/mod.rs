//! What is wrong and why: pure rules over the model, ranked.

mod rules;

use crate::cluster::{Store, Subject, Timestamp};

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Look at it today.
    Warning,
    /// Users feel it, or soon will.
    Critical,
}

impl Severity {
    /// In the words of monitoring plugins.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule that found it.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// Its name.
    pub object: String,
    /// One plain sentence, with the numbers.
    pub message: String,
    /// Since when, where that can be told.
    pub since: Timestamp,
}

/// All findings, the worst first; what is equally bad, the newest first.
pub fn problems(store: &Store, now: Timestamp) -> Vec<Problem> {
    let mut found = Vec::new();
    rules::nodes(store, &mut found);
    rules::quorum(store, &mut found);
    rules::services(store, now, &mut found);
    found.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then(b.since.cmp(&a.since)).then(a.object.cmp(&b.object))
    });
    found
}
