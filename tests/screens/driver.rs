//! The UI without a terminal or a session: keys and events in, effects and screens out.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use skep::{
    action::plan::{Document, ReadObject},
    cluster::{Delta, Timestamp},
    commands::{permit, permit_shell},
    grant::ClusterNo,
    session::{Command, Event, Generation, Link, SessionEvent, Token},
    ui::{App, Effect, Msg, OpenCluster, Opening, draw},
};

use crate::cluster_fixture::{Cluster, NOW};

pub struct Driver {
    pub app: App,
    pub now: Timestamp,
    pub effects: Vec<Effect>,
}

impl Driver {
    pub fn new(cluster: &Cluster, read_only: bool) -> Self {
        let mut driver = Self::unconnected(read_only);
        driver.connect(0);
        let mut deltas = vec![Delta::Cluster(cluster.info())];
        deltas.extend(cluster.deltas(1));
        driver.heard(deltas);
        driver
    }

    pub fn unconnected(read_only: bool) -> Self {
        let open = OpenCluster {
            endpoint: "unix:///test.sock".into(),
            grant: permit(ClusterNo(0), read_only, false),
            shell: permit_shell(ClusterNo(0), read_only, false),
            ..OpenCluster::default()
        };
        Self::with(vec![open])
    }

    /// Several clusters, none of them connected.
    pub fn with(open_clusters: Vec<OpenCluster>) -> Self {
        Self::opened(Opening::default(), open_clusters)
    }

    /// The same, begun in some way.
    pub fn opened(opening: Opening, open_clusters: Vec<OpenCluster>) -> Self {
        let opening = Opening { who: "tester".into(), ..opening };
        Self { app: App::new(opening, open_clusters, NOW), now: NOW, effects: Vec::new() }
    }

    pub fn connect(&mut self, skew: i64) {
        let endpoint = "unix:///test.sock".to_owned();
        let link = Link::Live { endpoint, skew, round_trip: Duration::from_millis(1) };
        self.send(Event::Link(Generation(1), link));
    }

    /// The link is lost.
    pub fn lose(&mut self) {
        let (endpoint, why) = ("unix:///test.sock".to_owned(), "gone".to_owned());
        let lost = Link::Lost { endpoint, why, wait: Duration::from_secs(1), leaderless: None };
        self.send(Event::Link(Generation(1), lost));
    }

    pub fn send(&mut self, event: Event) {
        self.send_to(0, event);
    }

    pub fn send_to(&mut self, cluster: usize, event: Event) {
        self.told(SessionEvent::Cluster(ClusterNo(cluster), event));
    }

    pub fn told(&mut self, told: SessionEvent) {
        let effects = self.app.update(Msg::Session(told), self.now);
        self.effects.extend(effects);
    }

    pub fn heard(&mut self, deltas: Vec<Delta>) {
        let at = self.now;
        self.send(Event::Heard(Generation(1), deltas, at));
    }

    pub fn later(&mut self, secs: i64) {
        self.now = self.now.shifted(secs * 1_000_000_000);
        let effects = self.app.update(Msg::Tick, self.now);
        self.effects.extend(effects);
    }

    /// One key, at once.
    pub fn press(&mut self, key: KeyEvent) {
        let effects = self.app.update(Msg::Key(key), self.now);
        self.effects.extend(effects);
    }

    /// Types keys; names in angle brackets: `<enter> <esc> <tab> <c-x> <down>`. Before a `y` the screen is
    /// read for a while.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (code, modifiers, used) =
                match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                    Some((name, _)) => {
                        let (code, modifiers) = named(name);
                        (code, modifiers, name.len() + 2)
                    }
                    None => (KeyCode::Char(c), KeyModifiers::NONE, c.len_utf8()),
                };
            rest = &rest[used..];
            self.app.drawn(self.now);
            if code == KeyCode::Char('y') {
                self.now = self.now.shifted(400_000_000);
            }
            self.press(KeyEvent::new(code, modifiers));
        }
    }

    /// The token of the last request for documents.
    pub fn asked_documents(&self) -> Option<Token> {
        self.effects.iter().rev().find_map(|e| match e {
            Effect::Session(_, Command::Documents(token, _)) => Some(*token),
            _ => None,
        })
    }

    pub fn answer_documents(&mut self, documents: Vec<Document>) {
        let token = self.asked_documents().expect("documents were asked for");
        self.send(Event::Documents(token, Ok(documents)));
    }

    /// Answers what was asked to be read back, of one object.
    pub fn answer_read_back(&mut self, document: Document) {
        let asked = self.effects.iter().rev().find_map(|e| match e {
            Effect::Session(_, Command::ReadBack(token, _)) => Some(*token),
            _ => None,
        });
        let found = (document.target.clone(), ReadObject::There(Box::new(document)));
        self.send(Event::ReadBack(asked.expect("it is read back"), vec![found]));
    }

    /// The screen with its colours.
    pub fn buffer(&self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(&self.app, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    pub fn screen(&self, width: u16, height: u16) -> String {
        let buffer = self.buffer(width, height);
        let mut out = String::new();
        for y in 0..height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn named(name: &str) -> (KeyCode, KeyModifiers) {
    let plain = KeyModifiers::NONE;
    match name {
        "enter" => (KeyCode::Enter, plain),
        "esc" => (KeyCode::Esc, plain),
        "tab" => (KeyCode::Tab, plain),
        "s-tab" | "shift-tab" => (KeyCode::BackTab, plain),
        "down" => (KeyCode::Down, plain),
        "up" => (KeyCode::Up, plain),
        "home" => (KeyCode::Home, plain),
        "end" => (KeyCode::End, plain),
        "pgdn" => (KeyCode::PageDown, plain),
        "pgup" => (KeyCode::PageUp, plain),
        "space" => (KeyCode::Char(' '), plain),
        "delete" => (KeyCode::Delete, plain),
        _ => {
            let c = name.strip_prefix("c-").and_then(|c| c.chars().next()).expect("a known key");
            (KeyCode::Char(c), KeyModifiers::CONTROL)
        }
    }
}
