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
        Board,
        actions::{ACTIONS, Act, Action, Context, action},
        board::Pane,
        widget::text,
    },
};

/// `together`: the view of all clusters is shown.
pub(super) fn draw(board: &Board, together: bool, frame: &mut Frame<'_>, area: Rect) {
    if let Some((said, _)) = &board.toast {
        let said = text::clean(said).into_owned();
        let line = Line::styled(
            format!(" {}", text::cut(&said, area.width as usize - 2)),
            board.style(Slot::Warn),
        );
        return frame.render_widget(line, area);
    }
    let marked = board.services.marked.len();
    let mut spans = Vec::new();
    if marked > 0 && board.focus() == Pane::Services {
        spans.push(Span::styled(format!(" {marked} marked:"), board.style(Slot::Marked)));
    }
    let mut used: usize = spans.iter().map(Span::width).sum();
    let here = ACTIONS.iter().filter(|a| a.footer && board.offers(a));
    let keys: Vec<_> = if together {
        // What the view of all clusters takes.
        let acts = [Act::Enter, Act::NextPane, Act::Back, Act::Palette, Act::Help, Act::Quit];
        let words = ["open", "next pane", "back", "command", "help", "quit"];
        acts.iter().map(|act| action(*act).keys[0]).zip(words).collect()
    } else if board.focus() == Pane::Logs && board.log.is_some() {
        let acts = [
            (Act::Filter, "filter"),
            (Act::Highlight, "highlight"),
            (Act::PreviousError, "error back"),
            (Act::NextError, "on"),
            (Act::OnlyTask, "task"),
            (Act::OnlySeverity, "severity"),
            (Act::Wrap, "wrap"),
            (Act::Copy, "copy"),
            (Act::Enter, "in full"),
            (Act::Help, "help"),
        ];
        acts.iter().map(|(act, words)| (action(*act).keys[0], *words)).collect()
    } else {
        here.map(|a| (a.keys[0], a.short)).collect()
    };
    for (key, words) in keys {
        let key = format!(" {key} ");
        let words = format!("{words} ");
        used += key.len() + words.len();
        if used > area.width as usize {
            break;
        }
        spans.push(Span::styled(key, board.style(Slot::Key)));
        spans.push(Span::styled(words, board.style(Slot::Dim)));
    }
    frame.render_widget(Line::from(spans), area);
}

impl Board {
    /// Whether an action has a meaning here and now; read-only hides what writes.
    pub(in crate::ui) fn offers(&self, action: &Action) -> bool {
        if action.writes && self.is_read_only() {
            return false;
        }
        match action.context {
            Context::Any | Context::Table => true,
            Context::Log => self.focus() == Pane::Logs && self.log.is_some(),
            Context::Lines => {
                self.in_events() || (self.focus() == Pane::Logs && self.log.is_some())
            }
            Context::Events => self.in_events(),
            Context::Problem => self.problem().is_some(),
            Context::Node => {
                matches!(self.subject(), Some(Subject::Node(_) | Subject::Task(..)))
            }
            Context::Object => self.subject().is_some(),
            Context::Service => {
                matches!(self.subject(), Some(Subject::Service(_) | Subject::Task(..)))
            }
        }
    }
}
