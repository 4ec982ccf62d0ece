//! A container of one node, as its engine lists it: a task's, or one that the Swarm knows nothing of.

use std::sync::Arc;

use super::open_enum::words;
use crate::cluster::{ContainerId, NodeId, TaskId, Timestamp};

words! {
    /// States of a container.
    ContainerState {
        Created = "created", Running = "running", Paused = "paused", Restarting = "restarting",
        Removing = "removing", Exited = "exited", Dead = "dead",
    }
}

/// Result of a container's health check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerHealth {
    /// It has none.
    #[default]
    None,
    /// Not passed yet.
    Starting,
    /// Passed.
    Healthy,
    /// Failed.
    Unhealthy,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerPort {
    /// The port of its node, if it is published.
    pub published: Option<u16>,
    /// The address that it is published on, if not on all.
    pub address: Arc<str>,
    /// The port inside.
    pub target: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: Arc<str>,
}

/// One container. All its texts are written by strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Its name, without the slash before it.
    pub name: Arc<str>,
    /// Its image, as it was named.
    pub image: Arc<str>,
    /// Its command.
    pub command: Arc<str>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its state.
    pub state: ContainerState,
    /// The engine's words for it: `Up 3 minutes (healthy)`, `Exited (137) 2 hours ago`.
    pub status: Arc<str>,
    /// The exit code, once it ended.
    pub exit_code: Option<i64>,
    /// Result of its health check.
    pub health: ContainerHealth,
    /// Its ports.
    pub ports: Vec<ContainerPort>,
    /// The task that its labels name.
    pub task: Option<TaskId>,
    /// That task's name without its id: `web.2`.
    pub task_name: Arc<str>,
    /// The node that its labels name: another one if it is of another Swarm.
    pub node: Option<NodeId>,
    /// The project that Docker Compose made it for; empty if none.
    pub project: Arc<str>,
}

/// Relation of a container to the Swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The container of a task that the manager lists.
    Task(TaskId),
    /// The container of a task that the manager does not list: it keeps only the last few of a slot.
    Unlisted,
    /// Part of another Swarm, or of an earlier one.
    OtherSwarm,
    /// Made by somebody else.
    Outside,
    /// Part of some Swarm, while the tasks of this one are not known.
    Unknown,
}

impl Container {
    /// Whether it may still write.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, ContainerState::Exited | ContainerState::Dead)
    }

    /// Its ports in words: `8080→80/tcp, 9000/tcp`.
    pub fn ports_said(&self) -> String {
        let said = |port: &ContainerPort| {
            let inside = format!("{}/{}", port.target, port.protocol);
            match (port.published, &*port.address) {
                (None, _) => inside,
                (Some(outside), "") => format!("{outside}→{inside}"),
                (Some(outside), at) if at.contains(':') => format!("[{at}]:{outside}→{inside}"),
                (Some(outside), at) => format!("{at}:{outside}→{inside}"),
            }
        };
        self.ports.iter().map(said).collect::<Vec<_>>().join(", ")
    }
}
