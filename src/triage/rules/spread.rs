//! Spread of tasks over nodes: the damage of one node's loss.

use std::collections::HashMap;

use crate::{
    cluster::{Availability, Mode, Node, NodeId, NodeState, eligible, unmet, without_spare},
    text::count,
    triage::{Context, Remedy, ServiceContext, context::LATELY, rule::Found},
};

/// All replicas on one node although others would do. Advice: it works until that node goes.
pub fn all_on_one(s: &ServiceContext<'_>) -> Option<Found> {
    if !matches!(s.service.mode, Mode::Replicated(n) if n > 1) || s.running.len() < 2 {
        return None;
    }
    let first = s.running[0].node.as_ref()?;
    if s.running.iter().any(|t| t.node.as_ref() != Some(first)) {
        return None;
    }
    let others = s.cx.store.nodes().filter(|n| n.id != *first && eligible(s.service, n)).count();
    (others > 0).then(|| {
        Found::advice(format!(
            "{}: all {} replicas are on {}, {} would do as well",
            s.service.name,
            s.running.len(),
            s.cx.store.hostname(first),
            count(others, "other node", "other nodes"),
        ))
        .why("the scheduler does not move running tasks")
        .remedy(Remedy::Force, "spread them anew")
    })
}

/// A node that came back a while ago and has far fewer tasks than the others: Swarm does not move tasks
/// back by itself. Advice.
pub fn unbalanced(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let is_usable = node.state == NodeState::Ready && node.availability == Availability::Active;
    if !is_usable || cx.store.tasks_refused() {
        return None;
    }
    let back = cx.store.memory().node(&node.id).and_then(|m| m.back)?;
    if !cx.lasts(back, cx.thresholds.starting) || !cx.recent(back, LATELY * 96) {
        return None;
    }
    let (mut nodes, mut tasks) = (0, 0);
    for other in cx.usable().filter(|n| n.id != node.id) {
        nodes += 1;
        tasks += cx.store.node_tally(&other.id).running;
    }
    let average = tasks.checked_div(nodes)?;
    let here = cx.store.node_tally(&node.id).running;
    (average >= 4 && here * 4 <= average).then(|| {
        Found::advice(format!(
            "{} came back and runs {}, the others {average} each",
            node.hostname,
            count(here as usize, "task", "tasks")
        ))
        .why("the scheduler gives new tasks to the emptiest node, and does not move those that run")
        .remedy(Remedy::Tasks, "force an update (f) of services that may move")
    })
}

/// A service that can run on one node only: a local volume holds its data there, or its constraints are
/// met there alone. Advice.
pub fn pinned(s: &ServiceContext<'_>) -> Option<Found> {
    if !matches!(s.service.mode, Mode::Replicated(_)) || s.running.is_empty() {
        return None;
    }
    let nodes = s.cx.store.nodes().len();
    let meets = |n: &&Node| unmet(&s.service.constraints, n).is_none();
    let mut meeting = s.cx.store.nodes().filter(meets);
    if let (Some(one), None) = (meeting.next(), meeting.next())
        && nodes > 1
        && !s.service.constraints.is_empty()
    {
        return Some(
            Found::advice(format!(
                "{} can run on {} only: {}",
                s.service.name,
                one.hostname,
                s.service.constraints.join(", ")
            ))
            .remedy(Remedy::Describe, "its placement"),
        );
    }
    let volume = s.service.mounts.iter().find(|m| m.is_local_volume() && !m.read_only)?;
    let mut on: HashMap<&NodeId, usize> = HashMap::new();
    for task in &s.running {
        *on.entry(task.node.as_ref()?).or_default() += 1;
    }
    (nodes > 1).then(|| {
        Found::advice(format!("{} keeps data in local volume {}: elsewhere it would find it empty", s.service.name, volume.source))
            .why("a local volume is another one on every node; a task that is moved starts without its data")
            .remedy(Remedy::Describe, "its mounts and placement")
    })
}

/// More than half of the replicas on one node, and the others elsewhere: what is left has to bear twice the
/// load. Advice.
pub fn half_on_one(s: &ServiceContext<'_>) -> Option<Found> {
    // While it changes, it is uneven for a while.
    if s.is_short() || s.service.is_updating() || s.cx.store.tasks_refused() {
        return None;
    }
    let loss = without_spare(s.cx.store, s.service).filter(|loss| !loss.is_whole())?;
    Some(
        Found::advice(format!(
            "{} keeps {} of {} replicas if {} is lost",
            s.service.name,
            loss.keeps,
            loss.desired,
            s.cx.store.hostname(&loss.node)
        ))
        .why("until the others are started elsewhere, fewer than half have to do the work of all")
        .remedy(Remedy::Force, "spread them anew")
        .remedy(Remedy::Scale, "or more replicas, if there are nodes for them"),
    )
}

/// One replica: every update and every lost node is an outage. Advice.
pub fn single_replica(s: &ServiceContext<'_>) -> Option<Found> {
    let is_alone = s.service.mode == Mode::Replicated(1) && s.cx.store.nodes().len() > 1;
    // While it does not run, there is worse to tell.
    (is_alone && !s.is_short()).then(|| {
        let published = s.service.ports.iter().any(|p| p.published > 0);
        let is = if published { " is published and" } else { "" };
        Found::advice(format!("{}{is} has one replica", s.service.name))
            .why("while its task is replaced or its node is away nobody is served")
            .remedy(Remedy::Scale, "two or more, if it can run twice")
    })
}
