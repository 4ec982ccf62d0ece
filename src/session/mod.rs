//! One actor a cluster: it watches the Swarm, feeds the model, reconnects, and carries plans out.
//!
//! It owns the connection and no state that is drawn: what it hears goes out as [`Event`]s, stamped
//! with the generation of the connection they came over.

mod actor;
mod backoff;
mod documents;
mod feed;
mod fleet;
mod kept;
mod leaderless;
mod ledger;
mod logs;
mod message;
mod meter;
mod pace;
mod panics;
mod past;
mod race;
mod read;
mod refusals;
mod roster;
mod tail;
mod watch;
mod writes;

pub use actor::SessionConfig;
pub use fleet::Fleet;
pub use leaderless::leaderless;
pub use logs::{LogLine, LogQuery, LogSaid, read_logs};
pub use message::{
    Command, Event, Generation, Link, LogTask, ManagerLine, RawKind, Reach, Token, Told,
};
pub use meter::{Spent, Usage};
pub use pace::Budget;
pub use past::Past;

/// One look at a Swarm, for what needs no screen.
pub use read::{greet, load, load_once};

/// What events carry, so that the UI needs to know no other room.
pub use crate::{
    action::execute::Outcome,
    engine::{LogFrame, Names, Output},
};
