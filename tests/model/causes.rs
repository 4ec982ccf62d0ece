//! The right cause: what is in the way on the nodes that would do, read from the task's own spec.

use std::sync::Arc;

use skep::{
    cluster::{
        Availability, ContainerEnd, Delta, Mode, Node, Platform, Port, PublishMode, Resources,
        Service, Task, TaskId, TaskState, UpdateState,
    },
    engine::{TaskReader, decode_nodes, decode_service},
    triage::{Problem, Severity, Thresholds, problems},
};

use crate::cluster_fixture::{Cluster, NOW, cluster};

fn all(cluster: &Cluster) -> Vec<Arc<Problem>> {
    problems(&cluster.store(), NOW, &Thresholds::default())
}

/// Reasons why a node is not taken, in the order in which the engine asks (swarmkit
/// `manager/scheduler`), with its words and the rule that leads then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Unavailable,
    Resources,
    Plugin,
    Constraint,
    Platform,
    Port,
    MaxPerNode,
    Volume,
}

const REASONS: [(Reason, &str, &str); 8] = [
    (Reason::Unavailable, "# not available for new tasks", "no-node-available"),
    (Reason::Resources, "insufficient resources on #", "no-node-resources"),
    (Reason::Plugin, "missing plugin on #", "no-node-plugin"),
    (Reason::Constraint, "scheduling constraints not satisfied on #", "no-node-constraint"),
    (Reason::Platform, "unsupported platform on #", "no-node-platform"),
    (Reason::Port, "host-mode port already in use on #", "no-node-port"),
    (Reason::MaxPerNode, "max replicas per node limit exceed", "no-node-max"),
    (Reason::Volume, "cannot fulfill requested CSI volume mounts on #", "no-node-volume"),
];

/// How far a reason is from what can be mended on a node: it was never meant, it takes no tasks now, or it
/// would do but for this.
fn distance(reason: Reason) -> u8 {
    match reason {
        Reason::Constraint => 3,
        Reason::Platform => 2,
        Reason::Unavailable => 1,
        _ => 0,
    }
}

/// Makes a reason true of a node.
fn refuse(c: &mut Cluster, at: usize, reason: Reason) {
    let id = c.nodes[at].id.clone();
    let own = c.services[0].id.clone();
    let node = &mut c.nodes[at];
    let holder = |service| {
        let mut task = c.tasks[0].clone();
        task.id = TaskId::from(format!("{reason:?}{at}").as_str());
        (task.service, task.node, task.state) = (service, Some(id.clone()), TaskState::Running);
        task.slot = 90 + at as u64;
        task
    };
    match reason {
        Reason::Unavailable => node.availability = Availability::Drain,
        Reason::Resources => node.memory = 1 << 20,
        Reason::Constraint => node.labels.clear(),
        Reason::Platform => node.arch = "aarch64".into(),
        Reason::Port => c.tasks.push(holder(c.services[1].id.clone())),
        Reason::MaxPerNode => c.tasks.push(holder(own)),
        // Nothing of it is in the model.
        Reason::Plugin | Reason::Volume => {}
    }
}

/// A service that waits; `refusals` says of each node what is in its way.
fn refused(refusals: &[&[Reason]]) -> Cluster {
    let mut c = cluster().manager("n1").node("n2").node("n3").node("n4").service("web", 1);
    c.tasks.clear();
    c = c.task(1, TaskState::Pending, "", 60).service("other", 0);
    // Its own task on a node holds its port there, too.
    let has_port = refusals.iter().any(|r| r.contains(&Reason::Port));
    for service in c.services.iter_mut().filter(|_| has_port) {
        service.ports.push(Port {
            protocol: "tcp".into(),
            target: 80,
            published: 8080,
            mode: PublishMode::Host,
        });
    }
    c.tasks[0].node = None;
    let web = &mut c.services[0];
    web.constraints = vec!["node.labels.disk==ssd".into()];
    web.platforms = vec![Platform { os: "linux".into(), arch: "amd64".into() }];
    web.reserved = Resources { memory: 1 << 30, ..Resources::default() };
    web.max_per_node = 1;
    // More than there are places: it is short in any case.
    web.mode = Mode::Replicated(9);
    let mut spec = (*c.tasks[0].spec).clone();
    (spec.constraints, spec.platforms) = (web.constraints.clone(), web.platforms.clone());
    (spec.reserved, spec.max_per_node) = (web.reserved.clone(), 1);
    c.tasks[0].spec = Arc::new(spec);
    let mut counts = [0_u64; REASONS.len()];
    for (at, reasons) in refusals.iter().enumerate() {
        for reason in *reasons {
            refuse(&mut c, at, *reason);
        }
        // The engine counts a node under the first that it asks.
        let is = |r: &Reason| {
            let own = has_port && *r == Reason::Port && reasons.contains(&Reason::MaxPerNode);
            own || reasons.contains(r)
        };
        let first = REASONS.iter().position(|(r, _, _)| is(r)).expect("a reason");
        counts[first] += 1;
    }
    let said: Vec<String> = REASONS
        .iter()
        .zip(counts)
        .filter(|(_, n)| *n > 0)
        .map(|((_, words, _), n)| {
            words.replace('#', &format!("{n} node{}", if n == 1 { "" } else { "s" }))
        })
        .collect();
    c.tasks[0].err = format!("no suitable node ({})", said.join("; ")).into();
    c
}

fn cause(c: &Cluster) -> (Option<&'static str>, String) {
    let all = all(c);
    let about = all.iter().find(|p| p.object == "web").expect("a problem of web");
    (about.cause, about.message.clone())
}

#[test]
fn of_two_reasons_that_of_the_nodes_that_would_do_leads() {
    for (many, _, of_many) in REASONS {
        for (one, _, of_one) in REASONS {
            let c = refused(&[&[many], &[many], &[many], &[one]]);
            let (cause, message) = cause(&c);
            // Equally near: the one with more nodes. Otherwise the nearer one, however few they are.
            let leads = if distance(one) < distance(many) { of_one } else { of_many };
            // Where its own task runs, its port is taken as well, and the engine asks for that first.
            let both =
                [many, one].contains(&Reason::Port) && [many, one].contains(&Reason::MaxPerNode);
            let leads = if both { "no-node-port" } else { leads };
            assert_eq!(
                cause,
                Some(leads),
                "{many:?} ×3 and {one:?}: {} → {message}",
                c.tasks[0].err
            );
            if distance(one) == 0 && distance(many) == 0 && one != many {
                assert!(message.contains("; besides, on "), "{message}");
            }
        }
    }
}

#[test]
fn of_two_reasons_on_one_node_that_would_do_both_are_told() {
    let away: &[Reason] = &[Reason::Constraint];
    for (first, _, _) in REASONS.iter().filter(|(r, _, _)| distance(*r) == 0) {
        for (second, _, _) in REASONS.iter().filter(|(r, _, _)| distance(*r) == 0 && r > first) {
            let c = refused(&[away, away, away, &[*first, *second]]);
            let (cause, message) = cause(&c);
            let rule = |of: Reason| REASONS.iter().find(|(r, _, _)| *r == of).map(|(_, _, id)| *id);
            assert_eq!(cause, rule(*first), "{first:?} and {second:?} on n4 alone: {message}");
            // Of plugins and volumes the engine alone tells, and it tells the first.
            if !matches!(second, Reason::Plugin | Reason::Volume) {
                assert!(message.contains("; besides, on n4 "), "{message}");
            }
        }
    }
}

#[test]
fn a_constraint_that_no_node_meets_leads_whatever_else_they_lack() {
    let all: &[Reason] = &[Reason::Constraint, Reason::Resources];
    let (cause, message) = cause(&refused(&[all; 4]));
    assert_eq!(cause, Some("no-node-constraint"));
    assert_eq!(
        message,
        "web 0/9: no node meets node.labels.disk==ssd; besides, on every node too little is left to reserve"
    );
}

#[test]
fn what_the_model_does_not_show_is_said_by_the_engine_alone() {
    let port: &[Reason] = &[Reason::Port];
    let mut c = refused(&[port; 4]);
    c.tasks.truncate(1);
    let (cause, message) = cause(&c);
    assert_eq!(cause, Some("no-node-port"));
    assert!(message.ends_with("no suitable node (host-mode port already in use on 4 nodes)"));
}

fn gpus(node: &mut Node, n: u64) {
    node.generic = vec![("NVIDIA-GPU".into(), n)];
}

fn wants_gpus(task: &mut Task, n: u64) {
    let spec = Arc::make_mut(&mut task.spec);
    spec.reserved.generic = vec![("NVIDIA-GPU".into(), n)];
}

#[test]
fn generic_resources_are_resources_like_any_other() {
    let mut c = cluster().manager("n1").node("n2").service("train", 1);
    gpus(&mut c.nodes[0], 2);
    gpus(&mut c.nodes[1], 4);
    wants_gpus(&mut c.tasks[0], 3);
    c.tasks[0].node = Some(c.nodes[1].id.clone());
    let no = "no suitable node (insufficient resources on 2 nodes)";
    c = c.service("more", 1);
    c.tasks.pop();
    let mut c = c.task(1, TaskState::Pending, no, 60);
    let waits = c.tasks.last_mut().expect("a task");
    waits.node = None;
    wants_gpus(waits, 3);
    let found = all(&c);
    let more = found.iter().find(|p| p.object == "more").expect("told");
    assert_eq!(more.cause, Some("no-node-resources"));
    assert_eq!(
        more.message,
        "more 0/1: no node has 3 NVIDIA-GPU to reserve: at best n1 has 2 left of 2 NVIDIA-GPU"
    );
    let evidence: Vec<&str> = more.evidence.iter().map(|e| &*e.text).collect();
    assert!(
        evidence.iter().any(|e| e.starts_with("n2: ") && e.ends_with("1 NVIDIA-GPU free, misses 2 NVIDIA-GPU")),
        "{evidence:?}"
    );
    // Given away to the last one they are no alarm.
    wants_gpus(&mut c.tasks[0], 4);
    c.tasks.pop();
    c.services.pop();
    gpus(&mut c.nodes[0], 0);
    let found = all(&c);
    let full = found.iter().find(|p| p.rule == "capacity-full").expect("told");
    assert_eq!(full.severity, Severity::Advice);
    assert!(full.message.starts_with("100 % of NVIDIA-GPU (4 of 4) reserved"), "{}", full.message);
    let spare = found.iter().find(|p| p.rule == "capacity-spare").expect("told");
    assert!(
        spare.message.contains("4 NVIDIA-GPU reserved there would find no place"),
        "{}",
        spare.message
    );
}

#[test]
fn a_resource_that_no_node_has_is_told_as_such() {
    let no = "no suitable node (insufficient resources on 2 nodes)";
    let waits = |c: Cluster| {
        let mut c = c.service("train", 1);
        c.tasks.pop();
        let mut c = c.task(1, TaskState::Pending, no, 60);
        let task = c.tasks.last_mut().expect("a task");
        task.node = None;
        wants_gpus(task, 1);
        c
    };
    let c = waits(cluster().manager("n1").node("n2"));
    let found = all(&c);
    assert_eq!(found[0].message, "train 0/1: no node has NVIDIA-GPU, and 1 is to be reserved");
    let evidence: Vec<&str> = found[0].evidence.iter().map(|e| &*e.text).collect();
    assert!(evidence.contains(&"n1: has no NVIDIA-GPU"), "{evidence:?}");
    // One has it, and takes no tasks.
    let mut c = cluster().manager("n1").node("n2");
    gpus(&mut c.nodes[1], 2);
    c.nodes[1].availability = skep::cluster::Availability::Drain;
    let found = all(&waits(c));
    assert_eq!(
        found[0].message,
        "train 0/1: no node that takes tasks has NVIDIA-GPU, and 1 is to be reserved"
    );
}

#[test]
fn generic_resources_and_runs_of_jobs_are_read() {
    let node = r#"[{"ID":"n","Description":{"Resources":{"NanoCPUs":2000000000,"GenericResources":[
        {"NamedResourceSpec":{"Kind":"NVIDIA-GPU","Value":"gpu0"}},
        {"NamedResourceSpec":{"Kind":"NVIDIA-GPU","Value":"gpu1"}},
        {"DiscreteResourceSpec":{"Kind":"SSD","Value":3}}]}}}]"#;
    let nodes = decode_nodes(node.as_bytes()).unwrap();
    let has: Vec<(&str, u64)> = nodes[0].generic.iter().map(|(k, n)| (&**k, *n)).collect();
    assert_eq!(has, [("NVIDIA-GPU", 2), ("SSD", 3)]);
    let template = r#"{"ContainerSpec":{"Image":"a:1","Mounts":[{"Type":"bind","Source":"/s","Target":"/t"}]},
        "Resources":{"Limits":{"MemoryBytes":64},"Reservations":{"GenericResources":[
        {"DiscreteResourceSpec":{"Kind":"NVIDIA-GPU","Value":2}}]}},
        "Placement":{"Constraints":["node.role==worker"],"MaxReplicas":2},"LogDriver":{"Name":"gelf"}}"#;
    let service = format!(
        r#"{{"ID":"s","Spec":{{"Name":"job","Mode":{{"ReplicatedJob":{{}}}},"TaskTemplate":{template}}},
        "JobStatus":{{"JobIteration":{{"Index":2}},"LastExecution":"2026-11-28T02:36:48Z"}}}}"#
    );
    let service: Service = decode_service(service.as_bytes()).unwrap();
    assert_eq!((service.run, &*service.reserved.generic[0].0), (2, "NVIDIA-GPU"));
    let task = format!(
        r#"[{{"ID":"t","Spec":{template},"JobIteration":{{"Index":2}},"DesiredState":"complete","Status":{{"State":"pending"}}}}]"#
    );
    let mut reader = TaskReader::default();
    let tasks = reader.feed(task.as_bytes()).unwrap();
    let spec = &tasks[0].spec;
    assert_eq!((tasks[0].run, tasks[0].is_wanted()), (2, true));
    assert_eq!((&spec.reserved, &spec.limits), (&service.reserved, &service.limits));
    assert_eq!((&spec.constraints, spec.max_per_node), (&service.constraints, 2));
    assert_eq!((&spec.mounts, &spec.log_driver), (&service.mounts, &service.log_driver));
    assert_eq!(spec.template, service.template);
}

/// A job of two completions whose first run was done.
fn job() -> Cluster {
    let mut c = cluster().manager("n1").node("n2").service("nightly", 2);
    c.last().mode = Mode::ReplicatedJob { concurrent: 2, total: 2 };
    for task in &mut c.tasks {
        (task.state, task.desired) = (TaskState::Complete, TaskState::Complete);
    }
    c
}

#[test]
fn a_job_is_counted_by_its_last_run() {
    let mut c = job();
    let store = c.store();
    let missing = store.missing(&c.services[0]);
    assert_eq!((missing.running, missing.desired, missing.job), (0, 0, Some((2, 2))));
    assert!(all(&c).iter().all(|p| p.severity == Severity::Advice));
    // Started anew, and it fails.
    c.last().run = 1;
    let mut c = c.task(1, TaskState::Running, "", 3);
    c.tasks.last_mut().unwrap().desired = TaskState::Complete;
    let missing = c.store().missing(&c.services[0]);
    assert_eq!((missing.running, missing.desired, missing.job), (1, 2, Some((0, 2))));
    assert!(all(&c).iter().all(|p| p.severity == Severity::Advice), "it has just begun");
    let c = c.task(2, TaskState::Failed, "task: non-zero exit (5)", 4);
    let found = all(&c);
    assert_eq!((found[0].rule, found[0].cause), ("job-failed", Some("exit-code")));
    assert!(
        found[0].message.starts_with("job nightly 0 of 2 done: 1 failed task"),
        "{}",
        found[0].message
    );
}

#[test]
fn a_global_job_wants_what_is_not_done_yet() {
    let mut c = job();
    c.last().mode = Mode::GlobalJob;
    let mut c = c.task(0, TaskState::Pending, "", 4);
    c.tasks.last_mut().unwrap().desired = TaskState::Complete;
    let missing = c.store().missing(&c.services[0]);
    assert_eq!((missing.desired, missing.job), (1, Some((2, 3))));
}

#[test]
fn what_failed_is_explained_by_its_own_spec() {
    let rolled_back = |err: &str, state: TaskState| {
        let mut c = cluster().manager("n1").node("n2").service("web", 1);
        c.tasks.clear();
        c = c.task(1, state, err, 20).task(1, TaskState::Running, "", 10);
        c = c.update(
            UpdateState::RollbackCompleted,
            "update rolled back due to failure or early termination of task x",
        );
        let spec = Arc::make_mut(&mut c.tasks[0].spec);
        spec.template = 2;
        spec.image = "shop/api:1.9@sha256:99".into();
        spec.limits.memory = 8 << 20;
        c
    };
    let told = |c: &Cluster| all(c)[0].message.clone();
    for (err, says) in [
        ("No such image: shop/api:1.9", "image shop/api:1.9 is not found"),
        ("pull access denied for shop/api", "refuses n1 the image shop/api:1.9"),
        ("no matching manifest for linux/arm64", "image shop/api:1.9 is not made for"),
    ] {
        let said = told(&rolled_back(err, TaskState::Rejected));
        assert!(said.contains(says), "{said}");
    }
    let said = told(&rolled_back("task: non-zero exit (137)", TaskState::Failed));
    assert!(
        said.ends_with(
            "update rolled back: killed (exit 137), perhaps at its memory limit of 8 MiB"
        ),
        "{said}"
    );
    // The limit was taken away since, or there was none and there is one now.
    let mut c = rolled_back("task: non-zero exit (137)", TaskState::Failed);
    c.last().limits = Resources::default();
    assert_eq!(all(&c)[0].cause, Some("oom-killed"));
    c.last().limits.memory = 1 << 30;
    Arc::make_mut(&mut c.tasks[0].spec).limits = Resources::default();
    assert_eq!(all(&c)[0].cause, Some("killed"));
}

/// A service whose tasks failed so, and how its nodes say that their containers ended.
fn ended(err: &str, limit: u64, end: &ContainerEnd) -> Problem {
    let mut c = cluster().manager("m1").node("n2").service("web", 2);
    c.tasks.clear();
    c.last().limits.memory = limit;
    for task in 1..=2 {
        c = c.task(task, TaskState::Failed, err, 20);
    }
    for task in &mut c.tasks {
        Arc::make_mut(&mut task.spec).limits.memory = limit;
    }
    let mut store = c.store();
    store.apply(Delta::Ended(TaskId::from("gone"), end.clone()), NOW);
    assert!(store.end_of(&TaskId::from("gone")).is_none(), "of tasks that exist");
    let before = problems(&store, NOW, &Thresholds::default());
    // The oldest is known, the newest is not yet: that is enough.
    store.apply(Delta::Ended(c.tasks[0].id.clone(), end.clone()), NOW);
    let after = problems(&store, NOW, &Thresholds::default());
    assert_eq!(before.len(), after.len(), "it is no condition for a finding");
    assert_eq!(before[0].key(), after[0].key(), "and no other one");
    Problem::clone(&after[0])
}

#[test]
fn what_a_node_says_of_a_container_joins_the_finding() {
    let killed = "task: non-zero exit (137)";
    let oom = ContainerEnd { out_of_memory: true, ..ContainerEnd::default() };
    let found = ended(killed, 8 << 20, &oom);
    assert!(found.message.contains("out of memory at its limit of 8 MiB, 2 times"), "{found:?}");
    assert!(found.evidence.iter().any(|e| e.text.contains("killed for memory")), "{found:?}");
    let found = ended(killed, 0, &oom);
    assert!(found.message.contains("out of memory, without a memory limit"), "{found:?}");
    let found = ended(killed, 8 << 20, &ContainerEnd::default());
    assert!(found.message.contains("perhaps at its memory limit"), "not all is told: {found:?}");
    let unhealthy = "task: non-zero exit (137): dockerexec: unhealthy container";
    let check = ContainerEnd { check: "db unreachable".into(), ..ContainerEnd::default() };
    let found = ended(unhealthy, 0, &check);
    assert!(found.message.contains("2 times; health check says: db unreachable"), "{found:?}");
    let error = ContainerEnd { error: "no device".into(), ..ContainerEnd::default() };
    let found = ended("task: non-zero exit (3)", 0, &error);
    assert!(found.evidence.iter().any(|e| e.text.ends_with("engine says: no device")), "{found:?}");
}
