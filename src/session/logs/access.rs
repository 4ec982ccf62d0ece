//! The way to a log: through the manager to a task's, of its node's own engine to a container's.

use crate::{
    engine::{Engine, EngineError, LogRequest, LogStream},
    session::{nodes::NodeEngines, protocol::LogWriterId},
};

/// The engines that logs are read of.
#[derive(Clone, Debug)]
pub(in crate::session) struct LogAccess {
    /// The manager in use.
    pub manager: Engine,
    /// Those of the nodes; none where only tasks are read.
    pub nodes: Option<NodeEngines>,
}

impl LogAccess {
    /// The endpoint of the manager.
    pub fn endpoint(&self) -> String {
        self.manager.endpoint().to_string()
    }

    /// Opens a log.
    pub async fn open(
        &self,
        of: &LogWriterId,
        request: LogRequest,
    ) -> Result<LogStream, EngineError> {
        match (of, &self.nodes) {
            (LogWriterId::Task(task), _) => self.manager.task_logs(task, request).await,
            (LogWriterId::Container(node, container), Some(nodes)) => {
                let engine = nodes.engine(node).await;
                let engine = engine.map_err(|no| EngineError::OutOfReach { said: no.why })?;
                engine.container_logs(container, request).await
            }
            (LogWriterId::Container(..), None) => {
                Err(EngineError::OutOfReach { said: "only logs of tasks are read here".into() })
            }
        }
    }
}
