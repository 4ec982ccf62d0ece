//! The one place where grants are minted.

use crate::grant::{ClusterNo, Grant, ShellGrant, WriteGrant};

/// The grant of a cluster as flags and config want it: none for a read-only one, and every plan typed for
/// one in production.
pub fn permit(cluster: ClusterNo, read_only: bool, production: bool) -> Option<WriteGrant> {
    granted(cluster, read_only, production)
}

/// The same for a shell in its containers.
pub fn permit_shell(cluster: ClusterNo, read_only: bool, production: bool) -> Option<ShellGrant> {
    granted(cluster, read_only, production)
}

fn granted<K>(cluster: ClusterNo, read_only: bool, production: bool) -> Option<Grant<K>> {
    let grant = (!read_only).then(|| Grant::mint(cluster));
    if production { grant.map(Grant::typed) } else { grant }
}
