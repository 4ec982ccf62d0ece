//! Tasks: columns, colours, order; history folded under the live task.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    cluster::{Part, Store, Task, TaskState},
    config::Slot,
    ui::{
        Board, Model,
        app::board::{Pane, TaskScope},
        chrome::{empty, frame_of, has_focus, rows, title, unknown},
        screen::rows::TaskRow,
        table::columns::{Cell, Column, Key},
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

fn of<'a>(row: &TaskRow, scene: &'a Model) -> Option<&'a Task> {
    scene.store.task_at(row.task)
}

/// The engine's word, and in brackets what skep knows better.
fn state<'a>(task: &'a Task, scene: &'a Model) -> Cell<'a> {
    let slot = slot(task, &scene.store);
    if task.state == TaskState::Running && !scene.store.is_running(task) {
        return Cell::new("running? node down", slot);
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
        min: 8,
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
        min: 5,
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
        cell: |r, c| Cell::dim(of(r, c).map_or(String::new(), |t| text::age(t.since.age(c.now)))),
        key: |r, c| Key::Number(of(r, c).map_or(0, |t| -t.since.0)),
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
        min: 10,
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

/// Titles of the columns.
pub fn titles() -> Vec<&'static str> {
    COLUMNS.iter().map(|column| column.title).collect()
}

/// Draws the pane.
pub(in crate::ui) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let table = &board.tasks;
    let focused = has_focus(board, Pane::Tasks);
    let name = match board.task_scope() {
        TaskScope::All => "Tasks".to_owned(),
        TaskScope::Service(id) => format!("Tasks of {}", text::clean(&board.service_name(&id))),
        TaskScope::Node(id) => format!("Tasks on {}", text::clean(board.scene.store.hostname(&id))),
    };
    let mut head = title(board, &name, table.rows().len(), table.rows().len(), &table.filter);
    if board.scene.store.tasks_refused() {
        head = Line::styled(format!(" {name} ? "), board.style(Slot::Title));
    }
    let inner = frame_of(board, frame, area, head, focused);
    if table.rows().is_empty() {
        let nothing = match unknown(board, Part::Tasks) {
            Some(unknown) => unknown,
            None if board.scene.store.tasks_known() => "no tasks".to_owned(),
            None => "tasks are being read…".to_owned(),
        };
        return empty(board, frame, inner, table.all > 0, &nothing);
    }
    rows(board, frame, inner, (table, COLUMNS, focused), Some);
}
