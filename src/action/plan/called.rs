//! The name of an object on the screen, in a confirmation and in a command.

use super::Document;
use crate::cluster::Store;

/// Unambiguous name of an object: host names need not be unique.
pub(super) struct Called {
    /// On the screen.
    pub shown: String,
    /// The name to type as a confirmation.
    pub typed: String,
    /// The name in a `docker` command.
    pub argument: String,
}

impl Called {
    /// The name of the object that a document is of.
    pub fn new(document: &Document, store: &Store) -> Self {
        let name = document.name.clone();
        let node = document.target.node().and_then(|id| store.node(id));
        let shared = node.filter(|node| store.shares_name(node));
        match shared {
            Some(node) => Self {
                shown: store.node_label(&node.id),
                typed: node.id.short().to_owned(),
                argument: node.id.to_string(),
            },
            None => Self { shown: name.clone(), typed: name.clone(), argument: name },
        }
    }
}
