//! The scenarios: a story that a newcomer understands in a minute, a calm Swarm, and generated
//! Swarms of any size.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{
    Options,
    generated::by_numbers,
    objects::ObjectKind,
    sim::{Fate, Nanos, SECOND, Sim, SimNode, SimState},
};

pub(super) const DAY: Nanos = 86_400 * SECOND;

/// Builds the Swarm to serve.
///
/// # Errors
/// The scenario is unknown.
pub(super) fn build(options: &Options) -> Result<Sim, String> {
    let now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0);
    let mut sim = Sim::new(now, options.seed);
    match (options.size, options.scenario.as_str()) {
        (Some(size), _) => by_numbers(&mut sim, size),
        (None, "story") => {
            shop(&mut sim);
            tell(&mut sim);
        }
        (None, "calm") => shop(&mut sim),
        (None, other) => return Err(format!("no scenario '{other}'; there are: story, calm")),
    }
    Ok(sim)
}

impl Sim {
    /// Adds a node.
    pub fn add_node(&mut self, name: &str, addr: &str, manager: bool, leader: bool, labels: Value) {
        let (id, version) = (self.id(), self.bump());
        let role = if manager { "manager" } else { "worker" };
        let node = SimNode {
            id: id.clone(),
            version,
            created: self.now - 90 * DAY,
            updated: self.now - 12 * DAY,
            hostname: name.into(),
            addr: addr.into(),
            manager,
            leader,
            engine: "28.5.2".into(),
            nano_cpus: 4_000_000_000,
            memory: 8 << 30,
            up: true,
            spec: json!({ "Labels": labels, "Role": role, "Availability": "active" }),
            images: std::collections::HashSet::new(),
        };
        self.node_ids.push(id.clone());
        self.nodes.insert(id, node);
    }

    /// Adds a service whose tasks have run for `age`.
    pub fn add_service(&mut self, spec: Value, age: Nanos) -> String {
        let id = self.insert_service(spec, self.now - age.max(60 * DAY), self.now - age);
        // A job makes its next tasks once the first are done.
        for _ in 0..3 {
            self.dirty.insert(id.clone());
            self.reconcile();
            self.start_tasks(&id, age);
        }
        id
    }

    /// Moves a service's new tasks into the state that they would have reached by now.
    fn start_tasks(&mut self, id: &str, age: Nanos) {
        let numbers = self.services[id].tasks.clone();
        let job = super::orchestrator::mode_of(&self.services[id].spec).ends_with("Job");
        let nodes: Vec<String> = self
            .nodes
            .values()
            .filter(|n| self.fits(&self.services[id], n))
            .map(|n| n.id.clone())
            .collect();
        for (i, number) in numbers.into_iter().enumerate() {
            let container = self.hex();
            let at = self.now - age + (i as i64 % 60) * SECOND / 3;
            if nodes.is_empty() {
                continue;
            }
            // Later services begin on later nodes, so that work is spread.
            let place = nodes[(i + self.services.len()) % nodes.len()].clone();
            let Some(task) = self.tasks.get_mut(&number).filter(|t| t.state == SimState::New)
            else {
                continue;
            };
            let place = task.node.get_or_insert(place).clone();
            task.state = if job { SimState::Complete } else { SimState::Running };
            task.desired = if job { SimState::Shutdown } else { SimState::Running };
            task.message = if job { "finished" } else { "started" };
            task.created = at - SECOND;
            task.updated = at;
            task.since = at;
            task.started = at;
            task.container = Some(container);
            let image = task.image.clone();
            if let Some(node) = self.nodes.get_mut(&place) {
                node.images.insert(image);
            }
        }
    }

    fn set_image(&mut self, name: &str, image: &str) {
        let Some(service) = self.service_named(name) else { return };
        let (id, mut spec) = (service.id.clone(), service.spec.clone());
        spec["TaskTemplate"]["ContainerSpec"]["Image"] = image.into();
        self.update_service(&id, spec, false);
    }

    fn roll_back(&mut self, name: &str) {
        let Some(service) = self.service_named(name) else { return };
        let id = service.id.clone();
        if let Some(previous) = service.previous.clone() {
            self.update_service(&id, previous, true);
        }
    }
}

/// The services of a stack, and what they share.
pub(super) struct Shape<'a> {
    pub stack: &'a str,
    pub name: &'a str,
    pub image: &'a str,
    pub mode: Value,
    pub port: Option<(u32, u32)>,
    pub env: &'a [&'a str],
    pub constraints: &'a [&'a str],
    pub memory: i64,
    pub networks: &'a [&'a str],
    pub secrets: &'a [&'a str],
    pub configs: &'a [&'a str],
    /// Names of volumes, and where they are mounted.
    pub volumes: &'a [(&'a str, &'a str)],
}

/// Without a port, a constraint or anything else.
pub(super) const PLAIN: Shape<'_> = Shape {
    stack: "",
    name: "",
    image: "",
    mode: Value::Null,
    port: None,
    env: &[],
    constraints: &[],
    memory: 64 << 20,
    networks: &[],
    secrets: &[],
    configs: &[],
    volumes: &[],
};

/// The spec of a service of this shape.
pub(super) fn spec(sim: &Sim, shape: &Shape<'_>) -> Value {
    let name = if shape.stack.is_empty() {
        shape.name.to_owned()
    } else {
        format!("{}_{}", shape.stack, shape.name)
    };
    let mut labels = json!({});
    if !shape.stack.is_empty() {
        labels["com.docker.stack.namespace"] = shape.stack.into();
        labels["com.docker.stack.image"] = shape.image.into();
    }
    let mut spec = json!({
        "Name": name,
        "Labels": labels,
        "TaskTemplate": {
            "ContainerSpec": { "Image": shape.image, "Env": shape.env, "Init": false, "Isolation": "default" },
            "Resources": {
                "Limits": { "MemoryBytes": shape.memory },
                "Reservations": { "NanoCPUs": 250_000_000, "MemoryBytes": shape.memory / 2 },
            },
            "RestartPolicy": { "Condition": "any", "Delay": 4_000_000_000_i64, "MaxAttempts": 0 },
            "Placement": { "Constraints": shape.constraints },
            "Networks": shape.networks.iter()
                .map(|name| json!({ "Target": sim.object_named(ObjectKind::Network, name), "Aliases": [shape.name] }))
                .collect::<Vec<_>>(),
            "ForceUpdate": 0,
            "Runtime": "container",
        },
        "Mode": shape.mode,
        "UpdateConfig": { "Parallelism": 1, "Delay": 2_000_000_000_i64, "FailureAction": "pause",
            "Monitor": 4_000_000_000_i64, "MaxFailureRatio": 0, "Order": "stop-first" },
        "RollbackConfig": { "Parallelism": 1, "FailureAction": "pause", "Monitor": 2_000_000_000_i64,
            "MaxFailureRatio": 0, "Order": "stop-first" },
        "EndpointSpec": { "Mode": "vip" },
    });
    let container = &mut spec["TaskTemplate"]["ContainerSpec"];
    let file = |name: &str| json!({ "Name": name, "UID": "0", "GID": "0", "Mode": 292 });
    let uses = |kind, names: &[&str], key: &str| -> Vec<Value> {
        let of = |name: &&str| json!({ "File": file(name), format!("{key}ID"): sim.object_named(kind, name), format!("{key}Name"): name });
        names.iter().map(of).collect()
    };
    if !shape.secrets.is_empty() {
        container["Secrets"] = uses(ObjectKind::Secret, shape.secrets, "Secret").into();
    }
    if !shape.configs.is_empty() {
        container["Configs"] = uses(ObjectKind::Config, shape.configs, "Config").into();
    }
    if !shape.volumes.is_empty() {
        let of =
            |(name, at): &(&str, &str)| json!({ "Type": "volume", "Source": name, "Target": at });
        container["Mounts"] = shape.volumes.iter().map(of).collect();
    }
    if let Some((published, target)) = shape.port {
        spec["EndpointSpec"]["Ports"] = json!([
            { "Protocol": "tcp", "TargetPort": target, "PublishedPort": published, "PublishMode": "ingress" }
        ]);
    }
    spec
}

/// Networks, secrets and configs of the shop.
fn shared(sim: &mut Sim) {
    let created = sim.now - 90 * DAY;
    let ingress = json!([{ "Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1" }]);
    sim.add_network(
        &json!({ "Name": "ingress", "Ingress": true, "IPAM": { "Config": ingress } }),
        created,
    );
    let labels = |stack: &str| json!({ "com.docker.stack.namespace": stack });
    for (stack, name, more) in [
        ("shop", "shop_net", json!({})),
        ("edge", "edge_public", json!({ "Attachable": true })),
        ("mon", "mon_net", json!({ "Options": { "encrypted": "" } })),
    ] {
        let mut asked = more;
        asked["Name"] = name.into();
        asked["Labels"] = labels(stack);
        sim.add_network(&asked, created);
    }
    sim.add_local_networks(created);
    for (stack, name, age) in
        [("shop", "shop_db_password", 90), ("edge", "edge_tls-1", 90), ("edge", "edge_tls-2", 20)]
    {
        let (spec, at) = (json!({ "Name": name, "Labels": labels(stack) }), sim.now - age * DAY);
        sim.add_object(ObjectKind::Secret, &spec, at);
    }
    for (stack, name, age, content) in [
        ("shop", "shop_proxy_conf-1", 90, "listen 8080;\nkeepalive 30s;\nupstream shop_web;\n"),
        ("shop", "shop_proxy_conf-2", 20, "listen 8080;\nkeepalive 75s;\nupstream shop_web;\n"),
        ("mon", "mon_agent_conf", 90, "interval: 10s\n"),
    ] {
        let data = base64::engine::general_purpose::STANDARD.encode(content);
        let spec = json!({ "Name": name, "Labels": labels(stack), "Data": data });
        sim.add_object(ObjectKind::Config, &spec, sim.now - age * DAY);
    }
}

/// A small shop on three managers and three workers, all healthy.
fn shop(sim: &mut Sim) {
    for (i, name) in ["mgr-1", "mgr-2", "mgr-3"].into_iter().enumerate() {
        sim.add_node(name, &format!("10.0.8.{}", i + 1), true, i == 0, json!({}));
    }
    for (i, name) in ["node-4", "node-5", "node-6"].into_iter().enumerate() {
        let disk = if i == 2 { json!({ "disk": "ssd" }) } else { json!({}) };
        sim.add_node(name, &format!("10.0.8.{}", i + 4), false, false, disk);
    }
    shared(sim);
    let replicated = |n: u64| json!({ "Replicated": { "Replicas": n } });
    let mib = 1 << 20;
    let shapes = [
        Shape {
            stack: "shop",
            name: "web",
            image: "shop/web:2.2",
            mode: replicated(4),
            port: Some((80, 8080)),
            env: &["THEME=honey"],
            memory: 128 * mib,
            networks: &["shop_net", "edge_public"],
            configs: &["shop_proxy_conf-2"],
            ..PLAIN
        },
        Shape {
            stack: "shop",
            name: "api",
            image: "shop/api:1.8",
            mode: replicated(3),
            port: Some((8081, 8080)),
            env: &["LOG_LEVEL=info", "DB_PASSWORD=correct horse"],
            memory: 256 * mib,
            networks: &["shop_net"],
            secrets: &["shop_db_password"],
            ..PLAIN
        },
        Shape {
            stack: "shop",
            name: "worker",
            image: "shop/worker:3.1",
            mode: replicated(2),
            env: &["QUEUE=orders"],
            memory: 128 * mib,
            networks: &["shop_net"],
            secrets: &["shop_db_password"],
            ..PLAIN
        },
        Shape {
            stack: "shop",
            name: "db",
            image: "postgres:16",
            mode: replicated(1),
            env: &["POSTGRES_PASSWORD_FILE=/run/secrets/shop_db_password"],
            constraints: &["node.labels.disk==ssd"],
            memory: 1024 * mib,
            networks: &["shop_net"],
            secrets: &["shop_db_password"],
            volumes: &[("shop_db_data", "/var/lib/postgresql/data")],
            ..PLAIN
        },
        Shape {
            stack: "edge",
            name: "proxy",
            image: "edge/proxy:1.27",
            mode: json!({ "Global": {} }),
            port: Some((443, 8443)),
            constraints: &["node.role==manager"],
            networks: &["edge_public"],
            secrets: &["edge_tls-2"],
            ..PLAIN
        },
        Shape {
            stack: "mon",
            name: "agent",
            image: "mon/agent:0.9",
            mode: json!({ "Global": {} }),
            networks: &["mon_net"],
            configs: &["mon_agent_conf"],
            volumes: &[("mon_agent_state", "/var/lib/agent")],
            ..PLAIN
        },
        Shape {
            name: "backup",
            image: "tools/backup:5",
            mode: json!({ "ReplicatedJob": { "MaxConcurrent": 1, "TotalCompletions": 3 } }),
            env: &["TARGET=s3://hive"],
            networks: &["host"],
            ..PLAIN
        },
    ];
    for (i, shape) in shapes.iter().enumerate() {
        let age = [12 * DAY, 3 * DAY, 40 * DAY, 40 * DAY, 40 * DAY, 20 * DAY, DAY / 4][i];
        let spec = spec(sim, shape);
        sim.add_service(spec, age);
    }
    sim.fates.insert("tools/backup:5".into(), Fate::Exit(20 * SECOND, 0));
}

/// A healthy deploy, a bad image that pauses an update, a crash loop, a node lost and returning;
/// then everything is repaired and the story repeats.
fn tell(sim: &mut Sim) {
    sim.fates.insert("shop/api:1.9".into(), Fate::Exit(SECOND * 3 / 2, 1));
    sim.fates.insert("shop/api:1.10".into(), Fate::Exit(SECOND * 3 / 2, 1));
    sim.story = vec![
        (3 * SECOND, |sim| {
            let image = if image_of(sim, "shop_web") == "shop/web:2.2" {
                "shop/web:2.3"
            } else {
                "shop/web:2.2"
            };
            sim.set_image("shop_web", image);
        }),
        (8 * SECOND, |sim| sim.set_image("shop_api", "shop/api:1.9")),
        (16 * SECOND, |sim| {
            sim.fates.insert("shop/worker:3.1".into(), Fate::Exit(2 * SECOND, 1));
            let running: Vec<u64> = sim
                .service_named("shop_worker")
                .map(|s| s.tasks.clone())
                .unwrap_or_default()
                .into_iter()
                .filter(|n| sim.tasks[n].state == SimState::Running)
                .collect();
            for number in running {
                sim.fail(number, SimState::Failed, 1, "task: non-zero exit (1)");
            }
        }),
        (40 * SECOND, |sim| sim.set_node_up("node-5", false)),
        (80 * SECOND, |sim| sim.set_node_up("node-5", true)),
        (100 * SECOND, |sim| {
            sim.fates.remove("shop/worker:3.1");
        }),
        (120 * SECOND, |sim| {
            if image_of(sim, "shop_api") == "shop/api:1.9" {
                sim.roll_back("shop_api");
            }
        }),
    ];
    sim.story_length = 180 * SECOND;
}

fn image_of(sim: &Sim, name: &str) -> String {
    sim.service_named(name).map_or(String::new(), |s| s.image().to_owned())
}
