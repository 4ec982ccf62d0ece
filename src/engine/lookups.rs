//! The typed, rare calls: bollard, over the same gate as all others.
//!
//! bollard takes no answer but hyper's own, and reads it without a limit. So the gate reads it first,
//! within limits, and hands it on over a pipe in memory.

use std::{
    collections::{BTreeMap, HashMap},
    pin::Pin,
    time::Duration,
};

use bollard::{BollardRequest, ClientVersion, Docker};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Method, Request, Response, body::Incoming, client::conn::http1, http::request::Parts};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    client::Engine,
    error::{EngineError, Result},
    gate::{Gate, Limits, versionless},
    lists::encode_text,
};
use crate::cluster::{Network, NetworkId, Timestamp};

/// Time limit for the headers of what is optional.
const DEADLINE: Duration = Duration::from_secs(5);

impl Engine {
    /// A network that is looked up because no list has it; `None` if it does not exist. Services may join
    /// networks that every node has by itself, and the engine lists none of those.
    ///
    /// # Errors
    /// Why it can't be read.
    pub async fn unlisted_network(&self, id: &NetworkId) -> Result<Option<Network>> {
        let (docker, path) = (self.bollard()?, encode_text(id.as_str()));
        let found = match self.heard(id, docker.inspect_network(&path, None).await) {
            Ok(found) => found,
            Err(EngineError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let pairs = |map: Option<HashMap<String, String>>| {
            let map: BTreeMap<String, String> = map.unwrap_or_default().into_iter().collect();
            map.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
        };
        let text = |text: Option<String>| text.unwrap_or_default().into();
        Ok(Some(Network {
            id: id.clone(),
            name: text(found.name),
            driver: text(found.driver),
            scope: text(found.scope),
            subnets: Vec::new(),
            ipv6: found.enable_ipv6.unwrap_or_default(),
            internal: found.internal.unwrap_or_default(),
            attachable: found.attachable.unwrap_or_default(),
            ingress: found.ingress.unwrap_or_default(),
            options: pairs(found.options),
            labels: pairs(found.labels),
            created: found.created.and_then(|at| Timestamp::parse(&at.to_string())),
        }))
    }

    /// Converts an error of bollard: the gate's own, or that it can't read the answer.
    fn heard<T>(
        &self,
        id: &NetworkId,
        answer: std::result::Result<T, bollard::errors::Error>,
    ) -> Result<T> {
        answer.map_err(|error| {
            if let bollard::errors::Error::IOError { err } = &error
                && let Some(ours) = err.get_ref().and_then(|e| e.downcast_ref::<EngineError>())
            {
                return ours.clone();
            }
            self.garbage(&format!("/networks/{id}"), &error.to_string())
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
