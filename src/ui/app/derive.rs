//! Derives state from events: findings, rows, and the next requests.

use std::{collections::HashMap, sync::Arc};

use crate::{
    cluster::{ServiceId, Subject, Timestamp},
    session::Command,
    triage::{Problem, Severity},
    ui::{
        app::board::{Board, TaskScope, View},
        screen::logs::LogSource,
    },
};

/// The services of problems that are not over, each with the worst, folded ones included.
fn troubled(problems: &[Arc<Problem>]) -> HashMap<ServiceId, Severity> {
    let mut troubled = HashMap::new();
    for problem in problems.iter().filter(|p| !p.resolved.is_set()) {
        for one in std::iter::once(problem).chain(&problem.folded) {
            if let Subject::Service(id) = &one.subject
                && one.severity > Severity::Advice
            {
                let worst = troubled.entry(id.clone()).or_insert(one.severity);
                *worst = one.severity.max(*worst);
            }
        }
    }
    troubled
}

impl Board {
    /// Brings all that is derived up to date.
    pub(in crate::ui) fn derive(&mut self, now: Timestamp) {
        self.has_news = false;
        if self.paused_at.is_none() {
            self.scene.now = now.shifted(self.skew);
        }
        let manager_now = self.now.shifted(self.skew);
        self.age_toast();
        let live = self.live.as_deref().unwrap_or(&self.scene.store);
        for follow in &mut self.follows {
            follow.update(live, manager_now);
        }
        if self.is_live() {
            self.read_back();
        }
        self.judge();
        self.remember();
        if self.shown {
            self.refresh_rows();
        }
        self.refresh_page();
        self.refresh_witness();
        self.write_report();
        self.refresh_logs();
        self.refresh_watch();
        let shown = (self.live_store().revision(), self.is_live());
        self.dirty |= std::mem::replace(&mut self.derived, shown) != shown;
    }

    /// Brings the problems up to date, as far as one turn goes.
    fn judge(&mut self) {
        // Time goes on while nothing is heard; what is known then does not age into findings.
        let flows = self.paused_at.is_none();
        let judged = if flows && self.is_live() {
            self.triage.update(&mut self.scene.store, self.scene.now)
        } else {
            // That there is no leader is heard, and the only thing that is.
            flows
                && self.leaderless().is_some()
                && self.triage.look_at_swarm(&self.scene.store, self.scene.now)
        };
        if judged {
            self.dirty = true;
            let troubled = troubled(self.triage.problems());
            if troubled != self.scene.troubled {
                self.scene.troubled = troubled;
                self.services.stale();
            }
        }
    }

    /// Hands on what must outlive skep.
    fn remember(&mut self) {
        let store = self.live.as_deref_mut().unwrap_or(&mut self.scene.store);
        if store.info().id.is_empty() {
            return;
        }
        let fresh = store.take_unkept();
        if !fresh.is_empty() {
            self.command(Command::Remember(fresh));
        }
        if self.is_live()
            && self.paused_at.is_none()
            && let Some(all) = self.triage.take_beginnings(&self.scene.store, self.scene.now)
        {
            self.command(Command::Beginnings(all));
        }
    }

    /// Goes on with work that was put off.
    pub(in crate::ui) fn work(&mut self, now: Timestamp) {
        self.now = now;
        // How far a filter is stands on the screen.
        self.dirty |= self.log.as_ref().is_some_and(|log| log.buffer.is_filtering());
        self.derive(now);
    }

    /// Tells the session which services must be fresh.
    fn refresh_watch(&mut self) {
        let mut wanted: Vec<ServiceId> = Vec::new();
        wanted.extend(
            self.follows
                .iter()
                .filter(|f| !f.is_over())
                .filter_map(|f| f.target.service().cloned()),
        );
        let store = &self.scene.store;
        if !self.shown {
            // Nobody looks at its rows.
        } else if matches!(self.view, View::Overview | View::Tasks) {
            match self.task_scope() {
                TaskScope::Service(id) => wanted.push(id),
                TaskScope::Node(id) => {
                    wanted.extend(
                        store.tasks_on(&id).filter(|t| t.is_live()).map(|t| t.service.clone()),
                    );
                }
                TaskScope::All => {
                    let (window, _) = self.tasks.window(self.tasks.window_size());
                    let on_screen = window.iter().filter_map(|r| store.task_at(r.task));
                    wanted.extend(on_screen.map(|t| t.service.clone()));
                }
            }
        } else if self.view == View::Services {
            wanted.extend(self.services.current().cloned());
        }
        match self.log.as_ref().map(|log| &log.source) {
            Some(LogSource::Services(ids)) => wanted.extend(ids.iter().cloned()),
            Some(LogSource::Place(place)) => wanted.push(place.service.clone()),
            _ => {}
        }
        wanted.sort();
        wanted.dedup();
        if wanted != self.watched {
            self.watched.clone_from(&wanted);
            self.command(Command::Watch(wanted));
        }
    }

    fn refresh_logs(&mut self) {
        let store = self.live.as_deref().unwrap_or(&self.scene.store);
        let Some(log) = &mut self.log else { return };
        log.work();
        if log.update_tasks(store) {
            let command = Command::Logs(log.token, log.tasks.clone());
            self.command(command);
        }
    }

    /// Whether there is work left that was put off to let keys through.
    pub(in crate::ui) fn has_work(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.buffer.is_filtering())
            || (self.paused_at.is_none() && self.is_live() && self.triage.has_work())
    }
}
