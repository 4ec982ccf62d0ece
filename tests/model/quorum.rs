//! Who votes, and whose vote is lost; hosts that joined again.

use std::sync::Arc;

use serde_json::json;
use skep::{
    action::plan::{Change, Confirm, Document, NodeChange, Plan},
    cluster::{
        Answering, Availability, Delta, Leaderless, Lost, Node, NodeState, Reachability, Role,
        Since, Store, TaskState, Timestamp, UpdateState, UpdateStatus,
    },
    commands::{Taken, Verdict, check, snapshot_json, snapshot_text},
    grant::ClusterNo,
    triage::{Began, Problem, Remedy, Severity, Thresholds, blast, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster};

/// Three managers and a worker, each at an address of its own.
fn three() -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").node("w4");
    for at in 0..c.nodes.len() {
        address(&mut c, at, at + 1);
    }
    c.service("web", 2)
}

fn address(c: &mut Cluster, node: usize, host: usize) {
    let host = format!("10.0.0.{host}");
    c.nodes[node].addr = host.as_str().into();
    if let Some(manager) = &mut c.nodes[node].manager {
        manager.addr = format!("{host}:2377").into();
    }
}

/// The host of `node` joins again, as one of that id.
fn joined_again(mut c: Cluster, node: usize, id: &str, role: Role) -> Cluster {
    let mut new = c.nodes[node].clone();
    new.id = id.into();
    new.created = Some(ago(60));
    new.role = role.clone();
    if role == Role::Worker {
        new.manager = None;
    } else if let Some(manager) = &mut new.manager {
        manager.leader = false;
    }
    c.nodes.push(new);
    c
}

/// As the engine lists it: `Down … Reachable`, since the new node answers at its address.
fn down(mut c: Cluster, node: usize) -> Cluster {
    c.nodes[node].state = NodeState::Down;
    c.nodes[node].message = "heartbeat failure".into();
    c.nodes[node].updated = Some(ago(40));
    c
}

/// A manager that left by force and joined again as a manager: four voters, three hosts.
fn four_voters() -> Cluster {
    down(joined_again(three(), 2, "id-of-m3-now", Role::Manager), 2)
}

fn all(c: &Cluster) -> Vec<Arc<Problem>> {
    problems(&c.store(), NOW, &Thresholds::default())
}

fn plan(c: &Cluster, node: usize, change: NodeChange) -> Plan {
    let node = &c.nodes[node];
    let document = Document::read_node(&json!({
        "ID": node.id.as_str(), "Version": { "Index": node.version },
        "Description": { "Hostname": &*node.hostname },
        "Spec": { "Role": node.role.word(), "Availability": node.availability.word() },
    }));
    Plan::new(ClusterNo(0), &[document.unwrap()], &Change::Node(change), &c.store())
}

#[test]
fn a_lost_voter_that_looks_reachable_is_lost() {
    let c = four_voters();
    let store = c.store();
    let health = store.health();
    assert_eq!((health.reachable, health.managers), (3, 4));
    let quorum = store.quorum();
    let old = quorum.voter(&c.nodes[2].id).unwrap();
    assert_eq!(old.lost, Some(Lost::Replaced("id-of-m3-now".into())));
    assert_eq!((quorum.needed(), quorum.spare()), (3, Some(0)));
    assert!(quorum.keeps(&"id-of-m3-now".into()));

    let found = all(&c);
    let risk = found.iter().find(|p| p.rule == "quorum-risk").expect("told");
    assert_eq!(
        risk.message,
        "quorum at risk: 3 of 4 managers reachable, one more loss stops the Swarm (the old entry id-of-m3 of m3 away)"
    );
    assert!(risk.remedies[0].1.starts_with("demote the old entry id-of-m3"), "{:?}", risk.remedies);
    let folded = &risk.folded[0];
    assert_eq!((folded.rule, folded.remedies[0].0), ("manager-unreachable", Remedy::Demote));
    for silent in ["node-down", "managers-even", "node-left-behind"] {
        assert!(!found.iter().any(|p| p.rule == silent), "{silent}");
    }
}

#[test]
fn a_voter_is_lost_before_its_state_says_so() {
    // For 15 s the old entry is still `ready`, and the raft address answers.
    let c = joined_again(three(), 2, "id-of-m3-now", Role::Manager);
    assert_eq!(c.store().health().reachable, 3);
    // Another host behind the same address that came as a worker proves nothing while it is ready.
    let mut c = joined_again(three(), 3, "id-of-w4-now", Role::Worker);
    assert!(c.store().successor(&c.nodes[3]).is_none());
    c = down(c, 3);
    assert!(c.store().successor(&c.nodes[3]).is_some());
}

#[test]
fn a_manager_that_is_down_is_lost_whatever_raft_says() {
    let c = down(three(), 2);
    assert_eq!(c.store().health().reachable, 2);
    let found = all(&c);
    assert_eq!(found[0].rule, "node-down");
    assert!(found[0].message.contains("quorum at risk"), "{}", found[0].message);
    let said = blast(&c.store(), &c.nodes[1]).sentences();
    assert_eq!(said[0], "quorum is lost: 1 of 3 managers left, 2 needed");
}

#[test]
fn plans_count_what_is_lost() {
    let c = four_voters();
    let said = blast(&c.store(), &c.nodes[1]).sentences();
    assert_eq!(said[0], "quorum is lost: 2 of 4 managers left, 3 needed");
    let demote = || NodeChange::Role(Role::Worker);
    // Of three voters two would be left, one of them lost.
    let refused = plan(&c, 1, demote());
    assert!(!refused.is_empty() && refused.confirm == Confirm::Type("m2".into()));
    assert!(refused.warnings[0].contains("2 of 3 managers"), "{:?}", refused.warnings);
    // Taking the old entry's vote away mends it.
    let mends = plan(&c, 2, demote());
    assert!(mends.warnings.is_empty(), "{:?}", mends.warnings);
    assert!(mends.steps[0].touches.contains("tolerates one failure"), "{}", mends.steps[0].touches);
    let drained = plan(&c, 1, NodeChange::Availability(Availability::Drain));
    assert!(drained.warnings[0].contains("2 of 4 managers are left"), "{:?}", drained.warnings);
    let promoted = plan(&c, 3, NodeChange::Role(Role::Manager));
    assert!(
        promoted.steps[0].touches.contains("tolerates one failure"),
        "{}",
        promoted.steps[0].touches
    );
    // A worker that is drained says nothing of managers.
    assert!(plan(&c, 3, NodeChange::Availability(Availability::Drain)).warnings.is_empty());
}

#[test]
fn a_demotion_that_two_losses_forbid_is_refused() {
    let c = down(four_voters(), 1);
    let refused = plan(&c, 0, NodeChange::Role(Role::Worker));
    assert!(refused.refused[0].contains("1 of 3 managers reachable"), "{:?}", refused.refused);
}

#[test]
fn a_host_that_joined_again_leaves_advice_behind() {
    let mut c = down(joined_again(three(), 3, "id-of-w4-now-0123", Role::Worker), 3);
    for task in &mut c.tasks {
        task.node = Some(c.nodes[0].id.clone());
    }
    let found = all(&c);
    let loud: Vec<_> = found.iter().filter(|p| p.severity > Severity::Advice).collect();
    assert!(loud.is_empty(), "{loud:?}");
    let advice = found.iter().find(|p| p.rule == "node-left-behind").expect("told");
    assert_eq!(
        advice.message,
        "the old entry id-of-w4 of w4 is left behind by a node that is back as id-of-w4-now"
    );
    assert_eq!(advice.remedies[0].0, Remedy::Delete);
    // Another machine with its name, or its address, is another machine.
    let changes: [fn(&mut Node); 2] = [|n| n.hostname = "x".into(), |n| n.addr = "10.9.9.9".into()];
    for change in changes {
        let mut c = c.clone();
        change(c.nodes.last_mut().unwrap());
        assert_eq!(all(&c)[0].rule, "node-down");
    }
}

#[test]
fn an_old_manager_without_a_vote_is_removed_as_docker_does() {
    // After `--force-new-cluster`: its role is manager, and raft knows it no more.
    let mut c = down(three(), 2);
    c.nodes[2].manager = None;
    let told = |c: &Cluster| {
        let found = all(c);
        let down = found.iter().find(|p| p.rule == "node-down").expect("told");
        down.remedies.iter().any(|(remedy, _)| *remedy == Remedy::Delete)
    };
    assert!(told(&c) && !told(&down(three(), 2)), "offered where it works");
    let plan = plan(&c, 2, NodeChange::Remove);
    assert!(plan.refused.is_empty() && !plan.is_empty(), "{:?}", plan.refused);
    assert_eq!(c.nodes[2].role, Role::Manager);
    // One with a vote is not.
    let voter = down(three(), 2);
    assert!(self::plan(&voter, 2, NodeChange::Remove).refused[0].contains("demote it first"));
}

#[test]
fn an_election_loses_nobody() {
    let mut c = three();
    for node in &mut c.nodes {
        node.state = NodeState::Unknown;
        if let Some(manager) = &mut node.manager {
            manager.reachability = Reachability::Unknown;
        }
    }
    assert_eq!(c.store().health().reachable, 3);
}

fn answering(id: &str, managers: usize) -> Answering {
    let all = (1..=managers).map(|n| {
        (format!("id-of-m{n}").as_str().into(), format!("10.0.0.{n}:2377").as_str().into())
    });
    Answering {
        id: id.into(),
        name: id.strip_prefix("id-of-").unwrap_or(id).into(),
        managers: all.collect(),
    }
}

/// One manager of three answers; of the others skep was given so many, and they do not.
fn leaderless(silent: usize, since: i64) -> Delta {
    let answering = vec![answering("id-of-m1", 3)];
    Delta::Leaderless(Leaderless { since: ago(since), answering, silent })
}

fn lost(store: &Store, at: Timestamp) -> Option<Arc<Problem>> {
    problems(store, at, &Thresholds::default()).into_iter().find(|p| p.rule == "quorum-lost")
}

#[test]
fn a_swarm_without_a_leader_has_lost_quorum_or_holds_an_election() {
    let mut store = Store::default();
    store.apply(leaderless(0, 0), NOW);
    assert!(lost(&store, NOW).is_none(), "an election is no outage");
    // What is told again does not begin again.
    store.apply(leaderless(0, -10), ago(-10));
    assert!(lost(&store, ago(-11)).is_none(), "an election is no outage");
    let late = lost(&store, ago(-13)).expect("no election takes so long");
    assert_eq!(
        late.message,
        "quorum lost: no leader, 1 of 3 managers answers (m1), 2 needed; not asked or silent: 10.0.0.2, 10.0.0.3"
    );
    assert_eq!(late.severity, Severity::Critical);
    // It had none already when skep came.
    assert_eq!(late.since, Began::By(NOW));
    let mut store = three().store();
    store.apply(leaderless(2, 0), NOW);
    assert_eq!(lost(&store, NOW).unwrap().since, Began::At(NOW), "it was seen to go");
}

#[test]
fn too_few_that_answer_of_all_that_were_asked_is_certain() {
    let mut store = three().store();
    store.apply(leaderless(2, 0), NOW);
    let found = problems(&store, NOW, &Thresholds::default());
    assert_eq!(found[0].rule, "quorum-lost");
    assert_eq!(
        found[0].message,
        "quorum lost: no leader, 1 of 3 managers answers (m1), 2 needed; no answer from m2, m3"
    );
    // A list comes from a leader.
    store.apply(Delta::Nodes(three().nodes), NOW);
    assert!(lost(&store, NOW).is_none() && store.leaderless().is_none());
}

/// The last list said that two of three are unreachable: no election can help, and the story stays.
#[test]
fn lost_quorum_stays_told_until_there_is_a_leader() {
    let mut before = three();
    for at in [1, 2] {
        let manager = before.nodes[at].manager.as_mut().unwrap();
        manager.reachability = Reachability::Unreachable;
    }
    let mut store = before.store();
    let known = lost(&store, NOW).expect("its nodes tell").message.clone();
    store.apply(leaderless(0, 0), NOW);
    assert_eq!(lost(&store, NOW).expect("still").message, known);
    assert!(lost(&store, ago(-21)).is_some_and(|p| p.message.contains("no leader, 1 of 3")));
    store.apply(Delta::Nodes(three().nodes), NOW);
    assert!(lost(&store, NOW).is_none());
}

#[test]
fn a_majority_that_answers_is_given_time_to_elect() {
    let mut store = Store::default();
    let answering = vec![answering("id-of-m1", 3), answering("id-of-m2", 3)];
    let told = Leaderless { since: NOW, answering, silent: 1 };
    store.apply(Delta::Leaderless(told), NOW);
    assert!(lost(&store, NOW).is_none());
}

#[test]
fn it_is_told_in_check_snapshot_and_report() {
    let mut store = Store::default();
    store.apply(leaderless(2, 5), NOW);
    let (name, endpoint) = ("default".to_owned(), "unix:///d".to_owned());
    let mut taken =
        Taken::new(store, NOW, name, endpoint, std::time::Duration::ZERO, &Thresholds::default());
    taken.titled(None);
    assert!(taken.unlisted().is_some_and(|why| why.contains("quorum lost")));
    let report = taken.incident(Since::At(ago(60))).markdown();
    assert!(report.contains("| nodes | unknown: the Swarm has no leader |"), "{report}");
    assert!(report.contains("1 of 3 managers answers"), "{report}");
    // What is not known is left out.
    assert!(report.starts_with("# Incident report: unix:///d\n"), "{report}");
    assert!(report.contains("| swarm | through unix:///d |"), "{report}");
    assert!(!report.contains("## Versions") && !report.contains("- API"), "{report}");
    let all = [Ok(taken)];
    let (verdict, text) = check(&all, false);
    assert!(verdict == Verdict::Critical && text.contains("SWARM CRITICAL: quorum lost"), "{text}");
    let [Ok(taken)] = all else { panic!("one look") };
    let text = snapshot_text(std::slice::from_ref(&taken));
    assert_eq!(text.matches("  unknown: quorum lost: no leader, 1 of 3").count(), 3, "{text}");
    let json: serde_json::Value = serde_json::from_str(&snapshot_json(&[taken])).unwrap();
    assert_eq!(json["clusters"][0]["problems"][0]["rule"], "quorum-lost");
    assert!(json["clusters"][0]["error"].as_str().is_some_and(|e| e.contains("quorum lost")));
}

#[test]
fn quorum_at_risk_comes_before_a_service_that_never_ran() {
    let found = |created: i64| {
        let mut c = down(three(), 2).service("web", 1);
        c.nodes[2].state = NodeState::Ready;
        c.nodes[2].manager.as_mut().unwrap().reachability = Reachability::Unreachable;
        c.tasks.retain(|t| t.service != c.services.last().unwrap().id);
        let mut c = c.task(1, TaskState::Rejected, "No such image: x", 20);
        c.last().created = Some(ago(created));
        c.last().update = (created > 60).then(|| UpdateStatus {
            state: UpdateState::Completed,
            message: "update completed".into(),
            started: Some(ago(900)),
            completed: Some(ago(890)),
        });
        all(&c).iter().map(|p| p.rule).take(2).collect::<Vec<_>>()
    };
    assert_eq!(found(60), ["quorum-risk", "service-down"]);
    assert_eq!(found(86_400), ["service-down", "quorum-risk"], "users had it");
}
