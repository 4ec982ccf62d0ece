//! A config: a file that the Swarm keeps for its services. Its content is read only when somebody looks.

use std::sync::Arc;

use super::stack_of;
use crate::cluster::{ConfigId, Timestamp};

/// One config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its id.
    pub id: ConfigId,
    /// Raft index of its last change; writes must name it.
    pub version: u64,
    /// Its name.
    pub name: Arc<str>,
    /// Labels, by key.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// Size of its content in bytes.
    pub size: u64,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When its labels were last written: nothing else of it can change.
    pub updated: Option<Timestamp>,
}

impl Config {
    /// The stack it was deployed with.
    pub fn stack(&self) -> Option<&Arc<str>> {
        stack_of(&self.labels)
    }
}
