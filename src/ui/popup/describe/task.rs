//! A task: its whole life with times, where it is, and how to go on by hand.

use serde_json::Value;

use crate::{
    cluster::{Subject, Task, TaskId, Timestamp},
    config::Slot,
    text::quote,
    ui::{
        popup::describe::{Sheet, text_of},
        screen::tasks,
        widget::text,
    },
};

impl Sheet<'_> {
    pub(in crate::ui) fn task(&mut self, id: &TaskId, t: &Task) {
        let store = &self.cluster.model.store;
        self.field("name", store.task_name(t));
        self.field("id", id.as_str());
        self.field("service", store.service(&t.service).map_or("", |s| &*s.name));
        let node = t.node.as_ref().map_or("not placed yet", |n| store.hostname(n));
        self.field("node", node);
        self.styled("state", t.state.word(), tasks::slot(t, store));
        self.field("desired", t.desired.word());
        self.field("since", self.when(t.since));
        self.field("created", self.when(t.created));
        self.field("image", &t.spec.image);
        self.field("message", &t.message);
        self.styled("error", &t.err, Slot::Critical);
        self.field("exit code", t.exit_code.map_or(String::new(), |c| c.to_string()));
        self.problems(&Subject::Service(t.service.clone()));
        self.life(id, t);
        self.attached();
        self.attempts(id, t);
        self.by_hand(id, t, node);
    }

    /// History of a task, as far as it was observed or is remembered.
    fn life(&mut self, id: &TaskId, t: &Task) {
        let store = &self.cluster.model.store;
        self.head("Life");
        let mut steps: Vec<(Timestamp, String)> = store
            .journal()
            .iter()
            .filter(|e| matches!(&e.subject, Subject::Task(of, _) if of == id))
            .map(|e| (e.at, e.said().into_owned()))
            .collect();
        steps.extend(t.created.map(|at| (at, "created".to_owned())));
        let untold = t.since.filter(|since| !steps.iter().any(|(at, _)| at == since));
        steps.extend(untold.map(|at| (at, format!("→ {}", t.state))));
        steps.sort_by_key(|(at, _)| *at);
        let mut before: Option<Timestamp> = None;
        for (at, what) in steps {
            let after = before.map_or(String::new(), |b| format!("  +{}", text::age(b.age(at))));
            self.field(&at.clock(), format!("{what}{after}"));
            before = Some(at);
        }
        if let Some(since) = t.since.filter(|_| !t.state.is_terminal()) {
            self.say(&format!(
                "{:>16}  {} for {}",
                "",
                t.state,
                text::age(since.age(self.cluster.model.now))
            ));
        }
    }

    /// Where others find it.
    fn attached(&mut self) {
        let attachments = self.document["NetworksAttachments"].as_array();
        let found: Vec<(String, String)> = attachments
            .into_iter()
            .flatten()
            .map(|a| {
                let name = text_of(&a["Network"]["Spec"]["Name"]).to_owned();
                let addresses = a["Addresses"].as_array().into_iter().flatten();
                let addresses: Vec<&str> = addresses.filter_map(Value::as_str).collect();
                (name, addresses.join(", "))
            })
            .collect();
        if found.is_empty() {
            return;
        }
        self.head("Networks");
        for (name, addresses) in found {
            self.field(&name, addresses);
        }
    }

    /// The tasks that had its place before, or have it now.
    fn attempts(&mut self, id: &TaskId, t: &Task) {
        let store = &self.cluster.model.store;
        let same = |other: &Task| match t.slot {
            0 => other.slot == 0 && other.node == t.node,
            slot => other.slot == slot,
        };
        let mut others: Vec<&Task> =
            store.tasks_of(&t.service).filter(|o| o.id != *id && same(o)).collect();
        if others.is_empty() {
            return;
        }
        others.sort_by_key(|o| std::cmp::Reverse(o.since));
        self.head("Others in its slot");
        for task in others.iter().take(10) {
            self.task_line(task);
        }
    }

    /// The commands to go on with.
    fn by_hand(&mut self, id: &TaskId, t: &Task, node: &str) {
        let store = &self.cluster.model.store;
        // Whoever named the service must not write the command.
        let service = quote(store.service(&t.service).map_or(t.service.as_str(), |s| &*s.name));
        let id = quote(id.as_str());
        self.head("By hand");
        self.field("on a manager", format!("docker inspect --type task {id}"));
        self.field("", format!("docker service ps --no-trunc {service}"));
        self.field("", format!("docker service logs --raw {id}"));
        if let Some(container) = &t.container {
            let short: String = container.chars().take(12).collect();
            self.field("container", &**container);
            self.field(&format!("on {node}"), format!("docker inspect {short}"));
            self.field("", format!("docker logs --tail 100 {short}"));
            if !t.state.is_terminal() {
                self.field("", format!("docker exec -it {short} sh"));
                self.field("", format!("docker stats --no-stream {short}"));
                self.field("", format!("docker top {short}"));
            }
        }
    }
}
