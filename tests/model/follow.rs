//! Convergence, by the docker CLI's rules.

use std::sync::Arc;

use skep::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, Document, Plan, ScaleTo},
    },
    cluster::{NodeState, TaskState, UpdateState},
};

use crate::cluster_fixture::{Cluster, NOW, cluster};

fn swarm() -> Cluster {
    cluster().manager("m1").node("n2").service("web", 3)
}

fn follow() -> Follow {
    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let document = Document::read(&raw).unwrap();
    let plan = Plan::new(&[document], &Change::Scale(ScaleTo::Exactly(3)), &swarm().store());
    Follow::new(&plan.steps[0], NOW)
}

fn later(secs: i64) -> skep::cluster::Timestamp {
    NOW.shifted(secs * 1_000_000_000)
}

#[test]
fn waits_for_the_written_version_then_watches_the_monitor_period() {
    let mut c = swarm();
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert_eq!(f.phase, Phase::Converging, "the store is older than the write");
    c.last().version = 100;
    f.update(&c.store(), later(2));
    assert!(matches!(f.phase, Phase::Verifying(_)), "{:?}", f.phase);
    f.update(&c.store(), later(6));
    assert!(matches!(f.phase, Phase::Verifying(_)));
    f.update(&c.store(), later(7));
    assert_eq!(f.phase, Phase::Done);
}

#[test]
fn a_task_that_falls_begins_the_watch_anew() {
    let mut c = swarm();
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    c.tasks[0].state = TaskState::Failed;
    c.tasks[0].desired = TaskState::Shutdown;
    c.tasks[0].err = "task: non-zero exit (3)".into();
    c.tasks[0].since = later(2);
    f.update(&c.store(), later(3));
    assert_eq!((f.phase.clone(), f.done), (Phase::Converging, 2));
    assert!(f.failing.as_ref().unwrap().1.contains("non-zero exit (3)"));
}

#[test]
fn tasks_of_the_old_template_and_on_lost_nodes_do_not_count() {
    let mut c = swarm();
    c.last().version = 100;
    c.last().template = 2;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert_eq!((f.done, f.total), (0, 3));
    c.tasks.iter_mut().for_each(|t| Arc::make_mut(&mut t.spec).template = 2);
    c.nodes[1].state = NodeState::Down;
    f.update(&c.store(), later(1));
    assert!(f.done < 3);
}

#[test]
fn a_paused_update_fails_with_the_engines_words_and_the_task() {
    let mut c = swarm()
        .update(UpdateState::Paused, "update paused due to failure or early termination of task x");
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert!(
        matches!(&f.phase, Phase::Failed(why) if why.contains("update paused")),
        "{:?}",
        f.phase
    );
    // The task that tells why comes with the next list.
    let mut c = c.task(1, TaskState::Rejected, "No such image: x", -2);
    c.last().version = 100;
    f.update(&c.store(), later(3));
    assert!(
        f.failing.as_ref().is_some_and(|(_, why)| why.contains("No such image")),
        "{:?}",
        f.failing
    );
}

#[test]
fn many_slots_are_one_bar() {
    let mut c = cluster().manager("m1").service("web", 21);
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert_eq!((f.bars.len(), f.total), (0, 21));
}
