//! The whole state of the UI: a [`Workspace`] for every open cluster, the one on the screen, and the view
//! of all together. [`App::update`] is the only way it changes.

pub(in crate::ui) mod cluster;
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
pub(in crate::ui) mod wall;
pub(in crate::ui) mod workspace;

use std::{path::PathBuf, sync::Arc};

use crate::{
    cluster::Timestamp,
    grant::ClusterNo,
    session::SessionEvent,
    ui::{
        app::{
            cluster::Cluster,
            draw::{body, is_tiny},
            settings::{Input, Settings},
            workspace::Workspace,
        },
        input::mouse::Mouse,
        screen::{clusters::ClustersView, wall::Wall},
        terminal::{performance::Performance, user_files::Failed},
    },
};

pub use crate::ui::app::message::{Effect, Msg};
pub use crate::ui::app::opening::{Appearance, OpenCluster, Opening};

/// The state of the UI.
pub struct App {
    /// By cluster number; those that are not open yet, or went on as another, stay as they were.
    pub(in crate::ui) workspaces: Vec<Workspace>,
    pub(in crate::ui) merged: Vec<bool>,
    pub(in crate::ui) current: usize,
    pub(in crate::ui) clusters: ClustersView,
    pub(in crate::ui) wall: Wall,
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
        let merged = open_clusters.iter().map(|open| open.spare).collect();
        let workspaces: Vec<Workspace> = open_clusters
            .into_iter()
            .enumerate()
            .map(|(no, open)| {
                let settings = Settings {
                    named: open.name.is_some(),
                    name: open.name.unwrap_or_else(|| short(&open.endpoint)),
                    colour: open.colour,
                    production: open.production,
                    grant: open.grant,
                    appearance: opening.appearance.clone(),
                    keymap: Arc::clone(&opening.keymap),
                    hint: opening.hint.is_some(),
                    log_keys: opening.log_keys.clone(),
                    view: opening.view,
                    thresholds: opening.thresholds.clone(),
                    who: opening.who.clone(),
                    folder: opening.folder.clone(),
                    home: opening.home.clone(),
                };
                Workspace::new(ClusterNo(no), settings, open.endpoint, now)
            })
            .collect();
        let mut app = Self {
            merged,
            workspaces,
            current: 0,
            wall: Wall::new(opening.wall),
            mouse: Mouse::default(),
            clusters: ClustersView { open: opening.clusters, ..ClustersView::default() },
            now,
            dirty: true,
            hint: opening.hint,
        };
        for notice in opening.notices {
            app.workspaces[0].cluster.notice(notice);
        }
        app.workspaces[0].show(!app.wall.open, now);
        app.tell_siblings();
        app
    }

    /// The cluster on the screen.
    pub fn cluster(&self) -> &Cluster {
        &self.workspaces[self.current].cluster
    }

    /// The same, with its screens.
    pub fn workspace(&self) -> &Workspace {
        &self.workspaces[self.current]
    }

    /// The clusters that are open.
    pub(in crate::ui) fn open(&self) -> impl DoubleEndedIterator<Item = &Cluster> + Clone {
        self.workspaces
            .iter()
            .zip(&self.merged)
            .filter(|(_, merged)| !**merged)
            .map(|(w, _)| &w.cluster)
    }

    /// Takes in what happened; returns what is to be done outside.
    pub fn update(&mut self, msg: Msg, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        let told = matches!(msg, Msg::Session(_));
        let mut effects = Vec::new();
        match msg {
            Msg::Key(key) if self.wall.open => {
                effects.extend(self.wall_key(&key));
                self.dirty = true;
            }
            Msg::Key(key) => {
                let busy = self.open().any(|b| b.no.0 != self.current && b.is_busy());
                self.workspaces[self.current].cluster.others.busy = busy;
                if !self.clusters_key(&key) {
                    self.workspaces[self.current].update(Input::Key(key), now);
                }
                self.dirty = true;
            }
            Msg::Paste(text) => {
                self.workspaces[self.current].update(Input::Paste(text), now);
                self.dirty = true;
            }
            Msg::Mouse(event, screen) => {
                // Where there is no room for panes there is nothing to point at.
                if !self.wall.open && !is_tiny(screen) {
                    let clusters = self.clusters.open.then_some(&mut self.clusters);
                    let workspace = &mut self.workspaces[self.current];
                    workspace.cluster.now = now;
                    let body = body(&workspace.cluster, screen);
                    self.mouse.take(event, body, workspace, clusters);
                }
                self.workspaces[self.current].update(Input::Pointed, now);
                self.dirty = true;
            }
            Msg::Session(told) => self.hear(told, now),
            Msg::Tick => {
                for workspace in &mut self.workspaces {
                    workspace.update(Input::Tick, now);
                }
                if self.wall.open {
                    let open = self.workspaces.iter().zip(&self.merged).filter(|(_, m)| !**m);
                    effects.extend(self.wall.tick(open.map(|(w, _)| &w.cluster), now));
                }
                self.dirty = true;
            }
        }
        effects.extend(self.derive(!told, now));
        effects
    }

    /// Takes in an event of a session; more may follow before [`App::catch_up`].
    pub(in crate::ui) fn hear(&mut self, told: SessionEvent, now: Timestamp) {
        match told {
            SessionEvent::Cluster(no, event) => {
                if let Some(workspace) = self.workspaces.get_mut(no.0) {
                    workspace.hear(event, now);
                }
            }
            SessionEvent::Opened { no, endpoint } => {
                if let (Some(workspace), Some(merged)) =
                    (self.workspaces.get_mut(no.0), self.merged.get_mut(no.0))
                {
                    *merged = false;
                    workspace.cluster.settings.name = short(&endpoint);
                    self.tell_siblings();
                    self.dirty = true;
                }
            }
            SessionEvent::Merged { gone, into, read_only } => self.merge(gone, into, read_only),
        }
    }

    /// Goes on with work that was put off.
    pub(in crate::ui) fn work(&mut self, now: Timestamp) -> Vec<Effect> {
        for workspace in self.workspaces.iter_mut().filter(|b| b.has_work()) {
            workspace.work(now);
        }
        self.catch_up(now)
    }

    /// Works out what follows from what was heard.
    pub(in crate::ui) fn catch_up(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.derive(false, now)
    }

    fn derive(&mut self, at_once: bool, now: Timestamp) -> Vec<Effect> {
        for workspace in self.workspaces.iter_mut().filter(|w| w.cluster.has_news()) {
            workspace.derive(now);
        }
        self.answer_requests();
        self.look_elsewhere();
        // It looks at every cluster: a few times a second is enough for what is only heard.
        if self.clusters.open && (at_once || self.clusters.is_due(now)) {
            let merged = &self.merged;
            let open =
                self.workspaces.iter().zip(merged).filter(|(_, m)| !**m).map(|(w, _)| &w.cluster);
            self.clusters.refresh(open, self.current, now);
        }
        self.workspaces.iter_mut().flat_map(|w| w.cluster.take_effects()).collect()
    }

    /// Whether there is work left that was put off to let keys through.
    pub(in crate::ui) fn has_work(&self) -> bool {
        self.workspaces.iter().any(Workspace::has_work)
    }

    /// A file that the user asked for could not be written: no log goes on into it.
    pub(in crate::ui) fn not_written(&mut self, failed: &Failed) {
        for workspace in &mut self.workspaces {
            if let Some(log) =
                workspace.screens.logs.log.as_mut().filter(|l| l.tee.as_ref() == Some(&failed.path))
            {
                log.tee = None;
            }
        }
        self.workspaces[self.current].cluster.say(format!(
            "{}: {}",
            failed.path.display(),
            failed.why
        ));
        self.dirty = true;
    }

    /// Whether the performance of skep is on the screen.
    pub(in crate::ui) fn wants_performance(&self) -> bool {
        self.workspace().shows_stats()
    }

    /// Sets the performance of skep itself.
    pub(in crate::ui) fn set_performance(&mut self, performance: Performance) {
        self.workspaces[self.current].cluster.performance = Some(performance);
    }

    /// The screen was drawn: what it shows can be read from `now` on.
    pub fn drawn(&mut self, now: Timestamp) {
        if !self.wall.open {
            self.workspaces[self.current].drawn(now);
        }
    }

    /// Whether something that is drawn changed since this was last asked.
    pub(in crate::ui) fn take_dirty(&mut self) -> bool {
        let clusters = self.clusters.open;
        let mut dirty = std::mem::take(&mut self.dirty);
        for (at, workspace) in self.workspaces.iter_mut().enumerate() {
            // The wall is drawn by the clock.
            let drawn = !self.wall.open && (clusters || at == self.current);
            dirty |= workspace.cluster.take_dirty() && drawn;
        }
        dirty
    }

    /// Whether the Swarm on the screen has not been read whole yet.
    pub(in crate::ui) fn is_loading(&self) -> bool {
        !self.workspaces[self.current].cluster.model.live().is_loaded()
    }
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
