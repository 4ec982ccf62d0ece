//! Applies a delta: the one way into the store.

use super::{Kind, OpenList, Store};
use crate::cluster::{
    Beginning, ClusterInfo, Delta, Entry, Gravity, Leaderless, ListId, Meaning, Subject, Timestamp,
    Unread, journal::NewEntry,
};

impl Store {
    /// Takes a change in. `at` is the manager's time, for the journal.
    pub fn apply(&mut self, delta: Delta, at: Timestamp) {
        match delta {
            Delta::Cluster(info) => self.cluster(info, at),
            Delta::Nodes(nodes) => {
                // A list comes from a leader.
                self.set_leaderless(None);
                self.replace_nodes(nodes, at);
            }
            Delta::Leaderless(told) => self.set_leaderless(Some(told)),
            Delta::Services(services) => self.replace_services(services, at),
            Delta::Networks(networks) => self.replace_networks(networks),
            Delta::UnlistedNetwork(network) => self.add_unlisted_network(network),
            Delta::Secrets(secrets) => self.replace_secrets(secrets),
            Delta::Configs(configs) => self.replace_configs(configs),
            Delta::Absent(part, id) => self.is_absent(part, id, at),
            Delta::Unread(part, why) => self.cannot_read(part, why),
            Delta::Silent(part, why, since) => {
                self.cannot_read(part, why.clone());
                self.unread.add_silent(part, why, since);
            }
            Delta::Gaps(part, why) => self.has_gaps(part, why, true),
            Delta::Read(part) => self.is_read(part),
            Delta::TasksBegin(list, scope) => {
                self.lists.insert(list, OpenList { scope, has_gaps: false });
            }
            Delta::Tasks(list, tasks) => {
                if self.lists.contains_key(&list) {
                    let fresh = self.journal.next_seq();
                    for task in tasks {
                        self.upsert_task(list, task, at);
                    }
                    self.journal.order_since(fresh);
                }
                self.bound_tasks();
            }
            Delta::TasksGaps(list, why) => self.list_has_gaps(list, why),
            Delta::TasksEnd(list) => self.end_list(list, at),
            Delta::TasksAbort(list) => {
                self.lists.remove(&list);
            }
            Delta::Ended(task, end) => self.task_ended(task, end),
            Delta::Event(event) => self.note_event(event),
        }
        self.reckon();
    }

    fn set_leaderless(&mut self, mut told: Option<Leaderless>) {
        if let (Some(new), Some(old)) = (&mut told, &self.leaderless) {
            new.since = old.since;
        }
        if self.leaderless != told {
            self.leaderless = told;
            self.moved(Kind::Swarm);
            self.touched.swarm = true;
        }
    }

    /// A line of skep's own in the journal: the connection.
    pub fn note(&mut self, at: Timestamp, name: &str, text: String, gravity: Gravity) {
        let (subject, meaning) = (Subject::Other, Meaning::Other);
        self.tell(at, NewEntry { kind: "skep", name, text, subject, gravity, meaning, who: None });
    }

    /// Notes an action done through skep: its object with its name, a description, and the user.
    pub fn note_action(
        &mut self,
        at: Timestamp,
        (subject, name): (Subject, &str),
        text: String,
        who: &str,
    ) {
        let (gravity, meaning, who) = (Gravity::Note, Meaning::Action, Some(who));
        self.tell(at, NewEntry { kind: "action", name, text, subject, gravity, meaning, who });
    }

    pub(in crate::cluster) fn tell(&mut self, at: Timestamp, line: NewEntry<'_>) {
        self.moved(Kind::Journal);
        self.journal.push(at, line);
        if let Some(entry) = self.journal.iter().next_back() {
            self.memory.read(entry);
        }
    }

    /// Adds beginnings of problems that an earlier skep saw.
    pub fn recall_beginnings(&mut self, past: Vec<Beginning>) {
        self.memory.recall_beginnings(past);
        self.touched.all = true;
    }

    /// Adds entries from before this store was made.
    pub fn recall(&mut self, past: Vec<Entry>) {
        for entry in &past {
            self.memory.read(entry);
        }
        if self.journal.recall(past) {
            self.moved(Kind::Journal);
            self.touched.all = true;
        }
    }

    fn cluster(&mut self, mut info: ClusterInfo, at: Timestamp) {
        self.unread = Unread::default();
        if info.id.is_empty() {
            // Not told through this link: nothing says that it is another one.
            info.id = self.info.id.clone();
        }
        if !self.info.id.is_empty() && self.info.id != info.id {
            let journal = std::mem::take(&mut self.journal);
            let mut tasks = std::mem::take(&mut self.tasks);
            tasks.clear();
            let (revision, roll) = (self.revision, self.roll + 1);
            *self = Self { journal, tasks, revision, roll, ..Self::default() };
            self.moved_all();
            self.touched.all = true;
            self.note(at, "cluster", format!("now another Swarm: {}", info.id), Gravity::Bad);
        }
        // Ids of lists restart with a new connection: nothing may be left of the old one.
        self.lists.clear();
        for group in self.by_service.values_mut() {
            group.listed = ListId(0);
        }
        for row in self.tasks.rows_mut() {
            row.seen = ListId(0);
        }
        self.moved(Kind::Swarm);
        self.info = info;
    }
}
