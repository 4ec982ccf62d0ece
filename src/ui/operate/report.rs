//! The incident report: the logs of what is wrong are read first, for a short while, then it is written.

use std::path::PathBuf;

use crate::{
    cluster::{TaskId, Timestamp},
    logs::ansi::plain_text,
    session::{Command, LogFrame},
    text::count,
    triage::{
        incident::{Incident, LogEnds, no_log, witnesses},
        rank,
    },
    ui::app::{Effect, cluster::Cluster, link::LinkState},
};

const SECOND: i64 = 1_000_000_000;
/// Time that it covers.
const HOUR: i64 = 3_600 * SECOND;
/// The logs may take so long.
const PATIENCE: i64 = 5 * SECOND;

/// A report whose logs are being read.
#[derive(Debug)]
pub(in crate::ui) struct PendingReport {
    missing: Vec<TaskId>,
    ends: LogEnds,
    until: Timestamp,
}

impl Cluster {
    /// Writes the incident report to a new file, once the logs of what is wrong are read.
    pub(in crate::ui) fn report(&mut self) {
        if self.operations.report.is_some() {
            return self.say("a report is being written already");
        }
        let store = &self.model.store;
        let mut ends = LogEnds::new();
        let mut missing = witnesses(store, self.problems());
        missing.retain(|task| match no_log(store, task) {
            Some(why) => {
                ends.insert(task.clone(), Err(why));
                false
            }
            None => true,
        });
        if !self.is_live() {
            ends.extend(missing.drain(..).map(|task| (task, Err("no manager answers".into()))));
        }
        for task in &missing {
            self.command(Command::LastLines(task.clone()));
        }
        if !missing.is_empty() {
            self.say(format!("reading {} for the report…", count(missing.len(), "log", "logs")));
        }
        let until = self.now.shifted(PATIENCE);
        self.operations.report = Some(PendingReport { missing, ends, until });
        self.write_report();
    }

    /// The last lines of a task came.
    pub(in crate::ui) fn take_log_end(
        &mut self,
        task: &TaskId,
        lines: &Result<Vec<LogFrame>, String>,
    ) {
        let Some(report) = &mut self.operations.report else { return };
        if let Some(at) = report.missing.iter().position(|missing| missing == task) {
            report.missing.swap_remove(at);
            let lines = lines
                .as_ref()
                .map(|frames| {
                    frames.iter().filter_map(|f| Some((f.at?, plain_text(&f.text)))).collect()
                })
                .map_err(Clone::clone);
            report.ends.insert(task.clone(), lines);
        }
        self.write_report();
    }

    /// Writes the report that waits, if it waits for nothing more, or has waited for long enough.
    pub(in crate::ui) fn write_report(&mut self) {
        let now = self.now;
        let Some(mut report) = self
            .operations
            .report
            .take_if(|report| report.missing.is_empty() || now >= report.until)
        else {
            return;
        };
        for task in report.missing.drain(..) {
            report.ends.insert(task, Err("not read within 5s".into()));
        }
        let link = match &self.link.state {
            LinkState::Live { .. } if self.is_live() => None,
            LinkState::Lost { .. } => self.why_lost().map(|why| format!("lost: {why}")),
            _ => Some("silent: what follows may be old".into()),
        };
        let now = self.model.now;
        let endpoint = self.link.through.clone().unwrap_or_default();
        // A report is read later: nothing is new there.
        let mut problems = self.problems().to_vec();
        rank(&mut problems);
        let incident = Incident {
            name: &self.settings.name,
            endpoint: &endpoint,
            store: &self.model.store,
            problems: &problems,
            now,
            since: now.shifted(-HOUR),
            link: link.as_deref(),
            logs: &report.ends,
        };
        let (path, text) = (self.settings.folder.join(incident.file_name()), incident.markdown());
        self.say(format!("the last hour is written to {}", self.shown_path(&path)));
        self.effects.push(Effect::Write { path, text, fresh: true });
    }

    /// A path as a shell shows it.
    pub(in crate::ui) fn shown_path(&self, path: &std::path::Path) -> String {
        let in_home = self.settings.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        in_home
            .map_or_else(|| path.to_owned(), |rest| PathBuf::from("~").join(rest))
            .display()
            .to_string()
    }
}
