//! The user's own docker CLI as a child process, with a deadline.

use std::{
    collections::VecDeque,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

use crate::text::{brief, clean, exact, quote};

/// A CLI that neither asks nor says anything for this long hangs.
const SILENCE: Duration = Duration::from_secs(60);
/// A deploy takes at most so long, whatever it does.
const LONGEST: Duration = Duration::from_secs(600);
/// Time to tell its version.
const VERSION_TIME: Duration = Duration::from_secs(20);
/// Interval at which it is checked for silence.
const LOOK: Duration = Duration::from_millis(500);
/// The oldest release that is tried.
const OLDEST: u64 = 20;
/// Releases from this one on know `--detach`.
const DETACHES: u64 = 26;
/// Lines of its output that are kept, and the longest one.
const MOST_LINES: usize = 200;
const LONGEST_LINE: u64 = 64 << 10;
/// Time to read what it said, once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A command line of `docker stack deploy`.
#[derive(Clone, Debug, Default)]
pub struct Deploy {
    /// Name of the stack.
    pub stack: String,
    /// Compose files, relative to `dir`; `-` is `stdin`.
    pub files: Vec<PathBuf>,
    /// Remove services that are not in the files.
    pub prune: bool,
    /// Send credentials for registries along.
    pub registry_auth: bool,
    /// `always`, `changed` or `never`.
    pub resolve_image: Option<String>,
    /// The folder that it runs in; the present one if there is none.
    pub dir: Option<PathBuf>,
    /// Its standard input.
    pub stdin: Option<Bytes>,
}

impl Deploy {
    /// The arguments of docker.
    fn arguments(&self) -> Vec<OsString> {
        let mut all: Vec<OsString> = vec!["stack".into(), "deploy".into()];
        if self.prune {
            all.push("--prune".into());
        }
        if self.registry_auth {
            all.push("--with-registry-auth".into());
        }
        if let Some(when) = &self.resolve_image {
            all.push(format!("--resolve-image={when}").into());
        }
        for file in &self.files {
            // A file whose name begins with a dash is a file all the same.
            all.extend(["--compose-file".into(), file.clone().into_os_string()]);
        }
        all.extend(["--".into(), self.stack.clone().into()]);
        all
    }

    /// The command, for a shell.
    pub fn command(&self) -> String {
        let words = self.arguments();
        let words: Vec<String> = words.iter().map(|word| quote(&word.to_string_lossy())).collect();
        format!("docker {}", words.join(" "))
    }
}

/// Why there is no recording.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CliFault {
    /// There is no CLI.
    #[error(
        "docker: {0}; skep reads compose files through your own docker CLI: install it (docker-cli, docker-ce-cli), or put it in PATH"
    )]
    Missing(String),
    /// It is older than what is tried.
    #[error("docker: {0} is too old; skep needs the docker CLI 20.10 or newer")]
    TooOld(String),
    /// It refuses the files, or the command line.
    #[error("docker: {0}")]
    Refused(String),
    /// It does not end.
    #[error("docker stack deploy {0}; it was ended, and nothing was written")]
    Hangs(String),
    /// The recording socket can't be made.
    #[error("no socket for the docker CLI: {0}")]
    Socket(String),
}

/// The CLI that a `docker` in PATH is.
pub struct DockerCli {
    release: u64,
}

impl DockerCli {
    /// Looks for it, and asks for its version.
    ///
    /// # Errors
    /// That it is missing, or too old.
    pub async fn find() -> Result<Self, CliFault> {
        let mut command = Command::new("docker");
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.process_group(0).kill_on_drop(true);
        let child = command.spawn().map_err(|error| CliFault::Missing(error.to_string()))?;
        // Kills its children as well.
        let _group = ProcessGroup(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        let output = match tokio::time::timeout(VERSION_TIME, child.wait_with_output()).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return Err(CliFault::Missing(error.to_string())),
            Err(_) => {
                let said = format!("it tells no version within {}", exact(VERSION_TIME));
                return Err(CliFault::Missing(said));
            }
        };
        let said = String::from_utf8_lossy(&output.stdout);
        // Docker version 28.2.2, build e6534b4
        let release = said.split_whitespace().find_map(|word| {
            let number = word.split('.').next()?;
            number.parse::<u64>().ok().filter(|_| word.contains('.'))
        });
        let said = clean(brief(said.trim()).as_ref()).into_owned();
        match release {
            None => Err(CliFault::Missing(format!("it tells no version ({said})"))),
            Some(release) if release < OLDEST => Err(CliFault::TooOld(said)),
            Some(release) => Ok(Self { release }),
        }
    }

    /// Starts a deploy against a socket, in a process group of its own.
    pub(super) fn start(&self, deploy: &Deploy, socket: &Path) -> Result<DeployRun, CliFault> {
        let mut host = OsString::from("unix://");
        host.push(socket);
        let mut command = Command::new("docker");
        let mut arguments = deploy.arguments();
        if self.release >= DETACHES {
            arguments.insert(2, "--detach=true".into());
        }
        command.args(arguments);
        if let Some(dir) = &deploy.dir {
            command.current_dir(dir);
        }
        command.env("DOCKER_HOST", host);
        for name in ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
            command.env_remove(name);
        }
        command
            .process_group(0)
            .kill_on_drop(true)
            .stdin(if deploy.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| CliFault::Missing(error.to_string()))?;
        let group = ProcessGroup(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), deploy.stdin.clone()) {
            tokio::spawn(async move {
                // It may have enough before the end.
                let _ = pipe.write_all(&input).await;
            });
        }
        Ok(DeployRun { child, group })
    }
}

/// A process group. Dropped, what is left of it is killed.
struct ProcessGroup(Option<Pid>);

/// A deploy under way.
pub(super) struct DeployRun {
    child: Child,
    group: ProcessGroup,
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nothing is left of it, normally.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl DeployRun {
    /// Its process group.
    pub fn group(&self) -> Option<Pid> {
        self.group.0
    }

    /// Waits for its end; its warnings.
    pub async fn ended(
        mut self,
        last_request: impl Fn() -> Option<Instant>,
    ) -> Result<Vec<String>, CliFault> {
        let begun = Instant::now();
        let said = Lines::default();
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let kept = said.clone();
        let reading = async move { tokio::join!(Lines::default().read(out), kept.read(err)) };
        tokio::pin!(reading);
        let mut is_read = false;
        let mut looks = tokio::time::interval(LOOK);
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status,
                _ = &mut reading, if !is_read => is_read = true,
                _ = looks.tick() => {
                    let last = last_request().unwrap_or(begun);
                    if last.elapsed() >= SILENCE {
                        let said = format!("does nothing for {}", exact(SILENCE));
                        return Err(CliFault::Hangs(said));
                    }
                    if begun.elapsed() >= LONGEST {
                        let said = format!("does not end within {}", exact(LONGEST));
                        return Err(CliFault::Hangs(said));
                    }
                }
            }
        };
        if !is_read {
            // A helper that it started may live on, with the same output.
            let _ = tokio::time::timeout(LAST_WORDS, reading).await;
        }
        let status = status.map_err(|error| CliFault::Refused(error.to_string()))?;
        let said: Vec<String> = said.take().into_iter().filter(|line| !is_usual(line)).collect();
        if status.success() {
            return Ok(warnings(&said));
        }
        let words = said.join(" ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = if words.is_empty() { status.to_string() } else { words };
        Err(CliFault::Refused(brief(&words).into_owned()))
    }
}

/// Whether it says this of every deploy.
fn is_usual(line: &str) -> bool {
    line.starts_with("Since --detach=false was not specified")
        || line.starts_with("In a future release, --detach=false")
}

/// Its warnings, a line each. That an image has no digest is told of the service.
fn warnings(lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    // Of an image without a digest there are four lines.
    let (mut is_new, mut of_image) = (true, 0);
    for line in lines {
        if line.starts_with("image ") && line.contains(" could not be accessed on a registry") {
            of_image = 4;
        }
        if of_image > 0 {
            of_image = if line == "versions of the image." { 0 } else { of_image - 1 };
            is_new = true;
            continue;
        }
        // A logger's line: time="…" level=warning msg="…"
        let logged = line.split_once(" msg=\"").filter(|_| line.starts_with("time="));
        match (logged, out.last_mut()) {
            (Some((_, text)), _) => {
                out.push(text.trim_end_matches('"').replace("\\\"", "\""));
                is_new = true;
                continue;
            }
            // A heading with its text after an empty line.
            (None, Some(last)) if !line.is_empty() && (!is_new || last.ends_with(':')) => {
                last.push(' ');
                last.push_str(line);
            }
            (None, _) if !line.is_empty() => out.push(line.clone()),
            _ => {}
        }
        is_new = line.is_empty();
    }
    out
}

/// Lines of its output, the last ones of many.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Lines {
    fn take(&self) -> VecDeque<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads to the end.
    async fn read(self, from: Option<impl AsyncRead + Unpin>) {
        let Some(from) = from else { return };
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        loop {
            let piece = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
            if !piece.is_ok_and(|n| n > 0) {
                return;
            }
            let text = String::from_utf8_lossy(&line);
            let text = clean(brief(text.trim()).as_ref()).into_owned();
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(text);
            if kept.len() > MOST_LINES {
                kept.pop_front();
            }
            drop(kept);
            line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_told_a_line_each() {
        let said = [
            "image a:1 could not be accessed on a registry to record",
            "its digest. Each node will access a:1 independently,",
            "possibly leading to different nodes running different",
            "versions of the image.",
            "",
            "Ignoring unsupported options: build, privileged",
            "",
            "Ignoring deprecated options:",
            "",
            "container_name: Setting the container name is not supported.",
            "",
            "expose: Exposing ports is unnecessary.",
            r#"time="2026-11-29T01:00:00Z" level=warning msg="ignoring IP-address (127.0.0.1:80:80/tcp) service will listen on '0.0.0.0'""#,
        ];
        let said: Vec<String> = said.into_iter().map(Into::into).collect();
        assert_eq!(
            warnings(&said),
            [
                "Ignoring unsupported options: build, privileged",
                "Ignoring deprecated options: container_name: Setting the container name is not supported.",
                "expose: Exposing ports is unnecessary.",
                "ignoring IP-address (127.0.0.1:80:80/tcp) service will listen on '0.0.0.0'",
            ]
        );
    }
}
