//! Triage over time: looks only at what changed, and remembers what came, went and is known.

use std::{
    cell::LazyCell,
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    Context, Problem, ServiceContext, Severity, Thresholds,
    beginnings::BeginningsKeeper,
    grouping::{Made, Raw, fold},
    noticed::rank_new_first,
    rule::Check,
    rules::RULES,
    tracked_problem::TrackedProblem,
};
use crate::cluster::{Beginning, Store, Subject, Timestamp, Touched};

/// Tasks looked at in one turn: the rest waits for the next, so that keys do not.
const TURN: usize = 2_000;
/// Between two tellings, for each problem beyond a few, in nanoseconds.
const PER_PROBLEM: i64 = 250_000;
const FEW: usize = 100;
/// Between looks at the Swarm as a whole for what only tasks changed.
const WHOLE: Duration = Duration::from_secs(5);
/// Time for which a resolved problem stays on the list.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
/// A problem that comes back within this time is the same again.
const AGAIN: Duration = Duration::from_secs(30 * 60);

/// How someone quieted a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quiet {
    /// Until it changes.
    #[serde(rename = "Acknowledged")]
    Acknowledged,
    /// Until then.
    #[serde(rename = "Muted")]
    Muted(Timestamp),
}

/// A quieted problem, as it is kept on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quieted {
    /// [`Problem::key`].
    #[serde(rename = "key")]
    pub key: String,
    /// How.
    #[serde(rename = "quiet")]
    pub quiet: Quiet,
    /// Its features: one that changes is no longer acknowledged.
    #[serde(rename = "like")]
    pub like: String,
}

/// Findings kept up to date.
pub struct Triage {
    thresholds: Thresholds,
    found: HashMap<Subject, (Raw, Made)>,
    queue: VecDeque<Subject>,
    queued: HashSet<Subject>,
    /// When time alone may change what a rule says, by time and by object: once each.
    due: BTreeSet<(Timestamp, Subject)>,
    due_at: HashMap<Subject, Timestamp>,
    whole_at: Option<Timestamp>,
    whole_wanted: bool,
    cases: HashMap<String, TrackedProblem>,
    quieted: HashMap<String, Quieted>,
    problems: Vec<Arc<Problem>>,
    /// Findings changed since the problems were made of them.
    stale: bool,
    /// The first look is over.
    settled: bool,
    aged: Option<Timestamp>,
    /// When the problems were made.
    told: Option<Timestamp>,
    beginnings: BeginningsKeeper,
}

impl Triage {
    /// Knows nothing yet.
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            found: HashMap::new(),
            queue: VecDeque::new(),
            queued: HashSet::new(),
            due: BTreeSet::new(),
            due_at: HashMap::new(),
            whole_at: None,
            whole_wanted: false,
            cases: HashMap::new(),
            quieted: HashMap::new(),
            problems: Vec::new(),
            stale: false,
            settled: false,
            aged: None,
            told: None,
            beginnings: BeginningsKeeper::default(),
        }
    }

    /// The problems: new ones, then the others, the worst first; known ones, advice and those that are over
    /// at the end.
    pub fn problems(&self) -> &[Arc<Problem>] {
        &self.problems
    }

    /// As [`Triage::problems`].
    pub fn into_problems(self) -> Vec<Arc<Problem>> {
        self.problems
    }

    /// Whether there is more to look at than one turn takes.
    pub fn has_work(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Looks at everything at once.
    pub fn look_at_all(&mut self, store: &Store, now: Timestamp) {
        self.enqueue_all(store);
        while let Some(subject) = self.next() {
            self.cx(store, now, subject);
        }
        self.tell(store, now);
    }

    /// Takes in what changed, as far as one turn goes. Returns whether the problems changed.
    pub fn update(&mut self, store: &mut Store, now: Timestamp) -> bool {
        let touched = store.take_touched();
        // Half a model would look like an outage.
        if !store.is_loaded() {
            return false;
        }
        self.take_touched(store, touched, now);
        while let Some((at, subject)) = self.due.first().cloned() {
            if at > now {
                break;
            }
            self.due.pop_first();
            self.due_at.remove(&subject);
            self.enqueue(subject);
        }
        let mut looked = 0;
        while looked < TURN
            && let Some(subject) = self.next()
        {
            looked += 1 + match &subject {
                Subject::Service(id) => store.tally(id).all as usize,
                Subject::Node(id) => store.node_tally(id).all as usize,
                _ => store.nodes().len(),
            };
            self.cx(store, now, subject);
        }
        // Ages of what is over, and the end of mutes, go by the second.
        let second = |at: Timestamp| at.nanos() / 1_000_000_000;
        let aged = self.aged.map(second) != Some(second(now));
        // Making a thousand problems anew takes milliseconds: not with every task that changes.
        let rest =
            PER_PROBLEM * i64::try_from(self.problems.len().saturating_sub(FEW)).unwrap_or(0);
        let rested = self.told.is_none_or(|told| told.until(now) >= rest) || !self.settled;
        if self.queue.is_empty() && (self.stale || aged) && rested {
            self.aged = Some(now);
            self.told = Some(now);
            return self.tell(store, now);
        }
        false
    }

    /// Looks at the Swarm as a whole and at nothing else: of the rest nothing is heard.
    pub fn look_at_swarm(&mut self, store: &Store, now: Timestamp) -> bool {
        self.cx(store, now, Subject::Other);
        self.tell(store, now)
    }

    fn take_touched(&mut self, store: &Store, touched: Touched, now: Timestamp) {
        // What was recalled changes no finding, but what is told of it.
        self.stale |= touched.all;
        if touched.all || (!self.settled && self.queue.is_empty()) {
            self.enqueue_all(store);
            return;
        }
        self.whole_wanted |= !touched.loads.is_empty();
        let is_time = self.whole_wanted && self.whole_at.is_none_or(|at| at.age(now) >= WHOLE);
        if is_time || touched.swarm || !touched.nodes.is_empty() {
            self.enqueue(Subject::Other);
            self.enqueue_counting();
        }
        for id in touched.services {
            self.enqueue(Subject::Service(id));
        }
        for id in touched.nodes.into_iter().chain(touched.loads) {
            self.enqueue(Subject::Node(id));
        }
    }

    fn enqueue_all(&mut self, store: &Store) {
        self.enqueue(Subject::Other);
        for node in store.nodes() {
            self.enqueue(Subject::Node(node.id.clone()));
        }
        for service in store.services() {
            self.enqueue(Subject::Service(service.id.clone()));
        }
        let known: Vec<Subject> = self.found.keys().cloned().collect();
        for subject in known {
            self.enqueue(subject);
        }
    }

    /// Where others' tasks and nodes are counted, their changes count as well.
    fn enqueue_counting(&mut self) {
        let counts = |raw: &Raw| raw.iter().any(|(at, _)| RULES[*at].counts_others());
        let again: Vec<Subject> =
            self.found.iter().filter(|(_, (raw, _))| counts(raw)).map(|(s, _)| s.clone()).collect();
        for subject in again {
            self.enqueue(subject);
        }
    }

    fn enqueue(&mut self, subject: Subject) {
        if self.queued.insert(subject.clone()) {
            self.queue.push_back(subject);
        }
    }

    fn next(&mut self) -> Option<Subject> {
        let subject = self.queue.pop_front()?;
        self.queued.remove(&subject);
        Some(subject)
    }

    /// Asks every rule for this object.
    fn cx(&mut self, store: &Store, now: Timestamp, subject: Subject) {
        let cx = Context::new(store, now, &self.thresholds);
        let ignored = |id: &str| self.thresholds.ignore.contains(id);
        let wanted = || RULES.iter().enumerate().filter(|(_, rule)| !ignored(rule.id));
        let mut found: Raw = Vec::new();
        match &subject {
            Subject::Service(id) => {
                if let Some(service) = store.service(id).filter(|s| !s.is_unread) {
                    let service = ServiceContext::new(&cx, service);
                    for (at, rule) in wanted() {
                        if let Check::Service(check) = rule.check {
                            found.extend(check(&service).map(|f| (at, f)));
                        }
                    }
                }
            }
            Subject::Node(id) => {
                if let Some(node) = store.node(id) {
                    for (at, rule) in wanted() {
                        if let Check::Node(check) = rule.check {
                            found.extend(check(&cx, node).map(|f| (at, f)));
                        }
                    }
                }
            }
            _ => {
                self.whole_at = Some(now);
                self.whole_wanted = false;
                for (at, rule) in wanted() {
                    match rule.check {
                        Check::Swarm(check) => found.extend(check(&cx).map(|f| (at, f))),
                        Check::Shared(check) => {
                            found.extend(check(&cx).into_iter().map(|f| (at, f)));
                        }
                        Check::Service(_) | Check::Node(_) => {}
                    }
                }
            }
        }
        self.look_again(&subject, cx.take_again());
        if found.is_empty() {
            self.stale |= self.found.remove(&subject).is_some();
        } else if self.found.get(&subject).map(|(raw, _)| raw) != Some(&found) {
            let made = Made::new(store, &subject, &found);
            self.found.insert(subject, (found, made));
            self.stale = true;
        }
    }

    /// Notes when this object is to be looked at again, if it is; what the look before said is void.
    fn look_again(&mut self, subject: &Subject, at: Option<Timestamp>) {
        if let Some(before) = self.due_at.remove(subject) {
            self.due.remove(&(before, subject.clone()));
        }
        if let Some(at) = at {
            self.due_at.insert(subject.clone(), at);
            self.due.insert((at, subject.clone()));
        }
    }

    /// Makes the problems anew.
    fn tell(&mut self, store: &Store, now: Timestamp) -> bool {
        let open = if self.stale || !self.settled {
            let open = fold(self.found.values().map(|(_, made)| made));
            self.file(store, open, now);
            true
        } else {
            false
        };
        self.stale = false;
        self.settled = true;
        let before = std::mem::take(&mut self.problems);
        self.cases.retain(|_, case| {
            let is_kept =
                |at: Timestamp| at.age(now) < AGAIN && !store.is_removed(&case.problem.subject);
            case.closed.is_none_or(is_kept)
        });
        self.quieted.retain(|_, q| !matches!(q.quiet, Quiet::Muted(until) if until <= now));
        for (key, case) in &mut self.cases {
            if case.closed.is_none_or(|at| at.age(now) < REMEMBERED) {
                self.problems.push(case.told(self.quieted.get(key).map(|q| q.quiet)));
            }
        }
        rank_new_first(&mut self.problems, now);
        open || self.problems != before
    }

    /// Puts what is open now to the cases, and closes the others.
    fn file(&mut self, store: &Store, open: Vec<Arc<Problem>>, now: Timestamp) {
        let folded: Vec<_> = open.iter().flat_map(|p| p.folded.iter().map(Arc::clone)).collect();
        let mut heads = HashSet::new();
        for problem in open {
            let key = problem.key();
            heads.insert(key.clone());
            if let Some(quieted) = self.quieted.get(&key)
                && quieted.quiet == Quiet::Acknowledged
                && quieted.like != like(&problem)
            {
                self.quieted.remove(&key);
            }
            let is_first_look = !self.settled;
            let case = self
                .cases
                .entry(key)
                .or_insert_with(|| TrackedProblem::new(&problem, now, is_first_look));
            case.go_on(problem, store, now);
        }
        // Most often none has gone, and nobody asks.
        let folded =
            LazyCell::new(|| -> HashSet<String> { folded.iter().map(|p| p.key()).collect() });
        self.cases.retain(|key, case| {
            if heads.contains(key) {
                return true;
            }
            // Folded into another it is not over; and advice that is taken is no news.
            if folded.contains(key) || case.problem.severity == Severity::Advice {
                return false;
            }
            if case.closed.is_none() {
                case.closed = Some(now);
                if self.quieted.get(key).is_some_and(|q| q.quiet == Quiet::Acknowledged) {
                    self.quieted.remove(key);
                }
            }
            true
        });
    }

    /// Acknowledges or mutes a problem, or takes that back.
    pub fn quiet(&mut self, problem: &Problem, quiet: Option<Quiet>, now: Timestamp) {
        let key = problem.key();
        match quiet {
            None => drop(self.quieted.remove(&key)),
            Some(quiet) => {
                let like = like(problem);
                self.quieted.insert(key.clone(), Quieted { key, quiet, like });
            }
        }
        for p in &mut self.problems {
            let quiet = self.quieted.get(&p.key()).map(|q| q.quiet);
            if p.quiet != quiet {
                Arc::make_mut(p).quiet = quiet;
            }
        }
        self.aged = Some(now);
        rank_new_first(&mut self.problems, now);
    }

    /// The beginnings of what is open, if they are to be written now: not before those of an earlier skep
    /// were read, which would be lost.
    pub fn take_beginnings(&mut self, store: &Store, now: Timestamp) -> Option<Vec<Beginning>> {
        let is_recalled = store.memory().is_recalled();
        is_recalled.then(|| self.beginnings.take(&self.problems, now)).flatten()
    }

    /// Acknowledged and muted problems, to be kept.
    pub fn quieted(&self) -> Vec<Quieted> {
        let mut all: Vec<Quieted> = self.quieted.values().cloned().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    /// Takes in what was quieted before.
    pub fn recall(&mut self, quieted: Vec<Quieted>) {
        for one in quieted {
            self.quieted.entry(one.key.clone()).or_insert(one);
        }
        self.aged = None;
    }
}

/// Features that make a problem another one than the one that was acknowledged.
fn like(problem: &Problem) -> String {
    let cause = problem.cause.unwrap_or("");
    format!("{} {} {cause}", problem.rule, problem.severity.word())
}
