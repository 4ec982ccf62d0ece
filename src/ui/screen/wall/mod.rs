//! The wall: pages that turn by themselves, for a screen nobody sits at. It offers nothing that
//! changes anything, and it needs no key.

pub(in crate::ui) mod draw;
pub(in crate::ui) mod failures;
pub(in crate::ui) mod figures;
pub(in crate::ui) mod findings;
pub(in crate::ui) mod lists;
pub(in crate::ui) mod settings;

pub(in crate::ui) use draw::{WallCx, draw, place};
pub use settings::WallSettings;
use std::{collections::HashSet, time::Duration};

use crate::{
    cluster::Timestamp,
    grant::ClusterNo,
    triage::{Problem, Severity},
    ui::{
        app::{Effect, cluster::Cluster, link::LinkState},
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
    pub open: bool,
    pub page: WallPage,
    /// Someone holds the page.
    pub held: bool,
    settings: WallSettings,
    turned: Timestamp,
    /// Goes to and fro with the data, and stops with it.
    pub beat: bool,
    heard: Option<Timestamp>,
    /// Findings that are known already; `None` before the first check.
    known: Option<HashSet<(ClusterNo, &'static str, String)>>,
    lost: HashSet<ClusterNo>,
    untold: Vec<Finding>,
    told: Option<Timestamp>,
}

impl Wall {
    /// A wall at its first page.
    pub fn new(settings: WallSettings) -> Self {
        Self {
            open: settings.open,
            page: WallPage::Clusters,
            held: false,
            settings,
            turned: Timestamp::NEVER,
            beat: false,
            heard: None,
            known: None,
            lost: HashSet::new(),
            untold: Vec::new(),
            told: None,
        }
    }

    /// Where on the screen it is drawn now: columns and rows from the corner.
    pub fn shift(&self, now: Timestamp) -> (u16, u16) {
        let step = (now.0.max(0) as u64 / 1_000_000_000 / SHIFT) % 6;
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

    /// Time goes by. Returns what is to be done outside.
    pub fn tick<'b>(
        &mut self,
        clusters: impl Iterator<Item = &'b Cluster> + Clone,
        now: Timestamp,
    ) -> Vec<Effect> {
        let heard = clusters.clone().filter_map(|b| b.link.last_heard).max();
        if heard != self.heard {
            self.heard = heard;
            self.beat = !self.beat;
        }
        let pages = Self::pages(clusters.clone());
        self.look(clusters, now);
        let at = pages.iter().position(|page| *page == self.page);
        let turn = i64::try_from(self.settings.turn.as_nanos()).unwrap_or(i64::MAX);
        match at {
            // It went with what it showed, or came to be lost.
            None => self.to(pages.first().copied(), now),
            Some(at) if !self.held && now.0.saturating_sub(self.turned.0) >= turn => {
                self.to(pages.get((at + 1) % pages.len()).copied(), now);
            }
            Some(_) => {}
        }
        self.tell(now)
    }

    fn to(&mut self, page: Option<WallPage>, now: Timestamp) {
        if let Some(page) = page {
            self.page = page;
            self.turned = now;
        }
    }

    /// To the next page or the one before.
    pub fn step<'b>(
        &mut self,
        clusters: impl Iterator<Item = &'b Cluster> + Clone,
        by: isize,
        now: Timestamp,
    ) {
        let pages = Self::pages(clusters);
        let at = pages.iter().position(|page| *page == self.page).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(pages.len().max(1) as isize) as usize;
        self.to(pages.get(next).copied(), now);
    }

    /// It comes to the screen: nothing is new yet, so no bell rings and no command runs.
    pub fn opened<'b>(&mut self, clusters: impl Iterator<Item = &'b Cluster>, now: Timestamp) {
        self.look(clusters, now);
        self.untold.clear();
    }

    /// Brings new critical findings to the front.
    pub fn look<'b>(&mut self, clusters: impl Iterator<Item = &'b Cluster>, now: Timestamp) {
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
