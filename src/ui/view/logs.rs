//! Logs: the lines of a set of tasks, labelled by task.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{frame_of, has_focus};
use crate::{
    cluster::{TaskId, Timestamp},
    config::Slot,
    ui::{
        Board,
        board::Pane,
        logpane::{LogPane, LogSource},
        widget::text,
    },
};

const LABELS: [Slot; 5] = [Slot::Info, Slot::Ok, Slot::Title, Slot::Busy, Slot::Marked];

/// Draws the pane.
pub(super) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect, full: bool) {
    let focused = has_focus(board, Pane::Logs);
    let Some(log) = &board.log else {
        let name = if full { " Logs " } else { " Events │ Logs " };
        let head = Line::styled(name, board.style(Slot::Title));
        let inner = frame_of(board, frame, area, head, focused);
        if inner.height > 1 {
            let line = Rect {
                x: inner.x + 1,
                y: inner.y + 1,
                width: inner.width.saturating_sub(1),
                height: 1,
            };
            let said = "select a service, task or node and press l";
            frame.render_widget(Line::styled(said, board.style(Slot::Dim)), line);
        }
        return;
    };
    let mut head = vec![
        Span::styled(format!(" Logs of {}", text::clean(&log.title)), board.style(Slot::Title)),
        Span::styled(format!(" {} tasks ", log.tasks.len()), board.style(Slot::Dim)),
    ];
    if log.held.is_some() {
        head.push(Span::styled(
            format!(" PAUSED +{} ", log.came_since()),
            board.style(Slot::Banner),
        ));
    }
    if !log.filter.text.is_empty() {
        head.push(Span::styled(
            format!(" /{} ", text::clean(&log.filter.text)),
            board.style(Slot::Info),
        ));
    }
    if log.buffer.dropped() > 0 {
        let said = format!(" {} old lines dropped ", log.buffer.dropped());
        head.push(Span::styled(said, board.style(Slot::Warn)));
    }
    if log.left_out > 0 {
        head.push(Span::styled(
            format!(" {} tasks not followed ", log.left_out),
            board.style(Slot::Warn),
        ));
    }
    let inner = frame_of(board, frame, area, Line::from(head), focused);
    let troubles: Vec<_> = log.buffer.troubles().collect();
    let shown_troubles = troubles.len().min(3).min(inner.height as usize / 3);
    let height = (inner.height as usize).saturating_sub(shown_troubles);
    log.page.set(height);
    let lines = log.buffer.lines();
    let visible = log.visible(height);
    if visible.is_empty() {
        let said = match (lines.is_empty(), log.tasks.is_empty()) {
            (false, _) => "nothing matches the filter; Esc clears it",
            (true, true) => &never_ran(board, log),
            (true, false) => "no lines yet",
        };
        frame.render_widget(Line::styled(format!(" {said}"), board.style(Slot::Dim)), inner);
    }
    let name_width = visible
        .iter()
        .map(|i| text::width(&label(log, &lines[*i].source)))
        .max()
        .unwrap_or(0)
        .min(24);
    for (row, index) in visible.iter().enumerate() {
        let line = &lines[*index];
        let place = Rect { y: inner.y + row as u16, height: 1, ..inner };
        let clean = text::clean(&line.text).into_owned();
        let name = label(log, &line.source);
        let body = text::skip(&clean, log.pan);
        let body_slot = if line.stderr { Slot::Warn } else { Slot::Text };
        let at = Timestamp(line.at);
        let clock = if at.is_set() { at.clock() } else { "        ".into() };
        let at = log.tasks.binary_search(&line.source).unwrap_or(0);
        let label_slot = LABELS[at % LABELS.len()];
        let pad = name_width.saturating_sub(text::width(&text::cut(&name, name_width)));
        let spans = vec![
            Span::styled(format!("{clock} "), board.style(Slot::Dim)),
            Span::styled(text::cut(&name, name_width).into_owned(), board.style(label_slot)),
            Span::raw(" ".repeat(pad + 1)),
            Span::styled(body.to_owned(), board.style(body_slot)),
        ];
        frame.render_widget(Line::from(spans), place);
    }
    for (row, (task, why)) in troubles.iter().take(shown_troubles).enumerate() {
        let y = inner.bottom() - shown_troubles as u16 + row as u16;
        let said = format!(" {} can't be read: {}", label(log, task), text::clean(why));
        let place = Rect { y, height: 1, ..inner };
        let said = text::cut(&said, inner.width as usize).into_owned();
        frame.render_widget(Line::styled(said, board.style(Slot::Warn)), place);
    }
}

/// Why there is nothing to read: a task that was rejected never wrote a line, but has its error.
fn never_ran(board: &Board, log: &LogPane) -> String {
    let store = &board.scene.store;
    if let LogSource::Tasks(ids) = &log.source
        && let Some(task) = ids.first().and_then(|id| store.task(id))
        && !task.err.is_empty()
    {
        let name = store.task_name(task);
        return text::clean(&format!("{name} never had a container: {}", task.err)).into_owned();
    }
    "no task has a container yet".into()
}

/// A task's name, also once the manager has forgotten it.
fn label(log: &LogPane, task: &TaskId) -> String {
    let name = log.names.get(task).map_or(task.short(), String::as_str);
    text::clean(name).into_owned()
}
