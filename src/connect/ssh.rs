//! SSH through the system's `ssh`: one master connection an endpoint, its channels shared by all
//! that dial it.
//!
//! The master is held by a small process of our own ([`super::ssh_holder`]), which ends it and removes its
//! directory when skep is gone, however that went.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{Mutex, watch},
    task::JoinHandle,
};

use super::{
    Connector, Way,
    endpoint::{DEFAULT_SOCKET, SshTarget},
    socket_dir::{own_program, private_dir},
};
use crate::text::{clean, quote};

/// Time limit for a login without questions.
const LOGIN: Duration = Duration::from_secs(12);
/// Time limit for an engine's first answer over a new channel.
const FIRST_WORD: Duration = Duration::from_secs(5);
/// Time limit for a command over there, and the bytes of its output that are read.
const COMMAND: Duration = Duration::from_secs(6);
const OUTPUT: u64 = 64 << 10;
/// Lines of ssh's own words that are kept.
const WORDS: usize = 30;

/// Through a master, and nowhere at all if it is gone.
const THROUGH: [&str; 8] = [
    "-o",
    "ControlMaster=no",
    "-o",
    "ProxyCommand=false",
    "-o",
    "BatchMode=yes",
    "-o",
    "RemoteCommand=none",
];

/// Whether ssh may ask questions: it does so on the terminal, which the screen must not own then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SshPrompts {
    /// Passphrases, passwords, unknown host keys.
    Terminal,
    /// Nothing: what would need an answer fails.
    Never,
}

/// Route of a channel to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// sshd connects to the socket itself.
    Forward,
    /// `docker system dial-stdio` over there, where sshd forwards no sockets.
    Stdio,
}

/// Why ssh got nowhere; one line.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{said}")]
pub struct SshError {
    said: String,
    /// An answer at the terminal might help.
    pub answerable: bool,
}

impl SshError {
    /// Whether sshd hung up on it for too many logins at once.
    pub fn is_busy(&self) -> bool {
        self.said.contains("kex_exchange_identification")
    }
}

impl From<SshError> for io::Error {
    fn from(error: SshError) -> Self {
        Self::other(error)
    }
}

/// One endpoint's ssh.
#[derive(Debug)]
pub(super) struct Ssh {
    target: SshTarget,
    /// Where it is a node's: who answers there was checked after the login, so there is one login only.
    node: Option<NodeLogin>,
    master: Mutex<Option<Master>>,
    /// Decided with the first channel, and again only if it does not work any more.
    route: watch::Sender<Option<Route>>,
}

/// The login at a node.
#[derive(Clone, Debug)]
pub(super) struct NodeLogin {
    /// The manager through whose connection it goes; directly without one.
    pub manager: Option<Connector>,
}

#[derive(Debug)]
struct Master {
    dir: PathBuf,
    holder: Child,
    /// Held open as long as the master is wanted.
    _leash: Option<ChildStdin>,
}

impl Master {
    fn is_alive(&mut self) -> bool {
        matches!(self.holder.try_wait(), Ok(None))
    }
}

/// A channel that is a process: `ssh … docker system dial-stdio`.
#[derive(Debug)]
pub struct Pipes {
    /// Ended when this is dropped.
    child: Child,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
}

/// A new channel.
pub(super) enum Channel {
    Socket(UnixStream),
    Process(Box<Pipes>),
}

impl Ssh {
    /// A connector that has not connected yet.
    pub fn new(target: SshTarget, node: Option<NodeLogin>) -> Self {
        Self { target, node, master: Mutex::default(), route: watch::Sender::new(None) }
    }

    /// Whether the master stands.
    pub async fn is_logged_in(&self) -> bool {
        self.master.lock().await.as_mut().is_some_and(Master::is_alive)
    }

    /// Runs a command over there; its output, also where it failed.
    pub async fn run(&self, command: &str) -> Result<String, SshError> {
        let (dir, _) = self.ready(SshPrompts::Never).await?;
        let mut ssh = self.through(&dir);
        // Whatever the login shell is, it reads what stands between these quotes as one word.
        ssh.arg("-T").args(self.address()).arg(format!("exec sh -c {}", quote(command)));
        ssh.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = ssh.spawn().map_err(|e| plain(format!("ssh can't be started: {e}")))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(plain("ssh has no pipes".into()));
        };
        let (mut stdout, mut stderr) = (stdout.take(OUTPUT), stderr.take(OUTPUT));
        let (mut said, mut words) = (Vec::new(), Vec::new());
        let read =
            async { tokio::join!(stdout.read_to_end(&mut said), stderr.read_to_end(&mut words)).0 };
        match tokio::time::timeout(COMMAND, read).await {
            Ok(Ok(_)) if !said.is_empty() => Ok(String::from_utf8_lossy(&said).into_owned()),
            Ok(_) => {
                let words = String::from_utf8_lossy(&words);
                // What follows is the vain try to go there without the master.
                let why = words.lines().map(str::trim).find(|line| !line.is_empty());
                Err(plain(format!(
                    "ssh runs no command there: {}",
                    why.unwrap_or("it says nothing")
                )))
            }
            Err(_) => Err(plain(format!(
                "the command did not end within {}",
                crate::text::exact(COMMAND)
            ))),
        }
    }

    /// The way to the engine, once it is decided.
    pub fn way(&self) -> Way {
        match *self.route.borrow() {
            None => Way::Ssh,
            Some(Route::Forward) => Way::SshSocket,
            Some(Route::Stdio) => Way::SshStdio,
        }
    }

    /// Logs in if that is needed, and finds out how the engine is reached.
    pub async fn log_in(&self, ask: SshPrompts) -> Result<(), SshError> {
        self.ready(ask).await.map(drop)
    }

    /// A channel to the engine; logs in first if that is needed.
    pub async fn dial(&self) -> Result<Channel, SshError> {
        let (dir, way) = self.ready(SshPrompts::Never).await?;
        match way {
            Route::Forward => {
                let stream = UnixStream::connect(dir.join("engine")).await;
                stream.map(Channel::Socket).map_err(|e| plain(format!("the forwarded socket: {e}")))
            }
            Route::Stdio => {
                self.spawn_stdio(&dir, Stdio::null()).map(|c| Channel::Process(Box::new(c)))
            }
        }
    }

    /// A master that is logged in: its directory, and how channels reach the engine.
    async fn ready(&self, ask: SshPrompts) -> Result<(PathBuf, Route), SshError> {
        let mut held = self.master.lock().await;
        let alive = held.as_mut().is_some_and(Master::is_alive);
        if !alive && held.is_some() && self.node.is_some() {
            return Err(plain("the ssh connection to the node was lost".into()));
        }
        if !alive {
            // The old one's directory goes with its holder.
            *held = None;
            let master = self.start(ask).await?;
            let dir = master.dir.clone();
            *held = Some(master);
            // A new master forwards nothing yet.
            let known = *self.route.borrow();
            if known == Some(Route::Forward) && !self.forward(&dir).await {
                self.route.send_replace(None);
            }
        }
        let Some(master) = held.as_ref() else { return Err(plain("ssh did not start".into())) };
        let dir = master.dir.clone();
        let known = *self.route.borrow();
        let way = match known {
            Some(way) => way,
            None => self.decide(&dir).await?,
        };
        self.route.send_replace(Some(way));
        Ok((dir, way))
    }

    /// Starts the master and waits until it is logged in.
    async fn start(&self, ask: SshPrompts) -> Result<Master, SshError> {
        let dir =
            private_dir().map_err(|e| plain(format!("no directory for ssh's socket: {e}")))?;
        let mut command = Command::new(own_program().map_err(|e| plain(e.to_string()))?);
        command.arg0("skep").arg("hold-ssh").arg(&dir);
        if ask == SshPrompts::Terminal {
            command.arg("--terminal");
        }
        command.arg("--").args(self.options(&dir));
        command.args(["-M", "-N", "-o", "ControlMaster=yes", "-o", "ControlPersist=no"]);
        // A dead link is found after 4 + 4 + 4 seconds of silence.
        command.args(["-o", "ServerAliveInterval=4", "-o", "ServerAliveCountMax=2"]);
        command.args(["-o", "ConnectTimeout=10", "-o", "ClearAllForwardings=yes"]);
        command.args(["-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no"]);
        command.args(["-o", "ForwardAgent=no", "-o", "ForwardX11=no"]);
        command.args(match ask {
            SshPrompts::Terminal => ["-o", "StrictHostKeyChecking=ask"].as_slice(),
            SshPrompts::Never => &["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"],
        });
        if let Some(proxy) = self.proxy().await? {
            command.arg("-o").arg(proxy);
        }
        command.args(self.address());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut holder = command.spawn().map_err(|e| {
            let _ = std::fs::remove_dir_all(&dir);
            plain(format!("ssh can't be started: {e}"))
        })?;
        let leash = holder.stdin.take();
        let words = holder.stderr.take().map(|pipe| listen(pipe, ask));
        let mut master = Master { dir, holder, _leash: leash };
        let socket = master.dir.join("ctl");
        let patience = if ask == SshPrompts::Terminal { Duration::from_secs(600) } else { LOGIN };
        let logged_in = async {
            // ssh makes its control socket once it is logged in, and has no other way to say so.
            while !socket.exists() {
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        };
        tokio::select! {
            biased;
            _ = master.holder.wait() => {
                let words = match words {
                    Some(words) => words.await.unwrap_or_default(),
                    None => Vec::new(),
                };
                Err(explain(&words, &self.target))
            }
            () = logged_in => Ok(master),
            () = tokio::time::sleep(patience) => {
                Err(plain(format!("no login within {}", crate::text::exact(patience))))
            }
        }
    }

    /// Has ssh go through the manager's connection, if it is to. ssh writes an `exec` before it, so that no
    /// shell stays beside it.
    async fn proxy(&self) -> Result<Option<String>, SshError> {
        let manager = self.node.as_ref().and_then(|node| node.manager.as_ref());
        let Some(manager) = manager.and_then(Connector::ssh) else { return Ok(None) };
        let (dir, _) = Box::pin(manager.ready(SshPrompts::Never)).await?;
        let control = dir.join("ctl").display().to_string();
        let mut words = vec!["ssh".to_owned(), "-S".into(), control];
        words.extend(THROUGH.map(str::to_owned));
        words.extend(manager.address());
        let line: Vec<String> = words.iter().map(|w| quote(w).replace('%', "%%")).collect();
        // It comes before the host, as an option must.
        let (options, host) = line.split_at(line.len() - 2);
        let line = format!("{} -W '[%h]:%p' {}", options.join(" "), host.join(" "));
        Ok(Some(format!("ProxyCommand={line}")))
    }

    /// Finds out what the other side allows: a forwarded socket is cheaper, `dial-stdio` needs only a
    /// docker CLI over there.
    async fn decide(&self, dir: &Path) -> Result<Route, SshError> {
        if self.forward(dir).await
            && let Ok(stream) = UnixStream::connect(dir.join("engine")).await
            && answers(stream).await
        {
            return Ok(Route::Forward);
        }
        let mut channel = self.spawn_stdio(dir, Stdio::piped())?;
        let stderr = channel.child.stderr.take();
        let both = tokio::io::join(&mut channel.stdout, &mut channel.stdin);
        if answers(both).await {
            return Ok(Route::Stdio);
        }
        let mut said = String::new();
        if let Some(stderr) = stderr {
            let read = stderr.take(4_096);
            tokio::pin!(read);
            let _ =
                tokio::time::timeout(Duration::from_millis(500), read.read_to_string(&mut said))
                    .await;
        }
        let said =
            said.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ");
        Err(plain(format!(
            "logged in, but no engine answers: {}; check the socket's path, and that {} may use docker there",
            if said.is_empty() {
                "not over the forwarded socket, nor over 'docker system dial-stdio'"
            } else {
                &said
            },
            self.target.user.as_deref().unwrap_or("this user"),
        )))
    }

    /// Has the master listen at a socket of ours for the one over there.
    async fn forward(&self, dir: &Path) -> bool {
        let remote = self.target.socket.as_deref().unwrap_or(DEFAULT_SOCKET);
        let forward = format!("{}:{remote}", dir.join("engine").display());
        let mut command = self.through(dir);
        command.args(["-O", "forward", "-L", &forward]).args(self.address());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        dir.join("engine").exists() || command.status().await.is_ok_and(|status| status.success())
    }

    fn spawn_stdio(&self, dir: &Path, stderr: Stdio) -> Result<Pipes, SshError> {
        let mut command = self.through(dir);
        command.arg("-T").args(self.address()).arg("docker");
        if let Some(socket) = &self.target.socket {
            // Its characters were checked when it was read: the shell over there sees this.
            command.arg("-H").arg(format!("unix://{socket}"));
        }
        command.args(["system", "dial-stdio"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
        let mut child = command.spawn().map_err(|e| plain(format!("ssh can't be started: {e}")))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Pipes { child, stdin, stdout }),
            _ => Err(plain("ssh has no pipes".into())),
        }
    }

    /// An ssh that goes through the master, and nowhere at all if it is gone.
    fn through(&self, dir: &Path) -> Command {
        let mut command = Command::new("ssh");
        command.args(self.options(dir)).args(THROUGH);
        command
    }

    fn options(&self, dir: &Path) -> [std::ffi::OsString; 2] {
        ["-S".into(), dir.join("ctl").into()]
    }

    fn address(&self) -> Vec<String> {
        let mut args = Vec::new();
        if let Some(user) = &self.target.user {
            args.extend(["-l".into(), user.clone()]);
        }
        if let Some(port) = self.target.port {
            args.extend(["-p".into(), port.to_string()]);
        }
        args.extend(["--".into(), self.target.host.clone()]);
        args
    }
}

fn plain(said: String) -> SshError {
    SshError { said, answerable: false }
}

/// Keeps what ssh says; while it may ask, the user sees it as well.
fn listen(pipe: tokio::process::ChildStderr, ask: SshPrompts) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        let mut words = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            tracing::debug!(line, "ssh");
            if ask == SshPrompts::Terminal && words.len() < WORDS {
                let _ = writeln!(io::stderr(), "{}", clean(&line));
            }
            if words.len() < WORDS {
                words.push(line);
            }
        }
        words
    })
}

/// ssh's words as one line that says what to do.
fn explain(words: &[String], target: &SshTarget) -> SshError {
    let has = |needle: &str| words.iter().any(|w| w.contains(needle));
    let find =
        |needle: &str| words.iter().find(|w| w.contains(needle)).map(|w| w.trim().to_owned());
    let login = match (&target.user, target.port) {
        (Some(user), Some(port)) => format!("ssh -p {port} {user}@{}", target.host),
        (Some(user), None) => format!("ssh {user}@{}", target.host),
        (None, Some(port)) => format!("ssh -p {port} {}", target.host),
        (None, None) => format!("ssh {}", target.host),
    };
    if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        let fix =
            find("ssh-keygen -f").unwrap_or_else(|| format!("ssh-keygen -R '{}'", target.host));
        return plain(format!(
            "the host key HAS CHANGED: someone may be listening in. If you know why it changed: {fix}, then {login}"
        ));
    }
    if has("Host key verification failed") || has("host key is known for") {
        let which = find("host key is known for").map_or(String::new(), |w| format!(" ({w})"));
        return SshError {
            said: format!(
                "the host key is not known{which}: run '{login}' once and compare its fingerprint"
            ),
            answerable: true,
        };
    }
    if let Some(said) = find("Permission denied") {
        return SshError {
            said: format!("{said}: load the key with ssh-add, or try '{login}'"),
            answerable: true,
        };
    }
    // The last line is the reason, those before it tell of the way there.
    let said = words.iter().rev().map(|w| w.trim()).find(|w| !w.is_empty());
    plain(said.map_or_else(|| format!("ssh ended without a word; try '{login}'"), str::to_owned))
}

/// Whether an engine answers over this stream.
async fn answers(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite) -> bool {
    tokio::pin!(stream);
    let ping = async {
        let request = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        stream.flush().await?;
        let mut first = [0; 5];
        stream.read_exact(&mut first).await?;
        io::Result::Ok(first)
    };
    matches!(tokio::time::timeout(FIRST_WORD, ping).await, Ok(Ok(first)) if &first == b"HTTP/")
}
