//! The command palette: actions, views and objects by name.

use super::{
    actions::{ACTIONS, Context},
    board::Settings,
    keymap::Keymap,
    line_editor::LineEditor,
};
use crate::{
    cluster::{Node, Store},
    config::{Theme, Themes},
};

/// A command being typed.
#[derive(Debug, Default)]
pub struct Palette {
    /// The line.
    pub input: LineEditor,
    /// Index of the chosen suggestion.
    pub chosen: usize,
    /// Error of the entered command.
    pub error: Option<String>,
    /// The theme there was, while others are tried on.
    pub before: Option<Theme>,
}

/// Names to complete from.
pub struct Known<'a> {
    store: &'a Store,
    clusters: &'a [String],
    themes: &'a Themes,
    keymap: &'a Keymap,
    recent: &'a [String],
    context: Context,
}

impl<'a> Known<'a> {
    /// The commands that fit what was typed.
    pub fn of(
        store: &'a Store,
        clusters: &'a [String],
        settings: &'a Settings,
        recent: &'a [String],
        context: Context,
    ) -> Self {
        Self {
            store,
            clusters,
            themes: &settings.appearance.themes,
            keymap: &settings.keymap,
            recent,
            context,
        }
    }
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The whole command.
    pub command: String,
    /// Its description.
    pub words: String,
    /// Its key, to remember for next time.
    pub key: String,
}

/// Commands that take the name of a service.
const OF_SERVICE: [(&str, &str); 9] = [
    ("tasks", "tasks of a service"),
    ("logs", "logs of a service"),
    ("describe", "describe a service"),
    ("scale", "scale a service"),
    ("update", "update a service"),
    ("edit", "edit a service's spec"),
    ("rollback", "roll a service back"),
    ("force", "replace a service's tasks"),
    ("yaml", "a service's document"),
];

/// Commands that take the name of a node.
const OF_NODE: [(&str, &str); 8] = [
    ("drain", "drain a node"),
    ("activate", "let a node take tasks again"),
    ("pause-node", "no new tasks for a node"),
    ("promote", "make a node a manager"),
    ("demote", "make a manager a worker"),
    ("labels", "edit a node's labels"),
    ("blast", "what dies if a node is lost"),
    ("node", "describe a node"),
];

impl Palette {
    /// Puts a command there to be gone on with.
    pub fn fill(&mut self, command: &str) {
        self.input = LineEditor::with(command);
        self.chosen = 0;
    }

    /// Suggestions for the typed text, the best first.
    pub fn suggestions(&self, known: &Known<'_>) -> Vec<Suggestion> {
        let &Known { store, clusters, themes, keymap, recent, context } = known;
        let typed = self.input.text().trim_start();
        let (verb, rest) = match typed.split_once(' ') {
            Some((verb, rest)) => (verb, Some(rest.trim())),
            None => (typed, None),
        };
        let mut found = Vec::new();
        if let Some(rest) = rest {
            if verb == "theme" {
                for name in themes.names().filter(|n| n.starts_with(rest)) {
                    found.push(suggestion(format!("theme {name}"), "theme", ""));
                }
            } else if verb == "cluster" {
                for name in clusters.iter().filter(|n| n.contains(rest)) {
                    found.push(suggestion(format!("cluster {name}"), "switch to this cluster", ""));
                }
            } else if let Some((verb, words)) = OF_NODE.iter().find(|(v, _)| *v == verb) {
                let meant = |n: &&Node| n.hostname.contains(rest) || n.id.as_str() == rest;
                let mut nodes: Vec<&Node> = store.nodes().filter(meant).collect();
                nodes.sort_by(|a, b| {
                    let first = |n: &Node| !n.hostname.starts_with(rest);
                    let names = || super::order::natural(&a.hostname, &b.hostname);
                    first(a).cmp(&first(b)).then_with(names).then_with(|| a.id.cmp(&b.id))
                });
                if nodes.iter().filter(|n| *n.hostname == *rest).count() > 1 {
                    let said = "more than one is called so: choose an id";
                    found.push(suggestion(format!("{verb} {rest}"), said, ""));
                }
                for node in nodes.into_iter().take(50) {
                    // One that shares its name is offered by its id.
                    let shared = store.shares_name(node);
                    let name = if shared { node.id.as_str() } else { &*node.hostname };
                    let said = if shared {
                        format!("{words}: {}", node.hostname)
                    } else {
                        (*words).into()
                    };
                    found.push(suggestion(format!("{verb} {name}"), &said, ""));
                }
            } else if let Some((verb, words)) = OF_SERVICE.iter().find(|(v, _)| *v == verb) {
                let mut names: Vec<&str> =
                    store.services().map(|s| &*s.name).filter(|n| n.contains(rest)).collect();
                names.sort_by_key(|n| (!n.starts_with(rest), *n));
                for name in names.into_iter().take(50) {
                    found.push(suggestion(format!("{verb} {name}"), words, ""));
                }
            }
            return found;
        }
        for action in ACTIONS.iter().filter(|a| a.has_name() && a.id.contains(verb)) {
            let key = keymap.keys(action.act, context);
            found.push(suggestion(action.id.to_owned(), action.words, &key));
        }
        for (name, words) in OF_SERVICE
            .iter()
            .chain(&OF_NODE)
            .filter(|(v, _)| !verb.is_empty() && v.starts_with(verb))
        {
            found.push(suggestion(format!("{name} "), &format!("{words}: type its name"), ""));
        }
        if clusters.len() > 1 && "cluster".starts_with(verb) {
            found.push(suggestion("cluster ".into(), "switch to another cluster", "[ ]"));
        }
        if "theme".starts_with(verb) {
            found.push(suggestion("theme ".into(), "change the colours", ""));
        }
        if verb.is_empty() {
            let again = recent.iter().map(|c| suggestion(c.clone(), "again", ""));
            found.splice(0..0, again);
            return found;
        }
        found.sort_by_key(|s| (s.command.trim() != verb, !s.command.starts_with(verb)));
        found
    }
}

fn suggestion(command: String, words: &str, key: &str) -> Suggestion {
    Suggestion { command, words: words.to_owned(), key: key.to_owned() }
}
