//! The containers of the manager's own node: those of its tasks, and three that the Swarm knows nothing of.

pub(super) mod logs;

use serde_json::{Value, json};

use super::{
    http::answer::{ApiResult, api_error, ok},
    render,
    sim::{Nanos, SECOND, Sim, SimTask},
    story::DAY,
};

/// A container that somebody made by hand, or with Docker Compose.
struct Outside {
    id: &'static str,
    name: &'static str,
    image: &'static str,
    command: &'static [&'static str],
    /// Its port on the node and inside.
    port: Option<(u16, u16)>,
    project: &'static str,
    env: &'static [&'static str],
    /// Its start, counted from that of the Swarm, how long it ran if it ended, and the exit code.
    started: Nanos,
    ended: Option<(Nanos, i64)>,
}

impl Outside {
    fn started(&self, sim: &Sim) -> Nanos {
        sim.created + self.started
    }

    fn ended(&self, sim: &Sim) -> Option<(Nanos, i64)> {
        self.ended.map(|(ran, code)| (self.started(sim) + ran, code))
    }
}

const OUTSIDE: [Outside; 3] = [
    Outside {
        id: "5d0b7f3c9a1e4826b7c4d2f8093e6a15c7b9e0d4f2a86153908e7cd4b1f6a320",
        name: "node-exporter",
        image: "prom/node-exporter:v1.8.2",
        command: &["/bin/node_exporter", "--path.rootfs=/host"],
        port: None,
        project: "",
        env: &[],
        started: 78 * DAY,
        ended: None,
    },
    Outside {
        id: "e81c2a7740bd4f9d95f6130a8c2e7b54d9063fa1b7e54c28a0d1f3968b72ce0f",
        name: "mirror-registry-1",
        image: "registry:2",
        command: &["/entrypoint.sh", "/etc/docker/registry/config.yml"],
        port: Some((5000, 5000)),
        project: "mirror",
        env: &[
            "REGISTRY_HTTP_SECRET=5up3r",
            "REGISTRY_PROXY_REMOTEURL=https://registry-1.docker.io",
        ],
        started: 78 * DAY,
        ended: None,
    },
    Outside {
        id: "09f4b6d8a2c14e73b15d08e6c9a7f3524b8d0e61f7a39c25d8b4061ea7f2c93d",
        name: "backup",
        image: "restic/restic:0.17.3",
        command: &["restic", "backup", "/data"],
        port: None,
        project: "",
        env: &["RESTIC_PASSWORD=b33s"],
        started: 90 * DAY - 3 * 3_600 * SECOND,
        ended: Some((40 * SECOND, 1)),
    },
];

/// A container, whoever made it.
struct SimContainer {
    id: String,
    name: String,
    image: String,
    command: Vec<String>,
    env: Vec<String>,
    labels: Value,
    ports: Vec<(u16, u16)>,
    memory: i64,
    created: Nanos,
    started: Nanos,
    /// When it ended, and its exit code.
    ended: Option<(Nanos, i64)>,
}

impl SimContainer {
    fn of_task(sim: &Sim, task: &SimTask) -> Option<Self> {
        let id = task.container.clone()?;
        let service = sim.services.get(&task.service)?;
        let slot = if task.slot > 0 { task.slot.to_string() } else { task.node.clone()? };
        let name = format!("{}.{slot}.{}", service.name(), task.id);
        let template: Value = serde_json::from_str(&task.template).ok()?;
        let spec = &template["ContainerSpec"];
        let texts = |value: &Value| -> Vec<String> {
            let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let mut labels = json!({
            "com.docker.swarm.node.id": task.node,
            "com.docker.swarm.service.id": task.service,
            "com.docker.swarm.service.name": service.name(),
            "com.docker.swarm.task": "",
            "com.docker.swarm.task.id": task.id,
            "com.docker.swarm.task.name": name,
        });
        if let Some(stack) = service.spec["Labels"]["com.docker.stack.namespace"].as_str() {
            labels["com.docker.stack.namespace"] = stack.into();
        }
        let mut command = [texts(&spec["Command"]), texts(&spec["Args"])].concat();
        if command.is_empty() {
            command.push("/entrypoint.sh".into());
        }
        let over = task.is_over() && task.started > 0;
        Some(Self {
            id,
            name,
            image: task.image.clone(),
            command,
            env: texts(&spec["Env"]),
            labels,
            ports: Vec::new(),
            memory: template["Resources"]["Limits"]["MemoryBytes"].as_i64().unwrap_or(0),
            created: task.created,
            started: task.started,
            ended: over.then_some((task.since, task.exit)),
        })
    }

    fn outside(one: &Outside, sim: &Sim) -> Self {
        let mut labels = json!({});
        if !one.project.is_empty() {
            labels["com.docker.compose.project"] = one.project.into();
            labels["com.docker.compose.service"] = "registry".into();
        }
        Self {
            id: one.id.into(),
            name: one.name.into(),
            image: one.image.into(),
            command: one.command.iter().map(ToString::to_string).collect(),
            env: one.env.iter().map(ToString::to_string).collect(),
            labels,
            ports: one.port.into_iter().collect(),
            memory: 0,
            created: one.started(sim),
            started: one.started(sim),
            ended: one.ended(sim),
        }
    }

    fn state(&self) -> &'static str {
        match (self.ended, self.started) {
            (Some(_), _) => "exited",
            (None, 0) => "created",
            (None, _) => "running",
        }
    }

    /// `Up 3 minutes`, `Exited (1) 2 hours ago`.
    fn status(&self, now: Nanos) -> String {
        match (self.ended, self.started) {
            (Some((at, code)), _) => format!("Exited ({code}) {} ago", human(now - at)),
            (None, 0) => "Created".into(),
            (None, at) => format!("Up {}", human(now - at)),
        }
    }

    fn list_ports(&self) -> Value {
        let of = |(outside, inside): &(u16, u16)| {
            ["0.0.0.0", "::"].map(|ip| {
                json!({ "IP": ip, "PrivatePort": inside, "PublicPort": outside, "Type": "tcp" })
            })
        };
        self.ports.iter().flat_map(of).collect()
    }

    fn line(&self, now: Nanos) -> Value {
        json!({
            "Id": self.id,
            "Names": [format!("/{}", self.name)],
            "Image": self.image,
            "ImageID": format!("sha256:{}", self.id.chars().rev().collect::<String>()),
            "Command": self.command.join(" "),
            "Created": self.created / SECOND,
            "Ports": self.list_ports(),
            "Labels": self.labels,
            "State": self.state(),
            "Status": self.status(now),
            "HostConfig": { "NetworkMode": "bridge" },
            "NetworkSettings": { "Networks": {} },
            "Mounts": [],
        })
    }

    fn document(&self) -> Value {
        const NEVER: &str = "0001-01-01T00:00:00Z";
        let running = self.state() == "running";
        let at = |at: Nanos| if at > 0 { render::time(at) } else { NEVER.into() };
        let ports: serde_json::Map<String, Value> = self
            .ports
            .iter()
            .map(|(outside, inside)| {
                let bound = json!([{ "HostIp": "0.0.0.0", "HostPort": outside.to_string() }]);
                (format!("{inside}/tcp"), bound)
            })
            .collect();
        json!({
            "Id": self.id,
            "Created": render::time(self.created),
            "Path": self.command.first(),
            "Args": self.command.get(1..),
            "State": {
                "Status": self.state(), "Running": running, "Paused": false, "Restarting": false,
                "OOMKilled": false, "Dead": false, "Pid": if running { 4242 } else { 0 },
                "ExitCode": self.ended.map_or(0, |(_, code)| code), "Error": "",
                "StartedAt": at(self.started), "FinishedAt": at(self.ended.map_or(0, |(at, _)| at)),
            },
            "Image": format!("sha256:{}", self.id.chars().rev().collect::<String>()),
            "Name": format!("/{}", self.name),
            "RestartCount": 0,
            "Driver": "overlay2",
            "Platform": "linux",
            "HostConfig": {
                "Binds": null, "NetworkMode": "bridge", "Memory": self.memory, "NanoCpus": 0,
                "PidsLimit": null, "Privileged": false,
                "LogConfig": { "Type": "json-file", "Config": {} },
                "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
            },
            "Mounts": [],
            "Config": {
                "Hostname": self.id.get(..12), "User": "", "Tty": false, "OpenStdin": false,
                "Env": self.env, "Cmd": self.command, "Image": self.image, "Labels": self.labels,
            },
            "NetworkSettings": {
                "Ports": ports,
                "Networks": { "bridge": { "IPAddress": if running { "172.17.0.2" } else { "" } } },
            },
        })
    }
}

/// All of the node that answers.
fn all(sim: &Sim) -> Vec<SimContainer> {
    let me = sim.nodes.values().find(|node| node.leader).map(|node| node.id.as_str());
    let mine = sim.tasks.values().filter(|task| me.is_some() && task.node.as_deref() == me);
    let mut all: Vec<SimContainer> =
        mine.filter_map(|task| SimContainer::of_task(sim, task)).collect();
    all.extend(OUTSIDE.iter().map(|one| SimContainer::outside(one, sim)));
    // The engine lists the newest first.
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all
}

/// `GET /containers/json`; without `all` only those that run.
pub(super) fn list(sim: &Sim, with_all: bool) -> String {
    let found = all(sim);
    let found = found.iter().filter(|one| with_all || one.state() == "running");
    Value::Array(found.map(|one| one.line(sim.now)).collect()).to_string()
}

fn find<'s>(all: &'s [SimContainer], asked: &str) -> Option<&'s SimContainer> {
    let by = |is_it: &dyn Fn(&SimContainer) -> bool| all.iter().find(|one| is_it(one));
    by(&|one| one.id == asked)
        .or_else(|| by(&|one| one.name == asked))
        .or_else(|| by(&|one| asked.len() >= 3 && one.id.starts_with(asked)))
}

/// `GET /containers/{id}/json`.
pub(super) fn inspect(sim: &Sim, asked: &str) -> ApiResult {
    match find(&all(sim), asked) {
        Some(one) => Ok(ok(&one.document())),
        None => Err(api_error(404, format!("No such container: {asked}"))),
    }
}

/// The id of the task that writes a container's log, or its own.
pub(super) fn log_of(sim: &Sim, asked: &str) -> Option<String> {
    let all = all(sim);
    let one = find(&all, asked)?;
    let task = one.labels["com.docker.swarm.task.id"].as_str();
    Some(task.unwrap_or(&one.id).to_owned())
}

/// The image of a container that no task has, its start, and its end if it ended.
pub(super) fn outside(sim: &Sim, id: &str) -> Option<(&'static str, Nanos, Option<Nanos>)> {
    let one = OUTSIDE.iter().find(|one| one.id == id)?;
    Some((one.image, one.started(sim), one.ended(sim).map(|(at, _)| at)))
}

/// A duration as the engine writes it.
fn human(nanos: Nanos) -> String {
    let (seconds, hours) = (nanos / SECOND, (nanos / SECOND + 1_800) / 3_600);
    match seconds {
        ..1 => "Less than a second".into(),
        1 => "1 second".into(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".into(),
        120..3_600 => format!("{} minutes", seconds / 60),
        _ => match hours {
            ..=1 => "About an hour".into(),
            2..48 => format!("{hours} hours"),
            48..336 => format!("{} days", hours / 24),
            336..1_440 => format!("{} weeks", hours / 24 / 7),
            1_440..17_520 => format!("{} months", hours / 24 / 30),
            _ => format!("{} years", hours / 24 / 365),
        },
    }
}
