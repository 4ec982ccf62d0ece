//! Any order of deltas and resyncs gives the same model as a fresh load.

use proptest::prelude::*;
use skep::cluster::{
    Delta, EngineEvent, Kind, ListId, Mode, NodeState, Part, Scope, ServiceId, Store, Task,
    TaskState, Timestamp,
};

use crate::cluster_fixture::{Cluster, NOW, cluster, listed, shop};

/// Everything the store says, in an order of its own.
fn said(store: &Store) -> String {
    let mut lines: Vec<String> =
        store.nodes().map(|n| format!("{n:?} {:?}", store.node_tally(&n.id))).collect();
    lines.extend(
        store.services().map(|s| format!("{s:?} {:?} {:?}", store.tally(&s.id), store.missing(s))),
    );
    lines.extend(store.tasks().map(|t| format!("{t:?}")));
    for service in store.services() {
        let mut ids: Vec<_> = store.tasks_of(&service.id).map(|t| t.id.to_string()).collect();
        ids.sort();
        lines.push(format!("{} has {ids:?}", service.id));
    }
    for node in store.nodes() {
        let mut ids: Vec<_> = store.tasks_on(&node.id).map(|t| t.id.to_string()).collect();
        ids.sort();
        lines.push(format!("{} runs {ids:?}", node.hostname));
    }
    lines.sort();
    lines.push(format!("{:?} {}", store.total(), store.tasks_known()));
    lines.push(format!("{:?}", store.health()));
    lines.join("\n")
}

/// What may happen between two resyncs.
#[derive(Clone, Debug)]
enum Step {
    /// The tasks of some services, complete or broken off.
    List { services: Vec<usize>, part: usize, complete: bool },
    /// A full list that breaks off.
    Broken(usize),
    /// A node flips between ready and down.
    Flip(usize),
    /// A node leaves.
    Leave(usize),
    /// Services come and go.
    Services(usize),
    /// Another state of a task, older or newer.
    Move { task: usize, state: usize, age: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (prop::collection::vec(0..5_usize, 1..4), 0..20_usize, any::<bool>())
            .prop_map(|(services, part, complete)| Step::List { services, part, complete }),
        (0..20_usize).prop_map(Step::Broken),
        (0..5_usize).prop_map(Step::Flip),
        (0..5_usize).prop_map(Step::Leave),
        (0..5_usize).prop_map(Step::Services),
        (0..20_usize, 0..6_usize, 0..5_u64).prop_map(|(task, state, age)| Step::Move {
            task,
            state,
            age
        }),
    ];
    prop::collection::vec(step, 0..30)
}

const STATES: [TaskState; 6] = [
    TaskState::Pending,
    TaskState::Preparing,
    TaskState::Running,
    TaskState::Failed,
    TaskState::Complete,
    TaskState::Orphaned,
];

fn play(store: &mut Store, truth: &Cluster, steps: &[Step]) {
    let mut next = 1;
    let mut list = || {
        next += 1;
        ListId(next)
    };
    for step in steps {
        match step {
            Step::List { services, part, complete } => {
                let ids: Vec<ServiceId> = services
                    .iter()
                    .filter_map(|i| truth.services.get(*i))
                    .map(|s| s.id.clone())
                    .collect();
                let mine: Vec<Task> = truth
                    .tasks
                    .iter()
                    .filter(|t| ids.contains(&t.service))
                    .take(*part)
                    .cloned()
                    .collect();
                let list = list();
                store.apply(Delta::TasksBegin(list, Scope::Services(ids)), NOW);
                store.apply(Delta::Tasks(list, mine), NOW);
                store.apply(
                    if *complete { Delta::TasksEnd(list) } else { Delta::TasksAbort(list) },
                    NOW,
                );
            }
            Step::Broken(part) => {
                let list = list();
                store.apply(Delta::TasksBegin(list, Scope::All), NOW);
                let some = truth.tasks.iter().take(*part).cloned().collect();
                store.apply(Delta::Tasks(list, some), NOW);
                store.apply(Delta::TasksAbort(list), NOW);
            }
            Step::Flip(node) => {
                let mut nodes = truth.nodes.clone();
                let count = nodes.len();
                let node = &mut nodes[node % count];
                node.state = if node.is_up() { NodeState::Down } else { NodeState::Ready };
                store.apply(Delta::Nodes(nodes), NOW);
            }
            Step::Leave(node) => {
                let mut nodes = truth.nodes.clone();
                nodes.remove(node % truth.nodes.len());
                store.apply(Delta::Nodes(nodes), NOW);
            }
            Step::Services(without) => {
                let mut services = truth.services.clone();
                services.remove(without % truth.services.len());
                store.apply(listed(&services), NOW);
            }
            Step::Move { task, state, age } => {
                let mut task = truth.tasks[task % truth.tasks.len()].clone();
                // Only what was: the truth has the newest version of each task.
                task.version = task.version.saturating_sub(*age + 1);
                task.state = STATES[*state].clone();
                if let Some(node) = truth.nodes.get(*state) {
                    task.node = Some(node.id.clone());
                }
                let list = list();
                let scope = Scope::Services(vec![task.service.clone()]);
                store.apply(Delta::TasksBegin(list, scope), NOW);
                store.apply(Delta::Tasks(list, vec![task]), NOW);
                store.apply(Delta::TasksAbort(list), NOW);
            }
        }
    }
    let list = list();
    store.apply(Delta::Nodes(truth.nodes.clone()), NOW);
    store.apply(listed(&truth.services), NOW);
    store.apply(Delta::TasksBegin(list, Scope::All), NOW);
    for piece in truth.tasks.chunks(3) {
        store.apply(Delta::Tasks(list, piece.to_vec()), NOW);
    }
    store.apply(Delta::TasksEnd(list), NOW);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_then_a_resync_is_as_a_fresh_load(before in steps(), loaded in any::<bool>()) {
        let truth = shop();
        let mut store = if loaded { truth.store() } else { Store::default() };
        store.apply(Delta::Cluster(truth.info()), NOW);
        play(&mut store, &truth, &before);
        prop_assert_eq!(said(&store), said(&truth.store()));
    }
}

#[test]
fn a_broken_list_removes_nothing() {
    let truth = shop();
    let mut store = truth.store();
    let before = said(&store);
    store.apply(Delta::TasksBegin(ListId(9), Scope::All), NOW);
    store.apply(Delta::Tasks(ListId(9), truth.tasks[..2].to_vec()), NOW);
    store.apply(Delta::TasksAbort(ListId(9)), NOW);
    assert_eq!(said(&store), before);
    // And its pieces that come late are nobody's.
    store.apply(Delta::Tasks(ListId(9), truth.tasks.clone()), NOW);
    store.apply(Delta::TasksEnd(ListId(9)), NOW);
    assert_eq!(said(&store), before);
}

#[test]
fn an_older_list_brings_no_dead_task_back() {
    let truth = cluster().manager("m1").service("web", 2);
    let mut store = truth.store();
    let (old, new) = (ListId(5), ListId(6));
    store.apply(Delta::TasksBegin(old, Scope::All), NOW);
    let web = truth.services[0].id.clone();
    store.apply(Delta::TasksBegin(new, Scope::Services(vec![web])), NOW);
    store.apply(Delta::Tasks(new, truth.tasks[..1].to_vec()), NOW);
    store.apply(Delta::TasksEnd(new), NOW);
    store.apply(Delta::Tasks(old, truth.tasks.clone()), NOW);
    store.apply(Delta::TasksEnd(old), NOW);
    assert_eq!(store.task_count(), 1, "web.2 was gone already when the newer list was made");
}

#[test]
fn transitions_are_told_in_words() {
    let truth = cluster().manager("m1").node("node3").service("web", 2);
    let mut store = truth.store();
    let mut task = truth.tasks[1].clone();
    task.version += 100;
    task.state = TaskState::Failed;
    task.err = "task: non-zero exit (3)".into();
    let on = store.hostname(task.node.as_ref().unwrap()).to_owned();
    let list = ListId(2);
    store.apply(Delta::TasksBegin(list, Scope::Services(vec![task.service.clone()])), NOW);
    store.apply(Delta::Tasks(list, vec![task]), NOW);
    let entry = store.journal().iter().next_back().unwrap();
    let told = format!("{} {}", entry.name, entry.text);
    assert_eq!(told, format!("web.2 running → failed on {on}: task: non-zero exit (3)"));
}

#[test]
fn what_one_list_tells_is_told_in_order() {
    let truth = cluster().manager("m1").service("web", 4);
    let mut store = truth.store();
    let list = ListId(2);
    let mut tasks = truth.tasks.clone();
    for (task, age) in tasks.iter_mut().zip([3, 1, 4, 2]) {
        task.version += 100;
        task.state = TaskState::Failed;
        task.since = Some(crate::cluster_fixture::ago(age));
    }
    store.apply(Delta::TasksBegin(list, Scope::All), NOW);
    store.apply(Delta::Tasks(list, tasks), NOW);
    store.apply(Delta::TasksEnd(list), NOW);
    let told: Vec<(u64, Timestamp)> = store.journal().iter().map(|e| (e.seq, e.at)).collect();
    assert!(told.is_sorted() && told.len() == 4, "{told:?}");
    assert!(told.iter().all(|(seq, at)| store.journal().get(*seq).unwrap().at == *at));
}

#[test]
fn tasks_on_a_lost_node_do_not_run() {
    let truth = cluster().manager("m1").node("n2").service("web", 4);
    assert_eq!(truth.store().total().running, 4);
    let store = truth.down("n2", "heartbeat failure").store();
    assert_eq!(store.total().running, 2);
    assert_eq!(store.missing(store.service_named("web").unwrap()).running, 2);
}

#[test]
fn another_cluster_id_is_another_model() {
    let truth = shop();
    let mut store = truth.store();
    let mut other = truth.info();
    other.id = "cluster-2".into();
    store.apply(Delta::Cluster(other), NOW);
    assert_eq!((store.nodes().len(), store.task_count()), (0, 0));
    assert!(!store.tasks_known());
}

#[test]
fn equal_lists_change_nothing() {
    let truth = shop();
    let mut store = truth.store();
    let before = store.revision();
    for delta in truth.deltas(7) {
        store.apply(delta, NOW.shifted(1));
    }
    assert_eq!(store.revision(), before, "nothing changed, so nothing is drawn");
}

#[test]
fn a_place_never_comes_to_mean_another_task() {
    let truth = cluster().manager("m1").service("web", 2);
    let mut store = truth.store();
    let (gone, kept) = (&truth.tasks[0], &truth.tasks[1]);
    let place = store.place_of(&gone.id).unwrap();
    let tell = |store: &mut Store, list: u64, tasks: Vec<Task>| {
        let list = ListId(list);
        store.apply(Delta::TasksBegin(list, Scope::All), NOW);
        store.apply(Delta::Tasks(list, tasks), NOW);
        store.apply(Delta::TasksEnd(list), NOW);
    };
    tell(&mut store, 2, vec![kept.clone()]);
    assert!(store.task_at(place).is_none());
    let mut new = gone.clone();
    new.id = "new".into();
    tell(&mut store, 3, vec![kept.clone(), new]);
    assert!(store.task_at(place).is_none(), "not even when its place is taken again");
    let taken = store.place_of(&"new".into()).unwrap();
    assert_eq!(store.task_at(taken).unwrap().id.as_str(), "new");
    let mut other = truth.info();
    other.id = "cluster-2".into();
    store.apply(Delta::Cluster(other), NOW);
    tell(&mut store, 1, truth.tasks.clone());
    assert!(store.task_at(taken).is_none(), "nor in another Swarm");
}

/// Tells a list of the tasks in a scope, with what of it can't be read.
fn tell_list(store: &mut Store, list: u64, scope: Scope, tasks: &[Task], gaps: Option<&str>) {
    let list = ListId(list);
    store.apply(Delta::TasksBegin(list, scope), NOW);
    store.apply(Delta::Tasks(list, tasks.to_vec()), NOW);
    if let Some(why) = gaps {
        store.apply(Delta::TasksGaps(list, why.into()), NOW);
    }
    store.apply(Delta::TasksEnd(list), NOW);
}

#[test]
fn tasks_that_cannot_be_read_are_unknown_until_a_whole_list_can() {
    let truth = cluster().manager("m1").service("web", 2);
    let (mut store, all) = (truth.store(), &truth.tasks);
    tell_list(&mut store, 2, Scope::All, &all[..1], Some("1 of 2 can't be read"));
    assert_eq!(store.unread().why(Part::Tasks), Some("1 of 2 can't be read"));
    assert!(!store.tasks_known() && store.is_loaded() && store.unread().has_gaps());
    // What a service's own list says is no news beside it, and a whole one of a service says little.
    let web: ServiceId = truth.services[0].id.clone();
    tell_list(&mut store, 3, Scope::Services(vec![web.clone()]), &[], Some("1 of 1 can't be read"));
    tell_list(&mut store, 4, Scope::Services(vec![web]), all, None);
    assert_eq!(store.unread().why(Part::Tasks), Some("1 of 2 can't be read"));
    tell_list(&mut store, 5, Scope::All, all, None);
    assert_eq!(store.unread().why(Part::Tasks), None);
    assert!(store.tasks_known());
    assert_eq!(store.total().running, 2);
}

#[test]
fn tasks_that_were_silent_are_known_with_the_next_list_of_all() {
    let truth = cluster().manager("m1").service("web", 2);
    let mut store = truth.store();
    store.apply(Delta::TasksBegin(ListId(2), Scope::All), NOW);
    store.apply(Delta::Silent(Part::Tasks, "no answer".into(), NOW), NOW);
    store.apply(Delta::Tasks(ListId(2), truth.tasks.clone()), NOW);
    store.apply(Delta::TasksEnd(ListId(2)), NOW);
    assert!(!store.tasks_known(), "that list began before");
    assert_eq!(store.unread().silent_since(Part::Tasks), Some(NOW));
    tell_list(&mut store, 3, Scope::All, &truth.tasks, None);
    assert!(store.tasks_known() && store.unread().why(Part::Tasks).is_none());
}

/// A join that broke off leaves an entry without a name, and a task of each global service for it.
#[test]
fn a_node_that_never_joined_is_owed_no_task() {
    let mut c = cluster().manager("m1").node("n2").node("n3").service("agent", 0);
    c.last().mode = Mode::Global;
    for (at, state) in
        [TaskState::Running, TaskState::Running, TaskState::Pending].into_iter().enumerate()
    {
        c = c.task(0, state, "", 100);
        c.tasks.last_mut().unwrap().node = Some(c.nodes[at].id.clone());
    }
    let engine = std::mem::replace(&mut c.nodes[2].engine, "".into());
    c.nodes[2].state = NodeState::Unknown;
    let mut store = c.store();
    let health = |store: &Store| (store.health().converged, store.health().missing);
    let counts = |store: &Store| {
        let m = store.missing(store.services().next().unwrap());
        (m.running, m.desired, store.node_tally(&c.nodes[2].id).wanted, store.total().wanted)
    };
    assert_eq!((health(&store), counts(&store)), ((1, 0), (2, 2, 0, 2)));
    // All are unknown for a moment when the leader changes: that one joined.
    let mut nodes = c.nodes.clone();
    nodes[2].engine = engine;
    store.apply(Delta::Nodes(nodes), NOW);
    assert_eq!((health(&store), counts(&store)), ((0, 1), (2, 3, 1, 3)));
    store.apply(Delta::Nodes(c.nodes.clone()), NOW);
    assert_eq!((health(&store), counts(&store)), ((1, 0), (2, 2, 0, 2)));
    store.apply(Delta::Nodes(c.nodes[..2].to_vec()), NOW);
    assert_eq!(counts(&store).3, 3, "one that is not known is up");
}

/// The kinds that move with these deltas.
fn moved(store: &mut Store, deltas: Vec<Delta>) -> Vec<Kind> {
    let before = Kind::ALL.map(|kind| store.revision_of(kind));
    for delta in deltas {
        store.apply(delta, NOW);
    }
    let has_moved =
        |(kind, before): (Kind, u64)| (store.revision_of(kind) > before).then_some(kind);
    Kind::ALL.into_iter().zip(before).filter_map(has_moved).collect()
}

/// A screen of one kind need not look at it while others move.
#[test]
fn only_the_kinds_that_change_have_a_new_revision() {
    let truth = shop();
    let mut store = truth.store();
    assert_eq!(moved(&mut store, truth.deltas(2)), [], "nothing is new");

    let mut nodes = truth.nodes.clone();
    nodes[0].labels.clear();
    assert_eq!(moved(&mut store, vec![Delta::Nodes(nodes.clone())]), [Kind::Nodes]);
    nodes[1].state = NodeState::Down;
    let kinds = moved(&mut store, vec![Delta::Nodes(nodes)]);
    assert_eq!(kinds, [Kind::Nodes, Kind::Tasks, Kind::Journal], "its tasks count no more");

    let mut services = truth.services.clone();
    services[0].labels.push(("team".into(), "hive".into()));
    assert_eq!(moved(&mut store, vec![listed(&services)]), [Kind::Services]);

    let mut tasks = truth.tasks.clone();
    tasks[0].version += 100;
    let list = ListId(3);
    let told =
        vec![Delta::TasksBegin(list, Scope::All), Delta::Tasks(list, tasks), Delta::TasksEnd(list)];
    assert_eq!(moved(&mut store, told), [Kind::Tasks]);

    let event = EngineEvent {
        at: NOW,
        kind: "secret".into(),
        action: "create".into(),
        id: "s1".into(),
        attributes: vec![],
    };
    assert_eq!(moved(&mut store, vec![Delta::Event(event)]), [Kind::Journal]);

    let refused = Delta::Unread(Part::Networks, "refused".into());
    assert_eq!(moved(&mut store, vec![refused]), [Kind::Swarm, Kind::Networks]);
    assert_eq!(moved(&mut store, vec![Delta::Read(Part::Networks)]), [Kind::Swarm, Kind::Networks]);

    let all = store.revision_of_all(&Kind::ALL);
    assert_eq!(all, store.revision());
    let mut other = truth.info();
    other.id = "another".into();
    assert_eq!(moved(&mut store, vec![Delta::Cluster(other)]), Kind::ALL);
}
