//! A Swarm without a leader: lists are not answered, and managers report only on themselves.

use std::{sync::Arc, time::Duration};

use super::Timestamp;

/// The longest that a manager says that there is no leader while one is being elected. It does not say so
/// while it still waits for the old one, 10 to 20 s, in which `/info` hangs. A candidate that comes a tick
/// too early waits for the next one, 10 s at most. Measured in 10 elections: up to 1.7 s, mostly never.
pub const ELECTION: Duration = Duration::from_secs(12);

/// State of a manager that has no leader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answering {
    /// Its node id.
    pub id: Arc<str>,
    /// Its host name.
    pub name: Arc<str>,
    /// All managers it knows, itself included: node ids and raft addresses.
    pub managers: Vec<(Arc<str>, Arc<str>)>,
}

/// The managers of a Swarm without a leader, as far as skep can ask them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaderless {
    /// Time since which it is known to have none, by the manager's clock.
    pub since: Timestamp,
    /// The managers that answer.
    pub answering: Vec<Answering>,
    /// Number of configured endpoints that do not answer.
    pub silent: usize,
}

impl Leaderless {
    /// Number of managers according to those that answer; 0 if they do not say.
    pub fn total(&self) -> usize {
        self.known().len()
    }

    /// Number of managers needed for quorum.
    pub fn needed(&self) -> usize {
        needed(self.total())
    }

    /// Whether every manager was asked, and too few answer: then no election can help. Of several at one
    /// address all but one are old entries of a host that joined again.
    pub fn is_certain(&self) -> bool {
        let answer = self.answering.len();
        let mut hosts: Vec<&str> = self.known().iter().map(|(_, addr)| &**addr).collect();
        hosts.sort_unstable();
        hosts.dedup();
        !hosts.is_empty() && answer + self.silent >= hosts.len() && answer < self.needed()
    }

    pub(super) fn known(&self) -> &[(Arc<str>, Arc<str>)] {
        let told = self.answering.iter().max_by_key(|a| a.managers.len());
        told.map_or(&[], |told| &told.managers)
    }
}

/// Number of votes needed for quorum.
pub fn needed(voters: usize) -> usize {
    voters / 2 + 1
}
