//! Services, nodes and clusters: as tiles while they can be large, the rest as lines.

use std::collections::HashMap;

use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use crate::{
    cluster::{Node, Part, Service, ServiceId},
    config::Slot,
    ui::{
        app::{cluster::Cluster, link::LinkState},
        chrome::{nodes_ready, unknown},
        screen::{
            nodes,
            problems::words,
            services,
            wall::{
                draw::{pad, rows},
                figures::{self, Tile},
            },
        },
        widget::{bar::bar, big, text},
    },
};

/// No more tiles than that are ever large.
const MOST: usize = 40;
/// Maximum width of a name below a figure.
const TILE: usize = 22;

/// As many columns as there is room for; the last cell says what is left out.
fn grid(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    area: Rect,
    width: u16,
    cells: Vec<Line<'static>>,
    rest: &str,
) {
    let columns = (area.width / width).max(1);
    // A few are given air.
    let step = if cells.len() * 2 <= area.height as usize { 2 } else { 1 };
    let room = (columns * area.height / step) as usize;
    let all = cells.len();
    let shown = if all > room { room.saturating_sub(1) } else { all };
    let more = (shown < all)
        .then(|| Line::styled(format!("and {} more{rest}", all - shown), cluster.style(Slot::Dim)));
    for (at, line) in cells.into_iter().take(shown).chain(more).enumerate() {
        let (column, row) = (at as u16 / area.height, at as u16 % area.height * step);
        let cell = area.width / columns;
        let place = Rect {
            x: area.x + column * cell,
            y: area.y + row,
            width: cell.saturating_sub(2),
            height: 1,
        };
        frame.render_widget(line, place);
    }
}

/// Draws all as tiles if they fit, else the first `sick` of them, as far as they do. Returns how many
/// were drawn, and what room is left for lines.
fn large(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    area: Rect,
    tiles: &[Tile],
    (sick, all): (usize, usize),
) -> (usize, Rect) {
    if tiles.len() == all && figures::fit(tiles, area) {
        figures::tiles(cluster, frame, area, tiles);
        return (tiles.len(), Rect { height: 0, ..area });
    }
    // Only what needs a human is worth the room.
    let upper = Rect { height: area.height / 2, ..area };
    let large = (1..=sick.min(tiles.len())).rev().find(|n| figures::fit(&tiles[..*n], upper));
    let Some(large) = large else { return (0, area) };
    figures::tiles(cluster, frame, upper, &tiles[..large]);
    (large, Rect { y: upper.bottom() + 1, height: area.height - upper.height - 1, ..area })
}

/// All services, the worst first.
pub(in crate::ui) fn services(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let model = &cluster.model;
    let mut all: Vec<(services::Health, &Service)> =
        model.store.services().map(|s| (services::health(s, model), s)).collect();
    all.sort_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| crate::ui::table::order::natural(&a.1.name, &b.1.name))
    });
    let counts = |service: &Service| {
        let missing = model.store.missing(service);
        let (part, whole) = services::well(&missing);
        (part, whole, services::meaning(&missing, model.now))
    };
    // No wider than they are, and cut where they do not differ.
    let named = |room: usize| -> HashMap<ServiceId, String> {
        let ids = all.iter().map(|(_, service)| service.id.clone());
        let clean: Vec<_> = all.iter().map(|(_, service)| text::clean(&service.name)).collect();
        let clean: Vec<&str> = clean.iter().map(|name| &**name).collect();
        ids.zip(text::names(&clean, room)).collect()
    };
    let names = named(TILE - 2);
    let tile = |(health, service): &(services::Health, &Service)| {
        let (part, whole, meaning) = counts(service);
        let (glyph, slot) = health.look();
        let name = &names[&service.id];
        let mut lines = vec![Line::styled(format!("{glyph} {name}"), cluster.style(health.slot()))];
        if *health != services::Health::Well {
            let update = services::update(service);
            lines.push(Line::styled(update.text.into_owned(), cluster.style(update.slot)));
        } else if let Some(meaning) = meaning {
            lines.push(Line::styled(meaning, cluster.style(Slot::Dim)));
        }
        Tile { figure: format!("{part}/{whole}"), slot, lines }
    };
    let sick = all.iter().filter(|(health, _)| *health != services::Health::Well).count();
    let tiles: Vec<Tile> = all.iter().take(MOST).map(tile).collect();
    let (large, area) = large(cluster, frame, area, &tiles, (sick, all.len()));
    let most = large + (area.width / 40).max(1) as usize * area.height as usize + 1;
    let well = all.iter().skip(most).all(|(health, _)| *health == services::Health::Well);
    let rest = if all.len() > most && well { ", all of them well" } else { "" };
    let room = name_room(area, all.len() - large);
    let names = named(room);
    let cells = all.into_iter().skip(large).map(|(health, service)| {
        let (part, whole, meaning) = counts(service);
        let (glyph, slot) = health.look();
        let mut spans = vec![
            Span::styled(format!("{glyph} "), cluster.style(slot)),
            Span::styled(pad(&names[&service.id], room), cluster.style(health.slot())),
        ];
        match meaning.filter(|_| health == services::Health::Well) {
            Some(meaning) => {
                spans.push(Span::styled(format!("     {meaning}"), cluster.style(slot)))
            }
            None => spans.extend([
                Span::styled(format!(" {part:>3}/{whole:<3} "), cluster.style(slot)),
                Span::styled(bar(part, whole, 4), cluster.style(slot)),
            ]),
        }
        Line::from(spans)
    });
    grid(cluster, frame, area, room as u16 + 16, cells.collect(), rest);
}

/// Columns for the names of so many services in lines: all there is room for.
fn name_room(area: Rect, count: usize) -> usize {
    let columns = count.div_ceil(area.height.max(1).into()).max(1);
    let each = area.width as usize / columns.min((area.width / 40).max(1).into());
    each.saturating_sub(16).clamp(24, 64)
}

/// All nodes, those that are not well first.
pub(in crate::ui) fn nodes(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let store = &cluster.model.store;
    if let Some(unknown) = unknown(cluster, Part::Nodes) {
        let line = Line::styled(unknown, cluster.style(Slot::Warn)).centered();
        let place = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area };
        return frame.render_widget(line, place);
    }
    let is_well = |n: &Node| nodes::state(n) == Slot::Text;
    let mut all: Vec<_> = store.nodes().collect();
    all.sort_by(|a, b| {
        let by_name = || crate::ui::table::order::natural(&a.hostname, &b.hostname);
        is_well(a).cmp(&is_well(b)).then_with(by_name)
    });
    let state = |node: &Node| {
        let is_ready = node.state == crate::cluster::NodeState::Ready;
        if is_ready { node.availability.word().to_owned() } else { node.state.word().to_owned() }
    };
    let gauges = |node: &Node| {
        let tally = store.node_tally(&node.id);
        let gauge = |part, whole| {
            Span::styled(bar(part, whole, 4), cluster.style(nodes::load(part, whole)))
        };
        [gauge(tally.nano_cpus, node.nano_cpus), gauge(tally.memory, node.memory)]
    };
    let running = |node: &Node| match store.tasks_refused() {
        true => "?".to_owned(),
        false => store.node_tally(&node.id).running.to_string(),
    };
    let tile = |node: &&Node| {
        let slot = nodes::state(node);
        let glyph = nodes::glyph(node);
        let name = text::clean(&node.hostname).into_owned();
        let [cpu, memory] = gauges(node);
        let dim = cluster.style(Slot::Dim);
        let lines = vec![
            Line::from(vec![
                Span::styled(format!("{} ", glyph.text), cluster.style(glyph.slot)),
                Span::styled(text::cut(&name, TILE).into_owned(), cluster.style(slot)),
                Span::styled(format!(" {}", state(node)), cluster.style(slot)),
            ]),
            Line::from(vec![Span::styled("cpu ", dim), cpu, Span::styled(" memory ", dim), memory]),
        ];
        let slot = if slot == Slot::Text { Slot::Dim } else { slot };
        Tile { figure: running(node), slot, lines }
    };
    let sick = all.iter().filter(|n| !is_well(n)).count();
    let tiles: Vec<Tile> = all.iter().take(MOST).map(tile).collect();
    let (large, area) = large(cluster, frame, area, &tiles, (sick, all.len()));
    let cells = all.into_iter().skip(large).map(|node| {
        let glyph = nodes::glyph(node);
        let name = text::clean(&node.hostname).into_owned();
        let [cpu, memory] = gauges(node);
        let running = running(node);
        Line::from(vec![
            Span::styled(format!("{} ", glyph.text), cluster.style(glyph.slot)),
            Span::styled(pad(&name, 18), cluster.style(nodes::state(node))),
            Span::styled(format!(" {}", pad(&state(node), 8)), cluster.style(nodes::state(node))),
            Span::styled(format!(" {running:>4} tasks "), cluster.style(Slot::Dim)),
            cpu,
            Span::raw(" "),
            memory,
        ])
    });
    grid(cluster, frame, area, 54, cells.collect(), "");
}

/// A block a cluster.
pub(in crate::ui) fn clusters(open: &[&Cluster], frame: &mut Frame<'_>, area: Rect) {
    let height = (area.height / open.len().max(1) as u16).clamp(1, 9);
    for (at, cluster) in open.iter().enumerate() {
        let y = area.y + at as u16 * height;
        if y >= area.bottom() {
            break;
        }
        let place = Rect { y, height: height.min(area.bottom() - y), ..area };
        block(cluster, frame, place);
    }
}

fn block(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let all = cluster.model.store.health();
    let worst = cluster.loud().next();
    let (glyph, slot, said) = match (&cluster.link.state, worst) {
        (LinkState::Lost { why, .. }, _) => ("✗", Slot::Banner, format!("lost: {why}")),
        (LinkState::Connecting { .. }, _) => ("◌", Slot::Busy, "connecting".to_owned()),
        _ if !cluster.is_live() => {
            ("◍", Slot::Warn, format!("silent for {}", text::age(cluster.data_age())))
        }
        (_, Some(p)) => (words::glyph(p.severity), words::slot(p.severity), p.message.clone()),
        _ => ("●", Slot::Ok, "well".to_owned()),
    };
    let name = text::clean(&cluster.settings.name).into_owned();
    let counts = format!(
        "nodes {}   services {}/{}   tasks {}",
        nodes_ready(&cluster.model.store),
        all.converged,
        cluster.model.store.services().len(),
        all.running
    );
    let bold = cluster.style(slot).add_modifier(Modifier::BOLD);
    let said = text::clean(&said).into_owned();
    let ascii = cluster.settings.appearance.ascii;
    let below = if area.height > big::NAME + 2 && !ascii && big::is_name(&name) {
        let wide = big::is_wide(&name, area.width);
        big::name(&name, wide, Rect { height: big::NAME, ..area }, frame.buffer_mut(), bold);
        big::NAME
    } else {
        0
    };
    let named = if below > 0 { String::new() } else { pad(&name, 26) };
    let lines = vec![
        Line::from(vec![
            Span::styled(format!("{glyph} "), cluster.style(slot)),
            Span::styled(named, bold),
            Span::styled(counts, cluster.style(Slot::Text)),
        ]),
        Line::styled(
            format!("  {}", text::cut(&said, (area.width as usize).saturating_sub(2))),
            cluster.style(slot),
        ),
    ];
    let area = Rect { y: area.y + below, height: area.height - below, ..area };
    rows(frame, area, lines);
}
