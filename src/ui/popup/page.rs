//! Pages: an object described, its document, a node's blast radius, what skep costs.

use crossterm::event::KeyEvent;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::plan::{mask_document, to_yaml},
    cluster::{NodeId, ServiceId, Subject},
    config::Slot,
    session::Token,
    ui::{
        app::cluster::Cluster,
        chrome::{clear, frame_of},
        input::actions::{Act, KeyContext, Needs},
        popup::{
            behaviour::{Behaviour, Reaction, redraw, title},
            describe::{
                self,
                compare::{self, Comparison},
            },
            scroll::{Scroll, scroll_keys, scrolled},
            stats,
        },
        screen::below::Below,
        widget::text,
    },
};

/// A document as it was read, or why not.
pub type DocumentResult = Result<Box<serde_json::Value>, String>;

/// Content of a page.
#[derive(Debug)]
pub enum PageKind {
    /// Drawn from the model, so it stays live; its document has the rest.
    Describe { subject: Subject, document: Option<DocumentResult>, token: Token },
    /// Blast radius of a node, from the current model.
    Blast(NodeId),
    /// Whether one service can reach another.
    Reach(ServiceId, ServiceId),
    /// Two configs compared.
    Compare(Box<Comparison>),
    /// The versions of all nodes, compared.
    Versions,
    /// The cost of watching, and skep's own performance.
    Stats,
    /// A document as it was read.
    Yaml { value: Option<DocumentResult>, token: Token },
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The title in the frame.
    pub title: String,
    /// Its content.
    pub kind: PageKind,
    /// First line shown.
    pub scroll: Scroll,
    /// Show secrets.
    pub reveal: bool,
}

impl Page {
    /// A page at its beginning.
    pub fn new(title: String, kind: PageKind) -> Self {
        Self { title, kind, scroll: Scroll::default(), reveal: false }
    }

    /// The node that it describes.
    pub fn node(&self) -> Option<NodeId> {
        match &self.kind {
            PageKind::Describe { subject: Subject::Node(id), .. } => Some(id.clone()),
            _ => None,
        }
    }

    /// The object that it describes.
    fn subject(&self) -> Option<Subject> {
        match &self.kind {
            PageKind::Describe { subject, .. } => Some(subject.clone()),
            PageKind::Blast(id) => Some(Subject::Node(id.clone())),
            PageKind::Yaml { .. }
            | PageKind::Stats
            | PageKind::Versions
            | PageKind::Reach(..)
            | PageKind::Compare(_) => None,
        }
    }
}

impl Behaviour for Page {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        let Some(action) = cluster.settings.keymap.of(KeyContext::Page, key) else {
            return Reaction::Stays;
        };
        match action.act {
            Act::Reveal => self.reveal = !self.reveal,
            Act::Redraw => return redraw(),
            Act::Yaml => {
                let subject = self.subject();
                return Reaction::done_then(move |host| {
                    if let Some(subject) = subject {
                        host.yaml_of(&subject);
                    }
                });
            }
            Act::Compare => {
                if let Some(Subject::Config(id)) = self.subject() {
                    return Reaction::stays_then(move |host| host.compare(&[id]));
                }
            }
            Act::Shell => {
                let subject = self.subject();
                if let Some(id) = subject.and_then(|subject| cluster.model.task_of(&subject)) {
                    return Reaction::stays_then(move |host| host.ask_shell(&id));
                }
            }
            Act::Back => return Reaction::GivenUp,
            act if self.scroll.act(act) => {}
            // Actions work from a page on what it describes.
            act => {
                if let Some(Subject::Service(id)) = self.subject()
                    && action.needs == Needs::Service
                {
                    return Reaction::done_then(move |host| host.act_on(act, id));
                }
            }
        }
        Reaction::Stays
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        clear(cluster, frame, area);
        let inner = frame_of(cluster, frame, area, title(cluster, &self.title), true);
        let body = Rect { height: inner.height.saturating_sub(1), ..inner };
        let back = cluster.key_of(Act::Back, KeyContext::Page);
        let mut keys =
            vec![(Some(scroll_keys(cluster, KeyContext::Page)), "scroll"), (back, "back")];
        let reveal = (
            cluster.key_of(Act::Reveal, KeyContext::Page),
            if self.reveal { "hide secrets" } else { "show secrets" },
        );
        let lines = match &self.kind {
            PageKind::Describe { subject, document, .. } => {
                if subject.has_document() {
                    keys.push((cluster.key_of(Act::Yaml, KeyContext::Page), "YAML"));
                    if !matches!(subject, Subject::Secret(_)) {
                        keys.push(reveal);
                    }
                }
                let store = &cluster.model.store;
                let task = cluster.model.task_of(subject);
                if !cluster.is_read_only()
                    && task
                        .and_then(|id| store.task(&id))
                        .is_some_and(|task| store.is_running(task))
                {
                    keys.push((cluster.key_of(Act::Shell, KeyContext::Page), "shell"));
                }
                if let Subject::Config(id) = subject
                    && let Some(config) = cluster.model.store.config(id.as_str())
                    && compare::predecessor(&cluster.model.store, config).is_some()
                {
                    let key = cluster.key_of(Act::Compare, KeyContext::Page);
                    keys.push((key, "compare with the one before"));
                }
                let width = body.width as usize;
                describe::lines(cluster, subject, document.as_ref(), self.reveal, width)
            }
            PageKind::Blast(id) => describe::blast_lines(cluster, id, body.width as usize),
            PageKind::Reach(from, to) => {
                describe::reach::lines(cluster, (from, to), body.width as usize)
            }
            PageKind::Compare(both) => {
                keys.push(reveal);
                compare::lines(cluster, both, self.reveal, body.width as usize)
            }
            PageKind::Versions => describe::versions::lines(cluster, body.width as usize),
            PageKind::Stats => stats::lines(below),
            PageKind::Yaml { value: None, .. } => {
                vec![Line::styled("reading…", cluster.style(Slot::Dim))]
            }
            PageKind::Yaml { value: Some(Err(why)), .. } => {
                vec![Line::styled(text::clean(why).into_owned(), cluster.style(Slot::Critical))]
            }
            PageKind::Yaml { value: Some(Ok(value)), .. } => {
                keys.push(reveal);
                let shown = if self.reveal {
                    to_yaml(value)
                } else {
                    let mut masked = (**value).clone();
                    mask_document(&mut masked);
                    to_yaml(&masked)
                };
                shown.lines().map(|l| yaml_line(cluster, l)).collect()
            }
        };
        scrolled(frame, body, lines, &self.scroll);
        let place = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
        let mut spans = Vec::new();
        for (key, words) in keys {
            let Some(key) = key.filter(|key| !key.is_empty()) else { continue };
            spans.push(Span::styled(format!(" {key} "), cluster.style(Slot::Key)));
            spans.push(Span::styled(format!("{words} "), cluster.style(Slot::Dim)));
        }
        frame.render_widget(Line::from(spans), place);
    }
}

/// Key and value of a line of YAML told apart.
fn yaml_line(cluster: &Cluster, line: &str) -> Line<'static> {
    let clean = text::clean(line).into_owned();
    match clean.split_once(": ") {
        Some((key, value)) if !key.contains('"') => Line::from(vec![
            Span::styled(format!("{key}: "), cluster.style(Slot::Info)),
            Span::styled(value.to_owned(), cluster.style(Slot::Text)),
        ]),
        _ if clean.ends_with(':') => Line::styled(clean, cluster.style(Slot::Info)),
        _ => Line::styled(clean, cluster.style(Slot::Text)),
    }
}
