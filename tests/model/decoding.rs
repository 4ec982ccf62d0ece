//! Decoders on JSON recorded from engines 20.10, 26.1 and 28.5.

use std::sync::Arc;

use skep::{
    cluster::{Availability, Mode, NodeState, Service, TaskState},
    engine::{ServiceReader, TaskReader, decode_nodes, decode_service},
};

const ENGINES: [&str; 3] = ["20.10", "26.1", "28.5"];

pub fn fixture(engine: &str, name: &str) -> String {
    let path = format!("{}/tests/fixtures/{engine}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn tasks(json: &str) -> Vec<skep::cluster::Task> {
    let (mut reader, mut out) = (TaskReader::default(), Vec::new());
    for chunk in json.as_bytes().chunks(777) {
        out.extend(reader.feed(chunk).unwrap());
    }
    reader.finish().unwrap();
    out
}

fn decode_services(json: &[u8]) -> Result<Vec<Arc<Service>>, String> {
    ServiceReader::default().read(json).map(|services| services.items)
}

#[test]
fn recorded_lists_are_read() {
    for engine in ENGINES {
        let nodes = decode_nodes(fixture(engine, "nodes").as_bytes()).unwrap();
        assert_eq!(nodes.len(), 5, "{engine}");
        assert_eq!(nodes.iter().filter(|n| n.is_leader()).count(), 1);
        assert!(
            nodes
                .iter()
                .all(|n| n.state == NodeState::Ready && n.memory > 1 << 30 && n.nano_cpus > 0)
        );
        assert!(
            nodes.iter().all(|n| n.addr.starts_with("10.77.0.")),
            "0.0.0.0 gives way to the manager address"
        );

        let services = decode_services(fixture(engine, "services").as_bytes()).unwrap();
        let named = |name: &str| services.iter().find(|s| &*s.name == name).unwrap();
        let full = named("full");
        assert_eq!(full.stack.as_deref(), Some("shop"));
        assert_eq!(full.mode, Mode::Replicated(2));
        assert_eq!(
            (full.max_per_node, full.limits.memory, full.reserved.nano_cpus),
            (2, 64 << 20, 100_000_000)
        );
        assert_eq!(&*full.constraints[0], "node.role==worker");
        assert_eq!(full.ports[0].published, 8181);
        assert_eq!(
            (full.networks.len(), full.mounts[1].to_string().as_str()),
            (1, "volume v1 → /data")
        );
        let web = named("web");
        assert_eq!((&*web.secrets[0].name, &*web.configs[0].name), ("dbpw", "appcfg"));
        assert_eq!(named("agent").mode, Mode::Global);
        assert_eq!(named("job").mode, Mode::ReplicatedJob { concurrent: 3, total: 3 });
        assert!(named("web").previous.is_some() && named("nowhere").previous.is_none());
        assert!(services.iter().all(|s| s.counts.is_some() && s.version > 0));

        let tasks = tasks(&fixture(engine, "tasks"));
        assert!(tasks.len() > 15, "{engine}");
        let failed: Vec<_> = tasks.iter().filter(|t| t.state == TaskState::Failed).collect();
        assert!(
            failed.iter().any(|t| &*t.err == "task: non-zero exit (3)" && t.exit_code == Some(3))
        );
        assert!(
            tasks
                .iter()
                .any(|t| t.state == TaskState::Pending && t.err.contains("no suitable node"))
        );
        // Running tasks of an update that is over are made from the service's template.
        let web = named("web");
        let live: Vec<_> = tasks
            .iter()
            .filter(|t| t.service == web.id && t.state == TaskState::Running && t.is_wanted())
            .collect();
        assert_eq!(live.len(), 3, "{engine}");
        assert!(live.iter().all(|t| t.spec.template == web.template), "{engine}: fingerprints");
        let old = tasks.iter().filter(|t| t.service == web.id && t.image_tag() == "lab/app:1.0");
        assert!(
            old.into_iter().all(|t| t.spec.template != web.template),
            "{engine}: old tasks tell"
        );
    }
}

#[test]
fn unknown_words_never_fail_a_list() {
    for engine in ENGINES {
        let odd = fixture(engine, "nodes")
            .replace("\"ready\"", "\"hibernating\"")
            .replace("\"active\"", "\"on-leave\"")
            .replace("\"worker\"", "\"bee\"");
        let nodes = decode_nodes(odd.as_bytes()).unwrap();
        assert_eq!(nodes.len(), 5);
        assert_eq!(nodes[0].state, NodeState::Other("hibernating".into()));
        assert_eq!(nodes[0].availability, Availability::Other("on-leave".into()));
        let odd = fixture(engine, "tasks").replace("\"running\"", "\"levitating\"");
        assert!(tasks(&odd).iter().any(|t| t.state.word() == "levitating"));
        let odd = fixture(engine, "services")
            .replace("\"Replicated\"", "\"Scattered\"")
            .replace("\"completed\"", "\"transcended\"");
        let services = decode_services(odd.as_bytes()).unwrap();
        assert!(services.iter().any(|s| s.mode == Mode::Other("Scattered".into())));
    }
}

#[test]
fn one_bad_element_costs_only_itself() {
    let json =
        r#"[{"ID":"a","Spec":{"Name":"a"}},{"ID":{"not":"text"}},{"ID":"c","Spec":{"Name":"c"}}]"#;
    let names: Vec<_> =
        decode_services(json.as_bytes()).unwrap().iter().map(|s| s.name.to_string()).collect();
    assert_eq!(names, ["a", "c"]);
    assert!(decode_services(b"<html>").is_err() && decode_services(b"[{}").is_err());
}

#[test]
fn bad_elements_are_counted() {
    let bad = r#"{"ID":"b","Version":{"Index":-1}}"#;
    let good = |id| format!(r#"{{"ID":"{id}","Spec":{{"Name":"{id}"}}}}"#);
    let json = format!("[{},{bad},{{}},{},null,[\"z\"],\"x\",1]", good("a"), good("c"));
    let nodes = decode_nodes(json.as_bytes()).unwrap();
    let services = ServiceReader::default().read(json.as_bytes()).unwrap();
    let mut reader = TaskReader::default();
    let tasks = reader.feed(json.as_bytes()).unwrap();
    assert_eq!((nodes.len(), services.len(), tasks.len()), (2, 2, 2));
    for gaps in [&nodes.gaps, &services.gaps, reader.gaps()] {
        assert_eq!(gaps.count, 6);
        assert!(gaps.example.as_deref().unwrap().contains("-1"), "{gaps:?}");
    }
}

#[test]
fn nulls_and_absences_are_empty() {
    let json = r#"[{"ID":"t","Spec":null,"Status":{"State":"failed","Err":"dial \u0000{","ContainerStatus":null},"Slot":1}]"#;
    let task = tasks(json).pop().unwrap();
    assert_eq!(&*task.err, "dial \0{");
    assert_eq!((task.exit_code, task.container), (None, None));
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let json = fixture("28.5", "services");
    let mut reader = ServiceReader::default();
    let first = reader.read(json.as_bytes()).unwrap();
    let again = reader.read(json.as_bytes()).unwrap().items;
    assert!(first.iter().zip(&again).all(|(a, b)| Arc::ptr_eq(a, b)));
    // A list that does not count keeps the counts of the last one.
    let mut plain: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    for service in &mut plain {
        service.as_object_mut().unwrap().remove("ServiceStatus");
    }
    let uncounted = reader.read(&serde_json::to_vec(&plain).unwrap()).unwrap().items;
    assert!(first.iter().zip(&uncounted).all(|(a, b)| Arc::ptr_eq(a, b)));
    // Other counts, or another version, are another service; its neighbours stay as they were.
    plain[0]["ServiceStatus"] = serde_json::json!({ "RunningTasks": 77 });
    plain[1]["Version"]["Index"] = 1_000_000.into();
    plain[1]["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = "new:1".into();
    let changed = reader.read(&serde_json::to_vec(&plain).unwrap()).unwrap();
    assert_eq!(changed[0].counts.unwrap().running, 77);
    assert_eq!((changed[0].version, &changed[0].spec), (first[0].version, &first[0].spec));
    assert_eq!((&*changed[1].image, changed[1].counts), ("new:1", first[1].counts));
    assert!(first[2..].iter().zip(&changed[2..]).all(|(a, b)| Arc::ptr_eq(a, b)));
}

#[test]
fn a_list_is_the_same_in_whatever_pieces_it_comes() {
    for engine in ENGINES {
        let json = fixture(engine, "tasks");
        let whole = tasks(&json);
        for size in [1, 7, 100, 4_096, 1 << 20] {
            let (mut reader, mut cut) = (TaskReader::default(), Vec::new());
            for piece in json.as_bytes().chunks(size) {
                cut.extend(reader.feed(piece).unwrap());
            }
            assert_eq!(cut, whole, "{engine} in pieces of {size}");
        }
    }
}

#[test]
fn a_container_id_is_hex_or_none() {
    let container = |id: &str| {
        let status =
            serde_json::json!({ "State": "running", "ContainerStatus": { "ContainerID": id } });
        let list = serde_json::json!([{ "ID": "t1", "ServiceID": "s1", "Status": status }]);
        tasks(&list.to_string()).remove(0).container
    };
    assert_eq!(container("c0ffee00C0").as_deref(), Some("c0ffee00C0"));
    for odd in ["", "c0ffee;reboot", "$(reboot)", "-it", "c0ffee\n", "../c0ffee"] {
        assert_eq!(container(odd), None, "{odd:?}");
    }
}

/// JSON as another program writes it: indented, members in another order, `/` escaped.
fn written_anew(json: &str) -> String {
    fn turned(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(all) => {
                let all: Vec<_> = all.into_iter().map(|(k, v)| (k, turned(v))).collect();
                serde_json::Value::Object(all.into_iter().rev().collect())
            }
            serde_json::Value::Array(all) => all.into_iter().map(turned).collect(),
            other => other,
        }
    }
    let value = turned(serde_json::from_str(json).unwrap());
    serde_json::to_string_pretty(&value).unwrap().replace('/', "\\/")
}

#[test]
fn a_template_is_known_again_however_it_is_written() {
    for engine in ENGINES {
        let json = fixture(engine, "tasks");
        let (plain, anew) = (tasks(&json), tasks(&written_anew(&json)));
        assert_eq!(plain.len(), anew.len());
        for (plain, anew) in plain.iter().zip(&anew) {
            assert_eq!(plain.spec.template, anew.spec.template, "{engine} {}", plain.id);
        }
        let json = fixture(engine, "services");
        let read = |json: &str| decode_services(json.as_bytes()).unwrap();
        let (plain, anew) = (read(&json), read(&written_anew(&json)));
        for (plain, anew) in plain.iter().zip(&anew) {
            assert_eq!(plain.template, anew.template, "{engine} {}", plain.name);
            assert_eq!(plain.previous_template, anew.previous_template, "{engine} {}", plain.name);
        }
        assert_eq!(plain.len(), anew.len());
    }
    // What differs stays different.
    let of = |container: &str| {
        let service = format!(
            r#"{{"ID":"s","Spec":{{"Name":"a","TaskTemplate":{{"ContainerSpec":{container}}}}}}}"#
        );
        decode_service(service.as_bytes()).unwrap().template
    };
    let all = [
        r#"{"Args":["a","b"]}"#,
        r#"{"Args":["b","a"]}"#,
        r#"{"Args":["a b"]}"#,
        r#"{"A":1}"#,
        r#"{"A":2}"#,
        r#"{"A":"1"}"#,
        "{}",
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| of(other) != of(one)), "{one}");
    }
}
