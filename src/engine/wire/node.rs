//! Nodes.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;

use super::{
    Labels, Listed, Res, Text, WireVersion, check_id, element, labels, list, named::Named,
    or_default, template::WirePlatform,
};
use crate::{
    cluster::{Availability, Manager, Node, NodeId, NodeState, Reachability, Role},
    text::brief,
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNode<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: WireVersion,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    spec: WireNodeSpec<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    description: WireDescription<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    status: WireNodeStatus<'a>,
    #[serde(borrow)]
    manager_status: Option<WireManager<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNodeSpec<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(borrow)]
    role: Text<'a>,
    #[serde(borrow)]
    availability: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireDescription<'a> {
    #[serde(borrow)]
    hostname: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    platform: WirePlatform<'a>,
    #[serde(deserialize_with = "or_default")]
    resources: Res,
    #[serde(borrow, deserialize_with = "or_default")]
    engine: WireEngine<'a>,
    #[serde(rename = "TLSInfo", borrow, deserialize_with = "or_default")]
    tls_info: WireTlsInfo<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireTlsInfo<'a> {
    #[serde(borrow)]
    trust_root: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireEngine<'a> {
    #[serde(borrow)]
    engine_version: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNodeStatus<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    addr: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireManager<'a> {
    leader: bool,
    #[serde(borrow)]
    reachability: Text<'a>,
    #[serde(borrow)]
    addr: Text<'a>,
}

impl From<WireNode<'_>> for Node {
    fn from(w: WireNode<'_>) -> Self {
        let manager = w.manager_status.map(|m| Manager {
            leader: m.leader,
            reachability: Reachability::from_word(&m.reachability),
            addr: (*m.addr).into(),
        });
        let addr = match (&*w.status.addr, &manager) {
            ("" | "0.0.0.0", Some(m)) => {
                m.addr.rsplit_once(':').map_or(&*m.addr, |(host, _)| host).into()
            }
            (addr, _) => addr.into(),
        };
        // An entry that never joined, as after `--force-new-cluster`, has an ID and nothing else.
        let hostname = match &*w.description.hostname {
            "" => w.id.get(..12).unwrap_or(&w.id),
            name => name,
        };
        Self {
            id: NodeId::from(&*w.id),
            version: w.version.index,
            hostname: hostname.into(),
            role: Role::from_word(&w.spec.role),
            availability: Availability::from_word(&w.spec.availability),
            state: NodeState::from_word(&w.status.state),
            message: brief(&w.status.message).into(),
            addr,
            manager,
            engine: (*w.description.engine.engine_version).into(),
            os: (*w.description.platform.os).into(),
            arch: (*w.description.platform.architecture).into(),
            nano_cpus: w.description.resources.model().nano_cpus,
            memory: w.description.resources.model().memory,
            generic: w.description.resources.model().generic,
            labels: labels(&w.spec.labels),
            engine_labels: labels(&w.description.engine.labels),
            trust: fingerprint(&w.description.tls_info.trust_root),
            created: w.created_at.time(),
            updated: w.updated_at.time(),
        }
    }
}

/// Fingerprint of a root certificate; 0 for none.
fn fingerprint(pem: &str) -> u64 {
    if pem.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    pem.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Reads a node list.
pub fn decode_nodes(json: &[u8]) -> Result<Listed<Node>, String> {
    let read = |text: &str| {
        let (node, length) = element::<WireNode<'_>>(text)?;
        check_id(&node.id)?;
        Ok((Node::from(node), length))
    };
    list(json, read, |text| Named::read(text, "Description.Hostname").map(|named| named.name))
}
