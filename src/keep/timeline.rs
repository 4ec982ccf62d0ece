//! History that outlives skep: the last 24 hours of each Swarm's timeline, and which problems are
//! quieted. A restart in the middle of an incident loses nothing.
//!
//! `timeline/<swarm>/2026-11-21T14.jsonl`, a file an hour, a line an entry; those older than a day
//! go when a new hour begins. What was done through skep comes from the audit file.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

use super::{
    format,
    own_file::{append_lines_within, read_last_lines, read_lines, read_text, replace},
    private_dir,
    shells::Shells,
};
use crate::{
    cluster::{Beginning, Entry, Gravity, Journal, Meaning, NodeId, ServiceId, Subject, Timestamp},
    triage::Quieted,
};

/// Record for so long.
const KEPT: i64 = 24 * 3_600 * 1_000_000_000;
/// A problem last seen within this time is taken to have gone on.
const OPEN: Duration = Duration::from_secs(15 * 60);
/// Several skeps hear of one change within this time.
const SAME: Duration = Duration::from_secs(3);
/// An hour that would take more is cut short: a disk must not fill because a Swarm burns.
const HOUR_LIMIT: u64 = 16 << 20;
/// Size limit of the files of quieted problems and of beginnings.
const LIST_LIMIT: u64 = 1 << 20;
/// Bytes read from the end of the audit file, which only grows.
const AUDIT_TAIL: u64 = 1 << 20;
/// The most lines between a write and its result in the audit file.
const AT_ONCE: usize = 64;

/// Where it is kept.
#[derive(Clone, Debug)]
pub struct History {
    /// The folder of timelines; none if nothing is to be kept.
    pub timeline: Option<PathBuf>,
    /// The audit file.
    pub audit: PathBuf,
}

/// The history of a Swarm, as loaded from disk.
#[derive(Debug, Default)]
pub struct Past {
    /// The timeline, the oldest first.
    pub entries: Vec<Entry>,
    /// Acknowledged and muted problems.
    pub quieted: Vec<Quieted>,
    /// Beginnings of the problems that were open a short while ago.
    pub beginnings: Vec<Beginning>,
    /// Files that can't be read, with the reason; the rest is loaded without them.
    pub unread: Vec<String>,
}

impl Past {
    /// The timeline with a line for each file that can't be read, so that what is missing is told
    /// where it is missed.
    pub fn with_gaps(&self, now: Timestamp) -> Vec<Entry> {
        let gap = |why: &String| Entry {
            seq: 0,
            kept: true,
            at: now,
            kind: "skep".into(),
            name: "history".into(),
            text: why.as_str().into(),
            subject: Subject::Other,
            gravity: Gravity::Bad,
            meaning: Meaning::Other,
            who: None,
        };
        self.entries.iter().cloned().chain(self.unread.iter().map(gap)).collect()
    }

    /// Takes the result of a read; a failure is noted, and counts as an empty file.
    fn read<T: Default>(&mut self, read: io::Result<T>) -> T {
        read.unwrap_or_else(|error| {
            tracing::error!(%error, "some of the history can't be read");
            self.unread.push(format!("not in the history: {error}"));
            T::default()
        })
    }
}

impl History {
    /// Where running shells are noted; nowhere for a demo.
    pub fn shells(&self) -> Shells {
        let dir = self.timeline.as_ref().and_then(|dir| dir.parent());
        Shells::new(dir.map(|dir| dir.join("shells")))
    }

    /// Loads what is remembered of a Swarm. Reads files: not for the async threads.
    pub fn load(&self, swarm: &str, now: Timestamp) -> Past {
        let mut past = Past::default();
        let mut entries = Vec::new();
        if let Some(dir) = self.dir(swarm) {
            for file in hours(&dir).into_iter().rev() {
                if entries.len() >= Journal::LIMIT {
                    break;
                }
                let lines = read_lines(&file, HOUR_LIMIT);
                let read = lines.map(|all| all.filter_map(|line| format::read(&line)).collect());
                entries.append(&mut past.read::<Vec<Entry>>(read));
            }
            let file = past.read(read_text(&dir.join(QUIETED), LIST_LIMIT));
            past.quieted = format::read_all(&file);
            let file = past.read(read_text(&dir.join(BEGINNINGS), LIST_LIMIT));
            past.beginnings = format::read_all(&file);
            // Versions before this one wrote 0 for a beginning that they did not know.
            let is_known = |one: &Beginning| one.since != Timestamp::from_nanos(0);
            past.beginnings.retain(|one| one.seen.age(now) < OPEN && is_known(one));
        }
        entries.append(&mut past.read(self.actions(swarm)));
        entries.retain(|e: &Entry| e.at >= now.shifted(-KEPT) && e.at <= now.shifted(KEPT));
        entries.sort_by_key(|e| e.at);
        let mut entries = told_once(entries);
        for entry in &mut entries {
            entry.kept = true;
        }
        past.entries = entries;
        past
    }

    fn dir(&self, swarm: &str) -> Option<PathBuf> {
        // The id comes from an engine: it must not lead anywhere else.
        let plain = !swarm.is_empty() && swarm.bytes().all(|b| b.is_ascii_alphanumeric());
        self.timeline.as_ref().filter(|_| plain).map(|dir| dir.join(swarm))
    }

    /// Actions on this Swarm done through skep, from the audit file.
    fn actions(&self, swarm: &str) -> io::Result<Vec<Entry>> {
        let all = read_last_lines(&self.audit, AUDIT_TAIL)?;
        let all = all.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        let mut actions: Vec<Value> = Vec::new();
        for line in all.filter(|v| v["cluster"].as_str() == Some(swarm)) {
            let mut sent = actions.iter().rev().take(AT_ONCE);
            match sent.position(|a| a["result"] == "sent" && is_result(a, &line)) {
                Some(back) => {
                    let place = actions.len() - 1 - back;
                    actions[place] = line;
                }
                None => actions.push(line),
            }
        }
        Ok(actions.iter().filter_map(action).collect())
    }

    /// Appends to the timeline.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn append(&self, swarm: &str, entries: &[Entry], now: Timestamp) -> io::Result<()> {
        let Some(dir) = self.dir(swarm) else { return Ok(()) };
        let mut by_hour: HashMap<String, String> = HashMap::new();
        for entry in entries {
            let text = by_hour.entry(hour(entry.at)).or_default();
            *text += &format::write(entry)?;
            text.push('\n');
        }
        private_dir(&dir)?;
        for (hour, text) in by_hour {
            let file = dir.join(format!("{hour}.jsonl"));
            if file.symlink_metadata().is_err() {
                prune(&dir, now);
            }
            append_lines_within(&file, &text, HOUR_LIMIT)?;
        }
        Ok(())
    }

    /// Writes which problems are quieted.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn keep_quieted(&self, swarm: &str, quieted: &[Quieted]) -> io::Result<()> {
        self.replace(swarm, QUIETED, quieted)
    }

    /// Writes when what is open began.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn keep_beginnings(&self, swarm: &str, all: &[Beginning]) -> io::Result<()> {
        self.replace(swarm, BEGINNINGS, all)
    }

    fn replace<T: Serialize>(&self, swarm: &str, file: &str, all: &[T]) -> io::Result<()> {
        let Some(dir) = self.dir(swarm) else { return Ok(()) };
        private_dir(&dir)?;
        replace(&dir.join(file), &format::write_all(all)?)
    }
}

/// Leaves out what several skeps saw and wrote: two of a user and a wall keep one timeline, and each heard of it at
/// its own time.
fn told_once(entries: Vec<Entry>) -> Vec<Entry> {
    let mut last: HashMap<(Subject, Arc<str>, Meaning, Arc<str>), Timestamp> = HashMap::new();
    let is_new = |entry: &Entry| {
        let key = (entry.subject.clone(), entry.name.clone(), entry.meaning, entry.text.clone());
        let is_told = last.get(&key).is_some_and(|at| at.age(entry.at) <= SAME);
        let is_new = !is_told || entry.meaning == Meaning::Action;
        if is_new {
            last.insert(key, entry.at);
        }
        is_new
    };
    entries.into_iter().filter(is_new).collect()
}

const QUIETED: &str = "quieted.json";
const BEGINNINGS: &str = "beginnings.json";

/// `2026-11-21T14`, UTC.
fn hour(at: Timestamp) -> String {
    at.to_string().chars().take(13).collect()
}

/// The files of a timeline, the oldest first.
fn hours(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|f| f.path());
    let mut files: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
}

/// Removes what is older than a day.
fn prune(dir: &Path, now: Timestamp) {
    let oldest = format!("{}.jsonl", hour(now.shifted(-KEPT)));
    for file in hours(dir) {
        if file.file_name().is_some_and(|name| *name.to_string_lossy() < *oldest)
            && let Err(error) = fs::remove_file(&file)
        {
            tracing::warn!(%error, path = %file.display(), "an old timeline can't be removed");
        }
    }
}

/// Is `line` how what was `sent` came out?
fn is_result(sent: &Value, line: &Value) -> bool {
    ["who", "command", "version", "service_id", "node_id"].iter().all(|key| sent[key] == line[key])
}

/// A line of the audit file as an entry of the timeline.
fn action(line: &Value) -> Option<Entry> {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    let at = Timestamp::parse(text("at"))?;
    let (result, who) = (text("result"), text("who"));
    if text("action") == "shell" {
        return Some(shell(line, Timestamp::parse(text("began")).unwrap_or(at)));
    }
    let (kind, subject) = if text("node_id").is_empty() {
        ("service", Subject::Service(ServiceId::from(text("service_id"))))
    } else {
        ("node", Subject::Node(NodeId::from(text("node_id"))))
    };
    // In the audit file a name follows it.
    let done = match text("action") {
        "update image of" => "update image",
        done => done,
    };
    let outcome = match result {
        "" | "taken" => String::new(),
        "sent" => " (sent, no answer known)".into(),
        other => format!(" ({other})"),
    };
    Some(Entry {
        seq: 0,
        kept: true,
        at,
        kind: "action".into(),
        name: text(kind).into(),
        text: format!("{done}{outcome}: {}", text("command")).into(),
        subject,
        gravity: Gravity::Note,
        meaning: Meaning::Action,
        who: Some(who).filter(|who| !who.is_empty()).map(Into::into),
    })
}

/// A shell, or another command, in a container: it changes nothing by itself, but it may explain what
/// changed.
fn shell(line: &Value, at: Timestamp) -> Entry {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    let (node, command, who) = (text("node"), text("command"), text("who"));
    let ended = match (line["exit"].as_i64(), text("result")) {
        (Some(code), _) => format!(" (exit {code})"),
        (None, "sent") => " (its end is not known)".into(),
        (None, result) => format!(" ({result})"),
    };
    let subject = Subject::Task(text("task_id").into(), text("service_id").into());
    Entry {
        seq: 0,
        kept: true,
        at,
        kind: "action".into(),
        name: text("task").into(),
        text: format!("shell on {node}{ended}: {command}").into(),
        subject,
        gravity: Gravity::Note,
        meaning: Meaning::Other,
        who: Some(who).filter(|who| !who.is_empty()).map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(at: Timestamp, text: &str) -> Entry {
        Entry {
            seq: 7,
            kept: false,
            at,
            kind: "node".into(),
            name: "n1".into(),
            text: text.into(),
            subject: Subject::Node("id".into()),
            gravity: Gravity::Bad,
            meaning: Meaning::NodeLost,
            who: None,
        }
    }

    #[test]
    fn a_day_is_kept_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let history = History {
            timeline: Some(dir.path().join("timeline")),
            audit: dir.path().join("audit.jsonl"),
        };
        let now = Timestamp::from(jiff::Timestamp::now());
        let old = now.shifted(-2 * KEPT);
        history.append("swarm1", &[entry(old, "long ago")], now).unwrap();
        let hostile = "lost again\u{9b}2J\u{7f}\u{202e}";
        history
            .append("swarm1", &[entry(now.shifted(-5), "lost"), entry(now, hostile)], now)
            .unwrap();
        let file = history.timeline.as_ref().unwrap().join(format!("swarm1/{}.jsonl", hour(now)));
        let written = fs::read_to_string(file).unwrap();
        assert!(
            written.contains("lost again\\u009b2J\\u007f\\u202e"),
            "safe to look at: {written}"
        );
        let line = |replicas: u32, result: &str| {
            json!({
                "at": now.to_string(), "who": "ann", "cluster": "swarm1", "version": 7,
                "service": "web", "service_id": "s1", "action": "scale",
                "command": format!("docker service scale web={replicas}"), "result": result,
            })
        };
        // Of a write whose result is known that is told, once.
        let lines = [line(2, "sent"), line(2, "taken"), "rubbish".into(), line(3, "sent")];
        let audit = lines.map(|l| format!("{l}\n")).concat();
        fs::write(&history.audit, audit).unwrap();
        let entries = history.load("swarm1", now.shifted(1)).entries;
        let said: Vec<String> = entries.iter().map(|e| e.said().into_owned()).collect();
        assert_eq!(
            said,
            [
                "lost",
                hostile,
                "scale: docker service scale web=2 by ann",
                "scale (sent, no answer known): docker service scale web=3 by ann"
            ]
        );
        assert_eq!(hours(&dir.path().join("timeline/swarm1")).len(), 1, "the old hour is gone");
        assert!(history.load("../swarm1", now).entries.is_empty(), "an id leads nowhere else");
        let quieted = vec![Quieted {
            key: "trouble s1".into(),
            quiet: crate::triage::Quiet::Muted(now),
            like: String::new(),
        }];
        history.keep_quieted("swarm1", &quieted).unwrap();
        assert_eq!(history.load("swarm1", now).quieted, quieted);
    }

    #[test]
    fn what_can_not_be_read_is_told_in_the_history() {
        let dir = tempfile::tempdir().unwrap();
        let history = History { timeline: Some(dir.path().into()), audit: "none".into() };
        let now = Timestamp::from_secs(2_000_000_000);
        history.append("swarm1", &[entry(now, "lost")], now).unwrap();
        fs::create_dir(dir.path().join("swarm1/quieted.json")).unwrap();
        let told = history.load("swarm1", now).with_gaps(now);
        let said: Vec<&str> = told.iter().map(|e| &*e.text).collect();
        let [lost, gap] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(*lost, "lost");
        assert!(gap.starts_with("not in the history: ") && gap.ends_with("is no regular file"));
        assert!(told.iter().all(|e| e.kept), "it is not kept itself");
    }

    #[test]
    fn what_several_skeps_saw_happened_once() {
        let dir = tempfile::tempdir().unwrap();
        let history = History { timeline: Some(dir.path().into()), audit: "none".into() };
        let now = Timestamp::from_secs(2_000_000_000);
        let seen = |millis: i64, text| entry(now.shifted(millis * 1_000_000), text);
        for entries in [
            vec![seen(-60_000, "lost"), seen(-20_000, "back"), seen(-10_000, "lost")],
            vec![seen(-59_600, "lost"), seen(-20_003, "back"), seen(-9_990, "lost")],
        ] {
            history.append("swarm1", &entries, now).unwrap();
        }
        let entries = history.load("swarm1", now).entries;
        let said: Vec<&str> = entries.iter().map(|e| &*e.text).collect();
        assert_eq!(said, ["lost", "back", "lost"]);
    }

    /// Two writes under way at once, and one done twice in a second: each is told with its own result.
    #[test]
    fn every_action_is_told_with_its_own_result() {
        let dir = tempfile::tempdir().unwrap();
        let history = History { timeline: None, audit: dir.path().join("audit.jsonl") };
        let now = Timestamp::from_secs(2_000_000_000);
        let line = |service: &str, version: u32, result: &str| {
            let at = now.shifted(-1_000_000_000).to_string();
            let line = json!({
                "at": at, "who": "ann", "cluster": "swarm1", "version": version, "service": service,
                "service_id": service, "action": "redeploy", "command": "docker", "result": result,
            });
            format!("{line}\n")
        };
        let lines = [
            line("web", 1, "sent"),
            line("api", 7, "sent"),
            line("web", 1, "taken"),
            line("api", 7, "refused"),
            line("web", 2, "sent"),
            line("web", 2, "taken"),
        ];
        fs::write(&history.audit, lines.concat()).unwrap();
        let entries = history.load("swarm1", now).entries;
        let mut said: Vec<String> =
            entries.iter().map(|e| format!("{} {}", e.name, e.text)).collect();
        said.sort();
        assert_eq!(
            said,
            ["api redeploy (refused): docker", "web redeploy: docker", "web redeploy: docker"]
        );
    }

    #[test]
    fn a_beginning_is_known_for_as_long_as_the_problem_may_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let history = History { timeline: Some(dir.path().into()), audit: "none".into() };
        let now = Timestamp::from_secs(2_000_000_000);
        let kept = vec![Beginning {
            key: "trouble s1".into(),
            since: now.shifted(-KEPT),
            exactly: true,
            seen: now,
        }];
        history.keep_beginnings("swarm1", &kept).unwrap();
        let after =
            |secs: i64| history.load("swarm1", now.shifted(secs * 1_000_000_000)).beginnings;
        assert_eq!(after(40), kept);
        assert_eq!(after(3_600), [], "it may have been over in between");
        let unknown = Beginning { since: Timestamp::from_nanos(0), ..kept[0].clone() };
        history.keep_beginnings("swarm1", &[unknown]).unwrap();
        assert_eq!(after(40), [], "an older skep did not know it");
    }
}
