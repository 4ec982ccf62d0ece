//! Text that strangers wrote, made harmless for whoever reads it; durations that users wrote. Imports
//! nothing of ours, so every room can use it.

mod clean;
mod duration;

pub use clean::{clean, clean_json, clean_lines};
pub use duration::{parse_ago, parse_duration};
