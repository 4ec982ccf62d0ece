//! Target of a plan.

use crate::cluster::{NodeId, ServiceId, Subject};

/// An object that can be written to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A service.
    Service(ServiceId),
    /// A node.
    Node(NodeId),
}

impl Target {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Service(id) => id.as_str(),
            Self::Node(id) => id.as_str(),
        }
    }

    /// `service` or `node`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "service",
            Self::Node(_) => "node",
        }
    }

    /// The service, if it is one.
    pub fn service(&self) -> Option<&ServiceId> {
        match self {
            Self::Service(id) => Some(id),
            Self::Node(_) => None,
        }
    }

    /// The object as the timeline has it.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Service(id) => Subject::Service(id.clone()),
            Self::Node(id) => Subject::Node(id.clone()),
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
