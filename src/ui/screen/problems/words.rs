//! How problems are told on every screen: glyph, colour, and as much of the sentence as fits.

use crate::{
    cluster::{Subject, Timestamp},
    config::Slot,
    triage::{Problem, Quiet, Severity},
    ui::{app::cluster::Cluster, widget::text},
};

pub(in crate::ui) fn glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✗",
        Severity::Warning => "!",
        Severity::Advice => "·",
    }
}

pub(in crate::ui) fn slot(severity: Severity) -> Slot {
    match severity {
        Severity::Critical => Slot::Critical,
        Severity::Warning => Slot::Warn,
        Severity::Advice => Slot::Dim,
    }
}

/// Colour of a count that is not full: that of the worst problem of the objects it counts, or else
/// `otherwise`, since an update also takes tasks down and is no alarm.
pub(in crate::ui) fn concern(
    cluster: &Cluster,
    counts: fn(&Subject) -> bool,
    otherwise: Slot,
) -> Slot {
    let about = cluster.loud().filter(|problem| {
        counts(&problem.subject) || problem.folded.iter().any(|folded| counts(&folded.subject))
    });
    about.map(|problem| problem.severity).max().map_or(otherwise, slot)
}

/// Colour of a count of services that is not full.
pub(in crate::ui) fn of_services(cluster: &Cluster) -> Slot {
    concern(cluster, |s| matches!(s, Subject::Service(_) | Subject::Task(..)), Slot::Busy)
}

/// Colour of a count of nodes or managers that is not full.
pub(in crate::ui) fn of_nodes(cluster: &Cluster) -> Slot {
    concern(cluster, |s| matches!(s, Subject::Node(_) | Subject::Other), Slot::Warn)
}

/// Since when, and whether that is news.
pub(in crate::ui) fn since(p: &Problem, now: Timestamp) -> String {
    let since = p.since.short(now);
    if p.is_new(now) { format!("new {since}").trim_end().to_owned() } else { since }
}

/// Before the sentence about it, where no column tells.
pub(in crate::ui) fn news(p: &Problem, now: Timestamp) -> &'static str {
    if p.is_new(now) { "new: " } else { "" }
}

/// The fields that a filter searches, in words.
pub(in crate::ui) const SEARCHED: &str =
    "state, severity, rule, cause, object, what and why, evidence, what changed, what to do";

/// Texts that a filter searches.
pub fn texts(problem: &Problem, now: Timestamp) -> Vec<&str> {
    let mut texts = vec![
        problem.severity.word(),
        problem.rule,
        problem.cause.unwrap_or(""),
        &problem.object,
        &problem.message,
        &problem.why,
    ];
    match problem.quiet {
        _ if problem.resolved.is_some() => texts.push("resolved"),
        Some(Quiet::Acknowledged) => texts.push("known"),
        Some(Quiet::Muted(_)) => texts.push("muted"),
        None if problem.is_new(now) => texts.push("new"),
        None => {}
    }
    texts.extend(problem.evidence.iter().map(|evidence| &*evidence.text));
    texts.extend(problem.before.iter().map(|before| &*before.text));
    texts.extend(problem.remedies.iter().map(|(_, words)| &**words));
    texts
}

/// A problem where there is no room for its sentence: its name, cut if it must be, and why in few words.
pub(in crate::ui) fn in_short(p: &Problem, room: usize) -> String {
    let times = if p.times > 1 { format!("({}×) ", p.times) } else { String::new() };
    let left = room.saturating_sub(text::width(&times));
    format!("{times}{}", briefly(&p.object, &p.brief, &p.message, left))
}

/// A name and what is said of it in few words, or its sentence where that is the shortest there is.
pub(in crate::ui) fn briefly(object: &str, brief: &str, message: &str, room: usize) -> String {
    if brief.is_empty() {
        return message.to_owned();
    }
    let left = room.saturating_sub(text::width(brief));
    format!("{}{brief}", text::name(object, left.max(NAME)))
}

/// Columns of a name that are not given up for what is said of it.
const NAME: usize = 20;

/// The sentence about a problem, or where it is too long for the room what is said in short.
pub(in crate::ui) fn fitting(p: &Problem, room: usize) -> String {
    let said = text::clean(&p.message).into_owned();
    if text::width(&said) <= room { said } else { text::clean(&in_short(p, room)).into_owned() }
}
