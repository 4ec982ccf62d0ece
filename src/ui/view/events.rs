//! Events: the engine's own, and the task transitions skep derived.

use ratatui::{Frame, layout::Rect, text::Span};

use super::{empty, frame_of, has_focus, rows, title};
use crate::{
    cluster::{Entry, Gravity},
    config::Slot,
    ui::{
        Board,
        board::Pane,
        widget::columns::{Cell, Column, Key},
    },
};

fn slot(entry: &Entry) -> Slot {
    match entry.gravity {
        Gravity::Quiet => Slot::Dim,
        Gravity::Note => Slot::Info,
        Gravity::Good => Slot::Text,
        Gravity::Bad => Slot::Critical,
    }
}

/// What a filter looks at.
pub fn texts(entry: &Entry) -> [&str; 3] {
    [&entry.kind, &entry.name, &entry.text]
}

const COLUMNS: &[Column<Entry>] = &[
    Column {
        title: "TIME",
        min: 8,
        max: 8,
        shed: 0,
        right: false,
        cell: |e, _| Cell::dim(e.at.clock()),
        key: |e, _| Key::Number(e.at.0),
    },
    Column {
        title: "KIND",
        min: 4,
        max: 8,
        shed: 1,
        right: false,
        cell: |e, _| Cell::dim(&*e.kind),
        key: |e, _| Key::Text(e.kind.clone()),
    },
    Column {
        title: "NAME",
        min: 8,
        max: 32,
        shed: 0,
        right: false,
        cell: |e, _| Cell::text(&*e.name),
        key: |e, _| Key::Text(e.name.clone()),
    },
    Column {
        title: "WHAT",
        min: 10,
        max: 300,
        shed: 0,
        right: false,
        cell: |e, _| Cell::new(&*e.text, slot(e)),
        key: |e, _| Key::Text(e.text.clone()),
    },
];

/// Draws the pane.
pub(super) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect, full: bool) {
    let table = &board.events;
    let focused = has_focus(board, Pane::Events);
    let mut head = title(board, "Events", table.rows().len(), table.all, &table.filter);
    if !full {
        head.push_span(Span::styled("│ Logs ", board.style(Slot::Dim)));
    }
    let inner = frame_of(board, frame, area, head, focused);
    if table.rows().is_empty() {
        return empty(
            board,
            frame,
            inner,
            table.all > 0,
            "nothing has happened since skep began to watch",
        );
    }
    let journal = board.scene.store.journal();
    rows(board, frame, inner, (table, COLUMNS, focused), |row| journal.get(row.0));
}
