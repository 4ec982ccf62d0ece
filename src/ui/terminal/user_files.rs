//! Files the user asks for (`:save`, `:tee`, `R`): written in order on a thread of their own, so that a
//! slow disk holds no key.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A file that goes on is given up when so many bytes wait for the disk.
const MOST_WAITING: usize = 16 << 20;

/// Time for the disk at the end of the program.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file to be written.
struct FileWrite {
    path: PathBuf,
    text: String,
    fresh: bool,
}

/// A file that is written no further, and why.
#[derive(Debug)]
pub(in crate::ui) struct Failed {
    pub path: PathBuf,
    pub why: String,
}

/// The way to the thread that writes.
pub(in crate::ui) struct UserFiles {
    jobs: mpsc::Sender<FileWrite>,
    waiting: Arc<AtomicUsize>,
    /// Errors of files that could not be written.
    pub failed: UnboundedReceiver<Failed>,
}

impl UserFiles {
    /// Starts the thread that writes.
    pub fn new() -> Self {
        let (jobs, queue) = mpsc::channel();
        let (tell, failed) = unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = FileWriter { tell, waiting: Arc::clone(&waiting), ended: HashSet::new() };
        // Not one of the runtime's: it would hold up the program's end for as long as the disk hangs.
        std::thread::spawn(move || writer.run(&queue));
        Self { jobs, waiting, failed }
    }

    /// Has it written: into a new file if `fresh`, which must not exist yet, else at its end.
    ///
    /// # Errors
    /// When the disk is so far behind that the file is to be given up.
    pub fn write(&self, path: PathBuf, text: String, fresh: bool) -> Result<(), Failed> {
        let before = self.waiting.fetch_add(text.len(), Ordering::Relaxed);
        if !fresh && before > MOST_WAITING {
            self.waiting.fetch_sub(text.len(), Ordering::Relaxed);
            let why = "the disk does not keep up; no more is written to it".into();
            return Err(Failed { path, why });
        }
        // The thread ends after this.
        let _ = self.jobs.send(FileWrite { path, text, fresh });
        Ok(())
    }

    /// Waits for what is still to be written, for a while.
    ///
    /// # Errors
    /// What could not be.
    pub async fn finish(self) -> io::Result<()> {
        let Self { jobs, mut failed, .. } = self;
        drop(jobs);
        match tokio::time::timeout(PATIENCE, failed.recv()).await {
            Ok(None) => Ok(()),
            Ok(Some(Failed { path, why })) => {
                Err(io::Error::other(format!("{}: {why}", path.display())))
            }
            Err(_) => Err(io::Error::other("not all was written: the disk does not answer")),
        }
    }
}

struct FileWriter {
    tell: UnboundedSender<Failed>,
    waiting: Arc<AtomicUsize>,
    /// Files that failed: nothing goes to them any more, above all not to the end of another one that
    /// was there before.
    ended: HashSet<PathBuf>,
}

impl FileWriter {
    fn run(mut self, queue: &mpsc::Receiver<FileWrite>) {
        while let Ok(FileWrite { path, text, fresh }) = queue.recv() {
            if fresh || !self.ended.contains(&path) {
                match write(&path, &text, fresh) {
                    Ok(()) if fresh => drop(self.ended.remove(&path)),
                    Ok(()) => {}
                    Err(error) => {
                        self.ended.insert(path.clone());
                        let why = match error.kind() {
                            io::ErrorKind::AlreadyExists => "it exists; give another name".into(),
                            _ => error.to_string(),
                        };
                        let _ = self.tell.send(Failed { path, why });
                    }
                }
            }
            self.waiting.fetch_sub(text.len(), Ordering::Relaxed);
        }
    }
}

/// Made anew for nobody else's eyes, never over another one.
fn write(path: &Path, text: &str, fresh: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    if fresh {
        options.write(true).create_new(true);
    } else {
        options.append(true);
    }
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_hangs_holds_nobody_and_what_waits_for_it_has_an_end() {
        let dir = tempfile::tempdir().unwrap();
        // Nobody reads this: opening it takes for ever, as on a disk that hangs.
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let files = UserFiles::new();
        let line = "x".repeat(1 << 20);
        let given_up = (0..100).find(|_| files.write(pipe.clone(), line.clone(), false).is_err());
        assert_eq!(given_up, Some(17));
        let error = files.finish().await.unwrap_err();
        assert!(error.to_string().contains("does not answer"), "{error}");
    }

    #[tokio::test]
    async fn nothing_goes_to_a_file_that_was_there_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines");
        std::fs::write(&path, "old\n").unwrap();
        let mut files = UserFiles::new();
        files.write(path.clone(), "new\n".into(), true).unwrap();
        files.write(path.clone(), "more\n".into(), false).unwrap();
        let failed = files.failed.recv().await.unwrap();
        assert!(failed.path == path && failed.why.contains("exists"), "{failed:?}");
        files.finish().await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
    }

    #[tokio::test]
    async fn what_is_asked_for_is_written_in_order_before_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines");
        let files = UserFiles::new();
        files.write(path.clone(), "0\n".into(), true).unwrap();
        for at in 1..1000 {
            files.write(path.clone(), format!("{at}\n"), false).unwrap();
        }
        files.finish().await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().enumerate().all(|(at, line)| line == at.to_string()));
        assert_eq!(text.lines().count(), 1000);
    }
}
