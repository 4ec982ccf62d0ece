//! The audit file: every write skep sent, as lines of JSON that are only ever appended.

use std::{io::Write, path::PathBuf};

use serde_json::json;

use super::plan::{DiffLine, Mark, Step};
use crate::text::clean_json;

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

    /// Appends one line. A failure is logged and does not stop the write: an operator in an outage
    /// must not be locked out by a full disk.
    pub fn record(&self, cluster: &str, step: &Step, result: &str, detail: &str) {
        let diff: Vec<String> = step.diff.iter().filter_map(changed_line).collect();
        let mut line = json!({
            "format": FORMAT,
            "at": jiff::Timestamp::now().to_string(),
            "who": self.who,
            "cluster": cluster,
            "version": step.version,
            "action": step.change.word(),
            "command": step.command,
            "diff": diff,
            "result": result,
            "detail": detail,
        });
        // `service` and `service_id`, or `node` and `node_id`.
        let kind = step.target.kind();
        line[kind] = step.name.as_str().into();
        line[format!("{kind}_id")] = step.target.id().into();
        if let Err(error) = self.append(&clean_json(&line.to_string())) {
            tracing::error!(%error, path = %self.path.display(), "the audit file can't be written");
        }
    }

    fn append(&self, line: &str) -> std::io::Result<()> {
        if let Some(dir) = self.path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One write a line, so that two skeps at once don't mix theirs.
        options.open(&self.path)?.write_all(format!("{line}\n").as_bytes())
    }
}

fn changed_line(line: &DiffLine) -> Option<String> {
    match line.mark {
        Mark::Old => Some(format!("-{}", line.text)),
        Mark::New => Some(format!("+{}", line.text)),
        Mark::Same | Mark::Gap => None,
    }
}
