//! Updates of services whose tasks end: the engine takes an end while it watches for a failure of the
//! update, also with exit 0 (measured on 20.10 to 28.5).

use super::{Follow, Phase};
use crate::cluster::{Service, Store, Task, TaskId, TaskState, UpdateStatus};

impl Follow {
    /// Result of a paused update: done, if its tasks ran and are not meant to keep running.
    pub(super) fn paused(&self, service: &Service, update: &UpdateStatus, store: &Store) -> Phase {
        let blamed = update.message.split("of task ").nth(1);
        let blamed = blamed.and_then(|id| store.task(&TaskId::from(id.trim())));
        let well = blamed.is_none_or(ended_as_meant) && self.ran;
        if well && self.done >= self.total {
            Phase::Done
        } else if well && blamed.is_some() {
            let rest = self.total - self.done;
            let (rest, are) = if rest == 1 { ("the other", "is") } else { ("the others", "are") };
            Phase::Failed(format!(
                "{} of {} ran, exit 0; {rest} {are} not updated: the engine paused the update, as it takes \
                 a run that ends within {:?} for a failure",
                self.done, self.total, service.update_config.monitor
            ))
        } else {
            Phase::Failed(update.message.to_string())
        }
    }

    /// Why the engine went back to the spec before.
    pub(super) fn rolled_back(
        &self,
        service: &Service,
        update: &UpdateStatus,
        store: &Store,
    ) -> String {
        let of_new = |t: &&Task| {
            t.spec.template != service.template
                && t.created >= Some(self.begun)
                && t.state.is_terminal()
        };
        let mut tasks = store.tasks_of(&service.id).filter(of_new).peekable();
        if tasks.peek().is_some() && tasks.all(ended_as_meant) {
            format!(
                "ran, exit 0, but the engine takes a run that ends within {:?} for a failure: it rolled \
                 back, and the work of the old spec ran again",
                service.update_config.monitor
            )
        } else {
            format!("rolled back: {}", update.message)
        }
    }
}

/// Whether its work is done: not a server that ended.
fn ended_as_meant(task: &Task) -> bool {
    task.state == TaskState::Complete && !task.ended_though_it_serves()
}
