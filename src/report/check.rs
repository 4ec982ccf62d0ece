//! `skep check`: one look, in the convention of monitoring plugins.

use serde_json::json;

use super::Taken;
use crate::triage::Severity;

/// The exit code's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Verdict {
    /// 0, 1, 2, 3.
    pub fn code(self) -> u8 {
        self as u8
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The verdict and what to print: one line first, then a line a problem; or JSON.
pub fn check(taken: &Result<Taken, String>, as_json: bool) -> (Verdict, String) {
    let verdict = match taken {
        Err(_) => Verdict::Unknown,
        Ok(t) => match t.problems.iter().map(|p| p.severity).max() {
            None => Verdict::Ok,
            Some(Severity::Warning) => Verdict::Warning,
            Some(Severity::Critical) => Verdict::Critical,
        },
    };
    if as_json {
        let problems = taken.as_ref().map(super::snapshot::problems).unwrap_or_default();
        let mut out =
            json!({ "status": verdict.word(), "code": verdict.code(), "problems": problems });
        if let Err(why) = taken {
            out["error"] = why.as_str().into();
        }
        return (verdict, format!("{out:#}\n"));
    }
    let text = match taken {
        Err(why) => format!("SWARM UNKNOWN: {}\n", clean(why)),
        Ok(t) => {
            let head = match t.problems.as_slice() {
                [] => format!(
                    "{} nodes, {} services, {} tasks running",
                    t.store.nodes().len(),
                    t.store.services().len(),
                    t.store.total().running
                ),
                [one] => clean(&one.message),
                many => format!("{} problems, worst: {}", many.len(), clean(&many[0].message)),
            };
            let mut out = format!("SWARM {}: {head}\n", verdict.word());
            if t.problems.len() > 1 {
                for p in &t.problems {
                    out += &format!("{} {}\n", p.severity.word(), clean(&p.message));
                }
            }
            out
        }
    };
    (verdict, text)
}

/// What the engine said may hold anything; a terminal may read this.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
