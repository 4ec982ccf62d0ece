//! Every rule against a Swarm made for it, and against one that is well.

use std::collections::BTreeSet;
use std::sync::Arc;

use skep::{
    cluster::{
        Attachment, Availability, Delta, Entry, FailureAction, Gravity, Meaning, Mode, Mount,
        NodeState, Part, Platform, Port, PublishMode, Reachability, Reference, Resources,
        RestartCondition, Role, Store, Subject, Task, TaskId, TaskSpec, TaskState, UpdateState,
    },
    triage::{Problem, RULES, Thresholds, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster};

/// Three managers, a worker, and a service that is well in every respect.
fn calm() -> Cluster {
    cluster().manager("m1").manager("m2").manager("m3").node("n4").service("web", 4)
}

/// The service without its tasks.
fn bare() -> Cluster {
    let mut c = calm();
    c.tasks.clear();
    c
}

/// One of its tasks failed so, and nothing runs.
fn failing(err: &str) -> Cluster {
    bare().task(1, TaskState::Failed, err, 20)
}

/// Its tasks are rejected so.
fn rejected(err: &str) -> Cluster {
    bare().task(1, TaskState::Rejected, err, 20)
}

/// A task waits in this state for so long.
fn waiting(state: TaskState, err: &str, age: i64) -> Cluster {
    let mut c = calm();
    c.tasks.pop();
    c.task(4, state, err, age)
}

/// An update of one that holds a host port, start-first: a new task waits beside each old one.
fn beside(age: i64) -> Cluster {
    let mut c = calm().update(UpdateState::Updating, "update in progress").port(8080);
    c.last().ports[0].mode = PublishMode::Host;
    c.last().update_config.order = "start-first".into();
    c.last().template = 2;
    let c = c.task(
        4,
        TaskState::Pending,
        "no suitable node (host-mode port already in use on 4 nodes)",
        age,
    );
    with(c, |c| Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).template = 2)
}

fn pending(err: &str) -> Cluster {
    waiting(TaskState::Pending, err, 60)
}

fn with(mut c: Cluster, change: impl FnOnce(&mut Cluster)) -> Cluster {
    change(&mut c);
    c
}

fn reach(c: &mut Cluster, node: usize, reach: Reachability) {
    c.nodes[node].manager.as_mut().unwrap().reachability = reach;
}

fn event(at: i64, subject: Subject, meaning: Meaning, text: &str) -> Entry {
    Entry {
        seq: 0,
        kept: false,
        at: ago(at),
        kind: "node".into(),
        name: "n4".into(),
        text: text.into(),
        subject,
        gravity: Gravity::Bad,
        meaning,
        who: None,
    }
}

/// A Swarm, and what was seen of it before.
struct Given(Cluster, Vec<Entry>);

impl From<Cluster> for Given {
    fn from(cluster: Cluster) -> Self {
        Self(cluster, Vec::new())
    }
}

impl Given {
    fn store(&self) -> Store {
        let mut store = self.0.store();
        store.recall(self.1.clone());
        store
    }
}

fn tiny_network(store: &mut Store) {
    let networks = cluster().network("back", "10.9.0.0/29").networks;
    store.apply(Delta::Networks(networks), NOW);
}

fn published(c: &mut Cluster, mode: PublishMode) {
    c.last().ports.push(Port { protocol: "tcp".into(), target: 80, published: 8080, mode });
}

/// Each task of the last service has an address on its network, which has three to spare for others.
fn on_back(c: &mut Cluster) {
    c.networks[0].subnets[0].reserved = 3;
    c.last().vips = vec![("id-of-back".into(), "10.9.0.2/28".into())];
    for (at, task) in (3_u8..).zip(&mut c.tasks) {
        let address = [10, 9, 0, at].into();
        task.attachments = [Attachment { network: "id-of-back".into(), address }].into();
    }
}

/// A task of the last service runs on each node, and one more is wanted.
fn running_everywhere(c: &mut Cluster) {
    let nodes: Vec<_> = c.nodes.iter().map(|n| n.id.clone()).collect();
    let waits = c.tasks.pop().expect("one that waits");
    let like = c.tasks[0].clone();
    c.tasks.clear();
    for (slot, node) in (1..).zip(nodes) {
        let id = TaskId::from(format!("there{slot:020}").as_str());
        c.tasks.push(Task { id, slot, node: Some(node), ..like.clone() });
    }
    c.tasks.push(Task { slot: 5, node: None, container: None, ..waits });
    c.last().mode = Mode::Replicated(5);
}

fn node_id(c: &Cluster, at: usize) -> Subject {
    Subject::Node(c.nodes[at].id.clone())
}

/// A Swarm for each rule, and what its finding must say.
#[allow(clippy::too_many_lines, reason = "one table")]
fn cases() -> Vec<(&'static str, Given, &'static str)> {
    let no = "no suitable node";
    let exit = |code: i64| format!("task: non-zero exit ({code})");
    let failed_update = "update rolled back due to failure or early termination of task x";
    let updating = |c: Cluster| c.update(UpdateState::Updating, "update in progress");
    vec![
        ("quorum-lost", with(calm(), |c| { reach(c, 1, Reachability::Unreachable); reach(c, 2, Reachability::Unreachable); }).into(), "1 of 3 managers reachable, 2 needed (m2, m3 away)"),
        ("quorum-risk", with(calm(), |c| reach(c, 2, Reachability::Unreachable)).into(), "one more loss stops the Swarm (m3 away)"),
        ("manager-unreachable", with(calm().manager("m5").manager("m6"), |c| reach(c, 2, Reachability::Unreachable)).into(), "4 of 5 managers left"),
        ("role-pending", with(calm(), |c| { c.nodes[3].role = Role::Manager; c.nodes[3].updated = Some(ago(90)); }).into(), "n4 is to be a manager, and still is a worker"),
        ("leader-changes", Given(calm(), vec![100, 200, 300].into_iter().map(|at| event(at, Subject::Other, Meaning::Leader, "now leads the managers")).map(|mut e| { e.text = format!("{}{}", e.text, e.at.nanos()).into(); e }).collect()), "the leader changed 3 times within 10m, now m1"),
        ("managers-even", calm().manager("m5").into(), "4 managers stand 1 loss, as 3 would"),
        ("node-never-joined", with(calm().node("n5"), |c| { c.nodes[4].state = NodeState::Unknown; c.nodes[4].engine = "".into(); }).into(), "node entry n5 never joined"),
        ("manager-single", cluster().manager("m1").node("n2").service("web", 2).into(), "one manager for 2 nodes"),
        ("node-left-behind", with(calm().down("n4", "").node("n4"), |c| { c.nodes[4].id = "id-of-n4-now".into(); c.nodes[4].created = Some(ago(60)); }).into(), "the old entry id-of-n4 of n4 is left behind by a node that is back as id-of-n4-now"),
        ("manager-load", with(calm(), |c| { spec(&mut c.tasks[0]).reserved.memory = 6 << 30; }).into(), "75 % of its memory"),
        ("engine-skew", with(calm(), |c| c.nodes[3].engine = "20.10.24".into()).into(), "28.5.2 on m1, m2, m3; 20.10.24 on n4"),
        ("ca-rotation", with(calm(), |c| { for n in &mut c.nodes[..3] { n.trust = 2; n.updated = Some(ago(3_600)); } }).into(), "n4 still trusts the old root"),
        ("node-down", calm().down("n4", "heartbeat failure").into(), "node n4 is down; 1 service is short of replicas (heartbeat failure), 1 task was on it"),
        ("node-disconnected", with(calm(), |c| { c.nodes[3].state = NodeState::Disconnected; c.nodes[3].updated = Some(ago(60)); }).into(), "node n4 is disconnected"),
        ("node-flapping", { let c = calm(); let id = node_id(&c, 3); Given(c, vec![60, 200, 400].into_iter().map(|at| event(at, id.clone(), Meaning::NodeLost, &format!("lost {at}"))).collect()) }, "node n4 was lost 3 times within 15m"),
        ("cert-expiry", with(calm().down("n4", ""), |c| { c.nodes[3].created = Some(ago(400 * 86_400)); c.nodes[3].updated = Some(ago(30 * 86_400)); }).into(), "may have run out: away for 30d, certificates last 90d"),
        ("clock-skew", with(calm(), |c| { for t in c.tasks.iter_mut().filter(|t| t.node.as_ref().is_some_and(|n| n.as_str() == "id-of-n4")) { t.since = t.updated.map(|at| at.shifted(42_000_000_000)); } }).into(), "the clock of n4 is at least 42s ahead of the leader's"),
        ("task-on-drained", with(calm(), |c| { c.nodes[3].availability = Availability::Drain; c.nodes[3].updated = Some(ago(300)); }).into(), "1 task is still on drained n4"),
        ("node-paused", with(calm(), |c| c.nodes[3].availability = Availability::Pause).into(), "n4 is paused: its 1 task run on"),
        ("service-down", failing(&exit(3)).into(), "web 0/4: task: non-zero exit (3)"),
        ("service-below", pending("").into(), "web 3/4: 1 task waits in pending"),
        ("global-missing", with(calm(), |c| { c.last().mode = Mode::Global; for t in &mut c.tasks { t.slot = 0; } c.tasks.pop(); }).into(), "web is missing on"),
        ("orphaned-tasks", calm().task(9, TaskState::Orphaned, "", 90_000).into(), "web has 1 orphaned task"),
        ("job-failed", with(bare(), |c| c.last().mode = Mode::ReplicatedJob { concurrent: 1, total: 3 }).task(1, TaskState::Failed, &exit(5), 90).into(), "job web 0 of 3 done: 1 failed task, not tried any more"),
        ("attempts-used-up", with(failing(&exit(1)), |c| { spec(&mut c.tasks[0]).restart.condition = RestartCondition::None; }).into(), "not started again: its restart policy is none"),
        ("crash-loop", calm().task(1, TaskState::Failed, &exit(3), 10).task(2, TaskState::Failed, &exit(3), 20).task(3, TaskState::Failed, &exit(4), 30).into(), "web 4/4 now, but 3 failures within 20s, exits 3 ×2, 4 ×1, different errors"),
        ("update-paused", calm().update(UpdateState::Paused, "update paused due to failure or early termination of task x").into(), "web 4/4: update paused"),
        ("update-paused-done", with(calm().update(UpdateState::Paused, "update paused due to failure or early termination of task x"), |c| { let template = c.last().template; for t in &mut c.tasks { (t.state, t.desired, t.created) = (TaskState::Complete, TaskState::Shutdown, Some(ago(125))); let s = spec(t); s.restart.condition = RestartCondition::None; s.template = template; } }).into(), "web: docker shows its update as paused, but its work is done"),
        ("rollback-paused", calm().update(UpdateState::RollbackPaused, "rollback paused due to failure or early termination of task x").into(), "web 4/4: rollback paused"),
        ("update-rolled-back", calm().update(UpdateState::RollbackCompleted, failed_update).into(), "web 4/4: update rolled back"),
        ("update-stuck", beside(60).into(), "the update is stuck: host port 8080 stays with the old task until the new one runs"),
        ("update-slow", with(updating(calm()), |c| c.last().update.as_mut().unwrap().started = Some(ago(3_600))).into(), "updating for 1h, 4 tasks are new so far"),
        ("update-endless", with(updating(bare()), |c| c.last().update_config.on_failure = FailureAction::Continue).task(1, TaskState::Failed, &exit(1), 10).task(2, TaskState::Failed, &exit(1), 12).into(), "the update goes on although all its new tasks fail"),
        ("oom-killed", failing(&exit(137)).into(), "killed (exit 137), perhaps at its memory limit of 512 MiB"),
        ("killed", with(failing(&exit(137)), |c| c.last().limits = Resources::default()).remade().into(), "killed (exit 137) without a memory limit"),
        ("unhealthy", failing("task: non-zero exit (143): dockerexec: unhealthy container").into(), "its health check failed"),
        ("terminated", failing(&exit(143)).into(), "terminated (exit 143)"),
        ("command-failed", failing("starting container failed: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app\": stat /app: no such file or directory: unknown").into(), "/app is not found"),
        ("start-failed", failing("starting container failed: unable to find user nosuchuser: no matching entries in passwd file").into(), "can't be started: unable to find user nosuchuser"),
        ("exit-code", failing(&exit(3)).into(), "task: non-zero exit (3)"),
        ("exit-zero", (1..4).fold(calm(), |c, i| c.task(1, TaskState::Complete, "", i * 6)).into(), "the program ends by itself with exit 0"),
        ("image-missing", rejected("No such image: shop/api:1.8").into(), "image shop/api:1.8 is not found (on"),
        ("registry-auth", rejected("pull access denied for shop/api, repository does not exist or may require 'docker login'").into(), "the registry refuses"),
        ("registry-limit", rejected("toomanyrequests: You have reached your pull rate limit").into(), "rate limit is reached"),
        ("registry-unreachable", rejected("Get \"https://reg/v2/\": dial tcp: lookup reg: i/o timeout").into(), "can't reach the registry"),
        ("image-platform", rejected("no matching manifest for linux/arm64/v8 in the manifest list entries").into(), "is not made for"),
        ("digest-drift", with(calm(), |c| { spec(&mut c.tasks[0]).image = "a:1@sha256:0123456789".into(); spec(&mut c.tasks[1]).image = "a:1@sha256:9876543210".into(); }).into(), "1 task of 01234567, 1 task of 98765432"),
        ("image-latest", with(calm(), |c| { c.last().image = "shop/api:latest".into(); c.last().created = Some(ago(60 * 86_400)); }).into(), "web runs shop/api:latest unchanged for 60d"),
        ("bind-missing", rejected("invalid mount config for type \"bind\": bind source path does not exist: /srv/data").into(), "bind mount source /srv/data does not exist on"),
        ("secret-missing", rejected("secret db_password not found").into(), "secret missing: secret db_password not found"),
        ("config-missing", rejected("config reference nginx not found").into(), "config missing"),
        ("network-missing", rejected("network back not found").into(), "network missing: network back not found"),
        ("volume-failed", rejected("error while mounting volume '/var/lib/docker/volumes/x': failed to mount local volume: no such file").into(), "its volume can't be mounted on"),
        ("address-exhaustion", waiting(TaskState::New, "", 60).into(), "network back has no address left: 10.9.0.0/29 has 5, 1 task wait"),
        ("address-conflict", rejected("failed to allocate gateway (10.255.0.1): Address already in use").into(), "its network can't be set up on m3: failed to allocate gateway (10.255.0.1): Address already in use"),
        ("task-error", rejected("invalid CapAdd: unknown capability: \"CAP_NOSUCH\"").into(), "web 0/4: invalid CapAdd: unknown capability: \"CAP_NOSUCH\""),
        ("port-taken", failing("starting container failed: driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated").into(), "its port is taken on"),
        ("no-node-constraint", with(pending(&format!("{no} (scheduling constraints not satisfied on 4 nodes)")), |c| c.last().constraints = vec!["node.labels.zone==mars".into()]).remade().into(), "no node meets node.labels.zone==mars"),
        ("no-node-resources", with(pending(&format!("{no} (insufficient resources on 4 nodes)")), |c| c.last().reserved.memory = 999 << 30).remade().into(), "no node has 999 GiB of memory to reserve: at best"),
        ("no-node-port", with(pending(&format!("{no} (host-mode port already in use on 4 nodes)")), |c| { published(c, PublishMode::Host); running_everywhere(c); }).remade().into(), "host port 8080 is taken by its own tasks"),
        ("no-node-max", with(pending(&format!("{no} (max replicas per node limit exceed)")), |c| { c.last().max_per_node = 1; running_everywhere(c); }).remade().into(), "1 a node on 4 nodes is 4, not 5"),
        ("no-node-platform", with(pending(&format!("{no} (unsupported platform on 4 nodes)")), |c| c.last().platforms = vec![Platform { os: "linux".into(), arch: "arm64".into() }]).remade().into(), "the image is made for linux/arm64, the nodes are linux/x86_64"),
        ("no-node-plugin", with(pending(&format!("{no} (missing plugin on 4 nodes)")), |c| c.last().log_driver = Some("splunk".into())).remade().into(), "no node has volume driver nfs and log driver splunk"),
        ("no-node-volume", pending(&format!("{no} (cannot fulfill requested CSI volume mounts on 4 nodes)")).into(), "no node can reach its CSI volume"),
        ("no-node-available", with(pending(&format!("{no} (4 nodes not available for new tasks)")), |c| for n in &mut c.nodes { n.availability = Availability::Pause; }).into(), "the nodes that would do take no tasks: m1 is pause"),
        ("stuck-new", waiting(TaskState::New, "", 60).into(), "1 task waits in new"),
        ("stuck-allocated", waiting(TaskState::Allocated, "", 60).into(), "1 task waits in allocated"),
        ("stuck-pending", waiting(TaskState::Pending, "", 60).into(), "1 task waits in pending"),
        ("stuck-assigned", waiting(TaskState::Accepted, "", 60).into(), "1 task waits in assigned on"),
        ("stuck-preparing", waiting(TaskState::Preparing, "", 300).into(), "1 task waits in preparing on"),
        ("stuck-starting", waiting(TaskState::Starting, "", 300).into(), "1 task waits in starting on"),
        ("all-on-one", with(calm(), |c| { let one = c.nodes[0].id.clone(); for t in &mut c.tasks { t.node = Some(one.clone()); } }).into(), "web: all 4 replicas are on m1, 3 other nodes would do as well"),
        ("unbalanced", { let mut c = calm(); for _ in 0..4 { c = c.service("more", 3); } c.tasks.retain(|t| t.node.as_ref().is_none_or(|n| n.as_str() != "id-of-n4")); let id = node_id(&c, 3); Given(c, vec![event(900, id, Meaning::NodeBack, "back")]) }, "n4 came back and runs 0 tasks, the others 4 each"),
        ("pinned", with(calm(), |c| c.last().mounts = vec![Mount { kind: "volume".into(), source: "data".into(), target: "/d".into(), read_only: false, driver: "".into(), filesystem: "".into() }]).into(), "web keeps data in local volume data"),
        ("single-replica", with(cluster().manager("m1").manager("m2").manager("m3").service("web", 1), |c| published(c, PublishMode::Ingress)).into(), "web is published and has one replica"),
        ("half-on-one", with(calm(), |c| { let one = c.nodes[0].id.clone(); for t in &mut c.tasks[..3] { t.node = Some(one.clone()); } }).into(), "web keeps 1 of 4 replicas if m1 is lost"),
        ("secret-gone", with(calm(), |c| c.absent.push((Part::Secrets, "id-of-db_password"))).into(), "web names secret db_password, which does not exist"),
        ("config-gone", with(calm(), |c| { c.last().configs = ["a", "b"].map(|n| Reference { id: n.into(), name: n.into() }).into(); c.absent.extend([(Part::Configs, "a"), (Part::Configs, "b")]); }).into(), "web names configs a, b, which do not exist"),
        ("network-gone", with(calm(), |c| c.absent.push((Part::Networks, "id-of-back"))).into(), "web names network id-of-back, which does not exist"),
        ("network-full", with(calm().network("back", "10.9.0.0/28"), on_back).into(), "network back: 9 of 10 addresses are in use (10.9.0.0/28)"),
        ("port-twice", with(calm().port(8080).service("api", 4), |c| published(c, PublishMode::Host)).into(), "port 8080/tcp is published by api, web"),
        ("stack-versions", with(calm().service("shop_web", 2).service("shop_api", 2), |c| c.last().image = "shop/api:1.9".into()).into(), "stack shop runs shop/api in versions 1.8 (shop_web) and 1.9 (shop_api)"),
        ("secret-unused", calm().secret("db_password").secret("old-1").secret("old-2").into(), "2 secrets are used by no service: old-1, old-2"),
        ("config-unused", calm().config("nginx").into(), "1 config is used by no service: nginx"),
        ("network-unused", calm().network("back", "10.9.0.0/24").network("front", "10.9.1.0/24").into(), "1 network is used by no service: front"),
        ("capacity-full", with(calm(), |c| for t in &mut c.tasks { spec(t).reserved.memory = 15 << 29; }).into(), "93 % of memory (30 GiB of 32 GiB) reserved"),
        ("capacity-spare", with(calm(), |c| for t in &mut c.tasks { spec(t).reserved.memory = 5 << 30; }).into(), "1 task of the 0.25 CPU and 5 GiB reserved there would find no place"),
        ("no-health-check", with(calm(), |c| { c.last().health_check = false; published(c, PublishMode::Ingress); }).into(), "web has no health check in its spec"),
        ("no-limits", with(calm(), |c| c.last().limits = Resources::default()).into(), "web has no memory limit"),
    ]
}

fn find<'p>(all: &'p [Arc<Problem>], rule: &str) -> Option<&'p Arc<Problem>> {
    all.iter()
        .flat_map(|p| std::iter::once(p).chain(&p.folded))
        .find(|p| p.rule == rule || p.cause == Some(rule))
}

#[test]
fn every_rule_finds_what_it_is_for() {
    let thresholds = Thresholds::default();
    let mut wrong = Vec::new();
    for (rule, given, says) in cases() {
        let mut store = given.store();
        if rule == "address-exhaustion" {
            tiny_network(&mut store);
        }
        let all = problems(&store, NOW, &thresholds);
        match find(&all, rule) {
            None => {
                let all: Vec<_> = all.iter().map(|p| (p.rule, p.cause, &p.message)).collect();
                wrong.push(format!("{rule}: not found among {all:?}"));
            }
            Some(p) if !p.message.contains(says) => {
                wrong.push(format!("{rule}: '{}' does not say '{says}'", p.message));
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_case_and_none_finds_anything_in_a_healthy_swarm() {
    let tested: BTreeSet<&str> = cases().iter().map(|(rule, _, _)| *rule).collect();
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(tested, all);
    assert_eq!(RULES.len(), all.len(), "a rule is named twice");
    assert!(all.len() >= 40);
    let found = problems(&calm().store(), NOW, &Thresholds::default());
    assert_eq!(found, []);
}

#[test]
fn a_demoted_manager_is_leaving_not_lost() {
    let demoted = |age: i64| {
        with(calm(), |c| {
            reach(c, 2, Reachability::Unreachable);
            (c.nodes[2].role, c.nodes[2].updated) = (Role::Worker, Some(ago(age)));
        })
    };
    let found = |age: i64| problems(&demoted(age).store(), NOW, &Thresholds::default());
    assert_eq!(found(2), []);
    let late = found(60);
    assert!(find(&late, "quorum-risk").is_some(), "one that never leaves is told: {late:?}");
}

#[test]
fn a_start_that_was_called_off_is_no_cause() {
    let waiting = "no suitable node (scheduling constraints not satisfied on 4 nodes)";
    let swarm = with(pending(waiting), |c| {
        c.last().constraints = vec!["node.labels.zone==mars".into()];
    });
    let off = "starting container failed: context canceled";
    let swarm = swarm.task(1, TaskState::Failed, off, 0);
    let found = problems(&swarm.store(), NOW, &Thresholds::default());
    assert_eq!(found[0].cause, Some("no-node-constraint"), "{:?}", found[0]);
}

#[test]
fn a_new_role_is_given_a_minute() {
    let promoted = |age: i64, engine: &str| {
        let swarm = with(calm(), |c| {
            (c.nodes[3].role, c.nodes[3].updated) = (Role::Manager, Some(ago(age)));
            c.nodes[3].engine = engine.into();
        });
        problems(&swarm.store(), NOW, &Thresholds::default())
    };
    let same = calm().nodes[0].engine.clone();
    assert!(find(&promoted(5, &same), "role-pending").is_none());
    let remedy = |engine: &str| {
        let all = promoted(120, engine);
        find(&all, "role-pending").expect("told").remedies[0].1.clone()
    };
    assert_eq!(remedy(&same), "restart the engine on n4");
    assert!(remedy("29.0.1").ends_with("restart those of m1, m2, m3, one at a time"));
    let demoted = with(calm(), |c| {
        (c.nodes[2].role, c.nodes[2].updated) = (Role::Worker, Some(ago(120)));
    });
    let all = problems(&demoted.store(), NOW, &Thresholds::default());
    let found = find(&all, "role-pending").expect("told");
    assert!(
        found.message == "m3 is to be a worker, and still is a manager"
            && found.why.contains("quorum")
    );
}

#[test]
fn a_rule_that_is_ignored_finds_nothing() {
    for (rule, given, _) in cases() {
        let mut thresholds = Thresholds::default();
        thresholds.ignore.insert(rule.into());
        let found = problems(&given.store(), NOW, &thresholds);
        assert!(find(&found, rule).is_none(), "{rule}");
    }
}

fn spec(task: &mut Task) -> &mut TaskSpec {
    std::sync::Arc::make_mut(&mut task.spec)
}

/// Of a host port that is taken, who has it is told for each node.
#[test]
fn a_host_port_names_who_has_it_where() {
    let no = "no suitable node";
    let mut c = pending(&format!("{no} (host-mode port already in use on 4 nodes)"));
    published(&mut c, PublishMode::Host);
    running_everywhere(&mut c);
    let own = c.last().id.clone();
    let mut c = c.remade().service("other", 1);
    published(&mut c, PublishMode::Host);
    let other = c.last().id.clone();
    // The other has it on the first node, where no task of ours is.
    let first = c.nodes[0].id.clone();
    c.tasks.retain(|task| task.service != own || task.node.as_ref() != Some(&first));
    for task in c.tasks.iter_mut().filter(|task| task.service == other) {
        task.node = Some(first.clone());
    }
    let said: Vec<String> = problems(&c.store(), NOW, &Thresholds::default())
        .iter()
        .map(|problem| problem.message.clone())
        .filter(|said| said.contains("host port"))
        .collect();
    let [said] = said.as_slice() else { panic!("{said:?}") };
    let nodes: Vec<&str> = c.nodes.iter().map(|node| &*node.hostname).collect();
    let end = format!(
        "host port 8080 is taken by other on {}, by its own tasks on {}",
        nodes[0],
        nodes[1..].join(", ")
    );
    assert!(said.ends_with(&end), "{said}\n{end}");
}
