//! Shells that run in containers, so that none is left behind: each is noted while it runs, and what a
//! skep that was killed left is found by the next one.
//!
//! `shells/<mark>.json`, locked by the skep that has it open: one that nobody locks is left over.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::{format, own_file::private_file, private_dir};

/// A note is never this large.
const LIMIT: u64 = 64 << 10;

/// Retention of a note of which nothing can be ended: days.
pub const MOST_DAYS: u64 = 30;

/// A shell in a container, or a container beside one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellNote {
    /// Its mark: it is in the environment of all that it runs, or the name of its container.
    pub mark: String,
    /// The Swarm.
    pub swarm: String,
    /// ID of the node.
    pub node: String,
    /// The task, for people.
    pub task: String,
    /// The container it is in; none if it is a container of its own.
    pub container: Option<String>,
    /// Its ID in that container's engine.
    #[serde(default)]
    pub exec: Option<String>,
}

/// Where shells are noted; nowhere for a demo's.
#[derive(Clone, Debug)]
pub struct Shells {
    dir: Option<PathBuf>,
}

/// A note that is ours as long as this lives.
#[derive(Debug)]
pub struct HeldNote {
    note: ShellNote,
    /// None if it could not be written.
    file: Option<(PathBuf, File)>,
}

impl HeldNote {
    /// The shell.
    pub fn note(&self) -> &ShellNote {
        &self.note
    }

    /// Whether it has been kept as long as a note is.
    pub fn is_old(&self) -> bool {
        self.file.as_ref().is_some_and(|(_, file)| is_old(file))
    }

    /// The shell is gone.
    pub fn forget(self) {
        if let Some((path, _)) = &self.file
            && let Err(error) = fs::remove_file(path)
        {
            tracing::error!(%error, "the note of a shell can't be removed");
        }
    }
}

impl Shells {
    /// In this folder; `None` keeps nothing.
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self { dir }
    }

    /// Notes a shell that is about to be started. Why it can't be noted comes with the note: nobody is
    /// locked out by a full disk.
    pub fn hold(&self, note: ShellNote) -> (HeldNote, Option<String>) {
        let Some(dir) = &self.dir else { return (HeldNote { note, file: None }, None) };
        let path = dir.join(format!("{}.json", note.mark));
        let written = || -> io::Result<File> {
            private_dir(dir)?;
            let mut file = private_file(OpenOptions::new().create_new(true).write(true), &path)?;
            // First of all: a note that nobody locks is taken to be left over.
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            file.write_all(format::write(&note)?.as_bytes())?;
            Ok(file)
        };
        match written() {
            Ok(file) => (HeldNote { note, file: Some((path, file)) }, None),
            Err(error) => (HeldNote { note, file: None }, Some(error.to_string())),
        }
    }

    /// Shells of a Swarm that a skep left behind; they are held by us from now on.
    pub fn left(&self, swarm: &str) -> Vec<HeldNote> {
        let files = self.dir.as_ref().and_then(|dir| fs::read_dir(dir).ok());
        let files = files.into_iter().flatten().flatten().map(|file| file.path());
        let notes = files.filter(|path| path.extension().is_some_and(|of| of == "json"));
        notes.filter_map(|path| left_over(&path, swarm)).collect()
    }
}

/// A note of this Swarm that nobody has open.
fn left_over(path: &Path, swarm: &str) -> Option<HeldNote> {
    let mut file = private_file(OpenOptions::new().read(true), path).ok()?;
    let mut text = String::new();
    Read::by_ref(&mut file).take(LIMIT).read_to_string(&mut text).ok()?;
    let note: ShellNote = format::read(&text)?;
    let is_note = path.file_stem().is_some_and(|stem| *stem == *note.mark);
    let is_ours = note.swarm == swarm;
    // That Swarm may be gone as well.
    let is_lost = !is_ours && is_old(&file);
    if !is_note
        || !(is_ours || is_lost)
        || flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
    {
        return None;
    }
    // Its skep may have removed it before we had the lock.
    let held = path.exists().then(|| HeldNote { note, file: Some((path.to_owned(), file)) })?;
    if is_lost {
        held.forget();
        return None;
    }
    Some(held)
}

fn is_old(file: &File) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
    let age = modified.and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age.as_secs() > MOST_DAYS * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn note(mark: &str) -> ShellNote {
        ShellNote {
            mark: mark.into(),
            swarm: "swarm".into(),
            node: "node".into(),
            task: "web.1".into(),
            container: Some("c1".into()),
            exec: Some("e1".into()),
        }
    }

    #[test]
    fn what_is_left_is_found_once_and_what_is_open_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let shells = Shells::new(Some(dir.path().join("shells")));
        let (open, why) = shells.hold(note("a"));
        assert_eq!(why, None);
        let (killed, _) = shells.hold(note("b"));
        let file = dir.path().join("shells/a.json");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(shells.left("swarm").is_empty(), "both are open");
        drop(killed);
        assert!(shells.left("another").is_empty());
        let left = shells.left("swarm");
        assert_eq!(left.iter().map(HeldNote::note).collect::<Vec<_>>(), [&note("b")]);
        assert!(shells.left("swarm").is_empty(), "it is held by who found it");
        left.into_iter().for_each(HeldNote::forget);
        open.forget();
        assert_eq!(fs::read_dir(dir.path().join("shells")).unwrap().count(), 0);
    }

    #[test]
    fn a_note_of_an_earlier_version_is_read() {
        let text = r#"{"format":1,"mark":"a","swarm":"swarm","node":"node","task":"web.1","container":"c1"}"#;
        assert_eq!(format::read(text), Some(ShellNote { exec: None, ..note("a") }));
    }

    #[test]
    fn a_note_that_can_not_be_written_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::write(&taken, "").unwrap();
        let (held, why) = Shells::new(Some(taken)).hold(note("a"));
        assert_eq!(held.note(), &note("a"));
        assert!(why.is_some_and(|why| !why.is_empty()));
        assert_eq!(Shells::new(None).hold(note("a")).1, None);
    }
}
