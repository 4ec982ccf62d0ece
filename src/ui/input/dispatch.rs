//! From a key to the popup on top, or else to an action and its place: the screen, if it is one of its own,
//! else the workspace.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    action::plan::{Change, NodeChange},
    cluster::{Availability, ContainerId, NodeId, Role, Subject, Timestamp},
    session::Command,
    ui::{
        app::{
            Effect,
            settings::{Input, Request},
            workspace::Workspace,
        },
        input::actions::{self, Act, KeyContext, Needs},
        popup::{Asking, LinePrompt, Palette, Popup, Reaction, is_ctrl_c},
        screen::{
            Handled, Screen, Then,
            kinds::{TogetherView, View},
            tasks::TaskScope,
        },
    },
};

/// Columns that an arrow moves a log with long lines.
const PAN: isize = 20;

impl Workspace<'_> {
    /// Takes in what someone did. What follows from it is derived later.
    pub(in crate::ui) fn input(&mut self, input: Input, now: Timestamp) {
        self.cluster.now = now;
        match input {
            Input::Key(key) => {
                self.cluster.attend(now);
                let dismissed = self.cluster.pass_toast();
                if self.popups.is_empty() {
                    self.screen_key(&key, dismissed);
                } else {
                    self.popup_key(&key);
                }
                if key.code == KeyCode::Char('y') {
                    self.cluster.remembered.last_y = Some(now);
                }
            }
            Input::Paste(text) => self.paste(&text),
            Input::Pointed => self.cluster.attend(now),
        }
    }

    pub(in crate::ui) fn paste(&mut self, text: &str) {
        if let Some(mut top) = self.popups.pop() {
            let handled = top.behaviour_mut().paste(text);
            self.after_popup(top, handled);
        }
    }

    /// Hands a key to the top popup.
    pub(in crate::ui) fn popup_key(&mut self, key: &KeyEvent) {
        let Some(mut top) = self.popups.pop() else { return };
        let handled = if is_ctrl_c(key) && !top.behaviour().takes_ctrl_c() {
            Reaction::GivenUp
        } else {
            top.behaviour_mut().key(key, self.below())
        };
        self.after_popup(top, handled);
    }

    fn after_popup(&mut self, mut top: Popup, handled: Reaction) {
        match handled {
            Reaction::Stays => self.popups.push(top),
            Reaction::GivenUp => top.behaviour_mut().give_up(self),
            Reaction::StaysThen(after) => {
                self.popups.push(top);
                after(self);
            }
            Reaction::DoneThen(after) => after(self),
        }
    }

    fn screen_key(&mut self, key: &KeyEvent, dismissed: bool) {
        let ctrl_c =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        match self.cluster.settings.keymap.of(self.below().context(), key) {
            // That was for the message.
            Some(action) if dismissed && action.act == Act::Back => {}
            Some(action) => self.act(action.act),
            None if ctrl_c => self.act(Act::Quit),
            None => {
                if self.below().context() == KeyContext::Log {
                    match key.code {
                        KeyCode::Left => self.screens.logs.pan(-PAN),
                        KeyCode::Right => self.screens.logs.pan(PAN),
                        _ => {}
                    }
                }
                // Whoever knows the key from another view learns why nothing happens.
                if let Some(action) = self.cluster.settings.keymap.elsewhere(key) {
                    let place = self.below().context().place();
                    self.cluster.say(format!("{} has no key {place}", action.id));
                }
            }
        }
    }

    /// Carries an action out, wherever it came from.
    pub(in crate::ui) fn act(&mut self, act: Act) {
        let action = actions::action(act);
        let on_object = [Needs::Service, Needs::Object, Needs::Problem, Needs::Node, Needs::Task];
        if self.below().context() != KeyContext::Log && on_object.contains(&action.needs) {
            // What is acted on keeps the cursor, whatever comes above it.
            if let Some(rows) = self.screen_mut().rows_mut() {
                rows.step(0);
            }
        }
        if action.writes && self.cluster.is_read_only() {
            return self.cluster.say("read-only: nothing can be changed from here");
        }
        let screen = match self.together.screen_mut() {
            Some(over) => over,
            None => self.screens.focused_mut(),
        };
        match screen.act(act, self.cluster) {
            Handled::No => self.act_outside(act),
            Handled::Yes => {}
            Handled::Then(Then::LogsOfProblems) => self.logs_of_problems(),
            Handled::Then(Then::Go(view)) => self.act(Act::Go(view)),
            Handled::Then(Then::AskHighlight(text)) => {
                self.popups.push(Popup::Line(LinePrompt::highlight(&text)));
            }
            Handled::Then(Then::Open(cluster, subject)) => {
                self.cluster.requests.push(Request::Open(cluster, subject));
            }
        }
    }

    /// Carries out what is no screen's own.
    fn act_outside(&mut self, act: Act) {
        match act {
            Act::Go(view) => {
                match view {
                    View::Tasks => self.screens.tasks.scope = TaskScope::All,
                    View::Services => self.screens.services.open_all(),
                    // Without a log it shows that of what is selected.
                    View::Logs
                        if self.screens.logs.log.is_none() && self.below().single().is_ok() =>
                    {
                        self.open_logs();
                    }
                    View::Containers => {
                        if let Some((node, container)) = self.containers_there() {
                            return self.open_containers_of(node, container);
                        }
                    }
                    _ => {}
                }
                self.go(view);
            }
            Act::NextPane => self.screens.turn(1, self.cluster),
            Act::PreviousPane => self.screens.turn(-1, self.cluster),
            Act::Zoom if !self.screens.can_zoom() => {
                self.cluster.say("this screen is no pane of the Overview: it has all of the room");
            }
            Act::Zoom => self.screens.zoom(self.cluster),
            Act::Down
            | Act::Up
            | Act::Top
            | Act::Bottom
            | Act::HalfDown
            | Act::HalfUp
            | Act::PageDown
            | Act::PageUp => {
                if let Some(moved) = self.screen_mut().moved() {
                    moved.moves(act);
                }
                self.screens.logs.read_wanted(self.cluster);
            }
            Act::Enter => self.enter(),
            Act::Back if self.together.over.is_some() => self.together.over = None,
            Act::Back => self.screens.go_back(self.cluster),
            Act::Filter => {
                let prompt = LinePrompt::filter(self.filter_text());
                self.popups.push(Popup::Line(prompt));
            }
            Act::Palette => self.popups.push(Popup::Palette(Palette::default())),
            Act::Help => self.open_help(self.below().context()),
            Act::Scale => self.ask(Asking::Scale),
            Act::Update => self.ask(Asking::Image),
            Act::Edit => self.edit_one(),
            Act::Rollback => self.plan_at_once(Change::Rollback),
            Act::Force => self.plan_at_once(Change::Force),
            Act::Shell => self.ask_selected_shell(),
            Act::Drain => self.plan_node(NodeChange::Availability(Availability::Drain)),
            Act::Activate => self.plan_node(NodeChange::Availability(Availability::Active)),
            Act::PauseNode => self.plan_node(NodeChange::Availability(Availability::Pause)),
            Act::Promote => self.plan_node(NodeChange::Role(Role::Manager)),
            Act::Demote => self.plan_node(NodeChange::Role(Role::Worker)),
            Act::Labels => self.ask_labels(),
            Act::RemoveNode => self.plan_node(NodeChange::Remove),
            Act::OpenLogs => self.open_logs(),
            Act::OpenMoreLogs => self.open_more_logs(),
            Act::Containers => match self.containers_there() {
                Some((node, container)) => self.open_containers_of(node, container),
                None => self.cluster.say("no node is selected: :containers NAME names one"),
            },
            Act::Describe => self.describe(),
            Act::Yaml => self.yaml(),
            Act::Compare => self.compare(),
            Act::Mark => {
                match self.screen_mut().rows_mut() {
                    Some(rows) if rows.can_be_marked() => rows.mark(),
                    _ => {
                        self.cluster.say("nothing can be marked here: services, nodes and the lists of objects can");
                    }
                }
            }
            Act::Sort => self.sort(false),
            Act::Reverse => self.sort(true),
            Act::Copy => self.copy(),
            Act::Clusters => self.together.turn(TogetherView::Clusters, self.cluster),
            Act::NextCluster => self.cluster.requests.push(Request::Turn(1)),
            Act::PreviousCluster => self.cluster.requests.push(Request::Turn(-1)),
            Act::Pause => self.pause(),
            Act::History if !self.screens.visible().contains(&View::Tasks) => {
                self.cluster.say("this shows the history of tasks: press 4");
            }
            Act::History => self.screens.tasks.turn_history(),
            Act::FailedLog => self.failed_log(),
            Act::FailedRollback => self.failed_rollback(),
            Act::Dismiss => self.dismiss(),
            Act::Blast => self.blast(),
            Act::Report => self.cluster.report(),
            Act::Retry => self.cluster.command(Command::Retry),
            Act::Wall => self.together.turn(TogetherView::Wall, self.cluster),
            Act::Versions => self.open_versions(),
            Act::Stats => self.open_stats(),
            Act::Contexts => self.open_contexts(),
            Act::Longer | Act::Shorter => {
                self.cluster.say("this zooms the events in time: press 5");
            }
            Act::Acknowledge | Act::Mute => {
                self.cluster.say("no problem is selected: 7 lists them");
            }
            // Of a log: asked for by name, it is there or it is not.
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
            | Act::Times => self.act_in_log(act),
            Act::Redraw => self.cluster.effects.push(Effect::Redraw),
            Act::Quit => self.quit(),
            // Of what lies over a view: its own keys.
            Act::Reveal | Act::ShowPlan | Act::CarryOut => {}
        }
    }

    /// Carries out an action on the log that is open, wherever the keyboard is.
    fn act_in_log(&mut self, act: Act) {
        let handled = self.screens.logs.act(act, self.cluster);
        if let Handled::Then(Then::AskHighlight(text)) = handled {
            self.popups.push(Popup::Line(LinePrompt::highlight(&text)));
        }
    }

    /// Goes to a view.
    pub(in crate::ui) fn go(&mut self, view: View) {
        self.together.over = None;
        self.screens.go(view, self.cluster);
    }

    /// Goes to the tasks of something.
    pub(in crate::ui) fn open_tasks(&mut self, scope: TaskScope) {
        self.go(View::Tasks);
        self.screens.tasks.open(scope);
    }

    /// The node under the cursor, or that of the task there, and its container.
    fn containers_there(&self) -> Option<(NodeId, Option<ContainerId>)> {
        match self.below().subject()? {
            Subject::Node(id) => Some((id, None)),
            Subject::Task(id, _) => {
                let task = self.cluster.model.store.task(&id)?;
                Some((task.node.clone()?, task.container.clone().map(ContainerId::from)))
            }
            _ => None,
        }
    }

    /// Goes to the containers of a node.
    pub(in crate::ui) fn open_containers_of(
        &mut self,
        node: NodeId,
        container: Option<ContainerId>,
    ) {
        self.screens.containers.open(node, container);
        self.go(View::Containers);
    }

    fn enter(&mut self) {
        match self.below().subject() {
            Some(Subject::Service(id)) => self.open_tasks(TaskScope::Service(id)),
            Some(Subject::Node(id)) => self.open_tasks(TaskScope::Node(id)),
            Some(Subject::Task(..) | Subject::Container(..)) => self.describe(),
            Some(Subject::Other) | None => {}
            Some(other) => self.open_services(other),
        }
    }

    /// Goes to an object, in the list of its kind.
    pub(in crate::ui) fn show_object(&mut self, subject: &Subject) {
        let view = match subject {
            Subject::Service(_) => View::Services,
            Subject::Node(_) => View::Nodes,
            Subject::Task(_, service) => {
                self.open_tasks(TaskScope::Service(service.clone()));
                View::Tasks
            }
            Subject::Network(_) => View::Networks,
            Subject::Secret(_) => View::Secrets,
            Subject::Config(_) => View::Configs,
            Subject::Volume(_) => View::Volumes,
            Subject::Stack(_) => View::Stacks,
            Subject::Container(node, id) => {
                return self.open_containers_of(node.clone(), Some(id.clone()));
            }
            Subject::Other => return,
        };
        if view != View::Tasks {
            self.act_outside(Act::Go(view));
        }
        self.set_filter("");
        self.screens.get_mut(view).select(subject, self.cluster);
    }

    /// Goes to the services that use something.
    pub(in crate::ui) fn open_services(&mut self, of: Subject) {
        self.go(View::Services);
        self.screens.services.open(Some(of));
    }

    /// Says why something could not be done.
    pub(in crate::ui) fn say_if(&mut self, done: Result<(), String>) {
        if let Err(why) = done {
            self.cluster.say(why);
        }
    }

    /// The text of the filter of the list that has the keyboard.
    pub(in crate::ui) fn filter_text(&self) -> &str {
        self.below().screen().rows().map_or("", |rows| rows.filter_text())
    }

    pub(in crate::ui) fn set_filter(&mut self, text: &str) {
        if let Some(rows) = self.screen_mut().rows_mut() {
            rows.set_filter(text);
        }
    }

    fn sort(&mut self, reverse: bool) {
        if let Some(rows) = self.screen_mut().rows_mut() {
            let said = rows.sort(reverse);
            self.cluster.say(said);
        }
    }
}
