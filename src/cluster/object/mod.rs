//! The objects of a Swarm, as its lists have them, and those that follow from them: volumes and stacks.

mod config;
mod container;
mod family;
mod network;
mod node;
mod open_enum;
mod resources;
mod secret;
mod service;
mod stack;
mod task;
mod volume;

pub use config::Config;
pub use container::{Container, ContainerHealth, ContainerPort, ContainerState, Membership};
pub use family::family;
pub use network::{Network, Subnet};
pub use node::{Availability, Manager, Node, NodeState, Reachability, Role};
pub use resources::{Resource, Resources};
pub use secret::Secret;
pub use service::{
    Counts, EndpointMode, FailureAction, HealthCheck, Mode, Mount, Platform, Port, PublishMode,
    Reference, RestartCondition, RestartPolicy, Service, UpdateConfig, UpdateState, UpdateStatus,
};
pub use stack::{ImageUse, STACK_LABEL, Stack};
pub use task::{Attachment, ContainerEnd, Place, Task, TaskCheck, TaskSpec, TaskState};
pub use volume::Volume;

use stack::stack_of;
