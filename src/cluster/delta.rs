//! Changes to the model.

use std::sync::Arc;

use super::{
    Config, ContainerEnd, Leaderless, Network, Node, Part, Secret, Service, ServiceId, Task,
    TaskId, Timestamp,
};

/// One task list under way; later lists have larger ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u64);

/// Tasks that a list covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every task of the Swarm.
    All,
    /// All tasks of these services.
    Services(Vec<ServiceId>),
}

/// Facts from `/info` about the Swarm and the manager that answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterInfo {
    /// Swarm cluster id; equal ids are one cluster.
    pub id: Arc<str>,
    /// Host name of the manager that answers.
    pub manager: Arc<str>,
    /// Its node id.
    pub manager_id: Arc<str>,
    /// Its engine version.
    pub engine: Arc<str>,
    /// API version agreed on.
    pub api: Arc<str>,
    /// Validity of a node's certificate.
    pub cert_expiry: std::time::Duration,
    /// `TaskHistoryRetentionLimit`.
    pub history_limit: u64,
}

/// A line of `GET /events`, Swarm scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// When, by the manager's clock.
    pub at: Timestamp,
    /// `service`, `node`, `network`, `secret`, `config`, …
    pub kind: Arc<str>,
    /// `create`, `update`, `remove`, …
    pub action: Arc<str>,
    /// The object's id.
    pub id: Arc<str>,
    /// `name`, `image.old`, `image.new`, …
    pub attributes: Vec<(Arc<str>, Arc<str>)>,
}

impl EngineEvent {
    /// An attribute's value; empty when absent.
    pub fn attribute(&self, key: &str) -> &str {
        self.attributes.iter().find(|(k, _)| &**k == key).map_or("", |(_, v)| v)
    }
}

/// A change of the model.
///
/// Task lists come in pieces: `TasksBegin`, any number of `Tasks`, then `TasksEnd`, which removes
/// what the list's scope holds but the list did not name. A list that breaks off has no end, and so
/// removes nothing.
#[derive(Clone, Debug)]
pub enum Delta {
    /// The Swarm and the manager in use.
    Cluster(ClusterInfo),
    /// The whole node list.
    Nodes(Vec<Node>),
    /// The Swarm has no leader, and so nothing is listed.
    Leaderless(Leaderless),
    /// The whole service list.
    Services(Vec<Arc<Service>>),
    /// All networks of the Swarm.
    Networks(Vec<Network>),
    /// A network that no list has, as it was looked up for a service that joins it.
    UnlistedNetwork(Network),
    /// All secrets.
    Secrets(Vec<Secret>),
    /// All configs.
    Configs(Vec<Config>),
    /// An object that a service names and that does not exist: it was looked for after the service was
    /// read.
    Absent(Part, Arc<str>),
    /// A part of it can't be read through this link, and why.
    Unread(Part, Arc<str>),
    /// A part is not answered any more, why, and since when it was asked for in vain.
    Silent(Part, Arc<str>, Timestamp),
    /// Some elements of a part can't be read, with the reason; the others come in their own delta.
    Gaps(Part, Arc<str>),
    /// A part that may have been unknown is known.
    Read(Part),
    /// A task list begins.
    TasksBegin(ListId, Scope),
    /// A piece of it.
    Tasks(ListId, Vec<Task>),
    /// Some of it can't be read, and why.
    TasksGaps(ListId, Arc<str>),
    /// The list is complete.
    TasksEnd(ListId),
    /// The list broke off.
    TasksAbort(ListId),
    /// The end of a task's container, as its node tells it.
    Ended(TaskId, ContainerEnd),
    /// The engine reported an event.
    Event(EngineEvent),
}
