//! The actions that mean something here and now: the footer and the help show these and no others.

use crate::{
    cluster::Subject,
    ui::{
        Board,
        app::board::{Pane, TaskScope, View},
        input::actions::{Act, Action, Context, Needs},
    },
};

impl Board {
    /// Where the keyboard is, whatever lies over the view.
    pub(in crate::ui) fn context(&self) -> Context {
        match self.focus() {
            Pane::Logs => Context::Log,
            Pane::Events if self.view == View::Problems => Context::Problems,
            Pane::Events => Context::Events,
            Pane::Services | Pane::Nodes | Pane::Tasks => Context::Table,
        }
    }

    /// The key to show for an action in a context, if it has one.
    pub(in crate::ui) fn key_of(&self, act: Act, context: Context) -> Option<String> {
        self.settings.keymap.first(act, context)
    }

    /// Whether an action would do something; read-only hides what writes.
    pub(in crate::ui) fn offers(&self, action: &Action) -> bool {
        self.offers_in(action, self.context())
    }

    /// The same in a context: that of the view, or Clusters over it.
    pub(in crate::ui) fn offers_in(&self, action: &Action, context: Context) -> bool {
        if (action.writes && self.is_read_only()) || !action.contexts.contains(&context) {
            return false;
        }
        if context == Context::Clusters {
            let depends = [Act::NextCluster, Act::PreviousCluster, Act::Dismiss];
            return !depends.contains(&action.act) || self.would(action.act);
        }
        let subject = || self.subject();
        let fits = match action.needs {
            Needs::Nothing => true,
            Needs::Rows => context != Context::Log || self.log.is_some(),
            Needs::Problem => self.problem().is_some(),
            Needs::Node => matches!(subject(), Some(Subject::Node(_))),
            Needs::Placed => matches!(subject(), Some(Subject::Node(_) | Subject::Task(..))),
            Needs::Object => subject().is_some(),
            Needs::Service => matches!(subject(), Some(Subject::Service(_) | Subject::Task(..))),
        };
        fits && self.would(action.act)
    }

    /// Further conditions of an action.
    fn would(&self, act: Act) -> bool {
        let problems = self.view == View::Problems;
        let in_log = self.view == View::Logs;
        match act {
            Act::Overview => self.view != View::Overview || self.zoomed,
            Act::Services => self.view != View::Services,
            Act::Nodes => self.view != View::Nodes,
            Act::Tasks => self.view != View::Tasks || self.scope != TaskScope::All,
            Act::Events => self.view != View::Events,
            Act::Logs => !in_log,
            Act::Problems => !problems,
            Act::NextCluster | Act::PreviousCluster => self.siblings.len() > 1,
            Act::Back => self.goes_back(),
            Act::Mark => matches!(self.focus(), Pane::Services | Pane::Nodes | Pane::Logs),
            Act::Sort | Act::Reverse => {
                matches!(self.focus(), Pane::Services | Pane::Nodes | Pane::Tasks)
            }
            Act::History => {
                matches!(self.view, View::Overview | View::Tasks)
                    && (self.unfolded || self.tasks.rows().iter().any(|row| row.older > 0))
            }
            Act::OpenLogs => !(in_log && self.log.is_some()),
            Act::OpenMoreLogs => match self.subject() {
                _ if problems => true,
                Some(Subject::Service(id) | Subject::Task(_, id)) => {
                    self.scene.store.service(&id).is_some_and(|s| s.stack.is_some())
                }
                _ => false,
            },
            Act::FailedLog | Act::FailedRollback => {
                self.follows.iter().any(|f| f.failing.is_some() && f.target.service().is_some())
            }
            Act::Dismiss => self.follows.iter().any(crate::action::follow::Follow::is_over),
            Act::Longer | Act::Shorter => self.event_filter.can_zoom(act == Act::Longer),
            Act::OnlyTask if self.in_events() => {
                self.event_filter.object.is_some() || self.subject().is_some()
            }
            Act::NextHit | Act::PreviousHit => {
                self.log.as_ref().is_some_and(|log| !log.highlight.is_empty())
            }
            _ => true,
        }
    }

    /// Whether there is anything to go back from.
    fn goes_back(&self) -> bool {
        let filtered = self.focus() == Pane::Logs
            && self.log.as_ref().is_some_and(|log| !log.filter.is_open());
        self.view != View::Overview
            || self.zoomed
            || filtered
            || !self.back.is_empty()
            || !self.filter_text().is_empty()
            || (self.in_events() && !self.event_filter.is_open())
            || !self.services.marked.is_empty()
            || !self.nodes.marked.is_empty()
    }
}
