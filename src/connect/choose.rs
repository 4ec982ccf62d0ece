//! Chooses the clusters to open.

use std::path::PathBuf;

use super::{Endpoint, EndpointError, NodeSettings, context::DockerDir, tls::TlsFiles};
use crate::config::{ClusterConfig, ConfigFile, NodesConfig};

/// A cluster to open: its managers, and how it is to be treated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The user's name for it, if any.
    pub name: Option<String>,
    /// Its managers, as far as they are known.
    pub endpoints: Vec<Endpoint>,
    /// Whether they were only given together, by `-H` or `hosts`: they count as managers of one Swarm until
    /// some of them say otherwise.
    pub mixed: bool,
    /// Never write to it.
    pub read_only: bool,
    /// A banner, and every plan confirmed by typing.
    pub production: bool,
    /// Its colour.
    pub colour: Option<String>,
    /// Settings for reaching its nodes.
    pub nodes: NodeSettings,
}

impl Wanted {
    /// Takes from the settings for all clusters what its own do not say.
    fn with_nodes_of(&mut self, general: &NodesConfig) {
        self.nodes.config = std::mem::take(&mut self.nodes.config).or(general);
    }
}

/// The choice, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The clusters.
    pub clusters: Vec<Wanted>,
    /// Errors of the rest, a line each.
    pub notices: Vec<String>,
}

impl Choice {
    fn add(&mut self, mut wanted: Wanted) {
        let mut kept: Vec<Endpoint> = Vec::new();
        for endpoint in std::mem::take(&mut wanted.endpoints) {
            let twice = kept.contains(&endpoint)
                || self.clusters.iter().any(|c| c.endpoints.contains(&endpoint));
            if twice {
                self.notices.push(format!("{endpoint} is given twice; it is used once"));
            } else {
                kept.push(endpoint);
            }
        }
        if !kept.is_empty() {
            self.clusters.push(Wanted { endpoints: kept, ..wanted });
        }
    }
}

/// The clusters to open: `-H` endpoints and `-c` names, else the config file, else `DOCKER_HOST`, else
/// `DOCKER_CONTEXT`, else Docker's current context, else the default socket.
///
/// Endpoints given by `-H` are managers of one Swarm until it shows that some belong to another: so one
/// that is dead does not stand in the way of those that are not.
///
/// # Errors
/// An endpoint of the command line that is none: that is a mistake of the moment, better mended than
/// worked around.
pub fn choose(
    hosts: &[String],
    contexts: &[String],
    config: &ConfigFile,
    docker: &DockerDir,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Choice, EndpointError> {
    let mut choice = chosen(hosts, contexts, config, docker, env)?;
    choice.clusters.iter_mut().for_each(|cluster| cluster.with_nodes_of(&config.nodes));
    Ok(choice)
}

fn chosen(
    hosts: &[String],
    contexts: &[String],
    config: &ConfigFile,
    docker: &DockerDir,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Choice, EndpointError> {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    let tls = tls_of_env(docker, env);
    let mut choice = Choice::default();
    let nodes = || NodeSettings { tls: tls.clone(), ..NodeSettings::default() };
    let together = |endpoints: Vec<Endpoint>| Wanted {
        mixed: true,
        endpoints,
        nodes: nodes(),
        ..Wanted::default()
    };
    let one = |endpoint| Wanted { endpoints: vec![endpoint], nodes: nodes(), ..Wanted::default() };
    if !hosts.is_empty() || !contexts.is_empty() {
        let endpoints = hosts.iter().map(|text| Endpoint::parse(text, tls.as_ref()));
        choice.add(together(endpoints.collect::<Result<_, _>>()?));
        for name in contexts {
            named(name, config, docker, &mut choice);
        }
        return Ok(choice);
    }
    let mut endpoints = Vec::new();
    for text in &config.hosts {
        match Endpoint::parse(text, tls.as_ref()) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(error) => choice.notices.push(format!("config: {error}")),
        }
    }
    choice.add(together(endpoints));
    for (at, cluster) in config.clusters.iter().enumerate() {
        if config.clusters[..at].iter().any(|c| c.name == cluster.name) {
            choice.notices.push(format!(
                "config: there are two clusters '{}'; the second is left out, give it another name",
                cluster.name
            ));
        } else {
            configured(cluster, docker, &mut choice);
        }
    }
    if !choice.clusters.is_empty() || !config.clusters.is_empty() || !config.hosts.is_empty() {
        return Ok(choice);
    }
    if let Some(host) = env("DOCKER_HOST") {
        choice.add(one(Endpoint::parse(&host, tls.as_ref())?));
        return Ok(choice);
    }
    match env("DOCKER_CONTEXT").or_else(|| docker.current()) {
        Some(name) if name != "default" => named(&name, config, docker, &mut choice),
        _ => choice.add(one(Endpoint::default_socket())),
    }
    Ok(choice)
}

/// Something that could be opened beside a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unopened {
    /// Its name.
    pub name: String,
    /// Where the name comes from: `docker` or `config`.
    pub source: &'static str,
    /// The cluster, or why there is none.
    pub wanted: Result<Wanted, String>,
}

/// Docker's contexts and the clusters of the config file that a choice does not have.
pub fn unopened(choice: &Choice, config: &ConfigFile, docker: &DockerDir) -> Vec<Unopened> {
    let mut all = Vec::new();
    let mut add = |name: &str, source, mut wanted: Result<Wanted, String>| {
        if let Ok(wanted) = &mut wanted {
            wanted.with_nodes_of(&config.nodes);
        }
        // It may be open under another name.
        let is_open = |endpoint: &Endpoint| {
            choice.clusters.iter().any(|open| open.endpoints.contains(endpoint))
        };
        if wanted.as_ref().is_ok_and(|wanted| wanted.endpoints.iter().any(is_open)) {
            return;
        }
        all.push(Unopened { name: name.to_owned(), source, wanted });
    };
    for cluster in &config.clusters {
        let mut found = Choice::default();
        configured(cluster, docker, &mut found);
        let wanted = found.clusters.pop().ok_or_else(|| found.notices.join("; "));
        add(&cluster.name, "config", wanted);
    }
    let default = ("default".to_owned(), Ok(Endpoint::default_socket()));
    let contexts = docker.contexts().into_iter().map(|context| (context.name, context.endpoint));
    for (name, endpoint) in std::iter::once(default).chain(contexts) {
        let wanted = endpoint.map(|endpoint| Wanted {
            name: Some(name.clone()),
            endpoints: vec![endpoint],
            ..Wanted::default()
        });
        add(&name, "docker", wanted);
    }
    all
}

/// A cluster of the config file, or a Docker context.
fn named(name: &str, config: &ConfigFile, docker: &DockerDir, choice: &mut Choice) {
    if let Some(cluster) = config.clusters.iter().find(|c| c.name == name) {
        return configured(cluster, docker, choice);
    }
    let endpoint = match name {
        "default" => Ok(Endpoint::default_socket()),
        name => docker.context(name),
    };
    match endpoint {
        Ok(endpoint) => choice.add(Wanted {
            name: Some(name.into()),
            endpoints: vec![endpoint],
            ..Wanted::default()
        }),
        Err(why) => choice.notices.push(why),
    }
}

fn configured(cluster: &ClusterConfig, docker: &DockerDir, choice: &mut Choice) {
    let files = cluster.tls_dir.as_ref().map(|dir| TlsFiles::in_dir(dir, !cluster.tls_skip_verify));
    let mut endpoints = Vec::new();
    let mut wrong = |why: String| {
        choice.notices.push(format!("config: cluster '{}': {why}", cluster.name));
    };
    for text in &cluster.endpoints {
        match Endpoint::parse(text, files.as_ref()) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(error) => wrong(error.to_string()),
        }
    }
    for name in &cluster.contexts {
        match docker.context(name) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(why) => wrong(why),
        }
    }
    if cluster.endpoints.is_empty() && cluster.contexts.is_empty() {
        wrong("it has no endpoints".into());
    }
    choice.add(Wanted {
        name: Some(cluster.name.clone()),
        endpoints,
        mixed: false,
        read_only: cluster.read_only,
        production: cluster.production,
        colour: cluster.colour.clone(),
        nodes: NodeSettings { config: cluster.nodes.clone(), tls: files },
    });
}

/// As the docker CLI: `DOCKER_TLS_VERIFY` checks the engine, `DOCKER_TLS` only encrypts.
fn tls_of_env(docker: &DockerDir, env: impl Fn(&str) -> Option<String>) -> Option<TlsFiles> {
    let verify = env("DOCKER_TLS_VERIFY").is_some();
    if !verify && env("DOCKER_TLS").is_none() {
        return None;
    }
    let dir = env("DOCKER_CERT_PATH")
        .map(PathBuf::from)
        .or_else(|| docker.path().map(std::path::Path::to_owned));
    Some(TlsFiles { dir, verify })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(hosts: &[&str], config: &str, env: &[(&str, &str)]) -> Choice {
        let hosts: Vec<String> = hosts.iter().map(|s| (*s).to_owned()).collect();
        let config: ConfigFile = toml::from_str(config).unwrap();
        let docker = DockerDir::at("/nowhere");
        let env = |k: &str| env.iter().find(|(n, _)| *n == k).map(|(_, v)| (*v).to_owned());
        choose(&hosts, &[], &config, &docker, env).unwrap()
    }

    fn shown(choice: &Choice) -> Vec<String> {
        choice.clusters.iter().flat_map(|c| &c.endpoints).map(ToString::to_string).collect()
    }

    #[test]
    fn flags_go_before_config_before_environment() {
        let config = "hosts = [\"tcp://conf:1\"]";
        let env = [("DOCKER_HOST", "tcp://env:1")];
        assert_eq!(shown(&pick(&["tcp://flag:1"], config, &env)), ["tcp://flag:1"]);
        assert_eq!(shown(&pick(&[], config, &env)), ["tcp://conf:1"]);
        assert_eq!(shown(&pick(&[], "", &env)), ["tcp://env:1"]);
        assert_eq!(shown(&pick(&[], "", &[])), ["unix:///var/run/docker.sock"]);
        // As the docker CLI has it (measured): TLS does not move the port.
        let tls = [("DOCKER_HOST", "tcp://env"), ("DOCKER_TLS_VERIFY", "1")];
        assert_eq!(shown(&pick(&[], "", &tls)), ["tcp://env:2375"]);
    }

    #[test]
    fn every_cluster_has_the_settings_of_nodes_that_are_for_all() {
        let config = r#"
            nodes.ssh = "ops@{hostname}"
            [[cluster]]
            name = "prod"
            endpoints = ["ssh://a"]
            nodes.jump = true
        "#;
        let of = |choice: Choice| choice.clusters[0].nodes.config.all.clone();
        let prod = of(pick(&[], config, &[]));
        assert_eq!((prod.ssh.as_deref(), prod.jump), (Some("ops@{hostname}"), Some(true)));
        let host = of(pick(&["ssh://b"], config, &[]));
        assert_eq!((host.ssh.as_deref(), host.jump), (Some("ops@{hostname}"), None));
    }

    #[test]
    fn what_is_not_open_could_be() {
        let config = r#"
            [[cluster]]
            name = "prod"
            endpoints = ["ssh://a", "ssh://b"]
            production = true
            [[cluster]]
            name = "test"
            contexts = ["gone"]
        "#;
        let names = |choice: &Choice| -> Vec<(String, bool)> {
            let all =
                unopened(choice, &toml::from_str(config).unwrap(), &DockerDir::at("/nowhere"));
            all.iter().map(|one| (one.name.clone(), one.wanted.is_ok())).collect()
        };
        let could = |name: &str| (name.to_owned(), true);
        let broken = ("test".to_owned(), false);
        let local = pick(&[], "", &[]);
        assert_eq!(names(&local), [could("prod"), broken.clone()], "the default one is open");
        let prod = pick(&["ssh://b"], "", &[]);
        assert_eq!(names(&prod), [broken, could("default")], "by one of its managers");
        let all = unopened(&local, &toml::from_str(config).unwrap(), &DockerDir::at("/nowhere"));
        assert!(all[0].wanted.as_ref().unwrap().production, "as the config file has it");
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_goes_on() {
        let config = r#"
            [[cluster]]
            name = "prod"
            endpoints = ["ssh://a", "tcp://::1:2375", "ssh://a"]
            production = true
            [[cluster]]
            name = "prod"
            endpoints = ["ssh://b"]
            [[cluster]]
            name = "test"
            contexts = ["gone"]
        "#;
        let choice = pick(&[], config, &[]);
        assert_eq!(shown(&choice), ["ssh://a"]);
        let all = choice.notices.join("\n");
        for said in ["port must be", "given twice", "two clusters 'prod'", "context 'gone'"] {
            assert!(all.contains(said), "{said}: {all}");
        }
    }
}
