//! The way of a session's events to the screen.

use tokio::sync::mpsc;

use super::protocol::{Event, SessionEvent};
use crate::grant::ClusterNo;

/// One cluster's way out.
#[derive(Clone, Debug)]
pub(super) struct Out {
    no: ClusterNo,
    told: mpsc::Sender<SessionEvent>,
}

/// The UI is gone.
#[derive(Debug)]
pub(super) struct Gone;

impl Out {
    /// The way out of cluster `no`.
    pub fn new(no: ClusterNo, told: mpsc::Sender<SessionEvent>) -> Self {
        Self { no, told }
    }

    /// A way out of its own, for a session without a screen.
    pub fn alone(room: usize) -> (Self, mpsc::Receiver<SessionEvent>) {
        let (told, heard) = mpsc::channel(room);
        (Self { no: ClusterNo(0), told }, heard)
    }

    /// Sends an event to the screen; waits while too many are queued.
    pub async fn send(&self, event: Event) -> Result<(), Gone> {
        self.told.send(SessionEvent::Cluster(self.no, event)).await.map_err(|_| Gone)
    }

    /// Messages of all clusters that are still queued.
    pub fn queued(&self) -> usize {
        self.told.max_capacity() - self.told.capacity()
    }

    /// The number of the cluster.
    pub fn no(&self) -> ClusterNo {
        self.no
    }

    /// This cluster, which had no managers, has some.
    pub async fn opened(&self, endpoint: String) {
        let _ = self.told.send(SessionEvent::Opened { no: self.no, endpoint }).await;
    }

    /// This cluster was merged into another.
    pub async fn merged(&self, into: ClusterNo, read_only: bool) {
        let _ = self.told.send(SessionEvent::Merged { gone: self.no, into, read_only }).await;
    }
}
