//! Work that ends: what a write makes run again, and how that is followed. Every case was measured on
//! engines 20.10, 26.1 and 28.5.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use skep::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, Confirm, Document, Plan, ScaleTo},
    },
    cluster::{Mode, NodeState, RestartCondition, TaskState, Timestamp, UpdateState},
    grant::ClusterNo,
};

use crate::cluster_fixture::{Cluster, NOW, cluster};

const PAUSED: &str = "update paused due to failure or early termination of task ";

/// A service of `n` replicas whose tasks all ended with exit 0.
fn ended(n: u64, condition: RestartCondition, delay: u64) -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("work", 0);
    c.last().mode = Mode::Replicated(n);
    c.last().restart.condition = condition;
    c.last().restart.delay = Duration::from_secs(delay);
    for slot in 1..=n {
        c = c.task(slot, TaskState::Complete, "", 100);
    }
    c
}

fn one_shot(n: u64) -> Cluster {
    ended(n, RestartCondition::None, 5)
}

/// As [`ended`], the next runs wait for the restart delay.
fn cron() -> Cluster {
    let mut c = ended(1, RestartCondition::Any, 86_400).task(1, TaskState::Ready, "", 98);
    c.tasks.last_mut().unwrap().desired = TaskState::Ready;
    c
}

fn job(done: u64, total: u64) -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("work", 0);
    c.last().mode = Mode::ReplicatedJob { concurrent: total, total };
    for slot in 1..=total {
        let state = if slot <= done { TaskState::Complete } else { TaskState::Running };
        c = c.task(slot, state, "", 100);
        c.tasks.last_mut().unwrap().desired = TaskState::Complete;
    }
    c
}

fn document(mode: &Value) -> Document {
    Document::read(&json!({
        "ID": "id-of-work", "Version": { "Index": 7 },
        "Spec": { "Name": "work", "Mode": mode,
            "TaskTemplate": { "ContainerSpec": { "Image": "api:1" } } },
    }))
    .unwrap()
}

fn replicas(n: u64) -> Value {
    json!({ "Replicated": { "Replicas": n } })
}

fn completions(n: u64) -> Value {
    json!({ "ReplicatedJob": { "MaxConcurrent": n, "TotalCompletions": n } })
}

fn plan(document: &Document, change: Change, c: &Cluster) -> Plan {
    Plan::new(ClusterNo(0), std::slice::from_ref(document), &change, &c.store())
}

#[test]
fn a_run_that_ends_early_stops_the_update() {
    let mut document = document(&replicas(3));
    let said =
        |document: &Document, change| plan(document, change, &one_shot(3)).warnings.join("\n");
    assert!(said(&document, Change::Force).contains("within 5s"));
    assert!(said(&document, Change::Force).contains("the other tasks do not run"));
    document.spec["UpdateConfig"] = json!({ "Parallelism": 0 });
    assert!(!said(&document, Change::Force).contains("within"), "all run at once");
    document.spec["UpdateConfig"] =
        json!({ "FailureAction": "rollback", "Monitor": 9_000_000_000_u64 });
    let warned = said(&document, Change::Force);
    assert!(
        warned.contains("within 9s") && warned.contains("rolls back and runs the work once more")
    );
    document.spec["UpdateConfig"] = json!({ "FailureAction": "continue" });
    assert!(!said(&document, Change::Force).contains("within"));
}

#[test]
fn what_runs_of_a_job_is_stopped_and_no_completions_run_nothing() {
    let mut label = document(&completions(3)).spec;
    label["Labels"] = json!({ "a": "b" });
    let plan_of = plan(&document(&completions(3)), Change::Spec(Box::new(label)), &job(1, 3));
    assert_eq!(
        plan_of.steps[0].touches,
        "2 running tasks are stopped; the job runs again: 3 tasks start"
    );
    let zero = plan(&document(&completions(2)), Change::Scale(ScaleTo::Exactly(0)), &job(2, 2));
    assert_eq!(zero.steps[0].touches, "no task of the job runs");
    assert!(!zero.warnings.join("\n").contains("runs all of it"), "{:?}", zero.warnings);
}

#[test]
fn what_is_done_is_scaled_to_nothing_without_alarm() {
    let zero = || Change::Scale(ScaleTo::Exactly(0));
    let done = plan(&document(&replicas(1)), zero(), &one_shot(1));
    assert!(done.warnings.is_empty() && done.confirm == Confirm::Yes, "{:?}", done.warnings);
    let waits = plan(&document(&replicas(1)), zero(), &cron());
    assert_eq!(waits.warnings, ["its next run will not start"]);
    assert!(waits.confirm == Confirm::Yes);
    let serves = cluster().manager("m1").service("backup", 1);
    let serves = plan(&document(&replicas(1)), zero(), &serves);
    assert!(serves.warnings[0].contains("gone for its users") && serves.confirm != Confirm::Yes);
}

#[test]
fn the_engines_own_rollback_is_named_as_why_there_is_no_way_back() {
    let c = one_shot(1).update(UpdateState::RollbackCompleted, "rollback completed");
    let refused = plan(&document(&replicas(1)), Change::Rollback, &c).refused;
    assert!(refused[0].contains("the engine rolled its last update back"), "{refused:?}");
    let refused = plan(&document(&replicas(1)), Change::Rollback, &one_shot(1)).refused;
    assert!(refused[0].ends_with("it was never updated"), "{refused:?}");
}

/// While it rolls back, the engine takes a slot whose task ended for none.
#[test]
fn a_rollback_runs_finished_work_again_be_it_by_a_label() {
    let mut document = document(&replicas(1));
    let mut previous = document.spec.clone();
    previous["Labels"] = json!({ "a": "b" });
    document.previous = Some(previous);
    let back = plan(&document, Change::Rollback, &one_shot(1));
    assert_eq!(back.steps[0].touches, "1 task starts");
    assert!(back.warnings.join("\n").contains("the work runs again now: 1 task"));
    let back = plan(&document, Change::Rollback, &cron());
    assert_eq!(back.steps[0].touches, "no task is touched", "it waits on");
    let mut previous = document.spec.clone();
    previous["TaskTemplate"]["ContainerSpec"]["Image"] = "api:0".into();
    document.previous = Some(previous);
    document.spec["UpdateConfig"] = json!({ "FailureAction": "rollback" });
    let back = plan(&document, Change::Rollback, &one_shot(1));
    assert!(back.warnings.join("\n").contains("the work runs again now: 1 task"));
    assert!(!back.warnings.join("\n").contains("within"), "no end is watched");
}

fn later(secs: i64) -> Timestamp {
    NOW.shifted(secs * 1_000_000_000)
}

/// `c` after a redeploy at [`NOW`] of which the tasks in `slots` came to `state`, one second later.
fn updated(mut c: Cluster, slots: &[u64], state: &TaskState, err: &str) -> Cluster {
    c.last().version = 100;
    c.last().template = 2;
    for slot in slots {
        c = c.task(*slot, state.clone(), err, -1);
        let task = c.tasks.last_mut().unwrap();
        task.created = Some(NOW);
        Arc::make_mut(&mut task.spec).template = 2;
    }
    c
}

fn followed(n: u64, c: &Cluster) -> Follow {
    let plan = plan(&document(&replicas(n)), Change::Force, &one_shot(n));
    let mut follow = Follow::new(&plan.steps[0], NOW);
    follow.sent(100);
    follow.update(&c.store(), later(2));
    follow
}

fn paused(c: Cluster) -> Cluster {
    let task = c.tasks.last().unwrap().id.clone();
    c.update(UpdateState::Paused, &format!("{PAUSED}{}", task.as_str()))
}

#[test]
fn a_one_shot_that_ran_has_not_failed() {
    for condition in [RestartCondition::None, RestartCondition::OnFailure] {
        let f =
            followed(1, &paused(updated(ended(1, condition, 5), &[1], &TaskState::Complete, "")));
        assert_eq!((f.phase, f.ran, f.failing), (Phase::Done, true, None));
    }
    let f = followed(1, &updated(one_shot(1), &[1], &TaskState::Complete, ""));
    assert_eq!((f.phase, f.ran), (Phase::Done, true), "with failure action continue");
    let f = followed(3, &paused(updated(one_shot(3), &[1, 3], &TaskState::Complete, "")));
    assert!(
        matches!(&f.phase, Phase::Failed(why) if why.starts_with("2 of 3 ran, exit 0; the other is not")),
        "{:?}",
        f.phase
    );
    assert_eq!(f.failing, None);
    let failed = updated(one_shot(1), &[1], &TaskState::Failed, "task: non-zero exit (3)");
    let f = followed(1, &paused(failed));
    assert!(matches!(&f.phase, Phase::Failed(why) if why.starts_with("update paused")));
    assert!(f.failing.is_some());
    // A server that ends, be it with exit 0, does not serve.
    let server = ended(1, RestartCondition::Any, 5);
    let f = followed(1, &paused(updated(server, &[1], &TaskState::Complete, "")));
    assert!(matches!(f.phase, Phase::Failed(_)), "{:?}", f.phase);
}

#[test]
fn a_successful_run_that_the_engine_rolled_back_is_told_as_such() {
    let mut c = updated(one_shot(1), &[1], &TaskState::Complete, "");
    c.last().template = 1;
    let c = c.task(1, TaskState::Complete, "", -2);
    let c = c.update(UpdateState::RollbackCompleted, "rollback completed");
    let f = followed(1, &c);
    assert!(
        matches!(&f.phase, Phase::Failed(why) if why.starts_with("ran, exit 0, but the engine")),
        "{:?}",
        f.phase
    );
}

#[test]
fn a_job_that_is_scaled_is_done_when_its_new_run_is() {
    let mut c = job(5, 5);
    c.last().version = 100;
    c.last().run = 1;
    c.last().mode = Mode::ReplicatedJob { concurrent: 5, total: 2 };
    let plan = plan(&document(&completions(5)), Change::Scale(ScaleTo::Exactly(2)), &job(5, 5));
    let mut f = Follow::new(&plan.steps[0], NOW);
    f.sent(100);
    f.update(&c.store(), later(1));
    assert_eq!((f.phase.clone(), f.done, f.total), (Phase::Converging, 0, 2), "the old run's");
    for slot in 1..=2 {
        c = c.task(slot, TaskState::Complete, "", -2);
        c.tasks.last_mut().unwrap().desired = TaskState::Complete;
    }
    f.update(&c.store(), later(3));
    assert_eq!((f.phase.clone(), f.done, f.ran), (Phase::Done, 2, true));
}

#[test]
fn what_serves_while_an_update_goes_on_is_counted() {
    let mut c = cluster().manager("m1").node("n2").service("work", 3);
    c.last().version = 100;
    c.last().template = 2;
    let f = followed(3, &c);
    assert_eq!((f.done, f.total, f.running), (0, 3, 3));
}

/// Only what ran of the new spec, since the write, says that the work was done.
#[test]
fn a_rollback_for_another_reason_is_told_in_the_engines_words() {
    let back = |c: Cluster| {
        let f = followed(1, &c.update(UpdateState::RollbackCompleted, "rollback completed"));
        let Phase::Failed(why) = f.phase else { panic!("{:?}", f.phase) };
        why
    };
    // A server that ends, be it with exit 0.
    let mut server = updated(ended(1, RestartCondition::Any, 5), &[1], &TaskState::Complete, "");
    server.last().template = 1;
    assert_eq!(back(server), "rolled back: rollback completed");
    // What ran before the write, of a spec before that.
    let mut old = updated(one_shot(1), &[1], &TaskState::Complete, "");
    old.tasks.last_mut().unwrap().created = Some(later(-3_600));
    old.last().template = 1;
    assert_eq!(back(old), "rolled back: rollback completed");
    // That the old spec, run once more, fails is no reason for the rollback.
    let mut again = updated(one_shot(1), &[1], &TaskState::Complete, "");
    again.last().template = 1;
    let mut again = again.task(1, TaskState::Failed, "task: non-zero exit (3)", -2);
    again.tasks.last_mut().unwrap().created = Some(later(2));
    assert!(back(again).starts_with("ran, exit 0, but the engine"));
}

/// What a job completed is done, also if the node where it ran is down since.
#[test]
fn a_completed_task_counts_though_its_node_is_lost() {
    let mut c = job(2, 2);
    c.last().version = 100;
    let plan = plan(&document(&completions(3)), Change::Scale(ScaleTo::Exactly(2)), &job(3, 3));
    let mut f = Follow::new(&plan.steps[0], NOW);
    f.sent(100);
    c.nodes[1].state = NodeState::Down;
    f.update(&c.store(), later(1));
    assert_eq!((f.phase, f.done, f.total), (Phase::Done, 2, 2));
}
