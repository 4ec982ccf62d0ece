//! Reads lists: in pieces for the screen, at once for commands without one.

use std::{collections::HashMap, hash::BuildHasher, sync::LazyLock, time::Duration};

use hashbrown::DefaultHashBuilder;

use crate::session::{
    clock::wall,
    jobs::caught,
    outbox::Out,
    protocol::{Event, Generation},
    watch::objects::{ObjectLists, look_for},
    watch::references::References,
    watch::refusals::{gap_words, or_refused, told_nodes, told_services, unread},
};
use crate::{
    cluster::{Delta, ListId, Part, Scope, ServiceId, Store, Timestamp},
    connect::Connector,
    engine::{Engine, EngineError, Price, Probe, SOME_TASKS, ServiceReader, TaskList},
};

/// Number of tasks in one message: few enough that keys are handled in between.
const BATCH: usize = 500;

/// Time to wait for networks, secrets and configs once everything else was read.
const OBJECTS: Duration = Duration::from_secs(1);

/// Makes fingerprints of lists, to be compared within this process.
static PRINTS: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// Receiver of what is read, with the link it came over.
#[derive(Clone)]
pub(in crate::session) struct Teller {
    pub out: Out,
    pub generation: Generation,
    /// The manager's clock minus ours.
    pub skew: i64,
}

impl Teller {
    /// Sends deltas to the screen, with the manager's time.
    pub async fn tell(&self, deltas: Vec<Delta>) {
        let at = wall().shifted(self.skew);
        // The receiver gone means the program ends: the actor sees that by itself.
        let _ = self.out.send(Event::Heard(self.generation, deltas, at)).await;
    }
}

/// A task list that was read to its end.
#[derive(Default)]
pub(in crate::session) struct Streamed {
    pub price: Price,
    /// A fingerprint for each service that was asked for: equal lists have equal ones.
    pub prints: Vec<(ServiceId, u64)>,
}

/// Sends one task list as deltas. Until a receiver is known the list is read and kept.
pub(in crate::session) async fn stream_list(
    mut tasks: TaskList,
    list: ListId,
    scope: Scope,
    teller: impl Future<Output = Option<Teller>>,
) -> Result<Streamed, EngineError> {
    tokio::pin!(teller);
    let mut told: Option<Teller> = None;
    let mut full: Vec<Vec<Delta>> = Vec::new();
    let mut prints: HashMap<ServiceId, u64> = match &scope {
        Scope::All => HashMap::new(),
        Scope::Services(ids) => ids.iter().map(|id| (id.clone(), 0)).collect(),
    };
    let mut batch = vec![Delta::TasksBegin(list, scope)];
    let mut held = 0;
    let result = loop {
        let piece = {
            let next = tasks.next();
            tokio::pin!(next);
            loop {
                tokio::select! {
                    biased;
                    found = &mut teller, if told.is_none() => {
                        let Some(found) = found else { return Ok(Streamed::default()) };
                        told = Some(found);
                    }
                    piece = &mut next => break piece,
                }
            }
        };
        match piece {
            Ok(Some(piece)) => {
                held += piece.len();
                for task in &piece {
                    // In whatever order they come.
                    if let Some(print) = prints.get_mut(&task.service) {
                        *print = print.wrapping_add(PRINTS.hash_one((&task.id, task.version)));
                    }
                }
                batch.push(Delta::Tasks(list, piece));
                if held > BATCH {
                    full.push(std::mem::take(&mut batch));
                    held = 0;
                }
                if let Some(teller) = &told {
                    for batch in full.drain(..) {
                        teller.tell(batch).await;
                    }
                }
            }
            Ok(None) => {
                batch.extend(ended(&tasks, list));
                break Ok(Streamed { price: tasks.price(), prints: prints.into_iter().collect() });
            }
            Err(error) => {
                batch.push(Delta::TasksAbort(list));
                break Err(error);
            }
        }
    };
    let teller = match told {
        Some(teller) => teller,
        None => match teller.await {
            Some(teller) => teller,
            None => return Ok(Streamed::default()),
        },
    };
    for batch in full.into_iter().chain([batch]) {
        teller.tell(batch).await;
    }
    result
}

/// Greets an engine without reading lists.
///
/// # Errors
/// Why it can't be used.
pub async fn greet(connector: Connector) -> Result<(Engine, Probe), EngineError> {
    let mut engine = Engine::new(connector);
    let probe = engine.probe_once(wall).await?;
    Ok((engine, probe))
}

/// Reads everything once: for `check` and `snapshot`.
///
/// # Errors
/// Why it can't be read.
pub async fn load_once(connector: Connector) -> Result<(Store, Probe, Timestamp), EngineError> {
    let (engine, probe) = greet(connector).await?;
    let (store, at) = load(&engine, &probe).await?;
    Ok((store, probe, at))
}

/// Reads everything once through an engine that was greeted.
///
/// # Errors
/// Why it can't be read.
pub async fn load(engine: &Engine, probe: &Probe) -> Result<(Store, Timestamp), EngineError> {
    let endpoint = engine.endpoint().to_string();
    caught(&endpoint, read(engine, probe)).await.and_then(|read| read)
}

/// Networks, secrets and configs are read beside all else, which waits for them only a little.
async fn read(engine: &Engine, probe: &Probe) -> Result<(Store, Timestamp), EngineError> {
    let mut beside = ObjectLists::default();
    let (mut store, at) = {
        let others = beside.read(engine);
        let rest = read_lists(engine, probe);
        tokio::pin!(others, rest);
        let mut is_read = false;
        let read = loop {
            tokio::select! {
                biased;
                read = &mut rest => break read?,
                () = &mut others, if !is_read => is_read = true,
            }
        };
        if !is_read {
            let _ = tokio::time::timeout(OBJECTS, others).await;
        }
        read
    };
    let mut references = References::default();
    for delta in beside.deltas(&mut references) {
        store.apply(delta, at);
    }
    let missing = look_for(engine, &mut references, store.services());
    let missing = tokio::time::timeout(OBJECTS, missing).await.unwrap_or_default();
    for delta in missing {
        store.apply(delta, at);
    }
    Ok((store, at))
}

async fn read_lists(engine: &Engine, probe: &Probe) -> Result<(Store, Timestamp), EngineError> {
    let at = wall().shifted(probe.skew);
    let mut store = Store::default();
    store.apply(Delta::Cluster(probe.info.clone()), at);
    if let Some(why) = &probe.unread {
        store.apply(unread(Part::Info, why), at);
    }
    let nodes = match or_refused(engine.nodes()).await? {
        Ok((nodes, _)) => told_nodes(nodes),
        Err(why) => vec![unread(Part::Nodes, &why)],
    };
    let (services, _) = engine.services(&mut ServiceReader::default(), true).await?;
    for delta in nodes.into_iter().chain(told_services(services)) {
        store.apply(delta, at);
    }
    let list = ListId(1);
    store.apply(Delta::TasksBegin(list, Scope::All), at);
    let reading = async {
        let mut tasks = engine.tasks_within(&Scope::All, SOME_TASKS).await?;
        while let Some(piece) = tasks.next().await? {
            store.apply(Delta::Tasks(list, piece), at);
        }
        for delta in ended(&tasks, list) {
            store.apply(delta, at);
        }
        Ok::<(), EngineError>(())
    };
    match reading.await {
        Ok(()) => {}
        Err(error) if error.costs_a_part() || error.is_timeout() => {
            store.apply(Delta::TasksAbort(list), at);
            store.apply(unread(Part::Tasks, &error.brief()), at);
        }
        Err(error) => return Err(error),
    }
    Ok((store, at))
}

/// The end of a task list, with the elements that could not be read. A list that could not be read
/// at all leaves the tasks unchanged.
fn ended(tasks: &TaskList, list: ListId) -> Vec<Delta> {
    let (read, gaps) = (tasks.count(), tasks.gaps());
    match gap_words(read, gaps) {
        None => vec![Delta::TasksEnd(list)],
        Some(why) => vec![
            Delta::TasksGaps(list, why.into()),
            if read == 0 { Delta::TasksAbort(list) } else { Delta::TasksEnd(list) },
        ],
    }
}
