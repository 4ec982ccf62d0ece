//! Networks, secrets, configs, volumes and stacks: read, kept, and told who uses what.

use std::sync::Arc;

use skep::{
    cluster::{
        Attachment, Delta, EndpointMode, Kind, Mount, NetworkId, Part, Port, PublishMode,
        Reference, Service, ServiceId, Store, TaskState,
    },
    commands::{Taken, snapshot_json},
    engine::{
        ServiceReader, TaskReader, decode_configs, decode_networks, decode_secrets, decode_service,
    },
    triage::Thresholds,
};

use crate::{
    cluster_fixture::{Cluster, NOW, cluster, listed},
    decoding::fixture,
};

const ENGINES: [&str; 3] = ["20.10", "26.1", "28.5"];

#[test]
fn recorded_lists_are_read() {
    for engine in ENGINES {
        let networks = decode_networks(fixture(engine, "networks").as_bytes()).unwrap();
        let names: Vec<&str> = networks.iter().map(|n| &*n.name).collect();
        assert_eq!(names, ["back", "ingress"], "{engine}: those of one node are none of the Swarm");
        let (back, ingress) = (&networks[0], &networks[1]);
        assert_eq!((&*back.driver, &*back.scope), ("overlay", "swarm"));
        assert_eq!((&*back.subnets[0].gateway, back.addresses()), ("10.0.1.1", Some(253)));
        assert!(back.created.is_some() && !back.is_encrypted() && !back.is_predefined());
        assert!(ingress.ingress && !back.ingress && !back.internal && !back.attachable);

        let secrets = decode_secrets(fixture(engine, "secrets").as_bytes()).unwrap();
        assert_eq!((&*secrets[0].name, secrets[0].version), ("dbpw", 35));
        assert!(secrets[0].created.is_some() && secrets[0].updated.is_some());
        let configs = decode_configs(fixture(engine, "configs").as_bytes()).unwrap();
        assert_eq!((&*configs[0].name, configs[0].size), ("appcfg", "cfg\n".len() as u64));

        let mut reader = ServiceReader::default();
        let services = reader.read(fixture(engine, "services").as_bytes()).unwrap();
        let web = services.iter().find(|s| &*s.name == "web").unwrap();
        assert_eq!((&web.secrets[0].id, &web.configs[0].id), (&secrets[0].id, &configs[0].id));
        assert_eq!(web.networks, std::slice::from_ref(&back.id));
        assert_eq!(web.endpoint_mode, EndpointMode::Vip);
        let vips: Vec<(&NetworkId, &str)> = web.vips.iter().map(|(n, a)| (n, &**a)).collect();
        assert_eq!(vips, [(&ingress.id, "10.0.0.7/24"), (&back.id, "10.0.1.2/24")]);

        let mut reader = TaskReader::default();
        let tasks = reader.feed(fixture(engine, "tasks").as_bytes()).unwrap();
        let of_web = || tasks.iter().filter(|t| t.service == web.id);
        for task in of_web().filter(|t| t.state == TaskState::Running) {
            let networks: Vec<&NetworkId> = task.attachments.iter().map(|a| &a.network).collect();
            assert_eq!(networks, [&ingress.id, &back.id], "{engine}");
        }
        let ended = of_web().filter(|t| t.state.is_terminal());
        assert!(ended.into_iter().all(|t| t.attachments.is_empty()), "they gave theirs back");
    }
}

#[test]
fn one_bad_element_costs_only_itself() {
    let json = r#"[{"Id":"a","Name":"a","Scope":"swarm"},{"Id":"b","Name":["b"],"Scope":"swarm"},
        {"Id":"","Name":"c","Scope":"swarm"},{"Id":"d","Name":"d","Scope":"swarm","IPAM":null,
        "Options":null,"Labels":null,"Created":"no time"},7]"#;
    let networks = decode_networks(json.as_bytes()).unwrap();
    let ids: Vec<&str> = networks.iter().map(|n| n.id.as_str()).collect();
    assert_eq!((ids, networks.gaps.count), (vec!["a", "d"], 3));
    let json = r#"[{"ID":"a","Spec":{"Name":"a","Labels":null,"Driver":null}},{"ID":"b"},
        {"ID":"c","Spec":{"Name":"c","Data":7}},
        {"ID":"e","Spec":{"Name":"e","Data":null,"Driver":{"Name":"vault"}}}]"#;
    let secrets = decode_secrets(json.as_bytes()).unwrap();
    let read: Vec<(&str, Option<&str>)> =
        secrets.iter().map(|s| (s.id.as_str(), s.driver.as_deref())).collect();
    assert_eq!((read, secrets.gaps.count), (vec![("a", None), ("e", Some("vault"))], 2));
    let configs = decode_configs(json.as_bytes()).unwrap();
    assert_eq!((configs.len(), configs.gaps.count), (2, 2));
}

/// References as clients of several ages write them.
#[test]
fn every_way_to_refer_to_something_is_read() {
    let json = r#"{"ID":"s","Spec":{"Name":"web","Networks":[{"Target":"old","Aliases":["www"]}],
        "EndpointSpec":{"Mode":"dnsrr"},"TaskTemplate":{"ContainerSpec":{
        "Configs":[{"ConfigID":"c1","ConfigName":"conf"}],
        "Secrets":[{"SecretID":"s1","SecretName":"key"},{"SecretName":"without an id"}],
        "Privileges":{"CredentialSpec":{"Config":"c2"}}}}}}"#;
    let service = decode_service(json.as_bytes()).unwrap();
    assert_eq!(service.networks, [NetworkId::from("old")]);
    assert_eq!(service.aliases, [(NetworkId::from("old"), Arc::from("www"))]);
    assert_eq!(service.endpoint_mode, EndpointMode::RoundRobin);
    let configs: Vec<&str> = service.configs.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(configs, ["c1", "c2"]);
    let secrets: Vec<&str> = service.secrets.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(secrets, ["s1"]);
}

fn volume(source: &str, driver: &str) -> Mount {
    Mount {
        kind: "volume".into(),
        source: source.into(),
        target: "/data".into(),
        read_only: false,
        driver: driver.into(),
        filesystem: "".into(),
    }
}

/// The local driver mounts other machines' file systems, too, and memory.
#[test]
fn what_the_local_driver_mounts_from_elsewhere_is_not_of_one_node() {
    let is_local = |options: &str| {
        let json = format!(
            r#"{{"ID":"s","Spec":{{"Name":"web","TaskTemplate":{{"ContainerSpec":{{"Mounts":[{{
            "Type":"volume","Source":"data","Target":"/data","VolumeOptions":{options}}}]}}}}}}}}"#
        );
        let mut service = decode_service(json.as_bytes()).unwrap();
        let is_local = service.mounts[0].is_local_volume();
        let mut c = shop();
        c.last().mounts = std::mem::take(&mut service.mounts);
        c.services.retain(|s| &*s.name == "alone");
        let store = c.store();
        assert_eq!(store.relations().volume("data").unwrap().is_local(), is_local, "{options}");
        is_local
    };
    let with = |options: &str| {
        is_local(&format!(r#"{{"DriverConfig":{{"Name":"local","Options":{options}}}}}"#))
    };
    assert!(is_local("null") && is_local(r#"{"DriverConfig":null}"#));
    assert!(with("null") && with("{}") && with(r#"{"type":"none","o":"bind","device":"/srv"}"#));
    assert!(with(r#"{"type":"ext4","device":"/dev/sdb"}"#));
    for remote in [
        r#"{"type":"nfs","o":"addr=10.0.0.99,rw","device":":/x"}"#,
        r#"{"type":"nfs4","device":":/x"}"#,
        r#"{"type":"CIFS","device":"//nas/x"}"#,
        r#"{"type":"glusterfs","device":"nas:/x"}"#,
        r#"{"type":"tmpfs","device":"tmpfs"}"#,
    ] {
        assert!(!with(remote), "{remote}");
    }
}

/// Two stacks and a service of none.
fn shop() -> Cluster {
    let mut c = cluster().manager("m1").node("n2").node("n3");
    c = c.network("back", "10.0.1.0/24").network("front", "10.0.2.0/29");
    c = c.secret("key-1").secret("key-2").config("conf");
    c = c.service("shop_web", 2).port(80);
    c.last().networks.push("id-of-front".into());
    c.last().secrets = vec![Reference { id: "id-of-key-2".into(), name: "key-2".into() }];
    c.last().configs = vec![Reference { id: "id-of-conf".into(), name: "conf".into() }];
    c.last().mounts = vec![];
    c = c.service("shop_api", 2);
    c.last().secrets = vec![Reference { id: "id-of-key-2".into(), name: "key-2".into() }];
    c.last().mounts = vec![volume("data", ""), volume("", "")];
    c = c.service("edge_proxy", 1).port(80).port(443);
    c.last().networks.clear();
    c.last().secrets.clear();
    c.last().image = "proxy:2".into();
    c.last().mounts = vec![volume("data", "nfs")];
    c = c.service("alone", 1);
    c.last().secrets.clear();
    c.last().mounts = vec![];
    c
}

fn names<'s>(store: &'s Store, ids: &'s [ServiceId]) -> Vec<&'s str> {
    ids.iter().map(|id| &*store.service(id).unwrap().name).collect()
}

#[test]
fn who_uses_what_is_told_from_specs_alone() {
    let store = shop().store();
    let relations = store.relations();
    let on = |id: &str| names(&store, relations.on_network(&id.into()));
    assert_eq!(on("id-of-back"), ["alone", "shop_api", "shop_web"]);
    assert_eq!(on("id-of-front"), ["shop_web"]);
    assert_eq!(on("id-of-nothing"), [""; 0]);
    let with = |id: &str| names(&store, relations.with_secret(&id.into()));
    assert_eq!((with("id-of-key-1").len(), with("id-of-key-2")), (0, vec!["shop_api", "shop_web"]));
    assert_eq!(names(&store, relations.with_config(&"id-of-conf".into())), ["shop_web"]);
    let publishers = |port: u32| -> Vec<&str> {
        relations.publishers(port).map(|p| &*store.service(&p.service).unwrap().name).collect()
    };
    assert_eq!(publishers(80), ["edge_proxy", "shop_web"]);
    assert_eq!((publishers(443), publishers(8080).len()), (vec!["edge_proxy"], 0));
    let images: Vec<(&str, &str, usize)> = relations
        .images()
        .iter()
        .map(|i| (&*i.repository, &*i.version, i.services.len()))
        .collect();
    assert_eq!(images, [("proxy", "2", 1), ("shop/api", "1.8", 3)]);
    let volumes: Vec<(&str, &str)> =
        relations.volumes().iter().map(|v| (&*v.name, &*v.driver)).collect();
    assert_eq!(volumes, [("data", "nfs")], "an anonymous one is none");
    assert_eq!(
        names(&store, &relations.volume("data").unwrap().services),
        ["edge_proxy", "shop_api"]
    );
}

#[test]
fn stacks_have_health_images_and_what_they_share() {
    let mut c = shop();
    // One of two tasks of the API has failed.
    let api = ServiceId::from("id-of-shop_api");
    c.tasks.iter_mut().find(|t| t.service == api).unwrap().state = TaskState::Failed;
    let store = c.store();
    let stacks: Vec<&str> = store.relations().stacks().iter().map(|s| &*s.name).collect();
    assert_eq!(stacks, ["", "edge", "shop"]);
    let shop = store.relations().stack("shop").unwrap();
    assert_eq!(names(&store, &shop.services), ["shop_api", "shop_web"]);
    let progress = store.progress(shop);
    assert_eq!((progress.services, progress.converged), (2, 1));
    assert_eq!((progress.running, progress.desired), (3, 4));
    assert_eq!((shop.networks.len(), shop.secrets.len(), shop.configs.len()), (2, 1, 1));
    assert_eq!(shop.volumes.iter().map(|v| &**v).collect::<Vec<_>>(), ["data"]);
    let images: Vec<&str> = shop.images.iter().map(|i| &*i.version).collect();
    assert_eq!(images, ["1.8"]);
    assert!(store.relations().stack("nowhere").is_none());
}

/// Old tasks count too: the volume that they made is still there.
#[test]
fn a_volume_is_on_the_nodes_where_tasks_had_containers() {
    let mut c = shop();
    let mounts: Arc<[Mount]> = vec![volume("data", "")].into();
    let api = ServiceId::from("id-of-shop_api");
    c.tasks.retain(|t| t.service != api || t.slot == 1);
    let mut old = c.tasks.iter().find(|t| t.service == api).unwrap().clone();
    let refused = "starting container failed: error while mounting volume";
    for (id, node, container, err) in
        [("t1", "n3", true, ""), ("t2", "m1", false, ""), ("t3", "m1", true, refused)]
    {
        old.id = id.into();
        old.err = err.into();
        old.node = Some(format!("id-of-{node}").as_str().into());
        old.container = container.then(|| "c0ffee".into());
        old.state = TaskState::Failed;
        c.tasks.push(old.clone());
    }
    for (at, task) in c.tasks.iter_mut().filter(|t| t.service == api).enumerate() {
        if at == 0 {
            task.node = Some("id-of-n2".into());
        }
        let mut spec = (*task.spec).clone();
        spec.mounts = mounts.to_vec();
        task.spec = Arc::new(spec);
    }
    let store = c.store();
    let data = store.relations().volume("data").unwrap();
    let on: Vec<&str> = store.nodes_with(data).into_iter().map(|id| store.hostname(id)).collect();
    assert_eq!(on, ["n2", "n3"]);
}

fn attach(c: &mut Cluster, network: &str) {
    for (at, task) in (10_u8..).zip(&mut c.tasks) {
        let address = [10, 0, 2, at].into();
        task.attachments = [Attachment { network: network.into(), address }].into();
    }
}

/// Tasks, virtual IPs and the nodes with tasks; of the routing mesh every node.
#[test]
fn addresses_in_use_are_counted_as_far_as_they_are_told() {
    let mut c = shop();
    attach(&mut c, "id-of-front");
    c.services[0].vips = vec![("id-of-front".into(), "10.0.2.2/29".into())];
    let store = c.store();
    let front = store.network("id-of-front").unwrap();
    let found = store.address_use(front);
    assert_eq!((found.tasks, found.vips, found.nodes, found.capacity), (2, 1, 2, Some(5)));
    assert_eq!((found.used(), found.percent()), (5, Some(100)));
    assert!(store.address_use_at_most(front) >= found.used());
    c.networks[1].ingress = true;
    let nodes = |c: &Cluster| {
        let store = c.store();
        store.address_use(store.network("id-of-front").unwrap()).nodes
    };
    assert_eq!(nodes(&c), 2, "two are left, and the third node has none");
    c.networks[1].subnets[0].subnet = "10.0.2.0/28".into();
    assert_eq!(nodes(&c), 3);
}

/// Whether something exists that a service names: unknown, until somebody has looked for it.
#[test]
fn what_is_gone_is_known_only_after_it_was_looked_for() {
    let c = shop();
    let mut store = c.store();
    let gone = |store: &Store| store.absent_since(Part::Secrets, "id-of-key-2").is_some();
    store.take_touched();
    store.apply(Delta::Secrets(vec![]), NOW);
    assert!(!gone(&store), "its list may be older than the service");
    store.take_touched();
    store.apply(Delta::Absent(Part::Secrets, "id-of-key-2".into()), NOW);
    assert!(gone(&store));
    let touched: Vec<ServiceId> = store.take_touched().services.into_iter().collect();
    assert_eq!(touched.len(), 2, "those that name it: {touched:?}");
    // Refused: nothing is known.
    let mut refused = store.clone();
    refused.apply(Delta::Unread(Part::Secrets, "refused".into()), NOW);
    assert!(!gone(&refused) && !refused.lists(Part::Secrets) && refused.lists(Part::Configs));
    // It was made again under its id, as after a restore.
    store.apply(Delta::Secrets(c.secrets.clone()), NOW);
    assert!(!gone(&store));
    assert_eq!(store.take_touched().services.len(), 2);
    // What every node has by itself is there, though no list has it.
    let mut host = c.networks[0].clone();
    (host.id, host.name) = ("host".into(), "host".into());
    store.apply(Delta::UnlistedNetwork(host), NOW);
    assert_eq!(store.network("host").map(|n| &*n.name), Some("host"));
    store.apply(Delta::Networks(c.networks.clone()), NOW);
    assert!(store.network("host").is_some() && store.networks().len() == 2);
}

/// Lists that say what is known change nothing, and what changes moves its own kind alone.
#[test]
fn only_what_changed_moves() {
    let c = shop();
    let mut store = c.store();
    let before = store.revision();
    let same = |store: &mut Store| {
        store.apply(Delta::Networks(c.networks.clone()), NOW);
        store.apply(Delta::Secrets(c.secrets.clone()), NOW);
        store.apply(Delta::Configs(c.configs.clone()), NOW);
    };
    same(&mut store);
    assert_eq!(store.revision(), before);
    let mut secrets = c.secrets.clone();
    secrets[0].labels.push(("team".into(), "hive".into()));
    store.apply(Delta::Secrets(secrets), NOW);
    assert_eq!(store.revision_of(Kind::Secrets), store.revision());
    assert!(store.revision_of(Kind::Configs) <= before);
    assert!(store.revision_of(Kind::Services) <= before);
    // A service of other uses makes other relations.
    let mut services: Vec<Service> = c.services.clone();
    services[0].secrets.clear();
    services[0].version += 1;
    store.apply(listed(&services), NOW);
    let with = store.relations().with_secret(&"id-of-key-2".into());
    assert_eq!(names(&store, with), ["shop_api"]);
    // Another Swarm has none of them.
    let mut other = c.info();
    other.id = "another".into();
    store.apply(Delta::Cluster(other), NOW);
    assert_eq!((store.networks().len(), store.secrets().len()), (0, 0));
    assert!(!store.lists(Part::Networks) && store.relations().stacks().is_empty());
}

/// A Swarm of 5,000 services, 300 stacks and 200 networks.
#[test]
fn large_swarms_are_told() {
    let mut c = cluster().manager("m1");
    for at in 0..5_000 {
        c = c.service(&format!("stack{}_svc{at}", at / 17), 0).port(20_000 + at as u32);
        c.last().networks = vec![format!("id-of-net{}", at % 200).as_str().into()];
        c.last().mounts = vec![volume(&format!("data{}", at % 500), "")];
        let mode = PublishMode::Ingress;
        c.last().ports.push(Port { protocol: "udp".into(), target: 1, published: 7, mode });
    }
    let store = c.store();
    let relations = store.relations();
    for at in 0..200 {
        let on = relations.on_network(&format!("id-of-net{at}").as_str().into());
        assert_eq!(on.len(), 25);
    }
    assert_eq!((relations.stacks().len(), relations.volumes().len()), (295, 500));
    let services: usize = relations.stacks().iter().map(|s| store.progress(s).services).sum();
    assert_eq!(services, 5_000);
    assert_eq!((relations.publishers(7).count(), relations.publishers(20_017).count()), (5_000, 1));
}

/// A part that is refused is null in a snapshot, and the others are there; so is what follows from it.
#[test]
fn a_snapshot_tells_what_is_unknown_apart_from_what_is_empty() {
    let snapshot = |store: Store| -> serde_json::Value {
        let (name, at) = ("prod".to_owned(), "unix:///run/docker.sock".to_owned());
        let age = std::time::Duration::ZERO;
        let taken = Taken::new(store, NOW, name, at, age, &Thresholds::default());
        let json: serde_json::Value = serde_json::from_str(&snapshot_json(&[taken])).unwrap();
        json["clusters"][0].clone()
    };
    let said = snapshot(shop().store());
    assert_eq!(said["stacks"][1]["services"], 2);
    assert_eq!(
        said["networks"][0]["services"],
        serde_json::json!(["alone", "shop_api", "shop_web"])
    );
    assert_eq!(said["secrets"][0]["services"], serde_json::json!([]));
    assert_eq!(said["volumes"][0]["nodes"], serde_json::json!(["m1", "n2"]));
    let empty = snapshot(cluster().manager("m1").store());
    for array in ["stacks", "networks", "secrets", "configs", "volumes"] {
        assert_eq!(empty[array], serde_json::json!([]), "{array}");
    }
    for (part, nulls) in [
        (Part::Networks, vec!["networks"]),
        (Part::Secrets, vec!["secrets"]),
        (Part::Configs, vec!["configs"]),
        (Part::Services, vec!["stacks", "volumes"]),
    ] {
        let mut store = shop().store();
        store.apply(Delta::Unread(part, "refused".into()), NOW);
        let said = snapshot(store);
        for array in ["stacks", "networks", "secrets", "configs", "volumes"] {
            assert_eq!(said[array].is_null(), nulls.contains(&array), "{part:?} {array}");
        }
    }
    let mut store = shop().store();
    store.apply(Delta::Unread(Part::Tasks, "refused".into()), NOW);
    assert!(snapshot(store)["volumes"][0]["nodes"].is_null());
}
