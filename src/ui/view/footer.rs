//! The bottom line: the keys that mean something here and now, or what was just said.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    cluster::Subject,
    config::Slot,
    ui::{
        App,
        actions::{ACTIONS, Action, Context},
        app::Pane,
        widget::text,
    },
};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let Some((said, _)) = &app.toast {
        let said = text::clean(said).into_owned();
        let line = Line::styled(
            format!(" {}", text::cut(&said, area.width as usize - 2)),
            app.style(Slot::Warn),
        );
        return frame.render_widget(line, area);
    }
    let marked = app.services.marked.len();
    let mut spans = Vec::new();
    if marked > 0 && app.focus() == Pane::Services {
        spans.push(Span::styled(format!(" {marked} marked:"), app.style(Slot::Marked)));
    }
    let mut used: usize = spans.iter().map(Span::width).sum();
    for action in ACTIONS.iter().filter(|a| a.footer && app.offers(a)) {
        let key = format!(" {} ", action.keys[0]);
        let words = format!("{} ", action.short);
        used += key.len() + words.len();
        if used > area.width as usize {
            break;
        }
        spans.push(Span::styled(key, app.style(Slot::Key)));
        spans.push(Span::styled(words, app.style(Slot::Dim)));
    }
    frame.render_widget(Line::from(spans), area);
}

impl App {
    /// Whether an action has a meaning here and now; read-only hides what writes.
    pub(in crate::ui) fn offers(&self, action: &Action) -> bool {
        if action.writes && self.is_read_only() {
            return false;
        }
        match action.context {
            Context::Any | Context::Table => true,
            Context::Object => self.subject().is_some(),
            Context::Service => {
                matches!(self.subject(), Some(Subject::Service(_) | Subject::Task(..)))
            }
        }
    }
}
