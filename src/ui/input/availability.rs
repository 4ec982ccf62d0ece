//! The actions that mean something here and now: the footer and the help show these and no others.

use crate::{
    cluster::{Subject, TaskId},
    ui::{
        input::actions::{Act, Action, KeyContext, Needs},
        screen::{below::Below, kinds::View, tasks::TaskScope},
    },
};

impl Below<'_> {
    /// Whether an action would do something; read-only hides what writes.
    pub(in crate::ui) fn offers(&self, action: &Action) -> bool {
        self.offers_in(action, self.context())
    }

    /// The same in a context.
    pub(in crate::ui) fn offers_in(&self, action: &Action, context: KeyContext) -> bool {
        if (action.writes && self.cluster.is_read_only()) || !action.contexts.contains(&context) {
            return false;
        }
        if let Some(would) = self.screen().offers(action.act, self.cluster) {
            return would;
        }
        let subject = || self.subject();
        let fits = match action.needs {
            Needs::Nothing => true,
            Needs::Rows => context != KeyContext::Log || self.screens.logs.log.is_some(),
            Needs::Problem => {
                self.screens.focus() == View::Problems
                    && self.screens.problems.problem(self.cluster).is_some()
            }
            Needs::Node => matches!(subject(), Some(Subject::Node(_))),
            Needs::Placed => matches!(subject(), Some(Subject::Node(_) | Subject::Task(..))),
            Needs::Task => self.task().is_some(),
            Needs::Object => subject().is_some(),
            Needs::Service => {
                matches!(
                    subject(),
                    Some(Subject::Service(_) | Subject::Task(..) | Subject::Stack(_))
                )
            }
        };
        fits && self.would(action.act)
    }

    /// The task under the cursor, or the one whose container is there.
    fn task(&self) -> Option<TaskId> {
        self.cluster.model.task_of(&self.subject()?)
    }

    /// Further conditions of an action.
    fn would(&self, act: Act) -> bool {
        let (screens, cluster) = (self.screens, self.cluster);
        if let Some(would) = self.screen().offers(act, cluster) {
            return would;
        }
        let rows = self.screen().rows();
        match act {
            Act::Go(View::Overview) => screens.view != View::Overview || screens.overview.zoomed,
            Act::Go(View::Tasks) => {
                screens.view != View::Tasks || screens.tasks.scope != TaskScope::All
            }
            Act::Go(view) => screens.view != view,
            Act::NextCluster | Act::PreviousCluster => cluster.others.names.len() > 1,
            Act::Back => self.together.over.is_some() || screens.goes_back(),
            Act::Zoom => screens.can_zoom(),
            Act::Edit => !matches!(self.subject(), Some(Subject::Stack(_))),
            Act::Shell => self.task().is_some_and(|id| {
                let store = cluster.model.live();
                store.task(&id).is_some_and(|task| store.is_running(task))
            }),
            Act::Compare => matches!(self.subject(), Some(Subject::Config(_))),
            Act::Yaml => self.subject().is_some_and(|subject| subject.has_document()),
            Act::Mark => rows.is_some_and(|rows| rows.can_be_marked()),
            Act::Sort | Act::Reverse => rows.is_some_and(|rows| rows.can_be_sorted()),
            Act::History => screens.visible().contains(&View::Tasks) && screens.tasks.has_history(),
            Act::OpenLogs => !(screens.view == View::Logs && screens.logs.log.is_some()),
            Act::OpenMoreLogs => match self.subject() {
                Some(Subject::Stack(name)) => !name.is_empty(),
                Some(Subject::Service(id) | Subject::Task(_, id)) => {
                    cluster.model.store.service(&id).is_some_and(|s| s.stack.is_some())
                }
                _ => false,
            },
            Act::FailedLog | Act::FailedRollback => cluster
                .operations
                .follows
                .iter()
                .any(|f| f.failing.is_some() && f.target.service().is_some()),
            Act::Dismiss => {
                cluster.operations.follows.iter().any(crate::action::follow::Follow::is_over)
            }
            Act::NextHit | Act::PreviousHit => {
                screens.logs.log.as_ref().is_some_and(|log| !log.highlight.is_empty())
            }
            _ => true,
        }
    }
}
