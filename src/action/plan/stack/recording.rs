//! A deploy as the docker CLI sent it to the recording socket.

use std::fmt;

use serde_json::{Value, json};

use crate::{
    action::plan::{ReadObject, Step, Target},
    text::quote,
};

/// Kind of an object that a stack has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StackObject {
    /// A network.
    Network,
    /// A secret.
    Secret,
    /// A config.
    Config,
    /// A service.
    Service,
}

impl StackObject {
    /// All kinds, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Network, Self::Secret, Self::Config, Self::Service];

    /// All kinds, in the order in which they are removed.
    pub const REMOVED: [Self; 4] = [Self::Service, Self::Secret, Self::Config, Self::Network];

    /// `network`, `secret`, `config`, `service`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Secret => "secret",
            Self::Config => "config",
            Self::Service => "service",
        }
    }

    /// The first part of its paths: `networks`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Network => "networks",
            Self::Secret => "secrets",
            Self::Config => "configs",
            Self::Service => "services",
        }
    }

    /// The kind whose paths begin like this.
    pub fn of_path(part: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.path() == part)
    }
}

/// Credentials for a registry, as the CLI sends them to the engine. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(pub String);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The object that a recorded write is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressee {
    /// A new one, which the CLI was told to have this id.
    New(String),
    /// One that exists, at the version that the CLI read.
    Existing {
        /// Its id.
        id: String,
        /// The version.
        version: u64,
    },
    /// One to remove.
    Removed(String),
}

impl Addressee {
    /// Whether it goes.
    pub fn is_removed(&self) -> bool {
        matches!(self, Self::Removed(_))
    }
}

/// A write that the CLI sent.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedWrite {
    /// Kind of the object.
    pub kind: StackObject,
    /// The object.
    pub addressee: Addressee,
    /// The spec; null where it is removed.
    pub body: Value,
    /// Credentials that came with it.
    pub credentials: Option<Credentials>,
}

/// Objects as the CLI read them, whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownObjects {
    objects: Vec<(StackObject, Value)>,
}

impl KnownObjects {
    /// Notes an object; the newer of two readings counts.
    pub fn note(&mut self, kind: StackObject, object: Value) {
        let id = id_of(&object).to_owned();
        self.objects.retain(|(of, old)| *of != kind || id_of(old) != id);
        self.objects.push((kind, object));
    }

    /// All of a kind.
    pub fn of(&self, kind: StackObject) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |(of, _)| *of == kind).map(|(_, object)| object)
    }

    /// The one with this id.
    pub fn by_id(&self, kind: StackObject, id: &str) -> Option<&Value> {
        self.of(kind).find(|object| id_of(object) == id)
    }

    /// The one with this name.
    pub fn by_name(&self, kind: StackObject, name: &str) -> Option<&Value> {
        self.of(kind).find(|object| name_of(object) == name)
    }
}

/// The id of an object as the engine lists it.
pub fn id_of(object: &Value) -> &str {
    object["ID"].as_str().or_else(|| object["Id"].as_str()).unwrap_or_default()
}

/// The name of an object as the engine lists it.
pub fn name_of(object: &Value) -> &str {
    object["Spec"]["Name"].as_str().or_else(|| object["Name"].as_str()).unwrap_or_default()
}

/// A whole deploy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Name of the stack.
    pub stack: String,
    /// The CLI's writes, in its order. All networks of the files are among them: to the CLI
    /// none exists yet, since it says nothing of those that do.
    pub writes: Vec<RecordedWrite>,
    /// Objects that it read.
    pub read: KnownObjects,
    /// Images whose digest the registry told, or could not be asked for, and why.
    pub unresolved: Vec<(String, String)>,
    /// Its warnings.
    pub warnings: Vec<String>,
    /// The command that was recorded.
    pub command: String,
    /// Services that the files do not name are left alone without a word: it is not about them.
    pub is_partial: bool,
}

impl Recording {
    /// The removal of a stack that has these objects, as `docker stack rm` removes it.
    pub fn removal(stack: &str, read: KnownObjects) -> Self {
        let all = StackObject::REMOVED.into_iter().flat_map(|kind| {
            let ids = read.of(kind).map(|object| id_of(object).to_owned());
            ids.map(move |id| RecordedWrite {
                kind,
                addressee: Addressee::Removed(id),
                body: Value::Null,
                credentials: None,
            })
            .collect::<Vec<_>>()
        });
        let writes = all.collect();
        let command = format!("docker stack rm {}", quote(stack));
        let volumes = volumes(&read);
        let stay = format!("volumes stay on their nodes: {}", volumes.join(", "));
        let warnings = if volumes.is_empty() { Vec::new() } else { vec![stay] };
        Self { stack: stack.to_owned(), writes, read, warnings, command, ..Self::default() }
    }
}

impl Recording {
    /// The way back from steps that were done, each with the object as it is now.
    pub fn way_back<'s>(stack: &str, done: impl Iterator<Item = (&'s Step, ReadObject)>) -> Self {
        let mut back = Self {
            stack: stack.to_owned(),
            command: format!("# back to what stack {} was before", quote(stack)),
            is_partial: true,
            ..Self::default()
        };
        let done: Vec<(&Step, ReadObject)> = done.collect();
        let is_new = |step: &Step| matches!(step.target, Target::New(..));
        for (step, now) in &done {
            let Some(kind) = StackObject::ALL.into_iter().find(|k| k.word() == step.target.kind())
            else {
                continue;
            };
            let is_service = kind == StackObject::Service;
            let other = |new: bool| {
                let same = |s: &Step| s.name == step.name && s.target.kind() == kind.word();
                done.iter().map(|(s, _)| *s).find(|s| same(s) && is_new(s) == new)
            };
            if let ReadObject::There(now) = now {
                let read = read_as(kind, now.target.id(), now.version, now.spec.clone());
                back.read.note(kind, read);
            }
            let (addressee, body) = match now {
                // A service that was replaced is replaced again.
                ReadObject::Gone if other(true).is_some() => continue,
                // One that was removed is made anew.
                ReadObject::Gone if !is_new(step) => {
                    (Addressee::New(String::new()), step.before.clone())
                }
                ReadObject::There(now) => {
                    let (id, version) = (now.target.id().to_owned(), now.version);
                    let before = if is_new(step) {
                        other(false).map(|old| &old.before)
                    } else {
                        Some(&step.before)
                    };
                    match before {
                        None => (Addressee::Removed(id), Value::Null),
                        // It was only checked, or the engine rolled it back itself.
                        Some(before) if *before == now.spec => continue,
                        Some(_)
                            if !step.after.is_null() && is_service && step.after != now.spec =>
                        {
                            back.warnings.push(format!(
                                "service {} was changed by somebody else since: it stays as it is",
                                step.name
                            ));
                            continue;
                        }
                        Some(before) => (Addressee::Existing { id, version }, before.clone()),
                    }
                }
                _ => continue,
            };
            back.writes.push(RecordedWrite { kind, addressee, body, credentials: None });
        }
        back
    }
}

/// An object as the engine lists it.
fn read_as(kind: StackObject, id: &str, version: u64, spec: Value) -> Value {
    match kind {
        StackObject::Network => spec,
        _ => json!({ "ID": id, "Version": { "Index": version }, "Spec": spec }),
    }
}

/// Names of the volumes that services mount.
fn volumes(read: &KnownObjects) -> Vec<String> {
    let mounts = read.of(StackObject::Service).filter_map(|service| {
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"].as_array()
    });
    let volumes = mounts.flatten().filter(|mount| mount["Type"] == "volume");
    let mut names: Vec<String> =
        volumes.filter_map(|mount| mount["Source"].as_str()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
