//! The rows of tasks: by name and slot, older tasks of a slot folded under the one that counts.
//!
//! A table of 100,000 tasks must be filtered and walked within a frame. So each service's rows are kept,
//! and what a filter found of them, until a task of it changes: what is left is copying.

use hashbrown::HashMap;

use crate::{
    cluster::{ServiceId, Task, TaskRef},
    ui::{
        app::model::Model,
        screen::tasks::{TaskRow, TaskScope, filter::TaskFilter},
        table::{filter::Filter, order::NameOrder},
    },
};

/// The rows of each service.
#[derive(Debug, Default)]
pub struct RowsByService {
    roll: Option<u64>,
    blocks: HashMap<ServiceId, ServiceRows>,
    /// Result of the last filter, with the filter.
    found: HashMap<ServiceId, FilteredRows>,
    filter: Filter,
}

/// A service's rows, and what they were built from.
#[derive(Debug)]
struct ServiceRows {
    revision: u64,
    unfolded: bool,
    rows: Vec<TaskRow>,
}

/// Tasks of a service that a filter found.
#[derive(Debug)]
enum FilteredRows {
    All(u64),
    Some(ServiceRows),
}

impl ServiceRows {
    fn is_of(&self, revision: u64, unfolded: bool) -> bool {
        self.revision == revision && self.unfolded == unfolded
    }
}

impl RowsByService {
    /// The tasks of a scope that pass a filter, by name and slot, older ones of a slot folded under the
    /// one that counts.
    pub fn tasks(
        &mut self,
        model: &Model,
        scope: &TaskScope,
        filter: &Filter,
        unfolded: bool,
    ) -> Vec<TaskRow> {
        let (store, order) = (&model.store, &model.order);
        if self.roll != order.roll() {
            self.roll = order.roll();
            self.blocks.clear();
            self.found.clear();
        }
        self.look_for(filter);
        let mut tasks = TaskFilter::new(store, filter);
        let mut rows = Vec::new();
        match scope {
            TaskScope::Node(id) => {
                let passing = store.placed_on(id).filter(|(_, t)| {
                    let name = tasks.passes_service(&t.service);
                    tasks.passes(t, name)
                });
                let passing: Vec<_> = passing.collect();
                fold(order, passing.into_iter(), unfolded, &mut rows);
            }
            TaskScope::Service(id) => self.block(model, id, &mut tasks, unfolded, &mut rows),
            TaskScope::All => {
                rows.reserve(store.task_count());
                let mut strangers: Vec<&ServiceId> = store
                    .services_with_tasks()
                    .filter(|id| !order.service_ranks.contains_key(*id))
                    .collect();
                strangers.sort();
                for id in order.services.iter().chain(strangers) {
                    self.block(model, id, &mut tasks, unfolded, &mut rows);
                }
            }
        }
        rows
    }

    /// Narrows the last result: where nothing matched, nothing matches when a letter is added.
    fn look_for(&mut self, filter: &Filter) {
        if filter.text == self.filter.text {
            return;
        }
        let narrows = filter.narrows(&self.filter);
        self.found
            .retain(|_, f| narrows && matches!(f, FilteredRows::Some(b) if b.rows.is_empty()));
        self.filter = filter.clone();
    }

    fn block(
        &mut self,
        model: &Model,
        id: &ServiceId,
        tasks: &mut TaskFilter<'_>,
        unfolded: bool,
        rows: &mut Vec<TaskRow>,
    ) {
        let (store, order) = (&model.store, &model.order);
        let revision = store.tasks_revision(id);
        let name = tasks.passes_service(id);
        if !tasks.passes_all(name) {
            match self.found.get(id) {
                Some(FilteredRows::All(at)) if *at == revision => {}
                Some(FilteredRows::Some(block)) if block.is_of(revision, unfolded) => {
                    return rows.extend_from_slice(&block.rows);
                }
                _ => {
                    let passing: Vec<_> =
                        store.placed_of(id).filter(|(_, t)| tasks.passes(t, name)).collect();
                    if passing.len() < store.tally(id).all as usize {
                        let block = build(order, passing.into_iter(), revision, unfolded);
                        rows.extend_from_slice(&block.rows);
                        self.found.insert(id.clone(), FilteredRows::Some(block));
                        return;
                    }
                    self.found.insert(id.clone(), FilteredRows::All(revision));
                }
            }
        }
        if let Some(block) = self.blocks.get(id)
            && block.is_of(revision, unfolded)
        {
            return rows.extend_from_slice(&block.rows);
        }
        let block = build(order, store.placed_of(id), revision, unfolded);
        rows.extend_from_slice(&block.rows);
        self.blocks.insert(id.clone(), block);
    }
}

fn build<'s>(
    order: &NameOrder,
    tasks: impl Iterator<Item = (TaskRef, &'s Task)>,
    revision: u64,
    unfolded: bool,
) -> ServiceRows {
    let mut rows = Vec::new();
    fold(order, tasks, unfolded, &mut rows);
    ServiceRows { revision, unfolded, rows }
}

/// Groups tasks by slot: the live or newest one heads the others, newest first.
fn fold<'s>(
    order: &NameOrder,
    tasks: impl Iterator<Item = (TaskRef, &'s Task)>,
    unfolded: bool,
    rows: &mut Vec<TaskRow>,
) {
    // A node that is not known any more is told from others by its id.
    let stranger = |id: &str| {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(id);
        (1 << 63) | (hash >> 1)
    };
    let mut known: Option<(&ServiceId, u32)> = None;
    let mut rank = |task: &'s Task| {
        let service = match known {
            Some((id, rank)) if *id == task.service => rank,
            _ => order.service_ranks.get(&task.service).copied().unwrap_or(u32::MAX),
        };
        known = Some((&task.service, service));
        let node = match &task.node {
            Some(node) if task.slot == 0 => order
                .node_ranks
                .get(node)
                .map_or_else(|| stranger(node.as_str()), |rank| u64::from(*rank)),
            _ => u64::MAX,
        };
        (service, task.slot, node)
    };
    // What the orchestrator wants alive first, then what still runs, then the newest.
    let mut ranked: Vec<_> = tasks
        .map(|(place, t)| {
            let newest = std::cmp::Reverse(t.created);
            (rank(t), !t.is_wanted(), t.state.is_terminal(), newest, place)
        })
        .collect();
    ranked.sort_unstable_by_key(|t| (t.0, t.1, t.2, t.3));
    for slot in ranked.chunk_by(|a, b| a.0 == b.0) {
        let older = if unfolded { 0 } else { slot.len() as u32 - 1 };
        rows.push(TaskRow { task: slot[0].4, older, nested: false });
        if unfolded {
            let nested = |t: &_| TaskRow { task: *t, older: 0, nested: true };
            rows.extend(slot[1..].iter().map(|t| nested(&t.4)));
        }
    }
}
