//! Going from cluster to cluster: requests of a workspace to the app, merged clusters, and the keys of the
//! view of all.

use crossterm::event::KeyEvent;

use crate::{
    grant::ClusterNo,
    triage::Severity,
    ui::{
        app::{
            App, Effect,
            cluster::Cluster,
            link::LinkState,
            settings::{Elsewhere, Input, Request},
        },
        input::actions::{Act, KeyContext},
    },
};

impl App {
    pub(in crate::ui) fn answer_requests(&mut self) {
        for request in std::mem::take(&mut self.workspaces[self.current].cluster.requests) {
            match request {
                Request::Clusters => self.clusters.open = !self.clusters.open,
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
                        self.workspaces[self.current]
                            .cluster
                            .say("this is the only cluster; -H, -c and the config file open more");
                    }
                }
                Request::Wall => self.set_wall(true),
                Request::HelpUsed => {
                    if let Some(path) = self.hint.take() {
                        let write = Effect::Write { path, text: String::new(), fresh: true };
                        self.workspaces[self.current].cluster.effects.push(write);
                    }
                    for workspace in &mut self.workspaces {
                        workspace.cluster.settings.hint = false;
                    }
                }
                Request::Theme(theme) => {
                    for workspace in &mut self.workspaces {
                        workspace.cluster.settings.appearance.theme = theme.clone();
                    }
                }
            }
        }
    }

    /// Brings another cluster to the screen.
    fn switch(&mut self, to: usize) {
        self.workspaces[self.current].show(false, self.now);
        self.current = to;
        self.workspaces[to].show(true, self.now);
        self.clusters.open = false;
        self.dirty = true;
    }

    /// Two turned out to be one Swarm.
    pub(in crate::ui) fn merge(&mut self, gone: ClusterNo, into: ClusterNo, read_only: bool) {
        let (Some(merged), true) = (self.merged.get_mut(gone.0), into.0 < self.workspaces.len())
        else {
            return;
        };
        *merged = true;
        let mut other = self.workspaces[gone.0].cluster.settings.clone();
        if read_only {
            other.grant = None;
        }
        self.workspaces[into.0].cluster.joined(other);
        if self.current == gone.0 {
            let together = self.clusters.open;
            self.switch(into.0);
            self.clusters.open = together;
        }
        self.tell_siblings();
        self.dirty = true;
    }

    /// Tells every workspace what the clusters are called.
    pub(in crate::ui) fn tell_siblings(&mut self) {
        let names: Vec<String> = self.open().map(|b| b.settings.name.clone()).collect();
        for workspace in &mut self.workspaces {
            workspace.cluster.others.names.clone_from(&names);
        }
    }

    /// Keeps the header's word on the other clusters true.
    pub(in crate::ui) fn look_elsewhere(&mut self) {
        let found =
            |severity| move |b: &&Cluster| b.loud().filter(|p| p.severity == severity).count();
        let rank = |b: &&Cluster| {
            let lost = usize::from(matches!(b.link.state, LinkState::Lost { .. }));
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
        let workspace = &mut self.workspaces[self.current];
        if workspace.cluster.others.worst != others {
            workspace.cluster.others.worst = others;
            self.dirty = true;
        }
    }

    /// A key in the view of all clusters; false if it is not for that.
    pub(in crate::ui) fn clusters_key(&mut self, key: &KeyEvent) -> bool {
        if !self.clusters.open || !self.workspace().popups.is_empty() {
            return false;
        }
        let keymap = &self.cluster().settings.keymap;
        let Some(action) = keymap.of(KeyContext::Clusters, key) else {
            let is_known = keymap.elsewhere(key).is_some();
            if is_known {
                self.workspaces[self.current]
                    .cluster
                    .say("Enter opens the cluster; this key works there");
            }
            return is_known;
        };
        match action.act {
            act if self.clusters.rows_mut().moves(act) => {}
            Act::NextPane => self.clusters.turn(1),
            Act::PreviousPane => self.clusters.turn(-1),
            Act::Back => self.clusters.open = false,
            Act::Help => {
                self.workspaces[self.current].open_help(KeyContext::Clusters);
                self.workspaces[self.current].update(Input::Pointed, self.now);
            }
            Act::Enter => {
                if let Some(target) = self.clusters.target() {
                    self.switch(target.cluster.0);
                    if let Some(subject) = target.subject {
                        self.workspaces[self.current].jump_to(&subject);
                        self.workspaces[self.current].update(Input::Tick, self.now);
                    }
                }
            }
            // The same as in every view; some of them lead there.
            act => {
                self.clusters.open = !matches!(act, Act::Go(_));
                self.workspaces[self.current].act(act);
                self.workspaces[self.current].update(Input::Pointed, self.now);
            }
        }
        true
    }
}
