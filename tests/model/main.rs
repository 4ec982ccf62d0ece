//! Properties of the store, decoders on recorded JSON, lossless writes, and the rules.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../fixtures/cluster.rs"]
mod cluster_fixture;

mod calm;
mod causes;
mod decoding;
mod ended;
mod follow;
mod golden;
mod lossless;
mod news;
mod nodes;
mod object_rules;
mod objects;
mod plans;
mod quorum;
mod remedies;
mod reports;
mod reruns;
mod rollbacks;
mod rules;
mod shells;
mod stacks;
mod store;
mod triage;
mod unread;
mod updates;
