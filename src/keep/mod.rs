//! Files and folders of skep's own: for nobody else's eyes, whatever the umask.

mod format;
mod log_file;
mod timeline;

pub use log_file::LogFile;
pub use timeline::{History, HistoryWriter, Record};

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Makes a folder that only we can enter, and those above it that are missing. One that is there
/// already is closed to others: versions before this one left it open.
///
/// # Errors
/// What the file system says; also that the folder is somebody else's.
pub fn private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    if dir.metadata()?.permissions().mode() & 0o777 != 0o700 {
        std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Opens a file that, if it is made by this, only we can read.
///
/// # Errors
/// What the file system says.
pub fn private_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.mode(0o600).open(path)
}

/// Appends whole lines in one write, so that two skeps at once do not mix theirs. A line that an
/// earlier failure cut short is ended first: what comes after it stays readable.
///
/// # Errors
/// What the file system says.
pub fn append_lines(path: &Path, lines: &str) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        private_dir(dir)?;
    }
    let mut file = private_file(OpenOptions::new().create(true).read(true).append(true), path)?;
    let end = if is_cut_short(&file)? { "\n" } else { "" };
    file.write_all(format!("{end}{lines}").as_bytes())
}

fn is_cut_short(file: &File) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_record_after_an_unterminated_line_begins_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        append_lines(&file, "{\"a\":1}\n").unwrap();
        // As a full disk leaves it.
        std::fs::write(&file, "{\"a\":1}\n{\"b\"").unwrap();
        append_lines(&file, "{\"c\":3}\n").unwrap();
        append_lines(&file, "{\"d\":4}\n").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"b\"\n{\"c\":3}\n{\"d\":4}\n");
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
