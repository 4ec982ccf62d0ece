//! Input: keys, mouse and commands, and what they mean.

pub mod actions;
pub(in crate::ui) mod availability;
pub(in crate::ui) mod chord;
pub(in crate::ui) mod commands;
pub(in crate::ui) mod dispatch;
pub(in crate::ui) mod find;
pub(in crate::ui) mod keymap;
pub(in crate::ui) mod line_editor;
pub(in crate::ui) mod mouse;
