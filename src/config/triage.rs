//! `[triage]`: from when on something is a problem.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    text::parse_duration,
    triage::{Thresholds, rule},
};

/// Settings of the file; the others are as in [`Thresholds::default`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct TriageConfig {
    /// Rules not to look at.
    #[serde(deserialize_with = "rules")]
    pub ignore: Vec<String>,
    grace: Option<ConfigDuration>,
    loop_failures: Option<usize>,
    loop_within: Option<ConfigDuration>,
    stuck: Option<ConfigDuration>,
    preparing: Option<ConfigDuration>,
    starting: Option<ConfigDuration>,
    update_slow: Option<ConfigDuration>,
    flaps: Option<usize>,
    flaps_within: Option<ConfigDuration>,
    leader_changes: Option<usize>,
    leader_changes_within: Option<ConfigDuration>,
    rotation: Option<ConfigDuration>,
    clock_skew: Option<ConfigDuration>,
    full_percent: Option<u64>,
    manager_load_percent: Option<u64>,
    latest: Option<ConfigDuration>,
}

/// `15s`, `2m`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ConfigDuration(Duration);

impl<'de> Deserialize<'de> for ConfigDuration {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        parse_duration(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!("'{text}' is no duration: write 15s, 2m, 1h or 30d"))
        })
    }
}

/// A duration of another table.
pub(super) fn duration<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    ConfigDuration::deserialize(d).map(|ConfigDuration(duration)| duration)
}

fn rules<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    let ids = Vec::<String>::deserialize(d)?;
    match ids.iter().find(|id| rule(id).is_none()) {
        Some(unknown) => Err(D::Error::custom(format!("there is no rule '{unknown}'"))),
        None => Ok(ids),
    }
}

impl TriageConfig {
    /// The limits that hold.
    pub fn thresholds(&self) -> Thresholds {
        let mut thresholds = Thresholds::default();
        macro_rules! set {
            ($($name:ident),*) => {
                $(if let Some(value) = self.$name { thresholds.$name = value; })*
            };
            (span $($name:ident),*) => {
                $(if let Some(ConfigDuration(value)) = self.$name { thresholds.$name = value; })*
            };
        }
        set!(loop_failures, flaps, leader_changes, full_percent, manager_load_percent);
        set!(span grace, loop_within, stuck, preparing, starting, update_slow, flaps_within,
            leader_changes_within, rotation, clock_skew, latest);
        thresholds.ignore = self.ignore.iter().cloned().collect::<BTreeSet<_>>();
        thresholds
    }
}
