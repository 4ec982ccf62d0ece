//! The rules for the obvious.

use std::{collections::HashMap, time::Duration};

use super::{Problem, Severity};
use crate::cluster::{
    Availability, Node, NodeState, Service, Store, Subject, Task, Timestamp, UpdateState,
};

/// A deployment may be short of replicas for so long before it is a problem.
const GRACE: Duration = Duration::from_secs(15);

/// So many failures within so long are a crash loop.
const LOOP_FAILURES: usize = 3;
const LOOP: Duration = Duration::from_secs(90);

/// A node that is down or disconnected. `unknown` is left out: a leader change makes every node
/// unknown for some seconds (measured).
pub(super) fn nodes(store: &Store, found: &mut Vec<Problem>) {
    for node in store.nodes() {
        let severity = match node.state {
            NodeState::Down if node.availability == Availability::Drain => Severity::Warning,
            NodeState::Down | NodeState::Disconnected => Severity::Critical,
            _ => continue,
        };
        let why =
            if node.message.is_empty() { String::new() } else { format!(" ({})", node.message) };
        let stranded = store.tasks_on(&node.id).filter(|t| t.is_wanted()).count();
        let tasks = match stranded {
            0 => String::new(),
            1 => ", 1 task was on it".into(),
            n => format!(", {n} tasks were on it"),
        };
        let what = if node.role == crate::cluster::Role::Manager { "manager" } else { "node" };
        found.push(Problem {
            rule: "node-down",
            severity,
            subject: Subject::Node(node.id.clone()),
            object: node.hostname.to_string(),
            message: format!("{what} {} is {}{why}{tasks}", node.hostname, node.state),
            since: node.updated,
        });
    }
}

/// Quorum: N managers need N/2+1. Lost quorum is told by the connection; here is what comes before.
pub(super) fn quorum(store: &Store, found: &mut Vec<Problem>) {
    let managers: Vec<&Node> = store.nodes().filter(|n| n.manager.is_some()).collect();
    let total = managers.len();
    let reachable = managers.iter().filter(|n| n.is_reachable_manager()).count();
    let needed = total / 2 + 1;
    let away: Vec<&str> =
        managers.iter().filter(|n| !n.is_reachable_manager()).map(|n| &*n.hostname).collect();
    if away.is_empty() {
        return;
    }
    let since = managers
        .iter()
        .filter(|n| !n.is_reachable_manager())
        .map(|n| n.updated)
        .max()
        .unwrap_or_default();
    let (severity, message) = if reachable < needed {
        let text =
            format!("quorum lost: {reachable} of {total} managers reachable, {needed} needed");
        (Severity::Critical, text)
    } else if reachable == needed {
        let text = format!(
            "quorum at risk: {reachable} of {total} managers reachable, one more loss stops the Swarm ({} away)",
            away.join(", ")
        );
        (Severity::Critical, text)
    } else {
        (
            Severity::Warning,
            format!("manager {} is unreachable, {reachable} of {total} left", away.join(", ")),
        )
    };
    found.push(Problem {
        rule: "quorum",
        severity,
        subject: Subject::Other,
        object: "managers".into(),
        message,
        since,
    });
}

/// A service below its replicas, or whose update stopped.
pub(super) fn services(store: &Store, now: Timestamp, found: &mut Vec<Problem>) {
    for service in store.services() {
        if let Some(problem) = update(store, service) {
            found.push(problem);
        } else if let Some(problem) =
            below(store, service, now).or_else(|| crash_loop(store, service, now))
        {
            found.push(problem);
        }
    }
}

fn update(store: &Store, service: &Service) -> Option<Problem> {
    let status = service.update.as_ref()?;
    let missing = store.missing(service);
    let (rule, severity, word) = match status.state {
        UpdateState::Paused => ("update-paused", Severity::Critical, "update paused"),
        UpdateState::RollbackPaused => ("rollback-paused", Severity::Critical, "rollback paused"),
        UpdateState::RollbackCompleted if missing.none() => {
            // The engine undid a failed update, or someone asked for it; only the former says why.
            if !status.message.contains("due to failure") {
                return None;
            }
            ("update-rolled-back", Severity::Warning, "update rolled back")
        }
        _ => return None,
    };
    let cause = newest_error(store, service).unwrap_or_else(|| status.message.to_string());
    Some(Problem {
        rule,
        severity,
        subject: Subject::Service(service.id.clone()),
        object: service.name.to_string(),
        message: format!(
            "{} {}/{}: {word}: {cause}",
            service.name, missing.running, missing.desired
        ),
        since: if status.completed.is_set() { status.completed } else { status.started },
    })
}

fn below(store: &Store, service: &Service, now: Timestamp) -> Option<Problem> {
    let missing = store.missing(service);
    if missing.none() {
        return None;
    }
    let changed = service.updated;
    if service.is_updating() && missing.running > 0 {
        return None;
    }
    let since = below_since(store, service);
    if since.is_set()
        && since.max(changed).age(now) < GRACE
        && newest_error(store, service).is_none()
    {
        return None;
    }
    let none_left = missing.running == 0;
    let cause = newest_error(store, service).unwrap_or_else(|| String::from("tasks do not start"));
    let (running, desired) = (missing.running, missing.desired);
    Some(Problem {
        rule: if none_left { "service-down" } else { "service-below" },
        severity: if none_left && !service.mode.is_job() {
            Severity::Critical
        } else {
            Severity::Warning
        },
        subject: Subject::Service(service.id.clone()),
        object: service.name.to_string(),
        message: format!("{} {running}/{desired}: {cause}", service.name),
        since,
    })
}

/// A service whose tasks run again each time one looks, and fail in between.
fn crash_loop(store: &Store, service: &Service, now: Timestamp) -> Option<Problem> {
    let recent = store
        .tasks_of(&service.id)
        .filter(|t| t.state.is_failure() && t.since.age(now) < LOOP && t.since > service.updated);
    let (mut count, mut oldest) = (0, now);
    for task in recent {
        count += 1;
        oldest = oldest.min(task.since);
    }
    if count < LOOP_FAILURES {
        return None;
    }
    let missing = store.missing(service);
    Some(Problem {
        rule: "crash-loop",
        severity: Severity::Warning,
        subject: Subject::Service(service.id.clone()),
        object: service.name.to_string(),
        message: format!(
            "{} {}/{} now, but {count} tasks failed in the last {} s: {}",
            service.name,
            missing.running,
            missing.desired,
            LOOP.as_secs(),
            newest_error(store, service).unwrap_or_default()
        ),
        since: if history_is_full(store, service) { Timestamp::NEVER } else { oldest },
    })
}

/// Whether a slot has failed as often as the manager remembers (its limit counts the live task, too).
fn history_is_full(store: &Store, service: &Service) -> bool {
    let kept = store.info().history_limit.saturating_sub(1).max(1);
    let mut slots: HashMap<_, u64> = HashMap::new();
    for task in store.tasks_of(&service.id).filter(|t| t.state.is_failure()) {
        let node = if task.slot == 0 { task.node.as_ref() } else { None };
        *slots.entry((task.slot, node)).or_default() += 1;
    }
    slots.values().any(|failed| *failed >= kept)
}

/// Since when a service is short, as far back as the tasks that are kept tell: its oldest failure
/// since it was last changed, or the creation of the oldest task that waits. Not set when the kept
/// history is full: then it began before, and any figure would be too young.
fn below_since(store: &Store, service: &Service) -> Timestamp {
    if history_is_full(store, service) {
        return Timestamp::NEVER;
    }
    let waiting = store.tasks_of(&service.id).filter(|t| t.is_wanted() && !store.is_running(t));
    let failures = store.tasks_of(&service.id).filter(|t| t.state.is_failure()).map(|t| t.since);
    let oldest = waiting.map(|t| t.created).chain(failures).min();
    oldest.unwrap_or(service.updated).max(service.created)
}

/// What the newest failed or waiting task says, with its exit code in plain words.
fn newest_error(store: &Store, service: &Service) -> Option<String> {
    let failing = |t: &&Task| !t.err.is_empty() && (t.state.is_failure() || t.is_wanted());
    let task = store.tasks_of(&service.id).filter(failing).max_by_key(|t| t.since)?;
    let attempts = store.tasks_of(&service.id).filter(|t| t.state.is_failure()).count();
    let times = if attempts > 1 { format!(" ({attempts} failed tasks)") } else { String::new() };
    Some(format!("{}{times}", task.err))
}
