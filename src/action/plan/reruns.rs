//! Work that a write makes run again: jobs, one-shots that are done, tasks that wait for their next
//! run, and the tasks that a paused update left as they were.

use crate::{
    cluster::{Idle, Mode, Service, Store, UpdateState, rests},
    text::count,
};

/// What starts although no running task is replaced.
#[derive(Default)]
pub(super) struct Reruns {
    /// What happens to the tasks.
    pub text: Option<String>,
    /// What may not be wanted.
    pub warning: Option<String>,
}

/// A job: the engine begins a new iteration with every write, whatever it changes (measured on 20.10 to
/// 28.5; swarmkit `controlapi/service.go` counts `JobIteration` up in each update). What ran is not kept.
pub(super) fn of_job(service: &Service, runs: Option<u64>, store: &Store) -> Option<Reruns> {
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
    Some(Reruns { text: Some(format!("the job runs anew: {runs}")), warning })
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
