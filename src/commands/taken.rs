//! A Swarm as it was at one moment, and what is wrong with it.

use std::{sync::Arc, time::Duration};

use crate::{
    cluster::{Since, Store, Timestamp},
    connect::Endpoint,
    triage::{
        Problem, Thresholds,
        incident::{Incident, LogEnds},
        rank,
    },
};

/// A Swarm at one moment.
pub struct Taken {
    /// The model.
    pub store: Store,
    /// When, by the manager's clock.
    pub at: Timestamp,
    /// The user's name for it.
    pub name: String,
    /// Title of a report: the name, or the endpoint where the user gave none.
    pub title: String,
    /// The engine that answered.
    pub endpoint: String,
    /// Time that reading took, and so the age of what was read first.
    pub age: Duration,
    /// Its problems.
    pub problems: Vec<Arc<Problem>>,
    /// Through which manager more can be read, if any answers.
    pub reached: Option<Endpoint>,
    /// The ends of the logs that were read.
    pub logs: LogEnds,
}

impl Taken {
    /// Judges a loaded Swarm.
    pub fn new(
        store: Store,
        at: Timestamp,
        name: String,
        endpoint: String,
        age: Duration,
        thresholds: &Thresholds,
    ) -> Self {
        let problems = crate::triage::problems(&store, at, thresholds);
        let logs = LogEnds::new();
        let title = name.clone();
        Self { store, at, name, title, endpoint, age, problems, reached: None, logs }
    }
}

impl Taken {
    /// Titles its report by the name that the user gave it, or else by its endpoint.
    pub fn titled(&mut self, name: Option<&str>) {
        name.unwrap_or(&self.endpoint).clone_into(&mut self.title);
    }

    /// Why nothing is listed, if nothing is.
    pub fn unlisted(&self) -> Option<String> {
        self.store.leaderless()?;
        let lost = self.problems.iter().find(|p| p.rule == "quorum-lost");
        Some(lost.map_or("the Swarm has no leader".into(), |p| p.message.clone()))
    }

    /// Why not all is there: nothing is listed, or nodes, services or tasks can't all be read. Names of
    /// networks, secrets and configs are an extra.
    pub fn incomplete(&self) -> Option<String> {
        let unread = self.store.unread();
        let missing = || unread.sentence().filter(|_| unread.unjudged().is_some());
        self.unlisted().or_else(|| missing().map(|why| format!("{}: {why}", self.name)))
    }

    /// Keeps what these rules found, also where it was folded into something else.
    pub fn keep_only(&mut self, rules: &[String]) {
        let wanted =
            |p: &Arc<Problem>| rules.iter().any(|r| r == p.rule || Some(r.as_str()) == p.cause);
        let all = std::mem::take(&mut self.problems);
        self.problems = all
            .into_iter()
            .flat_map(|p| if wanted(&p) { vec![p] } else { p.folded.clone() })
            .filter(wanted)
            .collect();
        rank(&mut self.problems);
    }

    /// Data for an incident report; `since` counts by the manager's clock.
    pub fn incident(&self, since: Since) -> Incident<'_> {
        Incident {
            name: &self.title,
            endpoint: &self.endpoint,
            store: &self.store,
            problems: &self.problems,
            now: self.at,
            since: since.before(self.at),
            link: None,
            logs: &self.logs,
        }
    }
}
