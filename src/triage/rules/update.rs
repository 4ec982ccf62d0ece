//! Updates and rollbacks (`UpdateStatus`).

use std::{collections::HashMap, time::Duration};

use crate::{
    cluster::{
        FailureAction, NoRoom, Place, Task, TaskId, TaskState, Timestamp, UpdateState,
        UpdateStatus, stalled,
    },
    text::{count, span},
    triage::{Remedy, ServiceContext, context::LATELY, rule::Found},
};

fn status<'s>(s: &ServiceContext<'s>, state: &UpdateState) -> Option<&'s UpdateStatus> {
    s.service.update.as_ref().filter(|u| u.state == *state)
}

/// When it stopped: the engine tells no time of a pause, but it comes with the first failure. If that
/// may be forgotten by now, the start of the update is the nearest that is known.
fn ended(s: &ServiceContext<'_>, u: &UpdateStatus) -> Option<Timestamp> {
    u.completed.or_else(|| broke(s, u))
}

/// When its first task failed, or as near as is known.
fn broke(s: &ServiceContext<'_>, u: &UpdateStatus) -> Option<Timestamp> {
    let failed = failed(s, u);
    let first = failed.last().filter(|_| !s.history_is_full());
    first.map_or(u.started, |t| t.since)
}

/// Failed tasks of the update, the newest first.
fn failed<'s>(s: &ServiceContext<'s>, u: &UpdateStatus) -> Vec<&'s Task> {
    let is_over = u.state == UpdateState::RollbackCompleted;
    let is_of_it = |t: &&Task| if is_over { s.is_of_undone(u, t) } else { t.since >= u.started };
    s.failures.iter().copied().filter(is_of_it).collect()
}

/// Tasks of the update's spec that did their work and ended with exit 0, if it stopped for nothing else:
/// the engine takes any end of a task that it still watches for a failure (measured, 20.10 and 28.5), also
/// that of a one-shot or of a service that repeats its work after a delay.
fn done<'s>(
    s: &ServiceContext<'s>,
    u: &UpdateStatus,
    is_of_it: impl Fn(&Task) -> bool,
) -> Vec<&'s Task> {
    let made = s.tasks.iter().copied().filter(|t| t.created >= u.started && is_of_it(t));
    let mut tasks: Vec<&Task> = made.collect();
    let is_done = |t: &Task| t.state == TaskState::Complete && !t.ended_though_it_serves();
    let named = u.message.split("of task ").nth(1).map(|id| TaskId::from(id.trim()));
    let named = tasks.iter().find(|t| Some(&t.id) == named.as_ref());
    let well = match named {
        Some(task) => is_done(task),
        // The manager has forgotten it, or the message names none.
        None => !tasks.iter().any(|t| t.state.is_failure()),
    };
    tasks.retain(|t| well && is_done(t));
    tasks
}

/// Number of places that a paused update whose tasks only did their work never came to. Nothing if
/// something failed.
fn not_reached(s: &ServiceContext<'_>, u: &UpdateStatus) -> Option<usize> {
    let is_new = |t: &Task| t.spec.template == s.service.template;
    if done(s, u, is_new).is_empty() {
        return None;
    }
    let mut newest: HashMap<Place<'_>, &Task> = HashMap::new();
    for task in s.tasks.iter().copied().filter(|t| t.desired != TaskState::Remove) {
        let at = newest.entry(task.place()).or_insert(task);
        *at = if task.created > at.created { task } else { at };
    }
    Some(newest.values().filter(|t| !is_new(t)).count())
}

const ANY_END: &str =
    "the engine takes any end of a task that it watches after an update for a failure, also exit 0";

/// Paused by tasks that did their work and ended with exit 0: nothing is left to do. Advice.
pub fn paused_when_done(s: &ServiceContext<'_>) -> Option<Found> {
    let u = status(s, &UpdateState::Paused)
        .or_else(|| status(s, &UpdateState::RollbackPaused))
        .filter(|u| not_reached(s, u) == Some(0))?;
    Some(
        Found::advice(format!("{}: docker shows its update as {}, but its work is done", s.service.name, u.state))
            .why(format!("{ANY_END}: nothing is left to do"))
            .remedy(
                Remedy::Update,
                "failure action continue: such updates then end as completed (Ctrl-e: UpdateConfig.FailureAction)",
            ),
    )
}

/// `paused`: `update paused due to failure or early termination of task X`. Critical: half of the
/// service may be new and half old, and it stays so until someone acts.
pub fn paused(s: &ServiceContext<'_>) -> Option<Found> {
    let u = status(s, &UpdateState::Paused)?;
    match not_reached(s, u) {
        Some(0) => return None,
        Some(left) => return Some(half_done(s, u, left)),
        None => {}
    }
    Some(
        Found::critical(format!("{} {}: update paused", s.service.name, s.figures()), ended(s, u))
            .why("tasks of the new spec failed, and the service's failure action is pause")
            .fact(ended(s, u), &*u.message)
            .tasks(s.cx, failed(s, u))
            .remedy(Remedy::Rollback, "undo the update")
            .remedy(Remedy::Logs, "what the failed task wrote")
            .remedy(Remedy::Update, "or mend it: another image or spec"),
    )
}

/// Paused because a task did its work, before others were given the new spec. A warning.
fn half_done(s: &ServiceContext<'_>, u: &UpdateStatus, left: usize) -> Found {
    let has = if left == 1 { "has" } else { "have" };
    Found::warning(
        format!(
            "{} {}: update paused, {left} of {} {has} not run the new spec",
            s.service.name,
            s.figures(),
            s.missing.desired
        ),
        ended(s, u),
    )
    .why(format!("{ANY_END}, and the service's failure action is pause"))
    .fact(ended(s, u), &*u.message)
    .remedy(
        Remedy::Update,
        "failure action continue, which goes on (Ctrl-e: UpdateConfig.FailureAction)",
    )
}

/// `rollback_paused`: the old spec does not come up any more either. Critical.
pub fn rollback_paused(s: &ServiceContext<'_>) -> Option<Found> {
    let u = status(s, &UpdateState::RollbackPaused).filter(|u| not_reached(s, u) != Some(0))?;
    Some(
        Found::critical(
            format!("{} {}: rollback paused", s.service.name, s.figures()),
            ended(s, u),
        )
        .why("the spec that ran before fails as well: what it depends on may have changed")
        .fact(ended(s, u), &*u.message)
        .tasks(s.cx, failed(s, u))
        .remedy(Remedy::Logs, "what the failed task wrote")
        .remedy(Remedy::Force, "try again once the reason is gone")
        .remedy(Remedy::Update, "or mend it: another image or spec"),
    )
}

/// `rollback_started` and `rollback_completed` of a failed update: the engine undoes it. A warning: it
/// runs, but not what someone meant to run. While it goes on the message tells it from one that was asked
/// for. That ends with the same words (`rollback completed`), but keeps the spec it came from as
/// `PreviousSpec`; the engine's own keeps none (swarmkit `orchestrator/update`,
/// `manager/controlapi/service.go`).
pub fn rolled_back(s: &ServiceContext<'_>) -> Option<Found> {
    let u = s.service.update.as_ref()?;
    let says_so = u.message.contains("due to failure");
    let is_told = match u.state {
        UpdateState::RollbackStarted => says_so,
        UpdateState::RollbackCompleted => says_so || s.service.previous.is_none(),
        _ => false,
    };
    if !is_told {
        return None;
    }
    let done = done(s, u, |t| t.spec.template != s.service.template);
    let how = match (done.is_empty(), u.state == UpdateState::RollbackStarted) {
        (true, true) => "update failed, rolling back",
        (true, false) => "update rolled back",
        (false, true) => "rolling back its update, though its work ended with exit 0",
        (false, false) => "update rolled back, though its work ended with exit 0",
    };
    let message = format!("{} {}: {how}", s.service.name, s.figures());
    // Going back is no part of it.
    let began = if failed(s, u).is_empty() { ended(s, u) } else { broke(s, u) };
    let mut found = Found::warning(message, began);
    found.is_over = s.is_past_undoing;
    if !done.is_empty() {
        let why = format!(
            "{ANY_END}; the failure action is rollback: the spec before is back, and its work runs again"
        );
        return Some(found.why(why).fact(ended(s, u), &*u.message).tasks(s.cx, done).remedy(
            Remedy::Update,
            "the new spec again, with failure action continue (Ctrl-e: UpdateConfig.FailureAction)",
        ));
    }
    Some(
        found
            .why("tasks of the new spec failed, and the service's failure action is rollback")
            .fact(ended(s, u), &*u.message)
            .tasks(s.cx, failed(s, u))
            .remedy(Remedy::Logs, "what the failed task wrote")
            .remedy(Remedy::Update, "try again with another image or spec"),
    )
}

/// Time that an update should take by its own settings: batches, each with the delay and the time its
/// tasks are watched, and some to stop and start them.
fn expected(s: &ServiceContext<'_>) -> Duration {
    let c = &s.service.update_config;
    let tasks = s.missing.desired.max(1);
    let at_once = if c.parallelism == 0 { tasks } else { c.parallelism };
    let batches = u32::try_from(tasks.div_ceil(at_once)).unwrap_or(u32::MAX);
    (c.delay + c.monitor + Duration::from_secs(30)).saturating_mul(batches)
}

/// `updating` for more than twice as long as its settings explain. A warning.
pub fn slow(s: &ServiceContext<'_>) -> Option<Found> {
    let u = s.service.update.as_ref().filter(|u| u.is_running())?;
    let limit = (expected(s) * 2).max(s.cx.thresholds.update_slow);
    let started = u.started?;
    s.cx.lasts(started, limit).then(|| {
        let new = s.running.iter().filter(|t| t.spec.template == s.service.template).count();
        Found::warning(
            format!(
                "{} {}: {} for {}, {} new so far",
                s.service.name,
                s.figures(),
                u.state,
                span(started.age(s.cx.now)),
                count(new, "task is", "tasks are"),
            ),
            started,
        )
        .why(format!("by its own settings it should take about {}", span(expected(s))))
        .tasks(s.cx, s.waiting.iter().copied())
        .remedy(Remedy::Tasks, "which task it waits for")
        .remedy(Remedy::Rollback, "undo the update")
    })
}

/// `updating`, and it can't get on: it starts the new task first, for which there is no place as long as
/// the old one runs. A warning: what runs goes on, but no update ever ends this way.
pub fn stuck(s: &ServiceContext<'_>) -> Option<Found> {
    let stall = stalled(s.service, s.cx.store)?;
    let brief = stall.why.map_or_else(|| stall.words(), NoRoom::brief);
    s.cx.lasts(stall.began(), s.cx.thresholds.grace).then(|| {
        Found::warning(
            format!("{} {}: the update is stuck: {}", s.service.name, s.figures(), stall.words()),
            stall.began(),
        )
        .brief(format!(" {}: update stuck: {brief}", s.figures()))
        .why("its order is start-first: the old task is stopped only once the new one runs")
        .tasks(s.cx, [stall.task])
        .remedy(
            Remedy::Update,
            "order stop-first (Ctrl-e: UpdateConfig.Order), which goes on at once",
        )
        .remedy(Remedy::Rollback, "undo the update")
    })
}

/// Failure action `continue` and every new task fails: the update goes on until nothing is left that
/// runs, and then ends as completed. Critical.
pub fn endless(s: &ServiceContext<'_>) -> Option<Found> {
    let u = s.service.update.as_ref()?;
    let is_over = u.state == UpdateState::Completed;
    let goes_on = s.service.update_config.on_failure == FailureAction::Continue
        && (is_over || u.is_running());
    if !goes_on || !(s.is_short() || s.is_unsteady()) {
        return None;
    }
    let of_now = |t: &&&Task| t.spec.template == s.service.template;
    let stay = s.steady.iter().filter(of_now).count();
    let failed: Vec<&Task> =
        s.failures.iter().filter(of_now).filter(|t| t.since >= u.started).copied().collect();
    if stay > 0 || failed.len() < 2 || (is_over && !failed_at_once(s, u, &failed)) {
        return None;
    }
    let (how, why) = if is_over {
        ("ended, and all its new tasks fail", "has replaced every task by one that fails")
    } else {
        ("goes on although all its new tasks fail", "will replace every task by one that fails")
    };
    Some(
        Found::critical(format!("{} {}: the update {how}", s.service.name, s.figures()), u.started)
            .why(format!("its failure action is continue: the engine {why}"))
            .tasks(s.cx, failed)
            .remedy(Remedy::Rollback, "undo the update")
            .remedy(Remedy::Logs, "what the failed task wrote"),
    )
}

/// Whether its tasks failed before it ended, or soon after, as far as the kept ones tell.
fn failed_at_once(s: &ServiceContext<'_>, u: &UpdateStatus, failed: &[&Task]) -> bool {
    failed.last().is_some_and(|first| first.since <= u.completed)
        || (s.history_is_full() && s.cx.recent(u.completed, LATELY))
}
