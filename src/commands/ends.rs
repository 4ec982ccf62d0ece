//! Ends of the containers of failed tasks, read from their own nodes for a look that ends.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::Taken;
use crate::{
    cluster::{ContainerEnd, Delta, NodeId, TaskId},
    connect::{Connector, Wanted},
    session::{NodeEngines, greet},
    triage::Thresholds,
};

/// Time for all nodes together. What is not known by then is told as the Swarm tells it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Tasks of one node that are asked for.
const MOST: usize = 16;

/// A task and its container.
type FailedTask = (TaskId, Arc<str>);

/// Reads how the containers of failed tasks ended that problems name: on the manager's own node, and on
/// others where the config says how they are reached. Then the problems are told anew.
pub(super) async fn add_ends(taken: &mut Taken, cluster: &Wanted, thresholds: &Thresholds) {
    let Some(endpoint) = taken.reached.clone() else { return };
    let own = NodeId::from(&*taken.store.info().manager_id);
    let mut wanted = failed(taken);
    wanted.retain(|node, _| *node == own || cluster.nodes.config.is_set());
    if wanted.is_empty() {
        return;
    }
    let mut ends = Vec::new();
    let reading = async {
        let Ok((engine, _)) = greet(Connector::new(endpoint)).await else { return };
        let (nodes, _) = NodeEngines::start(cluster.nodes.clone());
        nodes.use_manager(engine, own);
        let reads = wanted.into_iter().map(|(node, tasks)| read(&nodes, node, tasks));
        let mut reads: FuturesUnordered<_> = reads.collect();
        while let Some(read) = reads.next().await {
            ends.extend(read);
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
    if ends.is_empty() {
        return;
    }
    for (task, end) in ends {
        taken.store.apply(Delta::Ended(task, end), taken.at);
    }
    taken.problems = crate::triage::problems(&taken.store, taken.at, thresholds);
}

/// Failed tasks that problems name, by their nodes.
fn failed(taken: &Taken) -> BTreeMap<NodeId, Vec<FailedTask>> {
    let mut failed: BTreeMap<NodeId, Vec<FailedTask>> = BTreeMap::new();
    let all = taken.problems.iter().flat_map(|p| std::iter::once(p).chain(&p.folded));
    let named = all.flat_map(|p| &p.evidence).filter_map(|e| taken.store.task(e.task.as_ref()?));
    for task in named.filter(|task| task.state.is_failure()) {
        let (Some(node), Some(container)) = (&task.node, &task.container) else { continue };
        let tasks = failed.entry(node.clone()).or_default();
        if tasks.len() < MOST && tasks.iter().all(|(id, _)| *id != task.id) {
            tasks.push((task.id.clone(), Arc::clone(container)));
        }
    }
    failed
}

async fn read(
    nodes: &NodeEngines,
    node: NodeId,
    tasks: Vec<FailedTask>,
) -> Vec<(TaskId, ContainerEnd)> {
    let Ok(engine) = nodes.engine(&node).await else { return Vec::new() };
    let mut ends = Vec::new();
    for (task, container) in tasks {
        // A container that is gone has none.
        ends.extend(engine.container_end(&container).await.ok().map(|end| (task, end)));
    }
    ends
}
