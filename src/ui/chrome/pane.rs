//! The frame of a pane, its title, its rows, or why it has none.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span, Text},
    widgets::{Block, BorderType, Borders, Clear, Widget},
};

use crate::{
    cluster::{Part, Store},
    config::{self, Slot},
    ui::{
        app::{cluster::Cluster, link::LinkState},
        table::{
            Row, Table,
            columns::{Column, TableView},
            filter::Filter,
            hidden::Hidden,
        },
        widget::text,
    },
};

/// A pane's frame; returns what is inside.
pub(in crate::ui) fn frame_of(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    area: Rect,
    title: Line<'_>,
    focused: bool,
) -> Rect {
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(match cluster.settings.appearance.borders {
            config::Borders::Rounded => BorderType::Rounded,
            config::Borders::Plain => BorderType::Plain,
        })
        .border_style(cluster.style(if focused { Slot::Focus } else { Slot::Border }))
        .title(title);
    let inner = block.inner(area);
    block.render(area, frame.buffer_mut());
    inner
}

/// ` Services 3/42 /api `: a pane's title with its counts and filter.
pub(in crate::ui) fn title<'a>(
    cluster: &Cluster,
    name: &str,
    shown: usize,
    all: usize,
    filter: &Filter,
) -> Line<'a> {
    let count = if filter.is_empty() { format!(" {all} ") } else { format!(" {shown}/{all} ") };
    let mut spans = vec![
        Span::styled(format!(" {name}"), cluster.style(Slot::Title)),
        Span::styled(count, cluster.style(Slot::Dim)),
    ];
    if !filter.is_empty() || !filter.text.is_empty() {
        spans.push(Span::styled(
            format!("/{} ", text::clean(&filter.text)),
            cluster.style(Slot::Info),
        ));
    }
    if let Some(error) = filter.error() {
        spans.push(Span::styled(format!("{error} "), cluster.style(Slot::Warn)));
    }
    Line::from(spans)
}

/// ` PAUSED +12 `: a list that stopped following what comes, and how much came since; none while it
/// follows.
pub(in crate::ui) fn missed(cluster: &Cluster, missed: Option<u64>) -> Option<Span<'static>> {
    missed.map(|n| Span::styled(format!(" PAUSED +{n} "), cluster.style(Slot::Banner)))
}

/// The rows in a table's window, with its cursor, sort mark and marks.
pub(in crate::ui) fn rows<'a, T: Row, R: 'a>(
    cluster: &'a Cluster,
    frame: &mut Frame<'_>,
    inner: Rect,
    pane: (&'a Table<T>, &[Column<R>], bool),
    object: impl Fn(&'a T) -> Option<&'a R>,
) {
    rows_of(cluster, frame, inner, pane, cluster.is_stale(), object);
}

/// The same, dimmed if they are old.
pub(in crate::ui) fn rows_of<'a, T: Row, R: 'a>(
    cluster: &'a Cluster,
    frame: &mut Frame<'_>,
    inner: Rect,
    (table, columns, focused): (&'a Table<T>, &[Column<R>], bool),
    stale: bool,
    object: impl Fn(&'a T) -> Option<&'a R>,
) {
    let (window, selected) = table.window(inner.height.saturating_sub(1) as usize);
    table.drawn_from(inner.y + 1);
    let objects: Vec<&R> = window.iter().filter_map(object).collect();
    let view = TableView {
        columns,
        rows: &objects,
        context: &cluster.model,
        // Where nothing can be done to a row, its cursor shows only with the keyboard.
        selected: selected.filter(|_| focused || table.sorted().is_some()),
        marked: &|i| window.get(i).is_some_and(|row| table.marked.contains(&row.id())),
        sort: table.sorted(),
        focused,
        stale,
    };
    view.draw(inner, frame.buffer_mut(), &cluster.settings.appearance.theme);
}

/// `11/12`, or that it is not told.
pub(in crate::ui) fn nodes_ready(store: &Store) -> String {
    match (store.nodes_known(), store.leaderless()) {
        (true, None) => format!("{}/{}", store.health().ready, store.nodes().len()),
        (true, Some(_)) => format!("?/{}", store.nodes().len()),
        (false, _) => "?".into(),
    }
}

/// Why a pane has no rows where the endpoint refuses what would be in it.
pub(in crate::ui) fn unknown(cluster: &Cluster, part: Part) -> Option<String> {
    let why = cluster.model.store.unread().why(part)?;
    Some(format!("unknown: {}", text::clean(why)))
}

/// Text of a pane without rows.
pub(in crate::ui) fn empty(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    area: Rect,
    hidden: Option<Hidden>,
    nothing: &str,
) {
    if area.height < 2 {
        return;
    }
    let said = if cluster.link.last_heard.is_none() {
        match &cluster.link.state {
            LinkState::Lost { .. } => "never connected yet",
            _ => "connecting…",
        }
    } else if let Some(hidden) = hidden.filter(Hidden::is_so) {
        &hidden.said(area.width.saturating_sub(2) as usize)
    } else {
        nothing
    };
    let room = area.width.saturating_sub(2) as usize;
    let lines = said.lines().flat_map(|said| text::wrapped(said, room.max(1)));
    let lines: Vec<Line<'_>> =
        lines.map(|said| Line::styled(said.to_owned(), cluster.style(Slot::Dim))).collect();
    let place = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(1),
        height: area.height - 1,
    };
    frame.render_widget(Text::from(lines), place);
}

/// Room beside a box that is narrower than this is not used.
const SLIVER: u16 = 8;

/// A box in the middle over everything; returns what is inside.
pub(in crate::ui) fn popup(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    width: u16,
    height: u16,
    title: Line<'_>,
) -> Rect {
    let area = frame.area();
    // Slivers of what lies below are worth nothing.
    let width = if width + SLIVER > area.width { area.width } else { width };
    let height = height.min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    clear(cluster, frame, place);
    frame_of(cluster, frame, place, title, true)
}

/// Room for what lies over a view.
pub(in crate::ui) fn clear(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, cluster.settings.appearance.theme.screen());
}
