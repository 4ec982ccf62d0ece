//! Figures as large as fits, each with its name below, and how they went.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Modifier,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    triage::Severity,
    ui::{
        app::{cluster::Cluster, trend},
        screen::problems::words,
        widget::{big, spark},
    },
};

/// A figure and what stands below it.
pub(in crate::ui) struct Tile {
    pub figure: String,
    pub slot: Slot,
    pub lines: Vec<Line<'static>>,
}

/// In how many columns tiles are the largest, and how large that is: 0 if they are no larger than text.
fn arrangement(tiles: &[Tile], area: Rect) -> (u16, u16) {
    let widest = tiles.iter().map(|t| &*t.figure).max_by_key(|f| f.chars().count()).unwrap_or("");
    let lines = most_lines(tiles);
    let words = tiles.iter().flat_map(|t| &t.lines).map(Line::width).max().unwrap_or(0) as u16;
    let count = tiles.len().max(1) as u16;
    let scale = |columns: u16| {
        let (width, height) = (area.width / columns, area.height / count.div_ceil(columns));
        if width <= words {
            return 0;
        }
        big::scale(widest, width.saturating_sub(2), height.saturating_sub(lines + 1))
    };
    // Of those equally large the one that leaves the least empty.
    let empty = |columns: u16| count.div_ceil(columns) * columns - count;
    let columns = (1..=count.min(area.width))
        .max_by_key(|columns| (scale(*columns), std::cmp::Reverse(empty(*columns)), *columns))
        .unwrap_or(1);
    (columns, scale(columns))
}

fn most_lines(tiles: &[Tile]) -> u16 {
    tiles.iter().map(|tile| tile.lines.len() as u16).max().unwrap_or(0)
}

/// Whether their figures can be read from afar.
pub(in crate::ui) fn fit(tiles: &[Tile], area: Rect) -> bool {
    arrangement(tiles, area).1 > 0
}

/// Draws them all, evenly.
pub(in crate::ui) fn tiles(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect, tiles: &[Tile]) {
    let (columns, scale) = arrangement(tiles, area);
    let rows = (tiles.len() as u16).div_ceil(columns).max(1);
    let (width, height) = (area.width / columns, area.height / rows);
    for (at, tile) in tiles.iter().enumerate() {
        let (column, row) = (at as u16 % columns, at as u16 / columns);
        let place = Rect { x: area.x + column * width, y: area.y + row * height, width, height };
        draw_tile(cluster, frame, place, tile, scale, most_lines(tiles));
    }
}

/// One of them, with room for as many lines as any has: figures of a row stand in line.
fn draw_tile(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    area: Rect,
    tile: &Tile,
    scale: u16,
    lines: u16,
) {
    let (wide, high) = big::size(&tile.figure, scale);
    let gap = u16::from(scale > 0 && area.height > high + lines + 1);
    let taken = high + gap + lines;
    let x = area.x + area.width.saturating_sub(wide) / 2;
    let mut y = area.y + area.height.saturating_sub(taken) / 2;
    let style = cluster.style(tile.slot).add_modifier(Modifier::BOLD);
    let place = Rect { x, y, width: wide, height: high }.intersection(area);
    big::draw(&tile.figure, scale, place, frame.buffer_mut(), style);
    y += high + gap;
    for line in &tile.lines {
        let wide = (line.width() as u16).min(area.width.saturating_sub(1));
        let x = area.x + (area.width - wide) / 2;
        let place = Rect { x, y, width: wide, height: 1 }.intersection(area);
        frame.render_widget(line, place);
        y += 1;
    }
}

/// Four figures, and how they went.
pub(in crate::ui) fn draw(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let store = &cluster.model.store;
    let all = store.health();
    let loud = cluster.loud().count();
    let critical = cluster.loud().any(|p| p.severity == Severity::Critical);
    let slot =
        |ok, otherwise: fn(&Cluster) -> Slot| if ok { Slot::Text } else { otherwise(cluster) };
    let nodes = store.nodes().len();
    let figures = [
        (
            "nodes ready",
            if store.nodes_known() { format!("{}/{nodes}", short(all.ready)) } else { "?".into() },
            slot(all.ready == nodes, words::of_nodes),
        ),
        (
            "services converged",
            format!("{}/{}", short(all.converged), short(store.services().len())),
            slot(all.converged == store.services().len(), words::of_services),
        ),
        ("tasks running", short(all.running as usize), slot(all.missing == 0, words::of_services)),
        (
            "problems",
            short(loud),
            match (loud, critical) {
                (0, _) => Slot::Ok,
                (_, false) => Slot::Warn,
                _ => Slot::Critical,
            },
        ),
    ];
    let charts = if area.height >= 18 { 4 } else { 0 };
    let [upper, lower] =
        Layout::vertical([Constraint::Min(6), Constraint::Length(charts)]).areas(area);
    let figures = figures.map(|(label, figure, slot)| {
        let line = Line::styled(label, cluster.style(Slot::Dim));
        Tile { figure, slot, lines: vec![line] }
    });
    tiles(cluster, frame, upper, &figures);
    if charts > 0 {
        trends(cluster, frame, lower);
    }
}

/// Three digits, or thousands.
fn short(n: usize) -> String {
    if n < 10_000 { n.to_string() } else { format!("{}k", n / 1_000) }
}

fn trends(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let failed = trend::failures(cluster.model.store.journal(), cluster.model.now, trend::MINUTES);
    let sum: u64 = failed.iter().sum();
    let running = cluster.trend.running();
    let lines = [
        ("failures, last hour", failed, sum, if sum > 0 { Slot::Warn } else { Slot::Dim }),
        ("running", running, cluster.model.store.health().running, Slot::Dim),
    ];
    for (at, (label, values, figure, slot)) in lines.into_iter().enumerate() {
        let cells = (area.width as usize).saturating_sub(32).min(values.len() * 2);
        let mut line = Line::styled(format!("{label:>20}  "), cluster.style(Slot::Dim));
        let values = stretched(&values, cells);
        line.extend(spark::spans(&values, cells, cluster.style(slot), cluster.style(Slot::Border)));
        line.push_span(Span::styled(format!("  {figure}"), cluster.style(Slot::Text)));
        let y = area.y + 1 + at as u16;
        if y < area.bottom() {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
    }
}

/// Each value in as many cells as there is room for.
fn stretched(values: &[u64], cells: usize) -> Vec<u64> {
    let each = (cells / values.len().max(1)).max(1);
    values.iter().flat_map(|value| std::iter::repeat_n(*value, each)).collect()
}
