//! Applies events of the session to the state.

use crate::{
    cluster::{Delta, Gravity, Leaderless, Store, Timestamp},
    session::{Event, Generation, Link, Token},
    ui::{
        app::{
            Effect, cluster::Cluster, link::LinkState, settings::Settings, workspace::Workspace,
        },
        popup::{PageKind, Popup},
    },
};

/// A clock that differs by less is right enough to say nothing.
pub(in crate::ui) const SKEW_SHOWN: i64 = 5_000_000_000;

impl Cluster {
    fn link_changed(&mut self, generation: Generation, link: Link) {
        self.link.generation = generation;
        let at = self.now.shifted(self.link.skew);
        self.link.state = match link {
            // A lost link stays shown as lost, with its reason, while it is tried again.
            Link::Connecting { .. } if matches!(self.link.state, LinkState::Lost { .. }) => {
                return;
            }
            Link::Connecting { endpoint } => LinkState::Connecting { endpoint },
            Link::Live { endpoint, skew, .. } => {
                let before = self.link.through.replace(endpoint.clone());
                match before.filter(|before| *before != endpoint) {
                    Some(_) => {
                        self.say(format!("now through {endpoint}"));
                        self.note(at, format!("now through {endpoint}"), Gravity::Good);
                    }
                    None if matches!(self.link.state, LinkState::Lost { .. }) => {
                        self.note(at, "connected again".into(), Gravity::Good);
                    }
                    None => {}
                }
                self.link.skew = skew;
                // What was asked over the old link is asked again.
                self.operations.reading_back = None;
                self.operations.read_back_at = None;
                self.read_back();
                LinkState::Live { endpoint }
            }
            Link::Lost { endpoint, why, wait, leaderless } => {
                if let Some(told) = leaderless {
                    let told = Delta::Leaderless(Leaderless { since: at, ..*told });
                    self.model.live_mut().apply(told, at);
                }
                if !matches!(self.link.state, LinkState::Lost { .. }) {
                    self.note(at, format!("connection lost: {why}"), Gravity::Bad);
                }
                let wait = i64::try_from(wait.as_nanos()).unwrap_or(0);
                LinkState::Lost { endpoint, why, next: self.now.shifted(wait) }
            }
        };
    }

    fn note(&mut self, at: Timestamp, text: String, gravity: Gravity) {
        let store: &mut Store = self.model.live_mut();
        store.note(at, "skep", text, gravity);
    }

    /// Tells what was wrong with what was asked for.
    pub(in crate::ui) fn notice(&mut self, text: String) {
        self.note(self.now, text.clone(), Gravity::Bad);
        self.say(text);
    }

    /// Another entry of the command line or the config file turned out to be this Swarm.
    pub(in crate::ui) fn joined(&mut self, other: Settings) {
        let said = format!("'{}' is the same Swarm: its managers are used here", other.name);
        self.note(self.now, said, Gravity::Note);
        if !self.settings.named && other.named {
            self.settings.name = other.name;
            self.settings.named = true;
            self.settings.colour = other.colour;
        }
        self.settings.production |= other.production;
        // The stricter of the two holds.
        self.settings.grant = match (self.settings.grant.take(), other.grant) {
            (Some(ours), Some(theirs)) => {
                Some(if theirs.wants_typing() { ours.typed() } else { ours })
            }
            _ => None,
        };
        self.settings.shell = match (self.settings.shell.take(), other.shell) {
            (Some(ours), Some(theirs)) => {
                Some(if theirs.wants_typing() { ours.typed() } else { ours })
            }
            _ => None,
        };
    }
}

impl Workspace<'_> {
    pub(in crate::ui) fn session_event(&mut self, event: Event) {
        match event {
            Event::Link(generation, link) => self.cluster.link_changed(generation, link),
            Event::Heard(generation, deltas, at) => {
                if generation < self.cluster.link.generation {
                    return;
                }
                self.cluster.link.last_heard = Some(self.cluster.now);
                let store = self.cluster.model.live_mut();
                for delta in deltas {
                    store.apply(delta, at);
                }
            }
            Event::Managers(lines) => self.cluster.link.managers = lines,
            Event::History(entries, quieted) => {
                self.cluster.model.live_mut().recall(entries);
                self.cluster.triage.recall(quieted);
            }
            Event::Beginnings(all) => {
                self.cluster.model.live_mut().recall_beginnings(all);
            }
            Event::LastLines(task, lines) => {
                self.cluster.take_log_end(&task, &lines);
                // One that comes late would stand under another problem.
                if self.screens.problems.detail.asked.as_ref() == Some(&task) {
                    self.screens.problems.detail.last_lines = Some((task, lines));
                }
            }
            Event::Node(node, seen) => {
                self.cluster.link.ends_wanted = true;
                self.cluster.model.heard_of(node, *seen);
            }
            Event::Containers(node, listed) => {
                let listed = listed.map(|listed| (listed.items, listed.gaps.count));
                self.cluster.model.heard_containers(&node, listed);
            }
            Event::Ended(task, end) => {
                let at = self.cluster.now.shifted(self.cluster.link.skew);
                self.cluster.model.live_mut().apply(Delta::Ended(task, end), at);
            }
            Event::Usage(usage) => self.cluster.link.usage = Some(usage),
            Event::Documents(token, result) => self.documents(token, result),
            Event::ReadBack(token, found) => self.cluster.found(token, &found),
            Event::Raw(token, result) => self.raw_document(token, result),
            Event::Shell(token, started) => self.shell_started(token, *started),
            Event::ShellsLeft(told) => {
                for said in told {
                    self.cluster.notice(said);
                }
            }
            Event::Unrecorded(target, why) => self.cluster.unrecorded(&target, &why),
            Event::NotKept(why) => {
                self.cluster.say(format!("not kept, it holds until skep ends: {why}"));
            }
            Event::Outcome(target, outcome) => self.outcome(&target, *outcome),
            Event::Lines(token, task, frames) => {
                if let Some(log) = self.screens.logs.log.as_mut().filter(|l| l.token == token)
                    && let Some(text) = log.take(&task, frames)
                    && let Some(path) = log.tee.clone()
                {
                    self.cluster.effects.push(Effect::Write { path, text, fresh: false });
                }
            }
            Event::OlderLines(token, task, frames) => {
                if let Some(log) = self.screens.logs.log.as_mut().filter(|l| l.token == token) {
                    log.take_older(&task, frames);
                }
            }
            Event::LogEnd(..) => {}
            Event::LogGap(token, task, from, to) => {
                if let Some(log) = self.screens.logs.log.as_mut().filter(|l| l.token == token) {
                    log.gap(&task, from, to);
                }
            }
            Event::LogTrouble(token, task, why) => {
                if let Some(log) = self.screens.logs.log.as_mut().filter(|l| l.token == token) {
                    log.buffer.trouble(task, why);
                }
            }
        }
    }

    fn raw_document(&mut self, token: Token, mut result: Result<Box<serde_json::Value>, String>) {
        for popup in &mut *self.popups {
            let Popup::Page(page) = popup else { continue };
            if let PageKind::Compare(both) = &mut page.kind {
                match both.take(token, result) {
                    Some(other) => result = other,
                    None => return,
                }
                continue;
            }
            match &mut page.kind {
                PageKind::Yaml { value: slot, token: t }
                | PageKind::Describe { document: slot, token: t, .. }
                    if *t == token =>
                {
                    *slot = Some(result);
                    return;
                }
                _ => {}
            }
        }
    }
}
