//! Watching one connection: the event stream, a pulse, and task lists where they are needed.
//!
//! Swarm tells nothing of tasks by itself. The *pulse* is the service list with the engine's own
//! counts: it shows which services changed, also when an event was lost. Where counting is dear the
//! plain list, a *roll*, is asked in between. Services that changed, that are unsettled or on the
//! screen get their tasks read (index-backed, milliseconds). A slow *sweep* of everything is the net
//! below. Each kind has a part of the budget ([`budget`]), and all slow down when nothing
//! happens.

mod answers;
pub(super) mod budget;
pub(super) mod feed;
pub(super) mod hot_services;
pub(super) mod lists;
mod objects;
mod pacing;
mod references;
pub(super) mod refusals;
mod requests;
pub(super) mod usage;

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::session::{
    clock::wall,
    jobs::Jobs,
    outbox::Out,
    protocol::Generation,
    watch::budget::{Budget, CALM, Pace},
    watch::feed::{Feed, FeedItem},
    watch::hot_services::HotServices,
    watch::lists::Teller,
    watch::objects::ObjectsRead,
    watch::pacing::{PULSE, RHYTHMS},
    watch::references::References,
    watch::refusals::{Refusals, or_refused, told_nodes, told_services, unread},
    watch::usage::{Meter, RequestKind, Usage},
};
use crate::{
    cluster::{Delta, ListId, Node, Part, Scope, Service, ServiceId},
    engine::{Engine, EngineError, Listed, Price, Probe, ServiceReader},
};

/// Result of [`Watch::next`].
pub(in crate::session) enum WatchEvent {
    Heard(Result<FeedItem, EngineError>),
    Finished(Result<Finished, EngineError>),
    Due,
}

pub(in crate::session) struct Finished {
    kind: RequestKind,
    price: Price,
    result: Result<Got, EngineError>,
}

enum Got {
    Nodes(Listed<Node>),
    /// The reader is handed on to the next list.
    Services(ServiceReader, Listed<std::sync::Arc<Service>>),
    /// The list, and a fingerprint for each service that was asked for.
    Tasks(ListId, Vec<(ServiceId, u64)>),
    /// Networks, secrets or configs.
    Objects(Box<ObjectsRead>),
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
    /// Refused lists are requested seldom.
    refused: Refusals,
    /// Task requests are not answered: only a list from this number on is complete again.
    silent_tasks: Option<ListId>,
    /// A task list came to its end over this link.
    tasks_came: bool,
    hot_services: HotServices,
    references: References,
    jobs: Jobs<Finished>,
    reader: Option<ServiceReader>,
    budget: Budget,
    paces: [Pace; RequestKind::ALL.len()],
    meter: Meter,
    /// When something last happened, and when someone last pressed a key.
    stirred: Instant,
    attended: Option<Instant>,
    /// When someone last changed something.
    prompted: Option<Instant>,
    /// Bytes of the last list of services with counts.
    counted: u64,
    /// Bytes a second that all may take now.
    rate: f64,
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
            references: References::default(),
            jobs: Jobs::new(endpoint),
            reader: None,
            budget,
            paces: RHYTHMS.map(|rhythm| Pace::new(rhythm, budget, now)),
            meter: Meter::new(now),
            // Nothing has happened yet.
            stirred: now.checked_sub(CALM / 2).unwrap_or(now),
            attended: None,
            prompted: None,
            counted: 0,
            rate: budget.rate,
            quickest: probe.round_trip,
            next_list: 1,
        };
        // The long list is under way while the short ones come.
        let (opened, teller) = oneshot::channel();
        watch.opened = Some(opened);
        watch.ask_tasks_for(RequestKind::Sweep, Scope::All, async { teller.await.ok() }, now);
        let mut reader = ServiceReader::default();
        let (nodes, (services, of_services)) = tokio::try_join!(
            or_refused(watch.engine.nodes()),
            watch.engine.services(&mut reader, true)
        )?;
        watch.reader = Some(reader);
        watch.hot_services.take(&services, now);
        watch.references.take(services.iter().map(|s| &**s));
        watch.first.extend(probe.unread.as_deref().map(|why| unread(Part::Info, why)));
        watch.first.extend(no_events.as_deref().map(|why| unread(Part::Events, why)));
        match nodes {
            Ok((nodes, price)) => {
                watch.first.extend(told_nodes(nodes));
                watch.pace(RequestKind::Nodes).sent(now);
                watch.paid(RequestKind::Nodes, price, now);
            }
            Err(why) => {
                watch.refused.add(Part::Nodes, true, now);
                watch.first.push(unread(Part::Nodes, &why));
            }
        }
        watch.first.extend(told_services(services));
        watch.pace(RequestKind::Pulse).sent(now);
        watch.paid(RequestKind::Pulse, of_services, now);
        watch.pace(RequestKind::Roll).skip(now);
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
        let now = Instant::now();
        if self.is_attended(now) {
            self.pace(RequestKind::InView).open(now);
        } else {
            // Tasks in view also change without an event.
            self.pace(RequestKind::InView).hurry(now);
        }
    }

    /// Asks again for what is refused, since someone wants it.
    pub fn ask_again(&mut self) {
        for kind in RequestKind::ALL {
            if self.refused.again(kind).is_some() {
                self.refused.hurry(kind);
            }
        }
    }

    /// Notes that someone pressed a key.
    pub fn attend(&mut self) {
        let now = Instant::now();
        self.attended = Some(now);
        self.share_out(now);
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

    /// Waits for the next thing to happen. Safe to drop while waiting; what it returned must go to
    /// [`Watch::take`].
    pub async fn next(&mut self) -> WatchEvent {
        self.send_due();
        // A sweep of many tasks takes its time, and what is optional may be late; all else is a matter of
        // milliseconds.
        let owes = RequestKind::ALL
            .iter()
            .filter(|kind| **kind != RequestKind::Sweep && kind.objects().is_none())
            .any(|kind| self.paces[*kind as usize].is_running());
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
                FeedItem::Events(events) => self.heard_events(events).await,
                FeedItem::Reopened => {
                    tracing::debug!("the event stream was opened again");
                    self.hurry(&RequestKind::ALL, Instant::now());
                }
            },
            WatchEvent::Finished(finished) => self.finished(finished?).await?,
            WatchEvent::Due => {}
        }
        Ok(())
    }
}
