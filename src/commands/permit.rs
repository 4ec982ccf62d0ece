//! The one place where grants are minted.

use crate::grant::{ClusterNo, ShellGrant, WriteGrant};

/// The grant of a cluster as flags and config want it: none for a read-only one, and every plan typed for
/// one in production.
pub fn permit(cluster: ClusterNo, read_only: bool, production: bool) -> Option<WriteGrant> {
    let grant = (!read_only).then(|| WriteGrant::mint(cluster));
    if production { grant.map(WriteGrant::typed) } else { grant }
}

/// The same for a shell in its containers.
pub fn permit_shell(cluster: ClusterNo, read_only: bool, production: bool) -> Option<ShellGrant> {
    let grant = (!read_only).then(|| ShellGrant::mint(cluster));
    if production { grant.map(ShellGrant::typed) } else { grant }
}
