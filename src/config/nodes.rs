//! The settings of how nodes are reached: `[nodes]` for all clusters, `[cluster.nodes]` for one.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

/// Fields of a node that a template may name.
pub const NODE_FIELDS: [&str; 3] = ["{hostname}", "{addr}", "{id}"];

/// Settings for reaching the engines of a cluster's nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodesConfig {
    /// The setting for all nodes, beside what one of them has of its own.
    pub all: NodeConfig,
    /// The image of a debug container.
    pub debug_image: Option<String>,
    /// The settings of single nodes, by host name or ID.
    pub own: BTreeMap<String, NodeConfig>,
}

/// How an engine is reached.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(
    default,
    deny_unknown_fields,
    expecting = "one of the settings ssh, jump, socket and debug_image, or a table of one node's settings"
)]
pub struct NodeConfig {
    /// `[user@]host[:port]`, with [`NODE_FIELDS`] for what differs.
    #[serde(deserialize_with = "template")]
    pub ssh: Option<String>,
    /// Through the manager's own ssh connection, without a second login there.
    pub jump: Option<bool>,
    /// The engine's socket over there.
    #[serde(deserialize_with = "socket")]
    pub socket: Option<String>,
    /// `tcp://host:port` or any other endpoint, instead of ssh.
    pub endpoint: Option<String>,
}

impl NodeConfig {
    /// The setting with what it does not say taken from another.
    fn or(self, other: &Self) -> Self {
        Self {
            ssh: self.ssh.or_else(|| other.ssh.clone()),
            jump: self.jump.or(other.jump),
            socket: self.socket.or_else(|| other.socket.clone()),
            endpoint: self.endpoint.or_else(|| other.endpoint.clone()),
        }
    }
}

impl NodesConfig {
    /// The settings of a cluster with what they do not say taken from those for all clusters.
    #[must_use]
    pub fn or(self, general: &Self) -> Self {
        let mut own = self.own;
        for (name, config) in &general.own {
            let ours = own.remove(name).unwrap_or_default();
            own.insert(name.clone(), ours.or(config));
        }
        Self {
            all: self.all.or(&general.all),
            debug_image: self.debug_image.or_else(|| general.debug_image.clone()),
            own,
        }
    }

    /// The settings of one node.
    pub fn of(&self, hostname: &str, id: &str) -> NodeConfig {
        let own = self.own.get(id).or_else(|| self.own.get(hostname)).cloned().unwrap_or_default();
        // A node with a way of its own leaves the way of the others.
        let all = match own.ssh.is_some() || own.endpoint.is_some() {
            true => NodeConfig { ssh: None, endpoint: None, ..self.all.clone() },
            false => self.all.clone(),
        };
        own.or(&all)
    }

    /// Whether the user said anything of how nodes are reached.
    pub fn is_set(&self) -> bool {
        self.all != NodeConfig::default() || !self.own.is_empty()
    }
}

impl<'de> Deserialize<'de> for NodesConfig {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = NodesConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodesConfig, A::Error> {
                let mut nodes = NodesConfig::default();
                while let Some(key) = map.next_key::<String>()? {
                    match &*key {
                        "ssh" => nodes.all.ssh = map.next_value::<Template>()?.0,
                        "socket" => nodes.all.socket = map.next_value::<Socket>()?.0,
                        "jump" => nodes.all.jump = Some(map.next_value()?),
                        "debug_image" => nodes.debug_image = Some(map.next_value()?),
                        _ => drop(nodes.own.insert(key, map.next_value()?)),
                    }
                }
                Ok(nodes)
            }
        }
        d.deserialize_map(Table)
    }
}

/// A text that a shell over there and ssh itself take as they find it.
#[derive(Deserialize)]
struct Template(#[serde(deserialize_with = "template")] Option<String>);

fn template<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(d)?;
    let rest = NODE_FIELDS.iter().fold(text.clone(), |rest, field| rest.replace(field, ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+@:/%[]".contains(c);
    match rest.chars().find(|c| !plain(*c)) {
        Some('{' | '}') => {
            Err(D::Error::custom(format!("'{text}': there are only {}", NODE_FIELDS.join(", "))))
        }
        Some(c) => Err(D::Error::custom(format!("'{text}' must not hold {c:?}"))),
        None => Ok(Some(text)),
    }
}

/// The path of a socket over there.
#[derive(Deserialize)]
struct Socket(#[serde(deserialize_with = "socket")] Option<String>);

/// Reads a path: one that does not begin at the root would become a part of the host's name.
fn socket<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    let path = template(d)?;
    match path.as_deref().filter(|path| !path.starts_with('/')) {
        None => Ok(path),
        Some(path) => Err(D::Error::custom(format!(
            "'{path}' is no path of a socket: it begins with /, as /var/run/docker.sock does"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> NodesConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_cluster_goes_before_all_and_a_node_before_both() {
        let general = read("ssh = \"a@{hostname}\"\njump = true\n[n1]\nsocket = \"/x.sock\"");
        let cluster = read("ssh = \"b@{addr}\"\n[n2]\nendpoint = \"tcp://n2:2376\"");
        let both = cluster.or(&general);
        let of = |name| both.of(name, "id");
        assert_eq!((of("n0").ssh.as_deref(), of("n0").jump), (Some("b@{addr}"), Some(true)));
        assert_eq!(of("n1").socket.as_deref(), Some("/x.sock"));
        assert_eq!(of("n1").ssh.as_deref(), Some("b@{addr}"));
        assert_eq!((of("n2").ssh, of("n2").endpoint.as_deref()), (None, Some("tcp://n2:2376")));
        assert!(both.is_set() && !NodesConfig::default().is_set());
        assert!(!read("debug_image = \"busybox\"").is_set(), "that reaches nothing");
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, says) in [
            ("shh = \"x\"", "one of the settings ssh, jump"),
            ("[n1]\nsocet = \"x\"", "socet"),
            ("jump = \"yes\"", "boolean"),
            ("ssh = \"ops@{host}\"", "{hostname}, {addr}, {id}"),
            ("ssh = \"ops@{hostname}; reboot\"", "must not hold ';'"),
            ("socket = \"/run/$(id)\"", "must not hold '$'"),
            ("socket = \"docker.sock\"", "'docker.sock' is no path of a socket"),
            ("[n1]\nsocket = \"run/docker.sock\"", "it begins with /"),
            ("socket = \"{id}/docker.sock\"", "it begins with /"),
            ("socket = \"\"", "it begins with /"),
            ("[n1]\nssh = \"a b\"", "must not hold ' '"),
        ] {
            let error = toml::from_str::<NodesConfig>(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
