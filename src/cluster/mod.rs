//! The model of one Swarm: nodes, services, tasks and what happened to them.
//!
//! Pure: no I/O, no clock, no terminal, no styles. The only way in is [`Store::apply`] with a
//! [`Delta`]; whatever order deltas and resyncs come in, the same engine state gives the same store.

mod addresses;
mod delta;
mod ids;
mod journal;
mod leaderless;
mod machine;
mod object;
mod quorum;
mod relations;
mod scheduling;
mod secret;
mod spec_diff;
mod store;
mod time;
mod unread;
mod versions;

pub use addresses::AddressUse;
pub use delta::{ClusterInfo, Delta, EngineEvent, ListId, Scope};
pub use ids::{ConfigId, ContainerId, NetworkId, NodeId, SecretId, ServiceId, TaskId};
pub use journal::{
    Beginning, Consequence, Entry, Gravity, Journal, Meaning, NodeObservations, Observations,
    PastChange, Subject, consequences, failures,
};
pub use leaderless::{Answering, ELECTION, Leaderless, needed};
pub use machine::{Disk, Machine, Pressures};
pub use object::{
    Attachment, Availability, Config, Container, ContainerEnd, ContainerHealth, ContainerPort,
    ContainerState, Counts, EndpointMode, FailureAction, HealthCheck, ImageUse, Manager,
    Membership, Mode, Mount, Network, Node, NodeState, Place, Platform, Port, PublishMode,
    Reachability, Reference, Resource, Resources, RestartCondition, RestartPolicy, Role,
    STACK_LABEL, Secret, Service, Stack, Subnet, Task, TaskCheck, TaskSpec, TaskState,
    UpdateConfig, UpdateState, UpdateStatus, Volume, family,
};
pub use quorum::{Lost, Quorum, Voter};
pub use relations::{Publisher, Relations};
pub use scheduling::{
    Idle, IdleSlots, Leaving, Loss, NoRoom, Stall, all_without_spare, asked, eligible, leaving,
    no_room_beside, not_spared, rests, running_elsewhere, stalled, supports, unmet, without_spare,
};
pub use secret::{HIDDEN, looks_secret};
pub use spec_diff::changes;
pub use store::{Kind, Missing, StackProgress, Store, SwarmHealth, Tally, TaskRef, Touched};
pub use time::{Since, Timestamp};
pub use unread::{Part, Unread};
pub use versions::{
    SHORT_VERSIONS, VERSION_HEAD, VersionCell, VersionRow, usual_versions, version_matrix,
};
