//! Effects of a change on running tasks, and its risks.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    Change, Document,
    change::{image_of, replicas},
    reruns::{early_end, of_idle_slots, of_job, of_paused_update, of_rollback},
};
use crate::{
    cluster::{
        Leaving, Resources, Service, Store, Task, UpdateState, eligible, no_room_beside, unmet,
    },
    text::{count, exact},
};

/// The outcome of looking ahead.
pub(super) struct Preview {
    pub text: String,
    pub warnings: Vec<String>,
    pub dangerous: bool,
    /// For a drain: what becomes of the tasks on the node.
    pub leaving: Vec<Leaving>,
}

pub(super) fn describe(
    document: &Document,
    after: &Value,
    change: &Change,
    store: &Store,
) -> Preview {
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
        let idle = service.filter(|s| running(s, store) == 0);
        let rests = idle.map(|s| store.missing(s)).filter(|m| m.none()).map(|m| m.rests);
        match rests {
            // Its work is done: nobody is served by it.
            Some(rests) if rests.waiting > 0 => warnings.push("its next run will not start".into()),
            Some(rests) if rests.done > 0 => {}
            _ => {
                warnings.push("all replicas stop: the service will be gone for its users".into());
                dangerous = true;
            }
        }
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
    if let Some(service) = service {
        let replaces = replaces(document, after);
        if let Some(old) = of_paused_update(service, store).filter(|_| !replaces) {
            warnings.push(format!(
                "this resumes the paused update: {} of the old spec {} replaced",
                count(old, "running task", "running tasks"),
                if old == 1 { "is" } else { "are" },
            ));
            dangerous = true;
        }
        if let Some(job) = of_job(service, to, store) {
            warnings.extend(job.warning);
        } else if replaces {
            warnings.extend(of_idle_slots(service, running(service, store), store).warning);
            if *change != Change::Rollback {
                warnings.extend(early_end(&after["UpdateConfig"], service, store));
            }
        } else if *change == Change::Rollback {
            warnings.extend(of_rollback(service, store).warning);
        }
    }
    warnings.extend(dropped_digest(change, after));
    // A deploy tells it of all its services together.
    if !matches!(change, Change::Deploy(_))
        && let Some(image) = new_image(document, after)
        && !image.contains('@')
    {
        warnings
            .push(format!("{image} has no digest: nodes may run different images under one tag"));
    }
    if let Some(service) = service.filter(|_| replaces(document, after)) {
        warnings.extend(never_ends(service, after, change, store));
    }
    if let (Some(service), Some(to)) = (service, to) {
        placement_warnings(service, after, to, from.unwrap_or(0), store, &mut warnings);
    }
    if let Some(service) = service.filter(|s| *change == Change::Rollback && s.was_rolled_back()) {
        let failed = store.failed_before_rollback(service).map_or(String::new(), |task| {
            format!(
                ", and its tasks failed ({})",
                if task.err.is_empty() { task.state.word() } else { &task.err }
            )
        });
        warnings.push(format!("the last rollback left this spec: this returns to it{failed}"));
    }
    if *change == Change::Rollback && from != to {
        let (from, to) = (from.unwrap_or(0), to.unwrap_or(0));
        warnings.push(format!("the previous spec has {to} replicas, now there are {from}"));
    }
    Preview {
        text: text(document, after, change, service, store),
        warnings,
        dangerous,
        leaving: Vec::new(),
    }
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
    let wished = wished(service, after);
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

/// The service as far as placement goes, once it has this spec; of its host ports those that its tasks
/// hold already.
fn wished(service: &Service, after: &Value) -> Service {
    let template = &after["TaskTemplate"];
    let mut wished = service.clone();
    let constraints = template["Placement"]["Constraints"].as_array().into_iter().flatten();
    wished.constraints = constraints.filter_map(Value::as_str).map(Into::into).collect();
    wished.max_per_node = template["Placement"]["MaxReplicas"].as_u64().unwrap_or(0);
    wished.reserved = reserved(&template["Resources"]["Reservations"]);
    let ports = after["EndpointSpec"]["Ports"].as_array();
    let published = |port: u32| {
        let mut asked = ports.into_iter().flatten();
        asked
            .any(|p| p["PublishMode"] == "host" && p["PublishedPort"].as_u64() == Some(port.into()))
    };
    wished.ports.retain(|p| published(p.published));
    wished
}

/// An update that could never replace a task.
fn never_ends(service: &Service, after: &Value, change: &Change, store: &Store) -> Option<String> {
    let mut wished = wished(service, after);
    let order = after[policy(change)]["Order"].as_str().filter(|order| !order.is_empty());
    wished.update_config.order = order.unwrap_or("stop-first").into();
    let why = no_room_beside(&wished, store)?.why();
    Some(format!("start-first never gets on here: {why}. Order stop-first does"))
}

/// The policy that the engine replaces tasks by.
fn policy(change: &Change) -> &'static str {
    if *change == Change::Rollback { "RollbackConfig" } else { "UpdateConfig" }
}

/// Whether the orchestrator replaces tasks: only these two make it (swarmkit `orchestrator/task.go`).
fn replaces(document: &Document, after: &Value) -> bool {
    document.spec["TaskTemplate"] != after["TaskTemplate"] || moves_endpoint(document, after)
}

fn moves_endpoint(document: &Document, after: &Value) -> bool {
    document.spec["EndpointSpec"] != after["EndpointSpec"]
}

/// Running tasks that are not yet as the spec will be: half of an update that was paused are still as
/// they were before it.
fn replaced(document: &Document, after: &Value, service: &Service, store: &Store) -> u64 {
    let before = document.previous.as_ref().map(|previous| &previous["TaskTemplate"]);
    let kept = service
        .previous_template
        .filter(|_| before == Some(&after["TaskTemplate"]) && !moves_endpoint(document, after));
    let running = store.tasks_of(&service.id).filter(|t| store.is_running(t) && t.is_wanted());
    let constrained = only_placement(document, after).then(|| wished(service, after));
    let stays = |task: &Task| {
        Some(task.spec.template) == kept
            || constrained.as_ref().is_some_and(|wished| {
                let node = task.node.as_ref().and_then(|node| store.node(node));
                let fits = node.is_some_and(|node| unmet(&wished.constraints, node).is_none());
                fits && task.spec.template == service.template
            })
    };
    running.filter(|task| !stays(task)).count() as u64
}

/// Whether the templates differ in their placement and in nothing else: then the orchestrator keeps tasks
/// whose node meets the constraints, whatever else of the spec differs (measured; swarmkit
/// `orchestrator/task.go`).
fn only_placement(document: &Document, after: &Value) -> bool {
    let without = |spec: &Value| {
        let mut template = spec["TaskTemplate"].clone();
        template["Placement"] = Value::Null;
        template
    };
    let placement = |spec: &Value| spec["TaskTemplate"]["Placement"].clone();
    placement(&document.spec) != placement(after) && without(&document.spec) == without(after)
}

/// Running tasks that a write of `after` makes the engine replace.
pub(super) fn restarts(document: &Document, after: &Value, store: &Store) -> u64 {
    let Some(service) = document.target.service().and_then(|id| store.service(id)) else {
        return 0;
    };
    if service.mode.is_job() {
        return store.tally(&service.id).running;
    }
    if replaces(document, after) {
        replaced(document, after, service, store)
    } else {
        of_paused_update(service, store).unwrap_or(0)
    }
}

fn reservation_warning(
    service: &Service,
    after: &Value,
    more: u64,
    store: &Store,
    warnings: &mut Vec<String>,
) {
    let reserved = reserved(&after["TaskTemplate"]["Resources"]["Reservations"]);
    if reserved.is_empty() {
        return;
    }
    let fits: u64 = store
        .nodes()
        .filter(|n| eligible(service, n))
        .map(|n| {
            let free = store.free_on(n);
            reserved.parts().map(|(kind, one)| free.of(&kind) / one).min().unwrap_or(u64::MAX)
        })
        .fold(0, u64::saturating_add);
    if fits < more {
        warnings.push(format!(
            "reservations leave room for {fits} more tasks, {more} are asked for: the rest will stay pending"
        ));
    }
}

/// Resources that a spec reserves for each task.
fn reserved(spec: &Value) -> Resources {
    let number = |key: &str| spec[key].as_u64().unwrap_or(0);
    let mut reserved = Resources {
        nano_cpus: number("NanoCPUs"),
        memory: number("MemoryBytes"),
        generic: Vec::new(),
    };
    // Only whole numbers of a kind can be reserved, no piece by its name (swarmkit `api/genericresource`).
    for one in spec["GenericResources"].as_array().into_iter().flatten() {
        let one = &one["DiscreteResourceSpec"];
        if let (Some(kind), Some(n)) = (one["Kind"].as_str(), one["Value"].as_u64()) {
            reserved.add_generic(&kind.into(), n);
        }
    }
    reserved
}

/// Effect on the tasks, in words.
fn text(
    document: &Document,
    after: &Value,
    change: &Change,
    service: Option<&Service>,
    store: &Store,
) -> String {
    let Some(service) = service else { return "the service is not on the screen yet".into() };
    let on = nodes_of(service, store);
    let (from, to) = (replicas(&document.spec), replicas(after));
    if let Some(text) = of_job(service, to, store).and_then(|job| job.text) {
        return text;
    }
    let mut parts = Vec::new();
    let resumed = of_paused_update(service, store);
    if replaces(document, after) || resumed.is_some() {
        let replaced = match resumed.filter(|_| !replaces(document, after)) {
            Some(old) => old,
            None => replaced(document, after, service, store),
        };
        let config = &after[policy(change)];
        let at_once = match config["Parallelism"].as_u64() {
            None => "1 at a time".to_owned(),
            Some(0) => "all at once".to_owned(),
            Some(n) => format!("{n} at a time"),
        };
        let order = config["Order"].as_str().filter(|o| !o.is_empty()).unwrap_or("stop-first");
        let delay = Duration::from_nanos(config["Delay"].as_u64().unwrap_or(0));
        let pause =
            if delay.is_zero() { String::new() } else { format!(", {} apart", exact(delay)) };
        let fails = config["FailureAction"].as_str().filter(|a| !a.is_empty()).unwrap_or("pause");
        parts.push(match replaced {
            0 => "no running task is replaced".to_owned(),
            n => format!(
                "{}, {at_once}{pause}, {order}; on failure: {fails}",
                count(n, "running task is replaced", "running tasks are replaced")
            ),
        });
        if replaces(document, after) {
            parts.extend(of_idle_slots(service, running(service, store), store).text);
        }
    }
    if *change == Change::Rollback && !replaces(document, after) {
        parts.extend(of_rollback(service, store).text);
    }
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            let idle = running(service, store) == 0;
            parts.push(match from - to {
                n if idle => count(
                    n,
                    "replica less, none of which runs",
                    "replicas less, none of which runs",
                ),
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

/// Running tasks that are wanted.
fn running(service: &Service, store: &Store) -> u64 {
    let all = store.tasks_of(&service.id);
    all.filter(|t| store.is_running(t) && t.is_wanted()).count() as u64
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
