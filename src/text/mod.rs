//! Text that strangers wrote, made harmless for whoever reads it, and for the shell it is pasted into;
//! durations, amounts and numbers of things. Imports nothing of ours, so every room can use it.

mod amount;
mod brief;
mod clean;
mod count;
mod duration;
mod shell;

pub use amount::{bytes, bytes_of, cpus, exact_bytes};
pub use brief::{brief, shortened, within};
pub use clean::{clean, clean_json, clean_lines};
pub use count::count;
pub use duration::{age, exact, parse_ago, parse_duration, span, took};
pub use shell::{is_host, is_user, quote};
