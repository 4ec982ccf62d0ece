//! The permission to write.

/// Lets its holder approve plans. In read-only mode none exists, so nothing can be approved.
#[derive(Clone, Debug)]
pub struct WriteGrant {
    cluster: String,
}

impl WriteGrant {
    /// Mints the grant for a cluster, unless a flag or the config says read-only.
    pub fn mint(cluster: &str, read_only: bool) -> Option<Self> {
        (!read_only).then(|| Self { cluster: cluster.to_owned() })
    }

    /// Which cluster it is for.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }
}
