//! Problems stand in one order, whoever tells them.

use std::time::Duration;

use skep::{
    cluster::{Since, TaskState, UpdateState},
    commands::{Taken, check},
    triage::Thresholds,
};

use crate::{
    cluster_fixture::{Cluster, ago, cluster},
    driver::Driver,
};

/// Criticals that hurt alike, of different ages: some are older than what the manager remembers.
fn trouble() -> Cluster {
    let mut c = cluster().manager("mgr-1").manager("mgr-2").manager("mgr-3").node("node-4");
    for (name, newest, kept) in
        [("m_old", 4, 5), ("a_new", 9, 1), ("z_mid", 40, 2), ("b_full", 3, 5)]
    {
        c = c.service(name, 2);
        c.tasks.retain(|t| t.service.as_str() != format!("id-of-{name}"));
        for slot in 1..=2 {
            for round in 0..kept {
                c = c.task(slot, TaskState::Failed, "task: non-zero exit (3)", newest + 6 * round);
            }
        }
    }
    c = c.service("k_paused", 2);
    c = c.task(1, TaskState::Failed, "task: non-zero exit (1)", 100);
    c = c.update(UpdateState::Paused, "update paused due to failure of task x");
    c.down("node-4", "heartbeat failure")
}

/// The services named in a text, in the order of their first mention in a line with `word`.
fn order(text: &str, word: &str) -> Vec<&'static str> {
    let names = ["m_old", "a_new", "z_mid", "b_full", "k_paused", "node-4"];
    let mut found = Vec::new();
    for line in text.lines().filter(|line| line.contains(word)) {
        let line = line.replace('\\', "");
        let first = |name: &&&str| line.contains(**name);
        let first = names.iter().filter(first).min_by_key(|name| line.find(**name));
        found.extend(first.filter(|name| !found.contains(*name)));
    }
    found
}

#[test]
fn check_report_and_screen_order_problems_alike() {
    let mut c = trouble();
    let mut driver = Driver::new(&c, false);
    // It watches for a while: what it knows the beginning of no list tells any more.
    driver.later(30);
    for task in c.tasks.iter_mut().filter(|t| t.state == TaskState::Failed) {
        task.version += 100_000;
        task.since = task.since.map(|at| at.shifted(30_000_000_000));
    }
    driver.heard(c.deltas(9));
    driver.keys("7");
    let screen = order(&driver.screen(200, 60), "✗ critical");
    let new = order(&driver.screen(200, 60), " new ");
    // What is new stands before the rest on screens, and only there.
    let in_front = |told: Vec<&'static str>| -> Vec<&'static str> {
        let (front, rest): (Vec<_>, Vec<_>) = told.into_iter().partition(|one| new.contains(one));
        [front, rest].concat()
    };
    assert!(!new.is_empty() && new.len() < 6, "{new:?}");
    let (name, endpoint) = ("prod".into(), "unix:///x".into());
    let (age, limits) = (Duration::ZERO, Thresholds::default());
    let taken = Taken::new(c.store(), driver.now, name, endpoint, age, &limits);
    let report = taken.incident(Since::At(ago(3_600))).markdown();
    let summary = report.split("## Findings").next().unwrap();
    let (_, told) = check(&[Ok(taken)], false);
    assert_eq!(screen.len(), 6, "{screen:?}\n{}", driver.screen(200, 60));
    assert_eq!(in_front(order(&told, "critical")), screen, "{told}");
    assert_eq!(in_front(order(summary, "**critical**")), screen, "{report}");
    driver.keys("8");
    let all = driver.screen(200, 60);
    let all = all.split("Problems").nth(1).unwrap();
    assert_eq!(order(all, "✗"), screen, "{all}");
}
