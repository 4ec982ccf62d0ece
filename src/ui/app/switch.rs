//! Going from cluster to cluster: requests to the app, and merged clusters.

use crate::{
    grant::ClusterNo,
    triage::Severity,
    ui::app::{
        App, Effect, Openable,
        cluster::Cluster,
        link::LinkState,
        settings::{Elsewhere, Request},
    },
};

impl App {
    pub(in crate::ui) fn answer_requests(&mut self) {
        for request in std::mem::take(&mut self.clusters[self.current].requests) {
            match request {
                Request::Open(no, subject) => {
                    self.open_later(no);
                    self.switch(no.0);
                    if let Some(subject) = subject {
                        self.workspace(no.0).jump_to(&subject);
                    }
                }
                Request::Greet => {
                    let clusters = &self.clusters;
                    let all = clusters[self.current].others.openable.iter();
                    let closed = |no: &ClusterNo| clusters.get(no.0).is_some_and(|c| !c.is_open);
                    let asked: Vec<ClusterNo> =
                        all.filter_map(|one| one.no).filter(closed).collect();
                    self.clusters[self.current]
                        .effects
                        .extend(asked.into_iter().map(Effect::Greet));
                }
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
                        self.clusters[self.current]
                            .say("this is the only cluster; -H, -c and the config file open more");
                    }
                }
                Request::HelpUsed => {
                    if let Some(path) = self.hint.take() {
                        let write = Effect::Write { path, text: String::new(), fresh: true };
                        self.clusters[self.current].effects.push(write);
                    }
                    for cluster in &mut self.clusters {
                        cluster.settings.hint = false;
                    }
                }
                Request::Theme(theme) => {
                    for cluster in &mut self.clusters {
                        cluster.settings.appearance.theme = theme.clone();
                    }
                }
            }
        }
    }

    /// Opens a cluster that could be opened; it is nothing to one that is open.
    fn open_later(&mut self, no: ClusterNo) {
        let Some(cluster) = self.clusters.get_mut(no.0).filter(|c| !c.is_open) else { return };
        cluster.is_open = true;
        cluster.effects.push(Effect::Open(no));
        self.tell_siblings();
    }

    /// Changes what is known of those that could be opened.
    pub(in crate::ui) fn change_openable(&mut self, change: impl Fn(&mut Openable)) {
        for cluster in &mut self.clusters {
            cluster.others.openable.iter_mut().for_each(&change);
        }
        self.dirty = true;
    }

    /// Brings another cluster to the screen.
    fn switch(&mut self, to: usize) {
        for no in [self.current, to] {
            self.clusters[no].now = self.now;
            self.clusters[no].has_news = true;
        }
        self.current = to;
        self.together.over = None;
        self.dirty = true;
    }

    /// Two turned out to be one Swarm.
    pub(in crate::ui) fn merge(&mut self, gone: ClusterNo, into: ClusterNo, read_only: bool) {
        let known = self.clusters.len();
        if gone.0 >= known || into.0 >= known {
            return;
        }
        self.clusters[gone.0].is_open = false;
        let mut other = self.clusters[gone.0].settings.clone();
        if read_only {
            other.grant = None;
            other.shell = None;
        }
        // A second way to an open cluster, opened by hand, does not rename it.
        let openable = &self.clusters[into.0].others.openable;
        other.named &= openable.iter().all(|one| one.no != Some(gone));
        self.clusters[into.0].joined(other);
        self.change_openable(|one| {
            if one.no == Some(gone) {
                one.no = Some(into);
            }
        });
        if self.current == gone.0 {
            let over = self.together.over;
            self.switch(into.0);
            self.together.over = over;
        }
        self.tell_siblings();
        self.dirty = true;
    }

    /// Tells every cluster what the clusters are called.
    pub(in crate::ui) fn tell_siblings(&mut self) {
        let names: Vec<String> = self.open().map(|b| b.settings.name.clone()).collect();
        let open: Vec<ClusterNo> = self.open().map(|b| b.no).collect();
        for cluster in &mut self.clusters {
            cluster.others.open.clone_from(&open);
            cluster.others.names.clone_from(&names);
        }
    }

    /// Keeps the header's word on the other clusters true.
    pub(in crate::ui) fn look_elsewhere(&mut self) {
        let rank = |b: &Cluster| {
            let lost = usize::from(matches!(b.link.state, LinkState::Lost { .. }));
            b.loud().fold((lost, 0), |(critical, warnings), problem| match problem.severity {
                Severity::Critical => (critical + 1, warnings),
                Severity::Warning => (critical, warnings + 1),
                _ => (critical, warnings),
            })
        };
        let others = self.open().filter(|b| b.no.0 != self.current);
        let mut others: Vec<_> =
            others.map(|b| (rank(b), b)).filter(|(rank, _)| *rank > (0, 0)).collect();
        // Of equal ones the first.
        others.reverse();
        let others = others.iter().max_by_key(|(rank, _)| *rank).map(|(rank, b)| Elsewhere {
            name: b.settings.name.clone(),
            critical: rank.0 > 0,
            more: others.len() - 1,
        });
        let cluster = &mut self.clusters[self.current];
        if cluster.others.worst != others {
            cluster.others.worst = others;
            self.dirty = true;
        }
    }
}
