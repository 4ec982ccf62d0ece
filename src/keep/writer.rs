//! The writer of what outlives skep.

use super::History;
use crate::{
    cluster::{Beginning, Entry, Timestamp},
    triage::Quieted,
};

/// Writes what is to be kept, in its order, on a thread of its own: a slow disk holds up nobody.
#[derive(Debug)]
pub struct HistoryWriter(std::sync::mpsc::Sender<(String, Record, Timestamp)>);

/// Something to be kept.
#[derive(Debug)]
pub enum Record {
    /// Lines of the timeline.
    Entries(Vec<Entry>),
    /// Acknowledged and muted problems.
    Quieted(Vec<Quieted>),
    /// Beginnings of open problems.
    Beginnings(Vec<Beginning>),
}

impl HistoryWriter {
    /// A writer with its thread; it ends when the writer is dropped. `not_kept` hears why something that
    /// somebody asked for could not be written; the rest is told by the log file, once.
    pub fn new(history: History, not_kept: impl Fn(String) + Send + 'static) -> Self {
        let (send, receive) = std::sync::mpsc::channel::<(String, Record, Timestamp)>();
        tokio::task::spawn_blocking(move || {
            let mut complained = false;
            while let Ok((swarm, kept, now)) = receive.recv() {
                let written = match &kept {
                    Record::Entries(entries) => history.append(&swarm, entries, now),
                    Record::Quieted(quieted) => history.keep_quieted(&swarm, quieted),
                    Record::Beginnings(all) => history.keep_beginnings(&swarm, all),
                };
                let Err(error) = written else { continue };
                if !std::mem::replace(&mut complained, true) {
                    tracing::error!(%error, "the timeline can't be written");
                }
                if matches!(kept, Record::Quieted(_)) {
                    not_kept(error.to_string());
                }
            }
        });
        Self(send)
    }

    /// Queues a record of a Swarm.
    pub fn keep(&self, swarm: &str, kept: Record, now: Timestamp) {
        let _ = self.0.send((swarm.to_owned(), kept, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_can_not_be_kept_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        std::fs::write(&taken, "").unwrap();
        let audit = dir.path().join("audit.jsonl");
        let (told, heard) = std::sync::mpsc::channel();
        let history = History { timeline: Some(taken), audit };
        let writer = HistoryWriter::new(history, move |why| drop(told.send(why)));
        let now = Timestamp::from(jiff::Timestamp::now());
        writer.keep("s", Record::Entries(Vec::new()), now);
        writer.keep("s", Record::Quieted(Vec::new()), now);
        drop(writer);
        let all: Vec<String> =
            tokio::task::spawn_blocking(move || heard.iter().collect()).await.unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
    }
}
