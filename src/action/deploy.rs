//! Carrying out the approved plan of a deploy: one write after the other, until one fails.

use super::{
    execute::{Executor, Outcome, StepEvent, find},
    plan::{ApprovedStack, Change, MadeIds, NotApproved, ReadObject, StackObject, Step, Target},
};

impl Executor {
    /// Carries out a deploy. `each` gets the outcome of every step; after the first that fails nothing more
    /// is sent, and the others are told to be refused. When the link is lost, a write in flight is no
    /// longer awaited.
    pub async fn deploy(
        &self,
        approved: &ApprovedStack,
        link_over: impl Future<Output = ()>,
        mut each: impl FnMut(&Step, StepEvent),
    ) {
        tokio::pin!(link_over);
        let mut stopped = None;
        if !self.is_for(approved.plan().cluster()) {
            stopped = Some(NotApproved::OtherCluster.to_string());
        }
        let (mut lost, mut made) = (false, MadeIds::default());
        for mut step in approved.plan().steps() {
            if let Some(why) = &stopped {
                let outcome = Outcome::Refused(format!("nothing was sent: {why}"));
                each(&step, StepEvent::Ended(outcome));
                continue;
            }
            made.put_into(&mut step.after);
            let outcome = self.recorded(&step, &mut lost, &mut link_over, &mut each).await;
            if !matches!(outcome, Outcome::Taken { .. }) {
                stopped = Some(format!("{} failed before", step.title()));
                continue;
            }
            if let Err(why) = self.note(&step, approved, &mut made).await {
                stopped = Some(why);
            }
        }
    }

    /// Notes the id of what was made: services refer to it.
    async fn note(
        &self,
        step: &Step,
        approved: &ApprovedStack,
        made: &mut MadeIds,
    ) -> Result<(), String> {
        let (Target::New(kind, name), Change::Deploy(_)) = (&step.target, &step.change) else {
            return Ok(());
        };
        if *kind == StackObject::Service {
            return Ok(());
        }
        match find(self.engine(), &step.target).await {
            ReadObject::There(document) => {
                // Services name a network by its name, all else by its id.
                let recorded = match kind {
                    StackObject::Network => Some(name.as_str()),
                    kind => approved.recorded_id(*kind, name),
                };
                if let Some(recorded) = recorded {
                    made.note(recorded, document.target.id());
                }
                Ok(())
            }
            ReadObject::Gone => Err(format!("{} {name} is gone again", kind.word())),
            ReadObject::Unreadable(why) => Err(format!("{} {name}: {why}", kind.word())),
        }
    }
}
