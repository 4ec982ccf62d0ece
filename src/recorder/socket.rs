//! The private socket that the docker CLI is started against.

use std::{
    convert::Infallible,
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, body::Incoming, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, geteuid, getpgid};
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixStream};

use super::{CliFault, notes::Notes};
use crate::{
    action::plan::{Credentials, Recording, StackObject},
    connect::private_dir,
    engine::{Engine, Relayed},
    text::{brief, clean},
};

/// Name of the socket in its folder.
const NAME: &str = "docker.sock";
/// Time after which a connection is taken again, when there was no file descriptor for it.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);
/// The largest request: a config has at most a megabyte.
const LARGEST: usize = 8 << 20;

/// A socket in a folder that only we can enter; both are gone with it.
pub(super) struct RecordingSocket {
    engine: Engine,
    listener: UnixListener,
    dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    notes: Notes,
    /// The only process group that may connect.
    group: Option<Pid>,
    /// When the CLI last asked for something.
    last: Option<Instant>,
    /// Why the manager gave no answer: the CLI's own words say less.
    failed: Option<String>,
    /// Who else connected.
    stranger: Option<String>,
}

impl Drop for RecordingSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl RecordingSocket {
    /// Listens.
    pub fn bind(engine: Engine) -> io::Result<Self> {
        let dir = private_dir()?;
        let listener = UnixListener::bind(dir.join(NAME));
        let listener = listener.inspect_err(|_| drop(std::fs::remove_dir_all(&dir)))?;
        Ok(Self { engine, listener, dir, state: Mutex::default() })
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    /// Serves nobody but this process group.
    pub fn serve_only(&self, group: Option<Pid>) {
        self.state().group = group;
    }

    /// When the CLI last asked for something.
    pub fn last_request(&self) -> Option<Instant> {
        self.state().last
    }

    /// The recording so far.
    pub fn recording(&self, stack: &str, warnings: Vec<String>) -> Recording {
        self.state().notes.recording(stack, warnings)
    }

    /// The reason behind a failure, where it is known better than the CLI knows it.
    pub fn explain(&self, fault: CliFault) -> CliFault {
        let state = self.state();
        let behind = state.failed.as_ref().or(state.stranger.as_ref());
        match (fault, behind) {
            // Docker hands on what it was answered, cut or with words of its own.
            (CliFault::Refused(said), Some(why)) if !said.contains(why.as_str()) => {
                CliFault::Refused(format!("{said} ({why})"))
            }
            (fault, _) => fault,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers until it is dropped.
    pub async fn serve(&self) {
        let mut connections = futures_util::stream::FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => match self.stranger(&stream) {
                        Some(who) => self.state().stranger = Some(who),
                        None => connections.push(self.connection(stream)),
                    },
                    // No file descriptor is left, for now.
                    Err(error) => {
                        tracing::warn!(%error, "the recording socket");
                        tokio::time::sleep(NO_DESCRIPTOR).await;
                    }
                },
                Some(()) = futures_util::StreamExt::next(&mut connections), if !connections.is_empty() => {}
            }
        }
    }

    /// Who a peer is, if it is not the CLI or a program that it started.
    fn stranger(&self, stream: &UnixStream) -> Option<String> {
        let Ok(peer) = stream.peer_cred() else {
            return Some("an unknown process connected".into());
        };
        let group = peer.pid().and_then(Pid::from_raw).map(|pid| getpgid(Some(pid)));
        let is_ours = peer.uid() == geteuid().as_raw()
            && matches!((group, self.state().group), (Some(Ok(of)), Some(ours)) if of == ours);
        let pid = peer.pid().unwrap_or_default();
        (!is_ours).then(|| format!("process {pid} of user {} connected in its place", peer.uid()))
    }

    async fn connection(&self, stream: UnixStream) {
        let answers =
            service_fn(|request| async { Ok::<_, Infallible>(self.answer(request).await) });
        let served = http1::Builder::new().serve_connection(TokioIo::new(stream), answers).await;
        if let Err(error) = served {
            tracing::debug!(%error, "the recording socket");
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.state().last = Some(Instant::now());
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let credentials = header(&parts.headers, Engine::REGISTRY_AUTH);
        let answer = match parts.method {
            Method::GET => self.read(&target, credentials).await,
            Method::HEAD => self.read(&target, credentials).await.map(without_body),
            method => match Limited::new(body, LARGEST).collect().await {
                Ok(body) => Ok(self.write(&method, &target, &body.to_bytes(), credentials)),
                Err(error) => Ok(refusal(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string())),
            },
        };
        answer.unwrap_or_else(|why| {
            let said = refusal(StatusCode::BAD_GATEWAY, &why);
            self.state().failed.get_or_insert(why);
            said
        })
    }

    /// Hands a read on.
    async fn read(
        &self,
        target: &str,
        credentials: Option<String>,
    ) -> Result<Response<Full<Bytes>>, String> {
        let path = parts_of(target);
        let kind = path.first().and_then(|part| StackObject::of_path(part));
        if let (Some(kind), [_, asked]) = (kind, path.as_slice())
            && let Some(made) = self.state().notes.created_as(kind, asked)
        {
            return Ok(json_answer(StatusCode::OK, &made));
        }
        let relayed = self.engine.relay(target, credentials.as_deref()).await;
        let mut relayed = match (relayed, path.as_slice()) {
            (Ok(relayed), _) => relayed,
            // The CLI goes on without a digest.
            (Err(error), ["distribution", name @ .., "json"]) => {
                self.state().notes.unresolved(name.join("/"), error.brief());
                return Ok(refusal(StatusCode::GATEWAY_TIMEOUT, &error.to_string()));
            }
            (Err(error), _) => return Err(error.to_string()),
        };
        let is_found = relayed.status == 200;
        match (kind, path.as_slice()) {
            (Some(kind), [_]) if is_found => {
                let listed = self.state().notes.list(kind, &relayed.body);
                relayed.body = listed.ok_or_else(|| format!("GET {target}: it is no list"))?;
            }
            (Some(kind), [_, _]) if is_found => self.state().notes.object(kind, &relayed.body),
            (None, ["distribution", name @ .., "json"]) if !is_found => {
                self.state().notes.unresolved(name.join("/"), said(&relayed));
            }
            _ => {}
        }
        Ok(handed_on(relayed))
    }

    /// Notes a write.
    fn write(
        &self,
        method: &Method,
        target: &str,
        body: &Bytes,
        credentials: Option<String>,
    ) -> Response<Full<Bytes>> {
        let body = if body.is_empty() {
            Value::Null
        } else {
            match serde_json::from_slice(body) {
                Ok(body) => body,
                Err(error) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
            }
        };
        let version = target.split_once('?').and_then(|(_, query)| {
            let version = query.split('&').find_map(|pair| pair.strip_prefix("version="));
            version.and_then(|version| version.parse().ok())
        });
        let credentials = credentials.filter(|sent| !sent.is_empty()).map(Credentials);
        let path = parts_of(target);
        let noted = self.state().notes.write(method.as_str(), &path, version, body, credentials);
        match noted {
            Ok((status, answer)) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                json_answer(status, &answer)
            }
            Err(_) => {
                let why = format!("skep records a deploy: {method} {target} is no part of one");
                refusal(StatusCode::FORBIDDEN, &why)
            }
        }
    }
}

/// The parts of a path without its API version and its query.
fn parts_of(target: &str) -> Vec<&str> {
    let path = target.split('?').next().unwrap_or(target);
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()))
    };
    if parts.first().is_some_and(|part| is_version(part)) {
        parts.remove(0);
    }
    parts
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The reason in a refusal of the engine.
fn said(relayed: &Relayed) -> String {
    let body: Value = serde_json::from_slice(&relayed.body).unwrap_or_default();
    let words = body["message"].as_str().unwrap_or("no reason given");
    clean(brief(words).as_ref()).into_owned()
}

fn handed_on(relayed: Relayed) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(relayed.body));
    *response.status_mut() =
        StatusCode::from_u16(relayed.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in relayed.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn without_body(response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.map(|_| Full::default())
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    json_answer(status, &json!({ "message": why }))
}
