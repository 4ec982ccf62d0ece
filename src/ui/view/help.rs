//! Help: every key that means something here, from the one table of actions.

use ratatui::text::{Line, Span};

use crate::{
    config::Slot,
    ui::{Board, actions::ACTIONS},
};

/// The help's lines.
pub(super) fn lines(board: &Board) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(
        format!(
            "{} · {}",
            board.view.name(),
            if board.is_read_only() { "read-only" } else { "read and write" }
        ),
        board.style(Slot::Dim),
    )];
    for action in ACTIONS {
        let here = board.offers(action);
        let hidden = action.writes && board.is_read_only();
        let words = if hidden {
            format!("{} (read-only: not here)", action.words)
        } else {
            action.words.into()
        };
        let slot = if here { Slot::Text } else { Slot::Dim };
        lines.push(Line::from(vec![
            Span::styled(
                format!("{:>14}  ", board.settings.keymap.shown(action)),
                board.style(Slot::Key),
            ),
            Span::styled(words, board.style(slot)),
        ]));
    }
    lines.push(Line::default());
    if let Some(usage) = &board.usage {
        lines.push(Line::styled(super::stats::budget(usage), board.style(Slot::Dim)));
    }
    lines.push(Line::styled(
        "Glyphs: · well   ◐ on its way   ! look at it   ✗ act   ★ leader   – ended",
        board.style(Slot::Dim),
    ));
    lines
}
