//! Choice of what to copy.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        app::Effect,
        chrome::popup,
        popup::behaviour::{Behaviour, Reaction, lines_at, title},
        screen::below::Below,
        widget::text,
    },
};

/// Texts of an object that can be copied.
#[derive(Debug)]
pub struct CopyChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Behaviour for CopyChoice {
    fn key(&mut self, key: &KeyEvent, _: Below<'_>) -> Reaction {
        let chosen = match key.code {
            KeyCode::Char('i') => self.id.clone(),
            KeyCode::Char('n' | 'c') | KeyCode::Enter => self.name.clone(),
            _ => return Reaction::GivenUp,
        };
        Reaction::done_then(move |host| {
            host.cluster_mut().say(format!("copied {chosen}"));
            host.cluster_mut().effects.push(Effect::Copy(chosen));
        })
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, _: Rect) {
        let cluster = below.cluster;
        let inner = popup(cluster, frame, 64, 4, title(cluster, "Copy"));
        let row = |key: &'static str, value: &str| {
            Line::from(vec![
                Span::styled(format!(" {key} "), cluster.style(Slot::Key)),
                Span::raw(text::clean(value).into_owned()),
            ])
        };
        lines_at(frame, inner, vec![row("n", &self.name), row("i", &self.id)]);
    }
}
