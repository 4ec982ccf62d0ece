//! The wall: pages for a screen that hangs there, readable from some metres.

use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use crate::{
    cluster::Timestamp,
    config::Slot,
    ui::{
        app::{cluster::Cluster, link::LinkState},
        chrome::{nodes_ready, tiny},
        screen::{
            Cx,
            problems::words,
            wall::{Wall, WallPage, failures, figures, findings, lists},
        },
        widget::{big, text},
    },
};

/// Its place on the screen: it moves a little, so that nothing burns in. `None` where there is no room.
fn place(wall: &Wall, now: Timestamp, area: Rect) -> Option<Rect> {
    let (dx, dy) = wall.shift(now);
    let area = Rect {
        x: area.x + dx.min(area.width),
        y: area.y + dy.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    (area.width >= 20 && area.height >= 6).then_some(area)
}

/// Draws the page that is shown.
pub(in crate::ui) fn draw(wall: &Wall, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Some(area) = place(wall, cx.cluster.now, area) else {
        return tiny(cx.cluster, None, frame, area);
    };
    let page = wall.page;
    let cluster = match page {
        WallPage::Clusters => cx.cluster,
        WallPage::Lost(no)
        | WallPage::Figures(no)
        | WallPage::Problems(no)
        | WallPage::Services(no)
        | WallPage::Nodes(no)
        | WallPage::Failures(no) => cx.open().find(|open| open.no == no).unwrap_or(cx.cluster),
    };
    if matches!(page, WallPage::Lost(_)) {
        return lost(wall, cx, cluster, frame, area);
    }
    head(wall, cx, cluster, frame, Rect { height: 1, ..area });
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    dots(wall, cx, cluster, frame, foot);
    let body = Rect { y: area.y + 2, height: area.height.saturating_sub(4), ..area };
    match page {
        WallPage::Clusters => lists::clusters(&cx.open().collect::<Vec<_>>(), frame, body),
        WallPage::Figures(_) => figures::draw(cluster, frame, body),
        WallPage::Problems(_) => findings::draw(cluster, frame, body),
        WallPage::Services(_) => lists::services(cluster, frame, body),
        WallPage::Nodes(_) => lists::nodes(cluster, frame, body),
        WallPage::Failures(_) => failures::draw(cluster, frame, body),
        WallPage::Lost(_) => {}
    }
}

/// Name, heartbeat, age of the data, and the clock.
fn head(wall: &Wall, cx: Cx<'_>, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let several = cx.open().count() > 1;
    let name = match wall.page {
        WallPage::Clusters => "all clusters".to_owned(),
        _ if several || cluster.settings.named => text::clean(&cluster.settings.name).into_owned(),
        _ => text::clean(&cluster.model.store.info().manager).into_owned(),
    };
    let title = match wall.page {
        WallPage::Clusters => "Clusters",
        WallPage::Lost(_) => "Lost",
        WallPage::Figures(_) => "Swarm",
        WallPage::Problems(_) => "Problems",
        WallPage::Services(_) => "Services: tasks running or done",
        WallPage::Nodes(_) => "Nodes: tasks running",
        WallPage::Failures(_) => "Failures, last hour",
    };
    let silent = cluster.tasks_silent();
    let (beat, slot) = match (cluster.is_live() && silent.is_none(), wall.beat) {
        (true, true) => ("●", Slot::Ok),
        (true, false) => ("○", Slot::Ok),
        (false, _) => ("◍", Slot::Warn),
    };
    let state = match (cluster.is_live(), silent) {
        (true, None) => " live".to_owned(),
        (true, Some(age)) => format!(" tasks silent for {}", text::age(age)),
        (false, _) => format!(" silent for {}", text::age(cluster.data_age())),
    };
    let mut spans = vec![
        Span::styled(beat, cluster.style(slot)),
        Span::styled(state, cluster.style(slot)),
        Span::raw("   "),
        Span::styled(name, cluster.style(Slot::Title)),
        Span::styled(format!("   {title}"), cluster.style(Slot::Text)),
    ];
    if wall.held {
        spans.push(Span::styled("   held", cluster.style(Slot::Info)));
    }
    frame.render_widget(Line::from(spans), area);
    let clock = format!(" {}", clock(cluster));
    let width = text::width(&clock) as u16;
    let place =
        Rect { x: area.right().saturating_sub(width), width: width.min(area.width), ..area };
    let bold = cluster.style(Slot::Text).add_modifier(Modifier::BOLD);
    frame.render_widget(Line::styled(clock, bold), place);
}

fn clock(cluster: &Cluster) -> String {
    cluster.now.shifted(cluster.link.skew).clock()
}

/// Number of the page, and the key that leads away from the wall.
fn dots(wall: &Wall, cx: Cx<'_>, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let pages = Wall::pages(cx.open());
    let mut spans = Vec::new();
    for page in &pages {
        let (dot, slot) =
            if *page == wall.page { ("● ", Slot::Info) } else { ("· ", Slot::Border) };
        spans.push(Span::styled(dot, cluster.style(slot)));
    }
    // The worst is never a page away.
    let worst = cx
        .open()
        .filter_map(|b| Some((b, b.loud().next()?)))
        .min_by_key(|(of, p)| (!p.is_new(of.model.now), p.urgency()));
    if let Some((of, problem)) = worst.filter(|_| !matches!(wall.page, WallPage::Problems(_))) {
        let used: usize = spans.iter().map(Span::width).sum();
        let news = words::news(problem, of.model.now);
        let room = (area.width as usize).saturating_sub(used + 4 + text::width(news));
        let said = format!(
            " {} {news}{}",
            words::glyph(problem.severity),
            text::cut(&words::fitting(problem, room), room)
        );
        spans.push(Span::styled(said, of.style(words::slot(problem.severity))));
    }
    frame.render_widget(Line::from(spans), area);
}

/// A whole screen that can't be overlooked.
fn lost(wall: &Wall, cx: Cx<'_>, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let (style, why, again) = match &cluster.link.state {
        LinkState::Lost { why, next, .. } => {
            let why = cluster.why_lost().unwrap_or(why.into());
            let wait = cluster.now.until(*next).max(0) as u64 / 1_000_000_000;
            let again =
                if wait == 0 { "trying now".into() } else { format!("next try in {wait}s") };
            (cluster.style(Slot::Banner), text::clean(&why).into_owned(), again)
        }
        LinkState::Connecting { endpoint } | LinkState::Live { endpoint } => {
            let said = format!("connecting to {}", text::clean(endpoint));
            (cluster.style(Slot::Text), said, String::new())
        }
    };
    let whole = frame.area();
    frame.buffer_mut().set_style(whole, style);
    let mut y = area.y + area.height / 6;
    if matches!(cluster.link.state, LinkState::Lost { .. }) {
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
    let mut lines = vec![cluster.settings.name.clone()];
    lines.extend(text::wrapped(&why, area.width as usize - 4).map(str::to_owned));
    if let (Some(_), LinkState::Lost { .. }) = (cluster.link.last_heard, &cluster.link.state) {
        let all = cluster.model.store.health();
        let age = text::age(cluster.data_age());
        lines.push(String::new());
        lines.push(format!(
            "{age} ago: nodes {}, services {}/{}, tasks {}",
            nodes_ready(&cluster.model.store),
            all.converged,
            cluster.model.store.services().len(),
            all.running
        ));
    }
    lines.push(again);
    lines.push(clock(cluster));
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
    if cx.open().count() > 1 {
        dots(wall, cx, cluster, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    }
}

/// One sentence in the middle: there is nothing else to tell.
pub(in crate::ui) fn all_well(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect, said: &str) {
    let x = area.x + area.width.saturating_sub(text::width(said) as u16) / 2;
    let place = Rect { x, y: area.y + area.height / 2, width: area.right() - x, height: 1 };
    let style = cluster.style(Slot::Ok).add_modifier(Modifier::BOLD);
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
