//! Nobody is paged for what is meant to be so: what is done, what waits for its next run, what starts, what
//! stops, and what went with a node that was removed.

use std::{sync::Arc, time::Duration};

use skep::{
    cluster::{
        Availability, HealthCheck, Idle, Mode, RestartCondition, RestartPolicy, Service, Store,
        TaskCheck, TaskSpec, TaskState, UpdateState, rests,
    },
    triage::{Problem, Severity, Thresholds, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster};

const DAY: Duration = Duration::from_secs(86_400);
const EXIT: &str = "task: non-zero exit (1)";

/// A service without tasks yet, with that restart policy.
fn with_policy(name: &str, replicas: u64, condition: RestartCondition, delay: Duration) -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").node("n4");
    c = c.service(name, replicas);
    c.tasks.clear();
    c.last().restart = RestartPolicy { condition, delay, ..RestartPolicy::default() };
    c
}

fn once(condition: RestartCondition, replicas: u64) -> Cluster {
    with_policy("backup", replicas, condition, Duration::from_secs(5))
}

/// The next task waits until the delay is over.
fn next(mut c: Cluster, slot: u64, age: i64) -> Cluster {
    c = c.task(slot, TaskState::Ready, "", age);
    let task = c.tasks.last_mut().unwrap();
    (task.desired, task.created) = (TaskState::Ready, Some(ago(age)));
    c
}

fn found(c: &Cluster) -> Vec<Arc<Problem>> {
    problems(&c.store(), NOW, &Thresholds::default())
}

fn said(c: &Cluster) -> Vec<(&'static str, Severity, String)> {
    let all = found(c).into_iter().filter(|p| p.severity > Severity::Advice);
    all.map(|p| (p.rule, p.severity, p.message.clone())).collect()
}

fn spec(c: &mut Cluster) -> &mut TaskSpec {
    Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec)
}

fn first(store: &Store) -> &Service {
    store.services().next().unwrap()
}

#[test]
fn a_one_shot_that_ended_well_is_done() {
    for condition in [RestartCondition::None, RestartCondition::OnFailure] {
        let c = once(condition.clone(), 3)
            .task(1, TaskState::Complete, "", 900)
            .task(2, TaskState::Failed, EXIT, 950)
            .task(2, TaskState::Complete, "", 900)
            .task(3, TaskState::Complete, "", 2);
        assert_eq!(said(&c), [], "{condition}");
        let store = c.store();
        let m = store.missing(first(&store));
        assert_eq!((m.running, m.desired, m.rests.done, m.lacking()), (0, 3, 3, 0));
        assert!(m.none());
        assert_eq!((store.health().converged, store.health().missing), (1, 0));
    }
}

#[test]
fn a_one_shot_whose_last_run_failed_is_told() {
    let c = once(RestartCondition::None, 1).task(1, TaskState::Complete, "", 900).task(
        1,
        TaskState::Failed,
        EXIT,
        300,
    );
    let told = found(&c);
    assert_eq!((told[0].rule, told[0].cause), ("service-down", Some("attempts-used-up")));
    assert_eq!(c.store().health().missing, 1);
    // Where others have done their work, it is not down.
    let c = once(RestartCondition::None, 3)
        .task(1, TaskState::Complete, "", 900)
        .task(2, TaskState::Complete, "", 900)
        .task(3, TaskState::Failed, EXIT, 300);
    let told = said(&c);
    assert_eq!((told.len(), told[0].0), (1, "service-below"));
    assert!(told[0].2.starts_with("backup 0/3, 2 done: task: non-zero exit (1)"), "{told:?}");
    assert_eq!(c.store().health().missing, 1);
}

#[test]
fn what_used_its_attempts_up_is_given_up() {
    for (state, err) in [(TaskState::Failed, EXIT), (TaskState::Complete, "")] {
        let mut c = once(RestartCondition::Any, 1);
        c.last().restart.max_attempts = 2;
        for age in [310, 305, 300] {
            c = c.task(1, state.clone(), err, age);
        }
        let told = found(&c);
        assert_eq!((told[0].rule, told[0].cause), ("service-down", Some("attempts-used-up")));
        assert!(told[0].message.contains("its 2 restart attempts are used up"), "{told:?}");
    }
}

#[test]
fn a_global_one_shot_is_done_on_each_node_or_told() {
    let global = |state: TaskState, err: &str| {
        let mut c = once(RestartCondition::None, 1);
        c.last().mode = Mode::Global;
        for node in 0..4 {
            c = c.task(0, TaskState::Complete, "", 300);
            c.tasks.last_mut().unwrap().node = Some(c.nodes[node].id.clone());
        }
        let last = c.tasks.last_mut().unwrap();
        if state == TaskState::Running {
            last.desired = TaskState::Running;
        }
        (last.state, last.err) = (state, err.into());
        c
    };
    let done = global(TaskState::Complete, "");
    assert_eq!(said(&done), []);
    assert_eq!(done.store().health().missing, 0);
    let failed = said(&global(TaskState::Failed, EXIT));
    assert!(failed[0].2.starts_with("backup is missing on n4: "), "{failed:?}");
    // One still runs: the others have not gone missing.
    assert_eq!(said(&global(TaskState::Running, "")), []);
}

#[test]
fn work_that_repeats_waits_for_its_next_run() {
    let cron = || with_policy("cron", 1, RestartCondition::Any, DAY);
    let c = next(cron().task(1, TaskState::Complete, "", 3_600), 1, 3_600);
    assert_eq!(said(&c), []);
    let store = c.store();
    let m = store.missing(first(&store));
    assert_eq!((m.none(), m.lacking(), m.rests.waiting), (true, 0, 1));
    assert_eq!(m.rests.next_run, Some(ago(3_600 - 86_400)));
    let rest = rests(store.tasks()).into_values().next();
    assert_eq!(rest, Some(Idle::NextRun(ago(3_600 - 86_400))));
    // The engine's node tells the old state anew when it comes back.
    let mut again = c.clone();
    again.tasks[0].since = Some(ago(1));
    let store = again.store();
    assert_eq!(store.missing(first(&store)).rests.next_run, Some(ago(3_600 - 86_400)));
    // The node of the waiting task is removed: the engine finds that out when the run is due, and waits
    // for the delay once more.
    let mut lost = c.clone();
    let waiting = lost.tasks.last_mut().unwrap();
    (waiting.state, waiting.err) = (TaskState::Orphaned, "".into());
    waiting.message = "Task belonged to a node that has been deleted".into();
    assert_eq!(said(&lost), []);
    let store = lost.store();
    assert_eq!(store.missing(first(&store)).rests.next_run, Some(ago(3_600 - 2 * 86_400)));
    lost.tasks.last_mut().unwrap().desired = TaskState::Shutdown;
    let again = next(lost, 1, 60);
    assert_eq!(said(&again), []);
    let store = again.store();
    assert_eq!(store.missing(first(&store)).rests.next_run, Some(ago(60 - 86_400)));
    // The run before failed: that is told for as long as it was the last.
    let c = next(cron().task(1, TaskState::Failed, EXIT, 3_600), 1, 3_600);
    assert_eq!(said(&c)[0].0, "service-down");
    // The moment between two tasks.
    assert_eq!(said(&cron().task(1, TaskState::Complete, "", 1)), []);
    // It should have run by now.
    let c = next(cron().task(1, TaskState::Complete, "", 90_000), 1, 90_000);
    assert_eq!(said(&c)[0].0, "service-down");
}

#[test]
fn what_ends_though_it_should_serve_is_told() {
    // The delay is the engine's own: nobody asked for it to run again and again.
    let c = with_policy("web", 1, RestartCondition::Any, Duration::from_secs(5));
    let c = next(c.task(1, TaskState::Complete, "", 300), 1, 300);
    assert_eq!(said(&c)[0].0, "service-down");
}

/// Tasks that ended with exit 0, each after so long, five seconds between them.
fn ends_again_and_again(condition: RestartCondition, delay: u64, lived: i64) -> Cluster {
    let mut c = with_policy("web", 1, condition, Duration::from_secs(delay));
    for i in 0..4 {
        let ended = i * (lived + 5) + 4;
        c = c.task(1, TaskState::Complete, "", ended);
        let task = c.tasks.last_mut().unwrap();
        (task.created, task.desired) = (Some(ago(ended + lived)), TaskState::Shutdown);
        task.exit_code = Some(0);
    }
    c.last().updated = Some(ago(3_600));
    next(c, 1, 4)
}

#[test]
fn a_program_that_only_ends_is_no_server() {
    let c = ends_again_and_again(RestartCondition::Any, 5, 1);
    let all = found(&c);
    let loud: Vec<_> = all.iter().filter(|p| p.is_loud()).collect();
    assert_eq!((loud[0].rule, loud[0].cause), ("service-down", Some("exit-zero")));
    assert!(loud[0].message.contains("ends by itself with exit 0"), "{}", loud[0].message);
    let folded = loud[0].folded.iter().find(|p| p.rule == "crash-loop").unwrap();
    assert!(
        folded.message.ends_with("at least 4 ends within 18s, all with exit 0"),
        "{}",
        folded.message
    );
    // Work that takes its time and is done again, also by the engine's own delay.
    assert_eq!(said(&ends_again_and_again(RestartCondition::Any, 5, 60)), []);
    assert_eq!(said(&ends_again_and_again(RestartCondition::Any, 3_600, 1)), []);
    assert_eq!(said(&ends_again_and_again(RestartCondition::OnFailure, 5, 1)), []);
}

#[test]
fn tasks_that_went_with_a_removed_node_are_no_problem() {
    let orphaned = |why: &str| {
        let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 3);
        c = c.task(3, TaskState::Orphaned, "", 60);
        c.tasks.last_mut().unwrap().message = why.into();
        said(&c)
    };
    assert_eq!(orphaned("Task belonged to a node that has been deleted"), []);
    assert_eq!(orphaned("Task was orphaned")[0].0, "orphaned-tasks");
}

/// A service of one replica whose task is in that state, and has been for so long.
fn starting(state: TaskState, age: i64) -> Cluster {
    let mut c = with_policy("web", 1, RestartCondition::Any, Duration::from_secs(5));
    c.last().updated = Some(ago(age + 5));
    c.task(1, state, "", age)
}

#[test]
fn an_ordinary_start_is_given_its_time() {
    assert_eq!(said(&starting(TaskState::Preparing, 110)), []);
    assert_eq!(said(&starting(TaskState::Starting, 110)), []);
    assert_eq!(found(&starting(TaskState::Preparing, 130))[0].cause, Some("stuck-preparing"));
    assert_eq!(found(&starting(TaskState::Starting, 130))[0].cause, Some("stuck-starting"));
    // As long as its own health check gives it.
    let slow = |age: i64| {
        let mut c = starting(TaskState::Starting, age);
        let start_period = Duration::from_secs(300);
        let check = HealthCheck { start_period, ..HealthCheck::DEFAULT };
        spec(&mut c).health = TaskCheck::Own(check);
        c
    };
    assert_eq!(said(&slow(380)), []);
    assert_eq!(found(&slow(400))[0].cause, Some("stuck-starting"));
    // A health check is named only where there is one; whether the image has one is not known.
    let told = |check| {
        let mut c = starting(TaskState::Starting, 400);
        spec(&mut c).health = check;
        let problem = problems(&c.store(), NOW, &Thresholds::default()).remove(0);
        (problem.message.clone(), problem.why.clone())
    };
    let (message, why) = told(TaskCheck::Own(HealthCheck::DEFAULT));
    assert!(message.ends_with("for the health check to pass"), "{message}");
    assert!(why.contains("its health check has not passed"), "{why}");
    let (message, why) = told(TaskCheck::OfImage);
    assert!(!message.contains("health"), "{message}");
    assert!(why.contains("if its image has a health check"), "{why}");
    let (message, why) = told(TaskCheck::Off);
    assert!(!message.contains("health") && !why.contains("health"), "{message}: {why}");
    // In a forced update, too.
    let mut c = starting(TaskState::Starting, 60).update(UpdateState::Updating, "");
    c = c.task(1, TaskState::Shutdown, "", 61);
    assert_eq!(said(&c), []);
    // But one that says what is wrong is told at once (engine 29 goes on trying for an image).
    let mut c = starting(TaskState::Preparing, 20);
    c.tasks.last_mut().unwrap().err = "failed to resolve reference \"docker.io/no/such:1\": failed to do request: Head \"https://registry-1.docker.io/v2/no/such/manifests/1\": dial tcp: lookup registry-1.docker.io: no such host".into();
    let told = found(&c);
    assert_eq!((told[0].rule, told[0].cause), ("service-down", Some("registry-unreachable")));
}

#[test]
fn a_place_that_was_just_left_is_free_a_moment_later() {
    // A host port, until the task before it has gone.
    let port = "no suitable node (host-mode port already in use on 4 nodes)";
    let after = |age: i64| {
        let c = with_policy("proxy", 1, RestartCondition::Any, Duration::from_secs(5));
        c.task(1, TaskState::Shutdown, "", age).task(1, TaskState::Pending, port, 12)
    };
    assert_eq!(said(&after(3)), []);
    assert_eq!(found(&after(40))[0].rule, "service-down");
}

#[test]
fn what_is_told_to_stop_on_a_drained_node_may_take_its_grace() {
    let drained = |told: i64| {
        let mut c = cluster().manager("m1").manager("m2").manager("m3").node("n4");
        c = c.service("web", 4);
        c.nodes[3].availability = Availability::Drain;
        c.nodes[3].updated = Some(ago(told));
        for task in c.tasks.iter_mut().filter(|t| t.node.as_ref() == Some(&c.nodes[3].id)) {
            (task.desired, task.updated) = (TaskState::Shutdown, Some(ago(told)));
            Arc::make_mut(&mut task.spec).stop_grace = Duration::from_secs(600);
        }
        said(&c)
    };
    assert_eq!(drained(590), []);
    assert_eq!(drained(700)[0].0, "task-on-drained");
}

/// The engine leaves it there until its delay is over, and then starts it elsewhere.
#[test]
fn a_task_that_waits_for_its_next_run_may_stay_on_a_drained_node() {
    let drained = |age: i64| {
        let c = with_policy("cron", 1, RestartCondition::Any, DAY);
        let mut c = next(c.task(1, TaskState::Complete, "", age), 1, age);
        c.nodes[3].availability = Availability::Drain;
        c.nodes[3].updated = Some(ago(600));
        for task in &mut c.tasks {
            task.node = Some(c.nodes[3].id.clone());
        }
        c
    };
    assert_eq!(said(&drained(3_600)), []);
    let late: Vec<_> = said(&drained(90_000)).iter().map(|found| found.0).collect();
    assert_eq!(late, ["service-down", "task-on-drained"], "it should have run by now");
    // Its time came a moment ago: it is about to be moved.
    let mut c = drained(86_405);
    let due = c.tasks.last_mut().unwrap();
    (due.desired, due.updated) = (TaskState::Running, Some(ago(1)));
    assert_eq!(said(&c), []);
}

#[test]
fn what_a_lost_node_still_lists_is_no_run() {
    let cron = || {
        with_policy("cron", 1, RestartCondition::Any, DAY).task(1, TaskState::Complete, "", 3_600)
    };
    let left_over = |c: Cluster, state: TaskState, age: i64| {
        let mut c = c.task(1, state, "", age);
        let task = c.tasks.last_mut().unwrap();
        (task.desired, task.created) = (TaskState::Shutdown, Some(ago(age)));
        task.node = Some(c.nodes[3].id.clone());
        c.down("n4", "heartbeat failure")
    };
    let next_run = |c: &Cluster| {
        let store = c.store();
        let m = store.missing(first(&store));
        (m.lacking(), m.rests.next_run)
    };
    let quiet =
        |c: &Cluster| said(c).into_iter().filter(|found| found.0 != "node-down").count() == 0;
    // It waited there, and another one waits in its place.
    let waited = next(left_over(cron(), TaskState::Ready, 3_599), 1, 60);
    assert_eq!(next_run(&waited), (0, Some(ago(60 - 86_400))));
    assert!(quiet(&waited), "{:?}", said(&waited));
    // It ran there, and its successor has ended since.
    let ran = left_over(cron(), TaskState::Running, 3_000).task(1, TaskState::Complete, "", 2_000);
    let ran = next(ran, 1, 2_000);
    assert_eq!(next_run(&ran), (0, Some(ago(2_000 - 86_400))));
    assert!(quiet(&ran), "{:?}", said(&ran));
    // What is stopped for an update still runs: the next run is not a day away.
    let stops = next(left_over(cron(), TaskState::Running, 60), 1, 1);
    assert_eq!(next_run(&stops).1, None);
}

/// As long as its health check gives it, as after a drain.
#[test]
fn what_replaces_tasks_of_a_lost_node_is_given_its_time() {
    let replaced = |age: Option<i64>| {
        let mut c =
            cluster().manager("m1").manager("m2").manager("m3").node("n4").service("web", 4);
        c.last().updated = Some(ago(3_600));
        c = c.down("n4", "heartbeat failure");
        c.nodes[3].updated = Some(ago(70));
        let n4 = c.nodes[3].id.clone();
        let lost = c.tasks.iter_mut().find(|t| t.node.as_ref() == Some(&n4)).unwrap();
        (lost.desired, lost.created) = (TaskState::Shutdown, Some(ago(3_600)));
        let slot = lost.slot;
        if let Some(age) = age {
            c = c.task(slot, TaskState::Starting, "", age);
            c.tasks.last_mut().unwrap().created = Some(ago(age + 1));
            let check =
                HealthCheck { start_period: Duration::from_secs(30), ..HealthCheck::DEFAULT };
            spec(&mut c).health = TaskCheck::Own(check);
        }
        let folded = found(&c).into_iter().flat_map(|p| p.folded.clone());
        folded.map(|p| p.rule).filter(|rule| *rule == "service-below").count()
    };
    assert_eq!(replaced(Some(60)), 0);
    assert_eq!(replaced(Some(300)), 1, "longer than that");
    assert_eq!(replaced(None), 1, "nothing comes in its place");
}

#[test]
fn a_restarted_engine_ends_its_tasks_and_that_is_no_failure_of_theirs() {
    let restarted = |err: &str, survivor: bool| {
        let mut c = cluster().manager("m1").service("other", 1).service("web", 2);
        c.tasks.retain(|t| survivor && t.service.as_str() == "id-of-other");
        if !survivor {
            c.services.remove(0);
        }
        for slot in [1, 2] {
            c = next(c.task(slot, TaskState::Failed, err, 4), slot, 4);
        }
        said(&c)
    };
    for err in ["task: non-zero exit (255)", "No such container: web.1.kkag4y6sode3mbu8slb0zx1vw"] {
        assert_eq!(restarted(err, false), [], "{err}");
        assert_eq!(restarted(err, true)[0].0, "service-down", "others went on: {err}");
    }
    assert_eq!(restarted(EXIT, false)[0].0, "service-down");
}

/// Its end is told with its node, once there is a leader again.
#[test]
fn a_global_task_that_ended_with_its_engine_is_given_a_start() {
    let told = |node_told: i64| {
        let mut c = cluster().manager("m1").node("n2").service("agent", 1);
        c.last().mode = Mode::Global;
        c.tasks.clear();
        for (node, state, err, age) in [
            (0, TaskState::Running, "", 3_600),
            (1, TaskState::Failed, "task: non-zero exit (255)", 40),
        ] {
            c = c.task(0, state, err, age);
            c.tasks.last_mut().unwrap().node = Some(c.nodes[node].id.clone());
        }
        c.tasks.last_mut().unwrap().exit_code = Some(255);
        c.nodes[1].updated = Some(ago(node_told));
        said(&c)
    };
    assert_eq!(told(2), []);
    assert_eq!(told(20)[0].2, "agent is missing on n2", "it had its time");
    assert!(told(86_400)[0].2.ends_with("non-zero exit (255)"), "its node is as it was");
}

#[test]
fn what_dies_with_its_nodes_engine_is_no_failure() {
    const KILLED: &str = "task: non-zero exit (137)";
    let told = |others: i64, survivor: bool| {
        let mut c = cluster().manager("m1").service("api", 1).service("web", 2);
        c.tasks.retain(|t| survivor && t.service == c.services[0].id);
        let mut c = c.task(1, TaskState::Failed, KILLED, 8).task(2, TaskState::Failed, KILLED, 8);
        c = c.task(1, TaskState::Failed, KILLED, 8 + others);
        c.tasks.last_mut().unwrap().service = c.services[0].id.clone();
        for slot in 1..=2 {
            c = c.task(slot, TaskState::Starting, "", 2);
        }
        said(&c).into_iter().filter(|s| s.2.contains("137")).count()
    };
    assert_eq!(told(0, false), 0, "all at once");
    assert!(told(0, true) > 0, "others went on");
    assert!(told(5, false) > 0, "one after the other");
}

/// The same of what is alone on its node: two tasks of one service that had run, or one as the node is told
/// anew.
#[test]
fn tasks_of_one_service_that_die_with_their_engine_are_no_failures() {
    const KILLED: &str = "task: non-zero exit (137)";
    let told = |slots: u64, lived: i64, node_told: i64| {
        let mut c = cluster().manager("m1").service("web", slots);
        c.tasks.clear();
        c.nodes[0].updated = Some(ago(node_told));
        for slot in 1..=slots {
            c = c.task(slot, TaskState::Failed, KILLED, 8);
            c.tasks.last_mut().unwrap().created = Some(ago(8 + lived));
            c = c.task(slot, TaskState::Starting, "", 2);
        }
        said(&c).into_iter().filter(|s| s.2.contains("137")).count()
    };
    assert_eq!(told(2, 3_600, 86_400), 0, "all at once");
    assert!(told(2, 4, 86_400) > 0, "each as soon as it ran");
    assert_eq!(told(1, 3_600, 9), 0, "the node was told anew");
    assert_eq!(told(1, 3_600, 5), 0, "a moment later");
    assert!(told(1, 3_600, 11) > 0, "somebody had set a label before");
    assert!(told(1, 3_600, 86_400) > 0, "nothing else tells of the engine");
}

#[test]
fn a_service_that_failed_at_first_is_up_once_it_stays() {
    let after = |age: i64| {
        let mut c = with_policy("web", 2, RestartCondition::Any, Duration::from_secs(5));
        for (slot, at) in [(1, 9), (2, 9), (1, 2), (2, 2)] {
            c = c.task(slot, TaskState::Failed, EXIT, age + at);
            c.tasks.last_mut().unwrap().created = Some(ago(age + at + 1));
        }
        c.task(1, TaskState::Running, "", age).task(2, TaskState::Running, "", age)
    };
    assert!(said(&after(1))[0].2.starts_with("web: nothing stays up (2/2 now)"));
    assert_eq!(said(&after(10))[0].0, "crash-loop");
    assert_eq!(said(&after(20)), []);
}
