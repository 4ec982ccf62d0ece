//! Settings of the user: the config file and themes.

mod colours;
mod file;
mod keys;
mod nodes;
mod theme;
mod triage;

pub use colours::{Depth, TerminalColours, badge, nearest};
pub use file::{
    Borders, ClusterConfig, ConfigError, ConfigFile, EXAMPLE, default_path, state_dir, themes_dir,
};
pub use keys::{KeyConfig, Keys};
pub use nodes::{NODE_FIELDS, NodeConfig, NodesConfig};
pub use theme::{Slot, Theme, Themes};
pub use triage::TriageConfig;
