//! Client of the Docker Engine API.
//!
//! [`Engine`] is our own thin HTTP client for lists, events, logs and service writes; bollard, through
//! the same gate, serves the typed, rare calls ([`Engine::unlisted_network`]). Why two: see `client.rs`.
//!
//! Deliberately absent: retries, schedules, state. Those are the session's.

mod client;
mod error;
mod events;
mod gate;
mod json_array;
mod lists;
mod logs;
mod lookups;
mod node;
mod parallel_lists;
mod probe;
mod relay;
mod shell;
mod transport_error;
mod wire;
mod writes;

pub use client::{Engine, Price};
pub use error::{EngineError, Result};
pub use events::{EventReader, EventStream};
pub use gate::{Cost, READS, SHELL, WRITES};
pub use json_array::Gaps;
pub use lists::{SOME_TASKS, TaskList};
pub use logs::{LogFault, LogFrame, LogReader, LogRequest, LogStream, Output};
pub use node::NodeInfo;
pub use probe::Probe;
pub use relay::Relayed;
pub use shell::{
    DebugContainer, Exec, ExecSpec, ExecState, Image, Process, ShellReader, ShellStream,
    ShellWriter, TerminalSize, family,
};
pub use wire::{
    Listed, ServiceReader, TaskReader, decode_configs, decode_containers, decode_networks,
    decode_nodes, decode_secrets, decode_service,
};
