//! Actions on services: what is meant, what is asked, what is sent.

pub(in crate::ui) mod progress;
pub(in crate::ui) mod report;

use crate::{
    action::{
        follow::{Follow, Phase},
        plan::{Approved, Change, NodeChange, Target, labels_text},
    },
    cluster::{Mode, NodeId, Role, Service, ServiceId, Subject},
    session::Command,
    ui::{
        app::{Effect, settings::Pending, workspace::Workspace},
        input::line_editor::LineEditor,
        popup::{Ask, Asking, Popup, Quit, Waiting},
        screen::{kinds::View, logs::LogSource},
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

    pub(in crate::ui) fn read_and_plan(
        &mut self,
        targets: Vec<Target>,
        names: &str,
        change: Change,
    ) {
        let token = self.cluster.token();
        let what = format!("{} {names}", change.word());
        match self.popups.last_mut() {
            Some(Popup::Ask(ask)) => ask.waiting = Some(token),
            _ => self.popups.push(Popup::Waiting(Waiting { token, what })),
        }
        self.cluster.operations.pending = Some((token, Pending::Plan(change)));
        self.cluster.command(Command::Documents(token, targets));
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

    /// Opens the editor on a service's spec.
    pub(in crate::ui) fn edit(&mut self, target: ServiceId) {
        let token = self.cluster.token();
        let what = format!("the spec of {}", self.cluster.service_name(&target));
        self.popups.push(Popup::Waiting(Waiting { token, what }));
        self.cluster.operations.pending = Some((token, Pending::Edit));
        self.cluster.command(Command::Documents(token, vec![target.into()]));
    }

    /// Sends an approved plan and follows each of its services.
    pub(in crate::ui) fn carry_out(&mut self, approved: Approved) {
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

    pub(in crate::ui) fn failed_log(&mut self) {
        let failed = self.cluster.operations.follows.iter().rev().find(|f| f.failing.is_some());
        match failed.and_then(|f| Some((f.target.service()?.clone(), f.failing.clone()?.0))) {
            Some((service, task)) => {
                // Among the lines of the others, at its end.
                let name = self.cluster.service_name(&service);
                self.follow_log(LogSource::Services(vec![service]), name);
                if let Some(log) = &mut self.screens.logs.log {
                    log.seek_end(task);
                }
                self.go(View::Logs);
            }
            None => self.cluster.say("no action has a failing task"),
        }
    }

    pub(in crate::ui) fn failed_rollback(&mut self) {
        let failed = self.cluster.operations.follows.iter().rev().find(|f| f.failing.is_some());
        match failed.and_then(|f| f.target.service()).cloned() {
            Some(service) => self.plan_change(vec![service], Change::Rollback),
            None => self.cluster.say("no action has failed"),
        }
    }

    pub(in crate::ui) fn dismiss(&mut self) {
        self.cluster.operations.follows.retain(|f| !f.is_over());
    }

    pub(in crate::ui) fn quit(&mut self) {
        let busy = self
            .cluster
            .operations
            .follows
            .iter()
            .any(|f| matches!(f.phase, Phase::Sending | Phase::Converging));
        if busy || self.cluster.others.busy {
            self.popups.push(Popup::Quit(Quit));
        } else {
            self.cluster.effects.push(Effect::Quit);
        }
    }
}

fn replicas_text(service: &Service) -> String {
    match service.mode {
        Mode::Replicated(n) => n.to_string(),
        Mode::ReplicatedJob { total, .. } => total.to_string(),
        _ => String::new(),
    }
}
