//! The log file: one a day, for nobody else's eyes, and the last week of them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

use super::own_file::private_file;
use crate::cluster::Timestamp;

/// Number of files that are kept, today's included.
const DAYS: usize = 7;
const PREFIX: &str = "skep.";
const SUFFIX: &str = ".log";

/// Writes to the file of the day.
pub struct LogFile {
    dir: PathBuf,
    now: fn() -> Timestamp,
    /// The file in use, and its day.
    today: Option<(String, File)>,
}

impl LogFile {
    /// A log in this folder.
    pub fn new(dir: PathBuf, now: fn() -> Timestamp) -> Self {
        Self { dir, now, today: None }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        // `2026-11-21`, UTC.
        let day: String = (self.now)().to_string().chars().take(10).collect();
        let file = match self.today.take().filter(|(known, _)| *known == day) {
            Some((_, file)) => file,
            None => {
                let path = self.dir.join(format!("{PREFIX}{day}{SUFFIX}"));
                let file = private_file(OpenOptions::new().create(true).append(true), &path)?;
                self.remove_old();
                file
            }
        };
        Ok(&mut self.today.insert((day, file)).1)
    }

    /// Removes all but the newest files. One that can't be removed is tried again tomorrow.
    fn remove_old(&self) {
        let is_log = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut logs: Vec<String> = names.filter(|name| is_log(name)).collect();
        logs.sort_unstable();
        for old in &logs[..logs.len().saturating_sub(DAYS)] {
            let _ = fs::remove_file(self.dir.join(old));
        }
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::PermissionsExt,
        sync::atomic::{AtomicI64, Ordering},
    };

    use super::*;

    const DAY: i64 = 86_400 * 1_000_000_000;
    static NOW: AtomicI64 = AtomicI64::new(20_000 * DAY);

    #[test]
    fn a_week_of_private_files_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("audit.jsonl"), "").unwrap();
        let mut log = LogFile::new(dir.path().to_owned(), || {
            Timestamp::from_nanos(NOW.load(Ordering::Relaxed))
        });
        for _ in 0..9 {
            log.write_all(b"one\n").unwrap();
            log.write_all(b"two\n").unwrap();
            NOW.fetch_add(DAY, Ordering::Relaxed);
        }
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names.len(), 8, "{names:?}");
        assert_eq!(
            (&*names[0], &*names[1]),
            ("audit.jsonl".as_ref(), "skep.2024-10-06.log".as_ref())
        );
        let newest = dir.path().join("skep.2024-10-12.log");
        assert_eq!(fs::read_to_string(&newest).unwrap(), "one\ntwo\n");
        assert_eq!(newest.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
