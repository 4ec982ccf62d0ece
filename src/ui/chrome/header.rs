//! The top line, and the strip below it with the worst problem or the lost link.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    cluster::Part,
    config::Slot,
    session::{Reach, Way},
    ui::{
        Board,
        app::{board::LinkState, session_events::SKEW_SHOWN},
        screen::problems,
        widget::text,
    },
};

pub(in crate::ui) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    frame.buffer_mut().set_style(area, board.style(Slot::Header));
    let left = left(board);
    let right = right(board);
    let room = area.width as usize;
    let right_width = right.width();
    // What does not fit is dropped from the end of the left part, never the mode and the clock; a word
    // never stays without its figure.
    let mut spans = Vec::new();
    let mut used = 0;
    for group in left {
        let width: usize = group.iter().map(Span::width).sum();
        if used + width + 1 + right_width > room {
            break;
        }
        used += width;
        spans.extend(group);
    }
    frame.render_widget(Line::from(spans), area);
    let x = area.right().saturating_sub(right_width as u16);
    frame.render_widget(right, Rect { x, width: area.right() - x, ..area });
}

/// Groups of related items, the most important first.
fn left(board: &Board) -> Vec<Vec<Span<'static>>> {
    let dim = board.style(Slot::Dim);
    let store = &board.scene.store;
    let health = store.health();
    let mut groups = vec![vec![Span::styled(" skep ", board.style(Slot::Title))]];
    if board.settings.named || board.siblings.len() > 1 {
        groups.push(vec![badge(board), Span::raw(" ")]);
    }
    groups.push(vec![link(board)]);
    let pair = |word: &'static str, figure: String, slot: Slot| {
        vec![Span::styled(word, dim), Span::styled(figure, board.style(slot))]
    };
    // Of a Swarm without a leader it is known who answers; all else is as it was once.
    let leaderless = board.leaderless();
    if let Some(told) = leaderless.filter(|told| told.total() > 0) {
        let figure = format!("{}/{}", told.answering.len(), told.total());
        groups.push(pair("  managers ", figure, Slot::Critical));
    }
    if board.last_heard.is_some() {
        let mut name = text::clean(&store.info().manager).into_owned();
        let is_told = store.unread().why(Part::Info).is_none();
        if !is_told {
            name = board.through.clone().unwrap_or_default();
            name = name.split_once("://").map_or(&*name, |(_, rest)| rest).to_owned();
        }
        let leads =
            health.leader.as_ref().is_some_and(|id| id.as_str() == &*store.info().manager_id);
        let role = match (is_told, leads) {
            (false, _) => "",
            (true, true) => " leader",
            (true, false) => " manager",
        };
        groups.push(vec![Span::raw(format!(" {}", text::cut(&name, 20))), Span::styled(role, dim)]);
        let of = |word: &'static str, (ok, all): (usize, usize), look: fn(&Board) -> Slot| {
            let slot = if ok < all { look(board) } else { Slot::Text };
            pair(word, format!("{ok}/{all}"), slot)
        };
        let tasks = if store.is_loaded() {
            health.running.to_string()
        } else {
            format!("{}…", health.running)
        };
        let tasks = vec![Span::styled("  tasks ", dim), Span::raw(tasks)];
        let all = store.nodes().len();
        let mut nodes = of("  nodes ", (health.ready, all), problems::of_nodes);
        let unknown = |word: &'static str| {
            vec![Span::styled(word, dim), Span::styled("?", board.style(Slot::Warn))]
        };
        if !store.nodes_known() {
            nodes = unknown("  nodes ");
        } else if leaderless.is_some() {
            nodes = pair("  nodes ", format!("?/{all}"), Slot::Warn);
        }
        // Nothing is known to be lost: no alarm, but a word.
        else if health.unknown > 0 && health.ready + health.unknown == all {
            nodes = vec![
                Span::styled("  nodes ", dim),
                Span::styled(format!("{}/{all} ?", health.ready), board.style(Slot::Warn)),
            ];
        }
        groups.push(nodes);
        // One manager that is away matters more than what is short: the next one may end the Swarm.
        let (reachable, managers) = (health.reachable, health.managers);
        let managers = match (leaderless.is_some(), store.nodes_known()) {
            (true, _) => None,
            (false, true) => Some(of("  managers ", (reachable, managers), problems::of_nodes)),
            (false, false) => Some(unknown("  managers ")),
        };
        let one_is_away = health.reachable < health.managers && store.nodes_known();
        let (first, last) = if one_is_away { (managers, None) } else { (None, managers) };
        groups.extend(first);
        let services = (health.converged, store.services().len());
        groups.push(match store.services_known() {
            true => of("  services ", services, problems::of_services),
            false => unknown("  services "),
        });
        groups.push(tasks);
        if health.missing > 0 {
            let slot = problems::of_services(board);
            let glyph = match slot {
                Slot::Critical => "✗",
                Slot::Warn => "!",
                _ => "◐",
            };
            let said = format!(" {glyph}{} missing", health.missing);
            groups.push(vec![Span::styled(said, board.style(slot))]);
        }
        groups.extend(last);
    }
    groups
}

/// The cluster's name in its colour; a production cluster's can't be overlooked.
fn badge(board: &Board) -> Span<'static> {
    let name = text::clean(&board.settings.name).into_owned();
    let name = text::cut(&name, 24);
    let style = match (board.settings.colour, board.settings.production) {
        (Some(colour), _) => colour,
        (None, true) => board.style(Slot::Banner),
        (None, false) => board.style(Slot::Info),
    };
    if board.settings.production {
        Span::styled(format!(" PRODUCTION {name} "), style)
    } else {
        Span::styled(format!(" {name} "), style)
    }
}

/// `● live`, or since when not.
fn link(board: &Board) -> Span<'static> {
    match &board.link {
        LinkState::Connecting { .. } => Span::styled("◌ connecting", board.style(Slot::Busy)),
        LinkState::Live { .. } if board.is_live() && board.tasks_silent().is_some() => {
            let age = text::age(board.tasks_silent().unwrap_or_default());
            Span::styled(format!("◍ tasks silent {age}"), board.style(Slot::Warn))
        }
        LinkState::Live { .. } if board.is_live() && board.live_store().unread().has_gaps() => {
            Span::styled("◍ partly read", board.style(Slot::Warn))
        }
        LinkState::Live { .. } if board.is_live() => Span::styled("● live", board.style(Slot::Ok)),
        LinkState::Live { .. } => {
            let age = text::age(board.data_age());
            Span::styled(format!("◍ silent {age}"), board.style(Slot::Warn))
        }
        LinkState::Lost { .. } => {
            let (lost, never) = match board.leaderless() {
                Some(_) => ("✗ no leader", "✗ no leader"),
                None => ("✗ lost", "✗ no link"),
            };
            let age = if board.last_heard.is_some() {
                format!("{lost}, data {} old", text::age(board.data_age()))
            } else {
                never.into()
            };
            Span::styled(age, board.style(Slot::Critical))
        }
    }
}

fn right(board: &Board) -> Line<'static> {
    let mut spans = Vec::new();
    if let Some(other) = &board.elsewhere {
        let (glyph, slot) =
            if other.critical { ("✗", Slot::Critical) } else { ("!", Slot::Warn) };
        let name = text::clean(&other.name).into_owned();
        let more = if other.more > 0 { format!(" +{}", other.more) } else { String::new() };
        let said = format!(" {glyph} {}{more}", text::cut(&name, 12));
        spans.push(Span::styled(said, board.style(slot)));
    }
    if board
        .managers
        .iter()
        .any(|m| m.way == Way::TcpPlain && matches!(m.reach, Reach::InUse { .. }))
    {
        spans.push(Span::styled(" PLAIN TCP", board.style(Slot::Warn)));
    }
    if let Some(at) = board.paused_at {
        let age = text::age(at.age(board.now));
        spans.push(Span::styled(format!(" PAUSED {age} "), board.style(Slot::Banner)));
    }
    if board.skew.abs() >= SKEW_SHOWN {
        let way = if board.skew > 0 { "behind" } else { "ahead" };
        let by = text::age(std::time::Duration::from_nanos(board.skew.unsigned_abs()));
        spans.push(Span::styled(format!(" clock {by} {way}"), board.style(Slot::Warn)));
    }
    let (mode, slot) =
        if board.is_read_only() { (" RO ", Slot::Info) } else { (" RW ", Slot::Dim) };
    spans.push(Span::styled(mode, board.style(slot)));
    spans.push(Span::raw(format!("{} ", board.now.shifted(board.skew).clock())));
    Line::from(spans)
}

/// The line below: a lost link first, then the worst problem.
pub(in crate::ui) fn strip(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let line = match &board.link {
        LinkState::Lost { endpoint, why, next, .. } => {
            let why = board.why_lost().unwrap_or(why.into());
            let wait = next.0.saturating_sub(board.now.0).max(0) as u64;
            let again = match wait.div_ceil(1_000_000_000) {
                0 => "trying now".to_owned(),
                s => format!("next try in {s}s (C now)"),
            };
            let room = (area.width as usize).saturating_sub(text::width(&again) + 7);
            let why = text::clean(&why);
            // The reason matters more than the path to the engine.
            let reason = why.strip_prefix(&format!("{}: ", text::clean(endpoint)));
            let why = reason.filter(|_| text::width(&why) > room).unwrap_or(&why);
            let said = format!(" ✗ {} · {again} ", text::cut(why, room));
            Line::styled(said, board.style(Slot::Banner))
        }
        LinkState::Connecting { endpoint } => {
            Line::styled(format!(" connecting to {endpoint} …"), board.style(Slot::Busy))
        }
        LinkState::Live { .. } => problem_line(board, area.width as usize),
    };
    frame.render_widget(line, area);
}

fn problem_line(board: &Board, room: usize) -> Line<'static> {
    let Some(worst) = board.loud().next() else {
        let unread = board.scene.store.unread();
        let said = text::clean(&unread.sentence().unwrap_or_default()).into_owned();
        let slot = if unread.has_gaps() { Slot::Warn } else { Slot::Dim };
        return Line::styled(format!(" {}", text::cut(&said, room)), board.style(slot));
    };
    let more = match board.loud().count() {
        1 => "  7 ".to_owned(),
        n => format!("  +{} more  7 ", n - 1),
    };
    let since = match worst.since.short(board.scene.now) {
        since if since.is_empty() => since,
        since => format!(", since {since}"),
    };
    let glyph = problems::glyph(worst.severity);
    let room = room.saturating_sub(text::width(&more) + text::width(&since) + 4);
    let said = problems::fitting(worst, room);
    let style = board.style(problems::slot(worst.severity));
    Line::from(vec![
        Span::styled(format!(" {glyph} "), style),
        Span::styled(text::cut(&said, room).into_owned(), style),
        Span::styled(since, board.style(Slot::Dim)),
        Span::styled(more, board.style(Slot::Key)),
    ])
}

/// One line for a terminal that is too small for anything else.
pub(in crate::ui) fn summary(board: &Board) -> Line<'static> {
    let store = &board.scene.store;
    let health = store.health();
    let mut spans = vec![link(board)];
    if board.last_heard.is_some() {
        spans.push(Span::raw(format!(
            " nodes {} services {}/{} tasks {}",
            super::nodes_ready(store),
            health.converged,
            store.services().len(),
            health.running
        )));
        if health.missing > 0 {
            let slot = problems::of_services(board);
            spans.push(Span::styled(format!(" -{}", health.missing), board.style(slot)));
        }
    }
    Line::from(spans)
}
