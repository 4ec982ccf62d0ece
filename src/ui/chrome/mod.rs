//! The screens: one file each.

pub(in crate::ui) mod footer;
pub(in crate::ui) mod header;

use std::borrow::Cow;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType, Borders, Clear, Paragraph, Widget},
};

use crate::{
    cluster::{Part, Store},
    config::{self, Slot},
    ui::{
        App, Board, View,
        app::board::{LinkState, Pane},
        operate::progress,
        screen::{clusters, events, logs, nodes, overview, problems, services, tasks, wall},
        table::{
            Row, Table,
            columns::{Column, TableView},
            filter::Filter,
        },
        terminal::ascii,
        widget::text,
    },
};

/// Draws the whole screen. Reads no clock and does no I/O.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let appearance = &app.board().settings.appearance;
    let area = frame.area();
    frame.buffer_mut().set_style(area, appearance.theme.screen());
    screen(app, frame, area);
    disarm(frame.buffer_mut());
    if appearance.ascii {
        ascii::flatten(frame.buffer_mut());
    }
}

/// The last door before the terminal: whatever a widget of others' making drew of a stranger's text.
fn disarm(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if let [b' '..=b'~'] = cell.symbol().as_bytes() {
            continue;
        }
        if let Cow::Owned(harmless) = text::clean(cell.symbol()) {
            cell.set_symbol(if harmless.is_empty() { " " } else { &harmless });
        }
    }
}

/// No room for panes.
pub(in crate::ui) fn is_tiny(area: Rect) -> bool {
    area.width < 60 || area.height < 16
}

/// The screen without the header, the strip below it, and the footer.
pub(in crate::ui) fn body(board: &Board, area: Rect) -> Rect {
    let has_strip = board.loud().next().is_some()
        || !matches!(board.link, LinkState::Live { .. })
        || board.scene.store.unread().has_gaps();
    let top = (1 + u16::from(has_strip)).min(area.height);
    Rect { y: area.y + top, height: area.height.saturating_sub(top + 1), ..area }
}

fn screen(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if app.wall.open {
        return wall::draw(app, frame, area);
    }
    let board = app.board();
    if is_tiny(area) {
        return tiny(board, frame, area);
    }
    header::draw(board, frame, Rect { height: 1, ..area });
    let body = body(board, area);
    if body.y > area.y + 1 {
        header::strip(board, frame, Rect { y: area.y + 1, height: 1, ..area });
    }
    if app.clusters.open {
        clusters::draw(app, frame, body);
        return over(board, true, frame, area);
    }
    match board.view {
        View::Overview => overview::draw(board, frame, body),
        View::Services => services::draw(board, frame, body),
        View::Nodes => nodes::draw(board, frame, body),
        View::Tasks => tasks::draw(board, frame, body),
        View::Events => events::draw(board, frame, body, true),
        View::Logs => logs::draw(board, frame, body, true),
        View::Problems => problems::draw(board, frame, body),
    }
    progress::draw(board, frame, body);
    over(board, false, frame, area);
}

/// Draws the popups.
fn over(board: &Board, together: bool, frame: &mut Frame<'_>, area: Rect) {
    footer::draw(board, together, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    for popup in &board.popups {
        popup.draw(board, frame, area);
    }
}

/// No room for panes: what matters, in as many lines as there are.
pub(in crate::ui) fn tiny(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let mut lines = vec![header::summary(board)];
    for problem in board.loud() {
        let slot = problems::slot(problem.severity);
        let text = problems::fitting(problem, area.width.saturating_sub(2) as usize);
        lines.push(Line::styled(
            format!("{} {text}", problems::glyph(problem.severity)),
            board.style(slot),
        ));
    }
    if !board.popups.is_empty() {
        lines.push(Line::from("a question is open: make the terminal larger, or Esc"));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

impl Board {
    /// Style of a slot.
    pub(in crate::ui) fn style(&self, slot: Slot) -> Style {
        self.settings.appearance.theme.style(slot)
    }

    /// Whether what is drawn is old and must look so.
    pub(in crate::ui) fn is_stale(&self) -> bool {
        !self.is_live() && self.last_heard.is_some()
    }
}

/// A pane's frame; returns what is inside.
pub(in crate::ui) fn frame_of(
    board: &Board,
    frame: &mut Frame<'_>,
    area: Rect,
    title: Line<'_>,
    focused: bool,
) -> Rect {
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(match board.settings.appearance.borders {
            config::Borders::Rounded => BorderType::Rounded,
            config::Borders::Plain => BorderType::Plain,
        })
        .border_style(board.style(if focused { Slot::Focus } else { Slot::Border }))
        .title(title);
    let inner = block.inner(area);
    block.render(area, frame.buffer_mut());
    inner
}

/// ` Services 3/42 /api `: a pane's title with its counts and filter.
pub(in crate::ui) fn title<'a>(
    board: &Board,
    name: &str,
    shown: usize,
    all: usize,
    filter: &Filter,
) -> Line<'a> {
    let count = if filter.is_empty() { format!(" {all} ") } else { format!(" {shown}/{all} ") };
    let mut spans = vec![
        Span::styled(format!(" {name}"), board.style(Slot::Title)),
        Span::styled(count, board.style(Slot::Dim)),
    ];
    if !filter.is_empty() || !filter.text.is_empty() {
        spans.push(Span::styled(
            format!("/{} ", text::clean(&filter.text)),
            board.style(Slot::Info),
        ));
    }
    if let Some(error) = filter.error() {
        spans.push(Span::styled(format!("{error} "), board.style(Slot::Warn)));
    }
    Line::from(spans)
}

/// The rows in a table's window, with its cursor, sort mark and marks.
pub(in crate::ui) fn rows<'a, T: Row, R: 'a>(
    board: &'a Board,
    frame: &mut Frame<'_>,
    inner: Rect,
    pane: (&'a Table<T>, &[Column<R>], bool),
    object: impl Fn(&'a T) -> Option<&'a R>,
) {
    let (table, columns, focused) = pane;
    let (window, selected) = table.window(inner.height.saturating_sub(1) as usize);
    table.drawn_from(inner.y + 1);
    let objects: Vec<&R> = window.iter().filter_map(object).collect();
    let view = TableView {
        columns,
        rows: &objects,
        context: &board.scene,
        // Where nothing can be done to a row, its cursor shows only with the keyboard.
        selected: selected.filter(|_| focused || table.sorted().is_some()),
        marked: &|i| window.get(i).is_some_and(|row| table.marked.contains(&row.id())),
        sort: table.sorted(),
        focused,
        stale: board.is_stale(),
    };
    view.draw(inner, frame.buffer_mut(), &board.settings.appearance.theme);
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
pub(in crate::ui) fn unknown(board: &Board, part: Part) -> Option<String> {
    let why = board.scene.store.unread().why(part)?;
    Some(format!("unknown: {}", text::clean(why)))
}

/// Text of a pane without rows.
pub(in crate::ui) fn empty(
    board: &Board,
    frame: &mut Frame<'_>,
    area: Rect,
    filtered: bool,
    nothing: &str,
) {
    if area.height < 2 {
        return;
    }
    let said = if board.last_heard.is_none() {
        match &board.link {
            LinkState::Lost { .. } => "never connected yet",
            _ => "connecting…",
        }
    } else if filtered {
        "nothing matches the filter; Esc clears it"
    } else {
        nothing
    };
    let line =
        Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(1), height: 1 };
    frame.render_widget(Line::styled(said.to_owned(), board.style(Slot::Dim)), line);
}

/// Room beside a box that is narrower than this is not used.
const SLIVER: u16 = 8;

/// A box in the middle over everything; returns what is inside.
pub(in crate::ui) fn popup(
    board: &Board,
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
    clear(board, frame, place);
    frame_of(board, frame, place, title, true)
}

/// Room for what lies over a view.
pub(in crate::ui) fn clear(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, board.settings.appearance.theme.screen());
}

/// Whether a pane has the keyboard and nothing lies over it.
pub(in crate::ui) fn has_focus(board: &Board, pane: Pane) -> bool {
    board.focus() == pane
}
