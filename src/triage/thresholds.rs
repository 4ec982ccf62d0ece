//! Thresholds of the rules; each can be set in the config file.

use std::{collections::BTreeSet, time::Duration};

/// Time for which a deployment may be short, unless the config says otherwise.
pub const GRACE: Duration = Duration::from_secs(15);

/// The thresholds of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Longest time that a deployment may be short of replicas.
    pub grace: Duration,
    /// Number of failures within `loop_within` that makes a crash loop.
    pub loop_failures: usize,
    /// See `loop_failures`.
    pub loop_within: Duration,
    /// Longest time that a task may stay on a drained node.
    pub stuck: Duration,
    /// Longest time that a task may be preparing.
    pub preparing: Duration,
    /// Longest time that a task may be starting.
    pub starting: Duration,
    /// Time that every update may take.
    pub update_slow: Duration,
    /// Number of losses within `flaps_within` that makes a node a flapping one.
    pub flaps: usize,
    /// See `flaps`.
    pub flaps_within: Duration,
    /// Number of new leaders within `leader_changes_within` that is too many.
    pub leader_changes: usize,
    /// See `leader_changes`.
    pub leader_changes_within: Duration,
    /// Longest time that a rotation of the root certificate may take.
    pub rotation: Duration,
    /// Largest difference of two clocks.
    pub clock_skew: Duration,
    /// Percentage of reservations from which on a node is full.
    pub full_percent: u64,
    /// Percentage of reservations that is much for a manager.
    pub manager_load_percent: u64,
    /// Longest time that a service may run `latest` unchanged.
    pub latest: Duration,
    /// Rules that are switched off.
    pub ignore: BTreeSet<String>,
}

impl Default for Thresholds {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Self {
            grace: GRACE,
            loop_failures: 3,
            loop_within: Duration::from_secs(90),
            stuck: minutes(1),
            preparing: minutes(2),
            starting: minutes(2),
            update_slow: minutes(10),
            flaps: 3,
            flaps_within: minutes(15),
            leader_changes: 3,
            leader_changes_within: minutes(10),
            rotation: minutes(10),
            clock_skew: Duration::from_secs(3),
            full_percent: 90,
            manager_load_percent: 50,
            latest: minutes(30 * 24 * 60),
            ignore: BTreeSet::new(),
        }
    }
}
