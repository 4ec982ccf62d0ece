//! Reaches the engine of one node: finds where it is, logs in, and checks that it is that node's.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{NoReach, NodeReach, known_node::WithinReach, registry::OwnNode};
use crate::{
    cluster::{Node, NodeId},
    connect::{
        Connector, Endpoint, NodeAddress, NodeRoute, NodeSettings, SshError, SshPrompts, node_route,
    },
    engine::{Engine, EngineError, NodeInfo},
    session::clock::wall,
    text::brief,
};

/// Logins under way at the same time in this process: sshd refuses bursts.
static LOGINS: Semaphore = Semaphore::const_new(8);

/// A login that sshd refused for too many at once is tried so often.
const TRIES: u32 = 3;

/// The label of the engines of the embedded Swarm: there is nothing behind the addresses of its nodes.
const EMBEDDED: &str = "skep.embedded";

/// Reaches a node, as the manager in use sees it.
pub(super) async fn log_in(
    settings: Arc<NodeSettings>,
    manager: Option<OwnNode>,
    node: NodeId,
    ask: SshPrompts,
) -> Result<WithinReach, NoReach> {
    let Some((manager, own)) = manager else {
        return Err(NoReach::new("no manager is connected", "it is tried again by itself"));
    };
    if node == own {
        let mut engine = manager;
        let info = engine.node_info(wall).await;
        let info = info.map_err(|e| NoReach::new(e.to_string(), "it is tried again by itself"))?;
        let reach = NodeReach::over(engine.way(), false);
        return checked(engine, info, reach, &node, &own_name(&node));
    }
    let known = manager.node(&node).await;
    let known = known.map_err(|error| NoReach {
        gone: matches!(&error, EngineError::NotFound { said } if said.contains(node.as_str())),
        ..NoReach::new(error.to_string(), "is it still in the Swarm?")
    })?;
    if known.engine_labels.iter().any(|(key, _)| &**key == EMBEDDED) {
        let hint = "on a real Swarm it is reached over ssh: 'skep help nodes'";
        return Err(NoReach::new("the embedded Swarm has no machines to log in to", hint));
    }
    let raft = known.manager.as_ref().map(|m| &*m.addr);
    let address = NodeAddress::new(node.as_str(), &known.hostname, raft, &known.addr);
    let route = node_route(&settings, &address, manager.endpoint());
    let route = route.map_err(|why| NoReach::new(why, hint(&settings)))?;
    let _turn = LOGINS.acquire().await;
    let connector = connect(&route, manager.connector(), ask).await;
    let connector = connector.map_err(|error| refused(&settings, &route, &known, &error))?;
    let mut engine = Engine::new(connector);
    let info = engine.node_info(wall).await;
    let info = info.map_err(|e| NoReach::new(e.to_string(), hint(&settings)))?;
    let reach = NodeReach::over(engine.way(), route.jump);
    checked(engine, info, reach, &node, &known.hostname)
}

fn own_name(node: &NodeId) -> String {
    node.short().to_owned()
}

async fn connect(
    route: &NodeRoute,
    manager: &Connector,
    ask: SshPrompts,
) -> Result<Connector, SshError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let through = route.jump.then(|| manager.clone());
        let connector = Connector::to_node(route.endpoint.clone(), through);
        match connector.log_in(ask).await {
            Ok(()) => return Ok(connector),
            Err(error) if error.is_busy() && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes sure that the engine is the node's: addresses are reused, and names may lead elsewhere.
fn checked(
    engine: Engine,
    info: NodeInfo,
    reach: NodeReach,
    node: &NodeId,
    hostname: &str,
) -> Result<WithinReach, NoReach> {
    if info.node.as_ref() == Some(node) {
        return Ok(WithinReach { engine, info, reach });
    }
    let at = engine.endpoint();
    let found = match &info.node {
        None => format!("{} answers, which is in no Swarm", info.hostname),
        Some(other) => format!("another node answers, {} ({})", info.hostname, other.short()),
    };
    let why = format!("{at}: {found}, not {hostname}; it is not used");
    Err(NoReach::new(
        brief(&why),
        "correct the node's address in the config file, or its name's in DNS",
    ))
}

fn refused(settings: &NodeSettings, route: &NodeRoute, node: &Node, error: &SshError) -> NoReach {
    let through = if route.jump { " through the manager" } else { "" };
    let why = format!("{}{through}: {error}", route.endpoint);
    let hint = match &route.endpoint {
        Endpoint::Ssh(_) if error.answerable => {
            "run 'skep nodes --login', which asks at the terminal once for all nodes".to_owned()
        }
        _ if node.is_up() => hint(settings),
        _ => "the Swarm does not reach it either: it is down".to_owned(),
    };
    NoReach { answerable: error.answerable, ..NoReach::new(brief(&why), hint) }
}

fn hint(settings: &NodeSettings) -> String {
    if settings.config.is_set() {
        "check [nodes] in the config file; 'skep help nodes' has every setting".into()
    } else {
        "say how to log in, under [nodes] in the config file: 'skep help nodes'".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_used_only_if_it_says_that_it_is_the_nodes() {
        let answers = |node: Option<&str>| {
            let engine = Engine::new(Connector::new(Endpoint::default_socket()));
            let mut info = NodeInfo::default();
            info.node = node.map(NodeId::from);
            info.hostname = "n4".into();
            checked(engine, info, NodeReach::Local, &NodeId::from("id3"), "n3")
        };
        assert!(answers(Some("id3")).is_ok());
        let no = answers(Some("id4")).unwrap_err();
        assert!(no.why.contains("another node answers, n4 (id4), not n3"), "{}", no.why);
        let no = answers(None).unwrap_err();
        assert!(no.why.contains("n4 answers, which is in no Swarm"), "{}", no.why);
    }
}
