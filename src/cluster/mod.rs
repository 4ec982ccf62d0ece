//! The model of one Swarm: nodes, services, tasks and what happened to them.
//!
//! Pure: no I/O, no clock, no terminal, no styles. The only way in is [`Store::apply`] with a
//! [`Delta`]; whatever order deltas and resyncs come in, the same engine state gives the same store.

mod delta;
mod ids;
mod journal;
mod node;
mod placement;
mod service;
mod store;
mod task;
mod telling;
mod time;
mod words;

pub use delta::{ClusterInfo, Delta, EngineEvent, ListId, Scope};
pub use ids::{NodeId, ServiceId, TaskId};
pub use journal::{Entry, Gravity, Journal, Subject};
pub use node::{Availability, Manager, Node, NodeState, Reachability, Role};
pub use placement::{eligible, unmet};
pub use service::{
    Counts, FailureAction, Mode, Port, PublishMode, Resources, Service, UpdateConfig, UpdateState,
    UpdateStatus,
};
pub use store::{Missing, Store, Tally};
pub use task::{Task, TaskState};
pub use time::Timestamp;
