//! Changes to a service or a node, and their effect on its spec.

use serde_json::{Value, json};

use super::{
    Credentials, NodeChange, StackObject, Step, Target, document::Document, id_of, image, name_of,
};
use crate::cluster::{NodeId, ServiceId, Store, UpdateState};

/// A number of replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleTo {
    /// An absolute number.
    Exactly(u64),
    /// A relative number.
    By(i64),
}

/// A change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another number of replicas.
    Scale(ScaleTo),
    /// Another image.
    Image(String),
    /// Replace all tasks by equal ones.
    Force,
    /// Let the engine return to the previous spec.
    Rollback,
    /// The whole spec as edited.
    Spec(Box<Value>),
    /// A change of a node.
    Node(NodeChange),
    /// Part of a deploy: the object is made, or gets another spec.
    Deploy(Option<Credentials>),
    /// It is removed.
    Remove,
}

/// Swarm has no limit of its own; this one only catches slips of the finger.
const REPLICAS_LIMIT: u64 = 1_000_000;

impl Document {
    /// Reads what `GET /services/{id}` answered.
    ///
    /// # Errors
    /// What is missing.
    pub fn read(raw: &Value) -> Result<Self, String> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        Ok(Self {
            target: ServiceId::from(raw["ID"].as_str().ok_or("the service has no ID")?).into(),
            name: text(&raw["Spec"]["Name"]).ok_or("the service has no name")?,
            version: raw["Version"]["Index"].as_u64().ok_or("the service has no version")?,
            spec: raw["Spec"].clone(),
            previous: raw.get("PreviousSpec").filter(|p| p.is_object()).cloned(),
        })
    }

    /// Reads what `GET /nodes/{id}` answered.
    ///
    /// # Errors
    /// What is missing.
    pub fn read_node(raw: &Value) -> Result<Self, String> {
        let name = raw["Description"]["Hostname"].as_str().filter(|name| !name.is_empty());
        let id = raw["ID"].as_str().ok_or("the node has no ID")?;
        Ok(Self {
            target: NodeId::from(id).into(),
            name: name.unwrap_or(id).to_owned(),
            version: raw["Version"]["Index"].as_u64().ok_or("the node has no version")?,
            spec: raw["Spec"].clone(),
            previous: None,
        })
    }

    /// Reads what `GET /networks/{id}` and its like answered. A network has no version.
    ///
    /// # Errors
    /// The part that is missing.
    pub fn read_object(kind: StackObject, raw: &Value) -> Result<Self, String> {
        if kind == StackObject::Service {
            return Self::read(raw);
        }
        let is_network = kind == StackObject::Network;
        let id = id_of(raw);
        if id.is_empty() {
            return Err(format!("the {} has no ID", kind.word()));
        }
        let version = raw["Version"]["Index"].as_u64().or(is_network.then_some(1));
        Ok(Self {
            target: Target::Object(kind, id.to_owned()),
            name: name_of(raw).to_owned(),
            version: version.ok_or_else(|| format!("the {} has no version", kind.word()))?,
            spec: if is_network { raw.clone() } else { raw["Spec"].clone() },
            previous: None,
        })
    }

    /// Replicas of a replicated service, completions of a replicated job.
    pub fn replicas(&self) -> Option<u64> {
        replicas(&self.spec)
    }
}

/// [`Document::replicas`] of a spec.
pub(super) fn replicas(spec: &Value) -> Option<u64> {
    let mode = &spec["Mode"];
    if let Some(replicated) = mode.get("Replicated") {
        return Some(replicated["Replicas"].as_u64().unwrap_or(1));
    }
    mode.get("ReplicatedJob").map(|job| job["TotalCompletions"].as_u64().unwrap_or(1))
}

/// The image in a spec.
pub(super) fn image_of(spec: &Value) -> Option<&str> {
    spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str()
}

/// The image to run instead of `now` when the user typed `asked`.
fn new_image<'i>(now: &str, asked: &'i str) -> Result<&'i str, String> {
    let image = image::without_old_digest(now, asked).unwrap_or(asked);
    image::check(image).map(|()| image)
}

impl ScaleTo {
    /// Reads `5`, `+2` or `-1`.
    ///
    /// # Errors
    /// What is wrong with it, for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || format!("'{text}' is not a number of replicas: write 5, +2 or -1");
        let limit = |n: u64| {
            if n > REPLICAS_LIMIT {
                Err(format!("{n} replicas? The limit is {REPLICAS_LIMIT}"))
            } else {
                Ok(n)
            }
        };
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let n: u64 = digits.parse().map_err(|_| format!("{digits} is too large"))?;
        let n = limit(n)?;
        let signed = i64::try_from(n).map_err(|_| wrong())?;
        match text.as_bytes()[0] {
            b'+' => Ok(Self::By(signed)),
            b'-' => Ok(Self::By(-signed)),
            _ => Ok(Self::Exactly(n)),
        }
    }

    fn of(self, now: u64) -> Result<u64, String> {
        match self {
            Self::Exactly(n) => Ok(n),
            Self::By(d) => {
                let n = now.checked_add_signed(d).ok_or(format!("{now}{d} would be below zero"))?;
                if n > REPLICAS_LIMIT { Err(format!("{n} replicas are too many")) } else { Ok(n) }
            }
        }
    }
}

const NO_PREVIOUS: &str = "no previous spec to roll back to";

/// Why the engine has no spec to roll back to: its own rollback of a failed update keeps none (measured).
fn no_way_back(document: &Document, store: &Store) -> String {
    let service = document.target.service().and_then(|id| store.service(id));
    let update = service.and_then(|s| s.update.as_ref());
    let why = match update.map(|u| &u.state) {
        None => "it was never updated",
        Some(UpdateState::RollbackStarted) => "the engine is rolling its last update back",
        Some(UpdateState::RollbackCompleted | UpdateState::RollbackPaused) => {
            "the engine rolled its last update back, and this is the spec from before"
        }
        Some(_) => "the engine keeps none",
    };
    format!("{NO_PREVIOUS}: {why}")
}

impl Change {
    /// Whether the Swarm would survive it.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(&self, document: &Document, store: &Store) -> Result<(), String> {
        match self {
            Self::Node(change) => change.refuses(document, store).map_or(Ok(()), Err),
            Self::Rollback if document.previous.is_none() => Err(no_way_back(document, store)),
            _ => Ok(()),
        }
    }

    /// The spec after this change; all that is not named stays as it is.
    ///
    /// # Errors
    /// Why it can't be done to this service.
    pub fn apply(&self, document: &Document) -> Result<Value, String> {
        let mut spec = document.spec.clone();
        match self {
            Self::Scale(to) => {
                let now = document
                    .replicas()
                    .ok_or("scale can only be used with replicated or replicated-job mode")?;
                let n = to.of(now)?;
                if n == now {
                    return Err(format!("already at {n}"));
                }
                let (mode, field) = if spec["Mode"].get("Replicated").is_some() {
                    ("Replicated", "Replicas")
                } else {
                    ("ReplicatedJob", "TotalCompletions")
                };
                if spec["Mode"][mode].is_null() {
                    spec["Mode"][mode] = json!({});
                }
                spec["Mode"][mode][field] = n.into();
            }
            Self::Image(image) => {
                let container = spec["TaskTemplate"]["ContainerSpec"]
                    .as_object_mut()
                    .ok_or("it does not run a container")?;
                let now = container.get("Image").and_then(Value::as_str).unwrap_or_default();
                if now == image {
                    return Err(format!("already runs {image}; use force to redeploy it"));
                }
                let wished = new_image(now, image)?.into();
                container.insert("Image".into(), wished);
            }
            Self::Force => {
                let template =
                    spec["TaskTemplate"].as_object_mut().ok_or("it has no task template")?;
                let now = template.get("ForceUpdate").and_then(Value::as_u64).unwrap_or(0);
                template.insert("ForceUpdate".into(), now.wrapping_add(1).into());
            }
            Self::Rollback => {
                let previous = document.previous.clone().ok_or(NO_PREVIOUS)?;
                if previous == spec {
                    return Err(
                        "the previous spec is equal to this one: a rollback changes nothing".into(),
                    );
                }
                return Ok(previous);
            }
            Self::Spec(edited) => {
                if **edited == spec {
                    return Err("nothing was changed".into());
                }
                let now = image_of(&spec).unwrap_or_default().to_owned();
                spec = (**edited).clone();
                if let Some(image) = image_of(&spec).filter(|image| *image != now) {
                    let wished = new_image(&now, image)?.to_owned();
                    spec["TaskTemplate"]["ContainerSpec"]["Image"] = wished.into();
                }
            }
            Self::Node(change) => spec = change.apply(document)?,
            // Their specs are their plan's own.
            Self::Deploy(_) | Self::Remove => {}
        }
        Ok(spec)
    }

    /// `scale`, `update image`, …
    pub fn word(&self) -> &'static str {
        match self {
            Self::Scale(_) => "scale",
            Self::Image(_) => "update image",
            Self::Force => "redeploy",
            Self::Rollback => "roll back",
            Self::Spec(_) => "update",
            Self::Node(change) => change.word(),
            Self::Deploy(_) => "deploy",
            Self::Remove => "remove",
        }
    }

    /// The verb before the name of what is changed; also its word in the audit file.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Image(_) => "update image of",
            _ => self.word(),
        }
    }

    pub(super) fn title(&self, steps: &[Step], documents: &[Document]) -> String {
        let word = self.verb();
        match steps {
            [] => match documents {
                [one] => format!("{word} {}", one.name),
                documents => format!("{word} {} of them", documents.len()),
            },
            [step] => step.title(),
            steps => format!("{word} {}", many(steps)),
        }
    }
}

/// `3 services`.
pub(super) fn many(steps: &[Step]) -> String {
    let kind = steps.first().map_or("service", |step| step.target.kind());
    format!("{} {kind}s", steps.len())
}
