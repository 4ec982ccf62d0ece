//! Logs: the lines of a set of tasks, each in its task's colour, with rulers where an attempt ended.

use std::{borrow::Cow, ops::Range};

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line as Row, Span},
};

use crate::{
    cluster::{Mode, Timestamp},
    config::{Depth, Slot, nearest},
    logs::{
        Line, LineKind, LogLevel,
        ansi::{self, Colour, TextStyle},
        compact, expand,
    },
    session::LogWriterId,
    text::clean,
    triage::count,
    ui::{
        app::cluster::Cluster,
        chrome::{frame_of, missed},
        screen::{
            Cx,
            logs::{LogPane, LogSource, Times, pane::time_of},
        },
        widget::text,
    },
};

const LABELS: [Slot; 5] = [Slot::Info, Slot::Ok, Slot::Title, Slot::Busy, Slot::Marked];
/// A task's name takes no more.
const NAME: usize = 24;
/// A line opened in full takes at most so many rows.
const OPEN_ROWS: usize = 200;

/// Draws the pane.
pub(in crate::ui) fn draw(log: Option<&LogPane>, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (cluster, focused) = (cx.cluster, cx.focused);
    let Some(log) = log else {
        let name = if cx.full { " Logs " } else { " Events │ Logs " };
        let head = Row::styled(name, cluster.style(Slot::Title));
        let inner = frame_of(cluster, frame, area, head, focused);
        let said = "select a service, task or node and press l; L for a whole stack";
        return say(cluster, frame, inner, said);
    };
    let inner = frame_of(cluster, frame, area, head(cluster, log), focused);
    let troubles = troubles(cluster, log);
    let shown_troubles = troubles.len().min(3).min(inner.height as usize / 3);
    let height = (inner.height as usize).saturating_sub(shown_troubles);
    let time_width = match log.times {
        Times::Local | Times::Utc => 9,
        Times::Ago => 5,
        Times::Off => 0,
    };
    let names = log.writers.values().map(|w| text::width(&w.label)).max().unwrap_or(0).min(NAME);
    // A single task needs no label.
    let names = if log.writers.len() > 1 { names + 1 } else { 0 };
    let room = (inner.width as usize).saturating_sub(time_width + names + 1).max(10);
    log.window.set((height, room));
    let visible = log.visible(height, |line| rows_of(log, line, room));
    if visible.is_empty() {
        let said = match (log.buffer.lines().is_empty(), log.tasks.is_empty()) {
            (false, _) if log.buffer.is_filtering() => "looking…".into(),
            (false, _) => "nothing matches the filter; Esc clears it".into(),
            (true, true) => never_ran(cluster, log),
            (true, false) => "no lines yet".into(),
        };
        say(cluster, frame, inner, &said);
    }
    let here = log.here();
    let range = log.anchor.map(|_| log.range()).unwrap_or_default();
    let marked = range.first().copied().zip(range.last().copied());
    let mut y = inner.y;
    let bottom = inner.y + height as u16;
    for index in visible {
        let line = &log.buffer.lines()[index];
        let on_cursor = !log.follows() && Some(index) == here;
        let marked = marked.is_some_and(|(first, last)| (first..=last).contains(&index));
        let style = match (on_cursor, marked) {
            (true, _) if focused => cluster.style(Slot::Selected),
            (true, _) => cluster.style(Slot::Unfocused),
            (false, true) => cluster.style(Slot::Marked),
            (false, false) => Style::new(),
        };
        for row in lines_of(cluster, log, line, (time_width, names, room), on_cursor) {
            if y >= bottom {
                break;
            }
            let place = Rect { y, height: 1, ..inner };
            if style != Style::new() {
                frame.buffer_mut().set_style(place, style);
            }
            frame.render_widget(row, place);
            y += 1;
        }
    }
    for (row, (task, why)) in troubles.iter().take(shown_troubles).enumerate() {
        let y = inner.bottom() - shown_troubles as u16 + row as u16;
        let more = troubles.len().saturating_sub(shown_troubles);
        let more = if more > 0 && row + 1 == shown_troubles {
            format!(" (+{more} more)")
        } else {
            String::new()
        };
        let said = format!(" {task} can't be read: {}{more}", text::clean(why));
        let place = Rect { y, height: 1, ..inner };
        let said = text::cut(&said, inner.width as usize).into_owned();
        frame.render_widget(Row::styled(said, cluster.style(Slot::Warn)), place);
    }
}

/// Logs that can't be read now, and why. An unreachable node does not report itself: its streams stay open
/// and silent (measured).
fn troubles(cluster: &Cluster, log: &LogPane) -> Vec<(String, String)> {
    let store = &cluster.model.store;
    let mut found: Vec<(String, String)> = Vec::new();
    for task in &log.tasks {
        // The engine itself says nothing and waits (measured).
        let service = task.of.task().and_then(|id| store.task(id));
        let service = service.and_then(|t| store.service(&t.service));
        if service.is_some_and(|s| s.log_driver.as_deref() == Some("none")) {
            found.push((name(log, &task.of), "its log driver 'none' keeps nothing to read".into()));
        }
    }
    for task in log.tasks.iter().filter(|t| t.alive) {
        let node = log.writers.get(&task.of).and_then(|w| store.node(w.node.as_ref()?));
        if let Some(node) = node.filter(|n| !n.is_up()) {
            let why = format!("{} is {}", node.hostname, node.state);
            found.push((name(log, &task.of), why));
        }
    }
    // What the Swarm tells of the cause stands before what the stream came to.
    found.extend(log.buffer.troubles().map(|(task, why)| (name(log, task), why.to_owned())));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

fn say(cluster: &Cluster, frame: &mut Frame<'_>, inner: Rect, said: &str) {
    if inner.height > 1 && inner.width > 2 {
        let place = Rect { x: inner.x + 1, y: inner.y, width: inner.width - 1, height: 1 };
        frame.render_widget(Row::styled(said.to_owned(), cluster.style(Slot::Dim)), place);
    }
}

/// ` Logs of shop_api 3 tasks  PAUSED +12  /error 17 `
fn head<'a>(cluster: &Cluster, log: &LogPane) -> Row<'a> {
    let mut head = vec![
        Span::styled(format!(" Logs of {}", text::clean(&log.title)), cluster.style(Slot::Title)),
        Span::styled(format!(" {} ", followed(cluster, log)), cluster.style(Slot::Dim)),
    ];
    head.extend(missed(cluster, log.missed()));
    let mut say = |said: String, slot| head.push(Span::styled(said, cluster.style(slot)));
    let filter = &log.filter.text;
    if !filter.text.is_empty() {
        say(format!(" /{}", text::clean(&filter.text)), Slot::Info);
    }
    for word in log.filter.words() {
        say(format!(" {word}"), Slot::Info);
    }
    if !log.filter.is_open() {
        let more = if log.buffer.is_filtering() { "…" } else { "" };
        say(format!(" {}/{}{more} ", log.buffer.passing(), log.buffer.lines().len()), Slot::Dim);
    }
    if !log.highlight.text.is_empty() {
        say(format!(" &{} ", text::clean(&log.highlight.text)), Slot::Info);
    }
    for error in [filter.error(), log.highlight.error()].into_iter().flatten() {
        say(format!(" {error} "), Slot::Warn);
    }
    if log.times == Times::Local {
        say(" local time ".into(), Slot::Dim);
    }
    if log.is_reading_older() {
        say(" reading older lines… ".into(), Slot::Busy);
    }
    if log.buffer.dropped() > 0 {
        say(format!(" {} old lines dropped ", log.buffer.dropped()), Slot::Warn);
    }
    if log.left_out > 0 {
        say(format!(" {} not followed ", count(log.left_out, "task", "tasks")), Slot::Warn);
    }
    if log.tee.is_some() {
        say(" writing to a file ".into(), Slot::Info);
    }
    Row::from(head)
}

/// The number of tasks that are followed, or the container and its node.
fn followed(cluster: &Cluster, log: &LogPane) -> String {
    match &log.source {
        LogSource::Container(container) => {
            let host = text::clean(cluster.model.store.hostname(&container.node)).into_owned();
            format!("container on {host}")
        }
        _ => count(log.tasks.len(), "task", "tasks"),
    }
}

/// Number of rows that a line takes in `room` columns.
fn rows_of(log: &LogPane, line: &Line<LogWriterId>, room: usize) -> usize {
    if log.open.contains(&line.seq) && line.kind != LineKind::Ruler {
        return body_rows(line, room).len().min(OPEN_ROWS);
    }
    if !log.wrap || line.kind == LineKind::Ruler || line.text.len() <= room {
        return 1;
    }
    let shown = shown(line, &log.keys, room * OPEN_ROWS);
    text::broken(&clean(&shown), room).take(OPEN_ROWS).count()
}

/// As much of a text as can be seen: a line of a megabyte must not cost more than one of a screen.
fn clip(text: &str, columns: usize) -> &str {
    // A column may take a character with many marks, and colours take bytes and no column.
    let most = columns.saturating_mul(16).saturating_add(1_024);
    text::begin(text, most)
}

/// The text of a line as it is shown when it is not opened.
fn shown<'l>(line: &'l Line<LogWriterId>, keys: &[String], columns: usize) -> Cow<'l, str> {
    // JSON is made short only where it is not huge: it is read anew with every frame.
    let json = line.text.starts_with('{') && line.text.len() < 16 << 10;
    match json.then(|| compact(&line.text, keys)).flatten() {
        Some(short) => short.into(),
        None => ansi::plain(clip(&line.text, columns)),
    }
}

/// The rows of a line opened in full: JSON a field a row, else wrapped.
fn body_rows(line: &Line<LogWriterId>, room: usize) -> Vec<String> {
    let full = expand(&line.text)
        .unwrap_or_else(|| vec![ansi::plain(clip(&line.text, room * OPEN_ROWS)).into_owned()]);
    let mut rows = Vec::new();
    for field in full {
        let field = clean(clip(&field, room * OPEN_ROWS)).into_owned();
        let left = OPEN_ROWS - rows.len();
        rows.extend(text::broken(&field, room).take(left).map(str::to_owned));
    }
    rows
}

fn time(cluster: &Cluster, log: &LogPane, at: Option<Timestamp>) -> String {
    let Some(at) = at else { return String::new() };
    match log.times {
        Times::Utc => at.clock(),
        Times::Local => at.local_clock(),
        Times::Ago => text::age(at.age(cluster.model.now)),
        Times::Off => String::new(),
    }
}

fn lines_of<'a>(
    cluster: &Cluster,
    log: &LogPane,
    line: &Line<LogWriterId>,
    (times, names, room): (usize, usize, usize),
    on_cursor: bool,
) -> Vec<Row<'a>> {
    let dim = cluster.style(Slot::Dim);
    let writer = log.writers.get(&line.source);
    let label_style = cluster.style(LABELS[writer.map_or(0, |w| w.colour) % LABELS.len()]);
    if line.kind == LineKind::Ruler {
        let lead = if on_cursor { "›─" } else { "──" };
        let said = format!("{lead} {} ", text::clean(&line.text));
        let wide = times + names + room;
        let said = text::cut(&said, wide).into_owned();
        let rest = "─".repeat(wide.saturating_sub(text::width(&said)));
        let slot = if line.severity == LogLevel::Error { Slot::Critical } else { Slot::Dim };
        return vec![Row::from(vec![
            Span::styled(said, cluster.style(slot)),
            Span::styled(rest, dim),
        ])];
    }
    let mut lead = Vec::new();
    if times > 0 {
        let clock = time(cluster, log, time_of(line));
        let pad = times.saturating_sub(text::width(&clock));
        lead.push(Span::styled(format!("{clock}{}", " ".repeat(pad)), dim));
    }
    if names > 0 {
        let label = writer.map_or(line.source.short(), |w| w.label.as_str());
        let name = text::name(&text::clean(label), names - 1).into_owned();
        let pad = names.saturating_sub(text::width(&name));
        lead.push(Span::styled(name, label_style));
        lead.push(Span::raw(" ".repeat(pad)));
    }
    let base = match (line.severity, line.kind) {
        (LogLevel::Error, _) => cluster.style(Slot::Critical),
        (LogLevel::Warning, _) => cluster.style(Slot::Warn),
        (LogLevel::Debug, _) => dim,
        _ => cluster.style(Slot::Text),
    };
    let bar = match (line.kind, on_cursor) {
        (_, true) => Span::styled("›", cluster.style(Slot::Focus)),
        (LineKind::Stderr, _) => Span::styled("▏", cluster.style(Slot::Warn)),
        _ => Span::raw(" "),
    };
    lead.push(bar);
    let opened = log.open.contains(&line.seq);
    let texts: Vec<Vec<Span<'a>>> = if opened {
        body_rows(line, room)
            .into_iter()
            .map(|row| spans(cluster, log, &[(TextStyle::default(), row.as_str())], base))
            .collect()
    } else {
        let coloured = line.text.contains('\u{1b}');
        let columns = if log.wrap { room * OPEN_ROWS } else { log.pan + room };
        let plain = shown(line, &log.keys, columns);
        let pieces = if coloured {
            ansi::pieces(clip(&line.text, columns))
        } else {
            vec![(TextStyle::default(), &*plain)]
        };
        let whole = spans(cluster, log, &pieces, base);
        if log.wrap { broken(&whole, room) } else { vec![slice(&whole, log.pan, room)] }
    };
    let indent: usize = lead.iter().map(Span::width).sum();
    texts
        .into_iter()
        .enumerate()
        .map(|(row, body)| {
            let mut spans = if row == 0 {
                std::mem::take(&mut lead)
            } else {
                vec![Span::raw(" ".repeat(indent))]
            };
            spans.extend(body);
            Row::from(spans)
        })
        .collect()
}

/// The columns from `skip` on, `room` of them.
fn slice<'a>(spans: &[Span<'a>], skip: usize, room: usize) -> Vec<Span<'a>> {
    let mut at = 0;
    let mut out = Vec::new();
    let mut left = room;
    for span in spans {
        let wide = span.width();
        if at + wide > skip && left > 0 {
            let rest = text::skip(&span.content, skip.saturating_sub(at));
            let row = text::fitting(rest, left).to_owned();
            left -= text::width(&row).min(left);
            out.push(Span::styled(row, span.style));
        }
        at += wide;
    }
    out
}

/// The spans in rows of `room` columns.
fn broken<'a>(spans: &[Span<'a>], room: usize) -> Vec<Vec<Span<'a>>> {
    let (mut rows, mut row, mut left) = (Vec::new(), Vec::new(), room);
    for span in spans {
        let mut rest = &*span.content;
        while !rest.is_empty() && rows.len() < OPEN_ROWS {
            let fits = text::fitting(rest, left);
            // A character wider than the window is lost in it.
            let fits = if fits.is_empty() && left == room { rest } else { fits };
            left -= text::width(fits).min(left);
            row.push(Span::styled(fits.to_owned(), span.style));
            rest = &rest[fits.len()..];
            if !rest.is_empty() {
                rows.push(std::mem::take(&mut row));
                left = room;
            }
        }
    }
    if rows.is_empty() || !row.is_empty() {
        rows.push(row);
    }
    rows.truncate(OPEN_ROWS);
    rows
}

/// Pieces of text with the program's colours, and what is highlighted.
fn spans<'a>(
    cluster: &Cluster,
    log: &LogPane,
    pieces: &[(TextStyle, &str)],
    base: Style,
) -> Vec<Span<'a>> {
    let mut out = Vec::new();
    for (look, piece) in pieces {
        let clean = clean(piece).into_owned();
        let style = if *look == TextStyle::default() {
            base
        } else {
            painted(*look, base, cluster.settings.appearance.theme.depth())
        };
        let hits: Vec<Range<usize>> = [&log.highlight, &log.filter.text]
            .into_iter()
            .find(|f| !f.is_empty())
            .map(|f| f.ranges(&clean))
            .unwrap_or_default();
        let mut at = 0;
        for hit in hits {
            if hit.start > at {
                out.push(Span::styled(clean[at..hit.start].to_owned(), style));
            }
            let lit = style.add_modifier(Modifier::REVERSED);
            out.push(Span::styled(clean[hit.clone()].to_owned(), lit));
            at = hit.end;
        }
        if at < clean.len() {
            out.push(Span::styled(clean[at..].to_owned(), style));
        }
    }
    out
}

/// A program's colours, as far as the terminal has them.
fn painted(look: TextStyle, base: Style, depth: Depth) -> Style {
    let colour = |c: Option<Colour>| match (c?, depth) {
        (_, Depth::Mono) => None,
        (Colour::Basic(n), _) => Some(Color::Indexed(n)),
        (_, Depth::Ansi16) => None,
        (Colour::Indexed(n), _) => Some(Color::Indexed(n)),
        (Colour::Rgb(r, g, b), Depth::True) => Some(Color::Rgb(r, g, b)),
        (Colour::Rgb(r, g, b), _) => Some(Color::Indexed(nearest(r, g, b))),
    };
    let mut style = base;
    if let Some(fg) = colour(look.fg) {
        style = style.fg(fg);
    }
    if let Some(bg) = colour(look.bg) {
        style = style.bg(bg);
    }
    let mut modifier = Modifier::empty();
    modifier.set(Modifier::BOLD, look.bold);
    modifier.set(Modifier::DIM, look.dim);
    modifier.set(Modifier::ITALIC, look.italic);
    modifier.set(Modifier::UNDERLINED, look.underlined);
    modifier.set(Modifier::REVERSED, look.reversed);
    style.add_modifier(modifier)
}

/// Why there is nothing to read: a task that was rejected never wrote a line, but has its error.
fn never_ran(cluster: &Cluster, log: &LogPane) -> String {
    let store = &cluster.model.store;
    let task = match &log.source {
        LogSource::Tasks(ids) => ids.first().and_then(|id| store.task(id)),
        LogSource::Place(place) => place.tasks(store).max_by_key(|task| task.created),
        _ => None,
    };
    if let Some(task) = task
        && !task.err.is_empty()
    {
        let name = store.task_name(task);
        return text::clean(&format!("{name} never had a container: {}", task.err)).into_owned();
    }
    // One that is to run nothing has no log to wait for.
    if let LogSource::Services(ids) = &log.source
        && let [id] = ids.as_slice()
        && let Some(service) = store.service(id)
        && store.missing(service).desired == 0
        && !service.mode.is_job()
    {
        let why = match service.mode {
            Mode::Replicated(_) => "is scaled to 0",
            _ => "has no node to run on",
        };
        return text::clean(&format!("{} {why}: there is no log", service.name)).into_owned();
    }
    "no task has a container yet".into()
}

/// A task's name, also once the manager has forgotten it.
fn name(log: &LogPane, task: &LogWriterId) -> String {
    let name = log.writers.get(task).map_or(task.short(), |w| w.name.as_str());
    text::clean(name).into_owned()
}
