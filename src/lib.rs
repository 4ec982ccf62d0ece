//! skep: a terminal UI for live Docker Swarm operation.
//!
//! This page is the map of the source. A stranger should find a file by guessing its name. The library
//! has no stable API: it exists for the binary and its tests.
//!
//! ```text
//!   engine ──bytes──▶ engine::wire ──Delta──▶ cluster::Store ──▶ ui::draw
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
//! | [`cli`], [`commands`] | the command line, and the subcommands, a file each: the TUI, `check`, `snapshot`, `report`, `logs`, `nodes`, `exec`, … |
//! | [`config`] | what the user may set: the file with its keys and thresholds, themes |
//! | [`connect`] | how an engine is reached: endpoints, contexts, TLS, ssh |
//! | [`engine`] | what the Docker Engine says and accepts; one gate in front of every request |
//! | [`cluster`] | the model: `object` (what the lists have), `store` (applies deltas, counts), `relations` (who uses what), `journal` (what happened), `scheduling` (placement, drain, idle slots), quorum. Pure: no I/O, no clock, no terminal |
//! | [`triage`] | what is wrong and why: pure rules over the model, grouped by cause, ranked by harm, tracked over time; blast radius, incident reports |
//! | [`action`] | what can be done: plan (pure) → execute → follow until it converges |
//! | [`logs`] | lines: a bounded buffer merged by time, how bad a line says it is, colours, JSON |
//! | [`recorder`] | the user's own `docker stack deploy` against a private socket: what it would write is noted, nothing is written |
//! | [`session`] | one actor a cluster: `link` (managers, failover), `watch` (lists and events within a budget), `logs`, `nodes` (every node's engine), `shell` (commands in containers), writes; all of them together are [`session::Sessions`] |
//! | [`ui`] | the terminal: the open clusters, each with its screens and popups (`app`), a file for each screen (`screen`) and each popup (`popup`), keys (`input`), plans (`operate`), tables, shared widgets |
//! | [`demo`] | the embedded Swarm behind the real Engine API; reached only through its socket |
//! | [`grant`] | who may do what: permissions, minted at start-up and bound to a cluster |
//! | [`keep`] | what outlives skep: the timeline, quieted problems, notes of shells that run, its log, in files for nobody else's eyes |
//! | [`text`] | the one sanitiser of what strangers wrote, durations, amounts, shell quoting |
//!
//! Who may import whom stands in `tests/tidy`, which fails on a breach, on files that import each
//! other in a circle of more than three (in the UI of more than five), and on two types of one name.
//!
//! # Words
//!
//! Swarm's, as Docker uses them:
//!
//! | word | meaning |
//! |---|---|
//! | node, manager, worker | a machine of the Swarm; managers keep its state and vote |
//! | quorum | more than half of the managers: without it nothing can be changed or healed |
//! | availability | `active`, `pause` (no new tasks), `drain` (tasks move away) |
//! | service, replica | what should run, and how often |
//! | task | one attempt at running a replica; it is never restarted, another one takes its place |
//! | slot | the number of a replica (`web.2`), which its tasks share one after the other |
//! | place | a slot; of a global service, whose tasks have none, the node |
//! | desired state | what the Swarm wants of a task, beside the state it is in |
//! | job | a service whose tasks end; each run of it is an iteration |
//! | spec, version | what was asked for, and its number; a write names the version it was made from |
//!
//! skep's own:
//!
//! | word | meaning |
//! |---|---|
//! | converged | every wanted task runs the wanted spec, and no update is under way |
//! | generation | the number of a connection; what an earlier one still says is dropped |
//! | budget | the share of a manager's time that watching may use |
//! | finding, problem | what a rule says of one object; findings of one cause grouped |
//! | symptom, cause | what users feel, and why |
//! | plan, grant | what a write will do, shown first; the permission without which none is sent |
//! | outcome | what became of a write: done, conflict, refused, or unknown until it is read back |
//! | delta | a piece of news that the model applies |
//! | journal, timeline | what happened, in memory and on disk |
//! | idle slot | a slot without a running task that is meant to be so: done, or waiting for its next run |
//! | theme slot | the meaning of a piece of the screen, for which a theme has a style |
//! | recording | what the docker CLI would send for a deploy, noted and not sent |
//! | within reach | of a node: its own engine can be asked, not only the manager's |
//! | mark, sweep | what every process of a shell has in its environment; ending all that have it |
//! | debug container | a container with a shell beside a task's that has none |
//! | blast radius | what stops when a node dies |
//!
//! # Rejected
//!
//! - *Shared locks around state*: one owner and messages; a lock would be held while drawing.
//! - *bollard for everything*: it decodes whole lists into memory, and 100,000 tasks are 300 MB of JSON.
//!   [`engine`] streams them; bollard serves the rare, typed calls through the same gate.
//! - *Polling alone*: the events tell of changes within a second and cost nothing while there are none.
//!   *Events alone*: a crash makes no event, so lists are compared, within the budget.
//! - *Agents on the nodes*: skep needs a manager's socket and nothing else.
//! - *A write that was not planned and approved*, also from the palette and for marked sets.
//! - *Text from the cluster that did not go through [`text::clean`]* on its way out.

#![warn(missing_docs)]

pub mod action;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod connect;
pub mod demo;
pub mod engine;
pub mod grant;
pub mod keep;
pub mod logs;
pub mod recorder;
pub mod session;
pub mod text;
pub mod triage;
pub mod ui;
