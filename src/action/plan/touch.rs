//! What a change does to running tasks, and what could go wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Change, Document,
    change::{image_of, replicas},
};
use crate::cluster::{Mode, Service, Store, UpdateState, eligible};

/// The outcome of looking ahead.
pub(super) struct Touched {
    pub text: String,
    pub warnings: Vec<String>,
    pub dangerous: bool,
}

pub(super) fn describe(
    document: &Document,
    after: &Value,
    change: &Change,
    store: &Store,
) -> Touched {
    if let Change::Node(change) = change {
        return change.touches(document, store);
    }
    let service = document.target.service().and_then(|id| store.service(id));
    let mut warnings = Vec::new();
    let mut dangerous = false;
    let (from, to) = (replicas(&document.spec), replicas(after));
    if let (Some(from), Some(0)) = (from, to)
        && from > 0
    {
        warnings.push("all replicas stop: the service will be gone for its users".into());
        dangerous = true;
    }
    if let Some(update) = service.and_then(|s| s.update.as_ref()) {
        if update.is_running() {
            warnings.push(format!(
                "an update is already running ({}): this starts a new one",
                update.state
            ));
        } else if update.state == UpdateState::Paused || update.state == UpdateState::RollbackPaused
        {
            warnings.push(format!("the last update is {}: {}", update.state, update.message));
        }
    }
    warnings.extend(dropped_digest(change, after));
    if let Some(image) = new_image(document, after)
        && !image.contains('@')
    {
        warnings
            .push(format!("{image} has no digest: nodes may run different images under one tag"));
    }
    if let (Some(service), Some(to)) = (service, to) {
        placement_warnings(service, after, to, from.unwrap_or(0), store, &mut warnings);
    }
    if *change == Change::Rollback && from != to {
        let (from, to) = (from.unwrap_or(0), to.unwrap_or(0));
        warnings.push(format!("the previous spec has {to} replicas, now there are {from}"));
    }
    Touched { text: text(document, after, service, store), warnings, dangerous }
}

fn new_image<'a>(document: &Document, after: &'a Value) -> Option<&'a str> {
    image_of(after).filter(|new| image_of(&document.spec) != Some(new))
}

/// Says so when what was typed kept the digest of the old tag.
fn dropped_digest(change: &Change, after: &Value) -> Option<String> {
    let asked = match change {
        Change::Image(image) => image,
        Change::Spec(spec) => image_of(spec)?,
        _ => return None,
    };
    let (_, digest) = asked.split_once('@').filter(|_| image_of(after) != Some(asked))?;
    let digest = digest.get(..19).unwrap_or(digest);
    Some(format!(
        "@{digest}… is left out: it is the old image's, which would run on under the new tag"
    ))
}

fn placement_warnings(
    service: &Service,
    after: &Value,
    to: u64,
    from: u64,
    store: &Store,
    warnings: &mut Vec<String>,
) {
    let placement = &after["TaskTemplate"]["Placement"];
    let mut wished = service.clone();
    wished.constraints = placement["Constraints"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(Into::into)
        .collect();
    let nodes = store.nodes().filter(|n| eligible(&wished, n)).count() as u64;
    if store.nodes().len() == 0 || to == 0 {
        return;
    }
    if nodes == 0 {
        let why = if wished.constraints.is_empty() {
            String::new()
        } else {
            format!(" meets {}", wished.constraints.join(", "))
        };
        warnings
            .push(format!("no node that is ready and active{why}: new tasks will stay pending"));
        return;
    }
    let per_node = placement["MaxReplicas"].as_u64().unwrap_or(0);
    if per_node > 0 && to > per_node.saturating_mul(nodes) {
        warnings.push(format!(
            "{to} replicas are more than the placement allows: {per_node} a node on {nodes} nodes is {}",
            per_node * nodes
        ));
    }
    let host_port = after["EndpointSpec"]["Ports"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|p| p["PublishMode"] == "host" && p["PublishedPort"].as_u64().unwrap_or(0) > 0);
    if host_port && to > nodes {
        warnings.push(format!("a host-mode port fits once a node: {to} replicas on {nodes} nodes"));
    }
    if to > from {
        reservation_warning(&wished, after, to - from, store, warnings);
    }
}

fn reservation_warning(
    service: &Service,
    after: &Value,
    more: u64,
    store: &Store,
    warnings: &mut Vec<String>,
) {
    let reserved = &after["TaskTemplate"]["Resources"]["Reservations"];
    let (cpu, memory) =
        (reserved["NanoCPUs"].as_u64().unwrap_or(0), reserved["MemoryBytes"].as_u64().unwrap_or(0));
    if cpu == 0 && memory == 0 {
        return;
    }
    let fits: u64 = store
        .nodes()
        .filter(|n| eligible(service, n))
        .map(|n| {
            let used = store.node_tally(&n.id);
            let room = |have: u64, used: u64, one: u64| {
                have.saturating_sub(used).checked_div(one).unwrap_or(u64::MAX)
            };
            room(n.nano_cpus, used.nano_cpus, cpu).min(room(n.memory, used.memory, memory))
        })
        .fold(0, u64::saturating_add);
    if fits < more {
        warnings.push(format!(
            "reservations leave room for {fits} more tasks, {more} are asked for: the rest will stay pending"
        ));
    }
}

/// What happens to the tasks, in words.
fn text(document: &Document, after: &Value, service: Option<&Service>, store: &Store) -> String {
    let Some(service) = service else { return "the service is not on the screen yet".into() };
    let on = nodes_of(service, store);
    let (from, to) = (replicas(&document.spec), replicas(after));
    // Only these two make the orchestrator replace a task (swarmkit `orchestrator/task.go`).
    let replaces = document.spec["TaskTemplate"] != after["TaskTemplate"]
        || document.spec["EndpointSpec"] != after["EndpointSpec"];
    let running = store.missing(service).running;
    let mut parts = Vec::new();
    if replaces {
        let config = &after["UpdateConfig"];
        let at_once = match config["Parallelism"].as_u64() {
            None => "1 at a time".to_owned(),
            Some(0) => "all at once".to_owned(),
            Some(n) => format!("{n} at a time"),
        };
        let order = config["Order"].as_str().filter(|o| !o.is_empty()).unwrap_or("stop-first");
        let delay = config["Delay"].as_u64().unwrap_or(0) / 1_000_000_000;
        let pause = if delay > 0 { format!(", {delay} s apart") } else { String::new() };
        let fails = config["FailureAction"].as_str().filter(|a| !a.is_empty()).unwrap_or("pause");
        parts.push(match service.mode {
            Mode::ReplicatedJob { .. } | Mode::GlobalJob => "the job runs anew".to_owned(),
            _ => format!(
                "{}, {at_once}{pause}, {order}; on failure: {fails}",
                count(running, "running task is replaced", "running tasks are replaced")
            ),
        });
    }
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            parts.push(match from - to {
                1 => format!("1 of {from} replicas stops"),
                n => format!("{n} of {from} replicas stop"),
            });
        }
        (Some(from), Some(to)) if to > from => {
            parts.push(count(to - from, "replica starts", "replicas start"));
        }
        _ => {}
    }
    if parts.is_empty() {
        return "no task is touched".into();
    }
    if !on.is_empty() {
        parts.push(format!("running on {on}"));
    }
    parts.join("; ")
}

/// `1 replica starts`, `2 replicas start`.
fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `node1 ×2, node3`, at most six named.
fn nodes_of(service: &Service, store: &Store) -> String {
    let mut count: BTreeMap<&str, u64> = BTreeMap::new();
    for task in store.tasks_of(&service.id).filter(|t| store.is_running(t)) {
        if let Some(node) = &task.node {
            *count.entry(store.hostname(node)).or_default() += 1;
        }
    }
    let mut names: Vec<String> = count
        .iter()
        .take(6)
        .map(|(name, n)| if *n > 1 { format!("{name} ×{n}") } else { (*name).to_owned() })
        .collect();
    if count.len() > 6 {
        names.push(format!("{} more", count.len() - 6));
    }
    names.join(", ")
}
