//! The incident report: what is known, as Markdown ready for a ticket.

use std::sync::Arc;
use std::{collections::BTreeMap, fmt::Write};

use super::{Problem, Severity};
use crate::{
    cluster::{Gravity, Meaning, Part, Store, Timestamp},
    text::{clean, span},
};

/// What a report is made from.
pub struct Incident<'a> {
    /// What the user calls the cluster.
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
}

/// Lines of the timeline a ticket can take; the newest.
const LINES: usize = 500;

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
        row(
            "swarm",
            match store.unread().why(Part::Info) {
                Some(_) => format!("unknown, through {}", self.endpoint),
                None => format!("{} through {} ({})", info.id, info.manager, self.endpoint),
            },
        );
        if let Some(link) = self.link {
            row("link", link.to_owned());
        }
        let ready = store.nodes().filter(|n| n.state.word() == "ready").count();
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
        let count = |s: Severity| open.iter().filter(|p| p.severity == s).count();
        let _ = writeln!(
            out,
            "\n## Summary\n\n{} critical, {} warnings{}\n",
            count(Severity::Critical),
            count(Severity::Warning),
            match (open.is_empty(), store.unread().unjudged()) {
                (false, _) => ". The worst first:".to_owned(),
                (true, None) => ": nothing is wrong now.".to_owned(),
                (true, Some(parts)) =>
                    format!(": nothing is wrong in what is told ({parts} unknown)."),
            }
        );
        for problem in open.iter().take(10) {
            let since = if problem.since.is_set() {
                format!(" (since {})", problem.since.date_clock())
            } else {
                String::new()
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
        let problems = self.problems.iter().map(|p| &**p);
        problems.filter(|p| p.severity > Severity::Advice && !p.resolved.is_set())
    }

    fn findings(&self, out: &mut String) {
        let over = self.problems.iter().map(|p| &**p).filter(|p| p.resolved.is_set());
        let _ = writeln!(out, "\n## Findings");
        let mut any = false;
        for problem in self.open().chain(over) {
            any = true;
            let _ =
                writeln!(out, "\n### {}: {}\n", problem.severity.word(), plain(&problem.message));
            let cause = problem.cause.map_or(String::new(), |c| format!(", cause `{c}`"));
            let _ = writeln!(out, "- rule `{}`{cause}", problem.rule);
            if problem.since.is_set() {
                let age = span(problem.since.age(self.now));
                let _ = writeln!(out, "- since {} ({age})", problem.since.date_clock());
            } else {
                let _ = writeln!(out, "- since before what the manager remembers");
            }
            if problem.times > 1 {
                let _ = writeln!(out, "- came {} times", problem.times);
            }
            if problem.resolved.is_set() {
                let _ = writeln!(out, "- over since {}", problem.resolved.date_clock());
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
            for evidence in &problem.evidence {
                let at = if evidence.at.is_set() {
                    format!("{} ", evidence.at.clock())
                } else {
                    String::new()
                };
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
            let _ = writeln!(out, "- {} {}: {}", e.at.date_clock(), plain(&e.name), plain(&e.text));
        }
        if !any {
            let _ = writeln!(out, "None.");
        }
    }

    fn timeline(&self, out: &mut String) {
        let told = |e: &&crate::cluster::Entry| e.gravity != Gravity::Quiet && e.at >= self.since;
        let all = self.store.journal().iter().filter(told).count();
        let _ = writeln!(out, "\n## Timeline\n");
        if all > LINES {
            let _ = writeln!(out, "The last {LINES} of {all} entries.\n");
        }
        let _ = writeln!(out, "| UTC | what | name | |\n|---|---|---|---|");
        for e in self.store.journal().iter().filter(told).skip(all.saturating_sub(LINES)) {
            let bad = if e.gravity == Gravity::Bad { "**!** " } else { "" };
            let at = e.at.date_clock();
            let _ = writeln!(
                out,
                "| {at} | {} | {} | {bad}{} |",
                plain(&e.kind),
                plain(&e.name),
                plain(&e.text)
            );
        }
    }

    fn versions(&self, out: &mut String) {
        let mut engines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in self.store.nodes() {
            engines.entry(&node.engine).or_default().push(&node.hostname);
        }
        let _ = writeln!(out, "\n## Versions\n");
        for (engine, mut nodes) in engines {
            nodes.sort_unstable();
            let _ = writeln!(out, "- engine {}: {}", plain(engine), plain(&nodes.join(", ")));
        }
        let _ = writeln!(out, "- API {}", plain(&self.store.info().api));
        for problem in self.problems.iter().filter(|p| p.severity == Severity::Advice) {
            let _ = writeln!(out, "- advice: {}", plain(&problem.message));
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
