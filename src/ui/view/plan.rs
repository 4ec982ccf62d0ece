//! A plan: the diff, what it touches, what could go wrong, and the docker command.

use ratatui::text::{Line, Span};

use super::{diff, overlay::typed};
use crate::{
    action::plan::Confirm,
    config::Slot,
    ui::{
        Board,
        overlay::{PlanBox, Slip},
        widget::text,
    },
};

/// The scrolling part.
pub(super) fn lines(board: &Board, shown: &PlanBox, width: usize) -> Vec<Line<'static>> {
    let plan = &shown.plan;
    let mut lines = Vec::new();
    let mut say = |said: &str, slot: Slot| {
        for line in wrap(&text::clean(said), width) {
            lines.push(Line::styled(line, board.style(slot)));
        }
    };
    if let Some(notice) = &shown.notice {
        say(notice, Slot::Warn);
    }
    if let [first, _, ..] = plan.steps.as_slice() {
        let names: Vec<&str> = plan.steps.iter().map(|step| &*step.name).collect();
        let kind = first.target.kind();
        say(&format!("{} {kind}s: {}", names.len(), names.join(", ")), Slot::Text);
    }
    for warning in &plan.warnings {
        say(&format!("! {warning}"), Slot::Warn);
    }
    for refused in &plan.refused {
        say(&format!("✗ left out: {refused}"), Slot::Critical);
    }
    for step in &plan.steps {
        if plan.steps.len() > 1 {
            lines.push(Line::styled(
                text::clean(&step.title()).into_owned(),
                board.style(Slot::Title),
            ));
        }
        lines.extend(diff::lines(board, &step.diff, width));
        let touches = format!("→ {}", step.touches);
        for line in wrap(&text::clean(&touches), width) {
            lines.push(Line::styled(line, board.style(Slot::Text)));
        }
        for line in wrap(&format!("$ {}", text::clean(&step.command)), width) {
            lines.push(Line::styled(line, board.style(Slot::Dim)));
        }
    }
    lines
}

/// The question at the bottom.
pub(super) fn question(board: &Board, shown: &PlanBox, width: usize) -> Line<'static> {
    let key = board.style(Slot::Key);
    let dim = board.style(Slot::Dim);
    match &shown.plan.confirm {
        Confirm::Yes => {
            let mut spans = vec![
                Span::styled(" y ", key),
                Span::raw("carry out   "),
                Span::styled("Esc ", key),
                Span::styled("back without a trace", dim),
            ];
            let said = match shown.slip {
                Some(Slip::Wrong) => "   Enter does not confirm: press y",
                Some(Slip::TooSoon) => "   too soon: read it first",
                None => "",
            };
            spans.push(Span::styled(said, board.style(Slot::Warn)));
            Line::from(spans)
        }
        Confirm::Type(word) => {
            let ask = format!(" type \"{}\" to confirm: ", text::clean(word));
            let wrong = if shown.slip.is_some() { "  that is not it" } else { "" };
            let taken = text::width(&ask) + text::width(wrong);
            let (before, after) = typed(&shown.typed, width.saturating_sub(taken).max(10));
            Line::from(vec![
                Span::styled(ask, board.style(Slot::Warn)),
                Span::raw(before),
                Span::styled("▏", key),
                Span::raw(after),
                Span::styled(wrong, board.style(Slot::Critical)),
            ])
        }
    }
}

/// Breaks text at spaces.
pub(super) fn wrap(said: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in said.split(' ') {
        let w = text::width(word);
        if used > 0 && used + 1 + w > width.max(1) {
            lines.push(format!("  {word}"));
            used = w + 2;
            continue;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += w;
        }
    }
    lines
}
