//! The same knowledge without a screen: `check` and `snapshot`.

mod check;
mod contexts;
mod logs;
mod snapshot;

pub use check::{Verdict, check, clean};
pub use contexts::{ContextLine, contexts_text};
pub use logs::LogPrinter;
pub use snapshot::{snapshot_json, snapshot_text};

use std::time::Duration;

use crate::{
    cluster::{Store, Timestamp},
    triage::Problem,
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
    pub problems: Vec<Problem>,
}

impl Taken {
    /// Judges a loaded Swarm.
    pub fn new(store: Store, at: Timestamp, name: String, endpoint: String, age: Duration) -> Self {
        let problems = crate::triage::problems(&store, at);
        Self { store, at, name, endpoint, age, problems }
    }
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
