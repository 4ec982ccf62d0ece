//! Which screens are shown, which has the keyboard, and going from one to another.

use crate::{
    cluster::{ServiceId, Subject},
    ui::{
        app::cluster::Cluster,
        screen::{
            Count, Cx, Screen,
            kinds::{TogetherView, View},
            registry::{Screens, Together},
        },
    },
};

/// Views that Esc leads back through.
const BACK: usize = 50;

impl Screens {
    /// The screen that has the keyboard, also as a pane of the Overview.
    pub fn focus(&self) -> View {
        match self.view {
            View::Overview => self.overview.pane(),
            view => view,
        }
    }

    /// The screen that has the keyboard.
    pub fn focused(&self) -> &dyn Screen {
        self.get(self.focus())
    }

    /// The screen that has the keyboard, to be changed.
    pub fn focused_mut(&mut self) -> &mut dyn Screen {
        self.get_mut(self.focus())
    }

    /// The screens that may be visible.
    pub fn visible(&self) -> &'static [View] {
        const OVERVIEW: &[View] =
            &[View::Services, View::Nodes, View::Tasks, View::Events, View::Logs];
        match self.view {
            View::Overview => OVERVIEW,
            view => {
                let at = View::ALL.iter().position(|other| *other == view).unwrap_or(0);
                &View::ALL[at..=at]
            }
        }
    }

    /// The object whose tasks the Overview shows.
    pub fn leader(&self, cluster: &Cluster) -> Option<Subject> {
        if self.view != View::Overview {
            return None;
        }
        let view = if self.overview.tasks_of_node { View::Nodes } else { View::Services };
        Some(self.get(view).subject(cluster).unwrap_or(Subject::Other))
    }

    /// The context of a screen, in that of all.
    pub fn cx<'a>(&self, view: View, cx: Cx<'a>, leader: Option<&'a Subject>) -> Cx<'a> {
        let full = self.view != View::Overview || self.overview.zoomed;
        Cx { focused: self.focus() == view, full, leader, ..cx }
    }

    /// Brings the rows on the screen up to date.
    pub fn refresh(&mut self, cx: Cx<'_>) {
        if self.view == View::All {
            self.all.counts = self.counts(cx.cluster);
        }
        for view in self.visible() {
            let leader = self.leader(cx.cluster);
            let cx = self.cx(*view, cx, leader.as_ref());
            self.get_mut(*view).refresh(cx);
        }
    }

    /// The kinds that are counted, with their counts.
    fn counts(&self, cluster: &Cluster) -> Vec<(View, Count)> {
        let others = View::ALL.iter().copied().filter(|v| !matches!(v, View::Overview | View::All));
        others.map(|view| (view, self.get(view).count(cluster))).collect()
    }

    /// Services that the session keeps fresh for what is on the screen.
    pub fn interest(&self, cx: Cx<'_>, wanted: &mut Vec<ServiceId>) {
        let leader = self.leader(cx.cluster);
        for view in self.visible() {
            self.get(*view).interest(self.cx(*view, cx, leader.as_ref()), wanted);
        }
    }

    /// All rows are built anew with the next refresh.
    pub fn stale(&mut self) {
        for view in &View::ALL[1..] {
            self.get_mut(*view).stale();
        }
    }

    /// Whether a list on the screen has marks, be they on rows that a filter hides.
    fn marks_shown(&self) -> bool {
        self.visible().iter().any(|view| self.has_marks(*view))
    }

    /// Whether any list has marks.
    fn any_marks(&self) -> bool {
        View::ALL[1..].iter().any(|view| self.has_marks(*view))
    }

    fn has_marks(&self, view: View) -> bool {
        self.get(view).rows().is_some_and(|rows| rows.has_marks())
    }

    /// Takes all marks away.
    pub fn clear_marks(&mut self) {
        for view in &View::ALL[1..] {
            if let Some(rows) = self.get_mut(*view).rows_mut() {
                rows.clear_marks();
            }
        }
    }

    /// Goes to a view.
    pub fn go(&mut self, view: View, cluster: &Cluster) {
        if view != self.view {
            self.back.push((self.view, self.tasks.scope.clone()));
            if self.back.len() > BACK {
                self.back.remove(0);
            }
            self.view = view;
            self.get_mut(view).opened(false, cluster);
        }
        self.end_narrowing();
        self.overview.zoomed = false;
        self.tasks.stale();
    }

    /// The Overview shows all services, whatever was drilled into elsewhere.
    fn end_narrowing(&mut self) {
        if self.view == View::Overview {
            self.services.open_all();
        }
    }

    /// Goes one step back: out of a mark, a filter, a detail, or to the view before.
    pub fn go_back(&mut self, cluster: &Cluster) {
        if self.marks_shown() {
            return self.clear_marks();
        }
        if self.focused_mut().leave() {
            return;
        }
        if self.overview.zoomed {
            self.overview.zoomed = false;
        } else if let Some((view, scope)) = self.back.pop() {
            self.view = view;
            self.tasks.scope = scope;
            self.tasks.stale();
            self.get_mut(view).opened(true, cluster);
            self.end_narrowing();
        } else if self.any_marks() {
            self.clear_marks();
        } else {
            self.view = View::Overview;
            self.end_narrowing();
        }
    }

    /// Whether there is anything to go back from.
    pub fn goes_back(&self) -> bool {
        self.view != View::Overview
            || self.overview.zoomed
            || !self.back.is_empty()
            || self.focused().can_leave()
            || self.any_marks()
    }

    /// Gives the next pane or view the keyboard.
    pub fn turn(&mut self, by: isize, cluster: &Cluster) {
        if self.view == View::Overview {
            return self.enter_pane(self.overview.next(by));
        }
        let at = View::ALL.iter().position(|v| *v == self.view).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(View::ALL.len() as isize) as usize;
        self.go(View::ALL[next], cluster);
    }

    /// Gives a pane of the Overview the keyboard.
    pub fn enter_pane(&mut self, pane: View) {
        self.overview.enter(pane);
        self.tasks.stale();
    }

    /// Whether the view is a pane of the Overview, too.
    pub fn can_zoom(&self) -> bool {
        self.view == View::Overview || self.overview.has(self.view)
    }

    /// Gives a pane of the Overview all of the screen, or a full-size view its place on the Overview.
    pub fn zoom(&mut self, cluster: &Cluster) {
        if self.view == View::Overview {
            self.overview.zoomed = !self.overview.zoomed;
        } else if self.can_zoom() {
            // A full-size view is zoomed already: z goes back to where its pane is.
            let focus = self.focus();
            self.go(View::Overview, cluster);
            self.overview.enter(focus);
        }
    }
}

impl Together {
    /// A screen comes to lie over those of the cluster, or goes.
    pub fn turn(&mut self, over: TogetherView, cluster: &Cluster) {
        self.over = if self.over == Some(over) { None } else { Some(over) };
        if let Some(screen) = self.screen_mut() {
            screen.opened(false, cluster);
        }
    }
}
