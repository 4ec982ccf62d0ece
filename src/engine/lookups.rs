//! The typed, rare calls: bollard, over the same gate as all others.
//!
//! bollard takes no answer but hyper's own, and reads it without a limit. So the gate reads it first,
//! within limits, and hands it on over a pipe in memory.

use std::{collections::HashMap, pin::Pin, time::Duration};

use bollard::{
    BollardRequest, ClientVersion, Docker,
    query_parameters::{ListConfigsOptions, ListNetworksOptions, ListSecretsOptions},
};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Method, Request, Response, body::Incoming, client::conn::http1, http::request::Parts};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    client::Engine,
    error::{EngineError, Result},
    gate::{Gate, Limits, versionless},
};
use crate::cluster::{Delta, Network, Part};

/// Time limit for the headers of these optional lists.
const DEADLINE: Duration = Duration::from_secs(5);

/// Lists that are read this way.
const PARTS: [Part; 3] = [Part::Networks, Part::Secrets, Part::Configs];

/// A secret or a config, without its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// When it was made, as the engine writes it.
    pub created: String,
}

/// Names of what a service may refer to, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Overlay networks.
    pub networks: Vec<Network>,
    /// Secrets; only their names are ever read.
    pub secrets: HashMap<String, Named>,
    /// Configs; only their names are kept.
    pub configs: HashMap<String, Named>,
    /// Lists that could not be read, with the reason.
    pub unread: Vec<(Part, String)>,
}

impl Names {
    /// None yet: all are still to be read.
    pub fn awaited() -> Self {
        let unread = PARTS.map(|part| (part, awaited(part)));
        Self { unread: unread.into(), ..Self::default() }
    }

    /// Deltas for the model: networks, and for each list whether it is known.
    pub fn deltas(&mut self) -> Vec<Delta> {
        let mut deltas = vec![Delta::Networks(std::mem::take(&mut self.networks))];
        let read = PARTS.into_iter().filter(|part| self.unread.iter().all(|(p, _)| p != part));
        deltas.extend(read.map(Delta::Read));
        deltas.extend(self.unread.iter().map(|(part, why)| Delta::Unread(*part, (&**why).into())));
        deltas
    }

    /// Result of reading a part: the list, or the reason why not. One that is refused, fails, or is too
    /// large or too slow is no reason to give the others up.
    fn take<T>(&mut self, part: Part, list: Result<Vec<T>>) -> Result<Vec<T>> {
        self.unread.retain(|(known, _)| *known != part);
        list.or_else(|error| {
            self.unread.push((part, error.brief()));
            let only_this = !error.is_connection()
                || matches!(error, EngineError::Garbage { .. } | EngineError::Timeout { .. });
            if only_this { Ok(Vec::new()) } else { Err(error) }
        })
    }

    /// Gives up those that were not read yet, for this reason.
    fn give_up(&mut self, why: &EngineError) {
        for (_, said) in self.unread.iter_mut().filter(|(part, said)| *said == awaited(*part)) {
            *said = why.brief();
        }
    }
}

fn awaited(part: Part) -> String {
    format!("GET /{} was not answered in time", part.word())
}

impl Engine {
    /// Reads networks, secrets and configs of the Swarm by name into `names`, one list after the other.
    /// What can't be read is noted there. May be dropped at any time: what was read stays.
    ///
    /// # Errors
    /// The connection is at fault.
    pub async fn names(&self, names: &mut Names) -> Result<()> {
        self.read_names(names).await.inspect_err(|error| names.give_up(error))
    }

    async fn read_names(&self, names: &mut Names) -> Result<()> {
        let docker = self.bollard()?;
        let networks = docker.list_networks(None::<ListNetworksOptions>).await;
        for network in names.take(Part::Networks, self.heard(Part::Networks, networks))? {
            if network.scope.as_deref() == Some("swarm")
                && let (Some(id), Some(name)) = (network.id, network.name)
            {
                let subnets = network.ipam.and_then(|i| i.config).unwrap_or_default();
                let subnets = subnets.into_iter().filter_map(|c| c.subnet);
                names.networks.push(Network {
                    id: id.into(),
                    name: name.into(),
                    subnets: subnets.map(Into::into).collect(),
                });
            }
        }
        let secrets = docker.list_secrets(None::<ListSecretsOptions>).await;
        for secret in names.take(Part::Secrets, self.heard(Part::Secrets, secrets))? {
            if let (Some(id), Some(name)) = (secret.id, secret.spec.and_then(|s| s.name)) {
                let created = secret.created_at.map_or(String::new(), |at| at.to_string());
                names.secrets.insert(id, Named { name, created });
            }
        }
        let configs = docker.list_configs(None::<ListConfigsOptions>).await;
        for config in names.take(Part::Configs, self.heard(Part::Configs, configs))? {
            if let (Some(id), Some(name)) = (config.id, config.spec.and_then(|s| s.name)) {
                let created = config.created_at.map_or(String::new(), |at| at.to_string());
                names.configs.insert(id, Named { name, created });
            }
        }
        Ok(())
    }

    /// Converts an error of bollard: the gate's own, or that it can't read the list.
    fn heard<T>(
        &self,
        part: Part,
        list: std::result::Result<T, bollard::errors::Error>,
    ) -> Result<T> {
        list.map_err(|error| {
            if let bollard::errors::Error::IOError { err } = &error
                && let Some(ours) = err.get_ref().and_then(|e| e.downcast_ref::<EngineError>())
            {
                return ours.clone();
            }
            self.garbage(&format!("/{}", part.word()), &error.to_string())
        })
    }

    /// bollard over the gate.
    fn bollard(&self) -> Result<Docker> {
        let gate = self.gate.clone();
        let transport = move |request: BollardRequest| {
            let gate = gate.clone();
            let (parts, _) = request.into_parts();
            Box::pin(async move { through(&gate, &parts).await.map_err(io_error) })
                as Pin<Box<dyn Future<Output = _> + Send>>
        };
        let version = ClientVersion { major_version: 1, minor_version: 41 };
        // The gate's limits hold; bollard's own is never reached.
        let patience = Duration::from_secs(60).as_secs();
        Docker::connect_with_custom_transport(transport, Some("http://docker"), patience, &version)
            .map_err(|e| EngineError::Internal {
                endpoint: self.endpoint().to_string(),
                why: e.to_string(),
            })
    }
}

fn io_error(error: EngineError) -> bollard::errors::Error {
    bollard::errors::Error::IOError { err: std::io::Error::other(error) }
}

/// A request of bollard's, which carries no body: only reads are asked of it. It never sends the API
/// version it was told; the gate does.
async fn through(gate: &Gate, request: &Parts) -> Result<Response<Incoming>> {
    let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = versionless(path);
    if request.method != Method::GET {
        let method = request.method.to_string();
        return Err(EngineError::ReadOnly { method, path: path.into() });
    }
    let answer = gate.send(Method::GET, path, None, DEADLINE, Limits::OPTIONAL).await?;
    let body = answer.whole().await?;
    handed_on(body).await.map_err(|error| EngineError::Internal {
        endpoint: gate.connector().endpoint().to_string(),
        why: error.to_string(),
    })
}

/// A body as an answer of hyper's, over a pipe in memory.
async fn handed_on(body: Bytes) -> std::result::Result<Response<Incoming>, hyper::Error> {
    let (here, mut there) = tokio::io::duplex(64 << 10);
    let (mut sender, connection) = http1::handshake(TokioIo::new(here)).await?;
    tokio::spawn(connection);
    tokio::spawn(async move {
        // The request comes in one piece: it is small.
        let _ = there.read(&mut [0; 1024]).await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = there.write_all(head.as_bytes()).await;
        let _ = there.write_all(&body).await;
    });
    sender.send_request(Request::new(Empty::<Bytes>::new())).await
}
