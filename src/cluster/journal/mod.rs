//! The journal, newest last: the engine's events and the task transitions that skep derived.

mod derive;
mod observations;
mod timeline;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{ConfigId, ContainerId, NetworkId, NodeId, SecretId, ServiceId, TaskId, Timestamp};
use crate::text::brief;

pub use observations::{Beginning, NodeObservations, Observations, PastChange};
pub use timeline::{Consequence, consequences, failures};

/// The object of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// A node.
    #[serde(rename = "Node")]
    Node(NodeId),
    /// A service.
    #[serde(rename = "Service")]
    Service(ServiceId),
    /// A task of a service.
    #[serde(rename = "Task")]
    Task(TaskId, ServiceId),
    /// A network.
    #[serde(rename = "Network")]
    Network(NetworkId),
    /// A secret.
    #[serde(rename = "Secret")]
    Secret(SecretId),
    /// A config.
    #[serde(rename = "Config")]
    Config(ConfigId),
    /// A volume, by name.
    #[serde(rename = "Volume")]
    Volume(Arc<str>),
    /// A container of a node, which no manager knows.
    #[serde(rename = "Container")]
    Container(NodeId, ContainerId),
    /// A stack, by name; the services of none are one without a name.
    #[serde(rename = "Stack")]
    Stack(Arc<str>),
    /// Anything else: the Swarm, the connection.
    #[serde(rename = "Other")]
    Other,
}

impl Subject {
    /// The service that it is, or that it belongs to.
    pub fn service(&self) -> Option<&ServiceId> {
        match self {
            Self::Service(id) | Self::Task(_, id) => Some(id),
            _ => None,
        }
    }

    /// Whether an engine has a document of it: volumes and stacks follow from services.
    pub fn has_document(&self) -> bool {
        !matches!(self, Self::Volume(_) | Self::Stack(_) | Self::Other)
    }

    /// The word for its kind: `service`, `node`, …
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Node(_) => "node",
            Self::Service(_) => "service",
            Self::Task(..) => "task",
            Self::Network(_) => "network",
            Self::Secret(_) => "secret",
            Self::Config(_) => "config",
            Self::Volume(_) => "volume",
            Self::Stack(_) => "stack",
            Self::Container(..) => "container",
            Self::Other => "",
        }
    }
}

/// Importance of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gravity {
    /// Passing states.
    #[serde(rename = "Quiet")]
    Quiet,
    /// A change.
    #[serde(rename = "Note")]
    Note,
    /// A recovery.
    #[serde(rename = "Good")]
    Good,
    /// A failure.
    #[serde(rename = "Bad")]
    Bad,
}

/// Meaning of an entry: links causes to their consequences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Meaning {
    /// A service's spec changed, or it was made or removed.
    #[serde(rename = "Change")]
    Change,
    /// An update or rollback got a step further.
    #[serde(rename = "Update")]
    Update,
    /// A task ended against its will.
    #[serde(rename = "Failure")]
    Failure,
    /// A node was lost.
    #[serde(rename = "NodeLost")]
    NodeLost,
    /// A lost node is ready again.
    #[serde(rename = "NodeBack")]
    NodeBack,
    /// Another manager leads.
    #[serde(rename = "Leader")]
    Leader,
    /// An action done through skep.
    #[serde(rename = "Action")]
    Action,
    /// All else.
    #[default]
    #[serde(rename = "Other")]
    Other,
}

/// One line of the journal. Its names, and those of what it holds, are those of the file it is kept in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts up for ever; a view's selection follows it.
    #[serde(skip)]
    pub seq: u64,
    /// Whether it is on disk already, or came from there.
    #[serde(skip)]
    pub kept: bool,
    /// When, by the manager's clock.
    #[serde(rename = "at")]
    pub at: Timestamp,
    /// `task`, `service`, `node`, … as the engine calls it.
    #[serde(rename = "kind")]
    pub kind: Arc<str>,
    /// The object's name.
    #[serde(rename = "name")]
    pub name: Arc<str>,
    /// Description.
    #[serde(rename = "text")]
    pub text: Arc<str>,
    /// The object.
    #[serde(rename = "subject")]
    pub subject: Subject,
    /// Its importance.
    #[serde(rename = "gravity")]
    pub gravity: Gravity,
    /// Its meaning.
    #[serde(rename = "meaning", default)]
    pub meaning: Meaning,
    /// The user who did it, if known.
    #[serde(rename = "who", default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Arc<str>>,
}

impl Entry {
    /// The description, with the user who did it.
    pub fn said(&self) -> Cow<'_, str> {
        match &self.who {
            Some(who) => format!("{} by {who}", self.text).into(),
            None => (&*self.text).into(),
        }
    }
}

/// An entry on its way into the journal.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// `task`, `service`, `node`, …
    pub kind: &'a str,
    /// The object's name.
    pub name: &'a str,
    /// Description.
    pub text: String,
    /// The object.
    pub subject: Subject,
    /// Its importance.
    pub gravity: Gravity,
    /// Its meaning.
    pub meaning: Meaning,
    /// The user who did it, if known.
    pub who: Option<&'a str>,
}

/// Finds entries for the same event, also if one was observed live and the other comes from the
/// manager's memory.
#[derive(Default)]
struct KnownEntries {
    told: HashSet<(Timestamp, Arc<str>, Arc<str>)>,
    /// A task fails once.
    failed: HashSet<Subject>,
    /// Changes and steps of updates, told with the time of one object or the other.
    changed: HashMap<(Subject, Meaning), Vec<Timestamp>>,
}

/// Two changes of one service are further apart.
const TOGETHER: i64 = 3_000_000_000;

impl KnownEntries {
    fn add(&mut self, e: &Entry) {
        match e.meaning {
            Meaning::Failure => drop(self.failed.insert(e.subject.clone())),
            Meaning::Change | Meaning::Update => {
                self.changed.entry((e.subject.clone(), e.meaning)).or_default().push(e.at);
            }
            _ => drop(self.told.insert((e.at, e.name.clone(), e.text.clone()))),
        }
    }

    fn has(&self, e: &Entry) -> bool {
        match e.meaning {
            Meaning::Failure => self.failed.contains(&e.subject),
            Meaning::Change | Meaning::Update => self
                .changed
                .get(&(e.subject.clone(), e.meaning))
                .is_some_and(|times| times.iter().any(|at| at.until(e.at).abs() < TOGETHER)),
            _ => self.told.contains(&(e.at, e.name.clone(), e.text.clone())),
        }
    }
}

/// A bounded list of entries.
#[derive(Clone, Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    /// Texts of entries, shared because the same things happen again and again.
    shared: HashSet<Arc<str>>,
    tidy_at: usize,
    next: u64,
    /// Entries from here on may not be on disk yet.
    unkept: u64,
}

/// Number of unused texts that is tolerated.
const TIDY: usize = 256;

/// The first number; lower ones are left for older entries that are added later.
const FIRST: u64 = 1 << 32;

impl Default for Journal {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            shared: HashSet::new(),
            tidy_at: TIDY,
            next: FIRST,
            unkept: FIRST,
        }
    }
}

impl Journal {
    /// Number of entries kept.
    pub const LIMIT: usize = 10_000;

    /// Adds one; the oldest goes when the journal is full.
    pub fn push(&mut self, at: Timestamp, line: NewEntry<'_>) {
        if self.entries.len() == Self::LIMIT {
            self.entries.pop_front();
        }
        let texts = [line.kind, line.name, &line.text];
        let [kind, name, text] = texts.map(|text| self.share(&brief(text)));
        let who = line.who.map(|who| self.share(who));
        self.entries.push_back(Entry {
            seq: self.next,
            kept: false,
            at,
            kind,
            name,
            text,
            subject: line.subject,
            gravity: line.gravity,
            meaning: line.meaning,
            who,
        });
        self.next += 1;
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return Arc::clone(known);
        }
        if self.shared.len() >= self.tidy_at {
            // Entries come and go, and with them what they said.
            self.shared.retain(|text| Arc::strong_count(text) > 1);
            self.tidy_at = self.shared.len() * 2 + TIDY;
        }
        let text: Arc<str> = text.into();
        self.shared.insert(Arc::clone(&text));
        text
    }

    /// Adds older entries in the order of time, without duplicates. Returns whether any was new.
    pub fn recall(&mut self, past: Vec<Entry>) -> bool {
        let mut known = KnownEntries::default();
        for entry in &self.entries {
            known.add(entry);
        }
        let mut on_disk: HashSet<(Timestamp, Subject)> = HashSet::new();
        let mut fresh: Vec<Entry> = Vec::new();
        for entry in past {
            if !known.has(&entry) {
                known.add(&entry);
                fresh.push(entry);
            } else if entry.kept {
                on_disk.insert((entry.at, entry.subject));
            }
        }
        for entry in self.entries.iter_mut().filter(|e| !e.kept) {
            entry.kept = on_disk.contains(&(entry.at, entry.subject.clone()));
        }
        if fresh.is_empty() {
            return false;
        }
        fresh.extend(std::mem::take(&mut self.entries));
        fresh.sort_by_key(|e| e.at);
        fresh.drain(..fresh.len().saturating_sub(Self::LIMIT));
        self.unkept = self.next - fresh.len() as u64;
        for (entry, seq) in fresh.iter_mut().zip(self.unkept..) {
            entry.seq = seq;
        }
        self.entries = fresh.into();
        true
    }

    /// Takes the entries that are not on disk yet, and marks them as kept. Passing states are not
    /// worth keeping, and actions done through skep are in the audit file.
    pub fn take_unkept(&mut self) -> Vec<Entry> {
        let from = self.entries.partition_point(|e| e.seq < self.unkept);
        self.unkept = self.next;
        let mut taken = Vec::new();
        for entry in self.entries.range_mut(from..).filter(|e| !e.kept) {
            entry.kept = true;
            if entry.gravity != Gravity::Quiet && entry.meaning != Meaning::Action {
                taken.push(entry.clone());
            }
        }
        taken
    }

    /// Puts the entries from `seq` on in the order of their time: a list names tasks in none.
    pub fn order_since(&mut self, seq: u64) {
        let Some(first) = self.entries.front().map(|e| e.seq) else { return };
        let at = usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX);
        let at = at.min(self.entries.len());
        let fresh = &mut self.entries.make_contiguous()[at..];
        fresh.sort_by_key(|e| e.at);
        for (entry, seq) in fresh.iter_mut().zip(seq.max(first)..) {
            entry.seq = seq;
        }
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The entry of that number, while it is kept.
    pub fn get(&self, seq: u64) -> Option<&Entry> {
        let first = self.entries.front()?.seq;
        self.entries.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// The number the next entry will get.
    pub fn next_seq(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: i64, task: &str, text: &str, meaning: Meaning) -> Entry {
        Entry {
            seq: 0,
            kept: true,
            at: Timestamp::from_secs(at),
            kind: "task".into(),
            name: "web.1".into(),
            text: text.into(),
            subject: Subject::Task(task.into(), "web".into()),
            gravity: Gravity::Bad,
            meaning,
            who: None,
        }
    }

    #[test]
    fn what_was_seen_and_what_the_manager_remembers_is_told_once() {
        let mut journal = Journal::default();
        let seen = vec![
            entry(10, "t1", "running → failed", Meaning::Failure),
            entry(9, "x", "image a → b", Meaning::Change),
        ];
        assert!(journal.recall(seen));
        let remembered = vec![
            entry(10, "t1", "→ failed", Meaning::Failure),
            entry(10, "x", "image a → b", Meaning::Change),
            entry(12, "t2", "→ failed", Meaning::Failure),
        ];
        assert!(journal.recall(remembered.clone()));
        assert!(!journal.recall(remembered));
        let told: Vec<&str> = journal.iter().map(|e| &*e.text).collect();
        assert_eq!(told, ["image a → b", "running → failed", "→ failed"]);
        assert!(journal.iter().map(|e| e.seq).is_sorted() && journal.take_unkept().is_empty());
    }
}
