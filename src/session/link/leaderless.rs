//! State of the managers while the Swarm has no leader.

use std::collections::HashSet;

use crate::{
    cluster::{Answering, Leaderless, Timestamp},
    engine::EngineError,
};

/// Derives from the answers of all managers whether the Swarm has no leader, and who still answers.
pub fn leaderless<'e>(
    failed: impl IntoIterator<Item = &'e EngineError>,
    since: Timestamp,
) -> Option<Leaderless> {
    let mut all = Leaderless { since, answering: Vec::new(), silent: 0 };
    let mut seen = HashSet::new();
    for error in failed {
        let told = match error {
            EngineError::NoQuorum { told: Some(told), .. } => Answering::clone(told),
            error if error.is_leaderless() => Answering::default(),
            _ => {
                all.silent += 1;
                continue;
            }
        };
        // Two ways to one manager are one manager.
        if told.id.is_empty() || seen.insert(told.id.clone()) {
            all.answering.push(told);
        }
    }
    (!all.answering.is_empty()).then_some(all)
}
