//! Quorum: lost, at risk, and the managers that are missing in it.

use crate::{
    cluster::{
        ELECTION, Leaderless, Lost, Node, NodeState, Quorum, Role, Subject, Timestamp, Voter,
    },
    text::span,
    triage::{Began, Context, Remedy, context::names, rule::Found},
};

/// The voters. A manager that is demoted stops being one before the others strike it off, and is
/// unreachable in between: it is given a while.
fn quorum_of<'a>(cx: &Context<'a>) -> Quorum<'a> {
    let leaving =
        |node: &Node| node.role == Role::Worker && !cx.lasts(node.updated, cx.thresholds.grace);
    cx.store.quorum().pardon(leaving)
}

/// Reachability moves no time stamp of the node: since when is known only if it was seen, or if the
/// node is down as well.
fn away_since(cx: &Context<'_>, node: &Node) -> Option<Timestamp> {
    let seen = cx.store.memory().node(&node.id).and_then(|m| m.reach_since);
    seen.or(node.updated.filter(|_| node.state == NodeState::Down))
}

fn since(cx: &Context<'_>, lost: &[&Voter<'_>]) -> Option<Timestamp> {
    lost.iter().filter_map(|v| away_since(cx, v.node)).max()
}

/// Names of the lost ones: of a host that joined again it is the old entry that is lost.
fn called(lost: &[&Voter<'_>]) -> String {
    let name = |v: &&Voter<'_>| match v.lost {
        Some(Lost::Replaced(_)) => entry(v.node),
        _ => v.node.hostname.to_string(),
    };
    let all: Vec<String> = lost.iter().map(name).collect();
    names(all.iter().map(String::as_str))
}

fn entry(node: &Node) -> String {
    format!("the old entry {} of {}", node.id.short(), node.hostname)
}

/// The Swarm can decide nothing any more. Critical: no task that fails is replaced.
pub fn lost(cx: &Context<'_>) -> Option<Found> {
    // What the last list told of lost managers stays true until there is a leader.
    let told = cx.store.leaderless().and_then(|leaderless| leader_lost(cx, leaderless));
    told.or_else(|| managers_lost(cx))
}

fn managers_lost(cx: &Context<'_>) -> Option<Found> {
    let q = quorum_of(cx);
    let lost = q.lost();
    (q.total() > 0 && q.spare().is_none()).then(|| {
        let message = format!(
            "quorum lost: {} of {} managers reachable, {} needed ({} away)",
            q.kept(),
            q.total(),
            q.needed(),
            called(&lost)
        );
        told(message, since(cx, &lost), &called(&lost))
    })
}

/// No list comes, and the managers tell so themselves: either too few of them answer, or an election
/// takes longer than any does.
fn leader_lost(cx: &Context<'_>, leaderless: &Leaderless) -> Option<Found> {
    if !leaderless.is_certain() && !cx.lasts(leaderless.since, ELECTION) {
        return None;
    }
    let answering = leaderless.answering.iter().map(|a| &*a.name).filter(|n| !n.is_empty());
    let mut answering: Vec<&str> = answering.collect();
    answering.sort_unstable();
    let others = leaderless.others(cx.store);
    let others = names(others.iter().map(String::as_str));
    let (answer, total) = (leaderless.answering.len(), leaderless.total());
    // Where no list was ever read it had none already at the first look.
    let seen_well = cx.store.nodes().len() > 0;
    let since = if seen_well { Began::from(leaderless.since) } else { Began::By(leaderless.since) };
    if total == 0 {
        let message = "quorum lost: the Swarm has no leader, and its managers tell no more";
        return Some(told(message.into(), since, "the other managers"));
    }
    let answers = if answer == 1 { "answers" } else { "answer" };
    let by = if answering.is_empty() { String::new() } else { format!(" ({})", names(answering)) };
    let rest = match (leaderless.is_certain(), others.is_empty()) {
        (_, true) => String::new(),
        (true, _) => format!("; no answer from {others}"),
        (false, _) => format!("; not asked or silent: {others}"),
    };
    let message = format!(
        "quorum lost: no leader, {answer} of {total} managers {answers}{by}, {} needed{rest}",
        leaderless.needed()
    );
    Some(told(message, since, if others.is_empty() { "managers" } else { &others }))
}

fn told(message: String, since: impl Into<Began>, away: &str) -> Found {
    Found::critical(message, since)
        .why("without a majority of managers nothing can be scheduled, scaled or healed; what runs goes on running")
        .remedy(Remedy::Node, format!("bring {away} back; only if it is gone for good: docker swarm init --force-new-cluster on one manager"))
}

/// One more loss stops the Swarm. Critical although nobody feels it yet: what comes next can't be undone
/// from here.
pub fn risk(cx: &Context<'_>) -> Option<Found> {
    let q = quorum_of(cx);
    let lost = q.lost();
    if lost.is_empty() || q.spare() != Some(0) || cx.store.leaderless().is_some() {
        return None;
    }
    let message = format!(
        "quorum at risk: {} of {} managers reachable, one more loss stops the Swarm ({} away)",
        q.kept(),
        q.total(),
        called(&lost)
    );
    let mut found = Found::critical(message, since(cx, &lost)).why(format!(
        "{} managers need {} to agree",
        q.total(),
        q.needed()
    ));
    let old: Vec<&Voter<'_>> =
        lost.iter().copied().filter(|v| matches!(v.lost, Some(Lost::Replaced(_)))).collect();
    found = if old.is_empty() {
        found.remedy(
            Remedy::Node,
            format!("bring {} back, or remove it and promote another node", called(&lost)),
        )
    } else {
        found.remedy(Remedy::Node, format!("demote {}, and then delete it", called(&old)))
    };
    if let [one] = lost.as_slice() {
        found.blames = Some(Subject::Node(one.node.id.clone()));
    }
    Some(found)
}

/// A manager whose vote is lost: the leader does not reach it (`ManagerStatus.Reachability`), it sends
/// no heartbeat, or its host joined again. A warning: quorum rules say when it is worse.
pub fn unreachable(cx: &Context<'_>, node: &Node) -> Option<Found> {
    // The voters are counted for managers alone: there may be thousands of nodes.
    node.manager.as_ref()?;
    let q = quorum_of(cx);
    let lost = q.voter(&node.id)?.lost.clone()?;
    let left = format!("{} of {} managers left", q.kept(), q.total());
    let since = away_since(cx, node);
    Some(match lost {
        Lost::Replaced(new) => Found::warning(
            format!("{} still has a vote: {left}", entry(node)),
            since,
        )
        .why(format!(
            "the host joined again as {}; its old entry can't vote and still counts in the quorum",
            new.short()
        ))
        .remedy(Remedy::Demote, "take its vote away, and then delete it"),
        Lost::Down | Lost::Unreachable => {
            Found::warning(format!("manager {} is unreachable: {left}", node.hostname), since)
                .why(
                    "its engine is down, its cable is cut, or port 2377 is closed between managers",
                )
                .remedy(Remedy::Describe, "its address and what ran there")
        }
    })
}

/// The old entry of a host that joined again: `down` for ever, and nothing is broken. Advice.
pub fn left_behind(cx: &Context<'_>, node: &Node) -> Option<Found> {
    // One that has a vote is more than untidy: `unreachable` tells of it.
    if node.state != NodeState::Down || node.manager.is_some() {
        return None;
    }
    let back = cx.store.successor(node)?;
    let message =
        format!("{} is left behind by a node that is back as {}", entry(node), back.id.short());
    let ago = span(back.created?.age(cx.now));
    Some(
        Found::advice(message)
            .why(format!(
                "the host joined the Swarm again {ago} ago; its old entry stays until it is removed"
            ))
            .remedy(Remedy::Delete, "take the old entry out of the Swarm"),
    )
}
