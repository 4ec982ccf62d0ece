//! The writes of an approved deploy, in the order in which they are safe: what services refer to comes
//! before them, and nothing is removed before all else is done.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Addressee, StackAction, StackChange, StackObject, StackPlan, notation::as_stored};
use crate::{
    action::plan::{Change, Confirm, Confirmation, NotApproved, Step, Target},
    grant::WriteGrant,
};

/// The plan of a deploy that the user confirmed. Only [`StackPlan::approve`] makes one.
#[derive(Clone, Debug)]
pub struct ApprovedStack {
    plan: StackPlan,
}

impl StackPlan {
    /// Asks for the name of the stack as a confirmation, as dangerous plans do by themselves.
    pub fn ask_typing(&mut self) {
        self.confirm = Confirm::Type(self.stack.clone());
    }

    /// Turns the plan into what an executor takes, if the grant is its cluster's and the answer the one it
    /// asks for.
    ///
    /// # Errors
    /// The reason for which it is not approved.
    pub fn approve(
        self,
        grant: &WriteGrant,
        answer: &Confirmation,
    ) -> Result<ApprovedStack, NotApproved> {
        self.confirm.check(self.cluster, grant, answer)?;
        Ok(ApprovedStack { plan: self })
    }

    /// Its writes.
    pub fn steps(&self) -> Vec<Step> {
        let written = |change: &&StackChange| change.action != StackAction::Unchanged;
        // First, so that nothing is written if another content makes the engine refuse it.
        let mut steps: Vec<Step> = self.changes.iter().filter_map(|c| self.check(c)).collect();
        for change in self.changes.iter().filter(written) {
            if !is_checked(change) {
                steps.extend(self.writes(change));
            }
        }
        steps
    }

    /// The write that finds out whether a secret has the content of its file: the engine takes it, without
    /// an effect on any task, and refuses another content.
    fn check(&self, change: &StackChange) -> Option<Step> {
        let Addressee::Existing { id, version } = &change.write.addressee else { return None };
        is_checked(change).then(|| {
            let target = Target::Object(change.kind, id.clone());
            let body = change.write.body.clone();
            self.step(change, target, *version, Change::Deploy(None), (change.before.clone(), body))
        })
    }

    fn writes(&self, change: &StackChange) -> Vec<Step> {
        let new = Target::New(change.kind, change.name.clone());
        let deploy = Change::Deploy(change.write.credentials.clone());
        let (before, after) = (change.before.clone(), change.after.clone());
        match (&change.write.addressee, change.action) {
            (Addressee::New(_), _) => vec![self.step(change, new, 0, deploy, (Value::Null, after))],
            (Addressee::Removed(id), _) => {
                let target = existing(change.kind, id);
                vec![self.step(change, target, 0, Change::Remove, (before, Value::Null))]
            }
            (Addressee::Existing { id, version }, StackAction::Replace) => {
                let target = existing(change.kind, id);
                vec![
                    self.step(change, target, *version, Change::Remove, (before, Value::Null)),
                    self.step(change, new, 0, deploy, (Value::Null, after)),
                ]
            }
            (Addressee::Existing { id, version }, _) => {
                let target = existing(change.kind, id);
                vec![self.step(change, target, *version, deploy, (before, after))]
            }
        }
    }

    fn step(
        &self,
        change: &StackChange,
        target: Target,
        version: u64,
        write: Change,
        (before, after): (Value, Value),
    ) -> Step {
        Step {
            target,
            name: change.name.clone(),
            typed: change.name.clone(),
            version,
            change: write,
            before,
            after,
            diff: change.lines.clone(),
            touches: change.touches.clone(),
            command: self.command.clone(),
            leaving: Vec::new(),
        }
    }
}

/// Whether nobody can read what is in it.
fn is_checked(change: &StackChange) -> bool {
    change.kind == StackObject::Secret
        && matches!(change.write.addressee, Addressee::Existing { .. })
}

fn existing(kind: StackObject, id: &str) -> Target {
    match kind {
        StackObject::Service => Target::Service(id.into()),
        kind => Target::Object(kind, id.to_owned()),
    }
}

impl ApprovedStack {
    /// The approved plan.
    pub fn plan(&self) -> &StackPlan {
        &self.plan
    }

    /// The id that the CLI was given for an object that is now to be made.
    pub fn recorded_id(&self, kind: StackObject, name: &str) -> Option<&str> {
        let mut changes = self.plan.changes.iter();
        let change = changes.find(|change| change.kind == kind && change.name == name)?;
        match &change.write.addressee {
            Addressee::New(id) => Some(id),
            _ => None,
        }
    }
}

/// Ids of objects that a deploy has made, by the ids that the CLI was given for them, and of its networks
/// by name.
#[derive(Debug, Default)]
pub struct MadeIds(BTreeMap<String, String>);

impl MadeIds {
    /// Notes one.
    pub fn note(&mut self, recorded: &str, id: &str) {
        self.0.insert(recorded.to_owned(), id.to_owned());
    }

    /// Puts them into the spec of a service.
    pub fn put_into(&self, spec: &mut Value) {
        for (list, key) in [
            ("/TaskTemplate/ContainerSpec/Secrets", "SecretID"),
            ("/TaskTemplate/ContainerSpec/Configs", "ConfigID"),
            ("/TaskTemplate/Networks", "Target"),
        ] {
            let list = spec.pointer_mut(list).and_then(Value::as_array_mut);
            list.into_iter().flatten().for_each(|one| self.put(&mut one[key]));
        }
        let config = "/TaskTemplate/ContainerSpec/Privileges/CredentialSpec/Config";
        if let Some(config) = spec.pointer_mut(config) {
            self.put(config);
        }
    }

    fn put(&self, id: &mut Value) {
        if let Some(made) = id.as_str().and_then(|id| self.0.get(id)) {
            *id = made.as_str().into();
        }
    }
}

/// Whether an object, as it was read back, is as a deploy wrote it.
pub fn is_written(step: &Step, now: &Value) -> bool {
    match &step.target {
        // Nothing of it can be changed, and it was not there before.
        Target::New(StackObject::Network, name) => now["Name"] == name.as_str(),
        Target::New(StackObject::Secret, _) | Target::Object(StackObject::Secret, _) => {
            let mut asked = step.after.clone();
            if let Some(spec) = asked.as_object_mut() {
                spec.remove("Data");
            }
            as_stored(&asked, now) == *now
        }
        _ => as_stored(&step.after, now) == *now,
    }
}
