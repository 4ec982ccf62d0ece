//! Findings over a whole Swarm and over time: folded, ranked, remembered, kept up to date.

use std::sync::Arc;

use skep::{
    cluster::{
        Availability, Beginning, Counts, Delta, Entry, Gravity, ListId, Meaning, NodeState, Part,
        Reachability, Scope, Store, Subject, TaskState, Timestamp, UpdateState,
    },
    triage::{
        Began, Problem, Quiet, Remedy, Severity, Thresholds, Triage, blast, problems,
        unknown_beginning,
    },
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster, listed};

fn all(cluster: &Cluster) -> Vec<Arc<Problem>> {
    problems(&cluster.store(), NOW, &Thresholds::default())
}

fn found(cluster: &Cluster) -> Vec<(&'static str, Severity)> {
    all(cluster).into_iter().map(|p| (p.rule, p.severity)).collect()
}

fn calm() -> Cluster {
    cluster().manager("m1").manager("m2").manager("m3").node("n4").service("web", 4)
}

#[test]
fn a_lost_node_explains_what_it_took_with_it() {
    let mut c = calm().service("db", 1).down("n4", "heartbeat failure");
    let there = c.nodes[3].id.clone();
    c.tasks.last_mut().unwrap().node = Some(there);
    let found = all(&c);
    assert_eq!(found.iter().map(|p| p.rule).collect::<Vec<_>>(), ["node-down"]);
    assert_eq!(
        found[0].message,
        "node n4 is down; db is down; 1 service is short of replicas (heartbeat failure), 2 tasks were on it"
    );
    assert_eq!(found[0].brief, " is down; db is down; 1 service is short of replicas");
    let folded: Vec<_> = found[0].folded.iter().map(|p| (p.rule, &*p.object)).collect();
    assert_eq!(folded, [("service-down", "db"), ("service-below", "web")]);
    assert!(found[0].harm > 90, "as bad as what users feel of it");
}

#[test]
fn a_service_that_fails_by_itself_is_not_the_nodes_doing() {
    let mut c = calm().down("n4", "heartbeat failure");
    c.tasks.retain(|t| t.slot != 4);
    c = c.task(4, TaskState::Failed, "task: non-zero exit (3)", 30);
    let rules: Vec<_> = all(&c).iter().map(|p| (p.rule, p.cause)).collect();
    assert_eq!(rules, [("node-down", None), ("service-below", Some("exit-code"))]);
}

#[test]
fn what_failed_before_it_ran_on_the_lost_node_is_not_why_it_is_short() {
    let mut c = calm().down("n4", "heartbeat failure");
    let on_n4 = c.tasks.iter().position(|t| t.node.as_ref() == Some(&c.nodes[3].id)).unwrap();
    let slot = c.tasks[on_n4].slot;
    c.tasks[on_n4].since = Some(ago(120));
    c = c.task(slot, TaskState::Failed, "task: non-zero exit (255)", 130);
    c = c.task(slot, TaskState::Ready, "", 1);
    assert_eq!(found(&c), [("node-down", Severity::Critical)]);
    // But one that failed after it is told.
    c = c.task(slot, TaskState::Failed, "task: non-zero exit (255)", 5);
    assert_eq!(found(&c).len(), 2);
}

#[test]
fn a_lost_manager_puts_quorum_at_risk_once() {
    let mut c = calm().down("m3", "heartbeat failure");
    c.nodes[2].manager.as_mut().unwrap().reachability = Reachability::Unreachable;
    let found = all(&c);
    assert_eq!(found.len(), 1);
    let said = " is down; quorum at risk: one more loss stops the Swarm";
    assert!(found[0].message.starts_with(&format!("manager m3{said}")), "{}", found[0].message);
    assert!(found[0].message.contains(" (heartbeat failure), "));
    assert!(found[0].brief.starts_with(said), "{}", found[0].brief);
    let what = "bring m3 back, or remove it and promote another node";
    assert_eq!(found[0].remedies[0], (Remedy::Node, what.to_owned()));
    assert!(found[0].remedies.iter().any(|(remedy, _)| *remedy == Remedy::Describe));
    let folded: Vec<_> = found[0].folded.iter().map(|p| p.rule).collect();
    assert!(folded.contains(&"quorum-risk") && folded.contains(&"manager-unreachable"));
}

#[test]
fn a_full_history_tells_no_beginning() {
    let mut c = calm();
    c.tasks.clear();
    let mut c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 8);
    assert_eq!(all(&c)[0].since, Began::At(ago(8)));
    for age in [2, 4, 6] {
        c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    }
    let first = &all(&c)[0];
    assert_eq!(first.since, Began::By(ago(8)), "it may have failed before what is kept");
    assert!(first.message.ends_with("at least 4 times"), "{}", first.message);
}

#[test]
fn the_number_of_failures_does_not_go_back_while_a_loop_goes_on() {
    let slots = |kept: [usize; 2]| {
        let mut c = calm();
        c.tasks.clear();
        for (slot, kept) in (1..).zip(kept) {
            for ended in 0..kept as i64 {
                c = c.task(slot, TaskState::Failed, "task: non-zero exit (3)", 2 + ended);
            }
        }
        let first = all(&c)[0].clone();
        (first.message.clone(), first.brief.clone())
    };
    // The manager keeps one more of a place for a moment.
    let (message, brief) = slots([4, 4]);
    assert!(message.ends_with("at least 8 times"), "{message}");
    assert!(brief.ends_with("exit 3, 8+×"), "the least, also in few words: {brief}");
    for kept in [[5, 4], [5, 5], [4, 5]] {
        assert_eq!(slots(kept), (message.clone(), brief.clone()), "{kept:?}");
    }
    assert!(slots([3, 3]).1.ends_with("exit 3, 6×"));
}

#[test]
fn a_restarted_skep_knows_since_when() {
    let mut c = calm();
    c.tasks.clear();
    c.last().created = Some(ago(90));
    let first = c.clone().task(1, TaskState::Failed, "task: non-zero exit (3)", 60);
    for age in [2, 4, 6, 8] {
        c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    }
    let began = all(&first)[0].since;
    let mut triage = Triage::new(Thresholds::default());
    let mut store = first.store();
    store.recall_beginnings(Vec::new());
    triage.look_at_all(&store, NOW);
    let kept = triage.take_beginnings(&store, NOW).unwrap();
    assert_eq!(kept.iter().map(|b| b.since).collect::<Vec<_>>(), [ago(60)]);
    assert_eq!(triage.take_beginnings(&store, NOW), None, "written once");
    assert!(triage.take_beginnings(&store, NOW.shifted(61_000_000_000)).is_some(), "it goes on");

    let mut store = c.store();
    let mut later = Triage::new(Thresholds::default());
    later.update(&mut store, NOW);
    let problem = &later.problems()[0];
    assert_eq!(problem.since, Began::By(ago(8)), "the rest is forgotten by the manager");
    assert_eq!(problem.since.short(NOW), ">8s");
    let (by, created) = (ago(8).clock(), ago(90).clock());
    let says = format!("{by}, 8s ago, or earlier; it was created at {created}");
    assert_eq!(unknown_beginning(&store, problem, NOW), says);
    assert_eq!(later.take_beginnings(&store, NOW), None, "what was kept is not read yet");
    store.recall_beginnings(kept);
    later.update(&mut store, NOW);
    assert_eq!(later.problems()[0].since, began, "an earlier skep saw it begin");

    let kept = later.take_beginnings(&store, NOW).unwrap();
    assert_eq!((kept[0].since, kept[0].exactly), (ago(60), true), "kept as it was");

    // One that came too late to see it begin still knows that it goes on since then.
    let mut newer = c.clone();
    newer.tasks.clear();
    for age in [1, 2, 3, 4] {
        newer = newer.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    }
    let mut store = newer.store();
    let seen = Beginning { key: kept[0].key.clone(), since: ago(8), exactly: false, seen: NOW };
    store.recall_beginnings(vec![seen]);
    let mut third = Triage::new(Thresholds::default());
    third.update(&mut store, NOW);
    assert_eq!(third.problems()[0].since, Began::By(ago(8)));
}

#[test]
fn without_tasks_no_cause_is_known() {
    let found = |counts: Option<Counts>| {
        let mut c = calm();
        c.last().counts = counts;
        let mut store = c.store();
        store.apply(Delta::Unread(Part::Tasks, "GET /tasks is refused".into()), NOW);
        problems(&store, NOW, &Thresholds::default())
    };
    let short = found(Some(Counts { running: 0, desired: 4, completed: 0 }));
    assert_eq!(short[0].message, "web 0/4");
    assert_eq!(short[0].since, Began::Unknown, "nor since when");
    let unknown = found(None);
    assert!(unknown.is_empty(), "without counts nothing is known of it: {unknown:?}");
}

#[test]
fn an_asked_for_rollback_is_no_problem() {
    let undone = calm().update(UpdateState::RollbackCompleted, "rollback completed");
    assert_eq!(found(&undone), [("update-rolled-back", Severity::Warning)], "by the engine");
    let mut asked = undone;
    asked.last().previous = Some("{}".into());
    assert_eq!(found(&asked), []);
}

#[test]
fn advice_of_one_rule_is_told_once_and_last() {
    let mut c = calm();
    for name in ["a", "b", "c"] {
        c = c.service(name, 1);
        c.last().limits.memory = 0;
    }
    c = c.down("n4", "");
    let found = all(&c);
    let last = found.last().unwrap();
    assert_eq!((last.rule, last.severity, last.folded.len()), ("no-limits", Severity::Advice, 3));
    assert_eq!(last.message, "a service without a memory limit: 3 (a, b, c)");
    assert_eq!(last.brief, "", "it names no single object");
    assert_eq!(found[0].rule, "node-down");
}

#[test]
fn what_changed_before_is_told_with_who_did_it() {
    let mut c = calm();
    c.last().spec = r#"{"TaskTemplate":{"ContainerSpec":{"Image":"shop/api:1.8"}}}"#.into();
    let mut store = c.store();
    let mut changed = c.services[0].clone();
    changed.version += 1_000;
    changed.spec = r#"{"TaskTemplate":{"ContainerSpec":{"Image":"shop/api:1.9"}}}"#.into();
    changed.updated = Some(ago(30));
    store.note_action(
        ago(31),
        (Subject::Service(changed.id.clone()), "web"),
        "update web by the hand of another".into(),
        "ann",
    );
    store.apply(listed(&[changed]), ago(29));
    let mut tasks = c.tasks.clone();
    for task in &mut tasks {
        task.version += 1_000;
        task.state = TaskState::Failed;
        task.err = "task: non-zero exit (3)".into();
        task.since = Some(ago(20));
    }
    tell(&mut store, tasks, 9, NOW);
    let problem = &problems(&store, NOW, &Thresholds::default())[0];
    assert_eq!((problem.rule, problem.cause), ("service-down", Some("exit-code")));
    let before = problem.before.as_ref().unwrap();
    assert_eq!(before.text, "image shop/api:1.8 → shop/api:1.9 (by ann, through skep)");
    assert_eq!(before.at, ago(30));
}

fn tell(store: &mut Store, tasks: Vec<skep::cluster::Task>, list: u64, at: Timestamp) {
    let list = ListId(list);
    let services = tasks.iter().map(|t| t.service.clone()).collect();
    store.apply(Delta::TasksBegin(list, Scope::Services(services)), at);
    store.apply(Delta::Tasks(list, tasks), at);
    store.apply(Delta::TasksEnd(list), at);
}

/// A Swarm over time, judged as it goes.
pub struct Watched {
    pub cluster: Cluster,
    pub store: Store,
    pub triage: Triage,
    pub now: Timestamp,
    pub list: u64,
}

impl Watched {
    pub fn new(cluster: Cluster) -> Self {
        let mut store = cluster.store();
        let mut triage = Triage::new(Thresholds::default());
        triage.update(&mut store, NOW);
        Self { cluster, store, triage, now: NOW, list: 10 }
    }

    pub fn after(&mut self, secs: i64) -> &[Arc<Problem>] {
        self.now = self.now.shifted(secs * 1_000_000_000);
        self.list += 1;
        for delta in self.cluster.deltas(self.list) {
            self.store.apply(delta, self.now);
        }
        loop {
            self.triage.update(&mut self.store, self.now);
            if !self.triage.has_work() {
                return self.triage.problems();
            }
        }
    }

    pub fn node(&mut self, name: &str, state: NodeState) {
        let node = self.cluster.nodes.iter_mut().find(|n| &*n.hostname == name).unwrap();
        node.version += 1;
        node.state = state;
        node.updated = Some(self.now);
    }
}

#[test]
fn what_is_over_stays_for_a_while_and_what_comes_back_is_counted() {
    let mut w = Watched::new(calm());
    assert!(w.after(1).is_empty());
    w.node("n4", NodeState::Down);
    assert_eq!(w.after(1)[0].times, 1);
    w.node("n4", NodeState::Ready);
    let over = &w.after(10)[0];
    assert!(over.resolved.is_some() && !over.is_loud());
    assert!(over.message.starts_with("node n4 is down"));
    w.node("n4", NodeState::Down);
    let again = &w.after(10)[0];
    assert!(again.is_loud() && again.times == 2);
    w.node("n4", NodeState::Ready);
    w.after(1);
    assert!(w.after(16 * 60).is_empty(), "after a quarter of an hour it is history");
}

#[test]
fn a_service_that_goes_up_and_down_is_one_problem_until_it_stays() {
    let failed = |c: Cluster, age| c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    let looping = |last| {
        let mut c = cluster().manager("m1").service("web", 1);
        c.tasks.clear();
        [30_i64, 20, 10].into_iter().fold(c, |c, age| failed(c, age + last))
    };
    let mut w = Watched::new(looping(0));
    let first = w.after(1)[0].clone();
    assert_eq!((first.rule, first.severity), ("service-down", Severity::Critical));
    assert_eq!(first.message, "web: nothing stays up (0/1 now): task: non-zero exit (3), 3 times");
    // It runs, for a moment.
    w.cluster = looping(0).task(1, TaskState::Running, "", 0);
    let up = w.after(2);
    let loud: Vec<_> = up.iter().filter(|p| p.severity > Severity::Advice).collect();
    assert_eq!(loud.len(), 1, "{loud:?}");
    assert!(loud[0].key() == first.key() && loud[0].resolved.is_none());
    assert!(loud[0].message.starts_with("web: nothing stays up (1/1 now)"), "{loud:?}");
    assert_eq!(loud[0].since, first.since, "as long as it has gone on");
    // For longer than those that failed: it is up, and has not proved that it stays.
    let on = w.after(3);
    assert_eq!((on[0].rule, on[0].severity), ("crash-loop", Severity::Warning));
    assert!(w.after(12)[0].resolved.is_some(), "it stays");
}

#[test]
fn quorum_at_risk_that_is_lost_is_one_problem() {
    let mut w = Watched::new(calm());
    w.after(1);
    let away = |w: &mut Watched, at: usize| {
        let node = &mut w.cluster.nodes[at];
        node.manager.as_mut().expect("a manager").reachability = Reachability::Unreachable;
        node.version += 1;
    };
    away(&mut w, 1);
    assert_eq!(w.after(1)[0].rule, "quorum-risk");
    away(&mut w, 2);
    let all = w.after(5);
    assert_eq!(all[0].rule, "quorum-lost");
    assert!(all.iter().all(|p| p.resolved.is_none()), "nothing is over: {all:?}");
}

#[test]
fn what_is_still_so_gets_no_younger() {
    let failed = |c: Cluster, age| c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    let looping = |ages: &[i64]| {
        let mut c = cluster().manager("m1").service("web", 1);
        c.tasks.clear();
        ages.iter().fold(c, |c, age| failed(c, *age))
    };
    let mut w = Watched::new(looping(&[30, 20, 10]));
    let first = w.after(1)[0].clone();
    assert_eq!(first.since, Began::At(ago(30)));
    // The oldest ones are dropped.
    w.cluster = looping(&[20, 10, 1]);
    let later = w.after(1)[0].clone();
    assert_eq!((later.rule, later.since), (first.rule, Began::At(ago(30))));
}

#[test]
fn what_is_known_is_quiet_until_it_changes() {
    let mut w = Watched::new(calm());
    w.cluster = calm().task(4, TaskState::Failed, "task: non-zero exit (3)", 5);
    w.cluster.tasks.retain(|t| t.slot != 4 || t.state == TaskState::Failed);
    let problem = w.after(1)[0].clone();
    assert_eq!(problem.rule, "service-below");
    w.triage.quiet(&problem, Some(Quiet::Acknowledged), w.now);
    assert!(!w.after(1)[0].is_loud());
    // Kept across a restart.
    let kept = w.triage.quieted();
    let mut next = Triage::new(Thresholds::default());
    next.recall(serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap());
    next.look_at_all(&w.store, w.now);
    assert_eq!(next.problems()[0].quiet, Some(Quiet::Acknowledged));
    // Worse than it was known to be.
    w.cluster.tasks.retain(|t| t.state == TaskState::Failed);
    let worse = &w.after(1)[0];
    assert!(worse.rule == "service-down" && worse.is_loud());
}

#[test]
fn a_mute_ends_by_itself() {
    let mut w = Watched::new(calm().down("n4", ""));
    let problem = w.after(1)[0].clone();
    let until = w.now.shifted(60_000_000_000);
    w.triage.quiet(&problem, Some(Quiet::Muted(until)), w.now);
    assert!(!w.after(30)[0].is_loud());
    assert!(w.after(31)[0].is_loud());
}

#[test]
fn a_replica_that_is_missing_gets_time_before_it_is_a_problem() {
    let mut w = Watched::new(calm());
    let mut fresh = calm().tasks.pop().unwrap();
    fresh.state = TaskState::Assigned;
    fresh.created = Some(w.now);
    fresh.since = Some(w.now);
    fresh.version += 50;
    *w.cluster.tasks.last_mut().unwrap() = fresh;
    assert!(w.after(5).is_empty());
    assert_eq!(w.after(11)[0].rule, "service-below", "time alone makes it one");
}

#[test]
fn an_old_failure_says_nothing_of_a_task_that_moves() {
    // Failed days ago, ran well since, and is being moved off its node just now.
    let mut c = calm();
    c.tasks.pop();
    c = c.task(4, TaskState::Failed, "task: non-zero exit (3)", 3 * 86_400);
    c = c.task(4, TaskState::Shutdown, "", 4).task(4, TaskState::Preparing, "", 3);
    assert_eq!(found(&c), [], "it gets its time");
    // The same once it takes long, with the reason of today.
    c.tasks.last_mut().unwrap().created = Some(ago(150));
    c.tasks.last_mut().unwrap().since = Some(ago(149));
    let problem = &all(&c)[0];
    assert_eq!((problem.rule, problem.cause), ("service-below", Some("stuck-preparing")));
}

#[test]
fn the_past_from_disk_counts_flaps_on() {
    let c = calm();
    let lost = |secs| Entry {
        seq: 0,
        kept: true,
        at: ago(secs),
        kind: "node".into(),
        name: "n4".into(),
        text: format!("ready → down {secs}").into(),
        subject: Subject::Node(c.nodes[3].id.clone()),
        gravity: Gravity::Bad,
        meaning: Meaning::NodeLost,
        who: None,
    };
    let mut store = c.store();
    store.recall(vec![lost(300), lost(200)]);
    let thresholds = Thresholds::default();
    assert!(problems(&store, NOW, &thresholds).is_empty());
    let mut nodes = c.nodes.clone();
    nodes[3].state = NodeState::Down;
    nodes[3].version += 1;
    store.apply(Delta::Nodes(nodes), NOW);
    let found = problems(&store, NOW, &thresholds);
    assert!(found[0].folded.iter().any(|p| p.rule == "node-flapping"));
}

/// Whatever happens in whatever order: what is kept up to date says what a fresh look says.
#[test]
fn kept_up_to_date_is_as_good_as_a_fresh_look() {
    let mut seed = 7_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let errors =
        ["", "task: non-zero exit (137)", "no suitable node (insufficient resources on 4 nodes)"];
    let states = [
        TaskState::Running,
        TaskState::Running,
        TaskState::Failed,
        TaskState::Pending,
        TaskState::Preparing,
    ];
    let mut w = Watched::new(calm().service("db", 2).service("api", 3));
    for step in 0..400 {
        for _ in 0..=random(3) {
            match random(12) {
                0 => {
                    let state =
                        [NodeState::Down, NodeState::Ready, NodeState::Unknown][random(3)].clone();
                    let name = ["m2", "m3", "n4"][random(3)];
                    w.node(name, state);
                }
                1 => {
                    let node = &mut w.cluster.nodes[random(4)];
                    node.version += 1;
                    node.availability =
                        [Availability::Active, Availability::Drain][random(2)].clone();
                    node.updated = Some(w.now);
                }
                2 => {
                    let service = &mut w.cluster.services[random(3)];
                    service.version += 1;
                    service.max_per_node = random(2) as u64;
                    service.updated = Some(w.now);
                }
                _ => {
                    let at = random(w.cluster.tasks.len());
                    let task = &mut w.cluster.tasks[at];
                    task.version += 100;
                    task.state = states[random(states.len())].clone();
                    task.err = errors[random(errors.len())].into();
                    task.since = Some(w.now);
                    task.updated = Some(w.now);
                    let over = task.state.is_terminal();
                    task.desired = if over { TaskState::Shutdown } else { TaskState::Running };
                }
            }
        }
        let pause = [1, 1, 5, 40][random(4)];
        w.after(pause);
        // What counts others' tasks may lag by seconds.
        w.after(6);
        let told = |p: &Arc<Problem>| (p.key(), p.rule, p.severity, p.cause, p.message.clone());
        let mut kept: Vec<_> =
            w.triage.problems().iter().filter(|p| p.resolved.is_none()).map(told).collect();
        let mut fresh: Vec<_> =
            problems(&w.store, w.now, &Thresholds::default()).iter().map(told).collect();
        kept.sort();
        fresh.sort();
        assert_eq!(kept, fresh, "step {step}");
    }
}

#[test]
fn the_blast_radius_of_a_node() {
    let mut c = calm().service("db", 1).service("cache", 1);
    let there = c.nodes[3].id.clone();
    for task in c.tasks.iter_mut().rev().take(2) {
        task.node = Some(there.clone());
    }
    c.services[1].constraints = vec!["node.hostname==n4".into()];
    let store = c.store();
    let node = store.node(&there).unwrap();
    let blast = blast(&store, node);
    let hits: Vec<_> = blast.hits.iter().map(|h| (&*h.name, h.loses, h.of, h.nowhere)).collect();
    assert_eq!(hits, [("db", 1, 1, true), ("cache", 1, 1, false), ("web", 1, 4, false)]);
    assert_eq!(
        blast.sentences(),
        [
            "db goes down: no other node may run it",
            "1 service ends until started elsewhere: cache",
            "1 service loses replicas and goes on: web",
            "what is reserved there fits on the others",
        ]
    );
    // What does not run there is not lost, and its figures say that it has no other node.
    let mut failing = c.clone();
    for task in failing.tasks.iter_mut().rev().take(2) {
        task.state = TaskState::Starting;
    }
    failing.services[2].constraints = vec!["node.hostname==n4".into()];
    let store = failing.store();
    let lost = skep::triage::blast(&store, store.node(&there).unwrap());
    let said: Vec<_> = lost.hits.iter().map(|h| (&*h.name, h.figures(), h.ends())).collect();
    let idle = || "1 task there does not run yet".to_owned();
    assert_eq!(
        said,
        [
            ("cache", idle(), false),
            ("db", idle(), false),
            ("web", "loses 1 of 4".to_owned(), false)
        ]
    );
    assert_eq!(lost.sentences()[0], "only this node may run cache, db: they can't start elsewhere");
    let store = c.store();
    let manager = store.nodes().find(|n| n.is_leader()).unwrap();
    let said = skep::triage::blast(&store, manager).sentences();
    assert_eq!(said[0], "quorum holds with 2 of 3 managers, and tolerates no further failure");
}
