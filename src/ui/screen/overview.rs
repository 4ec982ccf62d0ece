//! The Overview: services, nodes, tasks of the selection, and events or logs.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        Board,
        app::board::Pane,
        screen::{events, logs, nodes, services, tasks},
    },
};

/// Panes as the user wants them, where that is not as they are by themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Split {
    /// Columns of the left pane on top.
    pub left: Option<u16>,
    /// Rows of the panes on top.
    pub top: Option<u16>,
    /// Rows of the pane in the middle.
    pub middle: Option<u16>,
}

/// An edge between panes that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Left,
    Top,
    Middle,
}

const TABS: [(Pane, &str); 5] = [
    (Pane::Services, "Services"),
    (Pane::Nodes, "Nodes"),
    (Pane::Tasks, "Tasks"),
    (Pane::Events, "Events"),
    (Pane::Logs, "Logs"),
];

/// Number of columns from which events and logs stand beside each other.
const BESIDE: u16 = 180;

/// Whether there is room for events and logs, and something in both.
pub(in crate::ui) fn has_both(board: &Board, columns: u16) -> bool {
    columns >= BESIDE && board.log.is_some()
}

fn is_tabbed(area: Rect) -> bool {
    area.width < 100 || area.height < 26
}

/// Where the panes are.
pub fn panes(board: &Board, area: Rect) -> Vec<(Pane, Rect)> {
    if board.zoomed {
        return vec![(board.pane, area)];
    }
    if is_tabbed(area) {
        let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let list = match board.pane {
            Pane::Services => board.services.rows().len(),
            Pane::Nodes => board.nodes.rows().len(),
            _ => return vec![(board.pane, body)],
        };
        if body.height < 14 {
            return vec![(board.pane, body)];
        }
        let top = board.split.top.unwrap_or(list as u16 + 3).clamp(6, body.height * 3 / 5);
        let [top, bottom] =
            Layout::vertical([Constraint::Length(top), Constraint::Min(5)]).areas(body);
        return vec![(board.pane, top), (Pane::Tasks, bottom)];
    }
    let split = board.split;
    let rows = board.services.rows().len().max(board.nodes.rows().len()) as u16 + 3;
    let most = area.height - 12;
    let top = split.top.map_or(rows.clamp(7, area.height * 2 / 5), |n| n.clamp(4, most));
    let task_rows = board.tasks.rows().len() as u16 + 3;
    let middle = split
        .middle
        .map_or(task_rows.clamp(6, area.height * 3 / 10), |n| n.clamp(4, area.height - top - 6));
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(top), Constraint::Length(middle), Constraint::Min(6)])
            .areas(area);
    let left = split.left.map_or(area.width * 61 / 100, |n| n.clamp(30, area.width - 30));
    let [left, right] =
        Layout::horizontal([Constraint::Length(left), Constraint::Min(30)]).areas(top);
    let mut panes = vec![(Pane::Services, left), (Pane::Nodes, right), (Pane::Tasks, middle)];
    if has_both(board, area.width) {
        let [events, logs] =
            Layout::horizontal([Constraint::Percentage(45), Constraint::Min(80)]).areas(bottom);
        panes.extend([(Pane::Events, events), (Pane::Logs, logs)]);
    } else {
        panes.push((if board.bottom_logs { Pane::Logs } else { Pane::Events }, bottom));
    }
    panes
}

/// The tab at a place of a small screen.
pub fn tab(board: &Board, area: Rect, x: u16, y: u16) -> Option<Pane> {
    if board.zoomed || !is_tabbed(area) || y != area.y {
        return None;
    }
    let mut end = area.x;
    TABS.into_iter().find_map(|(pane, name)| {
        end += name.len() as u16 + 3;
        (x < end).then_some(pane)
    })
}

/// The edge at a place.
pub fn edge(board: &Board, area: Rect, x: u16, y: u16) -> Option<Edge> {
    let panes = panes(board, area);
    let &[(_, left), _, (_, middle), _, ..] = panes.as_slice() else { return None };
    let near = |a: u16, b: u16| a == b || a + 1 == b;
    if y < left.bottom() - 1 && near(x, left.right()) {
        Some(Edge::Left)
    } else if near(y, left.bottom()) {
        Some(Edge::Top)
    } else if near(y, middle.bottom()) {
        Some(Edge::Middle)
    } else {
        None
    }
}

/// Moves an edge to a place.
pub fn drag(board: &mut Board, area: Rect, edge: Edge, x: u16, y: u16) {
    let rows = |from: u16| Some(y.saturating_sub(from));
    match edge {
        Edge::Left => board.split.left = Some(x.saturating_sub(area.x)),
        Edge::Top => board.split.top = rows(area.y),
        Edge::Middle => {
            let top = panes(board, area).first().map_or(area.y, |(_, left)| left.bottom());
            board.split.middle = rows(top);
        }
    }
}

pub(in crate::ui) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    if !board.zoomed && is_tabbed(area) {
        let mut spans = Vec::new();
        for (pane, name) in TABS {
            if pane == board.pane {
                spans.push(Span::styled(format!(" ▸{name} "), board.style(Slot::Focus)));
            } else {
                spans.push(Span::styled(format!("  {name} "), board.style(Slot::Dim)));
            }
        }
        spans.push(Span::styled("  Tab", board.style(Slot::Dim)));
        frame.render_widget(Line::from(spans), Rect { height: 1, ..area });
    }
    for (place, area) in panes(board, area) {
        pane(board, frame, area, place, board.zoomed);
    }
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
