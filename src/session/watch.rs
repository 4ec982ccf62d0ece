//! Watching one connection: the event stream, a pulse, and task lists where they are needed.
//!
//! Swarm tells nothing of tasks by itself. The *pulse* is the service list with the engine's own
//! counts: cheap, and it shows which services changed, also when an event was lost. Those, the
//! unsettled and what is on the screen get their tasks read (index-backed, milliseconds). A slow
//! *sweep* of everything is the net below. Each kind has a share of the budget ([`super::pace`]).

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{
    fleet::Out,
    ledger::Ledger,
    message::{Event, Generation},
    pace::Pace,
};
use crate::{
    cluster::{Delta, EngineEvent, ListId, Node, Scope, Service, ServiceId, Store, Timestamp},
    connect::Connector,
    engine::{Access, Engine, EngineError, EventStream, Probe},
};

const PULSE: Duration = Duration::from_millis(800);
const IN_VIEW: Duration = Duration::from_millis(700);
const HOT: Duration = Duration::from_millis(900);
const NODES: Duration = Duration::from_secs(3);
const SWEEP: Duration = Duration::from_secs(5);
const SWEEP_SELDOM: Duration = Duration::from_secs(300);
/// After a node changed, tasks move for a while.
const SWEEP_HOT: Duration = Duration::from_secs(1);
const COMMOTION: Duration = Duration::from_secs(20);

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pulse,
    Nodes,
    InView,
    Hot,
    Sweep,
}

/// What [`Watch::next`] waited for.
pub(super) enum Happening {
    Events(Result<Option<Vec<EngineEvent>>, EngineError>),
    Finished(Finished),
    Due,
}

pub(super) struct Finished {
    kind: Kind,
    cost: Duration,
    result: Result<Got, EngineError>,
}

enum Got {
    Nodes(Vec<Node>),
    Services(Vec<Service>),
    Tasks,
}

/// A live connection being watched.
pub(super) struct Watch {
    engine: Engine,
    generation: Generation,
    out: Out,
    /// What the first lists said, until it is told.
    first: Vec<Delta>,
    /// Since when an answer is owed and nothing at all was heard.
    owes_since: Option<Instant>,
    events: EventStream,
    ledger: Ledger,
    jobs: JoinSet<Finished>,
    pulse: Pace,
    nodes: Pace,
    in_view: Pace,
    hot: Pace,
    sweep: Pace,
    commotion_until: Option<Instant>,
    next_list: u64,
    skew: i64,
}

impl Watch {
    /// Opens the event stream (before the lists, so that nothing falls between) and reads nodes and
    /// services. Nothing is told yet: another manager may be quicker.
    pub async fn begin(
        engine: Engine,
        probe: &Probe,
        generation: Generation,
        out: Out,
    ) -> Result<Self, EngineError> {
        let now = Instant::now();
        let since = wall().shifted(probe.skew);
        let events = engine.events(since).await?;
        let (nodes, (services, cost)) = tokio::try_join!(engine.nodes(), engine.services())?;
        let mut watch = Self {
            engine,
            generation,
            out,
            first: vec![Delta::Cluster(probe.info.clone()), Delta::Nodes(nodes)],
            owes_since: None,
            events,
            ledger: Ledger::default(),
            jobs: JoinSet::new(),
            pulse: Pace::new(PULSE, PULSE * 15, 0.3, now),
            nodes: Pace::new(NODES, NODES * 5, 0.1, now),
            in_view: Pace::new(IN_VIEW, IN_VIEW * 8, 0.2, now),
            hot: Pace::new(HOT, HOT * 12, 0.15, now),
            sweep: Pace::new(SWEEP, SWEEP_SELDOM, 0.25, now),
            commotion_until: None,
            next_list: 1,
            skew: probe.skew,
        };
        watch.ledger.take(&services, now);
        watch.pulse.sent();
        watch.pulse.done(cost, now);
        watch.nodes.sent();
        watch.nodes.done(Duration::from_millis(1), now);
        watch.first.push(Delta::Services(services));
        Ok(watch)
    }

    /// Tells what was read at the beginning; from here on this is the link of `generation`.
    pub async fn open(&mut self, generation: Generation) {
        self.generation = generation;
        let first = std::mem::take(&mut self.first);
        self.tell(first).await;
        self.spawn_names();
    }

    /// Since when this manager owes an answer, if it does.
    pub fn owes_since(&self) -> Option<Instant> {
        self.owes_since
    }

    /// What the UI shows or follows.
    pub fn watch(&mut self, services: Vec<ServiceId>) {
        self.ledger.watch(services);
        self.in_view.hurry(Instant::now());
    }

    /// Waits for the next thing to happen. Safe to drop while waiting; what it returned must go to
    /// [`Watch::take`].
    pub async fn next(&mut self) -> Happening {
        self.send_due();
        // A sweep of many tasks takes its time; all else is a matter of milliseconds.
        let owes =
            [&self.pulse, &self.nodes, &self.in_view, &self.hot].into_iter().any(Pace::is_running);
        if owes && self.owes_since.is_none() {
            self.owes_since = Some(Instant::now());
        }
        let next = [&self.pulse, &self.nodes, &self.in_view, &self.hot, &self.sweep]
            .into_iter()
            .filter_map(Pace::due)
            .min()
            .unwrap_or_else(|| Instant::now() + PULSE);
        tokio::select! {
            biased;
            events = self.events.next() => Happening::Events(events),
            Some(Ok(finished)) = self.jobs.join_next() => Happening::Finished(finished),
            () = tokio::time::sleep_until(next.into()) => Happening::Due,
        }
    }

    /// Tells what happened. An error means that the connection failed.
    pub async fn take(&mut self, happening: Happening) -> Result<(), EngineError> {
        if !matches!(happening, Happening::Due) {
            // It lives. What else it owes it owes from now.
            self.owes_since = None;
        }
        match happening {
            Happening::Events(events) => match events? {
                Some(events) => self.heard_events(events).await,
                None => {
                    // Often the engine knows why: it lost its leader, or it is going down.
                    self.engine.ask_why().await?;
                    return Err(EngineError::Broken {
                        endpoint: self.engine.endpoint().to_string(),
                        why: "the engine ended the event stream".into(),
                    });
                }
            },
            Happening::Finished(finished) => self.finished(finished).await?,
            Happening::Due => {}
        }
        Ok(())
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        if self.commotion_until.is_some_and(|until| now > until) {
            self.commotion_until = None;
            self.sweep.wish(SWEEP, now);
        }
        if self.pulse.is_due(now) {
            self.pulse.sent();
            let engine = self.engine.clone();
            self.jobs.spawn(async move {
                let (result, cost) = match engine.services().await {
                    Ok((services, cost)) => (Ok(Got::Services(services)), cost),
                    Err(error) => (Err(error), Duration::ZERO),
                };
                Finished { kind: Kind::Pulse, cost, result }
            });
        }
        if self.nodes.is_due(now) {
            self.nodes.sent();
            let engine = self.engine.clone();
            self.jobs.spawn(async move {
                let begun = Instant::now();
                let result = engine.nodes().await.map(Got::Nodes);
                Finished { kind: Kind::Nodes, cost: begun.elapsed(), result }
            });
        }
        if self.in_view.is_due(now) {
            let services = self.ledger.in_view();
            self.list_tasks(Kind::InView, services, now);
        }
        if self.hot.is_due(now) {
            let services = self.ledger.hot(now);
            self.list_tasks(Kind::Hot, services, now);
        }
        if self.sweep.is_due(now) {
            self.sweep.sent();
            self.spawn_list(Kind::Sweep, Scope::All);
        }
    }

    fn list_tasks(&mut self, kind: Kind, services: Vec<ServiceId>, now: Instant) {
        let pace = if kind == Kind::InView { &mut self.in_view } else { &mut self.hot };
        pace.sent();
        if services.is_empty() {
            pace.done(Duration::ZERO, now);
        } else {
            self.spawn_list(kind, Scope::Services(services));
        }
    }

    fn spawn_list(&mut self, kind: Kind, scope: Scope) {
        let list = ListId(self.next_list);
        self.next_list += 1;
        let (engine, out, generation, skew) =
            (self.engine.clone(), self.out.clone(), self.generation, self.skew);
        self.jobs.spawn(async move {
            let begun = Instant::now();
            let result = stream_list(&engine, list, scope, &out, generation, skew).await;
            // Reading on costs the manager little: it built the whole answer before its first byte.
            let cost = *result.as_ref().unwrap_or(&begun.elapsed());
            Finished { kind, cost, result: result.map(|_| Got::Tasks) }
        });
    }

    /// Names of what services refer to; they change only with an event.
    fn spawn_names(&self) {
        let (engine, out, generation, skew) =
            (self.engine.clone(), self.out.clone(), self.generation, self.skew);
        tokio::spawn(async move {
            match engine.names().await {
                Ok(mut names) => {
                    let networks = Delta::Networks(std::mem::take(&mut names.networks));
                    let at = wall().shifted(skew);
                    let _ = out.send(Event::Heard(generation, vec![networks], at)).await;
                    drop(out.send(Event::Names(generation, Box::new(names))).await);
                }
                // Pages show ids instead.
                Err(error) => tracing::debug!(%error, "names can't be read"),
            }
        });
    }

    async fn heard_events(&mut self, events: Vec<EngineEvent>) {
        let now = Instant::now();
        let mut renamed = false;
        for event in &events {
            match &*event.kind {
                "service" => {
                    self.ledger.touch(&ServiceId::from(event.id.clone()), now);
                    self.pulse.hurry(now);
                    self.in_view.hurry(now);
                    self.hot.hurry(now);
                }
                "node" => {
                    self.nodes.hurry(now);
                    self.commotion(now);
                }
                "network" | "secret" | "config" => renamed = true,
                _ => {}
            }
        }
        if renamed {
            self.spawn_names();
        }
        self.tell(events.into_iter().map(Delta::Event).collect()).await;
    }

    fn commotion(&mut self, now: Instant) {
        self.commotion_until = Some(now + COMMOTION);
        self.ledger.touch_all(now);
        self.sweep.wish(SWEEP_HOT, now);
        self.pulse.hurry(now);
        self.hot.hurry(now);
    }

    async fn finished(&mut self, finished: Finished) -> Result<(), EngineError> {
        let now = Instant::now();
        let pace = match finished.kind {
            Kind::Pulse => &mut self.pulse,
            Kind::Nodes => &mut self.nodes,
            Kind::InView => &mut self.in_view,
            Kind::Hot => &mut self.hot,
            Kind::Sweep => &mut self.sweep,
        };
        pace.done(finished.cost, now);
        match finished.result {
            Ok(Got::Services(services)) => {
                if self.ledger.take(&services, now) {
                    self.in_view.hurry(now);
                    self.hot.hurry(now);
                }
                self.tell(vec![Delta::Services(services)]).await;
            }
            Ok(Got::Nodes(nodes)) => self.tell(vec![Delta::Nodes(nodes)]).await,
            Ok(Got::Tasks) => {}
            // A service may be removed between two requests: an answer to one, not a lost link.
            Err(error) if !error.is_connection() => {
                let reason = self.engine.ask_why().await;
                tracing::warn!(%error, "a list was refused");
                reason?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn tell(&self, deltas: Vec<Delta>) {
        let at = wall().shifted(self.skew);
        // The receiver gone means the program ends: the actor sees that by itself.
        let _ = self.out.send(Event::Heard(self.generation, deltas, at)).await;
    }
}

/// Our clock.
pub(super) fn wall() -> Timestamp {
    Timestamp(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0))
}

/// Streams one task list out as deltas. Returns what it cost the manager.
async fn stream_list(
    engine: &Engine,
    list: ListId,
    scope: Scope,
    out: &Out,
    generation: Generation,
    skew: i64,
) -> Result<Duration, EngineError> {
    let mut tasks = engine.tasks(&scope).await?;
    let cost = tasks.cost;
    let mut batch = vec![Delta::TasksBegin(list, scope)];
    let tell = async |deltas| {
        let _ = out.send(Event::Heard(generation, deltas, wall().shifted(skew))).await;
    };
    let mut held = 0;
    let result = loop {
        match tasks.next().await {
            Ok(Some(piece)) => {
                held += piece.len();
                batch.push(Delta::Tasks(list, piece));
                if held > 500 {
                    tell(std::mem::take(&mut batch)).await;
                    held = 0;
                }
            }
            Ok(None) => {
                batch.push(Delta::TasksEnd(list));
                break Ok(cost);
            }
            Err(error) => {
                batch.push(Delta::TasksAbort(list));
                break Err(error);
            }
        }
    };
    tell(batch).await;
    result
}

/// The first words with an engine, and no more: for `contexts`.
///
/// # Errors
/// Why it can't be used.
pub async fn greet(connector: Connector) -> Result<Probe, EngineError> {
    Engine::new(connector, Access::ReadOnly).probe(wall).await
}

/// Reads everything once: for `check` and `snapshot`.
pub async fn load_once(connector: Connector) -> Result<(Store, Probe, Timestamp), EngineError> {
    let mut engine = Engine::new(connector, Access::ReadOnly);
    let probe = engine.probe(wall).await?;
    let at = wall().shifted(probe.skew);
    let mut store = Store::default();
    store.apply(Delta::Cluster(probe.info.clone()), at);
    store.apply(Delta::Nodes(engine.nodes().await?), at);
    store.apply(Delta::Services(engine.services().await?.0), at);
    match engine.names().await {
        Ok(names) => store.apply(Delta::Networks(names.networks), at),
        Err(error) => tracing::debug!(%error, "names can't be read"),
    }
    let list = ListId(1);
    let mut tasks = engine.tasks(&Scope::All).await?;
    store.apply(Delta::TasksBegin(list, Scope::All), at);
    while let Some(piece) = tasks.next().await? {
        store.apply(Delta::Tasks(list, piece), at);
    }
    store.apply(Delta::TasksEnd(list), at);
    Ok((store, probe, at))
}
