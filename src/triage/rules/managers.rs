//! Managers: leadership, versions, trust.

use std::collections::BTreeMap;

use crate::{
    cluster::{Availability, Node, NodeState, Role, Timestamp},
    text::{count, span},
    triage::{Context, Remedy, context::names, rule::Found},
};

fn hostnames(nodes: &[&Node]) -> String {
    names(nodes.iter().map(|n| &*n.hostname))
}

/// A node whose role was changed and that has not taken it on (`Spec.Role` against `ManagerStatus`). A
/// warning: who promoted it counts on a manager that is none. It asks the managers for a certificate
/// of the new role, with growing pauses, and for ever. Measured: 28.5 refuses every 20.10 and 26.1
/// manager whose own certificate was renewed since its engine started (`missing selected ALPN
/// property`), which after some weeks is any; once their engines are restarted it goes on by itself.
pub fn role_pending(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let is_manager = node.manager.is_some();
    let wants = node.role == Role::Manager;
    if is_manager == wants
        || node.state != NodeState::Ready
        || !cx.lasts(node.updated, cx.thresholds.stuck)
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
    let mut older: Vec<&Node> = cx
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
pub fn leader_changes(cx: &Context<'_>) -> Option<Found> {
    let (limit, within) = (cx.thresholds.leader_changes, cx.thresholds.leader_changes_within);
    let recent: Vec<Timestamp> =
        cx.store.memory().leaders().iter().copied().filter(|at| cx.recent(*at, within)).collect();
    if recent.len() < limit {
        return None;
    }
    let leader = cx.store.nodes().find(|n| n.is_leader()).map_or("nobody", |n| &n.hostname);
    Some(
        Found::warning(
            format!("the leader changed {} times within {}, now {leader}", recent.len(), span(within)),
            recent[0],
        )
        .why("managers miss each other's heartbeats: a slow disk, an overloaded manager, or a poor network between them")
        .remedy(Remedy::Node, "look at the managers' load and disks"),
    )
}

/// An even number of managers: 2 tolerate no loss, as 1 does; 4 tolerate one, as 3 do. Advice: nothing is
/// broken.
pub fn even(cx: &Context<'_>) -> Option<Found> {
    let quorum = cx.store.quorum();
    let total = quorum.total();
    // With one of them lost there is more to say than this.
    let whole = quorum.kept() == total;
    (total > 0 && whole && total.is_multiple_of(2)).then(|| {
        let stands = total - quorum.needed();
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
pub fn single(cx: &Context<'_>) -> Option<Found> {
    let managers = cx.store.nodes().filter(|n| n.manager.is_some()).count();
    let nodes = cx.store.nodes().len();
    (managers == 1 && nodes > 1).then(|| {
        Found::advice(format!(
            "one manager for {nodes} nodes: if it is lost, nothing can be changed"
        ))
        .remedy(Remedy::Node, "promote two more nodes")
    })
}

/// Engines of different versions. Advice: it is normal while engines are upgraded, and confusing after.
pub fn engine_skew(cx: &Context<'_>) -> Option<Found> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let is_there = |n: &&Node| !n.engine.is_empty() && cx.store.successor(n).is_none();
    for node in cx.store.nodes().filter(is_there) {
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
pub fn load(cx: &Context<'_>, node: &Node) -> Option<Found> {
    let workers = cx.store.nodes().any(|n| n.manager.is_none());
    if node.manager.is_none() || node.availability != Availability::Active || !workers {
        return None;
    }
    let tally = cx.store.node_tally(&node.id);
    let percent = |used: u64, have: u64| (used.saturating_mul(100)).checked_div(have).unwrap_or(0);
    let (cpu, memory) =
        (percent(tally.nano_cpus, node.nano_cpus), percent(tally.memory, node.memory));
    let limit = cx.thresholds.manager_load_percent;
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
pub fn ca_rotation(cx: &Context<'_>) -> Option<Found> {
    let mut trusts: BTreeMap<u64, Vec<&Node>> = BTreeMap::new();
    for node in cx.store.nodes().filter(|n| n.trust != 0) {
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
    let began = cx.store.nodes().filter(|n| n.trust == root).map(|n| n.updated).min()?;
    cx.lasts(began, cx.thresholds.rotation).then(|| {
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
