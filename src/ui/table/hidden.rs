//! Explains why a list is empty that has rows: what hides them, how many there are, and what was searched.

use crate::ui::{
    table::{Row, Table},
    widget::text,
};

/// Columns of a filter's text that are told.
const FILTER: usize = 30;

/// Rows that are all hidden.
#[derive(Debug)]
pub(in crate::ui) struct Hidden {
    by: Vec<String>,
    all: usize,
    what: String,
    searched: Option<&'static str>,
}

impl Hidden {
    /// Whether something hides them.
    pub fn is_so(&self) -> bool {
        !self.by.is_empty()
    }

    /// Names something else that hides them.
    pub fn also(&mut self, by: &str) {
        self.by.push(text::clean(by).into_owned());
    }

    /// In two sentences.
    pub fn said(&self, room: usize) -> String {
        let by = self.by.join(", ");
        let by = text::cut(&by, room.saturating_sub(40).max(FILTER));
        let hides = if self.by.len() > 1 { "hide" } else { "hides" };
        let said = match self.all {
            1 => format!("{by} {hides} the only one of these {}: Esc shows it", self.what),
            all => format!("{by} {hides} all {all} {}: Esc shows them", self.what),
        };
        match self.searched {
            Some(searched) => format!("{said}\nsearched: {searched}"),
            None => said,
        }
    }
}

impl<R: Row> Table<R> {
    /// Describes what hides its rows, if it has any.
    pub(in crate::ui) fn hidden(&self, what: &str, searched: &'static str) -> Option<Hidden> {
        let is_filtered = !self.filter.is_empty();
        let by = is_filtered.then(|| format!("/{}", text::clean(&self.filter.text)));
        let searched = is_filtered.then_some(searched);
        (self.all > 0).then(|| Hidden {
            by: by.into_iter().collect(),
            all: self.all,
            what: what.to_owned(),
            searched,
        })
    }
}
