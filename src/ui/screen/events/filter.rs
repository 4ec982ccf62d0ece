//! Filter of the events: object, kind, severity and period.

use std::{sync::Arc, time::Duration};

use crate::{
    cluster::{Entry, Gravity, Subject, Timestamp},
    text::age,
};

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

/// Periods for which events are shown and counted, in seconds, the shortest first; after them comes all
/// there is.
const PERIODS: [u64; 4] = [600, 3_600, 6 * 3_600, 24 * 3_600];

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
    period: usize,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self { object: None, kind: None, least: Least::All, period: PERIODS.len() }
    }
}

impl EventFilter {
    /// Whether nothing is left out.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The period that is shown; `None` for all there is.
    pub fn period(&self) -> Option<Duration> {
        PERIODS.get(self.period).map(|secs| Duration::from_secs(*secs))
    }

    /// The period, for the title.
    pub fn period_in_words(&self) -> String {
        self.period().map_or("any time".to_owned(), |period| format!("last {}", age(period)))
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
            && self.is_in_period(entry, now)
    }

    /// Whether an entry is of the period that is shown.
    pub fn is_in_period(&self, entry: &Entry, now: Timestamp) -> bool {
        self.period().is_none_or(|period| entry.at.age(now) <= period)
    }

    /// Whether a longer or a shorter time can be chosen.
    pub fn can_zoom(&self, longer: bool) -> bool {
        if longer { self.period < PERIODS.len() } else { self.period > 0 }
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
            self.period = if longer { self.period + 1 } else { self.period - 1 };
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
        if self.period().is_some() {
            words.push(self.period_in_words());
        }
        words.join(", ")
    }
}
