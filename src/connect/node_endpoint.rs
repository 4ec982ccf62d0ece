//! The endpoint of a node's engine: by the config's template, or as the manager itself is reached.

use super::{Endpoint, SshTarget, tls::TlsFiles};
use crate::{
    config::{NODE_FIELDS, NodesConfig},
    text::is_host,
};

/// How the nodes of a cluster are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// The user's settings.
    pub config: NodesConfig,
    /// Certificates for `tcp://` endpoints of nodes.
    pub tls: Option<TlsFiles>,
}

/// A node as its managers know it. Written by the node: untrusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeAddress {
    /// Its ID.
    pub id: String,
    /// Its host name.
    pub hostname: String,
    /// Its address; empty if no manager knows one.
    pub addr: String,
}

impl NodeAddress {
    /// A node with the raft address of a manager, which others use, and the address that it joined from.
    pub fn new(id: &str, hostname: &str, raft: Option<&str>, joined: &str) -> Self {
        let host = raft.and_then(|raft| raft.rsplit_once(':')).map(|(host, _)| host);
        let host = host.map(|host| host.trim_matches(['[', ']'])).filter(|host| is_host(host));
        let addr = host.unwrap_or(joined).to_owned();
        Self { id: id.to_owned(), hostname: hostname.to_owned(), addr }
    }
}

/// The way to a node's engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRoute {
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// Through the manager's own ssh connection.
    pub jump: bool,
}

/// The way to a node's engine, seen from the manager in use.
///
/// # Errors
/// Why there is none.
pub fn node_route(
    settings: &NodeSettings,
    node: &NodeAddress,
    manager: &Endpoint,
) -> Result<NodeRoute, String> {
    let config = settings.config.of(&node.hostname, &node.id);
    if let Some(text) = &config.endpoint {
        let endpoint = Endpoint::parse(text, settings.tls.as_ref()).map_err(|e| e.to_string())?;
        let jump = config.jump.unwrap_or(false) && is_ssh(&endpoint) && is_ssh(manager);
        return Ok(NodeRoute { endpoint, jump });
    }
    let (template, over_manager) = match (&config.ssh, manager) {
        (Some(template), _) => (template.clone(), false),
        (None, Endpoint::Ssh(target)) => (as_manager(target, node), true),
        (None, _) => (address_field(node).to_owned(), false),
    };
    let mut text = fill(template.strip_prefix("ssh://").unwrap_or(&template), node)?;
    if let Some(socket) = config.socket.as_deref().filter(|_| !text.contains('/')) {
        text += &fill(socket, node)?;
    }
    let endpoint = format!("ssh://{text}").parse::<Endpoint>().map_err(|e| e.to_string())?;
    let jump = config.jump.unwrap_or(over_manager) && is_ssh(manager);
    Ok(NodeRoute { endpoint, jump })
}

fn is_ssh(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Ssh(_))
}

/// The template for a node that is reached as its manager is.
fn as_manager(manager: &SshTarget, node: &NodeAddress) -> String {
    let user = manager.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let port = manager.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{user}{}{port}", address_field(node))
}

fn address_field(node: &NodeAddress) -> &'static str {
    if node.addr.is_empty() { "{hostname}" } else { "{addr}" }
}

/// The template with what the node says of itself: a host's name or address and nothing else.
fn fill(template: &str, node: &NodeAddress) -> Result<String, String> {
    let mut text = template.to_owned();
    let named = ["host name", "address", "ID"];
    for ((field, value), name) in
        NODE_FIELDS.iter().zip([&node.hostname, &node.addr, &node.id]).zip(named)
    {
        if !text.contains(field) {
            continue;
        }
        if !is_host(value) {
            let said = if value.is_empty() { "is not known" } else { "is no host's" };
            return Err(format!("the node's {name} {said}, and its ssh address is made of it"));
        }
        let bare = text.replace(&format!("[{field}]"), field);
        let value = if value.contains(':') { format!("[{value}]") } else { value.clone() };
        text = bare.replace(field, &value);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> NodeAddress {
        NodeAddress::new("abc1", "node3", Some("10.0.0.3:2377"), "192.168.0.3")
    }

    fn route(config: &str, manager: &str) -> Result<(String, bool), String> {
        let tls = Some(TlsFiles::system());
        let settings = NodeSettings { config: toml::from_str(config).unwrap(), tls };
        let route = node_route(&settings, &node(), &manager.parse().unwrap())?;
        Ok((route.endpoint.to_string(), route.jump))
    }

    #[test]
    fn the_config_goes_before_the_managers_own_way() {
        let ssh = "ssh://root@m1:2222/x.sock";
        for (config, manager, endpoint, jump) in [
            ("", ssh, "ssh://root@10.0.0.3:2222", true),
            ("jump = false", ssh, "ssh://root@10.0.0.3:2222", false),
            ("", "unix:///d.sock", "ssh://10.0.0.3", false),
            ("jump = true", "unix:///d.sock", "ssh://10.0.0.3", false),
            ("ssh = \"ops@{hostname}.lan:22\"", ssh, "ssh://ops@node3.lan:22", false),
            ("ssh = \"ssh://ops@{id}\"\njump = true", ssh, "ssh://ops@abc1", true),
            (
                "socket = \"/run/{hostname}.sock\"",
                ssh,
                "ssh://root@10.0.0.3:2222/run/node3.sock",
                true,
            ),
            ("[node3]\nssh = \"x/y.sock\"\nsocket = \"/z\"", ssh, "ssh://x/y.sock", false),
            ("ssh = \"a\"\n[node3]\nendpoint = \"tcp://n:2376\"", ssh, "tcp://n:2376", false),
            ("[abc1]\nendpoint = \"ssh://n\"\njump = true", ssh, "ssh://n", true),
        ] {
            let found = route(config, manager).unwrap();
            assert_eq!(found, (endpoint.to_owned(), jump), "{config} {manager}");
        }
    }

    #[test]
    fn a_nodes_address_is_what_managers_use() {
        let addr = |raft, joined| NodeAddress::new("i", "h", raft, joined).addr;
        assert_eq!(addr(Some("10.0.0.3:2377"), "1.2.3.4"), "10.0.0.3");
        assert_eq!(addr(Some("[fe80::1]:2377"), ""), "fe80::1");
        assert_eq!(addr(None, "1.2.3.4"), "1.2.3.4");
        assert_eq!(addr(Some("$(reboot):1"), "1.2.3.4"), "1.2.3.4");
        let six = NodeAddress { addr: "fe80::1".into(), ..node() };
        let settings = NodeSettings {
            config: toml::from_str("ssh = \"u@{addr}:22\"").unwrap(),
            ..NodeSettings::default()
        };
        let found = node_route(&settings, &six, &Endpoint::default_socket()).unwrap();
        assert_eq!(found.endpoint.to_string(), "ssh://u@[fe80::1]:22");
    }

    #[test]
    fn what_a_node_says_of_itself_never_reaches_a_shell() {
        let settings = |config: &str| NodeSettings {
            config: toml::from_str(config).unwrap(),
            ..NodeSettings::default()
        };
        for name in ["$(reboot)", "-oProxyCommand=x", "a;b", "a b", "", "a/../b", "u@h"] {
            let node = NodeAddress { hostname: name.into(), ..node() };
            let manager = Endpoint::default_socket();
            let by_name = settings("ssh = \"ops@{hostname}\"");
            assert!(node_route(&by_name, &node, &manager).is_err(), "{name}");
            let socket = settings("socket = \"/run/{hostname}/d.sock\"");
            assert!(node_route(&socket, &node, &manager).is_err(), "{name}");
            let node = NodeAddress { addr: name.into(), hostname: name.into(), ..node };
            assert!(node_route(&settings(""), &node, &manager).is_err(), "{name}");
        }
    }
}
