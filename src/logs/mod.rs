//! Lines of logs: a bounded buffer merged by time, and what a line says by its look: how bad, whether it
//! goes on another, JSON, colours. Pure.

pub mod ansi;
mod buffer;
mod severity;
mod shape;

pub use buffer::{Buffer, Incoming, LIMIT, LINE_BYTES, Line, LineKind};
pub use severity::LogLevel;
pub use shape::{compact, expand};
