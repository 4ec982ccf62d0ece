//! From when on something counts; each can be set in the config file.

use std::{collections::BTreeSet, time::Duration};

/// Time for which a deployment may be short, unless the config says otherwise.
pub const GRACE: Duration = Duration::from_secs(15);

/// The thresholds of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// A deployment may be short of replicas for so long.
    pub grace: Duration,
    /// Number of failures within `loop_within` that makes a crash loop.
    pub loop_failures: usize,
    /// See `loop_failures`.
    pub loop_within: Duration,
    /// A task may be on a drained node for so long.
    pub stuck: Duration,
    /// A task may be prepared for so long.
    pub preparing: Duration,
    /// A task may be starting for so long.
    pub starting: Duration,
    /// An update may take at least so long.
    pub update_slow: Duration,
    /// Number of losses within `flaps_within` that makes a node a flapping one.
    pub flaps: usize,
    /// See `flaps`.
    pub flaps_within: Duration,
    /// Number of new leaders within `leader_changes_within` that is too many.
    pub leader_changes: usize,
    /// See `leader_changes`.
    pub leader_changes_within: Duration,
    /// A rotation of the root certificate may take so long.
    pub rotation: Duration,
    /// Clocks may differ by so much.
    pub clock_skew: Duration,
    /// Reservations of so many percent are full.
    pub full_percent: u64,
    /// Reservations of so many percent are much for a manager.
    pub manager_load_percent: u64,
    /// A service may run `latest` unchanged for so long.
    pub latest: Duration,
    /// Rules that are not to be looked at.
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
