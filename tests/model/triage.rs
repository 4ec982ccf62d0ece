//! The rules for the obvious.

use skep::{
    cluster::{Reachability, TaskState, UpdateState},
    triage::{Limits, Severity, problems},
};

use crate::cluster_fixture::{Cluster, NOW, cluster};

fn found(cluster: &Cluster) -> Vec<(&'static str, Severity)> {
    problems(&cluster.store(), NOW, &Limits::default())
        .into_iter()
        .map(|p| (p.rule, p.severity))
        .collect()
}

fn calm() -> Cluster {
    cluster().manager("m1").manager("m2").manager("m3").node("n4").service("web", 4)
}

#[test]
fn a_healthy_swarm_has_no_problem() {
    assert_eq!(found(&calm()), []);
}

#[test]
fn a_lost_node_and_the_service_short_by_it() {
    let found = found(&calm().down("n4", "heartbeat failure"));
    assert_eq!(found, [("node-down", Severity::Critical), ("service-below", Severity::Warning)]);
}

#[test]
fn quorum_at_risk_before_it_is_lost() {
    let mut c = calm();
    c.nodes[2].manager.as_mut().unwrap().reachability = Reachability::Unreachable;
    let risk = problems(&c.store(), NOW, &Limits::default());
    assert_eq!((risk[0].rule, risk[0].severity), ("quorum", Severity::Critical));
    assert!(risk[0].message.contains("one more loss stops the Swarm"));
}

#[test]
fn a_service_with_nothing_running_is_critical_and_says_why() {
    let mut c = calm();
    c.tasks.clear();
    let c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 60);
    let problem = problems(&c.store(), NOW, &Limits::default()).remove(0);
    assert_eq!((problem.rule, problem.severity), ("service-down", Severity::Critical));
    assert!(problem.message.contains("web 0/4: task: non-zero exit (3)"));
}

#[test]
fn a_full_history_tells_no_beginning() {
    let mut c = calm();
    c.tasks.clear();
    let mut c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 8);
    let since = problems(&c.store(), NOW, &Limits::default())[0].since;
    assert!(since.is_set());
    for age in [2, 4, 6] {
        c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    }
    let since = problems(&c.store(), NOW, &Limits::default())[0].since;
    assert!(
        !since.is_set(),
        "it failed before what the manager remembers: any figure would be too young"
    );
}

#[test]
fn paused_and_rolled_back_updates() {
    let paused = calm()
        .update(UpdateState::Paused, "update paused due to failure or early termination of task x");
    assert_eq!(found(&paused), [("update-paused", Severity::Critical)]);
    let undone = calm().update(
        UpdateState::RollbackCompleted,
        "update rolled back due to failure or early termination of task x",
    );
    assert_eq!(found(&undone), [("update-rolled-back", Severity::Warning)]);
    assert_eq!(found(&calm().update(UpdateState::RollbackCompleted, "rollback completed")), []);
}
