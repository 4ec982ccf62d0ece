//! Tables: columns as data, and only the rows in the window are ever turned into text.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    cluster::Timestamp,
    config::{Slot, Theme},
    ui::{app::model::Model, widget::text},
};

/// A cell: its text and what it means.
pub struct Cell<'a> {
    /// Untrusted; cleaned here.
    pub text: Cow<'a, str>,
    /// Its meaning for the style.
    pub slot: Slot,
    /// Whether it names the row's object: its column shrinks last, and the name is cut where names do not
    /// differ.
    pub name: bool,
    /// Said instead where there is no room for the text.
    pub brief: Option<Box<dyn Fn(usize) -> String + 'a>>,
}

impl<'a> Cell<'a> {
    /// A cell.
    pub fn new(text: impl Into<Cow<'a, str>>, slot: Slot) -> Self {
        Self { text: text.into(), slot, name: false, brief: None }
    }

    /// The name of the row's object.
    pub fn name(text: impl Into<Cow<'a, str>>, slot: Slot) -> Self {
        Self { name: true, ..Self::new(text, slot) }
    }

    /// Adds a shorter text, for a number of columns in which the text does not fit.
    pub fn or(self, brief: impl Fn(usize) -> String + 'a) -> Self {
        Self { brief: Some(Box::new(brief)), ..self }
    }

    /// The part that fits into a number of columns.
    fn shown(&self, width: usize) -> Cow<'_, str> {
        match &self.brief {
            Some(brief) if text::width(&self.text) > width => {
                Cow::Owned(text::cut(&text::clean(&brief(width)), width).into_owned())
            }
            _ => text::cut(&self.text, width),
        }
    }

    /// Plain text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(text, Slot::Text)
    }

    /// Beside the point.
    pub fn dim(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(text, Slot::Dim)
    }
}

/// Sort key of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// Sorted as a number.
    Number(i64),
    /// Sorted as text, with numbers in it as people count.
    Text(Cow<'a, str>),
    /// Kept in their order, by name.
    Place,
}

impl<'a> Key<'a> {
    /// A key to sort by this text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A key to sort by this time, the newest first; what has none comes last.
    pub fn newest_first(at: Option<Timestamp>) -> Self {
        Self::Number(at.map_or(0, |at| -at.nanos()))
    }
}

/// A column of rows `R`.
pub struct Column<R> {
    /// Its head.
    pub title: &'static str,
    /// Never narrower. Whether there is room for all columns is reckoned with this, not with what is in
    /// them: none comes or goes as rows do.
    pub min: usize,
    /// Never wider; content decides in between.
    pub max: usize,
    /// Dropped in this order when there is no room, highest first; 0 is never dropped.
    pub shed: u8,
    /// Aligned right.
    pub right: bool,
    /// Its cell.
    pub cell: for<'a> fn(&'a R, &'a Model) -> Cell<'a>,
    /// Its sort key.
    pub key: for<'a> fn(&'a R, &'a Model) -> Key<'a>,
}

/// Data for drawing a table.
pub struct TableView<'t, R> {
    /// All columns.
    pub columns: &'t [Column<R>],
    /// The rows in the window only.
    pub rows: &'t [&'t R],
    /// Context of the cells.
    pub context: &'t Model,
    /// Index of the row under the cursor.
    pub selected: Option<usize>,
    /// Indices of the marked rows.
    pub marked: &'t dyn Fn(usize) -> bool,
    /// Sorted by this column.
    pub sort: Option<(usize, bool)>,
    /// Whether it has the keyboard.
    pub focused: bool,
    /// Everything dimmed: the data is old.
    pub stale: bool,
}

const GAP: usize = 2;
/// A column that may grow this wide holds text that may be cut.
const LONG: usize = 24;
/// Names this wide can be told apart.
const NAME: usize = 20;

impl<R> TableView<'_, R> {
    /// Draws head and rows.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        if area.is_empty() {
            return;
        }
        let area = area.intersection(buf.area);
        let mut cells: Vec<Vec<Cell<'_>>> = self
            .rows
            .iter()
            .map(|row| {
                let cell = |c: &Column<R>| {
                    let cell = (c.cell)(row, self.context);
                    Cell { text: Cow::Owned(text::clean(&cell.text).into_owned()), ..cell }
                };
                self.columns.iter().map(cell).collect()
            })
            .collect();
        let widths = self.widths(&cells, area.width as usize);
        for (i, width) in widths.iter().enumerate() {
            let named = cells.iter().any(|row| row[i].name);
            let Some(width) = width.filter(|_| named) else { continue };
            let all: Vec<&str> = cells.iter().map(|row| &*row[i].text).collect();
            let shown = text::names(&all, width);
            for (row, name) in cells.iter_mut().zip(shown) {
                if row[i].name {
                    row[i].text = Cow::Owned(name);
                }
            }
        }
        self.head(&widths, area, buf, theme);
        for (i, row) in cells.iter().enumerate() {
            let y = area.y + 1 + i as u16;
            if y >= area.bottom() {
                break;
            }
            self.row(i, row, &widths, Rect { y, height: 1, ..area }, buf, theme);
        }
    }

    fn head(&self, widths: &[Option<usize>], area: Rect, buf: &mut Buffer, theme: &Theme) {
        let mut x = area.x + 1;
        for (i, column) in self.columns.iter().enumerate() {
            let Some(width) = widths[i] else { continue };
            let mark = match self.sort {
                Some((sorted, reverse)) if sorted == i => {
                    if reverse {
                        "▾"
                    } else {
                        "▴"
                    }
                }
                _ => "",
            };
            // The glyph column is one cell: its mark stands in place of a title.
            let title = format!("{}{mark}", column.title);
            let title = text::cut(&title, width);
            put(buf, x, area.y, &title, width, column.right, theme.style(Slot::Dim), area.right());
            x += (width + GAP) as u16;
        }
    }

    fn row(
        &self,
        index: usize,
        cells: &[Cell<'_>],
        widths: &[Option<usize>],
        line: Rect,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        let marked = (self.marked)(index);
        if self.selected == Some(index) {
            let slot = if self.focused { Slot::Selected } else { Slot::Unfocused };
            buf.set_style(line, theme.style(slot));
        }
        if marked {
            buf.set_stringn(line.x, line.y, "▌", 1, theme.style(Slot::Marked));
        } else if self.selected == Some(index) && self.focused {
            // Never by colour alone: the cursor shows without any.
            buf.set_stringn(line.x, line.y, "›", 1, theme.style(Slot::Focus));
        }
        let mut x = line.x + 1;
        for ((cell, width), column) in cells.iter().zip(widths).zip(self.columns) {
            let Some(width) = *width else { continue };
            let slot = match (self.stale, marked) {
                (true, _) => Slot::Dim,
                (_, true) if cell.slot == Slot::Text => Slot::Marked,
                _ => cell.slot,
            };
            put(
                buf,
                x,
                line.y,
                &cell.shown(width),
                width,
                column.right,
                theme.style(slot),
                line.right(),
            );
            x += (width + GAP) as u16;
        }
    }

    /// The width of each column; `None` where it was dropped for want of room.
    fn widths(&self, cells: &[Vec<Cell<'_>>], room: usize) -> Vec<Option<usize>> {
        let room = room.saturating_sub(1);
        let content: Vec<usize> = (0..self.columns.len())
            .map(|i| cells.iter().map(|row| text::width(&row[i].text)).max().unwrap_or(0))
            .collect();
        let natural: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let sorted = self.sort.is_some_and(|s| s.0 == i);
                let head = text::width(c.title) + usize::from(sorted);
                // Room for long texts is taken as they need it; of short words columns stay put.
                let least = if c.max >= LONG { 0 } else { c.min };
                content[i].max(head).clamp(least, c.max)
            })
            .collect();
        let mut shown = vec![true; self.columns.len()];
        let total = |shown: &[bool], widths: &[usize]| -> usize {
            let used: usize =
                widths.iter().zip(shown).filter(|(_, s)| **s).map(|(w, _)| w + GAP).sum();
            used.saturating_sub(GAP)
        };
        let named: Vec<bool> = (0..self.columns.len())
            .map(|i| cells.iter().any(|row| row[i].name) && self.columns[i].max >= LONG)
            .collect();
        // Long texts may be cut, short words not: half a word tells nothing.
        let least = |name: usize, others: usize| -> Vec<usize> {
            let other = |i: usize| (self.columns[i].min / others).max(1);
            let long = |i: usize| if named[i] { name } else { other(i) };
            let of = |(i, n): (usize, &usize)| {
                if self.columns[i].max >= LONG { long(i).min(*n) } else { *n }
            };
            natural.iter().enumerate().map(of).collect()
        };
        // Those that matter least go first. Short words may turn out longer than is reckoned with.
        let reckoned: Vec<usize> =
            self.columns.iter().map(|c| c.min.max(text::width(c.title))).collect();
        for mins in [reckoned, least(0, 1)] {
            while total(&shown, &mins) > room {
                let worst = (0..shown.len())
                    .filter(|i| shown[*i] && self.columns[*i].shed > 0)
                    .max_by_key(|i| self.columns[*i].shed);
                match worst {
                    Some(i) => shown[i] = false,
                    None => break,
                }
            }
        }
        let mut widths = natural.clone();
        // Names that can be told apart are worth more than the rest of a long text.
        for (name, others) in [(usize::MAX, 1), (NAME, 1), (NAME, 2), (4, 2)] {
            let mins = least(name, others);
            while total(&shown, &widths) > room {
                let widest = (0..shown.len())
                    .filter(|i| shown[*i] && widths[*i] > mins[*i])
                    .max_by_key(|i| widths[*i] - mins[*i]);
                match widest {
                    Some(i) => widths[i] -= 1,
                    None => break,
                }
            }
        }
        // Nothing is cut beside room that is empty; names go first.
        let mut left = room.saturating_sub(total(&shown, &widths));
        let mut in_order: Vec<usize> = (0..shown.len()).filter(|i| shown[*i]).collect();
        in_order.sort_by_key(|i| !named[*i]);
        for i in in_order {
            let more = content[i].saturating_sub(widths[i]).min(left);
            (widths[i], left) = (widths[i] + more, left - more);
        }
        widths.into_iter().zip(shown).map(|(w, s)| s.then_some(w)).collect()
    }
}

#[allow(clippy::too_many_arguments, reason = "one call a cell, all of them plain")]
fn put(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    content: &str,
    width: usize,
    right: bool,
    style: Style,
    end: u16,
) {
    if x >= end {
        return;
    }
    let width = width.min((end - x) as usize);
    let shown = text::cut(content, width);
    let pad = if right { width.saturating_sub(text::width(&shown)) } else { 0 };
    buf.set_stringn(x + pad as u16, y, shown, width - pad.min(width), style);
}
