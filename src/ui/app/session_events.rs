//! Applies events of the session to the state.

use crate::{
    action::{
        follow::Phase,
        plan::{Change, Document, NodeChange, Plan, ReadObject, Target},
    },
    cluster::{Availability, Delta, Gravity, Leaderless, Store, Timestamp},
    grant::WriteGrant,
    session::{Command, Event, Generation, Link, Outcome, Token},
    triage::{Blast, blast},
    ui::{
        app::{
            Effect,
            cluster::Cluster,
            link::LinkState,
            settings::{Pending, Settings},
            workspace::Workspace,
        },
        popup::{Editor, PageKind, PlanBox, Popup, Waiting},
    },
};

/// A clock that differs by less is right enough to say nothing.
pub(in crate::ui) const SKEW_SHOWN: i64 = 5_000_000_000;

/// A write's outcome is read back at most so often.
const BETWEEN_READS: std::time::Duration = std::time::Duration::from_secs(1);

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
    }

    /// Asks what became of writes that were under way when the link was lost.
    pub(in crate::ui) fn read_back(&mut self) {
        let now = self.now.shifted(self.link.skew);
        let unknown: Vec<Target> = self
            .operations
            .follows
            .iter()
            .filter(|f| f.wants_reading(self.model.live(), now))
            .map(|f| f.target.clone())
            .collect();
        let again = self.operations.read_back_at.is_none_or(|at| at.age(self.now) >= BETWEEN_READS);
        if !unknown.is_empty() && self.operations.reading_back.is_none() && again {
            let token = self.token();
            self.operations.reading_back = Some(token);
            self.operations.read_back_at = Some(self.now);
            self.command(Command::ReadBack(token, unknown));
        }
    }

    /// Handles the objects that were read back.
    fn found(&mut self, token: Token, found: &[(Target, ReadObject)]) {
        if self.operations.reading_back.take_if(|asked| *asked == token).is_none() {
            return;
        }
        let now = self.now.shifted(self.link.skew);
        for (target, found) in found {
            for follow in self.operations.follows.iter_mut().filter(|f| f.target == *target) {
                follow.read_back(found, now);
            }
        }
    }

    /// A plan, with what is known of a node's blast radius.
    fn plan(&self, documents: &[Document], change: &Change) -> Plan {
        let store = self.model.live();
        let mut plan = Plan::new(self.no, documents, change, store);
        if *change != Change::Node(NodeChange::Availability(Availability::Drain)) {
            return plan;
        }
        for document in documents {
            let Target::Node(id) = &document.target else { continue };
            let Some(node) = store.node(id) else { continue };
            // It goes on as a manager.
            let blast = Blast { managers: None, ..blast(store, node) };
            if blast.hits.is_empty() {
                continue;
            }
            plan.warn(blast.warnings());
            if blast.hits.iter().any(|hit| hit.ends() || hit.nowhere) {
                plan.ask_typing();
            }
        }
        plan
    }

    fn sending(&self, target: &Target) -> Option<usize> {
        self.operations
            .follows
            .iter()
            .rposition(|f| f.target == *target && f.phase == Phase::Sending)
    }

    /// Shown at once, and beside the action for as long as that is shown.
    fn unrecorded(&mut self, target: &Target, why: &str) {
        let said = format!("not in the audit file: {why}");
        if let Some(at) = self.sending(target) {
            self.operations.follows[at].unrecorded = Some(said.clone());
        }
        self.say(said);
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
            Event::Usage(usage) => self.cluster.link.usage = Some(usage),
            Event::Documents(token, result) => self.documents(token, result),
            Event::ReadBack(token, found) => self.cluster.found(token, &found),
            Event::Raw(token, result) => self.raw_document(token, result),
            Event::Unrecorded(target, why) => self.cluster.unrecorded(&target, &why),
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

    fn documents(&mut self, token: Token, result: Result<Vec<Document>, String>) {
        let Some((_, pending)) = self.cluster.operations.pending.take_if(|(t, _)| *t == token)
        else {
            return;
        };
        // What waited for it: the input stays below the plan, so that Esc goes back to it.
        if matches!(self.popups.last(), Some(Popup::Waiting(Waiting { token: t, .. })) if *t == token)
        {
            self.popups.pop();
        }
        if let Some(Popup::Ask(ask)) = self.popups.last_mut() {
            ask.waiting = None;
            ask.error = result.as_ref().err().cloned();
        }
        match (result, pending) {
            (Err(error), _) => {
                if !matches!(self.popups.last(), Some(Popup::Ask(_))) {
                    self.cluster.say(error);
                }
            }
            (Ok(documents), Pending::Plan(change)) => {
                let plan = self.cluster.plan(&documents, &change);
                self.open_plan(plan, None);
            }
            (Ok(mut documents), Pending::Edit) => {
                if let Some(document) = documents.pop() {
                    self.popups.push(Popup::Editor(Box::new(Editor::new(document))));
                }
            }
        }
    }

    pub(in crate::ui) fn open_plan(&mut self, mut plan: Plan, notice: Option<String>) {
        if self.cluster.settings.grant.as_ref().is_some_and(WriteGrant::wants_typing) {
            plan.ask_typing();
        }
        if plan.is_empty() {
            let why = plan.refused.join("; ");
            match self.popups.last_mut() {
                Some(Popup::Ask(ask)) => ask.error = Some(why),
                _ => self.cluster.say(why),
            }
            return;
        }
        self.popups.push(Popup::Plan(PlanBox::new(plan, notice)));
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

    fn outcome(&mut self, target: &Target, outcome: Outcome) {
        let Some(at) = self.cluster.sending(target) else { return };
        match outcome {
            Outcome::Taken { version, warnings } => {
                self.cluster.operations.follows[at].sent(version);
                if !warnings.is_empty() {
                    self.cluster.say(warnings.join("; "));
                }
            }
            Outcome::Refused(why) => self.cluster.operations.follows[at].phase = Phase::Failed(why),
            Outcome::Unknown(why) => {
                self.cluster.operations.follows[at].phase = Phase::unknown(why);
                // The link may have come back before the write was given up.
                if matches!(self.cluster.link.state, LinkState::Live { .. }) {
                    self.cluster.read_back();
                }
            }
            Outcome::Conflict(document) => {
                let follow = self.cluster.operations.follows.remove(at);
                let plan = self.cluster.plan(&[*document], &follow.change);
                let notice = format!(
                    "{} was changed by someone else in the meantime; nothing was sent. The new plan:",
                    follow.name
                );
                if plan.is_empty() {
                    self.cluster
                        .say(format!("{notice} nothing left to do ({})", plan.refused.join("; ")));
                } else {
                    self.open_plan(plan, Some(notice));
                }
            }
        }
    }
}
