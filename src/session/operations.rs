//! Requests of the UI's operations, beside the watching: documents to plan with, plans carried out,
//! and objects read back.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{mpsc, watch};

use crate::session::{
    jobs::caught,
    outbox::{Gone, Out},
    protocol::{Event, RawKind, Token},
};
use crate::{
    action::{
        execute::{self, Executor, Outcome, StepEvent},
        plan::{Approved, ApprovedStack, ReadObject, Step, Target},
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
        let executor = Arc::clone(&self.executor);
        let steps = approved.plan().steps.clone();
        self.report(steps, |over, tell| async move {
            executor.carry_out(&approved, over, tell).await;
        });
    }

    /// Carries out a deploy that the user approved, and reports each outcome.
    pub fn deploy(&self, approved: ApprovedStack) {
        let executor = Arc::clone(&self.executor);
        let steps = approved.plan().steps();
        self.report(steps, |over, tell| async move {
            executor.deploy(&approved, over, tell).await;
        });
    }

    /// Reports each outcome as its step ends: a set of services is many writes, and one may take 30 s.
    fn report<F>(&self, steps: Vec<Step>, work: impl FnOnce(LinkOver, Tell) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (out, mut over) = (self.out.clone(), self.link.subscribe());
        let endpoint = self.executor.endpoint();
        let (tell, mut told) = mpsc::unbounded_channel();
        let ended = Arc::new(AtomicUsize::new(0));
        let (counted, teller) = (Arc::clone(&ended), tell.clone());
        // Nothing is ever sent there: it only ends, with the link.
        let link_over = Box::pin(async move { while over.changed().await.is_ok() {} });
        let work = work(
            link_over,
            Box::new(move |step, said| {
                let is_end = matches!(said, StepEvent::Ended(_));
                counted.fetch_add(usize::from(is_end), Ordering::Relaxed);
                let _ = teller.send((step.target.clone(), said));
            }),
        );
        let work = async move {
            let Err(fault) = caught(&endpoint, work).await else { return };
            // The one under way may have been sent; those after it were not.
            let mut outcome = Outcome::Unknown(fault.to_string());
            for step in &steps[ended.load(Ordering::Relaxed)..] {
                let _ = tell.send((step.target.clone(), StepEvent::Ended(outcome)));
                outcome = Outcome::Refused(format!("nothing was sent: {fault}"));
            }
        };
        tokio::spawn(async move {
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

/// Ends with the link.
type LinkOver = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Receiver of what becomes of the steps.
type Tell = Box<dyn FnMut(&Step, StepEvent) + Send>;

/// Reports that nothing of a plan was sent.
pub(super) async fn refuse(out: &Out, steps: &[Step], why: &str) -> Result<(), Gone> {
    for step in steps {
        let outcome = Outcome::Refused(format!("nothing was sent: {why}"));
        out.send(Event::Outcome(step.target.clone(), Box::new(outcome))).await?;
    }
    Ok(())
}
