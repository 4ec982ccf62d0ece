//! A plan: what a write will change, what it touches and what could go wrong, before it happens.
//!
//! Pure: plans are made from documents just read and the store, shown, and then [`Plan::approve`]d
//! into the only thing an executor takes.

mod called;
mod change;
mod command;
mod diff;
mod document;
mod image;
mod mask;
mod node;
mod reruns;
mod schema;
mod shell;
mod stack;
mod target;
mod touch;
mod yaml;

use called::Called;
pub use change::{Change, ScaleTo};
pub use diff::{DiffLine, Mark, specs as diff_specs, texts as text_diff};
pub use document::{Document, ReadObject};
pub use image::without_old_digest;
pub use mask::{mask_document, mask_env, mask_text};
pub use node::{NodeChange, labels_text, parse_labels};
pub use shell::{ApprovedShell, ShellPlan};
pub use stack::{
    Addressee, ApprovedStack, Credentials, FieldDiff, KnownObjects, MadeIds, RecordedWrite,
    Recording, StackAction, StackChange, StackObject, StackPlan, id_of, ignored_silently,
    is_written, name_of, unused_networks,
};
pub use target::Target;
pub use yaml::{EditError, from_yaml, to_yaml};

use serde_json::Value;

use crate::{
    cluster::{Leaving, Store},
    grant::{ClusterNo, Grant, WriteGrant},
};

/// One object's part of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// The object.
    pub target: Target,
    /// Its name.
    pub name: String,
    /// The name to type as a confirmation.
    pub typed: String,
    /// The version the plan was made from.
    pub version: u64,
    /// The change.
    pub change: Change,
    /// The spec as read.
    pub before: Value,
    /// The spec as it will be.
    pub after: Value,
    /// The difference, secrets masked.
    pub diff: Vec<DiffLine>,
    /// Its effect on the tasks, in words.
    pub touches: String,
    /// The `docker` command that does the same.
    pub command: String,
    /// For a drain: what becomes of the tasks on the node.
    pub leaving: Vec<Leaving>,
}

impl Step {
    /// `scale web 3 → 5`.
    pub fn title(&self) -> String {
        match (&self.change, change::replicas(&self.before), change::replicas(&self.after)) {
            (Change::Scale(_), Some(from), Some(to)) => {
                format!("scale {} {from} → {to}", self.name)
            }
            (change, _, _) => match &self.target {
                Target::New(kind, name) => format!("create {} {name}", kind.word()),
                Target::Object(kind, _) => {
                    format!("{} {} {}", change.verb(), kind.word(), self.name)
                }
                _ => format!("{} {}", change.verb(), self.name),
            },
        }
    }
}

/// Confirmation that a plan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// `y`.
    Yes,
    /// The typed name of the object, since the plan is dangerous.
    Type(String),
}

impl Confirm {
    /// Whether the grant is the one of this cluster, and the answer the one that is asked for.
    fn check<K>(
        &self,
        cluster: ClusterNo,
        grant: &Grant<K>,
        answer: &Confirmation,
    ) -> Result<(), NotApproved> {
        if grant.cluster() != cluster {
            return Err(NotApproved::OtherCluster);
        }
        let is_right = match (self, answer) {
            (Self::Yes, Confirmation::Yes) => !grant.wants_typing(),
            (Self::Type(word), Confirmation::Typed(typed)) => word == typed.trim(),
            _ => false,
        };
        if is_right { Ok(()) } else { Err(NotApproved::Answer) }
    }
}

/// Answer of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// `y`.
    Yes,
    /// The typed name.
    Typed(String),
}

/// Why a plan was not approved.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotApproved {
    /// There is nothing to do, or the answer is not the one it asks for.
    #[error("the answer is not the one the plan asks for")]
    Answer,
    /// The grant is another cluster's.
    #[error("the plan was made for another cluster")]
    OtherCluster,
}

/// A plan, ready to be shown.
#[derive(Clone, Debug)]
pub struct Plan {
    cluster: ClusterNo,
    /// `scale web 3 → 5`.
    pub title: String,
    /// One an object.
    pub steps: Vec<Step>,
    /// Risks.
    pub warnings: Vec<String>,
    /// Objects that are left out, and why.
    pub refused: Vec<String>,
    /// Confirmation it needs.
    pub confirm: Confirm,
}

/// A plan that the user confirmed. Executors take nothing else, and only [`Plan::approve`] makes
/// one.
#[derive(Clone, Debug)]
pub struct Approved {
    plan: Plan,
}

impl Approved {
    /// The approved plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl Plan {
    /// Plans `change` for each of `documents` of a cluster, as they were just read.
    pub fn new(cluster: ClusterNo, documents: &[Document], change: &Change, store: &Store) -> Self {
        let mut plan = Self {
            cluster,
            title: String::new(),
            steps: Vec::new(),
            warnings: Vec::new(),
            refused: Vec::new(),
            confirm: Confirm::Yes,
        };
        for document in documents {
            let called = Called::new(document, store);
            match change.check(document, store).and_then(|()| change.apply(document)) {
                Err(why) => plan.refused.push(format!("{}: {why}", called.shown)),
                Ok(after) => {
                    let touched = touch::describe(document, &after, change, store);
                    plan.warnings.extend(touched.warnings.into_iter().map(|w| {
                        if documents.len() > 1 { format!("{}: {w}", called.shown) } else { w }
                    }));
                    if touched.dangerous {
                        plan.confirm = Confirm::Type(called.typed.clone());
                    }
                    plan.steps.push(Step {
                        target: document.target.clone(),
                        name: called.shown,
                        typed: called.typed,
                        version: document.version,
                        change: change.clone(),
                        diff: diff::specs(&document.spec, &after),
                        touches: touched.text,
                        command: command::docker(document, &called.argument, &after, change),
                        before: document.spec.clone(),
                        after,
                        leaving: touched.leaving,
                    });
                }
            }
        }
        if plan.steps.len() > 1 {
            plan.confirm = Confirm::Type(change::many(&plan.steps));
        }
        plan.title = change.title(&plan.steps, documents);
        plan
    }

    /// The cluster whose documents it was made from, and the only one it may be carried out on.
    pub fn cluster(&self) -> ClusterNo {
        self.cluster
    }

    /// Adds risks that are known elsewhere.
    pub fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.extend(warnings);
    }

    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Asks for a typed confirmation, as dangerous plans do by themselves.
    pub fn ask_typing(&mut self) {
        if let (Confirm::Yes, Some(step)) = (&self.confirm, self.steps.first()) {
            self.confirm = Confirm::Type(step.typed.clone());
        }
    }

    /// Turns the plan into what an executor takes, if the grant is its cluster's and the answer the one
    /// it asks for.
    ///
    /// # Errors
    /// The reason for which it is not approved.
    pub fn approve(
        self,
        grant: &WriteGrant,
        answer: &Confirmation,
    ) -> Result<Approved, NotApproved> {
        self.confirm.check(self.cluster, grant, answer)?;
        if self.is_empty() { Err(NotApproved::Answer) } else { Ok(Approved { plan: self }) }
    }
}
