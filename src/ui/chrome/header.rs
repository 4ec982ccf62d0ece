//! The top line, and the strip below it with the worst problem or the lost link.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    cluster::Part,
    config::Slot,
    session::{Reach, Way},
    ui::{
        app::{cluster::Cluster, link::LinkState, session_events::SKEW_SHOWN},
        screen::problems::words,
        widget::text,
    },
};

/// No room for panes: what matters, in as many lines as there are, and a note.
pub(in crate::ui) fn tiny(
    cluster: &Cluster,
    note: Option<&'static str>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let mut lines = vec![summary(cluster)];
    for problem in cluster.loud() {
        let slot = words::slot(problem.severity);
        let text = words::fitting(problem, area.width.saturating_sub(2) as usize);
        lines.push(Line::styled(
            format!("{} {text}", words::glyph(problem.severity)),
            cluster.style(slot),
        ));
    }
    lines.extend(note.map(Line::from));
    frame.render_widget(Paragraph::new(lines), area);
}

pub(in crate::ui) fn draw(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    frame.buffer_mut().set_style(area, cluster.style(Slot::Header));
    let left = left(cluster);
    let right = right(cluster);
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
fn left(cluster: &Cluster) -> Vec<Vec<Span<'static>>> {
    let dim = cluster.style(Slot::Dim);
    let store = &cluster.model.store;
    let health = store.health();
    let mut groups = vec![vec![Span::styled(" skep ", cluster.style(Slot::Title))]];
    if cluster.settings.named || cluster.others.names.len() > 1 {
        groups.push(vec![badge(cluster), Span::raw(" ")]);
    }
    groups.push(vec![link(cluster)]);
    let pair = |word: &'static str, figure: String, slot: Slot| {
        vec![Span::styled(word, dim), Span::styled(figure, cluster.style(slot))]
    };
    // Of a Swarm without a leader it is known who answers; all else is as it was once.
    let leaderless = cluster.leaderless();
    if let Some(told) = leaderless.filter(|told| told.total() > 0) {
        let figure = format!("{}/{}", told.answering.len(), told.total());
        groups.push(pair("  managers ", figure, Slot::Critical));
    }
    if cluster.link.last_heard.is_some() {
        let mut name = text::clean(&store.info().manager).into_owned();
        let is_told = store.unread().why(Part::Info).is_none();
        if !is_told {
            name = cluster.link.through.clone().unwrap_or_default();
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
        let of = |word: &'static str, (ok, all): (usize, usize), look: fn(&Cluster) -> Slot| {
            let slot = if ok < all { look(cluster) } else { Slot::Text };
            pair(word, format!("{ok}/{all}"), slot)
        };
        let tasks = if store.is_loaded() {
            health.running.to_string()
        } else {
            format!("{}…", health.running)
        };
        let tasks = vec![Span::styled("  tasks ", dim), Span::raw(tasks)];
        let all = store.nodes().len();
        let mut nodes = of("  nodes ", (health.ready, all), words::of_nodes);
        let unknown = |word: &'static str| {
            vec![Span::styled(word, dim), Span::styled("?", cluster.style(Slot::Warn))]
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
                Span::styled(format!("{}/{all} ?", health.ready), cluster.style(Slot::Warn)),
            ];
        }
        groups.push(nodes);
        // One manager that is away matters more than what is short: the next one may end the Swarm.
        let (reachable, managers) = (health.reachable, health.managers);
        let managers = match (leaderless.is_some(), store.nodes_known()) {
            (true, _) => None,
            (false, true) => Some(of("  managers ", (reachable, managers), words::of_nodes)),
            (false, false) => Some(unknown("  managers ")),
        };
        let one_is_away = health.reachable < health.managers && store.nodes_known();
        let (first, last) = if one_is_away { (managers, None) } else { (None, managers) };
        groups.extend(first);
        let services = (health.converged, store.services().len());
        groups.push(match store.services_known() {
            true => of("  services ", services, words::of_services),
            false => unknown("  services "),
        });
        groups.push(tasks);
        if health.missing > 0 {
            let slot = words::of_services(cluster);
            let glyph = match slot {
                Slot::Critical => "✗",
                Slot::Warn => "!",
                _ => "◐",
            };
            let said = format!(" {glyph}{} missing", health.missing);
            groups.push(vec![Span::styled(said, cluster.style(slot))]);
        }
        groups.extend(last);
    }
    groups
}

/// The cluster's name in its colour; a production cluster's can't be overlooked.
fn badge(cluster: &Cluster) -> Span<'static> {
    let name = text::clean(&cluster.settings.name).into_owned();
    let name = text::cut(&name, 24);
    let style = match (cluster.settings.colour, cluster.settings.production) {
        (Some(colour), _) => colour,
        (None, true) => cluster.style(Slot::Banner),
        (None, false) => cluster.style(Slot::Info),
    };
    if cluster.settings.production {
        Span::styled(format!(" PRODUCTION {name} "), style)
    } else {
        Span::styled(format!(" {name} "), style)
    }
}

/// `● live`, or since when not.
fn link(cluster: &Cluster) -> Span<'static> {
    match &cluster.link.state {
        LinkState::Connecting { .. } => Span::styled("◌ connecting", cluster.style(Slot::Busy)),
        LinkState::Live { .. } if cluster.is_live() && cluster.tasks_silent().is_some() => {
            let age = text::age(cluster.tasks_silent().unwrap_or_default());
            Span::styled(format!("◍ tasks silent {age}"), cluster.style(Slot::Warn))
        }
        LinkState::Live { .. } if cluster.is_live() && cluster.model.live().unread().has_gaps() => {
            Span::styled("◍ partly read", cluster.style(Slot::Warn))
        }
        LinkState::Live { .. } if cluster.is_live() => {
            Span::styled("● live", cluster.style(Slot::Ok))
        }
        LinkState::Live { .. } => {
            let age = text::age(cluster.data_age());
            Span::styled(format!("◍ silent {age}"), cluster.style(Slot::Warn))
        }
        LinkState::Lost { .. } => {
            let (lost, never) = match cluster.leaderless() {
                Some(_) => ("✗ no leader", "✗ no leader"),
                None => ("✗ lost", "✗ no link"),
            };
            let age = if cluster.link.last_heard.is_some() {
                format!("{lost}, data {} old", text::age(cluster.data_age()))
            } else {
                never.into()
            };
            Span::styled(age, cluster.style(Slot::Critical))
        }
    }
}

fn right(cluster: &Cluster) -> Line<'static> {
    let mut spans = Vec::new();
    if let Some(other) = &cluster.others.worst {
        let (glyph, slot) =
            if other.critical { ("✗", Slot::Critical) } else { ("!", Slot::Warn) };
        let name = text::clean(&other.name).into_owned();
        let more = if other.more > 0 { format!(" +{}", other.more) } else { String::new() };
        let said = format!(" {glyph} {}{more}", text::cut(&name, 12));
        spans.push(Span::styled(said, cluster.style(slot)));
    }
    if cluster
        .link
        .managers
        .iter()
        .any(|m| m.way == Way::TcpPlain && matches!(m.reach, Reach::InUse { .. }))
    {
        spans.push(Span::styled(" PLAIN TCP", cluster.style(Slot::Warn)));
    }
    if let Some(at) = cluster.model.paused_at() {
        let age = text::age(at.age(cluster.now));
        spans.push(Span::styled(format!(" PAUSED {age} "), cluster.style(Slot::Banner)));
    }
    if cluster.link.skew.abs() >= SKEW_SHOWN {
        let way = if cluster.link.skew > 0 { "behind" } else { "ahead" };
        let by = text::age(std::time::Duration::from_nanos(cluster.link.skew.unsigned_abs()));
        spans.push(Span::styled(format!(" clock {by} {way}"), cluster.style(Slot::Warn)));
    }
    let (mode, slot) =
        if cluster.is_read_only() { (" RO ", Slot::Info) } else { (" RW ", Slot::Dim) };
    spans.push(Span::styled(mode, cluster.style(slot)));
    spans.push(Span::raw(format!("{} ", cluster.now.shifted(cluster.link.skew).clock())));
    Line::from(spans)
}

/// The line below: a lost link first, then the worst problem.
pub(in crate::ui) fn strip(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let line = match &cluster.link.state {
        LinkState::Lost { endpoint, why, next, .. } => {
            let why = cluster.why_lost().unwrap_or(why.into());
            let wait = cluster.now.until(*next).max(0) as u64;
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
            Line::styled(said, cluster.style(Slot::Banner))
        }
        LinkState::Connecting { endpoint } => {
            Line::styled(format!(" connecting to {endpoint} …"), cluster.style(Slot::Busy))
        }
        LinkState::Live { .. } => problem_line(cluster, area.width as usize),
    };
    frame.render_widget(line, area);
}

fn problem_line(cluster: &Cluster, room: usize) -> Line<'static> {
    let Some(worst) = cluster.loud().next() else {
        let unread = cluster.model.store.unread();
        let said = text::clean(&unread.sentence().unwrap_or_default()).into_owned();
        let slot = if unread.has_gaps() { Slot::Warn } else { Slot::Dim };
        return Line::styled(format!(" {}", text::cut(&said, room)), cluster.style(slot));
    };
    let now = cluster.model.now;
    let (new, old): (Vec<_>, Vec<_>) =
        cluster.loud().skip(1).map(|p| p.is_new(now)).partition(|is_new| *is_new);
    let more = match (new.len(), old.len()) {
        (0, 0) => "  7 ".to_owned(),
        (0, n) if !worst.is_new(now) => format!("  +{n} more  7 "),
        (0, n) => format!("  +{n} older  7 "),
        (n, 0) => format!("  +{n} new  7 "),
        (new, old) => format!("  +{new} new, {old} older  7 "),
    };
    let since = match worst.since.short(now) {
        since if since.is_empty() => since,
        since => format!(", since {since}"),
    };
    let glyph = words::glyph(worst.severity);
    let news = words::news(worst, now);
    let taken = [&more, &since, news].map(text::width).iter().sum::<usize>();
    let room = room.saturating_sub(taken + 4);
    let said = words::fitting(worst, room);
    let style = cluster.style(words::slot(worst.severity));
    Line::from(vec![
        Span::styled(format!(" {glyph} {news}"), style),
        Span::styled(text::cut(&said, room).into_owned(), style),
        Span::styled(since, cluster.style(Slot::Dim)),
        Span::styled(more, cluster.style(Slot::Key)),
    ])
}

/// One line for a terminal that is too small for anything else.
pub(in crate::ui) fn summary(cluster: &Cluster) -> Line<'static> {
    let store = &cluster.model.store;
    let health = store.health();
    let mut spans = vec![link(cluster)];
    if cluster.link.last_heard.is_some() {
        spans.push(Span::raw(format!(
            " nodes {} services {}/{} tasks {}",
            super::nodes_ready(store),
            health.converged,
            store.services().len(),
            health.running
        )));
        if health.missing > 0 {
            let slot = words::of_services(cluster);
            spans.push(Span::styled(format!(" -{}", health.missing), cluster.style(slot)));
        }
    }
    Line::from(spans)
}
