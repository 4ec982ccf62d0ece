//! What a plan warns of, refuses, and asks to be typed.

use serde_json::json;
use skep::{
    action::plan::{Change, Confirm, Confirmation, Document, Plan, ScaleTo, WriteGrant},
    cluster::{Mode, UpdateState},
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
    Plan::new(&[document("web", 2)], &change, &cluster.store())
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
    let set = Plan::new(&two, &Change::Force, &swarm().store());
    assert_eq!(set.confirm, Confirm::Type("2 services".into()));
    let grant = WriteGrant::mint("c", false).unwrap();
    let set = set.approve(&grant, &Confirmation::Yes).unwrap_err();
    assert!(set.approve(&grant, &Confirmation::Typed("2 services".into())).is_ok());
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
    assert!(refused(Change::Image("Bad Name".into())).contains("can't hold"));
    assert!(refused(Change::Image("API:1".into())).contains("lower case"));
    let mut global = document("web", 2);
    global.spec["Mode"] = json!({ "Global": {} });
    let mut store = swarm();
    store.last().mode = Mode::Global;
    let plan = Plan::new(&[global], &Change::Scale(ScaleTo::Exactly(3)), &store.store());
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
    assert!(WriteGrant::mint("c", true).is_none());
}

const SUM: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn the_digest_of_the_old_tag_goes_with_it() {
    let mut document = document("web", 2);
    document.spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("api:1@{SUM}").into();
    let mut edited = document.spec.clone();
    edited["TaskTemplate"]["ContainerSpec"]["Image"] = format!("api:2@{SUM}").into();
    for change in [Change::Image(format!("api:2@{SUM}")), Change::Spec(Box::new(edited))] {
        let plan = Plan::new(&[document.clone()], &change, &swarm().store());
        let step = &plan.steps[0];
        assert_eq!(step.after["TaskTemplate"]["ContainerSpec"]["Image"], "api:2");
        assert_eq!(step.command, "docker service update --image api:2 web");
        let said = plan.warnings.join("\n");
        assert!(said.contains("is left out") && said.contains("no digest"), "{said}");
    }
    let short = Change::Image("api:2@sha256:0123".into());
    let refused = Plan::new(&[document], &short, &swarm().store());
    assert!(refused.is_empty() && refused.refused[0].contains("digest must be"));
}
