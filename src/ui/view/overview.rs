//! The Overview: services, nodes, tasks of the selection, and events or logs.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{events, logs, nodes, services, tasks};
use crate::{
    config::Slot,
    ui::{Board, board::Pane},
};

pub(super) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    if board.zoomed {
        return pane(board, frame, area, board.pane, true);
    }
    if area.width < 100 || area.height < 26 {
        return tabbed(board, frame, area);
    }
    let rows = board.services.rows().len().max(board.nodes.rows().len()) as u16 + 3;
    let top = rows.clamp(7, area.height * 2 / 5);
    let task_rows = board.tasks.rows().len() as u16 + 3;
    let middle = task_rows.clamp(6, area.height * 3 / 10);
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(top), Constraint::Length(middle), Constraint::Min(6)])
            .areas(area);
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(61), Constraint::Percentage(39)]).areas(top);
    services::draw(board, frame, left);
    nodes::draw(board, frame, right);
    tasks::draw(board, frame, middle);
    bottom_pane(board, frame, bottom);
}

fn bottom_pane(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    if board.bottom_logs {
        logs::draw(board, frame, area, false);
    } else {
        events::draw(board, frame, area, false);
    }
}

/// A small screen: a list of services or nodes on top, what belongs to it below, and tabs that tell
/// where Tab leads.
fn tabbed(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let names = [
        (Pane::Services, "Services"),
        (Pane::Nodes, "Nodes"),
        (Pane::Tasks, "Tasks"),
        (Pane::Events, "Events"),
        (Pane::Logs, "Logs"),
    ];
    let mut spans = Vec::new();
    for (pane, name) in names {
        if pane == board.pane {
            spans.push(Span::styled(format!(" ▸{name} "), board.style(Slot::Focus)));
        } else {
            spans.push(Span::styled(format!("  {name} "), board.style(Slot::Dim)));
        }
    }
    spans.push(Span::styled("  Tab", board.style(Slot::Dim)));
    frame.render_widget(Line::from(spans), Rect { height: 1, ..area });
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if !matches!(board.pane, Pane::Services | Pane::Nodes) || body.height < 14 {
        return pane(board, frame, body, board.pane, false);
    }
    let list = if board.pane == Pane::Services {
        board.services.rows().len()
    } else {
        board.nodes.rows().len()
    };
    let top = (list as u16 + 3).clamp(6, body.height * 3 / 5);
    let [top, bottom] = Layout::vertical([Constraint::Length(top), Constraint::Min(5)]).areas(body);
    pane(board, frame, top, board.pane, false);
    tasks::draw(board, frame, bottom);
}

fn pane(board: &Board, frame: &mut Frame<'_>, area: Rect, pane: Pane, wide: bool) {
    match pane {
        Pane::Services => services::draw(board, frame, area),
        Pane::Nodes => nodes::draw(board, frame, area),
        Pane::Tasks => tasks::draw(board, frame, area),
        Pane::Events => events::draw(board, frame, area, wide),
        Pane::Logs => logs::draw(board, frame, area, wide),
    }
}
