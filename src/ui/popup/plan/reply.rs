//! The answer to a confirmation: a `y` that was meant for it, or a typed name.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use ratatui::text::{Line, Span};

use crate::{
    action::plan::{Confirm, Confirmation},
    cluster::Timestamp,
    config::Slot,
    ui::{
        app::cluster::Cluster,
        input::{
            actions::{Act, KeyContext},
            line_editor::LineEditor,
        },
        popup::{
            behaviour::{is_plain, typed},
            scroll::Scroll,
        },
        widget::text,
    },
};

/// A reply being given.
#[derive(Debug)]
pub struct Reply {
    /// The confirmation that is asked for.
    pub confirm: Confirm,
    /// The name typed to confirm what is dangerous.
    pub typed: LineEditor,
    /// Error of the last answer.
    pub slip: Option<Slip>,
    /// When the question came to the screen; before that nobody can have read it.
    pub drawn: Option<Timestamp>,
}

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// Another answer than is asked for.
    Wrong,
    /// A `y` right after it came up, or one of a key held down.
    TooSoon,
}

/// A question stands on the screen for so long without a `y` before one is taken: what was typed ahead, and
/// what a held key repeats, says nothing about it.
const READ: Duration = Duration::from_millis(400);

impl Reply {
    /// The reply to a question that is about to come to the screen.
    pub fn new(confirm: Confirm) -> Self {
        Self { confirm, typed: LineEditor::default(), slip: None, drawn: None }
    }

    /// Whether a `y` pressed now can be meant for it; `last_y` was the one before.
    pub fn may_be_read(&self, last_y: Option<Timestamp>, now: Timestamp) -> bool {
        self.drawn.is_some_and(|drawn| last_y.map_or(drawn, |y| drawn.max(y)).age(now) >= READ)
    }

    /// The action of a key: letters are typed where a word confirms.
    pub fn act_of(&self, key: &KeyEvent, cluster: &Cluster) -> Option<Act> {
        let is_text = matches!((&self.confirm, key.code), (Confirm::Type(_), KeyCode::Char(_)));
        let action = cluster.settings.keymap.of(KeyContext::Plan, key);
        action.filter(|_| !is_text || !is_plain(key)).map(|action| action.act)
    }

    /// The answer that a key gives, if it gives one; others scroll.
    pub fn key(
        &mut self,
        key: &KeyEvent,
        act: Option<Act>,
        cluster: &Cluster,
        scroll: &mut Scroll,
    ) -> Option<Confirmation> {
        match (&self.confirm, act) {
            (Confirm::Yes, Some(Act::CarryOut)) if is_plain(key) => {
                let held = key.kind == KeyEventKind::Repeat;
                if held || !self.may_be_read(cluster.remembered.last_y, cluster.now) {
                    self.slip = Some(Slip::TooSoon);
                    return None;
                }
                return Some(Confirmation::Yes);
            }
            (Confirm::Yes, _) if key.code == KeyCode::Enter => self.slip = Some(Slip::Wrong),
            (Confirm::Type(_), _) if key.code == KeyCode::Enter => {
                return Some(Confirmation::Typed(self.typed.text().to_owned()));
            }
            (Confirm::Type(_), act) => {
                // Home, End and Ctrl-u are for the line.
                let steps = [Act::Up, Act::Down, Act::PageUp, Act::PageDown];
                if !act.is_some_and(|act| steps.contains(&act) && scroll.act(act)) {
                    self.slip = None;
                    self.typed.key(key);
                }
            }
            (Confirm::Yes, act) => {
                act.map(|act| scroll.act(act));
            }
        }
        None
    }

    /// The question.
    pub fn question(&self, cluster: &Cluster, width: usize) -> Line<'static> {
        let key = cluster.style(Slot::Key);
        let dim = cluster.style(Slot::Dim);
        match &self.confirm {
            Confirm::Yes => {
                let mut spans = vec![
                    Span::styled(" y ", key),
                    Span::raw("carry out   "),
                    Span::styled("Esc ", key),
                    Span::styled("back without a trace", dim),
                ];
                let said = match self.slip {
                    Some(Slip::Wrong) => "   Enter does not confirm: press y",
                    Some(Slip::TooSoon) => "   too soon: read it first",
                    None => "",
                };
                spans.push(Span::styled(said, cluster.style(Slot::Warn)));
                Line::from(spans)
            }
            Confirm::Type(word) => {
                let ask = format!(" type \"{}\" to confirm: ", text::clean(word));
                let wrong = if self.slip.is_some() { "  that is not it" } else { "" };
                let taken = text::width(&ask) + text::width(wrong);
                let (before, after) = typed(&self.typed, width.saturating_sub(taken).max(10));
                Line::from(vec![
                    Span::styled(ask, cluster.style(Slot::Warn)),
                    Span::raw(before),
                    Span::styled("▏", key),
                    Span::raw(after),
                    Span::styled(wrong, cluster.style(Slot::Critical)),
                ])
            }
        }
    }
}
