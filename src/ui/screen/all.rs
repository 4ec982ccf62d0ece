//! All kinds of objects, with their counts and keys: the way to those without a key of their own.

use ratatui::{Frame, layout::Rect};

use crate::{
    cluster::Subject,
    config::Slot,
    ui::{
        app::cluster::Cluster,
        chrome::{frame_of, rows, title},
        input::actions::Act,
        screen::{Count, Cx, Handled, Screen, Then, kinds::View, list::column},
        table::{
            Row, Sorting, Table,
            columns::{Cell, Column, Key},
            rows::Rows,
        },
    },
};

/// One kind.
#[derive(Clone, Debug)]
pub(in crate::ui) struct KindRow {
    view: View,
    count: Count,
    key: String,
}

impl Row for KindRow {
    type Id = View;
    fn id(&self) -> View {
        self.view
    }
}

const COLUMNS: &[Column<KindRow>] = &[
    column(
        "KIND",
        (10, 24),
        0,
        false,
        |r, _| Cell::name(r.view.name(), Slot::Text),
        |_, _| Key::Place,
    ),
    column(
        "COUNT",
        (5, 9),
        0,
        true,
        |r, _| match r.count {
            Count::Of(0) => Cell::dim("0"),
            Count::Of(count) => Cell::text(count.to_string()),
            Count::Unknown => Cell::new("?", Slot::Warn),
            Count::Uncounted => Cell::dim(""),
        },
        |_, _| Key::Place,
    ),
    column("KEY", (3, 8), 0, false, |r, _| Cell::new(&*r.key, Slot::Key), |_, _| Key::Place),
    column(
        "IN THE PALETTE",
        (10, 40),
        0,
        false,
        |r, _| {
            let kind = r.view.kind();
            let names = [&[kind.id], kind.aliases].concat();
            Cell::dim(names.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(" "))
        },
        |_, _| Key::Place,
    ),
];

/// The kinds.
pub(in crate::ui) struct All {
    table: Table<KindRow>,
    /// Counts of the kinds that are counted.
    pub counts: Vec<(View, Count)>,
}

impl Default for All {
    fn default() -> Self {
        let table = Table::ordered(Sorting::Fixed("in the order of their keys"));
        Self { table, counts: Vec::new() }
    }
}

impl Screen for All {
    fn refresh(&mut self, cx: Cx<'_>) {
        let cluster = cx.cluster;
        let filter = &self.table.filter;
        let row = |(view, count): &(View, Count)| KindRow {
            view: *view,
            count: *count,
            key: cluster.key_of(Act::Go(*view), self.context()).unwrap_or_default(),
        };
        let all = self.counts.len();
        let names =
            |view: View| [view.kind().id].into_iter().chain(view.kind().aliases.iter().copied());
        let rows = self.counts.iter().filter(|(view, _)| filter.passes(names(*view)));
        let rows = rows.map(row).collect();
        self.table.set(rows, all, 0, cluster.now);
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let head = title(cluster, "All kinds", table.rows().len(), table.all, &table.filter);
        let inner = frame_of(cluster, frame, area, head, cx.focused);
        rows(cluster, frame, inner, (table, COLUMNS, cx.focused), Some);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn subject(&self, _: &Cluster) -> Option<Subject> {
        None
    }

    fn act(&mut self, act: Act, _: &mut Cluster) -> Handled {
        match (act, self.table.current()) {
            (Act::Enter, Some(row)) => Handled::Then(Then::Go(row.view)),
            _ => Handled::No,
        }
    }

    fn offers(&self, act: Act, _: &Cluster) -> Option<bool> {
        (act == Act::Enter).then(|| self.table.current().is_some())
    }
}
