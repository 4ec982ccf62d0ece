//! Help: every key that means something here, from the one table of actions.

use ratatui::text::{Line, Span};

use crate::{
    config::Slot,
    ui::{
        Board,
        actions::{ACTIONS, Action, Context, Needs, ROWS},
    },
};

/// The help's lines.
pub(super) fn lines(board: &Board, context: Context) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(
        format!(
            "{} · {}",
            if context == Context::Clusters { "Clusters" } else { board.view.name() },
            if board.is_read_only() { "read-only" } else { "read and write" }
        ),
        board.style(Slot::Dim),
    )];
    // What is special here first, then what goes everywhere; nothing that does not work now.
    let everywhere = |a: &&Action| {
        ROWS.iter().all(|view| a.contexts.contains(view))
            && matches!(a.needs, Needs::Nothing | Needs::Rows)
    };
    let offered = || ACTIONS.iter().filter(|a| board.offers_in(a, context));
    let here: Vec<_> = offered().filter(|a| !everywhere(a)).collect();
    let all: Vec<_> = offered().filter(everywhere).collect();
    for (title, actions) in [("Here", here), ("Everywhere", all)] {
        if actions.is_empty() {
            continue;
        }
        lines.push(Line::styled(title, board.style(Slot::Title)));
        for action in actions {
            let keys = format!("{:>14}  ", board.settings.keymap.shown(action, context));
            lines.push(Line::from(vec![
                Span::styled(keys, board.style(Slot::Key)),
                Span::styled(action.words, board.style(Slot::Text)),
            ]));
        }
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
