//! The config file: TOML in the platform's config directory. A key skep does not know is an error,
//! named with its line: a mistyped `read_only` must not silently give write access.

use std::{
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{keys::KeyConfig, nodes::NodesConfig, triage::TriageConfig};
use crate::text::quote;

/// The settings of the file. Flags override them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Endpoints, as with `-H`.
    pub hosts: Vec<String>,
    /// Clusters by name.
    #[serde(rename = "cluster")]
    pub clusters: Vec<ClusterConfig>,
    /// Never write.
    pub read_only: bool,
    /// The share of a manager's time that watching may use, in percent.
    pub budget: Option<f64>,
    /// Ask for less and draw less often, for the slowest links.
    pub low_bandwidth: bool,
    /// Theme name.
    pub theme: Option<String>,
    /// View to begin with: `services`, `nodes`, …
    pub view: Option<String>,
    /// Thresholds of problems.
    pub triage: TriageConfig,
    /// Keys of actions, instead of their own.
    pub keys: KeyConfig,
    /// Settings for reaching nodes, for all clusters.
    pub nodes: NodesConfig,
    /// The wall.
    pub wall: WallConfig,
    /// Draw nothing but ASCII.
    pub ascii: bool,
    /// The corners of the panes.
    pub borders: Borders,
    /// Leave the mouse to the terminal.
    pub no_mouse: bool,
    /// The keys of JSON log lines to show beside level and message; all if empty.
    pub log_keys: Vec<String>,
}

/// The corners of the panes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Borders {
    /// Round.
    #[default]
    Rounded,
    /// Square, as every font has them.
    Plain,
}

/// Settings of the wall.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct WallConfig {
    /// A page stays for so long.
    #[serde(deserialize_with = "super::triage::duration")]
    pub turn: std::time::Duration,
    /// Ring the terminal's bell at a new critical finding.
    pub bell: bool,
    /// Run this then: a program and its arguments.
    pub on_critical: Vec<String>,
}

impl Default for WallConfig {
    fn default() -> Self {
        let turn = std::time::Duration::from_secs(10);
        Self { turn, bell: false, on_critical: Vec::new() }
    }
}

/// A cluster the user gave a name.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ClusterConfig {
    /// Its name.
    pub name: String,
    /// Its managers, as with `-H`.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// Its managers, as Docker contexts.
    #[serde(default)]
    pub contexts: Vec<String>,
    /// Never write to it.
    #[serde(default)]
    pub read_only: bool,
    /// A banner, and every plan confirmed by typing.
    #[serde(default)]
    pub production: bool,
    /// Its colour: one of the terminal's sixteen by name, or `#rrggbb`.
    #[serde(default)]
    pub colour: Option<String>,
    /// Where `ca.pem`, `cert.pem` and `key.pem` for its `tcp://` endpoints lie.
    #[serde(default)]
    pub tls_dir: Option<PathBuf>,
    /// Encrypt, but do not check who answers.
    #[serde(default)]
    pub tls_skip_verify: bool,
    /// Settings for reaching its nodes.
    #[serde(default)]
    pub nodes: NodesConfig,
}

/// A config file to begin with, every line of it explained.
pub const EXAMPLE: &str = include_str!("example.toml");

/// Why a config file can't be used; one line.
#[allow(missing_docs, reason = "the text of each says what its fields are")]
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file can't be read.
    #[error("config {path}: {why}")]
    Read { path: String, why: std::io::Error },
    /// Others may write what it has run, or where it has skep log in.
    #[error(
        "config {path}: it has {does}, and others may write {what}: chmod go-w {what}, which must be yours or root's"
    )]
    Open { path: String, does: &'static str, what: String },
    /// The file can't be parsed.
    #[error("config {path}, line {line}: {why}")]
    Parse { path: String, line: usize, why: String },
}

impl ConfigFile {
    /// Reads `path`, or the default one, which need not exist.
    ///
    /// # Errors
    /// One line, with the file's own line.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(file) = path.map(Path::to_owned).or_else(default_path) else {
            return Ok(Self::default());
        };
        let (text, open) = match read(&file) {
            Ok(read) => read,
            Err(e) if path.is_none() && e.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(why) => return Err(ConfigError::Read { path: file.display().to_string(), why }),
        };
        let path = || file.display().to_string();
        let read = Self::parse(&text);
        let read = read.map_err(|(line, why)| ConfigError::Parse { path: path(), line, why })?;
        match open.zip(read.reaches_out()) {
            None => Ok(read),
            Some((what, does)) => {
                Err(ConfigError::Open { path: path(), does, what: quote(&what.to_string_lossy()) })
            }
        }
    }

    /// A setting by which it does more than choose and show, in words.
    fn reaches_out(&self) -> Option<&'static str> {
        if !self.wall.on_critical.is_empty() {
            Some("on_critical run a command")
        } else if self.nodes.is_set() || self.clusters.iter().any(|one| one.nodes.is_set()) {
            Some("settings of how nodes are logged in to")
        } else {
            None
        }
    }

    /// Reads its text.
    ///
    /// # Errors
    /// What is wrong in one line, and in which line of the text.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut file: Self = toml::from_str(text).map_err(|e| line_of(text, &e))?;
        file.keys.count_lines(|at| line_at(text, at));
        Ok(file)
    }
}

/// A file's text, and what others may write of it: the file, or the folder, where they may put another
/// one in its place.
fn read(file: &Path) -> std::io::Result<(String, Option<PathBuf>)> {
    let mut opened = std::fs::File::open(file)?;
    let us = rustix::process::geteuid().as_raw();
    let is_strange = |about: &std::fs::Metadata| ![0, us].contains(&about.uid());
    let about = opened.metadata()?;
    // A pipe from another program is ours as well.
    let is_open = about.mode() & 0o022 != 0 || (about.is_file() && is_strange(&about));
    let mut open = is_open.then(|| file.to_owned());
    // A pipe is in no folder. Where everyone may write and the sticky bit is set, what is ours stays ours.
    if let Some(dir) = file.canonicalize().ok().as_deref().and_then(Path::parent) {
        let about = dir.metadata()?;
        let is_open =
            (about.mode() & 0o022 != 0 && about.mode() & 0o1000 == 0) || is_strange(&about);
        open = open.or_else(|| is_open.then(|| dir.to_owned()));
    }
    let mut text = String::new();
    opened.read_to_string(&mut text)?;
    Ok((text, open))
}

fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

/// The line of an error, and its message as one line.
pub(super) fn line_of(text: &str, error: &toml::de::Error) -> (usize, String) {
    let line = line_at(text, error.span().map_or(0, |s| s.start));
    (line, error.message().replace('\n', " "))
}

fn dirs() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "skep")
}

/// `~/.config/skep/config.toml` or the platform's like.
pub fn default_path() -> Option<PathBuf> {
    Some(dirs()?.config_dir().join("config.toml"))
}

/// Where the user's own themes are: beside the config file.
pub fn themes_dir() -> Option<PathBuf> {
    Some(dirs()?.config_dir().join("themes"))
}

/// Where the log and the audit file are kept.
pub fn state_dir() -> PathBuf {
    dirs()
        .and_then(|d| {
            d.state_dir().map(Path::to_owned).or_else(|| Some(d.data_local_dir().to_owned()))
        })
        .unwrap_or_else(|| std::env::temp_dir().join("skep"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_wrong_key_is_named_with_its_line() {
        let (line, why) = ConfigFile::parse("theme = \"dark\"\n\nread_onli = true\n").unwrap_err();
        assert_eq!(line, 3);
        assert!(why.contains("read_onli") && why.contains("read_only"), "{why}");
        for (text, says) in [
            ("[triage]\nignore = [\"no-such-rule\"]", "no-such-rule"),
            ("[triage]\ngrace = \"soon\"", "no duration"),
        ] {
            let (line, why) = ConfigFile::parse(text).unwrap_err();
            assert!(line == 2 && why.contains(says), "{line} {why}");
        }
        let (line, _) = ConfigFile::parse("hosts = 3").unwrap_err();
        assert_eq!(line, 1);
        let keys = ConfigFile::parse("[keys]\nscale = \"F5\"\n\nforce = []\n").unwrap().keys;
        let [force, scale] = keys.changes.as_slice() else { panic!("{keys:?}") };
        assert_eq!((&*scale.action, &*scale.keys[0], scale.line), ("scale", "F5", 2));
        assert!(force.keys.is_empty() && force.line == 4);
        let good = ConfigFile::parse("hosts = [\"tcp://m1\"]\nread_only = true").unwrap();
        assert!(good.read_only);
    }

    #[test]
    fn a_command_that_others_may_write_is_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let load = |text: &str, dir_mode: u32, file_mode: u32| {
            std::fs::write(&file, text).unwrap();
            for (path, mode) in [(dir.path(), dir_mode), (&*file, file_mode)] {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            ConfigFile::load(Some(&file)).map_err(|e| e.to_string())
        };
        let runs = "[wall]\non_critical = [\"page\"]";
        for (dir, file) in [(0o755, 0o644), (0o700, 0o600), (0o1777, 0o644)] {
            assert!(load(runs, dir, file).is_ok(), "{dir:o} {file:o}");
        }
        for (dir, file) in [(0o755, 0o664), (0o755, 0o646), (0o775, 0o644), (0o757, 0o644)] {
            let said = load(runs, dir, file).unwrap_err();
            assert!(said.contains("chmod go-w /"), "{dir:o} {file:o}: {said}");
            let said = load("[nodes]\nssh = \"ops@{addr}\"", dir, file).unwrap_err();
            assert!(said.contains("logged in to, and others"), "{dir:o} {file:o}: {said}");
            assert!(load("theme = \"dark\"", dir, file).is_ok(), "it runs nothing");
        }
        // Only root can give a file away.
        if rustix::process::geteuid().is_root() {
            assert!(load(runs, 0o755, 0o644).is_ok());
            std::os::unix::fs::chown(&file, Some(1_000), None).unwrap();
            assert!(
                ConfigFile::load(Some(&file)).is_err(),
                "another's file is the other's to write"
            );
        }
    }

    #[test]
    fn the_example_is_a_config_file_also_with_all_its_lines_in_force() {
        ConfigFile::parse(EXAMPLE).unwrap();
        let all: String = EXAMPLE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        let all = ConfigFile::parse(&all).unwrap();
        assert_eq!(all.clusters.len(), 2);
        assert!(all.clusters[0].production && all.theme.is_some() && all.nodes.is_set());
        assert!(all.clusters[0].nodes.own.contains_key("node3"));
        assert_eq!(all.triage.thresholds().grace.as_secs(), 30);
    }
}
