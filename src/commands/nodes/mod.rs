//! `skep nodes`: every node, how its engine is reached, and what its machine says.

mod text;

use std::{collections::HashSet, io::IsTerminal, time::Duration};

use serde_json::{Value, json};
use tokio::task::JoinSet;

pub use self::text::nodes_text;
use super::{
    fault::{FAILED, Fault, UNKNOWN, fault},
    log_in::log_in,
    output::{complain, print},
    table::json_text,
};
use crate::{
    cluster::{Node, NodeId},
    connect::{Choice, Connector, SshPrompts, Wanted},
    engine::{Engine, Probe},
    session::{NodeEngines, NodeReach, NodeSeen, greet},
};

/// A manager that takes longer to answer is left out.
const PATIENCE: Duration = Duration::from_secs(40);

/// A node as the Swarm lists it, and as it is itself.
pub struct NodeLine {
    /// As the Swarm lists it.
    pub node: Node,
    /// As it is.
    pub seen: NodeSeen,
}

/// Prints the nodes of every Swarm; the exit code tells whether all Swarms could be read.
pub(super) async fn run(choice: Choice, login: bool, json: bool) -> Result<u8, Fault> {
    if login && !std::io::stdin().is_terminal() {
        return Err(fault(FAILED)("--login asks at the terminal, and stdin is none".into()));
    }
    complain(&choice.notices);
    let (mut all, mut missing) = (Vec::new(), Vec::new());
    let mut known = HashSet::new();
    for cluster in choice.clusters {
        for swarm in read(cluster, login).await {
            match swarm {
                Ok((id, lines)) if id.is_empty() || known.insert(id.clone()) => all.push(lines),
                Ok(_) => {}
                Err(why) => missing.push(why),
            }
        }
    }
    if all.is_empty() {
        return Err(fault(UNKNOWN)(missing.join("; ")));
    }
    complain(&missing);
    let text = if json {
        let nodes = all.iter().flatten().map(nodes_json).collect();
        json_text(&json!({ "nodes": Value::Array(nodes) }))
    } else {
        all.iter().map(|lines| nodes_text(lines)).collect::<Vec<_>>().join("\n")
    };
    print(&text)?;
    Ok(if missing.is_empty() { 0 } else { UNKNOWN })
}

/// A Swarm's ID and its nodes.
type SwarmNodes = (String, Vec<NodeLine>);

/// The nodes of each Swarm that these managers are of, through the first that answers.
async fn read(cluster: Wanted, login: bool) -> Vec<Result<SwarmNodes, String>> {
    let managers: Vec<_> = cluster.endpoints.iter().cloned().map(Connector::new).collect();
    if login {
        log_in(managers.iter()).await;
    }
    let mut greeted = JoinSet::new();
    for manager in managers {
        greeted.spawn(async move {
            let endpoint = manager.endpoint().to_string();
            let greeting = tokio::time::timeout(PATIENCE, greet(manager)).await;
            greeting.map_or_else(
                |_| Err(format!("{endpoint}: no answer")),
                |g| g.map_err(|e| e.to_string()),
            )
        });
    }
    let (mut swarms, mut failed) = (Vec::new(), Vec::new());
    let mut known = HashSet::new();
    while let Some(Ok(greeting)) = greeted.join_next().await {
        match greeting {
            Ok((engine, probe)) if known.insert(probe.info.id.clone()) => {
                swarms.push(nodes_of(&cluster, engine, probe, login).await);
                if !cluster.mixed {
                    break;
                }
            }
            Ok(_) => {}
            Err(why) => failed.push(why),
        }
    }
    if swarms.is_empty() || cluster.mixed && swarms.len() > 1 {
        swarms.extend(failed.into_iter().map(Err));
    }
    swarms
}

async fn nodes_of(
    cluster: &Wanted,
    engine: Engine,
    probe: Probe,
    login: bool,
) -> Result<SwarmNodes, String> {
    let (mut listed, _) = engine.nodes().await.map_err(|e| e.to_string())?;
    listed.items.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    let (engines, _) = NodeEngines::start(cluster.nodes.clone());
    engines.use_manager(engine, NodeId::from(&*probe.info.manager_id));
    if login {
        ask_all(&engines, &listed).await;
    }
    let look = |node: Node| {
        let engines = engines.clone();
        async move {
            let seen = engines.look(&node.id).await;
            NodeLine { node, seen }
        }
    };
    let lines = futures_util::future::join_all(listed.items.into_iter().map(look)).await;
    Ok((probe.info.id.to_string(), lines))
}

/// Logs in to all nodes: at once where nothing is asked, then one after the other.
async fn ask_all(engines: &NodeEngines, nodes: &[Node]) {
    let tries = nodes.iter().map(|node| async move {
        let tried = engines.engine(&node.id).await;
        tried.is_err_and(|no| no.answerable).then_some(node)
    });
    for node in futures_util::future::join_all(tries).await.into_iter().flatten() {
        complain(&[format!("{}: logging in", node.hostname)]);
        // Why it failed is told by the table.
        let _ = engines.engine_asking(&node.id, SshPrompts::Terminal).await;
    }
}

/// A node as JSON. What is unknown is null. The contract: fields may be added, never renamed.
pub fn nodes_json(line: &NodeLine) -> Value {
    let (node, reach) = (&line.node, &line.seen.reach);
    let machine = line.seen.machine.as_deref().cloned().unwrap_or_default();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (why, hint) = match reach {
        NodeReach::None { why, hint } => (Some(why.clone()), Some(hint)),
        _ => (machine.unread.as_ref().map(ToString::to_string), None),
    };
    json!({
        "id": node.id.as_str(),
        "hostname": &*node.hostname,
        "reach": reach.word(),
        "why": why,
        "hint": hint,
        "engine": machine.engine.as_deref().map(str::to_owned).or_else(|| text(&node.engine)),
        "kernel": machine.kernel,
        "os": machine.os,
        "arch": machine.arch.as_deref().map(str::to_owned).or_else(|| text(&node.arch)),
        "cgroup": machine.cgroup,
        "storage": machine.storage,
        "load1": machine.load.map(|load| load[0]),
        "mem_total": machine.memory.or(Some(node.memory).filter(|n| *n > 0)),
        "mem_available": machine.available,
        "disk_total": machine.disk.map(|disk| disk.total),
        "disk_free": machine.disk.map(|disk| disk.free),
        "uptime_s": machine.uptime.map(|time| time.as_secs()),
    })
}
