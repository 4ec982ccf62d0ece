//! A node's machine and engine, as the node itself tells them.

use std::{sync::Arc, time::Duration};

/// Facts of a node's machine and engine. What is unknown is `None`, never 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    /// Engine version.
    pub engine: Option<Arc<str>>,
    /// Kernel release.
    pub kernel: Option<Arc<str>>,
    /// The operating system by its name: `Debian GNU/Linux 12 (bookworm)`.
    pub os: Option<Arc<str>>,
    /// `x86_64`, `aarch64`.
    pub arch: Option<Arc<str>>,
    /// Storage driver.
    pub storage: Option<Arc<str>>,
    /// Version of the control groups: `1` or `2`.
    pub cgroup: Option<Arc<str>>,
    /// It runs Windows, which has nothing of what follows to read.
    pub is_windows: bool,
    /// Number of CPUs.
    pub cpus: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of memory that can be given to new processes.
    pub available: Option<u64>,
    /// Load of the last 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Time since its start.
    pub uptime: Option<Duration>,
    /// The share of the last 10 s in which some process waited for it, in percent.
    pub pressure: Pressures,
    /// Bytes of the file system that the engine's root is on, and how many of them are free.
    pub disk: Option<Disk>,
    /// Why the rest is unknown.
    pub unread: Option<Arc<str>>,
}

/// Pressure stall information; old kernels have none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressures {
    /// Waiting for a CPU.
    pub cpu: Option<f64>,
    /// Waiting for memory.
    pub memory: Option<f64>,
    /// Waiting for a disk.
    pub io: Option<f64>,
}

/// A file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes in all.
    pub total: u64,
    /// Bytes that may be written.
    pub free: u64,
}

impl Machine {
    /// Its versions, as [`super::version_matrix`] takes them.
    pub fn versions(&self) -> [Option<&str>; 5] {
        [&self.engine, &self.kernel, &self.os, &self.storage, &self.cgroup].map(Option::as_deref)
    }
}
