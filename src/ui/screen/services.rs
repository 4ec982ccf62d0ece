//! Services: columns, colours, order.

use std::{borrow::Cow, collections::HashSet};

use ratatui::{Frame, layout::Rect};

use crate::{
    cluster::{
        Kind, Loss, Missing, Mode, Port, PublishMode, Service, ServiceId, Subject, Timestamp,
        UpdateState, without_spare,
    },
    config::Slot,
    triage::Severity,
    ui::{
        app::{cluster::Cluster, model::Model},
        chrome::{empty, frame_of, rows, title},
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

/// State of a service, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Down,
    Short,
    /// The engine lists something of it that can't be read.
    Unread,
    Busy,
    Well,
}

/// State of a service.
pub fn health(service: &Service, model: &Model) -> Health {
    if service.is_unread {
        return Health::Unread;
    }
    let missing = model.store.missing(service);
    let stopped = service
        .update
        .as_ref()
        .is_some_and(|u| matches!(u.state, UpdateState::Paused | UpdateState::RollbackPaused));
    // What is wrong with it is told in one way everywhere; the figures alone go up and down.
    let found = model.troubled.get(&service.id);
    if stopped || found == Some(&Severity::Critical) {
        Health::Down
    } else if found == Some(&Severity::Warning) {
        Health::Short
    } else if service.is_updating() || !missing.none() {
        // Short, and nothing is wrong with it: it is on its way.
        Health::Busy
    } else {
        Health::Well
    }
}

impl Health {
    fn cell(self) -> Cell<'static> {
        let (glyph, slot) = self.look();
        Cell::new(glyph, slot)
    }

    /// Its glyph, and how that looks.
    pub fn look(self) -> (&'static str, Slot) {
        match self {
            Self::Down => ("✗", Slot::Critical),
            Self::Short => ("!", Slot::Warn),
            Self::Unread => ("?", Slot::Warn),
            Self::Busy => ("◐", Slot::Busy),
            Self::Well => ("·", Slot::Dim),
        }
    }

    /// Colour of its name.
    pub fn slot(self) -> Slot {
        match self {
            Self::Down => Slot::Critical,
            Self::Short | Self::Unread => Slot::Warn,
            Self::Busy => Slot::Busy,
            Self::Well => Slot::Text,
        }
    }
}

fn replicas(service: &Service, model: &Model) -> String {
    if service.is_unread || model.store.tasks_refused() && service.counts.is_none() {
        return "?".to_owned();
    }
    let m = model.store.missing(service);
    let (part, whole, word) = match m.job {
        Some((done, total)) => (done, total, " done"),
        None => (m.running, m.desired, ""),
    };
    if health(service, model) == Health::Well {
        return match resting(&m, model.now) {
            Some(said) => said,
            None => format!("{part}/{whole}{word}"),
        };
    }
    let cells = usize::try_from(whole.clamp(1, 6)).unwrap_or(6);
    format!("{:<5} {}", format!("{part}/{whole}{word}"), bar(part, whole, cells))
}

/// Explains why a healthy service runs less than it is asked for: `1 done`, `0/1 next in 3h`.
pub fn resting(m: &Missing, now: Timestamp) -> Option<String> {
    let (part, whole) = (m.running, m.desired);
    if m.rests.waiting > 0 {
        Some(format!("{part}/{whole} {}", meaning(m, now)?))
    } else {
        (m.rests.done > 0 && m.none()).then(|| format!("{part}/{whole} {} done", m.rests.done))
    }
}

/// Number of tasks as they should be, and of all: one that is done or waits for its next run counts. From
/// afar nothing else tells it from one that is down.
pub fn well(m: &Missing) -> (u64, u64) {
    m.job.unwrap_or((m.running + m.rests.done + m.rests.waiting, m.desired))
}

/// Meaning of those figures where they are not of running tasks: `done`, `next in 3h`.
pub fn meaning(m: &Missing, now: Timestamp) -> Option<String> {
    if let Some(next) = m.rests.next_run.filter(|_| m.rests.waiting > 0) {
        return Some(format!("next in {}", text::age(now.age(next))));
    }
    let done = m.rests.done;
    match (m.job, m.running) {
        (Some(_), _) => Some("done".to_owned()),
        (None, 0) => (done > 0).then(|| "done".to_owned()),
        (None, _) => (done > 0).then(|| format!("{done} done")),
    }
}

/// Progress of its update.
pub(in crate::ui) fn update(service: &Service) -> Cell<'static> {
    let Some(update) = &service.update else { return Cell::dim("") };
    match &update.state {
        UpdateState::Updating => Cell::new("updating", Slot::Busy),
        UpdateState::Completed => Cell::dim("completed"),
        UpdateState::Paused => Cell::new("update paused", Slot::Critical),
        UpdateState::RollbackStarted => Cell::new("rolling back", Slot::Warn),
        UpdateState::RollbackPaused => Cell::new("rollback paused", Slot::Critical),
        UpdateState::RollbackCompleted => Cell::new("rolled back", Slot::Warn),
        UpdateState::Other(word) => Cell::new(word.to_string(), Slot::Info),
    }
}

/// The replicas that are left when the node with most of them is lost, where these are too few: none, or
/// less than half.
fn spare(service: &Service, model: &Model) -> Cell<'static> {
    match without_spare(&model.store, service) {
        // One alone was asked for.
        Some(loss) if loss.desired == 1 => Cell::dim("none"),
        Some(loss) if loss.is_whole() => Cell::new("none", Slot::Warn),
        Some(loss) => Cell::new(format!("{}/{}", loss.keeps, loss.desired), Slot::Warn),
        None => Cell::dim(""),
    }
}

/// The ports of a service, as the docker CLI prints them.
pub fn ports(service: &Service) -> String {
    let published = service.ports.iter().filter(|p| p.published > 0);
    published.map(port_in_words).collect::<Vec<_>>().join(" ")
}

/// As many published ports as there is room for, without what goes without saying.
fn ports_in_short(service: &Service, room: usize) -> String {
    let published = service.ports.iter().filter(|p| p.published > 0);
    let all = published.map(|p| match (p.published == p.target, &*p.protocol) {
        (true, "tcp") => format!(":{}", p.published),
        (false, "tcp") => format!("{}→{}", p.published, p.target),
        (true, protocol) => format!(":{}/{protocol}", p.published),
        (false, protocol) => format!("{}→{}/{protocol}", p.published, p.target),
    });
    let all: Vec<String> = all.collect();
    let said = all.join(" ");
    match all.as_slice() {
        [first, rest @ ..] if text::width(&said) > room && !rest.is_empty() => {
            format!("{first} +{}", rest.len())
        }
        _ => said,
    }
}

fn port_in_words(port: &Port) -> String {
    let (from, to) = (port.published, port.target);
    match port.mode {
        PublishMode::Host => format!("{from}→{to}/{} host", port.protocol),
        _ => format!("*:{from}→{to}/{}", port.protocol),
    }
}

/// The fields that a filter searches, in words.
const SEARCHED: &str = "name, ID, stack, mode, replicas, severity, image with its digest, update, ports, \
    labels, constraints, addresses, networks, secrets, configs, mounts";

/// Texts that a filter searches.
pub fn texts<'a>(service: &'a Service, model: &'a Model) -> Vec<Cow<'a, str>> {
    let plain = |text: &'a str| Cow::Borrowed(text);
    let mut texts = vec![
        plain(&service.name),
        plain(service.mode.word()),
        plain(&service.image),
        Cow::Owned(replicas(service, model)),
        update(service).text,
    ];
    texts.extend(service.stack.as_deref().map(plain));
    texts.extend(service.update.as_ref().map(|update| plain(update.state.word())));
    texts.extend(model.troubled.get(&service.id).map(|severity| plain(severity.word())));
    for port in &service.ports {
        texts.push(Cow::Owned(port_in_words(port)));
        // As the docker CLI prints and takes it.
        let (from, to, protocol) = (port.published, port.target, &port.protocol);
        texts.push(Cow::Owned(format!("*:{from}->{to}/{protocol} {from}:{to}")));
        texts.push(plain(if port.mode == PublishMode::Host { "host" } else { "ingress" }));
    }
    // The stack's own labels stand on every service of it.
    let labels = service.labels.iter().filter(|(key, _)| !key.starts_with("com.docker.stack."));
    texts.extend(labels.map(|(key, value)| Cow::Owned(format!("{key}={value}"))));
    texts.extend(service.constraints.iter().map(|constraint| plain(constraint)));
    texts.extend(service.vips.iter().map(|(_, address)| plain(address)));
    texts.extend(service.aliases.iter().map(|(_, name)| plain(name)));
    let network = |id| Some(plain(&model.store.network(id)?.name));
    texts.extend(service.networks.iter().filter_map(|id| network(id.as_str())));
    texts.extend(service.secrets.iter().map(|secret| plain(&secret.name)));
    texts.extend(service.configs.iter().map(|config| plain(&config.name)));
    for mount in &service.mounts {
        texts.extend([plain(&mount.source), plain(&mount.target)]);
    }
    texts
}

/// The columns.
pub const COLUMNS: &[Column<Service>] = &[
    Column {
        title: "",
        min: 1,
        max: 1,
        shed: 0,
        right: false,
        cell: |s, c| health(s, c).cell(),
        key: |s, c| Key::Number(health(s, c) as i64),
    },
    Column {
        title: "NAME",
        min: 16,
        max: 40,
        shed: 0,
        right: false,
        cell: |s, c| Cell::name(&*s.name, health(s, c).slot()),
        key: |_, _| Key::Place,
    },
    Column {
        title: "STACK",
        min: 8,
        max: 24,
        shed: 8,
        right: false,
        cell: |s, _| Cell::dim(s.stack.as_deref().unwrap_or("")),
        key: |s, _| Key::text(s.stack.as_deref().unwrap_or("")),
    },
    Column {
        title: "MODE",
        min: 4,
        max: 14,
        shed: 7,
        right: false,
        cell: |s, _| {
            Cell::dim(match s.mode {
                Mode::Replicated(_) => "repl",
                ref other => other.word(),
            })
        },
        key: |s, _| Key::text(s.mode.word()),
    },
    Column {
        title: "REPLICAS",
        min: 12,
        max: 16,
        shed: 0,
        right: false,
        cell: |s, c| {
            let slot = match health(s, c) {
                Health::Well => Slot::Text,
                other => other.slot(),
            };
            Cell::new(replicas(s, c), slot)
        },
        key: |s, c| {
            let m = c.store.missing(s);
            Key::Number(if m.job.is_some() {
                m.running as i64 - m.desired as i64
            } else {
                -(m.lacking() as i64)
            })
        },
    },
    Column {
        title: "IMAGE",
        min: 10,
        max: 44,
        shed: 3,
        right: false,
        cell: |s, _| {
            if s.is_unread {
                Cell::new("can't be read", Slot::Warn)
            } else {
                Cell::text(s.image_tag()).or(|room| text::end(s.image_tag(), room).into_owned())
            }
        },
        key: |s, _| Key::text(&*s.image),
    },
    Column {
        title: "UPDATE",
        min: 9,
        max: 15,
        shed: 2,
        right: false,
        cell: |s, _| update(s),
        key: |s, _| Key::text(s.update.as_ref().map_or("", |u| u.state.word())),
    },
    Column {
        title: "PORTS",
        min: 7,
        max: 30,
        shed: 4,
        right: false,
        cell: |s, _| Cell::dim(ports(s)).or(|room| ports_in_short(s, room)),
        key: |s, _| Key::Number(s.ports.first().map_or(0, |p| i64::from(p.published))),
    },
    Column {
        title: "SPARE",
        min: 5,
        max: 7,
        shed: 9,
        right: false,
        cell: spare,
        key: |s, c| {
            let left = |loss: Loss| (loss.keeps * 1_000 / loss.desired.max(1)) as i64;
            Key::Number(without_spare(&c.store, s).map_or(i64::MAX, left))
        },
    },
    Column {
        title: "CHANGED",
        min: 4,
        max: 7,
        shed: 1,
        right: true,
        cell: |s, c| Cell::dim(c.age(c.store.changed(s))),
        key: |s, c| Key::newest_first(c.store.changed(s)),
    },
];

/// The kinds that are shown of a service: it is short or not by its tasks and their nodes.
const SHOWN: &[Kind] = &[Kind::Swarm, Kind::Services, Kind::Tasks, Kind::Nodes];

/// The services.
pub struct Services {
    /// The list.
    pub table: Table<ServiceId>,
    /// Only those that use this, or belong to it.
    of: Option<Subject>,
}

impl Services {
    /// Lists the services that use something.
    pub fn open(&mut self, of: Option<Subject>) {
        self.of = of;
        self.table.set_filter("");
        self.table.reset();
    }

    /// Lists all services again.
    pub fn open_all(&mut self) {
        if self.of.take().is_some() {
            self.table.stale();
        }
    }
}

impl Default for Services {
    fn default() -> Self {
        let mut table = Table::ordered(Sorting::By(titles));
        table.can_be_marked = true;
        Self { table, of: None }
    }
}

fn titles() -> Vec<&'static str> {
    COLUMNS.iter().map(|column| column.title).collect()
}

impl Screen for Services {
    fn refresh(&mut self, cx: Cx<'_>) {
        let (model, table) = (&cx.cluster.model, &mut self.table);
        if table.is_fresh(model.stamp(SHOWN), cx.cluster.now) {
            return;
        }
        let store = &model.store;
        let of = self.of.as_ref().map(|of| store.users_of(of).iter().collect::<HashSet<_>>());
        let listed = |id: &&ServiceId| of.as_ref().is_none_or(|of| of.contains(id));
        let known = model.order.services.iter().filter(listed).filter_map(|id| store.service(id));
        let passes = |s: &&Service| table.filter.passes_object(s.id.as_str(), || texts(s, model));
        let found: Vec<_> = known.filter(passes).collect();
        let key = COLUMNS[table.sort].key;
        let sorted = sort(&found, table.reverse, |_| false, |s| key(s, model));
        let rows = sorted.into_iter().map(|s| s.id.clone()).collect();
        table.marked.retain(|id| store.service(id).is_some());
        let all = of.as_ref().map_or(store.services().len(), HashSet::len);
        table.set(rows, all, model.stamp(SHOWN), cx.cluster.now);
    }

    fn stale(&mut self) {
        self.table.stale();
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let name = match &self.of {
            None => "Services".to_owned(),
            Some(Subject::Stack(stack)) if stack.is_empty() => "Services of no stack".to_owned(),
            Some(of) => {
                let name = cluster.model.store.name_of(of);
                format!("Services of {} {}", of.kind(), text::clean(&name))
            }
        };
        let all = table.all;
        let head = title(cluster, &name, table.rows().len(), all, &table.filter);
        let inner = frame_of(cluster, frame, area, head, cx.focused);
        if table.rows().is_empty() {
            let nothing = match self.of {
                None => "no services yet: docker service create …",
                Some(_) => "no service uses it",
            };
            let hidden = table.hidden("services", SEARCHED);
            return empty(cluster, frame, inner, hidden, nothing);
        }
        let store = &cluster.model.store;
        rows(cluster, frame, inner, (table, COLUMNS, cx.focused), |id| store.service(id));
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn select(&mut self, subject: &Subject, _: &Cluster) {
        if let Subject::Service(id) = subject {
            self.table.select(id.clone());
        }
    }

    fn count(&self, cluster: &Cluster) -> Count {
        let store = &cluster.model.store;
        Count::known(store.services_known(), store.services().len())
    }

    fn subject(&self, _: &Cluster) -> Option<Subject> {
        self.table.current().cloned().map(Subject::Service)
    }

    fn chosen(&self, _: &Cluster) -> Vec<Subject> {
        self.table.chosen().into_iter().map(Subject::Service).collect()
    }

    fn interest(&self, cx: Cx<'_>, wanted: &mut Vec<ServiceId>) {
        if cx.leader.is_none() {
            wanted.extend(self.table.current().cloned());
        }
    }
}
