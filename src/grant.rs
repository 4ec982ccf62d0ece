//! Capabilities, each bound to one of the open clusters.
//!
//! A grant is minted while skep starts, from flags and config, and nowhere else: `commands::permit` is the
//! only place that may, and no other room may import it (`tests/tidy` sees to both). What is read-only has
//! no grant, so it can neither approve a plan nor open a transport for writing.

/// The number of an open cluster, in the order they were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterNo(pub usize);

/// The permission to write to one cluster: it approves that cluster's plans and opens its transport.
#[derive(Clone, Debug)]
pub struct WriteGrant {
    cluster: ClusterNo,
    typed: bool,
}

impl WriteGrant {
    /// Mints the grant of a cluster.
    pub(crate) fn mint(cluster: ClusterNo) -> Self {
        Self { cluster, typed: false }
    }

    /// The same for a production cluster: every plan must be confirmed by typing.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { typed: true, ..self }
    }

    /// Whether every plan must be confirmed by typing.
    pub fn wants_typing(&self) -> bool {
        self.typed
    }

    /// The cluster it is for.
    pub fn cluster(&self) -> ClusterNo {
        self.cluster
    }
}

/// The permission to run commands in the containers of one cluster, and a container beside one.
#[derive(Clone, Debug)]
pub struct ShellGrant {
    cluster: ClusterNo,
    typed: bool,
}

impl ShellGrant {
    /// Mints the grant of a cluster.
    pub(crate) fn mint(cluster: ClusterNo) -> Self {
        Self { cluster, typed: false }
    }

    /// The same for a production cluster: every shell must be confirmed by typing.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { typed: true, ..self }
    }

    /// Whether every shell must be confirmed by typing.
    pub fn wants_typing(&self) -> bool {
        self.typed
    }

    /// The cluster it is for.
    pub fn cluster(&self) -> ClusterNo {
        self.cluster
    }
}
