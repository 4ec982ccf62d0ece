//! The failures of the last hour.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use crate::{
    cluster::{Meaning, Subject},
    config::Slot,
    ui::{
        app::{cluster::Cluster, trend},
        screen::wall::draw::{all_well, pad, rows},
        widget::{bar::bar, text},
    },
};

/// A column a minute, and who failed most.
pub(in crate::ui) fn draw(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let store = &cluster.model.store;
    let counts = trend::failures(store.journal(), cluster.model.now, trend::MINUTES);
    let sum: u64 = counts.iter().sum();
    if sum == 0 {
        return all_well(cluster, frame, area, "✓ no task failed in the last hour");
    }
    let [chart, axis, list] =
        Layout::vertical([Constraint::Percentage(50), Constraint::Length(2), Constraint::Min(3)])
            .areas(area);
    columns(frame, chart, &counts, [Slot::Warn, Slot::Border].map(|slot| cluster.style(slot)));
    let each = (area.width / counts.len() as u16).max(1) as usize;
    let said = format!("1h ago · {sum} failed");
    let wide = (each * counts.len()).saturating_sub(text::width(&said) + 3);
    let said = format!("{said}{}now", " ".repeat(wide));
    frame.render_widget(
        Line::styled(text::cut(&said, area.width as usize).into_owned(), cluster.style(Slot::Dim)),
        Rect { height: 1, ..axis },
    );
    let since = cluster.model.now.shifted(-3_600_000_000_000);
    let mut by_service: std::collections::HashMap<&str, u64> = std::collections::HashMap::new();
    for entry in store.journal().iter().rev().take_while(|e| e.at >= since) {
        if let (Meaning::Failure, Subject::Task(_, service)) = (entry.meaning, &entry.subject) {
            let name = store.service(service).map_or("removed", |s| &*s.name);
            *by_service.entry(name).or_default() += 1;
        }
    }
    let mut by_service: Vec<_> = by_service.into_iter().collect();
    by_service.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let most = by_service.first().map_or(1, |(_, n)| *n);
    let lines = by_service.into_iter().map(|(name, n)| {
        let name = text::clean(name).into_owned();
        Line::from(vec![
            Span::styled(pad(&name, 28), cluster.style(Slot::Text)),
            Span::styled(format!("{n:>6}  "), cluster.style(Slot::Warn)),
            Span::styled(bar(n, most, 20), cluster.style(Slot::Warn)),
        ])
    });
    rows(frame, list, lines.collect());
}

/// Columns from the bottom up, the highest as high as there is room.
fn columns(frame: &mut Frame<'_>, area: Rect, values: &[u64], [some, none]: [Style; 2]) {
    let most = values.iter().copied().max().unwrap_or(1).max(1);
    let each = (area.width / values.len() as u16).max(1);
    for (at, value) in values.iter().enumerate() {
        let height = (value * u64::from(area.height)).div_ceil(most) as u16;
        let x = area.x + at as u16 * each;
        let column = Rect {
            x,
            y: area.bottom() - height.min(area.height),
            width: each.saturating_sub(u16::from(each > 1)),
            height,
        };
        for place in column.intersection(area).positions() {
            frame.buffer_mut()[place].set_symbol("█").set_style(some);
        }
        if *value == 0 && x < area.right() {
            frame.buffer_mut()[(x, area.bottom() - 1)].set_symbol("▁").set_style(none);
        }
    }
}
