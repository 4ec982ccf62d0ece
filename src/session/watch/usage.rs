//! Counters of the cost of watching.

use std::time::{Duration, Instant};

use crate::cluster::Part;
use crate::engine::Price;
use crate::session::watch::budget::{Budget, Pace};

/// Purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) enum RequestKind {
    /// All services with their tasks counted.
    Pulse,
    /// All services, not counted.
    Roll,
    Nodes,
    InView,
    Hot,
    Sweep,
    Networks,
    Secrets,
    Configs,
}

impl RequestKind {
    pub const ALL: [Self; 9] = [
        Self::Pulse,
        Self::Roll,
        Self::Nodes,
        Self::InView,
        Self::Hot,
        Self::Sweep,
        Self::Networks,
        Self::Secrets,
        Self::Configs,
    ];

    /// Those that are read when an event tells of a change, and hardly ever without one.
    pub const OBJECTS: [Self; 3] = [Self::Networks, Self::Secrets, Self::Configs];

    /// The kind that lists networks, secrets or configs.
    pub fn of_objects(part: Part) -> Option<Self> {
        Self::OBJECTS.into_iter().find(|kind| kind.objects() == Some(part))
    }

    /// The part that it lists, if that is networks, secrets or configs.
    pub fn objects(self) -> Option<Part> {
        match self {
            Self::Networks => Some(Part::Networks),
            Self::Secrets => Some(Part::Secrets),
            Self::Configs => Some(Part::Configs),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pulse => "services, counted",
            Self::Roll => "services",
            Self::Nodes => "nodes",
            Self::InView => "tasks in view",
            Self::Hot => "tasks that change",
            Self::Sweep => "all tasks",
            Self::Networks => "networks",
            Self::Secrets => "secrets",
            Self::Configs => "configs",
        }
    }
}

/// Cost of one kind of request so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Its name.
    pub name: &'static str,
    /// Number of requests.
    pub requests: u64,
    /// Bytes of its answers.
    pub bytes: u64,
    /// Time the manager spent on it.
    pub time: Duration,
    /// Time skep spent on reading the answers.
    pub decoding: Duration,
    /// Current interval between two requests.
    pub interval: Duration,
}

/// Cost of watching one manager.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// The share of the manager's time that may be used.
    pub share: f64,
    /// Bytes a second that may be asked for, if that is limited.
    pub rate: Option<f64>,
    /// Start of the counting.
    pub over: Duration,
    /// Whether nothing has happened for a while.
    pub calm: bool,
    /// Events heard.
    pub events: u64,
    /// Lists that broke off or could not be had.
    pub failures: u64,
    /// All requests to this engine, logs and probes as well.
    pub requests: u64,
    /// Bytes of their answers.
    pub bytes: u64,
    /// Messages queued for the screen.
    pub queued: usize,
    /// Costs by kind.
    pub spent: Vec<Spent>,
}

impl Usage {
    /// The share of the manager's time that was used.
    pub fn used(&self) -> f64 {
        let time: Duration = self.spent.iter().map(|s| s.time).sum();
        time.as_secs_f64() / self.over.as_secs_f64().max(1.0)
    }
}

/// Counts.
#[derive(Debug)]
pub(in crate::session) struct Meter {
    since: Instant,
    pub events: u64,
    pub failures: u64,
    spent: [Spent; RequestKind::ALL.len()],
}

impl Meter {
    /// Nothing counted yet.
    pub fn new(now: Instant) -> Self {
        let spent = RequestKind::ALL.map(|kind| Spent { name: kind.name(), ..Spent::default() });
        Self { since: now, events: 0, failures: 0, spent }
    }

    /// Counts a request.
    pub fn add(&mut self, kind: RequestKind, price: Price) {
        let spent = &mut self.spent[kind as usize];
        spent.requests += 1;
        spent.bytes += price.bytes;
        spent.time += price.time;
        spent.decoding += price.decoding;
    }

    /// The cost so far, at the present pace.
    pub fn usage<'p>(
        &self,
        budget: Budget,
        calm: bool,
        pace: impl Fn(RequestKind) -> &'p Pace,
        now: Instant,
    ) -> Usage {
        let spent = RequestKind::ALL
            .map(|kind| Spent { interval: pace(kind).interval(), ..self.spent[kind as usize] });
        Usage {
            share: budget.share,
            rate: budget.rate.is_finite().then_some(budget.rate),
            over: now.duration_since(self.since),
            calm,
            events: self.events,
            failures: self.failures,
            spent: spent.to_vec(),
            ..Usage::default()
        }
    }
}
