//! Slots without a running task: done, between two runs, or given up. Everything that counts tasks
//! uses this.

use hashbrown::HashMap;

use crate::cluster::{Place, RestartCondition, ServiceId, Store, Task, TaskState, Timestamp};

/// Tasks of a service that are many.
const MANY: usize = 1_000;

/// State of a slot without a running task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Its task ended well, and is not started again: nothing more is to come.
    Done,
    /// Its task ended well, and the next run waits for the restart delay, until then.
    NextRun(Timestamp),
    /// Its last run failed, or it has no attempts left: it is not started again.
    GivenUp,
}

/// The slots of a service that rest, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdleSlots {
    /// [`Idle::Done`]
    pub done: u64,
    /// [`Idle::NextRun`]
    pub waiting: u64,
    /// [`Idle::GivenUp`]
    pub given_up: u64,
    /// When the first of those that wait runs; none when none waits.
    pub next_run: Option<Timestamp>,
}

impl IdleSlots {
    pub(in crate::cluster) fn of<'t>(tasks: impl Iterator<Item = &'t Task>) -> Self {
        let mut all = Self::default();
        for rest in rests(tasks).into_values() {
            match rest {
                Idle::Done => all.done += 1,
                Idle::GivenUp => all.given_up += 1,
                Idle::NextRun(at) => {
                    all.waiting += 1;
                    all.next_run = Some(all.next_run.map_or(at, |first| first.min(at)));
                }
            }
        }
        all
    }
}

/// Facts about a slot.
#[derive(Default)]
struct SlotFacts<'t> {
    /// A task of it runs, or is about to.
    is_busy: bool,
    /// Its task that waits to be started.
    waits: Option<&'t Task>,
    /// Its task that waited on a node that has been removed.
    lost: Option<&'t Task>,
    /// The one that ended last.
    last: Option<&'t Task>,
    /// One that is told to stop and has run; on a lost node it stays so for a day.
    stops: Option<&'t Task>,
}

/// The slots among a service's tasks that rest. The orchestrator shuts an ended task down and creates the
/// next in one transaction (swarmkit `orchestrator/restart`): where there is none, none is to come.
pub fn rests<'t>(tasks: impl Iterator<Item = &'t Task>) -> HashMap<Place<'t>, Idle> {
    let mut slots: HashMap<Place<'t>, SlotFacts<'t>> = HashMap::new();
    // What a scale-down takes away belongs to no slot any more.
    for task in tasks.filter(|t| t.desired != TaskState::Remove) {
        let slot = slots.entry(task.place()).or_default();
        if task.went_with_its_node() {
            // That is no run. One that waited is found dead when it is due, and another one waits for the
            // delay once more.
            slot.lost = slot.lost.or((task.desired == TaskState::Ready).then_some(task));
        } else if task.state.is_terminal() && !task.is_wanted() {
            // Not by the time of their states: a node that comes back tells those anew.
            if slot.last.is_none_or(|last| task.created > last.created) {
                slot.last = Some(task);
            }
        } else if !task.is_wanted() {
            let has_run = task.state.number() > TaskState::Ready.number();
            let is_newer = slot.stops.is_none_or(|other| task.created > other.created);
            slot.stops = if has_run && is_newer { Some(task) } else { slot.stops };
        } else if task.desired == TaskState::Ready && task.err.is_empty() {
            slot.waits = Some(task);
        } else {
            slot.is_busy = true;
        }
    }
    slots.into_iter().filter_map(|(place, slot)| Some((place, slot.rest()?))).collect()
}

impl SlotFacts<'_> {
    fn rest(&self) -> Option<Idle> {
        let last = self.last.filter(|_| !self.is_busy)?;
        // The run that one after it has ended is over, whatever a lost node last said of it.
        if self.stops.is_some_and(|stops| stops.created > last.created) {
            return None;
        }
        let policy = &last.spec.restart;
        let ended_well = last.state == TaskState::Complete;
        let delays = if self.waits.is_some() { 1 } else { 2 };
        if let Some(next) = self.waits.or(self.lost) {
            let delay = i64::try_from(policy.delay.as_nanos()).unwrap_or(i64::MAX);
            let at = next.created?.shifted(delay.saturating_mul(delays));
            return (ended_well && policy.repeats()).then_some(Idle::NextRun(at));
        }
        if ended_well && policy.ends_with_success() {
            return Some(Idle::Done);
        }
        let is_last = policy.condition == RestartCondition::None || policy.max_attempts > 0;
        let ended = ended_well || matches!(last.state, TaskState::Failed | TaskState::Rejected);
        (ended && is_last).then_some(Idle::GivenUp)
    }
}

impl Store {
    /// Counts a service's slots that rest. Those of many tasks are not counted with each piece of a list:
    /// then it is still to be done.
    pub(in crate::cluster) fn reckon_rests(&mut self, id: &ServiceId) -> bool {
        let Some(group) = self.by_service.get(id) else { return true };
        if group.tasks.len() > MANY && !self.lists.is_empty() {
            return false;
        }
        let ended = group.tally.complete + group.tally.failed > 0;
        let is_known = |t: &&Task| {
            t.slot > 0 || t.node.as_ref().is_none_or(|node| self.nodes.contains_key(node))
        };
        let rests = if ended && self.tasks_known {
            IdleSlots::of(self.tasks_of(id).filter(is_known))
        } else {
            IdleSlots::default()
        };
        self.by_service.entry_ref(id).or_default().rests = rests;
        true
    }
}
