//! Describe: everything about the selection on one page.

use ratatui::text::{Line, Span};

use super::{services, tasks};
use crate::{
    cluster::{Mode, Node, NodeId, Service, ServiceId, Subject, Task, TaskId, Timestamp},
    config::Slot,
    ui::{Board, widget::text},
};

/// The page's lines.
pub(super) fn lines(board: &Board, subject: &Subject, width: usize) -> Vec<Line<'static>> {
    let store = &board.scene.store;
    let mut page = Page { board, lines: Vec::new(), width };
    match subject {
        Subject::Service(id) => match store.service(id) {
            Some(service) => page.service(id, service),
            None => page.say("this service is gone"),
        },
        Subject::Node(id) => match store.node(id) {
            Some(node) => page.node(id, node),
            None => page.say("this node is gone"),
        },
        Subject::Task(id, _) => match store.task(id) {
            Some(task) => page.task(id, task),
            None => page.say("this task is gone: the manager keeps only the last few of a slot"),
        },
        Subject::Other => {}
    }
    page.lines
}

/// What dies with a node: in sentences first, then service by service.
pub(super) fn blast_lines(board: &Board, id: &NodeId, width: usize) -> Vec<Line<'static>> {
    let store = &board.scene.store;
    let mut page = Page { board, lines: Vec::new(), width };
    let Some(node) = store.node(id) else {
        page.say("this node is gone");
        return page.lines;
    };
    let blast = crate::triage::blast(store, node, board.scene.now);
    for said in blast.sentences() {
        page.field("", said);
    }
    if !blast.hits.is_empty() {
        page.head("Services with tasks there");
    }
    for hit in &blast.hits {
        let (slot, said) = if hit.nowhere {
            (Slot::Critical, "and no other node may run it")
        } else if hit.ends() {
            (Slot::Critical, "nothing is left until it is started elsewhere")
        } else {
            (Slot::Warn, "the rest carries the load")
        };
        page.styled(&hit.name, format!("loses {} of {}: {said}", hit.loses, hit.of), slot);
    }
    page.lines
}

/// Columns for the names of fields.
const NAMES: usize = 16;

struct Page<'a> {
    board: &'a Board,
    lines: Vec<Line<'static>>,
    /// Columns there are: what is longer goes on in the next line, never lost.
    width: usize,
}

impl Page<'_> {
    fn say(&mut self, said: &str) {
        self.lines.push(Line::styled(said.to_owned(), self.board.style(Slot::Dim)));
    }

    fn head(&mut self, name: &str) {
        self.lines.push(Line::default());
        self.lines.push(Line::styled(name.to_owned(), self.board.style(Slot::Title)));
    }

    fn field(&mut self, name: &str, value: impl AsRef<str>) {
        self.styled(name, value, Slot::Text);
    }

    fn styled(&mut self, name: &str, value: impl AsRef<str>, slot: Slot) {
        let value = text::clean(value.as_ref()).into_owned();
        if value.is_empty() {
            return;
        }
        let name = text::clean(name);
        let name = text::cut(&name, NAMES);
        let pad = NAMES.saturating_sub(text::width(&name));
        let mut label = format!("{}{name}  ", " ".repeat(pad));
        for line in text::wrapped(&value, self.width.saturating_sub(NAMES + 2).max(20)) {
            self.lines.push(Line::from(vec![
                Span::styled(label, self.board.style(Slot::Dim)),
                Span::styled(line.to_owned(), self.board.style(slot)),
            ]));
            label = " ".repeat(NAMES + 2);
        }
    }

    fn when(&self, at: Timestamp) -> String {
        if at.is_set() {
            format!("{} ({} ago)", at.date_clock(), text::age(at.age(self.board.scene.now)))
        } else {
            String::new()
        }
    }

    fn service(&mut self, id: &ServiceId, s: &Service) {
        let scene = &self.board.scene;
        let missing = scene.store.missing(s);
        self.field("name", &s.name);
        self.field("id", id.as_str());
        self.field("stack", s.stack.as_deref().unwrap_or(""));
        let mode = match s.mode {
            Mode::Replicated(n) => format!("replicated, {n} replicas"),
            Mode::ReplicatedJob { concurrent, total } => {
                format!("replicated job, {total} completions, {concurrent} at a time")
            }
            ref other => other.word().to_owned(),
        };
        self.field("mode", mode);
        let slot = if missing.none() { Slot::Ok } else { Slot::Critical };
        let state = match missing.job {
            Some((done, total)) => format!("{done} of {total} done, {} running", missing.running),
            None => format!("{} of {} running", missing.running, missing.desired),
        };
        self.styled("tasks", state, slot);
        self.field("image", &s.image);
        self.field("ports", services::ports(s));
        self.field("created", self.when(s.created));
        self.field("changed", self.when(s.updated));
        self.field("version", s.version.to_string());
        for problem in self.board.problems().to_vec() {
            if problem.subject == Subject::Service(id.clone()) && !problem.resolved.is_set() {
                self.styled("problem", &problem.message, super::problems::slot(problem.severity));
            }
        }
        self.head("Update");
        if let Some(update) = &s.update {
            self.field("state", update.state.word());
            self.field("message", &update.message);
            self.field("started", self.when(update.started));
            self.field("completed", self.when(update.completed));
        } else {
            self.field("state", "never updated");
        }
        let c = &s.update_config;
        let at_once = if c.parallelism == 0 {
            "all at once".into()
        } else {
            format!("{} at a time", c.parallelism)
        };
        self.field(
            "policy",
            format!(
                "{at_once}, {} s apart, {}, watched {} s, on failure {}",
                c.delay.as_secs_f64(),
                c.order,
                c.monitor.as_secs_f64(),
                c.on_failure
            ),
        );
        self.field(
            "rollback",
            if s.previous.is_some() { "possible (r)" } else { "no previous spec" },
        );
        self.head("Placement and resources");
        self.field(
            "constraints",
            if s.constraints.is_empty() { "none".into() } else { s.constraints.join(", ") },
        );
        if s.max_per_node > 0 {
            self.field("max per node", s.max_per_node.to_string());
        }
        let eligible =
            self.board.scene.store.nodes().filter(|n| crate::cluster::eligible(s, n)).count();
        self.field(
            "eligible",
            format!("{eligible} of {} nodes", self.board.scene.store.nodes().len()),
        );
        self.field("reserved", resources(s.reserved));
        self.field("limits", resources(s.limits));
        let network = |id: &std::sync::Arc<str>| {
            let known = self.board.scene.store.network(id).map(|n| n.name.to_string());
            known.unwrap_or_else(|| id.chars().take(12).collect())
        };
        let networks = s.networks.iter().map(network).collect::<Vec<_>>().join(", ");
        self.field("networks", networks);
        self.field(
            "mounts",
            s.mounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        );
        self.field("secrets", s.secrets.join(", "));
        self.field("configs", s.configs.join(", "));
        if !s.labels.is_empty() {
            self.head("Labels");
            for (key, value) in &s.labels {
                let secret = crate::cluster::looks_secret(key, value);
                let value = if secret { crate::cluster::HIDDEN } else { value };
                self.field("", format!("{key}={value}"));
            }
        }
        let mut live: Vec<&Task> = scene.store.tasks_of(id).filter(|t| t.is_live()).collect();
        live.sort_by_key(|t| (t.slot, t.node.clone()));
        self.head("Tasks");
        for task in live.iter().take(50) {
            self.task_line(task);
        }
        let mut failed: Vec<&Task> =
            scene.store.tasks_of(id).filter(|t| t.state.is_failure()).collect();
        if !failed.is_empty() {
            failed.sort_by_key(|t| std::cmp::Reverse(t.since));
            self.head("Last failures");
            for task in failed.iter().take(10) {
                self.task_line(task);
            }
        }
        self.history(&Subject::Service(id.clone()));
    }

    fn task_line(&mut self, task: &Task) {
        let store = &self.board.scene.store;
        let node = task.node.as_ref().map_or("", |n| store.hostname(n));
        let age = text::age(task.since.age(self.board.scene.now));
        let exit = task.exit_code.map_or(String::new(), |c| format!(" exit {c}"));
        let said = format!("{:<10} {age:>4}  {node}{exit}  {}", task.state.word(), task.err);
        self.styled(&store.task_name(task), said, tasks::slot(task, store));
    }

    fn node(&mut self, id: &NodeId, n: &Node) {
        let store = &self.board.scene.store;
        self.field("hostname", &n.hostname);
        self.field("id", id.as_str());
        let role = if n.is_leader() { "manager, leads" } else { n.role.word() };
        self.field("role", role);
        let slot = if n.is_up() { Slot::Ok } else { Slot::Critical };
        self.styled("status", format!("{} {}", n.state, n.message), slot);
        self.field("availability", n.availability.word());
        if let Some(manager) = &n.manager {
            self.field("reachability", manager.reachability.word());
            self.field("manager addr", &manager.addr);
        }
        self.field("address", &n.addr);
        self.field("engine", format!("{} on {} {}", n.engine, n.os, n.arch));
        self.field("joined", self.when(n.created));
        self.field("changed", self.when(n.updated));
        let t = store.node_tally(id);
        self.head("Capacity");
        self.field(
            "cpu",
            format!("{} of {} reserved", text::cpus(t.nano_cpus), text::cpus(n.nano_cpus)),
        );
        self.field(
            "memory",
            format!("{} of {} reserved", text::bytes(t.memory), text::bytes(n.memory)),
        );
        for (name, labels) in [("Labels", &n.labels), ("Engine labels", &n.engine_labels)] {
            if !labels.is_empty() {
                self.head(name);
                for (key, value) in labels {
                    self.field("", format!("{key}={value}"));
                }
            }
        }
        self.head("If it dies");
        for said in crate::triage::blast(store, n, self.board.scene.now).sentences() {
            self.field("", said);
        }
        let mut live: Vec<&Task> = store.tasks_on(id).filter(|t| t.is_live()).collect();
        live.sort_by_key(|t| store.task_name(t));
        self.head(&format!("Tasks here ({})", live.len()));
        for task in live.iter().take(100) {
            self.task_line(task);
        }
        self.history(&Subject::Node(id.clone()));
    }

    fn task(&mut self, id: &TaskId, t: &Task) {
        let store = &self.board.scene.store;
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
        self.field("container", t.container.as_deref().unwrap_or(""));
        self.head("By hand");
        self.field("", format!("docker inspect {id}"));
        if let Some(container) = &t.container {
            let short: String = container.chars().take(12).collect();
            self.field(&format!("on {node}"), format!("docker logs {short}"));
            self.field("", format!("docker exec -it {short} sh"));
        }
        self.history(&Subject::Task(id.clone(), t.service.clone()));
    }

    /// What the journal has about it, newest first.
    fn history(&mut self, subject: &Subject) {
        let about = |s: &Subject| match (s, subject) {
            (Subject::Task(_, of), Subject::Service(id)) => of == id,
            (a, b) => a == b,
        };
        let found: Vec<(String, String)> = self
            .board
            .scene
            .store
            .journal()
            .iter()
            .rev()
            .filter(|e| about(&e.subject))
            .take(15)
            .map(|e| (e.at.clock(), format!("{} {}", e.name, e.text)))
            .collect();
        if !found.is_empty() {
            self.head("Seen by skep");
            for (at, what) in found {
                self.field(&at, what);
            }
        }
    }
}

fn resources(r: crate::cluster::Resources) -> String {
    let mut parts = Vec::new();
    if r.nano_cpus > 0 {
        parts.push(format!("{} CPU", text::cpus(r.nano_cpus)));
    }
    if r.memory > 0 {
        parts.push(format!("{}iB memory", text::bytes(r.memory)));
    }
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}
