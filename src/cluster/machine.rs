//! A node's machine and engine, as the node itself tells them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

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

/// A combination of versions that nodes have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow<'a> {
    /// Engine, kernel, operating system, storage driver, version of the control groups.
    pub cells: [VersionCell<'a>; 5],
    /// Host names of the nodes that have it.
    pub nodes: Vec<&'a str>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionCell<'a> {
    /// The version, if it is known.
    pub version: Option<&'a str>,
    /// More than half of the nodes have another one.
    pub is_odd: bool,
}

/// The versions that more than half of the nodes have, of those whose version is known.
pub fn usual_versions<'a>(
    nodes: impl IntoIterator<Item = [Option<&'a str>; 5]>,
) -> [Option<&'a str>; 5] {
    let mut counts: [BTreeMap<&str, usize>; 5] = Default::default();
    for versions in nodes {
        for (counts, version) in counts.iter_mut().zip(versions) {
            if let Some(version) = version {
                *counts.entry(version).or_default() += 1;
            }
        }
    }
    counts.map(|counts| {
        let all: usize = counts.values().sum();
        counts.into_iter().find(|(_, count)| count * 2 > all).map(|(version, _)| version)
    })
}

/// The combinations of versions, the most common first. What is unknown is never odd.
pub fn version_matrix<'a>(
    nodes: impl IntoIterator<Item = (&'a str, [Option<&'a str>; 5])>,
) -> Vec<VersionRow<'a>> {
    let mut rows: BTreeMap<[Option<&str>; 5], Vec<&str>> = BTreeMap::new();
    for (name, versions) in nodes {
        rows.entry(versions).or_default().push(name);
    }
    let each = rows.iter().flat_map(|(versions, nodes)| nodes.iter().map(|_| *versions));
    let usual = usual_versions(each);
    let mut matrix: Vec<VersionRow<'_>> = rows
        .into_iter()
        .map(|(versions, nodes)| {
            let mut at = 0;
            let cells = versions.map(|version| {
                let is_odd = version.is_some() && usual[at].is_some() && version != usual[at];
                at += 1;
                VersionCell { version, is_odd }
            });
            VersionRow { cells, nodes }
        })
        .collect();
    matrix.sort_by_key(|row| std::cmp::Reverse(row.nodes.len()));
    matrix
}

impl Machine {
    /// Its versions, as [`version_matrix`] takes them.
    pub fn versions(&self) -> [Option<&str>; 5] {
        [&self.engine, &self.kernel, &self.os, &self.storage, &self.cgroup].map(Option::as_deref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_nodes_do_not_have_is_odd() {
        let usual = [Some("28.5"), Some("6.1"), Some("Debian 12"), Some("overlay2"), Some("2")];
        let old = [Some("20.10"), Some("6.1"), Some("Debian 12"), Some("overlay2"), Some("2")];
        let unknown = [Some("28.5"), None, None, None, None];
        let nodes = [("a", usual), ("b", old), ("c", usual), ("d", unknown)];
        let matrix = version_matrix(nodes);
        assert_eq!(matrix[0].nodes, ["a", "c"]);
        let odd = |name: &str| {
            let row = matrix.iter().find(|row| row.nodes.contains(&name)).unwrap();
            row.cells.iter().map(|cell| cell.is_odd).collect::<Vec<_>>()
        };
        assert_eq!(odd("b"), [true, false, false, false, false]);
        assert!(odd("a").iter().chain(&odd("d")).all(|odd| !odd));
        let split = version_matrix([("a", usual), ("b", old)]);
        assert!(
            split.iter().all(|row| row.cells.iter().all(|cell| !cell.is_odd)),
            "half is no rule"
        );
    }
}
