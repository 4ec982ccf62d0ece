//! `skep check`: one look, in the convention of monitoring plugins.

use serde_json::json;

use super::{
    Taken,
    fault::{Fault, UNKNOWN, USAGE, fault},
    output::{complain, print},
    read_swarms::read_swarms,
};
use crate::{
    connect::Choice,
    text::clean,
    triage::{Problem, Severity, Thresholds, rule},
};

/// Reads every Swarm and prints the verdict, which is the exit code.
pub(super) async fn run(
    choice: Choice,
    mut thresholds: Thresholds,
    json: bool,
    only: &[String],
    ignore: &[String],
) -> Result<u8, Fault> {
    for id in only.iter().chain(ignore) {
        rule(id).ok_or_else(|| fault(USAGE)(format!("there is no rule '{id}'")))?;
    }
    thresholds.ignore.extend(ignore.iter().cloned());
    let read = read_swarms(choice.clusters, &thresholds, None).await;
    complain(&read.notices);
    let mut all = read.all;
    for taken in all.iter_mut().flatten().filter(|_| !only.is_empty()) {
        taken.keep_only(only);
    }
    all.extend(choice.notices.into_iter().map(Err));
    let (verdict, text) = check(&all, json);
    // A verdict that nobody was told is none.
    print(&text).map_err(|fault| Fault { code: UNKNOWN, ..fault })?;
    Ok(verdict.code())
}

/// The exit code's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong.
    Ok,
    /// The worst problem is a warning.
    Warning,
    /// A problem is critical.
    Critical,
    /// The Swarm, or a part of it, can't be read.
    Unknown,
}

impl Verdict {
    /// 0, 1, 2, 3.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Order of verdicts: a cluster that is known to be broken is worse than one that can't be
    /// read.
    fn rank(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        }
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

/// The verdict over all clusters and what to print: one line first, then a line a problem; or JSON.
pub fn check(all: &[Result<Taken, String>], as_json: bool) -> (Verdict, String) {
    let verdict = all.iter().map(of_one).max_by_key(|v| v.rank()).unwrap_or(Verdict::Unknown);
    if as_json {
        return (verdict, super::table::json_text(&json_of(all, verdict)));
    }
    let several = all.len() > 1;
    let heads: Vec<String> = all.iter().map(|taken| head(taken, several)).collect();
    let mut out = format!("SWARM {}: {}\n", verdict.word(), heads.join("; "));
    for taken in all.iter().flatten().filter(|t| several || loud(t).len() > 1) {
        let name = if several { format!("{}: ", clean(&taken.name)) } else { String::new() };
        for p in loud(taken) {
            out += &format!("{name}{} {}\n", p.severity.word(), clean(&p.message));
        }
    }
    (verdict, out)
}

/// Problems that monitoring reports: advice is left out.
fn loud(taken: &Taken) -> Vec<&Problem> {
    taken.problems.iter().map(|p| &**p).filter(|p| p.is_loud()).collect()
}

fn of_one(taken: &Result<Taken, String>) -> Verdict {
    let Ok(taken) = taken else { return Verdict::Unknown };
    let known = match taken.problems.iter().map(|p| p.severity).max() {
        None | Some(Severity::Advice) => Verdict::Ok,
        Some(Severity::Warning) => Verdict::Warning,
        Some(Severity::Critical) => Verdict::Critical,
    };
    // Nodes, services or tasks that can't be read may hide something worse than what is known.
    let may_hide = taken.store.unread().unjudged().map(|_| Verdict::Unknown);
    may_hide.into_iter().chain([known]).max_by_key(|v| v.rank()).unwrap_or(known)
}

fn head(taken: &Result<Taken, String>, several: bool) -> String {
    let said = match taken {
        Err(why) => return clean(why).into_owned(),
        Ok(t) => match loud(t).as_slice() {
            [] => format!(
                "{}{}{} tasks running",
                if t.store.nodes_known() {
                    format!("{} nodes, ", t.store.nodes().len())
                } else {
                    String::new()
                },
                if t.store.services_known() {
                    format!("{} services, ", t.store.services().len())
                } else {
                    String::new()
                },
                t.store.running()
            ),
            [one] => clean(&one.message).into_owned(),
            many => format!("{} problems, worst: {}", many.len(), clean(&many[0].message)),
        },
    };
    let unread = taken.as_ref().ok().and_then(|t| t.store.unread().sentence());
    let said = unread.map_or(said.clone(), |unread| format!("{said}; {}", clean(&unread)));
    match taken {
        Ok(t) if several => format!("{}: {said}", clean(&t.name)),
        _ => said,
    }
}

fn json_of(all: &[Result<Taken, String>], verdict: Verdict) -> serde_json::Value {
    let mut problems = Vec::new();
    let mut errors = Vec::new();
    for taken in all {
        match taken {
            Err(why) => errors.push(why.clone()),
            Ok(t) => problems.extend(super::snapshot::problems(t).into_iter().map(|mut p| {
                p["cluster"] = t.name.as_str().into();
                p
            })),
        }
    }
    let unknown: Vec<_> = all.iter().flatten().flat_map(super::snapshot::unknown).collect();
    let mut out = json!({ "status": verdict.word(), "code": verdict.code(), "problems": problems });
    if !unknown.is_empty() {
        out["unknown"] = unknown.into();
    }
    if !errors.is_empty() {
        out["error"] = errors.join("; ").into();
    }
    out
}
