//! Docker contexts, as the docker CLI keeps them on disk.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Endpoint, tls::TlsFiles};

/// A context, or what is wrong with it.
#[derive(Clone, Debug)]
pub struct DockerContext {
    /// Its name; of a broken one, its directory.
    pub name: String,
    /// Where it leads, or why that can't be told.
    pub endpoint: Result<Endpoint, String>,
}

/// Docker's own directory of settings, if there is one.
#[derive(Clone, Debug)]
pub struct DockerDir(Option<PathBuf>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    name: String,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Deserialize, Default)]
struct Endpoints {
    docker: Option<MetaEndpoint>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MetaEndpoint {
    #[serde(rename = "Host")]
    host: String,
    #[serde(rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

impl DockerDir {
    /// `DOCKER_CONFIG`, or `~/.docker`.
    pub fn find(env: impl Fn(&str) -> Option<String>) -> Self {
        let named = env("DOCKER_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
        Self(
            named.or_else(|| {
                directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".docker"))
            }),
        )
    }

    /// The same, at a place of one's own.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(Some(path.into()))
    }

    /// Where certificates lie when nothing else is said.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// The context the docker CLI uses; none if it is the default one.
    pub fn current(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct CliConfig {
            #[serde(rename = "currentContext", default)]
            current: String,
        }
        let text = std::fs::read_to_string(self.0.as_ref()?.join("config.json")).ok()?;
        let config: CliConfig = serde_json::from_str(&text).ok()?;
        Some(config.current).filter(|name| !name.is_empty() && name != "default")
    }

    /// All contexts on disk, by name; broken ones too, with what is wrong.
    pub fn contexts(&self) -> Vec<DockerContext> {
        let Some(dir) = &self.0 else { return Vec::new() };
        let Ok(entries) = std::fs::read_dir(dir.join("contexts/meta")) else { return Vec::new() };
        let mut found: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .map(|entry| read(dir, &entry.path()))
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// One context.
    ///
    /// # Errors
    /// There is none, or it is broken: one line.
    pub fn context(&self, name: &str) -> Result<Endpoint, String> {
        let all = self.contexts();
        if let Some(context) = all.iter().find(|c| c.name == name) {
            return context.endpoint.clone().map_err(|why| format!("context '{name}': {why}"));
        }
        let broken: Vec<_> =
            all.iter().filter_map(|c| c.endpoint.as_ref().err()).map(String::as_str).collect();
        let names: Vec<_> =
            all.iter().filter(|c| c.endpoint.is_ok()).map(|c| c.name.as_str()).collect();
        let there = match (names.is_empty(), broken.is_empty()) {
            (false, _) => format!("there are: {}", names.join(", ")),
            (true, true) => "make one with 'docker context create'".into(),
            (true, false) => broken.join("; "),
        };
        Err(format!("context '{name}': there is none; {there}"))
    }
}

fn read(docker: &Path, dir: &Path) -> DockerContext {
    let file = dir.join("meta.json");
    let digest = dir.file_name().unwrap_or_default();
    let broken = |why: String| DockerContext {
        name: digest.to_string_lossy().chars().take(12).collect(),
        endpoint: Err(format!("{}: {why}", file.display())),
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => return broken(error.to_string()),
    };
    let meta: Meta = match serde_json::from_str(&text) {
        Ok(meta) => meta,
        Err(error) => {
            return broken(format!(
                "can't be understood ({error}); remove it, or make it again with 'docker context create'"
            ));
        }
    };
    // The directory of the certificates has the same digest of the name.
    let tls_dir = docker.join("contexts/tls").join(digest).join("docker");
    DockerContext { name: meta.name, endpoint: endpoint(meta.endpoints.docker, &tls_dir) }
}

fn endpoint(meta: Option<MetaEndpoint>, tls_dir: &Path) -> Result<Endpoint, String> {
    let meta = meta.ok_or("it has no docker endpoint")?;
    if meta.host.is_empty() {
        return Ok(Endpoint::default_socket());
    }
    let tls = (tls_dir.is_dir() || meta.skip_tls_verify)
        .then(|| TlsFiles::in_dir(tls_dir, !meta.skip_tls_verify));
    Endpoint::parse(&meta.host, tls.as_ref()).map_err(|e| e.to_string())
}
