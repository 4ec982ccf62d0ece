//! A shell in a task's container, from the key to the terminal that is handed over, and what is told after it.

use crate::{
    action::plan::{ApprovedShell, ShellPlan},
    cluster::TaskId,
    session::{ShellEnd, ShellFact, ShellFault, ShellLink, ShellNews, Token},
    ui::{
        app::{Effect, cluster::Cluster, message::ShellOver, workspace::Workspace},
        popup::{Operate, Popup, ShellBox, Waiting},
    },
};

const NO_SHELL: &str = "There is no shell in this container. One can be made beside it:";

impl Workspace<'_> {
    /// Asks whether a shell is to be started in the task under the cursor.
    pub(in crate::ui) fn ask_selected_shell(&mut self) {
        let subject = self.below().subject();
        match subject.and_then(|subject| self.cluster.model.task_of(&subject)) {
            Some(id) => self.ask_shell(&id),
            None => self.cluster.say("no task is selected: a shell runs in a task's container"),
        }
    }

    pub(in crate::ui) fn ask_shell_in(&mut self, id: &TaskId) {
        let Some(grant) = self.cluster.settings.shell.as_ref() else {
            return self.cluster.say("read-only: nothing can be run in a container from here");
        };
        let store = self.cluster.model.live();
        let Some(task) = store.task(id) else {
            return self.cluster.say("this task is gone");
        };
        match ShellPlan::new(grant, task, Vec::new(), store) {
            Ok(plan) => self.popups.push(Popup::Shell(Box::new(ShellBox::new(plan, None)))),
            Err(why) => self.cluster.say(why),
        }
    }

    pub(in crate::ui) fn start_approved_shell(&mut self, approved: ApprovedShell) {
        let token = self.cluster.token();
        let plan = approved.plan().clone();
        let what = format!("a shell in {} on {}", plan.name, plan.host);
        self.popups.push(Popup::Waiting(Waiting { token, what, verb: "Starting" }));
        self.cluster.operations.shell = Some((token, plan));
        self.cluster.effects.push(Effect::Shell(self.cluster.no, token, Box::new(approved)));
    }

    /// A shell runs, or does not. One that nobody waits for any more ends with its link.
    pub(in crate::ui) fn shell_started(
        &mut self,
        token: Token,
        started: Result<ShellLink, ShellFault>,
    ) {
        let Some((_, plan)) = self.cluster.operations.shell.take_if(|(t, _)| *t == token) else {
            return;
        };
        if matches!(self.popups.last(), Some(Popup::Waiting(Waiting { token: t, .. })) if *t == token)
        {
            self.popups.pop();
        }
        match started {
            Ok(link) => {
                self.cluster.effects.push(Effect::HandOver(self.cluster.no, Box::new(link)));
            }
            Err(ShellFault::NoShell(images)) => {
                let plan = plan.beside(images.into_iter().next().unwrap_or_default());
                self.popups.push(Popup::Shell(Box::new(ShellBox::new(plan, Some(NO_SHELL)))));
            }
            Err(fault) => self.cluster.notice(fault.to_string()),
        }
    }
}

impl Cluster {
    /// Tells how a shell ended.
    pub(in crate::ui) fn shell_over(&mut self, ShellOver { name, end }: ShellOver) {
        let said = match end {
            ShellEnd::Exited(Some(code)) => {
                return self.say(format!("{name}: the shell ended, exit code {code}"));
            }
            ShellEnd::Exited(None) => format!("{name}: the shell went with its container"),
            ShellEnd::NotStarted(why) => format!("{name}: {why}"),
            ShellEnd::Lost(why) => format!("{name}: the connection to the shell is lost: {why}"),
            ShellEnd::Left => {
                return self.say(format!("{name}: the shell was left, and is being ended"));
            }
        };
        self.notice(said);
    }

    /// Tells what else is to be known of a shell.
    pub(in crate::ui) fn shell_news(&mut self, news: &ShellNews) {
        self.notice(match &news.what {
            ShellFact::Left(_) => format!("{news}; skep goes on trying"),
            _ => news.to_string(),
        });
    }
}
