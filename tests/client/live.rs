//! skep's UI over a real session, without a terminal.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use skep::{
    cluster::Timestamp,
    commands::permit,
    connect::{Connector, Endpoint, NodeSettings},
    demo::Demo,
    grant::ClusterNo,
    keep::History,
    session::{Budget, Command, SessionConfig, Sessions},
    ui::{App, Effect, Msg, OpenCluster, Opening, draw},
};

/// The UI over a real session, without a terminal.
pub struct Live {
    pub app: App,
    sessions: Sessions,
    screen: Terminal<TestBackend>,
    pub dir: tempfile::TempDir,
    /// How far the UI's clock was put forward, in nanoseconds.
    ahead: i64,
    /// How many plans it had carried out.
    pub carried_out: usize,
}

pub fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

impl Live {
    pub fn start(demo: &Demo, read_only: bool) -> Self {
        Self::open(&[(&[demo], read_only)])
    }

    /// Clusters with their managers, and whether each is read-only.
    pub fn open(clusters: &[(&[&Demo], bool)]) -> Self {
        let endpoint = |demo: &&Demo| Endpoint::Unix(demo.socket().to_owned());
        let at = |(managers, read_only): &(&[&Demo], bool)| {
            (managers.iter().map(endpoint).collect(), *read_only)
        };
        Self::open_at(clusters.iter().map(at).collect())
    }

    /// Endpoints that were given together.
    pub fn together(endpoints: Vec<Endpoint>) -> Self {
        let spares = endpoints.len() - 1;
        let mut all = vec![(endpoints, false)];
        all.resize(1 + spares, (Vec::new(), false));
        Self::open_all(all, true)
    }

    /// The same by their endpoints.
    pub fn open_at(clusters: Vec<(Vec<Endpoint>, bool)>) -> Self {
        Self::open_all(clusters, false)
    }

    fn open_all(clusters: Vec<(Vec<Endpoint>, bool)>, mixed: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut sessions = Vec::new();
        let mut open_clusters = Vec::new();
        for (no, (endpoints, read_only)) in clusters.into_iter().enumerate() {
            let grant = permit(ClusterNo(no), read_only, false);
            open_clusters.push(OpenCluster {
                endpoint: endpoints.first().map(ToString::to_string).unwrap_or_default(),
                spare: endpoints.is_empty(),
                grant: grant.clone(),
                ..OpenCluster::default()
            });
            sessions.push(SessionConfig {
                budget: Budget::default(),
                nodes: NodeSettings::default(),
                managers: endpoints.into_iter().map(Connector::new).collect(),
                mixed,
                shell: None,
                grant,
                history: History { timeline: None, audit: dir.path().join("audit.jsonl") },
                who: "tester".into(),
            });
        }
        let sessions = Sessions::start(sessions, Vec::new());
        let opening = Opening { who: "tester".into(), ..Opening::default() };
        let app = App::new(opening, open_clusters, now());
        Self {
            app,
            sessions,
            screen: Terminal::new(TestBackend::new(120, 40)).unwrap(),
            dir,
            ahead: 0,
            carried_out: 0,
        }
    }

    fn now(&self) -> Timestamp {
        now().shifted(self.ahead)
    }

    async fn do_all(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Session(no, command) = effect {
                self.carried_out += usize::from(matches!(command, Command::CarryOut(_)));
                self.sessions.send(no, command);
            }
        }
    }

    pub async fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let effects = self.app.update(Msg::Key(KeyEvent::new(code, modifiers)), self.now());
        self.do_all(effects).await;
    }

    pub async fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = if c == '\r' { KeyCode::Enter } else { KeyCode::Char(c) };
            self.key(code, KeyModifiers::NONE).await;
        }
    }

    /// Reads the plan on the screen, and says yes to it.
    pub async fn confirm(&mut self) {
        self.text();
        self.ahead += 400_000_000;
        self.keys("y").await;
    }

    /// Takes in what the session tells for a while.
    pub async fn listen(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(Some(told)) = tokio::time::timeout_at(end, self.sessions.told.recv()).await {
            let effects = self.app.update(Msg::Session(told), self.now());
            self.do_all(effects).await;
        }
        let effects = self.app.update(Msg::Tick, self.now());
        self.do_all(effects).await;
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.screen = Terminal::new(TestBackend::new(cols, rows)).unwrap();
    }

    pub fn text(&mut self) -> String {
        self.screen.draw(|frame| draw(&self.app, frame)).unwrap();
        self.app.drawn(self.now());
        let buffer = self.screen.backend().buffer();
        let width = buffer.area.width as usize;
        let cells: Vec<&str> = buffer.content.iter().map(|c| c.symbol()).collect();
        cells.chunks(width).map(|l| l.concat() + "\n").collect()
    }

    pub async fn until(&mut self, what: &str) {
        let begun = Instant::now();
        while !self.text().contains(what) {
            assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}\n{}", self.text());
            self.listen(Duration::from_millis(50)).await;
        }
    }
}
