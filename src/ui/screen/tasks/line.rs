//! Tasks in their order, with what each has in common with others.

use std::{cmp::Reverse, sync::Arc};

use hashbrown::HashMap;

use crate::{
    cluster::{ServiceId, Task, TaskRef, TaskState},
    ui::table::order::NameOrder,
};

/// A task, and what it has in common with others.
#[derive(Debug)]
pub struct TaskLine {
    /// The task.
    pub task: TaskRef,
    /// The rank of its node, [`TaskLine::NO_NODE`] or [`TaskLine::OWN_NODE`].
    pub node: u32,
    /// The number of its look, or [`TaskLine::OWN_LOOK`].
    pub look: u16,
    /// It counts; those that follow are older ones of its slot.
    pub heads: bool,
}

impl TaskLine {
    /// It has no node.
    pub const NO_NODE: u32 = u32::MAX;
    /// Its node has no rank.
    pub const OWN_NODE: u32 = u32::MAX - 1;
    /// Its look has no number.
    pub const OWN_LOOK: u16 = u16::MAX;
}

/// The texts that a task shares with others: a filter finds them in all of these or in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskLook<'s> {
    /// Its state.
    pub state: &'s TaskState,
    /// Its desired state.
    pub desired: &'s TaskState,
    /// Its image.
    pub image: &'s str,
    /// Its error.
    pub err: &'s str,
    /// Its exit code.
    pub exit: Option<i64>,
}

impl<'s> TaskLook<'s> {
    /// The look of a task.
    pub fn of(task: &'s Task) -> Self {
        let (state, desired) = (&task.state, &task.desired);
        Self { state, desired, image: &task.spec.image, err: &task.err, exit: task.exit_code }
    }
}

/// Whether two tasks share all the texts of their look.
fn are_alike(a: &Task, b: &Task) -> bool {
    Arc::ptr_eq(&a.spec, &b.spec)
        && Arc::ptr_eq(&a.err, &b.err)
        && (&a.state, &a.desired, a.exit_code) == (&b.state, &b.desired, b.exit_code)
}

/// Orders tasks by service, slot and node, each slot from the live or newest one to the oldest; and a
/// task of each of their looks.
pub fn in_order<'s>(
    order: &NameOrder,
    tasks: impl Iterator<Item = (TaskRef, &'s Task)>,
) -> (Vec<TaskLine>, Vec<TaskRef>) {
    let (mut looks, mut numbers) = (Vec::new(), HashMap::new());
    let mut last: Option<(&Task, u16)> = None;
    let mut number = |task: &'s Task, place: TaskRef| {
        // Most often it is the one before it that looks the same, with the very same texts.
        if let Some((_, number)) = last.filter(|(before, _)| are_alike(before, task)) {
            return number;
        }
        let number = *numbers.entry(TaskLook::of(task)).or_insert_with(|| {
            let next = u16::try_from(looks.len()).unwrap_or(TaskLine::OWN_LOOK);
            if next < TaskLine::OWN_LOOK {
                looks.push(place);
            }
            next
        });
        last = Some((task, number));
        number
    };
    // A node that is not known any more is told from others by its id.
    let stranger = |id: &str| {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(id);
        (1 << 63) | (hash >> 1)
    };
    let mut known: Option<(&ServiceId, u32)> = None;
    let mut rank = |task: &'s Task, node: u32| {
        let service = match known {
            Some((id, rank)) if *id == task.service => rank,
            _ => order.service_ranks.get(&task.service).copied().unwrap_or(u32::MAX),
        };
        known = Some((&task.service, service));
        let place = match &task.node {
            Some(id) if task.slot == 0 && node == TaskLine::OWN_NODE => stranger(id.as_str()),
            Some(_) if task.slot == 0 => u64::from(node),
            _ => u64::MAX,
        };
        (service, task.slot, place)
    };
    // What the orchestrator wants alive first, then what still runs, then the newest.
    let mut ranked: Vec<_> = tasks
        .map(|(place, t)| {
            let node = t.node.as_ref().map_or(TaskLine::NO_NODE, |node| {
                order.node_ranks.get(node).copied().unwrap_or(TaskLine::OWN_NODE)
            });
            let newest = Reverse(t.created);
            let line = TaskLine { task: place, node, look: number(t, place), heads: false };
            (rank(t, node), !t.is_wanted(), t.state.is_terminal(), newest, line)
        })
        .collect();
    ranked.sort_unstable_by_key(|t| (t.0, t.1, t.2, t.3));
    let mut last = None;
    let lines = ranked.into_iter().map(|(slot, .., line)| {
        let heads = last.replace(slot) != Some(slot);
        TaskLine { heads, ..line }
    });
    (lines.collect(), looks)
}
