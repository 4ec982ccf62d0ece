//! Draws the whole screen: header, strip, the screen that is shown, popups, footer.

use std::borrow::Cow;

use ratatui::{Frame, buffer::Buffer, layout::Rect, text::Line, widgets::Paragraph};

use crate::ui::{
    app::{App, cluster::Cluster, link::LinkState, workspace::Workspace},
    chrome::{footer, header},
    operate::progress,
    screen::{
        clusters,
        problems::words,
        wall::{self, WallCx},
    },
    terminal::ascii,
    widget::text,
};

/// Draws the whole screen. Reads no clock and does no I/O.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let appearance = &app.cluster().settings.appearance;
    let area = frame.area();
    frame.buffer_mut().set_style(area, appearance.theme.screen());
    screen(app, frame, area);
    disarm(frame.buffer_mut());
    if appearance.ascii {
        ascii::flatten(frame.buffer_mut());
    }
}

/// The last door before the terminal: whatever a widget of others' making drew of a stranger's text.
fn disarm(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if let [b' '..=b'~'] = cell.symbol().as_bytes() {
            continue;
        }
        if let Cow::Owned(harmless) = text::clean(cell.symbol()) {
            cell.set_symbol(if harmless.is_empty() { " " } else { &harmless });
        }
    }
}

/// No room for panes.
pub(in crate::ui) fn is_tiny(area: Rect) -> bool {
    area.width < 60 || area.height < 16
}

/// The screen without the header, the strip below it, and the footer.
pub(in crate::ui) fn body(cluster: &Cluster, area: Rect) -> Rect {
    let has_strip = cluster.loud().next().is_some()
        || !matches!(cluster.link.state, LinkState::Live { .. })
        || cluster.model.store.unread().has_gaps();
    let top = (1 + u16::from(has_strip)).min(area.height);
    Rect { y: area.y + top, height: area.height.saturating_sub(top + 1), ..area }
}

fn screen(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if app.wall.open {
        let Some(place) = wall::place(&app.wall, app.cluster().now, area) else {
            return tiny(app.workspace(), frame, area);
        };
        let open: Vec<&Cluster> = app.open().collect();
        let cx = WallCx { wall: &app.wall, open: &open, current: app.cluster() };
        return wall::draw(cx, frame, place);
    }
    let workspace = app.workspace();
    let cluster = &workspace.cluster;
    if is_tiny(area) {
        return tiny(workspace, frame, area);
    }
    header::draw(cluster, frame, Rect { height: 1, ..area });
    let body = body(cluster, area);
    if body.y > area.y + 1 {
        header::strip(cluster, frame, Rect { y: area.y + 1, height: 1, ..area });
    }
    if app.clusters.open {
        clusters::draw(&app.clusters, cluster, frame, body);
        return over(workspace, true, frame, area);
    }
    // What goes on at the bottom of a screen is not covered by the actions under way.
    let card = progress::height(workspace, body);
    workspace.screens.draw(cluster, frame, body, card);
    progress::draw(workspace, frame, body);
    over(workspace, false, frame, area);
}

/// Draws the popups.
fn over(workspace: &Workspace, together: bool, frame: &mut Frame<'_>, area: Rect) {
    footer::draw(workspace, together, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    for popup in &workspace.popups {
        popup.draw(workspace, frame, area);
    }
}

/// No room for panes: what matters, in as many lines as there are.
pub(in crate::ui) fn tiny(workspace: &Workspace, frame: &mut Frame<'_>, area: Rect) {
    let cluster = &workspace.cluster;
    let mut lines = vec![header::summary(cluster)];
    for problem in cluster.loud() {
        let slot = words::slot(problem.severity);
        let text = words::fitting(problem, area.width.saturating_sub(2) as usize);
        lines.push(Line::styled(
            format!("{} {text}", words::glyph(problem.severity)),
            cluster.style(slot),
        ));
    }
    if !workspace.popups.is_empty() {
        lines.push(Line::from("a question is open: make the terminal larger, or Esc"));
    }
    frame.render_widget(Paragraph::new(lines), area);
}
