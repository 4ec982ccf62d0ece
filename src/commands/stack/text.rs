//! A plan for people.

use crate::{
    action::plan::{StackAction, StackChange, StackObject, StackPlan},
    text::clean,
};

/// Names of unchanged objects that are told.
const MOST_NAMES: usize = 12;
/// Reasons for restarts that are told: all changes stand above them.
const MOST_REASONS: usize = 3;

/// The whole plan.
pub fn stack_plan_text(plan: &StackPlan) -> String {
    let mut out = format!("{}\n", clean(&summary(plan)));
    let changed = |change: &&StackChange| change.action != StackAction::Unchanged;
    if plan.has_changes() {
        out.push('\n');
    }
    for change in plan.changes.iter().filter(changed) {
        out += &format!("{} {} {}\n", mark(change.action), change.kind.word(), clean(&change.name));
        for word in &change.words {
            out += &format!("      {}\n", clean(word));
        }
        if !change.touches.is_empty() {
            out += &format!("    > {}\n", clean(&change.touches));
        }
        if !change.because.is_empty() && change.because != change.words {
            out += &format!("    > because of: {}\n", clean(&reasons(&change.because)));
        }
        for warning in &change.warnings {
            out += &format!("    ! {}\n", clean(warning));
        }
    }
    let unchanged: Vec<&StackChange> =
        plan.changes.iter().filter(|change| !changed(change)).collect();
    if !unchanged.is_empty() {
        out.push('\n');
    }
    for kind in StackObject::ALL {
        let of_kind: Vec<&str> =
            unchanged.iter().filter(|c| c.kind == kind).map(|c| &*c.name).collect();
        if let Some(more) = of_kind.len().checked_sub(1) {
            let mut names = of_kind[..of_kind.len().min(MOST_NAMES)].join(", ");
            if of_kind.len() > MOST_NAMES {
                names += &format!(" and {} more", of_kind.len() - MOST_NAMES);
            }
            let plural = if more == 0 { "" } else { "s" };
            let words = match kind {
                StackObject::Secret => "unchanged, as far as can be read",
                _ => "unchanged",
            };
            out += &format!("= {}{plural} {words}: {}\n", kind.word(), clean(&names));
        }
    }
    for change in unchanged {
        for warning in &change.warnings {
            out +=
                &format!("! {} {}: {}\n", change.kind.word(), clean(&change.name), clean(warning));
        }
    }
    for why in &plan.impossible {
        out += &format!("✗ a deploy writes nothing of it: {}\n", clean(why));
    }
    if !plan.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &plan.warnings {
        out += &format!("! {}\n", clean(warning));
    }
    out
}

/// The first reasons, and the number of the others.
fn reasons(all: &[String]) -> String {
    let mut said = all[..all.len().min(MOST_REASONS)].join("; ");
    if all.len() > MOST_REASONS {
        said += &format!("; and {} more", all.len() - MOST_REASONS);
    }
    said
}

fn mark(action: StackAction) -> &'static str {
    match action {
        StackAction::Create => "+",
        StackAction::Update => "~",
        StackAction::Replace => "±",
        StackAction::Remove => "-",
        StackAction::Unchanged => "=",
    }
}

/// `Stack shop: 1 to create, 2 to update, 3 unchanged; 4 tasks restart`.
fn summary(plan: &StackPlan) -> String {
    if !plan.has_changes() {
        return format!("Stack {}: nothing to change", plan.stack);
    }
    let parts = [
        (StackAction::Create, "to create"),
        (StackAction::Update, "to update"),
        (StackAction::Replace, "to replace"),
        (StackAction::Remove, "to remove"),
        (StackAction::Unchanged, "unchanged"),
    ];
    let counts = parts.into_iter().map(|(action, words)| (plan.count(action), words));
    let counts: Vec<String> =
        counts.filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    let restarts: u64 = plan.changes.iter().filter_map(|change| change.restarts).sum();
    let tasks = match restarts {
        0 => "no running task restarts".to_owned(),
        1 => "1 running task restarts or stops".into(),
        n => format!("{n} running tasks restart or stop"),
    };
    format!("Stack {}: {}; {tasks}", plan.stack, counts.join(", "))
}
