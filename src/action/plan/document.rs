//! The spec of an object as the engine has it.

use serde_json::Value;

use super::Target;

/// A document as just read, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The object.
    pub target: Target,
    /// Its name.
    pub name: String,
    /// Its version; a write must name it.
    pub version: u64,
    /// Its spec, with all that skep does not know.
    pub spec: Value,
    /// The spec that a rollback restores.
    pub previous: Option<Value>,
}

/// An object as it was found when it was read back after a write.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadObject {
    /// The object is there, as this document says.
    There(Box<Document>),
    /// The object no longer exists.
    Gone,
    /// The object can't be read at the moment, for this reason.
    Unreadable(String),
}
