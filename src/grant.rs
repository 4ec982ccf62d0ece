//! Capabilities, each bound to one of the open clusters.
//!
//! A grant is minted while skep starts, from flags and config, and nowhere else: `commands::permit` is the
//! only place that may, and no other room may import it (`tests/tidy` sees to both). What is read-only has
//! no grant, so it can neither approve a plan nor open a transport for writing.

use std::marker::PhantomData;

/// The number of an open cluster, in the order they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterNo(pub usize);

/// The permission to write to one cluster: it approves that cluster's plans and opens its transport.
pub type WriteGrant = Grant<MayWrite>;

/// The permission to run commands in the containers of one cluster, and a container beside one.
pub type ShellGrant = Grant<MayRunShells>;

/// A permission for one cluster.
#[derive(Clone, Debug)]
pub struct Grant<K> {
    cluster: ClusterNo,
    typed: bool,
    kind: PhantomData<K>,
}

/// Marks a [`WriteGrant`].
#[derive(Clone, Debug)]
pub enum MayWrite {}

/// Marks a [`ShellGrant`].
#[derive(Clone, Debug)]
pub enum MayRunShells {}

impl<K> Grant<K> {
    /// Mints the grant of a cluster.
    pub(crate) fn mint(cluster: ClusterNo) -> Self {
        Self { cluster, typed: false, kind: PhantomData }
    }

    /// The same for a production cluster: every plan and every shell must be confirmed by typing.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { typed: true, ..self }
    }

    /// Whether all must be confirmed by typing.
    pub fn wants_typing(&self) -> bool {
        self.typed
    }

    /// The cluster it is for.
    pub fn cluster(&self) -> ClusterNo {
        self.cluster
    }
}
