//! Commands in containers, and a container beside one: all behind a [`crate::grant::ShellGrant`].

mod debug_container;
mod exec;
mod processes;
mod stream;

pub use debug_container::{DebugContainer, Image};
pub use exec::{Exec, ExecSpec, ExecState, TerminalSize};
pub use processes::{Process, family};
pub use stream::{ShellReader, ShellStream, ShellWriter};
