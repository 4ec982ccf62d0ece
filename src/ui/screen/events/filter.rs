//! Filter of the events: object, kind, severity and period.

use std::{sync::Arc, time::Duration};

use crate::cluster::{Entry, Gravity, Subject, Timestamp};

/// The least gravity of events to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Least {
    /// All.
    #[default]
    All,
    /// No passing states.
    Changes,
    /// Failures only.
    Bad,
}

/// Periods for which events are shown and counted, the shortest first.
const SPANS: [(u64, &str); 5] =
    [(600, "10m"), (3_600, "1h"), (6 * 3_600, "6h"), (24 * 3_600, "24h"), (u64::MAX, "all")];

/// A filter of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    /// Only about this.
    pub object: Option<(Subject, Arc<str>)>,
    /// Only of this kind.
    pub kind: Option<Arc<str>>,
    /// Only if so bad.
    pub least: Least,
    /// Index into the periods.
    span: usize,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self { object: None, kind: None, least: Least::All, span: SPANS.len() - 1 }
    }
}

impl EventFilter {
    /// Whether nothing is left out.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The period, and its name.
    pub fn span(&self) -> (Duration, &'static str) {
        (Duration::from_secs(SPANS[self.span].0), SPANS[self.span].1)
    }

    /// Whether an entry is shown.
    pub fn passes(&self, entry: &Entry, now: Timestamp) -> bool {
        let about = |subject: &Subject| match (subject, &entry.subject) {
            (Subject::Service(id), Subject::Task(_, of)) => id == of,
            (a, b) => a == b,
        };
        let bad_enough = match self.least {
            Least::All => true,
            Least::Changes => entry.gravity != Gravity::Quiet,
            Least::Bad => entry.gravity == Gravity::Bad,
        };
        bad_enough
            && self.object.as_ref().is_none_or(|(subject, _)| about(subject))
            && self.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
            && entry.at.age(now) <= self.span().0
    }

    /// Whether a longer or a shorter time can be chosen.
    pub fn can_zoom(&self, longer: bool) -> bool {
        if longer { self.span + 1 < SPANS.len() } else { self.span > 0 }
    }

    /// Only about this object, or about all again.
    pub fn turn_object(&mut self, object: Option<(Subject, Arc<str>)>) {
        self.object = object.filter(|_| self.object.is_none());
    }

    /// Only of this kind, or of all again.
    pub fn turn_kind(&mut self, kind: Option<Arc<str>>) {
        self.kind = kind.filter(|_| self.kind.is_none());
    }

    /// Only changes, only failures, all again.
    pub fn turn_least(&mut self) {
        self.least = match self.least {
            Least::All => Least::Changes,
            Least::Changes => Least::Bad,
            Least::Bad => Least::All,
        };
    }

    /// A longer or a shorter period; they do not wrap.
    pub fn zoom(&mut self, longer: bool) {
        if self.can_zoom(longer) {
            self.span = if longer { self.span + 1 } else { self.span - 1 };
        }
    }

    /// Description for the title.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.object.as_ref().map(|(_, name)| format!("only {name}")));
        words.extend(self.kind.as_ref().map(|kind| format!("only kind {kind}")));
        match self.least {
            Least::All => {}
            Least::Changes => words.push("no passing states".into()),
            Least::Bad => words.push("only failures".into()),
        }
        if self.span + 1 < SPANS.len() {
            words.push(format!("last {}", self.span().1));
        }
        words.join(", ")
    }
}
