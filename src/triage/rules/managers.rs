//! Managers: quorum, leadership, versions, trust.

use std::collections::BTreeMap;

use crate::{
    cluster::{Availability, Node, NodeState, Reachability, Role, Subject, Timestamp},
    triage::{
        Look, Remedy,
        look::{count, names, span},
        rule::Found,
    },
};

struct Quorum<'a> {
    total: usize,
    reachable: usize,
    needed: usize,
    away: Vec<&'a Node>,
    since: Timestamp,
}

/// Quorum of N managers is N/2+1 (raft; engine-facts). While a leader is being chosen every manager's
/// reachability is `unknown` for seconds: that is no loss, and only `unreachable` counts.
fn quorum_of<'a>(look: &Look<'a>) -> Quorum<'a> {
    let managers: Vec<&Node> = look.store.nodes().filter(|n| n.manager.is_some()).collect();
    let mut away: Vec<&Node> =
        managers.iter().copied().filter(|n| is_unreachable(look, n)).collect();
    away.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    let total = managers.len();
    let since = away.iter().map(|n| away_since(look, n)).max().unwrap_or_default();
    Quorum { total, reachable: total - away.len(), needed: total / 2 + 1, away, since }
}

/// A manager that is demoted stops being one before the others strike it off, and is `unreachable` in
/// between: one that is to be a worker is given a while.
fn is_unreachable(look: &Look<'_>, node: &Node) -> bool {
    node.manager.as_ref().is_some_and(|m| m.reachability == Reachability::Unreachable)
        && (node.role != Role::Worker || look.lasts(node.updated, look.limits.grace))
}

/// Reachability moves no time stamp of the node: since when is known only if it was seen, or if the
/// node is down as well.
fn away_since(look: &Look<'_>, node: &Node) -> Timestamp {
    let seen = look.store.memory().node(&node.id).map(|m| m.reach_since).filter(|at| at.is_set());
    seen.unwrap_or(if node.state == NodeState::Down { node.updated } else { Timestamp::NEVER })
}

fn hostnames(nodes: &[&Node]) -> String {
    names(nodes.iter().map(|n| &*n.hostname))
}

/// The Swarm can decide nothing any more. Lists mostly fail then, and the connection tells; this is for
/// the moments in between. Critical: no task that fails is replaced.
pub fn quorum_lost(look: &Look<'_>) -> Option<Found> {
    let q = quorum_of(look);
    (q.total > 0 && q.reachable < q.needed).then(|| {
        Found::critical(
            format!(
                "quorum lost: {} of {} managers reachable, {} needed ({} away)",
                q.reachable,
                q.total,
                q.needed,
                hostnames(&q.away)
            ),
            q.since,
        )
        .why("without a majority of managers nothing can be scheduled, scaled or healed; what runs goes on running")
        .remedy(Remedy::Node, format!("bring {} back; only if it is gone for good: docker swarm init --force-new-cluster on one manager", hostnames(&q.away)))
    })
}

/// One more loss stops the Swarm. Critical although nobody feels it yet: what comes next can't be undone
/// from here.
pub fn quorum_risk(look: &Look<'_>) -> Option<Found> {
    let q = quorum_of(look);
    (!q.away.is_empty() && q.reachable == q.needed).then(|| {
        let found = Found::critical(
            format!(
                "quorum at risk: {} of {} managers reachable, one more loss stops the Swarm ({} away)",
                q.reachable,
                q.total,
                hostnames(&q.away)
            ),
            q.since,
        );
        let mut found = found
            .why(format!("{} managers need {} to agree", q.total, q.needed))
            .remedy(Remedy::Node, format!("bring {} back, or remove it and promote another node", hostnames(&q.away)));
        if let [one] = q.away.as_slice() {
            found.blames = Some(Subject::Node(one.id.clone()));
        }
        found
    })
}

/// A manager the leader can't reach (`ManagerStatus.Reachability`: `unreachable`). A warning: quorum
/// rules say when it is worse.
pub fn unreachable(look: &Look<'_>, node: &Node) -> Option<Found> {
    if !is_unreachable(look, node) {
        return None;
    }
    let q = quorum_of(look);
    Some(
        Found::warning(
            format!(
                "manager {} is unreachable: {} of {} managers left",
                node.hostname, q.reachable, q.total
            ),
            away_since(look, node),
        )
        .why("its engine is down, its cable is cut, or port 2377 is closed between managers")
        .remedy(Remedy::Describe, "its address and what ran there"),
    )
}

/// A node whose role was changed and that has not taken it on (`Spec.Role` against `ManagerStatus`). A
/// warning: who promoted it counts on a manager that is none. It asks the managers for a certificate
/// of the new role, with growing pauses, and for ever. Measured: 28.5 refuses every 20.10 and 26.1
/// manager whose own certificate was renewed since its engine started (`missing selected ALPN
/// property`), which after some weeks is any; once their engines are restarted it goes on by itself.
pub fn role_pending(look: &Look<'_>, node: &Node) -> Option<Found> {
    let is_manager = node.manager.is_some();
    let wants = node.role == Role::Manager;
    if is_manager == wants
        || node.state != NodeState::Ready
        || !look.lasts(node.updated, look.limits.stuck)
    {
        return None;
    }
    let (to_be, is) = if wants { ("manager", "worker") } else { ("worker", "manager") };
    let found = Found::warning(
        format!("{} is to be a {to_be}, and still is a {is}", node.hostname),
        node.updated,
    );
    if !wants {
        // swarmkit `manager/role_manager.go`: one whose going would cost quorum is not let go.
        return Some(
            found
                .why("the managers do not let one go that quorum needs; or it gets no certificate for its new role")
                .remedy(Remedy::Node, "bring managers that are away back; the leader's log says what it waits for"),
        );
    }
    let found = found.why("it gets no certificate for its new role: its engine's log says why ('failed to renew the certificate')");
    let mut older: Vec<&Node> = look
        .store
        .nodes()
        .filter(|n| n.manager.is_some() && n.engine != node.engine && n.id != node.id)
        .collect();
    older.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    Some(if older.is_empty() {
        found.remedy(Remedy::Node, format!("restart the engine on {}", node.hostname))
    } else {
        found.remedy(Remedy::Node, format!("engines of other versions: if it says 'missing selected ALPN property', restart those of {}, one at a time", hostnames(&older)))
    })
}

/// The leader changed several times within minutes: slow disks or a poor network among managers, since
/// an election follows missed heartbeats (raft `ElectionTick` 10). A warning.
pub fn leader_changes(look: &Look<'_>) -> Option<Found> {
    let (limit, within) = (look.limits.leader_changes, look.limits.leader_changes_within);
    let recent: Vec<Timestamp> = look
        .store
        .memory()
        .leaders()
        .iter()
        .copied()
        .filter(|at| look.recent(*at, within))
        .collect();
    if recent.len() < limit {
        return None;
    }
    let leader = look.store.nodes().find(|n| n.is_leader()).map_or("nobody", |n| &n.hostname);
    Some(
        Found::warning(
            format!("the leader changed {} times within {}, now {leader}", recent.len(), span(within)),
            recent[0],
        )
        .why("managers miss each other's heartbeats: a slow disk, an overloaded manager, or a poor network between them")
        .remedy(Remedy::Node, "look at the managers' load and disks"),
    )
}

/// 2 managers stand no loss, as 1 does; 4 stand one, as 3 do. Advice: nothing is broken.
pub fn even(look: &Look<'_>) -> Option<Found> {
    let total = look.store.nodes().filter(|n| n.manager.is_some()).count();
    (total > 0 && total.is_multiple_of(2)).then(|| {
        let stands = total - (total / 2 + 1);
        Found::advice(format!(
            "{total} managers stand {}, as {} would",
            count(stands, "loss", "losses"),
            total - 1
        ))
        .why("quorum is more than half: an even number only adds another machine that can fail")
        .remedy(Remedy::Node, "promote one more node, or demote one")
    })
}

/// Several nodes under one manager: its loss is the end of the Swarm. Advice.
pub fn single(look: &Look<'_>) -> Option<Found> {
    let managers = look.store.nodes().filter(|n| n.manager.is_some()).count();
    let nodes = look.store.nodes().len();
    (managers == 1 && nodes > 1).then(|| {
        Found::advice(format!(
            "one manager for {nodes} nodes: if it is lost, nothing can be changed"
        ))
        .remedy(Remedy::Node, "promote two more nodes")
    })
}

/// Engines of different versions. Advice: it is normal while engines are upgraded, and a source of
/// riddles after.
pub fn engine_skew(look: &Look<'_>) -> Option<Found> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in look.store.nodes().filter(|n| !n.engine.is_empty()) {
        versions.entry(&node.engine).or_default().push(&node.hostname);
    }
    if versions.len() < 2 {
        return None;
    }
    let mut said: Vec<(usize, String)> = versions
        .into_iter()
        .map(|(version, mut on)| {
            on.sort_unstable();
            (on.len(), format!("{version} on {}", names(on)))
        })
        .collect();
    said.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let said: Vec<String> = said.into_iter().map(|(_, text)| text).collect();
    Some(
        Found::advice(format!("nodes run {} engine versions: {}", said.len(), said.join("; ")))
            .why("engines of one version behave alike; Docker supports a mix only while upgrading"),
    )
}

/// A manager that is given tasks which reserve a large part of it: what they do, elections and
/// scheduling feel. Advice; the manager's own load is not in the API.
pub fn load(look: &Look<'_>, node: &Node) -> Option<Found> {
    let workers = look.store.nodes().any(|n| n.manager.is_none());
    if node.manager.is_none() || node.availability != Availability::Active || !workers {
        return None;
    }
    let tally = look.store.node_tally(&node.id);
    let percent = |used: u64, have: u64| (used.saturating_mul(100)).checked_div(have).unwrap_or(0);
    let (cpu, memory) =
        (percent(tally.nano_cpus, node.nano_cpus), percent(tally.memory, node.memory));
    let limit = look.limits.manager_load_percent;
    (cpu >= limit || memory >= limit).then(|| {
        Found::advice(format!(
            "manager {} also runs {} that reserve {cpu} % of its CPU and {memory} % of its memory",
            node.hostname,
            count(tally.running as usize, "task", "tasks"),
        ))
        .why("a busy manager answers heartbeats late: elections, and slow scheduling")
        .remedy(
            Remedy::Describe,
            "what runs there; drain it, or constrain heavy services to workers",
        )
    })
}

/// Nodes that trust different root certificates (`Description.TLSInfo.TrustRoot`): `docker swarm ca
/// --rotate` is under way, and ends only when every node has its new certificate. A warning once it
/// takes long.
pub fn ca_rotation(look: &Look<'_>) -> Option<Found> {
    let mut trusts: BTreeMap<u64, Vec<&Node>> = BTreeMap::new();
    for node in look.store.nodes().filter(|n| n.trust != 0) {
        trusts.entry(node.trust).or_default().push(node);
    }
    if trusts.len() < 2 {
        return None;
    }
    // Those that changed last are the ones that follow the new root.
    let newest = trusts.values().max_by_key(|nodes| nodes.iter().map(|n| n.updated).max())?;
    let root = newest[0].trust;
    let mut behind: Vec<&Node> =
        trusts.into_values().flatten().filter(|n| n.trust != root).collect();
    behind.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    let began = look.store.nodes().filter(|n| n.trust == root).map(|n| n.updated).min()?;
    look.lasts(began, look.limits.rotation).then(|| {
        Found::warning(
            format!(
                "root CA rotation does not end: {} still {} the old root",
                hostnames(&behind),
                if behind.len() == 1 { "trusts" } else { "trust" }
            ),
            began,
        )
        .why("a rotation waits for every node; one that is down holds it up")
        .remedy(
            Remedy::Node,
            format!("bring {} back, or remove it from the Swarm", hostnames(&behind)),
        )
    })
}
