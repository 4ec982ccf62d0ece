//! Delays that are no problem: a start, a stop, the wait for the next run, an engine's restart.

use std::{collections::HashMap, time::Duration};

use super::{
    Context, ServiceContext,
    error_class::{Why, why},
};
use crate::cluster::{
    Idle, Missing, Node, NodeId, Place, Service, Task, TaskCheck, TaskState, Timestamp, rests,
};

impl ServiceContext<'_> {
    /// Whether the reason that a waiting task gives will not pass by itself: resources and ports of a task that
    /// has just ended are free only a moment later.
    pub(super) fn stays_so(&self, task: &Task) -> bool {
        let end = self.ended.get(&task.place()).copied().unwrap_or_default();
        self.cx.lasts(end, self.cx.thresholds.grace)
    }

    /// Whether a waiting task has been in its state for longer than that may take. An image is pulled, a health
    /// check asks at its intervals, a restart waits for its delay.
    pub fn is_late(&self, task: &Task) -> bool {
        let thresholds = self.cx.thresholds;
        let since = task.since.or(task.created);
        let (since, limit) = match &task.state {
            TaskState::Preparing => (since, thresholds.preparing),
            TaskState::Starting => {
                let patience = match task.spec.health {
                    TaskCheck::Own(check) => check.patience(),
                    TaskCheck::OfImage | TaskCheck::Off => Duration::ZERO,
                };
                (since, thresholds.starting.max(patience))
            }
            _ if task.desired == TaskState::Ready => {
                (task.created, task.spec.restart.delay.saturating_add(thresholds.grace))
            }
            TaskState::Ready => (task.updated, thresholds.grace),
            _ => (since, thresholds.grace),
        };
        self.cx.lasts(since, limit)
    }

    /// Whether it has been short for longer than its starts may take.
    pub fn is_overdue(&self) -> bool {
        let (cx, grace) = (self.cx, self.cx.thresholds.grace);
        let changed = self.service.updated;
        // What starts in place of a lost task has the time of a start, as after a drain.
        let replaced = |lost: &Task| self.waiting.iter().any(|t| t.place() == lost.place());
        if self.lost.iter().any(|lost| !replaced(lost))
            && cx.lasts(self.short_since().exactly().max(changed), grace)
        {
            return true;
        }
        let is_late = self.waiting.iter().any(|task| self.is_late(task));
        // For what is missing without a task the orchestrator is to make one: after a change, or after
        // what ended.
        let nothing_waits = (self.waiting.len() as u64) < self.missing.lacking();
        let ended = self.ended.values().copied().max().unwrap_or_default();
        is_late || (nothing_waits && cx.lasts(changed.max(ended), grace))
    }

    /// When a task of a global service ended last on a node.
    pub fn ended_on(&self, node: &Node) -> Option<Timestamp> {
        self.ended.get(&(0, Some(&node.id))).copied().unwrap_or_default()
    }

    /// Whether the work of a place is done, or done until its next run.
    pub fn has_rest(&self, place: Place<'_>) -> bool {
        matches!(self.rests.get(&place), Some(Idle::Done | Idle::NextRun(_)))
    }

    /// Whether the tasks that fail now are on that node.
    pub fn fails_on(&self, node: &NodeId) -> bool {
        let failed = self.series.iter().filter(|(_, now)| *now).map(|(task, _)| *task);
        let waiting =
            self.waiting.iter().copied().filter(|t| !t.err.is_empty() && self.stays_so(t));
        failed.chain(waiting).any(|task| task.node.as_ref() == Some(node))
    }
}

/// Progress of a service, and its places that rest; one whose next run is overdue rests no more.
pub(super) fn resting<'t>(
    cx: &Context<'_>,
    service: &Service,
    tasks: &[&'t Task],
) -> (Missing, HashMap<Place<'t>, Idle>) {
    let mut missing = cx.store.missing(service);
    if service.mode.is_job() {
        return (missing, HashMap::new());
    }
    let mut all: HashMap<_, _> = rests(tasks.iter().copied()).into_iter().collect();
    all.retain(|_, rest| {
        let overdue = matches!(rest, Idle::NextRun(at) if cx.lasts(*at, cx.thresholds.grace));
        missing.rests.waiting = missing.rests.waiting.saturating_sub(u64::from(overdue));
        !overdue
    });
    (missing, all)
}

/// Whether a task was killed because its node's engine stopped: then what runs there, of whatever service,
/// is killed in one moment, and the node is told anew (measured at `--force-new-cluster`).
fn engine_stopped(cx: &Context<'_>, task: &Task) -> bool {
    const MOMENT: u64 = 1_500_000_000;
    let killed = |t: &Task| t.state == TaskState::Failed && why(t) == Some(Why::Exit(137));
    let Some((node, end)) = task.node.as_ref().zip(task.since).filter(|_| killed(task)) else {
        return false;
    };
    let others = || cx.store.tasks_on(node).filter(|other| other.id != task.id);
    // What is killed as soon as it runs may be so in one moment, each for itself.
    let lived = |t: &Task| t.created.zip(t.since).map(|(created, end)| created.age(end));
    let ran = |t: &Task| lived(t).is_some_and(|lived| lived > cx.thresholds.grace);
    let with_it = |other: &Task| {
        (other.service != task.service || (ran(task) && ran(other)))
            && killed(other)
            && other.since.is_some_and(|at| at.until(end).unsigned_abs() <= MOMENT)
    };
    let survived = |other: &Task| other.state == TaskState::Running && other.since < task.since;
    (others().any(with_it) || told_anew(cx, node, end, (RESTARTED, AT_ONCE)))
        && !others().any(survived)
}

/// The time around the end or beginning of an engine within which it ends its tasks.
const AT_ONCE: i64 = 5_000_000_000;

/// The time after the end of an engine within which its node is told anew: it may have to start again, and
/// the managers may have to elect a leader first.
const TOLD_LATER: i64 = 60_000_000_000;

/// The time before the end of a task within which its node is told anew if its engine was restarted: a few
/// milliseconds (measured), and what the two clocks differ. Any longer, and a label that somebody set
/// explains a memory limit away.
const RESTARTED: i64 = 2_000_000_000;

/// Whether a node was told anew at most so long before that time, or after it.
fn told_anew(cx: &Context<'_>, node: &NodeId, at: Timestamp, (before, later): (i64, i64)) -> bool {
    let around = at.shifted(-before)..=at.shifted(later);
    let near = |told: Option<Timestamp>| told.is_some_and(|told| around.contains(&told));
    let seen = cx.store.memory().node(node);
    cx.store.node(node).is_some_and(|n| near(n.updated))
        || seen.is_some_and(|m| near(m.back) || near(m.state_since))
}

/// Whether a task ended because its node's engine was restarted: then all that ran there ends at once, with
/// exit 255 or without a trace of the container, and the node is told anew.
pub(super) fn engine_restarted(cx: &Context<'_>, task: &Task) -> bool {
    let says_so = |t: &Task| {
        t.state == TaskState::Failed
            && (t.exit_code == Some(255) || t.err.starts_with("No such container: "))
    };
    let Some((node, end)) = task.node.as_ref().zip(task.since).filter(|_| says_so(task)) else {
        return engine_stopped(cx, task);
    };
    if told_anew(cx, node, end, (AT_ONCE, TOLD_LATER)) {
        return true;
    }
    let near = |at: Timestamp| at.until(end).abs() <= AT_ONCE;
    let others = || cx.store.tasks_on(node).filter(|other| other.id != task.id);
    let survived = |other: &Task| {
        other.state == TaskState::Running && other.since < Some(end.shifted(-AT_ONCE))
    };
    others().any(|other| says_so(other) && other.since.is_some_and(near)) && !others().any(survived)
}
