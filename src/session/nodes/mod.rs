//! The engines of a cluster's nodes: each is reached when it is first needed, checked by the ID of its
//! node, and left again when nobody has needed it for a while. With no node looked at there is no
//! connection but the manager's.

pub(in crate::session) mod containers;
pub(in crate::session) mod ends;
mod known_node;
mod login;
mod registry;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use self::registry::{NodeRequest, ReachTimes, Registry};
use crate::{
    cluster::{Machine, NodeId},
    connect::{NodeSettings, SshPrompts, Way},
    engine::Engine,
};

/// Why a node's engine can't be used; a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoReach {
    /// The reason.
    pub why: String,
    /// The way to mend it.
    pub hint: String,
    /// An answer at the terminal might help.
    pub answerable: bool,
    /// The Swarm has no such node any more.
    pub gone: bool,
}

/// How a node's engine is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NodeReach {
    /// Nobody has needed it yet.
    #[default]
    Untried,
    /// Being logged in to.
    Reaching,
    /// By a socket of this machine.
    Local,
    /// By ssh.
    Ssh {
        /// How on the other side.
        way: Way,
        /// Through the connection of the manager in use.
        jump: bool,
    },
    /// By TCP, with or without TLS.
    Tcp {
        /// Whether it is safe.
        way: Way,
    },
    /// Not at all.
    None {
        /// The reason.
        why: String,
        /// The way to mend it.
        hint: String,
    },
}

impl NodeReach {
    /// `local`, `ssh`, `tcp` or `none`; none also while nobody has tried.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Ssh { .. } => "ssh",
            Self::Tcp { .. } => "tcp",
            Self::Untried | Self::Reaching | Self::None { .. } => "none",
        }
    }

    /// Whether its engine can be used now.
    pub fn is_within(&self) -> bool {
        matches!(self, Self::Local | Self::Ssh { .. } | Self::Tcp { .. })
    }

    fn over(way: Way, jump: bool) -> Self {
        match way {
            Way::Local => Self::Local,
            Way::Ssh | Way::SshSocket | Way::SshStdio => Self::Ssh { way, jump },
            Way::Tls | Way::TlsUnverified | Way::TcpLocal | Way::TcpPlain => Self::Tcp { way },
        }
    }
}

/// How a node is reached, and what was read of its machine last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSeen {
    /// How it is reached.
    pub reach: NodeReach,
    /// The facts, while it is within reach.
    pub machine: Option<Arc<Machine>>,
}

/// News of a node.
pub(in crate::session) type NodeNews = (NodeId, NodeSeen);

/// Hands out the engines of a cluster's nodes. Clones hand out the same; the connections end with the
/// last of them.
#[derive(Clone, Debug)]
pub struct NodeEngines(mpsc::UnboundedSender<NodeRequest>);

impl NodeEngines {
    /// A registry that has reached nothing yet, and its news.
    pub fn start(settings: NodeSettings) -> (Self, mpsc::UnboundedReceiver<(NodeId, NodeSeen)>) {
        let (requests, asked) = mpsc::unbounded_channel();
        let (tell, news) = mpsc::unbounded_channel();
        let settings = Arc::new(settings);
        let login =
            move |manager, node, ask| login::log_in(Arc::clone(&settings), manager, node, ask);
        tokio::spawn(Registry::new(login, tell, ReachTimes::default()).run(asked));
        (Self(requests), news)
    }

    /// The manager in use and its own node, which its engine serves; it tells where the others are.
    pub fn use_manager(&self, engine: Engine, node: NodeId) {
        let _ = self.0.send(NodeRequest::Manager(engine, node));
    }

    /// The engine of a node, reached and checked now if that is needed.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn engine(&self, node: &NodeId) -> Result<Engine, NoReach> {
        self.engine_asking(node, SshPrompts::Never).await
    }

    /// The same, where ssh may ask at the terminal: never while a screen has it.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn engine_asking(&self, node: &NodeId, ask: SshPrompts) -> Result<Engine, NoReach> {
        let (answer, answered) = oneshot::channel();
        let _ = self.0.send(NodeRequest::Engine(node.clone(), ask, answer));
        answered.await.unwrap_or_else(|_| Err(NoReach::ended()))
    }

    /// The engine of a node that is within reach already; nobody logs in for it.
    pub async fn within_reach(&self, node: &NodeId) -> Option<Engine> {
        let (answer, answered) = oneshot::channel();
        let _ = self.0.send(NodeRequest::Within(node.clone(), answer));
        answered.await.ok().flatten()
    }

    /// How a node is reached and what its machine says, read now.
    pub async fn look(&self, node: &NodeId) -> NodeSeen {
        let (answer, answered) = oneshot::channel();
        let _ = self.0.send(NodeRequest::Look(node.clone(), answer));
        answered
            .await
            .unwrap_or_else(|_| NodeSeen { reach: NoReach::ended().into(), machine: None })
    }

    /// Keeps these nodes within reach and their facts fresh, and no others.
    pub fn watch(&self, nodes: Vec<NodeId>) {
        let _ = self.0.send(NodeRequest::Watch(nodes));
    }
}

impl NoReach {
    fn ended() -> Self {
        Self::new("skep is about to end", "start it again")
    }

    fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { why: why.into(), hint: hint.into(), answerable: false, gone: false }
    }
}

impl From<NoReach> for NodeReach {
    fn from(no: NoReach) -> Self {
        Self::None { why: no.why, hint: no.hint }
    }
}
