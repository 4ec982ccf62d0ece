//! The terminal: state and update ([`Board`]), drawing ([`draw`]), and the loop that joins them to a
//! session and a tty ([`run()`]).
//!
//! Invariants: `update` and `draw` do no I/O and read no clock; every text from the cluster goes
//! through [`crate::text::clean`] on its way to the screen.

mod act;
pub mod actions;
mod app;
mod ascii;
mod availability;
mod board;
mod chord;
mod clusters;
mod commands;
mod event_filter;
mod filter;
mod keyboard;
mod keymap;
mod line_editor;
mod log_actions;
mod log_cursor;
mod log_pane;
mod look;
mod model;
mod mouse;
mod on_critical;
mod operate;
mod order;
mod performance;
mod popup;
mod problem_actions;
mod report;
mod rows;
mod run;
mod ssh_backlog;
mod table;
mod task_filter;
mod term;
mod toast;
mod trend;
pub mod user_files;
mod view;
mod wall;
pub mod widget;
mod writer;

pub use app::{App, Appearance, Effect, Msg, OpenCluster, Opening};
pub use ascii::is_utf8;
pub use board::{Board, LinkState, Pane, TaskScope, View};
pub use keymap::{GLOBAL, KeyChange, KeyFault, Keymap, PRESETS};
pub use model::Model;
pub use run::{Ended, Means, run};
pub use term::{is_dark, is_terminal};
pub use view::draw;
pub use wall::WallSettings;
