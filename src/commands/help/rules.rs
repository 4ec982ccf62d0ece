//! `skep help rules`.

use super::layout::HelpText;
use crate::triage::{RULES, Role, Rule};

/// The word for a rule's severity.
fn severity(rule: &Rule) -> &'static str {
    if rule.role == Role::Cause { "cause" } else { rule.severity.word() }
}

/// The rules as rows of a Markdown table.
pub fn rule_rows() -> impl Iterator<Item = String> {
    RULES.iter().map(|rule| format!("| `{}` | {} | {} |", rule.id, rule.catches, severity(rule)))
}

pub(super) fn text(text: &mut HelpText) {
    text.heading("What is found");
    text.paragraph(
        "Problems (7), the strip on every screen, 'skep check' and 'skep report' share one set of \
         rules. What has one cause is told once (a dead node explains its missing tasks), what users \
         feel comes first, and each finding tells since when, from which tasks, the probable cause, \
         what changed before, and the keys that help.",
    );
    text.paragraph(
        "A cause is told with what it leads to. Advice comes last, folded, and wakes nobody. a and m \
         quiet a finding, also across restarts; [triage] in the config file sets thresholds and rules \
         to ignore; 'skep check --only RULE' and '--ignore RULE' choose among them.",
    );
    text.heading("Rules");
    for rule in RULES {
        let what = format!("{:<22} {}", rule.id, severity(rule));
        text.entry(&what, 32, rule.catches);
    }
}
