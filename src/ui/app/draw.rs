//! Draws the whole screen: header, strip, the screen that is shown, popups, footer.

use std::borrow::Cow;

use ratatui::{Frame, buffer::Buffer, layout::Rect};

use crate::ui::{
    app::{App, cluster::Cluster, link::LinkState, workspace::Layers},
    chrome::{footer, header, tiny},
    operate::progress,
    screen::Cx,
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
    let (below, cx) = (app.below(), Cx::new(&app.clusters, app.current));
    let Layers { screens, popups } = &app.layers[app.current];
    let cluster = below.cluster;
    let over = app.together.screen();
    if let Some(whole) = over.filter(|screen| screen.is_whole()) {
        whole.draw(cx, frame, area);
    } else if is_tiny(area) {
        let question = "a question is open: make the terminal larger, or Esc";
        return tiny(cluster, (!popups.is_empty()).then_some(question), frame, area);
    } else {
        header::draw(cluster, frame, Rect { height: 1, ..area });
        let body = body(cluster, area);
        if body.y > area.y + 1 {
            header::strip(cluster, frame, Rect { y: area.y + 1, height: 1, ..area });
        }
        match over {
            Some(screen) => screen.draw(cx, frame, body),
            None => {
                // What goes on at the bottom of a screen is not covered by the actions under way.
                let card = progress::height(cluster, body);
                screens.draw(cx, frame, body, card);
                progress::draw(below, frame, body);
            }
        }
        footer::draw(below, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    }
    for popup in popups {
        popup.draw(below, frame, area);
    }
}
