//! Changes to a node, their effect on its spec, and their risks.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Document, touch::Preview};
use crate::{
    cluster::{
        Availability, Leaving, Mode, Node, NodeState, Role, Service, Store, eligible, leaving,
        needed,
    },
    text::{count, quote},
};

/// A change to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeChange {
    /// Whether the scheduler may use it.
    Availability(Availability),
    /// Manager or worker.
    Role(Role),
    /// All its labels.
    Labels(BTreeMap<String, String>),
    /// Out of the Swarm.
    Remove,
}

impl NodeChange {
    /// `drain`, `promote`, …
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Availability(Availability::Drain) => "drain",
            Self::Availability(Availability::Pause) => "pause",
            Self::Availability(_) => "activate",
            Self::Role(Role::Manager) => "promote",
            Self::Role(_) => "demote",
            Self::Labels(_) => "label",
            Self::Remove => "remove",
        }
    }

    /// The spec after this change.
    pub(super) fn apply(&self, document: &Document) -> Result<Value, String> {
        let mut spec = document.spec.clone();
        match self {
            Self::Availability(to) => {
                if spec["Availability"] == to.word() {
                    return Err(format!("its availability is {to} already"));
                }
                spec["Availability"] = to.word().into();
            }
            Self::Role(to) => {
                if spec["Role"] == to.word() {
                    return Err(format!("it is a {to} already"));
                }
                spec["Role"] = to.word().into();
            }
            Self::Labels(labels) => {
                let now = spec["Labels"].as_object().cloned().unwrap_or_default();
                let wished = json!(labels);
                if wished.as_object() == Some(&now) {
                    return Err("no label was changed".into());
                }
                spec["Labels"] = wished;
            }
            Self::Remove => spec = Value::Null,
        }
        Ok(spec)
    }

    /// Reason to refuse the change because the Swarm would be damaged.
    pub(super) fn refuses(&self, document: &Document, store: &Store) -> Option<String> {
        let node = node(document, store)?;
        match self {
            Self::Role(Role::Worker) => {
                let after = store.quorum().without(&node.id);
                let (left, all, needed) = (after.kept(), after.total(), after.needed());
                if all == 0 {
                    Some("it is the last manager: promote another one first".into())
                } else if left < needed {
                    Some(format!(
                        "the Swarm would lose its quorum: {left} of {all} managers reachable, {needed} \
                         needed"
                    ))
                } else {
                    None
                }
            }
            // One that has no vote any more is removed as any node, whatever its role says: so are the old
            // managers after `--force-new-cluster` (swarmkit `controlapi/node.go`, as docker).
            Self::Remove if node.manager.is_some() => {
                Some("it is a manager: demote it first".into())
            }
            // The engine refuses those that are ready, and no others.
            Self::Remove if node.state == NodeState::Ready => Some(
                "it is ready: drain it, run 'docker swarm leave' there or shut its engine down, and \
                 then remove it"
                    .into(),
            ),
            _ => None,
        }
    }

    /// Its effects and risks.
    pub(super) fn touches(&self, document: &Document, store: &Store) -> Preview {
        let mut touched = Preview {
            text: String::new(),
            warnings: Vec::new(),
            dangerous: false,
            leaving: Vec::new(),
        };
        let Some(node) = node(document, store) else {
            touched.text = "the node is not on the screen yet".into();
            return touched;
        };
        let tasks = tasks_on(node, store);
        match self {
            Self::Availability(Availability::Drain) => {
                let others = store.nodes().filter(|n| n.id != node.id && is_open(n)).count();
                touched.leaving = leaving(store, node);
                touched.text = leave(&touched.leaving);
                if tasks > 0 && others == 0 {
                    touched.warnings.push(
                        "no other node is ready and active: everything on it stops for good".into(),
                    );
                    touched.dangerous = true;
                }
                // A drain is mostly the beginning of switching it off.
                let after = store.quorum().losing(&node.id);
                if store.quorum().keeps(&node.id) && after.spare().is_none() {
                    touched.warnings.push(format!(
                        "it stays a manager and is needed: without it {} of {} managers are left, {} needed",
                        after.kept(),
                        after.total(),
                        after.needed()
                    ));
                }
            }
            Self::Availability(Availability::Pause) => {
                touched.text = "no task is touched; new ones go elsewhere".into();
            }
            Self::Availability(_) => {
                let back = match global_missing(node, store) {
                    0 => "no task is touched".to_owned(),
                    n => count(
                        n,
                        "task of a global service starts",
                        "tasks of global services start",
                    ),
                };
                touched.text = format!(
                    "{back}; new ones may come. Those that left stay where they are until their \
                     service is updated (force does that)"
                );
            }
            Self::Role(Role::Manager) => {
                let now = store.quorum();
                let (all, kept) = (now.total(), now.kept());
                touched.text = format!(
                    "no task is touched; managers {all} → {}: {}",
                    all + 1,
                    tolerance((kept + 1).checked_sub(needed(all + 1)))
                );
                if !node.is_up() {
                    touched.warnings.push(format!(
                        "it is {}: a manager that can't be reached weakens the quorum",
                        node.state
                    ));
                    touched.dangerous = true;
                }
                if (all + 1) % 2 == 0 {
                    touched.warnings.push(format!(
                        "{} managers tolerate no more failures than {all}: an odd number is better",
                        all + 1
                    ));
                }
            }
            Self::Role(_) => {
                let after = store.quorum().without(&node.id);
                let (left, all) = (after.kept(), after.total());
                touched.text = format!(
                    "no task is touched; managers {} → {all}: {}",
                    all + 1,
                    tolerance(after.spare())
                );
                if after.spare() == Some(0) {
                    touched.warnings.push(format!(
                        "quorum holds with {left} of {all} managers, and tolerates no further failure"
                    ));
                    touched.dangerous = true;
                }
                if node.is_leader() {
                    touched
                        .warnings
                        .push("it leads: nothing can be changed until another is elected".into());
                }
                if *node.hostname == *store.info().manager {
                    touched
                        .warnings
                        .push("skep is connected to it, and will switch to another manager".into());
                }
            }
            Self::Labels(labels) => {
                touched.text = "no task is touched, unless a constraint names these labels".into();
                relabelled(node, labels, store, &mut touched);
            }
            Self::Remove if node.never_joined() => {
                touched.text = "the Swarm forgets the entry; nothing ever ran there".into();
            }
            Self::Remove => {
                let listed = store.tasks_on(&node.id).filter(|t| !t.state.is_terminal()).count();
                touched.text = match listed {
                    0 => "the Swarm forgets it; its containers, if any are left, stay there".into(),
                    n => format!(
                        "the Swarm forgets it and gives up {} that it last reported",
                        count(n, "task", "tasks")
                    ),
                };
                if node.is_up() {
                    touched.warnings.push(format!(
                        "it is {}: if it still runs, its tasks go on there and others are started \
                         beside them; if it may come back, wait until it is down",
                        node.state
                    ));
                }
                touched.dangerous = true;
            }
        }
        touched
    }

    /// The `docker` command that does the same.
    pub(super) fn command(&self, name: &str, before: &Value) -> String {
        let name = quote(name);
        match self {
            Self::Availability(to) => format!("docker node update --availability {to} {name}"),
            Self::Role(Role::Manager) => format!("docker node promote {name}"),
            Self::Role(_) => format!("docker node demote {name}"),
            Self::Labels(labels) => {
                let had = before["Labels"].as_object();
                let old = |key: &str| had.and_then(|map| map.get(key)).and_then(Value::as_str);
                let gone = had.into_iter().flatten().filter(|(key, _)| !labels.contains_key(*key));
                let gone = gone.map(|(key, _)| format!("--label-rm {} ", quote(key)));
                let come = labels.iter().filter(|(k, v)| old(k) != Some(v));
                let come =
                    come.map(|(k, v)| format!("--label-add {} ", quote(&format!("{k}={v}"))));
                let flags: String = gone.chain(come).collect();
                format!("docker node update {flags}{name}")
            }
            Self::Remove => format!("docker node rm {name}"),
        }
    }
}

/// Tasks that would go there no more or may now.
fn relabelled(
    node: &Node,
    labels: &BTreeMap<String, String>,
    store: &Store,
    touched: &mut Preview,
) {
    let mut after = node.clone();
    after.labels = labels.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect();
    let here = |id| store.tasks_on(&node.id).any(|t| t.service == id && t.is_live());
    let mut leaving: Vec<&str> = store
        .services()
        .filter(|s| !s.constraints.is_empty() && eligible(s, node) && !eligible(s, &after))
        .filter(|s| here(s.id.clone()))
        .map(|s| &*s.name)
        .collect();
    leaving.sort_unstable();
    if !leaving.is_empty() {
        touched.warnings.push(format!(
            "constraints would not let it run {} any more: the Swarm stops those tasks",
            leaving.join(", ")
        ));
        touched.dangerous = true;
    }
}

fn node<'s>(document: &Document, store: &'s Store) -> Option<&'s Node> {
    document.target.node().and_then(|id| store.node(id))
}

fn is_open(node: &Node) -> bool {
    node.state == NodeState::Ready && node.availability == Availability::Active
}

/// Effect of a drain on the node's tasks, in words: not all of them move.
fn leave(leaving: &[Leaving]) -> String {
    let sum = |of: fn(&Leaving) -> u64| leaving.iter().map(of).sum::<u64>();
    let mut parts = Vec::new();
    match sum(Leaving::moves) {
        0 => {}
        1 => parts.push("1 task stops, and starts on another node".to_owned()),
        n => parts.push(format!("{n} tasks stop, and start on other nodes")),
    }
    match sum(|l| l.homeless) {
        0 => {}
        1 => parts.push("1 task stops and fits on no other node".to_owned()),
        n => parts.push(format!("{n} tasks stop and fit on no other node")),
    }
    match sum(|l| if l.global { l.tasks } else { 0 }) {
        0 => {}
        1 => parts.push("1 task of a global service ends".to_owned()),
        n => parts.push(format!("{n} tasks of global services end")),
    }
    if parts.is_empty() {
        parts.push("no task runs there".to_owned());
    }
    match sum(|l| l.waiting) {
        0 => {}
        1 => parts.push("1 task waits there for its next start, and moves then".to_owned()),
        n => parts.push(format!("{n} tasks wait there for their next start, and move then")),
    }
    parts.join("; ")
}

/// Global services that a node has no task of and would get one once it is active.
fn global_missing(node: &Node, store: &Store) -> usize {
    let active = Node { availability: Availability::Active, ..node.clone() };
    let missing = |service: &&Service| {
        let has_one = store.tasks_on(&node.id).any(|t| t.service == service.id && t.is_wanted());
        service.mode == Mode::Global && eligible(service, &active) && !has_one
    };
    store.services().filter(missing).count()
}

fn tasks_on(node: &Node, store: &Store) -> usize {
    store.tasks_on(&node.id).filter(|t| t.is_live() && t.is_wanted()).count()
}

/// Number of further managers that may fail without losing quorum.
fn tolerance(spare: Option<usize>) -> String {
    match spare {
        None | Some(0) => "the Swarm then tolerates no failure".into(),
        Some(1) => "the Swarm then tolerates one failure".into(),
        Some(n) => format!("the Swarm then tolerates {n} failures"),
    }
}

/// Reads labels as they are typed: `zone=a disk="fast ssd" gpu=`.
///
/// # Errors
/// What is wrong, for the user.
pub fn parse_labels(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                if let (Some(word), Some(c)) = (words.last_mut(), chars.next()) {
                    word.push(c);
                }
            }
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    if quoted {
        return Err("a quote is not closed".into());
    }
    let mut labels = BTreeMap::new();
    for word in words.into_iter().filter(|w| !w.is_empty()) {
        let (key, value) = word.split_once('=').unwrap_or((&word, ""));
        if key.is_empty() {
            return Err(format!("'{word}' has no key: write key=value"));
        }
        if labels.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("{key} is there twice"));
        }
    }
    Ok(labels)
}

/// Labels as [`parse_labels`] reads them.
pub fn labels_text<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let word = |(key, value): (&str, &str)| {
        let pair = format!("{key}={value}");
        if pair.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\') {
            format!("\"{}\"", pair.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            pair
        }
    };
    labels.map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_they_are_written() {
        let odd = [("zone", "a"), ("note", "a \"b\" \\ c"), ("gpu", "")];
        let labels = parse_labels(&labels_text(odd.into_iter())).unwrap();
        let read: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(read, [("gpu", ""), ("note", "a \"b\" \\ c"), ("zone", "a")]);
        assert!(parse_labels("").unwrap().is_empty());
        assert_eq!(parse_labels("  a=1   b ").unwrap().len(), 2);
        for bad in ["=x", "a=1 a=2", "a=\"b"] {
            assert!(parse_labels(bad).is_err(), "{bad}");
        }
    }
}
