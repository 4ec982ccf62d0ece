//! Carrying an approved plan out: one write a step, never twice.

use std::time::{Duration, Instant};

use super::{
    audit::Audit,
    follow::{difference, holds},
    plan::{
        Approved, Change, Document, NodeChange, NotApproved, ReadObject, StackObject, Step, Target,
        is_written, name_of,
    },
};
use crate::{
    engine::{Engine, EngineError},
    grant::{ClusterNo, WriteGrant},
};

/// Outcome of a step's write.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The object was read back and contains the planned change; it now has this version.
    Taken {
        /// The version after the write.
        version: u64,
        /// Warnings of the engine.
        warnings: Vec<String>,
    },
    /// Someone else changed the same object, so that the plan is no longer accurate.
    Conflict(Box<Document>),
    /// The engine refused, with its message: nothing was changed.
    Refused(String),
    /// The answer was lost, was no verdict, or does not agree with the object as it was read back.
    Unknown(String),
}

/// Time for tasks to end that still use a network: longer than most stop grace periods.
const TASKS_END: Duration = Duration::from_secs(90);

/// Time for which an object that was removed may still be listed.
const LISTED_ON: Duration = Duration::from_secs(15);

/// Progress of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepEvent {
    /// The write could not be recorded in the audit file, for this reason. It continues.
    Unrecorded(String),
    /// Its outcome.
    Ended(Outcome),
}

/// Waits before a read that failed is tried again: a Swarm elects a leader in some seconds.
const READ_AGAIN: [Duration; 3] =
    [Duration::from_millis(300), Duration::from_millis(700), Duration::from_secs(2)];

/// Writes. Exists only where a [`WriteGrant`] was minted: it takes nothing but approved plans of the
/// grant's cluster, and the engine it holds is the only one whose transport lets a POST out.
pub struct Executor {
    engine: Engine,
    grant: WriteGrant,
    audit: Audit,
    cluster: String,
}

impl Executor {
    /// An executor over an engine of the grant's cluster, which is `cluster` in the audit.
    pub fn new(engine: &Engine, grant: &WriteGrant, audit: Audit, cluster: String) -> Self {
        Self { engine: engine.for_writing(grant), grant: grant.clone(), audit, cluster }
    }

    /// Through which engine.
    pub fn endpoint(&self) -> String {
        self.engine.endpoint().to_string()
    }

    /// Carries out a plan step by step. `each` gets the outcome of every step, and is told once if
    /// the audit file is incomplete. When the link is lost, a write in flight is no longer awaited:
    /// its outcome is unknown, and the rest is not sent.
    pub async fn carry_out(
        &self,
        approved: &Approved,
        link_over: impl Future<Output = ()>,
        mut each: impl FnMut(&Step, StepEvent),
    ) {
        tokio::pin!(link_over);
        if approved.plan().cluster() != self.grant.cluster() {
            for step in &approved.plan().steps {
                let why = format!("nothing was sent: {}", NotApproved::OtherCluster);
                if let Err(why) = self.audit.record(&self.cluster, step, "refused", &why) {
                    each(step, StepEvent::Unrecorded(why));
                }
                each(step, StepEvent::Ended(Outcome::Refused(why)));
            }
            return;
        }
        let mut lost = false;
        for step in &approved.plan().steps {
            self.recorded(step, &mut lost, &mut link_over, &mut each).await;
        }
    }

    /// One step: recorded before and after, and sent unless the link was lost before.
    pub(super) async fn recorded(
        &self,
        step: &Step,
        lost: &mut bool,
        mut link_over: impl Future<Output = ()> + Unpin,
        each: &mut impl FnMut(&Step, StepEvent),
    ) -> Outcome {
        let mut unrecorded = false;
        let mut record = |written: Result<(), String>, each: &mut dyn FnMut(&Step, StepEvent)| {
            if let Err(why) = written
                && !std::mem::replace(&mut unrecorded, true)
            {
                each(step, StepEvent::Unrecorded(why));
            }
        };
        let outcome = if *lost {
            Outcome::Refused("nothing was sent: the link was lost before".into())
        } else {
            record(self.audit.record(&self.cluster, step, "sent", ""), each);
            tokio::select! {
                outcome = self.step(step) => outcome,
                () = &mut link_over => {
                    *lost = true;
                    let endpoint = self.endpoint();
                    Outcome::Unknown(format!("{endpoint}: the link was lost under the write"))
                }
            }
        };
        let (result, detail) = match &outcome {
            Outcome::Taken { version, .. } => ("taken", format!("version {version}")),
            Outcome::Conflict(_) => ("conflict", "nothing was sent again".into()),
            Outcome::Refused(why) => ("refused", why.clone()),
            Outcome::Unknown(why) => ("unknown", why.clone()),
        };
        record(self.audit.record(&self.cluster, step, result, &detail), each);
        each(step, StepEvent::Ended(outcome.clone()));
        outcome
    }

    /// The engine, to read with.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether it may carry out plans of this cluster.
    pub(super) fn is_for(&self, cluster: ClusterNo) -> bool {
        cluster == self.grant.cluster()
    }

    async fn step(&self, step: &Step) -> Outcome {
        let mut version = step.version;
        // Twice: a service changes its version also when the engine only notes an update's progress.
        // Then the spec is as the user saw it, and the same write may go out with the new version.
        for _ in 0..5 {
            match self.write(step, version).await {
                Ok(warnings) => return self.taken(step, version, warnings).await,
                Err(error @ EngineError::OutOfSequence) => match self.find(step).await {
                    ReadObject::There(now) if unchanged(step, &now) => version = now.version,
                    // The first of two: something in between sent it twice.
                    ReadObject::There(now) if is_carried_out(step, version, &now) => {
                        return carried_out(now.version, &error);
                    }
                    ReadObject::There(now) => return Outcome::Conflict(now),
                    ReadObject::Gone => {
                        let kind = step.target.kind();
                        return Outcome::Refused(format!("the {kind} was removed by someone else"));
                    }
                    ReadObject::Unreadable(why) => return Outcome::Unknown(not_read(&error, &why)),
                },
                Err(EngineError::NotFound { .. }) if step.after.is_null() => {
                    return Outcome::Taken { version, warnings: Vec::new() };
                }
                Err(error) if error.leaves_unknown() => {
                    return self.read_back(step, version, &error).await;
                }
                Err(error) => return Outcome::Refused(error.to_string()),
            }
        }
        Outcome::Refused(format!(
            "update out of sequence: the {} keeps changing",
            step.target.kind()
        ))
    }

    async fn write(&self, step: &Step, version: u64) -> Result<Vec<String>, EngineError> {
        match (&step.target, &step.change) {
            (Target::New(kind, _), change) => {
                self.engine.create(kind.path(), &step.after, credentials(change)).await
            }
            (Target::Object(StackObject::Network, id), Change::Remove) => {
                self.remove_network(id).await.map(|()| Vec::new())
            }
            (target @ (Target::Service(_) | Target::Object(..)), Change::Remove) => {
                let kind = format!("{}s", target.kind());
                self.engine.remove(&kind, target.id()).await.map(|()| Vec::new())
            }
            (Target::Service(id), change @ Change::Deploy(_)) => {
                self.engine.deploy_service(id, version, &step.after, credentials(change)).await
            }
            (Target::Object(kind, id), _) => {
                let sent = self.engine.update_object(kind.path(), id, version, &step.after);
                sent.await.map(|()| Vec::new())
            }
            (Target::Service(id), change) => {
                let rollback = *change == Change::Rollback;
                let body = if rollback { &step.before } else { &step.after };
                self.engine.update_service(id, version, body, rollback).await
            }
            (Target::Node(id), Change::Node(NodeChange::Remove)) => {
                self.engine.remove_node(id).await.map(|()| Vec::new())
            }
            (Target::Node(id), _) => {
                self.engine.update_node(id, version, &step.after).await.map(|()| Vec::new())
            }
        }
    }

    /// Removes a network, which the engine refuses while tasks that end still use it.
    async fn remove_network(&self, id: &str) -> Result<(), EngineError> {
        let begun = Instant::now();
        loop {
            match self.engine.remove("networks", id).await {
                Err(EngineError::Refusal { .. }) if begun.elapsed() < TASKS_END => {
                    tokio::time::sleep(READ_AGAIN[0]).await;
                }
                Err(EngineError::NotFound { .. }) => return Ok(()),
                removed => return removed,
            }
        }
    }

    /// Reads the object, also through an election.
    async fn find(&self, step: &Step) -> ReadObject {
        let mut found = find(&self.engine, &step.target).await;
        for wait in READ_AGAIN {
            if !matches!(found, ReadObject::Unreadable(_)) {
                break;
            }
            tokio::time::sleep(wait).await;
            found = find(&self.engine, &step.target).await;
        }
        found
    }

    /// The answer says that the write was carried out, but it need not come from the engine: only
    /// the object itself is proof.
    async fn taken(&self, step: &Step, sent: u64, warnings: Vec<String>) -> Outcome {
        let kind = step.target.kind();
        let mut found = self.find(step).await;
        // A manager lists a network for a little longer than the Swarm has it.
        let begun = Instant::now();
        while step.after.is_null()
            && matches!(found, ReadObject::There(_))
            && begun.elapsed() < LISTED_ON
        {
            tokio::time::sleep(READ_AGAIN[0]).await;
            found = self.find(step).await;
        }
        Outcome::Unknown(match found {
            ReadObject::Gone if step.after.is_null() => {
                return Outcome::Taken { version: step.version, warnings };
            }
            ReadObject::Gone => format!("accepted, but the {kind} is gone since"),
            ReadObject::There(now) if is_carried_out(step, sent, &now) => {
                return Outcome::Taken { version: now.version, warnings };
            }
            ReadObject::There(_) if step.after.is_null() => {
                format!("the answer says accepted, but the {kind} is still there")
            }
            ReadObject::There(now) if now.spec == step.before => {
                format!("the answer says accepted, but the {kind} is as it was before")
            }
            ReadObject::There(now) => format!(
                "accepted, but the {kind} has another spec than planned ({}): changed by someone else",
                difference(&step.after, &now.spec)
            ),
            ReadObject::Unreadable(why) => {
                format!("accepted, but the {kind} can't be read back: {why}")
            }
        })
    }

    /// The write may have been carried out: reads the object back and says which. Never sends again.
    async fn read_back(&self, step: &Step, sent: u64, error: &EngineError) -> Outcome {
        let kind = step.target.kind();
        match self.find(step).await {
            ReadObject::There(now) if is_carried_out(step, sent, &now) => {
                carried_out(now.version, error)
            }
            ReadObject::Gone if step.after.is_null() => carried_out(step.version, error),
            // It may still arrive, or be in the hands of a manager that lost its quorum.
            ReadObject::There(now) if now.spec == step.before => {
                Outcome::Unknown(error.to_string())
            }
            ReadObject::There(_) => Outcome::Unknown(format!(
                "{error}; the {kind} has since got another spec: look at it before you try again"
            )),
            ReadObject::Gone if matches!(step.target, Target::New(..)) => {
                Outcome::Unknown(format!("{error}; there is no such {kind} so far"))
            }
            ReadObject::Gone => Outcome::Unknown(format!("{error}; the {kind} is gone since")),
            ReadObject::Unreadable(why) => Outcome::Unknown(not_read(error, &why)),
        }
    }
}

/// Whether an object, read after a write to the version `sent`, contains the planned change.
fn is_carried_out(step: &Step, sent: u64, now: &Document) -> bool {
    !step.after.is_null()
        && now.version > sent
        && match step.change {
            Change::Deploy(_) => is_written(step, &now.spec),
            _ => holds(&step.before, &step.after, &now.spec),
        }
}

fn credentials(change: &Change) -> Option<&str> {
    match change {
        Change::Deploy(credentials) => credentials.as_ref().map(|sent| sent.0.as_str()),
        _ => None,
    }
}

fn carried_out(version: u64, error: &EngineError) -> Outcome {
    Outcome::Taken { version, warnings: vec![format!("carried out, though: {error}")] }
}

fn not_read(error: &EngineError, why: &str) -> String {
    format!("{error}; it is not known whether it was carried out ({why})")
}

/// Whether the object is still as it was when the plan was made.
fn unchanged(step: &Step, now: &Document) -> bool {
    let same_previous =
        step.change != Change::Rollback || now.previous.as_ref() == Some(&step.after);
    now.spec == step.before && same_previous
}

/// Reads an object back.
pub async fn find(engine: &Engine, target: &Target) -> ReadObject {
    match read(engine, target).await {
        Ok(document) => ReadObject::There(Box::new(document)),
        Err(EngineError::NotFound { .. }) => ReadObject::Gone,
        Err(error) => ReadObject::Unreadable(error.to_string()),
    }
}

/// Reads the document of what is to be written to.
///
/// # Errors
/// What the engine says.
pub async fn read(engine: &Engine, target: &Target) -> Result<Document, EngineError> {
    let kind = format!("{}s", target.kind());
    let raw = engine.document_of(&kind, target.id()).await?;
    let document = match target {
        Target::Service(_) => Document::read(&raw),
        Target::Node(_) => Document::read_node(&raw),
        Target::Object(kind, _) => Document::read_object(*kind, &raw),
        // The engine takes the beginning of an id as well.
        Target::New(_, name) if name_of(&raw) != name => {
            return Err(EngineError::NotFound { said: format!("no {kind} {name}") });
        }
        Target::New(kind, _) => Document::read_object(*kind, &raw),
    };
    let what = format!("GET /{kind}/{}", target.id());
    document.map_err(|said| EngineError::Refusal { what, status: 200, said })
}
