//! Commands in containers, and a container beside one: all behind a [`crate::grant::ShellGrant`].

mod debug_container;
mod exec;
mod stream;

pub use debug_container::{DebugContainer, Image};
pub use exec::{Exec, ExecSpec, ExecState, TerminalSize};
pub use stream::{ShellReader, ShellStream, ShellWriter};
