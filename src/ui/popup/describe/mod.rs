//! Describe: everything about the selection on one page. What the model has is told at once and stays
//! live; what only the object's document says joins it when that was read.

pub(in crate::ui) mod compare;
mod container;
mod machine;
pub(in crate::ui) mod node;
pub(in crate::ui) mod objects;
pub(in crate::ui) mod reach;
pub(in crate::ui) mod service;
pub(in crate::ui) mod task;
pub(in crate::ui) mod versions;

use std::time::Duration;

use ratatui::text::{Line, Span};

use serde_json::Value;

use crate::{
    cluster::{NodeId, Part, Subject, Task, Timestamp},
    config::Slot,
    text::exact,
    ui::{app::cluster::Cluster, chrome::unknown, popup, screen::tasks, widget::text},
};

/// The page's lines. `read` is the object's document, once it was read; secrets in it are shown only if
/// `reveal`.
pub(in crate::ui) fn lines(
    cluster: &Cluster,
    subject: &Subject,
    read: Option<&popup::DocumentResult>,
    reveal: bool,
    width: usize,
) -> Vec<Line<'static>> {
    let store = &cluster.model.store;
    let none = Value::Null;
    let document = read.and_then(|r| r.as_ref().ok()).map_or(&none, |document| &**document);
    let mut page = Sheet { cluster, document, reveal, lines: Vec::new(), width };
    match subject {
        Subject::Service(id) => match store.service(id) {
            Some(service) => page.service(id, service),
            None => page.say("this service is gone"),
        },
        Subject::Node(id) => match store.node(id) {
            Some(node) => page.node(id, node),
            None => page.say(&unknown(cluster, Part::Nodes).unwrap_or("this node is gone".into())),
        },
        Subject::Task(id, _) => match store.task(id) {
            Some(task) => page.task(id, task),
            None => page.say("this task is gone: the manager keeps only the last few of a slot"),
        },
        Subject::Network(id) => match store.network(id.as_str()) {
            Some(network) => page.network(network),
            None => page.gone(Part::Networks, "network"),
        },
        Subject::Secret(id) => match store.secret(id.as_str()) {
            Some(secret) => page.secret(secret),
            None => page.gone(Part::Secrets, "secret"),
        },
        Subject::Config(id) => match store.config(id.as_str()) {
            Some(config) => page.config(config),
            None => page.gone(Part::Configs, "config"),
        },
        Subject::Volume(name) => match store.relations().volume(name) {
            Some(volume) => page.volume(volume),
            None => page.say("no service mounts this volume any more"),
        },
        Subject::Stack(name) => match store.relations().stack(name) {
            Some(stack) => page.stack(stack),
            None => page.say("this stack has no services any more"),
        },
        Subject::Container(node, id) => page.container(node, id),
        Subject::Other => {}
    }
    match read {
        None => page.say("reading its document for the rest …"),
        Some(Err(why)) => {
            let why = text::clean(why).into_owned();
            page.say(&format!("its document can't be read: {why}"));
        }
        Some(Ok(_)) => {}
    }
    page.lines
}

/// Blast radius of a node: in sentences first, then service by service.
pub(in crate::ui) fn blast_lines(
    cluster: &Cluster,
    id: &NodeId,
    width: usize,
) -> Vec<Line<'static>> {
    let store = &cluster.model.store;
    let document = &Value::Null;
    let mut page = Sheet { cluster, document, reveal: false, lines: Vec::new(), width };
    let Some(node) = store.node(id) else {
        page.say("this node is gone");
        return page.lines;
    };
    let blast = crate::triage::blast(store, node);
    for said in blast.sentences() {
        page.field("", said);
    }
    if !blast.hits.is_empty() {
        page.head("Services with tasks there");
    }
    for hit in &blast.hits {
        let (slot, said) = if hit.nowhere && hit.ends() {
            (Slot::Critical, "it goes down, no other node may run it")
        } else if hit.nowhere {
            (Slot::Critical, "no other node may run what is there")
        } else if hit.global {
            (Slot::Dim, "one a node: it ends with it, and is not missed")
        } else if hit.ends() {
            (Slot::Critical, "nothing is left until it is started elsewhere")
        } else if hit.loses == 0 {
            (Slot::Dim, "another node may start them")
        } else {
            (Slot::Warn, "the rest carries the load")
        };
        page.styled(&hit.name, format!("{}: {said}", hit.figures()), slot);
    }
    page.lines
}

/// Columns for the names of fields.
const NAMES: usize = 16;

struct Sheet<'a> {
    cluster: &'a Cluster,
    /// The document as it was read, or null.
    document: &'a Value,
    /// Values that look secret are shown.
    reveal: bool,
    lines: Vec<Line<'static>>,
    /// Columns there are: what is longer goes on in the next line, never lost.
    width: usize,
}

impl Sheet<'_> {
    fn say(&mut self, said: &str) {
        for line in text::wrapped(said, self.width.max(20)) {
            self.lines.push(Line::styled(line.to_owned(), self.cluster.style(Slot::Dim)));
        }
    }

    fn head(&mut self, name: &str) {
        self.lines.push(Line::default());
        self.lines.push(Line::styled(name.to_owned(), self.cluster.style(Slot::Title)));
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
        // A name that does not fit beside its value stands above it, whole.
        let name = if text::width(&name) > NAMES {
            let whole = text::cut(&name, self.width.max(NAMES));
            self.lines.push(Line::styled(whole.into_owned(), self.cluster.style(Slot::Dim)));
            "".into()
        } else {
            name
        };
        let pad = NAMES.saturating_sub(text::width(&name));
        let mut label = format!("{}{name}  ", " ".repeat(pad));
        for line in text::wrapped(&value, self.width.saturating_sub(NAMES + 2).max(20)) {
            self.lines.push(Line::from(vec![
                Span::styled(label, self.cluster.style(Slot::Dim)),
                Span::styled(line.to_owned(), self.cluster.style(slot)),
            ]));
            label = " ".repeat(NAMES + 2);
        }
    }

    /// A value of an environment or a label, masked unless it is asked for.
    fn pair(&self, key: &str, value: &str) -> String {
        let secret = !self.reveal && crate::cluster::looks_secret(key, value);
        format!("{key}={}", if secret { crate::cluster::HIDDEN } else { value })
    }

    /// A problem it has, in the words of the Problems view.
    fn problems(&mut self, subject: &Subject) {
        for problem in self.cluster.problems().to_vec() {
            if problem.subject == *subject && problem.resolved.is_none() {
                let slot = crate::ui::screen::problems::words::slot(problem.severity);
                self.styled("problem", &problem.message, slot);
                self.styled("", &problem.why, Slot::Dim);
            }
        }
    }

    fn when(&self, at: impl Into<Option<Timestamp>>) -> String {
        let Some(at) = at.into() else { return String::new() };
        let now = self.cluster.model.now;
        let away = match at > now {
            true => format!("in {}", text::age(now.age(at))),
            false => format!("{} ago", text::age(at.age(now))),
        };
        format!("{} ({away})", at.date_clock())
    }

    fn task_line(&mut self, task: &Task) {
        let store = &self.cluster.model.store;
        let node = task.node.as_ref().map_or("", |n| store.hostname(n));
        let age = self.cluster.model.age(task.since);
        let exit = task.exit_code.map_or(String::new(), |c| format!(" exit {c}"));
        let said = format!("{:<10} {age:>4}  {node}{exit}  {}", task.state.word(), task.err);
        self.styled(&store.task_name(task), said, tasks::slot(task, store));
    }

    /// Journal entries about it, newest first.
    fn history(&mut self, subject: &Subject) {
        let about = |s: &Subject| match (s, subject) {
            (Subject::Task(_, of), Subject::Service(id)) => of == id,
            (a, b) => a == b,
        };
        let found: Vec<(String, String)> = self
            .cluster
            .model
            .store
            .journal()
            .iter()
            .rev()
            .filter(|e| about(&e.subject))
            .take(15)
            .map(|e| (e.at.clock(), format!("{} {}", e.name, e.said())))
            .collect();
        if !found.is_empty() {
            self.head("Seen by skep");
            for (at, what) in found {
                self.field(&at, what);
            }
        }
    }
}

/// A text of a document.
fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Nanoseconds in words: `5s`, `1m30s`.
fn span(value: &Value) -> String {
    exact(Duration::from_nanos(value.as_u64().unwrap_or(0)))
}

/// The words of a list, apart by spaces.
fn words(value: &Value) -> String {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" ")
}
