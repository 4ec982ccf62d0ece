//! The wall: pages for a screen that hangs there, readable from some metres.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{nodes, problems, services};
use crate::{
    cluster::{Meaning, Service, Subject},
    config::Slot,
    session::ClusterNo,
    triage::Severity,
    ui::{
        App, Board,
        board::LinkState,
        trend,
        wall::{Page, Wall},
        widget::{bar::bar, big, spark, text},
    },
};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let (dx, dy) = app.wall.shift(app.board().now);
    let area = Rect {
        x: area.x + dx.min(area.width),
        y: area.y + dy.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    if area.width < 20 || area.height < 6 {
        return super::tiny(app.board(), frame, frame.area());
    }
    let page = app.wall.page;
    let board = match page {
        Page::Clusters => app.board(),
        Page::Lost(no)
        | Page::Figures(no)
        | Page::Problems(no)
        | Page::Services(no)
        | Page::Nodes(no)
        | Page::Failures(no) => app.board_of(no),
    };
    if matches!(page, Page::Lost(_)) {
        return lost(app, board, frame, area);
    }
    head(app, board, frame, Rect { height: 1, ..area });
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    dots(app, board, frame, foot);
    let body = Rect { y: area.y + 2, height: area.height.saturating_sub(4), ..area };
    match page {
        Page::Clusters => clusters(app, frame, body),
        Page::Figures(_) => figures(board, frame, body),
        Page::Problems(_) => findings(board, frame, body),
        Page::Services(_) => by_health(board, frame, body),
        Page::Nodes(_) => node_list(board, frame, body),
        Page::Failures(_) => failures(board, frame, body),
        Page::Lost(_) => {}
    }
}

/// Name, heartbeat, age of the data, and the clock.
fn head(app: &App, board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let several = app.open().count() > 1;
    let name = match app.wall.page {
        Page::Clusters => "all clusters".to_owned(),
        _ if several || board.settings.named => text::clean(&board.settings.name).into_owned(),
        _ => text::clean(&board.scene.store.info().manager).into_owned(),
    };
    let title = match app.wall.page {
        Page::Clusters => "Clusters",
        Page::Lost(_) => "Lost",
        Page::Figures(_) => "Swarm",
        Page::Problems(_) => "Problems",
        Page::Services(_) => "Services",
        Page::Nodes(_) => "Nodes",
        Page::Failures(_) => "Failures, last hour",
    };
    let (beat, slot) = match (board.is_live(), app.wall.beat) {
        (true, true) => ("●", Slot::Ok),
        (true, false) => ("○", Slot::Ok),
        (false, _) => ("◍", Slot::Warn),
    };
    let state = if board.is_live() {
        " live".to_owned()
    } else {
        format!(" silent for {}", text::age(board.data_age()))
    };
    let mut spans = vec![
        Span::styled(beat, board.style(slot)),
        Span::styled(state, board.style(slot)),
        Span::raw("   "),
        Span::styled(name, board.style(Slot::Title)),
        Span::styled(format!("   {title}"), board.style(Slot::Text)),
    ];
    if app.wall.held {
        spans.push(Span::styled("   held", board.style(Slot::Info)));
    }
    frame.render_widget(Line::from(spans), area);
    let clock = format!(" {}", clock(board));
    let width = text::width(&clock) as u16;
    let place =
        Rect { x: area.right().saturating_sub(width), width: width.min(area.width), ..area };
    let bold = board.style(Slot::Text).add_modifier(Modifier::BOLD);
    frame.render_widget(Line::styled(clock, bold), place);
}

fn clock(board: &Board) -> String {
    board.now.shifted(board.skew).clock()
}

/// Which page of how many; a keyboard is not needed, but if there is one, this leads away.
fn dots(app: &App, board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let pages = Wall::pages(app.open());
    let mut spans = Vec::new();
    for page in &pages {
        let (dot, slot) =
            if *page == app.wall.page { ("● ", Slot::Info) } else { ("· ", Slot::Border) };
        spans.push(Span::styled(dot, board.style(slot)));
    }
    // The worst is never a page away.
    let worst =
        app.open().filter_map(|b| Some((b, b.loud().next()?))).max_by_key(|(_, p)| p.severity);
    if let Some((of, problem)) = worst.filter(|_| !matches!(app.wall.page, Page::Problems(_))) {
        let used: usize = spans.iter().map(Span::width).sum();
        let said = text::clean(&problem.message).into_owned();
        let room = (area.width as usize).saturating_sub(used + 4);
        let said = format!(" {} {}", problems::glyph(problem.severity), text::cut(&said, room));
        spans.push(Span::styled(said, of.style(problems::slot(problem.severity))));
    }
    frame.render_widget(Line::from(spans), area);
}

/// A whole screen that can't be overlooked.
fn lost(app: &App, board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let (style, why, again) = match &board.link {
        LinkState::Lost { why, next, .. } => {
            let wait = next.0.saturating_sub(board.now.0).max(0) as u64 / 1_000_000_000;
            let again =
                if wait == 0 { "trying now".into() } else { format!("next try in {wait}s") };
            (board.style(Slot::Banner), text::clean(why).into_owned(), again)
        }
        LinkState::Connecting { endpoint } | LinkState::Live { endpoint } => {
            let said = format!("connecting to {}", text::clean(endpoint));
            (board.style(Slot::Text), said, String::new())
        }
    };
    let whole = frame.area();
    frame.buffer_mut().set_style(whole, style);
    let mut y = area.y + area.height / 6;
    if matches!(board.link, LinkState::Lost { .. }) {
        let scale = big::scale("LOST", area.width, area.height / 3);
        let (width, height) = big::size("LOST", scale);
        let place = Rect {
            x: area.x + area.width.saturating_sub(width) / 2,
            y,
            width,
            height: height.min(area.height),
        };
        big::draw("LOST", scale, place, frame.buffer_mut(), style);
        y += height + 2;
    }
    let mut lines = vec![board.settings.name.clone()];
    lines.extend(text::wrapped(&why, area.width as usize - 4).into_iter().map(str::to_owned));
    if let (Some(_), LinkState::Lost { .. }) = (board.last_heard, &board.link) {
        let all = board.scene.store.health();
        let age = text::age(board.data_age());
        lines.push(String::new());
        lines.push(format!(
            "{age} ago: nodes {}/{}, services {}/{}, tasks {}",
            all.ready,
            board.scene.store.nodes().len(),
            all.converged,
            board.scene.store.services().len(),
            all.running
        ));
    }
    lines.push(again);
    lines.push(clock(board));
    for said in lines {
        if y >= area.bottom() {
            break;
        }
        let said = text::clean(&said).into_owned();
        let said = text::cut(&said, area.width as usize).into_owned();
        let x = area.x + area.width.saturating_sub(text::width(&said) as u16) / 2;
        let place = Rect { x, y, width: area.right() - x, height: 1 };
        frame.render_widget(Line::styled(said, style), place);
        y += 1;
    }
    if app.open().count() > 1 {
        dots(app, board, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    }
}

/// Four figures, as large as fits, and how they went.
fn figures(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let store = &board.scene.store;
    let all = store.health();
    let loud = board.loud().count();
    let critical = board.loud().any(|p| p.severity == Severity::Critical);
    let slot = |ok: bool| if ok { Slot::Text } else { Slot::Critical };
    let nodes = store.nodes().len();
    let tiles = [
        ("nodes ready", format!("{}/{nodes}", short(all.ready)), slot(all.ready == nodes)),
        (
            "services converged",
            format!("{}/{}", short(all.converged), short(store.services().len())),
            slot(all.converged == store.services().len()),
        ),
        ("tasks running", short(all.running as usize), slot(all.missing == 0)),
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
    let columns = if upper.width > upper.height * 6 { 4 } else { 2 };
    let rows = tiles.len() as u16 / columns;
    for (at, (label, figure, slot)) in tiles.iter().enumerate() {
        let (column, row) = (at as u16 % columns, at as u16 / columns);
        let (width, height) = (upper.width / columns, upper.height / rows);
        let place = Rect { x: upper.x + column * width, y: upper.y + row * height, width, height };
        tile(board, frame, place, label, figure, *slot);
    }
    if charts > 0 {
        trends(board, frame, lower);
    }
}

/// Three digits, or thousands.
fn short(n: usize) -> String {
    if n < 10_000 { n.to_string() } else { format!("{}k", n / 1_000) }
}

fn tile(board: &Board, frame: &mut Frame<'_>, area: Rect, label: &str, figure: &str, slot: Slot) {
    let (room, rows) = (area.width.saturating_sub(4), area.height.saturating_sub(2));
    let scale = big::scale(figure, room, rows);
    let (width, height) = big::size(figure, scale);
    let x = area.x + area.width.saturating_sub(width) / 2;
    let y = area.y + rows.saturating_sub(height) / 2;
    let style = board.style(slot).add_modifier(Modifier::BOLD);
    big::draw(figure, scale, Rect { x, y, width, height }, frame.buffer_mut(), style);
    let x = area.x + area.width.saturating_sub(label.len() as u16) / 2;
    let place =
        Rect { x, y: y + height + u16::from(scale > 0), width: area.right() - x, height: 1 };
    frame.render_widget(Line::styled(label.to_owned(), board.style(Slot::Dim)), place);
}

fn trends(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let failed = trend::failures(board.scene.store.journal(), board.scene.now, trend::MINUTES);
    let sum: u64 = failed.iter().sum();
    let running = board.trend.running();
    let lines = [
        ("failures, last hour", failed, sum, if sum > 0 { Slot::Warn } else { Slot::Dim }),
        ("running", running, board.scene.store.health().running, Slot::Dim),
    ];
    for (at, (label, values, figure, slot)) in lines.into_iter().enumerate() {
        let cells = (area.width as usize).saturating_sub(32).min(values.len() * 2);
        let mut line = Line::styled(format!("{label:>20}  "), board.style(Slot::Dim));
        let values = stretched(&values, cells);
        line.extend(spark::spans(&values, cells, board.style(slot), board.style(Slot::Border)));
        line.push_span(Span::styled(format!("  {figure}"), board.style(Slot::Text)));
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

/// What is wrong, the worst first, with since when and why.
fn findings(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let loud: Vec<_> = board.loud().collect();
    if loud.is_empty() {
        let said = if board.live_store().tasks_known() {
            "✓ nothing is wrong"
        } else {
            "reading the tasks…"
        };
        let x = area.x + area.width.saturating_sub(said.chars().count() as u16) / 2;
        let place = Rect { x, y: area.y + area.height / 2, width: area.right() - x, height: 1 };
        let style = board.style(Slot::Ok).add_modifier(Modifier::BOLD);
        return frame.render_widget(Line::styled(said, style), place);
    }
    let width = area.width as usize;
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut shown = 0;
    for problem in &loud {
        let style = board.style(problems::slot(problem.severity));
        let since = if problem.since.is_set() {
            format!("{:>4}", text::age(problem.since.age(board.scene.now)))
        } else {
            "    ".into()
        };
        let mut block = Vec::new();
        let message = text::clean(&problem.message).into_owned();
        for (at, part) in text::wrapped(&message, width.saturating_sub(9)).into_iter().enumerate() {
            let lead = if at == 0 {
                format!("{} {since}  ", problems::glyph(problem.severity))
            } else {
                "        ".into()
            };
            block.push(Line::styled(format!("{lead}{part}"), style));
        }
        let why = text::clean(&problem.why).into_owned();
        if !why.is_empty() && area.height > 20 {
            let room = width.saturating_sub(8);
            let said = format!("        {}", text::cut(&why, room));
            block.push(Line::styled(said, board.style(Slot::Dim)));
        }
        block.push(Line::default());
        if lines.len() + block.len() > area.height as usize {
            break;
        }
        lines.extend(block);
        shown += 1;
    }
    if shown < loud.len() {
        lines.truncate(area.height as usize - 1);
        let more = format!("        and {} more", loud.len() - shown);
        lines.push(Line::styled(more, board.style(Slot::Dim)));
    }
    rows(frame, area, lines);
}

fn rows(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    for (at, line) in lines.into_iter().take(area.height as usize).enumerate() {
        frame.render_widget(line, Rect { y: area.y + at as u16, height: 1, ..area });
    }
}

/// As many columns as there is room for; the last cell says what is left out.
fn grid(
    board: &Board,
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
        .then(|| Line::styled(format!("and {} more{rest}", all - shown), board.style(Slot::Dim)));
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

/// All services, the worst first.
fn by_health(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let scene = &board.scene;
    let mut all: Vec<(services::Health, &Service)> =
        scene.store.services().map(|s| (services::health(s, scene), s)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| crate::ui::order::natural(&a.1.name, &b.1.name)));
    let most = (area.width / 40).max(1) as usize * area.height as usize + 1;
    let count = all.len();
    let well = all.iter().skip(most).all(|(health, _)| *health == services::Health::Well);
    let cells = all.into_iter().map(|(health, service)| {
        let missing = scene.store.missing(service);
        let (part, whole) = missing.job.unwrap_or((missing.running, missing.desired));
        let (glyph, slot) = health.look();
        let name = text::clean(&service.name).into_owned();
        let dim = board.style(if health == services::Health::Well { Slot::Dim } else { slot });
        Line::from(vec![
            Span::styled(format!("{glyph} "), board.style(slot)),
            Span::styled(pad(&name, 24), board.style(health.slot())),
            Span::styled(format!(" {part:>3}/{whole:<3} "), dim),
            Span::styled(bar(part, whole, 4), dim),
        ])
    });
    let rest = if count > most && well { ", all of them well" } else { "" };
    grid(board, frame, area, 40, cells.collect(), rest);
}

fn pad(said: &str, width: usize) -> String {
    let cut = text::cut(said, width);
    format!("{cut}{}", " ".repeat(width.saturating_sub(text::width(&cut))))
}

/// All nodes, those that are not well first.
fn node_list(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let store = &board.scene.store;
    let mut all: Vec<_> = store.nodes().collect();
    all.sort_by(|a, b| {
        let well = |n| nodes::state(n) == Slot::Text;
        well(a).cmp(&well(b)).then_with(|| crate::ui::order::natural(&a.hostname, &b.hostname))
    });
    let cells = all.into_iter().map(|node| {
        let tally = store.node_tally(&node.id);
        let glyph = nodes::glyph(node);
        let name = text::clean(&node.hostname).into_owned();
        let said = if node.state == crate::cluster::NodeState::Ready {
            node.availability.word().to_owned()
        } else {
            node.state.word().to_owned()
        };
        let gauge = |part, whole| {
            let slot = nodes::load(part, whole);
            Span::styled(format!(" {}", bar(part, whole, 4)), board.style(slot))
        };
        Line::from(vec![
            Span::styled(format!("{} ", glyph.text), board.style(glyph.slot)),
            Span::styled(pad(&name, 18), board.style(nodes::state(node))),
            Span::styled(format!(" {}", pad(&said, 8)), board.style(nodes::state(node))),
            Span::styled(format!(" {:>4} tasks", tally.running), board.style(Slot::Dim)),
            gauge(tally.nano_cpus, node.nano_cpus),
            gauge(tally.memory, node.memory),
        ])
    });
    grid(board, frame, area, 54, cells.collect(), "");
}

/// A column a minute, and who failed most.
fn failures(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let store = &board.scene.store;
    let counts = trend::failures(store.journal(), board.scene.now, trend::MINUTES);
    let sum: u64 = counts.iter().sum();
    if sum == 0 {
        let said = "✓ no task failed in the last hour";
        let x = area.x + area.width.saturating_sub(said.chars().count() as u16) / 2;
        let place = Rect { x, y: area.y + area.height / 2, width: area.right() - x, height: 1 };
        let style = board.style(Slot::Ok).add_modifier(Modifier::BOLD);
        return frame.render_widget(Line::styled(said, style), place);
    }
    let [chart, axis, list] =
        Layout::vertical([Constraint::Percentage(50), Constraint::Length(2), Constraint::Min(3)])
            .areas(area);
    columns(frame, chart, &counts, board.style(Slot::Warn));
    let each = (area.width / counts.len() as u16).max(1) as usize;
    let said = format!("1h ago · {sum} failed");
    let wide = (each * counts.len()).saturating_sub(text::width(&said) + 3);
    let said = format!("{said}{}now", " ".repeat(wide));
    frame.render_widget(
        Line::styled(text::cut(&said, area.width as usize).into_owned(), board.style(Slot::Dim)),
        Rect { height: 1, ..axis },
    );
    let since = board.scene.now.shifted(-3_600_000_000_000);
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
            Span::styled(pad(&name, 28), board.style(Slot::Text)),
            Span::styled(format!("{n:>6}  "), board.style(Slot::Warn)),
            Span::styled(bar(n, most, 20), board.style(Slot::Warn)),
        ])
    });
    rows(frame, list, lines.collect());
}

/// Columns from the bottom up, the highest as high as there is room.
fn columns(frame: &mut Frame<'_>, area: Rect, values: &[u64], style: Style) {
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
            frame.buffer_mut()[place].set_symbol("█").set_style(style);
        }
        if *value == 0 && x < area.right() {
            frame.buffer_mut()[(x, area.bottom() - 1)].set_symbol("▁").set_style(style);
        }
    }
}

/// A block a cluster.
fn clusters(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let boards: Vec<&Board> = app.open().collect();
    let height = (area.height / boards.len().max(1) as u16).clamp(1, 9);
    for (at, board) in boards.iter().enumerate() {
        let y = area.y + at as u16 * height;
        if y >= area.bottom() {
            break;
        }
        let place = Rect { y, height: height.min(area.bottom() - y), ..area };
        cluster(board, frame, place);
    }
}

fn cluster(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let all = board.scene.store.health();
    let worst = board.loud().next();
    let (glyph, slot, said) = match (&board.link, worst) {
        (LinkState::Lost { why, .. }, _) => ("✗", Slot::Banner, format!("lost: {why}")),
        (LinkState::Connecting { .. }, _) => ("◌", Slot::Busy, "connecting".to_owned()),
        _ if !board.is_live() => {
            ("◍", Slot::Warn, format!("silent for {}", text::age(board.data_age())))
        }
        (_, Some(p)) => {
            (problems::glyph(p.severity), problems::slot(p.severity), p.message.clone())
        }
        _ => ("●", Slot::Ok, "well".to_owned()),
    };
    let name = text::clean(&board.settings.name).into_owned();
    let counts = format!(
        "nodes {}/{}   services {}/{}   tasks {}",
        all.ready,
        board.scene.store.nodes().len(),
        all.converged,
        board.scene.store.services().len(),
        all.running
    );
    let bold = board.style(slot).add_modifier(Modifier::BOLD);
    let said = text::clean(&said).into_owned();
    let lines = vec![
        Line::from(vec![
            Span::styled(format!("{glyph} "), board.style(slot)),
            Span::styled(pad(&name, 26), bold),
            Span::styled(counts, board.style(Slot::Text)),
        ]),
        Line::styled(
            format!("  {}", text::cut(&said, (area.width as usize).saturating_sub(2))),
            board.style(slot),
        ),
    ];
    rows(frame, area, lines);
}

/// The board a page is about.
impl App {
    pub(super) fn board_of(&self, no: ClusterNo) -> &Board {
        self.open().find(|b| b.no == no).unwrap_or_else(|| self.board())
    }
}
