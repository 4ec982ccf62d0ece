//! Text that strangers wrote, made harmless for whoever reads it, and for the shell it is pasted into;
//! durations that users wrote; numbers of things. Imports nothing of ours, so every room can use it.

mod clean;
mod count;
mod duration;
mod shell;

pub use clean::{clean, clean_json, clean_lines};
pub use count::count;
pub use duration::{parse_ago, parse_duration};
pub use shell::{is_host, is_user, quote};
