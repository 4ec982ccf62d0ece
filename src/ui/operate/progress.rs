//! Actions under way, in a corner that does not take the keyboard.

use std::time::Duration;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, NodeChange},
    },
    cluster::{Availability, TaskState},
    config::Slot,
    text::span,
    ui::{
        app::{Effect, cluster::Cluster, workspace::Workspace},
        chrome::{clear, frame_of},
        input::actions::Act,
        popup::{Popup, Quit},
        screen::{below::Below, kinds::View, logs::LogSource},
        widget::{bar::bar, text},
    },
};

/// They take so much of the screen at most.
const MOST: u16 = 3;

/// Rows they take.
pub(in crate::ui) fn height(cluster: &Cluster, body: Rect) -> u16 {
    match lines(cluster, body).len() as u16 {
        0 => 0,
        lines => (lines + 2).min((body.height / MOST).max(3)),
    }
}

/// The newest matters most when there is no room for all.
fn lines(cluster: &Cluster, body: Rect) -> Vec<Line<'static>> {
    let width = body.width.saturating_sub(4) as usize;
    cluster.operations.follows.iter().rev().flat_map(|follow| one(cluster, follow, width)).collect()
}

pub(in crate::ui) fn draw(below: Below<'_>, frame: &mut Frame<'_>, body: Rect) {
    let cluster = below.cluster;
    if cluster.operations.follows.is_empty() {
        return;
    }
    let lines = lines(cluster, body);
    let over = cluster.operations.follows.iter().any(Follow::is_over);
    let failed = cluster.operations.follows.iter().any(|f| f.failing.is_some());
    let height = height(cluster, body);
    let area = Rect { y: body.bottom().saturating_sub(height), height, ..body };
    clear(cluster, frame, area);
    let mut hints = vec![Span::styled(" Actions ", cluster.style(Slot::Title))];
    let may_write = !cluster.is_read_only();
    for (act, words, is_so) in [
        (Act::FailedLog, "log", failed),
        (Act::FailedRollback, "roll back", failed && may_write),
        (Act::Dismiss, "dismiss", over),
    ] {
        let Some(key) = cluster.key_of(act, below.context()).filter(|_| is_so) else {
            continue;
        };
        hints.push(Span::styled(key, cluster.style(Slot::Key)));
        hints.push(Span::styled(format!(" {words} "), cluster.style(Slot::Dim)));
    }
    let inner = frame_of(cluster, frame, area, Line::from(hints), false);
    for (row, line) in lines.into_iter().take(inner.height as usize).enumerate() {
        let place =
            Rect { x: inner.x + 1, y: inner.y + row as u16, width: inner.width - 1, height: 1 };
        frame.render_widget(line, place);
    }
}

fn one(cluster: &Cluster, follow: &Follow, width: usize) -> Vec<Line<'static>> {
    let (glyph, slot, said) = match &follow.phase {
        Phase::Sending => ("◌", Slot::Busy, "sending".to_owned()),
        Phase::Converging if follow.stuck.is_some() => ("!", Slot::Critical, "stuck".into()),
        Phase::Converging if follow.rolling_back => ("◐", Slot::Warn, "rolling back".into()),
        Phase::Converging => ("◐", Slot::Busy, "converging".into()),
        Phase::Verifying(left) => (
            "◑",
            Slot::Busy,
            format!("runs, watching {} more", span(*left + Duration::from_secs(1))),
        ),
        Phase::Done => ("✓", Slot::Ok, done(follow).into()),
        Phase::Failed(_) => ("✗", Slot::Critical, "failed".into()),
        Phase::Unknown { .. } => ("?", Slot::Critical, "outcome unknown".into()),
    };
    let age = text::age(follow.begun.age(cluster.now.shifted(cluster.link.skew)));
    let tail = match follow.phase {
        // One time is enough.
        Phase::Verifying(_) => said,
        _ if follow.is_over() => said,
        _ => format!("{said} {age}"),
    };
    let name = text::clean(&follow.title).into_owned();
    let name = text::cut(&name, width.saturating_sub(text::width(&tail) + 3)).into_owned();
    let pad = width.saturating_sub(text::width(&name) + text::width(&tail) + 2);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{glyph} "), cluster.style(slot)),
        Span::styled(name, cluster.style(Slot::Text)),
        Span::raw(" ".repeat(pad)),
        Span::styled(tail, cluster.style(slot)),
    ])];
    if !matches!(follow.phase, Phase::Done | Phase::Sending) && follow.total > 0 {
        lines.push(slots(cluster, follow, width));
    }
    let mut explain = |why: &str, slot| {
        let clean = text::clean(why).into_owned();
        for line in crate::ui::popup::wrap(&clean, width.saturating_sub(2)).into_iter().take(4) {
            lines.push(Line::styled(format!("  {line}"), cluster.style(slot)));
        }
    };
    match &follow.phase {
        Phase::Failed(why) | Phase::Unknown { why, unchanged: None } => {
            explain(why, Slot::Critical);
        }
        Phase::Unknown { why, unchanged: Some(_) } => {
            explain(&format!("not carried out so far ({why})"), Slot::Critical);
        }
        _ => {}
    }
    if let Some(note) = follow.note.as_ref().filter(|_| follow.phase == Phase::Done) {
        explain(note, Slot::Warn);
    }
    if let Some(why) = follow.stuck.as_ref().filter(|_| follow.phase == Phase::Converging) {
        explain(&format!("start-first can't go on: {why}"), Slot::Critical);
    }
    if let Some((_, why)) = follow.failing.as_ref().filter(|_| follow.phase != Phase::Done) {
        explain(why, Slot::Warn);
    }
    if let Some(why) = &follow.unrecorded {
        explain(why, Slot::Warn);
    }
    lines
}

/// A node is drained, whatever became of the services whose tasks were there.
fn done(follow: &Follow) -> &'static str {
    match &follow.change {
        Change::Node(NodeChange::Availability(Availability::Drain)) => "drained",
        _ if follow.ran => "ran, exit 0",
        _ => "converged",
    }
}

/// A cell a slot, or one bar for many.
fn slots(cluster: &Cluster, follow: &Follow, width: usize) -> Line<'static> {
    // Those of before serve on while an update replaces them.
    let figures = if follow.running > follow.done && !follow.ran {
        format!("  {}/{} new, {} run ", follow.done, follow.total, follow.running)
    } else {
        format!("  {}/{} ", follow.done, follow.total)
    };
    let mut spans = vec![Span::styled(figures, cluster.style(Slot::Dim))];
    if follow.bars.is_empty() {
        spans.push(Span::styled(
            bar(follow.done, follow.total, width.min(24)),
            cluster.style(Slot::Busy),
        ));
        return Line::from(spans);
    }
    for one in &follow.bars {
        let (glyph, slot) = match &one.state {
            TaskState::Running | TaskState::Complete => ("▰", Slot::Ok),
            s if s.is_failure() => ("✗", Slot::Critical),
            TaskState::New | TaskState::Allocated | TaskState::Pending => ("▱", Slot::Dim),
            _ => ("▱", Slot::Busy),
        };
        spans.push(Span::styled(format!("{glyph} "), cluster.style(slot)));
    }
    if let Some(slowest) =
        follow.bars.iter().find(|b| b.state.number() < TaskState::Running.number())
    {
        let said = match slowest.label.as_str() {
            "" => "one has no task yet".to_owned(),
            label => text::clean(&format!("{label}: {}", slowest.state)).into_owned(),
        };
        spans.push(Span::styled(said, cluster.style(Slot::Dim)));
    }
    Line::from(spans)
}

impl Workspace<'_> {
    pub(in crate::ui) fn failed_log(&mut self) {
        let failed = self.cluster.operations.follows.iter().rev().find(|f| f.failing.is_some());
        match failed.and_then(|f| Some((f.target.service()?.clone(), f.failing.clone()?.0))) {
            Some((service, task)) => {
                // Among the lines of the others, at its end.
                let name = self.cluster.service_name(&service);
                self.follow_log(LogSource::Services(vec![service]), name);
                if let Some(log) = &mut self.screens.logs.log {
                    log.seek_end(task.into());
                }
                self.go(View::Logs);
            }
            None => self.cluster.say("no action has a failing task"),
        }
    }

    pub(in crate::ui) fn failed_rollback(&mut self) {
        let failed = self.cluster.operations.follows.iter().rev().find(|f| f.failing.is_some());
        match failed.and_then(|f| f.target.service()).cloned() {
            Some(service) => self.plan_change(vec![service], Change::Rollback),
            None => self.cluster.say("no action has failed"),
        }
    }

    pub(in crate::ui) fn dismiss(&mut self) {
        self.cluster.operations.follows.retain(|f| !f.is_over());
    }

    pub(in crate::ui) fn quit(&mut self) {
        let busy = self
            .cluster
            .operations
            .follows
            .iter()
            .any(|f| matches!(f.phase, Phase::Sending | Phase::Converging));
        if busy || self.cluster.others.busy {
            self.popups.push(Popup::Quit(Quit));
        } else {
            self.cluster.effects.push(Effect::Quit);
        }
    }
}
