//! One open cluster with its screens and popups, lent by the app for as long as something is done to them.

use crate::{
    cluster::{Node, NodeId, Timestamp},
    session::{Command, Event},
    ui::{
        app::{cluster::Cluster, settings::Request},
        input::actions::KeyContext,
        popup::{Contexts, Help, Page, PageKind, Popup},
        screen::{
            Screen,
            below::Below,
            kinds::View,
            registry::{Screens, Together},
        },
    },
};

/// Nodes that are logged in to at most to compare versions: each connection costs memory here and there.
const COMPARED: usize = 50;

/// The screens of a cluster, and the popups above them.
pub(in crate::ui) struct Layers {
    pub screens: Screens,
    /// A stack: the top one has the keyboard.
    pub popups: Vec<Popup>,
}

impl Layers {
    /// The layers at the start.
    pub fn new(view: View) -> Self {
        Self { screens: Screens::new(view), popups: Vec::new() }
    }

    /// Whether a filter of a log is at work.
    pub fn is_filtering(&self) -> bool {
        self.screens.logs.log.as_ref().is_some_and(|log| log.buffer.is_filtering())
    }

    /// Whether rows on the screen are left to be brought up to date.
    pub fn is_behind(&self) -> bool {
        let screens = &self.screens;
        screens.visible().contains(&View::Tasks) && screens.tasks.is_behind()
    }

    /// Whether a page of this kind is open.
    fn shows(&self, is_so: impl Fn(&PageKind) -> bool) -> bool {
        self.popups.iter().any(|o| matches!(o, Popup::Page(page) if is_so(&page.kind)))
    }

    /// Whether the page of what watching costs is open.
    pub fn shows_stats(&self) -> bool {
        self.shows(|kind| matches!(kind, PageKind::Stats))
    }

    /// Nodes whose engines and machines are on the screen: that of an open page, and if the user said how to
    /// log in those in the window of the list of nodes, and those whose versions are compared. The manager in
    /// use costs no login.
    pub fn looks(&self, cluster: &Cluster) -> Vec<NodeId> {
        let page = self.popups.iter().find_map(|popup| match popup {
            Popup::Page(page) => page.node(),
            _ => None,
        });
        let mut looks: Vec<NodeId> = page.into_iter().collect();
        let compares = self.shows(|kind| matches!(kind, PageKind::Versions));
        if compares || self.screens.view == View::Nodes {
            looks.push((&*cluster.model.live().info().manager_id).into());
        }
        if !cluster.settings.logs_in_to_nodes {
            return looks;
        }
        if compares {
            let mut nodes: Vec<&Node> = cluster.model.store.nodes().collect();
            nodes.sort_by(|a, b| (&a.hostname, &a.id).cmp(&(&b.hostname, &b.id)));
            looks.extend(nodes.into_iter().take(COMPARED).map(|node| node.id.clone()));
        } else if self.screens.view == View::Nodes {
            looks.extend(self.screens.nodes.table.in_window().iter().cloned());
        }
        looks
    }

    /// The node whose containers are on the screen, and go on.
    pub fn listed_node(&self, cluster: &Cluster) -> Option<NodeId> {
        let is_shown = self.screens.view == View::Containers && !cluster.model.is_paused();
        is_shown.then(|| self.screens.containers.node(cluster)).flatten()
    }

    /// Whether a popup tells what watching costs.
    pub fn shows_costs(&self) -> bool {
        self.shows_stats() || self.popups.iter().any(|o| matches!(o, Popup::Help(_)))
    }
}

/// One open cluster with its screens and popups.
pub(in crate::ui) struct Workspace<'a> {
    pub cluster: &'a mut Cluster,
    pub screens: &'a mut Screens,
    pub popups: &'a mut Vec<Popup>,
    pub together: &'a mut Together,
}

impl Workspace<'_> {
    /// It, to be read.
    pub(in crate::ui) fn below(&self) -> Below<'_> {
        Below { cluster: self.cluster, screens: self.screens, together: self.together }
    }

    /// The screen that has the keyboard, to be changed.
    pub(in crate::ui) fn screen_mut(&mut self) -> &mut dyn Screen {
        match self.together.screen_mut() {
            Some(over) => over,
            None => self.screens.focused_mut(),
        }
    }

    /// Takes in what the session told. More may follow before state is derived.
    pub(in crate::ui) fn hear(&mut self, event: Event, now: Timestamp) {
        self.cluster.now = now;
        self.cluster.has_news = true;
        // Most of what is heard says that nothing changed: that is no reason to draw.
        self.cluster.dirty |= !matches!(event, Event::Heard(..));
        self.session_event(event);
    }

    /// Opens the help for the keys of a context.
    pub(in crate::ui) fn open_help(&mut self, context: KeyContext) {
        self.cluster.command(Command::Usage);
        self.cluster.requests.push(Request::HelpUsed);
        self.popups.push(Popup::Help(Help::new(context)));
    }

    /// Opens the page of what watching costs.
    pub(in crate::ui) fn open_stats(&mut self) {
        self.cluster.command(Command::Usage);
        self.popups.push(Popup::Page(Page::new("What it costs".into(), PageKind::Stats)));
    }

    /// Opens the page that compares the versions of all nodes.
    pub(in crate::ui) fn open_versions(&mut self) {
        self.popups.push(Popup::Page(Page::new("Versions".into(), PageKind::Versions)));
    }

    /// Opens the list of what could be opened, and asks what is there.
    pub(in crate::ui) fn open_contexts(&mut self) {
        self.cluster.requests.push(Request::Greet);
        self.popups.push(Popup::Contexts(Contexts::default()));
    }

    /// Stops what is drawn, or lets it go on.
    pub(in crate::ui) fn pause(&mut self) {
        let model = &mut self.cluster.model;
        let log = self.screens.logs.log.as_mut();
        if model.is_paused() {
            model.resume();
            if let Some(log) = log {
                log.follow();
            }
            self.screens.stale();
        } else {
            model.pause(self.cluster.now);
            if let Some(log) = log.filter(|log| log.follows()) {
                log.toggle_hold();
            }
        }
    }

    /// Asks for what the rows, pages and logs that are shown need.
    pub(in crate::ui) fn refresh(&mut self, is_shown: bool) {
        self.refresh_page();
        self.refresh_evidence(is_shown);
        self.refresh_logs();
    }

    /// Asks for the last lines of the task that is evidence, once for each.
    fn refresh_evidence(&mut self, is_shown: bool) {
        let shown = is_shown && self.screens.view == View::Problems;
        let witness = if shown { self.screens.problems.witness(self.cluster) } else { None };
        let detail = &mut self.screens.problems.detail;
        if witness != detail.asked {
            detail.last_lines = None;
            detail.asked.clone_from(&witness);
            if let Some(task) = witness {
                self.cluster.command(Command::LastLines(task));
            }
        }
    }

    fn refresh_logs(&mut self) {
        let Some(log) = &mut self.screens.logs.log else { return };
        log.work();
        if log.update_tasks(self.cluster.model.live()) {
            let command = Command::Logs(log.token, log.tasks.clone());
            self.cluster.command(command);
        }
    }
}
