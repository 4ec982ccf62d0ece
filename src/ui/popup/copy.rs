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
        Board,
        app::Effect,
        chrome::popup,
        popup::{Behaviour, Handled, lines_at, title},
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
    fn key(&mut self, key: &KeyEvent, _: &Board) -> Handled {
        let chosen = match key.code {
            KeyCode::Char('i') => self.id.clone(),
            KeyCode::Char('n' | 'c') | KeyCode::Enter => self.name.clone(),
            _ => return Handled::GivenUp,
        };
        Handled::done_then(move |board| {
            board.say(format!("copied {chosen}"));
            board.effects.push(Effect::Copy(chosen));
        })
    }

    fn draw(&self, board: &Board, frame: &mut Frame<'_>, _: Rect) {
        let inner = popup(board, frame, 64, 4, title(board, "Copy"));
        let row = |key: &'static str, value: &str| {
            Line::from(vec![
                Span::styled(format!(" {key} "), board.style(Slot::Key)),
                Span::raw(text::clean(value).into_owned()),
            ])
        };
        lines_at(frame, inner, vec![row("n", &self.name), row("i", &self.id)]);
    }
}
