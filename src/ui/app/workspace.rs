//! One open cluster with its screens and popups, and their only way to change: [`Workspace::update`].

use crate::{
    cluster::{ServiceId, Timestamp},
    grant::ClusterNo,
    session::{Command, Event},
    ui::{
        app::{
            cluster::Cluster,
            settings::{Input, Request, Settings},
        },
        input::actions::KeyContext,
        popup::{Help, Page, PageKind, Popup},
        screen::{Screen, kinds::View, registry::Screens},
    },
};

/// One open cluster with its screens and popups.
pub struct Workspace {
    /// The cluster.
    pub cluster: Cluster,
    pub(in crate::ui) screens: Screens,
    /// A stack: the top one has the keyboard.
    pub(in crate::ui) popups: Vec<Popup>,
}

impl Workspace {
    /// A workspace whose cluster has not been heard yet.
    pub(in crate::ui) fn new(
        no: ClusterNo,
        settings: Settings,
        endpoint: String,
        now: Timestamp,
    ) -> Self {
        Self {
            screens: Screens::new(settings.view),
            cluster: Cluster::new(no, settings, endpoint, now),
            popups: Vec::new(),
        }
    }

    /// Takes in what happened, and derives what follows.
    pub(in crate::ui) fn update(&mut self, what: Input, now: Timestamp) {
        self.cluster.now = now;
        match what {
            Input::Key(key) => {
                self.cluster.attend(now);
                let dismissed = self.cluster.pass_toast();
                self.key(&key, dismissed);
            }
            Input::Paste(text) => self.paste(&text),
            Input::Pointed => self.cluster.attend(now),
            Input::Tick => {
                let cluster = &mut self.cluster;
                cluster.trend.note(cluster.model.live(), now.shifted(cluster.link.skew));
                if self.shows_stats() || self.shows_help() {
                    self.cluster.command(Command::Usage);
                }
            }
        }
        self.cluster.dirty = true;
        self.derive(now);
    }

    /// Takes in what the session told. More may follow before state is derived.
    pub(in crate::ui) fn hear(&mut self, event: Event, now: Timestamp) {
        self.cluster.now = now;
        self.cluster.has_news = true;
        // Most of what is heard says that nothing changed: that is no reason to draw.
        self.cluster.dirty |= !matches!(event, Event::Heard(..));
        self.session_event(event);
    }

    /// Goes on with work that was put off.
    pub(in crate::ui) fn work(&mut self, now: Timestamp) {
        self.cluster.now = now;
        // How far a filter is stands on the screen.
        self.cluster.dirty |= self.is_filtering();
        self.derive(now);
    }

    /// Whether there is work left that was put off to let keys through.
    pub(in crate::ui) fn has_work(&self) -> bool {
        let cluster = &self.cluster;
        self.is_filtering()
            || (!cluster.model.is_paused() && cluster.is_live() && cluster.triage.has_work())
    }

    fn is_filtering(&self) -> bool {
        self.screens.logs.log.as_ref().is_some_and(|log| log.buffer.is_filtering())
    }

    /// Shows it on the screen, or hides it.
    pub(in crate::ui) fn show(&mut self, shown: bool, now: Timestamp) {
        self.cluster.shown = shown;
        self.update(Input::Tick, now);
    }

    /// Notes that the screen was drawn.
    pub(in crate::ui) fn drawn(&mut self, now: Timestamp) {
        if let Some(Popup::Plan(plan)) = self.popups.last_mut() {
            plan.drawn.get_or_insert(now);
        }
    }

    /// Opens the help for the keys of a context.
    pub(in crate::ui) fn open_help(&mut self, context: KeyContext) {
        self.cluster.command(Command::Usage);
        self.cluster.requests.push(Request::HelpUsed);
        self.popups.push(Popup::Help(Help::new(context)));
    }

    fn shows_help(&self) -> bool {
        self.popups.iter().any(|o| matches!(o, Popup::Help(_)))
    }

    /// Opens the page of what watching costs.
    pub(in crate::ui) fn open_stats(&mut self) {
        self.cluster.command(Command::Usage);
        self.popups.push(Popup::Page(Page::new("What it costs".into(), PageKind::Stats)));
    }

    /// Whether what watching costs is on the screen.
    pub(in crate::ui) fn shows_stats(&self) -> bool {
        let is_stats = |o: &Popup| matches!(o, Popup::Page(p) if matches!(p.kind, PageKind::Stats));
        self.popups.iter().any(is_stats)
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

    /// Brings all that is derived up to date: findings, rows, and the next requests.
    pub(in crate::ui) fn derive(&mut self, now: Timestamp) {
        let cluster = &mut self.cluster;
        cluster.has_news = false;
        cluster.model.set_now(now.shifted(cluster.link.skew));
        cluster.age_toast();
        let manager_now = cluster.now.shifted(cluster.link.skew);
        for follow in &mut cluster.operations.follows {
            follow.update(cluster.model.live(), manager_now);
        }
        if cluster.is_live() {
            cluster.read_back();
        }
        cluster.judge();
        cluster.remember();
        if cluster.shown {
            cluster.model.refresh_order();
            if self.screens.visible().contains(&View::Events) {
                cluster.model.refresh_consequences();
            }
            self.screens.refresh(cluster);
        }
        self.refresh_page();
        self.refresh_evidence();
        self.cluster.write_report();
        self.refresh_logs();
        self.refresh_watch();
        let cluster = &mut self.cluster;
        let shown = (cluster.model.live().revision(), cluster.is_live());
        cluster.dirty |= std::mem::replace(&mut cluster.derived, shown) != shown;
    }

    /// Asks for the last lines of the task that is evidence, once for each.
    fn refresh_evidence(&mut self) {
        let shown = self.cluster.shown && self.screens.view == View::Problems;
        let witness = if shown { self.screens.problems.witness(&self.cluster) } else { None };
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

    /// Tells the session which services must be fresh.
    fn refresh_watch(&mut self) {
        let cluster = &mut self.cluster;
        let going_on = cluster.operations.follows.iter().filter(|f| !f.is_over());
        let mut wanted: Vec<ServiceId> =
            going_on.filter_map(|f| f.target.service().cloned()).collect();
        if cluster.shown {
            self.screens.interest(cluster, &mut wanted);
        }
        // A log is followed wherever its reader is.
        let cx = self.screens.cx(View::Logs, cluster, None);
        self.screens.logs.interest(cx, &mut wanted);
        wanted.sort();
        wanted.dedup();
        if wanted != cluster.link.watched {
            cluster.link.watched.clone_from(&wanted);
            cluster.command(Command::Watch(wanted));
        }
    }
}
