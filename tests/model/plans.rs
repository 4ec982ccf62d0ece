//! What a plan warns of, refuses, and asks to be typed.

use serde_json::json;
use skep::{
    action::plan::{Change, Confirm, Confirmation, Document, NotApproved, Plan, ScaleTo},
    cluster::{Mode, PublishMode, UpdateState},
    commands::permit,
    grant::ClusterNo,
};

use crate::cluster_fixture::{Cluster, cluster};

fn document(name: &str, replicas: u64) -> Document {
    Document::read(&json!({
        "ID": format!("id-of-{name}"), "Version": { "Index": 7 },
        "Spec": { "Name": name, "TaskTemplate": {
            "ContainerSpec": { "Image": "api:1" },
            "Placement": { "MaxReplicas": 1, "Constraints": ["node.role==worker"] } },
            "Mode": { "Replicated": { "Replicas": replicas } } },
    }))
    .unwrap()
}

fn swarm() -> Cluster {
    cluster().manager("m1").node("n2").node("n3").service("web", 2)
}

fn plan(change: Change, cluster: &Cluster) -> Plan {
    Plan::new(ClusterNo(0), &[document("web", 2)], &change, &cluster.store())
}

#[test]
fn more_replicas_than_the_placement_allows() {
    let plan = plan(Change::Scale(ScaleTo::Exactly(5)), &swarm());
    assert!(
        plan.warnings.iter().any(|w| w.contains("1 a node on 2 nodes is 2")),
        "{:?}",
        plan.warnings
    );
    assert_eq!(plan.title, "scale web 2 → 5");
}

#[test]
fn zero_and_sets_must_be_typed() {
    let zero = plan(Change::Scale(ScaleTo::Exactly(0)), &swarm());
    assert_eq!(zero.confirm, Confirm::Type("web".into()));
    let two = [document("web", 2), document("api", 2)];
    let set = Plan::new(ClusterNo(0), &two, &Change::Force, &swarm().store());
    assert_eq!(set.confirm, Confirm::Type("2 services".into()));
    let grant = permit(ClusterNo(0), false, false).unwrap();
    let no = set.clone().approve(&grant, &Confirmation::Yes).unwrap_err();
    assert_eq!(no, NotApproved::Answer);
    for typed in ["", "web", "2", "3 services", "2 service"] {
        let no = set.clone().approve(&grant, &Confirmation::Typed(typed.into())).unwrap_err();
        assert_eq!(no, NotApproved::Answer, "{typed:?}");
    }
    assert!(set.approve(&grant, &Confirmation::Typed(" 2 services ".into())).is_ok());
}

/// Exactly as many as there is room for is no reason to warn.
#[test]
fn what_fits_exactly_is_not_warned_of() {
    let mut document = document("web", 2);
    document.spec["TaskTemplate"]["Placement"] = json!({});
    document.spec["TaskTemplate"]["Resources"] =
        json!({ "Reservations": { "MemoryBytes": 1 << 30 } });
    document.spec["EndpointSpec"] = json!({ "Ports": [
        { "PublishMode": "host", "PublishedPort": 80, "TargetPort": 80 }] });
    let mut c = swarm();
    c.last().reserved.memory = 1 << 30;
    for node in &mut c.nodes {
        (node.memory, node.nano_cpus) = (2 << 30, 64_000_000_000);
    }
    for task in &mut c.tasks {
        let spec = std::sync::Arc::make_mut(&mut task.spec);
        (spec.reserved.memory, spec.reserved.nano_cpus) = (1 << 30, 0);
    }
    let warned = |replicas| {
        let change = Change::Scale(ScaleTo::Exactly(replicas));
        let plan = Plan::new(ClusterNo(0), &[document.clone()], &change, &c.store());
        let about = |what: &str| plan.warnings.iter().any(|w| w.contains(what));
        (about("a host-mode port fits once a node"), about("reservations leave room"))
    };
    assert_eq!(warned(3), (false, false), "3 nodes, and 6 GiB, of which 2 are reserved");
    assert!(warned(4).0);
    assert_eq!((warned(6).1, warned(7).1), (false, true));
}

#[test]
fn an_update_under_way_and_a_tag_without_digest_are_told() {
    let busy = swarm().update(UpdateState::Updating, "update in progress");
    let plan = plan(Change::Image("api:2".into()), &busy);
    let all = plan.warnings.join("\n");
    assert!(all.contains("already running") && all.contains("no digest"), "{all}");
}

#[test]
fn what_cannot_be_done_is_refused() {
    let refused = |change: Change| plan(change, &swarm()).refused.join(";");
    assert!(refused(Change::Rollback).contains("no previous spec"));
    assert!(refused(Change::Scale(ScaleTo::Exactly(2))).contains("already at 2"));
    assert!(refused(Change::Scale(ScaleTo::By(-3))).contains("below zero"));
    assert!(refused(Change::Scale(ScaleTo::By(999_999))).contains("too many"));
    assert_eq!(refused(Change::Scale(ScaleTo::By(999_998))), "");
    assert!(refused(Change::Image("Bad Name".into())).contains("can't hold"));
    assert!(refused(Change::Image("API:1".into())).contains("lower case"));
    assert!(refused(Change::Image("a".repeat(1 << 20))).contains("at most 255"));
    let mut global = document("web", 2);
    global.spec["Mode"] = json!({ "Global": {} });
    let mut store = swarm();
    store.last().mode = Mode::Global;
    let plan =
        Plan::new(ClusterNo(0), &[global], &Change::Scale(ScaleTo::Exactly(3)), &store.store());
    assert!(plan.is_empty() && plan.refused[0].contains("scale can only be used with replicated"));
}

#[test]
fn numbers_out_of_range_are_told() {
    for text in ["", "+", "-", "three", "1.5", "99999999999999999999", "2000000", "--1", "+-1"] {
        assert!(ScaleTo::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(ScaleTo::parse(" 5 "), Ok(ScaleTo::Exactly(5)));
    assert_eq!(ScaleTo::parse("-2"), Ok(ScaleTo::By(-2)));
}

#[test]
fn read_only_has_no_grant() {
    assert!(permit(ClusterNo(0), true, false).is_none());
    assert!(permit(ClusterNo(0), true, true).is_none());
}

/// With one cluster writable and another in production, the grant of the first is worth nothing there.
#[test]
fn a_grant_approves_plans_of_its_own_cluster_only() {
    let plan = || plan(Change::Scale(ScaleTo::Exactly(3)), &swarm());
    let other = permit(ClusterNo(1), false, false).unwrap();
    let no = plan().approve(&other, &Confirmation::Yes).unwrap_err();
    assert_eq!(no, NotApproved::OtherCluster);
    let ours = permit(ClusterNo(0), false, false).unwrap();
    assert_eq!(plan().approve(&ours, &Confirmation::Yes).unwrap().plan().cluster(), ClusterNo(0));
    let production = permit(ClusterNo(0), false, true).unwrap();
    let no = plan().approve(&production, &Confirmation::Yes).unwrap_err();
    assert_eq!(no, NotApproved::Answer);
}

const SUM: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn the_digest_of_the_old_tag_goes_with_it() {
    let mut document = document("web", 2);
    document.spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("api:1@{SUM}").into();
    let mut edited = document.spec.clone();
    edited["TaskTemplate"]["ContainerSpec"]["Image"] = format!("api:2@{SUM}").into();
    for change in [Change::Image(format!("api:2@{SUM}")), Change::Spec(Box::new(edited))] {
        let plan = Plan::new(ClusterNo(0), &[document.clone()], &change, &swarm().store());
        let step = &plan.steps[0];
        assert_eq!(step.after["TaskTemplate"]["ContainerSpec"]["Image"], "api:2");
        assert_eq!(step.command, "docker service update --no-resolve-image --image api:2 web");
        let said = plan.warnings.join("\n");
        assert!(said.contains("is left out") && said.contains("no digest"), "{said}");
    }
    let short = Change::Image("api:2@sha256:0123".into());
    let refused = Plan::new(ClusterNo(0), &[document], &short, &swarm().store());
    assert!(refused.is_empty() && refused.refused[0].contains("digest must be"));
}

/// A service whose tasks hold a host port, a large reservation, or all that its placement allows.
fn holding(hold: &str) -> (Cluster, Document) {
    let mut cluster = swarm();
    let mut document = document("web", 2);
    document.spec["TaskTemplate"]["Placement"] = json!({ "Constraints": ["node.role==worker"] });
    document.spec["UpdateConfig"] = json!({ "Order": "start-first" });
    for (task, node) in cluster.tasks.iter_mut().zip([1, 2]) {
        task.node = Some(cluster.nodes[node].id.clone());
    }
    match hold {
        "port" => {
            cluster = cluster.port(8080);
            cluster.last().ports[0].mode = PublishMode::Host;
            document.spec["EndpointSpec"] = json!({ "Ports": [
                { "PublishMode": "host", "PublishedPort": 8080, "TargetPort": 80 }] });
        }
        "reservation" => {
            document.spec["TaskTemplate"]["Resources"]["Reservations"]["NanoCPUs"] =
                2_500_000_000_u64.into();
            for task in &mut cluster.tasks {
                std::sync::Arc::make_mut(&mut task.spec).reserved.nano_cpus = 2_500_000_000;
            }
        }
        "place" => document.spec["TaskTemplate"]["Placement"]["MaxReplicas"] = 1.into(),
        _ => {}
    }
    (cluster, document)
}

#[test]
fn an_update_that_can_never_get_on_is_warned_of() {
    let never = |cluster: &Cluster, document: &Document| {
        let plan = Plan::new(
            ClusterNo(0),
            std::slice::from_ref(document),
            &Change::Force,
            &cluster.store(),
        );
        plan.warnings.iter().any(|w| w.contains("start-first never gets on"))
    };
    for hold in ["port", "reservation", "place"] {
        let (mut cluster, mut document) = holding(hold);
        assert!(never(&cluster, &document), "{hold}");
        // With a node to spare, or the old task stopped first, it gets on.
        let more = cluster.clone().node("n4");
        assert!(!never(&more, &document), "{hold}, a free node");
        cluster.last().mode = Mode::Global;
        let global = cluster.node("n4");
        assert!(never(&global, &document), "{hold}: a global task's place is its node");
        document.spec["UpdateConfig"]["Order"] = "stop-first".into();
        assert!(!never(&global, &document), "{hold}, stop-first");
    }
    let (cluster, document) = holding("nothing");
    assert!(!never(&cluster, &document));
}

#[test]
fn a_rollback_replaces_only_what_was_updated() {
    let mut cluster = cluster().manager("m1").node("n2").node("n3").service("web", 4);
    cluster.last().template = 2;
    cluster.last().previous_template = Some(1);
    std::sync::Arc::make_mut(&mut cluster.tasks[0].spec).template = 2;
    let mut document = document("web", 4);
    let mut previous = document.spec.clone();
    previous["TaskTemplate"]["ContainerSpec"]["Image"] = "api:0".into();
    previous["RollbackConfig"] = json!({ "Parallelism": 0 });
    document.previous = Some(previous);
    let touches = |change| {
        Plan::new(ClusterNo(0), &[document.clone()], &change, &cluster.store())
            .steps
            .remove(0)
            .touches
    };
    let said = touches(Change::Rollback);
    assert!(said.starts_with("1 running task is replaced, all at once"), "{said}");
    assert!(
        touches(Change::Image("api:0".into())).starts_with("1 running task is"),
        "the same back"
    );
    assert!(touches(Change::Image("api:2".into())).starts_with("4 running tasks are"));
}
