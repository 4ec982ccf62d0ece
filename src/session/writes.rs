//! Plans carried out over one link, beside the watching.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::action::{
    execute::{Executor, Outcome, StepEvent},
    plan::Approved,
};
use crate::session::{
    jobs::caught,
    outbox::{Gone, Out},
    protocol::Event,
};

/// Carries plans out while a link lasts. A session without a grant has none.
pub(super) struct Writes {
    executor: Arc<Executor>,
    out: Out,
    /// Dropped with the link: answers to what was sent over it are no longer awaited.
    link: watch::Sender<()>,
}

impl Writes {
    /// Writes through this executor.
    pub fn new(executor: Executor, out: &Out) -> Self {
        Self { executor: Arc::new(executor), out: out.clone(), link: watch::channel(()).0 }
    }

    /// Carries out a plan that the user approved, and reports each outcome.
    pub fn carry_out(&self, approved: Approved) {
        let (executor, out, mut over) =
            (Arc::clone(&self.executor), self.out.clone(), self.link.subscribe());
        tokio::spawn(async move {
            // Told as each ends: a set of services is many writes, and one may take 30 s.
            let (tell, mut told) = mpsc::unbounded_channel();
            let work = async move {
                // Nothing is ever sent here: it only ends, with the link.
                let link_over = async { while over.changed().await.is_ok() {} };
                let mut ended = 0;
                let carried = executor.carry_out(&approved, link_over, |step, said| {
                    ended += usize::from(matches!(said, StepEvent::Ended(_)));
                    let _ = tell.send((step.target.clone(), said));
                });
                let Err(fault) = caught(&executor.endpoint(), carried).await else { return };
                // The one under way may have been sent; those after it were not.
                let mut outcome = Outcome::Unknown(fault.to_string());
                for step in &approved.plan().steps[ended..] {
                    let _ = tell.send((step.target.clone(), StepEvent::Ended(outcome)));
                    outcome = Outcome::Refused(format!("nothing was sent: {fault}"));
                }
            };
            let forward = async {
                while let Some((target, said)) = told.recv().await {
                    let event = match said {
                        StepEvent::Unrecorded(why) => Event::Unrecorded(target, why),
                        StepEvent::Ended(outcome) => Event::Outcome(target, Box::new(outcome)),
                    };
                    let _ = out.send(event).await;
                }
            };
            tokio::join!(work, forward);
        });
    }
}

/// Reports that nothing of a plan was sent.
pub(super) async fn refuse(out: &Out, approved: &Approved, why: &str) -> Result<(), Gone> {
    for step in &approved.plan().steps {
        let outcome = Outcome::Refused(format!("nothing was sent: {why}"));
        out.send(Event::Outcome(step.target.clone(), Box::new(outcome))).await?;
    }
    Ok(())
}
