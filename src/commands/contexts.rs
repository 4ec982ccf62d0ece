//! `skep contexts`: what could be opened, and whether it answers.

use super::{fault::Fault, output::print, table::columns};
use crate::{
    config::ConfigFile,
    connect::{Connector, DockerDir, Endpoint, choose},
    session::greeting,
    text::clean,
};

pub(super) async fn run(file: &ConfigFile, docker: &DockerDir) -> Result<u8, Fault> {
    print(&contexts_text(&contexts(file, docker).await)).map(|()| 0)
}

/// A Docker context or a cluster of the config file.
pub struct ContextLine {
    /// Its name.
    pub name: String,
    /// The docker CLI uses it when nothing else is said.
    pub current: bool,
    /// `docker` or `config`.
    pub source: &'static str,
    /// Where it leads.
    pub endpoint: String,
    /// The engine that answered, or why none did.
    pub answer: Result<String, String>,
}

/// The table.
pub fn contexts_text(lines: &[ContextLine]) -> String {
    let head = ["", "NAME", "FROM", "ENDPOINT", "ANSWERS"].map(str::to_owned).to_vec();
    let rows = lines.iter().map(|line| {
        let answer = match &line.answer {
            Ok(said) => said.clone(),
            Err(why) => format!("✗ {why}"),
        };
        let mark = if line.current { "*" } else { "" };
        vec![
            mark.into(),
            clean(&line.name).into_owned(),
            line.source.into(),
            clean(&line.endpoint).into_owned(),
            clean(&answer).into_owned(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

/// Everything that could be opened, each greeted.
async fn contexts(file: &ConfigFile, docker: &DockerDir) -> Vec<ContextLine> {
    let current = docker.current();
    let mut found = vec![("default".to_owned(), "docker", Ok(Endpoint::default_socket()))];
    found.extend(docker.contexts().into_iter().map(|c| (c.name, "docker", c.endpoint)));
    let all = choose(&[], &[], file, docker, |_| None).unwrap_or_default();
    for cluster in all.clusters.into_iter().filter(|_| !file.clusters.is_empty()) {
        let name = cluster.name.unwrap_or_default();
        found.extend(cluster.endpoints.into_iter().map(|e| (name.clone(), "config", Ok(e))));
    }
    found.extend(all.notices.into_iter().map(|why| (String::new(), "config", Err(why))));
    let lines = found.into_iter().map(|(name, source, endpoint)| {
        let is_current = source == "docker" && name == current.as_deref().unwrap_or("default");
        async move {
            let shown = endpoint.as_ref().map_or(String::new(), ToString::to_string);
            let answer = match endpoint {
                Err(why) => Err(why),
                Ok(endpoint) => greeting(Connector::new(endpoint)).await,
            };
            ContextLine { name, current: is_current, source, endpoint: shown, answer }
        }
    });
    futures_util::future::join_all(lines).await
}
