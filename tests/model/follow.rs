//! Convergence, by the docker CLI's rules.

use std::sync::Arc;

use skep::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, Document, Plan, ReadObject, ScaleTo},
    },
    cluster::{NodeState, TaskState, UpdateState},
    grant::ClusterNo,
};

use crate::cluster_fixture::{Cluster, NOW, cluster};

fn swarm() -> Cluster {
    cluster().manager("m1").node("n2").service("web", 3)
}

fn follow() -> Follow {
    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let document = Document::read(&raw).unwrap();
    let plan =
        Plan::new(ClusterNo(0), &[document], &Change::Scale(ScaleTo::Exactly(3)), &swarm().store());
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

/// Time without a link is no watching: tasks may have died meanwhile.
#[test]
fn what_nobody_could_see_was_not_watched() {
    let mut c = swarm();
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert!(matches!(f.phase, Phase::Verifying(_)), "{:?}", f.phase);
    f.lose_sight();
    assert_eq!(f.phase, Phase::Converging);
    f.update(&c.store(), later(60));
    assert!(matches!(f.phase, Phase::Verifying(_)), "{:?}", f.phase);
    f.update(&c.store(), later(65));
    assert_eq!(f.phase, Phase::Done);
    f.lose_sight();
    assert_eq!(f.phase, Phase::Done);
}

/// The spec of `web` as the store has it.
fn spec(replicas: u64) -> Arc<str> {
    serde_json::json!({ "Name": "web", "TaskTemplate": { "Runtime": "container" },
        "Mode": { "Replicated": { "Replicas": replicas } } })
    .to_string()
    .into()
}

#[test]
fn what_someone_else_changed_after_the_write_is_no_success() {
    let mut c = swarm();
    (c.last().version, c.last().spec) = (100, spec(3));
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert!(matches!(f.phase, Phase::Verifying(_)), "{:?}", f.phase);
    // Only the version moved: the engine noted something.
    c.last().version = 101;
    f.update(&c.store(), later(2));
    assert!(matches!(f.phase, Phase::Verifying(_)), "{:?}", f.phase);
    (c.last().version, c.last().spec) = (102, spec(2));
    c.last().mode = skep::cluster::Mode::Replicated(2);
    for second in [3, 60] {
        f.update(&c.store(), later(second));
        assert!(
            matches!(&f.phase, Phase::Failed(why)
                if why.contains("someone else") && why.contains("replicas 3 → 2")),
            "{:?}",
            f.phase
        );
    }
    // So it is if the store heard of both writes at once, and if only a read tells.
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert!(matches!(&f.phase, Phase::Failed(_)), "{:?}", f.phase);
    let mut f = follow();
    f.phase = Phase::unknown("the answer was lost");
    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 9 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 7 } } } });
    f.read_back(&ReadObject::There(Box::new(Document::read(&raw).unwrap())), later(1));
    assert!(
        matches!(&f.phase, Phase::Failed(why) if why.contains("replicas 3 → 7")),
        "{:?}",
        f.phase
    );
}

#[test]
fn a_rollback_by_the_engine_is_told_as_one() {
    let mut c = swarm().update(UpdateState::RollbackCompleted, "rollback completed");
    (c.last().version, c.last().spec) = (100, spec(2));
    let mut f = follow();
    f.sent(99);
    f.update(&c.store(), later(1));
    assert!(matches!(&f.phase, Phase::Failed(why) if why.contains("rolled back")), "{:?}", f.phase);
}

#[test]
fn a_node_that_someone_else_changed_after_the_write_is_no_success() {
    use skep::{action::plan::NodeChange, cluster::Availability};
    let raw = serde_json::json!({ "ID": "id-of-n2", "Version": { "Index": 1 },
        "Description": { "Hostname": "n2" }, "Status": { "State": "ready" },
        "Spec": { "Role": "worker", "Availability": "active" } });
    let document = Document::read_node(&raw).unwrap();
    let change = Change::Node(NodeChange::Availability(Availability::Drain));
    let plan = Plan::new(ClusterNo(0), &[document], &change, &swarm().store());
    let mut f = Follow::new(&plan.steps[0], NOW);
    f.sent(50);
    let mut c = swarm();
    f.update(&c.store(), later(1));
    assert_eq!(f.phase, Phase::Converging, "the store is older than the write");
    c.nodes[1].version = 50;
    f.update(&c.store(), later(2));
    assert!(
        matches!(&f.phase, Phase::Failed(why) if why.contains("availability drain → active")),
        "{:?}",
        f.phase
    );
}

fn with_a_dead_node() -> Cluster {
    let mut c = swarm();
    c.nodes.last_mut().unwrap().state = NodeState::Down;
    c
}

fn removal() -> Follow {
    let raw = serde_json::json!({ "ID": "id-of-n2", "Version": { "Index": 5 },
        "Description": { "Hostname": "n2" }, "Status": { "State": "down" },
        "Spec": { "Role": "worker", "Availability": "active" } });
    let document = Document::read_node(&raw).unwrap();
    let change = Change::Node(skep::action::plan::NodeChange::Remove);
    let plan = Plan::new(ClusterNo(0), &[document], &change, &with_a_dead_node().store());
    assert_eq!(plan.refused, Vec::<String>::new());
    let mut follow = Follow::new(&plan.steps[0], NOW);
    follow.phase = Phase::unknown("the answer was lost");
    follow
}

#[test]
fn an_unknown_outcome_is_read_back_until_it_is_known_and_not_every_second() {
    let store = with_a_dead_node().store();
    // It is gone, also if the store has not heard of that yet.
    let mut f = removal();
    assert!(f.wants_reading(&store, later(1)));
    f.read_back(&ReadObject::Gone, later(1));
    assert_eq!(f.phase, Phase::Done);
    assert!(!f.wants_reading(&store, later(2)));
    // It is still there; when it leaves the store it is looked at again.
    let mut f = removal();
    let raw = serde_json::json!({ "ID": "id-of-n2", "Version": { "Index": 5 },
        "Description": { "Hostname": "n2" },
        "Spec": { "Role": "worker", "Availability": "active" } });
    f.read_back(&ReadObject::There(Box::new(Document::read_node(&raw).unwrap())), later(1));
    assert!(matches!(f.phase, Phase::Unknown { .. }) && !f.wants_reading(&store, later(2)));
    let mut without = with_a_dead_node();
    without.nodes.retain(|n| &*n.hostname != "n2");
    assert!(f.wants_reading(&without.store(), later(3)));
    // It can't be read for an hour: asked ever more rarely.
    let mut f = removal();
    let mut asked = 0;
    for second in 1..=3_600 {
        if f.wants_reading(&store, later(second)) {
            asked += 1;
            f.read_back(&ReadObject::Unreadable("no leader".into()), later(second));
        }
    }
    assert!((10..=130).contains(&asked), "asked {asked} times");
    f.read_back(&ReadObject::Gone, later(3_601));
    assert_eq!(f.phase, Phase::Done, "and known in the end");
    // A service that was scaled, and removed by someone else.
    let mut f = follow();
    f.phase = Phase::unknown("the answer was lost");
    f.read_back(&ReadObject::Gone, later(1));
    assert!(matches!(&f.phase, Phase::Failed(why) if why.contains("was removed")));
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
    c.tasks[0].since = Some(later(2));
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

/// The engine leaves gaps: scaled from 5 to 4 the slots may be 1, 2, 3 and 5.
#[test]
fn a_bar_stands_for_a_slot_that_there_is() {
    let mut c = cluster().manager("m1").service("web", 5);
    c.last().version = 100;
    c.last().mode = skep::cluster::Mode::Replicated(4);
    let gone = c.tasks.iter_mut().find(|t| t.slot == 4).unwrap();
    (gone.desired, gone.state) = (TaskState::Remove, TaskState::Shutdown);
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    let labels = |f: &Follow| f.bars.iter().map(|b| b.label.clone()).collect::<Vec<_>>();
    assert_eq!(labels(&f), ["slot 1", "slot 2", "slot 3", "slot 5"]);
    assert!(f.bars.iter().all(|b| b.state == TaskState::Running));
    c.last().mode = skep::cluster::Mode::Replicated(6);
    c.last().version = 101;
    let mut f = follow();
    f.sent(101);
    f.update(&c.store(), later(2));
    assert_eq!(labels(&f)[4..], ["slot 5".to_owned(), String::new()]);
}

#[test]
fn an_update_that_can_not_get_on_says_so() {
    let mut c = cluster()
        .manager("m1")
        .service("web", 3)
        .update(UpdateState::Updating, "update in progress")
        .port(8080)
        .task(
            1,
            TaskState::Pending,
            "no suitable node (host-mode port already in use on 1 node)",
            1,
        );
    c.last().ports[0].mode = skep::cluster::PublishMode::Host;
    c.last().update_config.order = "start-first".into();
    c.last().version = 100;
    c.last().template = 2;
    Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).template = 2;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert_eq!(f.stuck, None, "a moment is nothing");
    f.update(&c.store(), later(5));
    assert_eq!(f.phase, Phase::Converging);
    assert!(f.stuck.as_ref().is_some_and(|why| why.contains("host port 8080")), "{:?}", f.stuck);
}

/// What was sent may arrive late: only after a minute it counts as not carried out.
#[test]
fn a_write_in_doubt_is_watched_for_a_minute() {
    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let mut f = follow();
    f.phase = Phase::unknown("the answer was lost");
    f.read_back(&ReadObject::There(Box::new(Document::read(&raw).unwrap())), later(1));
    for second in [2, 30, 60] {
        f.update(&swarm().store(), later(second));
        assert!(matches!(f.phase, Phase::Unknown { unchanged: Some(_), .. }), "{:?}", f.phase);
    }
    f.update(&swarm().store(), later(61));
    assert!(matches!(&f.phase, Phase::Failed(why) if why.contains("not carried out")));
}

/// A failure of before, or of a task of another spec, is none of this action.
#[test]
fn only_its_own_failures_are_told() {
    let mut c = swarm();
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    for (age, template, is_told) in [(10, 1, false), (-1, 7, false), (-1, 1, true)] {
        let mut c = c.clone().task(1, TaskState::Failed, "task: non-zero exit (3)", age);
        Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).template = template;
        f.update(&c.store(), later(1));
        assert_eq!(f.failing.is_some(), is_told, "{age} {template}: {:?}", f.failing);
    }
}

/// That the engine watched an update of before is no reason not to watch this one.
#[test]
fn an_update_that_was_over_before_is_none_of_this_action() {
    for (completed, phase) in [(later(1), "done"), (later(-100), "verifying")] {
        let mut c = swarm().update(UpdateState::Completed, "update completed");
        c.last().version = 100;
        c.last().update.as_mut().unwrap().completed = Some(completed);
        let mut f = follow();
        f.sent(100);
        f.update(&c.store(), later(2));
        let is = if f.phase == Phase::Done { "done" } else { "verifying" };
        assert_eq!(is, phase, "{:?}", f.phase);
    }
}

/// The engine's noise asks for one reading after the other: that is one doubt, and not ever a new one.
#[test]
fn a_doubt_is_as_old_as_its_first_reading() {
    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let found = ReadObject::There(Box::new(Document::read(&raw).unwrap()));
    let mut f = follow();
    f.phase = Phase::unknown("the answer was lost");
    for second in [1, 30, 59] {
        f.read_back(&found, later(second));
    }
    f.update(&swarm().store(), later(61));
    assert!(matches!(&f.phase, Phase::Failed(why) if why.contains("not carried out")));
}

/// The engine writes no difference between no labels and an empty list of them.
#[test]
fn the_version_that_was_written_to_proves_nothing() {
    let mut raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let document = Document::read(&raw).unwrap();
    let mut spec = document.spec.clone();
    spec["Labels"] = serde_json::json!({});
    let change = Change::Spec(Box::new(spec));
    let found = ReadObject::There(Box::new(document.clone()));
    let plan = Plan::new(ClusterNo(0), &[document], &change, &swarm().store());
    let mut f = Follow::new(&plan.steps[0], NOW);
    f.phase = Phase::unknown("the answer was lost");
    f.read_back(&found, later(1));
    assert!(matches!(f.phase, Phase::Unknown { .. }), "{:?}", f.phase);
    raw["Version"]["Index"] = 2.into();
    f.read_back(&ReadObject::There(Box::new(Document::read(&raw).unwrap())), later(2));
    assert_eq!(f.phase, Phase::Converging);
}

/// Up again after a fall, it is watched for as long as the first time.
#[test]
fn a_relapse_is_watched_for_the_whole_period_again() {
    let mut c = swarm();
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    let well = c.clone();
    (c.tasks[0].state, c.tasks[0].desired) = (TaskState::Failed, TaskState::Shutdown);
    f.update(&c.store(), later(2));
    for second in [4, 8] {
        f.update(&well.store(), later(second));
        assert!(matches!(f.phase, Phase::Verifying(_)), "{second}: {:?}", f.phase);
    }
    f.update(&well.store(), later(9));
    assert_eq!(f.phase, Phase::Done);
}

/// All tasks run, and the engine says that it still works: it is right.
#[test]
fn an_update_is_not_over_before_the_engine_says_so() {
    let mut c = swarm().update(UpdateState::Updating, "update in progress");
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    for second in [1, 60] {
        f.update(&c.store(), later(second));
        assert_eq!((f.done, &f.phase), (3, &Phase::Converging));
    }
}

#[test]
fn a_rollback_is_told_while_it_goes_on_and_is_no_failure_if_it_was_asked_for() {
    let mut c = swarm().update(UpdateState::RollbackStarted, "rollback in progress");
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    assert!(!f.rolling_back);
    f.update(&c.store(), later(1));
    assert!(f.rolling_back && f.phase == Phase::Converging, "{:?}", f.phase);

    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 3 } } },
        "PreviousSpec": { "Name": "web", "Labels": { "a": "b" }, "TaskTemplate": {},
            "Mode": { "Replicated": { "Replicas": 3 } } } });
    let document = Document::read(&raw).unwrap();
    let plan = Plan::new(ClusterNo(0), &[document], &Change::Rollback, &swarm().store());
    assert_eq!(plan.refused, Vec::<String>::new());
    let mut c = swarm().update(UpdateState::RollbackCompleted, "rollback completed");
    c.last().version = 100;
    c.last().update.as_mut().unwrap().completed = Some(later(1));
    let mut f = Follow::new(&plan.steps[0], NOW);
    f.sent(100);
    f.update(&c.store(), later(2));
    assert_eq!((f.rolling_back, f.phase), (true, Phase::Done));
}

/// Of a slot whose task failed, the one in its place speaks; what was last heard from a lost node is
/// nothing that runs.
#[test]
fn the_task_that_is_wanted_speaks_for_its_slot() {
    let mut c = swarm().task(1, TaskState::Failed, "task: non-zero exit (3)", 50);
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(1));
    assert_eq!(f.done, 3);
    assert!(f.bars.iter().all(|bar| bar.state == TaskState::Running), "{:?}", f.bars);

    let lost = c.nodes[1].id.clone();
    c.nodes[1].state = NodeState::Down;
    let there = c.tasks.iter().filter(|t| t.node.as_ref() == Some(&lost) && t.is_wanted()).count();
    f.update(&c.store(), later(2));
    let run = f.bars.iter().filter(|bar| bar.state == TaskState::Running).count();
    assert_eq!((there > 0, run, f.done), (true, 3 - there, 3 - there as u64), "{:?}", f.bars);
}

/// A task that finds no place has not failed, and is why it does not go on.
#[test]
fn a_task_that_waits_with_an_error_is_told() {
    let mut c = swarm().task(3, TaskState::Pending, "no suitable node (insufficient memory)", -1);
    c.last().version = 100;
    let mut f = follow();
    f.sent(100);
    f.update(&c.store(), later(2));
    let told = f.failing.as_ref().is_some_and(|(_, why)| why.contains("insufficient memory"));
    assert!(told, "{:?}", f.failing);
}
