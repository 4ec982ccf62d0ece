//! The terminal: state and update ([`Board`]), drawing ([`draw`]), and the loop that joins them to a
//! session and a tty ([`run`]).
//!
//! Invariants: `update` and `draw` do no I/O and read no clock; every text from the cluster goes
//! through [`crate::text::clean`] on its way to the screen.

mod act;
pub mod actions;
mod app;
mod ascii;
mod board;
mod commands;
mod filter;
mod fleet;
mod hook;
mod input;
mod keyboard;
mod keymap;
mod keys;
mod lag;
mod logact;
mod logpane;
mod logwalk;
mod look;
mod mouse;
mod offers;
mod order;
mod outlet;
mod overlay;
mod palette;
mod rows;
mod run;
mod scene;
mod session_events;
mod settle;
mod sieve;
mod steer;
mod table;
mod tasksieve;
mod term;
mod trend;
mod triageact;
pub mod view;
mod vitals;
mod wall;
pub mod widget;

pub use app::{App, Dress, Effect, Msg, Opening, Seat};
pub use ascii::is_utf8;
pub use board::{Board, LinkState, Pane, TaskScope, View};
pub use keymap::{KeyFault, Keymap};
pub use run::{Means, Outcome, run};
pub use scene::Scene;
pub use term::{is_dark, is_terminal};
pub use view::draw;
pub use wall::WallSettings;
