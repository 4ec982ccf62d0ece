//! A container beside another one, with a shell where that has none: it shares its processes and its
//! network.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{
    exec::{Created, ExecState, TerminalSize},
    stream::ShellStream,
};
use crate::{
    engine::{
        client::Engine,
        error::{EngineError, Result},
        gate::Limits,
        lists::encode_text,
    },
    text::brief,
};

/// Time for the engine to make and start a container.
const DEADLINE: Duration = Duration::from_secs(30);

/// The label of each.
const LABEL: &str = "skep.debug";

/// An image on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its names, if it has any.
    names: Vec<String>,
    /// When it was built, in seconds.
    created: i64,
}

/// A container beside another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebugContainer {
    /// Its id.
    pub id: String,
}

impl Image {
    /// Its name, or the beginning of its id.
    pub fn label(&self) -> String {
        let id = self.id.strip_prefix("sha256:").unwrap_or(&self.id);
        self.names.first().cloned().unwrap_or_else(|| id.chars().take(12).collect())
    }

    /// Whether this is one of its names, or its id.
    pub fn is_called(&self, name: &str) -> bool {
        let latest = format!("{name}:latest");
        self.label() == name
            || self.id == name
            || self.names.iter().any(|n| *n == name || *n == latest)
    }
}

impl Engine {
    /// The images on the node, the newest first.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn images(&self) -> Result<Vec<Image>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire {
            id: String,
            repo_tags: Option<Vec<String>>,
            repo_digests: Option<Vec<String>>,
            #[serde(default)]
            created: i64,
        }
        let path = "/images/json";
        let body = self.get(path, DEADLINE, Limits::WHOLE).await?.whole().await?;
        let all: Vec<Wire> =
            serde_json::from_slice(&body).map_err(|e| self.garbage(path, &e.to_string()))?;
        let image = |wire: Wire| {
            let tags = wire.repo_tags.unwrap_or_default().into_iter();
            let digests = wire.repo_digests.unwrap_or_default().into_iter();
            let names = tags.chain(digests).filter(|name| !name.contains("<none>"));
            // Swarm pulls by digest: such an image has no tag.
            let names = names.map(|name| before_digest(&brief(&name)));
            Image { names: names.collect(), id: wire.id, created: wire.created }
        };
        let mut images: Vec<Image> = all.into_iter().map(image).collect();
        images.sort_by_key(|image| std::cmp::Reverse(image.created));
        Ok(images)
    }

    /// The images on the node but a container's own, the newest first.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn images_but_of(&self, container: &str) -> Result<Vec<Image>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire {
            image: String,
        }
        let path = format!("/containers/{}/json", encode_text(container));
        let body = self.get(&path, DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        let own: Wire =
            serde_json::from_slice(&body).map_err(|e| self.garbage(&path, &e.to_string()))?;
        let mut images = self.images().await?;
        images.retain(|image| image.id != own.image);
        Ok(images)
    }

    /// Makes a container of this image beside another; it does not run yet. `mark` is kept in its label.
    ///
    /// # Errors
    /// What the engine says. The image is never pulled.
    pub async fn create_debug(
        &self,
        image: &Image,
        beside: &str,
        command: &[String],
        mark: &str,
    ) -> Result<DebugContainer> {
        let of = format!("container:{beside}");
        let (first, rest) = command.split_first().map_or(("sh", [].as_slice()), |(f, r)| (f, r));
        let body = json!({
            "Image": image.id,
            "Entrypoint": [first],
            "Cmd": rest,
            "User": "0:0",
            "Env": ["TERM=xterm-256color"],
            "Tty": true,
            "OpenStdin": true,
            "StdinOnce": true,
            "AttachStdin": true,
            "AttachStdout": true,
            "AttachStderr": true,
            "Healthcheck": { "Test": ["NONE"] },
            "Labels": { LABEL: mark },
            "HostConfig": { "PidMode": of, "NetworkMode": of, "CapAdd": ["SYS_PTRACE"] },
        });
        let path = format!("/containers/create?name=skep-debug-{}", encode_text(mark));
        let answer = self.post(&path, Bytes::from(body.to_string()), DEADLINE).await?;
        let Created { id } = serde_json::from_slice(&answer)
            .map_err(|e| self.garbage("/containers/create", &e.to_string()))?;
        Ok(DebugContainer { id })
    }

    /// Attaches to a container that does not run yet, and starts it.
    ///
    /// # Errors
    /// What the engine says, above all that the image has no such program.
    pub async fn start_debug(
        &self,
        container: &DebugContainer,
        size: TerminalSize,
    ) -> Result<ShellStream> {
        let id = encode_text(&container.id);
        let path = format!("/containers/{id}/attach?stream=1&stdin=1&stdout=1&stderr=1");
        let upgraded = self.gate.upgrade(&path, Bytes::new(), DEADLINE).await?;
        self.post(&format!("/containers/{id}/start"), Bytes::new(), DEADLINE).await?;
        let _ = self.resize_debug(container, size).await;
        Ok(ShellStream::new(upgraded, true, self.endpoint().to_string()))
    }

    /// Tells it that its terminal has another size.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn resize_debug(&self, container: &DebugContainer, size: TerminalSize) -> Result<()> {
        let TerminalSize { columns, rows } = size;
        let id = encode_text(&container.id);
        let path = format!("/containers/{id}/resize?h={rows}&w={columns}");
        self.post(&path, Bytes::new(), DEADLINE).await.map(drop)
    }

    /// Asks for its state.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn debug_state(&self, container: &DebugContainer) -> Result<ExecState> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire {
            state: ExecState,
        }
        let path = format!("/containers/{}/json", encode_text(&container.id));
        let body = self.get(&path, DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        let wire: Wire =
            serde_json::from_slice(&body).map_err(|e| self.garbage(&path, &e.to_string()))?;
        Ok(wire.state)
    }

    /// Removes the debug container of this mark, whatever it does. One that is gone is no error.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn remove_debug(&self, mark: &str) -> Result<()> {
        let path = format!("/containers/skep-debug-{}?force=1&v=1", encode_text(mark));
        match self.delete(&path, DEADLINE).await {
            Err(EngineError::NotFound { .. }) => Ok(()),
            removed => removed,
        }
    }
}

/// `nginx@sha256:…` without its digest.
fn before_digest(name: &str) -> String {
    name.split_once('@').map_or(name, |(name, _)| name).to_owned()
}
