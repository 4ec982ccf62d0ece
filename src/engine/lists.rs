//! Lists: nodes and services whole, tasks piece by piece as their bytes arrive.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    client::{Engine, Price},
    error::{EngineError, Result},
    gate::{Answer, Limits, bare},
    json_array::Gaps,
    parallel_lists::ParallelLists,
    wire::{Listed, ServiceReader, decode_configs, decode_networks, decode_nodes, decode_secrets},
};
use crate::{
    cluster::{Config, Network, Node, Scope, Secret, Service, ServiceId, Task},
    text::brief,
};

/// The engine's message when there is no leader.
const NO_LEADER: &str = "does not have a leader";

/// A list without quorum hangs 20 s; after this long, ask `/info` why.
const SUSPICION: Duration = Duration::from_millis(2_000);
/// The headers of a list of 100,000 tasks come after 3.5 s on a small manager.
const ALL_TASKS: Duration = Duration::from_secs(60);
/// The same for the tasks of some services, and for one look at all: not before the link itself would be
/// given up.
pub const SOME_TASKS: Duration = Duration::from_secs(20);
/// The same for a list that is quick on any Swarm.
const SHORT: Duration = Duration::from_secs(15);

/// The same for lists without which the rest is read all the same.
const OPTIONAL: Duration = Duration::from_secs(5);

/// Pieces that arrive within this time are read together, up to this size.
const AT_ONCE: Duration = Duration::from_millis(2);
const ENOUGH: usize = 1 << 20;

/// More tasks than any Swarm has in one list, and more bytes of their texts than are kept: such a list
/// does not end.
const MOST_TASKS: u64 = 1_000_000;
const MOST_TEXT: usize = 256 << 20;

/// One task is never this large.
const IDLE_LIMIT: usize = 32 << 20;

/// A task list under way.
pub struct TaskList {
    answer: Answer,
    readers: ParallelLists,
    /// Bytes since the last task: a list that says nothing for long is no list.
    idle: usize,
    /// Tasks that were read.
    read: u64,
    price: Price,
}

impl Engine {
    /// All nodes, and the cost to the manager.
    pub async fn nodes(&self) -> Result<(Listed<Node>, Price)> {
        let begun = Instant::now();
        let answer = self.list("/nodes", SHORT, Limits::WHOLE).await?;
        let time = begun.elapsed();
        let body = answer.whole().await?;
        let begun = Instant::now();
        let nodes = decode_nodes(&body).map_err(|why| self.garbage("/nodes", &why))?;
        Ok((nodes, Price { time, bytes: body.len() as u64, decoding: begun.elapsed() }))
    }

    /// All services, and what that cost the manager. Counting their tasks is what is dear: half a
    /// second for 100,000, where the services alone take a millisecond.
    pub async fn services(
        &self,
        reader: &mut ServiceReader,
        counted: bool,
    ) -> Result<(Listed<Arc<Service>>, Price)> {
        let begun = Instant::now();
        let path = if counted { "/services?status=true" } else { "/services" };
        let answer = self.list(path, SHORT, Limits::WHOLE).await?;
        let time = begun.elapsed();
        let body = answer.whole().await?;
        let begun = Instant::now();
        let services = reader.read(&body).map_err(|why| self.garbage("/services", &why))?;
        Ok((services, Price { time, bytes: body.len() as u64, decoding: begun.elapsed() }))
    }

    /// All networks of the Swarm, and the cost to the manager.
    pub async fn networks(&self) -> Result<(Listed<Network>, Price)> {
        let query = format!("?filters={}", encode(&json!({ "scope": ["swarm"] })));
        self.objects("/networks", &query, decode_networks).await
    }

    /// All secrets, which come without their contents.
    pub async fn secrets(&self) -> Result<(Listed<Secret>, Price)> {
        self.objects("/secrets", "", decode_secrets).await
    }

    /// All configs; the engine adds their contents, which are not kept.
    pub async fn configs(&self) -> Result<(Listed<Config>, Price)> {
        self.objects("/configs", "", decode_configs).await
    }

    async fn objects<T>(
        &self,
        path: &str,
        query: &str,
        read: fn(&[u8]) -> std::result::Result<Listed<T>, String>,
    ) -> Result<(Listed<T>, Price)> {
        let begun = Instant::now();
        let answer = self.get(&format!("{path}{query}"), OPTIONAL, Limits::OPTIONAL).await?;
        let time = begun.elapsed();
        let body = answer.whole().await?;
        let begun = Instant::now();
        let all = read(&body).map_err(|why| self.garbage(path, &why))?;
        Ok((all, Price { time, bytes: body.len() as u64, decoding: begun.elapsed() }))
    }

    /// Begins a task list.
    pub async fn tasks(&self, scope: &Scope) -> Result<TaskList> {
        self.tasks_within(scope, Duration::MAX).await
    }

    /// As [`Engine::tasks`]: all tasks of a large Swarm take long, and not everybody can wait for them.
    pub async fn tasks_within(&self, scope: &Scope, at_most: Duration) -> Result<TaskList> {
        let mut deadline = SOME_TASKS;
        let path = match scope {
            Scope::All => {
                deadline = ALL_TASKS;
                "/tasks".to_owned()
            }
            Scope::Services(ids) => {
                let ids: Vec<&str> = ids.iter().map(ServiceId::as_str).collect();
                format!("/tasks?filters={}", encode(&json!({ "service": ids })))
            }
        };
        let begun = Instant::now();
        let answer = self.list(&path, deadline.min(at_most), Limits::TASKS).await?;
        Ok(TaskList {
            answer,
            readers: ParallelLists::default(),
            idle: 0,
            read: 0,
            price: Price { time: begun.elapsed(), ..Price::default() },
        })
    }

    /// One object's document, with all that skep does not know.
    pub async fn document_of(&self, kind: &str, id: &str) -> Result<Value> {
        let body = self.document(kind, id).await?;
        let path = format!("/{kind}/{}", encode_text(id));
        serde_json::from_slice(&body).map_err(|e| self.garbage(&path, &e.to_string()))
    }

    /// Documents of all objects of a kind that have this label.
    ///
    /// # Errors
    /// Why they can't be read.
    pub async fn labelled(&self, kind: &str, label: &str) -> Result<Vec<Value>> {
        let path = format!("/{kind}?filters={}", encode(&json!({ "label": [label] })));
        let body = self.list(&path, SHORT, Limits::WHOLE).await?.whole().await?;
        serde_json::from_slice(&body).map_err(|e| self.garbage(&format!("/{kind}"), &e.to_string()))
    }

    /// One object's document: `kind` is its path, as `services`.
    pub async fn document(&self, kind: &str, id: &str) -> Result<Bytes> {
        let path = format!("/{kind}/{}", encode_text(id));
        self.list(&path, SHORT, Limits::WHOLE).await?.whole().await
    }

    /// A GET that turns to `/info` for the reason when the answer is slow to come.
    async fn list(&self, path: &str, deadline: Duration, limits: Limits) -> Result<Answer> {
        let list = self.get(path, deadline, limits);
        tokio::pin!(list);
        loop {
            if let Ok(answer) = tokio::time::timeout(SUSPICION, &mut list).await {
                return self.confirmed(path, answer).await;
            }
            // Asked again and again: a manager takes some seconds to notice that its leader is gone.
            let why = self.ask_why();
            tokio::pin!(why);
            tokio::select! {
                biased;
                answer = &mut list => {
                    if answer.as_ref().is_err_and(EngineError::is_timeout) {
                        why.await?;
                    }
                    return self.confirmed(path, answer).await;
                }
                why = &mut why => why?,
            }
        }
    }

    /// A list that was not to be had for its context's deadline says nothing of the leader by itself:
    /// `/info` tells whether there is none, and which managers are left.
    async fn confirmed(&self, path: &str, answer: Result<Answer>) -> Result<Answer> {
        match answer {
            Err(EngineError::NoQuorum { said, told: None, .. }) if !said.contains(NO_LEADER) => {
                self.ask_why().await?;
                let what = format!("GET /{}", bare(path));
                Err(EngineError::Refusal { what, status: 500, said })
            }
            answer => answer,
        }
    }

    /// Says that the answer to a GET of `path` is no engine's.
    pub(super) fn garbage(&self, path: &str, why: &str) -> EngineError {
        let why = format!("GET {path}: {}", brief(why));
        EngineError::Garbage { endpoint: self.endpoint().to_string(), why }
    }
}

impl TaskList {
    /// Its cost so far.
    pub fn price(&self) -> Price {
        self.price
    }

    /// Elements that could not be read so far.
    pub fn gaps(&self) -> &Gaps {
        self.readers.gaps()
    }

    /// Number of tasks read so far.
    pub fn count(&self) -> u64 {
        self.read
    }

    /// The next tasks; `None` once the list is complete. What is dropped while it waits is lost.
    ///
    /// # Errors
    /// When it breaks off, is no list, falls silent or is too large: then it is not complete.
    pub async fn next(&mut self) -> Result<Option<Vec<Task>>> {
        let pieces = self.pieces().await?;
        if pieces.is_empty() {
            return match self.readers.finish() {
                Ok(()) => Ok(None),
                Err(why) => Err(self.answer.garbage(why)),
            };
        }
        let bytes: usize = pieces.iter().map(Bytes::len).sum();
        let unread = self.gaps().count;
        let tasks = self.readers.feed(pieces).await.map_err(|why| self.answer.garbage(why))?;
        self.price.decoding = self.readers.took;
        self.price.bytes += bytes as u64;
        self.read += tasks.len() as u64;
        if self.read + self.gaps().count > MOST_TASKS {
            return Err(self.answer.too_large(format!("more than {MOST_TASKS} tasks")));
        }
        if self.readers.text_bytes() > MOST_TEXT {
            let most = MOST_TEXT >> 20;
            return Err(self.answer.too_large(format!("more than {most} MiB of texts")));
        }
        let is_idle = tasks.is_empty() && self.gaps().count == unread;
        self.idle = if is_idle { self.idle + bytes } else { 0 };
        if self.idle > IDLE_LIMIT {
            return Err(self.answer.garbage("a list does not end".into()));
        }
        Ok(Some(tasks))
    }

    /// The next chunk; none at the end.
    async fn pieces(&mut self) -> Result<Vec<Bytes>> {
        let mut pieces = Vec::new();
        let mut bytes = 0;
        let Some(first) = self.answer.piece().await? else { return Ok(pieces) };
        let until = tokio::time::Instant::now() + AT_ONCE;
        let mut next = Some(first);
        while let Some(piece) = next {
            bytes += piece.len();
            pieces.push(piece);
            if bytes >= ENOUGH {
                break;
            }
            next = match tokio::time::timeout_at(until, self.answer.piece()).await {
                Ok(piece) => piece?,
                Err(_) => None,
            };
        }
        Ok(pieces)
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
