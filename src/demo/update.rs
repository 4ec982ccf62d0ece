//! The state of a rolling update.

use super::sim::Nanos;

/// A rolling update under way.
pub(super) struct Update {
    /// Slots (or nodes of a global service) still on the old template.
    pub(super) waiting: Vec<SimPlace>,
    /// Slots being replaced, with their new task.
    pub(super) current: Vec<(SimPlace, u64)>,
    /// New tasks that run and are monitored until a time.
    pub(super) watched: Vec<(u64, Nanos)>,
    pub(super) next_at: Nanos,
    pub(super) total: usize,
    pub(super) failed: usize,
    pub(super) rollback: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SimPlace {
    pub(super) slot: u64,
    pub(super) node: Option<String>,
}

impl Update {
    /// Slots whose tasks this update creates itself.
    pub fn slots(&self) -> Vec<u64> {
        self.current.iter().map(|(p, _)| p.slot).collect()
    }
}
