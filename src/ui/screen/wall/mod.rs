//! The wall: pages that turn by themselves, for a screen nobody sits at. It offers nothing that
//! changes anything, and it needs no key.

pub(in crate::ui) mod draw;
pub(in crate::ui) mod failures;
pub(in crate::ui) mod figures;
pub(in crate::ui) mod findings;
pub(in crate::ui) mod lists;
pub(in crate::ui) mod settings;

pub use settings::WallSettings;
use std::{collections::HashSet, time::Duration};

use ratatui::{Frame, layout::Rect};

use crate::{
    cluster::{Subject, Timestamp},
    grant::ClusterNo,
    triage::{Problem, Severity},
    ui::{
        app::{Effect, cluster::Cluster, link::LinkState},
        input::actions::{Act, KeyContext},
        screen::{Cx, Handled, Screen},
        table::rows::Rows,
        widget::text,
    },
};

/// Between two calls of the hook, and two bells.
const QUIET: Duration = Duration::from_secs(60);
/// A new critical finding stays for so many turns.
const STAYS: i32 = 3;
/// Interval for moving the picture a little, so that nothing burns in.
const SHIFT: u64 = 120;

/// A page of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum WallPage {
    /// All clusters, a line each.
    Clusters,
    /// The link is lost: only the reason is shown.
    Lost(ClusterNo),
    /// Figures.
    Figures(ClusterNo),
    Problems(ClusterNo),
    Services(ClusterNo),
    Nodes(ClusterNo),
    /// Failures of the last hour.
    Failures(ClusterNo),
}

/// A finding a human must be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    cluster: String,
    rule: &'static str,
    object: String,
    message: String,
}

/// The state of the wall.
#[derive(Debug)]
pub(in crate::ui) struct Wall {
    pub settings: WallSettings,
    pub page: WallPage,
    /// The pages there were when it last looked.
    pages: Vec<WallPage>,
    /// Someone holds the page.
    pub held: bool,
    /// It has just come to the screen: nothing that is there is new.
    is_opening: bool,
    turned: Option<Timestamp>,
    /// Goes to and fro with the data, and stops with it.
    pub beat: bool,
    heard: Option<Timestamp>,
    /// Findings that are known already; `None` before the first check.
    known: Option<HashSet<(ClusterNo, &'static str, String)>>,
    lost: HashSet<ClusterNo>,
    untold: Vec<Finding>,
    told: Option<Timestamp>,
}

impl Default for Wall {
    fn default() -> Self {
        Self {
            settings: WallSettings::default(),
            page: WallPage::Clusters,
            pages: Vec::new(),
            held: false,
            is_opening: false,
            turned: None,
            beat: false,
            heard: None,
            known: None,
            lost: HashSet::new(),
            untold: Vec::new(),
            told: None,
        }
    }
}

impl Wall {
    /// Where on the screen it is drawn now: columns and rows from the corner.
    pub fn shift(&self, now: Timestamp) -> (u16, u16) {
        let step = (now.nanos().max(0) as u64 / 1_000_000_000 / SHIFT) % 6;
        [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)][step as usize]
    }

    /// The pages there are.
    pub fn pages<'b>(clusters: impl Iterator<Item = &'b Cluster> + Clone) -> Vec<WallPage> {
        let mut pages = Vec::new();
        if clusters.clone().count() > 1 {
            pages.push(WallPage::Clusters);
        }
        for cluster in clusters {
            let no = cluster.no;
            if matches!(cluster.link.state, LinkState::Lost { .. })
                || cluster.link.last_heard.is_none()
            {
                pages.push(WallPage::Lost(no));
                continue;
            }
            pages.extend([WallPage::Figures(no), WallPage::Problems(no), WallPage::Services(no)]);
            pages.extend([WallPage::Nodes(no), WallPage::Failures(no)]);
        }
        pages
    }

    fn to(&mut self, page: Option<WallPage>, now: Timestamp) {
        if let Some(page) = page {
            self.page = page;
            self.turned = Some(now);
        }
    }

    /// To the next page or the one before.
    fn step(&mut self, by: isize, now: Timestamp) {
        let at = self.pages.iter().position(|page| *page == self.page).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(self.pages.len().max(1) as isize) as usize;
        self.to(self.pages.get(next).copied(), now);
    }

    /// Brings new critical findings to the front.
    fn look<'b>(&mut self, clusters: impl Iterator<Item = &'b Cluster>, now: Timestamp) {
        let mut critical = HashSet::new();
        let mut fresh = None;
        for cluster in clusters {
            let is_lost = matches!(cluster.link.state, LinkState::Lost { .. });
            if is_lost && self.lost.insert(cluster.no) {
                fresh = Some(WallPage::Lost(cluster.no));
                // It may be lost between its first list and the first look.
                if self.known.is_some() || cluster.model.live().is_loaded() {
                    self.untold.push(lost(cluster));
                }
            } else if !is_lost {
                self.lost.remove(&cluster.no);
            }
            for problem in cluster.loud().filter(|p| p.severity == Severity::Critical) {
                let key = (cluster.no, problem.rule, problem.object.clone());
                if self.known.as_ref().is_some_and(|known| !known.contains(&key)) {
                    self.untold.push(finding(cluster, problem));
                    fresh.get_or_insert(WallPage::Problems(cluster.no));
                }
                critical.insert(key);
            }
            // Before the first list nothing can be said to be new.
            if !is_lost && !cluster.model.live().is_loaded() {
                return;
            }
        }
        let first = self.known.is_none();
        self.known = Some(critical);
        if let Some(page) = fresh.filter(|_| !first && !self.held) {
            let stays = i64::try_from((self.settings.turn * (STAYS as u32 - 1)).as_nanos());
            self.to(Some(page), now.shifted(stays.unwrap_or(0)));
        }
    }

    /// Rings and runs what is to be run, not too often.
    fn tell(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.untold.is_empty() || self.told.is_some_and(|told| told.age(now) < QUIET) {
            return Vec::new();
        }
        let findings = std::mem::take(&mut self.untold);
        self.told = Some(now);
        let mut effects = Vec::new();
        if self.settings.bell {
            effects.push(Effect::Bell);
        }
        if let (Some(first), false) = (findings.first(), self.settings.on_critical.is_empty()) {
            effects.push(Effect::Run {
                command: self.settings.on_critical.clone(),
                env: vec![
                    ("SKEP_COUNT", findings.len().to_string()),
                    ("SKEP_CLUSTER", plain(&first.cluster)),
                    ("SKEP_RULE", first.rule.to_owned()),
                    ("SKEP_OBJECT", plain(&first.object)),
                    ("SKEP_MESSAGE", plain(&first.message)),
                ],
            });
        }
        effects
    }
}

impl Screen for Wall {
    fn context(&self) -> KeyContext {
        KeyContext::Wall
    }

    fn refresh(&mut self, cx: Cx<'_>) {
        self.pages = Self::pages(cx.open());
        if std::mem::take(&mut self.is_opening) {
            // No bell rings and no command runs.
            self.look(cx.open(), cx.cluster.now);
            self.untold.clear();
        }
    }

    fn tick(&mut self, cx: Cx<'_>) -> Vec<Effect> {
        let now = cx.cluster.now;
        let heard = cx.open().filter_map(|b| b.link.last_heard).max();
        if heard != self.heard {
            self.heard = heard;
            self.beat = !self.beat;
        }
        self.look(cx.open(), now);
        let at = self.pages.iter().position(|page| *page == self.page);
        let turn = i64::try_from(self.settings.turn.as_nanos()).unwrap_or(i64::MAX);
        match at {
            // It went with what it showed, or came to be lost.
            None => self.to(self.pages.first().copied(), now),
            Some(_) if !self.held && self.turned.is_none_or(|at| at.until(now) >= turn) => {
                self.step(1, now)
            }
            Some(_) => {}
        }
        self.tell(now)
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn draws_news(&self) -> bool {
        false
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        draw::draw(self, cx, frame, area);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        None
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        None
    }

    fn subject(&self, _: &Cluster) -> Option<Subject> {
        None
    }

    /// None of its keys changes anything.
    fn act(&mut self, act: Act, cluster: &mut Cluster) -> Handled {
        match act {
            Act::Pause | Act::Mark => self.held = !self.held,
            Act::NextPane | Act::Down | Act::PageDown | Act::NextCluster => {
                self.step(1, cluster.now)
            }
            Act::PreviousPane | Act::Up | Act::PageUp | Act::PreviousCluster => {
                self.step(-1, cluster.now);
            }
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn opened(&mut self, _: bool, _: &Cluster) {
        self.is_opening = true;
    }
}

/// Nothing from a cluster may do harm where it is read next.
fn plain(said: &str) -> String {
    text::clean(said).into_owned()
}

fn finding(cluster: &Cluster, problem: &Problem) -> Finding {
    Finding {
        cluster: cluster.settings.name.clone(),
        rule: problem.rule,
        object: problem.object.clone(),
        message: problem.message.clone(),
    }
}

fn lost(cluster: &Cluster) -> Finding {
    let why = cluster.why_lost().unwrap_or_default();
    let cluster = cluster.settings.name.clone();
    Finding { rule: "link", object: cluster.clone(), message: format!("lost: {why}"), cluster }
}
