//! Following a service until it converges: the docker CLI's rules (`cli/command/service/progress`)
//! over the store, so that following costs no request of its own; a node until it is as asked. Pure.

mod ended;
mod node;
mod verify;

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

pub(in crate::action) use verify::{difference, holds};

use super::plan::{Change, NodeChange, ReadObject, Step, Target};
use crate::cluster::{
    Idle, Leaving, Mode, Place, Service, Stall, Store, Task, TaskId, TaskState, Timestamp,
    UpdateState, eligible, rests, stalled,
};

/// Up to this number of slots, each has a bar.
pub const BARS: u64 = 20;

/// A write with an unknown outcome may still arrive: data held back by a broken link is sent when
/// it recovers. It is watched this long before it counts as not carried out.
const DOUBT: Duration = Duration::from_secs(60);

/// An object that can't be read back is tried again after this, then after twice as long, and so on
/// up to some thirty times this.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// A task that found no node for this long will not find one soon.
const STANDS_STILL: Duration = Duration::from_secs(5);

/// Where an action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The write is on its way.
    Sending,
    /// The Swarm works on it.
    Converging,
    /// All tasks run; they are watched for this much longer.
    Verifying(Duration),
    /// Converged and stayed so.
    Done,
    /// Failed, with the engine's message.
    Failed(String),
    /// The write may or may not have been carried out.
    Unknown {
        /// Why that is not known.
        why: String,
        /// Read back and found as it was before the write, at first then: not carried out so far.
        unchanged: Option<Timestamp>,
    },
}

impl Phase {
    /// An outcome that is not known, because nothing was read back yet.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into(), unchanged: None }
    }
}

/// One slot's bar (or one node's, for a global service).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// `slot 3`, or the host name; empty for a slot that has no task yet.
    pub label: String,
    /// The state of its newest task.
    pub state: TaskState,
}

/// One action on one object, followed.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The object.
    pub target: Target,
    /// Its name.
    pub name: String,
    /// `scale web 3 → 5`.
    pub title: String,
    /// Where it stands.
    pub phase: Phase,
    /// When it began, by the manager's clock.
    pub begun: Timestamp,
    /// Slots whose task is up to date and runs, of how many.
    pub done: u64,
    /// Number of slots wanted.
    pub total: u64,
    /// Number of running tasks, updated or not.
    pub running: u64,
    /// The tasks that are done ended with exit 0, as intended.
    pub ran: bool,
    /// Up to [`BARS`] bars; empty if there are more.
    pub bars: Vec<Bar>,
    /// The newest failed task since it began, with its error.
    pub failing: Option<(TaskId, String)>,
    /// A remark to show once it is done.
    pub note: Option<String>,
    /// For a drain: what becomes of the tasks on the node.
    leaving: Vec<Leaving>,
    /// Reason why it can't continue by itself.
    pub stuck: Option<String>,
    /// The engine rolls back, by itself or because it was asked to.
    pub rolling_back: bool,
    /// Why the audit file lacks it.
    pub unrecorded: Option<String>,
    /// The change, to plan it again after a conflict.
    pub change: Change,
    /// The specs before and after the write, to determine its outcome later.
    specs: (Value, Value),
    version: Option<u64>,
    /// The newest version that was compared with the plan.
    compared: u64,
    /// The version the write was made from.
    base: u64,
    /// The newest version the object was read back at.
    read_at: u64,
    /// Number of failed reads in a row, and the time before which none is tried again.
    unread: (u32, Option<Timestamp>),
    /// Template of the tasks that the write creates; the engine may roll back to another.
    template: Option<u64>,
    converged_at: Option<Timestamp>,
}

impl Follow {
    /// Begins to follow; call [`Follow::sent`] once the write was accepted.
    pub fn new(step: &Step, now: Timestamp) -> Self {
        let rolling_back = step.change == Change::Rollback;
        Self {
            target: step.target.clone(),
            name: step.name.clone(),
            title: step.title(),
            phase: Phase::Sending,
            begun: now,
            done: 0,
            total: 0,
            running: 0,
            ran: false,
            bars: Vec::new(),
            failing: None,
            stuck: None,
            note: None,
            leaving: step.leaving.clone(),
            unrecorded: None,
            rolling_back,
            change: step.change.clone(),
            specs: (step.before.clone(), step.after.clone()),
            version: None,
            compared: 0,
            base: step.version,
            read_at: 0,
            unread: (0, None),
            template: None,
            converged_at: None,
        }
    }

    /// The write was accepted; the store's data is outdated until it has `version`.
    pub fn sent(&mut self, version: u64) {
        self.version = Some(version);
        self.phase = Phase::Converging;
    }

    /// Determines an unknown outcome from the object, read once there is a link again, and
    /// continues to follow if the write was carried out.
    pub fn read_back(&mut self, found: &ReadObject, now: Timestamp) {
        let Phase::Unknown { why, unchanged } = &self.phase else { return };
        let kind = self.target.kind();
        let found = match found {
            ReadObject::There(document) => document,
            ReadObject::Gone if self.change == Change::Node(NodeChange::Remove) => {
                self.phase = Phase::Done;
                return;
            }
            ReadObject::Gone => {
                self.phase = Phase::Failed(format!("read back: the {kind} was removed meanwhile"));
                return;
            }
            ReadObject::Unreadable(_) => {
                let tries = self.unread.0 + 1;
                let wait = READ_AGAIN.saturating_mul(1 << tries.min(5));
                self.unread = (tries, Some(now.later(wait)));
                return;
            }
        };
        self.unread = (0, None);
        self.read_at = self.read_at.max(found.version);
        let (before, after) = &self.specs;
        if found.version > self.base && holds(before, after, &found.spec) {
            self.sent(found.version);
        } else if found.spec == *before {
            let unchanged = Some(unchanged.unwrap_or(now));
            self.phase = Phase::Unknown { why: why.clone(), unchanged };
        } else {
            self.phase = Phase::Failed(format!(
                "read back: the {kind} has since got another spec ({}); look at it before you try again",
                difference(after, &found.spec)
            ));
        }
    }

    /// Whether the object must be read to learn the outcome of the write.
    pub fn wants_reading(&self, store: &Store, now: Timestamp) -> bool {
        let newest = match &self.target {
            Target::Service(id) => store.service(id).map(|s| s.version),
            Target::Node(id) => store.node(id).map(|n| n.version),
            Target::Object(..) | Target::New(..) => None,
        };
        let moved = newest.is_none_or(|version| version > self.read_at.max(self.base));
        matches!(self.phase, Phase::Unknown { .. })
            && Some(now) >= self.unread.1
            && (self.read_at == 0 || moved)
    }

    /// An unknown outcome becomes a known one when nothing has changed for long enough.
    fn end_doubt(&mut self, now: Timestamp) {
        if let Phase::Unknown { why, unchanged: Some(since) } = &self.phase
            && since.age(now) >= DOUBT
        {
            self.phase = Phase::Failed(format!("not carried out ({why})"));
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Failed(_))
    }

    /// Nothing can be seen while the link is lost: whoever watched begins anew afterwards.
    pub fn lose_sight(&mut self) {
        self.converged_at = None;
        if matches!(self.phase, Phase::Verifying(_)) {
            self.phase = Phase::Converging;
        }
    }

    /// Looks at the store again. Only while there is a link: what it lacks may have happened.
    pub fn update(&mut self, store: &Store, now: Timestamp) {
        self.end_doubt(now);
        let Some(version) = self.version else { return };
        let service = self.target.service().and_then(|id| store.service(id));
        if self.is_over() {
            // The reason may come in the list after the one that told of the failure.
            if let (Phase::Failed(_), Some(service)) = (&self.phase, service) {
                self.note_failures(service, store);
            }
            return;
        }
        if let (Target::Node(id), Change::Node(change)) = (self.target.clone(), self.change.clone())
        {
            return self.update_node(&id, &change, store);
        }
        let Some(service) = service else {
            self.phase = Phase::Failed("the service was removed".into());
            return;
        };
        if service.version < version {
            return;
        }
        if self.compared < service.version {
            if let Some(other) = self.other_spec(service) {
                self.phase = Phase::Failed(changed_by_another(&other));
                return;
            }
            self.compared = service.version;
        }
        self.template.get_or_insert(service.template);
        self.note_failures(service, store);
        let slots = slots(service, store);
        self.done = slots.values().filter(|s| s.is_done(service)).count() as u64;
        self.total = total(service, store);
        let missing = store.missing(service);
        self.running = missing.running;
        // Those of a job that are done leave its slots.
        if let Some((done, _)) = missing.job {
            self.done = self.done.max(done.min(self.total));
        }
        let ended = |s: &Newest<'_>| s.rests || s.task.state == TaskState::Complete;
        self.ran = self.done > 0 && slots.values().filter(|s| s.is_done(service)).all(ended);
        self.bars =
            if self.total <= BARS { bars(service, store, &slots, self.total) } else { Vec::new() };
        if let Some(update) = &service.update {
            match &update.state {
                UpdateState::RollbackStarted => self.rolling_back = true,
                UpdateState::Paused | UpdateState::RollbackPaused => {
                    self.phase = self.paused(service, update, store);
                    return;
                }
                UpdateState::RollbackCompleted if self.change != Change::Rollback => {
                    self.phase = Phase::Failed(self.rolled_back(service, update, store));
                    return;
                }
                _ => {}
            }
        }
        let waits = |stall: &Stall<'_>| stall.began().is_none_or(|at| at.age(now) >= STANDS_STILL);
        self.stuck = stalled(service, store).filter(waits).map(|stall| stall.words());
        let engine_busy = service.is_updating();
        if self.done >= self.total && !engine_busy {
            let since = *self.converged_at.get_or_insert(now);
            // The engine watched each task of an update itself for that long before it said completed.
            let watched = service.update.as_ref().is_some_and(|u| {
                matches!(u.state, UpdateState::Completed | UpdateState::RollbackCompleted)
                    && u.completed >= Some(self.begun)
            });
            let left = service.update_config.monitor.saturating_sub(since.age(now));
            self.phase = if left.is_zero() || watched || service.mode.is_job() || self.ran {
                Phase::Done
            } else {
                Phase::Verifying(left)
            };
        } else {
            self.converged_at = None;
            self.phase = Phase::Converging;
        }
    }

    /// Difference between the service's spec and the plan, if someone else wrote another spec.
    /// Rollbacks don't count: they are the engine's own or reported as such.
    fn other_spec(&self, service: &Service) -> Option<String> {
        let rolled_back = service.update.as_ref().is_some_and(|update| {
            use UpdateState::{RollbackCompleted, RollbackPaused, RollbackStarted};
            matches!(update.state, RollbackStarted | RollbackPaused | RollbackCompleted)
        });
        if rolled_back && self.change != Change::Rollback {
            return None;
        }
        // Every spec has a name; one without was not told.
        let now: Value = serde_json::from_str(&service.spec).ok()?;
        now.get("Name")?;
        let (before, after) = &self.specs;
        (!holds(before, after, &now)).then(|| difference(after, &now))
    }

    fn note_failures(&mut self, service: &Service, store: &Store) {
        let newest = store
            .tasks_of(&service.id)
            .filter(|t| t.state.is_failure() || (!t.err.is_empty() && t.is_wanted()))
            .filter(|t| t.since >= Some(self.begun) && Some(t.spec.template) == self.template)
            .max_by_key(|t| t.since);
        if let Some(task) = newest {
            let place =
                task.node.as_ref().map_or(String::new(), |n| format!(" on {}", store.hostname(n)));
            let text = format!("{} {}{place}: {}", store.task_name(task), task.state, task.err);
            self.failing = Some((task.id.clone(), text));
        } else if let Some(update) = &service.update
            && self.failing.is_none()
            && let Some(id) = update.message.split("of task ").nth(1)
            && let Some(task) = store.task(&TaskId::from(id.trim()))
            && task.state != TaskState::Complete
        {
            let why = if task.err.is_empty() { task.state.word() } else { &task.err };
            self.failing = Some((task.id.clone(), format!("{}: {why}", store.task_name(task))));
        }
    }
}

/// Why nothing more is awaited of an object that no longer is as the plan left it.
fn changed_by_another(difference: &str) -> String {
    format!("changed by someone else after the write: {difference}")
}

/// Number of slots wanted.
fn total(service: &Service, store: &Store) -> u64 {
    match &service.mode {
        Mode::Replicated(n) => *n,
        Mode::ReplicatedJob { total, .. } => *total,
        Mode::Global | Mode::GlobalJob | Mode::Other(_) => {
            store.nodes().filter(|n| eligible(service, n)).count() as u64
        }
    }
}

struct Newest<'s> {
    task: &'s Task,
    /// Its work is done, or done until its next run.
    rests: bool,
}

impl Newest<'_> {
    fn is_done(&self, service: &Service) -> bool {
        let fresh = self.task.spec.template == service.template;
        if service.mode.is_job() {
            fresh && self.task.state == TaskState::Complete
        } else {
            let runs = self.task.is_wanted() && self.task.state == TaskState::Running;
            fresh && (runs || self.rests)
        }
    }
}

/// The task that speaks for each slot: the lowest desired state, then the lowest state, as the CLI
/// chooses (`tasksBySlot`); only tasks made from the service's template as it is now.
fn slots<'s>(service: &Service, store: &'s Store) -> BTreeMap<Place<'s>, Newest<'s>> {
    let mut slots: BTreeMap<Place<'s>, Newest<'s>> = BTreeMap::new();
    // A job keeps its template when only its number of completions changes.
    let is_fresh = |t: &&Task| t.spec.template == service.template && service.is_of_this_run(t);
    let resting = rests(store.tasks_of(&service.id).filter(is_fresh));
    for task in store.tasks_of(&service.id).filter(is_fresh) {
        let node = task.node.as_ref().and_then(|n| store.node(n));
        let is_up = node.is_none_or(crate::cluster::Node::is_up);
        if task.desired.number() == 0 || task.state.number() == 0 || !is_up {
            continue;
        }
        let slot = task.place();
        let rank = |t: &Task| (t.desired.number(), t.state.number());
        match slots.get(&slot) {
            Some(known) if rank(known.task) <= rank(task) => {}
            _ => {
                let rest = resting.get(&slot);
                let rests = matches!(rest, Some(Idle::Done | Idle::NextRun(_)));
                slots.insert(slot, Newest { task, rests });
            }
        }
    }
    slots
}

fn bars(
    service: &Service,
    store: &Store,
    slots: &BTreeMap<Place<'_>, Newest<'_>>,
    total: u64,
) -> Vec<Bar> {
    let label = |(number, node): &Place<'_>| match node {
        Some(id) => store.hostname(id).to_owned(),
        None => format!("slot {number}"),
    };
    if service.mode.is_global() {
        let mut bars: Vec<Bar> = slots
            .iter()
            .map(|(slot, newest)| Bar { label: label(slot), state: newest.task.state.clone() })
            .collect();
        bars.sort_by(|a, b| a.label.cmp(&b.label));
        return bars;
    }
    // The engine leaves gaps in the numbers when it scales down.
    let mut own: Vec<_> = slots.iter().collect();
    if own.len() as u64 > total {
        own.retain(|(_, newest)| newest.rests || newest.task.is_wanted());
    }
    let mut bars: Vec<Bar> = own
        .into_iter()
        .map(|(slot, newest)| Bar { label: label(slot), state: newest.task.state.clone() })
        .collect();
    bars.truncate(usize::try_from(total).unwrap_or(usize::MAX));
    while (bars.len() as u64) < total {
        bars.push(Bar { label: String::new(), state: TaskState::New });
    }
    bars
}
