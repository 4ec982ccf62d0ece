//! The model of one Swarm: nodes, services, tasks and what happened to them.
//!
//! Pure: no I/O, no clock, no terminal, no styles. The only way in is [`Store::apply`] with a
//! [`Delta`]; whatever order deltas and resyncs come in, the same engine state gives the same store.

mod apply;
mod delta;
mod drain;
mod forget;
mod idle_slots;
mod ids;
mod journal;
mod leaderless;
mod network;
mod node;
mod observations;
mod open_enum;
mod placement;
mod quorum;
mod resources;
mod secret;
mod service;
mod spec_diff;
mod start_first;
mod store;
mod task;
mod task_slab;
mod time;
mod unread;

pub use delta::{ClusterInfo, Delta, EngineEvent, ListId, Scope};
pub use drain::{Leaving, leaving, running_elsewhere};
pub use idle_slots::{Idle, IdleSlots, rests};
pub use ids::{NodeId, ServiceId, TaskId};
pub use journal::timeline::{Effect, effects, failures};
pub use journal::{Entry, Gravity, Journal, Meaning, Subject};
pub use leaderless::{Answering, ELECTION, Leaderless, needed};
pub use network::Network;
pub use node::{Availability, Manager, Node, NodeState, Reachability, Role};
pub use observations::{Beginning, NodeObservations, Observations, PastChange};
pub use placement::{asked, eligible, supports, unmet};
pub use quorum::{Lost, Quorum, Voter};
pub use resources::{Resource, Resources};
pub use secret::{HIDDEN, looks_secret};
pub use service::{
    Counts, FailureAction, HealthCheck, Mode, Mount, Platform, Port, PublishMode, RestartCondition,
    RestartPolicy, Service, UpdateConfig, UpdateState, UpdateStatus,
};
pub use spec_diff::changes;
pub use start_first::{NoRoom, Stall, no_room_beside, stalled};
pub use store::{Health, Missing, Store, Tally, Touched};
pub use task::{Place, Task, TaskCheck, TaskSpec, TaskState};
pub use task_slab::TaskRef;
pub use time::{Since, Timestamp};
pub use unread::{Part, Unread};
