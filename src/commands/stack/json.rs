//! A plan as JSON. The contract: fields may be added, never renamed.

use serde_json::{Value, json};

use crate::action::plan::{StackChange, StackPlan};

/// The whole plan.
pub fn stack_plan_json(plan: &StackPlan) -> Value {
    json!({
        "stack": plan.stack,
        "changed": plan.has_changes(),
        "changes": plan.changes.iter().map(change).collect::<Vec<_>>(),
        "warnings": plan.warnings,
    })
}

fn change(change: &StackChange) -> Value {
    let diff = change
        .fields
        .iter()
        .map(|field| json!({ "path": field.path, "before": field.before, "after": field.after }));
    json!({
        "kind": change.kind.word(),
        "name": change.name,
        "action": change.action.word(),
        "diff": diff.collect::<Vec<_>>(),
        "changes": change.words,
        "restarts": change.restarts,
        "tasks": (!change.touches.is_empty()).then_some(&change.touches),
        "warnings": change.warnings,
    })
}
