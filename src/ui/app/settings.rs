//! Settings of a cluster, and what passes between its workspace and the app.

use std::{path::PathBuf, sync::Arc};

use crossterm::event::KeyEvent;
use ratatui::style::Style;

use crate::{
    action::plan::Change,
    cluster::Subject,
    config::Theme,
    grant::{ClusterNo, ShellGrant, WriteGrant},
    triage::Thresholds,
    ui::{Appearance, Keymap},
};

/// Settings of a cluster.
#[derive(Clone)]
pub struct Settings {
    /// The user's name for it.
    pub name: String,
    /// Whether the name is worth a place on the screen.
    pub named: bool,
    /// Its colour.
    pub colour: Option<Style>,
    /// A banner, and every plan confirmed by typing.
    pub production: bool,
    /// Present if this cluster may be written to.
    pub grant: Option<WriteGrant>,
    /// Present if commands may be run in its containers.
    pub shell: Option<ShellGrant>,
    /// Its appearance.
    pub appearance: Appearance,
    /// The keymap.
    pub keymap: Arc<Keymap>,
    /// The keys of JSON log lines to show; all if there are none.
    pub log_keys: Vec<String>,
    /// Help is pointed to, until it was used once.
    pub hint: bool,
    /// Thresholds of problems.
    pub thresholds: Thresholds,
    /// The user who runs skep.
    pub who: String,
    /// The user said how nodes are logged in to.
    pub logs_in_to_nodes: bool,
    /// Where files go.
    pub folder: PathBuf,
    /// The home of who runs skep.
    pub home: Option<PathBuf>,
}

/// Input of the cluster that is shown.
#[derive(Debug)]
pub(in crate::ui) enum Input {
    Key(KeyEvent),
    Paste(String),
    /// The mouse moved something; what follows from it is worked out.
    Pointed,
}

/// Requests to the app that owns all workspaces.
#[derive(Debug)]
pub(in crate::ui) enum Request {
    /// A cluster, and what is shown of this object there.
    Open(ClusterNo, Option<Subject>),
    /// Asks what is there, of all that could be opened.
    Greet,
    /// The cluster so many places on.
    Turn(isize),
    /// The cluster of this name.
    Named(String),
    /// These colours, everywhere.
    Theme(Theme),
    /// Help was found: it need not be pointed to any more.
    HelpUsed,
}

/// The other clusters that are in trouble, for the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ui) struct Elsewhere {
    /// The worst of them.
    pub name: String,
    pub critical: bool,
    /// Number of others beside it.
    pub more: usize,
}

/// Purpose of the documents being read.
#[derive(Clone, Debug)]
pub(in crate::ui) enum Pending {
    /// Plan this change.
    Plan(Change),
    /// Edit the spec.
    Edit,
}
