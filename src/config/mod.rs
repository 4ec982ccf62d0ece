//! What the user may set: the config file and themes.

mod file;
mod theme;
mod triage;

pub use file::{ClusterConfig, ConfigError, ConfigFile, EXAMPLE, default_path, state_dir};
pub use theme::{Depth, Slot, Theme, badge};
pub use triage::{TriageConfig, span};
