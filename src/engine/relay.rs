//! Reads of a Docker client, handed on to the engine as they are.

use std::time::Duration;

use bytes::Bytes;

use super::{
    client::Engine,
    error::Result,
    gate::{Limits, REGISTRY_AUTH},
};

/// Time limit for the headers: a registry that does not answer is given up by the engine before.
const DEADLINE: Duration = Duration::from_secs(45);

/// Headers that a Docker client reads.
const HEADERS: [&str; 7] = [
    "Content-Type",
    "Api-Version",
    "Docker-Experimental",
    "Ostype",
    "Server",
    "Swarm",
    "Builder-Version",
];

/// An answer to be handed on, refusals included.
#[derive(Clone, Debug)]
pub struct Relayed {
    /// Its status.
    pub status: u16,
    /// Those of its headers that a client reads.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Bytes,
}

impl Engine {
    /// Name of the header with the credentials for a registry.
    pub const REGISTRY_AUTH: &'static str = REGISTRY_AUTH;

    /// GET of `path`, which begins with the version that the client chose. The credentials are those it
    /// sent for a registry.
    ///
    /// # Errors
    /// Why there is no answer, or that the gate lets nothing of the kind out.
    pub async fn relay(&self, path: &str, credentials: Option<&str>) -> Result<Relayed> {
        let answer = self.gate.relay(path, credentials, DEADLINE, Limits::WHOLE).await?;
        let status = answer.status();
        let said = HEADERS.into_iter().map(|name| (name, answer.header(name).to_owned()));
        let headers = said.filter(|(_, value)| !value.is_empty()).collect();
        Ok(Relayed { status, headers, body: answer.whole().await? })
    }
}
