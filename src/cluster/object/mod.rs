//! The objects of a Swarm, as its lists have them: nodes, services, tasks, networks.

mod network;
mod node;
mod open_enum;
mod resources;
mod service;
mod task;

pub use network::Network;
pub use node::{Availability, Manager, Node, NodeState, Reachability, Role};
pub use resources::{Resource, Resources};
pub use service::{
    Counts, FailureAction, HealthCheck, Mode, Mount, Platform, Port, PublishMode, RestartCondition,
    RestartPolicy, Service, UpdateConfig, UpdateState, UpdateStatus,
};
pub use task::{Place, Task, TaskCheck, TaskSpec, TaskState};
