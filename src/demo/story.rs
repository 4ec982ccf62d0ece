//! The scenarios: a story that a newcomer understands in a minute, a calm Swarm, and generated
//! Swarms of any size.

use serde_json::{Value, json};

use super::{
    Options, Size,
    orchestrator::template_text,
    sim::{Fate, Nanos, Node, SECOND, Service, Sim, State},
};

const DAY: Nanos = 86_400 * SECOND;

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
    fn add_node(&mut self, name: &str, addr: &str, manager: bool, leader: bool, labels: Value) {
        let (id, version) = (self.id(), self.bump());
        let role = if manager { "manager" } else { "worker" };
        let node = Node {
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
    fn add_service(&mut self, spec: Value, age: Nanos) -> String {
        let (id, version) = (self.id(), self.bump());
        let service = Service {
            id: id.clone(),
            version,
            created: self.now - age.max(60 * DAY),
            updated: self.now - age,
            template: template_text(&spec),
            spec,
            previous: None,
            update_status: None,
            update: None,
            tasks: Vec::new(),
            attempts: std::collections::HashMap::new(),
        };
        self.services.insert(id.clone(), service);
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
            let Some(task) = self.tasks.get_mut(&number).filter(|t| t.state == State::New) else {
                continue;
            };
            let place = task.node.get_or_insert(place).clone();
            task.state = if job { State::Complete } else { State::Running };
            task.desired = if job { State::Shutdown } else { State::Running };
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

struct Shape<'a> {
    stack: &'a str,
    name: &'a str,
    image: &'a str,
    mode: Value,
    port: Option<(u32, u32)>,
    env: &'a [&'a str],
    constraints: &'a [&'a str],
    memory: i64,
}

fn spec(shape: &Shape<'_>, network: &str) -> Value {
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
            "Networks": [{ "Target": network }],
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
    if let Some((published, target)) = shape.port {
        spec["EndpointSpec"]["Ports"] = json!([
            { "Protocol": "tcp", "TargetPort": target, "PublishedPort": published, "PublishMode": "ingress" }
        ]);
    }
    spec
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
    let network = sim.id();
    let created = super::render::time(sim.now - 90 * DAY);
    sim.networks.push(json!({
        "Name": "shop_net", "Id": network, "Created": created, "Scope": "swarm", "Driver": "overlay",
        "EnableIPv6": false, "IPAM": { "Driver": "default", "Options": null, "Config": [{ "Subnet": "10.0.1.0/24", "Gateway": "10.0.1.1" }] }, "Internal": false,
        "Attachable": false, "Ingress": false, "ConfigFrom": { "Network": "" }, "ConfigOnly": false,
        "Containers": null, "Options": {}, "Labels": { "com.docker.stack.namespace": "shop" },
    }));
    for (kind, name) in [("secret", "shop_db_password"), ("config", "shop_proxy_conf")] {
        let (id, index) = (sim.id(), sim.bump());
        let object = json!({ "ID": id, "Version": { "Index": index }, "CreatedAt": created,
            "UpdatedAt": created, "Spec": { "Name": name, "Labels": {} } });
        if kind == "secret" { sim.secrets.push(object) } else { sim.configs.push(object) }
    }
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
            constraints: &[],
            memory: 128 * mib,
        },
        Shape {
            stack: "shop",
            name: "api",
            image: "shop/api:1.8",
            mode: replicated(3),
            port: Some((8081, 8080)),
            env: &["LOG_LEVEL=info", "DB_PASSWORD=correct horse"],
            constraints: &[],
            memory: 256 * mib,
        },
        Shape {
            stack: "shop",
            name: "worker",
            image: "shop/worker:3.1",
            mode: replicated(2),
            port: None,
            env: &["QUEUE=orders"],
            constraints: &[],
            memory: 128 * mib,
        },
        Shape {
            stack: "shop",
            name: "db",
            image: "postgres:16",
            mode: replicated(1),
            port: None,
            env: &["POSTGRES_PASSWORD_FILE=/run/secrets/shop_db_password"],
            constraints: &["node.labels.disk==ssd"],
            memory: 1024 * mib,
        },
        Shape {
            stack: "edge",
            name: "proxy",
            image: "edge/proxy:1.27",
            mode: json!({ "Global": {} }),
            port: Some((443, 8443)),
            env: &[],
            constraints: &["node.role==manager"],
            memory: 64 * mib,
        },
        Shape {
            stack: "mon",
            name: "agent",
            image: "mon/agent:0.9",
            mode: json!({ "Global": {} }),
            port: None,
            env: &[],
            constraints: &[],
            memory: 64 * mib,
        },
        Shape {
            stack: "",
            name: "backup",
            image: "tools/backup:5",
            mode: json!({ "ReplicatedJob": { "MaxConcurrent": 1, "TotalCompletions": 3 } }),
            port: None,
            env: &["TARGET=s3://hive"],
            constraints: &[],
            memory: 64 * mib,
        },
    ];
    for (i, shape) in shapes.iter().enumerate() {
        let age = [12 * DAY, 3 * DAY, 40 * DAY, 40 * DAY, 40 * DAY, 20 * DAY, DAY / 4][i];
        sim.add_service(spec(shape, &network), age);
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
                .filter(|n| sim.tasks[n].state == State::Running)
                .collect();
            for number in running {
                sim.fail(number, State::Failed, 1, "task: non-zero exit (1)");
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

/// A generated Swarm: services share the tasks unevenly, as real ones do.
fn by_numbers(sim: &mut Sim, size: Size) {
    let managers = match size.nodes {
        0..=2 => 1,
        3..=4 => 3,
        _ => 5,
    };
    for i in 0..size.nodes.max(1) {
        let (a, b) = (i / 250, i % 250 + 1);
        let zone = ["a", "b", "c"][i % 3];
        let name = format!("node-{:04}", i + 1);
        sim.add_node(
            &name,
            &format!("10.8.{a}.{b}"),
            i < managers,
            i == 0,
            json!({ "zone": zone }),
        );
    }
    let network = sim.id();
    let services = size.services.max(1);
    let mut left = size.tasks;
    for i in 0..services {
        let fair = left / (services - i);
        let count = if i + 1 == services {
            left
        } else {
            sim.rng.usize(fair / 2..=fair + fair / 2).min(left)
        };
        left -= count;
        let (stack, name) = (format!("stack{}", i / 8), format!("svc{i:04}"));
        let image = format!("registry.local/team{}/{name}:1.{}", i % 20, i % 7);
        let shape = Shape {
            stack: &stack,
            name: &name,
            image: &image,
            mode: json!({ "Replicated": { "Replicas": count } }),
            port: (i % 5 == 0).then(|| (20_000 + (i % 10_000) as u32, 8080)),
            env: &["LOG_LEVEL=info"],
            constraints: &[],
            memory: 64 << 20,
        };
        let age = sim.rng.i64(1..30) * DAY;
        sim.add_service(spec(&shape, &network), age);
    }
    sim.churn = size.churn;
}
