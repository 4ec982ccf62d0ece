//! The simulated Swarm's state and clock.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::{
    objects::pool::{Address, Pool},
    update::Update,
};

/// Nanoseconds since the Unix epoch.
pub(super) type Nanos = i64;
pub(super) const SECOND: Nanos = 1_000_000_000;
pub(super) const MS: Nanos = 1_000_000;

/// Number of past events that the daemon keeps for `since`.
const EVENTS_KEPT: usize = 256;

pub(super) struct SimNode {
    pub id: String,
    pub version: u64,
    pub created: Nanos,
    pub updated: Nanos,
    pub hostname: String,
    pub addr: String,
    pub manager: bool,
    pub leader: bool,
    pub engine: String,
    pub nano_cpus: i64,
    pub memory: i64,
    pub up: bool,
    /// The node's spec as in the API: Labels, Role, Availability.
    pub spec: Value,
    /// Images pulled: the first task of an image takes longer to prepare.
    pub images: HashSet<String>,
}

pub(super) struct SimService {
    pub id: String,
    pub version: u64,
    pub created: Nanos,
    pub updated: Nanos,
    pub spec: Value,
    pub previous: Option<Value>,
    pub update_status: Option<Value>,
    pub update: Option<Update>,
    /// The task template as text: lists print it, and comparing it tells old tasks from new ones.
    pub template: Arc<str>,
    /// Its own addresses: network and address.
    pub vips: Vec<(String, String)>,
    /// Tasks by number.
    pub tasks: Vec<u64>,
    /// Failed attempts per slot, for the restart policy.
    pub attempts: HashMap<u64, u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SimState {
    New,
    Pending,
    Assigned,
    Accepted,
    Preparing,
    Ready,
    Starting,
    Running,
    Complete,
    Shutdown,
    Failed,
    Rejected,
    Orphaned,
    Remove,
}

impl SimState {
    /// The API's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::Accepted => "accepted",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Shutdown => "shutdown",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Orphaned => "orphaned",
            Self::Remove => "remove",
        }
    }
}

pub(super) struct SimTask {
    pub id: String,
    pub version: u64,
    pub service: String,
    pub slot: u64,
    pub node: Option<String>,
    pub state: SimState,
    pub desired: SimState,
    pub created: Nanos,
    pub updated: Nanos,
    pub since: Nanos,
    pub started: Nanos,
    pub message: &'static str,
    pub err: String,
    pub exit: i64,
    pub container: Option<String>,
    pub template: Arc<str>,
    /// Its addresses; it gives them back when it ends, and they stay written.
    pub addresses: Vec<Address>,
    pub image: String,
    /// Earliest time at which it goes from ready to starting.
    pub start_at: Nanos,
}

/// The way a container of an image ends.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// Runs for ever.
    Fine,
    /// The image does not exist.
    NoImage,
    /// Exits with a code after a time.
    Exit(Nanos, i64),
}

/// A scripted change at a time in the story.
pub(super) type Scene = (Nanos, fn(&mut Sim));

pub(super) struct Sim {
    pub now: Nanos,
    pub cluster_id: String,
    pub created: Nanos,
    pub rng: fastrand::Rng,
    pub index: u64,
    pub nodes: BTreeMap<String, SimNode>,
    pub node_ids: Vec<String>,
    pub services: BTreeMap<String, SimService>,
    pub tasks: HashMap<u64, SimTask>,
    pub task_ids: HashMap<String, u64>,
    pub next_task: u64,
    pub networks: Vec<Value>,
    pub secrets: Vec<Value>,
    pub configs: Vec<Value>,
    /// Contents of secrets, which nobody is told, by id.
    pub secret_data: HashMap<String, Value>,
    /// The addresses of each network.
    pub pools: HashMap<String, Pool>,
    pub events: VecDeque<(Nanos, String)>,
    pub publish: broadcast::Sender<String>,
    pub timers: BinaryHeap<Reverse<(Nanos, u64)>>,
    pub dirty: HashSet<String>,
    /// The fate of each image; others run for ever.
    pub fates: HashMap<String, Fate>,
    pub story: Vec<Scene>,
    pub story_began: Nanos,
    pub story_length: Nanos,
    pub story_next: usize,
    /// Tasks to fail per second, and the rest carried over to the next step.
    pub churn: f64,
    pub churn_owed: f64,
}

impl Sim {
    /// An empty Swarm.
    pub fn new(now: Nanos, seed: u64) -> Self {
        let mut sim = Self {
            now,
            cluster_id: String::new(),
            created: now - 90 * 86_400 * SECOND,
            rng: fastrand::Rng::with_seed(seed),
            index: 10,
            nodes: BTreeMap::new(),
            node_ids: Vec::new(),
            services: BTreeMap::new(),
            tasks: HashMap::new(),
            task_ids: HashMap::new(),
            next_task: 1,
            networks: Vec::new(),
            secrets: Vec::new(),
            configs: Vec::new(),
            secret_data: HashMap::new(),
            pools: HashMap::new(),
            events: VecDeque::new(),
            publish: broadcast::channel(1024).0,
            timers: BinaryHeap::new(),
            dirty: HashSet::new(),
            fates: HashMap::new(),
            story: Vec::new(),
            story_began: now,
            story_length: 0,
            story_next: 0,
            churn: 0.0,
            churn_owed: 0.0,
        };
        sim.cluster_id = sim.id();
        sim
    }

    /// Advances by `passed`, in steps so small that no state is skipped.
    pub fn advance(&mut self, passed: Duration) {
        let mut left = i64::try_from(passed.as_nanos()).unwrap_or(0).min(60 * SECOND);
        while left > 0 {
            let step = left.min(50 * MS);
            left -= step;
            self.now += step;
            self.play_story();
            self.make_churn(step);
            self.run_timers();
            self.run_updates();
            self.reconcile();
        }
    }

    fn play_story(&mut self) {
        let at = self.now - self.story_began;
        while let Some((when, change)) = self.story.get(self.story_next).copied() {
            if at < when {
                return;
            }
            self.story_next += 1;
            change(self);
        }
        if self.story_length > 0 && at >= self.story_length {
            self.story_began = self.now;
            self.story_next = 0;
        }
    }

    fn make_churn(&mut self, step: Nanos) {
        if self.churn <= 0.0 || self.tasks.is_empty() {
            return;
        }
        self.churn_owed += self.churn * step as f64 / SECOND as f64;
        let mut tries = 0;
        while self.churn_owed >= 1.0 && tries < 10_000 {
            tries += 1;
            let number = self.rng.u64(1..self.next_task);
            if self
                .tasks
                .get(&number)
                .is_some_and(|t| t.state == SimState::Running && t.desired == SimState::Running)
            {
                self.churn_owed -= 1.0;
                self.fail(number, SimState::Failed, 1, "task: non-zero exit (1)");
            }
        }
    }

    /// A new id: 25 characters of base 36, as swarmkit makes them.
    pub fn id(&mut self) -> String {
        const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        (0..25).map(|_| DIGITS[self.rng.usize(0..36)] as char).collect()
    }

    /// A new container id: 64 hex digits.
    pub fn hex(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.rng.u64(..))).collect()
    }

    /// The next version.
    pub fn bump(&mut self) -> u64 {
        self.index += 1;
        self.index
    }

    /// Has a task looked at again after a time.
    pub fn timer(&mut self, after: Nanos, task: u64) {
        // A little unevenness, as on real machines.
        let jitter = self.rng.i64(0..=after / 4 + 1);
        self.timers.push(Reverse((self.now + after + jitter, task)));
    }

    /// Sends an event to the listeners and keeps the last ones for `since`.
    pub fn event(&mut self, kind: &str, action: &str, id: &str, attributes: Value) {
        let line = json!({
            "Type": kind,
            "Action": action,
            "Actor": { "ID": id, "Attributes": attributes },
            "scope": "swarm",
            "time": self.now / SECOND,
            "timeNano": self.now,
        })
        .to_string();
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back((self.now, line.clone()));
        // Nobody listening is no fault.
        let _ = self.publish.send(line);
    }

    /// A service by its ID, its name, or the beginning of its ID if it is the only such one.
    pub fn service_named(&self, name: &str) -> Option<&SimService> {
        self.services.get(name).or_else(|| {
            let by_name = self.services.values().find(|s| s.spec["Name"] == name);
            by_name.or_else(|| {
                let mut by_prefix = self.services.values().filter(|s| s.id.starts_with(name));
                by_prefix.next().filter(|_| name.len() >= 3 && by_prefix.next().is_none())
            })
        })
    }

    /// A node by its ID or host name.
    pub fn node_named(&self, name: &str) -> Option<&SimNode> {
        self.nodes.get(name).or_else(|| self.nodes.values().find(|n| n.hostname == name))
    }

    /// A task by its ID or the beginning of it.
    pub fn task_named(&self, id: &str) -> Option<&SimTask> {
        self.task_ids.get(id).and_then(|n| self.tasks.get(n)).or_else(|| {
            if id.len() < 6 {
                return None;
            }
            self.tasks.values().find(|t| t.id.starts_with(id))
        })
    }

    /// Powers a node off or on.
    pub fn set_node_up(&mut self, hostname: &str, up: bool) {
        let (index, now) = (self.bump(), self.now);
        let Some(node) = self.nodes.values_mut().find(|n| n.hostname == hostname) else { return };
        if node.up == up {
            return;
        }
        node.up = up;
        node.version = index;
        node.updated = now;
        let (id, name) = (node.id.clone(), node.hostname.clone());
        let (old, new) = if up { ("down", "ready") } else { ("ready", "down") };
        self.event(
            "node",
            "update",
            &id,
            json!({ "name": name, "state.old": old, "state.new": new }),
        );
        self.node_changed(&id);
    }
}
