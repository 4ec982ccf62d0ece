//! The connection and the age of the data, as the screen shows them.

use std::{borrow::Cow, time::Duration};

use crate::{
    cluster::{ELECTION, Leaderless, Part, Timestamp},
    text::exact,
    ui::app::cluster::Cluster,
};

/// The connection, as the screen shows it.
#[derive(Clone, Debug)]
pub enum LinkState {
    /// Trying for the first time, or again.
    Connecting {
        /// The endpoint that is tried.
        endpoint: String,
    },
    /// Live.
    Live {
        /// The endpoint in use.
        endpoint: String,
    },
    /// Gone.
    Lost {
        /// The endpoint that was tried last.
        endpoint: String,
        /// The reason.
        why: String,
        /// Time of the next try.
        next: Timestamp,
    },
}

/// Seconds after which data that does not come is called silent: nodes are asked every three.
const SILENCE: u64 = 6;

impl Cluster {
    /// State of the managers while the Swarm has no leader.
    pub(in crate::ui) fn leaderless(&self) -> Option<&Leaderless> {
        self.model.live().leaderless().filter(|_| matches!(self.link.state, LinkState::Lost { .. }))
    }

    /// Why nothing is heard, if the link is lost: that quorum is lost, or else what the link says.
    pub(in crate::ui) fn why_lost(&self) -> Option<Cow<'_, str>> {
        let LinkState::Lost { why, .. } = &self.link.state else { return None };
        let Some(leaderless) = self.leaderless() else { return Some(why.into()) };
        if let Some(quorum) = self.loud().find(|p| p.rule == "quorum-lost") {
            return Some((&quorum.message).into());
        }
        if leaderless.since.age(self.now.shifted(self.link.skew)) < ELECTION {
            let takes = exact(ELECTION);
            return Some(format!("{why}; an election ends within {takes}").into());
        }
        Some(why.into())
    }

    /// Time since which task requests are not answered.
    pub(in crate::ui) fn tasks_silent(&self) -> Option<Duration> {
        let since = self.model.live().unread().silent_since(Part::Tasks)?;
        Some(since.age(self.now.shifted(self.link.skew)))
    }

    /// Whether this cluster can't be written to.
    pub fn is_read_only(&self) -> bool {
        self.settings.grant.is_none()
    }

    /// Whether what is on the screen flows.
    pub fn is_live(&self) -> bool {
        matches!(self.link.state, LinkState::Live { .. }) && self.data_age().as_secs() < SILENCE
    }

    /// Age of the data.
    pub fn data_age(&self) -> std::time::Duration {
        self.link.last_heard.map_or(std::time::Duration::ZERO, |at| at.age(self.now))
    }
}
