//! The engine's JSON, read into the model's types.
//!
//! Only what skep shows is read; what is missing or new is never an error. Strings are borrowed
//! where they can be (`Cow`: an escape forces a copy) and shared once they repeat ([`Interner`]).

mod info;
mod node;
mod service;
mod task;
mod template;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Deserializer};

pub(super) use info::{WireInfo, decode_event};
pub use node::decode_nodes;
pub use service::{decode_service, decode_services};
pub use task::decode_task;

use crate::cluster::{Resources, Timestamp};

/// Shares equal strings: the images, errors and ids of 100,000 tasks are few.
#[derive(Debug, Default)]
pub struct Interner(HashSet<Arc<str>>);

impl Interner {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
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
    fn time(&self) -> Timestamp {
        Timestamp::parse(self)
    }
}

type Labels<'a> = BTreeMap<Cow<'a, str>, Cow<'a, str>>;

fn labels(map: &Labels<'_>) -> Vec<(Arc<str>, Arc<str>)> {
    map.iter().map(|(k, v)| ((&**k).into(), (&**v).into())).collect()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    index: u64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Res {
    #[serde(rename = "NanoCPUs")]
    nano_cpus: i64,
    memory_bytes: i64,
}

impl Res {
    fn model(&self) -> Resources {
        Resources {
            nano_cpus: u64::try_from(self.nano_cpus).unwrap_or(0),
            memory: u64::try_from(self.memory_bytes).unwrap_or(0),
        }
    }
}

/// A duration as Go writes it; a negative one is none.
fn nanos(n: i64) -> Duration {
    Duration::from_nanos(u64::try_from(n).unwrap_or(0))
}

/// Reads a list element by element; one that can't be read costs only itself, and is logged.
fn list<T>(
    json: &[u8],
    read: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<Vec<T>, String> {
    let mut pieces = super::Pieces::default();
    let mut out = Vec::new();
    pieces.feed(json, |bytes| match read(bytes) {
        Ok(item) => out.push(item),
        Err(error) => tracing::warn!(%error, "an element of a list can't be read"),
    })?;
    pieces.finish()?;
    Ok(out)
}
