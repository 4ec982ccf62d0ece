//! The whole state of the UI: a [`Board`] for every open cluster, the one on the screen, and the view
//! of all together. [`App::update`] is the only way it changes.

pub(in crate::ui) mod board;
pub(in crate::ui) mod derive;
pub(in crate::ui) mod link;
pub(in crate::ui) mod message;
pub(in crate::ui) mod model;
pub(in crate::ui) mod opening;
pub(in crate::ui) mod session_events;
pub(in crate::ui) mod settings;
pub(in crate::ui) mod switch;
pub(in crate::ui) mod toast;
pub(in crate::ui) mod trend;

use std::{path::PathBuf, sync::Arc};

use crate::{
    cluster::Timestamp,
    grant::ClusterNo,
    session::SessionEvent,
    ui::{
        app::board::{Board, Input, Settings},
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
    pub(in crate::ui) boards: Vec<Board>,
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
        let boards: Vec<Board> = open_clusters
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
                Board::new(ClusterNo(no), settings, open.endpoint, now)
            })
            .collect();
        let mut app = Self {
            merged,
            boards,
            current: 0,
            wall: Wall::new(opening.wall),
            mouse: Mouse::default(),
            clusters: ClustersView { open: opening.clusters, ..ClustersView::default() },
            now,
            dirty: true,
            hint: opening.hint,
        };
        for notice in opening.notices {
            app.boards[0].notice(notice);
        }
        app.boards[0].show(!app.wall.open, now);
        app.tell_siblings();
        app
    }

    /// The cluster on the screen.
    pub fn board(&self) -> &Board {
        &self.boards[self.current]
    }

    pub(in crate::ui) fn board_mut(&mut self) -> &mut Board {
        &mut self.boards[self.current]
    }

    pub(in crate::ui) fn now(&self) -> Timestamp {
        self.now
    }

    /// The clusters that are open.
    pub(in crate::ui) fn open(&self) -> impl DoubleEndedIterator<Item = &Board> + Clone {
        self.boards.iter().zip(&self.merged).filter(|(_, merged)| !**merged).map(|(board, _)| board)
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
                self.boards[self.current].busy_elsewhere = busy;
                if !self.clusters_key(&key) {
                    self.boards[self.current].update(Input::Key(key), now);
                }
                self.dirty = true;
            }
            Msg::Paste(text) => {
                self.boards[self.current].update(Input::Paste(text), now);
                self.dirty = true;
            }
            Msg::Mouse(event, screen) => {
                self.mouse(event, screen);
                self.boards[self.current].update(Input::Pointed, now);
                self.dirty = true;
            }
            Msg::Session(told) => self.hear(told, now),
            Msg::Tick => {
                for board in &mut self.boards {
                    board.update(Input::Tick, now);
                }
                if self.wall.open {
                    let open = self.boards.iter().zip(&self.merged).filter(|(_, m)| !**m);
                    effects.extend(self.wall.tick(open.map(|(b, _)| b), now));
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
                if let Some(board) = self.boards.get_mut(no.0) {
                    board.hear(event, now);
                }
            }
            SessionEvent::Opened { no, endpoint } => {
                if let (Some(board), Some(merged)) =
                    (self.boards.get_mut(no.0), self.merged.get_mut(no.0))
                {
                    *merged = false;
                    board.settings.name = short(&endpoint);
                    self.tell_siblings();
                    self.dirty = true;
                }
            }
            SessionEvent::Merged { gone, into, read_only } => self.merge(gone, into, read_only),
        }
    }

    /// Goes on with work that was put off.
    pub(in crate::ui) fn work(&mut self, now: Timestamp) -> Vec<Effect> {
        for board in self.boards.iter_mut().filter(|b| b.has_work()) {
            board.work(now);
        }
        self.catch_up(now)
    }

    /// Works out what follows from what was heard.
    pub(in crate::ui) fn catch_up(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.derive(false, now)
    }

    fn derive(&mut self, at_once: bool, now: Timestamp) -> Vec<Effect> {
        for board in self.boards.iter_mut().filter(|b| b.has_news()) {
            board.derive(now);
        }
        self.answer_requests();
        self.look_elsewhere();
        // It looks at every cluster: a few times a second is enough for what is only heard.
        if self.clusters.open && (at_once || self.clusters.is_due(now)) {
            let merged = &self.merged;
            let open = self.boards.iter().zip(merged).filter(|(_, m)| !**m).map(|(b, _)| b);
            self.clusters.refresh(open, self.current, now);
        }
        self.boards.iter_mut().flat_map(Board::take_effects).collect()
    }

    /// Whether there is work left that was put off to let keys through.
    pub(in crate::ui) fn has_work(&self) -> bool {
        self.boards.iter().any(Board::has_work)
    }

    /// A file that the user asked for could not be written: no log goes on into it.
    pub(in crate::ui) fn not_written(&mut self, failed: &Failed) {
        for board in &mut self.boards {
            if let Some(log) = board.log.as_mut().filter(|l| l.tee.as_ref() == Some(&failed.path)) {
                log.tee = None;
            }
        }
        self.boards[self.current].say(format!("{}: {}", failed.path.display(), failed.why));
        self.dirty = true;
    }

    /// Whether the performance of skep is on the screen.
    pub(in crate::ui) fn wants_performance(&self) -> bool {
        self.board().shows_stats()
    }

    /// Sets the performance of skep itself.
    pub(in crate::ui) fn set_performance(&mut self, performance: Performance) {
        self.boards[self.current].performance = Some(performance);
    }

    /// The screen was drawn: what it shows can be read from `now` on.
    pub fn drawn(&mut self, now: Timestamp) {
        if !self.wall.open {
            self.boards[self.current].drawn(now);
        }
    }

    /// Whether something that is drawn changed since this was last asked.
    pub(in crate::ui) fn take_dirty(&mut self) -> bool {
        let clusters = self.clusters.open;
        let mut dirty = std::mem::take(&mut self.dirty);
        for (at, board) in self.boards.iter_mut().enumerate() {
            // The wall is drawn by the clock.
            let drawn = !self.wall.open && (clusters || at == self.current);
            dirty |= board.take_dirty() && drawn;
        }
        dirty
    }

    /// Whether the Swarm on the screen has not been read whole yet.
    pub(in crate::ui) fn is_loading(&self) -> bool {
        !self.boards[self.current].live_store().is_loaded()
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
