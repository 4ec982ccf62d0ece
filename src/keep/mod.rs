//! Files and folders of skep's own: for nobody else's eyes, whatever the umask.

mod format;
mod log_file;
mod own_file;
mod shells;
mod timeline;
mod writer;

pub use log_file::LogFile;
pub use own_file::append_lines;
pub use shells::{HeldNote, MOST_DAYS, ShellNote, Shells};
pub use timeline::{History, Past};
pub use writer::{HistoryWriter, Record};

use std::{
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

/// Makes a folder that only we can enter, and those above it that are missing. One that is there
/// already is closed to others: versions before this one left it open. Behind a link, as of a user
/// who keeps the state on another disk, nothing is changed: that folder must be closed already.
///
/// # Errors
/// The error of the file system, or that the folder belongs to somebody else, or that others may
/// enter it through a link.
pub fn private_dir(dir: &Path) -> io::Result<()> {
    let refused = |why: &str| {
        let said = format!("{} {why}", dir.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, said))
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let found = dir.metadata()?;
    if !may_own(found.uid(), rustix::process::geteuid().as_raw()) {
        return refused("belongs to another user");
    }
    if found.permissions().mode() & 0o777 == 0o700 {
        return Ok(());
    }
    if dir.symlink_metadata()?.is_symlink() {
        return refused("is a link to a folder that others may enter: chmod 700 that one");
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// Whether what has this owner is ours. Under sudo root may work in a user's folder.
fn may_own(owner: u32, we: u32) -> bool {
    owner == we || owner == 0 || we == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("state");
        std::fs::create_dir(&old).unwrap();
        std::fs::set_permissions(&old, Permissions::from_mode(0o755)).unwrap();
        let file = old.join("timeline/swarm/hour.jsonl");
        append_lines(&file, "{}\n").unwrap();
        private_dir(&old).unwrap();
        assert_eq!(mode(&file), 0o600);
        for made in [&*old, file.parent().unwrap(), file.parent().unwrap().parent().unwrap()] {
            assert_eq!(mode(made), 0o700, "{}", made.display());
        }
    }
    #[test]
    fn a_linked_folder_is_used_as_it_is_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (aim, link) = (dir.path().join("disk"), dir.path().join("skep"));
        std::fs::create_dir(&aim).unwrap();
        std::os::unix::fs::symlink(&aim, &link).unwrap();
        for (open, allowed) in [(0o755, false), (0o770, false), (0o700, true)] {
            std::fs::set_permissions(&aim, Permissions::from_mode(open)).unwrap();
            let written = append_lines(&link.join("audit.jsonl"), "{}\n");
            assert_eq!(written.is_ok(), allowed, "{open:o}: {written:?}");
            assert_eq!(mode(&aim), open, "nothing is changed behind a link");
            if let Err(error) = written {
                assert!(error.to_string().ends_with("chmod 700 that one"), "{error}");
            }
        }
        assert_eq!(mode(&aim.join("audit.jsonl")), 0o600);
    }

    #[test]
    fn what_belongs_to_others_is_not_ours() {
        assert!(may_own(1_000, 1_000) && may_own(0, 1_000) && may_own(1_000, 0));
        assert!(!may_own(1_001, 1_000));
    }
}
