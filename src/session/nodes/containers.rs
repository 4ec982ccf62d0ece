//! The containers of one node, listed for as long as somebody looks at them.

use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::{NoReach, NodeEngines};
use crate::{
    cluster::{ContainerId, NodeId},
    session::{
        jobs::caught,
        link::backoff::Backoff,
        outbox::Out,
        protocol::{Event, Token},
        watch::budget::{Budget, Pace, Rhythm},
    },
};

/// Between two lists. One that costs its engine much is made less often.
const RHYTHM: Rhythm = Rhythm {
    busy: Duration::from_secs(3),
    calm: Duration::from_secs(3),
    longest: Duration::from_secs(60),
    weight: 1.0,
};
/// The wait after a failure that only an answer at a terminal can mend: sshd counts failures.
const UNANSWERED: Duration = Duration::from_secs(300);
const AGAIN: &str = "it is tried again by itself";

/// The node whose containers are listed.
#[derive(Debug, Default)]
pub(in crate::session) struct ContainerLists {
    running: Option<(NodeId, AbortHandle)>,
}

impl ContainerLists {
    /// Lists the containers of this node, and of no other.
    pub fn set(&mut self, node: Option<NodeId>, engines: &NodeEngines, budget: Budget, out: &Out) {
        if self.running.as_ref().map(|(node, _)| node) == node.as_ref() {
            return;
        }
        self.end();
        self.running = node.map(|node| {
            let lists = list(node.clone(), engines.clone(), budget, out.clone());
            (node, tokio::spawn(lists).abort_handle())
        });
    }

    fn end(&mut self) {
        if let Some((_, running)) = self.running.take() {
            running.abort();
        }
    }
}

impl Drop for ContainerLists {
    fn drop(&mut self) {
        self.end();
    }
}

async fn list(node: NodeId, engines: NodeEngines, budget: Budget, out: Out) {
    let mut pace: Option<Pace> = None;
    let mut backoff = Backoff::default();
    loop {
        let (listed, wait) = match engines.engine(&node).await {
            Err(no) => {
                let wait = if no.answerable { UNANSWERED } else { backoff.wait() };
                (Err(no), wait)
            }
            Ok(engine) => {
                let begun = Instant::now();
                let budget = budget.over(engine.endpoint());
                let pace = pace.get_or_insert_with(|| Pace::new(RHYTHM, budget, begun));
                pace.sent(begun);
                match caught(node.short(), engine.containers()).await.and_then(|read| read) {
                    Ok((listed, price)) => {
                        let now = Instant::now();
                        pace.done(price, now);
                        backoff = Backoff::default();
                        let due = pace.due().unwrap_or(now);
                        (Ok(listed), due.saturating_duration_since(now))
                    }
                    Err(error) => (
                        Err(NoReach::new(error.to_string(), AGAIN)),
                        backoff.wait().max(RHYTHM.busy),
                    ),
                }
            }
        };
        let event = Event::Containers(node.clone(), Box::new(listed));
        let Ok(()) = out.send(event).await else { return };
        tokio::time::sleep(wait).await;
    }
}

/// Reads a container's document to show.
pub(in crate::session) fn document(
    engines: &NodeEngines,
    out: &Out,
    token: Token,
    (node, id): (NodeId, ContainerId),
) {
    let (engines, out) = (engines.clone(), out.clone());
    tokio::spawn(async move {
        let read = async {
            let engine = engines.engine(&node).await.map_err(|no| no.why)?;
            let body = engine.container_document(&id).await.map_err(|e| e.to_string())?;
            serde_json::from_slice(&body).map_err(|e| e.to_string())
        };
        let read = caught(node.short(), read).await.map_err(|e| e.to_string()).and_then(|r| r);
        let _ = out.send(Event::Raw(token, read.map(Box::new))).await;
    });
}
