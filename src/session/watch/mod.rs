//! Watching one connection: the event stream, a pulse, and task lists where they are needed.
//!
//! Swarm tells nothing of tasks by itself. The *pulse* is the service list with the engine's own
//! counts: it shows which services changed, also when an event was lost. Where counting is dear the
//! plain list, a *roll*, is asked in between. Services that changed, that are unsettled or on the
//! screen get their tasks read (index-backed, milliseconds). A slow *sweep* of everything is the net
//! below. Each kind has a part of the budget ([`super::budget`]), and all slow down when nothing
//! happens.

pub(super) mod budget;
pub(super) mod feed;
pub(super) mod hot_services;
pub(super) mod lists;
pub(super) mod refusals;
pub(super) mod usage;

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::session::{
    clock::wall,
    jobs::Jobs,
    outbox::Out,
    protocol::{Event, Generation},
    watch::budget::{Budget, CALM, Pace, Rhythm, share_out},
    watch::feed::{Feed, Heard},
    watch::hot_services::{HotServices, Surprise},
    watch::lists::{Teller, stream_list},
    watch::refusals::{Refusals, or_refused, told_nodes, told_services, unread},
    watch::usage::{Kind, Meter, Usage},
};
use crate::{
    cluster::{Delta, EngineEvent, ListId, Node, Part, Scope, Service, ServiceId},
    engine::{Engine, EngineError, Listed, Names, Price, Probe, ServiceReader},
};

/// A rhythm: busy and calm in milliseconds, longest in seconds, and its weight.
const fn rhythm(busy: u64, calm: u64, longest: u64, weight: f64) -> Rhythm {
    Rhythm {
        busy: Duration::from_millis(busy),
        calm: Duration::from_millis(calm),
        longest: Duration::from_secs(longest),
        weight,
    }
}

const PULSE: Rhythm = rhythm(800, 6_000, 60, 0.25);
const ROLL: Rhythm = rhythm(2_000, 15_000, 60, 0.05);
const NODES: Rhythm = rhythm(3_000, 30_000, 60, 0.1);
const IN_VIEW: Rhythm = rhythm(700, 5_000, 20, 0.25);
const HOT: Rhythm = rhythm(900, 10_000, 30, 0.15);
const SWEEP: Rhythm = rhythm(10_000, 120_000, 900, 0.2);

/// After a key press, what is in view is read often for this long.
const ATTENTION: Duration = Duration::from_secs(30);

/// Result of [`Watch::next`].
pub(in crate::session) enum WatchEvent {
    Heard(Result<Heard, EngineError>),
    Finished(Result<Finished, EngineError>),
    Due,
}

pub(in crate::session) struct Finished {
    kind: Kind,
    price: Price,
    result: Result<Got, EngineError>,
}

enum Got {
    Nodes(Listed<Node>),
    /// The reader is handed on to the next list.
    Services(ServiceReader, Listed<std::sync::Arc<Service>>),
    /// The list, and a fingerprint for each service that was asked for.
    Tasks(ListId, Vec<(ServiceId, u64)>),
}

/// A live connection being watched.
pub(in crate::session) struct Watch {
    engine: Engine,
    teller: Teller,
    /// Content of the first lists until it is sent to the UI.
    first: Vec<Delta>,
    /// Releases the first task list, which was requested together with them.
    opened: Option<oneshot::Sender<Teller>>,
    /// Time since which a request is unanswered and nothing at all was received.
    owes_since: Option<Instant>,
    feed: Feed,
    /// Refused lists are not requested again over this link.
    refused: Refusals,
    /// Task requests are not answered: only a list from this number on is complete again.
    silent_tasks: Option<ListId>,
    /// A task list came to its end over this link.
    tasks_came: bool,
    hot_services: HotServices,
    jobs: Jobs<Finished>,
    reader: Option<ServiceReader>,
    budget: Budget,
    paces: [Pace; Kind::ALL.len()],
    meter: Meter,
    /// When something last happened, and when someone last pressed a key.
    stirred: Instant,
    attended: Option<Instant>,
    /// The fastest answer: the round trip is no cost to the manager.
    quickest: Duration,
    next_list: u64,
}

impl Watch {
    /// Opens the event stream (before the lists, so that nothing is missed in between) and reads
    /// nodes and services. Nothing is sent to the UI yet: another manager may be faster.
    pub async fn begin(
        engine: Engine,
        probe: &Probe,
        generation: Generation,
        budget: Budget,
        out: Out,
    ) -> Result<Self, EngineError> {
        let now = Instant::now();
        let since = wall().shifted(probe.skew);
        let budget = budget.over(engine.endpoint());
        let (feed, no_events) = Feed::open(engine.clone(), since).await?;
        let endpoint = engine.endpoint().to_string();
        let mut watch = Self {
            engine,
            teller: Teller { out, generation, skew: probe.skew },
            first: vec![Delta::Cluster(probe.info.clone())],
            opened: None,
            owes_since: None,
            feed,
            refused: Refusals::default(),
            silent_tasks: None,
            tasks_came: false,
            hot_services: HotServices::default(),
            jobs: Jobs::new(endpoint),
            reader: None,
            budget,
            // In the order of their kinds.
            paces: [PULSE, ROLL, NODES, IN_VIEW, HOT, SWEEP]
                .map(|rhythm| Pace::new(rhythm, budget, now)),
            meter: Meter::new(now),
            // Nothing has happened yet.
            stirred: now.checked_sub(CALM / 2).unwrap_or(now),
            attended: None,
            quickest: probe.round_trip,
            next_list: 1,
        };
        // The long list is under way while the short ones come.
        let (opened, teller) = oneshot::channel();
        watch.opened = Some(opened);
        watch.ask_tasks_for(Kind::Sweep, Scope::All, async { teller.await.ok() }, now);
        let mut reader = ServiceReader::default();
        let (nodes, (services, of_services)) = tokio::try_join!(
            or_refused(watch.engine.nodes()),
            watch.engine.services(&mut reader, true)
        )?;
        watch.reader = Some(reader);
        watch.hot_services.take(&services, now);
        watch.first.extend(probe.unread.as_deref().map(|why| unread(Part::Info, why)));
        watch.first.extend(no_events.as_deref().map(|why| unread(Part::Events, why)));
        match nodes {
            Ok((nodes, price)) => {
                watch.first.extend(told_nodes(nodes));
                watch.pace(Kind::Nodes).sent(now);
                watch.paid(Kind::Nodes, price, now);
            }
            Err(why) => {
                watch.refused.add(Part::Nodes);
                watch.first.push(unread(Part::Nodes, &why));
            }
        }
        watch.first.extend(told_services(services));
        watch.pace(Kind::Pulse).sent(now);
        watch.paid(Kind::Pulse, of_services, now);
        watch.pace(Kind::Roll).skip(now);
        Ok(watch)
    }

    /// Sends what was read at the beginning; from now on this is the link of `generation`.
    pub async fn open(&mut self, generation: Generation) {
        self.teller.generation = generation;
        let first = std::mem::take(&mut self.first);
        self.teller.tell(first).await;
        if let Some(opened) = self.opened.take() {
            let _ = opened.send(self.teller.clone());
        }
        self.spawn_names();
    }

    /// Time since which this manager leaves a request unanswered.
    pub fn owes_since(&self) -> Option<Instant> {
        self.owes_since
    }

    /// Whether tasks are asked for in vain, while other lists are answered.
    pub fn has_silent_tasks(&self) -> bool {
        self.silent_tasks.is_some()
    }

    /// Whether a task list came to its end over this link.
    pub fn had_tasks(&self) -> bool {
        self.tasks_came
    }

    /// Sets the services that the UI shows or follows.
    pub fn watch(&mut self, services: Vec<ServiceId>) {
        self.hot_services.watch(services);
        self.pace(Kind::InView).open(Instant::now());
    }

    /// Notes that someone pressed a key.
    pub fn attend(&mut self) {
        self.attended = Some(Instant::now());
    }

    /// The cost of watching so far.
    pub fn usage(&self) -> Usage {
        let total = self.engine.cost();
        let now = Instant::now();
        Usage {
            requests: total.requests,
            bytes: total.bytes,
            queued: self.teller.out.queued(),
            ..self.meter.usage(
                self.budget,
                now.duration_since(self.stirred) > CALM,
                |kind| &self.paces[kind as usize],
                now,
            )
        }
    }

    fn pace(&mut self, kind: Kind) -> &mut Pace {
        &mut self.paces[kind as usize]
    }

    fn hurry(&mut self, kinds: &[Kind], now: Instant) {
        for kind in kinds {
            self.pace(*kind).hurry(now);
        }
    }

    /// An answer came: it is paid for, and the budget shared out anew.
    fn paid(&mut self, kind: Kind, price: Price, now: Instant) {
        if price.time.is_zero() {
            // None came: that tells nothing of what one costs, nor of the link.
            return self.pace(kind).skip(now);
        }
        self.quickest = self.quickest.min(price.time);
        // A little of it is always the manager's.
        let time = (price.time.saturating_sub(self.quickest)).max(price.time / 8);
        let price = Price { time, ..price };
        self.meter.add(kind, price);
        self.pace(kind).done(price, now);
        let mut paces: Vec<&mut Pace> = self.paces.iter_mut().collect();
        share_out(self.budget.share, &mut paces);
    }

    /// Something happened: everything is read more often for a while, the shorter the less surprising it
    /// was.
    fn stir(&mut self, surprise: Surprise, now: Instant) {
        if let Some(since) = now.checked_sub(CALM.mul_f64(1.0 - surprise.0)) {
            self.stirred = self.stirred.max(since);
        }
        self.rest(now);
    }

    /// The longer nothing happens, the less often lists are read.
    fn rest(&mut self, now: Instant) {
        let quiet = now.duration_since(self.stirred);
        for pace in &mut self.paces {
            pace.rest(quiet, now);
        }
        if self.attended.is_some_and(|at| now.duration_since(at) < ATTENTION) {
            self.pace(Kind::InView).rest(Duration::ZERO, now);
        }
        if self.feed.is_refused() {
            // Nothing else tells of a node.
            self.pace(Kind::Nodes).rest(Duration::ZERO, now);
        }
    }

    /// Waits for the next thing to happen. Safe to drop while waiting; what it returned must go to
    /// [`Watch::take`].
    pub async fn next(&mut self) -> WatchEvent {
        self.send_due();
        // A sweep of many tasks takes its time; all else is a matter of milliseconds.
        let owes =
            Kind::ALL.iter().any(|k| *k != Kind::Sweep && self.paces[*k as usize].is_running());
        if owes && self.owes_since.is_none() {
            self.owes_since = Some(Instant::now());
        }
        let next = self.paces.iter().filter_map(Pace::due).min();
        let next = next.unwrap_or_else(|| Instant::now() + PULSE.busy);
        tokio::select! {
            biased;
            heard = self.feed.next() => WatchEvent::Heard(heard),
            Some(finished) = self.jobs.next() => WatchEvent::Finished(finished),
            () = tokio::time::sleep_until(next.into()) => WatchEvent::Due,
        }
    }

    /// Handles a result of [`Watch::next`]. An error means that the connection failed.
    pub async fn take(&mut self, happening: WatchEvent) -> Result<(), EngineError> {
        if !matches!(happening, WatchEvent::Due) {
            // It lives. What else it owes it owes from now.
            self.owes_since = None;
        }
        match happening {
            WatchEvent::Heard(heard) => match heard? {
                Heard::Events(events) => self.heard_events(events).await,
                Heard::Reopened => {
                    tracing::debug!("the event stream was opened again");
                    self.hurry(&Kind::ALL, Instant::now());
                    self.spawn_names();
                }
            },
            WatchEvent::Finished(finished) => self.finished(finished?).await?,
            WatchEvent::Due => {}
        }
        Ok(())
    }

    /// A task list did not come: that is unknown now, and asked for until it does.
    async fn tasks_silent(&mut self, error: &EngineError, now: Instant) {
        tracing::warn!(%error, "tasks are not answered");
        if self.silent_tasks.is_none() {
            self.silent_tasks = Some(ListId(self.next_list));
            let after = match error {
                EngineError::Timeout { after, .. } => after.as_nanos(),
                _ => 0,
            };
            let after = i64::try_from(after).unwrap_or_default();
            let since = wall().shifted(self.teller.skew - after);
            let silent = Delta::Silent(Part::Tasks, error.brief().into(), since);
            self.teller.tell(vec![silent]).await;
        }
        self.pace(Kind::Sweep).hurry(now);
    }

    /// All tasks were listed: they are known again, unless the list began before they were dropped.
    fn told_all_tasks(&mut self, list: ListId, now: Instant) {
        match self.silent_tasks {
            Some(first) if list < first => self.pace(Kind::Sweep).hurry(now),
            _ => self.silent_tasks = None,
        }
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        self.rest(now);
        if self.pace(Kind::Pulse).is_due(now) {
            self.ask_services(Kind::Pulse, now);
        }
        if self.pace(Kind::Roll).is_due(now) {
            self.ask_services(Kind::Roll, now);
        }
        if !self.refused.has(Kind::Nodes) && self.pace(Kind::Nodes).is_due(now) {
            self.pace(Kind::Nodes).sent(now);
            let engine = self.engine.clone();
            self.jobs.spawn(async move {
                let (result, price) = match engine.nodes().await {
                    Ok((nodes, price)) => (Ok(Got::Nodes(nodes)), price),
                    Err(error) => (Err(error), Price::default()),
                };
                Finished { kind: Kind::Nodes, price, result }
            });
        }
        for kind in [Kind::Nodes, Kind::InView, Kind::Hot, Kind::Sweep] {
            if self.refused.has(kind) {
                self.pace(kind).skip(now);
            }
        }
        for kind in [Kind::InView, Kind::Hot] {
            // While tasks are not answered, the whole list tells when they are again.
            if self.silent_tasks.is_some() {
                self.pace(kind).skip(now);
            }
            if !self.pace(kind).is_due(now) {
                continue;
            }
            let mut services = match kind {
                Kind::InView => self.hot_services.in_view(),
                _ => self.hot_services.hot(now),
            };
            // One request for both, if the others are few and their turn is soon.
            if kind == Kind::InView
                && !services.is_empty()
                && self.paces[Kind::Hot as usize].is_due_with(&self.paces[kind as usize], now)
                && let Some(few) = self.hot_services.few_hot(now)
            {
                services.extend(few);
                self.pace(Kind::Hot).skip(now);
            }
            if services.is_empty() {
                self.pace(kind).skip(now);
            } else {
                self.ask_tasks(kind, Scope::Services(services), now);
            }
        }
        if self.pace(Kind::Sweep).is_due(now) {
            self.ask_tasks(Kind::Sweep, Scope::All, now);
        }
    }

    fn ask_services(&mut self, kind: Kind, now: Instant) {
        // One at a time: the reader goes from list to list.
        let Some(mut reader) = self.reader.take() else {
            return self.pace(kind).put_off(now);
        };
        self.pace(kind).sent(now);
        if kind == Kind::Pulse {
            // It tells all that a roll would.
            self.pace(Kind::Roll).skip(now);
        }
        let engine = self.engine.clone();
        self.jobs.spawn(async move {
            let (result, price) = match engine.services(&mut reader, kind == Kind::Pulse).await {
                Ok((services, price)) => (Ok(Got::Services(reader, services)), price),
                Err(error) => (Err(error), Price::default()),
            };
            Finished { kind, price, result }
        });
    }

    fn ask_tasks(&mut self, kind: Kind, scope: Scope, now: Instant) {
        let teller = self.teller.clone();
        self.ask_tasks_for(kind, scope, std::future::ready(Some(teller)), now);
    }

    /// Sends the request at once, and delivers the answer when there is a receiver.
    fn ask_tasks_for(
        &mut self,
        kind: Kind,
        scope: Scope,
        teller: impl Future<Output = Option<Teller>> + Send + 'static,
        now: Instant,
    ) {
        self.pace(kind).sent(now);
        let list = ListId(self.next_list);
        self.next_list += 1;
        let engine = self.engine.clone();
        self.jobs.spawn(async move {
            let read = async {
                let tasks = engine.tasks(&scope).await?;
                stream_list(tasks, list, scope, teller).await
            };
            match read.await {
                Ok(read) => {
                    Finished { kind, price: read.price, result: Ok(Got::Tasks(list, read.prints)) }
                }
                Err(error) => Finished { kind, price: Price::default(), result: Err(error) },
            }
        });
    }

    /// Names of what services refer to; they change only with an event.
    fn spawn_names(&self) {
        let (engine, teller) = (self.engine.clone(), self.teller.clone());
        tokio::spawn(async move {
            let mut names = Names::awaited();
            match engine.names(&mut names).await {
                Ok(()) => {
                    teller.tell(names.deltas()).await;
                    let names = Event::Names(teller.generation, Box::new(names));
                    drop(teller.out.send(names).await);
                }
                // Pages show ids instead.
                Err(error) => tracing::debug!(%error, "names can't be read"),
            }
        });
    }

    async fn heard_events(&mut self, events: Vec<EngineEvent>) {
        let now = Instant::now();
        self.meter.events += events.len() as u64;
        let mut renamed = false;
        for event in &events {
            match &*event.kind {
                "service" => {
                    self.stir(Surprise::FULL, now);
                    self.hot_services.touch(&ServiceId::from(event.id.clone()), now);
                    self.hurry(&[Kind::Pulse, Kind::Roll, Kind::InView, Kind::Hot], now);
                }
                "node" => {
                    self.stir(Surprise::FULL, now);
                    // Any service may have lost a task there, and tasks move for a while.
                    self.hot_services.touch_all(now);
                    self.hurry(&[Kind::Nodes, Kind::Pulse, Kind::Hot, Kind::Sweep], now);
                }
                "network" | "secret" | "config" => renamed = true,
                _ => {}
            }
        }
        if renamed {
            self.spawn_names();
        }
        self.teller.tell(events.into_iter().map(Delta::Event).collect()).await;
    }

    async fn finished(&mut self, finished: Finished) -> Result<(), EngineError> {
        let now = Instant::now();
        let kind = finished.kind;
        self.paid(kind, finished.price, now);
        if finished.result.is_ok() && self.refused.answers(kind) {
            tracing::info!(?kind, "a list that was refused is answered again");
        }
        match finished.result {
            Ok(Got::Services(reader, services)) => {
                self.reader = Some(reader);
                let surprise = self.hot_services.take(&services, now);
                self.stir(surprise, now);
                if surprise > Surprise::NONE {
                    self.hurry(&[Kind::InView, Kind::Hot], now);
                }
                self.teller.tell(told_services(services)).await;
            }
            Ok(Got::Nodes(nodes)) => self.teller.tell(told_nodes(nodes)).await,
            Ok(Got::Tasks(list, prints)) => {
                self.tasks_came = true;
                if kind == Kind::Sweep {
                    self.told_all_tasks(list, now);
                }
                let surprise = self.hot_services.told(&prints, now);
                self.stir(surprise, now);
            }
            Err(error) => {
                self.meter.failures += 1;
                if matches!(kind, Kind::Pulse | Kind::Roll) {
                    self.reader = Some(ServiceReader::default());
                }
                if error.is_timeout() && Refusals::part(kind) == Some(Part::Tasks) {
                    // Services and nodes tell whether the link is lost.
                    self.tasks_silent(&error, now).await;
                    return Ok(());
                }
                if error.is_connection() {
                    return Err(error);
                }
                if error.costs_a_part() {
                    // What is refused once stays unknown; without services there is nothing to watch.
                    let Some(part) = Refusals::part(kind) else { return Err(error) };
                    if self.refused.add(part) {
                        self.teller.tell(vec![unread(part, &error.brief())]).await;
                    }
                    return Ok(());
                }
                // A service may be removed between two requests: an answer to one, not a lost link.
                let reason = self.engine.ask_why().await;
                // Once for each time that it begins, not for each time that it goes on.
                let is_removed = matches!(error, EngineError::NotFound { .. });
                if self.refused.fails(kind) && !is_removed {
                    tracing::warn!(%error, ?kind, "a list was refused");
                } else {
                    tracing::debug!(%error, ?kind, "a list was refused again");
                }
                reason?;
            }
        }
        Ok(())
    }
}
