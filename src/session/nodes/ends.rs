//! Ends of containers, read where their nodes are within reach already: nothing waits for them.

use std::sync::Arc;

use super::NodeEngines;
use crate::{
    cluster::{NodeId, TaskId},
    session::{jobs::caught, outbox::Out, protocol::Event},
};

/// Reads the ends of these tasks' containers, one after the other. A container that is gone, or whose
/// node is not within reach, has none.
pub(in crate::session) fn read_ends(
    engines: &NodeEngines,
    out: &Out,
    tasks: Vec<(TaskId, NodeId, Arc<str>)>,
) {
    let (engines, out) = (engines.clone(), out.clone());
    tokio::spawn(async move {
        for (task, node, container) in tasks {
            let Some(engine) = engines.within_reach(&node).await else { continue };
            let end = caught(node.short(), engine.container_end(&container)).await;
            if let Ok(Ok(end)) = end {
                let Ok(()) = out.send(Event::Ended(task, end)).await else { return };
            }
        }
    });
}
