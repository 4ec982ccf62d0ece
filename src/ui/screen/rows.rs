//! Rows of the tables, built from the store.

use crate::{
    cluster::{NodeId, ServiceId, TaskRef, consequences},
    ui::{
        app::board::{Board, TaskScope, View},
        screen::{events, nodes, problems, services, tasks},
        table::{Row, order::sort},
    },
};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The task.
    pub task: TaskRef,
    /// Older tasks of the same slot folded under this one.
    pub older: u32,
    /// Whether it is one of the older tasks itself.
    pub nested: bool,
}

impl Row for TaskRow {
    type Id = TaskRef;
    fn id(&self) -> TaskRef {
        self.task
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
    pub(in crate::ui) fn refresh_rows(&mut self) {
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
        let (store, table) = (&self.scene.store, &mut self.services);
        self.order.refresh(store);
        let known = self.order.services.iter().filter_map(|id| store.service(id));
        let found: Vec<_> =
            known.filter(|s| table.filter.passes(services::texts(s).into_iter())).collect();
        let key = services::COLUMNS[table.sort].key;
        let sorted = sort(&found, table.reverse, |_| false, |s| key(s, &self.scene));
        let rows = sorted.into_iter().map(|s| s.id.clone()).collect();
        table.marked.retain(|id| store.service(id).is_some());
        table.set(rows, store.services().len(), stamp, self.now);
    }

    fn refresh_nodes(&mut self, stamp: u64) {
        if self.nodes.is_fresh(stamp, self.now) {
            return;
        }
        let (store, table) = (&self.scene.store, &mut self.nodes);
        self.order.refresh(store);
        let known = self.order.nodes.iter().filter_map(|id| store.node(id));
        let found: Vec<_> =
            known.filter(|n| table.filter.passes(nodes::texts(n).into_iter())).collect();
        let key = nodes::COLUMNS[table.sort].key;
        let sorted = sort(&found, table.reverse, |_| false, |n| key(n, &self.scene));
        let rows = sorted.into_iter().map(|n| n.id.clone()).collect();
        table.set(rows, store.nodes().len(), stamp, self.now);
    }

    /// The scope of the task list.
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
        let (store, table) = (&self.scene.store, &mut self.tasks);
        let rows = self.order.tasks(store, &scope, &table.filter, self.unfolded);
        let key = tasks::COLUMNS[table.sort].key;
        let in_order = table.sort == tasks::BY_NAME && !table.reverse;
        let rows = if in_order {
            rows
        } else {
            sort(&rows, table.reverse, |row| row.nested, |row| key(row, &self.scene))
        };
        let all = match &scope {
            TaskScope::All => store.task_count(),
            TaskScope::Service(id) => store.tally(id).all as usize,
            TaskScope::Node(id) => store.node_tally(id).all as usize,
        };
        // While they are read, every piece has tasks of many services.
        table.dear = !in_order || !table.filter.is_empty() || !store.tasks_known();
        table.set(rows, all, stamp, self.now);
        self.built_scope = scope;
    }

    fn refresh_events(&mut self, stamp: u64) {
        if self.events.is_fresh(stamp, self.now) {
            return;
        }
        let journal = self.scene.store.journal();
        self.scene.consequences = consequences(journal);
        let journal = self.scene.store.journal();
        let (text, filter) = (&self.events.filter, &self.event_filter);
        let rows = journal
            .iter()
            .filter(|e| filter.passes(e, self.scene.now))
            .filter(|e| text.passes(events::texts(e).into_iter()))
            .map(|e| EventRow(e.seq))
            .collect();
        let all = journal.iter().len();
        self.events.set(rows, all, stamp, self.now);
    }

    pub(in crate::ui) fn refresh_problems(&mut self) {
        let filter = &self.problem_rows.filter;
        let found = self.triage.problems();
        let rows: Vec<ProblemRow> = found
            .iter()
            .enumerate()
            .filter(|(_, p)| filter.passes(problems::texts(p).into_iter()))
            .map(|(i, p)| ProblemRow(i, p.key()))
            .collect();
        let all = found.len();
        self.problem_rows.set(rows, all, 0, self.now);
        self.detail.show(self.problem_rows.current().map(|row| row.1.as_str()));
    }
}
