//! The one door to files that are kept: only regular files of our own are opened, nothing is waited
//! for, and no more than a limit is read. A pipe, a device or a link in their place is an error.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;

use super::{may_own, private_dir};
use crate::text::bytes;

/// Opens a file that, if it is made by this, only we can read.
///
/// # Errors
/// The file with the error of the file system, or that it is no regular file or belongs to somebody else.
pub(super) fn private_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    // A pipe without an other end, or a device, must not hold us up.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let opened = options.mode(0o600).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match path.symlink_metadata() {
        Ok(found) if !found.is_file() => not_regular(path),
        _ => of(path, error),
    })?;
    let found = file.metadata().map_err(|error| of(path, error))?;
    if !found.is_file() {
        return Err(not_regular(path));
    }
    if !may_own(found.uid(), rustix::process::geteuid().as_raw()) {
        let said = format!("{} belongs to another user", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
    }
    Ok(file)
}

fn of(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn not_regular(path: &Path) -> io::Error {
    let said = format!("{} is no regular file", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, said)
}

/// Opens a file to read; `None` if there is none.
fn open(path: &Path) -> io::Result<Option<File>> {
    match private_file(OpenOptions::new().read(true), path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Reads a whole file, empty if there is none.
///
/// # Errors
/// As [`private_file`]; also that it is larger than the limit.
pub(super) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let Some(file) = open(path)? else { return Ok(String::new()) };
    let mut read = Vec::new();
    file.take(limit + 1).read_to_end(&mut read).map_err(|error| of(path, error))?;
    if read.len() as u64 > limit {
        return Err(too_large(path, limit));
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}

/// Lines of a whole file, none if there is none.
///
/// # Errors
/// As [`private_file`]; also that it is larger than the limit.
pub(super) fn read_lines(path: &Path, limit: u64) -> io::Result<impl Iterator<Item = String>> {
    let file = open(path)?;
    if let Some(file) = &file
        && file.metadata().map_err(|error| of(path, error))?.len() > limit
    {
        return Err(too_large(path, limit));
    }
    Ok(lines(file, limit))
}

/// Lines at the end of a file that only grows; the first may be cut.
///
/// # Errors
/// As `private_file`.
pub(super) fn read_last_lines(path: &Path, limit: u64) -> io::Result<impl Iterator<Item = String>> {
    let mut file = open(path)?;
    if let Some(file) = &mut file {
        let size = file.metadata().map_err(|error| of(path, error))?.len();
        let start = SeekFrom::Start(size.saturating_sub(limit));
        file.seek(start).map_err(|error| of(path, error))?;
    }
    Ok(lines(file, limit))
}

fn lines(file: Option<File>, limit: u64) -> impl Iterator<Item = String> {
    // A line that is not UTF-8 ends nothing.
    let split = file.into_iter().flat_map(move |f| BufReader::new(f.take(limit)).split(b'\n'));
    split.map_while(Result::ok).map(|line| String::from_utf8_lossy(&line).into_owned())
}

fn too_large(path: &Path, limit: u64) -> io::Error {
    let said = format!("{} is larger than {}", path.display(), bytes(limit));
    io::Error::new(io::ErrorKind::FileTooLarge, said)
}

/// Writes a file anew, whole or not at all.
///
/// # Errors
/// As `private_file`.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = private_file(OpenOptions::new().create(true).truncate(false).write(true), &new)?;
    // Not before it is known to be ours.
    let written = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    written.map_err(|error| of(&new, error))?;
    std::fs::rename(&new, path).map_err(|error| of(path, error))
}

/// Appends whole lines in one write, so that two skeps at once do not mix theirs. A line that an
/// earlier failure cut short is ended first: what comes after it stays readable.
///
/// # Errors
/// As `private_file`.
pub fn append_lines(path: &Path, lines: &str) -> io::Result<()> {
    append_lines_within(path, lines, u64::MAX)
}

/// The same, but to a file that is to stay within a limit: it takes no more then.
pub(super) fn append_lines_within(path: &Path, lines: &str, limit: u64) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        private_dir(dir).map_err(|error| of(dir, error))?;
    }
    let mut file = private_file(OpenOptions::new().create(true).read(true).append(true), path)?;
    let mut append = || {
        let size = file.metadata()?.len();
        let end = if is_cut_short(&file, size)? { "\n" } else { "" };
        let text = format!("{end}{lines}");
        if size.saturating_add(text.len() as u64) > limit {
            return Ok(());
        }
        file.write_all(text.as_bytes())
    };
    append().map_err(|error| of(path, error))
}

fn is_cut_short(file: &File, size: u64) -> io::Result<bool> {
    let Some(last) = size.checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Instant};

    use super::*;

    /// Things that may be found where a file is expected.
    fn put(what: &str, path: &Path) {
        match what {
            "pipe" => {
                assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            }
            "link" => {
                let aim = path.with_extension("aim");
                fs::write(&aim, "{\"a\":1}\n").unwrap();
                std::os::unix::fs::symlink(aim, path).unwrap();
            }
            "folder" => fs::create_dir(path).unwrap(),
            device => std::os::unix::fs::symlink(device, path).unwrap(),
        }
    }

    #[test]
    fn only_regular_files_are_read_and_written() {
        let begun = Instant::now();
        for what in ["pipe", "link", "folder", "/dev/zero", "/dev/full"] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("audit.jsonl");
            put(what, &file);
            let said = format!("{} is no regular file", file.display());
            let refused = [
                append_lines(&file, "{\"b\":2}\n").err(),
                read_text(&file, 10).err(),
                read_lines(&file, 10).err(),
                read_last_lines(&file, 10).err(),
            ];
            for error in refused {
                assert_eq!(error.map(|e| e.to_string()), Some(said.clone()), "{what}");
            }
            let other = dir.path().join("quieted.json");
            put(what, &other.with_extension("new"));
            let error = replace(&other, "[]").unwrap_err().to_string();
            assert!(error.ends_with("quieted.new is no regular file"), "{what}: {error}");
            if what == "link" {
                let aim = file.with_extension("aim");
                assert_eq!(fs::read_to_string(aim).unwrap(), "{\"a\":1}\n");
            }
        }
        assert!(begun.elapsed().as_secs() < 20, "nothing is waited for");
    }

    #[test]
    fn no_more_than_a_limit_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hour.jsonl");
        fs::write(&path, "first\n").unwrap();
        File::options().write(true).open(&path).unwrap().set_len(3 << 30).unwrap();
        let said = format!("{} is larger than 1 MiB", path.display());
        assert_eq!(read_text(&path, 1 << 20).unwrap_err().to_string(), said);
        assert_eq!(read_lines(&path, 1 << 20).err().unwrap().to_string(), said);
        let last: usize = read_last_lines(&path, 1 << 20).unwrap().map(|line| line.len()).sum();
        assert_eq!(last, 1 << 20);
        append_lines_within(&path, "more\n", 1 << 20).unwrap();
        assert_eq!(path.metadata().unwrap().len(), 3 << 30, "it takes no more");
    }

    #[test]
    fn what_is_written_anew_leaves_nothing_of_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("quieted.json");
        // As a skep left it that was ended while it wrote.
        fs::write(path.with_extension("new"), "[1, 2, 3, 4, 5]").unwrap();
        replace(&path, "[]").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[]");
    }

    #[test]
    fn a_record_after_an_unterminated_line_begins_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        append_lines(&file, "{\"a\":1}\n").unwrap();
        // As a full disk leaves it.
        fs::write(&file, "{\"a\":1}\n{\"b\"").unwrap();
        append_lines(&file, "{\"c\":3}\n").unwrap();
        append_lines(&file, "{\"d\":4}\n").unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"b\"\n{\"c\":3}\n{\"d\":4}\n");
    }
}
