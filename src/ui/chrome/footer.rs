//! The bottom line: the keys that mean something here and now, or what was just said.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span, Text},
    widgets::Clear,
};

use crate::{
    config::Slot,
    ui::{
        app::cluster::Cluster,
        input::actions::{ACTIONS, Act},
        screen::below::Below,
        widget::text,
    },
};

pub(in crate::ui) fn draw(below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (cluster, screen) = (below.cluster, below.screen());
    if let Some(toast) = &cluster.toast {
        return said(cluster, &text::clean(&toast.text), frame, area);
    }
    let mut spans = Vec::new();
    let marks = screen.rows().map_or((0, 0), |rows| rows.marks());
    if let Some(said) = marked(marks) {
        spans.push(Span::styled(said, cluster.style(Slot::Marked)));
    }
    let mut used: usize = spans.iter().map(Span::width).sum();
    let mut offered: Vec<(Act, &str)> = match screen.footer() {
        Some(own) => own.to_vec(),
        None => ACTIONS
            .iter()
            .filter(|a| a.footer && below.offers(a))
            .map(|a| (a.act, a.short))
            .collect(),
    };
    if !screen.follows() {
        offered.insert(0, (Act::Bottom, "follow"));
    }
    let hint = if cluster.settings.hint { " every key: " } else { " help " };
    let keymap = &cluster.settings.keymap;
    let context = below.context();
    let help = keymap.first(Act::Help, context).unwrap_or_default();
    let hinted = if help.is_empty() { 0 } else { hint.len() + text::width(&help) + 1 };
    // The hint tells the key of the help in its own place.
    for (act, words) in offered.into_iter().filter(|(act, _)| hinted == 0 || *act != Act::Help) {
        let Some(key) = keymap.first(act, context) else { continue };
        let key = format!(" {key} ");
        let words = format!("{words} ");
        used += text::width(&key) + text::width(&words);
        if used + hinted > area.width as usize {
            break;
        }
        spans.push(Span::styled(key, cluster.style(Slot::Key)));
        spans.push(Span::styled(words, cluster.style(Slot::Dim)));
    }
    frame.render_widget(Line::from(spans), area);
    if hinted > 0 {
        let place = Rect { x: area.right() - hinted as u16, width: hinted as u16, ..area };
        let spans = [
            Span::styled(hint, cluster.style(Slot::Info)),
            Span::styled(help, cluster.style(Slot::Key)),
        ];
        frame.render_widget(Line::from_iter(spans), place);
    }
}

/// Rows that a message may take.
const ROWS: usize = 4;

/// The last message in full: a long one grows upwards.
fn said(cluster: &Cluster, said: &str, frame: &mut Frame<'_>, area: Rect) {
    let lines = text::wrapped(said, area.width.saturating_sub(2).max(1) as usize);
    let lines: Vec<&str> = lines.take(ROWS.min(area.y as usize + 1)).collect();
    let height = lines.len() as u16;
    let place = Rect { y: area.bottom() - height, height, ..area };
    frame.render_widget(Clear, place);
    let style = cluster.style(Slot::Warn);
    let lines: Vec<Line<'_>> =
        lines.into_iter().map(|line| Line::styled(format!(" {line}"), style)).collect();
    frame.render_widget(Text::from(lines), place);
}

/// Marks on rows that are shown and on others: an action is for the former only.
fn marked(marks: (usize, usize)) -> Option<String> {
    match marks {
        (0, 0) => None,
        (seen, 0) => Some(format!(" {seen} marked:")),
        (0, hidden) => Some(format!(" {hidden} marked, hidden: not acted on:")),
        (seen, hidden) => Some(format!(" {seen} marked (not {hidden} hidden):")),
    }
}
