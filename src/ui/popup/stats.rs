//! `:stats`: what watching costs the manager and the link, and how skep itself is doing.

use std::time::Duration;

use ratatui::text::{Line, Span};

use crate::{
    config::Slot,
    session::Usage,
    text::{span, took},
    ui::{Board, terminal::performance::Performance, widget::text},
};

/// The page's lines.
pub(in crate::ui) fn lines(board: &Board) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    match &board.usage {
        None => lines.push(Line::styled(" asking…", board.style(Slot::Dim))),
        Some(usage) => costs(board, usage, &mut lines),
    }
    lines.push(Line::default());
    model(board, &mut lines);
    if let Some(performance) = &board.performance {
        own(board, performance, &mut lines);
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

fn costs(board: &Board, usage: &Usage, lines: &mut Vec<Line<'static>>) {
    let dim = board.style(Slot::Dim);
    let over = usage.used() > usage.share;
    let slot = if over { Slot::Warn } else { Slot::Text };
    lines.push(Line::styled(format!(" {}", budget(usage)), board.style(slot)));
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
            board.style(slot),
        ));
    }
}

fn model(board: &Board, lines: &mut Vec<Line<'static>>) {
    let store = board.live_store();
    pair(
        board,
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
        pair(board, lines, "", format!("{} unknown: {}", part.word(), text::clean(why)));
    }
    let (events, problems) = (store.journal().iter().len(), board.problems().len());
    pair(board, lines, "", format!("{events} events, {problems} problems"));
    let queued = board.usage.as_ref().map_or(0, |u| u.queued);
    let log = board.log.as_ref().map_or(0, |log| log.buffer.dropped());
    pair(
        board,
        lines,
        "queues",
        format!("{queued} queued; {log} log lines dropped from the full buffer"),
    );
}

fn own(board: &Board, performance: &Performance, lines: &mut Vec<Line<'static>>) {
    let figures = |[p50, p99, worst]: [Duration; 3]| {
        format!("median {}, 99 % {}, worst {}", took(p50), took(p99), took(worst))
    };
    pair(
        board,
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
    pair(board, lines, "drawing", figures(performance.drawing.figures()));
    pair(board, lines, "applying", figures(performance.applying.figures()));
    pair(
        board,
        lines,
        "turns",
        format!("{}; {} told", figures(performance.turns.figures()), performance.told),
    );
    pair(board, lines, "memory", format!("{} resident", text::bytes(performance.memory)));
}

fn pair(board: &Board, lines: &mut Vec<Line<'static>>, name: &str, value: String) {
    lines.push(Line::from(vec![
        Span::styled(format!(" {name:<9}"), board.style(Slot::Dim)),
        Span::raw(value),
    ]));
}
