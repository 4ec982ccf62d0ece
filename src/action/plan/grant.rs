//! The permission to write.

/// Lets its holder approve plans. In read-only mode none exists, so nothing can be approved.
#[derive(Clone, Debug)]
pub struct WriteGrant {
    cluster: String,
    typed: bool,
}

impl WriteGrant {
    /// Mints the grant for a cluster, unless a flag or the config says read-only.
    pub fn mint(cluster: &str, read_only: bool) -> Option<Self> {
        (!read_only).then(|| Self { cluster: cluster.to_owned(), typed: false })
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

    /// Which cluster it is for.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }
}
