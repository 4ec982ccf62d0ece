//! Journal entries for changes of the store.

use crate::cluster::{
    EngineEvent, Gravity, Node, NodeId, NodeState, Reachability, Service, ServiceId, Store,
    Subject, Task, TaskState, Timestamp, changes,
    journal::{Entry, Meaning, NewEntry},
};

/// Number of past failures that go into the journal: the newest ones.
const REMEMBERED: usize = 4_000;

impl Store {
    pub(in crate::cluster) fn journal_node(&mut self, before: &Node, after: &Node, at: Timestamp) {
        let mut say = |text: String, gravity, meaning| {
            let subject = Subject::Node(after.id.clone());
            let name = &*after.hostname;
            self.tell(
                at,
                NewEntry { kind: "node", name, text, subject, gravity, meaning, who: None },
            );
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
            let meaning = match after.state {
                NodeState::Down | NodeState::Disconnected => Meaning::NodeLost,
                NodeState::Ready => Meaning::NodeBack,
                _ => Meaning::Other,
            };
            say(format!("{} → {}{why}", before.state, after.state), gravity, meaning);
        }
        if before.availability != after.availability {
            say(
                format!("availability {} → {}", before.availability, after.availability),
                Gravity::Note,
                Meaning::Other,
            );
        }
        if before.role != after.role {
            say(format!("role {} → {}", before.role, after.role), Gravity::Note, Meaning::Other);
        }
        if after.is_leader() && !before.is_leader() {
            say("now leads the managers".into(), Gravity::Note, Meaning::Leader);
        }
        if let (Some(b), Some(a)) = (&before.manager, &after.manager)
            && b.reachability != a.reachability
        {
            let gravity = if a.reachability == Reachability::Reachable {
                Gravity::Good
            } else {
                Gravity::Bad
            };
            let text = format!("manager {} → {}", b.reachability, a.reachability);
            say(text, gravity, Meaning::Other);
        }
    }

    pub(in crate::cluster) fn journal_service(
        &mut self,
        before: &Service,
        after: &Service,
        at: Timestamp,
    ) {
        let said = changes(&before.spec, &after.spec);
        if said.is_empty() {
            return;
        }
        // A rollback by the engine is no user's change, but a step of the update that failed.
        let undone = after.was_undone();
        let began = after.update.as_ref().filter(|_| !undone).and_then(|update| update.started);
        let told = began.or(after.updated).filter(|told| *told <= at);
        let said = said.join(", ");
        let text = if undone { format!("rolled back by the engine: {said}") } else { said };
        let (gravity, meaning) =
            if undone { (Gravity::Bad, Meaning::Other) } else { (Gravity::Note, Meaning::Change) };
        let subject = Subject::Service(after.id.clone());
        self.tell(
            told.unwrap_or(at),
            NewEntry {
                kind: "service",
                name: &after.name,
                text,
                subject,
                gravity,
                meaning,
                who: None,
            },
        );
    }

    /// Adds what the manager still remembers of the time before skep connected: failed tasks, and
    /// the last update of each service.
    pub(in crate::cluster) fn remember(&mut self) {
        let mut past = Vec::new();
        let mut entry = |at: Timestamp, kind: &str, name: &str, text: String, subject, meaning| {
            let gravity = if meaning == Meaning::Failure { Gravity::Bad } else { Gravity::Note };
            let (kind, name, text) = (kind.into(), name.into(), text.into());
            past.push(Entry {
                seq: 0,
                kept: false,
                at,
                kind,
                name,
                text,
                subject,
                gravity,
                meaning,
                who: None,
            });
        };
        let failed = self.tasks().filter(|t| t.state.is_failure());
        let mut failed: Vec<(Timestamp, &Task)> =
            failed.filter_map(|t| Some((t.since?, t))).collect();
        failed.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
        failed.truncate(REMEMBERED);
        for (since, task) in failed {
            let (text, _) = self.task_text(None, task);
            let subject = Subject::Task(task.id.clone(), task.service.clone());
            entry(since, "task", &self.task_name(task), text, subject, Meaning::Failure);
        }
        for service in self.services() {
            let Some(update) = &service.update else { continue };
            let subject = Subject::Service(service.id.clone());
            let said = service.last_changes();
            let undone = update.is_rollback();
            if let Some(started) = update.started
                && !said.is_empty()
                && !undone
            {
                let text = said.join(", ");
                entry(started, "service", &service.name, text, subject.clone(), Meaning::Change);
            }
            if let Some(completed) = update.completed {
                let text = format!("update {}", update.state);
                entry(completed, "service", &service.name, text, subject, Meaning::Update);
            }
        }
        self.recall(past);
    }

    fn task_text(&self, before: Option<&TaskState>, task: &Task) -> (String, Gravity) {
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
        (text, gravity)
    }

    pub(in crate::cluster) fn journal_task(
        &mut self,
        before: Option<&TaskState>,
        task: &Task,
        at: Timestamp,
    ) {
        let (text, gravity) = self.task_text(before, task);
        let name = self.task_name(task);
        let subject = Subject::Task(task.id.clone(), task.service.clone());
        let failed = task.state.is_failure();
        let meaning = if failed { Meaning::Failure } else { Meaning::Other };
        self.tell(
            task.since.filter(|since| *since <= at).unwrap_or(at),
            NewEntry { kind: "task", name: &name, text, subject, gravity, meaning, who: None },
        );
    }

    pub(in crate::cluster) fn note_event(&mut self, event: EngineEvent) {
        // Node and service states are journalled from what the lists say, once; an event that only
        // repeats it would be a second line for one fact.
        let subject = match &*event.kind {
            "service" => Subject::Service(ServiceId::from(event.id.clone())),
            "node" => Subject::Node(NodeId::from(event.id.clone())),
            _ => Subject::Other,
        };
        let update_only = &*event.action == "update";
        if &*event.kind == "node" && update_only {
            return;
        }
        let text = event_text(&event);
        // A change of a spec is told from the lists, with every field; here only how its update goes.
        if &*event.kind == "service" && update_only && text.is_empty() {
            return;
        }
        let gravity = match event.attribute("updatestate.new") {
            "paused" | "rollback_paused" | "rollback_started" => Gravity::Bad,
            "completed" | "rollback_completed" => Gravity::Good,
            _ => Gravity::Note,
        };
        let name = match event.attribute("name") {
            "" => event.id.chars().take(12).collect(),
            name => name.to_owned(),
        };
        let meaning = match (&*event.kind, update_only) {
            ("service", true) => Meaning::Update,
            // What is gone needs no memory.
            ("service", false) if &*event.action != "remove" => Meaning::Change,
            _ => Meaning::Other,
        };
        let kind = &*event.kind;
        self.tell(
            event.at,
            NewEntry { kind, name: &name, text, subject, gravity, meaning, who: None },
        );
    }
}

/// `update started`, or the plain action; nothing where lists have the details.
fn event_text(event: &EngineEvent) -> String {
    match (&*event.action, event.attribute("updatestate.new")) {
        ("update", "") if &*event.kind == "service" => String::new(),
        ("update", "") => "updated".into(),
        ("create", _) => "created".into(),
        ("remove", _) => "removed".into(),
        ("update", state) => match event.attribute("updatestate.old") {
            "" => format!("update {state}"),
            old => format!("update {old} → {state}"),
        },
        (action, _) => action.into(),
    }
}
