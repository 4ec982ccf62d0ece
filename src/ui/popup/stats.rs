//! `:stats`: what watching costs the manager and the link, and how skep itself is doing.

use std::time::Duration;

use ratatui::text::{Line, Span};

use crate::{
    config::Slot,
    session::Usage,
    text::{span, took},
    ui::{
        app::cluster::Cluster, screen::below::Below, terminal::performance::Performance,
        widget::text,
    },
};

/// The page's lines.
pub(in crate::ui) fn lines(below: Below<'_>) -> Vec<Line<'static>> {
    let cluster = below.cluster;
    let mut lines = Vec::new();
    match &cluster.link.usage {
        None => lines.push(Line::styled(" asking…", cluster.style(Slot::Dim))),
        Some(usage) => costs(cluster, usage, &mut lines),
    }
    lines.push(Line::default());
    model(
        cluster,
        below.screens.logs.log.as_ref().map_or(0, |log| log.buffer.dropped()),
        &mut lines,
    );
    if let Some(performance) = &cluster.performance {
        own(cluster, performance, &mut lines);
    }
    lines
}

/// `uses 0.4 % of the manager's time, may use 5 %`: one line, also for the help.
pub(in crate::ui) fn budget(usage: &Usage) -> String {
    let link = usage.rate.map_or(String::new(), |r| format!(" and {}/s", text::bytes(r as u64)));
    let (used, share) = (percent(usage.used()), percent(usage.share));
    format!("uses {used} of the manager's time, may use {share}{link} (--budget)")
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

fn costs(cluster: &Cluster, usage: &Usage, lines: &mut Vec<Line<'static>>) {
    let dim = cluster.style(Slot::Dim);
    let over = usage.used() > usage.share;
    let slot = if over { Slot::Warn } else { Slot::Text };
    lines.push(Line::styled(format!(" {}", budget(usage)), cluster.style(slot)));
    lines.push(Line::styled(
        format!(
            " {} · in {}: {} requests, {}, {} events, {} failures",
            if usage.calm { "calm" } else { "busy" },
            text::age(usage.over),
            usage.requests,
            text::bytes(usage.bytes),
            usage.events,
            usage.failures,
        ),
        dim,
    ));
    lines.push(Line::default());
    lines.push(Line::styled(
        format!(
            " {:<18}{:>9}{:>11}{:>12}{:>11}{:>10}",
            "REQUESTS FOR", "COUNT", "BYTES", "MANAGER", "DECODING", "EVERY"
        ),
        dim,
    ));
    for spent in &usage.spent {
        let slot = if spent.requests == 0 { Slot::Dim } else { Slot::Text };
        lines.push(Line::styled(
            format!(
                " {:<18}{:>9}{:>11}{:>12}{:>11}{:>10}",
                spent.name,
                spent.requests,
                text::bytes(spent.bytes),
                took(spent.time),
                took(spent.decoding),
                span(spent.interval),
            ),
            cluster.style(slot),
        ));
    }
}

fn model(cluster: &Cluster, dropped: u64, lines: &mut Vec<Line<'static>>) {
    let store = cluster.model.live();
    pair(
        cluster,
        lines,
        "model",
        format!(
            "{} nodes, {} services, {} tasks ({} alive)",
            if store.nodes_known() { store.nodes().len().to_string() } else { "?".into() },
            store.services().len(),
            if store.tasks_refused() { "?".into() } else { store.task_count().to_string() },
            if store.tasks_refused() { "?".into() } else { store.total().wanted.to_string() },
        ),
    );
    for (part, why) in store.unread().iter() {
        pair(cluster, lines, "", format!("{} unknown: {}", part.word(), text::clean(why)));
    }
    let (events, problems) = (store.journal().iter().len(), cluster.problems().len());
    pair(cluster, lines, "", format!("{events} events, {problems} problems"));
    let queued = cluster.link.usage.as_ref().map_or(0, |u| u.queued);
    pair(
        cluster,
        lines,
        "queues",
        format!("{queued} queued; {dropped} log lines dropped from the full buffer"),
    );
}

fn own(cluster: &Cluster, performance: &Performance, lines: &mut Vec<Line<'static>>) {
    let figures = |[p50, p99, worst]: [Duration; 3]| {
        format!("median {}, 99 % {}, worst {}", took(p50), took(p99), took(worst))
    };
    pair(
        cluster,
        lines,
        "frames",
        format!(
            "{} drawn, {} to the terminal, {} held back; at most one every {}",
            performance.frames,
            text::bytes(performance.bytes),
            performance.held,
            took(performance.between)
        ),
    );
    pair(cluster, lines, "drawing", figures(performance.drawing.figures()));
    pair(cluster, lines, "applying", figures(performance.applying.figures()));
    pair(
        cluster,
        lines,
        "turns",
        format!("{}; {} told", figures(performance.turns.figures()), performance.told),
    );
    pair(cluster, lines, "memory", format!("{} resident", text::bytes(performance.memory)));
}

fn pair(cluster: &Cluster, lines: &mut Vec<Line<'static>>, name: &str, value: String) {
    lines.push(Line::from(vec![
        Span::styled(format!(" {name:<9}"), cluster.style(Slot::Dim)),
        Span::raw(value),
    ]));
}
