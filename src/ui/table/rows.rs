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

    /// Marks what is under the cursor; false if nothing in it can be marked.
    fn mark(&mut self) -> bool;
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

    fn mark(&mut self) -> bool {
        if self.can_be_marked {
            self.toggle_mark();
        }
        self.can_be_marked
    }
}
