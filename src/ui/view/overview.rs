//! The Overview: services, nodes, tasks of the selection, and events or logs.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{events, logs, nodes, services, tasks};
use crate::{
    config::Slot,
    ui::{App, app::Pane},
};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if app.zoomed {
        return pane(app, frame, area, app.pane, true);
    }
    if area.width < 100 || area.height < 26 {
        return tabbed(app, frame, area);
    }
    let rows = app.services.rows().len().max(app.nodes.rows().len()) as u16 + 3;
    let top = rows.clamp(7, area.height * 2 / 5);
    let task_rows = app.tasks.rows().len() as u16 + 3;
    let middle = task_rows.clamp(6, area.height * 3 / 10);
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(top), Constraint::Length(middle), Constraint::Min(6)])
            .areas(area);
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(61), Constraint::Percentage(39)]).areas(top);
    services::draw(app, frame, left);
    nodes::draw(app, frame, right);
    tasks::draw(app, frame, middle);
    bottom_pane(app, frame, bottom);
}

fn bottom_pane(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if app.bottom_logs {
        logs::draw(app, frame, area, false);
    } else {
        events::draw(app, frame, area, false);
    }
}

/// A small screen: a list of services or nodes on top, what belongs to it below, and tabs that tell
/// where Tab leads.
fn tabbed(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let names = [
        (Pane::Services, "Services"),
        (Pane::Nodes, "Nodes"),
        (Pane::Tasks, "Tasks"),
        (Pane::Events, "Events"),
        (Pane::Logs, "Logs"),
    ];
    let mut spans = Vec::new();
    for (pane, name) in names {
        if pane == app.pane {
            spans.push(Span::styled(format!(" ▸{name} "), app.style(Slot::Focus)));
        } else {
            spans.push(Span::styled(format!("  {name} "), app.style(Slot::Dim)));
        }
    }
    spans.push(Span::styled("  Tab", app.style(Slot::Dim)));
    frame.render_widget(Line::from(spans), Rect { height: 1, ..area });
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if !matches!(app.pane, Pane::Services | Pane::Nodes) || body.height < 14 {
        return pane(app, frame, body, app.pane, false);
    }
    let list =
        if app.pane == Pane::Services { app.services.rows().len() } else { app.nodes.rows().len() };
    let top = (list as u16 + 3).clamp(6, body.height * 3 / 5);
    let [top, bottom] = Layout::vertical([Constraint::Length(top), Constraint::Min(5)]).areas(body);
    pane(app, frame, top, app.pane, false);
    tasks::draw(app, frame, bottom);
}

fn pane(app: &App, frame: &mut Frame<'_>, area: Rect, pane: Pane, wide: bool) {
    match pane {
        Pane::Services => services::draw(app, frame, area),
        Pane::Nodes => nodes::draw(app, frame, area),
        Pane::Tasks => tasks::draw(app, frame, area),
        Pane::Events => events::draw(app, frame, area, wide),
        Pane::Logs => logs::draw(app, frame, area, wide),
    }
}
