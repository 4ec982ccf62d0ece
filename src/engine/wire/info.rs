//! `/info`, and events.

use serde::Deserialize;

use super::{Labels, Text, labels, or_default};
use crate::cluster::{Answering, ClusterInfo, EngineEvent, Timestamp};

/// `GET /info`, as far as the Swarm goes.
#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WireInfo {
    pub name: String,
    pub server_version: String,
    pub system_time: String,
    #[serde(deserialize_with = "or_default")]
    pub swarm: WireSwarm,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WireSwarm {
    #[serde(rename = "NodeID")]
    pub node_id: String,
    pub local_node_state: String,
    pub control_available: bool,
    pub error: String,
    #[serde(deserialize_with = "or_default")]
    pub remote_managers: Vec<WirePeer>,
    #[serde(deserialize_with = "or_default")]
    pub cluster: WireCluster,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WirePeer {
    #[serde(rename = "NodeID")]
    pub node_id: String,
    pub addr: String,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WireCluster {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(deserialize_with = "or_default")]
    pub spec: WireClusterSpec,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WireClusterSpec {
    #[serde(deserialize_with = "or_default")]
    pub orchestration: WireOrchestration,
    #[serde(rename = "CAConfig", deserialize_with = "or_default")]
    pub ca_config: WireCaConfig,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WireCaConfig {
    pub node_cert_expiry: i64,
}

#[derive(Deserialize, Default, Debug, Clone)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::engine) struct WireOrchestration {
    pub task_history_retention_limit: i64,
}

impl WireInfo {
    /// A manager's view of itself and the others while there is no leader.
    pub(in crate::engine) fn answering(&self) -> Answering {
        let peers = self.swarm.remote_managers.iter();
        Answering {
            id: self.swarm.node_id.as_str().into(),
            name: self.name.as_str().into(),
            managers: peers.map(|p| (p.node_id.as_str().into(), p.addr.as_str().into())).collect(),
        }
    }

    pub(in crate::engine) fn cluster(&self, api: &str) -> ClusterInfo {
        ClusterInfo {
            id: self.swarm.cluster.id.as_str().into(),
            manager: self.name.as_str().into(),
            manager_id: self.swarm.node_id.as_str().into(),
            engine: self.server_version.as_str().into(),
            api: api.into(),
            cert_expiry: super::nanos(self.swarm.cluster.spec.ca_config.node_cert_expiry),
            history_limit: u64::try_from(
                self.swarm.cluster.spec.orchestration.task_history_retention_limit,
            )
            .unwrap_or(5),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireEvent<'a> {
    #[serde(rename = "Type", borrow)]
    kind: Text<'a>,
    #[serde(rename = "Action", borrow)]
    action: Text<'a>,
    #[serde(rename = "Actor", borrow, deserialize_with = "or_default")]
    actor: WireActor<'a>,
    time: i64,
    #[serde(rename = "timeNano")]
    time_nano: i64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireActor<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    attributes: Labels<'a>,
}

/// Reads one event.
pub(in crate::engine) fn decode_event(json: &[u8]) -> Result<EngineEvent, String> {
    let w: WireEvent<'_> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let at = match w.time_nano {
        0 => Timestamp::from_secs(w.time),
        nanos => Timestamp::from_nanos(nanos),
    };
    Ok(EngineEvent {
        at,
        kind: (*w.kind).into(),
        action: (*w.action).into(),
        id: (*w.actor.id).into(),
        attributes: labels(&w.actor.attributes),
    })
}
