//! Commands in tasks' containers: started on the task's own node, carried to a terminal, and ended with it.

mod open_shells;
mod refused;
mod run;
mod saying;
mod start;
mod sweep;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

pub use open_shells::{OpenShells, ShellFact, ShellNews};
pub use start::ShellStarter;

use crate::engine::{Output, TerminalSize};

/// The terminal, or the pipes, at our end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShellMeans {
    /// The terminal's size; none if it is no terminal.
    pub size: Option<TerminalSize>,
    /// Whether the command is told anything.
    pub stdin: bool,
}

/// A command that runs. Dropping it ends the command.
#[derive(Debug)]
pub struct ShellLink {
    /// Its input.
    pub input: mpsc::Sender<ShellInput>,
    /// Its output.
    pub output: mpsc::Receiver<ShellOutput>,
    /// The size of its terminal.
    pub size: watch::Sender<Option<TerminalSize>>,
    /// Its task.
    pub name: String,
}

/// Something for a command.
#[derive(Debug, PartialEq, Eq)]
pub enum ShellInput {
    /// Typed.
    Bytes(Vec<u8>),
    /// There is no more to come.
    End,
    /// It is to be ended.
    Leave,
}

/// Something of a command.
#[derive(Debug)]
pub enum ShellOutput {
    /// Output.
    Said(Output, Bytes),
    /// It is over. What it left running is ended after it.
    Ended(ShellEnd),
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellEnd {
    /// By itself, with this exit code, if it is known.
    Exited(Option<i64>),
    /// It never began, and why.
    NotStarted(String),
    /// The connection to it was lost, and why.
    Lost(String),
    /// Because it was to be ended.
    Left,
}

/// Why no command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellFault {
    /// Its node can't be reached.
    NotReached(String),
    /// It was not started.
    NotStarted(String),
    /// The container has no shell. A container beside it may be made of these images on the node: they are
    /// tried in this order.
    NoShell(Vec<String>),
}

impl std::fmt::Display for ShellFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotReached(why) | Self::NotStarted(why) => f.write_str(why),
            Self::NoShell(_) => f.write_str("there is no shell in the container"),
        }
    }
}
