//! The same knowledge without a screen: `check` and `snapshot`.

mod check;
mod snapshot;

pub use check::{Verdict, check};
pub use snapshot::{snapshot_json, snapshot_text};

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
    /// Which engine told.
    pub endpoint: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Taken {
    /// Judges a loaded Swarm.
    pub fn new(store: Store, at: Timestamp, endpoint: String) -> Self {
        let problems = crate::triage::problems(&store, at);
        Self { store, at, endpoint, problems }
    }
}
