//! Remedies that can work, beginnings and changes that are true.

use std::sync::Arc;

use serde_json::json;
use skep::{
    action::plan::{Change, Document, Plan},
    cluster::{Port, PublishMode, Resources, Subject, TaskState, UpdateState},
    grant::ClusterNo,
    triage::{Began, Problem, Remedy, Severity, Thresholds, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster};

fn first(cluster: &Cluster) -> Arc<Problem> {
    problems(&cluster.store(), NOW, &Thresholds::default()).remove(0)
}

fn offers(cluster: &Cluster, remedy: Remedy) -> bool {
    first(cluster).remedies.iter().any(|(r, _)| *r == remedy)
}

/// One task, which failed so.
fn failing(state: TaskState, err: &str) -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("web", 1);
    c.tasks.clear();
    c.task(1, state, err, 20)
}

fn spec(image: &str) -> Arc<str> {
    format!(r#"{{"TaskTemplate":{{"ContainerSpec":{{"Image":"{image}"}}}}}}"#).into()
}

#[test]
fn a_rollback_is_offered_only_to_another_spec_that_did_not_fail() {
    let mut c = failing(TaskState::Failed, "task: non-zero exit (3)");
    c.last().spec = spec("api:1.9");
    assert!(!offers(&c, Remedy::Rollback), "it was never updated");
    c.last().previous = Some(spec("api:1.9"));
    assert!(!offers(&c, Remedy::Rollback), "the one before is the same");
    c.last().previous = Some(spec("api:1.8"));
    c.last().previous_template = Some(2);
    assert!(offers(&c, Remedy::Rollback));
    // Rolled back on demand: the spec before is the one that failed.
    let mut c = c.task(1, TaskState::Failed, "task: non-zero exit (7)", 90);
    Arc::make_mut(&mut c.tasks[1].spec).template = 2;
    let c = c.update(UpdateState::RollbackCompleted, "rollback completed");
    assert!(!offers(&c, Remedy::Rollback), "it would return to what failed");
}

#[test]
fn a_log_is_offered_only_where_there_was_a_container() {
    assert!(offers(&failing(TaskState::Failed, "task: non-zero exit (3)"), Remedy::Logs));
    assert!(!offers(&failing(TaskState::Rejected, "No such image: api:1.9"), Remedy::Logs));
    let unmade = "starting container failed: unable to find user nosuchuser";
    assert!(!offers(&failing(TaskState::Failed, unmade), Remedy::Logs), "it never ran");
}

#[test]
fn a_rollback_tells_when_it_changes_nothing_or_returns_to_what_failed() {
    let mut c = failing(TaskState::Failed, "task: non-zero exit (7)");
    c.tasks[0].spec = {
        let mut spec = (*c.tasks[0].spec).clone();
        spec.template = 2;
        Arc::new(spec)
    };
    c.last().previous = Some(spec("api:1.9"));
    c.last().previous_template = Some(2);
    let mut c = c.update(UpdateState::RollbackCompleted, "rollback completed");
    let of =
        |image: &str| json!({"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": image}}});
    let document = |previous: &str| Document {
        target: c.services[0].id.clone().into(),
        name: "web".into(),
        version: 7,
        spec: of("api:1.8"),
        previous: Some(of(previous)),
    };
    let plan =
        |c: &Cluster, d: Document| Plan::new(ClusterNo(0), &[d], &Change::Rollback, &c.store());
    let back = plan(&c, document("api:1.9"));
    let says = "the last rollback left this spec: this returns to it, and its tasks failed (task: non-zero exit (7))";
    assert!(back.warnings.iter().any(|w| w == says), "{:?}", back.warnings);
    let same = document("api:1.8");
    let nothing = plan(&c, same);
    assert!(nothing.is_empty() && nothing.refused[0].contains("changes nothing"));
    let update = document("api:1.9");
    c.last().update = None;
    assert!(!plan(&c, update).warnings.iter().any(|w| w.contains("rollback left")));
}

#[test]
fn what_never_ran_is_told_since_its_creation() {
    let mut c = failing(TaskState::Rejected, "No such image: api:1.9");
    c.last().created = Some(ago(1_440));
    assert_eq!(first(&c).since, Began::At(ago(1_440)));
    assert!(first(&c).why.starts_with("it never ran since it was created"), "{}", first(&c).why);
    for age in [2, 8, 14] {
        c = c.task(1, TaskState::Rejected, "No such image: api:1.9", age);
    }
    let full = first(&c);
    assert_eq!(full.since, Began::At(ago(1_440)), "the kept history is full");
    assert!(full.why.starts_with("as far as the manager remembers, it never ran"), "{}", full.why);
    // It ran once: no longer so.
    let ran = c.clone().task(1, TaskState::Failed, "task: non-zero exit (1)", 30);
    assert_ne!(first(&ran).since, Began::At(ago(1_440)));
    let updated = c.update(UpdateState::Updating, "update in progress");
    assert_ne!(first(&updated).since, Began::At(ago(1_440)));
}

#[test]
fn the_spec_changed_when_it_did_not_when_its_object_was_written() {
    let changed = |c: &Cluster| c.store().changed(&c.services[0]);
    let mut c = cluster().manager("m1").service("web", 1);
    // A lost quorum returned: nobody changed anything.
    c.last().updated = Some(ago(5));
    assert_eq!(changed(&c), Some(ago(12 * 86_400)));
    // An update: its end writes the object as well.
    let mut updated = c.clone().update(UpdateState::Completed, "update completed");
    updated.last().updated = Some(ago(5));
    assert_eq!(changed(&updated), Some(ago(130)));
    // A scale has no status.
    c.last().spec = spec("api:1.9");
    c.last().previous = Some(spec("api:1.8"));
    assert_eq!(changed(&c), Some(ago(5)));
    // Written again without a change: when it changed is not known, unless it was seen.
    c.last().previous = Some(spec("api:1.9"));
    assert_eq!(changed(&c), None);
    let mut store = c.store();
    let subject = Subject::Service(c.services[0].id.clone());
    store.recall(vec![skep::cluster::Entry {
        seq: 0,
        kept: true,
        at: ago(700),
        kind: "service".into(),
        name: "web".into(),
        text: "image api:1.8 → api:1.9".into(),
        subject,
        gravity: skep::cluster::Gravity::Note,
        meaning: skep::cluster::Meaning::Change,
        who: None,
    }]);
    assert_eq!(store.changed(&c.services[0]), Some(ago(700)));
}

/// An update that starts first and has no place for the new task beside the old one.
fn stuck(fill: impl FnOnce(&mut Cluster), err: &str) -> Cluster {
    let mut c = cluster().manager("n1").service("web", 1);
    fill(&mut c);
    let mut c = c.update(UpdateState::Updating, "update in progress");
    c.last().update_config.order = "start-first".into();
    c.last().template = 2;
    let mut c = c.task(1, TaskState::Pending, err, 60);
    let task = c.tasks.last_mut().unwrap();
    task.node = None;
    Arc::make_mut(&mut task.spec).template = 2;
    c
}

#[test]
fn a_stuck_update_is_freed_by_its_order_first() {
    let port = |c: &mut Cluster| {
        c.last().ports.push(Port {
            protocol: "tcp".into(),
            target: 80,
            published: 5000,
            mode: PublishMode::Host,
        });
    };
    let memory = |c: &mut Cluster| {
        c.last().reserved.memory = 5 << 30;
        Arc::make_mut(&mut c.tasks[0].spec).reserved.memory = 5 << 30;
    };
    let max = |c: &mut Cluster| {
        c.last().max_per_node = 1;
        Arc::make_mut(&mut c.tasks[0].spec).max_per_node = 1;
    };
    let host = stuck(port, "no suitable node (host-mode port already in use on 1 node)");
    let fat = stuck(memory, "no suitable node (insufficient resources on 1 node)");
    let full = stuck(max, "no suitable node (max replicas per node limit exceed)");
    for c in [host, fat, full] {
        let found = first(&c);
        assert_eq!(found.rule, "update-stuck", "{found:?}");
        let (remedy, words) = &found.remedies[0];
        assert_eq!(*remedy, Remedy::Update, "{found:?}");
        assert!(words.starts_with("order stop-first (Ctrl-e: UpdateConfig.Order)"), "{words}");
        let scale = found.remedies.iter().any(|(remedy, _)| *remedy == Remedy::Scale);
        assert!(!scale, "{:?}", found.remedies);
        assert!(!found.message.contains("fits once a node"), "{}", found.message);
    }
}

#[test]
fn a_rolled_back_update_is_told_while_it_is_recent_though_the_service_is_short() {
    let at = |age: i64| {
        let mut c = cluster().manager("m1").node("n2").service("web", 2);
        c.tasks.pop();
        c.last().limits = Resources::default();
        let mut c = c.task(2, TaskState::Failed, "task: non-zero exit (3)", 20).update(
            UpdateState::RollbackCompleted,
            "update rolled back due to failure or early termination of task x",
        );
        c.last().update.as_mut().unwrap().completed = Some(ago(age));
        // It was made of the spec that failed.
        Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).template = 77;
        first(&c)
    };
    let recent = at(60);
    assert_eq!((recent.rule, recent.severity), ("update-rolled-back", Severity::Warning));
    assert!(recent.message.starts_with("web 1/2: update rolled back"), "{}", recent.message);
    assert_eq!(at(3_600).rule, "service-below");
}
