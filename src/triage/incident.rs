//! The incident report: what is known, as Markdown ready for a ticket.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    sync::Arc,
};

use super::{Began, Problem, Remedy, Severity, unknown_beginning};
use crate::{
    cluster::{
        Entry, Gravity, Meaning, NodeState, Part, ServiceId, Store, Subject, TaskId, Timestamp,
    },
    text::{brief, clean, count, span},
};

/// Data of a report.
pub struct Incident<'a> {
    /// The user's name for the cluster.
    pub name: &'a str,
    /// Which manager told.
    pub endpoint: &'a str,
    /// The model, with its timeline.
    pub store: &'a Store,
    /// The problems, the worst first.
    pub problems: &'a [Arc<Problem>],
    /// Now, by the manager's clock.
    pub now: Timestamp,
    /// The timeline from here on.
    pub since: Timestamp,
    /// How skep's link is, if it is not well.
    pub link: Option<&'a str>,
    /// The ends of the logs that were asked for.
    pub logs: &'a LogEnds,
}

/// The last lines of tasks that are evidence, or why they can't be read.
pub type LogEnds = HashMap<TaskId, Result<Vec<(Timestamp, String)>, String>>;

/// Rows of the timeline a ticket can take; the newest.
const LINES: usize = 500;
/// Logs that are read for a report: those of the worst problems.
const LOGS: usize = 20;

/// The tasks whose last lines belong into a report: of each open problem the first that has a log.
pub fn witnesses(store: &Store, problems: &[Arc<Problem>]) -> Vec<TaskId> {
    let mut tasks: Vec<TaskId> = Vec::new();
    for problem in problems.iter().filter(|p| is_open(p)) {
        let known = |id: &&TaskId| store.task(id).is_some();
        let task = problem.evidence.iter().filter_map(|e| e.task.as_ref()).find(known);
        tasks.extend(task.filter(|task| !tasks.contains(task)).cloned());
    }
    tasks.truncate(LOGS);
    tasks
}

/// Why a task's log is not worth asking for.
pub fn no_log(store: &Store, task: &TaskId) -> Option<String> {
    let node = store.node(store.task(task)?.node.as_ref()?)?;
    (!node.is_up()).then(|| format!("node {} is {}", node.hostname, node.state))
}

fn is_open(p: &Problem) -> bool {
    p.severity > Severity::Advice && p.resolved.is_none()
}

/// Whether an entry may explain an incident: someone changed something, an update got on, a node or a leader went or came.
fn explains(e: &Entry) -> bool {
    let meant = !matches!(e.meaning, Meaning::Failure | Meaning::Other);
    meant || matches!(e.subject, Subject::Node(_) | Subject::Service(_))
}

/// A row of the timeline: the last of entries that tell the same, and how often they did.
struct TimelineRow<'e> {
    entry: &'e Entry,
    first: Timestamp,
    times: usize,
    /// Whether all used the same words.
    alike: bool,
}

/// One row for what happened again and again to one object, until something happens that may explain it.
fn rows<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<TimelineRow<'e>> {
    type RowKey<'e> = (&'e str, &'e str, Meaning, Gravity);
    let mut rows: Vec<TimelineRow<'e>> = Vec::new();
    let mut open: HashMap<Option<&ServiceId>, HashMap<RowKey<'e>, usize>> = HashMap::new();
    for e in entries {
        let service = e.subject.service();
        if explains(e) {
            match service {
                Some(_) => drop(open.remove(&service)),
                None => open.clear(),
            }
        }
        let key = (&*e.kind, &*e.name, e.meaning, e.gravity);
        let known = if explains(e) { None } else { open.entry(service).or_default().get(&key) };
        if let Some(row) = known.and_then(|at| rows.get_mut(*at)) {
            row.times += 1;
            row.alike &= row.entry.said() == e.said();
            row.entry = e;
        } else {
            open.entry(service).or_default().insert(key, rows.len());
            rows.push(TimelineRow { entry: e, first: e.at, times: 1, alike: true });
        }
    }
    rows
}

/// A remedy in words: there are no keys in a ticket.
fn in_words(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Logs => "read the log",
        Remedy::Rollback => "roll back",
        Remedy::Scale => "scale",
        Remedy::Update => "update",
        Remedy::Force => "force an update",
        Remedy::Drain => "drain",
        Remedy::Activate => "activate",
        Remedy::Demote => "demote",
        Remedy::Delete => "remove",
        Remedy::Describe => "describe",
        Remedy::Tasks => "look at",
        Remedy::Node => "look at the nodes",
        Remedy::Events => "look at the events",
    }
}

impl Incident<'_> {
    /// `incident-prod-20261121T140312Z.md`
    pub fn file_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let name: String = self.name.chars().map(plain).collect();
        let name = name.trim_matches('_');
        let at: String = self.now.to_string().chars().take(19).collect();
        format!("incident-{name}-{}Z.md", at.replace(['-', ':'], ""))
    }

    /// The report. Text of the cluster is shown as text; values that look secret were masked when they
    /// were read.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.summary(&mut out);
        self.findings(&mut out);
        self.actions(&mut out);
        self.timeline(&mut out);
        self.versions(&mut out);
        out
    }

    fn summary(&self, out: &mut String) {
        let store = self.store;
        let info = store.info();
        let _ = writeln!(out, "# Incident report: {}\n", plain(self.name));
        let _ = writeln!(out, "| | |\n|---|---|");
        let span = span(self.since.age(self.now));
        let mut row = |key: &str, value: String| {
            let _ = writeln!(out, "| {key} | {} |", plain(&value));
        };
        row("written", format!("{} by skep {}", self.now.date_clock(), env!("CARGO_PKG_VERSION")));
        row("covers", format!("{} to {} ({span})", self.since.date_clock(), self.now.date_clock()));
        // Of a Swarm without a leader it may be known only where it was asked.
        let id = if store.unread().why(Part::Info).is_some() { "unknown," } else { &info.id };
        let through = match (&*info.manager, self.endpoint) {
            ("", endpoint) => endpoint.to_owned(),
            (manager, "") => manager.to_owned(),
            (manager, endpoint) => format!("{manager} ({endpoint})"),
        };
        let through = if through.is_empty() { through } else { format!("through {through}") };
        row("swarm", format!("{id} {through}").trim().to_owned());
        if let Some(link) = self.link {
            row("link", link.to_owned());
        }
        let ready = store.nodes().filter(|n| n.state == NodeState::Ready).count();
        // Without a leader nothing is listed: what is known is from before, or nothing is.
        let leaderless = store.leaderless().is_some();
        let never = leaderless && store.nodes().len() == 0;
        let nothing = || "unknown: the Swarm has no leader".to_owned();
        let unknown = |part| store.unread().why(part).map(|why| format!("unknown: {why}"));
        let once = if leaderless { " when last heard: the Swarm has no leader now" } else { "" };
        let nodes = || format!("{ready} of {} ready{once}", store.nodes().len());
        let nodes = || if never { nothing() } else { nodes() };
        row("nodes", unknown(Part::Nodes).unwrap_or_else(nodes));
        let well = store.services().filter(|s| store.missing(s).none()).count();
        let services = || format!("{well} of {} as they should be{once}", store.services().len());
        row("services", if never { nothing() } else { services() });
        let counted = if store.tasks_refused() { ", as the engine counts them" } else { "" };
        let tasks = || format!("{} running{counted}{once}", store.running());
        row("tasks", if never { nothing() } else { tasks() });
        for (part, why) in store.unread().iter().filter(|(part, _)| *part != Part::Nodes) {
            row(part.word(), format!("unknown: {why}"));
        }
        let open: Vec<&Problem> = self.open().collect();
        let of = |s: Severity| open.iter().filter(|p| p.severity == s).count();
        let _ = writeln!(
            out,
            "\n## Summary\n\n{} critical, {}{}\n",
            of(Severity::Critical),
            count(of(Severity::Warning) as u64, "warning", "warnings"),
            match (open.is_empty(), store.unread().unjudged()) {
                (false, _) => ". The worst first:".to_owned(),
                (true, None) => ": nothing is wrong now.".to_owned(),
                (true, Some(parts)) =>
                    format!(": nothing is wrong in what is told ({parts} unknown)."),
            }
        );
        for problem in open.iter().take(10) {
            let since = match problem.since {
                Began::At(at) => format!(" (since {})", at.date_clock()),
                Began::By(at) => format!(" (since {} at the latest)", at.date_clock()),
                Began::Unknown => String::new(),
            };
            let _ = writeln!(
                out,
                "- **{}**: {}{since}",
                problem.severity.word(),
                plain(&problem.message)
            );
        }
    }

    fn open(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().map(|p| &**p).filter(|p| is_open(p))
    }

    fn findings(&self, out: &mut String) {
        let over = self.problems.iter().map(|p| &**p).filter(|p| p.resolved.is_some());
        let _ = writeln!(out, "\n## Findings");
        let mut any = false;
        for problem in self.open().chain(over) {
            any = true;
            let _ =
                writeln!(out, "\n### {}: {}\n", problem.severity.word(), plain(&problem.message));
            let cause = problem.cause.map_or(String::new(), |c| format!(", cause `{c}`"));
            let _ = writeln!(out, "- rule `{}`{cause}", problem.rule);
            let said = match problem.since {
                Began::At(at) => format!("{} ({})", at.date_clock(), span(at.age(self.now))),
                _ => unknown_beginning(self.store, problem, self.now),
            };
            let _ = writeln!(out, "- since {said}");
            if problem.times > 1 {
                let _ = writeln!(out, "- came {} times", problem.times);
            }
            if let Some(over) = problem.resolved {
                let _ = writeln!(out, "- over since {}", over.date_clock());
            }
            if !problem.why.is_empty() {
                let _ = writeln!(out, "- probable cause: {}", plain(&problem.why));
            }
            if let Some(before) = &problem.before {
                let _ = writeln!(
                    out,
                    "- changed before, {}: {}",
                    before.at.date_clock(),
                    plain(&before.text)
                );
            }
            for (remedy, words) in &problem.remedies {
                let _ = writeln!(out, "- to do: {}: {}", in_words(*remedy), plain(words));
            }
            self.log_end(out, problem);
            for evidence in &problem.evidence {
                let at = evidence.at.map_or(String::new(), |at| format!("{} ", at.clock()));
                let _ = writeln!(out, "- evidence: {at}{}", code(&evidence.text));
            }
            for folded in &problem.folded {
                let _ = writeln!(out, "- with it: {} (`{}`)", plain(&folded.message), folded.rule);
            }
        }
        if !any {
            let _ = writeln!(out, "\nNone.");
        }
    }

    /// The last lines of the first task that was asked for them.
    fn log_end(&self, out: &mut String, problem: &Problem) {
        let mut tasks = problem.evidence.iter().filter_map(|e| e.task.as_ref());
        let Some((task, read)) = tasks.find_map(|task| self.logs.get_key_value(task)) else {
            return;
        };
        let known = self.store.task(task);
        let name = known.map_or_else(|| task.short().to_owned(), |t| self.store.task_name(t));
        match read {
            Err(why) => {
                let _ = writeln!(out, "- log of {}: can't be read: {}", plain(&name), plain(why));
            }
            Ok(lines) if lines.is_empty() => {
                let _ = writeln!(out, "- log of {}: it wrote nothing", plain(&name));
            }
            Ok(lines) => {
                let _ = writeln!(out, "- log of {}, its last lines:", plain(&name));
                for (at, line) in lines {
                    let _ = writeln!(out, "  - {} {}", at.clock(), code(&brief(line)));
                }
            }
        }
    }

    fn actions(&self, out: &mut String) {
        let _ = writeln!(out, "\n## Actions taken through skep\n");
        let mut any = false;
        for e in self
            .store
            .journal()
            .iter()
            .filter(|e| e.meaning == Meaning::Action && e.at >= self.since)
        {
            any = true;
            let _ =
                writeln!(out, "- {} {}: {}", e.at.date_clock(), plain(&e.name), plain(&e.said()));
        }
        if !any {
            let _ = writeln!(out, "None.");
        }
    }

    fn timeline(&self, out: &mut String) {
        let told = |e: &&Entry| e.gravity != Gravity::Quiet && e.at >= self.since;
        let rows = rows(self.store.journal().iter().filter(told));
        let all: usize = rows.iter().map(|row| row.times).sum();
        let _ = writeln!(out, "\n## Timeline\n");
        if all > rows.len() {
            let _ = writeln!(
                out,
                "{all} entries; what happened again and again is one row, at its first time.\n"
            );
        }
        // What explains an incident goes last.
        let (mut lesser, mut greater) = (0, 0);
        for row in &rows {
            *if explains(row.entry) { &mut greater } else { &mut lesser } += 1;
        }
        let most = LINES.saturating_sub(lesser.min(LINES / 2));
        let mut skip = [
            lesser.saturating_sub(LINES.saturating_sub(greater.min(most))),
            greater.saturating_sub(most),
        ];
        if skip != [0, 0] {
            let _ = writeln!(out, "The oldest {} rows are left out.\n", skip[0] + skip[1]);
        }
        let _ = writeln!(out, "| UTC | what | name | |\n|---|---|---|---|");
        for row in rows {
            let e = row.entry;
            let skip = &mut skip[usize::from(explains(e))];
            if *skip > 0 {
                *skip -= 1;
                continue;
            }
            let bad = if e.gravity == Gravity::Bad { "**!** " } else { "" };
            let again = match (row.times, row.alike) {
                (1, _) => String::new(),
                (n, true) => format!(" ({n} times until {})", e.at.clock()),
                (n, false) => format!(" ({n} times until {}, this is the last)", e.at.clock()),
            };
            let (at, kind, name) = (row.first.date_clock(), plain(&e.kind), plain(&e.name));
            let _ = writeln!(out, "| {at} | {kind} | {name} | {bad}{}{again} |", plain(&e.said()));
        }
    }

    fn versions(&self, out: &mut String) {
        let mut engines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in self.store.nodes() {
            engines.entry(&node.engine).or_default().push(&node.hostname);
        }
        let api = &self.store.info().api;
        let mut rows = Vec::new();
        for (engine, mut nodes) in engines {
            nodes.sort_unstable();
            rows.push(format!("engine {}: {}", plain(engine), plain(&nodes.join(", "))));
        }
        if !api.is_empty() {
            rows.push(format!("API {}", plain(api)));
        }
        let advice = self.problems.iter().filter(|p| p.severity == Severity::Advice);
        rows.extend(advice.map(|p| format!("advice: {}", plain(&p.message))));
        if !rows.is_empty() {
            let _ = writeln!(out, "\n## Versions\n\n- {}", rows.join("\n- "));
        }
    }
}

/// Untrusted text as text: no control characters, nothing Markdown reads as its own.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// The engine's own words, to be found again word by word.
fn code(text: &str) -> String {
    format!("`{}`", clean(text).replace('`', "'"))
}
