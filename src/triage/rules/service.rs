//! Services that do not run as they should.

use std::collections::HashSet;

use crate::{
    cluster::{
        Mode, Node, NodeId, NodeState, RestartCondition, Subject, Task, TaskState, Timestamp,
        eligible,
    },
    text::count,
    triage::{Remedy, ServiceContext, context::names, rule::Found},
};

/// Short for longer than its starts may take, or short with an error. An update that replaces tasks one by
/// one is short all the time, and healthy.
fn is_trouble(s: &ServiceContext<'_>) -> bool {
    if matches!(s.service.mode, Mode::ReplicatedJob { .. } | Mode::GlobalJob) {
        return false;
    }
    if s.is_unsteady() {
        return true;
    }
    if !s.is_short() {
        return false;
    }
    // Neither its tasks nor the engine's count of them.
    if s.cx.store.tasks_refused() && s.service.counts.is_none() {
        return false;
    }
    if s.cx.store.tasks_refused() && may_rest(s) {
        return false;
    }
    let failing = s.fails_now;
    if s.service.is_updating() && s.missing.running > 0 && !failing {
        return false;
    }
    failing || s.is_overdue()
}

/// Whether it may have done its work, or wait for its next run: only its tasks tell.
fn may_rest(s: &ServiceContext<'_>) -> bool {
    let restart = &s.service.restart;
    restart.condition != RestartCondition::Any || restart.delay > s.cx.thresholds.grace
}

/// Harm of a service that never ran: less than quorum at risk.
const NEVER_MISSED: u8 = 72;

fn blamed(s: &ServiceContext<'_>, mut found: Found) -> Found {
    if s.never_ran() {
        let kept = if s.history_is_full() { "as far as the manager remembers, " } else { "" };
        found = found.why(format!("{kept}it never ran since it was created"));
        found.harm = Some(NEVER_MISSED);
    }
    // A task that fails by itself is not the node's doing.
    if !s.fails_itself
        && let Some(node) = s.lost_node()
    {
        found.blames = Some(Subject::Node(node.clone()));
    }
    let tasks = s.trouble.iter().map(|(t, _)| *t).chain(s.waiting.iter().copied());
    let found = found.tasks(s.cx, tasks);
    if s.failures.is_empty() {
        found.remedy(Remedy::Tasks, "its tasks")
    } else {
        found.remedy(Remedy::Logs, "what the last one wrote before it ended")
    }
}

/// `web 1/3`; of a service that goes up and down the number that stays up.
fn figures(s: &ServiceContext<'_>, holds: Option<String>) -> String {
    match holds {
        None => format!("{} {}", s.service.name, s.figures()),
        Some(holds) => format!("{}: {holds} ({} now)", s.service.name, s.figures()),
    }
}

/// [`figures`] without the name, and without those that go up and down.
fn in_short(s: &ServiceContext<'_>, holds: Option<String>) -> String {
    holds.map_or_else(|| format!(" {}", s.figures()), |holds| format!(": {holds}"))
}

/// Whether a task of it runs reliably, or has done its work.
fn serves(s: &ServiceContext<'_>) -> bool {
    s.holding() > 0 || s.missing.rests.done + s.missing.rests.waiting > 0
}

/// No task runs, or none for long. Critical: its users get nothing. Scaled to zero is no trouble.
pub fn down(s: &ServiceContext<'_>) -> Option<Found> {
    if !is_trouble(s) || serves(s) || s.missing.desired == 0 {
        return None;
    }
    let said = s.is_unsteady().then(|| "nothing stays up".to_owned());
    let found = Found::critical(figures(s, said.clone()), s.short_since());
    Some(blamed(s, found.brief(in_short(s, said))))
}

/// Fewer tasks than wanted. A warning: the rest carry the load.
pub fn below(s: &ServiceContext<'_>) -> Option<Found> {
    // A global one's nodes are named by another rule, where its tasks are told.
    let named = s.service.mode == Mode::Global && !s.cx.store.tasks_refused();
    if !is_trouble(s) || !serves(s) || named {
        return None;
    }
    let stays = || match s.holding() {
        1 => format!("1 of {} stays up", s.missing.desired),
        n => format!("{n} of {} stay up", s.missing.desired),
    };
    let said = s.is_unsteady().then(stays);
    let found = Found::warning(figures(s, said.clone()), s.short_since());
    Some(blamed(s, found.brief(in_short(s, said))))
}

/// A global service that does not run on a node where it could. A warning: agents and proxies are what
/// global services are for, and that node is blind or cut off.
pub fn global_missing(s: &ServiceContext<'_>) -> Option<Found> {
    // Where its tasks are not told, neither is where they are: its count is judged as any other's.
    if s.cx.store.tasks_refused() {
        return None;
    }
    if s.service.mode != Mode::Global || (s.service.is_updating() && s.trouble.is_empty()) {
        return None;
    }
    let on: HashSet<&NodeId> = s.steady.iter().filter_map(|t| t.node.as_ref()).collect();
    let mut lacking: Vec<_> = s
        .cx
        .store
        .nodes()
        .filter(|n| n.state == NodeState::Ready && eligible(s.service, n) && !on.contains(&n.id))
        .filter(|n| !s.has_rest((0, Some(&n.id))) && is_lacking(s, n))
        .collect();
    lacking.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    let since = lacking.iter().map(|n| begun(s, n)).min()?;
    if !serves(s) {
        return None;
    }
    let on = names(lacking.iter().map(|n| &*n.hostname));
    let found = Found::warning(format!("{} is missing on {on}", s.service.name), since);
    Some(blamed(s, found))
}

/// Since when a global service has had a task to start on a node: one may have begun, or the node may have
/// come, a moment ago.
fn begun(s: &ServiceContext<'_>, node: &Node) -> Option<Timestamp> {
    let tasks = s.waiting.iter().filter(|t| t.node.as_ref() == Some(&node.id));
    let began = tasks.map(|t| t.created).min().unwrap_or(s.changed);
    began.max(s.cx.state_since(node))
}

/// Whether a global service fails on a node, or takes longer to start there than it may.
fn is_lacking(s: &ServiceContext<'_>, node: &Node) -> bool {
    if s.is_unsteady() || s.fails_on(&node.id) {
        return true;
    }
    let mut waiting = s.waiting.iter().filter(|t| t.node.as_ref() == Some(&node.id)).peekable();
    match waiting.peek() {
        Some(_) => waiting.any(|task| s.is_late(task)),
        None => s.cx.lasts(begun(s, node).max(s.ended_on(node)), s.cx.thresholds.grace),
    }
}

/// `orphaned`: its node was away for so long that the manager gave the task up (swarmkit
/// `orchestrator/taskreaper`, 24 h). It may still run there. A warning. Not those of a node that was removed:
/// whoever does that says that nothing runs there.
pub fn orphaned(s: &ServiceContext<'_>) -> Option<Found> {
    let orphans: Vec<&Task> =
        s.failures.iter().copied().filter(|t| t.state == TaskState::Orphaned).collect();
    let oldest = orphans.iter().map(|t| t.since).min()?;
    Some(
        Found::warning(
            format!("{} has {}", s.service.name, count(orphans.len(), "orphaned task", "orphaned tasks")),
            oldest,
        )
        .why("their node was away for a day: the manager gave them up, but they may still run there, twice")
        .tasks(s.cx, orphans)
        .remedy(Remedy::Tasks, "where they were"),
    )
}
