//! The model of one Swarm: nodes, services, tasks and what happened to them.
//!
//! Pure: no I/O, no clock, no terminal, no styles. The only way in is [`Store::apply`] with a
//! [`Delta`]; whatever order deltas and resyncs come in, the same engine state gives the same store.

mod apply;
mod changes;
mod delta;
mod ids;
mod journal;
mod leaderless;
mod leaving;
mod memory;
mod network;
mod node;
mod placement;
mod quorum;
mod resources;
mod rest;
mod secret;
mod service;
mod shelf;
mod start_first;
mod store;
mod task;
mod telling;
mod time;
mod timeline;
mod unread;
mod words;

pub use changes::changes;
pub use delta::{ClusterInfo, Delta, EngineEvent, ListId, Scope};
pub use ids::{NodeId, ServiceId, TaskId};
pub use journal::{Entry, Gravity, Journal, Meaning, Subject};
pub use leaderless::{Answering, ELECTION, Leaderless};
pub use leaving::{Leaving, leaving, running_elsewhere};
pub use memory::{Memory, NodeMemory, PastChange};
pub use network::Network;
pub use node::{Availability, Manager, Node, NodeState, Reachability, Role};
pub use placement::{asked, eligible, supports, unmet};
pub use quorum::{Lost, Quorum, Voter, needed};
pub use resources::{Resource, Resources};
pub use rest::{Rest, Rests, rests};
pub use secret::{HIDDEN, looks_secret};
pub use service::{
    Counts, FailureAction, HealthCheck, Mode, Mount, Platform, Port, PublishMode, RestartCondition,
    RestartPolicy, Service, UpdateConfig, UpdateState, UpdateStatus,
};
pub use shelf::TaskRef;
pub use start_first::{NoRoom, Stall, no_room_beside, stalled};
pub use store::{Health, Missing, Store, Tally, Touched};
pub use task::{Place, Task, TaskSpec, TaskState};
pub use time::{Since, Timestamp};
pub use timeline::{Effect, effects, failures};
pub use unread::{Part, Unread};
