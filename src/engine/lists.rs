//! Lists: nodes and services whole, tasks piece by piece as their bytes arrive.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    client::{Answer, Engine},
    error::{EngineError, Result},
    pieces::Pieces,
    wire::{Interner, decode_nodes, decode_services, decode_task},
};
use crate::cluster::{Node, Scope, Service, ServiceId, Task};

/// A list without quorum hangs 20 s; after this long, ask `/info` why.
const SUSPICION: Duration = Duration::from_millis(2_000);
/// The headers of a list of 100,000 tasks come after 3.5 s on a small manager.
const DEADLINE: Duration = Duration::from_secs(60);
/// The same for a list that is quick on any Swarm.
const SHORT: Duration = Duration::from_secs(15);
/// How long the rest of a list may stay silent.
const SILENCE: Duration = Duration::from_secs(20);

/// One task is never this large.
const IDLE_LIMIT: usize = 32 << 20;

/// A task list under way.
pub struct TaskList {
    answer: Answer,
    pieces: Pieces,
    interner: Interner,
    /// Bytes since the last task: a list that says nothing for long is no list.
    idle: usize,
    /// From the request to the headers: what it cost the manager.
    pub cost: Duration,
}

impl Engine {
    /// All nodes.
    pub async fn nodes(&self) -> Result<Vec<Node>> {
        let body = self.list("/nodes", SHORT).await?.whole().await?;
        decode_nodes(&body).map_err(|why| self.garbage(why))
    }

    /// All services, with the engine's counts, and what that cost the manager.
    pub async fn services(&self) -> Result<(Vec<Service>, Duration)> {
        let begun = Instant::now();
        let answer = self.list("/services?status=true", SHORT).await?;
        let cost = begun.elapsed();
        let body = answer.whole().await?;
        Ok((decode_services(&body).map_err(|why| self.garbage(why))?, cost))
    }

    /// Begins a task list.
    pub async fn tasks(&self, scope: &Scope) -> Result<TaskList> {
        let path = match scope {
            Scope::All => "/tasks".to_owned(),
            Scope::Services(ids) => {
                let ids: Vec<&str> = ids.iter().map(ServiceId::as_str).collect();
                format!("/tasks?filters={}", encode(&json!({ "service": ids })))
            }
        };
        let begun = Instant::now();
        let answer = self.list(&path, DEADLINE).await?;
        Ok(TaskList {
            answer,
            pieces: Pieces::default(),
            interner: Interner::default(),
            idle: 0,
            cost: begun.elapsed(),
        })
    }

    /// One service's document, byte for byte as the engine wrote it.
    pub async fn service_document(&self, id: &ServiceId) -> Result<Value> {
        let body = self.document("services", id.as_str()).await?;
        serde_json::from_slice(&body).map_err(|e| self.garbage(e.to_string()))
    }

    /// One object's document: `kind` is `services`, `nodes` or `tasks`.
    pub async fn document(&self, kind: &str, id: &str) -> Result<Bytes> {
        self.list(&format!("/{kind}/{}", encode_text(id)), SHORT).await?.whole().await
    }

    /// A GET that turns to `/info` for the reason when the answer is slow to come.
    async fn list(&self, path: &str, deadline: Duration) -> Result<Answer> {
        let list = self.get(path, deadline);
        tokio::pin!(list);
        loop {
            if let Ok(answer) = tokio::time::timeout(SUSPICION, &mut list).await {
                return answer;
            }
            // Asked again and again: a manager takes some seconds to notice that its leader is gone.
            tokio::select! {
                biased;
                answer = &mut list => return answer,
                why = self.ask_why() => why?,
            }
        }
    }

    pub(super) fn garbage(&self, why: String) -> EngineError {
        EngineError::Garbage { endpoint: self.endpoint().to_string(), why }
    }
}

impl TaskList {
    /// The next tasks; `None` once the list is complete.
    ///
    /// # Errors
    /// When it breaks off, is no list, or falls silent: then it is not complete.
    pub async fn next(&mut self) -> Result<Option<Vec<Task>>> {
        let Some(bytes) = self.answer.piece(Some(SILENCE)).await? else {
            return match self.pieces.finish() {
                Ok(()) => Ok(None),
                Err(why) => Err(self.answer.garbage(why)),
            };
        };
        let mut tasks = Vec::new();
        let Self { pieces, interner, .. } = self;
        let fed = pieces.feed(&bytes, |element| match decode_task(element, interner) {
            Ok(task) => tasks.push(task),
            Err(error) => tracing::warn!(error, "a task can't be read"),
        });
        fed.map_err(|why| self.answer.garbage(why))?;
        self.idle = if tasks.is_empty() { self.idle + bytes.len() } else { 0 };
        if self.idle > IDLE_LIMIT {
            return Err(self.answer.garbage("a list does not end".into()));
        }
        Ok(Some(tasks))
    }
}

/// JSON as a query value.
pub(super) fn encode(value: &Value) -> String {
    encode_text(&value.to_string())
}

/// Percent-encodes all but letters, digits and `-._~`.
pub(super) fn encode_text(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
