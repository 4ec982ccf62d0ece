//! A service: its spec and its progress.

use std::{sync::Arc, time::Duration};

use super::{Resources, Task, open_enum::words, stack::image_parts, volume::is_of_its_node};
use crate::cluster::{ConfigId, NetworkId, SecretId, ServiceId, Timestamp, changes};

words! {
    /// Where a rolling update or rollback stands.
    UpdateState {
        Updating = "updating", Paused = "paused", Completed = "completed",
        RollbackStarted = "rollback_started", RollbackPaused = "rollback_paused",
        RollbackCompleted = "rollback_completed",
    }
}
words! {
    /// The engine's action when an update's tasks fail.
    FailureAction { Pause = "pause", Continue = "continue", Rollback = "rollback" }
}
words! {
    /// When the engine starts a task again.
    RestartCondition { None = "none", OnFailure = "on-failure", Any = "any" }
}
words! {
    /// Whether a service has one address of its own, or answers with those of its tasks.
    EndpointMode { Vip = "vip", RoundRobin = "dnsrr" }
}
words! {
    /// Through the routing mesh, or on the task's own node.
    PublishMode { Ingress = "ingress", Host = "host" }
}

/// Mode of a service and its number of tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A number of replicas.
    Replicated(u64),
    /// One on every eligible node.
    Global,
    /// Runs until a number of tasks completed.
    ReplicatedJob {
        /// Number of tasks at a time.
        concurrent: u64,
        /// Number of tasks in all.
        total: u64,
    },
    /// Runs once on every eligible node.
    GlobalJob,
    /// A mode this version of skep does not know.
    Other(Arc<str>),
}

impl Mode {
    /// The mode as the docker CLI prints it.
    pub fn word(&self) -> &str {
        match self {
            Self::Replicated(_) => "replicated",
            Self::Global => "global",
            Self::ReplicatedJob { .. } => "replicated job",
            Self::GlobalJob => "global job",
            Self::Other(word) => word,
        }
    }

    /// Whether it ends by itself.
    pub fn is_job(&self) -> bool {
        matches!(self, Self::ReplicatedJob { .. } | Self::GlobalJob)
    }

    /// Whether there is one task a node and no slots.
    pub fn is_global(&self) -> bool {
        matches!(self, Self::Global | Self::GlobalJob)
    }

    /// Whether `docker service scale` takes it.
    pub fn can_scale(&self) -> bool {
        matches!(self, Self::Replicated(_) | Self::ReplicatedJob { .. })
    }
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// `tcp`, `udp`, `sctp`.
    pub protocol: Arc<str>,
    /// In the container.
    pub target: u32,
    /// On the node; 0 when not published.
    pub published: u32,
    /// Mesh or host.
    pub mode: PublishMode,
}

/// The last update or rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateStatus {
    /// Where it stands.
    pub state: UpdateState,
    /// The engine's own words.
    pub message: Arc<str>,
    /// When it began, if the engine tells.
    pub started: Option<Timestamp>,
    /// When it ended, once it has.
    pub completed: Option<Timestamp>,
}

impl UpdateStatus {
    /// Whether the engine is still replacing tasks.
    pub fn is_running(&self) -> bool {
        matches!(self.state, UpdateState::Updating | UpdateState::RollbackStarted)
    }

    /// Whether it goes back to an earlier spec, or went.
    pub fn is_rollback(&self) -> bool {
        matches!(
            self.state,
            UpdateState::RollbackStarted
                | UpdateState::RollbackPaused
                | UpdateState::RollbackCompleted
        )
    }
}

/// Settings of a rolling update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateConfig {
    /// Tasks at once; 0 is all.
    pub parallelism: u64,
    /// Between batches.
    pub delay: Duration,
    /// Time for which a new task is monitored.
    pub monitor: Duration,
    /// On failure.
    pub on_failure: FailureAction,
    /// `stop-first` or `start-first`.
    pub order: Arc<str>,
}

impl Default for UpdateConfig {
    /// The engine's defaults (swarmkit `api/defaults/service.go`).
    fn default() -> Self {
        Self {
            parallelism: 1,
            delay: Duration::ZERO,
            monitor: Duration::from_secs(5),
            on_failure: FailureAction::Pause,
            order: "stop-first".into(),
        }
    }
}

/// When and how often a task that ended is started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// After which ends.
    pub condition: RestartCondition,
    /// Pause before it.
    pub delay: Duration,
    /// Maximum number of attempts within `window`; 0 is no limit.
    pub max_attempts: u64,
    /// Over which attempts count; 0 is for ever.
    pub window: Duration,
}

impl Default for RestartPolicy {
    /// The engine's defaults (swarmkit `api/defaults/service.go`).
    fn default() -> Self {
        Self {
            condition: RestartCondition::Any,
            delay: Duration::from_secs(5),
            max_attempts: 0,
            window: Duration::ZERO,
        }
    }
}

impl RestartPolicy {
    /// Whether a task that ended well is not started again.
    pub fn ends_with_success(&self) -> bool {
        matches!(self.condition, RestartCondition::None | RestartCondition::OnFailure)
    }

    /// Whether its delay is how often the work is done: longer than what the engine waits anyway before it
    /// starts again what should never have ended.
    pub fn repeats(&self) -> bool {
        self.condition == RestartCondition::Any && self.delay > Self::default().delay
    }
}

/// The health check of a container; a task is `starting` until it first succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Between two probes, and before the first.
    pub interval: Duration,
    /// Number of failed probes after which a container is unhealthy.
    pub retries: u32,
    /// Start period in which failed probes do not count.
    pub start_period: Duration,
}

impl HealthCheck {
    /// The engine's defaults (moby `daemon/health.go`).
    pub const DEFAULT: Self =
        Self { interval: Duration::from_secs(30), retries: 3, start_period: Duration::ZERO };

    /// The longest that it takes until a container is healthy, or is stopped for not being so.
    pub fn patience(&self) -> Duration {
        self.start_period.saturating_add(self.interval.saturating_mul(self.retries))
    }
}

/// Something mounted into a task's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`, …
    pub kind: Arc<str>,
    /// A path of the node, or a volume's name; empty for an anonymous volume.
    pub source: Arc<str>,
    /// In the container.
    pub target: Arc<str>,
    /// Whether the container may not write.
    pub read_only: bool,
    /// Driver of a volume; `local` if it names none.
    pub driver: Arc<str>,
    /// Type of the file system that the local driver mounts as the volume (`nfs`); empty if that is a
    /// directory of the node.
    pub filesystem: Arc<str>,
}

impl Mount {
    /// Whether it is a volume with a name: one that more than one task can find.
    pub fn is_named_volume(&self) -> bool {
        matches!(&*self.kind, "volume" | "cluster") && !self.source.is_empty()
    }

    /// Whether its data lie on one node: another node's task would find an empty volume.
    pub fn is_local_volume(&self) -> bool {
        &*self.kind == "volume"
            && !self.source.is_empty()
            && matches!(&*self.driver, "" | "local")
            && is_of_its_node(&self.filesystem)
    }
}

/// `volume data → /var/lib/db`.
impl std::fmt::Display for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let from = if self.source.is_empty() { "" } else { " " };
        let read_only = if self.read_only { ", read-only" } else { "" };
        write!(f, "{}{from}{} → {}{read_only}", self.kind, self.source, self.target)
    }
}

/// An operating system and architecture an image can run on; empty is any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// `linux`, `windows`.
    pub os: Arc<str>,
    /// `amd64`, `arm64`, as the engine or as the image writes it.
    pub arch: Arc<str>,
}

/// The engine's own count, from `GET /services?status=true`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks in state running.
    pub running: u64,
    /// Tasks wanted now.
    pub desired: u64,
    /// For a job: tasks that completed.
    pub completed: u64,
}

/// A secret or a config that a service names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<Id> {
    /// Its id, which is what counts.
    pub id: Id,
    /// Its name when the spec was written.
    pub name: Arc<str>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Raft index of its last change; writes must name it.
    pub version: u64,
    /// Its name.
    pub name: Arc<str>,
    /// `com.docker.stack.namespace`.
    pub stack: Option<Arc<str>>,
    /// Service labels, by key.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// Mode and number of tasks.
    pub mode: Mode,
    /// As in the spec, digest included.
    pub image: Arc<str>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Last update, absent until the first.
    pub update: Option<UpdateStatus>,
    /// Settings for updates.
    pub update_config: UpdateConfig,
    /// Placement constraints as written.
    pub constraints: Vec<Arc<str>>,
    /// `--replicas-max-per-node`; 0 is no limit.
    pub max_per_node: u64,
    /// Reserved for each task.
    pub reserved: Resources,
    /// Limits for each task.
    pub limits: Resources,
    /// Ids of the networks its tasks join.
    pub networks: Vec<NetworkId>,
    /// Further names that it has on a network, beside its own.
    pub aliases: Vec<(NetworkId, Arc<str>)>,
    /// Whether it has an address of its own.
    pub endpoint_mode: EndpointMode,
    /// The addresses it has, with the length of their network's prefix: `10.0.1.2/24`.
    pub vips: Vec<(NetworkId, Arc<str>)>,
    /// Secrets its tasks are given.
    pub secrets: Vec<Reference<SecretId>>,
    /// Configs its tasks are given.
    pub configs: Vec<Reference<ConfigId>>,
    /// Mounts of its tasks.
    pub mounts: Vec<Mount>,
    /// Whether its spec has a health check of its own (the image may have one that it keeps).
    pub health_check: bool,
    /// When its tasks are started again.
    pub restart: RestartPolicy,
    /// Platforms of its image, as the CLI found them in the registry; empty means any.
    pub platforms: Vec<Platform>,
    /// Ids of the networks, secrets and configs that the spec before names: a rollback needs them.
    pub named_before: Vec<Arc<str>>,
    /// Its log driver, if it names one: else the node's own.
    pub log_driver: Option<Arc<str>>,
    /// Its spec, the engine's own JSON.
    pub spec: Arc<str>,
    /// The spec before the last update, which a rollback restores.
    pub previous: Option<Arc<str>>,
    /// Fingerprint of the task template in `previous`.
    pub previous_template: Option<u64>,
    /// Fingerprint of the task template; tasks carry the one they were made from.
    pub template: u64,
    /// For a job: its last iteration. Each force and each change of the template begins another.
    pub run: u64,
    /// The engine's count.
    pub counts: Option<Counts>,
    /// Whether what the engine lists of it can't be read, except its ID and its name: nothing is judged
    /// by the rest.
    pub is_unread: bool,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When its object was last written; see [`Service::changed`].
    pub updated: Option<Timestamp>,
}

impl Service {
    /// A service that the engine lists, and of which only this can be read.
    pub fn unread(id: ServiceId, name: Arc<str>, counts: Option<Counts>) -> Self {
        Self {
            id,
            version: 0,
            name,
            stack: None,
            labels: Vec::new(),
            mode: Mode::Other("unreadable".into()),
            image: "".into(),
            ports: Vec::new(),
            update: None,
            update_config: UpdateConfig::default(),
            constraints: Vec::new(),
            max_per_node: 0,
            reserved: Resources::default(),
            limits: Resources::default(),
            networks: Vec::new(),
            aliases: Vec::new(),
            endpoint_mode: EndpointMode::Vip,
            vips: Vec::new(),
            secrets: Vec::new(),
            configs: Vec::new(),
            mounts: Vec::new(),
            health_check: false,
            restart: RestartPolicy::default(),
            platforms: Vec::new(),
            named_before: Vec::new(),
            log_driver: None,
            spec: "".into(),
            previous: None,
            previous_template: None,
            template: 0,
            run: 0,
            counts,
            is_unread: true,
            created: None,
            updated: None,
        }
    }

    /// The image without its digest: `api:1.8`, as the CLI prints it.
    pub fn image_tag(&self) -> &str {
        self.image.split_once('@').map_or(&self.image, |(tag, _)| tag)
    }

    /// The repository of its image, and its version.
    pub fn image_parts(&self) -> (&str, &str) {
        image_parts(&self.image)
    }

    /// Whether an update or rollback is replacing tasks now.
    pub fn is_updating(&self) -> bool {
        self.update.as_ref().is_some_and(UpdateStatus::is_running)
    }

    /// Whether it belongs to what the service does now: of a job, to its last run.
    pub fn is_of_this_run(&self, task: &Task) -> bool {
        !self.mode.is_job() || task.run == self.run
    }

    /// Whether a rollback would change anything: an unchanged `docker stack deploy` makes the spec before
    /// equal to the one in force (measured).
    pub fn can_roll_back(&self) -> bool {
        self.previous.as_ref().is_some_and(|p| *p != self.spec) && !self.last_changes().is_empty()
    }

    /// Whether the spec before is one that a rollback has left.
    pub fn was_rolled_back(&self) -> bool {
        self.previous.is_some() && self.update.as_ref().is_some_and(UpdateStatus::is_rollback)
    }

    /// Whether the engine itself undid, or undoes, its last update: a rollback that was asked for keeps the
    /// spec it came from.
    pub fn was_undone(&self) -> bool {
        self.previous.is_none() && self.update.as_ref().is_some_and(UpdateStatus::is_rollback)
    }

    /// When its spec changed, as its object tells it; none where it does not. `UpdatedAt` alone moves
    /// with the progress of an update and when a lost quorum returns, too (measured); each write of the
    /// spec erases the status of the update before.
    pub fn changed(&self) -> Option<Timestamp> {
        match (&self.update, &self.previous) {
            (Some(update), _) if update.started.is_some() => update.started,
            (None, None) => self.created,
            (None, Some(before)) if *before == self.spec => None,
            _ => self.updated,
        }
    }

    /// Changes of the last update, in words; empty when there is no spec before it.
    pub fn last_changes(&self) -> Vec<String> {
        self.previous.as_ref().map(|before| changes(before, &self.spec)).unwrap_or_default()
    }
}
