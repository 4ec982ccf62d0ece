//! The same knowledge without a screen: `check` and `snapshot`.

mod check;
mod contexts;
mod logs;
mod snapshot;

pub use check::{Verdict, check};
pub use contexts::{ContextLine, contexts_text};
pub use logs::LogPrinter;
pub use snapshot::{snapshot_json, snapshot_text};

use std::sync::Arc;
use std::time::Duration;

use crate::{
    cluster::{Since, Store, Timestamp},
    text::clean_json,
    triage::{Problem, Thresholds, incident::Incident},
};

/// A Swarm at one moment.
pub struct Taken {
    /// The model.
    pub store: Store,
    /// When, by the manager's clock.
    pub at: Timestamp,
    /// What the user calls it.
    pub name: String,
    /// Which engine told.
    pub endpoint: String,
    /// How long it took to tell: so old is what was told first.
    pub age: Duration,
    /// What is wrong.
    pub problems: Vec<Arc<Problem>>,
}

impl Taken {
    /// Judges a loaded Swarm.
    pub fn new(
        store: Store,
        at: Timestamp,
        name: String,
        endpoint: String,
        age: Duration,
        thresholds: &Thresholds,
    ) -> Self {
        let problems = crate::triage::problems(&store, at, thresholds);
        Self { store, at, name, endpoint, age, problems }
    }
}

impl Taken {
    /// Why nothing is listed, if nothing is.
    pub fn unlisted(&self) -> Option<String> {
        self.store.leaderless()?;
        let lost = self.problems.iter().find(|p| p.rule == "quorum-lost");
        Some(lost.map_or("the Swarm has no leader".into(), |p| p.message.clone()))
    }

    /// Keeps what these rules found, also where it was folded into something else.
    pub fn keep_only(&mut self, rules: &[String]) {
        let wanted =
            |p: &Arc<Problem>| rules.iter().any(|r| r == p.rule || Some(r.as_str()) == p.cause);
        let all = std::mem::take(&mut self.problems);
        self.problems = all
            .into_iter()
            .flat_map(|p| if wanted(&p) { vec![p] } else { p.folded.clone() })
            .filter(wanted)
            .collect();
    }

    /// What an incident report is made from; `since` counts by the manager's clock.
    pub fn incident(&self, since: Since) -> Incident<'_> {
        Incident {
            name: &self.name,
            endpoint: &self.endpoint,
            store: &self.store,
            problems: &self.problems,
            now: self.at,
            since: since.before(self.at),
            link: None,
        }
    }
}

/// JSON for a program, which somebody may look at as well.
fn json_text(value: &serde_json::Value) -> String {
    format!("{}\n", clean_json(&format!("{value:#}")))
}

/// Lines of cells, aligned.
fn columns(lines: Vec<Vec<String>>) -> String {
    let wide = |cell: &str| unicode_width::UnicodeWidthStr::width(cell);
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|l| wide(&l[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let mut text = String::from(" ");
        for (cell, width) in line.iter().zip(&widths) {
            text += &format!(" {cell}{} ", " ".repeat(width - wide(cell)));
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}
