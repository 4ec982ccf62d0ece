//! Messages between the UI and a session.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::session::{
    nodes::{NoReach, NodeSeen},
    shell::{ShellFault, ShellLink, ShellMeans},
    watch::usage::Usage,
};
use crate::{
    action::{
        execute::Outcome,
        plan::{Approved, ApprovedShell, ApprovedStack, Document, ReadObject, Target},
    },
    cluster::{
        Beginning, Container, ContainerEnd, ContainerId, Delta, Entry, Leaderless, NodeId,
        ServiceId, TaskId, Timestamp,
    },
    connect::Way,
    engine::{Listed, LogFrame},
    grant::ClusterNo,
    triage::Quieted,
};

/// Number of a connection; messages of an older one are discarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

/// Matches an answer to its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

/// Kind of object that a raw document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawKind {
    /// A service.
    Service,
    /// A node.
    Node,
    /// A task.
    Task,
    /// A network.
    Network,
    /// A secret, which comes without its content.
    Secret,
    /// A config, with its content.
    Config,
}

impl RawKind {
    /// Its path in the API.
    pub fn path(self) -> &'static str {
        match self {
            Self::Service => "services",
            Self::Node => "nodes",
            Self::Task => "tasks",
            Self::Network => "networks",
            Self::Secret => "secrets",
            Self::Config => "configs",
        }
    }
}

/// Something that writes a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogWriterId {
    /// A task: its log is read through the manager.
    Task(TaskId),
    /// A container: its log is read of its node's own engine.
    Container(NodeId, ContainerId),
}

impl LogWriterId {
    /// The task, if it is one.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Task(id) => Some(id),
            Self::Container(..) => None,
        }
    }

    /// The id in short, as the docker CLI prints it.
    pub fn short(&self) -> &str {
        match self {
            Self::Task(id) => id.short(),
            Self::Container(_, id) => id.short(),
        }
    }
}

impl From<TaskId> for LogWriterId {
    fn from(id: TaskId) -> Self {
        Self::Task(id)
    }
}

/// A log that is followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FollowedLog {
    /// Its writer.
    pub of: LogWriterId,
    /// Whether that may still write.
    pub alive: bool,
}

/// Commands of the UI.
#[derive(Debug)]
pub enum Command {
    /// These services are on the screen or followed: keep their tasks fresh.
    Watch(Vec<ServiceId>),
    /// Read these documents, to plan with.
    Documents(Token, Vec<Target>),
    /// Read these objects back: the outcome of their writes is unknown.
    ReadBack(Token, Vec<Target>),
    /// Read a document, to show.
    Raw(Token, RawKind, String),
    /// Carry a plan out.
    CarryOut(Approved),
    /// Carry a deploy out.
    Deploy(Box<ApprovedStack>),
    /// Start an approved shell.
    Shell(Token, Box<ApprovedShell>, ShellMeans),
    /// Follow these logs, and no others; the token names the view.
    Logs(Token, Vec<FollowedLog>),
    /// Read lines older than these: of each log, its oldest known line and how many are known.
    OlderLogs(Token, Vec<(LogWriterId, Timestamp, usize)>),
    /// Keep these on disk, for a later skep.
    Remember(Vec<Entry>),
    /// Keep which problems are quieted.
    Quieted(Vec<Quieted>),
    /// Keep when the open problems began.
    Beginnings(Vec<Beginning>),
    /// Read the last lines of a task, to show as evidence.
    LastLines(TaskId),
    /// Keep these nodes' engines within reach and their facts fresh, and no others'.
    Look(Vec<NodeId>),
    /// List the containers of this node for as long as nothing else is said; none if there is none.
    Containers(Option<NodeId>),
    /// Read the document of a node's container, to show.
    ContainerDocument(Token, NodeId, ContainerId),
    /// Read how the containers of these tasks ended, of those whose nodes are within reach already.
    Ends(Vec<(TaskId, NodeId, Arc<str>)>),
    /// Someone is at the keyboard.
    Attend,
    /// Report the cost of watching.
    Usage,
    /// Reconnect now instead of at the end of the wait.
    Retry,
}

/// State of the connection.
#[derive(Clone, Debug)]
pub enum Link {
    /// Trying for the first time, or again.
    Connecting {
        /// The endpoint that is tried.
        endpoint: String,
    },
    /// Live.
    Live {
        /// The endpoint in use.
        endpoint: String,
        /// The manager's clock minus ours, nanoseconds.
        skew: i64,
        /// Duration of a small request.
        round_trip: Duration,
    },
    /// Gone; trying again after `wait`.
    Lost {
        /// The endpoint that was tried last.
        endpoint: String,
        /// The reason.
        why: String,
        /// Time until the next try.
        wait: Duration,
        /// Managers answer, and the Swarm has no leader.
        leaderless: Option<Box<Leaderless>>,
    },
}

/// Messages from all sessions.
#[derive(Debug)]
pub enum SessionEvent {
    /// An event of a cluster's session.
    Cluster(ClusterNo, Event),
    /// Some of the endpoints given together belong to another Swarm: a cluster of its own from now on.
    Opened {
        /// The new cluster.
        no: ClusterNo,
        /// Its endpoint.
        endpoint: String,
    },
    /// An endpoint that could be opened was greeted.
    Greeted {
        /// The cluster it would be.
        no: ClusterNo,
        /// The engine there, or why it can't be used.
        answer: Result<String, String>,
    },
    /// Two clusters turned out to be one Swarm: the first is merged into the other.
    Merged {
        /// The cluster that is no more.
        gone: ClusterNo,
        /// The one that it is merged into.
        into: ClusterNo,
        /// One of them is read-only, so the other must be as well.
        read_only: bool,
    },
}

/// Whether a manager can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not asked yet.
    Untried,
    /// In use for watching.
    InUse {
        /// Duration of a small request.
        round_trip: Duration,
    },
    /// Ready to take over.
    Ready {
        /// Duration of a small request.
        round_trip: Duration,
    },
    /// Can't be used now.
    Out {
        /// The reason.
        why: String,
    },
}

/// A configured manager, as the screen shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerLine {
    /// Its endpoint.
    pub endpoint: String,
    /// The transport.
    pub way: Way,
    /// Its node, once it answered.
    pub node: Option<Arc<str>>,
    /// Whether it can be used.
    pub reach: Reach,
}

/// Events of a session.
#[derive(Debug)]
pub enum Event {
    /// The connection changed.
    Link(Generation, Link),
    /// The state of the managers changed.
    Managers(Vec<ManagerLine>),
    /// The Swarm was heard from. May hold nothing: then nothing changed.
    Heard(Generation, Vec<Delta>, Timestamp),
    /// History of this Swarm from disk.
    History(Vec<Entry>, Vec<Quieted>),
    /// Beginnings of problems, from disk.
    Beginnings(Vec<Beginning>),
    /// The last lines of a task that were asked for, or why there are none.
    LastLines(TaskId, Result<Vec<LogFrame>, String>),
    /// How a node is reached, and the facts of its machine.
    Node(NodeId, Box<NodeSeen>),
    /// The containers of a node, or why they can't be listed.
    Containers(NodeId, Box<Result<Listed<Container>, NoReach>>),
    /// The end of a task's container, as its node tells it.
    Ended(TaskId, ContainerEnd),
    /// The cost of watching, as requested.
    Usage(Box<Usage>),
    /// Documents that were asked for.
    Documents(Token, Result<Vec<Document>, String>),
    /// Objects as they were read back.
    ReadBack(Token, Vec<(Target, ReadObject)>),
    /// A document that was asked for.
    Raw(Token, Result<Box<Value>, String>),
    /// A shell runs, or why it does not.
    Shell(Token, Box<Result<ShellLink, ShellFault>>),
    /// Shells that an earlier skep left, and that may still run.
    ShellsLeft(Vec<String>),
    /// The audit file lacks a write, and why.
    Unrecorded(Target, String),
    /// Something could not be kept for a later skep: why.
    NotKept(String),
    /// Outcome of a write.
    Outcome(Target, Box<Outcome>),
    /// Lines of a log.
    Lines(Token, LogWriterId, Vec<LogFrame>),
    /// Older lines of a log, all there are or as many as are read at once.
    OlderLines(Token, LogWriterId, Vec<LogFrame>),
    /// The log of something that is over was read to its end.
    LogEnd(Token, LogWriterId),
    /// Lines between these two times are lost: the engine does not have them any more.
    LogGap(Token, LogWriterId, Timestamp, Timestamp),
    /// A log can't be read, and why; `None` when it can again.
    LogTrouble(Token, LogWriterId, Option<String>),
}
