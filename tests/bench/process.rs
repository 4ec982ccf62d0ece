//! Real processes, measured from outside: skep on a pseudo-terminal, the embedded Swarm, and a relay
//! that counts what passes between a client and an engine.

use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// A place of this run's own.
pub fn scratch() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("skep-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// CPU time a process used so far, all its threads.
pub fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or(Vec::new(), |(_, r)| r.split_whitespace().collect());
    let ticks: u64 = [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The same of all processes of that name.
pub fn cpu_of_all(name: &str) -> Duration {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            comm.trim() == name
        })
        .map(cpu)
        .sum()
}

/// A line of `/proc/<pid>/status`, in bytes: `VmRSS`, `VmHWM`.
pub fn memory(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let found = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The embedded Swarm in a process of its own.
pub struct Served {
    child: Child,
    pub socket: PathBuf,
}

impl Served {
    pub fn start(args: &[&str]) -> Self {
        let socket = scratch().join("engine.sock");
        let _ = std::fs::remove_file(&socket);
        let child = Command::new(env!("CARGO_BIN_EXE_skep"))
            .args(["demo-serve", "--socket"])
            .arg(&socket)
            .args(args)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the embedded Swarm did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, socket }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Nothing fails there any more.
    pub fn calm(&self) {
        let done = Command::new("kill").args(["-USR1", &self.pid().to_string()]).status().unwrap();
        assert!(done.success(), "kill -USR1");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// What passed a [`Relay`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    pub requests: u64,
    /// Those of them for tasks of some services.
    pub of_tasks: u64,
    pub bytes: u64,
}

/// Forwards connections to an engine's socket and counts requests and bytes of answers.
pub struct Relay {
    pub socket: PathBuf,
    requests: Arc<AtomicU64>,
    of_tasks: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
    open: Arc<Mutex<Vec<UnixStream>>>,
}

impl Relay {
    pub fn to(engine: &Path, name: &str) -> Self {
        let socket = scratch().join(name);
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let counter = || Arc::new(AtomicU64::new(0));
        let (requests, of_tasks, bytes) = (counter(), counter(), counter());
        let counters = (Arc::clone(&requests), Arc::clone(&of_tasks), Arc::clone(&bytes));
        let open = Arc::new(Mutex::new(Vec::new()));
        let (engine, held) = (engine.to_owned(), Arc::clone(&open));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(&engine) else { continue };
                let (r, t, b) = counters.clone();
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                held.lock().unwrap().extend([client.try_clone().unwrap()]);
                // A request ends its first line so; none of these clients pipelines.
                std::thread::spawn(move || {
                    pump(from, to, |piece| {
                        let count = |what: &[u8]| {
                            piece.windows(what.len()).filter(|w| *w == what).count() as u64
                        };
                        r.fetch_add(count(b" HTTP/1.1\r"), Ordering::Relaxed);
                        t.fetch_add(count(b"/tasks?filters="), Ordering::Relaxed);
                    });
                });
                std::thread::spawn(move || {
                    pump(server, client, |piece| {
                        b.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    });
                });
            }
        });
        Self { socket, requests, of_tasks, bytes, open }
    }

    /// Cuts every connection there is.
    pub fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    pub fn passed(&self) -> Passed {
        Passed {
            requests: self.requests.load(Ordering::Relaxed),
            of_tasks: self.of_tasks.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

fn pump(mut from: UnixStream, mut to: UnixStream, mut seen: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(n) = from.read(&mut buffer)
        && n > 0
    {
        seen(&buffer[..n]);
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}

/// What is typed; the terminal's own answers go the same way.
type Typing = Arc<Mutex<Box<dyn Write + Send>>>;

/// What every terminal is asked and answers: which kind it is. Ours does not tell its colours.
const ASKED: &[u8] = b"\x1b[c";
const ANSWER: &[u8] = b"\x1b[?1;2c";

struct Shown {
    parser: vt100::Parser,
    bytes: u64,
}

/// skep on a pseudo-terminal of 120x40.
pub struct Skep {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    writer: Typing,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    #[allow(dead_code, reason = "keeps the terminal open")]
    master: Box<dyn portable_pty::MasterPty + Send>,
    pub begun: Instant,
}

impl Skep {
    pub fn start(socket: &Path, args: &[&str]) -> Self {
        let size = PtySize { cols: 120, rows: 40, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_skep"));
        command.arg("-H");
        command.arg(format!("unix://{}", socket.display()));
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("XDG_STATE_HOME", scratch().join("state"));
        command.env("XDG_CONFIG_HOME", scratch().join("config"));
        let begun = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let parser = vt100::Parser::new(40.try_into().unwrap(), 120.try_into().unwrap(), 0);
        let shown = Arc::new((Mutex::new(Shown { parser, bytes: 0 }), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let on = Arc::clone(&shown);
        let writer: Typing = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let answers = Arc::clone(&writer);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(n) = reader.read(&mut buffer)
                && n > 0
            {
                if buffer[..n].windows(ASKED.len()).any(|w| w == ASKED) {
                    answers.lock().unwrap().write_all(ANSWER).unwrap();
                }
                let mut shown = on.0.lock().unwrap();
                shown.parser.process(&buffer[..n]);
                shown.bytes += n as u64;
                on.1.notify_all();
            }
        });
        Self { shown, writer, child, master: pair.master, begun }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn keys(&mut self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub fn screen(&self) -> String {
        self.shown.0.lock().unwrap().parser.screen().contents()
    }

    /// Bytes written to the terminal so far.
    pub fn written(&self) -> u64 {
        self.shown.0.lock().unwrap().bytes
    }

    /// Waits, from output to output, until the screen is so; how long since `from`.
    pub fn until(&self, from: Instant, what: &str, is_so: impl Fn(&str) -> bool) -> Duration {
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let screen = shown.parser.screen().contents();
            if is_so(&screen) {
                return from.elapsed();
            }
            assert!(from.elapsed() < Duration::from_secs(120), "not {what}:\n{screen}");
            shown = self.shown.1.wait_timeout(shown, Duration::from_millis(500)).unwrap().0;
        }
    }
}

impl Drop for Skep {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `curl` of these paths, one after the other, to nowhere.
pub fn curl(socket: &Path, paths: &[&str]) -> Duration {
    let begun = Instant::now();
    for path in paths {
        let done = Command::new("curl")
            .args(["-sf", "-o", "/dev/null", "--unix-socket"])
            .arg(socket)
            .arg(format!("http://docker/v1.41{path}"))
            .status()
            .unwrap();
        assert!(done.success(), "curl {path}");
    }
    begun.elapsed()
}
