//! Reads networks, secrets and configs, and looks for those that only services name.

use std::{collections::HashSet, sync::Arc};

use futures_util::{StreamExt, stream::FuturesUnordered};

use crate::session::watch::{
    references::{OBJECTS, References},
    refusals::{told_gaps, told_list},
};
use crate::{
    cluster::{Delta, NetworkId, Part, Service},
    engine::{Engine, EngineError, Listed, Price},
};

/// Networks that no list has, looked up with one list: a Swarm has `host` and `bridge` and no others.
const MOST_LOOKED_UP: usize = 20;

/// A list of one kind.
pub(in crate::session) struct ObjectsRead {
    pub part: Part,
    pub price: Price,
    pub deltas: Vec<Delta>,
    ids: Vec<Arc<str>>,
    /// Looked for with it.
    sought: Vec<Arc<str>>,
}

impl ObjectsRead {
    /// Notes what is known now; the deltas for the model.
    pub fn settle(self, references: &mut References) -> Vec<Delta> {
        references.listed(self.part, self.ids, self.sought);
        self.deltas
    }
}

/// Reads the list of one kind, and finds out about the ids that services name.
///
/// # Errors
/// Why it can't be read.
pub(in crate::session) async fn read_objects(
    engine: &Engine,
    part: Part,
    sought: Vec<Arc<str>>,
    gone: &HashSet<Arc<str>>,
) -> Result<ObjectsRead, EngineError> {
    let (ids, price, mut deltas, is_whole) = match part {
        Part::Networks => {
            let (mut list, price) = engine.networks().await?;
            list.items.retain(|network| !gone.contains(network.id.as_str()));
            told(part, list, price, |n| n.id.as_str().into(), Delta::Networks)
        }
        Part::Secrets => {
            let (list, price) = engine.secrets().await?;
            told(part, list, price, |s| s.id.as_str().into(), Delta::Secrets)
        }
        _ => {
            let (list, price) = engine.configs().await?;
            told(part, list, price, |c| c.id.as_str().into(), Delta::Configs)
        }
    };
    // Of what can't be read it may be a part.
    if is_whole {
        for id in sought.iter().filter(|id| !ids.contains(id)).take(MOST_LOOKED_UP) {
            deltas.extend(found_out(engine, part, id).await);
        }
    }
    Ok(ObjectsRead { part, price, deltas, ids, sought })
}

/// Finds out about an id that the list, which was read after the service, does not have.
async fn found_out(engine: &Engine, part: Part, id: &Arc<str>) -> Option<Delta> {
    if part != Part::Networks {
        return Some(Delta::Absent(part, Arc::clone(id)));
    }
    match engine.unlisted_network(&NetworkId::from(Arc::clone(id))).await {
        Ok(Some(network)) => Some(Delta::UnlistedNetwork(network)),
        Ok(None) => Some(Delta::Absent(part, Arc::clone(id))),
        Err(error) => {
            tracing::debug!(%error, "a network that a service names can't be looked up");
            None
        }
    }
}

/// The ids of a list, its price, its deltas, and whether all of it could be read.
fn told<T>(
    part: Part,
    list: Listed<T>,
    price: Price,
    id: fn(&T) -> Arc<str>,
    delta: fn(Vec<T>) -> Delta,
) -> (Vec<Arc<str>>, Price, Vec<Delta>, bool) {
    let ids = list.iter().map(id).collect();
    let is_whole = list.gaps.count == 0;
    let said = told_gaps(part, list.len(), &list.gaps);
    (ids, price, told_list(said, list, delta), is_whole)
}

/// The lists of one look at a Swarm; each may fail by itself.
#[derive(Default)]
pub(in crate::session) struct ObjectLists(Vec<(Part, Result<ObjectsRead, EngineError>)>);

impl ObjectLists {
    /// Reads all three at the same time. May be dropped at any time: what was read stays.
    pub async fn read(&mut self, engine: &Engine) {
        let read = |part| async move {
            (part, read_objects(engine, part, Vec::new(), &HashSet::new()).await)
        };
        let mut all: FuturesUnordered<_> = OBJECTS.into_iter().map(read).collect();
        while let Some(one) = all.next().await {
            self.0.push(one);
        }
    }

    /// Deltas of what was read, and of what was not.
    pub fn deltas(self, references: &mut References) -> Vec<Delta> {
        let mut deltas = Vec::new();
        let mut missing = OBJECTS.to_vec();
        for (part, read) in self.0 {
            missing.retain(|known| *known != part);
            match read {
                Ok(read) => deltas.extend(read.settle(references)),
                Err(error) => deltas.push(Delta::Unread(part, error.brief().into())),
            }
        }
        let late = |part: Part| {
            Delta::Unread(part, format!("GET /{} was not answered in time", part.word()).into())
        };
        deltas.extend(missing.into_iter().map(late));
        deltas
    }
}

/// Looks for what services name and the lists before did not have, as when both were read at the same
/// time.
pub(in crate::session) async fn look_for<'s>(
    engine: &Engine,
    references: &mut References,
    services: impl Iterator<Item = &'s Service>,
) -> Vec<Delta> {
    let mut deltas = Vec::new();
    for part in references.take(services) {
        match read_objects(engine, part, references.wanted(part), &references.gone()).await {
            Ok(read) => deltas.extend(read.settle(references)),
            Err(error) => tracing::debug!(%error, "what services name can't be looked for"),
        }
    }
    deltas
}
