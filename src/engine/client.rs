//! Requests to one engine, each with a deadline and a measured cost.
//!
//! bollard is not used here because it never sends the API version, fails a whole list on one
//! unknown enum value, loses fields on a round trip, and lets a silent stream hang for ever
//! (all measured on 0.21.1).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, body::Incoming};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use super::error::{EngineError, Result, refused};
use crate::{
    connect::{Ask, Connector, Endpoint, SshError, TlsError, tls_trouble},
    grant::WriteGrant,
};

/// The oldest API skep uses: Docker 20.10, the first with service status counts.
pub(super) const API_MIN: &str = "1.41";
/// The newest API skep was tried with.
pub(super) const API_MAX: &str = "1.51";

/// The largest answer taken whole; a list of 100,000 tasks is streamed and does not come here.
const BODY_LIMIT: usize = 64 << 20;
/// How long a body may stay silent.
const BODY_SILENCE: Duration = Duration::from_secs(20);

/// Whether the transport lets writes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Only requests of the allow-list.
    ReadOnly,
    /// Service updates as well.
    ReadWrite,
}

/// What skep has asked of this engine so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests sent.
    pub requests: u64,
    /// Response bytes read.
    pub bytes: u64,
}

/// What one answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// From the request to the headers: the engine builds the whole answer before its first byte, and
    /// reading on costs it little.
    pub time: Duration,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Our own time, to read it.
    pub decoding: Duration,
}

/// A connection to one engine. Cheap to clone; clones share its pool.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) http: Client<Connector, Full<Bytes>>,
    connector: Connector,
    access: Access,
    api: Arc<str>,
    requests: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

/// A response whose body is still to come.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    endpoint: String,
    bytes: Arc<AtomicU64>,
}

impl Engine {
    /// A read-only client over `connector`; nothing is sent yet.
    pub fn new(connector: Connector) -> Self {
        let http = Client::builder(TokioExecutor::new())
            // Before a proxy hangs up on it (haproxy's usual keep-alive is 10 s).
            .pool_idle_timeout(Duration::from_secs(8))
            .pool_max_idle_per_host(4)
            .build(connector.clone());
        Self {
            http,
            connector,
            access: Access::ReadOnly,
            api: API_MIN.into(),
            requests: Arc::default(),
            bytes: Arc::default(),
        }
    }

    /// The same engine, over the same connections, with its transport open for what a grant allows.
    pub fn for_writing(&self, _grant: &WriteGrant) -> Self {
        Self { access: Access::ReadWrite, ..self.clone() }
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        self.connector.endpoint()
    }

    /// Logs in where that is needed, without asking anyone.
    pub(super) async fn log_in(&self) -> Result<()> {
        self.connector.log_in(Ask::Never).await.map_err(|error| EngineError::Ssh {
            endpoint: self.endpoint().to_string(),
            said: error.to_string(),
        })
    }

    /// How it is reached.
    pub fn way(&self) -> &'static str {
        self.connector.way()
    }

    /// The API version in use.
    pub fn api(&self) -> &str {
        &self.api
    }

    pub(super) fn set_api(&mut self, api: &str) {
        self.api = api.into();
    }

    /// What was asked so far.
    pub fn cost(&self) -> Cost {
        Cost {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// GET of `path` (which begins with `/` and names no version), headers within `deadline`.
    pub(super) async fn get(&self, path: &str, deadline: Duration) -> Result<Answer> {
        let path = format!("/v{}{path}", self.api);
        self.send(Method::GET, &path, None, deadline).await
    }

    /// POST of a JSON document; only a read-write engine lets it out.
    pub(super) async fn post(&self, path: &str, body: Bytes, deadline: Duration) -> Result<Bytes> {
        let path = format!("/v{}{path}", self.api);
        self.send(Method::POST, &path, Some(body), deadline).await?.whole().await
    }

    /// DELETE of an object; only a read-write engine lets it out.
    pub(super) async fn delete(&self, path: &str, deadline: Duration) -> Result<()> {
        let path = format!("/v{}{path}", self.api);
        self.send(Method::DELETE, &path, None, deadline).await?.whole().await.map(drop)
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        deadline: Duration,
    ) -> Result<Answer> {
        if !allowed(self.access, &method, path) {
            return Err(EngineError::ReadOnly { method: method.to_string(), path: path.into() });
        }
        let what = format!("{method} /{}", bare(path));
        let mut request = Request::builder().method(method).uri(format!("http://docker{path}"));
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let request = request.body(Full::new(body.unwrap_or_default())).map_err(|e| {
            EngineError::Refusal { status: 0, said: format!("can't ask for {path}: {e}") }
        })?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let response = match tokio::time::timeout(deadline, self.http.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.transport_error(&error)),
            Err(_) => {
                return Err(EngineError::Timeout {
                    endpoint: self.endpoint().to_string(),
                    what,
                    after: deadline,
                });
            }
        };
        tracing::trace!(%what, status = %response.status(), ms = begun.elapsed().as_millis(), "answer");
        let answer = Answer {
            response,
            endpoint: self.endpoint().to_string(),
            bytes: Arc::clone(&self.bytes),
        };
        answer.checked(what).await
    }

    fn transport_error(&self, error: &hyper_util::client::legacy::Error) -> EngineError {
        let endpoint = self.endpoint().to_string();
        let mut io = None;
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut last = error.to_string();
        let mut parse = false;
        let (mut tls, mut ssh) = (None, None);
        while let Some(e) = source {
            if let Some(found) = e.downcast_ref::<std::io::Error>() {
                io = Some(found);
                tls = tls_trouble(found).or(tls);
                let inner = found.get_ref();
                if let Some(inner) = inner.and_then(|e| e.downcast_ref::<TlsError>()) {
                    tls = Some(inner.to_string());
                }
                if let Some(inner) = inner.and_then(|e| e.downcast_ref::<SshError>()) {
                    ssh = Some(inner.to_string());
                }
            }
            if let Some(found) = e.downcast_ref::<hyper::Error>() {
                // A peer that talks before it is asked is no HTTP server; hyper has no name for that.
                let talks_first = found.to_string().contains("unexpected message");
                parse |= found.is_parse() || found.is_parse_too_large() || talks_first;
            }
            last = e.to_string();
            source = e.source();
        }
        if parse {
            return EngineError::Garbage {
                endpoint,
                why: format!("its answer is not HTTP ({last})"),
            };
        }
        // The engine's verdict on a connection may be heard before anything was asked over it.
        let verdict = self.connector.verdict();
        if let Some(said) = tls.or(verdict) {
            return EngineError::Tls { endpoint, said };
        }
        if !error.is_connect() {
            return EngineError::Broken { endpoint, why: last };
        }
        if let Some(said) = ssh {
            return EngineError::Ssh { endpoint, said };
        }
        match io.map(std::io::Error::kind) {
            Some(std::io::ErrorKind::NotFound) => EngineError::NoSocket { endpoint },
            Some(std::io::ErrorKind::PermissionDenied) => EngineError::Permission { endpoint },
            Some(std::io::ErrorKind::ConnectionRefused) => EngineError::Refused { endpoint },
            _ => EngineError::Unreachable { endpoint, why: last },
        }
    }
}

/// A path without its API version and its query.
fn bare(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path);
    let version = path.strip_prefix("/v").filter(|p| p.starts_with(|c: char| c.is_ascii_digit()));
    match version.and_then(|p| p.split_once('/')) {
        Some((_, rest)) => rest,
        None => path.trim_start_matches('/'),
    }
}

/// The (method, path) pairs that may leave. Read-only: GETs that change nothing; never `/secrets`
/// bodies (the engine has none), never exec, never attach. Read-write adds updates of services and
/// nodes, and removing a node.
fn allowed(access: Access, method: &Method, path: &str) -> bool {
    let mut parts = bare(path).split('/');
    let (Some(head), id, tail) = (parts.next(), parts.next(), parts.next()) else { return false };
    if parts.next().is_some() {
        return false;
    }
    match *method {
        Method::GET => match head {
            "_ping" | "version" | "info" | "events" | "swarm" => id.is_none(),
            "nodes" | "networks" | "secrets" | "configs" => tail.is_none(),
            "services" | "tasks" => matches!(tail, None | Some("logs")),
            _ => false,
        },
        Method::POST => {
            access == Access::ReadWrite
                && matches!(head, "services" | "nodes")
                && id.is_some_and(|id| !id.is_empty())
                && tail == Some("update")
        }
        Method::DELETE => {
            access == Access::ReadWrite
                && head == "nodes"
                && id.is_some_and(|id| !id.is_empty())
                && tail.is_none()
        }
        _ => false,
    }
}

// === impl Answer ===

impl Answer {
    /// An error status as the error it stands for.
    async fn checked(self, what: String) -> Result<Self> {
        let status = self.response.status();
        if status.is_success() {
            return Ok(self);
        }
        let endpoint = self.endpoint.clone();
        let body = self.whole().await?;
        Err(refused(&endpoint, what, status.as_u16(), &body))
    }

    /// The next piece of the body; `None` at its end. Waits at most `silence`, for ever if `None`.
    pub(super) async fn piece(&mut self, silence: Option<Duration>) -> Result<Option<Bytes>> {
        loop {
            let next = self.response.body_mut().frame();
            let frame = match silence {
                None => next.await,
                Some(limit) => {
                    tokio::time::timeout(limit, next).await.map_err(|_| EngineError::Timeout {
                        endpoint: self.endpoint.clone(),
                        what: "the rest of an answer".into(),
                        after: limit,
                    })?
                }
            };
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(EngineError::Broken {
                        endpoint: self.endpoint.clone(),
                        why: format!("the answer broke off ({error})"),
                    });
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole body, within limits of size and silence.
    pub(super) async fn whole(mut self) -> Result<Bytes> {
        let mut whole = bytes::BytesMut::new();
        while let Some(piece) = self.piece(Some(BODY_SILENCE)).await? {
            if whole.len() + piece.len() > BODY_LIMIT {
                return Err(EngineError::Garbage {
                    endpoint: self.endpoint.clone(),
                    why: format!("its answer is larger than {} MiB", BODY_LIMIT >> 20),
                });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// A response header, empty when absent.
    pub(super) fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    pub(super) fn garbage(&self, why: String) -> EngineError {
        EngineError::Garbage { endpoint: self.endpoint.clone(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_lets_out_nothing_that_writes() {
        let get = ["/_ping", "/v1.41/info", "/v1.41/tasks?filters=x", "/v1.41/services/a/logs?f=1"];
        for path in get {
            assert!(allowed(Access::ReadOnly, &Method::GET, path), "{path}");
        }
        let update = "/v1.41/services/a/update?version=1";
        assert!(!allowed(Access::ReadOnly, &Method::POST, update));
        assert!(allowed(Access::ReadWrite, &Method::POST, update));
        for path in ["/v1.41/services/create", "/v1.41/swarm/leave", "/v1.41/exec/a/start"] {
            assert!(!allowed(Access::ReadWrite, &Method::POST, path), "{path}");
        }
        for path in ["/v1.41/swarm/unlockkey", "/v1.41/containers/json", "/v1.41/services/a/b/c"] {
            assert!(!allowed(Access::ReadOnly, &Method::GET, path), "{path}");
        }
        assert!(allowed(Access::ReadWrite, &Method::POST, "/v1.41/nodes/a/update?version=1"));
        assert!(allowed(Access::ReadWrite, &Method::DELETE, "/v1.41/nodes/a"));
        assert!(!allowed(Access::ReadOnly, &Method::DELETE, "/v1.41/nodes/a"));
        assert!(!allowed(Access::ReadOnly, &Method::POST, "/v1.41/nodes/a/update"));
        for path in ["/v1.41/services/a", "/v1.41/nodes", "/v1.41/nodes/a/b"] {
            assert!(!allowed(Access::ReadWrite, &Method::DELETE, path), "{path}");
        }
    }
}
