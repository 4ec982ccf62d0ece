//! Requests to the engine of any node, worker or manager: what it is, and what its machine says.

mod containers;
mod facts;

use std::{sync::Arc, time::Duration};

use serde::Deserialize;

use super::{
    client::Engine, error::Result, gate::Limits, lists::encode_text, probe::DEADLINE,
    wire::decode_nodes,
};
use crate::{
    cluster::{Machine, Node, NodeId, Timestamp},
    connect::Endpoint,
    text::brief,
};

/// Time limit for a sign of life.
const ALIVE: Duration = Duration::from_secs(4);

/// Result of asking an engine which node it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeInfo {
    /// Its node in the Swarm; `None` if it is in none.
    pub node: Option<NodeId>,
    /// Its host name.
    pub hostname: Arc<str>,
    /// The engine's part of the facts.
    pub machine: Machine,
    /// The engine's root directory.
    root: String,
}

/// `/info`, as far as it is of the node.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNodeInfo {
    name: String,
    server_version: String,
    kernel_version: String,
    operating_system: String,
    #[serde(rename = "OSType")]
    os_type: String,
    architecture: String,
    driver: String,
    cgroup_version: String,
    docker_root_dir: String,
    #[serde(rename = "NCPU")]
    cpus: u64,
    mem_total: u64,
    swarm: Option<WireMember>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireMember {
    #[serde(rename = "NodeID")]
    node_id: String,
}

impl WireNodeInfo {
    fn read(self) -> NodeInfo {
        let text = |text: &str| (!text.is_empty()).then(|| Arc::from(&*brief(text)));
        let machine = Machine {
            engine: text(&self.server_version),
            kernel: text(&self.kernel_version),
            os: text(&self.operating_system),
            arch: text(&self.architecture),
            storage: text(&self.driver),
            cgroup: text(&self.cgroup_version),
            is_windows: self.os_type == "windows",
            cpus: Some(self.cpus).filter(|n| *n > 0),
            memory: Some(self.mem_total).filter(|n| *n > 0),
            ..Machine::default()
        };
        let id = self.swarm.map(|swarm| swarm.node_id).unwrap_or_default();
        NodeInfo {
            node: Some(id).filter(|id| !id.is_empty()).map(|id| NodeId::from(&*brief(&id))),
            hostname: brief(&self.name).into(),
            machine,
            root: self.docker_root_dir,
        }
    }
}

impl Engine {
    /// Logs in, agrees on an API version, and asks which node this is.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn node_info(&mut self, now: impl Fn() -> Timestamp) -> Result<NodeInfo> {
        self.log_in().await?;
        self.negotiate(now).await?;
        let body = self.get("/info", DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        let info: std::result::Result<WireNodeInfo, _> = serde_json::from_slice(&body);
        info.map(WireNodeInfo::read).map_err(|e| self.garbage("/info", &e.to_string()))
    }

    /// The facts of its machine now. What can't be read is unknown, and it is told why.
    pub async fn machine(&self, info: &NodeInfo) -> Machine {
        let mut machine = info.machine.clone();
        if machine.is_windows {
            machine.unread = Some("Windows tells no load, memory and disk this way".into());
            return machine;
        }
        let read = match self.endpoint() {
            Endpoint::Unix(path) => facts::local(path, info).await,
            _ => match self.connector().run(&facts::command(&info.root)).await {
                Some(read) => read.map_err(|e| e.to_string()),
                None => Err("over tcp only the engine is asked, not its machine".into()),
            },
        };
        match read {
            Ok(said) if facts::read(&said, &mut machine) => {}
            Ok(_) => machine.unread = Some("its machine told nothing that can be read".into()),
            Err(why) => machine.unread = Some(brief(&why).into()),
        }
        machine
    }

    /// Whether it is alive.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn sign_of_life(&self) -> Result<()> {
        self.get("/_ping", ALIVE, Limits::OPTIONAL).await?.whole().await.map(drop)
    }

    /// A node, asked of a manager.
    ///
    /// # Errors
    /// Why it can't be read.
    pub async fn node(&self, id: &NodeId) -> Result<Node> {
        let path = format!("/nodes/{}", encode_text(id.as_str()));
        let body = self.get(&path, DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        let list = [b"[", &*body, b"]"].concat();
        let read = decode_nodes(&list).map_err(|why| self.garbage(&path, &why))?;
        let node = read.items.into_iter().next();
        node.ok_or_else(|| self.garbage(&path, "no node"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(json: &str) -> NodeInfo {
        serde_json::from_str::<WireNodeInfo>(json).unwrap().read()
    }

    #[test]
    fn what_an_engine_does_not_tell_is_unknown() {
        let bare = info("{}");
        assert_eq!((bare.node, bare.machine), (None, Machine::default()));
        let full = info(
            r#"{"Name":"n1","ServerVersion":"28.5.2","KernelVersion":"6.1.0","OSType":"windows",
            "OperatingSystem":"Windows Server","CgroupVersion":"2","Driver":"overlay2","NCPU":4,
            "MemTotal":1024,"DockerRootDir":"/var/lib/docker","Swarm":{"NodeID":"abc"}}"#,
        );
        assert_eq!(full.node, Some(NodeId::from("abc")));
        let machine = full.machine;
        assert!(machine.is_windows && machine.cpus == Some(4) && machine.memory == Some(1024));
        assert_eq!(machine.load, None);
    }
}
