//! The audit file: every write skep sent, as lines of JSON that are only ever appended.

use std::{io, path::PathBuf};

use serde_json::{Value, json};

use super::plan::{DiffLine, Mark, ShellPlan, Step, Target};
use crate::{keep::append_lines, text::clean_json};

/// Version of a line's fields. Those of 0.1.0 have no `format` and the same fields.
const FORMAT: u32 = 1;

/// Where writes are recorded.
#[derive(Clone, Debug)]
pub struct Audit {
    path: PathBuf,
    who: String,
}

/// The end of a command in a container, as the audit file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellRecord {
    /// `ended`, `refused`, `lost`, `left`.
    pub result: &'static str,
    /// Its exit code, if it is known.
    pub exit: Option<i64>,
    /// Why.
    pub detail: String,
}

impl Audit {
    /// Records to `path`; `who` is the user that runs skep.
    pub fn new(path: PathBuf, who: String) -> Self {
        Self { path, who }
    }

    /// Appends one line.
    ///
    /// # Errors
    /// Which file can't be written, and why. That does not stop the write: an operator in an outage must
    /// not be locked out by a full disk. But it is told.
    pub fn record(
        &self,
        cluster: &str,
        step: &Step,
        result: &str,
        detail: &str,
    ) -> Result<(), String> {
        let diff: Vec<String> = step.diff.iter().filter_map(changed_line).collect();
        let mut line = json!({
            "format": FORMAT,
            "at": jiff::Timestamp::now().to_string(),
            "who": self.who,
            "cluster": cluster,
            "version": step.version,
            "action": step.change.verb(),
            "command": step.command,
            "diff": diff,
            "result": result,
            "detail": detail,
        });
        // `service` and `service_id`, or `node` and `node_id`.
        let kind = step.target.kind();
        line[kind] = step.name.as_str().into();
        if !matches!(step.target, Target::New(..)) {
            line[format!("{kind}_id")] = step.target.id().into();
        }
        self.append(&line)
    }

    /// Appends a line about a command in a container: `sent` before it starts, and how it ended. What it is
    /// told and what it says is never recorded.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn record_shell(
        &self,
        cluster: &str,
        shell: &ShellPlan,
        began: &str,
        end: Option<&ShellRecord>,
    ) -> Result<(), String> {
        let now = jiff::Timestamp::now().to_string();
        let mut line = json!({
            "format": FORMAT,
            "at": now,
            "who": self.who,
            "cluster": cluster,
            "action": "shell",
            "command": shell.shown(),
            "task": shell.name,
            "task_id": shell.task.as_str(),
            "service_id": shell.service.as_str(),
            "node": shell.host,
            "node_id": shell.node.as_str(),
            "container": &*shell.container,
            "began": began,
            "result": "sent",
        });
        if let Some(image) = &shell.beside {
            line["debug_image"] = image.as_str().into();
        }
        if let Some(end) = end {
            line["ended"] = now.into();
            line["result"] = end.result.into();
            line["exit"] = end.exit.into();
            line["detail"] = end.detail.as_str().into();
        }
        self.append(&line)
    }

    fn append(&self, line: &Value) -> Result<(), String> {
        append_lines(&self.path, &format!("{}\n", clean_json(&line.to_string()))).map_err(
            |error: io::Error| {
                tracing::error!(%error, "the audit file can't be written");
                error.to_string()
            },
        )
    }
}

fn changed_line(line: &DiffLine) -> Option<String> {
    match line.mark {
        Mark::Old => Some(format!("-{}", line.text)),
        Mark::New => Some(format!("+{}", line.text)),
        Mark::Same | Mark::Gap => None,
    }
}
