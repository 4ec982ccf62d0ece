//! Requests of the UI's operations, beside the watching: documents to plan with, plans carried out,
//! and objects read back.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::session::{
    jobs::caught,
    outbox::{Gone, Out},
    protocol::{Event, RawKind, Token},
};
use crate::{
    action::{
        execute::{self, Executor, Outcome, StepEvent},
        plan::{Approved, ReadObject, Target},
    },
    engine::Engine,
};

/// Reads documents to plan with. Any that fails fails the whole: a plan for a marked
/// set must not silently leave one out.
pub(super) fn read(engine: &Engine, out: &Out, token: Token, targets: Vec<Target>) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let read = async {
            let mut documents = Vec::with_capacity(targets.len());
            for target in &targets {
                documents.push(execute::read(&engine, target).await?);
            }
            Ok(documents)
        };
        let read = caught(&engine.endpoint().to_string(), read).await.and_then(|read| read);
        let _ = out.send(Event::Documents(token, read.map_err(|e| e.to_string()))).await;
    });
}

/// Reads each object back. One that can't be read does not affect the others.
pub(super) fn find(engine: &Engine, out: &Out, token: Token, targets: Vec<Target>) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let endpoint = engine.endpoint().to_string();
        let mut all = Vec::with_capacity(targets.len());
        for target in targets {
            let found = caught(&endpoint, execute::find(&engine, &target)).await;
            let found = found.unwrap_or_else(|fault| ReadObject::Unreadable(fault.to_string()));
            all.push((target, found));
        }
        let _ = out.send(Event::ReadBack(token, all)).await;
    });
}

/// Reads one document to show.
pub(super) fn raw(engine: &Engine, out: &Out, token: Token, kind: RawKind, id: String) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let read = engine.document(kind.path(), &id);
        let read = caught(&engine.endpoint().to_string(), read).await.and_then(|read| read);
        let read = read.map_err(|e| e.to_string());
        let value = read.and_then(|b| serde_json::from_slice(&b).map_err(|e| e.to_string()));
        let _ = out.send(Event::Raw(token, value.map(Box::new))).await;
    });
}

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
