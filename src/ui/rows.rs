//! What the tables' rows are, and how they are built from the store.

use std::collections::HashMap;

use super::{
    Board,
    board::{TaskScope, View},
    table::{Row, sort_by},
    view::{events, nodes, problems, services, tasks},
    widget::columns::natural,
};
use crate::cluster::{NodeId, ServiceId, Task, TaskId, Timestamp, effects};

impl Row for ServiceId {
    type Id = Self;
    fn id(&self) -> Self {
        self.clone()
    }
}

impl Row for NodeId {
    type Id = Self;
    fn id(&self) -> Self {
        self.clone()
    }
}

/// A journal entry by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRow(pub u64);

impl Row for EventRow {
    type Id = u64;
    fn id(&self) -> u64 {
        self.0
    }
}

/// A task with its history folded under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The task.
    pub task: TaskId,
    /// Older tasks of the same slot folded under this one.
    pub older: usize,
    /// It is itself one of those.
    pub nested: bool,
}

impl Row for TaskRow {
    type Id = TaskId;
    fn id(&self) -> TaskId {
        self.task.clone()
    }
}

/// A finding by its rule and object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemRow(pub usize, pub String);

impl Row for ProblemRow {
    type Id = String;
    fn id(&self) -> String {
        self.1.clone()
    }
}

impl Board {
    /// Builds the rows of the tables on the screen anew if what they are built from changed.
    pub(super) fn refresh_rows(&mut self) {
        let overview = self.view == View::Overview;
        let stamp = self.scene.store.revision() << 1;
        if overview || self.view == View::Services {
            self.refresh_services(stamp);
        }
        if overview || self.view == View::Nodes {
            self.refresh_nodes(stamp);
        }
        if overview || self.view == View::Tasks {
            self.refresh_tasks(stamp);
        }
        if overview || self.view == View::Events {
            let journal = self.scene.store.journal();
            // What is remembered later makes it longer at the other end.
            let stamp = (journal.next_seq() << 16) ^ journal.iter().len() as u64;
            self.refresh_events(stamp);
        }
        if self.view == View::Problems {
            self.refresh_problems();
        }
    }

    fn refresh_services(&mut self, stamp: u64) {
        if self.services.is_fresh(stamp, self.now) {
            return;
        }
        let store = &self.scene.store;
        let filter = &self.services.filter;
        let passes = |s: &&crate::cluster::Service| filter.passes(services::texts(s).into_iter());
        let mut found: Vec<_> = store.services().filter(passes).collect();
        found.sort_by_cached_key(|s| natural(&s.name));
        let mut rows: Vec<ServiceId> = found.into_iter().map(|s| s.id.clone()).collect();
        let column = &services::COLUMNS[self.services.sort];
        let key = |id: &ServiceId| store.service(id).map(|s| (column.key)(s, &self.scene));
        sort_by(&mut rows, self.services.reverse, key);
        let all = store.services().len();
        self.services.marked.retain(|id| store.service(id).is_some());
        self.services.set(rows, all, stamp, self.now);
    }

    fn refresh_nodes(&mut self, stamp: u64) {
        if self.nodes.is_fresh(stamp, self.now) {
            return;
        }
        let store = &self.scene.store;
        let filter = &self.nodes.filter;
        let mut found: Vec<_> =
            store.nodes().filter(|n| filter.passes(nodes::texts(n).into_iter())).collect();
        found.sort_by_cached_key(|n| (natural(&n.hostname), n.id.clone()));
        let mut rows: Vec<NodeId> = found.into_iter().map(|n| n.id.clone()).collect();
        let column = &nodes::COLUMNS[self.nodes.sort];
        let key = |id: &NodeId| store.node(id).map(|n| (column.key)(n, &self.scene));
        sort_by(&mut rows, self.nodes.reverse, key);
        let all = store.nodes().len();
        self.nodes.set(rows, all, stamp, self.now);
    }

    /// Whose tasks are listed.
    pub fn task_scope(&self) -> TaskScope {
        match (&self.view, &self.scope) {
            (View::Overview, _) if self.tasks_of_node => {
                self.nodes.current().cloned().map_or(TaskScope::All, TaskScope::Node)
            }
            (View::Overview, _) => {
                self.services.current().cloned().map_or(TaskScope::All, TaskScope::Service)
            }
            (_, scope) => scope.clone(),
        }
    }

    fn refresh_tasks(&mut self, stamp: u64) {
        let scope = self.task_scope();
        if self.tasks.is_fresh(stamp, self.now) && self.built_scope == scope {
            return;
        }
        let store = &self.scene.store;
        let in_scope: Vec<&Task> = match &scope {
            TaskScope::All => store.tasks().collect(),
            TaskScope::Service(id) => store.tasks_of(id).collect(),
            TaskScope::Node(id) => store.tasks_on(id).collect(),
        };
        let all = in_scope.len();
        let filter = &self.tasks.filter;
        let shown: Vec<&Task> = if filter.is_empty() {
            in_scope
        } else {
            let passes = |t: &&Task| tasks::passes(t, store, filter);
            in_scope.into_iter().filter(passes).collect()
        };
        let mut rows = fold(&shown);
        let column = &tasks::COLUMNS[self.tasks.sort];
        // Only the heads are ordered; history goes along under its head.
        let mut heads: Vec<TaskRow> = rows.keys().cloned().collect();
        let name = &tasks::COLUMNS[1];
        sort_by(&mut heads, self.tasks.reverse, |row| {
            // Heads come in no order: name and slot settle what the column leaves open.
            Some(((column.key)(row, &self.scene), (name.key)(row, &self.scene)))
        });
        if self.unfolded {
            let mut open = Vec::with_capacity(shown.len());
            for head in heads {
                let older = rows.remove(&head).unwrap_or_default();
                open.push(TaskRow { older: 0, ..head });
                open.extend(older.into_iter().map(|t| TaskRow { task: t, older: 0, nested: true }));
            }
            heads = open;
        }
        self.tasks.set(heads, all, stamp, self.now);
        self.built_scope = scope;
    }

    fn refresh_events(&mut self, stamp: u64) {
        if self.events.is_fresh(stamp, self.now) {
            return;
        }
        let journal = self.scene.store.journal();
        self.scene.effects = effects(journal);
        let journal = self.scene.store.journal();
        let (filter, sieve) = (&self.events.filter, &self.event_sieve);
        let rows = journal
            .iter()
            .filter(|e| sieve.passes(e, self.scene.now))
            .filter(|e| filter.passes(events::texts(e).into_iter()))
            .map(|e| EventRow(e.seq))
            .collect();
        let all = journal.iter().len();
        self.events.set(rows, all, stamp, self.now);
    }

    fn refresh_problems(&mut self) {
        let filter = &self.problem_rows.filter;
        let found = &self.problems;
        let rows: Vec<ProblemRow> = found
            .iter()
            .enumerate()
            .filter(|(_, p)| filter.passes(problems::texts(p).into_iter()))
            .map(|(i, p)| ProblemRow(i, p.key()))
            .collect();
        let all = found.len();
        self.problem_rows.set(rows, all, 0, self.now);
    }
}

/// Groups tasks by slot: the live or newest one heads the others, newest first.
fn fold<'s>(shown: &[&'s Task]) -> HashMap<TaskRow, Vec<TaskId>> {
    #[derive(PartialEq, Eq, Hash)]
    struct Place<'s>(&'s ServiceId, u64, Option<&'s NodeId>);
    let mut groups: HashMap<Place<'s>, Vec<&'s Task>> = HashMap::with_capacity(shown.len());
    for task in shown {
        let node = if task.slot == 0 { task.node.as_ref() } else { None };
        groups.entry(Place(&task.service, task.slot, node)).or_default().push(task);
    }
    let mut folded = HashMap::with_capacity(groups.len());
    for mut group in groups.into_values() {
        // What the orchestrator wants alive first, then what still runs, then the newest.
        let rank = |t: &&Task| {
            let newest = std::cmp::Reverse(t.created.max(Timestamp::NEVER));
            (!t.is_wanted(), t.state.is_terminal(), newest)
        };
        group.sort_by_key(rank);
        let head = TaskRow { task: group[0].id.clone(), older: group.len() - 1, nested: false };
        folded.insert(head, group[1..].iter().map(|t| t.id.clone()).collect());
    }
    folded
}

impl std::hash::Hash for TaskRow {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.task.hash(state);
    }
}
