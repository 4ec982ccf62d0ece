//! A line typed at the bottom: the filter of a table, the highlight of a log.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        chrome::clear,
        input::{actions::Act, line_editor::LineEditor},
        popup::behaviour::{Behaviour, Host, Reaction, input_spans},
        screen::below::Below,
    },
};

/// A line being typed, at work while it is typed.
#[derive(Debug)]
pub struct LinePrompt {
    purpose: Purpose,
    input: LineEditor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Filter,
    Highlight,
}

impl LinePrompt {
    /// A filter, to be changed from what it is.
    pub fn filter(now: &str) -> Self {
        Self { purpose: Purpose::Filter, input: LineEditor::with(now) }
    }

    /// A highlight, to be changed from what it is.
    pub fn highlight(now: &str) -> Self {
        Self { purpose: Purpose::Highlight, input: LineEditor::with(now) }
    }

    fn at_work(&self) -> Reaction {
        let (purpose, text) = (self.purpose, self.input.text().to_owned());
        Reaction::stays_then(move |host| purpose.set(host, &text))
    }
}

impl Purpose {
    fn set(self, host: &mut dyn Host, text: &str) {
        match self {
            Self::Filter => host.set_filter(text),
            Self::Highlight => host.set_highlight(text),
        }
    }
}

impl Behaviour for LinePrompt {
    fn key(&mut self, key: &KeyEvent, _: Below<'_>) -> Reaction {
        let purpose = self.purpose;
        match (key.code, purpose) {
            (KeyCode::Enter, Purpose::Filter) => Reaction::done(),
            (KeyCode::Enter, Purpose::Highlight) => {
                Reaction::done_then(|host| host.act(Act::PreviousHit))
            }
            (KeyCode::Esc, _) => Reaction::done_then(move |host| purpose.set(host, "")),
            (KeyCode::Down, Purpose::Filter) => Reaction::stays_then(|host| host.act(Act::Down)),
            (KeyCode::Up, Purpose::Filter) => Reaction::stays_then(|host| host.act(Act::Up)),
            _ if self.input.key(key) => self.at_work(),
            _ => Reaction::Stays,
        }
    }

    fn paste(&mut self, text: &str) -> Reaction {
        if self.input.insert(text) { self.at_work() } else { Reaction::Stays }
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        let place = Rect { y: area.bottom() - 1, height: 1, ..area };
        clear(cluster, frame, place);
        let sign = if self.purpose == Purpose::Filter { " / " } else { " & " };
        let mut line = vec![Span::styled(sign, cluster.style(Slot::Key))];
        line.extend(input_spans(cluster, &self.input, place.width.saturating_sub(3)));
        line.push(Span::styled(
            "   ! inverts  /regex/  ~fuzzy   Enter keep  Esc clear",
            cluster.style(Slot::Dim),
        ));
        frame.render_widget(Line::from(line), place);
    }
}
