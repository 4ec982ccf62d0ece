//! The gate in front of every request of every client: what may leave at all, under which API version,
//! and how long and how large its answer may be.
//!
//! The HTTP client is private to it, so nothing goes around it; bollard's requests come here too
//! (`lookups.rs`).

mod allow_list;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, upgrade::Upgraded};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use self::allow_list::{Access, allowed};
pub use self::allow_list::{READS, SHELL, WRITES};
pub(super) use self::allow_list::{bare, versionless};
use super::{
    error::{EngineError, Result, refused},
    transport_error::transport_error,
};
use crate::{
    connect::{Connector, Endpoint},
    grant::{ShellGrant, WriteGrant},
    text::brief,
};

/// Requests to an engine so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests sent.
    pub requests: u64,
    /// Response bytes read.
    pub bytes: u64,
}

/// Whether a request asks for a connection that carries bytes both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IsUpgrade {
    Yes,
    No,
}

/// Limits on the size of a body and on the time to wait for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes at most.
    size: u64,
    /// The longest wait for its next byte.
    silence: Duration,
    /// The longest wait for its bytes in all: a body that trickles ends, too. Our own time to read it is
    /// not counted.
    time: Duration,
    /// After this long a body that came more slowly than [`TRICKLE`] is not waited for.
    trickles: Duration,
}

/// The header with the credentials for a registry.
pub(super) const REGISTRY_AUTH: &str = "X-Registry-Auth";

/// A body that comes more slowly than so many bytes a second trickles: it may never end.
const TRICKLE: u64 = 512;

/// The least that a body may fall silent for: packets are lost on a bad link.
const LEAST_SILENCE: Duration = Duration::from_secs(5);

/// Limits for an answer within what is left of a look's time, in whole seconds. A body that goes on coming may take longer.
fn within(left: Duration, deadline: Duration, limits: Limits) -> (Duration, Limits) {
    let left = Duration::from_secs(left.as_secs().max(1));
    let silence = left.max(LEAST_SILENCE);
    let (silence, trickles) = (limits.silence.min(silence), limits.trickles.min(silence));
    (deadline.min(left), Limits { silence, trickles, ..limits })
}

impl Limits {
    /// An answer that is taken whole.
    pub const WHOLE: Self = Self::new(64 << 20, 20, 60);
    /// A list of tasks, read as it comes: a million of 2 KiB each.
    pub const TASKS: Self = Self::new(2 << 30, 20, 300);
    /// Limits for optional lists.
    pub const OPTIONAL: Self = Self::new(64 << 20, 5, 5);
    /// Why a request was refused.
    const REFUSAL: Self = Self::new(1 << 20, 5, 10);
    /// Events and logs: they go on for as long as they are wanted, and may be silent. Their readers limit
    /// how long one line may be.
    pub const STREAM: Self = Self {
        size: u64::MAX,
        silence: Duration::MAX,
        time: Duration::MAX,
        trickles: Duration::MAX,
    };

    const fn new(size: u64, silence: u64, time: u64) -> Self {
        let (silence, time) = (Duration::from_secs(silence), Duration::from_secs(time));
        Self { size, silence, time, trickles: Duration::from_secs(15) }
    }
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// The only way to an engine. Cheap to clone; clones share connections and counters.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    http: Client<Connector, Full<Bytes>>,
    connector: Connector,
    access: Access,
    api: Arc<str>,
    /// When a look that must end stops waiting.
    until: Option<Instant>,
    counters: Arc<Counters>,
}

impl Gate {
    /// A gate that lets only reads out, under API version `api`; nothing is sent yet.
    pub fn new(connector: Connector, api: &str) -> Self {
        let http = Client::builder(TokioExecutor::new())
            // Before a proxy hangs up on it (haproxy's usual keep-alive is 10 s).
            .pool_idle_timeout(Duration::from_secs(8))
            .pool_max_idle_per_host(4)
            .build(connector.clone());
        let counters = Arc::default();
        Self { http, connector, access: Access::ReadOnly, api: api.into(), until: None, counters }
    }

    /// The same, open for what a grant allows.
    pub fn for_writing(&self, _grant: &WriteGrant) -> Self {
        Self { access: Access::ReadWrite, ..self.clone() }
    }

    /// The same, open for a shell.
    pub fn for_shell(&self, _grant: &ShellGrant) -> Self {
        Self { access: Access::Shell, ..self.clone() }
    }

    /// The connector that it uses.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    fn endpoint(&self) -> &Endpoint {
        self.connector.endpoint()
    }

    /// The API version in the paths of requests.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// Lets all requests together wait so long from now.
    pub fn wait_at_most(&mut self, patience: Duration) {
        self.until = Instant::now().checked_add(patience);
    }

    /// Sets the API version, once the engine has told which ones it speaks.
    pub fn set_api(&mut self, api: &str) {
        self.api = api.into();
    }

    /// Requests so far.
    pub fn cost(&self) -> Cost {
        Cost {
            requests: self.counters.requests.load(Ordering::Relaxed),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
        }
    }

    /// Asks before an API version is agreed on, headers within `deadline`.
    pub async fn greet(&self, path: &str, deadline: Duration) -> Result<Answer> {
        self.pass(Method::GET, path, None, deadline, Limits::WHOLE).await
    }

    /// Sends a request under the agreed API version. `path` begins with `/` and names none; the answer's
    /// headers come within `deadline`, its body within `limits`.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        deadline: Duration,
        limits: Limits,
    ) -> Result<Answer> {
        self.pass(method, &format!("/v{}{path}", self.api), body, deadline, limits).await
    }

    /// POST under the agreed API version, with credentials for a registry.
    pub async fn post_with(
        &self,
        path: &str,
        body: Bytes,
        credentials: Option<&str>,
        deadline: Duration,
    ) -> Result<Answer> {
        let path = format!("/v{}{path}", self.api);
        let asked = self.ask(Method::POST, &path, Some(body), deadline, IsUpgrade::No, credentials);
        let (response, what) = asked.await?;
        self.answer(response, what, Limits::WHOLE).checked().await
    }

    /// Asks under the API version that `path` itself begins with, and takes any status as an answer. The
    /// credentials are for a registry.
    pub async fn relay(
        &self,
        path: &str,
        credentials: Option<&str>,
        deadline: Duration,
        limits: Limits,
    ) -> Result<Answer> {
        let asked = self.ask(Method::GET, path, None, deadline, IsUpgrade::No, credentials);
        let (response, what) = asked.await?;
        Ok(self.answer(response, what, limits))
    }

    /// Asks for a connection that carries bytes both ways, and takes it out of the pool.
    pub async fn upgrade(&self, path: &str, body: Bytes, deadline: Duration) -> Result<Upgraded> {
        let path = format!("/v{}{path}", self.api);
        let (response, what) =
            self.ask(Method::POST, &path, Some(body), deadline, IsUpgrade::Yes, None).await?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return hyper::upgrade::on(response).await.map_err(|error| EngineError::Broken {
                endpoint: self.endpoint().to_string(),
                why: error.to_string(),
            });
        }
        let answer = self.answer(response, what, Limits::REFUSAL).checked().await?;
        let said = "it lets no connection through that carries bytes both ways".into();
        Err(EngineError::Elsewhere { endpoint: answer.endpoint, what: answer.what, said })
    }

    async fn pass(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        deadline: Duration,
        limits: Limits,
    ) -> Result<Answer> {
        let (deadline, limits) = match self.until {
            Some(until) => {
                within(until.saturating_duration_since(Instant::now()), deadline, limits)
            }
            None => (deadline, limits),
        };
        let (response, what) = self.ask(method, path, body, deadline, IsUpgrade::No, None).await?;
        self.answer(response, what, limits).checked().await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        deadline: Duration,
        is_upgrade: IsUpgrade,
        credentials: Option<&str>,
    ) -> Result<(Response<Incoming>, String)> {
        if !allowed(self.access, &method, path) {
            return Err(EngineError::ReadOnly { method: method.to_string(), path: path.into() });
        }
        let what = format!("{method} /{}", bare(path));
        let mut request = Request::builder().method(method).uri(format!("http://docker{path}"));
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        if is_upgrade == IsUpgrade::Yes {
            request = request.header("Connection", "Upgrade").header("Upgrade", "tcp");
        }
        if let Some(credentials) = credentials {
            request = request.header(REGISTRY_AUTH, credentials);
        }
        let request = request.body(Full::new(body.unwrap_or_default())).map_err(|e| {
            let said = format!("can't ask for {path}: {e}");
            EngineError::Refusal { what: what.clone(), status: 0, said }
        })?;
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let response = match tokio::time::timeout(deadline, self.http.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(transport_error(&self.connector, &error)),
            Err(_) => {
                return Err(EngineError::Timeout {
                    endpoint: self.endpoint().to_string(),
                    what,
                    after: deadline,
                });
            }
        };
        tracing::trace!(%what, status = %response.status(), ms = begun.elapsed().as_millis(), "answer");
        Ok((response, what))
    }

    fn answer(&self, response: Response<Incoming>, what: String, limits: Limits) -> Answer {
        Answer {
            response,
            what,
            endpoint: self.endpoint().to_string(),
            limits,
            read: 0,
            waited: Duration::ZERO,
            counters: Arc::clone(&self.counters),
        }
    }
}

/// A response whose body is still to come, within its limits.
pub(super) struct Answer {
    response: Response<Incoming>,
    /// The request that it answers: `GET /nodes`.
    what: String,
    endpoint: String,
    limits: Limits,
    read: u64,
    waited: Duration,
    counters: Arc<Counters>,
}

impl Answer {
    /// An error status as the error it stands for.
    async fn checked(mut self) -> Result<Self> {
        let status = self.response.status();
        if status.is_success() {
            return Ok(self);
        }
        self.limits = Limits::REFUSAL;
        let (endpoint, what) = (self.endpoint.clone(), self.what.clone());
        let body = self.whole().await?;
        Err(refused(&endpoint, what, status.as_u16(), &body))
    }

    /// The next piece of the body; `None` at its end. Safe to drop while waiting.
    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        loop {
            let left = self.limits.time.saturating_sub(self.waited);
            if self.trickles() {
                return Err(self.unfinished(self.waited));
            }
            let patience = left.min(self.limits.silence);
            let begun = Instant::now();
            let next = tokio::time::timeout(patience, self.response.body_mut().frame()).await;
            // Not more than it was given: the process may have been stopped meanwhile.
            self.waited = self.waited.saturating_add(begun.elapsed().min(patience));
            let Ok(frame) = next else {
                let is_over = left < self.limits.silence;
                let after = if is_over { self.limits.time } else { self.limits.silence };
                return Err(self.unfinished(after));
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
                    let Ok(data) = frame.into_data() else { continue };
                    self.read += data.len() as u64;
                    self.counters.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                    if self.read > self.limits.size {
                        let most = self.limits.size >> 20;
                        return Err(self.garbage(format!("the answer is larger than {most} MiB")));
                    }
                    return Ok(Some(data));
                }
            }
        }
    }

    /// Whether it comes too slowly ever to end. A stream may.
    fn trickles(&self) -> bool {
        self.waited >= self.limits.trickles && self.read < TRICKLE * self.waited.as_secs()
    }

    fn unfinished(&self, after: Duration) -> EngineError {
        let what = format!("{} (the rest of it)", self.what);
        EngineError::Timeout { endpoint: self.endpoint.clone(), what, after }
    }

    /// The whole body.
    pub async fn whole(mut self) -> Result<Bytes> {
        let mut whole = bytes::BytesMut::new();
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// The status of the response.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A response header, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// Says that it is no engine's.
    pub fn garbage(&self, why: String) -> EngineError {
        let why = format!("{}: {}", self.what, brief(&why));
        EngineError::Garbage { endpoint: self.endpoint.clone(), why }
    }

    /// Says that it has more of something than skep reads.
    pub fn too_large(&self, has: String) -> EngineError {
        EngineError::TooLarge { endpoint: self.endpoint.clone(), what: self.what.clone(), has }
    }
}
