//! skep: a terminal UI for live Docker Swarm operation.
//!
//! This page is the map of the house. A stranger should find a file by guessing its name.
//!
//! ```text
//!   engine ──bytes──▶ engine::wire ──Delta──▶ cluster::Store ──▶ ui::view draws
//!     ▲                    (session)               (ui owns it)        │
//!     │                                                                ▼
//!   action::execute ◀── session ◀── Effect ◀── ui::App::update ◀── Action ◀── key
//! ```
//!
//! The data's way is one way, and the keys' way is the other. The UI task owns every store and the
//! whole state; between tasks there are messages only. `update` and `draw` do no I/O, so every screen
//! is tested without a terminal.
//!
//! | room | what it is |
//! |---|---|
//! | [`cli`], [`start`] | the command line, and what it starts |
//! | [`config`] | what the user may set: the file, themes |
//! | [`connect`] | how an engine is reached: endpoints, contexts, TLS, ssh |
//! | [`engine`] | what the Docker Engine says and accepts |
//! | [`cluster`] | the model, its time line and what it remembers. Pure: no I/O, no clock, no terminal |
//! | [`triage`] | what is wrong and why: pure rules over the model, folded by cause, ranked by harm, kept up to date; blast radius, incident reports |
//! | [`action`] | what can be done: plan (pure) → execute → follow until it converges |
//! | [`logs`] | lines: a bounded buffer merged by time, how bad a line says it is, colours, JSON |
//! | [`session`] | one actor a cluster: watches it through the fastest manager, feeds the model, fails over, carries plans out, keeps what must outlive skep; the fleet of them |
//! | [`ui`] | the terminal: a board for each cluster, the view of all, one file a screen, shared widgets |
//! | [`demo`] | the embedded Swarm behind the real Engine API; reached only through its socket |
//! | [`grant`] | who may do what: permissions, minted at start-up and bound to a cluster |
//! | [`keep`] | files and folders of skep's own, for nobody else's eyes |
//! | [`text`] | the one sanitiser of what strangers wrote |
//! | [`report`] | the same knowledge without a screen: check, snapshot, logs, contexts |
//!
//! Who may import whom stands in `tests/tidy.rs`, which fails on a breach.
//!
//! Deliberately absent: shared locks around state, a write that was not planned and approved, text
//! from the cluster on its way out that did not go through [`text::clean`].

pub mod action;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod connect;
pub mod demo;
pub mod engine;
pub mod grant;
pub mod keep;
pub mod logs;
pub mod report;
pub mod session;
pub mod start;
pub mod text;
pub mod triage;
pub mod ui;
