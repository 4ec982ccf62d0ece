//! `skep contexts`: what could be opened, and whether it answers.

use super::columns;
use crate::text::clean;

/// A Docker context or a cluster of the config file.
pub struct ContextLine {
    /// Its name.
    pub name: String,
    /// The docker CLI uses it when nothing else is said.
    pub current: bool,
    /// `docker` or `config`.
    pub source: &'static str,
    /// Where it leads.
    pub endpoint: String,
    /// What answered there, or why nothing did.
    pub answer: Result<String, String>,
}

/// The table.
pub fn contexts_text(lines: &[ContextLine]) -> String {
    let head = ["", "NAME", "FROM", "ENDPOINT", "ANSWERS"].map(str::to_owned).to_vec();
    let rows = lines.iter().map(|line| {
        let answer = match &line.answer {
            Ok(said) => said.clone(),
            Err(why) => format!("✗ {why}"),
        };
        let mark = if line.current { "*" } else { "" };
        vec![
            mark.into(),
            clean(&line.name).into_owned(),
            line.source.into(),
            clean(&line.endpoint).into_owned(),
            clean(&answer).into_owned(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}
