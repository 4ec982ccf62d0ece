//! Tasks: columns, colours, order; history folded under the live task.

pub(in crate::ui) mod filter;
mod line;
pub(in crate::ui) mod rows;

use hashbrown::HashSet;
use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    cluster::{Kind, NodeId, Part, ServiceId, Store, Subject, Task, TaskRef, TaskState},
    config::Slot,
    ui::{
        app::{cluster::Cluster, model::Model},
        chrome::{empty, frame_of, rows, title, unknown},
        screen::{
            Count, Cx, Screen,
            tasks::rows::{Extent, RowsByService},
        },
        table::{
            Row, Sorting, Table,
            columns::{Cell, Column, Key},
            order::sort,
            rows::Rows,
        },
        widget::text,
    },
};

/// Colour of a task's state.
pub fn slot(task: &Task, store: &Store) -> Slot {
    match &task.state {
        TaskState::Running if !store.is_running(task) => Slot::Critical,
        TaskState::Running | TaskState::Complete => Slot::Ok,
        s if s.is_failure() => Slot::Critical,
        TaskState::Shutdown | TaskState::Remove => Slot::Dim,
        _ if !task.err.is_empty() => Slot::Warn,
        _ => Slot::Busy,
    }
}

fn glyph(task: &Task, store: &Store) -> &'static str {
    match slot(task, store) {
        Slot::Ok => "·",
        Slot::Critical => "✗",
        Slot::Warn => "!",
        Slot::Dim => "–",
        _ => "◐",
    }
}

/// The fields that a filter searches, in words.
const SEARCHED: &str = "name, ID, node, container ID, address, state, desired state, severity, exit code, error, image with its digest";

/// Scope of the task list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskScope {
    /// All tasks.
    All,
    /// Those of a service.
    Service(ServiceId),
    /// Those on a node.
    Node(NodeId),
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

fn of<'a>(row: &TaskRow, model: &'a Model) -> Option<&'a Task> {
    model.store.task_at(row.task)
}

/// The engine's word, and in brackets what skep knows better.
fn state<'a>(task: &'a Task, model: &'a Model) -> Cell<'a> {
    let slot = slot(task, &model.store);
    if task.state == TaskState::Running && !model.store.is_running(task) {
        return Cell::new(filter::LOST, slot);
    }
    let slot = if slot == Slot::Ok { Slot::Text } else { slot };
    Cell::new(task.state.word(), slot)
}

/// The column that orders by name and slot, which is the order rows come in.
pub const BY_NAME: usize = 1;

/// The columns.
pub const COLUMNS: &[Column<TaskRow>] = &[
    Column {
        title: "",
        min: 1,
        max: 1,
        shed: 0,
        right: false,
        cell: |r, c| match of(r, c) {
            Some(t) => {
                let slot = slot(t, &c.store);
                Cell::new(glyph(t, &c.store), if slot == Slot::Ok { Slot::Dim } else { slot })
            }
            None => Cell::dim(""),
        },
        key: |r, c| {
            let rank = of(r, c).map_or(9, |t| match slot(t, &c.store) {
                Slot::Critical => 0,
                Slot::Warn => 1,
                Slot::Busy => 2,
                Slot::Ok => 3,
                _ => 4,
            });
            Key::Number(rank)
        },
    },
    Column {
        title: "TASK",
        min: 14,
        max: 40,
        shed: 0,
        right: false,
        cell: |r, c| match of(r, c) {
            Some(t) if r.nested => Cell::dim(format!("  └ {}", t.id.short())),
            Some(t) => Cell::name(c.store.task_name(t), Slot::Text),
            None => Cell::dim(""),
        },
        key: |_, _| Key::Place,
    },
    Column {
        title: "NODE",
        min: 7,
        max: 24,
        shed: 3,
        right: false,
        cell: |r, c| {
            let node = of(r, c).and_then(|t| t.node.as_ref());
            Cell::text(node.map_or("", |n| c.store.hostname(n)))
        },
        key: |r, c| {
            let node = of(r, c).and_then(|t| t.node.as_ref());
            Key::text(node.map_or("", |n| c.store.hostname(n)))
        },
    },
    Column {
        title: "STATE",
        min: 8,
        max: 18,
        shed: 0,
        right: false,
        cell: |r, c| of(r, c).map_or(Cell::dim(""), |t| state(t, c)),
        key: |r, c| Key::Number(of(r, c).map_or(0, |t| i64::from(t.state.number()))),
    },
    Column {
        title: "DESIRED",
        min: 7,
        max: 9,
        shed: 6,
        right: false,
        cell: |r, c| Cell::dim(of(r, c).map_or("", |t| t.desired.word())),
        key: |r, c| Key::Number(of(r, c).map_or(0, |t| i64::from(t.desired.number()))),
    },
    Column {
        title: "AGE",
        min: 3,
        max: 4,
        shed: 2,
        right: true,
        cell: |r, c| Cell::dim(of(r, c).map_or(String::new(), |t| c.age(t.since))),
        key: |r, c| Key::newest_first(of(r, c).and_then(|t| t.since)),
    },
    Column {
        title: "EXIT",
        min: 3,
        max: 4,
        shed: 4,
        right: true,
        cell: |r, c| match of(r, c).and_then(|t| t.exit_code) {
            Some(0) => Cell::dim("0"),
            Some(code) => Cell::new(code.to_string(), Slot::Critical),
            None => Cell::dim(""),
        },
        key: |r, c| Key::Number(of(r, c).and_then(|t| t.exit_code).unwrap_or(-1)),
    },
    Column {
        title: "IMAGE",
        min: 8,
        max: 30,
        shed: 7,
        right: false,
        cell: |r, c| Cell::dim(of(r, c).map_or("", Task::image_tag)),
        key: |r, c| Key::text(of(r, c).map_or("", |t| &*t.spec.image)),
    },
    Column {
        title: "ERROR",
        min: 20,
        max: 120,
        shed: 1,
        right: false,
        cell: |r, c| {
            let Some(t) = of(r, c) else { return Cell::dim("") };
            let slot = if t.state.is_failure() { Slot::Critical } else { Slot::Warn };
            Cell::new(&*t.err, slot)
        },
        key: |r, c| Key::text(of(r, c).map_or("", |t| &*t.err)),
    },
    Column {
        title: "HISTORY",
        min: 2,
        max: 8,
        shed: 5,
        right: true,
        cell: |r, _| Cell::dim(if r.older > 0 { format!("+{}", r.older) } else { String::new() }),
        key: |r, _| Key::Number(-i64::from(r.older)),
    },
];

/// Tasks of services that changed and are not on the screen: so many are put in order within a frame.
const AT_ONCE: usize = 16_384;

/// The kinds that are shown of a task: it has the name of its service and of its node.
const SHOWN: &[Kind] = &[Kind::Swarm, Kind::Tasks, Kind::Services, Kind::Nodes];

/// The tasks.
pub struct Tasks {
    /// The list.
    pub table: Table<TaskRow>,
    /// The scope of the full-size screen.
    pub scope: TaskScope,
    /// Older tasks of each slot are shown.
    pub unfolded: bool,
    /// The scope that the rows were built for.
    built: TaskScope,
    rows: RowsByService,
}

impl Default for Tasks {
    fn default() -> Self {
        // By name and slot; the others begin with what is worst.
        let mut table = Table::ordered(Sorting::By(titles));
        table.sort = BY_NAME;
        Self {
            table,
            scope: TaskScope::All,
            unfolded: false,
            built: TaskScope::All,
            rows: RowsByService::default(),
        }
    }
}

fn titles() -> Vec<&'static str> {
    COLUMNS.iter().map(|column| column.title).collect()
}

impl Tasks {
    /// Lists the tasks of something.
    pub fn open(&mut self, scope: TaskScope) {
        self.scope = scope;
        self.table.set_filter("");
        self.table.reset();
    }

    /// Shows or folds the older tasks of each slot.
    pub fn turn_history(&mut self) {
        self.unfolded = !self.unfolded;
        self.table.stale();
    }

    /// Whether rows are left to be brought up to date, to let keys through.
    pub fn is_behind(&self) -> bool {
        self.rows.is_behind()
    }

    /// Services of the tasks on the screen.
    fn services_shown(&self, store: &Store) -> HashSet<ServiceId> {
        let (window, _) = self.table.window(self.table.window_size());
        window.iter().filter_map(|r| store.task_at(r.task)).map(|t| t.service.clone()).collect()
    }

    /// Whether there is history to show or to fold.
    pub fn has_history(&self) -> bool {
        self.unfolded || self.table.rows().iter().any(|row| row.older > 0)
    }

    /// The scope of the list: on the Overview the object that leads.
    fn scope(&self, cx: Cx<'_>) -> TaskScope {
        match cx.leader {
            None => self.scope.clone(),
            Some(Subject::Service(id)) => TaskScope::Service(id.clone()),
            Some(Subject::Node(id)) => TaskScope::Node(id.clone()),
            Some(_) => TaskScope::All,
        }
    }
}

impl Screen for Tasks {
    fn refresh(&mut self, cx: Cx<'_>) {
        let scope = self.scope(cx);
        let (model, now) = (&cx.cluster.model, cx.cluster.now);
        let is_behind = self.rows.is_behind() && !self.table.rests(now);
        if self.table.is_fresh(model.stamp(SHOWN), now) && !is_behind && self.built == scope {
            return;
        }
        let in_order = self.table.sort == BY_NAME && !self.table.reverse;
        // While they are read, every piece has tasks of many services.
        self.table.dear = !in_order || !self.table.filter.is_empty() || !model.store.tasks_known();
        let extent = if self.table.dear || self.built != scope {
            Extent::All
        } else {
            Extent::Some { shown: self.services_shown(&model.store), others: AT_ONCE }
        };
        let (store, table) = (&model.store, &mut self.table);
        let rows = self.rows.tasks(model, &scope, &table.filter, (self.unfolded, &extent));
        let key = COLUMNS[table.sort].key;
        let rows = if in_order {
            rows
        } else {
            sort(&rows, table.reverse, |row| row.nested, |row| key(row, model))
        };
        let all = match &scope {
            TaskScope::All => store.task_count(),
            TaskScope::Service(id) => store.tally(id).all as usize,
            TaskScope::Node(id) => store.node_tally(id).all as usize,
        };
        table.set(rows, all, model.stamp(SHOWN), now);
        self.built = scope;
    }

    fn stale(&mut self) {
        self.table.stale();
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let store = &cluster.model.store;
        let name = match self.scope(cx) {
            TaskScope::All => "Tasks".to_owned(),
            TaskScope::Service(id) => {
                format!("Tasks of {}", text::clean(&cluster.service_name(&id)))
            }
            TaskScope::Node(id) => format!("Tasks on {}", text::clean(store.hostname(&id))),
        };
        // Older tasks of a slot are folded, but a filter looks at them as well.
        let all = if table.filter.is_empty() { table.rows().len() } else { table.all };
        let mut head = title(cluster, &name, table.rows().len(), all, &table.filter);
        if store.tasks_refused() {
            head = Line::styled(format!(" {name} ? "), cluster.style(Slot::Title));
        }
        let inner = frame_of(cluster, frame, area, head, cx.focused);
        if table.rows().is_empty() {
            let nothing = match unknown(cluster, Part::Tasks) {
                Some(unknown) => unknown,
                None if store.tasks_known() => "no tasks".to_owned(),
                None => "tasks are being read…".to_owned(),
            };
            let hidden = table.hidden("tasks", SEARCHED);
            return empty(cluster, frame, inner, hidden, &nothing);
        }
        rows(cluster, frame, inner, (table, COLUMNS, cx.focused), Some);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn select(&mut self, subject: &Subject, cluster: &Cluster) {
        let Subject::Task(id, _) = subject else { return };
        let Some(place) = cluster.model.store.place_of(id) else { return };
        // An older task of its slot stands below the one that counts.
        let counts = cluster.model.store.task(id).is_some_and(|task| task.is_live());
        self.unfolded |= !counts;
        self.table.select(place);
    }

    fn count(&self, cluster: &Cluster) -> Count {
        let store = &cluster.model.store;
        Count::known(store.tasks_known() && !store.tasks_refused(), store.running() as usize)
    }

    fn subject(&self, cluster: &Cluster) -> Option<Subject> {
        let task = cluster.model.store.task_at(self.table.current()?.task)?;
        Some(Subject::Task(task.id.clone(), task.service.clone()))
    }

    fn interest(&self, cx: Cx<'_>, wanted: &mut Vec<ServiceId>) {
        let store = &cx.cluster.model.store;
        match self.scope(cx) {
            TaskScope::Service(id) => wanted.push(id),
            TaskScope::Node(id) => {
                let live = store.tasks_on(&id).filter(|t| t.is_live());
                wanted.extend(live.map(|t| t.service.clone()));
            }
            TaskScope::All => wanted.extend(self.services_shown(store)),
        }
    }
}
