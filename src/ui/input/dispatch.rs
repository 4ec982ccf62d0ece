//! Actions of the keys in a view.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    action::plan::{Change, NodeChange},
    cluster::{Availability, Role, Subject},
    session::Command,
    ui::{
        Board,
        app::{
            Effect,
            board::{Pane, Request, TaskScope, View},
        },
        input::actions::{self, Act, Needs},
        popup::{Asking, LinePrompt, Palette, Popup},
        screen::{
            events::filter::EventFilter,
            logs::{LogFilter, LogPane},
        },
        table::rows::{Moving, Rows},
    },
};

impl Board {
    pub(in crate::ui) fn key(&mut self, key: &KeyEvent) {
        if self.popups.is_empty() {
            self.view_key(key);
        } else {
            self.popup_key(key);
        }
        if key.code == KeyCode::Char('y') {
            self.last_y = self.now;
        }
    }

    fn view_key(&mut self, key: &KeyEvent) {
        let ctrl_c =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        match self.settings.keymap.of(self.context(), key) {
            Some(action) => self.act(action.act),
            None if ctrl_c => self.act(Act::Quit),
            None => {
                if self.focus() == Pane::Logs {
                    self.pan_log(key.code);
                }
                // Whoever knows the key from another view learns why nothing happens.
                if let Some(action) = self.settings.keymap.elsewhere(key) {
                    self.say(format!("{} has no key {}", action.id, self.context().place()));
                }
            }
        }
    }

    /// Carries an action out, wherever it came from.
    pub(in crate::ui) fn act(&mut self, act: Act) {
        let action = actions::action(act);
        let on_object = [Needs::Service, Needs::Object, Needs::Problem, Needs::Node];
        if self.focus() != Pane::Logs && on_object.contains(&action.needs) {
            // What is acted on keeps the cursor, whatever comes above it.
            if let Some(rows) = self.rows_mut() {
                rows.step(0);
            }
        }
        if action.writes && self.is_read_only() {
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
            Act::Down
            | Act::Up
            | Act::Top
            | Act::Bottom
            | Act::HalfDown
            | Act::HalfUp
            | Act::PageDown
            | Act::PageUp => self.move_by(act),
            Act::Enter => self.enter(),
            Act::Back => self.go_back(),
            Act::Filter if self.focus() == Pane::Logs && self.log.is_none() => {
                self.say("no log is open: l opens that of what is selected");
            }
            Act::Filter => {
                let prompt = LinePrompt::filter(self.filter_text());
                self.popups.push(Popup::Line(prompt));
            }
            Act::Palette => self.popups.push(Popup::Palette(Palette::default())),
            Act::Help => self.open_help(self.context()),
            Act::Scale => self.ask(Asking::Scale),
            Act::Update => self.ask(Asking::Image),
            Act::Edit => self.edit_one(),
            Act::Rollback => self.plan_at_once(Change::Rollback),
            Act::Force => self.plan_at_once(Change::Force),
            Act::Drain => self.plan_node(NodeChange::Availability(Availability::Drain)),
            Act::Activate => self.plan_node(NodeChange::Availability(Availability::Active)),
            Act::PauseNode => self.plan_node(NodeChange::Availability(Availability::Pause)),
            Act::Promote => self.plan_node(NodeChange::Role(Role::Manager)),
            Act::Demote => self.plan_node(NodeChange::Role(Role::Worker)),
            Act::Labels => self.ask_labels(),
            Act::RemoveNode => self.plan_node(NodeChange::Remove),
            Act::OpenLogs => self.open_logs(),
            Act::OpenMoreLogs => self.open_more_logs(),
            Act::OnlyTask | Act::OnlyStream | Act::OnlySeverity if self.in_events() => {
                self.sift_events(act);
            }
            Act::Highlight
            | Act::NextHit
            | Act::PreviousHit
            | Act::NextError
            | Act::PreviousError
            | Act::OnlyTask
            | Act::OnlyNode
            | Act::OnlyStream
            | Act::OnlySeverity
            | Act::Wrap
            | Act::Times => self.in_log(act),
            Act::Describe => self.describe(),
            Act::Yaml => self.yaml(),
            Act::Mark => self.mark(),
            Act::Sort => self.sort(false),
            Act::Reverse => self.sort(true),
            Act::Copy => self.copy(),
            Act::Clusters => self.requests.push(Request::Clusters),
            Act::NextCluster => self.requests.push(Request::Turn(1)),
            Act::PreviousCluster => self.requests.push(Request::Turn(-1)),
            Act::Pause => self.pause(),
            Act::History => {
                self.unfolded = !self.unfolded;
                self.tasks.stale();
            }
            Act::FailedLog => self.failed_log(),
            Act::FailedRollback => self.failed_rollback(),
            Act::Dismiss => self.dismiss(),
            Act::Retry => self.command(Command::Retry),
            Act::Acknowledge => self.acknowledge(),
            Act::Mute => self.mute(),
            Act::Report => self.report(),
            Act::Blast => self.blast(),
            Act::Stats => self.open_stats(),
            Act::Wall => self.requests.push(Request::Wall),
            Act::Longer | Act::Shorter => {
                if self.in_events() {
                    self.sift_events(act);
                } else {
                    self.say("this zooms the events in time: press 5");
                }
            }
            Act::Redraw => self.effects.push(Effect::Redraw),
            Act::Quit => self.quit(),
            // Of what lies over a view: its own keys.
            Act::Reveal | Act::ShowPlan | Act::CarryOut => {}
        }
    }

    // === moving about ===

    pub(in crate::ui) fn go(&mut self, view: View) {
        if view != self.view {
            self.back.push((self.view, self.scope.clone()));
            if self.back.len() > 50 {
                self.back.remove(0);
            }
        }
        if view == View::Problems && self.view != view {
            self.open_problems();
        }
        self.view = view;
        self.zoomed = false;
        self.tasks.stale();
    }

    fn go_back(&mut self) {
        if self.marks_shown() {
            return self.clear_marks();
        }
        if self.focus() == Pane::Logs
            && let Some(log) = self.log.as_mut().filter(|log| !log.filter.is_open())
        {
            // All of it: what the keys filter as well as what was typed.
            return log.change_filter(|filter| *filter = LogFilter::default());
        }
        if !self.filter_text().is_empty() {
            return self.set_filter("");
        }
        if self.in_events() && !self.event_filter.is_open() {
            self.event_filter = EventFilter::default();
            return self.events.stale();
        }
        if self.view == View::Problems && self.detail.leave() {
            return;
        }
        if self.zoomed {
            self.zoomed = false;
        } else if let Some((view, scope)) = self.back.pop() {
            self.view = view;
            self.scope = scope;
            self.tasks.stale();
            if view == View::Problems {
                self.return_to_problems();
            }
        } else if !(self.services.marked.is_empty() && self.nodes.marked.is_empty()) {
            self.clear_marks();
        } else {
            self.view = View::Overview;
        }
    }

    /// Whether a table on the screen has marks, be they on rows that a filter hides.
    fn marks_shown(&self) -> bool {
        let (services, nodes) = (!self.services.marked.is_empty(), !self.nodes.marked.is_empty());
        match self.view {
            View::Overview => services || nodes,
            View::Services => services,
            View::Nodes => nodes,
            _ => false,
        }
    }

    pub(in crate::ui) fn clear_marks(&mut self) {
        self.services.marked.clear();
        self.nodes.marked.clear();
    }

    fn turn_pane(&mut self, by: isize) {
        if self.view == View::Problems {
            return self.detail.turn();
        }
        if self.view != View::Overview {
            let at = View::ALL.iter().position(|v| *v == self.view).unwrap_or(0);
            let next = (at as isize + by).rem_euclid(View::ALL.len() as isize) as usize;
            return self.go(View::ALL[next]);
        }
        let order = [Pane::Services, Pane::Nodes, Pane::Tasks, Pane::Events, Pane::Logs];
        let at = order.iter().position(|p| *p == self.pane).unwrap_or(0);
        self.enter_pane(order[(at as isize + by).rem_euclid(order.len() as isize) as usize]);
    }

    /// Gives a pane of the Overview the keyboard.
    pub(in crate::ui) fn enter_pane(&mut self, pane: Pane) {
        self.pane = pane;
        match pane {
            Pane::Services => self.tasks_of_node = false,
            Pane::Nodes => self.tasks_of_node = true,
            Pane::Events => self.bottom_logs = false,
            Pane::Logs => self.bottom_logs = true,
            Pane::Tasks => {}
        }
        self.tasks.stale();
    }

    fn zoom(&mut self) {
        if self.view == View::Problems {
            self.detail.zoom();
        } else if self.view == View::Overview {
            self.zoomed = !self.zoomed;
        } else {
            // A full-size view is zoomed already: z goes back to where its pane is.
            let focus = self.focus();
            self.go(View::Overview);
            self.pane = focus;
        }
    }

    /// Moves in what has the keyboard.
    fn move_by(&mut self, act: Act) {
        if self.view == View::Problems && self.detail.is_read() {
            self.detail.moves(act);
        } else if let Some(rows) = self.rows_mut() {
            rows.moves(act);
        }
        if self.log.as_mut().is_some_and(LogPane::take_wants_older) {
            self.read_older();
        }
    }

    /// The list that has the keyboard, if there is one.
    fn rows(&self) -> Option<&dyn Rows> {
        Some(match self.focus() {
            Pane::Services => &self.services,
            Pane::Nodes => &self.nodes,
            Pane::Tasks => &self.tasks,
            Pane::Events if self.view == View::Problems => &self.problem_rows,
            Pane::Events => &self.events,
            Pane::Logs => self.log.as_ref()?,
        })
    }

    /// As [`Board::rows`], to be changed.
    pub(in crate::ui) fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(match self.focus() {
            Pane::Services => &mut self.services,
            Pane::Nodes => &mut self.nodes,
            Pane::Tasks => &mut self.tasks,
            Pane::Events if self.view == View::Problems => &mut self.problem_rows,
            Pane::Events => &mut self.events,
            Pane::Logs => self.log.as_mut()?,
        })
    }

    fn enter(&mut self) {
        if self.focus() == Pane::Logs {
            return self.open_line();
        }
        match self.subject() {
            Some(Subject::Service(id)) => self.open_tasks(TaskScope::Service(id)),
            Some(Subject::Node(id)) => self.open_tasks(TaskScope::Node(id)),
            Some(Subject::Task(..)) => self.describe(),
            _ => {}
        }
    }

    pub(in crate::ui) fn open_tasks(&mut self, scope: TaskScope) {
        self.go(View::Tasks);
        self.scope = scope;
        self.tasks.set_filter("");
        self.tasks.reset();
    }

    pub(in crate::ui) fn filter_text(&self) -> &str {
        self.rows().map_or("", |rows| rows.filter_text())
    }

    pub(in crate::ui) fn set_filter(&mut self, text: &str) {
        if let Some(rows) = self.rows_mut() {
            rows.set_filter(text);
        }
    }

    fn sort(&mut self, reverse: bool) {
        if let Some(rows) = self.rows_mut() {
            let said = rows.sort(reverse);
            self.say(said);
        }
    }

    fn mark(&mut self) {
        if self.focus() == Pane::Logs {
            return self.mark_line();
        }
        if !self.rows_mut().is_some_and(|rows| rows.mark()) {
            self.say("services and nodes can be marked: press 2 or 3, then Space");
        }
    }
}
