//! What is new among the problems: it stands in front for some minutes, and then where its harm puts it.

use std::sync::Arc;

use skep::{
    cluster::{Beginning, NodeState, TaskState, UpdateState},
    triage::{Problem, Quiet, Thresholds, Triage, problems},
};

use crate::{
    cluster_fixture::{Cluster, NOW, ago, cluster},
    triage::Watched,
};

/// A Swarm with a service whose image has been missing for eleven minutes.
fn with_an_old_one() -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").node("n4").service("db", 1);
    c.tasks.clear();
    c.last().created = Some(ago(660));
    c.task(1, TaskState::Rejected, "No such image: shop/db:9", 660)
}

fn loud(all: &[Arc<Problem>]) -> Vec<&Problem> {
    all.iter().map(|p| &**p).filter(|p| p.is_loud()).collect()
}

#[test]
fn a_new_problem_stands_before_a_worse_old_one_for_some_minutes() {
    let mut w = Watched::new(with_an_old_one());
    let first = w.after(1).to_vec();
    assert_eq!(first[0].object, "db");
    assert!(!first[0].is_new(w.now), "it was there eleven minutes ago");
    w.node("n4", NodeState::Down);
    w.after(1);
    let now = w.now;
    let all = w.after(12).to_vec();
    let all = loud(&all);
    assert_eq!((&*all[0].object, &*all[1].object), ("n4", "db"), "{all:?}");
    assert!(all[0].is_new(w.now) && !all[1].is_new(w.now));
    assert!(all[0].severity < all[1].severity || all[0].harm < all[1].harm, "{all:?}");
    assert_eq!(all[0].noticed, Some(now));
    let all = w.after(6 * 60).to_vec();
    let all = loud(&all);
    assert_eq!((&*all[0].object, &*all[1].object), ("db", "n4"), "then the worst is first");
    assert!(all.iter().all(|p| !p.is_new(w.now)));
}

#[test]
fn one_look_orders_by_harm_alone() {
    let mut w = Watched::new(with_an_old_one());
    w.after(1);
    w.node("n4", NodeState::Down);
    w.after(1);
    let fresh = problems(&w.store, w.now, &Thresholds::default());
    let by_harm: Vec<_> = fresh.iter().map(|p| p.urgency()).collect();
    assert!(by_harm.is_sorted(), "{by_harm:?}");
}

#[test]
fn a_paused_update_of_a_service_that_was_short_is_new() {
    let mut w = Watched::new(with_an_old_one().service("shop", 3));
    let tasks = &mut w.cluster.tasks;
    let task = tasks.iter_mut().find(|t| t.service.as_str() == "id-of-shop").unwrap();
    task.version += 1_000;
    (task.state, task.desired) = (TaskState::Failed, TaskState::Shutdown);
    (task.since, task.err) = (Some(NOW), "task: non-zero exit (3)".into());
    w.after(5);
    let all = w.after(20 * 60).to_vec();
    assert!(loud(&all).iter().all(|p| !p.is_new(w.now)), "{all:?}");
    w.cluster = w.cluster.clone().update(UpdateState::Paused, "update paused");
    let (now, service) = (w.now, w.cluster.last());
    service.version += 1_000;
    service.update.as_mut().unwrap().started = Some(now);
    let all = w.after(1).to_vec();
    let first = loud(&all)[0];
    assert_eq!((&*first.object, first.rule), ("shop", "update-paused"), "{all:?}");
    assert!(first.is_new(w.now), "its update paused just now");
}

#[test]
fn what_is_known_is_not_new() {
    let mut w = Watched::new(with_an_old_one());
    w.after(1);
    w.node("n4", NodeState::Down);
    let all = w.after(1).to_vec();
    let node = loud(&all)[0].clone();
    assert_eq!(node.object, "n4");
    w.triage.quiet(&node, Some(Quiet::Acknowledged), w.now);
    assert_eq!(loud(w.triage.problems())[0].object, "db");
    let known = w.triage.problems().iter().find(|p| p.object == "n4").unwrap();
    assert!(!known.is_new(w.now));
}

#[test]
fn a_warning_that_comes_and_goes_is_no_news_any_more() {
    let mut w = Watched::new(with_an_old_one());
    w.after(1);
    for time in 1..=4 {
        w.node("n4", NodeState::Down);
        let all = w.after(5).to_vec();
        let node = all.iter().find(|p| p.object == "n4").unwrap();
        assert_eq!(node.times, time);
        let is_critical = node.severity == skep::triage::Severity::Critical;
        assert_eq!(node.is_new(w.now), is_critical || time <= 2, "time {time}: {node:?}");
        w.node("n4", NodeState::Ready);
        w.after(1);
        w.after(6 * 60);
    }
}

#[test]
fn after_a_restart_an_old_problem_is_not_new() {
    // The manager remembers only the last tasks: of those it looks as if it had just begun.
    let mut c = cluster().manager("m1").service("web", 1);
    c.tasks.clear();
    for age in [40, 30, 20, 10] {
        c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    }
    for (began, is_new) in [(None, false), (Some(3_600), false), (Some(100), true)] {
        let mut store = c.store();
        let mut triage = Triage::new(Thresholds::default());
        triage.update(&mut store, NOW);
        let first = triage.problems()[0].clone();
        assert!(!first.is_new(NOW), "nothing tells");
        let kept =
            |secs| Beginning { key: first.key(), since: ago(secs), exactly: true, seen: ago(5) };
        store.recall_beginnings(began.map(kept).into_iter().collect());
        triage.update(&mut store, NOW);
        assert_eq!(triage.problems()[0].is_new(NOW), is_new, "{began:?}");
    }
}
