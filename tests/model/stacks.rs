//! Plans of deploys: what is written, what is not, and why tasks restart.

use serde_json::{Value, json};
use skep::{
    action::plan::{
        Addressee, Confirm, Confirmation, Document, MadeIds, ReadObject, RecordedWrite, Recording,
        StackAction, StackChange, StackObject, StackPlan, Target, is_written,
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
    recording.unresolved = vec![("web:1".into(), "no such host".into())];
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
    // The registry is away: it stays at its digest.
    let plan = plan(&recording(sent(), stored()));
    assert_eq!(plan.changes[0].action, StackAction::Unchanged, "{:?}", plan.changes[0].words);
    assert!(!plan.has_changes() && plan.steps().is_empty());
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

/// A value set, changed and taken away, each against what the engine has: nothing that means something is
/// taken for nothing.
#[test]
fn every_difference_that_means_something_is_one() {
    let cases: &[(&str, Value)] = &[
        ("/Labels/empty", json!("")),
        ("/Labels/Order", json!("stop-first")),
        ("/TaskTemplate/ContainerSpec/Labels/empty", json!("")),
        ("/TaskTemplate/ContainerSpec/Image", json!("web:2")),
        ("/TaskTemplate/ContainerSpec/Args", json!(["serve"])),
        ("/TaskTemplate/ContainerSpec/Command", json!(["sh"])),
        ("/TaskTemplate/ContainerSpec/Hostname", json!("default")),
        ("/TaskTemplate/ContainerSpec/User", json!("1000")),
        ("/TaskTemplate/ContainerSpec/Init", json!(true)),
        ("/TaskTemplate/ContainerSpec/ReadOnly", json!(true)),
        ("/TaskTemplate/ContainerSpec/TTY", json!(true)),
        ("/TaskTemplate/ContainerSpec/StopSignal", json!("SIGINT")),
        ("/TaskTemplate/ContainerSpec/StopGracePeriod", json!(0)),
        ("/TaskTemplate/ContainerSpec/StopGracePeriod", json!(20_000_000_000_u64)),
        ("/TaskTemplate/ContainerSpec/Sysctls", json!({ "net.core.somaxconn": "0" })),
        ("/TaskTemplate/ContainerSpec/CapabilityAdd", json!(["CAP_NET_ADMIN"])),
        ("/TaskTemplate/ContainerSpec/Healthcheck", json!({ "Test": ["NONE"] })),
        (
            "/TaskTemplate/ContainerSpec/Mounts",
            json!([{ "Type": "volume", "Source": "d", "Target": "/d" }]),
        ),
        ("/TaskTemplate/ContainerSpec/Hosts", json!(["10.0.0.1 h"])),
        ("/TaskTemplate/ContainerSpec/DNSConfig", json!({ "Search": ["a"] })),
        ("/TaskTemplate/LogDriver", json!({ "Name": "json-file", "Options": { "tag": "" } })),
        ("/TaskTemplate/Resources/Limits/MemoryBytes", json!(67_108_864)),
        ("/TaskTemplate/RestartPolicy/Delay", json!(0)),
        ("/TaskTemplate/RestartPolicy/Condition", json!("none")),
        ("/TaskTemplate/RestartPolicy/MaxAttempts", json!(3)),
        ("/TaskTemplate/Placement/MaxReplicas", json!(1)),
        ("/TaskTemplate/Placement/Constraints", json!(["node.role==manager"])),
        ("/UpdateConfig/Parallelism", json!(0)),
        ("/UpdateConfig/Delay", json!(5_000_000_000_u64)),
        ("/UpdateConfig/Order", json!("start-first")),
        ("/UpdateConfig/FailureAction", json!("rollback")),
        ("/RollbackConfig/Parallelism", json!(0)),
        ("/EndpointSpec/Mode", json!("dnsrr")),
        ("/Mode/Replicated/Replicas", json!(0)),
    ];
    let put = |spec: &mut Value, path: &str, value: &Value| {
        let mut at = spec;
        for part in path.trim_start_matches('/').split('/') {
            at = &mut at[part];
        }
        *at = value.clone();
    };
    for (path, value) in cases {
        let (mut with, mut has) = (sent(), stored());
        put(&mut with, path, value);
        put(&mut has, path, value);
        let of = |body: &Value, has: &Value| {
            plan(&recording(body.clone(), has.clone())).changes.remove(0)
        };
        assert_eq!(of(&with, &stored()).action, StackAction::Update, "{path} {value} set");
        assert_eq!(of(&sent(), &has).action, StackAction::Update, "{path} {value} taken away");
        assert!(!of(&sent(), &has).words.is_empty(), "{path} {value} in words");
        if *path != "/TaskTemplate/ContainerSpec/Image" {
            let same = of(&with, &has);
            assert_eq!(same.action, StackAction::Unchanged, "{path} {value}: {:?}", same.words);
        }
    }
}

/// A port goes from one service to another, which is written after it.
#[test]
fn a_port_is_given_up_before_it_is_wanted() {
    let ports = |spec: &mut Value, ports: Value| spec["EndpointSpec"] = json!({ "Ports": ports });
    let mut swarm = cluster().manager("m1").node("n2").service("shop_web", 2);
    swarm = swarm.port(8080);
    let mut old = stored();
    ports(&mut old, json!([{ "TargetPort": 80, "PublishedPort": 8080 }]));
    let mut without = sent();
    ports(&mut without, json!([]));
    let mut recording = recording(without, old);
    let mut new = sent();
    new["Name"] = "shop_a".into();
    ports(&mut new, json!([{ "TargetPort": 80, "PublishedPort": 8080 }]));
    recording.writes.push(write(StackObject::Service, Addressee::New("r1".into()), new));
    let names = |recording: &Recording| -> (Vec<String>, Vec<String>) {
        let plan = StackPlan::new(ClusterNo(0), recording, &swarm.store());
        let warnings = plan.changes.iter().flat_map(|change| change.warnings.clone());
        let taken = warnings.filter(|said| said.contains("already")).collect();
        (plan.steps().into_iter().map(|step| step.name).collect(), taken)
    };
    let (order, warned) = names(&recording);
    assert_eq!((order, warned), (vec!["shop_web".into(), "shop_a".into()], Vec::<String>::new()));
    // The same where it is removed.
    recording.writes[0].addressee = Addressee::Removed("id-of-shop_web".into());
    assert_eq!(names(&recording).0, ["shop_web", "shop_a"]);
    // Nobody gives it up.
    recording.writes.remove(0);
    assert_eq!(names(&recording).1.len(), 1);
}

#[test]
fn a_config_with_another_content_is_refused_before_anything_is_written() {
    let mut recording = recording(sent(), stored());
    let spec = |data: &str| json!({ "Name": "shop_cfg", "Labels": {}, "Data": data });
    let existing = Addressee::Existing { id: "cfg".into(), version: 2 };
    recording.writes.push(write(StackObject::Config, existing, spec("bmV3")));
    assert_eq!(plan(&recording).impossible, ["a config is gone since it was read: plan again"]);
    let read = json!({ "ID": "cfg", "Version": { "Index": 2 }, "Spec": spec("b2xk") });
    recording.read.note(StackObject::Config, read);
    assert_eq!(plan(&recording).impossible, ["config shop_cfg has another content in the file"]);
}

/// Undoing leaves alone what somebody else has changed since, and what the engine brought back itself.
#[test]
fn the_way_back_is_not_over_the_work_of_others() {
    let mut body = sent();
    body["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["A=2"]);
    let step = plan(&recording(body, stored())).steps().remove(0);
    let now = |spec: &Value| {
        let raw = json!({ "ID": "id-of-shop_web", "Version": { "Index": 9 }, "Spec": spec });
        ReadObject::There(Box::new(Document::read(&raw).unwrap()))
    };
    let back = |spec: &Value| {
        let back = Recording::way_back("shop", std::iter::once((&step, now(spec))));
        plan(&back)
    };
    let undone = back(&step.after);
    assert_eq!(undone.count(StackAction::Update), 1);
    assert_eq!(undone.changes[0].after, step.before);
    let mut hotfix = step.after.clone();
    hotfix["Labels"]["hotfix"] = "1".into();
    let left = back(&hotfix);
    assert!(!left.has_changes());
    assert_eq!(
        left.warnings,
        ["service shop_web was changed by somebody else since: it stays as it is"]
    );
    let rolled_back = back(&stored());
    assert!(!rolled_back.has_changes() && rolled_back.warnings.is_empty());
}
