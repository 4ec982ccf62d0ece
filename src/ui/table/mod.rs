//! The state of a table: its rows in order, and a selection that follows the object.

pub mod columns;
pub(in crate::ui) mod filter;
pub(in crate::ui) mod hidden;
pub(in crate::ui) mod order;
pub(in crate::ui) mod rows;

use std::{cell::Cell, collections::HashSet, hash::Hash};

use crate::{
    cluster::{NodeId, ServiceId, Timestamp},
    ui::table::filter::Filter,
};

/// Rows `R`, told apart by their id.
pub trait Row: Clone {
    /// Its id.
    type Id: Clone + Eq + Hash + std::fmt::Debug;
    /// Its id.
    fn id(&self) -> Self::Id;
}

impl Row for ServiceId {
    type Id = Self;
    fn id(&self) -> Self {
        self.clone()
    }
}

impl Row for NodeId {
    type Id = Self;
    fn id(&self) -> Self {
        self.clone()
    }
}

/// Order of the rows.
#[derive(Clone, Copy, Debug)]
pub enum Sorting {
    /// By one of the columns with these titles.
    By(fn() -> Vec<&'static str>),
    /// By time or by harm, which no key changes; told in words.
    Fixed(&'static str),
}

/// Rows in order, with cursor, marks, sort and filter.
#[derive(Debug)]
pub struct Table<R: Row> {
    rows: Vec<R>,
    selected: Option<R::Id>,
    index: usize,
    /// First row in the window; drawing moves it so that the cursor stays visible.
    offset: Cell<usize>,
    /// Rows the window had when it was last drawn.
    page: Cell<usize>,
    /// The line of the screen with its first row, when it was last drawn.
    line: Cell<u16>,
    /// Sorted by this column.
    pub sort: usize,
    /// Sorted in reverse.
    pub reverse: bool,
    /// The filter.
    pub filter: Filter,
    /// Marked for an action.
    pub marked: HashSet<R::Id>,
    /// Rows before the filter.
    pub all: usize,
    sorting: Sorting,
    /// Its rows can be marked.
    pub can_be_marked: bool,
    /// New rows come at its end, and the cursor stays there if it stands there.
    newest_last: bool,
    /// Stays at the last row as rows come.
    follow: bool,
    /// The last row when it stopped doing so.
    stopped_at: Option<R::Id>,
    /// The cursor was moved: until then it stays at the top, where the worst is.
    touched: bool,
    /// Rows are sorted and filtered anew each time, instead of merged from sorted parts.
    pub dear: bool,
    /// Stamp of the data the rows were built from, and the time.
    built: Option<u64>,
    built_at: Option<Timestamp>,
}

/// Rows are built anew for data at most so often, in nanoseconds a row: a long table costs much to
/// sort, and keys must not wait for it. Whatever the user does to the table is done at once.
const PER_ROW: i64 = 10_000;
const PER_ROW_IN_ORDER: i64 = 1_000;
/// A table of so few rows costs nothing.
const SHORT: usize = 1_000;

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            selected: None,
            index: 0,
            offset: Cell::new(0),
            page: Cell::new(10),
            line: Cell::new(0),
            sort: 0,
            reverse: false,
            filter: Filter::default(),
            marked: HashSet::new(),
            all: 0,
            sorting: Sorting::Fixed("sorted by time"),
            can_be_marked: false,
            newest_last: false,
            follow: false,
            stopped_at: None,
            touched: false,
            dear: true,
            built: None,
            built_at: None,
        }
    }
}

impl<R: Row> Table<R> {
    /// An empty table in an order.
    pub fn ordered(sorting: Sorting) -> Self {
        Self { sorting, ..Self::default() }
    }

    /// An empty table whose newest row is the last, with the cursor there.
    pub fn newest_last() -> Self {
        Self { newest_last: true, follow: true, ..Self::default() }
    }

    /// The rows in order.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// The row under the cursor.
    pub fn current(&self) -> Option<&R> {
        self.rows.get(self.index)
    }

    /// Where the cursor is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether rows built from `stamp` are still good.
    pub fn is_fresh(&self, stamp: u64, now: Timestamp) -> bool {
        self.built.is_some_and(|built| built == stamp || self.rests(now))
    }

    /// Whether it was built a short while ago, for its length.
    pub fn rests(&self, now: Timestamp) -> bool {
        let per_row = if self.dear { PER_ROW } else { PER_ROW_IN_ORDER };
        let rest = per_row * i64::try_from(self.all).unwrap_or(i64::MAX / PER_ROW);
        self.all > SHORT && self.built_at.is_some_and(|at| at.until(now) < rest)
    }

    /// Whether nothing was done to the table since its rows were built.
    pub fn is_made(&self) -> bool {
        self.built.is_some()
    }

    /// Forces the rows to be built again.
    pub fn stale(&mut self) {
        self.built = None;
    }

    /// Puts new rows in; the cursor stays on its object, or on its place if the object is gone.
    pub fn set(&mut self, rows: Vec<R>, all: usize, stamp: u64, now: Timestamp) {
        self.built_at = Some(now);
        self.rows = rows;
        self.all = all;
        self.built = Some(stamp);
        if self.follow {
            self.index = self.rows.len().saturating_sub(1);
        } else if !self.touched {
            self.index = 0;
        } else if let Some(id) = &self.selected {
            // Most often it has not moved.
            let stays = self.rows.get(self.index).is_some_and(|r| r.id() == *id);
            if !stays && let Some(at) = self.rows.iter().position(|r| r.id() == *id) {
                self.index = at;
            }
        }
        self.index = self.index.min(self.rows.len().saturating_sub(1));
        self.selected = self.current().map(Row::id);
    }

    /// Puts the cursor on a row.
    pub fn to(&mut self, index: usize) {
        self.touched = true;
        self.index = index.min(self.rows.len().saturating_sub(1));
        self.selected = self.current().map(Row::id);
        self.set_follow(self.newest_last && self.index + 1 >= self.rows.len());
    }

    fn set_follow(&mut self, follow: bool) {
        if self.follow && !follow {
            self.stopped_at = self.rows.last().map(Row::id);
        }
        self.follow = follow;
    }

    /// Rows that came since it stopped following the newest; `None` while it follows, or where the newest
    /// does not come last.
    pub fn missed(&self) -> Option<u64> {
        if self.follow || !self.newest_last {
            return None;
        }
        let last = self.rows.iter().rposition(|row| Some(row.id()) == self.stopped_at);
        Some(last.map_or(0, |at| self.rows.len() - 1 - at) as u64)
    }

    /// Puts the cursor on a row by its id, which may come only with the next rows.
    pub fn select(&mut self, id: R::Id) {
        self.touched = true;
        self.set_follow(false);
        if let Some(at) = self.rows.iter().position(|row| row.id() == id) {
            self.index = at;
        }
        self.selected = Some(id);
        self.built = None;
    }

    /// Back to the top, as if never moved.
    pub fn reset(&mut self) {
        self.touched = false;
        self.index = 0;
        self.built = None;
    }

    /// Marks or unmarks the row under the cursor and goes on to the next.
    pub fn toggle_mark(&mut self) {
        if let Some(id) = self.current().map(Row::id) {
            if !self.marked.remove(&id) {
                self.marked.insert(id);
            }
            self.to(self.index + 1);
        }
    }

    /// Rows that an action is for: the marked ones in their order, else the one under the cursor. A mark
    /// on a row that is not among those shown does not count.
    pub fn chosen(&self) -> Vec<R::Id> {
        let marked: Vec<R::Id> =
            self.rows.iter().map(Row::id).filter(|id| self.marked.contains(id)).collect();
        if marked.is_empty() { self.current().map(Row::id).into_iter().collect() } else { marked }
    }

    /// The column that it is sorted by, and whether in reverse; none for a list in a fixed order.
    pub fn sorted(&self) -> Option<(usize, bool)> {
        matches!(self.sorting, Sorting::By(_)).then_some((self.sort, self.reverse))
    }

    /// Sorts by the next column, or the other way round. Returns the order in words.
    pub fn sort_anew(&mut self, reverse: bool) -> String {
        let titles = match self.sorting {
            Sorting::By(titles) => titles(),
            Sorting::Fixed(said) => return said.to_owned(),
        };
        if reverse {
            self.reverse = !self.reverse;
        } else {
            self.sort = (self.sort + 1) % titles.len().max(1);
            self.reverse = false;
        }
        self.built = None;
        let way = if self.reverse { ", reversed" } else { "" };
        let by = match titles.get(self.sort) {
            Some(title) if !title.is_empty() => title.to_lowercase(),
            _ => "health".to_owned(),
        };
        format!("sorted by {by}{way}")
    }

    /// Rows the window had when it was last drawn.
    pub fn window_size(&self) -> usize {
        self.page.get()
    }

    /// Where on the screen the window begins.
    pub fn drawn_from(&self, line: u16) {
        self.line.set(line);
    }

    /// Index of the row in that line of the screen.
    pub fn row_in(&self, line: u16) -> Option<usize> {
        let row = usize::from(line).checked_sub(usize::from(self.line.get()))?;
        let at = row + self.offset.get();
        (row < self.page.get() && at < self.rows.len()).then_some(at)
    }

    /// The rows that were last drawn.
    pub fn in_window(&self) -> &[R] {
        let begin = self.offset.get().min(self.rows.len());
        &self.rows[begin..(begin + self.page.get()).min(self.rows.len())]
    }

    /// The rows in a window of `height`, and which of them is under the cursor.
    pub fn window(&self, height: usize) -> (&[R], Option<usize>) {
        self.page.set(height);
        let mut offset = self.offset.get();
        if self.index < offset {
            offset = self.index;
        } else if height > 0 && self.index >= offset + height {
            offset = self.index + 1 - height;
        }
        offset = offset.min(self.rows.len().saturating_sub(height));
        self.offset.set(offset);
        let end = (offset + height).min(self.rows.len());
        let selected = (!self.rows.is_empty()).then(|| self.index - offset);
        (&self.rows[offset..end], selected)
    }
}
