//! An update that the engine rolled back: what is told is the update that failed, once.

use std::sync::Arc;

use skep::{
    cluster::{Delta, ListId, Meaning, Scope, Store, TaskState, UpdateState, UpdateStatus},
    triage::{Began, Problem, Severity, Thresholds, Triage, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster, listed};

const WHY: &str = "update rolled back due to failure or early termination of task x";

fn spec(tag: &str) -> Arc<str> {
    let args = if tag == "1.1" { r#","Args":["false"]"# } else { "" };
    format!(r#"{{"TaskTemplate":{{"ContainerSpec":{{"Image":"lab/app:{tag}"{args}}}}}}}"#)
        .as_str()
        .into()
}

/// `web`, of two replicas, before its update.
fn before() -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 2);
    let web = c.last();
    (web.image, web.spec) = ("lab/app:1.0".into(), spec("1.0"));
    for task in &mut c.tasks {
        Arc::make_mut(&mut task.spec).image = "lab/app:1.0".into();
    }
    c
}

/// The service while it is updated.
fn updating(mut c: Cluster) -> Cluster {
    c = c.update(UpdateState::Updating, "update in progress");
    let web = c.last();
    web.version += 1_000;
    (web.image, web.spec) = ("lab/app:1.1".into(), spec("1.1"));
    (web.previous, web.previous_template) = (Some(spec("1.0")), Some(1));
    web.template = 77;
    (web.updated, web.update.as_mut().unwrap().started) = (Some(ago(60)), Some(ago(60)));
    c
}

/// A task of the new spec failed.
fn failed(mut c: Cluster) -> Cluster {
    c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 50);
    let task = c.tasks.last_mut().unwrap();
    let spec = Arc::make_mut(&mut task.spec);
    (spec.template, spec.image) = (77, "lab/app:1.1".into());
    c
}

/// The engine went back to the spec before.
fn rolled_back(mut c: Cluster) -> Cluster {
    let web = c.last();
    web.version += 1_000;
    (web.image, web.spec, web.template) = ("lab/app:1.0".into(), spec("1.0"), 1);
    (web.previous, web.previous_template) = (None, None);
    web.updated = Some(ago(45));
    web.update = Some(UpdateStatus {
        state: UpdateState::RollbackCompleted,
        message: WHY.into(),
        started: Some(ago(60)),
        completed: Some(ago(45)),
    });
    c
}

fn tell_tasks(store: &mut Store, c: &Cluster, list: u64, age: i64) {
    let list = ListId(list);
    store.apply(Delta::TasksBegin(list, Scope::All), ago(age));
    store.apply(Delta::Tasks(list, c.tasks.clone()), ago(age));
    store.apply(Delta::TasksEnd(list), ago(age));
}

fn loud(all: &[Arc<Problem>]) -> Vec<&Problem> {
    all.iter().map(|p| &**p).filter(|p| p.severity > Severity::Advice).collect()
}

#[test]
fn what_the_failed_update_changed_is_told_once() {
    let mut triage = Triage::new(Thresholds::default());
    let c = before();
    let mut store = c.store();
    triage.update(&mut store, ago(70));
    // The update, and the task that fails of it.
    let mut c = updating(c);
    store.apply(listed(&c.services), ago(59));
    c.tasks.retain(|t| t.slot != 1);
    let mut c = failed(c);
    tell_tasks(&mut store, &c, 5, 49);
    triage.update(&mut store, ago(49));
    assert_eq!(loud(triage.problems()).len(), 1, "{:?}", triage.problems());
    // The tasks are told before the service: it looks well for a moment.
    c = c.task(1, TaskState::Running, "", 46);
    let old = c.tasks.last_mut().unwrap();
    Arc::make_mut(&mut old.spec).image = "lab/app:1.0".into();
    tell_tasks(&mut store, &c, 6, 45);
    triage.update(&mut store, ago(45));
    assert!(triage.problems()[0].resolved.is_some(), "{:?}", triage.problems());
    c = rolled_back(c);
    store.apply(listed(&c.services), ago(43));
    triage.update(&mut store, ago(43));
    let all = triage.problems();
    let told = loud(all);
    assert_eq!((told.len(), told[0].rule), (1, "update-rolled-back"), "{told:?}");
    assert_eq!(told[0].times, 1, "it is one event");
    assert_eq!(told[0].since, Began::At(ago(50)), "since it failed, not since it was undone");
    let change = told[0].before.as_ref().unwrap();
    assert_eq!(change.text, "image lab/app:1.0 → lab/app:1.1, command changed");
    assert_eq!(change.at, ago(60));
    // In the time line the engine's own step is none of a user's changes.
    let of = |meaning| {
        let of = store.journal().iter().filter(move |e| e.meaning == meaning);
        of.map(|e| e.text.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of(Meaning::Change), ["image lab/app:1.0 → lab/app:1.1, command changed"]);
    assert_eq!(
        of(Meaning::Other).iter().filter(|text| text.contains("engine")).collect::<Vec<_>>(),
        ["rolled back by the engine: image lab/app:1.1 → lab/app:1.0, command changed"]
    );
}

#[test]
fn skep_started_later_reads_the_failed_update_from_its_tasks() {
    let c = rolled_back(failed(before()));
    let all = problems(&c.store(), NOW, &Thresholds::default());
    let told = loud(&all);
    assert_eq!((told.len(), told[0].rule), (1, "update-rolled-back"));
    assert_eq!(told[0].since, Began::At(ago(50)));
    let change = told[0].before.as_ref().unwrap();
    assert_eq!((change.text.as_str(), change.at), ("image lab/app:1.0 → lab/app:1.1", ago(60)));
    // The image was the same: something else of the spec was not.
    let mut c = rolled_back(failed(before()));
    Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).image = "lab/app:1.0".into();
    let all = problems(&c.store(), NOW, &Thresholds::default());
    let change = loud(&all)[0].before.clone().unwrap();
    assert_eq!(change.text, "another spec of the same image lab/app:1.0");
}

#[test]
fn a_rollback_that_someone_asked_for_is_their_change() {
    let mut c = updating(before());
    let mut store = c.store();
    let web = c.last();
    web.version += 1_000;
    (web.image, web.spec, web.template) = ("lab/app:1.0".into(), spec("1.0"), 1);
    (web.previous, web.previous_template) = (Some(spec("1.1")), Some(77));
    web.update = Some(UpdateStatus {
        state: UpdateState::RollbackStarted,
        message: "manually requested rollback".into(),
        started: Some(ago(30)),
        completed: Some(ago(0)),
    });
    web.updated = Some(ago(30));
    store.apply(listed(&c.services), ago(29));
    let said = store.journal().iter().rfind(|e| e.meaning == Meaning::Change);
    let said = said.map(|e| (&*e.text, e.at));
    assert_eq!(said, Some(("image lab/app:1.1 → lab/app:1.0, command changed", ago(30))));
}

/// The only finding above advice: its rule, and what it says.
fn only(c: &Cluster) -> (&'static str, String) {
    let all = problems(&c.store(), NOW, &Thresholds::default());
    let told = loud(&all);
    assert_eq!(told.len(), 1, "{told:?}");
    (told[0].rule, told[0].message.clone())
}

const UNDONE: &str = "update rolled back: task: non-zero exit (3)";

#[test]
fn what_fails_after_a_rollback_is_no_cause_of_it() {
    let undone = rolled_back(failed(before()));
    assert_eq!(only(&undone), ("update-rolled-back", format!("web 2/2: {UNDONE}")));
    for err in ["task: non-zero exit (137)", "task: non-zero exit (1)", "No such container: x"] {
        // It was started again.
        let c = undone.clone().task(1, TaskState::Failed, err, 20);
        assert_eq!(only(&c), ("update-rolled-back", format!("web 2/2: {UNDONE}")));
    }
    // It was not, and that is another story; also if nothing runs any more.
    let killed = "killed (exit 137)";
    for (left, rule) in [(1, "service-below"), (0, "service-down")] {
        let mut c = undone.clone();
        c.tasks.retain(|t| t.state != TaskState::Running || t.slot > 2 - left);
        for slot in 1..=2 - left {
            c = c.task(slot, TaskState::Failed, "task: non-zero exit (137)", 20);
        }
        let (told, said) = only(&c);
        assert!(told == rule && said.contains(killed), "{told} {said}");
        assert!(!said.contains("rolled back"), "{said}");
    }
}

#[test]
fn a_rollback_is_told_without_a_gap_while_the_service_is_short() {
    for age in [10, 45, 3_600] {
        let mut c = rolled_back(before());
        let update = c.last().update.as_mut().unwrap();
        (update.started, update.completed) = (Some(ago(age + 10)), Some(ago(age)));
        c.tasks.pop();
        // Its node was lost; the next task has just been made.
        let c = c.task(2, TaskState::Preparing, "", 2);
        assert_eq!(only(&c), ("update-rolled-back", "web 1/2: update rolled back".into()), "{age}");
    }
}
