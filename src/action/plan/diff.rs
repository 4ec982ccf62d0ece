//! The difference of two specs, as lines of YAML with a little around them, and of two texts.

use std::time::Duration;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{
    mask::{mask_document, mask_words},
    yaml::to_yaml,
};
use crate::cluster::HIDDEN;

/// Lines shown around a change.
const CONTEXT: usize = 2;

/// Kind of a line in a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Unchanged, shown for orientation.
    Same,
    /// Goes.
    Old,
    /// Comes.
    New,
    /// Lines are left out here; the text names where one is.
    Gap,
}

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Its kind.
    pub mark: Mark,
    /// The line.
    pub text: String,
}

/// The difference of two specs with secrets masked; a changed secret shows as changed.
pub fn specs(before: &Value, after: &Value) -> Vec<DiffLine> {
    let (hidden_before, hidden_after) = masked(before, after);
    let (old, new) = (to_yaml(&hidden_before), to_yaml(&hidden_after));
    grouped(&TextDiff::from_lines(&old, &new), |line| parents(&old, line), "")
}

/// Two specs with their secrets masked; a changed one says so.
pub(super) fn masked(before: &Value, after: &Value) -> (Value, Value) {
    let (mut hidden_before, mut hidden_after) = (before.clone(), after.clone());
    mask_document(&mut hidden_before);
    mask_document(&mut hidden_after);
    mask_words(&mut hidden_before);
    mask_words(&mut hidden_after);
    mark_changed_secrets(before, after, &hidden_before, &mut hidden_after);
    (hidden_before, hidden_after)
}

/// The difference of two texts: not the least one if that takes longer to find.
pub fn texts(old: &str, new: &str, patience: Duration) -> Vec<DiffLine> {
    let diff = TextDiff::configure().timeout(patience).diff_lines(old, new);
    // The one difference that the text of a line does not show.
    grouped(&diff, |line| format!("line {}", line + 1), " (no newline at the end)")
}

/// The changes with a little around them; where lines are left out, the name of the next one. `unended` is
/// said of a changed line that does not end.
fn grouped(
    diff: &TextDiff<'_, '_, str>,
    name: impl Fn(usize) -> String,
    unended: &str,
) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        let first = group.first().map_or(0, |op| op.old_range().start);
        if index > 0 || first > 0 {
            let text = name(first);
            if index > 0 || !text.is_empty() {
                lines.push(DiffLine { mark: Mark::Gap, text });
            }
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Same,
                ChangeTag::Delete => Mark::Old,
                ChangeTag::Insert => Mark::New,
            };
            let ends = mark == Mark::Same || !change.missing_newline();
            let unended = if ends { "" } else { unended };
            lines.push(DiffLine {
                mark,
                text: format!("{}{unended}", change.value().trim_end_matches('\n')),
            });
        }
    }
    lines
}

/// The keys above a line of YAML: `TaskTemplate.ContainerSpec`.
fn parents(text: &str, line: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |l: &str| l.len() - l.trim_start_matches([' ', '-']).len();
    let mut level = lines.get(line).map_or(0, |l| indent(l));
    let mut path = Vec::new();
    for above in lines.iter().take(line).rev() {
        if indent(above) < level && above.trim_end().ends_with(':') {
            level = indent(above);
            path.push(above.trim().trim_start_matches("- ").trim_end_matches(':'));
        }
    }
    path.reverse();
    path.join(".")
}

/// Where a masked value differs from the one before, says so: else the diff would hide the change.
fn mark_changed_secrets(old: &Value, new: &Value, old_shown: &Value, new_shown: &mut Value) {
    match (old, new, old_shown, new_shown) {
        (Value::Object(o), Value::Object(n), Value::Object(os), Value::Object(ns)) => {
            for (key, shown) in ns.iter_mut() {
                if let (Some(o), Some(n), Some(os)) = (o.get(key), n.get(key), os.get(key)) {
                    mark_changed_secrets(o, n, os, shown);
                }
            }
        }
        (Value::Array(o), Value::Array(n), Value::Array(_), Value::Array(ns)) => {
            for (n, shown) in n.iter().zip(ns.iter_mut()) {
                if n != shown
                    && !o.contains(n)
                    && let Some(text) = shown.as_str()
                    && text.ends_with(HIDDEN)
                {
                    *shown = format!("{text} (changed)").into();
                }
            }
        }
        (Value::String(o), Value::String(n), _, shown)
            if o != n && shown.as_str() == Some(HIDDEN) =>
        {
            *shown = format!("{HIDDEN} (changed)").into();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_marked_where_it_changed_and_not_where_it_moved() {
        let marked = |before: Value, after: Value| {
            let lines = specs(&json!({ "Env": before }), &json!({ "Env": after }));
            lines.iter().filter(|line| line.text.ends_with("(changed)")).count()
        };
        let (old, new) = ("DB_PASSWORD=old", "DB_PASSWORD=new");
        assert_eq!(marked(json!([old, "A=1"]), json!([new, "A=1"])), 1);
        assert_eq!(marked(json!(["A=1", old]), json!([old, "A=1", "B=2"])), 0, "it only moved");
    }
}
