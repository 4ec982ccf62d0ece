//! The whole state of the UI: the open clusters, beside them the screens and popups of each, and the screens
//! of all together. [`App::update`] is the only way it changes.

pub(in crate::ui) mod cluster;
pub(in crate::ui) mod containers;
pub(in crate::ui) mod draw;
pub(in crate::ui) mod link;
pub(in crate::ui) mod message;
pub(in crate::ui) mod model;
pub(in crate::ui) mod opening;
pub(in crate::ui) mod popups;
pub(in crate::ui) mod session_events;
pub(in crate::ui) mod settings;
pub(in crate::ui) mod switch;
pub(in crate::ui) mod toast;
pub(in crate::ui) mod trend;
pub(in crate::ui) mod workspace;

use std::{path::PathBuf, sync::Arc};

use crate::{
    cluster::Timestamp,
    grant::ClusterNo,
    session::{Command, SessionEvent},
    ui::{
        app::{
            cluster::Cluster,
            draw::{body, is_tiny},
            settings::{Input, Settings},
            workspace::{Layers, Workspace},
        },
        input::mouse::Mouse,
        popup::Popup,
        screen::{
            Cx, Screen,
            below::Below,
            kinds::{TogetherView, View},
            registry::Together,
        },
        terminal::{performance::Performance, user_files::Failed},
    },
};

pub use crate::ui::app::message::{Effect, Msg};
pub use crate::ui::app::opening::{Appearance, OpenCluster, Openable, Opening};

/// The state of the UI.
pub struct App {
    /// By cluster number; those that are not open yet, or went on as another, stay as they were.
    pub(in crate::ui) clusters: Vec<Cluster>,
    /// The screens and popups of each.
    pub(in crate::ui) layers: Vec<Layers>,
    /// The cluster that is shown.
    pub(in crate::ui) current: usize,
    /// The screens of all clusters.
    pub(in crate::ui) together: Together,
    pub(in crate::ui) mouse: Mouse,
    pub(in crate::ui) now: Timestamp,
    /// Something that is drawn changed.
    pub(in crate::ui) dirty: bool,
    /// Help is pointed to, and this is made when it is used.
    hint: Option<PathBuf>,
}

impl App {
    /// A UI that has heard nothing yet.
    pub fn new(opening: Opening, open_clusters: Vec<OpenCluster>, now: Timestamp) -> Self {
        let layers = open_clusters.iter().map(|_| Layers::new(opening.view)).collect();
        let clusters: Vec<Cluster> = open_clusters
            .into_iter()
            .enumerate()
            .map(|(no, open)| {
                let settings = Settings {
                    named: open.name.is_some(),
                    name: open.name.unwrap_or_else(|| short(&open.endpoint)),
                    colour: open.colour,
                    production: open.production,
                    logs_in_to_nodes: open.logs_in_to_nodes,
                    grant: open.grant,
                    shell: open.shell,
                    appearance: opening.appearance.clone(),
                    keymap: Arc::clone(&opening.keymap),
                    hint: opening.hint.is_some(),
                    log_keys: opening.log_keys.clone(),
                    thresholds: opening.thresholds.clone(),
                    who: opening.who.clone(),
                    folder: opening.folder.clone(),
                    home: opening.home.clone(),
                };
                Cluster::new(ClusterNo(no), settings, (open.endpoint, !open.spare), now)
            })
            .collect();
        let over = match (opening.wall.open, opening.clusters) {
            (true, _) => Some(TogetherView::Wall),
            (false, true) => Some(TogetherView::Clusters),
            (false, false) => None,
        };
        let mut together = Together { over, ..Together::default() };
        together.wall.settings = opening.wall;
        let mut app = Self {
            clusters,
            layers,
            current: 0,
            together,
            mouse: Mouse::default(),
            now,
            dirty: true,
            hint: opening.hint,
        };
        for cluster in &mut app.clusters {
            cluster.others.openable.clone_from(&opening.openable);
        }
        for notice in opening.notices {
            app.clusters[0].notice(notice);
        }
        app.tell_siblings();
        app.derive_cluster(0, now);
        app
    }

    /// The cluster on the screen.
    pub fn cluster(&self) -> &Cluster {
        &self.clusters[self.current]
    }

    /// The same with its screens.
    pub(in crate::ui) fn below(&self) -> Below<'_> {
        let screens = &self.layers[self.current].screens;
        Below { cluster: self.cluster(), screens, together: &self.together }
    }

    /// A cluster with its screens and popups, to be changed.
    pub(in crate::ui) fn workspace(&mut self, no: usize) -> Workspace<'_> {
        let Layers { screens, popups } = &mut self.layers[no];
        let (cluster, together) = (&mut self.clusters[no], &mut self.together);
        Workspace { cluster, screens, popups, together }
    }

    /// The clusters that are open.
    pub(in crate::ui) fn open(&self) -> impl DoubleEndedIterator<Item = &Cluster> + Clone {
        self.clusters.iter().filter(|cluster| cluster.is_open)
    }

    /// Takes in what happened; returns what is to be done outside.
    pub fn update(&mut self, msg: Msg, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.dirty |= !matches!(msg, Msg::Session(_));
        match msg {
            Msg::Key(key) => {
                let busy = self.open().any(|b| b.no.0 != self.current && b.is_busy());
                self.clusters[self.current].others.busy = busy;
                self.input(Input::Key(key), now);
            }
            Msg::Paste(text) => self.input(Input::Paste(text), now),
            Msg::Mouse(event, screen) => {
                // Where there is no room for panes there is nothing to point at.
                if !is_tiny(screen) {
                    let body = body(self.cluster(), screen);
                    let mut mouse = std::mem::take(&mut self.mouse);
                    self.clusters[self.current].now = now;
                    mouse.take(event, body, &mut self.workspace(self.current));
                    self.mouse = mouse;
                }
                self.input(Input::Pointed, now);
            }
            Msg::Session(told) => self.hear(told, now),
            Msg::ShellOver(no, told) => {
                if let Some(cluster) = self.clusters.get_mut(no.0) {
                    cluster.shell_over(told);
                }
            }
            Msg::ShellNews(news) => {
                if let Some(cluster) = self.clusters.get_mut(news.cluster.0) {
                    cluster.shell_news(&news);
                }
            }
            Msg::Tick => return self.tick(now),
        }
        self.derive(now)
    }

    /// Takes in what someone did on the screen.
    fn input(&mut self, input: Input, now: Timestamp) {
        self.workspace(self.current).input(input, now);
        self.clusters[self.current].has_news = true;
    }

    /// Time goes by.
    fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        for (cluster, layers) in self.clusters.iter_mut().zip(&self.layers) {
            cluster.now = now;
            cluster.trend.note(cluster.model.live(), now.shifted(cluster.link.skew));
            if layers.shows_costs() {
                cluster.command(Command::Usage);
            }
            cluster.has_news = true;
        }
        let mut effects = self.derive(now);
        if let Some(screen) = self.together.screen_mut() {
            effects.extend(screen.tick(Cx::new(&self.clusters, self.current)));
        }
        effects
    }

    /// Takes in an event of a session; more may follow before [`App::catch_up`].
    pub(in crate::ui) fn hear(&mut self, told: SessionEvent, now: Timestamp) {
        match told {
            SessionEvent::Cluster(no, event) => {
                if no.0 < self.clusters.len() {
                    self.workspace(no.0).hear(event, now);
                }
            }
            SessionEvent::Opened { no, endpoint } => {
                if let Some(cluster) = self.clusters.get_mut(no.0) {
                    cluster.is_open = true;
                    cluster.settings.name = short(&endpoint);
                    self.tell_siblings();
                    self.dirty = true;
                }
            }
            SessionEvent::Greeted { no, answer } => {
                self.change_openable(|one| {
                    if one.no == Some(no) {
                        one.answer = Some(answer.clone());
                    }
                });
            }
            SessionEvent::Merged { gone, into, read_only } => self.merge(gone, into, read_only),
        }
    }

    /// Goes on with work that was put off.
    pub(in crate::ui) fn work(&mut self, now: Timestamp) -> Vec<Effect> {
        let is_shown = self.shown();
        for (no, (cluster, layers)) in self.clusters.iter_mut().zip(&self.layers).enumerate() {
            let is_behind = is_shown == Some(no) && layers.is_behind();
            if has_work(cluster, layers) || is_behind {
                cluster.now = now;
                cluster.has_news = true;
                // How far a filter is stands on the screen.
                cluster.dirty |= layers.is_filtering() || is_behind;
            }
        }
        self.catch_up(now)
    }

    /// Works out what follows from what was heard.
    pub(in crate::ui) fn catch_up(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.derive(now)
    }

    fn derive(&mut self, now: Timestamp) -> Vec<Effect> {
        self.derive_news(now);
        self.answer_requests();
        // They may have led to another cluster.
        self.derive_news(now);
        self.look_elsewhere();
        if let Some(screen) = self.together.screen_mut() {
            screen.refresh(Cx::new(&self.clusters, self.current));
        }
        self.clusters.iter_mut().flat_map(Cluster::take_effects).collect()
    }

    fn derive_news(&mut self, now: Timestamp) {
        for no in 0..self.clusters.len() {
            if self.clusters[no].has_news {
                self.derive_cluster(no, now);
            }
        }
    }

    /// Brings all that is derived from a cluster up to date: findings, rows, and the next requests.
    fn derive_cluster(&mut self, no: usize, now: Timestamp) {
        // Rows nobody sees are not kept up.
        let is_shown = self.shown() == Some(no);
        self.clusters[no].derive(now);
        if is_shown {
            let screens = &mut self.layers[no].screens;
            let model = &mut self.clusters[no].model;
            model.refresh_order();
            model.refresh_versions();
            if screens.visible().contains(&View::Events) {
                model.refresh_consequences();
            }
            screens.refresh(Cx::new(&self.clusters, no));
        }
        self.workspace(no).refresh(is_shown);
        let (screens, cx) = (&self.layers[no].screens, Cx::new(&self.clusters, no));
        let mut wanted = Vec::new();
        if is_shown {
            screens.interest(cx, &mut wanted);
        }
        // A log is followed wherever its reader is.
        screens.logs.interest(cx, &mut wanted);
        let looks = if is_shown { self.layers[no].looks(&self.clusters[no]) } else { Vec::new() };
        let listed = is_shown.then(|| self.layers[no].listed_node(&self.clusters[no])).flatten();
        self.clusters[no].watch(wanted);
        self.clusters[no].look_at(looks);
        self.clusters[no].list_containers_of(listed);
    }

    /// Whether there is work left that was put off to let keys through.
    /// Rows wait until those before them are `drawn`.
    pub(in crate::ui) fn has_work(&self, drawn: bool) -> bool {
        let mut all = self.clusters.iter().zip(&self.layers);
        all.any(|(cluster, layers)| has_work(cluster, layers))
            || (drawn && self.shown().is_some_and(|no| self.layers[no].is_behind()))
    }

    /// The cluster whose rows are on the screen.
    fn shown(&self) -> Option<usize> {
        self.together.over.is_none().then_some(self.current)
    }

    /// A file that the user asked for could not be written: no log goes on into it.
    pub(in crate::ui) fn not_written(&mut self, failed: &Failed) {
        for layers in &mut self.layers {
            let log = layers.screens.logs.log.as_mut();
            if let Some(log) = log.filter(|log| log.tee.as_ref() == Some(&failed.path)) {
                log.tee = None;
            }
        }
        let said = format!("{}: {}", failed.path.display(), failed.why);
        self.clusters[self.current].say(said);
        self.dirty = true;
    }

    /// Whether the performance of skep is on the screen.
    pub(in crate::ui) fn wants_performance(&self) -> bool {
        self.layers[self.current].shows_stats()
    }

    /// Sets the performance of skep itself.
    pub(in crate::ui) fn set_performance(&mut self, performance: Performance) {
        self.clusters[self.current].performance = Some(performance);
    }

    /// The screen was drawn: what it shows can be read from `now` on.
    pub fn drawn(&mut self, now: Timestamp) {
        let answer = match self.layers[self.current].popups.last_mut() {
            Some(Popup::Plan(plan)) => &mut plan.answer,
            Some(Popup::Shell(shell)) => &mut shell.answer,
            _ => return,
        };
        answer.drawn.get_or_insert(now);
    }

    /// Whether something that is drawn changed since this was last asked.
    pub(in crate::ui) fn take_dirty(&mut self) -> bool {
        let mut dirty = std::mem::take(&mut self.dirty);
        for (at, cluster) in self.clusters.iter_mut().enumerate() {
            let is_shown = at == self.current;
            let over = self.together.screen();
            let is_drawn = over.map_or(is_shown, |screen| screen.draws_news());
            dirty |= cluster.take_dirty() && is_drawn;
        }
        dirty
    }

    /// Whether the Swarm on the screen has not been read whole yet.
    pub(in crate::ui) fn is_loading(&self) -> bool {
        !self.cluster().model.live().is_loaded()
    }
}

/// Whether work on a cluster was put off to let keys through.
fn has_work(cluster: &Cluster, layers: &Layers) -> bool {
    let may_judge = !cluster.model.is_paused() && cluster.is_live();
    layers.is_filtering() || (may_judge && cluster.triage.has_work())
}

/// An endpoint without what all of them have: `10.0.0.1`, `docker.sock`.
fn short(endpoint: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    if endpoint.starts_with("unix://") {
        return rest.to_owned();
    }
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host.split('/').next().unwrap_or(host).to_owned()
}
