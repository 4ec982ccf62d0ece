//! The embedded Swarm: a simulated cluster behind the real Docker Engine HTTP API on a unix socket.
//!
//! It shares no types with the client: a shared mistake would cancel out. skep reaches it only
//! through its socket, as any engine; the real `docker` CLI works against it, and a test suite
//! compares what both say.

mod about;
mod containers;
mod faults;
mod filters;
mod generated;
pub mod hostile;
mod http;
mod objects;
mod orchestrator;
mod placement;
mod render;
mod sim;
mod story;
mod streams;
mod update;
mod updater;

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError},
    time::{Duration, Instant},
};

pub use faults::Faults;
use sim::Sim;

/// Interval between two steps of the simulation.
const TICK: Duration = Duration::from_millis(50);
/// Longest interval between two steps, on a busy machine.
const LATEST: Duration = Duration::from_secs(1);

/// The size of a generated Swarm.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Number of nodes; up to five are managers.
    pub nodes: usize,
    /// Number of services.
    pub services: usize,
    /// Number of tasks of all services together.
    pub tasks: usize,
    /// Number of stacks that the services are of.
    pub stacks: usize,
    /// Number of networks; each service joins one of its stack, or two.
    pub networks: usize,
    /// Tasks that fail and are replaced, per second.
    pub churn: f64,
}

/// The Swarm to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The scenario, `story` or `calm`, unless a size is given.
    pub scenario: String,
    /// The size of a generated Swarm.
    pub size: Option<Size>,
    /// Seed of everything random.
    pub seed: u64,
    /// Faults to simulate.
    pub faults: Faults,
}

/// The simulation, shared by its connections and its clock.
#[derive(Clone)]
pub(crate) struct Shared {
    sim: Arc<RwLock<Sim>>,
    faults: Arc<Faults>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Shared {
    /// Locks the simulation for reading: requests read at the same time, as the real engine answers
    /// from snapshots.
    fn sim(&self) -> RwLockReadGuard<'_, Sim> {
        // A panic in one request leaves the model whole enough for the next.
        self.sim.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn sim_mut(&self) -> RwLockWriteGuard<'_, Sim> {
        self.sim.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_request(&self, line: String) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < 100_000 {
            requests.push(line);
        }
    }
}

/// A running embedded Swarm; it stops when dropped.
pub struct Demo {
    socket: PathBuf,
    dir: Option<PathBuf>,
    shared: Shared,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Demo {
    /// Starts serving on `socket`.
    ///
    /// # Errors
    /// One line.
    pub fn start(socket: &Path, options: Options) -> Result<Self, String> {
        let mut sim = story::build(&options)?;
        // A large one takes seconds to build.
        sim.now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(sim.now);
        let listener = bind(socket)?;
        let shared = Shared {
            sim: Arc::new(RwLock::new(sim)),
            faults: Arc::new(options.faults),
            requests: Arc::default(),
        };
        let clock = tokio::spawn(run_clock(shared.clone()));
        let app = http::router(shared.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the embedded Swarm stopped");
            }
        });
        Ok(Self { socket: socket.to_owned(), dir: None, shared, tasks: vec![clock, server] })
    }

    /// The path of its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// All requests so far, such as `GET /v1.51/nodes`: the read-only test counts them.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        let _ = std::fs::remove_file(&self.socket);
        if let Some(dir) = &self.dir {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

async fn run_clock(shared: Shared) {
    let mut last = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        // A waiting writer blocks all readers: let a long list finish first.
        let sim = match shared.sim.try_write() {
            Ok(sim) => Some(sim),
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => (last.elapsed() >= LATEST).then(|| shared.sim_mut()),
        };
        if let Some(mut sim) = sim {
            sim.advance(last.elapsed());
            last = Instant::now();
        }
    }
}

/// Removes a socket that is left over; one that another process uses is an error.
fn bind(socket: &Path) -> Result<tokio::net::UnixListener, String> {
    if socket.exists() {
        if std::os::unix::net::UnixStream::connect(socket).is_ok() {
            return Err(format!("{}: something already listens there", socket.display()));
        }
        std::fs::remove_file(socket).map_err(|e| format!("{}: {e}", socket.display()))?;
    }
    tokio::net::UnixListener::bind(socket).map_err(|e| format!("{}: {e}", socket.display()))
}

/// `--demo`: serves a scenario on a private socket of this process.
///
/// # Errors
/// One line.
pub async fn start(scenario: &str) -> Result<Demo, String> {
    let dir = own_dir()?;
    let options =
        Options { scenario: scenario.to_owned(), size: None, seed: 1, faults: Faults::default() };
    let mut demo = Demo::start(&dir.join("docker.sock"), options)?;
    demo.dir = Some(dir);
    Ok(demo)
}

/// Creates a new directory that only this user can enter.
fn own_dir() -> Result<PathBuf, String> {
    let mut maker = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    let mut tried = 0;
    loop {
        let name = format!("skep-demo-{}-{tried}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        match maker.create(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tried < 99 => tried += 1,
            Err(error) => return Err(format!("{}: {error}", dir.display())),
        }
    }
}

/// `demo-serve`: serves until a signal ends it. SIGUSR1 stops the churn, so that a test can compare
/// skep's view with the Swarm.
///
/// # Errors
/// One line.
pub async fn serve(socket: &Path, options: Options) -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let demo = Demo::start(socket, options)?;
    let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let mut int = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
    let mut hup = signal(SignalKind::hangup()).map_err(|e| e.to_string())?;
    let mut usr1 = signal(SignalKind::user_defined1()).map_err(|e| e.to_string())?;
    loop {
        tokio::select! {
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            _ = hup.recv() => return Ok(()),
            _ = usr1.recv() => demo.shared.sim_mut().churn = 0.0,
        }
    }
}
