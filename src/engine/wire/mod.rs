//! The engine's JSON, read into the model's types.
//!
//! Only what skep shows is read; what is missing or new is never an error. Strings are borrowed
//! where they can be (`Cow`: an escape forces a copy) and shared once they repeat ([`Interner`]).

mod container;
mod info;
mod members;
mod named;
mod node;
mod object;
mod service;
mod task;
mod template;
mod value;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc, time::Duration};

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Deserializer};

pub use container::decode_containers;
pub(super) use info::{WireInfo, decode_event};
pub use node::decode_nodes;
pub use object::{decode_configs, decode_networks, decode_secrets};
pub use service::{ServiceReader, decode_service};
pub use task::TaskReader;

use self::template::WireTemplate;
use super::json_array::{Gaps, Pieces};
use crate::cluster::{NetworkId, Resources, TaskSpec, Timestamp};

/// Specs remembered, and the bytes of their texts: more are not alike, and remembering them would
/// take memory for nothing.
const SPECS: usize = 8_192;
const SPEC_BYTES: usize = 32 << 20;

/// Length of the prefix that a spec is looked up by, and number of lengths tried for it.
const LOOKS: usize = 128;
const LENGTHS: usize = 8;
/// Length of the prefix that a network is looked up by: its id lies in it.
const NETWORK_LOOKS: usize = 36;
/// Networks remembered.
const NETWORKS: usize = 8_192;

/// Shares what is equal: the specs, images, errors and node ids of 100,000 tasks are few.
#[derive(Debug, Default)]
pub struct Interner {
    texts: HashSet<Arc<str>>,
    /// Total length of the texts.
    text_bytes: usize,
    /// By their JSON: most of a task is its spec, and read once for all tasks made from it.
    specs: HashMap<Box<str>, Arc<TaskSpec>>,
    /// Total length of the JSON of the specs.
    spec_bytes: usize,
    /// Lengths of the known specs with this prefix.
    lengths: HashMap<[u8; LOOKS], Vec<usize>>,
    /// The spec found last.
    met: Option<Arc<TaskSpec>>,
    /// Networks that tasks are attached to, by how their JSON begins: with their ids.
    networks: HashMap<[u8; NETWORK_LOOKS], (Box<str>, NetworkId)>,
}

impl Interner {
    fn share(&mut self, text: &str) -> Arc<str> {
        Arc::clone(self.texts.get_or_insert_with(text, |text| {
            self.text_bytes += text.len();
            text.into()
        }))
    }

    /// Length of the known spec that this text begins with, if any: the complete text of an object is
    /// that object, whatever follows it.
    fn meet(&mut self, text: &str) -> Option<usize> {
        self.met = None;
        let lengths = self.lengths.get(text.as_bytes().first_chunk::<LOOKS>()?)?;
        lengths.iter().copied().find(|length| {
            self.met = text.get(..*length).and_then(|text| self.specs.get(text)).cloned();
            self.met.is_some()
        })
    }

    /// The id of the network that this text begins with, and how long that is.
    fn network(&mut self, text: &str) -> Result<(NetworkId, usize), serde_json::Error> {
        let looks = text.as_bytes().first_chunk::<NETWORK_LOOKS>();
        if let Some((json, id)) = looks.and_then(|looks| self.networks.get(looks))
            && text.starts_with(&**json)
        {
            return Ok((id.clone(), json.len()));
        }
        let (network, length) = element::<Option<WireAttachedTo<'_>>>(text)?;
        let id = NetworkId::from(self.share(&network.unwrap_or_default().id));
        // One that is shorter than what it is looked up by can't be told from others.
        if let Some(looks) = looks.filter(|_| length >= NETWORK_LOOKS) {
            if self.networks.len() >= NETWORKS {
                self.networks.clear();
            }
            self.networks.insert(*looks, (text[..length].into(), id.clone()));
        }
        Ok((id, length))
    }

    /// The spec of this text, or the one just met.
    fn spec(&mut self, text: &str) -> Result<Arc<TaskSpec>, serde_json::Error> {
        if let Some(known) = self.met.take().or_else(|| self.specs.get(text).cloned()) {
            return Ok(known);
        }
        let read: WireTemplate<'_> = serde_json::from_str(text)?;
        let mut spec = read.model();
        spec.image = self.share(&spec.image);
        let spec = Arc::new(spec);
        if self.specs.len() >= SPECS || self.spec_bytes + text.len() > SPEC_BYTES {
            self.specs.clear();
            self.lengths.clear();
            self.spec_bytes = 0;
        }
        self.spec_bytes += text.len();
        self.specs.insert(text.into(), Arc::clone(&spec));
        if let Some(looks) = text.as_bytes().first_chunk::<LOOKS>() {
            let lengths = self.lengths.entry(*looks).or_default();
            if lengths.len() < LENGTHS && !lengths.contains(&text.len()) {
                lengths.push(text.len());
            }
        }
        Ok(spec)
    }
}

/// Anything the engine writes as `null` is as if it were absent.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    d: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

/// A string that borrows when it can.
#[derive(Deserialize, Default)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    fn time(&self) -> Option<Timestamp> {
        Timestamp::parse(self)
    }
}

type Labels<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

fn labels(map: &Labels<'_>) -> Vec<(Arc<str>, Arc<str>)> {
    map.iter().map(|(k, v)| ((&**k).into(), (&**v).into())).collect()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireVersion {
    index: u64,
}

/// The network that a task is attached to.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireAttachedTo<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
}

/// A driver of an object, or of a service's logs.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireDriver<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Res {
    #[serde(rename = "NanoCPUs")]
    nano_cpus: i64,
    memory_bytes: i64,
    #[serde(deserialize_with = "or_default")]
    generic_resources: Vec<WireGeneric>,
}

/// `{"DiscreteResourceSpec":{"Kind":"SSD","Value":3}}`, or one by its name:
/// `{"NamedResourceSpec":{"Kind":"NVIDIA-GPU","Value":"gpu0"}}`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireGeneric {
    discrete_resource_spec: Option<WireDiscrete>,
    named_resource_spec: Option<WireNamed>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireDiscrete {
    kind: String,
    value: i64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNamed {
    kind: String,
}

impl Res {
    fn model(&self) -> Resources {
        let mut resources = Resources {
            nano_cpus: u64::try_from(self.nano_cpus).unwrap_or(0),
            memory: u64::try_from(self.memory_bytes).unwrap_or(0),
            generic: Vec::new(),
        };
        for one in &self.generic_resources {
            if let Some(d) = &one.discrete_resource_spec {
                resources.add_generic(&d.kind.as_str().into(), u64::try_from(d.value).unwrap_or(0));
            }
            if let Some(n) = &one.named_resource_spec {
                resources.add_generic(&n.kind.as_str().into(), 1);
            }
        }
        resources
    }
}

/// A duration as Go writes it; a negative one is none.
fn nanos(n: i64) -> Duration {
    Duration::from_nanos(u64::try_from(n).unwrap_or(0))
}

/// A list, with the elements that could not be read.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The elements that were read.
    pub items: Vec<T>,
    /// Elements that could not be read.
    pub gaps: Gaps,
}

impl<T> std::ops::Deref for Listed<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.items
    }
}

/// More elements than any Swarm has nodes or services: a list of them does not end.
const MOST_ELEMENTS: usize = 250_000;

/// Names of elements that can't be read are told, the first of them.
const NAMED: usize = 3;

/// Reads a list element by element; one that can't be read costs only itself, and is counted. `name`
/// says what one is called that can't be read otherwise.
fn list<T>(
    json: &[u8],
    mut read: impl FnMut(&str) -> Result<(T, usize), serde_json::Error>,
    mut name: impl FnMut(&str) -> Option<Arc<str>>,
) -> Result<Listed<T>, String> {
    let mut pieces = Pieces::default();
    let (mut items, mut names) = (Vec::new(), Vec::new());
    let mut is_endless = false;
    pieces.feed(json, |text| {
        let (item, length) = read(text).inspect_err(|_| names.extend(name(text)))?;
        if items.len() < MOST_ELEMENTS {
            items.push(item);
        } else {
            is_endless = true;
        }
        Ok(length)
    })?;
    pieces.finish()?;
    if is_endless {
        return Err(format!("a list has more than {MOST_ELEMENTS} elements"));
    }
    names.truncate(NAMED);
    Ok(Listed { items, gaps: Gaps { names, ..pieces.gaps().clone() } })
}

/// The longest id taken for one; the engine's have 25 characters.
const LONGEST_ID: usize = 128;

/// An object without a usable ID is rejected: it could not be distinguished from others.
fn check_id(id: &str) -> Result<(), serde_json::Error> {
    match id.len() {
        0 => Err(serde::de::Error::custom("it has no ID")),
        1..=LONGEST_ID => Ok(()),
        _ => Err(serde::de::Error::custom("its ID is too long to be one")),
    }
}

/// Reads the element that `text` begins with, and how long it is.
fn element<'a, T: Deserialize<'a>>(text: &'a str) -> Result<(T, usize), serde_json::Error> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter();
    match stream.next() {
        Some(read) => Ok((read?, stream.byte_offset())),
        None => Err(serde::de::Error::custom("nothing")),
    }
}
