//! Networks, secrets and configs: their lists and documents, and how they, and services, are made and
//! removed.

pub(super) mod api;
mod make;
pub(super) mod pool;
pub(super) mod services;

use serde_json::Value;

use super::sim::Sim;

/// Networks that every node has by itself. The Swarm knows of them, so that services can join them, but
/// no list has those entries.
const PREDEFINED: &str = "com.docker.swarm.predefined";

/// A kind of object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Network,
    Secret,
    Config,
}

impl ObjectKind {
    /// The kind of a path's first part.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "networks" => Some(Self::Network),
            "secrets" => Some(Self::Secret),
            "configs" => Some(Self::Config),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Secret => "secret",
            Self::Config => "config",
        }
    }

    fn all(self, sim: &Sim) -> &Vec<Value> {
        match self {
            Self::Network => &sim.networks,
            Self::Secret => &sim.secrets,
            Self::Config => &sim.configs,
        }
    }

    fn all_mut(self, sim: &mut Sim) -> &mut Vec<Value> {
        match self {
            Self::Network => &mut sim.networks,
            Self::Secret => &mut sim.secrets,
            Self::Config => &mut sim.configs,
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn id_of(object: &Value) -> &str {
    text(if object["ID"].is_null() { &object["Id"] } else { &object["ID"] })
}

fn name_of(object: &Value) -> &str {
    text(if object["Spec"].is_null() { &object["Name"] } else { &object["Spec"]["Name"] })
}

fn labels_of(object: &Value) -> &Value {
    if object["Spec"].is_null() { &object["Labels"] } else { &object["Spec"]["Labels"] }
}

fn is_predefined(object: &Value) -> bool {
    labels_of(object)[PREDEFINED] == "true"
}
