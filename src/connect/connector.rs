//! A byte stream to an engine.

use std::{
    future::Future,
    io,
    os::unix::fs::FileTypeExt,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsConnector;

use super::{
    Endpoint, Way,
    ssh::{Channel, NodeLogin, Pipes, Ssh, SshError, SshPrompts},
    tls::{Judged, Objection},
};

/// Time limit for connecting to an endpoint.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Idle time before the system probes a connection.
const QUIET: Duration = Duration::from_secs(2);

/// Dials one endpoint, as often as asked. Clones share what is shared: one ssh login, one reading of
/// the certificates.
#[derive(Clone, Debug)]
pub struct Connector(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    endpoint: Endpoint,
    tls: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
    verdict: Objection,
    ssh: Option<Ssh>,
}

/// TLS's own words, told apart from the network's.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub String);

impl Connector {
    /// A connector to `endpoint`; nothing is dialled yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self::over(endpoint, None)
    }

    /// A connector to a node's engine, by ssh through the connection that `manager` has: without another
    /// login there. It logs in once: who answers there is checked after that.
    pub fn to_node(endpoint: Endpoint, manager: Option<Self>) -> Self {
        Self::over(endpoint, Some(NodeLogin { manager }))
    }

    fn over(endpoint: Endpoint, node: Option<NodeLogin>) -> Self {
        let ssh = match &endpoint {
            Endpoint::Ssh(target) => Some(Ssh::new(target.clone(), node)),
            _ => None,
        };
        Self(Arc::new(Inner { endpoint, tls: OnceLock::new(), verdict: Objection::default(), ssh }))
    }

    /// Where it dials.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// How: as far as it is known.
    pub fn way(&self) -> Way {
        match (&self.0.endpoint, &self.0.ssh) {
            (_, Some(ssh)) => ssh.way(),
            (Endpoint::Unix(_), _) => Way::Local,
            (Endpoint::Tls { files, .. }, _) if !files.verify => Way::TlsUnverified,
            (Endpoint::Tls { .. }, _) => Way::Tls,
            (endpoint, _) if endpoint.is_plain() => Way::TcpPlain,
            _ => Way::TcpLocal,
        }
    }

    /// The engine's objection to the TLS connection that broke last; taken once.
    pub fn verdict(&self) -> Option<String> {
        self.0.verdict.take()
    }

    /// Logs in where that takes an answer at the terminal. For all but ssh there is nothing to do.
    ///
    /// # Errors
    /// What ssh said.
    pub async fn log_in(&self, ask: SshPrompts) -> Result<(), SshError> {
        match &self.0.ssh {
            Some(ssh) => ssh.log_in(ask).await,
            None => Ok(()),
        }
    }

    /// Whether its ssh connection, if it has one, still stands; `false` also before the first login.
    pub async fn is_logged_in(&self) -> bool {
        match &self.0.ssh {
            Some(ssh) => ssh.is_logged_in().await,
            None => true,
        }
    }

    /// Runs a command over there, with the ssh connection that is logged in; `None` if it is no ssh. The
    /// shell over there reads it: it must not hold anything that a stranger wrote unchecked.
    ///
    /// # Errors
    /// What ssh said.
    pub async fn run(&self, command: &str) -> Option<Result<String, SshError>> {
        Some(self.0.ssh.as_ref()?.run(command).await)
    }

    /// The ssh behind it, if it is one.
    pub(super) fn ssh(&self) -> Option<&Ssh> {
        self.0.ssh.as_ref()
    }

    async fn dial(self) -> io::Result<TokioIo<Stream>> {
        if let Some(ssh) = &self.0.ssh {
            // ssh has its own patience.
            return Ok(TokioIo::new(match ssh.dial().await? {
                Channel::Socket(stream) => Stream::Unix(stream),
                Channel::Process(pipes) => Stream::Process(pipes),
            }));
        }
        match tokio::time::timeout(CONNECT_TIMEOUT, self.open()).await {
            Ok(stream) => stream.map(TokioIo::new),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no connection after {}", crate::text::exact(CONNECT_TIMEOUT)),
            )),
        }
    }

    async fn open(&self) -> io::Result<Stream> {
        match &self.0.endpoint {
            Endpoint::Unix(path) => match UnixStream::connect(path).await {
                Ok(stream) => Ok(Stream::Unix(stream)),
                Err(_) if path.metadata().is_ok_and(|m| !m.file_type().is_socket()) => {
                    Err(io::Error::new(io::ErrorKind::InvalidInput, "this path is no socket"))
                }
                Err(error) => Err(error),
            },
            Endpoint::Tcp { host, port } => tcp(host, *port).await.map(Stream::Tcp),
            Endpoint::Tls { host, port, files } => {
                let config = self.0.tls.get_or_init(|| files.load()).clone();
                let config = config.map_err(|why| io::Error::other(TlsError(why)))?;
                let name = ServerName::try_from(host.clone())
                    .map_err(|e| io::Error::other(TlsError(format!("'{host}': {e}"))))?;
                self.0.verdict.take();
                let stream = tcp(host, *port).await?;
                let stream = TlsConnector::from(config).connect(name, stream).await?;
                Ok(Stream::Tls(Box::new(Judged::new(stream, self.0.verdict.clone()))))
            }
            Endpoint::Ssh(_) => Err(io::Error::other("ssh is dialled another way")),
        }
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    // A calm Swarm is asked little: the system notices a cut cable without asking anyone.
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, QUIET)?;
    sockopt::set_tcp_keepintvl(&stream, Duration::from_secs(1))?;
    sockopt::set_tcp_keepcnt(&stream, 3)?;
    Ok(stream)
}

impl tower_service::Service<hyper::Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: hyper::Uri) -> Self::Future {
        Box::pin(self.clone().dial())
    }
}

/// An open connection of any kind.
#[derive(Debug)]
pub enum Stream {
    /// A local socket.
    Unix(UnixStream),
    /// Plain TCP.
    Tcp(TcpStream),
    /// TCP with TLS.
    Tls(Box<Judged>),
    /// The pipes of an ssh.
    Process(Box<Pipes>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tcp(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tls(s) => s.poll_read(cx, buf),
            Self::Process(p) => Pin::new(&mut p.stdout).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Unix(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tcp(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tls(s) => Pin::new(&mut s.stream).poll_write(cx, buf),
            Self::Process(p) => Pin::new(&mut p.stdin).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(s) => Pin::new(s).poll_flush(cx),
            Self::Tcp(s) => Pin::new(s).poll_flush(cx),
            Self::Tls(s) => Pin::new(&mut s.stream).poll_flush(cx),
            Self::Process(p) => Pin::new(&mut p.stdin).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tcp(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tls(s) => Pin::new(&mut s.stream).poll_shutdown(cx),
            Self::Process(p) => Pin::new(&mut p.stdin).poll_shutdown(cx),
        }
    }
}
