//! Something that is being read before it can be shown.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    config::Slot,
    session::Token,
    ui::{
        Board,
        chrome::popup,
        popup::{Behaviour, Handled, title},
        widget::text,
    },
};

/// Something that is being read.
#[derive(Debug)]
pub struct Waiting {
    /// Of the request.
    pub token: Token,
    /// Description.
    pub what: String,
}

impl Behaviour for Waiting {
    fn key(&mut self, key: &KeyEvent, _: &Board) -> Handled {
        if key.code == KeyCode::Esc { Handled::GivenUp } else { Handled::Stays }
    }

    fn give_up(&mut self, board: &mut Board) {
        board.pending = None;
    }

    fn draw(&self, board: &Board, frame: &mut Frame<'_>, _: Rect) {
        let inner = popup(board, frame, 60, 3, title(board, "Reading"));
        let said = format!(" {} …   Esc gives up", text::clean(&self.what));
        frame.render_widget(Line::styled(said, board.style(Slot::Dim)), inner);
    }
}
