//! Networks, secrets, configs, volumes and stacks of a real Swarm, beside what docker says of them.

use std::time::{Duration, Instant};

use serde_json::Value;
use skep::{
    cluster::{Network, Part, Store, Timestamp},
    commands::permit,
    connect::{Connector, Endpoint, NodeSettings},
    grant::ClusterNo,
    keep::History,
    session::{Budget, Event, SessionConfig, SessionEvent, Sessions, load_once},
};
use tokio::runtime::Runtime;

use super::{
    lab::{Lab, wait},
    scenarios::skep,
};

/// Two services that use one of everything, and a third on the network of its node.
const STACK: &str = r#"
version: "3.8"
services:
  web: &service
    image: lab/app:1.0
    command: [sleep, "100000"]
    stop_grace_period: 1s
    networks: [back]
    secrets: [key]
    configs: [{ source: conf, target: /conf }]
    volumes: ["data:/data"]
    deploy: { replicas: 2 }
  api:
    <<: *service
    image: lab/app:1.1
networks:
  back: { driver: overlay, attachable: true, ipam: { config: [{ subnet: 10.200.0.0/24 }] } }
secrets:
  key: { file: key.txt }
configs:
  conf: { file: conf.txt }
volumes:
  data: {}
"#;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

fn connector(lab: &Lab, node: u32) -> Connector {
    Connector::new(Endpoint::Unix(lab.path(&format!("n{node}/docker.sock"))))
}

fn store(lab: &Lab, node: u32) -> Store {
    runtime().block_on(load_once(connector(lab, node))).expect("it answers").0
}

fn inspect(lab: &Lab, node: u32, kind: &str, name: &str) -> Value {
    let said = lab.docker(node, &[kind, "inspect", name]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    said[0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(k, v)| (k.clone(), text(v).to_owned())).collect()
}

fn owned<S: AsRef<str>>(all: &[(S, S)]) -> Vec<(String, String)> {
    all.iter().map(|(k, v)| (k.as_ref().to_owned(), v.as_ref().to_owned())).collect()
}

fn names(lab: &Lab, node: u32, args: &[&str]) -> Vec<String> {
    let said = lab.docker(node, args);
    let mut names: Vec<String> = said.lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// Every field of a network, as `docker network inspect` has it.
fn same_network(n: &Network, docker: &Value) {
    assert_eq!(n.id.as_str(), text(&docker["Id"]));
    assert_eq!(&*n.name, text(&docker["Name"]));
    assert_eq!((&*n.driver, &*n.scope), (text(&docker["Driver"]), text(&docker["Scope"])));
    let flags = [n.internal, n.attachable, n.ingress, n.ipv6];
    let said = ["Internal", "Attachable", "Ingress", "EnableIPv6"].map(|f| docker[f] == true);
    assert_eq!(flags, said, "{}", n.name);
    // A node that takes part in a network tells when it made its own, with its first task there.
    let created = Timestamp::parse(text(&docker["Created"]));
    assert!(n.created.is_some() && n.created <= created, "{}: {:?} {created:?}", n.name, n.created);
    assert_eq!(owned(&n.labels), pairs(&docker["Labels"]));
    assert_eq!(owned(&n.options), pairs(&docker["Options"]), "{}", n.name);
    let subnets: Vec<(&str, &str, &str)> =
        n.subnets.iter().map(|s| (&*s.subnet, &*s.gateway, &*s.range)).collect();
    let said: Vec<(&str, &str, &str)> = docker["IPAM"]["Config"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| (text(&c["Subnet"]), text(&c["Gateway"]), text(&c["IPRange"])))
        .collect();
    assert_eq!(subnets, said, "{}", n.name);
}

/// Each kind is what docker's own `inspect` says, through the managers of three engines.
pub fn as_docker_says(lab: &Lab) {
    for (name, content) in [("stack.yml", STACK), ("key.txt", "honey"), ("conf.txt", "hive=1\n")] {
        std::fs::write(lab.path(name), content).unwrap();
    }
    let file = lab.path("stack.yml").display().to_string();
    lab.docker(1, &["stack", "deploy", "--resolve-image", "never", "-c", &file, "shop"]);
    lab.service("onhost", 1, &["--network", "host"]);
    let key = lab.path("key.txt").display().to_string();
    lab.docker(1, &["secret", "create", "--label", "team=hive", "loose", &key]);
    let options = ["--opt", "encrypted", "--internal", "--subnet", "10.201.0.0/24"];
    let range = ["--ip-range", "10.201.0.64/28", "--gateway", "10.201.0.1", "--label", "a=b"];
    let network = ["network", "create", "-d", "overlay"];
    lab.docker(1, &[&network[..], &options, &range, &["vault"]].concat());
    for name in ["shop_web", "shop_api"] {
        lab.converged(name, "2");
    }
    for node in 1..=3 {
        let store = store(lab, node);
        let listed = ["network", "ls", "--filter", "scope=swarm", "--format", "{{.Name}}"];
        let mut ours: Vec<String> = store.networks().map(|n| n.name.to_string()).collect();
        ours.sort();
        assert_eq!(ours, names(lab, node, &listed), "node {node}");
        for network in store.networks() {
            same_network(network, &inspect(lab, node, "network", network.id.as_str()));
        }
        let vault = store.networks().find(|n| &*n.name == "vault").unwrap();
        assert!(vault.is_encrypted() && vault.internal && vault.addresses() == Some(16));

        let mut ours: Vec<String> = store.secrets().map(|s| s.name.to_string()).collect();
        ours.sort();
        assert_eq!(ours, names(lab, node, &["secret", "ls", "--format", "{{.Name}}"]));
        for secret in store.secrets() {
            let docker = inspect(lab, node, "secret", secret.id.as_str());
            assert_eq!(&*secret.name, text(&docker["Spec"]["Name"]));
            assert_eq!(Some(secret.version), docker["Version"]["Index"].as_u64());
            assert_eq!(owned(&secret.labels), pairs(&docker["Spec"]["Labels"]));
            assert_eq!(secret.created, Timestamp::parse(text(&docker["CreatedAt"])));
            assert_eq!(secret.updated, Timestamp::parse(text(&docker["UpdatedAt"])));
        }
        for config in store.configs() {
            let docker = inspect(lab, node, "config", config.id.as_str());
            assert_eq!(&*config.name, text(&docker["Spec"]["Name"]));
            assert_eq!(Some(config.version), docker["Version"]["Index"].as_u64());
            assert_eq!(owned(&config.labels), pairs(&docker["Spec"]["Labels"]));
            assert_eq!(config.created, Timestamp::parse(text(&docker["CreatedAt"])));
            assert_eq!(config.updated, Timestamp::parse(text(&docker["UpdatedAt"])));
            // Others may be left by what ran before.
            if &*config.name == "shop_conf" {
                assert_eq!(config.size, "hive=1\n".len() as u64);
            }
        }

        // What every node has by itself is in no list, and is no network that is gone.
        let onhost = store.service_named("onhost").unwrap();
        let host = store.network(onhost.networks[0].as_str()).expect("it was looked up");
        assert!(host.is_predefined() && &*host.name == "host", "node {node}: {host:?}");
        assert_eq!(store.absent_since(Part::Networks, host.id.as_str()), None);

        // Services and tasks have the addresses that docker tells.
        let web = store.service_named("shop_web").unwrap();
        let docker = inspect(lab, node, "service", "shop_web");
        let vips: Vec<(&str, &str)> = web.vips.iter().map(|(n, a)| (n.as_str(), &**a)).collect();
        let said: Vec<(&str, &str)> = docker["Endpoint"]["VirtualIPs"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|v| (text(&v["NetworkID"]), text(&v["Addr"])))
            .collect();
        assert!(vips == said && !vips.is_empty(), "{vips:?} {said:?}");
        for task in store.tasks_of(&web.id).filter(|t| !t.state.is_terminal()) {
            let format = "{{range .NetworksAttachments}}{{range .Addresses}}{{.}} {{end}}{{end}}";
            let args = ["inspect", "--type", "task", "--format", format, task.id.as_str()];
            let said = lab.docker(node, &args);
            let ours: Vec<String> =
                task.attachments.iter().map(|a| format!("{}/24", a.address)).collect();
            assert_eq!(ours.join(" "), said.trim());
        }
        let back = store.networks().find(|n| &*n.name == "shop_back").unwrap();
        let on: Vec<&str> = (store.relations().on_network(&back.id).iter())
            .map(|id| &*store.service(id).unwrap().name)
            .collect();
        assert_eq!(on, ["shop_api", "shop_web"]);

        // The nodes that hold data are those whose engines have the volume.
        let volume = store.relations().volume("shop_data").expect("services mount it");
        let ours: Vec<&str> =
            store.nodes_with(volume).into_iter().map(|id| store.hostname(id)).collect();
        let has = |node: &u32| {
            lab.try_docker(*node, &["volume", "inspect", "shop_data"]).status.success()
        };
        let said: Vec<String> = (1..=5).filter(has).map(|n| format!("node{n}")).collect();
        assert_eq!(ours, said);
    }
    let (code, json) = skep(&["-H", &lab.endpoint(2), "snapshot", "--json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let shop = &json["clusters"][0]["stacks"][0];
    let figures = ["services", "converged", "running", "desired"].map(|f| shop[f].as_u64());
    assert_eq!(
        (code, text(&shop["name"]), figures),
        (0, "shop", [Some(2), Some(2), Some(4), Some(4)])
    );
    let (_, said) = skep(&["-H", &lab.endpoint(1), "snapshot", "--json"]);
    for rule in ["network-gone", "secret-gone", "config-gone", "secret-unused", "network-full"] {
        assert!(!said.contains(rule), "{rule}: {said}");
    }
}

/// The engine lets nobody remove what is in use.
pub fn in_use(lab: &Lab) {
    for (kind, name, said) in [
        ("network", "shop_back", "in use"),
        ("secret", "shop_key", "is in use by the following service"),
        ("config", "shop_conf", "is in use by the following service"),
    ] {
        let out = lab.try_docker(2, &[kind, "rm", name]);
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && err.contains(said), "{kind}: {err}");
    }
}

/// A small network fills up, and is told before its last address is given: the figures are exact.
pub fn full_network(lab: &Lab) {
    lab.docker(1, &["network", "create", "-d", "overlay", "--subnet", "10.202.0.0/28", "tiny"]);
    lab.service("crowd", 4, &["--network", "tiny"]);
    lab.docker(1, &["service", "scale", "--detach", "crowd=13"]);
    let tiny = |store: &Store| store.networks().find(|n| &*n.name == "tiny").cloned().unwrap();
    let mut last = store(lab, 1);
    wait(Duration::from_secs(60), "all its addresses are given out", || {
        last = store(lab, 1);
        let found = last.address_use(&tiny(&last));
        Some(found.used()) == found.capacity && found.tasks > 4
    });
    let crowd = last.service_named("crowd").unwrap();
    let waits = last.tasks_of(&crowd.id).filter(|t| t.is_wanted() && t.attachments.is_empty());
    assert!(waits.count() > 0, "more are wanted than there is room for");
    let (_, said) = skep(&["-H", &lab.endpoint(3), "snapshot", "--json"]);
    assert!(said.contains("network tiny: 13 of 13 addresses are in use"), "{said}");
    lab.docker(1, &["service", "rm", "crowd"]);
    wait(Duration::from_secs(60), "its network can be removed", || {
        lab.try_docker(1, &["network", "rm", "tiny"]).status.success()
    });
}

/// A session without a screen, and the model that it keeps up to date.
struct Watching {
    sessions: Sessions,
    store: Store,
}

impl Watching {
    fn start(lab: &Lab, node: u32) -> Self {
        let grant = permit(ClusterNo(0), true, false);
        let audit = crate::state_home().join("objects.jsonl");
        let config = SessionConfig {
            budget: Budget::default(),
            nodes: NodeSettings::default(),
            managers: vec![connector(lab, node)],
            mixed: false,
            shell: None,
            grant,
            history: History { timeline: None, audit },
            who: "tester".into(),
        };
        Self { sessions: Sessions::start(vec![config], Vec::new()), store: Store::default() }
    }

    /// Waits until the model is so.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Store) -> bool) {
        while !is_so(&self.store) {
            let told = tokio::time::timeout(Duration::from_secs(20), self.sessions.told.recv());
            let told = told.await.unwrap_or_else(|_| panic!("never: {what}"));
            if let Some(SessionEvent::Cluster(_, Event::Heard(_, deltas, at))) = told {
                for delta in deltas {
                    self.store.apply(delta, at);
                }
            }
        }
    }
}

/// What another client makes, changes and removes through another manager is in the model within a
/// second.
pub fn seen_within_a_second(lab: &Lab) {
    let file = lab.path("key.txt").display().to_string();
    let runtime = runtime();
    runtime.block_on(async {
        let mut skep = Watching::start(lab, 3);
        let all = |store: &Store| {
            store.is_loaded()
                && [Part::Networks, Part::Secrets, Part::Configs].iter().all(|p| store.lists(*p))
        };
        skep.until("everything is read", all).await;
        // What it has just read it reads again two seconds later at most.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let has = |kind: &'static str| {
            move |store: &Store| match kind {
                "secret" => store.secrets().any(|s| &*s.name == "fresh"),
                "config" => store.configs().any(|c| &*c.name == "fresh"),
                _ => store.networks().any(|n| &*n.name == "fresh"),
            }
        };
        for (kind, make) in [
            ("secret", vec!["create", "fresh", &file]),
            ("config", vec!["create", "fresh", &file]),
            ("network", vec!["create", "-d", "overlay", "fresh"]),
        ] {
            let begun = Instant::now();
            lab.docker(1, &[&[kind], &make[..]].concat());
            skep.until(&format!("{kind} is made"), has(kind)).await;
            let made = begun.elapsed();
            let begun = Instant::now();
            lab.docker(2, &[kind, "rm", "fresh"]);
            let gone = has(kind);
            skep.until(&format!("{kind} is removed"), |s| !gone(s)).await;
            let removed = begun.elapsed();
            println!("        {kind}: made {made:?}, removed {removed:?}");
            assert!(made < Duration::from_secs(1) && removed < Duration::from_secs(1), "{kind}");
        }
        // A manager with a task in it lists it for a while after its end.
        lab.docker(1, &["network", "create", "-d", "overlay", "fresh"]);
        let command = ["lab/app:1.0", "sleep", "1000"];
        let joined = ["service", "create", "-d", "-q", "--mode", "global", "--network", "fresh"];
        lab.docker(1, &[&joined[..], &["--name", "joined"], &command].concat());
        skep.until("its tasks run", |store| {
            let id = store.service_named("joined").map(|service| &service.id);
            id.is_some_and(|id| {
                store.tasks_of(id).filter(|task| store.is_running(task)).count() >= 3
            })
        })
        .await;
        lab.docker(1, &["service", "rm", "joined"]);
        wait(Duration::from_secs(60), "it can be removed", || {
            lab.try_docker(1, &["network", "rm", "fresh"]).status.success()
        });
        let begun = Instant::now();
        skep.until("the network is gone", |store| !has("network")(store)).await;
        println!("        a network that had tasks: removed {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(1));
    });
    lab.docker(1, &["stack", "rm", "shop"]);
    lab.docker(1, &["service", "rm", "onhost"]);
    lab.docker(1, &["secret", "rm", "loose"]);
    wait(Duration::from_secs(60), "its networks can be removed", || {
        let left = lab.docker(1, &["network", "ls", "--filter", "name=shop_", "--quiet"]);
        left.is_empty()
    });
    lab.docker(1, &["network", "rm", "vault"]);
}
