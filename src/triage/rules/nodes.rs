//! Nodes: lost, flapping, drained with tasks, clocks, certificates.

use std::time::Duration;

use crate::{
    cluster::{Availability, Node, NodeState, Role, Task, TaskState, Timestamp},
    text::{count, span},
    triage::{Began, Context, Remedy, context::nanos, rule::Found},
};

fn what(node: &Node) -> &'static str {
    if node.manager.is_some() { "manager" } else { "node" }
}

fn because(node: &Node) -> String {
    if node.message.is_empty() { String::new() } else { format!(" ({})", node.message) }
}

/// Whether its host joined again: the entry then stands for no machine.
fn is_old_entry(cx: &Context<'_>, node: &Node) -> bool {
    cx.store.successor(node).is_some()
}

/// Tasks that ran there when it was lost.
fn stranded<'a>(cx: &Context<'a>, node: &Node) -> Vec<&'a Task> {
    let mut tasks: Vec<&Task> =
        cx.store.tasks_on(&node.id).filter(|t| t.state == TaskState::Running).collect();
    tasks.sort_by_key(|t| cx.store.task_name(t));
    tasks
}

/// `Status.State` `down`: the manager heard no heartbeat (`heartbeat failure`), or the node left.
/// Critical, for its tasks are gone; a warning if it was drained before, as one does to switch it off.
/// `unknown` is left out: a leader change makes every node unknown for some seconds (measured).
pub fn down(cx: &Context<'_>, node: &Node) -> Option<Found> {
    if node.state != NodeState::Down || is_old_entry(cx, node) {
        return None;
    }
    let since = cx.state_since(node);
    let tasks = stranded(cx, node);
    let drained = node.availability == Availability::Drain;
    let were = match tasks.len() {
        0 => String::new(),
        1 => ", 1 task was on it".to_owned(),
        n => format!(", {n} tasks were on it"),
    };
    let message = format!("{} {} is down", what(node), node.hostname);
    let found =
        if drained { Found::warning(message, since) } else { Found::critical(message, since) };
    let found = found.details(&format!("{}{were}", because(node)));
    // After `--force-new-cluster`: nobody has to demote it first.
    let was_manager = node.role == Role::Manager && node.manager.is_none();
    let found = if was_manager {
        found.remedy(Remedy::Delete, "it was a manager before --force-new-cluster: back, it becomes one again; gone for good, remove it")
    } else {
        found
    };
    Some(
        found
            .why("its engine stopped, the machine is off, or its network is cut: the manager can't tell which")
            .fact(since, format!("{} {}{}", node.hostname, node.state, because(node)))
            .tasks(cx, tasks)
            .remedy(Remedy::Describe, "what ran there, and what dies with it")
            .remedy(Remedy::Events, "what happened before"),
    )
}

/// An entry without a name, `unknown` for ever: its engine was given a certificate and never reported. Docker
/// counts a task of each global service for it, which never starts. Advice: nothing is broken.
pub fn never_joined(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let is_one = node.never_joined() && cx.lasts(node.created, cx.thresholds.grace);
    let waiting = || cx.store.tasks_on(&node.id).filter(|t| t.is_wanted());
    is_one.then(|| {
        let tasks = match waiting().count() {
            0 => String::new(),
            n => format!(", {} for it", count(n, "task waits", "tasks wait")),
        };
        Found::advice(format!("node entry {} never joined{tasks}", node.hostname))
            .why("its engine was given a certificate and was never heard of: the join broke off; where it was tried again there is another entry")
            .fact(node.created, format!("{} was given a certificate", node.hostname))
            .tasks(cx, waiting())
            .remedy(Remedy::Delete, "remove the entry: nothing runs there")
    })
}

/// `Status.State` `disconnected`: the agent's session ended, and it may be back in seconds. Critical
/// once it lasts.
pub fn disconnected(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let since = cx.state_since(node);
    let is_lost = node.state == NodeState::Disconnected && !is_old_entry(cx, node);
    (is_lost && cx.lasts(since, cx.thresholds.grace)).then(|| {
        Found::critical(format!("{} {} is disconnected", what(node), node.hostname), since)
            .details(&because(node))
            .why("its agent lost the manager: its tasks may run on, and can't be changed")
            .tasks(cx, stranded(cx, node))
            .remedy(Remedy::Describe, "what runs there")
    })
}

/// Lost several times within minutes, up now or not. A warning: its tasks move about each time.
pub fn flapping(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let (limit, within) = (cx.thresholds.flaps, cx.thresholds.flaps_within);
    let memory = cx.store.memory().node(&node.id).filter(|_| !is_old_entry(cx, node))?;
    let lost: Vec<Timestamp> =
        memory.losses.iter().copied().filter(|at| cx.recent(*at, within)).collect();
    (lost.len() >= limit).then(|| {
        let mut found = Found::warning(
            format!(
                "{} {} was lost {} times within {}",
                what(node),
                node.hostname,
                lost.len(),
                span(within)
            ),
            lost[0],
        )
        .why("an unstable network, or an engine that is killed and started again")
        .remedy(Remedy::Drain, "until it is stable")
        .remedy(Remedy::Describe, "what runs there");
        for at in lost {
            found = found.fact(at, format!("{} lost", node.hostname));
        }
        found
    })
}

/// Tasks that should still run on a node that is to be empty: the orchestrator replaces them at once,
/// so those that stay have nowhere to go, or do not stop. A warning.
pub fn task_on_drained(cx: &Context<'_>, node: &Node) -> Option<Found> {
    if node.availability != Availability::Drain || node.state != NodeState::Ready {
        return None;
    }
    let mut tasks: Vec<&Task> =
        cx.store.tasks_on(&node.id).filter(|t| !t.state.is_terminal()).collect();
    // The drain itself moves the node's time, and being told to stop the task's. Those may take as long as
    // their spec gives them. One that waits for its restart delay is left there until that is over, and then
    // moved (swarmkit `orchestrator/restart`).
    tasks.retain(|t| {
        let (told, grace) = match (t.is_wanted(), &t.state) {
            _ if t.waits_for_its_delay() => (t.created, t.spec.restart.delay),
            (true, TaskState::Ready) => (node.updated.max(t.updated), Duration::ZERO),
            (true, _) => (node.updated, Duration::ZERO),
            (false, _) => (node.updated.max(t.updated), t.spec.stop_grace),
        };
        cx.lasts(told, cx.thresholds.stuck.saturating_add(grace))
    });
    tasks.sort_by_key(|t| cx.store.task_name(t));
    if tasks.is_empty() {
        return None;
    }
    Some(
        Found::warning(
            format!(
                "{} still on drained {}",
                count(tasks.len(), "task is", "tasks are"),
                node.hostname
            ),
            node.updated,
        )
        .why(
            "they do not stop, not even after their stop-grace-period, or their volumes or jobs hold them there",
        )
        .tasks(cx, tasks)
        .remedy(Remedy::Tasks, "the tasks that stay"),
    )
}

/// A paused node: easily forgotten, and a reason why tasks find no place. Advice.
pub fn paused(cx: &Context<'_>, node: &Node) -> Option<Found> {
    (node.availability == Availability::Pause && node.state == NodeState::Ready).then(|| {
        let running = cx.store.node_tally(&node.id).running;
        Found::advice(format!(
            "{} is paused: its {} run on, new ones don't come",
            node.hostname,
            count(running as usize, "task", "tasks")
        ))
        .remedy(Remedy::Activate, "let it take tasks again")
    })
}

/// A node renews its certificate at 50-80 % of its life (swarmkit `ca/renewer.go`), while it is
/// connected. One that is away can't; after the rest of it has run out it can't come back by itself:
/// `Swarm certificates have expired`. The API has no certificate's dates, so this is the earliest that
/// can be: the last fifth of `CAConfig.NodeCertExpiry` since it was lost.
pub fn cert_expiry(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let life = cx.store.info().cert_expiry;
    let is_away = matches!(node.state, NodeState::Down | NodeState::Disconnected);
    if !is_away || life.is_zero() || is_old_entry(cx, node) {
        return None;
    }
    let lost = cx.state_since(node)?;
    // Before half of its life it still has the one it joined with.
    let joined = node.created.filter(|joined| lost <= joined.shifted(nanos(life / 2)));
    let earliest =
        joined.map_or_else(|| lost.shifted(nanos(life / 5)), |joined| joined.shifted(nanos(life)));
    if earliest.age(cx.now).is_zero() {
        cx.lasts(earliest, Duration::from_nanos(1));
        return None;
    }
    let surely = lost.age(cx.now) > life;
    let sure = if surely { "has run out" } else { "may have run out" };
    Some(
        Found::warning(
            format!("{}'s certificate {sure}: away for {}, certificates last {}", node.hostname, span(lost.age(cx.now)), span(life)),
            earliest,
        )
        .why("nodes renew their certificate only while they are connected, after half to four fifths of its life")
        .remedy(Remedy::Describe, "once it is up: docker swarm leave there, docker node rm here, and join it again"),
    )
}

/// From `accepted` on a task's `Status.Timestamp` is by its node's clock, `CreatedAt` and `UpdatedAt` by
/// the leader's (measured; swarmkit `agent/exec/controller.go`, `manager/state/store`). A status that
/// is younger than its own record shows a clock that is ahead, one older than its task a clock that
/// is behind. A warning: logs and times of the two can't be compared, and TLS fails in the end.
pub fn clock_skew(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let limit = nanos(cx.thresholds.clock_skew);
    let (mut ahead, mut behind, mut seen) = (0_i64, 0_i64, 0);
    let mut proof: Vec<&Task> = Vec::new();
    for task in cx.store.tasks_on(&node.id) {
        let by_node =
            matches!(task.state, TaskState::Running | TaskState::Complete | TaskState::Failed);
        let times = task.created.zip(task.updated).zip(task.since).filter(|_| by_node);
        let Some(((created, updated), since)) = times else { continue };
        seen += 1;
        let (fast, slow) = (updated.until(since), since.until(created));
        if fast > limit || slow > limit {
            proof.push(task);
        }
        ahead = ahead.max(fast);
        behind = behind.max(slow);
    }
    let by = ahead.max(behind);
    // One odd task proves nothing: a state may be told late.
    if by <= limit || proof.len() * 2 < seen || node.state != NodeState::Ready {
        return None;
    }
    let way = if ahead > behind { "ahead of" } else { "behind" };
    let by = span(Duration::from_nanos(by.unsigned_abs()));
    Some(
        Found::warning(
            format!("the clock of {} is at least {by} {way} the leader's", node.hostname),
            Began::Unknown,
        )
        .why("no time service runs there, or it does not reach its servers")
        .tasks(cx, proof)
        .remedy(Remedy::Describe, "look at chrony or systemd-timesyncd on that node"),
    )
}
