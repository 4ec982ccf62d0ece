//! One actor a cluster: it watches the Swarm, feeds the model, reconnects, and carries plans out.
//!
//! It owns the connection and no state that is drawn: what it hears goes out as [`Event`]s, stamped
//! with the generation of the connection they came over.

mod actor;
mod clock;
mod greeting;
mod jobs;
mod link;
mod logs;
mod nodes;
mod operations;
mod outbox;
mod protocol;
mod registrar;
mod sessions;
mod shell;
mod watch;

pub use actor::SessionConfig;
pub use greeting::greeting;
pub use link::leaderless::leaderless;
pub use logs::ends::read_log_ends;
pub use logs::{LogLine, LogQuery, LogSaid, read_logs};
pub use nodes::{NoReach, NodeEngines, NodeReach, NodeSeen};
pub use protocol::{
    Command, Event, FollowedLog, Generation, Link, LogWriterId, ManagerLine, RawKind, Reach,
    SessionEvent, Token,
};
pub use sessions::Sessions;
pub use shell::{
    OpenShells, ShellEnd, ShellFact, ShellFault, ShellInput, ShellLink, ShellMeans, ShellNews,
    ShellOutput, ShellStarter,
};
pub use watch::budget::Budget;
pub use watch::usage::{Spent, Usage};

/// One look at a Swarm, for what needs no screen.
pub use watch::lists::{greet, load, load_once};

/// Types that events carry, so that the UI needs to import no other module.
pub use crate::{
    action::execute::Outcome,
    connect::Way,
    engine::{Gaps, Listed, LogFrame, Output, TerminalSize},
};
