//! A screen that is one list of objects of a kind: all that such screens share.

use std::{borrow::Cow, time::Duration};

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    cluster::{Kind, Part, Store, Subject, Timestamp},
    config::Slot,
    ui::{
        app::{cluster::Cluster, model::Model},
        chrome::{empty, frame_of, rows, title, unknown},
        screen::{Count, Cx, Screen},
        table::{
            Row, Sorting, Table,
            columns::{Cell, Column},
            order::sort,
            rows::Rows,
        },
    },
};

/// Rows are made anew for a change of the model at most so often: some of their figures are sums over
/// tasks, which change all the time.
const REST: Duration = Duration::from_millis(500);

/// A kind of objects that are listed.
pub(in crate::ui) trait ListKind {
    /// One line of the list: the object, and the figures that are shown of it.
    type Row: Row + 'static;

    /// The title of the pane.
    const TITLE: &'static str;

    /// The kinds of the model that the rows are made from.
    const FROM: &'static [Kind];

    /// The part of the API that lists them, if one does.
    const PART: Option<Part>;

    /// Said where there are none.
    const NOTHING: &'static str;

    /// The fields that a filter searches, in words.
    const SEARCHED: &'static str;

    /// The columns.
    const COLUMNS: &'static [Column<Self::Row>];

    /// Titles of the columns.
    fn titles() -> Vec<&'static str> {
        Self::COLUMNS.iter().map(|column| column.title).collect()
    }

    /// All rows, by name.
    fn rows(cluster: &Cluster) -> Vec<Self::Row>;

    /// Number of the objects, found without making rows.
    fn count(store: &Store) -> usize;

    /// The object of a row.
    fn subject(row: &Self::Row) -> Subject;

    /// Texts that a filter searches, shown or not.
    fn texts<'r>(row: &'r Self::Row, model: &'r Model) -> Vec<Cow<'r, str>>;
}

/// The screen.
pub(in crate::ui) struct List<K: ListKind> {
    /// The list.
    pub table: Table<K::Row>,
    /// Stamp of the model that the rows were made from, and when.
    made: Option<(u64, Timestamp)>,
}

impl<K: ListKind> Default for List<K> {
    fn default() -> Self {
        let mut table = Table::ordered(Sorting::By(K::titles));
        table.can_be_marked = true;
        Self { table, made: None }
    }
}

impl<K: ListKind> Screen for List<K> {
    fn refresh(&mut self, cx: Cx<'_>) {
        let (model, now) = (&cx.cluster.model, cx.cluster.now);
        let stamp = model.stamp(K::FROM);
        if self.table.is_fresh(stamp, now) {
            return;
        }
        // What the user does to the list is done at once.
        if let Some((made, at)) = self.made
            && self.table.is_made()
            && made != stamp
            && at.age(now) < REST
        {
            return;
        }
        let all = K::rows(cx.cluster);
        let table = &mut self.table;
        let passes = |row: &&K::Row| {
            table.filter.is_empty()
                || table.filter.passes(K::texts(row, model).iter().map(|text| &**text))
        };
        let found: Vec<&K::Row> = all.iter().filter(passes).collect();
        let key = K::COLUMNS[table.sort].key;
        let sorted = sort(&found, table.reverse, |_| false, |row| key(row, model));
        let rows = sorted.into_iter().cloned().collect();
        table.set(rows, all.len(), stamp, now);
        self.made = Some((stamp, now));
    }

    fn stale(&mut self) {
        self.table.stale();
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let mut head = title(cluster, K::TITLE, table.rows().len(), table.all, &table.filter);
        if K::PART.is_some_and(|part| !cluster.model.store.lists(part)) && table.all == 0 {
            head = Line::styled(format!(" {} ? ", K::TITLE), cluster.style(Slot::Title));
        }
        let inner = frame_of(cluster, frame, area, head, cx.focused);
        if table.rows().is_empty() {
            let store = &cluster.model.store;
            let reading = K::PART.is_some_and(|part| !store.lists(part));
            let nothing = match K::PART.and_then(|part| unknown(cluster, part)) {
                Some(unknown) => unknown,
                None if reading => format!("{} are being read…", K::TITLE.to_lowercase()),
                None => K::NOTHING.to_owned(),
            };
            return empty(
                cluster,
                frame,
                inner,
                table.hidden(&K::TITLE.to_lowercase(), K::SEARCHED),
                &nothing,
            );
        }
        rows(cluster, frame, inner, (table, K::COLUMNS, cx.focused), Some);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn subject(&self, _: &Cluster) -> Option<Subject> {
        self.table.current().map(K::subject)
    }

    fn select(&mut self, subject: &Subject, cluster: &Cluster) {
        if let Some(row) = K::rows(cluster).iter().find(|row| K::subject(row) == *subject) {
            self.table.select(row.id());
        }
    }

    fn chosen(&self, _: &Cluster) -> Vec<Subject> {
        let chosen = self.table.chosen();
        let rows = self.table.rows().iter().filter(|row| chosen.contains(&row.id()));
        rows.map(K::subject).collect()
    }

    fn count(&self, cluster: &Cluster) -> Count {
        let store = &cluster.model.store;
        Count::known(K::PART.is_none_or(|part| store.lists(part)), K::count(store))
    }
}

/// A number of users, which is worth a look where there are none.
pub(in crate::ui) fn users(count: usize) -> Cell<'static> {
    if count == 0 { Cell::new("unused", Slot::Warn) } else { Cell::text(count.to_string()) }
}

/// A column in few words.
pub(in crate::ui) const fn column<R>(
    title: &'static str,
    (min, max): (usize, usize),
    shed: u8,
    right: bool,
    cell: for<'a> fn(&'a R, &'a Model) -> Cell<'a>,
    key: for<'a> fn(&'a R, &'a Model) -> crate::ui::table::columns::Key<'a>,
) -> Column<R> {
    Column { title, min, max, shed, right, cell, key }
}
