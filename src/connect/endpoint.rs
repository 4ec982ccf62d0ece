//! Where an engine listens.

use std::{fmt, path::PathBuf, str::FromStr};

use super::tls::TlsFiles;
use crate::text::{is_host, is_user};

/// The socket dockerd listens on when nothing else is said.
pub(super) const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// The host when none is given, as in the docker CLI.
const DEFAULT_HOST: &str = "localhost";
/// The port when none is given, as in the docker CLI: with TLS as well.
const PORT: u16 = 2375;
/// The port of `https://`, which the docker CLI does not have, and of an empty host with TLS.
const TLS_PORT: u16 = 2376;

/// An engine's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A local socket.
    Unix(PathBuf),
    /// Plain TCP: no encryption, no authentication.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// TCP with TLS.
    Tls {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// Certificates and key.
        files: TlsFiles,
    },
    /// Through the system's ssh.
    Ssh(SshTarget),
}

/// The part after `ssh://`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SshTarget {
    /// Whom to log in as; ssh's own choice if absent.
    pub user: Option<String>,
    /// A host, or a `Host` of ssh's config.
    pub host: String,
    /// ssh's own choice if absent.
    pub port: Option<u16>,
    /// The engine's socket over there, if it is not the usual one.
    pub socket: Option<String>,
}

/// Why a string is no endpoint skep can use.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EndpointError {
    /// Another form than the docker CLI takes.
    #[error(
        "'{0}' is not an endpoint: write unix:///path/to/docker.sock, tcp://host:port, host:port or ssh://user@host"
    )]
    Form(String),
    /// A socket that systemd hands to dockerd.
    #[error("'{0}': fd:// is for dockerd alone; use the socket it listens on, unix:///path")]
    Descriptor(String),
    /// An API below a path.
    #[error("'{0}': a path after the port is not supported; write tcp://host:port")]
    Prefix(String),
    /// Windows.
    #[error("'{0}': named pipes are not supported; use unix://, tcp:// or ssh://")]
    Pipe(String),
    /// The port is no number from 1 to 65535.
    #[error(
        "'{0}': the port must be a number from 1 to 65535; an IPv6 address goes in brackets: tcp://[::1]:2375"
    )]
    Port(String),
    /// A password in the address.
    #[error("'{0}': a password can't be part of an endpoint; use a key, or let ssh ask")]
    Password(String),
    /// A user or host that would mean something else to a shell.
    #[error(
        "'{0}': an ssh user or host may hold only letters, digits and . _ - + @ : %; name it otherwise in ~/.ssh/config"
    )]
    Login(String),
    /// A path that would mean something else to ssh or to the shell over there.
    #[error("'{0}': the socket's path may hold only letters, digits and . _ - + @ /")]
    Path(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text, None)
    }
}

impl Endpoint {
    /// Reads an endpoint in any of the docker CLI's ways of writing one (docker/cli `opts/hosts.go`):
    /// empty is the default socket, a bare path a socket, anything else without a scheme is TCP.
    /// TCP means TLS if there are `files` for it.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str, tls: Option<&TlsFiles>) -> Result<Self, EndpointError> {
        let text = text.trim();
        let is_path = text.starts_with('/') || text.starts_with("./");
        let (scheme, rest) = match text.split_once("://") {
            Some(split) => split,
            None if text.is_empty() && tls.is_none() => ("unix", ""),
            None if is_path => ("unix", text),
            None => ("tcp", text),
        };
        let wrong = || EndpointError::Form(text.into());
        match scheme {
            _ if rest.contains("://") => Err(wrong()),
            "unix" if rest.is_empty() => Ok(Self::default_socket()),
            "unix" => Ok(Self::Unix(rest.into())),
            "tcp" | "http" | "https" => {
                let (host, port) = tcp_address(rest, text)?;
                let files = tls.cloned().or_else(|| (scheme == "https").then(TlsFiles::system));
                let secure = scheme == "https" || text.is_empty();
                let port = port.unwrap_or(if secure { TLS_PORT } else { PORT });
                Ok(match files {
                    Some(files) => Self::Tls { host, port, files },
                    None => Self::Tcp { host, port },
                })
            }
            "ssh" => ssh_target(rest, text).map(Self::Ssh),
            "npipe" => Err(EndpointError::Pipe(text.into())),
            "fd" => Err(EndpointError::Descriptor(text.into())),
            _ => Err(wrong()),
        }
    }

    /// The local engine's socket.
    pub fn default_socket() -> Self {
        Self::Unix(DEFAULT_SOCKET.into())
    }

    /// Whether anyone on the way may read and change what is said.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Tcp { host, .. } if !is_loopback(host))
    }

    /// The same way to reach the engine of another host, as an offer; none if it is no host.
    pub fn on_host(&self, host: &str) -> Option<Self> {
        let host = Some(host).filter(|h| is_host(h))?.to_owned();
        Some(match self {
            Self::Unix(_) => Self::Ssh(SshTarget { user: None, host, port: None, socket: None }),
            Self::Tcp { port, .. } => Self::Tcp { host, port: *port },
            Self::Tls { port, files, .. } => Self::Tls { host, port: *port, files: files.clone() },
            Self::Ssh(target) => Self::Ssh(SshTarget { host, socket: None, ..target.clone() }),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `[host][:port][/]`: the docker CLI fills in what is not given.
fn tcp_address(rest: &str, text: &str) -> Result<(String, Option<u16>), EndpointError> {
    let address = rest.trim_end_matches('/');
    if address.contains('/') {
        return Err(EndpointError::Prefix(text.into()));
    }
    let address = address.strip_suffix(':').filter(|a| !a.ends_with(':')).unwrap_or(address);
    match address.strip_prefix(':') {
        _ if address.is_empty() => Ok((DEFAULT_HOST.into(), None)),
        Some(port) if !port.contains(':') => host_and_port(&format!("{DEFAULT_HOST}:{port}"), text),
        _ => host_and_port(address, text),
    }
}

/// `[user@]host[:port][/path]`. What could be taken for an option of ssh is refused.
fn ssh_target(rest: &str, text: &str) -> Result<SshTarget, EndpointError> {
    let (authority, socket) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(&rest[at..]).filter(|p| *p != "/")),
        None => (rest, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+@/".contains(c);
    if socket.is_some_and(|path| !path.chars().all(plain)) {
        return Err(EndpointError::Path(text.into()));
    }
    let (user, address) = match authority.rsplit_once('@') {
        Some((user, address)) => (Some(user), address),
        None => (None, authority),
    };
    if user.is_some_and(|u| u.contains(':')) {
        // Not shown again: it is a secret.
        return Err(EndpointError::Password(format!("ssh://…@{address}")));
    }
    let (host, port) = host_and_port(address, text)?;
    if !is_host(&host) || user.is_some_and(|user| !is_user(user)) {
        return Err(EndpointError::Login(text.into()));
    }
    Ok(SshTarget { user: user.map(str::to_owned), host, port, socket: socket.map(str::to_owned) })
}

/// `host`, `host:port`, `[::1]`, `[::1]:port`; `::1:2375` could mean two things and is refused.
fn host_and_port(part: &str, text: &str) -> Result<(String, Option<u16>), EndpointError> {
    let (host, port) = match part.strip_prefix('[') {
        Some(inner) => {
            let (host, rest) =
                inner.split_once(']').ok_or_else(|| EndpointError::Form(text.into()))?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(EndpointError::Form(text.into())),
            }
        }
        None if part.matches(':').count() > 1 => return Err(EndpointError::Port(text.into())),
        None => match part.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (part, None),
        },
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "[]@/?#\\".contains(c);
    // The zone of a link-local address is written in a URL's way.
    let host = host.replace("%25", "%");
    if host.is_empty() || host.contains(odd) {
        return Err(EndpointError::Form(text.into()));
    }
    let number = |p: &str| p.parse().ok().filter(|p| *p != 0);
    let port = match port {
        None => None,
        Some(p) => Some(number(p).ok_or_else(|| EndpointError::Port(text.into()))?),
    };
    Ok((host, port))
}

struct Bracketed<'h>(&'h str);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') { write!(f, "[{}]", self.0) } else { f.write_str(self.0) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => {
                write!(f, "tcp://{}:{port}", Bracketed(host))
            }
            Self::Ssh(target) => {
                f.write_str("ssh://")?;
                if let Some(user) = &target.user {
                    write!(f, "{user}@")?;
                }
                write!(f, "{}", Bracketed(&target.host))?;
                if let Some(port) = target.port {
                    write!(f, ":{port}")?;
                }
                f.write_str(target.socket.as_deref().unwrap_or(""))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_host_may_hold() {
        for (text, shown) in [
            ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
            ("", "unix:///var/run/docker.sock"),
            ("unix://", "unix:///var/run/docker.sock"),
            ("unix://here/docker.sock", "unix://here/docker.sock"),
            ("/run/docker.sock", "unix:///run/docker.sock"),
            ("./docker.sock", "unix://./docker.sock"),
            ("manager-1", "tcp://manager-1:2375"),
            ("10.0.0.7:2376", "tcp://10.0.0.7:2376"),
            (":4243", "tcp://localhost:4243"),
            ("tcp://", "tcp://localhost:2375"),
            ("tcp://:4243", "tcp://localhost:4243"),
            ("tcp://manager-1", "tcp://manager-1:2375"),
            ("tcp://manager-1:", "tcp://manager-1:2375"),
            ("tcp://10.0.0.7:2376/", "tcp://10.0.0.7:2376"),
            (" tcp://10.0.0.7:2376\n", "tcp://10.0.0.7:2376"),
            ("tcp://[::1]:99", "tcp://[::1]:99"),
            ("tcp://[::1]", "tcp://[::1]:2375"),
            ("tcp://[::1]:", "tcp://[::1]:2375"),
            ("[fe80::1%25eth0]:2376", "tcp://[fe80::1%eth0]:2376"),
            ("https://m", "tcp://m:2376"),
            ("ssh://m", "ssh://m"),
            ("ssh://root@m/", "ssh://root@m"),
            (
                "ssh://root@[fe80::1]:2222/run/docker.sock",
                "ssh://root@[fe80::1]:2222/run/docker.sock",
            ),
        ] {
            assert_eq!(
                text.parse::<Endpoint>().map(|e| e.to_string()),
                Ok(shown.into()),
                "{text:?}"
            );
        }
        let tls = TlsFiles::system();
        for (text, shown) in [("", "tcp://localhost:2376"), ("tcp://m", "tcp://m:2375")] {
            let read = Endpoint::parse(text, Some(&tls)).unwrap();
            assert!(matches!(read, Endpoint::Tls { .. }) && read.to_string() == shown, "{read}");
        }
        for text in [
            "tcp://h:0",
            "tcp://h:70000",
            "tcp://h::",
            "tcp://::",
            "tcp://a/b",
            "tcp://tcp://a",
            "tcp://::1:2375",
            "::1:2375",
            "tcp://[::1",
            "tcp://[::1]2375",
            "TCP://h",
            "a b",
            "ssh://",
            "ssh://@h",
            "ssh://-oProxyCommand=x",
            "ssh://-l@h",
            "ssh://u:secret@h",
            "ssh://m;reboot",
            "ssh://$(reboot)@m",
            "ssh://a`id`@m",
            "ssh://m|sh",
            "ssh://m&",
            "ssh://m'x",
            "ssh://m<x",
            "ssh://~@m",
            "ssh://u\\x@m",
            "ssh://h/a b",
            "ssh://h/$(x)",
            "ssh://h/a:b",
            "npipe:////./pipe/x",
            "fd://",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
        let shown = "ssh://u:secret@h".parse::<Endpoint>().unwrap_err().to_string();
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn offers_the_same_way_to_another_host() {
        let offer = |text: &str| {
            let endpoint = text.parse::<Endpoint>().unwrap();
            assert_eq!(endpoint.on_host("m;reboot"), None);
            assert_eq!(endpoint.on_host("-oProxyCommand=x"), None);
            endpoint.on_host("10.0.0.1").unwrap().to_string()
        };
        assert_eq!(offer("ssh://root@w:22/x.sock"), "ssh://root@10.0.0.1:22");
        assert_eq!(offer("unix:///x.sock"), "ssh://10.0.0.1");
        assert_eq!(offer("tcp://w:99"), "tcp://10.0.0.1:99");
    }
}
