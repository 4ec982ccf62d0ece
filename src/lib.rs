pub mod action;
pub mod cluster;
pub mod connect;
pub mod engine;
