//! Shared parts of the screens.

pub mod bar;
pub mod big;
pub mod diff;
pub mod spark;
pub mod text;
