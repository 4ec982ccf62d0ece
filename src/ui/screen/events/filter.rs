//! Filter of the events: object, kind, severity and period.

use std::{sync::Arc, time::Duration};

use crate::{
    cluster::{Entry, Gravity, Subject, Timestamp},
    ui::{
        Board,
        app::board::{Pane, View},
        input::actions::Act,
    },
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

impl Board {
    /// Whether the cursor is in the events.
    pub(in crate::ui) fn in_events(&self) -> bool {
        self.focus() == Pane::Events && self.view != View::Problems
    }

    /// An action on the events.
    pub(in crate::ui) fn sift_events(&mut self, act: Act) {
        let entry = self.events.current().and_then(|row| self.scene.store.journal().get(row.0));
        let entry = entry.cloned();
        let filter = &mut self.event_filter;
        match act {
            Act::OnlyTask => {
                filter.object = match (&filter.object, entry) {
                    (None, Some(e)) if e.subject != Subject::Other => Some(match e.subject {
                        // Of a task all that its service went through: that is the story.
                        Subject::Task(_, service) => {
                            let known = self.scene.store.service(&service);
                            let name = known.map_or(e.name, |s| s.name.clone());
                            (Subject::Service(service), name)
                        }
                        subject => (subject, e.name),
                    }),
                    _ => None,
                };
            }
            Act::OnlyStream => {
                filter.kind = match (&filter.kind, entry) {
                    (None, Some(e)) => Some(e.kind),
                    _ => None,
                };
            }
            Act::OnlySeverity => {
                filter.least = match filter.least {
                    Least::All => Least::Changes,
                    Least::Changes => Least::Bad,
                    Least::Bad => Least::All,
                };
            }
            Act::Longer => filter.span = (filter.span + 1).min(SPANS.len() - 1),
            Act::Shorter => filter.span = filter.span.saturating_sub(1),
            _ => {}
        }
        self.events.stale();
    }
}
