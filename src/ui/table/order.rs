//! The order of rows: names as people count them, and any column on top of that.
//!
//! A table of 100,000 tasks must be sorted, filtered and walked within a frame. So what was worked out
//! is kept: the order of names until someone comes, goes or is renamed, and each service's rows, and
//! what a filter found of them, until a task of it changes. What is left is copying; and sorting is done
//! on numbers.

use std::{borrow::Cow, cmp::Ordering};

use hashbrown::HashMap;

use crate::{
    cluster::{NodeId, ServiceId, Store, Task, TaskRef, Timestamp},
    ui::{
        app::board::TaskScope,
        screen::rows::TaskRow,
        table::{columns::Key, filter::Filter, task_filter::TaskFilter},
    },
};

/// The order of names, and the rows of each service.
#[derive(Debug, Default)]
pub struct Order {
    roll: Option<u64>,
    /// Services by name.
    pub services: Vec<ServiceId>,
    /// Nodes by host name.
    pub nodes: Vec<NodeId>,
    service_ranks: HashMap<ServiceId, u32>,
    node_ranks: HashMap<NodeId, u32>,
    blocks: HashMap<ServiceId, Block>,
    /// Result of the last filter, with the filter.
    found: HashMap<ServiceId, Found>,
    filter: Filter,
}

/// A service's rows, and what they were built from.
#[derive(Debug)]
struct Block {
    revision: u64,
    unfolded: bool,
    rows: Vec<TaskRow>,
}

/// Tasks of a service that a filter found.
#[derive(Debug)]
enum Found {
    All(u64),
    Some(Block),
}

impl Block {
    fn is_of(&self, revision: u64, unfolded: bool) -> bool {
        self.revision == revision && self.unfolded == unfolded
    }
}

impl Order {
    /// Brings the order of names up to date.
    pub fn refresh(&mut self, store: &Store) {
        if self.roll == Some(store.roll()) {
            return;
        }
        self.roll = Some(store.roll());
        self.blocks.clear();
        self.found.clear();
        let mut services: Vec<_> = store.services().collect();
        services.sort_unstable_by(|a, b| natural(&a.name, &b.name).then_with(|| a.id.cmp(&b.id)));
        self.services = services.into_iter().map(|s| s.id.clone()).collect();
        let mut nodes: Vec<_> = store.nodes().collect();
        nodes.sort_unstable_by(|a, b| {
            natural(&a.hostname, &b.hostname).then_with(|| a.id.cmp(&b.id))
        });
        self.nodes = nodes.into_iter().map(|n| n.id.clone()).collect();
        let ranked = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.service_ranks =
            self.services.iter().enumerate().map(|(at, id)| (id.clone(), ranked(at))).collect();
        self.node_ranks =
            self.nodes.iter().enumerate().map(|(at, id)| (id.clone(), ranked(at))).collect();
    }

    /// The tasks of a scope that pass a filter, by name and slot, older ones of a slot folded under the
    /// one that counts.
    pub fn tasks(
        &mut self,
        store: &Store,
        scope: &TaskScope,
        filter: &Filter,
        unfolded: bool,
    ) -> Vec<TaskRow> {
        self.refresh(store);
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
                self.fold(passing.into_iter(), unfolded, &mut rows);
            }
            TaskScope::Service(id) => self.block(store, id, &mut tasks, unfolded, &mut rows),
            TaskScope::All => {
                rows.reserve(store.task_count());
                let mut strangers: Vec<&ServiceId> = store
                    .services_with_tasks()
                    .filter(|id| !self.service_ranks.contains_key(*id))
                    .collect();
                strangers.sort();
                let known = std::mem::take(&mut self.services);
                for id in known.iter().chain(strangers) {
                    self.block(store, id, &mut tasks, unfolded, &mut rows);
                }
                self.services = known;
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
        self.found.retain(|_, f| narrows && matches!(f, Found::Some(b) if b.rows.is_empty()));
        self.filter = filter.clone();
    }

    fn block(
        &mut self,
        store: &Store,
        id: &ServiceId,
        tasks: &mut TaskFilter<'_>,
        unfolded: bool,
        rows: &mut Vec<TaskRow>,
    ) {
        let revision = store.tasks_revision(id);
        let name = tasks.passes_service(id);
        if !tasks.passes_all(name) {
            match self.found.get(id) {
                Some(Found::All(at)) if *at == revision => {}
                Some(Found::Some(block)) if block.is_of(revision, unfolded) => {
                    return rows.extend_from_slice(&block.rows);
                }
                _ => {
                    let passing: Vec<_> =
                        store.placed_of(id).filter(|(_, t)| tasks.passes(t, name)).collect();
                    if passing.len() < store.tally(id).all as usize {
                        let block = self.build(passing.into_iter(), revision, unfolded);
                        rows.extend_from_slice(&block.rows);
                        self.found.insert(id.clone(), Found::Some(block));
                        return;
                    }
                    self.found.insert(id.clone(), Found::All(revision));
                }
            }
        }
        if let Some(block) = self.blocks.get(id)
            && block.is_of(revision, unfolded)
        {
            return rows.extend_from_slice(&block.rows);
        }
        let block = self.build(store.placed_of(id), revision, unfolded);
        rows.extend_from_slice(&block.rows);
        self.blocks.insert(id.clone(), block);
    }

    fn build<'s>(
        &self,
        tasks: impl Iterator<Item = (TaskRef, &'s Task)>,
        revision: u64,
        unfolded: bool,
    ) -> Block {
        let mut rows = Vec::new();
        self.fold(tasks, unfolded, &mut rows);
        Block { revision, unfolded, rows }
    }

    /// Groups tasks by slot: the live or newest one heads the others, newest first.
    fn fold<'s>(
        &self,
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
                _ => self.service_ranks.get(&task.service).copied().unwrap_or(u32::MAX),
            };
            known = Some((&task.service, service));
            let node = match &task.node {
                Some(node) if task.slot == 0 => self
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
                let newest = std::cmp::Reverse(t.created.max(Timestamp::NEVER));
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
}

/// Rows ordered by what a column says of them; what it leaves open stays in the order it has. A row
/// that is `nested` stays under the one before it.
pub fn sort<'a, R: Clone>(
    rows: &'a [R],
    reverse: bool,
    nested: impl Fn(&R) -> bool,
    key: impl Fn(&'a R) -> Key<'a>,
) -> Vec<R> {
    let mut keys = Vec::with_capacity(rows.len());
    let mut texts = Texts::default();
    let mut last = 0;
    for (at, row) in rows.iter().enumerate() {
        if !nested(row) {
            last = match key(row) {
                Key::Place => at as u64,
                // Negative numbers before the others.
                Key::Number(n) => (n as u64) ^ (1 << 63),
                Key::Text(text) => texts.number(text),
            };
        }
        keys.push((last, at as u32));
    }
    let ranks = texts.ranks();
    for (key, _) in &mut keys {
        if !ranks.is_empty() {
            *key = u64::from(ranks[*key as usize]);
        }
        if reverse {
            *key = !*key;
        }
    }
    if !keys.is_sorted() {
        keys.sort_unstable();
    }
    keys.into_iter().map(|(_, at)| rows[at as usize].clone()).collect()
}

/// Texts numbered as they come, and ranked at the end: of 100,000 rows most have the same few.
#[derive(Default)]
struct Texts<'a> {
    numbers: HashMap<Cow<'a, str>, u32>,
    seen: HashMap<(*const u8, usize), u32>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: Cow<'a, str>) -> u64 {
        let place = match &text {
            Cow::Borrowed(text) => Some((text.as_ptr(), text.len())),
            Cow::Owned(_) => None,
        };
        if let Some(number) = place.and_then(|p| self.seen.get(&p)) {
            return u64::from(*number);
        }
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(text).or_insert(next);
        if let Some(place) = place {
            self.seen.insert(place, number);
        }
        u64::from(number)
    }

    /// The rank of each text, by its number.
    fn ranks(self) -> Vec<u32> {
        let mut sorted: Vec<_> = self.numbers.into_iter().collect();
        sorted.sort_unstable_by(|a, b| natural(&a.0, &b.0).then_with(|| a.0.cmp(&b.0)));
        let mut ranks = vec![0; sorted.len()];
        for (rank, (_, number)) in sorted.into_iter().enumerate() {
            ranks[number as usize] = rank as u32;
        }
        ranks
    }
}

/// Names as people count: `node2` before `node10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let digits = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
    loop {
        let (Some(x), Some(y)) = (a.first(), b.first()) else { return a.len().cmp(&b.len()) };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let ((n, rest_a), (m, rest_b)) = (a.split_at(digits(a)), b.split_at(digits(b)));
            let zeros = |n: &[u8]| n.iter().take_while(|c| **c == b'0').count();
            let (n, m) = (&n[zeros(n)..], &m[zeros(m)..]);
            let order = n.len().cmp(&m.len()).then_with(|| n.cmp(m));
            if order.is_ne() {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else {
            if x != y {
                return x.cmp(y);
            }
            (a, b) = (&a[1..], &b[1..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_order_as_people_count() {
        let mut names = ["node10", "node2", "web", "node2b", "a-10-2", "a-9-11", "node02", "a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a-9-11", "a-10-2", "node2", "node02", "node2b", "node10", "web"]);
    }

    #[test]
    fn what_a_column_leaves_open_stays_and_nested_rows_stay_under_theirs() {
        let rows =
            [("b", 1, false), ("a", 2, false), ("x", 3, true), ("b", 4, false), ("a", 5, false)];
        let order = |reverse| {
            let key = |r: &'static (&'static str, i32, bool)| Key::Text(r.0.into());
            let rows: &'static _ = Vec::leak(rows.to_vec());
            sort(rows, reverse, |r| r.2, key).iter().map(|r| r.1).collect::<Vec<_>>()
        };
        assert_eq!(order(false), [2, 3, 5, 1, 4]);
        assert_eq!(order(true), [1, 4, 2, 3, 5]);
        let numbers: &'static [i64] = &[3, -1, 2];
        assert_eq!(sort(numbers, false, |_| false, |n| Key::Number(*n)), [-1, 2, 3]);
        assert_eq!(sort(numbers, true, |_| false, |_| Key::Place), [2, -1, 3]);
    }
}
