//! Target of a plan.

use super::StackObject;
use crate::cluster::{NodeId, ServiceId, Subject};

/// An object that can be written to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A service.
    Service(ServiceId),
    /// A node.
    Node(NodeId),
    /// A network, a secret or a config, by its id.
    Object(StackObject, String),
    /// An object that is to be made, by its name.
    New(StackObject, String),
}

impl Target {
    /// Its id; the name of one that is to be made.
    pub fn id(&self) -> &str {
        match self {
            Self::Service(id) => id.as_str(),
            Self::Node(id) => id.as_str(),
            Self::Object(_, id) => id,
            Self::New(_, name) => name,
        }
    }

    /// `service`, `node`, `network`, `secret`, `config`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "service",
            Self::Node(_) => "node",
            Self::Object(kind, _) | Self::New(kind, _) => kind.word(),
        }
    }

    /// The service, if it is one that exists.
    pub fn service(&self) -> Option<&ServiceId> {
        match self {
            Self::Service(id) => Some(id),
            _ => None,
        }
    }

    /// The node, if it is one.
    pub fn node(&self) -> Option<&NodeId> {
        match self {
            Self::Node(id) => Some(id),
            _ => None,
        }
    }

    /// The object as the timeline has it.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Service(id) => Subject::Service(id.clone()),
            Self::Node(id) => Subject::Node(id.clone()),
            Self::Object(StackObject::Network, id) => Subject::Network(id.as_str().into()),
            Self::Object(StackObject::Secret, id) => Subject::Secret(id.as_str().into()),
            Self::Object(StackObject::Config, id) => Subject::Config(id.as_str().into()),
            Self::Object(StackObject::Service, id) => Subject::Service(id.as_str().into()),
            Self::New(..) => Subject::Other,
        }
    }
}

impl From<ServiceId> for Target {
    fn from(id: ServiceId) -> Self {
        Self::Service(id)
    }
}

impl From<NodeId> for Target {
    fn from(id: NodeId) -> Self {
        Self::Node(id)
    }
}
