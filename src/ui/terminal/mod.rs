//! The terminal: its loop, its modes, what is written to it, and programs and files beside it.

mod abort;
pub(in crate::ui) mod ascii;
pub(in crate::ui) mod event_loop;
pub(in crate::ui) mod hook;
pub(in crate::ui) mod keyboard;
pub(in crate::ui) mod performance;
pub mod shell;
pub mod signals;
pub(in crate::ui) mod ssh_backlog;
pub(in crate::ui) mod tty;
pub mod user_files;
pub(in crate::ui) mod writer;
