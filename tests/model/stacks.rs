//! Plans of deploys: what is written, what is not, and why tasks restart.

use serde_json::{Value, json};
use skep::{
    action::plan::{
        Addressee, Confirm, Confirmation, MadeIds, RecordedWrite, Recording, StackAction,
        StackChange, StackObject, StackPlan, Target, is_written,
    },
    commands::{permit, stack_plan_json, stack_plan_text},
    grant::ClusterNo,
};

use crate::cluster_fixture::{Cluster, cluster};

fn swarm() -> Cluster {
    cluster().manager("m1").node("n2").service("shop_web", 2)
}

/// The spec of `shop_web` as the CLI sends it.
fn sent() -> Value {
    json!({
        "Name": "shop_web",
        "Labels": { "com.docker.stack.image": "web:1", "com.docker.stack.namespace": "shop" },
        "TaskTemplate": {
            "ContainerSpec": { "Image": "web:1", "Env": ["A=1", "DB_PASSWORD=x"],
                "Privileges": { "CredentialSpec": null, "SELinuxContext": null } },
            "Resources": {}, "Placement": {}, "ForceUpdate": 0, "RestartPolicy": {},
            "Networks": [{ "Target": "shop_default", "Aliases": ["web"] }] },
        "Mode": { "Replicated": { "Replicas": 2 } },
        "UpdateConfig": { "Parallelism": 1, "MaxFailureRatio": 0.1 },
        "EndpointSpec": { "Ports": [
            { "TargetPort": 80, "PublishedPort": 8080 }, { "TargetPort": 81, "PublishedPort": 8081 } ] },
    })
}

/// The same as the engine keeps it.
fn stored() -> Value {
    json!({
        "Name": "shop_web",
        "Labels": { "com.docker.stack.namespace": "shop", "com.docker.stack.image": "web:1" },
        "TaskTemplate": {
            "ContainerSpec": { "Image": "web:1@sha256:aaaaaaaaaaaaaaaaaaaaaaaa", "Isolation": "default",
                "Env": ["DB_PASSWORD=x", "A=1"], "Init": false, "DNSConfig": {} },
            "Resources": { "Limits": {}, "Reservations": {} },
            "RestartPolicy": { "Condition": "any", "Delay": 5_000_000_000_u64, "MaxAttempts": 0 },
            "Placement": { "Platforms": [{ "OS": "linux", "Architecture": "amd64" }] },
            "Networks": [{ "Target": "net1", "Aliases": ["web"] }],
            "ForceUpdate": 0, "Runtime": "container" },
        "Mode": { "Replicated": { "Replicas": 2 } },
        "UpdateConfig": { "Parallelism": 1, "FailureAction": "pause", "Monitor": 5_000_000_000_u64,
            "MaxFailureRatio": 0.100_000_001_5, "Order": "stop-first" },
        "EndpointSpec": { "Mode": "vip", "Ports": [
            { "TargetPort": 81, "PublishedPort": 8081, "Protocol": "tcp", "PublishMode": "ingress" },
            { "TargetPort": 80, "PublishedPort": 8080, "Protocol": "tcp", "PublishMode": "ingress" } ] },
    })
}

fn write(kind: StackObject, addressee: Addressee, body: Value) -> RecordedWrite {
    RecordedWrite { kind, addressee, body, credentials: None }
}

/// A deploy of this spec over what is stored.
fn recording(body: Value, stored: Value) -> Recording {
    let existing = Addressee::Existing { id: "id-of-shop_web".into(), version: 7 };
    let mut recording = Recording {
        stack: "shop".into(),
        writes: vec![write(StackObject::Service, existing, body)],
        ..Recording::default()
    };
    let read = json!({ "ID": "id-of-shop_web", "Version": { "Index": 7 }, "Spec": stored });
    recording.read.note(StackObject::Service, read);
    let network = json!({ "Id": "net1", "Name": "shop_default", "Driver": "overlay" });
    recording.read.note(StackObject::Network, network);
    recording
}

fn plan(recording: &Recording) -> StackPlan {
    StackPlan::new(ClusterNo(0), recording, &swarm().store())
}

/// The plan for the service with a change.
fn changed(change: impl FnOnce(&mut Value)) -> StackChange {
    let mut body = sent();
    change(&mut body);
    plan(&recording(body, stored())).changes.remove(0)
}

#[test]
fn an_equal_deploy_writes_nothing() {
    let plan = plan(&recording(sent(), stored()));
    assert_eq!(plan.changes[0].action, StackAction::Unchanged, "{:?}", plan.changes[0].words);
    assert!(!plan.has_changes() && plan.steps().is_empty());
    // No registry was asked: it stays at its digest.
    assert!(plan.changes[0].warnings[0].contains("it stays at sha256:aaaaaaaaaaaa"));
}

#[test]
fn what_differs_is_told_in_words_and_restarts_are_counted() {
    let label = changed(|spec| spec["Labels"]["tier"] = "front".into());
    assert_eq!(label.words, ["label tier=front added"]);
    assert_eq!((label.action, label.restarts), (StackAction::Update, Some(0)));
    assert_eq!(label.touches, "no task is touched");

    let env =
        changed(|spec| spec["TaskTemplate"]["ContainerSpec"]["Env"][1] = "DB_PASSWORD=y".into());
    assert_eq!(env.words, ["env DB_PASSWORD changed (masked)"]);
    assert_eq!((env.restarts, &env.because), (Some(2), &env.words));
    let shown = format!(
        "{:?}{:?}{}",
        env.fields,
        env.lines,
        stack_plan_text(&plan(&recording(sent(), stored())))
    );
    assert!(!shown.contains("=y") && shown.contains("(changed)"), "{shown}");

    let port = changed(|spec| spec["EndpointSpec"]["Ports"][1]["PublishedPort"] = 9000.into());
    assert_eq!(port.words, ["port 8081 removed", "port 9000 added"]);
    assert_eq!(port.restarts, Some(2));

    let policy = changed(|spec| spec["UpdateConfig"]["Parallelism"] = 2.into());
    assert_eq!(
        (policy.words, policy.restarts),
        (vec!["UpdateConfig.Parallelism 1 → 2".into()], Some(0))
    );
    // Five seconds are the default of one delay, and not of the other.
    let mut slow = stored();
    slow["UpdateConfig"]["Delay"] = 5_000_000_000_u64.into();
    let delay = plan(&recording(sent(), slow)).changes.remove(0);
    assert_eq!(delay.words, ["UpdateConfig.Delay 5s → none"]);
}

/// The orchestrator keeps tasks whose node still meets the constraints.
#[test]
fn constraints_alone_restart_only_what_they_move() {
    let constrained = |constraint: &str| {
        changed(|spec| spec["TaskTemplate"]["Placement"] = json!({ "Constraints": [constraint] }))
    };
    assert_eq!(constrained("node.hostname!=elsewhere").restarts, Some(0));
    assert_eq!(constrained("node.hostname==nowhere").restarts, Some(2));
    let both = changed(|spec| {
        spec["TaskTemplate"]["Placement"] = json!({ "Constraints": ["node.hostname!=elsewhere"] });
        spec["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["A=2"]);
    });
    assert_eq!(both.restarts, Some(2));
}

#[test]
fn drift_shows_as_what_it_is_reset_to() {
    let mut drifted = stored();
    drifted["Mode"]["Replicated"]["Replicas"] = 5.into();
    let mut body = sent();
    body["Mode"] = json!({ "Replicated": {} });
    let change = plan(&recording(body, drifted)).changes.remove(0);
    assert_eq!(change.words, ["replicas 5 → 1"]);
}

#[test]
fn another_mode_is_a_replacement_to_be_typed() {
    let mut body = sent();
    body["Mode"] = json!({ "Global": {} });
    let plan = plan(&recording(body, stored()));
    assert_eq!(plan.changes[0].action, StackAction::Replace);
    assert_eq!(plan.changes[0].restarts, Some(2));
    assert_eq!(plan.confirm, Confirm::Type("shop".into()));
    let titles: Vec<String> = plan.steps().iter().map(|step| step.title()).collect();
    assert_eq!(titles, ["remove shop_web", "create service shop_web"]);
    let grant = permit(ClusterNo(0), false, false).unwrap();
    assert!(plan.clone().approve(&grant, &Confirmation::Yes).is_err());
    assert!(plan.clone().approve(&grant, &Confirmation::Typed("shop".into())).is_ok());
    let other = permit(ClusterNo(1), false, false).unwrap();
    assert!(plan.approve(&other, &Confirmation::Typed("shop".into())).is_err());
}

#[test]
fn a_service_that_is_not_in_the_files_stays_unless_pruned() {
    let mut orphan = recording(sent(), stored());
    let old = json!({ "ID": "old", "Version": { "Index": 3 }, "Spec": {
        "Name": "shop_old", "Labels": { "com.docker.stack.namespace": "shop" } } });
    orphan.read.note(StackObject::Service, old);
    let stays = plan(&orphan);
    assert!(!stays.has_changes());
    assert_eq!(
        stays.warnings,
        ["service shop_old is not in the files and stays as it is: --prune removes it"]
    );
    orphan.writes.push(write(StackObject::Service, Addressee::Removed("old".into()), Value::Null));
    let goes = plan(&orphan);
    assert_eq!(goes.count(StackAction::Remove), 1);
    assert_eq!(goes.confirm, Confirm::Type("shop".into()));
    assert!(goes.warnings.is_empty(), "{:?}", goes.warnings);
}

#[test]
fn networks_and_contents_that_differ_are_told_and_not_written() {
    let mut recording = recording(sent(), stored());
    let network = json!({ "Name": "shop_default", "Driver": "overlay", "Attachable": true });
    recording.writes.push(write(StackObject::Network, Addressee::New("r1".into()), network));
    for (kind, word) in [(StackObject::Config, "cfg"), (StackObject::Secret, "pw")] {
        let spec =
            |data: Value| json!({ "Name": format!("shop_{word}"), "Labels": {}, "Data": data });
        let existing = Addressee::Existing { id: word.into(), version: 2 };
        recording.writes.push(write(kind, existing, spec("bmV3".into())));
        let mut kept = spec("b2xk".into());
        if kind == StackObject::Secret {
            kept.as_object_mut().unwrap().remove("Data");
        }
        recording.read.note(kind, json!({ "ID": word, "Version": { "Index": 2 }, "Spec": kept }));
    }
    let plan = plan(&recording);
    let of = |kind| plan.changes.iter().find(|change| change.kind == kind).unwrap();
    assert_eq!(of(StackObject::Network).action, StackAction::Unchanged);
    assert!(of(StackObject::Network).warnings[0].contains("attachable no → yes"));
    assert_eq!(of(StackObject::Config).words, ["its content"]);
    assert!(of(StackObject::Config).warnings[0].contains("can't be changed"));
    assert_eq!(of(StackObject::Secret).action, StackAction::Unchanged);
    // The secret is checked before anything is written.
    let steps = plan.steps();
    assert_eq!(steps[0].target, Target::Object(StackObject::Secret, "pw".into()));
    assert_eq!(steps[0].after["Data"], "bmV3");
    let json = stack_plan_json(&plan).to_string();
    assert!(!json.contains("bmV3") && !json.contains("b2xk"), "{json}");
}

#[test]
fn services_refer_to_what_was_made_for_them() {
    let mut spec = json!({ "TaskTemplate": {
        "ContainerSpec": { "Secrets": [{ "SecretID": "recorded1", "SecretName": "shop_pw" }] },
        "Networks": [{ "Target": "shop_front" }, { "Target": "net1" }] } });
    let mut made = MadeIds::default();
    made.note("recorded1", "real1");
    made.note("shop_front", "net2");
    made.put_into(&mut spec);
    assert_eq!(spec["TaskTemplate"]["ContainerSpec"]["Secrets"][0]["SecretID"], "real1");
    assert_eq!(
        spec["TaskTemplate"]["Networks"],
        json!([{ "Target": "net2" }, { "Target": "net1" }])
    );
    let mut network = json!({ "Name": "shop_front" });
    made.put_into(&mut network);
    assert_eq!(network, json!({ "Name": "shop_front" }));
}

#[test]
fn a_new_service_is_there_once_the_engine_has_it_in_its_own_notation() {
    let mut body = sent();
    body["TaskTemplate"]["Networks"][0]["Target"] = "net1".into();
    let mut recording = recording(sent(), stored());
    recording.writes = vec![write(StackObject::Service, Addressee::New("r0".into()), body)];
    let step = plan(&recording).steps().remove(0);
    let mut now = stored();
    now["TaskTemplate"]["ContainerSpec"]["Image"] = "web:1".into();
    assert!(is_written(&step, &now));
    now["Mode"]["Replicated"]["Replicas"] = 3.into();
    assert!(!is_written(&step, &now));
}

#[test]
fn json_has_what_the_contract_names() {
    let mut body = sent();
    body["Mode"]["Replicated"]["Replicas"] = 3.into();
    let json = stack_plan_json(&plan(&recording(body, stored())));
    assert_eq!((&json["stack"], &json["changed"]), (&json!("shop"), &json!(true)));
    let change = &json["changes"][0];
    assert_eq!((&change["kind"], &change["name"]), (&json!("service"), &json!("shop_web")));
    assert_eq!((&change["action"], &change["restarts"]), (&json!("update"), &json!(0)));
    let diff = json!([{ "path": "Mode.Replicated.Replicas", "before": 2, "after": 3 }]);
    assert_eq!(change["diff"], diff);
    assert!(change["warnings"].is_array() && json["warnings"].is_array());
}
