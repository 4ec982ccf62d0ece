//! Work that a write makes run again: jobs, one-shots that are done, tasks that wait for their next
//! run, and the tasks that a paused update left as they were.

use std::time::Duration;

use serde_json::Value;

use crate::{
    cluster::{Idle, Mode, Service, Store, UpdateConfig, UpdateState, rests},
    text::count,
};

/// Tasks that start although no running task is replaced.
#[derive(Default)]
pub(super) struct Reruns {
    /// Effect on the tasks.
    pub text: Option<String>,
    /// Possibly unwanted effects.
    pub warning: Option<String>,
}

/// A job: the engine begins a new iteration with every write, whatever it changes (measured on 20.10 to
/// 28.5; swarmkit `controlapi/service.go` counts `JobIteration` up in each update). What ran is not kept.
pub(super) fn of_job(service: &Service, runs: Option<u64>, store: &Store) -> Option<Reruns> {
    if runs == Some(0) && service.mode.is_job() {
        return Some(Reruns { text: Some("no task of the job runs".into()), warning: None });
    }
    let stopped = match store.tally(&service.id).running {
        0 => String::new(),
        n => count(n, "running task is stopped; ", "running tasks are stopped; "),
    };
    let runs = match service.mode {
        Mode::ReplicatedJob { total, .. } => {
            count(runs.unwrap_or(total), "task starts", "tasks start")
        }
        Mode::GlobalJob => "a task starts on each node that may run it".into(),
        _ => return None,
    };
    let (done, _) = store.missing(service).job.unwrap_or_default();
    let warning = (done > 0).then(|| {
        format!(
            "every change of a job runs all of it again: {} of its last run {} not counted any more",
            count(done, "completed task", "completed tasks"),
            if done == 1 { "is" } else { "are" },
        )
    });
    Some(Reruns { text: Some(format!("{stopped}the job runs again: {runs}")), warning })
}

/// Slots without a running task: with a new template each gets a task at once, also those whose work is
/// done or that wait for their next run.
pub(super) fn of_idle_slots(service: &Service, running: u64, store: &Store) -> Reruns {
    let idle = rests(store.tasks_of(&service.id));
    let number = |is: fn(&Idle) -> bool| idle.values().filter(|i| is(i)).count() as u64;
    let done = number(|i| matches!(i, Idle::Done));
    let waiting = number(|i| matches!(i, Idle::NextRun(_)));
    let mut warnings = Vec::new();
    if done > 0 {
        warnings.push(format!(
            "the work runs again now: {} (the last run ended with exit 0)",
            count(done, "task", "tasks")
        ));
    }
    if waiting > 0 {
        warnings.push(format!(
            "{} for the next run, and {} now",
            count(waiting, "task waits", "tasks wait"),
            if waiting == 1 { "runs" } else { "run" },
        ));
    }
    let slots = match service.mode {
        Mode::Replicated(replicas) => replicas,
        _ => running + idle.len() as u64,
    };
    let starts = slots.saturating_sub(running);
    Reruns {
        text: (starts > 0).then(|| count(starts, "task starts", "tasks start")),
        warning: (!warnings.is_empty()).then(|| warnings.join("; ")),
    }
}

/// Slots whose work is done: none to the engine while it rolls back, so that all of them begin anew, also
/// when the spec differs by no more than a label (measured on 20.10 to 28.5).
pub(super) fn of_rollback(service: &Service, store: &Store) -> Reruns {
    let idle = rests(store.tasks_of(&service.id));
    let ended = idle.values().filter(|i| !matches!(i, Idle::NextRun(_))).count() as u64;
    if ended == 0 {
        return Reruns::default();
    }
    let tasks = count(ended, "task", "tasks");
    Reruns {
        text: Some(count(ended, "task starts", "tasks start")),
        warning: Some(format!("the work runs again now: {tasks}, as with every rollback")),
    }
}

/// A run that ends while the engine watches an update is a failure of the update to it, also with exit 0
/// (measured on 20.10 to 28.5). `policy` is what it watches by.
pub(super) fn early_end(policy: &Value, service: &Service, store: &Store) -> Option<String> {
    let idle = rests(store.tasks_of(&service.id));
    let ends = idle.values().any(|i| matches!(i, Idle::Done | Idle::NextRun(_)));
    if !ends || policy["MaxFailureRatio"].as_f64().is_some_and(|ratio| ratio >= 1.0) {
        return None;
    }
    let monitor = policy["Monitor"].as_u64().filter(|m| *m > 0).map(Duration::from_nanos);
    let monitor = monitor.unwrap_or(UpdateConfig::default().monitor);
    let tasks = store.missing(service).desired;
    let then = match policy["FailureAction"].as_str() {
        Some("rollback") => "rolls back and runs the work once more with the old spec",
        Some("continue") => return None,
        _ if (1..tasks).contains(&policy["Parallelism"].as_u64().unwrap_or(1)) => {
            "pauses the update, and the other tasks do not run"
        }
        _ => return None,
    };
    Some(format!(
        "a run that ends within {monitor:?} is a failed update to the engine, also with exit 0: it then {then}"
    ))
}

/// Running tasks of another spec than the service's while an update stands still: any write starts the
/// updater again, and it replaces them (measured; swarmkit drops the status of the update with each
/// write).
pub(super) fn of_paused_update(service: &Service, store: &Store) -> Option<u64> {
    let update = service.update.as_ref()?;
    if !matches!(update.state, UpdateState::Paused | UpdateState::RollbackPaused) {
        return None;
    }
    let old = store
        .tasks_of(&service.id)
        .filter(|t| store.is_running(t) && t.is_wanted() && t.spec.template != service.template);
    Some(old.count() as u64).filter(|old| *old > 0)
}
