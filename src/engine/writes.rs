//! The writes skep makes: updates of services and nodes, the parts of a deploy, and removing a node.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::{client::Engine, error::Result, lists::encode_text};
use crate::{
    cluster::{NodeId, ServiceId},
    text::brief,
};

/// A write waits for the raft log; without quorum it hangs 20 s before it says so.
const DEADLINE: Duration = Duration::from_secs(30);

/// More warnings to one write are not told.
const MOST_WARNINGS: usize = 10;

impl Engine {
    /// Updates a service's spec, or rolls it back (then the engine takes its previous spec, whatever
    /// `spec` is). `version` must be the one just read. Returns the engine's warnings.
    ///
    /// # Errors
    /// [`super::EngineError::OutOfSequence`] when the service changed since; for which errors the
    /// outcome is unknown see [`super::EngineError::leaves_unknown`].
    pub async fn update_service(
        &self,
        id: &ServiceId,
        version: u64,
        spec: &Value,
        rollback: bool,
    ) -> Result<Vec<String>> {
        let path = format!(
            "/services/{}/update?version={version}&registryAuthFrom=spec{}",
            encode_text(id.as_str()),
            if rollback { "&rollback=previous" } else { "" },
        );
        let body = Bytes::from(spec.to_string());
        Ok(warnings_in(&self.post(&path, body, DEADLINE).await?))
    }

    /// The same for a deploy, with the credentials for a registry that came with it; without any the
    /// service keeps those that it has.
    ///
    /// # Errors
    /// As [`Engine::update_service`].
    pub async fn deploy_service(
        &self,
        id: &ServiceId,
        version: u64,
        spec: &Value,
        credentials: Option<&str>,
    ) -> Result<Vec<String>> {
        let path = format!(
            "/services/{}/update?version={version}&registryAuthFrom=spec",
            encode_text(id.as_str()),
        );
        let body = Bytes::from(spec.to_string());
        Ok(warnings_in(&self.post_with(&path, body, credentials, DEADLINE).await?))
    }

    /// Makes a network, a secret, a config or a service; `kind` is its path, as `secrets`. Returns the
    /// engine's warnings.
    ///
    /// # Errors
    /// Refusals in the engine's words; for which errors the outcome is unknown see
    /// [`super::EngineError::leaves_unknown`].
    pub async fn create(
        &self,
        kind: &str,
        spec: &Value,
        credentials: Option<&str>,
    ) -> Result<Vec<String>> {
        let body = Bytes::from(spec.to_string());
        let path = format!("/{kind}/create");
        Ok(warnings_in(&self.post_with(&path, body, credentials, DEADLINE).await?))
    }

    /// Updates a secret or a config: its labels, since nothing else of it can be changed.
    ///
    /// # Errors
    /// As [`Engine::update_service`].
    pub async fn update_object(
        &self,
        kind: &str,
        id: &str,
        version: u64,
        spec: &Value,
    ) -> Result<()> {
        let path = format!("/{kind}/{}/update?version={version}", encode_text(id));
        self.post(&path, Bytes::from(spec.to_string()), DEADLINE).await.map(drop)
    }

    /// Removes a service, a network, a secret or a config.
    ///
    /// # Errors
    /// As [`Engine::create`].
    pub async fn remove(&self, kind: &str, id: &str) -> Result<()> {
        self.delete(&format!("/{kind}/{}", encode_text(id)), DEADLINE).await
    }

    /// Updates a node's spec: its availability, role and labels.
    ///
    /// # Errors
    /// As [`Engine::update_service`].
    pub async fn update_node(&self, id: &NodeId, version: u64, spec: &Value) -> Result<()> {
        let path = format!("/nodes/{}/update?version={version}", encode_text(id.as_str()));
        self.post(&path, Bytes::from(spec.to_string()), DEADLINE).await.map(drop)
    }

    /// Has the Swarm forget a node that is down and no manager.
    ///
    /// # Errors
    /// As [`Engine::update_service`].
    pub async fn remove_node(&self, id: &NodeId) -> Result<()> {
        self.delete(&format!("/nodes/{}", encode_text(id.as_str())), DEADLINE).await
    }
}

/// Warnings in the answer to a write.
fn warnings_in(answer: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Told {
        warnings: Option<Vec<String>>,
        /// The one of a network.
        warning: String,
    }
    let told: Told = serde_json::from_slice(answer).unwrap_or_default();
    let warnings = told.warnings.unwrap_or_default();
    let all = warnings.iter().chain([&told.warning]).filter(|said| !said.is_empty());
    all.take(MOST_WARNINGS).map(|said| brief(said).into_owned()).collect()
}
