//! Nodes: columns, colours, order.

use std::borrow::Cow;

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    cluster::{Availability, Kind, Machine, Node, NodeId, NodeState, Part, Subject},
    config::Slot,
    ui::{
        app::{cluster::Cluster, model::Model},
        chrome::{empty, frame_of, rows, title, unknown},
        screen::{Count, Cx, Screen},
        table::{
            Sorting, Table,
            columns::{Cell, Column, Key},
            order::sort,
            rows::Rows,
        },
        widget::{bar::bar, text},
    },
};

/// Colour of a node's state.
pub(in crate::ui) fn state(node: &Node) -> Slot {
    match node.state {
        NodeState::Ready => Slot::Text,
        NodeState::Unknown => Slot::Warn,
        _ => Slot::Critical,
    }
}

/// Its glyph.
pub(in crate::ui) fn glyph(node: &Node) -> Cell<'static> {
    match (&node.state, &node.availability) {
        (NodeState::Down | NodeState::Disconnected, _) => Cell::new("✗", Slot::Critical),
        (NodeState::Ready, Availability::Active) if node.is_leader() => Cell::new("★", Slot::Title),
        (NodeState::Ready, Availability::Active) => Cell::dim("·"),
        _ => Cell::new("!", Slot::Warn),
    }
}

fn role(node: &Node) -> &str {
    if node.is_leader() { "leader" } else { node.role.word() }
}

/// The fields that a filter searches, in words.
const SEARCHED: &str =
    "name, ID, role, status, availability, address, engine, system, message, labels";

/// Texts that a filter searches.
pub fn texts(node: &Node) -> Vec<Cow<'_, str>> {
    let mut texts: Vec<Cow<'_, str>> = [
        &node.hostname,
        role(node),
        node.role.word(),
        node.state.word(),
        node.availability.word(),
        &node.addr,
        &node.engine,
        &node.message,
    ]
    .map(Cow::Borrowed)
    .to_vec();
    texts.push(Cow::Owned(format!("{}/{}", node.os, node.arch)));
    if let Some(manager) = &node.manager {
        texts.extend([manager.reachability.word(), &manager.addr].map(Cow::Borrowed));
    }
    let labels = node.labels.iter().chain(&node.engine_labels);
    texts.extend(labels.map(|(key, value)| Cow::Owned(format!("{key}={value}"))));
    texts
}

/// `▰▰▱▱ 0.5/2`: what is reserved of what there is.
fn reserved(part: u64, whole: u64, write: fn(u64, u64) -> String) -> Cell<'static> {
    let said = format!("{} {}", bar(part, whole, 4), write(part, whole));
    Cell::new(said, load(part, whole))
}

fn cpus_of(part: u64, whole: u64) -> String {
    format!("{}/{}", text::cpus(part), text::cpus(whole))
}

/// Colour of a part of a whole: the fuller, the more it stands out.
pub(in crate::ui) fn load(part: u64, whole: u64) -> Slot {
    match part.saturating_mul(100).checked_div(whole).unwrap_or(0) {
        0..=79 => Slot::Dim,
        80..=94 => Slot::Warn,
        _ => Slot::Critical,
    }
}

fn labels(node: &Node) -> String {
    let pairs = node
        .labels
        .iter()
        .map(|(k, v)| if v.is_empty() { k.to_string() } else { format!("{k}={v}") });
    pairs.collect::<Vec<_>>().join(" ")
}

/// The columns.
pub const COLUMNS: &[Column<Node>] = &[
    Column {
        title: "",
        min: 1,
        max: 1,
        shed: 0,
        right: false,
        cell: |n, _| glyph(n),
        key: |n, _| {
            let bad = match (&n.state, &n.availability) {
                (NodeState::Down | NodeState::Disconnected, _) => 0,
                (NodeState::Ready, Availability::Active) => 2 + i64::from(n.manager.is_none()),
                _ => 1,
            };
            Key::Number(bad)
        },
    },
    Column {
        title: "NAME",
        min: 12,
        max: 30,
        shed: 0,
        right: false,
        cell: |n, _| Cell::name(&*n.hostname, state(n)),
        key: |_, _| Key::Place,
    },
    Column {
        title: "ROLE",
        min: 6,
        max: 8,
        shed: 1,
        right: false,
        cell: |n, c| {
            let lost = n.manager.is_some() && !c.store.quorum().keeps(&n.id);
            Cell::new(role(n), if lost { Slot::Critical } else { Slot::Text })
        },
        key: |n, _| Key::text(n.role.word()),
    },
    Column {
        title: "STATUS",
        min: 5,
        max: 12,
        shed: 0,
        right: false,
        cell: |n, _| {
            let slot = if n.state == NodeState::Ready { Slot::Dim } else { state(n) };
            Cell::new(n.state.word(), slot)
        },
        key: |n, _| Key::text(n.state.word()),
    },
    Column {
        title: "AVAIL",
        min: 5,
        max: 6,
        shed: 2,
        right: false,
        cell: |n, _| match n.availability {
            Availability::Active => Cell::dim("active"),
            _ => Cell::new(n.availability.word(), Slot::Warn),
        },
        key: |n, _| Key::text(n.availability.word()),
    },
    Column {
        title: "TASKS",
        min: 3,
        max: 5,
        shed: 1,
        right: true,
        cell: |n, c: &Model| told(c, || Cell::text(c.store.node_tally(&n.id).running.to_string())),
        key: |n, c| Key::Number(-(c.store.node_tally(&n.id).running as i64)),
    },
    Column {
        title: "CPU RESERVED",
        min: 12,
        max: 14,
        shed: 3,
        right: false,
        cell: |n, c| {
            told(c, || reserved(c.store.node_tally(&n.id).nano_cpus, n.nano_cpus, cpus_of))
        },
        key: |n, c| Key::Number(-(c.store.node_tally(&n.id).nano_cpus as i64)),
    },
    Column {
        title: "MEM RESERVED",
        min: 14,
        max: 18,
        shed: 4,
        right: false,
        cell: |n, c| {
            told(c, || reserved(c.store.node_tally(&n.id).memory, n.memory, text::bytes_of))
        },
        key: |n, c| Key::Number(-(c.store.node_tally(&n.id).memory as i64)),
    },
    Column {
        title: "ADDRESS",
        min: 13,
        max: 23,
        shed: 6,
        right: false,
        cell: |n, _| Cell::dim(&*n.addr),
        key: |n, _| Key::text(&*n.addr),
    },
    Column {
        title: "ENGINE",
        min: 10,
        max: 20,
        shed: 7,
        right: false,
        cell: |n, c| version(n, c, 0),
        key: |n, _| Key::text(&*n.engine),
    },
    Column {
        title: "KERNEL",
        min: 8,
        max: 20,
        shed: 13,
        right: false,
        cell: |n, c| version(n, c, 1),
        key: |n, c| Key::text(c.versions(n)[1].unwrap_or_default()),
    },
    Column {
        title: "SYSTEM",
        min: 9,
        max: 24,
        shed: 14,
        right: false,
        cell: |n, c| version(n, c, 2),
        key: |n, c| Key::text(c.versions(n)[2].unwrap_or_default()),
    },
    Column {
        title: "LOAD",
        min: 5,
        max: 7,
        shed: 10,
        right: true,
        cell: |n, c| machine(n, c, |m| m.load.map(|load| Cell::text(format!("{:.2}", load[0])))),
        key: |n, c| {
            let load = c.seen(&n.id).and_then(|seen| seen.machine.as_ref()?.load);
            Key::Number(load.map_or(1, |load| (load[0] * -100.0) as i64))
        },
    },
    Column {
        title: "MEM FREE",
        min: 8,
        max: 14,
        shed: 11,
        right: true,
        cell: |n, c| machine(n, c, |m| Some(left(m.available?, m.memory?))),
        key: |n, c| {
            let free = c.seen(&n.id).and_then(|seen| seen.machine.as_ref()?.available);
            Key::Number(free.map_or(i64::MAX, |free| free as i64))
        },
    },
    Column {
        title: "DISK FREE",
        min: 9,
        max: 14,
        shed: 12,
        right: true,
        cell: |n, c| machine(n, c, |m| m.disk.map(|disk| left(disk.free, disk.total))),
        key: |n, c| {
            let disk = c.seen(&n.id).and_then(|seen| seen.machine.as_ref()?.disk);
            Key::Number(disk.map_or(i64::MAX, |disk| disk.free as i64))
        },
    },
    Column {
        title: "MESSAGE",
        min: 12,
        max: 40,
        shed: 5,
        right: false,
        cell: |n, _| Cell::new(&*n.message, Slot::Warn),
        key: |n, _| Key::text(&*n.message),
    },
    Column {
        title: "LABELS",
        min: 10,
        max: 60,
        shed: 9,
        right: false,
        cell: |n, _| Cell::dim(labels(n)),
        key: |n, _| Key::text(labels(n)),
    },
];

/// A figure counted from tasks, if they are listed.
fn told<'a>(c: &Model, cell: impl FnOnce() -> Cell<'a>) -> Cell<'a> {
    if c.store.tasks_refused() { Cell::dim("?") } else { cell() }
}

/// A fact of its machine, if it is known.
fn machine<'a>(n: &Node, c: &'a Model, read: impl Fn(&'a Machine) -> Option<Cell<'a>>) -> Cell<'a> {
    let machine = c.seen(&n.id).and_then(|seen| seen.machine.as_deref());
    machine.and_then(read).unwrap_or_else(|| Cell::dim("?"))
}

/// Bytes that are left: the fewer of all, the more they stand out.
fn left(free: u64, total: u64) -> Cell<'static> {
    Cell::new(text::bytes(free), load(total.saturating_sub(free), total))
}

/// A version, marked where most nodes have another one.
fn version<'a>(n: &'a Node, c: &'a Model, which: usize) -> Cell<'a> {
    match (c.versions(n)[which], c.odd(n, which)) {
        (None, _) => Cell::dim("?"),
        (Some(version), None) => Cell::dim(version),
        (Some(version), Some(_)) => Cell::new(format!("{version} !"), Slot::Warn),
    }
}

/// The kinds that are shown of a node.
const SHOWN: &[Kind] = &[Kind::Swarm, Kind::Nodes, Kind::Tasks];

/// The nodes.
pub struct Nodes {
    /// The list.
    pub table: Table<NodeId>,
}

impl Default for Nodes {
    fn default() -> Self {
        let mut table = Table::ordered(Sorting::By(titles));
        table.can_be_marked = true;
        Self { table }
    }
}

fn titles() -> Vec<&'static str> {
    COLUMNS.iter().map(|column| column.title).collect()
}

impl Screen for Nodes {
    fn refresh(&mut self, cx: Cx<'_>) {
        let (model, table) = (&cx.cluster.model, &mut self.table);
        if table.is_fresh(model.stamp(SHOWN), cx.cluster.now) {
            return;
        }
        let store = &model.store;
        let known = model.order.nodes.iter().filter_map(|id| store.node(id));
        let passes = |n: &&Node| table.filter.passes_object(n.id.as_str(), || texts(n));
        let found: Vec<_> = known.filter(passes).collect();
        let key = COLUMNS[table.sort].key;
        let sorted = sort(&found, table.reverse, |_| false, |n| key(n, model));
        let rows = sorted.into_iter().map(|n| n.id.clone()).collect();
        table.set(rows, store.nodes().len(), model.stamp(SHOWN), cx.cluster.now);
    }

    fn stale(&mut self) {
        self.table.stale();
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let mut head = title(cluster, "Nodes", table.rows().len(), table.all, &table.filter);
        if !cluster.model.store.nodes_known() {
            head = Line::styled(" Nodes ? ", cluster.style(Slot::Title));
        }
        let inner = frame_of(cluster, frame, area, head, cx.focused);
        if table.rows().is_empty() {
            let unknown = unknown(cluster, Part::Nodes);
            let nothing = unknown.as_deref().unwrap_or("no nodes");
            let hidden = table.hidden("nodes", SEARCHED);
            return empty(cluster, frame, inner, hidden, nothing);
        }
        let store = &cluster.model.store;
        rows(cluster, frame, inner, (table, COLUMNS, cx.focused), |id| store.node(id));
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn select(&mut self, subject: &Subject, _: &Cluster) {
        if let Subject::Node(id) = subject {
            self.table.select(id.clone());
        }
    }

    fn count(&self, cluster: &Cluster) -> Count {
        let store = &cluster.model.store;
        Count::known(store.nodes_known(), store.nodes().len())
    }

    fn subject(&self, _: &Cluster) -> Option<Subject> {
        self.table.current().cloned().map(Subject::Node)
    }

    fn chosen(&self, _: &Cluster) -> Vec<Subject> {
        self.table.chosen().into_iter().map(Subject::Node).collect()
    }
}
