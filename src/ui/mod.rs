//! The terminal: state and update ([`Board`]), drawing ([`draw`]), and the loop that joins them to a
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

pub use crate::ui::app::board::{Board, LinkState, Pane, TaskScope, View};
pub use crate::ui::app::model::Model;
pub use crate::ui::app::{App, Appearance, Effect, Msg, OpenCluster, Opening};
pub use crate::ui::chrome::draw;
pub use crate::ui::input::actions;
pub use crate::ui::input::keymap::{GLOBAL, KeyChange, KeyFault, Keymap, PRESETS};
pub use crate::ui::screen::wall::WallSettings;
pub use crate::ui::terminal::ascii::is_utf8;
pub use crate::ui::terminal::event_loop::{Ended, Means, run};
pub use crate::ui::terminal::tty::{is_dark, is_terminal};
pub use crate::ui::terminal::user_files;
