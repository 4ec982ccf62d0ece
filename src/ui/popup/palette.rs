//! The command palette: actions, views and objects by name.

use std::{cell::RefCell, time::Duration};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    cluster::{Node, Store, Subject, Timestamp},
    config::{Slot, Theme, Themes},
    ui::{
        chrome::popup,
        input::{
            actions::{ACTIONS, Act, Action, KeyContext},
            find::{FoundObject, Fuzzy, find},
            keymap::Keymap,
            line_editor::LineEditor,
        },
        popup::behaviour::{Behaviour, Host, Reaction, input_spans, title},
        screen::{below::Below, kinds::TogetherView},
        table::order::natural,
        widget::text,
    },
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
    /// The objects found last.
    objects: RefCell<Objects>,
}

/// Objects that a text was found to mean, kept for the next frame.
#[derive(Debug, Default)]
struct Objects {
    text: String,
    /// Revision of the store that they were found in, and when.
    revision: u64,
    at: Option<Timestamp>,
    hits: Vec<FoundObject>,
}

impl Objects {
    /// Those that a text means now.
    fn of(&mut self, text: &str, known: &KnownNames<'_>) -> &[FoundObject] {
        let (store, now) = (known.store, known.now);
        let moved =
            self.revision != store.revision() && self.at.is_none_or(|at| at.age(now) >= REST);
        if moved || self.text != text {
            *self = Self {
                text: text.to_owned(),
                revision: store.revision(),
                at: Some(now),
                hits: find(store, text),
            };
        }
        &self.hits
    }
}

/// Least time between two searches for one text while the Swarm moves.
const REST: Duration = Duration::from_millis(500);

/// Names to complete from.
pub struct KnownNames<'a> {
    store: &'a Store,
    now: Timestamp,
    clusters: &'a [String],
    themes: &'a Themes,
    keymap: &'a Keymap,
    recent: &'a [String],
    context: KeyContext,
}

impl<'a> KnownNames<'a> {
    /// The names that a workspace knows.
    pub fn of(below: Below<'a>) -> Self {
        let cluster = below.cluster;
        let settings = &cluster.settings;
        Self {
            store: &cluster.model.store,
            now: cluster.now,
            clusters: &cluster.others.names,
            themes: &settings.appearance.themes,
            keymap: &settings.keymap,
            recent: &cluster.remembered.commands,
            context: below.context(),
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
    /// The object that it leads to, if it is one and no command.
    pub to: Option<Subject>,
}

/// Commands that take the name of a service.
const OF_SERVICE: [(&str, &str); 10] = [
    ("tasks", "tasks of a service"),
    ("logs", "logs of a service"),
    ("describe", "describe a service"),
    ("scale", "scale a service"),
    ("update", "update a service"),
    ("edit", "edit a service's spec"),
    ("rollback", "roll a service back"),
    ("force", "replace a service's tasks"),
    ("yaml", "a service's document"),
    ("reach", "can a service reach another"),
];

/// Commands that take the name of a node.
const OF_NODE: [(&str, &str); 9] = [
    ("drain", "drain a node"),
    ("activate", "let a node take tasks again"),
    ("pause-node", "no new tasks for a node"),
    ("promote", "make a node a manager"),
    ("demote", "make a manager a worker"),
    ("labels", "edit a node's labels"),
    ("blast", "what dies if a node is lost"),
    ("node", "describe a node"),
    ("containers", "containers of a node"),
];

impl Palette {
    /// Puts a command there to be gone on with.
    pub fn fill(&mut self, command: &str) {
        self.input = LineEditor::with(command);
        self.chosen = 0;
    }

    /// Suggestions for the typed text, the best first.
    pub fn suggestions(&self, known: &KnownNames<'_>) -> Vec<Suggestion> {
        let &KnownNames { store, clusters, themes, keymap, recent, context, .. } = known;
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
                    let names = || natural(&a.hostname, &b.hostname);
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
                let names = store.services().map(|service| &*service.name);
                let takes = if *verb == "reach" { Takes::Two } else { Takes::One };
                found.extend(completed((verb, words), typed, names, takes));
            } else if verb == "compare" {
                let names = store.configs().map(|config| &*config.name);
                let words = "compare two configs, or one with the one before it";
                found.extend(completed((verb, words), typed, names, Takes::OneOrTwo));
            }
            return found;
        }
        let is_alias = |action: &Action| match action.act {
            Act::Go(view) => view.kind().aliases.contains(&verb),
            Act::Contexts => verb == "ctx",
            act => TogetherView::named(verb).is_some_and(|over| over.act() == act),
        };
        let meant = |a: &&Action| a.has_name() && (a.id.contains(verb) || is_alias(a));
        for action in ACTIONS.iter().filter(meant) {
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
        let mut objects = self.objects.borrow_mut();
        let hits = objects.of(typed, known).iter().cloned();
        let (near, far): (Vec<FoundObject>, _) = hits.partition(FoundObject::is_exact);
        // A command that only has the text in it is not what was meant by the name of an object.
        let commands = found.iter().take_while(|s| s.command.starts_with(verb)).count();
        found.splice(commands..commands, near.into_iter().map(to_object));
        found.extend(far.into_iter().map(to_object));
        if let Some(mut fuzzy) = Fuzzy::new(verb) {
            let others = ACTIONS.iter().filter(|a| a.has_name() && !meant(a));
            let spread = |a: &'static Action| Some((fuzzy.spread(a.id)?, a));
            let mut spread: Vec<(u16, &Action)> = others.filter_map(spread).collect();
            spread.sort_by_key(|(spread, _)| *spread);
            found.extend(spread.into_iter().map(|(_, action)| {
                let key = keymap.keys(action.act, context);
                suggestion(action.id.to_owned(), action.words, &key)
            }));
        }
        found
    }
}

impl Palette {
    /// The command that Enter carries out, and its key.
    fn entered(&self, found: &[Suggestion]) -> (String, String) {
        let typed = self.input.text().trim().to_owned();
        let exact = found.iter().any(|s| s.command.trim() == typed);
        match found.get(self.chosen) {
            Some(chosen) if !exact || self.chosen > 0 => {
                (chosen.command.clone(), chosen.key.clone())
            }
            _ => {
                let same = found.iter().find(|s| s.command == typed);
                (typed, same.map_or(String::new(), |s| s.key.clone()))
            }
        }
    }
}

impl Behaviour for Palette {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        // Only what chooses among them needs them now.
        let found = || self.suggestions(&KnownNames::of(below));
        match key.code {
            KeyCode::Esc => return Reaction::GivenUp,
            KeyCode::Down => self.chosen = (self.chosen + 1).min(found().len().saturating_sub(1)),
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Tab => {
                if let Some(chosen) = found().get(self.chosen) {
                    self.fill(&chosen.command);
                }
            }
            KeyCode::Enter => {
                let found = found();
                let (command, key) = self.entered(&found);
                let is_command = found.iter().any(|s| s.to.is_none() && s.command == command);
                if let Some(subject) = found.get(self.chosen).and_then(|s| s.to.clone())
                    && (self.chosen > 0 || !is_command)
                {
                    return Reaction::done_then(move |host| host.show(&subject));
                }
                if command.ends_with(' ') {
                    self.fill(&command);
                } else {
                    return Reaction::stays_then(move |host| host.enter_command(command, &key));
                }
            }
            _ if self.input.key(key) => {
                self.chosen = 0;
                self.error = None;
            }
            _ => return Reaction::Stays,
        }
        Reaction::stays_then(|host| host.preview())
    }

    fn paste(&mut self, text: &str) -> Reaction {
        self.input.insert(text);
        Reaction::Stays
    }

    fn give_up(&mut self, host: &mut dyn Host) {
        if let Some(theme) = self.before.take() {
            host.cluster_mut().settings.appearance.theme = theme;
        }
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        let known = KnownNames::of(below);
        let found = self.suggestions(&known);
        let height = (found.len() as u16 + 3).clamp(4, area.height.min(16));
        let inner = popup(cluster, frame, 72, height, title(cluster, "Command"));
        let mut line = vec![Span::styled(" : ", cluster.style(Slot::Key))];
        line.extend(input_spans(cluster, &self.input, inner.width.saturating_sub(3)));
        if let Some(error) = &self.error {
            line.push(Span::styled(
                format!("  {}", text::clean(error)),
                cluster.style(Slot::Critical),
            ));
        }
        frame.render_widget(Line::from(line), Rect { height: 1, ..inner });
        let rows = inner.height.saturating_sub(1) as usize;
        let from = self.chosen.saturating_sub(rows.saturating_sub(1));
        let seen = &found[from.min(found.len())..found.len().min(from + rows)];
        let commands: Vec<_> = seen.iter().map(|found| text::clean(&found.command)).collect();
        let commands: Vec<&str> = commands.iter().map(|command| &**command).collect();
        // A command is of use only if it can be told from the others: what it does gives it room.
        let keys = seen.iter().map(|found| text::width(&found.key)).max().unwrap_or(0);
        let room = (inner.width as usize).saturating_sub(4 + keys);
        let wide = commands.iter().map(|command| text::width(command)).max().unwrap_or(0);
        let wide = wide.max(21).min(room);
        let left = room.saturating_sub(wide + 1).min(36);
        let commands = text::names(&commands, wide);
        for (row, (found, command)) in (from..).zip(seen.iter().zip(commands)) {
            let y = inner.y + 1 + (row - from) as u16;
            let place = Rect { y, height: 1, ..inner };
            if row == self.chosen {
                frame.buffer_mut().set_style(place, cluster.style(Slot::Selected));
            }
            let marker = if row == self.chosen { "›" } else { " " };
            let padded = |said: &str, width: usize| {
                format!("{said}{}", " ".repeat(width.saturating_sub(text::width(said))))
            };
            let words = text::clean(&found.words);
            let words = padded(&text::cut(&words, left), left);
            let line = Line::from(vec![
                Span::styled(
                    format!("{marker} {} ", padded(&command, wide)),
                    cluster.style(Slot::Text),
                ),
                Span::styled(words, cluster.style(Slot::Dim)),
                Span::styled(format!(" {}", found.key), cluster.style(Slot::Key)),
            ]);
            frame.render_widget(line, place);
        }
    }
}

/// Number of names that a command takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    One,
    OneOrTwo,
    Two,
}

/// The command with each name that what was typed of it may mean.
fn completed<'n>(
    (verb, words): (&str, &str),
    typed: &str,
    names: impl Iterator<Item = &'n str>,
    takes: Takes,
) -> Vec<Suggestion> {
    let rest = typed.split_once(' ').map_or("", |(_, rest)| rest.trim());
    // Of two the first stands there already.
    let (before, rest) = match rest.rsplit_once(' ') {
        Some((first, rest)) if takes != Takes::One => (format!("{first} "), rest),
        _ if takes != Takes::One && typed.ends_with(' ') && !rest.is_empty() => {
            (format!("{rest} "), "")
        }
        _ => (String::new(), rest),
    };
    let mut names: Vec<&str> = names.filter(|name| name.contains(rest)).collect();
    names.sort_by_key(|name| (!name.starts_with(rest), *name));
    // A space after the first of two: the other is typed next.
    let after = if takes == Takes::Two && before.is_empty() { " " } else { "" };
    let command = |name: &str| suggestion(format!("{verb} {before}{name}{after}"), words, "");
    names.into_iter().take(50).map(command).collect()
}

/// A suggestion that leads to an object.
fn to_object(found: FoundObject) -> Suggestion {
    let kind = found.subject.kind();
    let words = if found.by.is_empty() { kind.to_owned() } else { format!("{kind}, {}", found.by) };
    Suggestion { command: found.name, words, key: String::new(), to: Some(found.subject) }
}

fn suggestion(command: String, words: &str, key: &str) -> Suggestion {
    Suggestion { command, words: words.to_owned(), key: key.to_owned(), to: None }
}
