//! A connection to one engine: its requests, all through the [`Gate`].
//!
//! bollard is not used here because it never sends the API version, fails a whole list on one
//! unknown enum value, loses fields on a round trip, and lets a silent stream hang for ever
//! (all measured on 0.21.1).

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::{
    error::{EngineError, Result},
    gate::{Answer, Cost, Gate, Limits},
};
use crate::{
    connect::{Connector, Endpoint, SshPrompts, Way},
    grant::{ShellGrant, WriteGrant},
};

/// The oldest API skep uses: Docker 20.10, the first with service status counts.
pub(super) const API_MIN: &str = "1.41";
/// The newest API skep was tried with.
pub(super) const API_MAX: &str = "1.51";

/// Cost of one answer.
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
    pub(super) gate: Gate,
}

impl Engine {
    /// A read-only client over `connector`; nothing is sent yet.
    pub fn new(connector: Connector) -> Self {
        Self { gate: Gate::new(connector, API_MIN) }
    }

    /// The same engine, over the same connections, with its gate open for what a grant allows.
    pub fn for_writing(&self, grant: &WriteGrant) -> Self {
        Self { gate: self.gate.for_writing(grant) }
    }

    /// The same engine, over the same connections, with its gate open for a shell.
    pub fn for_shell(&self, grant: &ShellGrant) -> Self {
        Self { gate: self.gate.for_shell(grant) }
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        self.gate.connector().endpoint()
    }

    /// Its connector: clones share its connections.
    pub fn connector(&self) -> &Connector {
        self.gate.connector()
    }

    /// Logs in where that is needed, without asking anyone.
    pub(super) async fn log_in(&self) -> Result<()> {
        self.gate.connector().log_in(SshPrompts::Never).await.map_err(|error| EngineError::Ssh {
            endpoint: self.endpoint().to_string(),
            said: error.to_string(),
        })
    }

    /// The transport.
    pub fn way(&self) -> Way {
        self.gate.connector().way()
    }

    /// The API version in use.
    pub fn api(&self) -> &str {
        self.gate.api()
    }

    /// Requests so far.
    pub fn cost(&self) -> Cost {
        self.gate.cost()
    }

    /// GET of `path`, which begins with `/` and names no version.
    pub(super) async fn get(
        &self,
        path: &str,
        deadline: Duration,
        limits: Limits,
    ) -> Result<Answer> {
        self.gate.send(Method::GET, path, None, deadline, limits).await
    }

    /// POST of a JSON document; only with a grant it is let out.
    pub(super) async fn post(&self, path: &str, body: Bytes, deadline: Duration) -> Result<Bytes> {
        let sent = self.gate.send(Method::POST, path, Some(body), deadline, Limits::WHOLE);
        sent.await?.whole().await
    }

    /// [`Engine::post`] with credentials for a registry.
    pub(super) async fn post_with(
        &self,
        path: &str,
        body: Bytes,
        credentials: Option<&str>,
        deadline: Duration,
    ) -> Result<Bytes> {
        self.gate.post_with(path, body, credentials, deadline).await?.whole().await
    }

    /// DELETE of an object; only with a grant it is let out.
    pub(super) async fn delete(&self, path: &str, deadline: Duration) -> Result<()> {
        let sent = self.gate.send(Method::DELETE, path, None, deadline, Limits::WHOLE);
        sent.await?.whole().await.map(drop)
    }
}
