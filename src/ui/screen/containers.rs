//! The containers of one node, running and not: those of tasks, and those that the Swarm knows nothing of.

use std::borrow::Cow;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Text},
};

use crate::{
    action::plan::mask_text,
    cluster::{
        Container, ContainerHealth, ContainerId, ContainerState, Kind, Membership, NodeId, Store,
        Subject,
    },
    config::Slot,
    session::NodeReach,
    ui::{
        app::{cluster::Cluster, containers::NodeContainers, model::Model},
        chrome::{empty, frame_of, rows_of, title},
        screen::{Count, Cx, Screen, list::column},
        table::{
            Row, Sorting, Table,
            columns::{Cell, Column, Key},
            order::{natural, sort},
            rows::Rows,
        },
        widget::text,
    },
};

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct ContainerRow {
    container: Container,
    membership: Membership,
    name: String,
    look: Look,
}

/// The look of a container: what is not well comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ui) enum Look {
    /// It fails, or its health check does.
    Bad,
    /// It ended with an error.
    Failed,
    /// It is paused.
    Odd,
    /// It comes or goes.
    Passing,
    /// It runs.
    Fine,
    /// It is over, as it should be.
    Over,
}

impl Look {
    /// The look of a container. Whether the end of a task's is a failure, its task says: a task that is
    /// replaced may well be killed.
    pub fn of(container: &Container, membership: &Membership, store: &Store) -> Self {
        let failed = || match membership {
            Membership::Task(id) => store.task(id).is_some_and(|task| task.state.is_failure()),
            Membership::Unlisted => false,
            _ => true,
        };
        match &container.state {
            ContainerState::Dead | ContainerState::Restarting => Self::Bad,
            ContainerState::Running => match container.health {
                ContainerHealth::Unhealthy => Self::Bad,
                ContainerHealth::Starting => Self::Passing,
                ContainerHealth::Healthy | ContainerHealth::None => Self::Fine,
            },
            ContainerState::Exited if container.exit_code.is_some_and(|code| code != 0) => {
                if failed() { Self::Failed } else { Self::Over }
            }
            ContainerState::Exited => Self::Over,
            ContainerState::Created | ContainerState::Removing => Self::Passing,
            ContainerState::Paused | ContainerState::Other(_) => Self::Odd,
        }
    }

    /// Its glyph.
    fn glyph(self) -> &'static str {
        match self {
            Self::Bad | Self::Failed => "✗",
            Self::Odd => "!",
            Self::Passing => "◐",
            Self::Fine => "·",
            Self::Over => "–",
        }
    }

    /// Its colour.
    pub fn slot(self) -> Slot {
        match self {
            Self::Bad => Slot::Critical,
            Self::Failed | Self::Odd => Slot::Warn,
            Self::Passing => Slot::Busy,
            Self::Fine => Slot::Ok,
            Self::Over => Slot::Dim,
        }
    }
}

impl ContainerRow {
    fn of(container: &Container, node: &NodeId, model: &Model) -> Self {
        let membership = model.store.membership(container, node);
        Self {
            name: model.container_label(container, &membership).into_owned(),
            look: Look::of(container, &membership, &model.store),
            container: container.clone(),
            membership,
        }
    }
}

impl Row for ContainerRow {
    type Id = ContainerId;
    fn id(&self) -> ContainerId {
        self.container.id.clone()
    }
}

/// Relation to the Swarm in words.
pub(in crate::ui) fn relation(
    container: &Container,
    membership: &Membership,
) -> (Cow<'static, str>, Slot) {
    match membership {
        Membership::Task(_) => ("task".into(), Slot::Dim),
        Membership::Unlisted => ("unlisted task".into(), Slot::Dim),
        Membership::OtherSwarm => ("other Swarm".into(), Slot::Warn),
        Membership::Outside if container.project.is_empty() => ("outside".into(), Slot::Info),
        Membership::Outside => (format!("outside, {}", container.project).into(), Slot::Info),
        Membership::Unknown => ("?".into(), Slot::Dim),
    }
}

/// The fields that a filter searches, in words.
const SEARCHED: &str = "name, ID, task, image, status, ports, command, outside, Compose project";

fn texts(row: &ContainerRow) -> Vec<Cow<'_, str>> {
    let container = &row.container;
    let mut texts: Vec<Cow<'_, str>> = [
        &*row.name,
        &*container.name,
        container.id.as_str(),
        container.task.as_ref().map_or("", |task| task.as_str()),
        &container.image,
        container.state.word(),
        &container.status,
        &container.command,
    ]
    .map(Cow::Borrowed)
    .to_vec();
    texts.push(container.ports_said().into());
    texts.push(relation(container, &row.membership).0);
    texts
}

const COLUMNS: &[Column<ContainerRow>] = &[
    column(
        "",
        (1, 1),
        0,
        false,
        |r, _| {
            let slot = if r.look == Look::Fine { Slot::Dim } else { r.look.slot() };
            Cell::new(r.look.glyph(), slot)
        },
        |r, _| Key::Number(r.look as i64),
    ),
    column("NAME", (12, 48), 0, false, |r, _| Cell::name(&*r.name, Slot::Text), |_, _| Key::Place),
    column(
        "SWARM",
        (7, 20),
        0,
        false,
        |r, _| {
            let (said, slot) = relation(&r.container, &r.membership);
            Cell::new(said, slot)
        },
        |r, _| Key::text(relation(&r.container, &r.membership).0),
    ),
    column(
        "STATUS",
        (22, 32),
        0,
        false,
        |r, _| Cell::new(&*r.container.status, r.look.slot()),
        |r, _| Key::text(&*r.container.status),
    ),
    column(
        "IMAGE",
        (10, 40),
        1,
        false,
        |r, _| {
            let image = r.container.image.split('@').next().unwrap_or_default();
            Cell::dim(image).or(|room| text::end(image, room).into_owned())
        },
        |r, _| Key::text(&*r.container.image),
    ),
    column(
        "AGE",
        (3, 4),
        2,
        true,
        |r, m| Cell::dim(m.age(r.container.created)),
        |r, _| Key::newest_first(r.container.created),
    ),
    column(
        "PORTS",
        (14, 40),
        3,
        false,
        |r, _| Cell::dim(r.container.ports_said()),
        |r, _| Key::text(r.container.ports_said()),
    ),
    column(
        "ID",
        (12, 12),
        4,
        false,
        |r, _| Cell::dim(r.container.id.short()),
        |r, _| Key::text(r.container.id.as_str()),
    ),
    column(
        "COMMAND",
        (12, 60),
        5,
        false,
        |r, _| Cell::dim(mask_text(&r.container.command)),
        |r, _| Key::text(&*r.container.command),
    ),
];

/// The kinds of the model that rows are made from, besides the list itself.
const FROM: &[Kind] = &[Kind::Swarm, Kind::Services, Kind::Tasks, Kind::Nodes];

/// The screen.
pub struct Containers {
    /// The node that was chosen; none is that of the manager in use.
    node: Option<NodeId>,
    /// The list, and the node that it is of.
    table: Table<ContainerRow>,
    made_of: Option<NodeId>,
}

impl Default for Containers {
    fn default() -> Self {
        Self { node: None, table: Table::ordered(Sorting::By(titles)), made_of: None }
    }
}

fn titles() -> Vec<&'static str> {
    COLUMNS.iter().map(|column| column.title).collect()
}

impl Containers {
    /// Shows those of a node, with the cursor on this one.
    pub fn open(&mut self, node: NodeId, container: Option<ContainerId>) {
        self.turn_to(&node);
        self.node = Some(node);
        if let Some(id) = container {
            self.table.set_filter("");
            self.table.select(id);
        }
    }

    /// The node whose containers are shown.
    pub fn node(&self, cluster: &Cluster) -> Option<NodeId> {
        let own = || NodeId::from(&*cluster.model.live().info().manager_id);
        let node = self.node.clone().unwrap_or_else(own);
        Some(node).filter(|node| !node.as_str().is_empty())
    }

    fn turn_to(&mut self, node: &NodeId) {
        if self.made_of.as_ref() != Some(node) {
            self.table = Self::default().table;
            self.made_of = Some(node.clone());
        }
    }

    /// Said where there is no list.
    fn why_none(&self, node: &NodeId, cluster: &Cluster) -> String {
        let model = &cluster.model;
        let listed = model.containers_of(node);
        if let Some(no) = listed.and_then(|listed| listed.trouble.as_ref()) {
            let host = model.store.hostname(node);
            return format!("the containers of {host} can't be listed: {}\n{}", no.why, no.hint);
        }
        match model.seen(node).map(|seen| &seen.reach) {
            _ if listed.is_some_and(|listed| listed.all.is_some()) => "no containers",
            _ if listed.is_none() && model.is_paused() => "not read while the screen is paused",
            Some(NodeReach::Reaching) => "connecting to the node …",
            _ => "reading …",
        }
        .to_owned()
    }
}

impl Screen for Containers {
    fn refresh(&mut self, cx: Cx<'_>) {
        let Some(node) = self.node(cx.cluster) else { return };
        self.turn_to(&node);
        let (model, table) = (&cx.cluster.model, &mut self.table);
        let Some(all) = model.containers_of(&node).and_then(|of| of.all.as_ref()) else { return };
        let stamp = model.stamp(FROM);
        if table.is_fresh(stamp, cx.cluster.now) {
            return;
        }
        let mut rows: Vec<ContainerRow> =
            all.iter().map(|one| ContainerRow::of(one, &node, model)).collect();
        rows.sort_by(|a, b| natural(&a.name, &b.name));
        let passes = |row: &&ContainerRow| {
            table.filter.is_empty() || table.filter.passes(texts(row).iter().map(|text| &**text))
        };
        let found: Vec<&ContainerRow> = rows.iter().filter(passes).collect();
        let key = COLUMNS[table.sort].key;
        let sorted = sort(&found, table.reverse, |_| false, |row| key(row, model));
        let sorted = sorted.into_iter().cloned().collect();
        table.set(sorted, all.len(), stamp, cx.cluster.now);
    }

    fn stale(&mut self) {
        self.table.stale();
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let node = self.node(cluster);
        let listed = node.as_ref().and_then(|node| cluster.model.containers_of(node));
        let is_listed = listed.is_some_and(|listed| listed.all.is_some());
        let host = node.as_ref().map_or("?", |node| cluster.model.store.hostname(node));
        let name = format!("Containers of {}", text::clean(host));
        let head = match is_listed {
            true => title(cluster, &name, table.rows().len(), table.all, &table.filter),
            false => Line::styled(format!(" {name} ? "), cluster.style(Slot::Title)),
        };
        let inner = frame_of(cluster, frame, area, head, cx.focused);
        let Some(node) = node else {
            return empty(cluster, frame, inner, None, "no manager told which node it is");
        };
        let Some(listed) = listed.filter(|_| is_listed && !table.rows().is_empty()) else {
            let hidden = if is_listed { table.hidden("containers", SEARCHED) } else { None };
            return empty(cluster, frame, inner, hidden, &self.why_none(&node, cluster));
        };
        let said = below(listed, inner.width as usize);
        let lines = (said.len() as u16).min(inner.height / 2);
        let place = Rect { height: inner.height - lines, ..inner };
        let is_old = cluster.is_stale() || listed.trouble.is_some();
        rows_of(cluster, frame, place, (table, COLUMNS, cx.focused), is_old, Some);
        let place = Rect { y: place.bottom(), height: lines, ..inner };
        let said = said.into_iter().map(|said| Line::styled(said, cluster.style(Slot::Warn)));
        frame.render_widget(Text::from_iter(said), place);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn subject(&self, cluster: &Cluster) -> Option<Subject> {
        let node = self.node(cluster)?;
        // Before they are listed again, the rows of the last time are not shown.
        cluster.model.containers_of(&node)?.all.as_ref()?;
        Some(Subject::Container(node, self.table.current()?.id()))
    }

    fn count(&self, _: &Cluster) -> Count {
        Count::Uncounted
    }
}

/// Said below the rows: why they are old, and that some are missing.
fn below(listed: &NodeContainers, room: usize) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(no) = &listed.trouble {
        said.push(format!(" not heard any more: {}", no.why));
    }
    if listed.unread > 0 {
        said.push(format!(" {} more can't be read", listed.unread));
    }
    said.iter().map(|said| text::cut(&text::clean(said), room).into_owned()).collect()
}
