//! What the UI and a session say to each other.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::session::watch::usage::Usage;
use crate::{
    action::{
        execute::Outcome,
        plan::{Approved, Document, Found, Target},
    },
    cluster::{Delta, Entry, Leaderless, ServiceId, TaskId, Timestamp},
    connect::Way,
    engine::{LogFrame, Names},
    grant::ClusterNo,
    triage::Quieted,
};

/// Counts connections; what comes late from an older one is discarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub u64);

/// Ties an answer to what was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

/// What a raw document is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawKind {
    /// A service.
    Service,
    /// A node.
    Node,
    /// A task.
    Task,
}

impl RawKind {
    /// Its path in the API.
    pub fn path(self) -> &'static str {
        match self {
            Self::Service => "services",
            Self::Node => "nodes",
            Self::Task => "tasks",
        }
    }
}

/// A task whose log is followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogTask {
    /// Which.
    pub task: TaskId,
    /// It may still write.
    pub alive: bool,
}

/// What the UI wants of the session.
#[derive(Debug)]
pub enum Command {
    /// These services are on the screen or followed: keep their tasks fresh.
    Watch(Vec<ServiceId>),
    /// Read these documents, to plan with.
    Documents(Token, Vec<Target>),
    /// Read back what became of these: their writes have an unknown outcome.
    ReadBack(Token, Vec<Target>),
    /// Read a document, to show.
    Raw(Token, RawKind, String),
    /// Carry a plan out.
    CarryOut(Approved),
    /// Follow the logs of these tasks, and no others; the token names the view.
    Logs(Token, Vec<LogTask>),
    /// Read lines older than these: of each task, its oldest known line and how many are known.
    OlderLogs(Token, Vec<(TaskId, Timestamp, usize)>),
    /// Keep these on disk, for a later skep.
    Remember(Vec<Entry>),
    /// Keep which problems are quieted.
    Quieted(Vec<Quieted>),
    /// Read the last lines of a task, to show as evidence.
    LastLines(TaskId),
    /// Someone is at the keyboard.
    Attend,
    /// Say what watching costs.
    Usage,
    /// Reconnect now instead of at the end of the wait.
    Retry,
}

/// How the connection is.
#[derive(Clone, Debug)]
pub enum Link {
    /// Trying for the first time, or again.
    Connecting { endpoint: String },
    /// Live.
    Live {
        endpoint: String,
        /// The manager's clock minus ours, nanoseconds.
        skew: i64,
        round_trip: Duration,
    },
    /// Gone; trying again after `wait`.
    Lost {
        endpoint: String,
        why: String,
        wait: Duration,
        /// Managers answer, and the Swarm has no leader.
        leaderless: Option<Box<Leaderless>>,
    },
}

/// What the fleet tells.
#[derive(Debug)]
pub enum SessionEvent {
    /// A cluster's session told something.
    Cluster(ClusterNo, Event),
    /// Some of the endpoints given together belong to another Swarm: a cluster of its own from now on.
    Opened { no: ClusterNo, endpoint: String },
    /// Two turned out to be one Swarm: the first goes on as the other.
    Merged {
        gone: ClusterNo,
        into: ClusterNo,
        /// It was not to be written to, and so the other must not be either.
        read_only: bool,
    },
}

/// How a manager can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not asked yet.
    Untried,
    /// Watched through.
    InUse { round_trip: Duration },
    /// Would do as well.
    Ready { round_trip: Duration },
    /// Can't be used now.
    Out { why: String },
}

/// A manager skep was told of, as the screen shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerLine {
    /// Its endpoint.
    pub endpoint: String,
    /// How it is reached.
    pub way: Way,
    /// Its node, once it answered.
    pub node: Option<Arc<str>>,
    /// Whether it can be used.
    pub reach: Reach,
}

/// What the session tells.
#[derive(Debug)]
pub enum Event {
    /// The connection changed.
    Link(Generation, Link),
    /// What is known of the managers changed.
    Managers(Vec<ManagerLine>),
    /// The Swarm was heard from. May hold nothing: then nothing changed.
    Heard(Generation, Vec<Delta>, Timestamp),
    /// Names of networks, secrets and configs.
    Names(Generation, Box<Names>),
    /// What is remembered from before of this Swarm.
    History(Vec<Entry>, Vec<Quieted>),
    /// The last lines of a task that were asked for, or why there are none.
    LastLines(TaskId, Result<Vec<LogFrame>, String>),
    /// What watching costs, as was asked.
    Usage(Box<Usage>),
    /// Documents that were asked for.
    Documents(Token, Result<Vec<Document>, String>),
    /// What was found when these were read back.
    ReadBack(Token, Vec<(Target, Found)>),
    /// A document that was asked for.
    Raw(Token, Result<Box<Value>, String>),
    /// The audit file lacks a write, and why.
    Unrecorded(Target, String),
    /// How a write ended.
    Outcome(Target, Box<Outcome>),
    /// Lines of a log.
    Lines(Token, TaskId, Vec<LogFrame>),
    /// Older lines of a log, all there are or as many as are read at once.
    OlderLines(Token, TaskId, Vec<LogFrame>),
    /// A task that is over was read to its end.
    LogEnd(Token, TaskId),
    /// Lines between these two times are lost: the engine does not have them any more.
    LogGap(Token, TaskId, Timestamp, Timestamp),
    /// A task's log can't be read, and why; `None` when it can again.
    LogTrouble(Token, TaskId, Option<String>),
}
