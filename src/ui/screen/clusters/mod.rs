//! The view of all clusters together: a line each, the managers of the one under the cursor, and the
//! problems and events of all.

pub(in crate::ui) mod draw;

use std::borrow::Cow;

use ratatui::{Frame, layout::Rect};

use crate::{
    cluster::{Entry, Gravity, NodeId, Subject, Timestamp},
    config::Slot,
    grant::ClusterNo,
    session::{Reach, Way},
    text::took,
    triage::{Severity, Urgency},
    ui::{
        app::{Effect, cluster::Cluster, link::LinkState},
        input::actions::{Act, KeyContext},
        screen::{Cx, Handled, Screen, Then, problems::words},
        table::{Row, Table, rows::Rows},
        widget::text,
    },
};

/// Events of all clusters that are kept in sight.
const EVENTS: usize = 500;

/// Between two looks at all clusters, while nobody presses a key: of fifty there is always news.
const REFRESH: std::time::Duration = std::time::Duration::from_secs(1);

/// Its panes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClustersPane {
    #[default]
    Clusters,
    Managers,
    Problems,
    Events,
}

impl ClustersPane {
    pub(in crate::ui) const ALL: [Self; 4] =
        [Self::Clusters, Self::Managers, Self::Problems, Self::Events];
}

/// Health of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterHealth {
    Lost,
    Critical,
    Silent,
    Connecting,
    Warning,
    Ok,
}

/// A cluster's line.
#[derive(Clone, Debug)]
pub struct ClusterRow {
    pub no: ClusterNo,
    pub name: String,
    pub health: ClusterHealth,
    pub nodes: Option<(usize, usize)>,
    pub services: (usize, usize),
    pub running: u64,
    pub critical: usize,
    pub warnings: usize,
    /// Age of the data, if there is any.
    pub age: Option<std::time::Duration>,
    pub manager: String,
    pub read_only: bool,
    pub production: bool,
    pub current: bool,
    /// The worst problem, or why the link is lost.
    pub worst: String,
}

/// A manager's line.
#[derive(Clone, Debug)]
pub struct ManagerRow {
    pub endpoint: String,
    pub node: String,
    pub state: &'static str,
    pub slot: Slot,
    pub round_trip: String,
    pub way: Option<Way>,
    pub note: String,
}

/// A problem of some cluster.
#[derive(Clone, Debug)]
pub struct ClusterProblem {
    pub cluster: ClusterNo,
    pub name: String,
    pub severity: Severity,
    /// Its harm, and the number of other findings that it explains.
    pub weight: (u8, usize),
    pub rule: &'static str,
    pub object: String,
    pub message: String,
    pub brief: String,
    /// It is new, or nothing else can be seen.
    pub in_front: bool,
    pub since: String,
    pub subject: Subject,
}

impl ClusterProblem {
    /// Its urgency, the same as that of the problem itself.
    fn urgency(&self) -> Urgency<'_> {
        Urgency::new(self.severity, self.weight, &self.object, self.rule)
    }
}

/// An event of some cluster.
#[derive(Clone, Debug)]
pub struct ClusterEvent {
    pub cluster: ClusterNo,
    pub name: String,
    pub seq: u64,
    pub at: Timestamp,
    pub object: String,
    pub text: String,
    pub gravity: Gravity,
    pub subject: Subject,
}

impl Row for ClusterRow {
    type Id = ClusterNo;
    fn id(&self) -> ClusterNo {
        self.no
    }
}

impl Row for ManagerRow {
    type Id = String;
    fn id(&self) -> String {
        self.endpoint.clone()
    }
}

impl Row for ClusterProblem {
    type Id = (ClusterNo, &'static str, String);
    fn id(&self) -> Self::Id {
        (self.cluster, self.rule, self.object.clone())
    }
}

impl Row for ClusterEvent {
    type Id = (ClusterNo, u64);
    fn id(&self) -> Self::Id {
        (self.cluster, self.seq)
    }
}

/// The state of the view.
pub(in crate::ui) struct Clusters {
    pub pane: ClustersPane,
    pub clusters: Table<ClusterRow>,
    pub managers: Table<ManagerRow>,
    pub problems: Table<ClusterProblem>,
    pub events: Table<ClusterEvent>,
    pub refreshed: Option<Timestamp>,
}

impl Default for Clusters {
    fn default() -> Self {
        Self {
            pane: ClustersPane::default(),
            clusters: Table::default(),
            managers: Table::default(),
            problems: Table::default(),
            events: Table::newest_last(),
            refreshed: None,
        }
    }
}

impl Clusters {
    /// Moves the keyboard to another part of the view.
    fn turn(&mut self, by: isize) {
        let all = ClustersPane::ALL;
        let at = all.iter().position(|p| *p == self.pane).unwrap_or(0);
        self.pane = all[(at as isize + by).rem_euclid(all.len() as isize) as usize];
    }

    /// Where Enter leads: to a cluster, and to an object there.
    fn target(&self) -> Option<(ClusterNo, Option<Subject>)> {
        match self.pane {
            ClustersPane::Clusters | ClustersPane::Managers => {
                self.clusters.current().map(|row| (row.no, None))
            }
            ClustersPane::Problems => {
                self.problems.current().map(|row| (row.cluster, Some(row.subject.clone())))
            }
            ClustersPane::Events => {
                self.events.current().map(|row| (row.cluster, Some(row.subject.clone())))
            }
        }
    }
}

/// Its keys in the footer.
const FOOTER: &[(Act, &str)] = &[
    (Act::Enter, "open"),
    (Act::NextPane, "next pane"),
    (Act::Back, "back"),
    (Act::Palette, "command"),
    (Act::Help, "help"),
    (Act::Quit, "quit"),
];

impl Screen for Clusters {
    fn context(&self) -> KeyContext {
        KeyContext::Clusters
    }

    fn refresh(&mut self, cx: Cx<'_>) {
        let (clusters, now) = (cx.open(), cx.cluster.now);
        // It looks at every cluster: once a second is enough for what is only heard.
        if self.refreshed.is_some_and(|at| at.age(now) < REFRESH) {
            return;
        }
        self.refreshed = Some(now);
        let shown = cx.cluster.no;
        let rows: Vec<_> = clusters.clone().map(|b| cluster_row(b, b.no == shown)).collect();
        let count = rows.len();
        self.clusters.set(rows, count, 0, now);
        let chosen = self.clusters.current().map(|row| row.no);
        let managers: Vec<_> =
            clusters.clone().filter(|b| Some(b.no) == chosen).flat_map(manager_rows).collect();
        let count = managers.len();
        self.managers.set(managers, count, 0, now);
        let mut problems: Vec<_> = clusters.clone().flat_map(problem_rows).collect();
        problems.sort_by(|a, b| {
            b.in_front.cmp(&a.in_front).then_with(|| a.urgency().cmp(&b.urgency()))
        });
        let count = problems.len();
        self.problems.set(problems, count, 0, now);
        let events = newest_events(clusters);
        let count = events.len();
        self.events.set(events, count, 0, now);
    }

    fn tick(&mut self, cx: Cx<'_>) -> Vec<Effect> {
        self.refreshed = None;
        self.refresh(cx);
        Vec::new()
    }

    fn stale(&mut self) {
        self.refreshed = None;
    }

    fn draws_news(&self) -> bool {
        false
    }

    fn footer(&self) -> Option<&'static [(Act, &'static str)]> {
        Some(FOOTER)
    }

    fn follows(&self) -> bool {
        self.pane != ClustersPane::Events || self.events.missed().is_none()
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        draw::draw(self, cx.cluster, frame, area);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(match self.pane {
            ClustersPane::Clusters => &self.clusters,
            ClustersPane::Managers => &self.managers,
            ClustersPane::Problems => &self.problems,
            ClustersPane::Events => &self.events,
        })
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        // What the user does is done at once.
        self.stale();
        Some(match self.pane {
            ClustersPane::Clusters => &mut self.clusters,
            ClustersPane::Managers => &mut self.managers,
            ClustersPane::Problems => &mut self.problems,
            ClustersPane::Events => &mut self.events,
        })
    }

    /// No action here is for an object: Enter opens it in its cluster.
    fn subject(&self, _: &Cluster) -> Option<Subject> {
        None
    }

    fn act(&mut self, act: Act, _: &mut Cluster) -> Handled {
        match act {
            Act::NextPane => self.turn(1),
            Act::PreviousPane => self.turn(-1),
            Act::Enter => {
                let Some((cluster, subject)) = self.target() else { return Handled::Yes };
                return Handled::Then(Then::Open(cluster, subject));
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn offers(&self, act: Act, _: &Cluster) -> Option<bool> {
        let elsewhere = [Act::NextCluster, Act::PreviousCluster, Act::Dismiss];
        (!elsewhere.contains(&act)).then_some(true)
    }

    fn leave(&mut self) -> bool {
        false
    }

    fn can_leave(&self) -> bool {
        false
    }

    fn opened(&mut self, _: bool, _: &Cluster) {
        self.stale();
    }
}

fn cluster_row(cluster: &Cluster, current: bool) -> ClusterRow {
    let store = &cluster.model.store;
    let count = |severity| cluster.loud().filter(|p| p.severity == severity).count();
    let (critical, warnings) = (count(Severity::Critical), count(Severity::Warning));
    let (health, lost) = match &cluster.link.state {
        LinkState::Lost { .. } => (ClusterHealth::Lost, cluster.why_lost().map(Cow::into_owned)),
        LinkState::Connecting { endpoint } => {
            (ClusterHealth::Connecting, Some(format!("connecting to {endpoint} …")))
        }
        LinkState::Live { .. } if !cluster.is_live() => (ClusterHealth::Silent, None),
        LinkState::Live { .. } if critical > 0 => (ClusterHealth::Critical, None),
        LinkState::Live { .. } if warnings > 0 => (ClusterHealth::Warning, None),
        LinkState::Live { .. } if cluster.tasks_silent().is_some() => {
            (ClusterHealth::Silent, cluster.model.live().unread().sentence())
        }
        LinkState::Live { .. } => (ClusterHealth::Ok, None),
    };
    let all = store.health();
    let worst = || cluster.loud().next().map_or(String::new(), |p| p.message.clone());
    ClusterRow {
        no: cluster.no,
        name: cluster.settings.name.clone(),
        health,
        nodes: store.nodes_known().then(|| (all.ready, store.nodes().len())),
        services: (all.converged, store.services().len()),
        running: store.running(),
        critical,
        warnings,
        age: cluster.link.last_heard.map(|_| cluster.data_age()),
        manager: store.info().manager.to_string(),
        read_only: cluster.is_read_only(),
        production: cluster.settings.production,
        current,
        worst: lost.unwrap_or_else(worst),
    }
}

/// The managers skep was told of, then those the Swarm itself names.
fn manager_rows(cluster: &Cluster) -> Vec<ManagerRow> {
    let store = &cluster.model.store;
    let mut rows: Vec<ManagerRow> = cluster
        .link
        .managers
        .iter()
        .map(|line| {
            let (state, slot, round_trip, note) = match &line.reach {
                Reach::Untried => ("not tried yet", Slot::Dim, String::new(), String::new()),
                Reach::InUse { round_trip } => {
                    ("in use", Slot::Ok, took(*round_trip), String::new())
                }
                Reach::Ready { round_trip } => {
                    ("ready", Slot::Text, took(*round_trip), String::new())
                }
                Reach::Out { why } => ("out", Slot::Critical, String::new(), why.clone()),
            };
            let hostname = |id: &std::sync::Arc<str>| {
                let id = NodeId::from(&**id);
                store.node(&id).map_or_else(String::new, |n| n.hostname.to_string())
            };
            // The reason begins with the endpoint, which stands in its own column.
            let own = format!("{}: ", line.endpoint);
            ManagerRow {
                endpoint: line.endpoint.clone(),
                node: line.node.as_ref().map(hostname).unwrap_or_default(),
                state,
                slot,
                round_trip,
                way: Some(line.way),
                note: note.strip_prefix(&own).map(str::to_owned).unwrap_or(note),
            }
        })
        .collect();
    let known =
        |id: &NodeId| cluster.link.managers.iter().any(|m| m.node.as_deref() == Some(id.as_str()));
    let unconfigured = store.nodes().filter(|n| n.manager.is_some() && !known(&n.id));
    rows.extend(unconfigured.map(|node| {
        let host = node.manager.as_ref().map_or("", |m| &*m.addr);
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        // An endpoint that has not answered yet may be this very manager.
        let maybe = cluster
            .link
            .managers
            .iter()
            .find(|m| m.node.is_none() && m.endpoint.contains(host) && !host.is_empty());
        ManagerRow {
            endpoint: host.to_owned(),
            node: node.hostname.to_string(),
            state: if maybe.is_some() { "as above" } else { "not configured" },
            slot: Slot::Dim,
            round_trip: String::new(),
            way: None,
            note: match maybe {
                Some(_) => String::new(),
                None => {
                    "a manager of this Swarm; -H or the config file would let skep use it".into()
                }
            },
        }
    }));
    rows
}

fn problem_rows(cluster: &Cluster) -> Vec<ClusterProblem> {
    let row = |p: &crate::triage::Problem| ClusterProblem {
        cluster: cluster.no,
        name: cluster.settings.name.clone(),
        severity: p.severity,
        weight: (p.harm, p.others()),
        rule: p.rule,
        object: p.object.clone(),
        message: p.message.clone(),
        brief: p.brief.clone(),
        in_front: p.is_new(cluster.model.now),
        since: words::since(p, cluster.model.now),
        subject: p.subject.clone(),
    };
    // Of a Swarm without quorum its own problem tells.
    let told = cluster.leaderless().is_some() && cluster.loud().any(|p| p.rule == "quorum-lost");
    let lost = match &cluster.link.state {
        LinkState::Lost { why, .. } if !told => Some(ClusterProblem {
            cluster: cluster.no,
            name: cluster.settings.name.clone(),
            severity: Severity::Critical,
            weight: (u8::MAX, 0),
            rule: "link",
            object: String::new(),
            message: format!("can't be seen: {why}"),
            brief: String::new(),
            in_front: true,
            since: cluster.link.last_heard.map_or(String::new(), |_| text::age(cluster.data_age())),
            subject: Subject::Other,
        }),
        _ => None,
    };
    lost.into_iter().chain(cluster.loud().map(row)).collect()
}

/// The newest events of all, the newest last: of thousands only these become rows.
fn newest_events<'c>(clusters: impl Iterator<Item = &'c Cluster>) -> Vec<ClusterEvent> {
    let mut events: Vec<(Timestamp, &Cluster, &Entry)> = Vec::new();
    for cluster in clusters {
        let journal = cluster.model.store.journal().iter();
        let skip = journal.len().saturating_sub(EVENTS);
        // By our clock, so that clusters with other clocks are in order.
        let at = |e: &Entry| e.at.shifted(-cluster.link.skew);
        events.extend(journal.skip(skip).map(|e| (at(e), cluster, e)));
    }
    events.sort_by_key(|(at, ..)| *at);
    let newest = events.iter().skip(events.len().saturating_sub(EVENTS));
    let row = |(at, cluster, e): &(Timestamp, &Cluster, &Entry)| ClusterEvent {
        cluster: cluster.no,
        name: cluster.settings.name.clone(),
        seq: e.seq,
        at: *at,
        object: e.name.to_string(),
        text: e.said().into_owned(),
        gravity: e.gravity,
        subject: e.subject.clone(),
    };
    newest.map(row).collect()
}

/// An age, as the tables write it.
pub(in crate::ui) fn age(age: Option<std::time::Duration>) -> String {
    age.map_or(String::new(), text::age)
}
