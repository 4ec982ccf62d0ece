//! The audit file: every write skep sent, as lines of JSON that are only ever appended.

use std::{io, path::PathBuf};

use serde_json::json;

use super::plan::{DiffLine, Mark, Step};
use crate::{keep::append_lines, text::clean_json};

/// Version of a line's fields. Those of 0.1.0 have no `format` and the same fields.
const FORMAT: u32 = 1;

/// Where writes are recorded.
#[derive(Clone, Debug)]
pub struct Audit {
    path: PathBuf,
    who: String,
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
        line[format!("{kind}_id")] = step.target.id().into();
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
