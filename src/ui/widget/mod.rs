//! Shared parts of the screens.

pub mod bar;
pub mod columns;
pub mod text;
