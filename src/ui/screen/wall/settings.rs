//! Settings of the wall.

use std::time::Duration;

/// Settings of a wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallSettings {
    /// Begin with it.
    pub open: bool,
    /// A page stays for so long.
    pub turn: Duration,
    /// Ring the terminal's bell at a new critical finding.
    pub bell: bool,
    /// Run this then.
    pub on_critical: Vec<String>,
}

impl Default for WallSettings {
    fn default() -> Self {
        Self { open: false, turn: Duration::from_secs(10), bell: false, on_critical: Vec::new() }
    }
}
