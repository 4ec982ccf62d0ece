//! The managers of one cluster that skep may use, and the state of each.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::session::protocol::{ManagerLine, Reach};
use crate::{
    connect::Connector,
    engine::{Engine, EngineError, Probe},
};

/// Number of round trips remembered for each manager.
const REMEMBERED: usize = 3;
/// Another manager is worth a move if a round trip to it is this much shorter, and a third at most.
const WORTHWHILE: Duration = Duration::from_millis(30);

/// A manager.
#[derive(Debug)]
pub(in crate::session) struct KnownManager {
    /// The client; clones share its connections.
    pub engine: Engine,
    node: Option<Arc<str>>,
    reach: Reach,
    round_trips: VecDeque<Duration>,
    /// Taken by another session: it belongs to another Swarm.
    parted: bool,
}

impl KnownManager {
    fn new(connector: Connector) -> Self {
        Self {
            engine: Engine::new(connector),
            node: None,
            reach: Reach::Untried,
            round_trips: VecDeque::new(),
            parted: false,
        }
    }

    fn round_trip(&self) -> Option<Duration> {
        let mut sorted: Vec<_> = self.round_trips.iter().copied().collect();
        sorted.sort();
        (sorted.len() == REMEMBERED).then(|| sorted[REMEMBERED / 2])
    }
}

/// All managers of one cluster.
#[derive(Debug)]
pub(in crate::session) struct Managers {
    managers: Vec<KnownManager>,
    in_use: Option<usize>,
    told: Vec<ManagerLine>,
}

impl Managers {
    /// Managers that were not asked yet.
    pub fn new(connectors: Vec<Connector>) -> Self {
        let managers = connectors.into_iter().map(KnownManager::new).collect();
        Self { managers, in_use: None, told: Vec::new() }
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.managers.iter().filter(|m| !m.parted).count()
    }

    /// Hands a manager to another session; its index stays unused.
    pub fn part(&mut self, at: usize) -> Option<KnownManager> {
        let manager = self.managers.get_mut(at).filter(|m| !m.parted)?;
        manager.parted = true;
        Some(KnownManager {
            engine: manager.engine.clone(),
            node: manager.node.clone(),
            reach: Reach::Untried,
            round_trips: VecDeque::new(),
            parted: false,
        })
    }

    /// Hands all managers to another session.
    pub fn give_up(&mut self) -> Vec<KnownManager> {
        std::mem::take(&mut self.managers)
    }

    /// Adds managers, with the state they had.
    pub fn join(&mut self, managers: Vec<KnownManager>) {
        for mut manager in managers {
            let endpoint = manager.engine.endpoint();
            let known = self.managers.iter().position(|m| m.engine.endpoint() == endpoint);
            if let Some(at) = known {
                self.managers[at].parted = false;
            } else if !manager.parted {
                if let Reach::InUse { round_trip } = manager.reach {
                    manager.reach = Reach::Ready { round_trip };
                }
                self.managers.push(manager);
            }
        }
    }

    /// All managers that may be tried, except one.
    pub fn candidates(&self, but: Option<usize>) -> Vec<(usize, Engine)> {
        let all = self.managers.iter().enumerate();
        let usable = all.filter(|(at, m)| Some(*at) != but && !m.parted);
        usable.map(|(at, m)| (at, m.engine.clone())).collect()
    }

    /// The endpoint of a manager.
    pub fn endpoint(&self, at: usize) -> String {
        self.managers.get(at).map_or(String::new(), |m| m.engine.endpoint().to_string())
    }

    /// A manager answered.
    pub fn answered(&mut self, at: usize, engine: Engine, probe: &Probe) {
        let in_use = self.in_use == Some(at);
        let Some(manager) = self.managers.get_mut(at) else { return };
        let round_trip = probe.round_trip;
        manager.engine = engine;
        manager.node = Some(probe.info.manager_id.clone());
        manager.round_trips.truncate(REMEMBERED - 1);
        manager.round_trips.push_front(round_trip);
        manager.reach =
            if in_use { Reach::InUse { round_trip } } else { Reach::Ready { round_trip } };
    }

    /// Marks a manager as unusable, with the reason.
    pub fn failed(&mut self, at: usize, why: String) {
        if let Some(manager) = self.managers.get_mut(at) {
            manager.reach = Reach::Out { why };
            manager.round_trips.clear();
        }
    }

    /// Marks the manager that is watched from now on, if any.
    pub fn uses(&mut self, at: Option<usize>) {
        if let Some(old) = self.in_use.and_then(|old| self.managers.get_mut(old))
            && let Reach::InUse { round_trip } = old.reach
        {
            old.reach = Reach::Ready { round_trip };
        }
        self.in_use = at;
        if let Some(new) = at.and_then(|at| self.managers.get_mut(at)) {
            let round_trip = new.round_trips.front().copied().unwrap_or_default();
            new.reach = Reach::InUse { round_trip };
        }
    }

    /// Whether another manager has been much faster for a while.
    pub fn has_faster(&self) -> bool {
        let Some(ours) = self.in_use.and_then(|at| self.managers[at].round_trip()) else {
            return false;
        };
        let others = self.managers.iter().filter(|m| matches!(m.reach, Reach::Ready { .. }));
        others.filter_map(KnownManager::round_trip).any(|t| t * 3 < ours && t + WORTHWHILE < ours)
    }

    /// The managers for the screen, if anything changed.
    pub fn news(&mut self) -> Option<Vec<ManagerLine>> {
        let lines: Vec<_> = self
            .managers
            .iter()
            .filter(|m| !m.parted)
            .map(|m| ManagerLine {
                endpoint: m.engine.endpoint().to_string(),
                way: m.engine.way(),
                node: m.node.clone(),
                reach: m.reach.clone(),
            })
            .collect();
        (lines != self.told).then(|| {
            self.told.clone_from(&lines);
            lines
        })
    }

    /// One line that says why no manager can be used.
    pub fn trouble(&self, errors: &[(usize, EngineError)]) -> String {
        // One that answers and says why tells more than those that say nothing.
        let leaderless = errors.iter().filter(|(_, e)| e.is_leaderless()).count();
        if leaderless > 0 {
            let answer = if leaderless == 1 { "answers" } else { "answer" };
            return format!(
                "the Swarm has no leader; of the managers given {leaderless} of {} {answer}",
                errors.len()
            );
        }
        // The one in use failed first, and its reason says most.
        let first = errors.iter().find(|(at, _)| Some(*at) == self.in_use).or(errors.first());
        let Some((_, error)) = first else { return "there is no manager to try".into() };
        match errors.len() {
            1 => error.to_string(),
            n => format!("none of {n} managers can be used; {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster::ClusterInfo, connect::Endpoint};

    fn managers(count: u8) -> Managers {
        let endpoint = |n| Endpoint::parse(&format!("tcp://10.0.0.{n}:2375"), None);
        let connector = |n| Connector::new(endpoint(n).expect("an endpoint"));
        Managers::new((1..=count).map(connector).collect())
    }

    fn answer(managers: &mut Managers, at: usize, millis: u64) {
        let (_, engine) = managers.candidates(None)[at].clone();
        let info = ClusterInfo { manager_id: format!("node{at}").into(), ..ClusterInfo::default() };
        let round_trip = Duration::from_millis(millis);
        managers.answered(at, engine, &Probe { info, unread: None, skew: 0, round_trip });
    }

    fn reaches(managers: &mut Managers) -> Vec<Reach> {
        managers.news().expect("it changed").into_iter().map(|line| line.reach).collect()
    }

    fn timeout(at: usize) -> (usize, EngineError) {
        let (endpoint, what) = (format!("tcp://m{at}"), "GET /info".to_owned());
        (at, EngineError::Timeout { endpoint, what, after: Duration::from_secs(4) })
    }

    #[test]
    fn a_move_is_worth_it_only_to_one_that_has_been_much_faster_for_a_while() {
        let has_faster = |ours: [u64; 3], theirs: &[u64]| {
            let mut managers = managers(2);
            managers.uses(Some(0));
            ours.iter().for_each(|millis| answer(&mut managers, 0, *millis));
            theirs.iter().for_each(|millis| answer(&mut managers, 1, *millis));
            managers.has_faster()
        };
        assert!(has_faster([100, 100, 100], &[10, 10, 10]));
        assert!(!has_faster([100, 100, 100], &[10, 10]), "twice is no while");
        assert!(!has_faster([100, 100, 100], &[40, 40, 40]), "not a third");
        assert!(!has_faster([30, 30, 30], &[1, 1, 1]), "too little to gain");
        assert!(!has_faster([10, 10, 900], &[1, 1, 1]), "one slow answer");
        assert!(has_faster([100, 100, 100], &[900, 10, 10, 10]), "what was longer ago");
        assert!(!has_faster([1, 1, 1], &[1, 1, 1]));

        let mut failed = managers(2);
        failed.uses(Some(0));
        for _ in 0..REMEMBERED {
            answer(&mut failed, 0, 100);
            answer(&mut failed, 1, 10);
        }
        assert!(failed.has_faster());
        failed.failed(1, "gone".into());
        assert!(!failed.has_faster(), "one that can't be used");
        answer(&mut failed, 1, 10);
        assert!(!failed.has_faster(), "what was before it failed does not count");
        failed.uses(None);
        assert!(!failed.has_faster(), "none is in use");
    }

    #[test]
    fn each_has_the_state_that_was_last_heard_of_it() {
        let mut managers = managers(2);
        assert_eq!(reaches(&mut managers), [Reach::Untried, Reach::Untried]);
        assert_eq!(managers.news(), None, "it was told");
        answer(&mut managers, 1, 7);
        let seven = Duration::from_millis(7);
        assert_eq!(reaches(&mut managers)[1], Reach::Ready { round_trip: seven });
        managers.uses(Some(1));
        assert_eq!(reaches(&mut managers)[1], Reach::InUse { round_trip: seven });
        answer(&mut managers, 1, 9);
        let nine = Duration::from_millis(9);
        assert_eq!(reaches(&mut managers)[1], Reach::InUse { round_trip: nine });
        managers.uses(Some(0));
        let first = Reach::InUse { round_trip: Duration::ZERO };
        assert_eq!(reaches(&mut managers), [first, Reach::Ready { round_trip: nine }]);
        managers.failed(1, "no".into());
        assert_eq!(reaches(&mut managers)[1], Reach::Out { why: "no".into() });
        let all: Vec<usize> = managers.candidates(Some(0)).into_iter().map(|(at, _)| at).collect();
        assert_eq!(all, [1], "one that failed is tried again");
    }

    #[test]
    fn one_that_parted_is_another_sessions_until_it_comes_back() {
        let (mut ours, mut theirs) = (managers(3), Managers::new(Vec::new()));
        answer(&mut ours, 1, 7);
        ours.uses(Some(1));
        let parted = ours.part(1).expect("it was ours");
        assert!(ours.part(1).is_none(), "it is not ours any more");
        assert_eq!((ours.len(), reaches(&mut ours).len()), (2, 2));
        let left: Vec<usize> = ours.candidates(None).into_iter().map(|(at, _)| at).collect();
        assert_eq!(left, [0, 2]);
        theirs.join(vec![parted]);
        assert_eq!((theirs.len(), theirs.endpoint(0)), (1, ours.endpoint(1)));
        assert_eq!(reaches(&mut theirs), [Reach::Untried]);
        answer(&mut theirs, 0, 7);
        theirs.uses(Some(0));
        ours.join(theirs.give_up());
        assert_eq!((ours.len(), theirs.len()), (3, 0), "it is the one that ours knew");

        let mut last = managers(1);
        answer(&mut last, 0, 7);
        last.uses(Some(0));
        let mut joined = Managers::new(Vec::new());
        joined.join(last.give_up());
        let ready = Reach::Ready { round_trip: Duration::from_millis(7) };
        assert_eq!(reaches(&mut joined), [ready], "it is in use there no more");
    }

    #[test]
    fn why_none_can_be_used_is_told_in_a_line() {
        let mut managers = managers(2);
        assert_eq!(managers.trouble(&[]), "there is no manager to try");
        assert!(managers.trouble(&[timeout(1)]).starts_with("tcp://m1"));
        let both = [timeout(0), timeout(1)];
        assert!(managers.trouble(&both).starts_with("none of 2 managers can be used; tcp://m0"));
        managers.uses(Some(1));
        assert!(managers.trouble(&both).starts_with("none of 2 managers can be used; tcp://m1"));
        let electing =
            EngineError::NoQuorum { endpoint: "x".into(), said: String::new(), told: None };
        let said = managers.trouble(&[timeout(0), (1, electing.clone())]);
        assert_eq!(said, "the Swarm has no leader; of the managers given 1 of 2 answers");
        let said = managers.trouble(&[(0, electing.clone()), (1, electing)]);
        assert_eq!(said, "the Swarm has no leader; of the managers given 2 of 2 answer");
    }
}
