//! The versions of all nodes, compared.

use std::collections::BTreeMap;

use crate::text::{clean, shortened};

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

/// The head of a table of versions.
pub const VERSION_HEAD: [&str; 6] = ["ENGINE", "KERNEL", "SYSTEM", "STORAGE", "CG", "NODES"];

/// The longest version of each kind with which a table of them fits 80 columns, all of them odd.
pub const SHORT_VERSIONS: [usize; 5] = [13, 16, 18, 8, 2];

impl VersionRow<'_> {
    /// Its cells in words, and whether each is odd: `!` marks those, `?` stands for what is unknown. The
    /// number of its nodes comes last.
    pub fn said(&self, longest: [usize; 5]) -> [(String, bool); 6] {
        let cell = |at: usize| {
            let cell: &VersionCell<'_> = &self.cells[at];
            let said =
                cell.version.map_or("?".into(), |version| shortened(&system(version), longest[at]));
            (if cell.is_odd { format!("!{said}") } else { said }, cell.is_odd)
        };
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(cell);
        [a, b, c, d, e, (self.nodes.len().to_string(), false)]
    }
}

/// The name of a system without the words that every such name has: `Debian 12`.
fn system(version: &str) -> String {
    let version = version.split(" (").next().unwrap_or(version);
    clean(&version.replace(" GNU/Linux", "")).into_owned()
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
