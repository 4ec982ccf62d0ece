//! What the store writes into the journal when something changes.

use super::{
    EngineEvent, Gravity, Node, NodeId, NodeState, ServiceId, Store, Subject, Task, TaskState,
    Timestamp,
};

impl Store {
    pub(super) fn journal_node(&mut self, before: &Node, after: &Node, at: Timestamp) {
        let mut say = |text: String, gravity| {
            let subject = Subject::Node(after.id.clone());
            self.journal.push(at, "node", &after.hostname, text, subject, gravity);
        };
        if before.state != after.state {
            let why = if after.message.is_empty() || after.state == NodeState::Ready {
                String::new()
            } else {
                format!(": {}", after.message)
            };
            let gravity = match after.state {
                NodeState::Ready => Gravity::Good,
                // A leader change makes every node unknown for some seconds: no outage.
                NodeState::Unknown => Gravity::Quiet,
                _ => Gravity::Bad,
            };
            say(format!("{} → {}{why}", before.state, after.state), gravity);
        }
        if before.availability != after.availability {
            say(
                format!("availability {} → {}", before.availability, after.availability),
                Gravity::Note,
            );
        }
        if before.role != after.role {
            say(format!("role {} → {}", before.role, after.role), Gravity::Note);
        }
        if after.is_leader() && !before.is_leader() {
            say("now leads the managers".into(), Gravity::Note);
        }
        if let (Some(b), Some(a)) = (&before.manager, &after.manager)
            && b.reachability != a.reachability
        {
            let gravity = if after.is_reachable_manager() { Gravity::Good } else { Gravity::Bad };
            say(format!("manager {} → {}", b.reachability, a.reachability), gravity);
        }
    }

    pub(super) fn journal_task(&mut self, before: Option<&TaskState>, task: &Task, at: Timestamp) {
        let place =
            task.node.as_ref().map_or(String::new(), |n| format!(" on {}", self.hostname(n)));
        let from = before.map_or("", |s| s.word());
        let err = if task.err.is_empty() { String::new() } else { format!(": {}", task.err) };
        let text =
            format!("{from}{}→ {}{place}{err}", if from.is_empty() { "" } else { " " }, task.state);
        let gravity = match &task.state {
            s if s.is_failure() => Gravity::Bad,
            TaskState::Running | TaskState::Complete => Gravity::Good,
            _ if !task.err.is_empty() => Gravity::Bad,
            _ => Gravity::Quiet,
        };
        let name = self.task_name(task);
        let subject = Subject::Task(task.id.clone(), task.service.clone());
        let when = if task.since.is_set() && task.since <= at { task.since } else { at };
        self.journal.push(when, "task", &name, text, subject, gravity);
    }

    pub(super) fn note_event(&mut self, event: EngineEvent) {
        // Node and service states are journalled from what the lists say, once; an event that only
        // repeats it would be a second line for one fact.
        let subject = match &*event.kind {
            "service" => Subject::Service(ServiceId::from(event.id.clone())),
            "node" => Subject::Node(NodeId::from(event.id.clone())),
            _ => Subject::Other,
        };
        if &*event.kind == "node" && &*event.action == "update" {
            return;
        }
        self.revision += 1;
        let text = event_text(&event);
        let gravity = match event.attribute("updatestate.new") {
            "paused" | "rollback_paused" | "rollback_started" => Gravity::Bad,
            "completed" | "rollback_completed" => Gravity::Good,
            _ => Gravity::Note,
        };
        let name = match event.attribute("name") {
            "" => event.id.chars().take(12).collect(),
            name => name.to_owned(),
        };
        self.journal.push(event.at, &event.kind, &name, text, subject, gravity);
    }
}

/// `image api:1.8 → api:1.9, replicas 3 → 5`, or the plain action.
fn event_text(event: &EngineEvent) -> String {
    let short = |v: &str| v.split_once("@sha256").map_or(v.to_owned(), |(tag, _)| tag.to_owned());
    let mut changes = Vec::new();
    for (key, new) in &event.attributes {
        if let Some(field) = key.strip_suffix(".new") {
            let old = event.attribute(&format!("{field}.old"));
            let field = if field == "updatestate" { "update" } else { field };
            changes.push(if old.is_empty() {
                format!("{field} {}", short(new))
            } else {
                format!("{field} {} → {}", short(old), short(new))
            });
        }
    }
    match (&*event.action, changes.is_empty()) {
        ("update", true) => "spec updated".into(),
        ("create", true) => "created".into(),
        ("remove", true) => "removed".into(),
        (action, true) => action.into(),
        (_, false) => changes.join(", "),
    }
}
