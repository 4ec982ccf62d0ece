//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    App,
    actions::{self, Act},
    app::{Effect, Pane, Pending, TaskScope, View},
    input::Input,
    logpane::{LogPane, LogSource},
    overlay::{Ask, Asking, Overlay, Page, PageKind, Scroll},
    palette::Palette,
    view::{nodes, services, tasks},
};
use crate::{
    action::{
        follow::{Follow, Phase},
        plan::{Approved, Change},
    },
    cluster::{NodeId, ServiceId, Subject, TaskId},
    session::{Command, RawKind},
};

impl App {
    pub(super) fn key(&mut self, key: &KeyEvent) {
        if !self.overlays.is_empty() {
            return self.overlay_key(key);
        }
        let ctrl_c =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        match actions::of_key(key) {
            Some(action) => self.act(action.act),
            None if ctrl_c => self.act(Act::Quit),
            None => {
                if self.focus() == Pane::Logs {
                    self.pan_log(key.code);
                }
            }
        }
    }

    fn pan_log(&mut self, code: KeyCode) {
        if let Some(log) = &mut self.log {
            match code {
                KeyCode::Left => log.pan = log.pan.saturating_sub(20),
                KeyCode::Right => log.pan += 20,
                _ => {}
            }
        }
    }

    /// Carries an action out, wherever it came from.
    pub(super) fn act(&mut self, act: Act) {
        if actions::action(act).writes && self.is_read_only() {
            return self.say("read-only: nothing can be changed from here");
        }
        match act {
            Act::Overview => self.go(View::Overview),
            Act::Services => self.go(View::Services),
            Act::Nodes => self.go(View::Nodes),
            Act::Tasks => {
                self.scope = TaskScope::All;
                self.tasks.stale();
                self.go(View::Tasks);
            }
            Act::Events => self.go(View::Events),
            Act::Logs => self.go(View::Logs),
            Act::Problems => self.go(View::Problems),
            Act::NextPane => self.turn_pane(1),
            Act::PreviousPane => self.turn_pane(-1),
            Act::Zoom => self.zoom(),
            Act::Down => self.step(1),
            Act::Up => self.step(-1),
            Act::Top => self.jump(true),
            Act::Bottom => self.jump(false),
            Act::HalfDown => self.page(1, true),
            Act::HalfUp => self.page(-1, true),
            Act::PageDown => self.page(1, false),
            Act::PageUp => self.page(-1, false),
            Act::Enter => self.enter(),
            Act::Back => self.go_back(),
            Act::Filter => self.overlays.push(Overlay::Filter(Input::with(&self.filter_text()))),
            Act::Palette => self.overlays.push(Overlay::Palette(Palette::default())),
            Act::Help => self.overlays.push(Overlay::Help { scroll: Scroll::default() }),
            Act::Scale => self.ask(Asking::Scale),
            Act::Update => self.ask(Asking::Image),
            Act::Rollback => self.plan_at_once(Change::Rollback),
            Act::Force => self.plan_at_once(Change::Force),
            Act::OpenLogs => self.open_logs(),
            Act::Describe => self.describe(),
            Act::Yaml => self.yaml(),
            Act::Mark => self.mark(),
            Act::Sort => self.sort(false),
            Act::Reverse => self.sort(true),
            Act::Copy => self.copy(),
            Act::Pause => self.pause(),
            Act::History => {
                self.unfolded = !self.unfolded;
                self.tasks.stale();
            }
            Act::FailedLog => self.failed_log(),
            Act::FailedRollback => self.failed_rollback(),
            Act::Dismiss => self.dismiss(),
            Act::Retry => self.effects.push(Effect::Session(Command::Retry)),
            Act::Quit => self.quit(),
        }
    }

    // === moving about ===

    pub(super) fn go(&mut self, view: View) {
        if view != self.view {
            self.back.push((self.view, self.scope.clone()));
            if self.back.len() > 50 {
                self.back.remove(0);
            }
        }
        self.view = view;
        self.zoomed = false;
        self.tasks.stale();
    }

    fn go_back(&mut self) {
        let filter = self.filter_text();
        if !filter.is_empty() {
            return self.set_filter("");
        }
        if self.zoomed {
            self.zoomed = false;
        } else if let Some((view, scope)) = self.back.pop() {
            self.view = view;
            self.scope = scope;
            self.tasks.stale();
        } else if !self.services.marked.is_empty() {
            self.services.marked.clear();
        } else {
            self.view = View::Overview;
        }
    }

    fn turn_pane(&mut self, by: isize) {
        if self.view != View::Overview {
            let at = View::ALL.iter().position(|v| *v == self.view).unwrap_or(0);
            let next = (at as isize + by).rem_euclid(View::ALL.len() as isize) as usize;
            return self.go(View::ALL[next]);
        }
        let order = [Pane::Services, Pane::Nodes, Pane::Tasks, Pane::Events, Pane::Logs];
        let at = order.iter().position(|p| *p == self.pane).unwrap_or(0);
        self.pane = order[(at as isize + by).rem_euclid(order.len() as isize) as usize];
        match self.pane {
            Pane::Services => self.tasks_of_node = false,
            Pane::Nodes => self.tasks_of_node = true,
            Pane::Events => self.bottom_logs = false,
            Pane::Logs => self.bottom_logs = true,
            Pane::Tasks => {}
        }
        self.tasks.stale();
    }

    fn zoom(&mut self) {
        if self.view == View::Overview {
            self.zoomed = !self.zoomed;
        } else {
            // A full-size view is zoomed already: z goes back to where its pane is.
            let focus = self.focus();
            self.go(View::Overview);
            self.pane = focus;
        }
    }

    fn step(&mut self, by: isize) {
        match self.focus() {
            Pane::Services => self.services.step(by),
            Pane::Nodes => self.nodes.step(by),
            Pane::Tasks => self.tasks.step(by),
            Pane::Events if self.view == View::Problems => self.problem_rows.step(by),
            Pane::Events => {
                self.events.step(by);
                self.events.follow = self.events.index() + 1 >= self.events.rows().len();
            }
            Pane::Logs => {
                if let Some(log) = &mut self.log {
                    log.scroll(by);
                }
            }
        }
    }

    fn page(&mut self, pages: isize, half: bool) {
        match self.focus() {
            Pane::Services => self.services.page(pages, half),
            Pane::Nodes => self.nodes.page(pages, half),
            Pane::Tasks => self.tasks.page(pages, half),
            Pane::Events if self.view == View::Problems => self.problem_rows.page(pages, half),
            Pane::Events => {
                self.events.page(pages, half);
                self.events.follow = self.events.index() + 1 >= self.events.rows().len();
            }
            Pane::Logs => {
                if let Some(log) = &mut self.log {
                    let page = log.page.get().max(1) as isize;
                    log.scroll(pages * if half { (page / 2).max(1) } else { page });
                }
            }
        }
    }

    fn jump(&mut self, top: bool) {
        let to = if top { 0 } else { usize::MAX };
        match self.focus() {
            Pane::Services => self.services.to(to),
            Pane::Nodes => self.nodes.to(to),
            Pane::Tasks => self.tasks.to(to),
            Pane::Events if self.view == View::Problems => self.problem_rows.to(to),
            Pane::Events => {
                self.events.to(to);
                self.events.follow = !top;
            }
            Pane::Logs => {
                if let Some(log) = &mut self.log {
                    if top { log.rewind() } else { log.held = None }
                }
            }
        }
    }

    fn enter(&mut self) {
        match self.subject() {
            Some(Subject::Service(id)) => self.open_tasks(TaskScope::Service(id)),
            Some(Subject::Node(id)) => self.open_tasks(TaskScope::Node(id)),
            Some(Subject::Task(..)) => self.describe(),
            _ => {}
        }
    }

    pub(super) fn open_tasks(&mut self, scope: TaskScope) {
        self.go(View::Tasks);
        self.scope = scope;
        self.tasks.set_filter("");
        self.tasks.reset();
    }

    pub(super) fn filter_text(&self) -> String {
        match self.focus() {
            Pane::Services => self.services.filter.text.clone(),
            Pane::Nodes => self.nodes.filter.text.clone(),
            Pane::Tasks => self.tasks.filter.text.clone(),
            Pane::Events if self.view == View::Problems => self.problem_rows.filter.text.clone(),
            Pane::Events => self.events.filter.text.clone(),
            Pane::Logs => self.log.as_ref().map(|l| l.filter.text.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn set_filter(&mut self, text: &str) {
        match self.focus() {
            Pane::Services => self.services.set_filter(text),
            Pane::Nodes => self.nodes.set_filter(text),
            Pane::Tasks => self.tasks.set_filter(text),
            Pane::Events if self.view == View::Problems => self.problem_rows.set_filter(text),
            Pane::Events => self.events.set_filter(text),
            Pane::Logs => {
                if let Some(log) = &mut self.log {
                    log.filter = super::filter::Filter::new(text);
                }
            }
        }
    }

    fn sort(&mut self, reverse: bool) {
        macro_rules! sort {
            ($table:expr, $columns:expr) => {{
                if reverse {
                    $table.reverse = !$table.reverse;
                    $table.stale();
                } else {
                    $table.next_sort($columns.len());
                }
                let way = if $table.reverse { ", reversed" } else { "" };
                let title = $columns[$table.sort].title.to_lowercase();
                let by = if title.is_empty() { "health" } else { &title };
                format!("sorted by {by}{way}")
            }};
        }
        let said = match self.focus() {
            Pane::Services => sort!(self.services, services::COLUMNS),
            Pane::Nodes => sort!(self.nodes, nodes::COLUMNS),
            Pane::Tasks => sort!(self.tasks, tasks::COLUMNS),
            Pane::Events | Pane::Logs => "sorted by time".into(),
        };
        self.say(said);
    }

    fn mark(&mut self) {
        match self.focus() {
            Pane::Services => self.services.toggle_mark(),
            _ => self.say("services can be marked: press 2, then Space"),
        }
    }

    // === what is meant ===

    /// The object under the cursor.
    pub(super) fn subject(&self) -> Option<Subject> {
        let store = &self.scene.store;
        let task = |id: &TaskId| {
            let service = store.task(id)?.service.clone();
            Some(Subject::Task(id.clone(), service))
        };
        match self.focus() {
            Pane::Services => self.services.current().cloned().map(Subject::Service),
            Pane::Nodes => self.nodes.current().cloned().map(Subject::Node),
            Pane::Tasks => self.tasks.current().and_then(|row| task(&row.task)),
            Pane::Events if self.view == View::Problems => self
                .problem_rows
                .current()
                .and_then(|row| self.problems.get(row.0))
                .map(|p| p.subject.clone()),
            Pane::Events => {
                let row = self.events.current()?;
                store.journal().get(row.0).map(|e| e.subject.clone())
            }
            Pane::Logs => {
                let log = self.log.as_ref()?;
                match &log.source {
                    LogSource::Services(ids) => ids.first().cloned().map(Subject::Service),
                    LogSource::Tasks(ids) => ids.first().and_then(task),
                    LogSource::Node(id) => Some(Subject::Node(id.clone())),
                }
            }
        }
        .filter(|s| *s != Subject::Other)
    }

    /// The services an action is for: the marked ones, or the one under the cursor.
    fn targets(&self) -> Vec<ServiceId> {
        let marks_count = matches!(self.view, View::Overview | View::Services);
        if marks_count && !self.services.marked.is_empty() {
            let mut marked: Vec<_> = self.services.marked.iter().cloned().collect();
            marked.sort_by_key(|id| self.service_name(id));
            return marked;
        }
        match self.subject() {
            Some(Subject::Service(id) | Subject::Task(_, id)) => vec![id],
            _ => Vec::new(),
        }
    }

    pub(super) fn service_name(&self, id: &ServiceId) -> String {
        self.scene.store.service(id).map_or_else(|| id.short().to_owned(), |s| s.name.to_string())
    }

    fn names_of(&self, targets: &[ServiceId]) -> String {
        match targets {
            [one] => self.service_name(one),
            many => format!("{} services", many.len()),
        }
    }

    // === actions on services ===

    fn ask(&mut self, asking: Asking) {
        let targets = self.targets();
        self.ask_for(asking, targets);
    }

    pub(super) fn ask_for(&mut self, asking: Asking, targets: Vec<ServiceId>) {
        if targets.is_empty() {
            return self.say("no service is selected");
        }
        let store = self.live_store();
        let services: Vec<_> = targets.iter().filter_map(|id| store.service(id)).collect();
        let today = |of: fn(&crate::cluster::Service) -> String| {
            let mut values: Vec<String> = services.iter().map(|s| of(s)).collect();
            values.dedup();
            if values.len() == 1 { values.remove(0) } else { String::new() }
        };
        let (value, verb) = match asking {
            Asking::Scale => {
                let fixed: Vec<_> = services.iter().filter(|s| !s.mode.can_scale()).collect();
                if !fixed.is_empty() && fixed.len() == services.len() {
                    let first = fixed[0];
                    let said = format!(
                        "{} is {}: scale can only be used with replicated or replicated-job mode",
                        first.name,
                        first.mode.word()
                    );
                    return self.say(said);
                }
                (today(replicas_text), "Scale")
            }
            Asking::Image => (today(|s| s.image.to_string()), "Update image of"),
        };
        let title = format!("{verb} {}", self.names_of(&targets));
        let input = Input::prefilled(&value);
        self.overlays.push(Overlay::Ask(Ask {
            asking,
            targets,
            title,
            input,
            error: None,
            waiting: None,
        }));
    }

    fn plan_at_once(&mut self, change: Change) {
        let targets = self.targets();
        self.plan_change(targets, change);
    }

    /// Reads the documents and then shows the plan.
    pub(super) fn plan_change(&mut self, targets: Vec<ServiceId>, change: Change) {
        if targets.is_empty() {
            return self.say("no service is selected");
        }
        let token = self.token();
        let what = format!("{} {}", change.word(), self.names_of(&targets));
        match self.overlays.last_mut() {
            Some(Overlay::Ask(ask)) => ask.waiting = Some(token),
            _ => self.overlays.push(Overlay::Waiting { token, what }),
        }
        self.pending = Some((token, Pending::Plan(change)));
        self.effects.push(Effect::Session(Command::Documents(token, targets)));
    }

    /// Opens the editor on a service's spec.
    pub(super) fn edit(&mut self, target: ServiceId) {
        let token = self.token();
        let what = format!("the spec of {}", self.service_name(&target));
        self.overlays.push(Overlay::Waiting { token, what });
        self.pending = Some((token, Pending::Edit));
        self.effects.push(Effect::Session(Command::Documents(token, vec![target])));
    }

    /// Sends an approved plan and follows each of its services.
    pub(super) fn carry_out(&mut self, approved: Approved) {
        let begun = self.now.shifted(self.skew);
        for step in &approved.plan().steps {
            // One action a service is followed: the newest.
            self.follows.retain(|f| f.service != step.service);
            self.follows.push(Follow::new(step, begun));
        }
        self.overlays.clear();
        self.services.marked.clear();
        self.effects.push(Effect::Session(Command::CarryOut(approved)));
    }

    fn failed_log(&mut self) {
        let failed = self.follows.iter().rev().find_map(|f| f.failing.clone());
        match failed {
            Some((task, _)) => {
                let title = self.scene.store.task(&task).map(|t| self.scene.store.task_name(t));
                self.follow_log(LogSource::Tasks(vec![task]), title.unwrap_or_default());
                self.go(View::Logs);
            }
            None => self.say("no action has a failing task"),
        }
    }

    fn failed_rollback(&mut self) {
        match self.follows.iter().rev().find(|f| f.failing.is_some()) {
            Some(follow) => {
                let service = follow.service.clone();
                self.plan_change(vec![service], Change::Rollback);
            }
            None => self.say("no action has failed"),
        }
    }

    fn dismiss(&mut self) {
        self.follows.retain(|f| !f.is_over());
    }

    fn quit(&mut self) {
        let busy =
            self.follows.iter().any(|f| matches!(f.phase, Phase::Sending | Phase::Converging));
        if busy {
            self.overlays.push(Overlay::Quit);
        } else {
            self.effects.push(Effect::Quit);
        }
    }

    // === reading ===

    fn open_logs(&mut self) {
        let marks_count = matches!(self.view, View::Overview | View::Services);
        let marked = self.targets();
        let source = if marks_count && !self.services.marked.is_empty() {
            Some((LogSource::Services(marked.clone()), self.names_of(&marked)))
        } else {
            match self.subject() {
                Some(Subject::Service(id)) => {
                    let name = self.service_name(&id);
                    Some((LogSource::Services(vec![id]), name))
                }
                Some(Subject::Task(id, _)) => {
                    let name = self.scene.store.task(&id).map(|t| self.scene.store.task_name(t));
                    Some((LogSource::Tasks(vec![id]), name.unwrap_or_default()))
                }
                Some(Subject::Node(id)) => {
                    let name = self.scene.store.hostname(&id).to_owned();
                    Some((LogSource::Node(id), name))
                }
                _ => None,
            }
        };
        let Some((source, title)) = source else {
            return self.say("nothing with a log is selected");
        };
        self.follow_log(source, title);
        if self.view == View::Overview && !self.zoomed {
            // In the bottom pane first; a second l, or 6, makes it full size.
            if self.pane == Pane::Logs {
                self.go(View::Logs);
            }
            self.bottom_logs = true;
            self.pane = Pane::Logs;
        } else {
            self.go(View::Logs);
        }
    }

    pub(super) fn follow_log(&mut self, source: LogSource, title: String) {
        if self.log.as_ref().is_some_and(|l| l.source == source) {
            return;
        }
        let token = self.token();
        self.log = Some(LogPane::new(token, source, title));
    }

    fn describe(&mut self) {
        match self.subject() {
            Some(subject) => self.describe_subject(subject),
            None => self.say("nothing is selected"),
        }
    }

    pub(super) fn describe_subject(&mut self, subject: Subject) {
        let title = self.subject_title(&subject);
        let kind = PageKind::Describe(subject);
        self.overlays.push(Overlay::Page(Page {
            title,
            kind,
            scroll: Scroll::default(),
            reveal: false,
        }));
    }

    fn subject_title(&self, subject: &Subject) -> String {
        let store = &self.scene.store;
        match subject {
            Subject::Service(id) => format!("service {}", self.service_name(id)),
            Subject::Node(id) => format!("node {}", store.hostname(id)),
            Subject::Task(id, _) => {
                format!(
                    "task {}",
                    store.task(id).map_or_else(|| id.short().into(), |t| store.task_name(t))
                )
            }
            Subject::Other => String::new(),
        }
    }

    fn yaml(&mut self) {
        match self.subject() {
            Some(subject) => self.yaml_of(&subject),
            None => self.say("nothing is selected"),
        }
    }

    pub(super) fn yaml_of(&mut self, subject: &Subject) {
        let (kind, id) = match subject {
            Subject::Service(id) => (RawKind::Service, id.to_string()),
            Subject::Node(id) => (RawKind::Node, id.to_string()),
            Subject::Task(id, _) => (RawKind::Task, id.to_string()),
            Subject::Other => return,
        };
        let token = self.token();
        let title = format!("{} · YAML", self.subject_title(subject));
        let page = PageKind::Yaml { value: None, token };
        self.overlays.push(Overlay::Page(Page {
            title,
            kind: page,
            scroll: Scroll::default(),
            reveal: false,
        }));
        self.effects.push(Effect::Session(Command::Raw(token, kind, id)));
    }

    fn copy(&mut self) {
        if self.focus() == Pane::Logs {
            let line = self.log.as_ref().and_then(|log| {
                let at = log.visible(1).pop()?;
                Some(log.buffer.lines()[at].text.clone())
            });
            match line {
                Some(text) => {
                    self.effects.push(Effect::Copy(text));
                    self.say("the last line shown was copied");
                }
                None => self.say("there is no line to copy"),
            }
            return;
        }
        let store = &self.scene.store;
        let pair = match self.subject() {
            Some(Subject::Service(id)) => Some((id.to_string(), self.service_name(&id))),
            Some(Subject::Node(id)) => Some((id.to_string(), node_name(self, &id))),
            Some(Subject::Task(id, _)) => {
                let name = store.task(&id).map_or_else(String::new, |t| store.task_name(t));
                Some((id.to_string(), name))
            }
            _ => None,
        };
        match pair {
            Some((id, name)) => self.overlays.push(Overlay::Copy { id, name }),
            None => self.say("nothing is selected"),
        }
    }

    fn pause(&mut self) {
        match self.paused_at.take() {
            Some(_) => {
                if let Some(live) = self.live.take() {
                    self.scene.store = *live;
                }
                self.services.stale();
                self.nodes.stale();
                self.tasks.stale();
                self.events.stale();
                if let Some(log) = &mut self.log {
                    log.held = None;
                }
            }
            None => {
                self.paused_at = Some(self.now);
                self.live = Some(Box::new(self.scene.store.clone()));
                if let Some(log) = &mut self.log
                    && log.held.is_none()
                {
                    log.toggle_hold();
                }
            }
        }
    }
}

fn replicas_text(service: &crate::cluster::Service) -> String {
    match service.mode {
        crate::cluster::Mode::Replicated(n) => n.to_string(),
        crate::cluster::Mode::ReplicatedJob { total, .. } => total.to_string(),
        _ => String::new(),
    }
}

fn node_name(app: &App, id: &NodeId) -> String {
    app.scene.store.hostname(id).to_owned()
}
