//! The terminal: state and update ([`App`]), drawing ([`draw`]), and the loop that joins them to a
//! session and a tty ([`run()`]).
//!
//! Invariants: `update` and `draw` do no I/O and read no clock; every text from the cluster goes
//! through [`crate::text::clean`] on its way to the screen.

mod app;
mod chrome;
mod input;
mod operate;
mod popup;
mod screen;
mod table;
mod terminal;
pub mod widget;

pub use app::{
    App, Appearance, Effect, Msg, OpenCluster, Openable, Opening, cluster::Cluster, draw::draw,
    link::LinkState, message::ShellOver, model::Model,
};
pub use input::{
    actions,
    keymap::{GLOBAL, KeyChange, KeyFault, Keymap, PRESETS},
};
pub use screen::{kinds::View, wall::WallSettings};
pub use terminal::{
    ascii::is_utf8,
    event_loop::{Ended, Means, run},
    shell::{RawKeys, carry, shell_means},
    signals::Ends,
    tty::{is_dark, is_terminal},
    user_files,
};
