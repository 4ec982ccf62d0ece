//! Files and folders of skep's own: for nobody else's eyes, whatever the umask.

mod format;
mod log_file;
mod own_file;
mod timeline;

pub use log_file::LogFile;
pub use own_file::append_lines;
pub use timeline::{History, HistoryWriter, Past, Record};

use std::{
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

/// Makes a folder that only we can enter, and those above it that are missing. One that is there
/// already is closed to others: versions before this one left it open.
///
/// # Errors
/// The error of the file system, or that the folder belongs to somebody else.
pub fn private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    if dir.metadata()?.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    Ok(())
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
}
