//! What a plan says of work that runs again: jobs, one-shots, work that repeats, paused updates.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use skep::{
    action::plan::{Change, Confirm, Document, Plan, ScaleTo},
    cluster::{Mode, RestartCondition, RestartPolicy, TaskState, UpdateState},
    grant::ClusterNo,
};

use crate::cluster_fixture::{Cluster, ago, cluster};

fn document(mode: Value) -> Document {
    Document::read(&json!({
        "ID": "id-of-work", "Version": { "Index": 7 },
        "Spec": { "Name": "work", "Labels": {}, "Mode": mode,
            "TaskTemplate": { "ContainerSpec": { "Image": "shop/api:1.8" } } },
    }))
    .unwrap()
}

fn replicated(replicas: u64) -> Document {
    document(json!({ "Replicated": { "Replicas": replicas } }))
}

fn plan(c: &Cluster, document: &Document, change: &Change) -> Plan {
    Plan::new(ClusterNo(0), std::slice::from_ref(document), change, &c.store())
}

/// What happens to the tasks, the warnings, and whether the name must be typed.
fn told(c: &Cluster, document: &Document, change: &Change) -> (String, String, bool) {
    let mut plan = plan(c, document, change);
    let typed = matches!(plan.confirm, Confirm::Type(_));
    (plan.steps.remove(0).touches, plan.warnings.join("\n"), typed)
}

fn label(document: &Document) -> Change {
    let mut spec = document.spec.clone();
    spec["Labels"]["a"] = "b".into();
    Change::Spec(Box::new(spec))
}

fn work(replicas: u64, condition: RestartCondition, delay: u64) -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("work", replicas);
    c.tasks.clear();
    let delay = Duration::from_secs(delay);
    c.last().restart = RestartPolicy { condition, delay, ..RestartPolicy::default() };
    c
}

#[test]
fn a_one_shot_that_is_done_runs_again_with_a_new_template_only() {
    for condition in [RestartCondition::None, RestartCondition::OnFailure] {
        let c = work(1, condition, 5).task(1, TaskState::Complete, "", 300);
        for change in [Change::Force, Change::Image("shop/api:1.9".into())] {
            let (text, warnings, _) = told(&c, &replicated(1), &change);
            assert_eq!(text, "no running task is replaced; 1 task starts");
            let again = "the work runs again now: 1 task (the last run ended with exit 0)";
            assert!(warnings.contains(again), "{warnings}");
        }
        let (text, warnings, _) = told(&c, &replicated(1), &label(&replicated(1)));
        assert_eq!((text.as_str(), warnings.as_str()), ("no task is touched", ""));
        let (text, warnings, _) = told(&c, &replicated(1), &Change::Scale(ScaleTo::Exactly(2)));
        assert_eq!((text.as_str(), warnings.as_str()), ("1 replica starts", ""));
    }
}

#[test]
fn work_that_waits_for_its_next_run_runs_now() {
    let mut c = work(1, RestartCondition::Any, 86_400).task(1, TaskState::Complete, "", 3_600);
    c = c.task(1, TaskState::Ready, "", 3_600);
    let task = c.tasks.last_mut().unwrap();
    (task.desired, task.created) = (TaskState::Ready, Some(ago(3_600)));
    let (text, warnings, _) = told(&c, &replicated(1), &Change::Image("shop/api:1.9".into()));
    assert_eq!(text, "no running task is replaced; 1 task starts");
    assert!(warnings.contains("1 task waits for the next run, and runs now"), "{warnings}");
}

#[test]
fn what_is_missing_starts_with_what_is_replaced() {
    let mut c = work(3, RestartCondition::Any, 5);
    for slot in 1..3 {
        c = c.task(slot, TaskState::Running, "", 300);
    }
    let (text, ..) = told(&c, &replicated(3), &Change::Force);
    assert!(text.starts_with("2 running tasks are replaced, 1 at a time"), "{text}");
    assert!(text.contains("; 1 task starts; running on "), "{text}");
}

#[test]
fn every_write_to_a_job_runs_all_of_it_again() {
    let mut c = work(3, RestartCondition::None, 5);
    c.last().mode = Mode::ReplicatedJob { concurrent: 3, total: 3 };
    for slot in 1..4 {
        c = c.task(slot, TaskState::Complete, "", 300);
        c.tasks.last_mut().unwrap().desired = TaskState::Complete;
    }
    let job = document(json!({ "ReplicatedJob": { "MaxConcurrent": 3, "TotalCompletions": 3 } }));
    let scale = |n| Change::Scale(ScaleTo::Exactly(n));
    for (change, runs) in [(label(&job), 3), (scale(5), 5), (scale(2), 2), (Change::Force, 3)] {
        let (text, warnings, _) = told(&c, &job, &change);
        assert_eq!(text, format!("the job runs again: {runs} tasks start"), "{change:?}");
        let again = "runs all of it again: 3 completed tasks of its last run are not counted";
        assert!(warnings.contains(again), "{warnings}");
    }
}

#[test]
fn any_write_resumes_a_paused_update() {
    let mut c = work(4, RestartCondition::Any, 5);
    for slot in 1..5 {
        c = c.task(slot, TaskState::Running, "", 300);
        let spec = Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec);
        spec.template = if slot < 3 { 1 } else { 2 };
    }
    c.last().template = 2;
    for (state, is_paused) in [
        (UpdateState::Paused, true),
        (UpdateState::RollbackPaused, true),
        (UpdateState::Completed, false),
    ] {
        let c = c.clone().update(state, "update paused due to failure");
        for change in [label(&replicated(4)), Change::Scale(ScaleTo::Exactly(5))] {
            let (text, warnings, typed) = told(&c, &replicated(4), &change);
            let resumes =
                "this resumes the paused update: 2 running tasks of the old spec are replaced";
            assert_eq!(warnings.contains(resumes), is_paused, "{warnings}");
            assert_eq!(text.starts_with("2 running tasks are replaced"), is_paused, "{text}");
            assert_eq!(typed, is_paused);
        }
        let (_, warnings, typed) = told(&c, &replicated(4), &Change::Image("a:3".into()));
        assert!(!warnings.contains("this resumes") && !typed, "it replaces all: {warnings}");
    }
}

#[test]
fn only_a_job_scaled_to_nothing_is_told_as_a_job() {
    let mut c = work(2, RestartCondition::Any, 5);
    for slot in 1..3 {
        c = c.task(slot, TaskState::Running, "", 300);
    }
    let (text, ..) = told(&c, &replicated(2), &Change::Scale(ScaleTo::Exactly(0)));
    assert!(text.starts_with("2 of 2 replicas stop"), "{text}");
}

/// The engine takes an early end for a failure, unless it may have as many as it likes.
#[test]
fn an_early_end_is_warned_of_where_it_does_harm() {
    let c = work(1, RestartCondition::None, 5).task(1, TaskState::Complete, "", 300);
    let warned = |policy: Value| {
        let mut document = replicated(1);
        document.spec["UpdateConfig"] = policy;
        told(&c, &document, &Change::Force).1.contains("rolls back and runs the work once more")
    };
    assert!(warned(json!({ "FailureAction": "rollback" })));
    assert!(warned(json!({ "FailureAction": "rollback", "MaxFailureRatio": 0.5 })));
    assert!(!warned(json!({ "FailureAction": "rollback", "MaxFailureRatio": 1 })));
    assert!(!warned(json!({ "FailureAction": "continue" })));
}

/// Tasks of the old spec that stop already are not replaced any more.
#[test]
fn a_resumed_update_replaces_only_what_is_wanted() {
    let mut c = work(2, RestartCondition::Any, 5);
    for slot in 1..3 {
        c = c.task(slot, TaskState::Running, "", 300);
        Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).template = 1;
    }
    c.tasks.last_mut().unwrap().desired = TaskState::Shutdown;
    c.last().template = 2;
    let c = c.update(UpdateState::Paused, "update paused due to failure");
    let (_, warnings, _) = told(&c, &replicated(2), &label(&replicated(2)));
    assert!(warnings.contains("1 running task of the old spec is replaced"), "{warnings}");
}
