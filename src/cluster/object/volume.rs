//! A volume, as the mounts of services name it: no manager lists volumes, which each node has of its own.

use std::sync::Arc;

use crate::cluster::ServiceId;

/// One volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name; an anonymous one, which dies with its task, is not among them.
    pub name: Arc<str>,
    /// Its driver; `local` unless a mount names another.
    pub driver: Arc<str>,
    /// Whether it is a CSI volume, which the Swarm itself places.
    pub is_cluster: bool,
    /// The services that mount it, by name.
    pub services: Vec<ServiceId>,
}

impl Volume {
    /// Whether each node has one of its own, with other data in it.
    pub fn is_local(&self) -> bool {
        &*self.driver == "local" && !self.is_cluster
    }
}
