//! Faults on request, so that a client can be tested against a failing engine.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// The faults to simulate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Delay of every response.
    pub delay: Duration,
    /// The bodies of lists break off in the middle.
    pub cut: bool,
    /// Lists are not JSON.
    pub garbage: bool,
    /// Lists fail with status 500.
    pub error: bool,
    /// The Swarm has lost its leader.
    pub no_leader: bool,
    /// This node is a worker.
    pub worker: bool,
    /// The Swarm is locked.
    pub locked: bool,
    /// The engine is not part of a Swarm.
    pub no_swarm: bool,
    /// The Swarm's certificates have expired.
    pub expired: bool,
    /// The engine speaks only API versions older than skep's oldest.
    pub old: bool,
    /// The engine speaks only API versions newer than skep's newest.
    pub new: bool,
    /// No event is ever sent.
    pub skip_events: bool,
    /// Every write is refused because its version is out of date.
    pub conflict: bool,
    /// Every `/info` has another cluster id.
    pub wrong_cluster: bool,
    /// Lists are never answered.
    pub silent: bool,
    /// Requests, by the first part of their paths, that are not answered at some time after the
    /// start.
    pub silent_on: Vec<(String, Range<Duration>)>,
    /// Start of the embedded Swarm.
    pub started: Option<Instant>,
    /// The task list arrives at a byte per second.
    pub trickle: bool,
    /// A followed log stops after a moment, although its task goes on writing (moby#41733).
    pub stall_logs: bool,
    /// The node whose tasks' logs open and then stay empty: it hangs, or is cut off.
    pub silent_logs: Option<String>,
    /// The node whose tasks' logs end with the engine's own error.
    pub broken_logs: Option<String>,
    /// The bodies of lists never end.
    pub endless: bool,
    /// Every text attacks the terminal that shows it.
    pub hostile: bool,
    /// Requests that a proxy refuses at some time after the start, by the first part of their paths, or
    /// `post`.
    pub deny: Vec<(String, Range<Duration>)>,
    /// Time after which a proxy ends the event stream.
    pub cut_events: Option<Duration>,
}

impl Faults {
    /// Sets a fault from `NAME` or `NAME=VALUE`.
    ///
    /// # Errors
    /// The fault is unknown.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let mut faults = Self { started: Some(Instant::now()), ..Self::default() };
        for text in list {
            match text.split_once('=').map_or((text.as_str(), None), |(n, v)| (n, Some(v))) {
                ("delay", Some(ms)) => faults.delay = millis("delay", ms)?,
                ("deny", Some(part)) => faults.deny.push(timed("deny", part)?),
                ("silent", Some(part)) => faults.silent_on.push(timed("silent", part)?),
                ("trickle", None) => faults.trickle = true,
                ("cut-events", Some(ms)) => faults.cut_events = Some(millis("cut-events", ms)?),
                ("silent-logs", Some(node)) => faults.silent_logs = Some(node.to_owned()),
                ("broken-logs", Some(node)) => faults.broken_logs = Some(node.to_owned()),
                ("cut", None) => faults.cut = true,
                ("garbage", None) => faults.garbage = true,
                ("error", None) => faults.error = true,
                ("no-leader", None) => faults.no_leader = true,
                ("worker", None) => faults.worker = true,
                ("locked", None) => faults.locked = true,
                ("no-swarm", None) => faults.no_swarm = true,
                ("expired", None) => faults.expired = true,
                ("old", None) => faults.old = true,
                ("new", None) => faults.new = true,
                ("skip-events", None) => faults.skip_events = true,
                ("conflict", None) => faults.conflict = true,
                ("wrong-cluster", None) => faults.wrong_cluster = true,
                ("silent", None) => faults.silent = true,
                ("stall-logs", None) => faults.stall_logs = true,
                ("endless", None) => faults.endless = true,
                ("hostile", None) => faults.hostile = true,
                _ => return Err(format!("no fault '{text}'")),
            }
        }
        Ok(faults)
    }

    /// Whether requests whose path begins with this part are not answered now.
    pub fn is_silent_on(&self, part: &str) -> bool {
        self.is_among(&self.silent_on, part)
    }

    /// Whether a proxy refuses such requests now.
    pub fn denies(&self, part: &str) -> bool {
        self.is_among(&self.deny, part)
    }

    fn is_among(&self, parts: &[(String, Range<Duration>)], part: &str) -> bool {
        let elapsed = self.started.map(|at| at.elapsed()).unwrap_or_default();
        parts.iter().any(|(faulty, when)| faulty == part && when.contains(&elapsed))
    }
}

/// `PART`, `PART@FROM` or `PART@FROM-UNTIL`, in milliseconds after the start.
fn timed(fault: &str, text: &str) -> Result<(String, Range<Duration>), String> {
    let (part, when) = text.split_once('@').unwrap_or((text, "0"));
    let (from, until) = match when.split_once('-') {
        Some((from, until)) => (from, millis(fault, until)?),
        None => (when, Duration::MAX),
    };
    Ok((part.to_lowercase(), millis(fault, from)?..until))
}

fn millis(fault: &str, ms: &str) -> Result<Duration, String> {
    let ms = ms.parse().map_err(|_| format!("fault {fault}={ms}: not milliseconds"))?;
    Ok(Duration::from_millis(ms))
}
