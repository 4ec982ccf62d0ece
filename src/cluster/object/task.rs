//! A task: one attempt to run one replica of a service.

use std::{net::IpAddr, sync::Arc, time::Duration};

use super::{
    HealthCheck, Mount, Platform, Resources, RestartCondition, RestartPolicy, open_enum::words,
};
use crate::cluster::{NetworkId, NodeId, ServiceId, TaskId, Timestamp};

words! {
    /// States in the order that a task goes through them (swarmkit `api/types.proto`); all after running are
    /// final.
    TaskState {
        New = "new", Allocated = "allocated", Pending = "pending", Assigned = "assigned",
        Accepted = "accepted", Preparing = "preparing", Ready = "ready", Starting = "starting",
        Running = "running", Complete = "complete", Shutdown = "shutdown", Failed = "failed",
        Rejected = "rejected", Remove = "remove", Orphaned = "orphaned",
    }
}

impl TaskState {
    /// Whether a task in this state never runs again.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Complete
                | Self::Shutdown
                | Self::Failed
                | Self::Rejected
                | Self::Remove
                | Self::Orphaned
        )
    }

    /// Whether it ended against its will.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::Orphaned)
    }

    /// Its place in the order, 1 for new, as docker/cli counts (`service/progress`); 0 if unknown.
    pub fn number(&self) -> u8 {
        match self {
            Self::New => 1,
            Self::Allocated => 2,
            Self::Pending => 3,
            Self::Assigned => 4,
            Self::Accepted => 5,
            Self::Preparing => 6,
            Self::Ready => 7,
            Self::Starting => 8,
            Self::Running => 9,
            Self::Complete => 10,
            Self::Shutdown => 11,
            Self::Failed => 12,
            Self::Rejected => 13,
            Self::Remove => 14,
            Self::Orphaned => 15,
            Self::Other(_) => 0,
        }
    }
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Raft index of its last change.
    pub version: u64,
    /// Its service; empty for a network attachment.
    pub service: ServiceId,
    /// 0 for global services: the node is the slot.
    pub slot: u64,
    /// Where it was placed, once it was.
    pub node: Option<NodeId>,
    /// Its current state.
    pub state: TaskState,
    /// Its desired state.
    pub desired: TaskState,
    /// Start of that state, by the clock of whoever set it: from `accepted` on its node. As the other
    /// times of objects it is none where the engine tells none.
    pub since: Option<Timestamp>,
    /// When it was created, by the leader's clock.
    pub created: Option<Timestamp>,
    /// When the leader last wrote it, by its clock.
    pub updated: Option<Timestamp>,
    /// The engine's progress word (`started`, `preparing`).
    pub message: Arc<str>,
    /// The engine's error, whole; may hold any byte.
    pub err: Arc<str>,
    /// The container, once there is one.
    pub container: Option<Arc<str>>,
    /// The exit code, once the container ended.
    pub exit_code: Option<i64>,
    /// For a job's task: its iteration.
    pub run: u64,
    /// Its addresses, until it ends.
    pub attachments: Box<[Attachment]>,
    /// Its template; shared by all tasks made from the same one.
    pub spec: Arc<TaskSpec>,
}

/// End of a task's container, as the engine of its node tells it. Written by the container: untrusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerEnd {
    /// The kernel killed it for memory.
    pub out_of_memory: bool,
    /// The engine's error; empty if there was none.
    pub error: Arc<str>,
    /// Output of the last health check that failed; empty if none did.
    pub check: Arc<str>,
}

/// An address of a task on a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The network.
    pub network: NetworkId,
    /// The address.
    pub address: IpAddr,
}

/// The fields of a task's spec that skep uses. Explanations of a failure are read from here: the
/// service's spec may have changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskSpec {
    /// Its image.
    pub image: Arc<str>,
    /// Its reservations.
    pub reserved: Resources,
    /// Its limits.
    pub limits: Resources,
    /// Placement constraints as written.
    pub constraints: Vec<Arc<str>>,
    /// `--replicas-max-per-node`; 0 is no limit.
    pub max_per_node: u64,
    /// Platforms of its image; empty means any.
    pub platforms: Vec<Platform>,
    /// Its mounts.
    pub mounts: Vec<Mount>,
    /// Ids of the networks it joins.
    pub networks: Vec<NetworkId>,
    /// Its log driver, if it names one: else the node's own.
    pub log_driver: Option<Arc<str>>,
    /// Fingerprint, to compare with the service's.
    pub template: u64,
    /// When it is started again.
    pub restart: RestartPolicy,
    /// Its health check.
    pub health: TaskCheck,
    /// Grace period before it is killed.
    pub stop_grace: Duration,
}

/// The health check that a task must pass before it counts as running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskCheck {
    /// None in the spec; whether the image has one is not known.
    #[default]
    OfImage,
    /// In the spec.
    Own(HealthCheck),
    /// Turned off by the spec, the image's as well.
    Off,
}

/// A slot, or for a global service the node.
pub type Place<'t> = (u64, Option<&'t NodeId>);

impl Task {
    /// Whether the orchestrator wants it alive. A job's task is wanted until it completes: that is its
    /// desired state from the first moment on (measured on 20.10).
    pub fn is_wanted(&self) -> bool {
        let to_complete = self.desired == TaskState::Complete && !self.state.is_terminal();
        !self.desired.is_terminal() || to_complete
    }

    /// Whether it waits for its restart delay: all that is asked of it so far is to be ready.
    pub fn waits_for_its_delay(&self) -> bool {
        self.desired == TaskState::Ready && !self.state.is_terminal()
    }

    /// Whether it is alive or meant to be, and so not history.
    pub fn is_live(&self) -> bool {
        self.is_wanted() || !self.state.is_terminal()
    }

    /// Whether it ended by itself and well, though its restart policy means a program that serves: any
    /// end is followed by a start, and no delay makes it work that repeats.
    pub fn ended_though_it_serves(&self) -> bool {
        self.state == TaskState::Complete
            && self.spec.restart.condition == RestartCondition::Any
            && !self.spec.restart.repeats()
    }

    /// The slot it fills.
    pub fn place(&self) -> Place<'_> {
        (self.slot, if self.slot == 0 { self.node.as_ref() } else { None })
    }

    /// Whether its container was made and never ran: it wrote nothing (measured: exit 127 or 128, and an
    /// id).
    pub fn never_started(&self) -> bool {
        self.err.starts_with("starting container failed")
    }

    /// Whether it was given up because its node was removed from the Swarm (`docker node rm`).
    pub fn went_with_its_node(&self) -> bool {
        const SAID: &str = "Task belonged to a node that has been deleted";
        self.state == TaskState::Orphaned && (&*self.message == SAID || &*self.err == SAID)
    }

    /// The image without its digest.
    pub fn image_tag(&self) -> &str {
        self.spec.image.split_once('@').map_or(&self.spec.image, |(tag, _)| tag)
    }
}
