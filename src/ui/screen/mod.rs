//! The screens: a file or a folder each.

pub(in crate::ui) mod clusters;
pub mod events;
pub(in crate::ui) mod logs;
pub mod nodes;
pub(in crate::ui) mod open;
pub mod overview;
pub mod problems;
pub(in crate::ui) mod rows;
pub mod services;
pub mod tasks;
pub(in crate::ui) mod view;
pub(in crate::ui) mod wall;
