//! The rules: small pure functions, one file a theme. The table of them is [`super::rule::RULES`].

pub mod advice;
pub mod capacity;
pub mod exits;
pub mod image;
pub mod jobs;
pub mod managers;
pub mod nodes;
pub mod parts;
pub mod placement;
pub mod quorum;
pub mod refusal;
pub mod service;
pub mod spread;
pub mod stuck;
pub mod update;
