//! Object ids as types, so that a task's id can't be passed where a node's is meant.

use std::{fmt, sync::Arc};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The whole id as the engine writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The first twelve characters, as the docker CLI prints it.
            pub fn short(&self) -> &str {
                self.0.char_indices().nth(12).map_or(&self.0, |(end, _)| &self.0[..end])
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<Arc<str>> for $name {
            fn from(id: Arc<str>) -> Self {
                Self(id)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id!(/// A node of the Swarm.
    NodeId);
id!(/// A service.
    ServiceId);
id!(/// A task: one attempt to run one replica.
    TaskId);
id!(/// A network.
    NetworkId);
id!(/// A secret.
    SecretId);
id!(/// A config.
    ConfigId);
id!(/// A container of a node.
    ContainerId);
