//! Where an engine listens.

use std::{fmt, path::PathBuf, str::FromStr};

/// The socket dockerd listens on when nothing else is said.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// The port of plain `tcp://` when none is given, as in the docker CLI.
const DEFAULT_PORT: u16 = 2375;

/// An engine's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A local socket.
    Unix(PathBuf),
    /// Plain TCP: no encryption, no authentication.
    Tcp { host: String, port: u16 },
}

/// Why a string is no endpoint skep can use.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EndpointError {
    /// Not of the form `scheme://address`.
    #[error("'{0}' is not an endpoint: write unix:///path/to/docker.sock or tcp://host:port")]
    Form(String),
    /// A scheme skep knows of and can't use yet.
    #[error("'{0}': {1}:// endpoints are not supported by this version; use unix:// or tcp://")]
    NotYet(String, &'static str),
    /// The port is no number from 1 to 65535.
    #[error("'{0}': the port must be a number from 1 to 65535")]
    Port(String),
    /// `DOCKER_TLS_VERIFY` asks for TLS.
    #[error(
        "DOCKER_TLS_VERIFY is set and this version can't speak TLS; unset it, or use a unix:// socket"
    )]
    Tls,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| EndpointError::Form(text.into()))?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            "tcp" | "http" => {
                let rest = rest.trim_end_matches('/');
                let (host, port) = split_host_port(rest);
                if host.is_empty() || host.contains('/') {
                    return Err(EndpointError::Form(text.into()));
                }
                let port = match port {
                    None => DEFAULT_PORT,
                    Some(p) => p
                        .parse()
                        .ok()
                        .filter(|p| *p != 0)
                        .ok_or_else(|| EndpointError::Port(text.into()))?,
                };
                Ok(Self::Tcp { host: host.into(), port })
            }
            "ssh" => Err(EndpointError::NotYet(text.into(), "ssh")),
            "https" => Err(EndpointError::NotYet(text.into(), "https")),
            "npipe" => Err(EndpointError::NotYet(text.into(), "npipe")),
            _ => Err(EndpointError::Form(text.into())),
        }
    }
}

/// `host`, `host:port`, `[::1]`, `[::1]:port`.
fn split_host_port(text: &str) -> (&str, Option<&str>) {
    if let Some(inner) = text.strip_prefix('[')
        && let Some((host, rest)) = inner.split_once(']')
    {
        return (host, rest.strip_prefix(':'));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl Endpoint {
    /// The local engine's socket.
    pub fn default_socket() -> Self {
        Self::Unix(DEFAULT_SOCKET.into())
    }
}

/// The endpoints to use: the flags, else the config file, else `DOCKER_HOST`, else the default socket.
///
/// `env` looks an environment variable up.
pub fn choose(
    flags: &[String],
    config: &[String],
    env: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Endpoint>, EndpointError> {
    let given = if flags.is_empty() { config } else { flags };
    if !given.is_empty() {
        return given.iter().map(|text| text.parse()).collect();
    }
    match env("DOCKER_HOST").filter(|v| !v.is_empty()) {
        Some(host) => {
            let endpoint = host.parse()?;
            let wants_tls = env("DOCKER_TLS_VERIFY").is_some_and(|v| !v.is_empty());
            if wants_tls && matches!(endpoint, Endpoint::Tcp { .. }) {
                return Err(EndpointError::Tls);
            }
            Ok(vec![endpoint])
        }
        None => Ok(vec![Endpoint::default_socket()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_host_may_hold() {
        for (text, shown) in [
            ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
            ("tcp://manager-1", "tcp://manager-1:2375"),
            ("tcp://10.0.0.7:2376/", "tcp://10.0.0.7:2376"),
            ("tcp://[::1]:99", "tcp://[::1]:99"),
        ] {
            assert_eq!(text.parse::<Endpoint>().map(|e| e.to_string()), Ok(shown.into()));
        }
        for text in [
            "",
            "docker.sock",
            "unix://relative",
            "tcp://",
            "tcp://h:0",
            "tcp://h:70000",
            "ssh://h",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn flags_go_before_config_before_environment() {
        let env = |k: &str| (k == "DOCKER_HOST").then(|| "tcp://env:1".to_owned());
        let pick = |flags: &[&str], config: &[&str]| {
            let own = |l: &[&str]| l.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
            choose(&own(flags), &own(config), env).map(|e| e[0].to_string())
        };
        assert_eq!(pick(&["tcp://flag:1"], &["tcp://conf:1"]), Ok("tcp://flag:1".into()));
        assert_eq!(pick(&[], &["tcp://conf:1"]), Ok("tcp://conf:1".into()));
        assert_eq!(pick(&[], &[]), Ok("tcp://env:1".into()));
        assert_eq!(choose(&[], &[], |_| None), Ok(vec![Endpoint::default_socket()]));
    }
}
