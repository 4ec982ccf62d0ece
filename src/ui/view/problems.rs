//! Problems: what is wrong, the worst first.

use ratatui::{Frame, layout::Rect};

use super::{empty, frame_of, rows, title};
use crate::{
    config::Slot,
    triage::{Problem, Severity},
    ui::{
        Board,
        widget::{
            columns::{Cell, Column, Key},
            text,
        },
    },
};

pub(super) fn glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✗",
        Severity::Warning => "!",
    }
}

pub(super) fn slot(severity: Severity) -> Slot {
    match severity {
        Severity::Critical => Slot::Critical,
        Severity::Warning => Slot::Warn,
    }
}

/// What a filter looks at.
pub fn texts(problem: &Problem) -> [&str; 3] {
    [problem.rule, &problem.object, &problem.message]
}

const COLUMNS: &[Column<Problem>] = &[
    Column {
        title: "SEVERITY",
        min: 3,
        max: 10,
        shed: 0,
        right: false,
        cell: |p, _| {
            Cell::new(format!("{} {}", glyph(p.severity), p.severity.word()), slot(p.severity))
        },
        key: |p, _| Key::Number(-(p.severity as i64)),
    },
    Column {
        title: "SINCE",
        min: 4,
        max: 5,
        shed: 1,
        right: true,
        cell: |p, c| {
            let since =
                if p.since.is_set() { text::age(p.since.age(c.now)) } else { String::new() };
            Cell::dim(since)
        },
        key: |p, _| Key::Number(-p.since.0),
    },
    Column {
        title: "WHAT",
        min: 20,
        max: 300,
        shed: 0,
        right: false,
        cell: |p, _| Cell::text(&*p.message),
        key: |p, _| Key::Text(p.message.clone()),
    },
];

/// Draws the view.
pub(super) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let table = &board.problem_rows;
    let head = title(board, "Problems", table.rows().len(), table.all, &table.filter);
    let inner = frame_of(board, frame, area, head, true);
    if table.rows().is_empty() {
        return empty(
            board,
            frame,
            inner,
            table.all > 0,
            "· no problems: all services run, all nodes are ready",
        );
    }
    rows(board, frame, inner, (table, COLUMNS, true), |row| board.problems.get(row.0));
}
