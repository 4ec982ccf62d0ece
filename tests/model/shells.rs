//! A shell's plan, which task it is for, and the lines about it in the audit file.

use skep::{
    action::{
        audit::{Audit, ShellRecord},
        plan::{Confirm, Confirmation, NotApproved, ShellPlan},
    },
    cluster::{Store, TaskState, Timestamp},
    commands::{find_task, permit_shell},
    grant::{ClusterNo, ShellGrant},
    keep::History,
};

use crate::cluster_fixture::cluster;

fn store() -> Store {
    let swarm = cluster().manager("m1").node("n2").service("web", 2).service("db", 1);
    swarm.task(1, TaskState::Failed, "task: non-zero exit (1)", 600).store()
}

fn grant(production: bool) -> ShellGrant {
    permit_shell(ClusterNo(0), false, production).unwrap()
}

fn plan(grant: &ShellGrant) -> ShellPlan {
    let store = store();
    ShellPlan::new(grant, find_task(&store, "web.2").unwrap(), Vec::new(), &store).unwrap()
}

#[test]
fn a_task_is_found_as_docker_prints_it() {
    let store = store();
    let named = |called: &str| find_task(&store, called).map(|task| store.task_name(task));
    assert_eq!(named("web.2"), Ok("web.2".into()));
    let id = find_task(&store, "web.2").unwrap().id.clone();
    for called in [format!("web.2.{id}"), id.to_string()] {
        assert_eq!(named(&called), Ok("web.2".into()), "{called}");
    }
    assert_eq!(named("db"), Ok("db.1".into()), "the one that runs, not the one that failed");
    let many = named("web").unwrap_err();
    assert!(many.starts_with("'web' may be web.1 (task") && many.ends_with(": name one"), "{many}");
    assert!(named("task0").unwrap_err().contains("may be"), "the beginning of several ids");
    assert_eq!(named("nothing").unwrap_err(), "no task is called 'nothing', and no id begins so");
}

#[test]
fn only_what_runs_has_a_shell() {
    let swarm = cluster().manager("m1").service("web", 0);
    let store = swarm.task(1, TaskState::Failed, "boom", 60).store();
    let task = find_task(&store, "web.1").unwrap();
    let why = ShellPlan::new(&grant(false), task, Vec::new(), &store).unwrap_err();
    assert_eq!(why, "web.1 is not running: it is failed");
    let store = cluster().manager("m1").node("n2").service("web", 2).down("n2", "lost").store();
    let on_lost = store.tasks().find(|task| !store.is_running(task)).unwrap();
    let why = ShellPlan::new(&grant(false), on_lost, Vec::new(), &store).unwrap_err();
    assert!(why.ends_with("can't be reached: its node n2 is down"), "{why}");
}

#[test]
fn production_wants_the_name_and_another_cluster_gets_none() {
    let (easy, strict) = (grant(false), grant(true));
    assert!(plan(&easy).approve(&easy, &Confirmation::Yes).is_ok());
    let asked = plan(&strict);
    assert_eq!(asked.confirm, Confirm::Type("web.2".into()));
    for answer in [Confirmation::Yes, Confirmation::Typed("web".into())] {
        assert_eq!(asked.clone().approve(&strict, &answer).err(), Some(NotApproved::Answer));
    }
    assert!(asked.approve(&strict, &Confirmation::Typed("web.2".into())).is_ok());
    assert_eq!(
        plan(&easy).approve(&strict, &Confirmation::Yes).err(),
        Some(NotApproved::Answer),
        "a plan made before the cluster was known to be production's"
    );
    let other = permit_shell(ClusterNo(1), false, false).unwrap();
    let refused = plan(&easy).approve(&other, &Confirmation::Yes).err();
    assert_eq!(refused, Some(NotApproved::OtherCluster));
    assert!(permit_shell(ClusterNo(0), true, false).is_none(), "read-only");
}

#[test]
fn the_audit_file_and_the_next_skep_tell_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let audit = Audit::new(path.clone(), "ann".into());
    let shell = plan(&grant(false));
    let now = Timestamp::from(jiff::Timestamp::now());
    let began = now.to_string();
    audit.record_shell("swarm1", &shell, &began, None).unwrap();
    let end = ShellRecord { result: "ended", exit: Some(7), detail: String::new() };
    audit.record_shell("swarm1", &shell, &began, Some(&end)).unwrap();
    let lines: Vec<serde_json::Value> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names = |line: &serde_json::Value| -> Vec<String> {
        line.as_object().unwrap().keys().cloned().collect()
    };
    let first = [
        "format",
        "at",
        "who",
        "cluster",
        "action",
        "command",
        "task",
        "task_id",
        "service_id",
        "node",
        "node_id",
        "container",
        "began",
        "result",
    ];
    assert_eq!(names(&lines[0]), first, "the contract: fields may be added, never renamed");
    assert_eq!(names(&lines[1])[first.len()..], ["ended", "exit", "detail"]);
    assert_eq!((&lines[1]["action"], &lines[1]["exit"]), (&"shell".into(), &7.into()));
    let past = History { timeline: None, audit: path }.load("swarm1", now);
    let told: Vec<_> =
        past.entries.iter().map(|e| (&*e.name, &*e.text, e.who.as_deref())).collect();
    let host = &shell.host;
    let text = format!("shell on {host} (exit 7): bash, else sh");
    assert_eq!(told, [("web.2", &*text, Some("ann"))]);
}
