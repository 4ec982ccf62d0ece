//! The plan of a deploy: which objects of a stack a recorded deploy creates, changes, replaces and
//! removes, and which of them are as they should be already.

mod fields;
mod network;
mod notation;
mod ports;
mod recording;
mod rotate;
mod silent;
mod steps;
mod warnings;

pub use fields::FieldDiff;
pub use recording::{
    Addressee, Credentials, KnownObjects, RecordedWrite, Recording, StackObject, id_of, name_of,
};

pub use silent::{ignored_silently, unused_networks};

use serde_json::{Value, json};

pub use steps::{ApprovedStack, MadeIds, is_written};

use self::{fields::fields, notation::as_stored};
use super::{Change, Confirm, DiffLine, Document, diff, touch};
use crate::{
    cluster::{Store, changes},
    grant::ClusterNo,
    text::count,
};

/// The action on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackAction {
    /// It is made.
    Create,
    /// Its spec is changed.
    Update,
    /// It is removed and made anew, since it can't be changed into what is wanted.
    Replace,
    /// It is removed.
    Remove,
    /// It is as it should be, and is not written.
    Unchanged,
}

impl StackAction {
    /// `create`, `update`, `replace`, `remove`, `unchanged`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One object's part in a deploy.
#[derive(Clone, Debug)]
pub struct StackChange {
    /// Its kind.
    pub kind: StackObject,
    /// Its name.
    pub name: String,
    /// The action.
    pub action: StackAction,
    /// The differences in words: `image api:1.8 → 1.9`.
    pub words: Vec<String>,
    /// The same by field.
    pub fields: Vec<FieldDiff>,
    /// The same as lines of YAML.
    pub lines: Vec<DiffLine>,
    /// Running tasks of a service that are replaced or stopped.
    pub restarts: Option<u64>,
    /// The effect on its tasks, in words.
    pub touches: String,
    /// Reasons for the restarts, in words.
    pub because: Vec<String>,
    /// Risks.
    pub warnings: Vec<String>,
    /// The spec as it is; null where there is none.
    pub before: Value,
    /// The spec as it will be, in the engine's notation; null where it is removed.
    pub after: Value,
    /// The write as it was recorded.
    write: RecordedWrite,
    /// Whether users lose something by it.
    is_dangerous: bool,
}

/// The plan of a deploy.
#[derive(Clone, Debug)]
pub struct StackPlan {
    cluster: ClusterNo,
    /// Name of the stack.
    pub stack: String,
    /// Every object of the stack, in the order in which they are written.
    pub changes: Vec<StackChange>,
    /// Risks of the whole, and what docker says of the files.
    pub warnings: Vec<String>,
    /// Reasons for which the engine would refuse it half way.
    pub impossible: Vec<String>,
    /// Confirmation it needs.
    pub confirm: Confirm,
    /// The docker command that does the same, and more.
    command: String,
}

impl StackPlan {
    /// Plans what was recorded, against the objects that the CLI read and the tasks of the store.
    pub fn new(cluster: ClusterNo, recording: &Recording, store: &Store) -> Self {
        let mut plan = Self {
            cluster,
            stack: recording.stack.clone(),
            changes: Vec::new(),
            warnings: Vec::new(),
            impossible: Vec::new(),
            confirm: Confirm::Yes,
            command: recording.command.clone(),
        };
        for write in &recording.writes {
            let change = match write.kind {
                kind if write.addressee.is_removed() && kind != StackObject::Service => {
                    removed(write, recording)
                }
                StackObject::Network => of_network(write, recording),
                StackObject::Secret => of_secret(write, recording),
                StackObject::Config => of_config(write, recording),
                StackObject::Service => of_service(write, recording, store),
            };
            if change.is_none() {
                let said = format!("a {} is gone since it was read: plan again", write.kind.word());
                plan.impossible.push(said);
            }
            plan.changes.extend(change);
        }
        let refused = plan.changes.iter().filter(|change| change.has_other_content());
        plan.impossible.extend(refused.map(|change| {
            format!("{} {} has another content in the file", change.kind.word(), change.name)
        }));
        let givers = ports::givers(&plan.changes);
        plan.changes.sort_by_cached_key(|change| {
            let goes = change.action == StackAction::Remove;
            let order = if goes { StackObject::REMOVED } else { StackObject::ALL };
            let kind = order.iter().position(|kind| *kind == change.kind);
            let is_service = change.kind == StackObject::Service;
            let phase = match (is_service, givers.contains(&change.name), goes) {
                (true, true, _) => 1,
                (true, false, false) => 2,
                (false, _, false) => 0,
                (_, _, true) => 3,
            };
            (phase, kind, change.name.clone())
        });
        ports::warn_of_taken(&mut plan.changes, store);
        for change in &mut plan.changes {
            name_networks(&mut change.words, recording);
            name_networks(&mut change.because, recording);
        }
        warnings::of_whole(&mut plan, recording);
        if plan.changes.iter().any(|change| change.is_dangerous) {
            plan.confirm = Confirm::Type(plan.stack.clone());
        }
        plan
    }

    /// The cluster whose objects it was made from.
    pub fn cluster(&self) -> ClusterNo {
        self.cluster
    }

    /// Whether anything would be written.
    pub fn has_changes(&self) -> bool {
        self.changes.iter().any(|change| change.action != StackAction::Unchanged)
    }

    /// Number of objects with this action.
    pub fn count(&self, action: StackAction) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }
}

impl StackChange {
    /// Whether a config would have to get another content, which the engine refuses.
    fn has_other_content(&self) -> bool {
        self.kind == StackObject::Config
            && self.action == StackAction::Update
            && self.before["Data"] != self.after["Data"]
    }

    fn new(write: &RecordedWrite, name: &str, before: Value, after: Value) -> Self {
        let action = match (&before, &after) {
            (Value::Null, _) => StackAction::Create,
            (_, Value::Null) => StackAction::Remove,
            (before, after) if before == after => StackAction::Unchanged,
            _ => StackAction::Update,
        };
        let (words, lines) = if action == StackAction::Update {
            (changes(&before.to_string(), &after.to_string()), diff::specs(&before, &after))
        } else {
            (Vec::new(), Vec::new())
        };
        let fields = fields(&before, &after);
        // Zero and nothing are one to a reader of specs, and not always to the engine.
        let words = match words.is_empty() && action == StackAction::Update {
            true => fields.iter().map(FieldDiff::words).collect(),
            false => words,
        };
        Self {
            kind: write.kind,
            name: name.to_owned(),
            action,
            words,
            fields,
            lines,
            restarts: None,
            touches: String::new(),
            because: Vec::new(),
            warnings: Vec::new(),
            before,
            after,
            write: write.clone(),
            is_dangerous: false,
        }
    }
}

/// A network, a secret or a config that is removed.
fn removed(write: &RecordedWrite, recording: &Recording) -> Option<StackChange> {
    let Addressee::Removed(id) = &write.addressee else { return None };
    let there = recording.read.by_id(write.kind, id)?;
    let mut change = StackChange::new(write, name_of(there), there.clone(), Value::Null);
    change.is_dangerous = true;
    Some(change)
}

/// A network: one that exists is never changed.
fn of_network(write: &RecordedWrite, recording: &Recording) -> Option<StackChange> {
    let name = name_of(&write.body);
    let there = recording.read.of(StackObject::Network).find(|network| name_of(network) == name);
    let Some(there) = there else {
        return Some(StackChange::new(write, name, Value::Null, write.body.clone()));
    };
    let mut change = StackChange::new(write, name, there.clone(), there.clone());
    let differs = network::differences(&write.body, there);
    if !differs.is_empty() {
        change.warnings.push(format!(
            "it differs from the files ({}), and a network can't be changed: docker ignores this",
            differs.join(", ")
        ));
    }
    Some(change)
}

/// A secret: nobody can read what is in it, and only its labels can be changed.
fn of_secret(write: &RecordedWrite, recording: &Recording) -> Option<StackChange> {
    let name = name_of(&write.body);
    let Addressee::Existing { id, .. } = &write.addressee else {
        return Some(StackChange::new(write, name, Value::Null, write.body.clone()));
    };
    let before = recording.read.by_id(write.kind, id)?["Spec"].clone();
    let mut sent = write.body.clone();
    if let Some(spec) = sent.as_object_mut() {
        spec.remove("Data");
    }
    let after = as_stored(&sent, &before);
    let mut change = StackChange::new(write, name, before, after);
    change.warnings.push(
        "its content can't be read, so nobody knows whether the file has another: a deploy finds out, and \
         stops if it has"
            .into(),
    );
    Some(change)
}

/// A config: only its labels can be changed.
fn of_config(write: &RecordedWrite, recording: &Recording) -> Option<StackChange> {
    let name = name_of(&write.body);
    let Addressee::Existing { id, .. } = &write.addressee else {
        return Some(StackChange::new(write, name, Value::Null, write.body.clone()));
    };
    let before = recording.read.by_id(write.kind, id)?["Spec"].clone();
    let after = as_stored(&write.body, &before);
    let mut change = StackChange::new(write, name, before, after);
    if change.before["Data"] != change.after["Data"] {
        change.words = vec!["its content".into()];
        change.warnings.push(
            "its content differs, and a config can't be changed: docker stops there half way, skep before. \
             --rotate makes it anew as NAME-HASH, or give it another name in the file"
                .into(),
        );
    }
    Some(change)
}

fn of_service(write: &RecordedWrite, recording: &Recording, store: &Store) -> Option<StackChange> {
    let removed;
    let (id, version) = match &write.addressee {
        Addressee::New(_) => {
            let mut body = write.body.clone();
            with_ids(&mut body, recording);
            let mut change = StackChange::new(write, name_of(&write.body), Value::Null, body);
            change.touches = starts(&change.after);
            change.restarts = Some(0);
            change.words = made_of(&change.after);
            return Some(change);
        }
        Addressee::Existing { id, version } => (id, *version),
        Addressee::Removed(id) => {
            removed = recording.read.by_id(write.kind, id)?;
            let before = removed["Spec"].clone();
            let mut change = StackChange::new(write, name_of(removed), before, Value::Null);
            let running = store.tally(&id.as_str().into()).running;
            change.restarts = Some(running);
            change.touches = count(running, "running task stops", "running tasks stop");
            change.is_dangerous = true;
            return Some(change);
        }
    };
    let there = recording.read.by_id(write.kind, id)?;
    let before = there["Spec"].clone();
    let mut sent = write.body.clone();
    with_ids(&mut sent, recording);
    let kept = keep_digest(&mut sent, &before, recording);
    let after = as_stored(&sent, &before);
    let mut change = StackChange::new(write, name_of(there), before, after);
    change.warnings.extend(kept);
    if change.action == StackAction::Unchanged {
        return Some(change);
    }
    if mode_of(&change.before) != mode_of(&change.after) {
        change.action = StackAction::Replace;
        change.is_dangerous = true;
        let running = store.tally(&id.as_str().into()).running;
        change.restarts = Some(running);
        change.touches = format!(
            "{}, and {}",
            count(running, "running task stops", "running tasks stop"),
            starts(&change.after)
        );
        change.warnings.push(format!(
            "mode {} → {}: the engine refuses to change it, so the service is removed and made anew, and is \
             gone meanwhile",
            mode_of(&change.before),
            mode_of(&change.after)
        ));
        return Some(change);
    }
    let document = Document { version, ..Document::read(there).ok()? };
    let preview = touch::describe(&document, &change.after, &Change::Deploy(None), store);
    change.is_dangerous |= preview.dangerous;
    change.touches = preview.text;
    change.warnings.extend(preview.warnings);
    let restarts = touch::restarts(&document, &change.after, store);
    change.restarts = Some(restarts);
    if restarts > 0 {
        let part = |spec: &Value| {
            json!({ "TaskTemplate": spec["TaskTemplate"], "EndpointSpec": spec["EndpointSpec"] })
                .to_string()
        };
        change.because = changes(&part(&change.before), &part(&change.after));
    }
    Some(change)
}

/// Puts the names of networks in place of their ids.
fn name_networks(words: &mut [String], recording: &Recording) {
    for text in words.iter_mut().filter(|text| text.starts_with("network ")) {
        for network in recording.read.of(StackObject::Network) {
            if let Some(short) = id_of(network).get(..12) {
                *text = text.replace(short, name_of(network));
            }
        }
    }
}

/// Puts the ids of networks that exist in place of their names, as the engine does.
fn with_ids(spec: &mut Value, recording: &Recording) {
    let networks = spec["TaskTemplate"]["Networks"].as_array_mut();
    for one in networks.into_iter().flatten() {
        let Some(name) = one["Target"].as_str() else { continue };
        if let Some(network) = recording.read.by_name(StackObject::Network, name) {
            one["Target"] = id_of(network).into();
        }
    }
}

/// An image that the file has not changed, and whose digest no registry told, stays at the digest that it
/// has: else a registry that is away would restart everything.
fn keep_digest(sent: &mut Value, before: &Value, recording: &Recording) -> Option<String> {
    let image =
        |spec: &Value| spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str().map(str::to_owned);
    let (asked, has) = (image(sent)?, image(before)?);
    let (tag, digest) = has.split_once('@')?;
    let label = |spec: &Value| spec["Labels"]["com.docker.stack.image"].clone();
    if tag != asked || label(sent) != label(before) {
        return None;
    }
    let (_, why) = recording.unresolved.iter().find(|(name, _)| *name == asked)?;
    sent["TaskTemplate"]["ContainerSpec"]["Image"] = has.as_str().into();
    Some(format!(
        "the registry told no digest for {asked} ({why}): it stays at {}…, where docker would write it \
         without one and restart its tasks",
        digest.get(..19).unwrap_or(digest),
    ))
}

/// `replicated`, `global`, `replicated-job`, `global-job`.
fn mode_of(spec: &Value) -> &'static str {
    let mode = &spec["Mode"];
    let has = |name: &str| mode.get(name).is_some();
    if has("Global") {
        "global"
    } else if has("ReplicatedJob") {
        "replicated-job"
    } else if has("GlobalJob") {
        "global-job"
    } else {
        "replicated"
    }
}

/// The image and the ports of a new service, in words.
fn made_of(spec: &Value) -> Vec<String> {
    let image = spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap_or_default();
    let image = image.split_once('@').map_or(image, |(tag, _)| tag);
    let nothing = json!({}).to_string();
    let ports = json!({ "EndpointSpec": { "Ports": spec["EndpointSpec"]["Ports"] } }).to_string();
    let mut words = vec![format!("image {image}")];
    words.extend(changes(&nothing, &ports).into_iter().filter(|said| said.starts_with("port ")));
    words
}

/// Tasks that a new service starts, in words.
fn starts(spec: &Value) -> String {
    let mode = &spec["Mode"];
    match mode_of(spec) {
        "global" | "global-job" => "a task starts on each node that may run it".into(),
        "replicated-job" => {
            let total = mode["ReplicatedJob"]["TotalCompletions"].as_u64().unwrap_or(1);
            count(total, "task starts", "tasks start")
        }
        _ => {
            let replicas = mode["Replicated"]["Replicas"].as_u64().unwrap_or(1);
            count(replicas, "replica starts", "replicas start")
        }
    }
}
