//! Events: the engine's own, and the task transitions skep derived.

pub(in crate::ui) mod filter;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    cluster::{Consequence, Entry, Gravity, failures},
    config::Slot,
    ui::{
        Board,
        app::{board::Pane, trend},
        chrome::{empty, frame_of, has_focus, rows, title},
        screen::overview,
        table::columns::{Cell, Column, Key},
        widget::{spark, text},
    },
};

fn slot(entry: &Entry) -> Slot {
    match entry.gravity {
        Gravity::Quiet => Slot::Dim,
        Gravity::Note => Slot::Info,
        Gravity::Good => Slot::Text,
        Gravity::Bad => Slot::Critical,
    }
}

/// Texts that a filter searches.
pub fn texts(entry: &Entry) -> [&str; 4] {
    [&entry.kind, &entry.name, &entry.text, entry.who.as_deref().unwrap_or_default()]
}

const COLUMNS: &[Column<Entry>] = &[
    Column {
        title: "TIME",
        min: 8,
        max: 8,
        shed: 0,
        right: false,
        cell: |e, _| Cell::dim(e.at.clock()),
        key: |e, _| Key::Number(e.at.0),
    },
    Column {
        title: "KIND",
        min: 4,
        max: 8,
        shed: 1,
        right: false,
        cell: |e, _| Cell::dim(&*e.kind),
        key: |e, _| Key::text(&*e.kind),
    },
    Column {
        title: "NAME",
        min: 8,
        max: 32,
        shed: 0,
        right: false,
        cell: |e, _| Cell::name(&*e.name, Slot::Text),
        key: |e, _| Key::text(&*e.name),
    },
    Column {
        title: "WHAT",
        min: 10,
        max: 300,
        shed: 0,
        right: false,
        cell: |e, c| match c.consequences.get(&e.seq) {
            Some(effect) => {
                Cell::new(format!("⇒ {} · {}", led_to(e, effect), e.said()), Slot::Warn)
            }
            None => Cell::new(e.said(), slot(e)),
        },
        key: |e, _| Key::text(&*e.text),
    },
];

/// `12 failures from 8s on`: what it led to, before what it was, for that may be long.
fn led_to(entry: &Entry, effect: &Consequence) -> String {
    let after = text::age(entry.at.age(effect.first));
    match effect.failures {
        1 => format!("1 failure after {after}"),
        n => format!("{n} failures from {after} on"),
    }
}

/// Draws the pane.
pub(in crate::ui) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect, full: bool) {
    let table = &board.events;
    let focused = has_focus(board, Pane::Events);
    let mut head = title(board, "Events", table.rows().len(), table.all, &table.filter);
    let filtered = board.event_filter.words();
    if !filtered.is_empty() {
        let filtered = text::clean(&filtered).into_owned();
        head.push_span(Span::styled(format!("{filtered} · Esc all "), board.style(Slot::Info)));
    }
    if !full {
        if !overview::has_both(board, frame.area().width) {
            head.push_span(Span::styled("│ Logs ", board.style(Slot::Dim)));
        }
        for span in trends(board, area.width) {
            head.push_span(span);
        }
    }
    let mut inner = frame_of(board, frame, area, head, focused);
    if full && inner.height >= 10 && board.last_heard.is_some() {
        histogram(board, frame, Rect { height: 2, ..inner });
        inner = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
    }
    if table.rows().is_empty() {
        return empty(
            board,
            frame,
            inner,
            table.all > 0,
            "nothing has happened since skep began to watch",
        );
    }
    let journal = board.scene.store.journal();
    rows(board, frame, inner, (table, COLUMNS, focused), |row| journal.get(row.0));
}

/// Sparkline of the last minutes, where there is room in the title.
fn trends(board: &Board, width: u16) -> Vec<Span<'static>> {
    let failed = trend::failures(board.scene.store.journal(), board.scene.now, RECENT);
    let running = board.trend.running();
    let running = &running[running.len().saturating_sub(RECENT)..];
    if width < 100 || board.last_heard.is_none() {
        return Vec::new();
    }
    let dim = board.style(Slot::Dim);
    let sum: u64 = failed.iter().sum();
    let slot = if sum > 0 { Slot::Warn } else { Slot::Dim };
    let mut spans = vec![Span::styled("│ 30m: failed ", dim)];
    spans.extend(spark::spans(&failed, RECENT, board.style(slot), board.style(Slot::Border)));
    spans.push(Span::styled(format!(" {sum} "), board.style(slot)));
    if running.len() > 1 {
        spans.push(Span::styled("running ", dim));
        spans.push(Span::styled(format!("{} ", spark::spark(running, RECENT)), dim));
    }
    spans
}

/// Minutes of the small charts.
const RECENT: usize = 30;

const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// Without a shorter span the last hour is drawn, or all there is if that is less.
const HOUR: u64 = 3_600;

/// Failures over time: a line that says what it is, and the bars.
fn histogram(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let now = board.scene.now;
    let journal = board.scene.store.journal();
    let (span, words) = board.event_filter.span();
    let (secs, words) =
        if span.as_secs() == u64::MAX { (HOUR, "1h") } else { (span.as_secs(), words) };
    let nanos = i64::try_from(secs * 1_000_000_000).unwrap_or(i64::MAX);
    let parts = area.width.saturating_sub(2) as usize;
    let counts = failures(journal, now.shifted(-nanos), now, parts);
    let (total, peak) = (counts.iter().sum::<u32>(), counts.iter().copied().max().unwrap_or(0));
    let minutes = (secs as f64 / 60.0 / parts.max(1) as f64).max(f64::MIN_POSITIVE);
    let said = if total == 0 {
        format!(" no failures in the last {words}")
    } else {
        let rate = f64::from(peak) / minutes;
        let rate = if rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.1}") };
        format!(" {total} failures in the last {words}, at most {rate} a minute")
    };
    let slot = if total == 0 { Slot::Dim } else { Slot::Warn };
    let line = Line::from(vec![
        Span::styled(said, board.style(slot)),
        Span::styled("   < longer  > shorter", board.style(Slot::Dim)),
    ]);
    frame.render_widget(line, Rect { height: 1, ..area });
    let bars = counts.iter().map(|n| match n {
        0 => Span::styled("·", board.style(Slot::Dim)),
        n => {
            let height = (*n as usize * 8).div_ceil(peak.max(1) as usize).clamp(1, 8);
            Span::styled(BARS[height], board.style(Slot::Critical))
        }
    });
    let place =
        Rect { x: area.x + 1, y: area.y + 1, height: 1, width: area.width.saturating_sub(2) };
    frame.render_widget(Line::from_iter(bars), place);
}
