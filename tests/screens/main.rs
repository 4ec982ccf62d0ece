//! Snapshots of every view at three sizes, from a fixture store and a TestBackend.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../fixtures/cluster.rs"]
mod cluster_fixture;

mod appearance;
mod columns;
mod containers;
mod contexts;
mod driver;
mod events;
mod filters;
mod hostile;
mod huge;
mod keys;
mod layout;
mod logs;
mod mouse;
mod news;
mod node_reach;
mod objects;
mod order;
mod pages;
mod plans;
mod shell;
mod triage;
mod views;
mod wall;
