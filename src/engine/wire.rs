//! The engine's JSON, read into the model's types.
//!
//! Only what skep shows is read; what is missing or new is never an error. Strings are borrowed
//! where they can be (`Cow`: an escape forces a copy) and shared once they repeat ([`Interner`]).

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::cluster::{
    Availability, ClusterInfo, Counts, EngineEvent, FailureAction, Manager, Mode, Node, NodeId,
    NodeState, Port, PublishMode, Reachability, Resources, Role, Service, ServiceId, Task, TaskId,
    TaskState, Timestamp, UpdateConfig, UpdateState, UpdateStatus,
};

const STACK_LABEL: &str = "com.docker.stack.namespace";

/// Shares equal strings: the images, errors and ids of 100,000 tasks are few.
#[derive(Debug, Default)]
pub struct Interner(HashSet<Arc<str>>);

impl Interner {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// Anything the engine writes as `null` is as if it were absent.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    d: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

/// A string that borrows when it can.
#[derive(Deserialize, Default)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    fn time(&self) -> Timestamp {
        Timestamp::parse(self)
    }
}

type Labels<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

fn labels(map: &Labels<'_>) -> Vec<(Arc<str>, Arc<str>)> {
    map.iter().map(|(k, v)| ((&**k).into(), (&**v).into())).collect()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    index: u64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Res {
    #[serde(rename = "NanoCPUs")]
    nano_cpus: i64,
    memory_bytes: i64,
}

impl Res {
    fn model(&self) -> Resources {
        Resources {
            nano_cpus: u64::try_from(self.nano_cpus).unwrap_or(0),
            memory: u64::try_from(self.memory_bytes).unwrap_or(0),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireResources {
    #[serde(deserialize_with = "or_default")]
    limits: Res,
    #[serde(deserialize_with = "or_default")]
    reservations: Res,
}

// === nodes ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNode<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: Version,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    spec: WireNodeSpec<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    description: WireDescription<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    status: WireNodeStatus<'a>,
    #[serde(borrow)]
    manager_status: Option<WireManager<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNodeSpec<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(borrow)]
    role: Text<'a>,
    #[serde(borrow)]
    availability: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireDescription<'a> {
    #[serde(borrow)]
    hostname: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    platform: WirePlatform<'a>,
    #[serde(deserialize_with = "or_default")]
    resources: Res,
    #[serde(borrow, deserialize_with = "or_default")]
    engine: WireEngine<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WirePlatform<'a> {
    #[serde(borrow)]
    architecture: Text<'a>,
    #[serde(rename = "OS", borrow)]
    os: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireEngine<'a> {
    #[serde(borrow)]
    engine_version: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNodeStatus<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    addr: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireManager<'a> {
    leader: bool,
    #[serde(borrow)]
    reachability: Text<'a>,
    #[serde(borrow)]
    addr: Text<'a>,
}

impl From<WireNode<'_>> for Node {
    fn from(w: WireNode<'_>) -> Self {
        let manager = w.manager_status.map(|m| Manager {
            leader: m.leader,
            reachability: Reachability::from_word(&m.reachability),
            addr: (*m.addr).into(),
        });
        let addr = match (&*w.status.addr, &manager) {
            ("" | "0.0.0.0", Some(m)) => {
                m.addr.rsplit_once(':').map_or(&*m.addr, |(host, _)| host).into()
            }
            (addr, _) => addr.into(),
        };
        Self {
            id: NodeId::from(&*w.id),
            version: w.version.index,
            hostname: (*w.description.hostname).into(),
            role: Role::from_word(&w.spec.role),
            availability: Availability::from_word(&w.spec.availability),
            state: NodeState::from_word(&w.status.state),
            message: (*w.status.message).into(),
            addr,
            manager,
            engine: (*w.description.engine.engine_version).into(),
            os: (*w.description.platform.os).into(),
            arch: (*w.description.platform.architecture).into(),
            nano_cpus: w.description.resources.model().nano_cpus,
            memory: w.description.resources.model().memory,
            labels: labels(&w.spec.labels),
            engine_labels: labels(&w.description.engine.labels),
            created: w.created_at.time(),
            updated: w.updated_at.time(),
        }
    }
}

/// Reads a node list.
pub fn decode_nodes(json: &[u8]) -> Result<Vec<Node>, String> {
    list(json, |bytes| serde_json::from_slice::<WireNode<'_>>(bytes).map(Node::from))
}

// === services ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireService<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: Version,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    spec: WireServiceSpec<'a>,
    #[serde(borrow)]
    previous_spec: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "or_default")]
    endpoint: WireEndpoint<'a>,
    #[serde(borrow)]
    update_status: Option<WireUpdateStatus<'a>>,
    service_status: Option<WireCounts>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireServiceSpec<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    task_template: WireTemplate<'a>,
    #[serde(borrow)]
    mode: Option<&'a RawValue>,
    #[serde(borrow)]
    update_config: Option<WireUpdateConfig<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    endpoint_spec: WireEndpoint<'a>,
}

/// The same in a service (`TaskTemplate`) and in its tasks (`Spec`).
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireTemplate<'a> {
    #[serde(borrow)]
    container_spec: Option<&'a RawValue>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
    #[serde(borrow)]
    restart_policy: Option<&'a RawValue>,
    #[serde(borrow)]
    networks: Option<&'a RawValue>,
    #[serde(borrow)]
    log_driver: Option<&'a RawValue>,
    force_update: u64,
    #[serde(borrow, deserialize_with = "or_default")]
    placement: WirePlacement<'a>,
}

impl WireTemplate<'_> {
    /// Tells whether a task was made from its service's template as it is now. Placement is left out:
    /// the engine keeps tasks that still meet it (swarmkit `orchestrator/task.go`); so is `Runtime`,
    /// which tasks lack (measured on 20.10, 26.1 and 28.5). One engine prints the rest alike in both.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let parts = [
            self.container_spec,
            self.resources,
            self.restart_policy,
            self.networks,
            self.log_driver,
        ];
        for part in parts {
            part.map_or("", RawValue::get).hash(&mut hasher);
        }
        self.force_update.hash(&mut hasher);
        hasher.finish()
    }

    fn container(&self) -> WireContainer<'_> {
        read_part(self.container_spec)
    }

    fn resources(&self) -> WireResources {
        read_part(self.resources)
    }
}

/// A part of a document; what can't be read is as if it were empty.
fn read_part<'a, T: Default + Deserialize<'a>>(part: Option<&'a RawValue>) -> T {
    part.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireContainer<'a> {
    #[serde(borrow)]
    image: Text<'a>,
}

/// What a container refers to; read for services only, tasks have it from theirs.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireReferences<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    secrets: Vec<WireReference<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    configs: Vec<WireReference<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    mounts: Vec<WireMount<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireReference<'a> {
    #[serde(borrow, alias = "SecretName", alias = "ConfigName")]
    name: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireMount<'a> {
    #[serde(rename = "Type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    source: Text<'a>,
    #[serde(borrow)]
    target: Text<'a>,
    read_only: bool,
}

impl WireMount<'_> {
    fn words(&self) -> Arc<str> {
        let from = if self.source.is_empty() { "" } else { " " };
        let read_only = if self.read_only { ", read-only" } else { "" };
        format!("{}{from}{} → {}{read_only}", &*self.kind, &*self.source, &*self.target).into()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireAttachment<'a> {
    #[serde(borrow)]
    target: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WirePlacement<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    constraints: Vec<Cow<'a, str>>,
    max_replicas: u64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireUpdateConfig<'a> {
    parallelism: u64,
    delay: i64,
    monitor: i64,
    #[serde(borrow)]
    failure_action: Text<'a>,
    #[serde(borrow)]
    order: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireEndpoint<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    ports: Vec<WirePort<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WirePort<'a> {
    #[serde(borrow)]
    protocol: Text<'a>,
    target_port: u32,
    published_port: u32,
    #[serde(borrow)]
    publish_mode: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireUpdateStatus<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    started_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    completed_at: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireCounts {
    running_tasks: u64,
    desired_tasks: u64,
    completed_tasks: u64,
}

/// `{"Replicated":{"Replicas":3}}`: one key names the mode.
fn mode(raw: Option<&RawValue>) -> Mode {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Fields {
        replicas: Option<u64>,
        max_concurrent: Option<u64>,
        total_completions: Option<u64>,
    }
    let read: Option<BTreeMap<String, Option<Fields>>> =
        raw.and_then(|r| serde_json::from_str(r.get()).ok());
    let Some((name, fields)) = read.and_then(|m| m.into_iter().next()) else {
        return Mode::Other("unknown".into());
    };
    let fields = fields.unwrap_or_default();
    match name.as_str() {
        "Replicated" => Mode::Replicated(fields.replicas.unwrap_or(1)),
        "Global" => Mode::Global,
        "ReplicatedJob" => {
            let total = fields.total_completions.or(fields.max_concurrent).unwrap_or(1);
            Mode::ReplicatedJob { concurrent: fields.max_concurrent.unwrap_or(1), total }
        }
        "GlobalJob" => Mode::GlobalJob,
        other => Mode::Other(other.into()),
    }
}

fn nanos(n: i64) -> Duration {
    Duration::from_nanos(u64::try_from(n).unwrap_or(0))
}

fn update_config(w: &WireUpdateConfig<'_>) -> UpdateConfig {
    let default = UpdateConfig::default();
    UpdateConfig {
        parallelism: w.parallelism,
        delay: nanos(w.delay),
        monitor: if w.monitor > 0 { nanos(w.monitor) } else { default.monitor },
        on_failure: match &*w.failure_action {
            "" => default.on_failure,
            word => FailureAction::from_word(word),
        },
        order: if w.order.is_empty() { default.order } else { (*w.order).into() },
    }
}

impl From<WireService<'_>> for Service {
    fn from(w: WireService<'_>) -> Self {
        let template = &w.spec.task_template;
        let resources = template.resources();
        let refers: WireReferences<'_> = read_part(template.container_spec);
        let networks: Vec<WireAttachment<'_>> = read_part(template.networks);
        let names = |list: &[WireReference<'_>]| list.iter().map(|r| (*r.name).into()).collect();
        // The endpoint holds the ports given out; the spec those asked for. Host ports are in both.
        let ports = if w.endpoint.ports.is_empty() {
            &w.spec.endpoint_spec.ports
        } else {
            &w.endpoint.ports
        };
        Self {
            id: ServiceId::from(&*w.id),
            version: w.version.index,
            name: (*w.spec.name).into(),
            stack: w.spec.labels.get(STACK_LABEL).map(|s| (&**s).into()),
            labels: labels(&w.spec.labels),
            mode: mode(w.spec.mode),
            image: (*template.container().image).into(),
            ports: ports
                .iter()
                .map(|p| Port {
                    protocol: (*p.protocol).into(),
                    target: p.target_port,
                    published: p.published_port,
                    mode: PublishMode::from_word(&p.publish_mode),
                })
                .collect(),
            update: w.update_status.filter(|u| !u.state.is_empty()).map(|u| UpdateStatus {
                state: UpdateState::from_word(&u.state),
                message: (*u.message).into(),
                started: u.started_at.time(),
                completed: u.completed_at.time(),
            }),
            update_config: w.spec.update_config.as_ref().map(update_config).unwrap_or_default(),
            constraints: template.placement.constraints.iter().map(|c| (&**c).into()).collect(),
            max_per_node: template.placement.max_replicas,
            reserved: resources.reservations.model(),
            limits: resources.limits.model(),
            networks: networks.iter().map(|n| (*n.target).into()).collect(),
            secrets: names(&refers.secrets),
            configs: names(&refers.configs),
            mounts: refers.mounts.iter().map(WireMount::words).collect(),
            has_previous: w.previous_spec.is_some_and(|raw| raw.get() != "null"),
            template: template.fingerprint(),
            counts: w.service_status.map(|c| Counts {
                running: c.running_tasks,
                desired: c.desired_tasks,
                completed: c.completed_tasks,
            }),
            created: w.created_at.time(),
            updated: w.updated_at.time(),
        }
    }
}

/// Reads a service list.
pub fn decode_services(json: &[u8]) -> Result<Vec<Service>, String> {
    list(json, |bytes| serde_json::from_slice::<WireService<'_>>(bytes).map(Service::from))
}

/// Reads one service.
pub fn decode_service(json: &[u8]) -> Result<Service, String> {
    serde_json::from_slice::<WireService<'_>>(json).map(Service::from).map_err(|e| e.to_string())
}

// === tasks ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireTask<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: Version,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    spec: WireTemplate<'a>,
    #[serde(rename = "ServiceID", borrow)]
    service_id: Text<'a>,
    slot: u64,
    #[serde(rename = "NodeID", borrow)]
    node_id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    status: WireStatus<'a>,
    #[serde(borrow)]
    desired_state: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireStatus<'a> {
    #[serde(borrow)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    err: Text<'a>,
    #[serde(borrow)]
    container_status: Option<WireContainerStatus<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireContainerStatus<'a> {
    #[serde(rename = "ContainerID", borrow)]
    container_id: Text<'a>,
    exit_code: i64,
}

/// Reads one task; equal strings are shared through `interner`.
pub fn decode_task(json: &[u8], interner: &mut Interner) -> Result<Task, String> {
    let w: WireTask<'_> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let state = TaskState::from_word(&w.status.state);
    let container = w.status.container_status.as_ref();
    let exit_code = container.filter(|_| state.is_terminal()).map(|c| c.exit_code);
    Ok(Task {
        id: TaskId::from(&*w.id),
        version: w.version.index,
        service: ServiceId::from(interner.share(&w.service_id)),
        slot: w.slot,
        node: (!w.node_id.is_empty()).then(|| NodeId::from(interner.share(&w.node_id))),
        desired: TaskState::from_word(&w.desired_state),
        since: w.status.timestamp.time(),
        created: w.created_at.time(),
        message: interner.share(&w.status.message),
        err: interner.share(&w.status.err),
        container: container
            .filter(|c| !c.container_id.is_empty())
            .map(|c| (*c.container_id).into()),
        // A container that never was has no exit code, though the engine writes 0.
        exit_code: exit_code
            .filter(|code| *code != 0 || container.is_some_and(|c| !c.container_id.is_empty())),
        state,
        image: interner.share(&w.spec.container().image),
        reserved: w.spec.resources().reservations.model(),
        template: w.spec.fingerprint(),
    })
}

// === info and events ===

/// `GET /info`, as far as the Swarm goes.
#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireInfo {
    pub name: String,
    pub server_version: String,
    pub system_time: String,
    #[serde(deserialize_with = "or_default")]
    pub swarm: WireSwarm,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireSwarm {
    #[serde(rename = "NodeID")]
    pub node_id: String,
    pub local_node_state: String,
    pub control_available: bool,
    pub error: String,
    #[serde(deserialize_with = "or_default")]
    pub remote_managers: Vec<WirePeer>,
    #[serde(deserialize_with = "or_default")]
    pub cluster: WireCluster,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WirePeer {
    pub addr: String,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireCluster {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(deserialize_with = "or_default")]
    pub spec: WireClusterSpec,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireClusterSpec {
    #[serde(deserialize_with = "or_default")]
    pub orchestration: WireOrchestration,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct WireOrchestration {
    pub task_history_retention_limit: i64,
}

impl WireInfo {
    pub(super) fn cluster(&self, api: &str) -> ClusterInfo {
        ClusterInfo {
            id: self.swarm.cluster.id.as_str().into(),
            manager: self.name.as_str().into(),
            manager_id: self.swarm.node_id.as_str().into(),
            engine: self.server_version.as_str().into(),
            api: api.into(),
            history_limit: u64::try_from(
                self.swarm.cluster.spec.orchestration.task_history_retention_limit,
            )
            .unwrap_or(5),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireEvent<'a> {
    #[serde(rename = "Type", borrow)]
    kind: Text<'a>,
    #[serde(rename = "Action", borrow)]
    action: Text<'a>,
    #[serde(rename = "Actor", borrow, deserialize_with = "or_default")]
    actor: WireActor<'a>,
    time: i64,
    #[serde(rename = "timeNano")]
    time_nano: i64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireActor<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    attributes: Labels<'a>,
}

/// Reads one event.
pub(super) fn decode_event(json: &[u8]) -> Result<EngineEvent, String> {
    let w: WireEvent<'_> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let at = if w.time_nano == 0 { Timestamp::from_secs(w.time) } else { Timestamp(w.time_nano) };
    Ok(EngineEvent {
        at,
        kind: (*w.kind).into(),
        action: (*w.action).into(),
        id: (*w.actor.id).into(),
        attributes: labels(&w.actor.attributes),
    })
}

/// Reads a list element by element; one that can't be read costs only itself, and is logged.
fn list<T>(
    json: &[u8],
    read: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<Vec<T>, String> {
    let mut pieces = super::Pieces::default();
    let mut out = Vec::new();
    pieces.feed(json, |bytes| match read(bytes) {
        Ok(item) => out.push(item),
        Err(error) => tracing::warn!(%error, "an element of a list can't be read"),
    })?;
    pieces.finish()?;
    Ok(out)
}
