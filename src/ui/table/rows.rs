//! Behaviour that every list shares: moving, filtering, sorting, marking.

use crate::ui::{
    input::actions::Act,
    table::{Row, Table, filter::Filter},
};

/// Something that the keys of moving move.
pub(in crate::ui) trait Moving {
    /// Moves by lines.
    fn step(&mut self, by: isize);

    /// Moves to the first or the last line.
    fn jump(&mut self, to_top: bool);

    /// Lines that it had room for when it was last drawn.
    fn page_size(&self) -> usize;

    /// Moves as an action says; false if it is none of moving.
    fn moves(&mut self, act: Act) -> bool {
        let page = self.page_size().max(1) as isize;
        let half = (page / 2).max(1);
        match act {
            Act::Down => self.step(1),
            Act::Up => self.step(-1),
            Act::HalfDown => self.step(half),
            Act::HalfUp => self.step(-half),
            Act::PageDown => self.step(page),
            Act::PageUp => self.step(-page),
            Act::Top => self.jump(true),
            Act::Bottom => self.jump(false),
            _ => return false,
        }
        true
    }
}

/// A list.
pub(in crate::ui) trait Rows: Moving {
    /// The text of its filter.
    fn filter_text(&self) -> &str;

    /// Filters it.
    fn set_filter(&mut self, text: &str);

    /// Sorts it by the next column, or the other way round. Returns the order in words.
    fn sort(&mut self, reverse: bool) -> String;

    /// Whether a column sorts it.
    fn can_be_sorted(&self) -> bool;

    /// Whether its rows can be marked.
    fn can_be_marked(&self) -> bool;

    /// Marks what is under the cursor, or takes the mark away.
    fn mark(&mut self);

    /// Whether there are marks, be they on rows that a filter hides.
    fn has_marks(&self) -> bool;

    /// Number of marks on rows that are shown, and on others.
    fn marks(&self) -> (usize, usize);

    /// Takes all marks away.
    fn clear_marks(&mut self);

    /// Puts the cursor on the row in that line of the screen; false if there is none.
    fn click(&mut self, line: u16) -> bool;
}

impl<R: Row> Moving for Table<R> {
    fn step(&mut self, by: isize) {
        self.to(self.index().saturating_add_signed(by));
    }

    fn jump(&mut self, to_top: bool) {
        self.to(if to_top { 0 } else { usize::MAX });
    }

    fn page_size(&self) -> usize {
        self.window_size()
    }
}

impl<R: Row> Rows for Table<R> {
    fn filter_text(&self) -> &str {
        &self.filter.text
    }

    fn set_filter(&mut self, text: &str) {
        self.filter = Filter::new(text);
        self.stale();
    }

    fn sort(&mut self, reverse: bool) -> String {
        self.sort_anew(reverse)
    }

    fn can_be_sorted(&self) -> bool {
        self.sorted().is_some()
    }

    fn can_be_marked(&self) -> bool {
        self.can_be_marked
    }

    fn mark(&mut self) {
        self.toggle_mark();
    }

    fn has_marks(&self) -> bool {
        !self.marked.is_empty()
    }

    fn marks(&self) -> (usize, usize) {
        let seen = self.rows().iter().filter(|row| self.marked.contains(&row.id())).count();
        (seen, self.marked.len().saturating_sub(seen))
    }

    fn clear_marks(&mut self) {
        self.marked.clear();
    }

    fn click(&mut self, line: u16) -> bool {
        match self.row_in(line) {
            Some(at) => {
                self.to(at);
                true
            }
            None => false,
        }
    }
}
