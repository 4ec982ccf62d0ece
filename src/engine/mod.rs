//! What the Docker Engine says and accepts.
//!
//! [`Engine`] is our own thin HTTP client for lists, events, logs and service writes; bollard, over
//! the same connector, serves the typed, rare calls ([`Engine::names`]). Why two: see `client.rs`.
//!
//! Deliberately absent: retries, schedules, state. Those are the session's.

mod client;
mod error;
mod events;
mod lists;
mod logs;
mod names;
mod pair;
mod pieces;
mod probe;
mod wire;
mod writes;

pub use client::{Cost, Engine, Price};
pub use error::{EngineError, Result};
pub use events::{EventReader, EventStream};
pub use lists::TaskList;
pub use logs::{LogFault, LogFrame, LogReader, LogStream, Output, TaskLogRequest};
pub use names::Names;
pub use probe::Probe;
pub use wire::{ServiceReader, TaskReader, decode_nodes, decode_service};
