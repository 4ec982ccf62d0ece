//! Clusters: all that are open, the managers of one, and the problems and events of all.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    cluster::Gravity,
    config::Slot,
    session::Way,
    ui::{
        app::cluster::Cluster,
        chrome::{frame_of, missed},
        screen::{
            clusters::{
                ClusterEvent, ClusterHealth, ClusterProblem, ClusterRow, Clusters, ClustersPane,
                ManagerRow, age,
            },
            problems::words,
        },
        table::{
            Row, Table,
            columns::{Cell, Column, Key, TableView},
        },
    },
};

fn health(health: ClusterHealth) -> (&'static str, &'static str, Slot) {
    match health {
        ClusterHealth::Lost => ("✗", "lost", Slot::Critical),
        ClusterHealth::Critical => ("✗", "critical", Slot::Critical),
        ClusterHealth::Silent => ("◍", "silent", Slot::Warn),
        ClusterHealth::Connecting => ("◌", "connecting", Slot::Busy),
        ClusterHealth::Warning => ("!", "warning", Slot::Warn),
        ClusterHealth::Ok => ("●", "ok", Slot::Ok),
    }
}

fn pair((part, all): (usize, usize)) -> Cell<'static> {
    if all == 0 {
        return Cell::dim("");
    }
    Cell::new(format!("{part}/{all}"), if part < all { Slot::Critical } else { Slot::Text })
}

const fn column<R>(
    title: &'static str,
    (min, max): (usize, usize),
    shed: u8,
    right: bool,
    cell: for<'a> fn(&'a R, &'a crate::ui::Model) -> Cell<'a>,
) -> Column<R> {
    // These tables have one order.
    Column { title, min, max, shed, right, cell, key: |_, _| Key::Number(0) }
}

const CLUSTERS: &[Column<ClusterRow>] = &[
    column("", (1, 1), 0, false, |r, _| Cell::new(if r.current { "▸" } else { "" }, Slot::Focus)),
    column("CLUSTER", (8, 24), 0, false, |r, _| {
        Cell::new(&*r.name, if r.production { Slot::Banner } else { Slot::Title })
    }),
    column("HEALTH", (10, 12), 0, false, |r, _| {
        let (glyph, word, slot) = health(r.health);
        Cell::new(format!("{glyph} {word}"), slot)
    }),
    column("NODES", (5, 9), 0, true, |r, _| r.nodes.map_or_else(|| Cell::dim("?"), pair)),
    column("SERVICES", (8, 9), 0, true, |r, _| pair(r.services)),
    column("TASKS", (5, 7), 2, true, |r, _| match r.age {
        Some(_) => Cell::text(r.running.to_string()),
        None => Cell::dim(""),
    }),
    column("PROBLEMS", (8, 9), 0, true, |r, _| match (r.critical, r.warnings) {
        (0, 0) if r.age.is_none() => Cell::dim(""),
        (0, 0) => Cell::dim("·"),
        (0, w) => Cell::new(format!("!{w}"), Slot::Warn),
        (c, 0) => Cell::new(format!("✗{c}"), Slot::Critical),
        (c, w) => Cell::new(format!("✗{c} !{w}"), Slot::Critical),
    }),
    column("AGE", (3, 4), 0, true, |r, _| match r.health {
        ClusterHealth::Lost | ClusterHealth::Silent => Cell::new(age(r.age), Slot::Critical),
        _ => Cell::dim(age(r.age)),
    }),
    column("MODE", (4, 7), 3, false, |r, _| match (r.production, r.read_only) {
        (true, true) => Cell::new("PROD RO", Slot::Info),
        (true, false) => Cell::new("PROD RW", Slot::Warn),
        (false, true) => Cell::new("RO", Slot::Info),
        (false, false) => Cell::dim("RW"),
    }),
    column("MANAGER", (6, 16), 4, false, |r, _| Cell::text(&*r.manager)),
    column("WORST", (16, 200), 1, false, |r, _| Cell::new(&*r.worst, health(r.health).2)),
];

const MANAGERS: &[Column<ManagerRow>] = &[
    column("ENDPOINT", (12, 46), 0, false, |r, _| Cell::text(&*r.endpoint)),
    column("NODE", (5, 16), 1, false, |r, _| Cell::text(&*r.node)),
    column("STATE", (6, 14), 0, false, |r, _| Cell::new(r.state, r.slot)),
    column("RTT", (3, 8), 2, true, |r, _| Cell::dim(&*r.round_trip)),
    column("BY", (14, 40), 3, false, |r, _| {
        let is_safe = r.way.is_none_or(Way::is_safe);
        let said = r.way.map_or(String::new(), |way| way.to_string());
        Cell::new(said, if is_safe { Slot::Dim } else { Slot::Warn })
    }),
    column("WHY", (30, 300), 0, false, |r, _| Cell::new(&*r.note, r.slot)),
];

const PROBLEMS: &[Column<ClusterProblem>] = &[
    column("", (1, 1), 0, false, |r, _| {
        Cell::new(words::glyph(r.severity), words::slot(r.severity))
    }),
    column("CLUSTER", (6, 20), 0, false, |r, _| Cell::new(&*r.name, Slot::Title)),
    column("SINCE", (4, 8), 1, true, |r, _| Cell::dim(r.since.clone())),
    column("WHAT", (20, 300), 0, false, |r, _| {
        Cell::text(&*r.message).or(|room| words::briefly(&r.object, &r.brief, &r.message, room))
    }),
];

const EVENTS: &[Column<ClusterEvent>] = &[
    column("TIME", (8, 8), 0, false, |r, _| Cell::dim(r.at.clock())),
    column("CLUSTER", (6, 20), 0, false, |r, _| Cell::new(&*r.name, Slot::Title)),
    column("NAME", (8, 28), 1, false, |r, _| Cell::text(&*r.object)),
    column("WHAT", (10, 300), 0, false, |r, _| {
        let slot = match r.gravity {
            Gravity::Quiet => Slot::Dim,
            Gravity::Note => Slot::Info,
            Gravity::Good => Slot::Text,
            Gravity::Bad => Slot::Critical,
        };
        Cell::new(&*r.text, slot)
    }),
];

/// Draws the view.
pub(in crate::ui) fn draw(all: &Clusters, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let clusters = all.clusters.rows().len() as u16 + 3;
    let managers = all.managers.rows().len() as u16 + 3;
    let [top, middle, bottom] = Layout::vertical([
        Constraint::Length(clusters.clamp(4, area.height / 3)),
        Constraint::Length(managers.clamp(4, area.height / 3)),
        Constraint::Min(5),
    ])
    .areas(area);
    let open = all.clusters.rows().len();
    pane(
        cluster,
        frame,
        top,
        (&all.clusters, CLUSTERS),
        (all.pane == ClustersPane::Clusters, true),
        plain(cluster, "Clusters", open),
        "",
    );
    let of = all.clusters.current().map_or("", |r| &r.name);
    let title = plain(
        cluster,
        &format!("Managers of {}", crate::ui::widget::text::clean(of)),
        all.managers.rows().len(),
    );
    pane(
        cluster,
        frame,
        middle,
        (&all.managers, MANAGERS),
        (all.pane == ClustersPane::Managers, false),
        title,
        "none is known yet",
    );
    // Problems and events side by side where there is room, else the one with the keyboard.
    let focus = all.pane;
    let p_title = plain(cluster, "Problems of all", all.problems.rows().len());
    let mut e_title = plain(cluster, "Events of all", all.events.rows().len());
    e_title.extend(missed(cluster, all.events.missed()));
    let draw_problems = |frame: &mut Frame<'_>, area, title| {
        pane(
            cluster,
            frame,
            area,
            (&all.problems, PROBLEMS),
            (focus == ClustersPane::Problems, false),
            title,
            "· no problems in any cluster",
        );
    };
    let draw_events = |frame: &mut Frame<'_>, area, title| {
        pane(
            cluster,
            frame,
            area,
            (&all.events, EVENTS),
            (focus == ClustersPane::Events, false),
            title,
            "nothing has happened since skep began to watch",
        );
    };
    if area.width >= 140 {
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)])
                .areas(bottom);
        draw_problems(frame, left, p_title);
        draw_events(frame, right, e_title);
    } else if focus == ClustersPane::Events {
        let mut title = e_title;
        title.push_span(Span::styled("│ Problems ", cluster.style(Slot::Dim)));
        draw_events(frame, bottom, title);
    } else {
        let mut title = p_title;
        title.push_span(Span::styled("│ Events ", cluster.style(Slot::Dim)));
        draw_problems(frame, bottom, title);
    }
}

fn plain(cluster: &Cluster, name: &str, count: usize) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {name}"), cluster.style(Slot::Title)),
        Span::styled(format!(" {count} "), cluster.style(Slot::Dim)),
    ])
}

fn pane<R: Row>(
    cluster: &Cluster,
    frame: &mut Frame<'_>,
    area: Rect,
    (table, columns): (&Table<R>, &[Column<R>]),
    // Whether it has the keyboard, and whether its cursor shows without.
    (focused, keeps_cursor): (bool, bool),
    title: Line<'_>,
    nothing: &'static str,
) {
    let inner = frame_of(cluster, frame, area, title, focused);
    if table.rows().is_empty() {
        let line = Rect {
            x: inner.x + 1,
            height: inner.height.min(1),
            width: inner.width.saturating_sub(1),
            ..inner
        };
        return frame.render_widget(Line::styled(nothing, cluster.style(Slot::Dim)), line);
    }
    let (window, selected) = table.window(inner.height.saturating_sub(1) as usize);
    let rows: Vec<&R> = window.iter().collect();
    let view = TableView {
        columns,
        rows: &rows,
        context: &cluster.model,
        selected: selected.filter(|_| focused || keeps_cursor),
        marked: &|_| false,
        sort: None,
        focused,
        stale: false,
    };
    view.draw(inner, frame.buffer_mut(), &cluster.settings.appearance.theme);
}
