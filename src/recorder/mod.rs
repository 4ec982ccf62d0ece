//! Records a `docker stack deploy` without carrying it out.
//!
//! The user's own docker CLI runs against a private socket. Its reads are handed on to the manager; its
//! writes are noted and answered as if they had been carried out. So skep has no compose parser of its
//! own, and a plan is what this very CLI would send.

mod docker_cli;
mod notes;
mod socket;

use std::{io, path::Path, sync::Arc};

use serde_json::json;
use tokio::task::JoinSet;

pub use docker_cli::{CliFault, Deploy, DockerCli};

use self::socket::RecordingSocket;
use crate::{
    action::plan::{Recording, StackObject, ignored_silently, unused_networks},
    engine::Engine,
};

/// The largest compose file that is looked through.
const LARGEST: u64 = 8 << 20;

/// Networks that are looked up by their ids.
const MOST_NETWORKS: usize = 50;

/// Records a deploy; nothing is written.
///
/// # Errors
/// Its words against the files, or that it does not end.
pub async fn record(
    engine: &Engine,
    cli: &DockerCli,
    deploy: &Deploy,
) -> Result<Recording, CliFault> {
    let io = |error: io::Error| CliFault::Socket(error.to_string());
    let socket = Arc::new(RecordingSocket::bind(engine.clone()).map_err(io)?);
    let run = cli.start(deploy, &socket.path())?;
    socket.serve_only(run.group());
    let serving = Arc::clone(&socket);
    // It ends with this, also when nobody waits for the recording any more.
    let mut server = JoinSet::new();
    server.spawn(async move { serving.serve().await });
    let ended = run.ended(|| socket.last_request()).await;
    server.shutdown().await;
    let mut warnings = ended.map_err(|fault| socket.explain(fault))?;
    warnings.extend(unsaid(deploy).await);
    let mut recording = socket.recording(&deploy.stack, warnings);
    recording.command = deploy.command();
    name_networks(engine, &mut recording).await;
    Ok(recording)
}

/// Looks up the networks that services have joined and the CLI did not read: those that every node has by
/// itself, and those that the files no longer name.
async fn name_networks(engine: &Engine, recording: &mut Recording) {
    let read = &mut recording.read;
    let services = read.of(StackObject::Service);
    let joined =
        services.filter_map(|s| s["Spec"]["TaskTemplate"]["Networks"].as_array()).flatten();
    let mut ids: Vec<String> =
        joined.filter_map(|one| one["Target"].as_str()).map(str::to_owned).collect();
    ids.retain(|id| read.by_id(StackObject::Network, id).is_none());
    ids.sort();
    ids.dedup();
    ids.truncate(MOST_NETWORKS);
    for id in ids {
        // Without its name it is told by its id.
        if let Ok(Some(network)) = engine.unlisted_network(&id.as_str().into()).await {
            read.note(StackObject::Network, json!({ "Id": id, "Name": &*network.name }));
        }
    }
}

/// A file that the CLI has read; none if it can be read only once, or is larger than any compose file.
async fn read_again(file: &Path) -> Option<Vec<u8>> {
    let found = tokio::fs::metadata(file).await.ok()?;
    if !found.is_file() || found.len() > LARGEST {
        return None;
    }
    tokio::fs::read(file).await.ok()
}

/// Warnings about the files that docker does not give.
async fn unsaid(deploy: &Deploy) -> Vec<String> {
    let mut files = Vec::new();
    for file in &deploy.files {
        let text = if file.as_os_str() == "-" {
            deploy.stdin.clone().map(Vec::from)
        } else {
            let file = deploy.dir.as_ref().map_or_else(|| file.clone(), |dir| dir.join(file));
            read_again(&file).await
        };
        files.extend(text.and_then(|text| String::from_utf8(text).ok()));
    }
    let mut said: Vec<String> = files.iter().flat_map(|file| ignored_silently(file)).collect();
    let unused = unused_networks(files.iter().map(String::as_str));
    if !unused.is_empty() {
        said.push(format!("no service joins {}: docker does not create it", unused.join(", ")));
    }
    said
}
