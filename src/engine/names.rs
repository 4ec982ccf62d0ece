//! The typed, rare calls, through bollard over our own connector.

use std::{collections::HashMap, time::Duration};

use bollard::{
    ClientVersion, Docker,
    query_parameters::{ListConfigsOptions, ListNetworksOptions, ListSecretsOptions},
};
use bytes::Bytes;
use http_body_util::Full;

use super::{
    client::Engine,
    error::{EngineError, Result, refused},
};
use crate::cluster::{Network, Part};

/// A secret or a config: never what is in it.
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
    /// What of it is refused, and how.
    pub refused: Vec<(Part, String)>,
}

impl Engine {
    /// Networks, secrets and configs of the Swarm by name. What is refused is missing, and told.
    ///
    /// # Errors
    /// What else is in the way.
    pub async fn names(&self) -> Result<Names> {
        let docker = self.bollard()?;
        let mut names = Names::default();
        let networks = docker.list_networks(None::<ListNetworksOptions>).await;
        for network in self.unless_refused(Part::Networks, networks, &mut names)? {
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
        for secret in self.unless_refused(Part::Secrets, secrets, &mut names)? {
            if let (Some(id), Some(name)) = (secret.id, secret.spec.and_then(|s| s.name)) {
                let created = secret.created_at.map_or(String::new(), |at| at.to_string());
                names.secrets.insert(id, Named { name, created });
            }
        }
        let configs = docker.list_configs(None::<ListConfigsOptions>).await;
        for config in self.unless_refused(Part::Configs, configs, &mut names)? {
            if let (Some(id), Some(name)) = (config.id, config.spec.and_then(|s| s.name)) {
                let created = config.created_at.map_or(String::new(), |at| at.to_string());
                names.configs.insert(id, Named { name, created });
            }
        }
        Ok(names)
    }

    /// A list of bollard's, or nothing and a note in `names` if it is refused.
    fn unless_refused<T>(
        &self,
        part: Part,
        list: std::result::Result<Vec<T>, bollard::errors::Error>,
        names: &mut Names,
    ) -> Result<Vec<T>> {
        let endpoint = self.endpoint().to_string();
        let error = match list {
            Ok(list) => return Ok(list),
            Err(bollard::errors::Error::DockerResponseServerError { status_code, message }) => {
                let what = format!("GET /{}", part.word());
                let body = serde_json::json!({ "message": message }).to_string();
                // A page is none of the engine's words, and bollard has taken those out already.
                let is_page = message.trim_start().starts_with('<');
                let body = if is_page { message } else { body };
                refused(&endpoint, what, status_code, body.as_bytes())
            }
            Err(error) => EngineError::Broken { endpoint, why: error.to_string() },
        };
        if !error.is_forbidden() {
            return Err(error);
        }
        names.refused.push((part, error.brief()));
        Ok(Vec::new())
    }

    /// bollard over our connector. It never sends the API version it was told, so the path is
    /// given it here; and only GETs pass.
    fn bollard(&self) -> Result<Docker> {
        let http = self.http.clone();
        let api = self.api().to_owned();
        let transport = move |request: bollard::BollardRequest| {
            let http = http.clone();
            let api = api.clone();
            Box::pin(async move {
                let (mut parts, _) = request.into_parts();
                let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
                if parts.method != hyper::Method::GET {
                    return Err(bollard::errors::Error::IOError {
                        err: std::io::Error::other("only reads go through bollard"),
                    });
                }
                let path =
                    if path.starts_with("/v1.") { path.into() } else { format!("/v{api}{path}") };
                parts.uri = format!("http://docker{path}").parse().map_err(|e| {
                    bollard::errors::Error::IOError { err: std::io::Error::other(e) }
                })?;
                http.request(hyper::Request::from_parts(parts, Full::new(Bytes::new())))
                    .await
                    .map_err(|e| bollard::errors::Error::IOError { err: std::io::Error::other(e) })
            }) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
        };
        let version = ClientVersion { major_version: 1, minor_version: 41 };
        Docker::connect_with_custom_transport(
            transport,
            Some("http://docker"),
            Duration::from_secs(15).as_secs(),
            &version,
        )
        .map_err(|e| EngineError::Broken {
            endpoint: self.endpoint().to_string(),
            why: e.to_string(),
        })
    }
}
