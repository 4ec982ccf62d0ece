//! The wall: pages for a screen that hangs there, readable from some metres.

use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    grant::ClusterNo,
    ui::{
        App, Board,
        app::board::LinkState,
        chrome::nodes_ready,
        screen::{
            problems,
            wall::{Page, Wall, failures, figures, findings, lists},
        },
        widget::{big, text},
    },
};

pub(in crate::ui) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let (dx, dy) = app.wall.shift(app.board().now);
    let area = Rect {
        x: area.x + dx.min(area.width),
        y: area.y + dy.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    if area.width < 20 || area.height < 6 {
        return crate::ui::chrome::tiny(app.board(), frame, frame.area());
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
        Page::Clusters => lists::clusters(app, frame, body),
        Page::Figures(_) => figures::draw(board, frame, body),
        Page::Problems(_) => findings::draw(board, frame, body),
        Page::Services(_) => lists::services(board, frame, body),
        Page::Nodes(_) => lists::nodes(board, frame, body),
        Page::Failures(_) => failures::draw(board, frame, body),
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
        Page::Services(_) => "Services: tasks running or done",
        Page::Nodes(_) => "Nodes: tasks running",
        Page::Failures(_) => "Failures, last hour",
    };
    let silent = board.tasks_silent();
    let (beat, slot) = match (board.is_live() && silent.is_none(), app.wall.beat) {
        (true, true) => ("●", Slot::Ok),
        (true, false) => ("○", Slot::Ok),
        (false, _) => ("◍", Slot::Warn),
    };
    let state = match (board.is_live(), silent) {
        (true, None) => " live".to_owned(),
        (true, Some(age)) => format!(" tasks silent for {}", text::age(age)),
        (false, _) => format!(" silent for {}", text::age(board.data_age())),
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

/// Number of the page, and the key that leads away from the wall.
fn dots(app: &App, board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let pages = Wall::pages(app.open());
    let mut spans = Vec::new();
    for page in &pages {
        let (dot, slot) =
            if *page == app.wall.page { ("● ", Slot::Info) } else { ("· ", Slot::Border) };
        spans.push(Span::styled(dot, board.style(slot)));
    }
    // The worst is never a page away.
    let worst = app
        .open()
        .filter_map(|b| Some((b, b.loud().next()?)))
        .min_by(|(_, a), (_, b)| a.urgency().cmp(&b.urgency()));
    if let Some((of, problem)) = worst.filter(|_| !matches!(app.wall.page, Page::Problems(_))) {
        let used: usize = spans.iter().map(Span::width).sum();
        let room = (area.width as usize).saturating_sub(used + 4);
        let said = format!(
            " {} {}",
            problems::glyph(problem.severity),
            text::cut(&problems::fitting(problem, room), room)
        );
        spans.push(Span::styled(said, of.style(problems::slot(problem.severity))));
    }
    frame.render_widget(Line::from(spans), area);
}

/// A whole screen that can't be overlooked.
fn lost(app: &App, board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let (style, why, again) = match &board.link {
        LinkState::Lost { why, next, .. } => {
            let why = board.why_lost().unwrap_or(why.into());
            let wait = next.0.saturating_sub(board.now.0).max(0) as u64 / 1_000_000_000;
            let again =
                if wait == 0 { "trying now".into() } else { format!("next try in {wait}s") };
            (board.style(Slot::Banner), text::clean(&why).into_owned(), again)
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
    lines.extend(text::wrapped(&why, area.width as usize - 4).map(str::to_owned));
    if let (Some(_), LinkState::Lost { .. }) = (board.last_heard, &board.link) {
        let all = board.scene.store.health();
        let age = text::age(board.data_age());
        lines.push(String::new());
        lines.push(format!(
            "{age} ago: nodes {}, services {}/{}, tasks {}",
            nodes_ready(&board.scene.store),
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

/// One sentence in the middle: there is nothing else to tell.
pub(in crate::ui) fn all_well(board: &Board, frame: &mut Frame<'_>, area: Rect, said: &str) {
    let x = area.x + area.width.saturating_sub(text::width(said) as u16) / 2;
    let place = Rect { x, y: area.y + area.height / 2, width: area.right() - x, height: 1 };
    let style = board.style(Slot::Ok).add_modifier(Modifier::BOLD);
    frame.render_widget(Line::styled(said, style), place);
}

pub(in crate::ui) fn rows(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    for (at, line) in lines.into_iter().take(area.height as usize).enumerate() {
        frame.render_widget(line, Rect { y: area.y + at as u16, height: 1, ..area });
    }
}

pub(in crate::ui) fn pad(said: &str, width: usize) -> String {
    let cut = text::cut(said, width);
    format!("{cut}{}", " ".repeat(width.saturating_sub(text::width(&cut))))
}

/// The board a page is about.
impl App {
    pub(in crate::ui) fn board_of(&self, no: ClusterNo) -> &Board {
        self.open().find(|b| b.no == no).unwrap_or_else(|| self.board())
    }
}
