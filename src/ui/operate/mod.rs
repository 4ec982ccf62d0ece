//! Actions that write, from a key to the request.
//!
//! The line, with its files in the order in which they are read:
//!
//! 1. [`terminal::event_loop`](crate::ui::terminal::event_loop): a key comes in; at the end of each turn effects go out,
//!    commands over the channel of [`Sessions`](crate::session::Sessions).
//! 2. [`app`](crate::ui::app): [`App::update`](crate::ui::App::update) lends the cluster that is shown.
//! 3. [`input::dispatch`](crate::ui::input::dispatch): the key is the top popup's, or an action's.
//! 4. This file: the objects that are meant, the question, the documents to plan with, the plan, and the
//!    command to carry it out.
//! 5. [`popup::ask`](crate::ui::popup::ask): the value is typed.
//! 6. `session::actor::commands`: the cluster's session takes the command.
//! 7. `session::operations`: reads the documents; carries the approved plan out.
//! 8. [`app::session_events`](crate::ui::app::session_events): the answers come back.
//! 9. [`popup::plan`](crate::ui::popup::plan): the plan is shown, and approved or not.
//! 10. [`action::execute`](crate::action::execute): one write a step, never twice.
//! 11. `engine::writes`: the requests.
//!
//! Beside the line: [`crate::action::plan`] makes the plan of the documents, [`outcome`] takes what came of the
//! requests, [`progress`] shows it.

pub(in crate::ui) mod outcome;
pub(in crate::ui) mod progress;
pub(in crate::ui) mod report;
pub(in crate::ui) mod shell;

use crate::{
    action::{
        follow::Follow,
        plan::{Approved, ApprovedShell, Change, Document, NodeChange, Plan, Target, labels_text},
    },
    cluster::{Availability, Mode, NodeId, Role, Service, ServiceId, Subject, TaskId},
    grant::WriteGrant,
    session::{Command, Token},
    triage::{Blast, blast},
    ui::{
        app::{cluster::Cluster, settings::Pending, workspace::Workspace},
        input::line_editor::LineEditor,
        popup::{Ask, Asking, Editor, Operate, PlanBox, Popup, Waiting},
    },
};

impl Workspace<'_> {
    /// The services that an action is for.
    pub(in crate::ui) fn targets(&self) -> Vec<ServiceId> {
        self.below().targets()
    }

    /// The nodes that an action is for.
    fn node_targets(&self) -> Vec<Target> {
        let node = |subject| match subject {
            Subject::Node(id) => Some(Target::from(id)),
            _ => None,
        };
        self.below().chosen().into_iter().filter_map(node).collect()
    }

    pub(in crate::ui) fn ask(&mut self, asking: Asking) {
        let targets = self.targets();
        self.ask_for(asking, targets);
    }

    pub(in crate::ui) fn ask_for(&mut self, asking: Asking, targets: Vec<ServiceId>) {
        if targets.is_empty() {
            return self.cluster.say("no service is selected");
        }
        let store = self.cluster.model.live();
        let services: Vec<_> = targets.iter().filter_map(|id| store.service(id)).collect();
        let today = |of: fn(&crate::cluster::Service) -> String| {
            let mut values: Vec<String> = services.iter().map(|s| of(s)).collect();
            values.dedup();
            if values.len() == 1 { values.remove(0) } else { String::new() }
        };
        let (value, verb) = match asking {
            Asking::Scale => {
                let fixed: Vec<_> = services.iter().filter(|s| !s.mode.can_scale()).collect();
                if !fixed.is_empty() && fixed.len() == services.len() {
                    let first = fixed[0];
                    let said = format!(
                        "{} is {}: scale can only be used with replicated or replicated-job mode",
                        first.name,
                        first.mode.word()
                    );
                    return self.cluster.say(said);
                }
                (today(replicas_text), "Scale")
            }
            Asking::Image | Asking::Labels => (today(|s| s.image.to_string()), "Update image of"),
        };
        let title = format!("{verb} {}", self.cluster.names_of(&targets));
        let targets = targets.into_iter().map(Target::from).collect();
        let input = LineEditor::prefilled(&value);
        self.popups.push(Popup::Ask(Ask {
            asking,
            targets,
            title,
            input,
            error: None,
            waiting: None,
        }));
    }

    pub(in crate::ui) fn plan_at_once(&mut self, change: Change) {
        let targets = self.targets();
        self.plan_change(targets, change);
    }

    /// Reads the documents and then shows the plan.
    pub(in crate::ui) fn plan_change(&mut self, targets: Vec<ServiceId>, change: Change) {
        if targets.is_empty() {
            return self.cluster.say("no service is selected");
        }
        let names = self.cluster.names_of(&targets);
        self.read_and_plan(targets.into_iter().map(Target::from).collect(), &names, change);
    }

    /// Plans a change of the marked nodes, or of the one under the cursor.
    pub(in crate::ui) fn plan_node(&mut self, change: NodeChange) {
        let targets = self.node_targets();
        if targets.is_empty() {
            return self.cluster.say("no node is selected");
        }
        let weakens = matches!(change, NodeChange::Role(Role::Worker) | NodeChange::Remove);
        if weakens && targets.len() > 1 {
            return self
                .cluster
                .say("one node at a time: each changes how many failures the managers tolerate");
        }
        let names = self.cluster.names_of_targets(&targets);
        self.read_and_plan(targets, &names, Change::Node(change));
    }

    /// Asks for the labels of the node under the cursor.
    pub(in crate::ui) fn ask_labels(&mut self) {
        match self.node_targets().as_slice() {
            [Target::Node(id)] => self.ask_labels_of(id),
            [] => self.cluster.say("no node is selected"),
            _ => self.cluster.say("labels are edited one node at a time: Esc clears the marks"),
        }
    }

    pub(in crate::ui) fn ask_labels_of(&mut self, id: &NodeId) {
        let Some(node) = self.cluster.model.live().node(id) else { return };
        let labels = labels_text(node.labels.iter().map(|(k, v)| (&**k, &**v)));
        let title = format!("Labels of {}", self.cluster.model.live().node_label(&node.id));
        self.popups.push(Popup::Ask(Ask {
            asking: Asking::Labels,
            targets: vec![id.clone().into()],
            title,
            // To be changed, not replaced.
            input: LineEditor::with(&labels),
            error: None,
            waiting: None,
        }));
    }

    /// Opens the editor on the spec of the service under the cursor.
    pub(in crate::ui) fn edit_one(&mut self) {
        match self.targets().as_slice() {
            [one] => self.edit(one.clone()),
            [] => self.cluster.say("no service is selected"),
            _ if matches!(self.below().subject(), Some(Subject::Stack(_))) => {
                self.cluster
                    .say("specs are edited one service at a time: Enter lists those of the stack");
            }
            _ => self.cluster.say("specs are edited one service at a time: Esc clears the marks"),
        }
    }
}

impl Operate for Workspace<'_> {
    fn read_and_plan(&mut self, targets: Vec<Target>, names: &str, change: Change) {
        let token = self.cluster.token();
        let what = format!("{} {names}", change.word());
        match self.popups.last_mut() {
            Some(Popup::Ask(ask)) => ask.waiting = Some(token),
            _ => self.popups.push(Popup::Waiting(Waiting { token, what, verb: "Reading" })),
        }
        self.cluster.operations.pending = Some((token, Pending::Plan(change)));
        self.cluster.command(Command::Documents(token, targets));
    }

    /// Opens the editor on a service's spec.
    fn edit(&mut self, target: ServiceId) {
        let token = self.cluster.token();
        let what = format!("the spec of {}", self.cluster.service_name(&target));
        self.popups.push(Popup::Waiting(Waiting { token, what, verb: "Reading" }));
        self.cluster.operations.pending = Some((token, Pending::Edit));
        self.cluster.command(Command::Documents(token, vec![target.into()]));
    }

    fn open_plan(&mut self, mut plan: Plan, notice: Option<String>) {
        if self.cluster.settings.grant.as_ref().is_some_and(WriteGrant::wants_typing) {
            plan.ask_typing();
        }
        if plan.is_empty() {
            let why = refusals(&plan.refused);
            match self.popups.last_mut() {
                Some(Popup::Ask(ask)) => ask.error = Some(why),
                _ => self.cluster.say(why),
            }
            return;
        }
        self.popups.push(Popup::Plan(PlanBox::new(plan, notice)));
    }

    /// Sends an approved plan and follows each of its services.
    fn carry_out(&mut self, approved: Approved) {
        let begun = self.cluster.now.shifted(self.cluster.link.skew);
        for step in &approved.plan().steps {
            // One action an object is followed: the newest.
            self.cluster.operations.follows.retain(|f| f.target != step.target);
            self.cluster.operations.follows.push(Follow::new(step, begun));
            let store = self.cluster.model.live_mut();
            let object = (step.target.subject(), &*step.name);
            store.note_action(begun, object, step.title(), &self.cluster.settings.who);
        }
        self.popups.clear();
        self.screens.clear_marks();
        self.cluster.command(Command::CarryOut(approved));
    }

    fn ask_shell(&mut self, task: &TaskId) {
        self.ask_shell_in(task);
    }

    fn start_shell(&mut self, approved: ApprovedShell) {
        self.start_approved_shell(approved);
    }
}

impl Workspace<'_> {
    /// The documents that were asked for are read, or not.
    pub(in crate::ui) fn documents(&mut self, token: Token, result: Result<Vec<Document>, String>) {
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
}

impl Cluster {
    /// A plan, with what is known of a node's blast radius.
    pub(in crate::ui) fn plan(&self, documents: &[Document], change: &Change) -> Plan {
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
}

fn replicas_text(service: &Service) -> String {
    match service.mode {
        Mode::Replicated(n) => n.to_string(),
        Mode::ReplicatedJob { total, .. } => total.to_string(),
        _ => String::new(),
    }
}

/// Refusals that are told whole; of more the number.
const REFUSALS: usize = 2;

/// Why nothing is to be done, in a line.
pub(in crate::ui) fn refusals(all: &[String]) -> String {
    let mut said = all[..all.len().min(REFUSALS)].join("; ");
    if all.len() > REFUSALS {
        said += &format!("; and {} more", all.len() - REFUSALS);
    }
    said
}
