//! A secret: skep knows its name, and never its content, which the engine tells nobody.

use std::sync::Arc;

use super::stack_of;
use crate::cluster::{SecretId, Timestamp};

/// One secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its id.
    pub id: SecretId,
    /// Raft index of its last change; writes must name it.
    pub version: u64,
    /// Its name.
    pub name: Arc<str>,
    /// Labels, by key.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// The plugin that has its content; `None` where the Swarm itself keeps it.
    pub driver: Option<Arc<str>>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When its labels were last written: nothing else of it can change.
    pub updated: Option<Timestamp>,
}

impl Secret {
    /// The stack it was deployed with.
    pub fn stack(&self) -> Option<&Arc<str>> {
        stack_of(&self.labels)
    }
}
