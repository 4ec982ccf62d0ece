//! Actions on services: what is meant, what is asked, what is sent.

pub(in crate::ui) mod progress;
pub(in crate::ui) mod report;

use crate::{
    action::{
        follow::{Follow, Phase},
        plan::{Approved, Change, NodeChange, Target, labels_text},
    },
    cluster::{Mode, NodeId, Role, Service, ServiceId, Subject, TaskId},
    session::Command,
    ui::{
        Board,
        app::{
            Effect,
            board::{Pane, Pending, View},
        },
        input::line_editor::LineEditor,
        popup::{Ask, Asking, Popup, Quit, Waiting},
        screen::logs::LogSource,
    },
};

impl Board {
    /// The object under the cursor.
    pub(in crate::ui) fn subject(&self) -> Option<Subject> {
        let store = &self.scene.store;
        let task = |id: &TaskId| {
            let service = store.task(id)?.service.clone();
            Some(Subject::Task(id.clone(), service))
        };
        match self.focus() {
            Pane::Services => self.services.current().cloned().map(Subject::Service),
            Pane::Nodes => self.nodes.current().cloned().map(Subject::Node),
            Pane::Tasks => self.tasks.current().and_then(|row| {
                let task = store.task_at(row.task)?;
                Some(Subject::Task(task.id.clone(), task.service.clone()))
            }),
            Pane::Events if self.view == View::Problems => self
                .problem_rows
                .current()
                .and_then(|row| self.problems().get(row.0))
                .map(|p| p.subject.clone()),
            Pane::Events => {
                let row = self.events.current()?;
                store.journal().get(row.0).map(|e| e.subject.clone())
            }
            Pane::Logs => {
                let log = self.log.as_ref()?;
                match &log.source {
                    LogSource::Services(ids) => ids.first().cloned().map(Subject::Service),
                    LogSource::Tasks(ids) => ids.first().and_then(task),
                    LogSource::Place(place) => {
                        let newest = place.tasks(store).max_by_key(|task| task.created);
                        newest.map(|task| Subject::Task(task.id.clone(), task.service.clone()))
                    }
                    LogSource::Node(id) => Some(Subject::Node(id.clone())),
                }
            }
        }
        .filter(|s| *s != Subject::Other)
    }

    /// The services an action is for: those marked in the table that has the keyboard, or the one under
    /// the cursor.
    pub(in crate::ui) fn targets(&self) -> Vec<ServiceId> {
        if self.focus() == Pane::Services {
            return self.services.chosen();
        }
        match self.subject() {
            Some(Subject::Service(id) | Subject::Task(_, id)) => vec![id],
            _ => Vec::new(),
        }
    }

    pub(in crate::ui) fn service_name(&self, id: &ServiceId) -> String {
        self.scene.store.service(id).map_or_else(|| id.short().to_owned(), |s| s.name.to_string())
    }

    pub(in crate::ui) fn names_of(&self, targets: &[ServiceId]) -> String {
        match targets {
            [one] => self.service_name(one),
            many => format!("{} services", many.len()),
        }
    }

    pub(in crate::ui) fn ask(&mut self, asking: Asking) {
        let targets = self.targets();
        self.ask_for(asking, targets);
    }

    pub(in crate::ui) fn ask_for(&mut self, asking: Asking, targets: Vec<ServiceId>) {
        if targets.is_empty() {
            return self.say("no service is selected");
        }
        let store = self.live_store();
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
                    return self.say(said);
                }
                (today(replicas_text), "Scale")
            }
            Asking::Image | Asking::Labels => (today(|s| s.image.to_string()), "Update image of"),
        };
        let title = format!("{verb} {}", self.names_of(&targets));
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
            return self.say("no service is selected");
        }
        let names = self.names_of(&targets);
        self.read_and_plan(targets.into_iter().map(Target::from).collect(), &names, change);
    }

    /// Plans a change of the marked nodes, or of the one under the cursor.
    pub(in crate::ui) fn plan_node(&mut self, change: NodeChange) {
        let targets = self.node_targets();
        if targets.is_empty() {
            return self.say("no node is selected");
        }
        let weakens = matches!(change, NodeChange::Role(Role::Worker) | NodeChange::Remove);
        if weakens && targets.len() > 1 {
            return self
                .say("one node at a time: each changes how many failures the managers tolerate");
        }
        let names = self.names_of_targets(&targets);
        self.read_and_plan(targets, &names, Change::Node(change));
    }

    /// Asks for the labels of the node under the cursor.
    pub(in crate::ui) fn ask_labels(&mut self) {
        match self.node_targets().as_slice() {
            [Target::Node(id)] => self.ask_labels_of(id),
            [] => self.say("no node is selected"),
            _ => self.say("labels are edited one node at a time: Esc clears the marks"),
        }
    }

    pub(in crate::ui) fn ask_labels_of(&mut self, id: &NodeId) {
        let Some(node) = self.live_store().node(id) else { return };
        let labels = labels_text(node.labels.iter().map(|(k, v)| (&**k, &**v)));
        let title = format!("Labels of {}", self.live_store().node_label(&node.id));
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

    fn node_targets(&self) -> Vec<Target> {
        if self.focus() == Pane::Nodes {
            return self.nodes.chosen().into_iter().map(Target::from).collect();
        }
        match self.subject() {
            Some(Subject::Node(id)) => vec![id.into()],
            _ => Vec::new(),
        }
    }

    /// The object to show: the one an action would be for; of several, the one under the cursor if
    /// it is among them.
    ///
    /// # Errors
    /// Why there is none, for the user.
    pub(in crate::ui) fn single(&self) -> Result<Subject, String> {
        let chosen: Vec<Subject> = match self.focus() {
            Pane::Services => self.services.chosen().into_iter().map(Subject::Service).collect(),
            Pane::Nodes => self.nodes.chosen().into_iter().map(Subject::Node).collect(),
            _ => self.subject().into_iter().collect(),
        };
        match (chosen.as_slice(), self.subject()) {
            ([one], _) => Ok(one.clone()),
            (many, Some(here)) if many.contains(&here) => Ok(here),
            ([], _) => Err("nothing is selected".into()),
            (many, _) => Err(format!(
                "{} are marked and the cursor is on none of them: go to one, or Esc clears the marks",
                many.len()
            )),
        }
    }

    /// The name of a target, or the number of several.
    pub(in crate::ui) fn names_of_targets(&self, targets: &[Target]) -> String {
        match targets {
            [Target::Service(id)] => self.service_name(id),
            [Target::Node(id)] => self.live_store().node_label(id),
            [] => String::new(),
            many => format!("{} {}s", many.len(), many[0].kind()),
        }
    }

    /// All their names.
    pub(in crate::ui) fn each_name(&self, targets: &[Target]) -> String {
        let one = |target| self.names_of_targets(std::slice::from_ref(target));
        targets.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    pub(in crate::ui) fn read_and_plan(
        &mut self,
        targets: Vec<Target>,
        names: &str,
        change: Change,
    ) {
        let token = self.token();
        let what = format!("{} {names}", change.word());
        match self.popups.last_mut() {
            Some(Popup::Ask(ask)) => ask.waiting = Some(token),
            _ => self.popups.push(Popup::Waiting(Waiting { token, what })),
        }
        self.pending = Some((token, Pending::Plan(change)));
        self.command(Command::Documents(token, targets));
    }

    /// Opens the editor on the spec of the service under the cursor.
    pub(in crate::ui) fn edit_one(&mut self) {
        match self.targets().as_slice() {
            [one] => self.edit(one.clone()),
            [] => self.say("no service is selected"),
            _ => self.say("specs are edited one service at a time: Esc clears the marks"),
        }
    }

    /// Opens the editor on a service's spec.
    pub(in crate::ui) fn edit(&mut self, target: ServiceId) {
        let token = self.token();
        let what = format!("the spec of {}", self.service_name(&target));
        self.popups.push(Popup::Waiting(Waiting { token, what }));
        self.pending = Some((token, Pending::Edit));
        self.command(Command::Documents(token, vec![target.into()]));
    }

    /// Sends an approved plan and follows each of its services.
    pub(in crate::ui) fn carry_out(&mut self, approved: Approved) {
        let begun = self.now.shifted(self.skew);
        for step in &approved.plan().steps {
            // One action an object is followed: the newest.
            self.follows.retain(|f| f.target != step.target);
            self.follows.push(Follow::new(step, begun));
            let store = self.live.as_deref_mut().unwrap_or(&mut self.scene.store);
            let object = (step.target.subject(), &*step.name);
            store.note_action(begun, object, step.title(), &self.settings.who);
        }
        self.popups.clear();
        self.clear_marks();
        self.command(Command::CarryOut(approved));
    }

    pub(in crate::ui) fn failed_log(&mut self) {
        let failed = self.follows.iter().rev().find(|f| f.failing.is_some());
        match failed.and_then(|f| Some((f.target.service()?.clone(), f.failing.clone()?.0))) {
            Some((service, task)) => {
                // Among the lines of the others, at its end.
                let name = self.service_name(&service);
                self.follow_log(LogSource::Services(vec![service]), name);
                if let Some(log) = &mut self.log {
                    log.seek_end(task);
                }
                self.go(View::Logs);
            }
            None => self.say("no action has a failing task"),
        }
    }

    pub(in crate::ui) fn failed_rollback(&mut self) {
        let failed = self.follows.iter().rev().find(|f| f.failing.is_some());
        match failed.and_then(|f| f.target.service()).cloned() {
            Some(service) => self.plan_change(vec![service], Change::Rollback),
            None => self.say("no action has failed"),
        }
    }

    pub(in crate::ui) fn dismiss(&mut self) {
        self.follows.retain(|f| !f.is_over());
    }

    pub(in crate::ui) fn quit(&mut self) {
        let busy =
            self.follows.iter().any(|f| matches!(f.phase, Phase::Sending | Phase::Converging));
        if busy || self.busy_elsewhere {
            self.popups.push(Popup::Quit(Quit));
        } else {
            self.effects.push(Effect::Quit);
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
