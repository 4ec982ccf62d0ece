//! One actor a cluster: it watches the Swarm, feeds the model, reconnects, and carries plans out.
//!
//! It owns the connection and no state that is drawn: what it hears goes out as [`Event`]s, stamped
//! with the generation of the connection they came over.

mod actor;
mod backoff;
mod documents;
mod ledger;
mod message;
mod pace;
mod tail;
mod watch;

pub use actor::{Session, SessionConfig};
pub use message::{Command, Event, Generation, Link, RawKind, Token};

/// Loads a Swarm once, for what needs no screen.
pub use watch::load_once;

/// What events carry, so that the UI needs to know no other room.
pub use crate::{
    action::execute::Outcome,
    engine::{LogFrame, Names, Output},
};
