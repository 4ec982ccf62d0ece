//! The whole state of the UI: a [`Board`] for every open cluster, the one on the screen, and the view
//! of all together. [`App::update`] is the only way it changes.

use std::{path::PathBuf, sync::Arc};

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::{layout::Rect, style::Style};

use super::{
    actions::{Act, Context},
    board::{Board, Elsewhere, Input, LinkState, Request, Settings, View},
    clusters::ClustersView,
    keymap::Keymap,
    mouse::Mouse,
    performance::Performance,
    user_files::Failed,
    wall::{Wall, WallSettings},
};
use crate::{
    cluster::Timestamp,
    config::{Borders, Depth, Look, Theme, Themes},
    grant::{ClusterNo, WriteGrant},
    session::{Command, SessionEvent},
    triage::{Severity, Thresholds},
};

/// Input of the app.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse, on a screen of that size.
    Mouse(MouseEvent, Rect),
    /// The fleet told something.
    Session(SessionEvent),
    /// Time goes by.
    Tick,
}

/// Effects to be carried out outside the app.
#[derive(Debug)]
pub enum Effect {
    /// For a cluster's session.
    Session(ClusterNo, Command),
    /// To the terminal's clipboard.
    Copy(String),
    /// The terminal's bell.
    Bell,
    /// Draw the whole screen anew: something else wrote on it.
    Redraw,
    /// Run this, and don't wait for it.
    Run { command: Vec<String>, env: Vec<(&'static str, String)> },
    /// Into a file: a new one if `fresh`, which must not exist yet, else at its end.
    Write { path: PathBuf, text: String, fresh: bool },
    /// End.
    Quit,
}

/// Settings at the start of the UI.
pub struct Opening {
    /// Its appearance.
    pub appearance: Appearance,
    /// The keymap.
    pub keymap: Arc<Keymap>,
    /// Until help was used once, it is pointed to; this file is made then.
    pub hint: Option<PathBuf>,
    /// Settings of the wall.
    pub wall: WallSettings,
    /// The view to begin with.
    pub view: View,
    /// Begin with the view of all clusters.
    pub clusters: bool,
    /// Of JSON log lines, show these keys; all if there are none.
    pub log_keys: Vec<String>,
    /// From when on something is a problem.
    pub thresholds: Thresholds,
    /// The user who runs skep.
    pub who: String,
    /// Where files go.
    pub folder: PathBuf,
    /// The home of who runs skep.
    pub home: Option<PathBuf>,
    /// Notices about the command line and the config file, to be shown.
    pub notices: Vec<String>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            appearance: Appearance::default(),
            keymap: Arc::default(),
            hint: None,
            wall: WallSettings::default(),
            view: View::Overview,
            clusters: false,
            log_keys: Vec::new(),
            thresholds: Thresholds::default(),
            who: String::new(),
            folder: PathBuf::new(),
            home: None,
            notices: Vec::new(),
        }
    }
}

/// Appearance of the UI.
#[derive(Clone)]
pub struct Appearance {
    /// Colours.
    pub theme: Theme,
    /// Those that may be changed to.
    pub themes: Arc<Themes>,
    /// Nothing but ASCII is drawn.
    pub ascii: bool,
    /// The corners of the panes.
    pub borders: Borders,
}

impl Default for Appearance {
    fn default() -> Self {
        let themes = Themes::embedded(Look { depth: Depth::True, dark: None });
        let theme = themes.get(None).unwrap_or_default();
        Self { theme, themes: Arc::new(themes), ascii: false, borders: Borders::default() }
    }
}

/// A cluster that is open, in the order of the sessions.
#[derive(Clone, Default)]
pub struct OpenCluster {
    /// The user's name for it, if any.
    pub name: Option<String>,
    /// The first endpoint.
    pub endpoint: String,
    /// Present if it may be written to.
    pub grant: Option<WriteGrant>,
    /// A banner, and every plan confirmed by typing.
    pub production: bool,
    /// Its colour.
    pub colour: Option<Style>,
    /// Not open yet: for endpoints that turn out to belong to another Swarm.
    pub spare: bool,
}

/// The state of the UI.
pub struct App {
    /// By cluster number; those that are not open yet, or went on as another, stay as they were.
    pub(super) boards: Vec<Board>,
    pub(super) merged: Vec<bool>,
    pub(super) current: usize,
    pub(super) fleet: ClustersView,
    pub(super) wall: Wall,
    pub(super) mouse: Mouse,
    pub(super) now: Timestamp,
    /// Something that is drawn changed.
    pub(super) dirty: bool,
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
            fleet: ClustersView { open: opening.clusters, ..ClustersView::default() },
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

    pub(super) fn board_mut(&mut self) -> &mut Board {
        &mut self.boards[self.current]
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// The clusters that are open.
    pub(super) fn open(&self) -> impl DoubleEndedIterator<Item = &Board> + Clone {
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
                if !self.fleet_key(&key) {
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
        effects.extend(self.settle(!told, now));
        effects
    }

    /// Takes in what the fleet told; more may follow before [`App::settled`].
    pub(super) fn hear(&mut self, told: SessionEvent, now: Timestamp) {
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
    pub(super) fn work(&mut self, now: Timestamp) -> Vec<Effect> {
        for board in self.boards.iter_mut().filter(|b| b.has_work()) {
            board.work(now);
        }
        self.settled(now)
    }

    /// Works out what follows from what was heard.
    pub(super) fn settled(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        self.settle(false, now)
    }

    fn settle(&mut self, at_once: bool, now: Timestamp) -> Vec<Effect> {
        for board in self.boards.iter_mut().filter(|b| b.is_unsettled()) {
            board.settle(now);
        }
        self.grant_wishes();
        self.look_elsewhere();
        // It looks at every cluster: a few times a second is enough for what is only heard.
        if self.fleet.open && (at_once || self.fleet.is_due(now)) {
            let merged = &self.merged;
            let open = self.boards.iter().zip(merged).filter(|(_, m)| !**m).map(|(b, _)| b);
            self.fleet.refresh(open, self.current, now);
        }
        self.boards.iter_mut().flat_map(Board::take_effects).collect()
    }

    /// Whether there is work left that was put off to let keys through.
    pub(super) fn has_work(&self) -> bool {
        self.boards.iter().any(Board::has_work)
    }

    /// A file that the user asked for could not be written: no log goes on into it.
    pub(super) fn not_written(&mut self, failed: &Failed) {
        for board in &mut self.boards {
            if let Some(log) = board.log.as_mut().filter(|l| l.tee.as_ref() == Some(&failed.path)) {
                log.tee = None;
            }
        }
        self.boards[self.current].say(format!("{}: {}", failed.path.display(), failed.why));
        self.dirty = true;
    }

    /// Whether how skep is doing is on the screen.
    pub(super) fn wants_vitals(&self) -> bool {
        self.board().shows_stats()
    }

    /// How skep is doing.
    pub(super) fn set_vitals(&mut self, performance: Performance) {
        self.boards[self.current].performance = Some(performance);
    }

    /// The screen was drawn: what it shows can be read from `now` on.
    pub fn drawn(&mut self, now: Timestamp) {
        if !self.wall.open {
            self.boards[self.current].drawn(now);
        }
    }

    /// Whether something that is drawn changed since this was last asked.
    pub(super) fn take_dirty(&mut self) -> bool {
        let fleet = self.fleet.open;
        let mut dirty = std::mem::take(&mut self.dirty);
        for (at, board) in self.boards.iter_mut().enumerate() {
            // The wall is drawn by the clock.
            let drawn = !self.wall.open && (fleet || at == self.current);
            dirty |= board.take_dirty() && drawn;
        }
        dirty
    }

    /// Whether the Swarm on the screen has not been read whole yet.
    pub(super) fn is_loading(&self) -> bool {
        !self.boards[self.current].live_store().is_loaded()
    }

    /// Two turned out to be one Swarm.
    fn merge(&mut self, gone: ClusterNo, into: ClusterNo, read_only: bool) {
        let (Some(merged), true) = (self.merged.get_mut(gone.0), into.0 < self.boards.len()) else {
            return;
        };
        *merged = true;
        let mut other = self.boards[gone.0].settings.clone();
        if read_only {
            other.grant = None;
        }
        self.boards[into.0].joined(other);
        if self.current == gone.0 {
            let together = self.fleet.open;
            self.switch(into.0);
            self.fleet.open = together;
        }
        self.tell_siblings();
        self.dirty = true;
    }

    /// Tells every board what the clusters are called.
    fn tell_siblings(&mut self) {
        let names: Vec<String> = self.open().map(|b| b.settings.name.clone()).collect();
        for board in &mut self.boards {
            board.siblings.clone_from(&names);
        }
    }

    fn grant_wishes(&mut self) {
        for request in std::mem::take(&mut self.boards[self.current].requests) {
            match request {
                Request::Clusters => self.fleet.open = !self.fleet.open,
                Request::Named(name) => {
                    let found = self.open().find(|b| b.settings.name == name).map(|b| b.no.0);
                    if let Some(no) = found {
                        self.switch(no);
                    }
                }
                Request::Turn(by) => {
                    let open: Vec<usize> = self.open().map(|b| b.no.0).collect();
                    let at = open.iter().position(|no| *no == self.current).unwrap_or(0);
                    if open.len() > 1 {
                        let next = (at as isize + by).rem_euclid(open.len() as isize) as usize;
                        self.switch(open[next]);
                    } else {
                        self.boards[self.current]
                            .say("this is the only cluster; -H, -c and the config file open more");
                    }
                }
                Request::Wall => self.set_wall(true),
                Request::HelpUsed => {
                    if let Some(path) = self.hint.take() {
                        let write = Effect::Write { path, text: String::new(), fresh: true };
                        self.boards[self.current].effects.push(write);
                    }
                    for board in &mut self.boards {
                        board.settings.hint = false;
                    }
                }
                Request::Theme(theme) => {
                    for board in &mut self.boards {
                        board.settings.appearance.theme = theme.clone();
                    }
                }
            }
        }
    }

    /// Brings another cluster to the screen.
    fn switch(&mut self, to: usize) {
        self.boards[self.current].show(false, self.now);
        self.current = to;
        self.boards[to].show(true, self.now);
        self.fleet.open = false;
        self.dirty = true;
    }

    /// Keeps the header's word on the other clusters true.
    fn look_elsewhere(&mut self) {
        let found =
            |severity| move |b: &&Board| b.loud().filter(|p| p.severity == severity).count();
        let rank = |b: &&Board| {
            let lost = usize::from(matches!(b.link, LinkState::Lost { .. }));
            (found(Severity::Critical)(b) + lost, found(Severity::Warning)(b))
        };
        let others = self.open().filter(|b| b.no.0 != self.current && rank(b) > (0, 0));
        let more = others.clone().count().saturating_sub(1);
        // Of equal ones the first.
        let worst = others.rev().max_by_key(rank);
        let others = worst.map(|b| Elsewhere {
            name: b.settings.name.clone(),
            critical: rank(&b).0 > 0,
            more,
        });
        let board = &mut self.boards[self.current];
        if board.elsewhere != others {
            board.elsewhere = others;
            self.dirty = true;
        }
    }

    /// A key in the view of all clusters; false if it is not for that.
    fn fleet_key(&mut self, key: &KeyEvent) -> bool {
        if !self.fleet.open || !self.board().overlays.is_empty() {
            return false;
        }
        let keymap = &self.board().settings.keymap;
        let Some(action) = keymap.of(Context::Clusters, key) else {
            let is_known = keymap.elsewhere(key).is_some();
            if is_known {
                self.boards[self.current].say("Enter opens the cluster; this key works there");
            }
            return is_known;
        };
        match action.act {
            Act::Down => self.fleet.step(1),
            Act::Up => self.fleet.step(-1),
            Act::HalfDown => self.fleet.page(1, true),
            Act::HalfUp => self.fleet.page(-1, true),
            Act::PageDown => self.fleet.page(1, false),
            Act::PageUp => self.fleet.page(-1, false),
            Act::Top => self.fleet.to(0),
            Act::Bottom => self.fleet.to(usize::MAX),
            Act::NextPane => self.fleet.turn(1),
            Act::PreviousPane => self.fleet.turn(-1),
            Act::Back => self.fleet.open = false,
            Act::Help => {
                self.boards[self.current].open_help(Context::Clusters);
                self.boards[self.current].update(Input::Pointed, self.now);
            }
            Act::Enter => {
                if let Some(target) = self.fleet.target() {
                    self.switch(target.cluster.0);
                    if let Some(subject) = target.subject {
                        self.boards[self.current].jump_to(&subject);
                        self.boards[self.current].update(Input::Tick, self.now);
                    }
                }
            }
            // The same as in every view; some of them lead there.
            act => {
                self.fleet.open = !matches!(
                    act,
                    Act::Overview
                        | Act::Services
                        | Act::Nodes
                        | Act::Tasks
                        | Act::Events
                        | Act::Logs
                        | Act::Problems
                );
                self.boards[self.current].act(act);
                self.boards[self.current].update(Input::Pointed, self.now);
            }
        }
        true
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
