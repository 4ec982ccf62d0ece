//! Settings that the UI opens with.

use std::{path::PathBuf, sync::Arc};

use ratatui::style::Style;

use crate::{
    config::{Borders, Depth, TerminalColours, Theme, Themes},
    grant::{ClusterNo, ShellGrant, WriteGrant},
    triage::Thresholds,
    ui::{
        input::keymap::Keymap,
        screen::{kinds::View, wall::WallSettings},
    },
};

/// Settings at the start of the UI.
pub struct Opening {
    /// Its appearance.
    pub appearance: Appearance,
    /// The keymap.
    pub keymap: Arc<Keymap>,
    /// The file that is made once help was used; until then the footer points to help.
    pub hint: Option<PathBuf>,
    /// Settings of the wall.
    pub wall: WallSettings,
    /// The view to begin with.
    pub view: View,
    /// Begin with the view of all clusters.
    pub clusters: bool,
    /// The keys of JSON log lines to show; all if there are none.
    pub log_keys: Vec<String>,
    /// Thresholds of problems.
    pub thresholds: Thresholds,
    /// The user who runs skep.
    pub who: String,
    /// Where files go.
    pub folder: PathBuf,
    /// The home of who runs skep.
    pub home: Option<PathBuf>,
    /// Notices about the command line and the config file, to be shown.
    pub notices: Vec<String>,
    /// Clusters that could be opened later.
    pub openable: Vec<Openable>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            appearance: Appearance::default(),
            keymap: Arc::default(),
            hint: None,
            wall: WallSettings::default(),
            view: View::Overview,
            clusters: false,
            log_keys: Vec::new(),
            thresholds: Thresholds::default(),
            who: String::new(),
            folder: PathBuf::new(),
            home: None,
            notices: Vec::new(),
            openable: Vec::new(),
        }
    }
}

/// Appearance of the UI.
#[derive(Clone)]
pub struct Appearance {
    /// Colours.
    pub theme: Theme,
    /// The themes to choose from.
    pub themes: Arc<Themes>,
    /// Draw nothing but ASCII.
    pub ascii: bool,
    /// The corners of the panes.
    pub borders: Borders,
}

impl Default for Appearance {
    fn default() -> Self {
        let themes = Themes::embedded(TerminalColours { depth: Depth::True, dark: None });
        let theme = themes.get(None).unwrap_or_default();
        Self { theme, themes: Arc::new(themes), ascii: false, borders: Borders::default() }
    }
}

/// Something that could be opened beside the clusters that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openable {
    /// The number it has once it is open; none if it can't be opened.
    pub no: Option<ClusterNo>,
    /// Its name.
    pub name: String,
    /// Where the name comes from: `docker` or `config`.
    pub source: &'static str,
    /// Its address.
    pub endpoint: String,
    /// The engine there, or why it can't be used; unknown until it was asked.
    pub answer: Option<Result<String, String>>,
}

/// A cluster that is open, in the order of the sessions.
#[derive(Clone, Default)]
pub struct OpenCluster {
    /// The user's name for it, if any.
    pub name: Option<String>,
    /// The first endpoint.
    pub endpoint: String,
    /// Present if it may be written to.
    pub grant: Option<WriteGrant>,
    /// Present if commands may be run in its containers.
    pub shell: Option<ShellGrant>,
    /// A banner, and every plan confirmed by typing.
    pub production: bool,
    /// Its colour.
    pub colour: Option<Style>,
    /// The user said how its nodes are logged in to.
    pub logs_in_to_nodes: bool,
    /// Not open yet: for endpoints that turn out to belong to another Swarm, or to be opened by hand.
    pub spare: bool,
}
