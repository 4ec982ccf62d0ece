//! The model of one Swarm: nodes, services, tasks and what happened to them.
//!
//! Pure: no I/O, no clock, no terminal, no styles. The only way in is [`Store::apply`] with a
//! [`Delta`]; whatever order deltas and resyncs come in, the same engine state gives the same store.

mod delta;
mod ids;
mod journal;
mod leaderless;
mod object;
mod quorum;
mod scheduling;
mod secret;
mod spec_diff;
mod store;
mod time;
mod unread;

pub use delta::{ClusterInfo, Delta, EngineEvent, ListId, Scope};
pub use ids::{NodeId, ServiceId, TaskId};
pub use journal::{
    Beginning, Consequence, Entry, Gravity, Journal, Meaning, NodeObservations, Observations,
    PastChange, Subject, consequences, failures,
};
pub use leaderless::{Answering, ELECTION, Leaderless, needed};
pub use object::{
    Availability, Counts, FailureAction, HealthCheck, Manager, Mode, Mount, Network, Node,
    NodeState, Place, Platform, Port, PublishMode, Reachability, Resource, Resources,
    RestartCondition, RestartPolicy, Role, Service, Task, TaskCheck, TaskSpec, TaskState,
    UpdateConfig, UpdateState, UpdateStatus,
};
pub use quorum::{Lost, Quorum, Voter};
pub use scheduling::{
    Idle, IdleSlots, Leaving, NoRoom, Stall, asked, eligible, leaving, no_room_beside, rests,
    running_elsewhere, stalled, supports, unmet,
};
pub use secret::{HIDDEN, looks_secret};
pub use spec_diff::changes;
pub use store::{Kind, Missing, Store, SwarmHealth, Tally, TaskRef, Touched};
pub use time::{Since, Timestamp};
pub use unread::{Part, Unread};
