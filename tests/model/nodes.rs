//! Plans for nodes: what they change, and the guard of the quorum.

use serde_json::json;
use skep::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, Confirm, Document, NodeChange, Plan},
    },
    cluster::{Availability, Mode, NodeState, Reachability, Role, TaskState},
    grant::ClusterNo,
};

use crate::cluster_fixture::{Cluster, NOW, cluster};

fn document(c: &Cluster, name: &str) -> Document {
    let node = c.nodes.iter().find(|n| &*n.hostname == name).expect("it is there");
    Document::read_node(&json!({
        "ID": node.id.as_str(), "Version": { "Index": node.version },
        "Description": { "Hostname": name },
        "Spec": {
            "Labels": { "zone": "a" }, "Name": "unknown to skep",
            "Role": node.role.word(), "Availability": node.availability.word(),
        },
    }))
    .unwrap()
}

fn plan(c: &Cluster, name: &str, change: NodeChange) -> Plan {
    Plan::new(ClusterNo(0), &[document(c, name)], &Change::Node(change), &c.store())
}

fn three() -> Cluster {
    cluster().manager("m1").manager("m2").manager("m3").node("w1").node("w2").service("web", 4)
}

#[test]
fn a_drain_changes_one_word_and_says_what_moves() {
    let plan = plan(&three(), "w1", NodeChange::Availability(Availability::Drain));
    let step = &plan.steps[0];
    let mut wished = step.before.clone();
    wished["Availability"] = "drain".into();
    assert_eq!(step.after, wished, "all else stays, also what skep does not know");
    assert_eq!(plan.title, "drain w1");
    assert_eq!(step.command, "docker node update --availability drain w1");
    assert!(step.touches.contains("on other nodes") || step.touches.contains("another node"));
}

#[test]
fn what_is_so_already_is_not_done() {
    for change in [NodeChange::Availability(Availability::Active), NodeChange::Role(Role::Worker)] {
        let plan = plan(&three(), "w1", change);
        assert!(plan.is_empty() && plan.refused[0].contains("already"), "{:?}", plan.refused);
    }
}

#[test]
fn the_last_node_for_tasks_is_drained_only_by_name() {
    let mut c = cluster().manager("m1").node("w1").service("web", 2);
    c.nodes[0].availability = Availability::Drain;
    for task in &mut c.tasks {
        task.node = Some(c.nodes[1].id.clone());
    }
    let plan = plan(&c, "w1", NodeChange::Availability(Availability::Drain));
    assert_eq!(plan.confirm, Confirm::Type("w1".into()));
    assert!(plan.warnings[0].contains("stops for good"), "{:?}", plan.warnings);
}

#[test]
fn a_demotion_never_costs_the_quorum() {
    let demote = NodeChange::Role(Role::Worker);
    let whole = plan(&three(), "m2", demote.clone());
    assert_eq!(whole.confirm, Confirm::Type("m2".into()), "two managers stand no loss");
    assert_eq!(whole.steps[0].command, "docker node demote m2");
    let mut weak = three();
    let lost = weak.nodes.iter_mut().find(|n| &*n.hostname == "m3").unwrap();
    lost.state = NodeState::Down;
    lost.manager.as_mut().unwrap().reachability = Reachability::Unreachable;
    let refused = plan(&weak, "m2", demote.clone());
    assert!(refused.is_empty(), "one of two managers is no quorum");
    assert!(refused.refused[0].contains("would lose its quorum"), "{:?}", refused.refused);
    assert!(!plan(&weak, "m3", demote.clone()).is_empty(), "the lost one may go");
    let last = plan(&cluster().manager("m1").node("w1"), "m1", demote);
    assert!(last.refused[0].contains("last manager"), "{:?}", last.refused);
}

#[test]
fn only_a_worker_that_is_not_ready_is_removed() {
    let c = three().node("w3").down("w3", "heartbeat failure");
    assert!(plan(&c, "w1", NodeChange::Remove).refused[0].contains("drain it"));
    assert!(plan(&c, "m1", NodeChange::Remove).refused[0].contains("demote it first"));
    // What may still run is removed as docker does, with a word of warning.
    let mut unknown = c.clone();
    unknown.nodes.iter_mut().find(|n| &*n.hostname == "w1").unwrap().state = NodeState::Unknown;
    let removal = plan(&unknown, "w1", NodeChange::Remove);
    assert!(removal.refused.is_empty(), "{removal:?}");
    assert_eq!(removal.confirm, Confirm::Type("w1".into()));
    assert!(removal.warnings.iter().any(|w| w.contains("if it still runs")), "{removal:?}");
    let plan = plan(&c, "w3", NodeChange::Remove);
    assert_eq!(plan.confirm, Confirm::Type("w3".into()));
    assert_eq!(plan.steps[0].command, "docker node rm w3");
}

#[test]
fn labels_are_told_as_flags_and_constraints_are_minded() {
    let mut c = three();
    c.last().constraints = vec!["node.labels.zone==a".into()];
    for node in &mut c.nodes {
        node.labels = vec![("zone".into(), "a".into())];
    }
    for task in &mut c.tasks {
        task.node = Some(c.nodes[3].id.clone());
    }
    let labels = [("zone".to_owned(), "b c".to_owned())].into();
    let plan = plan(&c, "w1", NodeChange::Labels(labels));
    assert_eq!(plan.steps[0].command, "docker node update --label-add 'zone=b c' w1");
    assert!(plan.warnings[0].contains("web"), "{:?}", plan.warnings);
    assert_eq!(plan.confirm, Confirm::Type("w1".into()));
}

/// Of five tasks on w1 three move: one is of a global service, one fits nowhere else.
fn crowded() -> Cluster {
    let mut c = three().service("agent", 0).service("db", 1).service("api", 3);
    c.services[1].mode = skep::cluster::Mode::Global;
    c.services[2].constraints = vec!["node.hostname==w1".into()];
    let w1 = c.nodes[3].id.clone();
    let mut agent = c.tasks[0].clone();
    agent.id = "agent-on-w1".into();
    agent.service = c.services[1].id.clone();
    agent.slot = 0;
    c.tasks.push(agent);
    for task in &mut c.tasks {
        let stays = task.service == c.services[0].id;
        task.node = Some(if stays { c.nodes[4].id.clone() } else { w1.clone() });
    }
    c
}

#[test]
fn a_drain_tells_how_many_tasks_really_move() {
    let mut c = crowded();
    let drain = NodeChange::Availability(Availability::Drain);
    let step = plan(&c, "w1", drain.clone()).steps.remove(0);
    assert_eq!(
        step.touches,
        "3 tasks stop, and start on other nodes; 1 task stops and fits on no other node; \
         1 task of a global service ends"
    );
    // The same in the table of what dies with it.
    let blast = skep::triage::blast(&c.store(), &c.nodes[3]);
    let hit = |name: &str| blast.hits.iter().find(|h| h.name == name).unwrap();
    assert!(hit("db").nowhere && hit("agent").global && !hit("agent").ends());
    assert!(!hit("api").nowhere && blast.homeless == 0);
    // And while it goes on: three are waited for, and then what has no place is told.
    let mut follow = Follow::new(&step, NOW);
    follow.sent(c.nodes[3].version);
    c.nodes[3].availability = Availability::Drain;
    follow.update(&c.store(), NOW);
    assert_eq!((&follow.phase, follow.done, follow.total), (&Phase::Converging, 0, 3));
    let w1 = c.nodes[3].id.clone();
    // The agent's next task never got a place and was called off: it stays as it is.
    let called_off = c.tasks.iter_mut().find(|t| t.service.as_str() == "id-of-agent").unwrap();
    called_off.state = skep::cluster::TaskState::Pending;
    called_off.desired = skep::cluster::TaskState::Shutdown;
    c.tasks.retain(|t| t.service.as_str() != "id-of-db");
    for task in c.tasks.iter_mut().filter(|t| t.slot > 0 && t.node.as_ref() == Some(&w1)) {
        task.node = Some(c.nodes[4].id.clone());
    }
    let mut early = follow.clone();
    early.update(&c.store(), NOW);
    assert_eq!((early.phase, early.done, early.total), (Phase::Done, 3, 3));
    assert_eq!(early.note.as_deref(), Some("db 0/1: its task fits on no other node"));
    let mut db = c.tasks[0].clone();
    db.id = "db-waits".into();
    db.service = c.services[2].id.clone();
    db.node = None;
    db.state = skep::cluster::TaskState::Pending;
    db.err = "no suitable node (scheduling constraints not satisfied on 5 nodes)".into();
    c.tasks.push(db);
    follow.update(&c.store(), NOW);
    assert_eq!(follow.phase, Phase::Done);
    let note = follow.note.unwrap();
    assert!(note.starts_with("db 0/1: no suitable node"), "{note}");
}

#[test]
fn tasks_are_counted_as_the_scheduler_would_place_them() {
    let drain = NodeChange::Availability(Availability::Drain);
    let said = |change: &dyn Fn(&mut Cluster)| {
        let mut c = cluster().manager("m1").node("w1").node("w2").service("web", 3);
        for (task, node) in c.tasks.iter_mut().zip([0, 1, 2]) {
            task.node = Some(c.nodes[node].id.clone());
        }
        change(&mut c);
        plan(&c, "w1", drain.clone()).steps.remove(0).touches
    };
    assert!(said(&|_| ()).starts_with("1 task stops, and starts on another node"));
    let nowhere = "1 task stops and fits on no other node";
    assert_eq!(said(&|c| c.last().max_per_node = 1), nowhere);
    assert_eq!(
        said(&|c| {
            *c = c.clone().port(80);
            c.last().ports[0].mode = skep::cluster::PublishMode::Host;
        }),
        nowhere
    );
    assert_eq!(
        said(&|c| {
            for task in &mut c.tasks {
                std::sync::Arc::make_mut(&mut task.spec).reserved.memory = 5 << 30;
            }
        }),
        nowhere
    );
}

#[test]
fn a_drain_is_followed_until_nothing_runs_there() {
    let mut c = three();
    for task in &mut c.tasks {
        task.node = Some(c.nodes[3].id.clone());
    }
    let plan = plan(&c, "w1", NodeChange::Availability(Availability::Drain));
    let mut follow = Follow::new(&plan.steps[0], NOW);
    follow.sent(c.nodes[3].version + 1);
    follow.update(&c.store(), NOW);
    assert_eq!(follow.phase, Phase::Converging);
    c.nodes[3].version += 1;
    c.nodes[3].availability = Availability::Drain;
    follow.update(&c.store(), NOW);
    assert_eq!((&follow.phase, follow.done, follow.total), (&Phase::Converging, 0, 4));
    c.tasks[0].node = Some(c.nodes[4].id.clone());
    follow.update(&c.store(), NOW);
    assert_eq!((follow.done, follow.total), (1, 4));
    for task in &mut c.tasks {
        task.node = Some(c.nodes[4].id.clone());
    }
    follow.update(&c.store(), NOW);
    assert_eq!(follow.phase, Phase::Done);
}

/// A task that waits for its restart delay does not move with the drain.
#[test]
fn a_drain_does_not_wait_for_a_next_run() {
    let mut c = cluster().manager("m1").node("w1").node("w2").service("cron", 1);
    let w1 = c.nodes[1].id.clone();
    let task = &mut c.tasks[0];
    (task.node, task.state, task.desired) = (Some(w1), TaskState::Ready, TaskState::Ready);
    let drain = NodeChange::Availability(Availability::Drain);
    let waits = "1 task waits there for its next start, and moves then";
    let mut step = plan(&c, "w1", drain.clone()).steps.remove(0);
    assert_eq!(step.touches, format!("no task runs there; {waits}"));
    let mut follow = Follow::new(&step, NOW);
    follow.sent(c.nodes[1].version);
    c.nodes[1].availability = Availability::Drain;
    follow.update(&c.store(), NOW);
    assert_eq!((&follow.phase, follow.done, follow.total), (&Phase::Done, 0, 0));
    // Nothing else could run it: its loss would be told, and its drain does not stop it.
    c.nodes[1].availability = Availability::Active;
    c.services[0].constraints = vec!["node.hostname==w1".into()];
    step = plan(&c, "w1", drain).steps.remove(0);
    assert_eq!(step.touches, format!("no task runs there; {waits}"));
    assert!(skep::triage::blast(&c.store(), &c.nodes[1]).hits[0].nowhere);
}

#[test]
fn a_drain_names_what_does_not_start_elsewhere() {
    let mut c = cluster().manager("m1").node("w1").node("w2").service("web", 1);
    let nodes: Vec<_> = c.nodes.iter().map(|n| n.id.clone()).collect();
    c.tasks[0].node = Some(nodes[1].clone());
    let drain = NodeChange::Availability(Availability::Drain);
    let mut follow = Follow::new(&plan(&c, "w1", drain).steps[0], NOW);
    follow.sent(c.nodes[1].version);
    c.nodes[1].availability = Availability::Drain;
    (c.tasks[0].state, c.tasks[0].desired) = (TaskState::Shutdown, TaskState::Shutdown);
    c = c.task(1, TaskState::Preparing, "", 0);
    let next = c.tasks.last_mut().unwrap();
    (next.node, next.created) = (Some(nodes[2].clone()), Some(NOW));
    follow.update(&c.store(), NOW);
    assert_eq!((&follow.phase, follow.done, follow.total), (&Phase::Converging, 0, 1));
    let mut rejected = c.clone();
    let next = rejected.tasks.last_mut().unwrap();
    (next.state, next.desired) = (TaskState::Rejected, TaskState::Shutdown);
    next.err = "No such image: web:2".into();
    let mut given_up = follow.clone();
    given_up.update(&rejected.store(), NOW);
    assert_eq!(given_up.phase, Phase::Done);
    assert_eq!(given_up.note.as_deref(), Some("web 0/1: No such image: web:2"));
    // What ended before the drain says nothing of it.
    rejected.tasks.last_mut().unwrap().created = Some(crate::cluster_fixture::ago(5));
    follow.update(&rejected.store(), NOW);
    assert_eq!(follow.phase, Phase::Converging);
}

#[test]
fn nodes_that_share_their_host_name_are_told_apart() {
    let mut c = three().node("w3").down("w3", "heartbeat failure");
    c.nodes[5].id = "k3j2abcdefghijklmnopqrstu".into();
    let mut document = document(&c, "w3");
    c.nodes[5].hostname = "w1".into();
    document.name = "w1".into();
    let plan = |c: &Cluster, change| {
        Plan::new(ClusterNo(0), &[document.clone()], &Change::Node(change), &c.store())
    };
    let remove = plan(&c, NodeChange::Remove);
    assert_eq!(remove.steps[0].command, "docker node rm k3j2abcdefghijklmnopqrstu");
    assert_eq!(remove.title, "remove w1 (k3j2abcdefgh)");
    assert_eq!(remove.confirm, Confirm::Type("k3j2abcdefgh".into()));
    let labels = [("zone".to_owned(), "b".to_owned())].into();
    let label = plan(&c, NodeChange::Labels(labels));
    assert!(label.steps[0].command.ends_with(" k3j2abcdefghijklmnopqrstu"));
    let refused = plan(&c, NodeChange::Availability(Availability::Active)).refused;
    assert!(refused[0].starts_with("w1 (k3j2abcdefgh): "), "{refused:?}");
}

#[test]
fn what_starts_again_and_what_is_given_up_is_counted() {
    let mut c = three().service("agent", 1);
    c.last().mode = Mode::Global;
    c.tasks.retain(|t| t.service != c.services.last().unwrap().id);
    let drained = c.nodes.iter().position(|n| &*n.hostname == "w1").unwrap();
    c.nodes[drained].availability = Availability::Drain;
    let active = plan(&c, "w1", NodeChange::Availability(Availability::Active));
    assert!(active.steps[0].touches.starts_with("1 task of a global service starts; "));
    // Its tasks are not wanted there any more, and are running for all the Swarm knows.
    let mut c = three().node("w3").down("w3", "heartbeat failure").service("web", 2);
    let gone = c.nodes.last().unwrap().id.clone();
    for task in c.tasks.iter_mut().rev().take(2) {
        (task.node, task.desired) = (Some(gone.clone()), TaskState::Shutdown);
    }
    let removed = plan(&c, "w3", NodeChange::Remove);
    let told = "the Swarm forgets it and gives up 2 tasks that it last reported";
    assert_eq!(removed.steps[0].touches, told);
}

/// A join that broke off leaves an entry on which nothing ever ran.
#[test]
fn an_entry_that_never_joined_is_removed_with_one_key() {
    let mut c = three();
    c.nodes[4].state = NodeState::Unknown;
    let known = plan(&c, "w2", NodeChange::Remove);
    assert!(!known.warnings.is_empty() && known.confirm != Confirm::Yes, "a leader change");
    c.nodes[4].engine = "".into();
    let never = plan(&c, "w2", NodeChange::Remove);
    assert!(never.warnings.is_empty() && never.refused.is_empty(), "{:?}", never.warnings);
    assert_eq!(never.confirm, Confirm::Yes);
    assert_eq!(never.steps[0].touches, "the Swarm forgets the entry; nothing ever ran there");
}

/// Of a node that is down already it is told what was there, not that nothing is.
#[test]
fn a_node_that_is_down_has_lost_its_tasks_already() {
    let mut c = cluster().manager("m1").node("n2").service("web", 2);
    c.nodes[1].state = skep::cluster::NodeState::Down;
    let on = c.tasks.iter().filter(|task| task.node.as_ref() == Some(&c.nodes[1].id)).count();
    assert_eq!(on, 1);
    let said = skep::triage::blast(&c.store(), &c.nodes[1]).sentences();
    assert!(
        said.iter().any(|s| s == "it is down already: 1 task ran there when it was last heard")
    );
    assert!(!said.iter().any(|s| s.contains("no task runs")), "{said:?}");
}

/// `w1` after the write, as `change` leaves it, is followed by the plan for it.
fn followed(c: &mut Cluster, change: NodeChange, edit: impl FnOnce(&mut Cluster)) -> Follow {
    let plan = plan(c, "w1", change);
    assert_eq!(plan.refused, Vec::<String>::new());
    let mut follow = Follow::new(&plan.steps[0], NOW);
    follow.sent(c.nodes[3].version + 1);
    c.nodes[3].version += 1;
    edit(c);
    follow.update(&c.store(), NOW);
    follow
}

#[test]
fn a_manager_is_one_once_it_is_reached_and_none_once_it_left() {
    let mut c = three();
    let manager = c.nodes[1].manager.clone();
    let mut f = followed(&mut c, NodeChange::Role(Role::Manager), |c| {
        c.nodes[3].role = Role::Manager;
    });
    assert_eq!(f.phase, Phase::Converging, "it was only told to be one");
    c.nodes[3].manager.clone_from(&manager);
    c.nodes[3].manager.as_mut().unwrap().reachability = Reachability::Unreachable;
    f.update(&c.store(), NOW);
    assert_eq!(f.phase, Phase::Converging, "the others do not reach it");
    c.nodes[3].manager = manager;
    f.update(&c.store(), NOW);
    assert_eq!(f.phase, Phase::Done);

    let mut f = followed(&mut c, NodeChange::Role(Role::Worker), |c| {
        c.nodes[3].role = Role::Worker;
    });
    assert_eq!(f.phase, Phase::Converging, "it is still one of the managers");
    c.nodes[3].manager = None;
    f.update(&c.store(), NOW);
    assert_eq!(f.phase, Phase::Done);
}

#[test]
fn a_removed_node_is_what_was_asked_for_and_a_label_left_out_is_not() {
    let mut c = three().node("w3");
    c.nodes[3].state = NodeState::Down;
    let f = followed(&mut c, NodeChange::Remove, |c| drop(c.nodes.remove(3)));
    assert_eq!(f.phase, Phase::Done);
    let (a, b) = (("zone".to_owned(), "b".to_owned()), ("rack".to_owned(), "7".to_owned()));
    let labels = NodeChange::Labels([a, b].into());
    let f =
        followed(&mut three(), labels, |c| c.nodes[3].labels = vec![("zone".into(), "b".into())]);
    assert!(
        matches!(&f.phase, Phase::Failed(why) if why.contains("other labels")),
        "{:?}",
        f.phase
    );
}

/// What ran elsewhere before has not moved, and what still stops is not gone.
#[test]
fn a_drain_is_over_when_its_own_tasks_run_elsewhere_and_none_is_left() {
    let mut c = three();
    let (w1, w2) = (c.nodes[3].id.clone(), c.nodes[4].id.clone());
    for task in &mut c.tasks {
        task.node = Some(if task.slot <= 2 { w1.clone() } else { w2.clone() });
    }
    let drain = NodeChange::Availability(Availability::Drain);
    let mut f = followed(&mut c, drain, |c| {
        c.nodes[3].availability = Availability::Drain;
        for task in c.tasks.iter_mut().filter(|t| t.node.as_ref() == Some(&w1)) {
            (task.state, task.desired) = (TaskState::Shutdown, TaskState::Shutdown);
        }
    });
    assert_eq!((&f.phase, f.done, f.total), (&Phase::Converging, 0, 2));
    // One that was on its way there when it was drained fails there: it says nothing of the others.
    let mut late = c.clone().task(1, TaskState::Rejected, "No such image: web:2", -1);
    (late.tasks[4].node, late.tasks[4].created) = (Some(w1.clone()), Some(NOW));
    f.update(&late.store(), NOW);
    assert_eq!((&f.phase, f.done, f.total), (&Phase::Converging, 0, 2));
    for slot in [1, 2] {
        c = c.task(slot, TaskState::Running, "", -1);
        c.tasks.last_mut().unwrap().node = Some(w2.clone());
    }
    c.tasks[0].state = TaskState::Running;
    f.update(&c.store(), NOW);
    assert_eq!((&f.phase, f.done, f.total), (&Phase::Converging, 2, 2), "one is still stopping");
    c.tasks[0].state = TaskState::Shutdown;
    f.update(&c.store(), NOW);
    assert_eq!(f.phase, Phase::Done);
}
