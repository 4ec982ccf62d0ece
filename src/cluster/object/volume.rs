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
    /// Type of the file system that the local driver mounts as the volume; empty if that is a directory.
    pub filesystem: Arc<str>,
    /// Whether it is a CSI volume, which the Swarm itself places.
    pub is_cluster: bool,
    /// The services that mount it, by name.
    pub services: Vec<ServiceId>,
}

impl Volume {
    /// Whether each node has one of its own, with other data in it.
    pub fn is_local(&self) -> bool {
        &*self.driver == "local" && !self.is_cluster && is_of_its_node(&self.filesystem)
    }
}

/// Whether data in a file system of this type lie on the node that mounts it: not on another machine's
/// disk, which all nodes see, and not in memory, where they end with the last container.
pub(super) fn is_of_its_node(filesystem: &str) -> bool {
    const ELSEWHERE: [&str; 9] =
        ["nfs", "cifs", "smb", "ceph", "gluster", "lustre", "9p", "fuse", "tmpfs"];
    !ELSEWHERE.iter().any(|start| filesystem.starts_with(start))
}
