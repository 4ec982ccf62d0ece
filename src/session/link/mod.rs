//! The connection to a Swarm: its managers, which of them is watched through, and when the next try is due.

pub(in crate::session) mod backoff;
pub(in crate::session) mod leaderless;
pub(in crate::session) mod managers;
pub(in crate::session) mod race;
