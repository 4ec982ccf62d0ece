//! Selects the services whose tasks need to be read now.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::cluster::{Service, ServiceId};

/// Time for which a service stays hot after a change.
const HOT: Duration = Duration::from_secs(15);
/// Hot services a request may name; more are taken in turns.
const BATCH: usize = 60;
/// At most this many are read together with the services in view.
const FEW: usize = 8;

/// A service that someone changed is expected to move for this long.
const PROMPTED: Duration = Duration::from_secs(15);
/// Counts and task lists show the same move one after the other.
const ONE_MOVE: Duration = Duration::from_secs(5);
/// A move this long after the last one is a surprise again.
const RESTLESS: Duration = Duration::from_secs(60);
/// After this many moves by itself the next one is no surprise.
const MOVES: u32 = 3;

/// Degree of surprise, from none to full. A change that a service makes again and again by itself, such
/// as a crash loop, surprises less each time: otherwise skep would ask for ever as much as it does for a
/// while after an event.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(in crate::session) struct Surprise(pub f64);

impl Surprise {
    pub const NONE: Self = Self(0.0);
    pub const FULL: Self = Self(1.0);

    fn or(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

/// Fingerprint of each service in the last list.
#[derive(Debug, Default)]
pub(in crate::session) struct HotServices {
    known: HashMap<ServiceId, KnownService>,
    watched: Vec<ServiceId>,
    turn: usize,
}

#[derive(Debug)]
struct KnownService {
    version: u64,
    running: u64,
    desired: u64,
    completed: u64,
    settled: bool,
    updating: bool,
    changed: Option<Instant>,
    /// When someone last changed it.
    prompted: Option<Instant>,
    /// Fingerprint of its tasks when they were last read.
    print: Option<u64>,
    /// Number of its recent moves by itself, and the start of the last one.
    moves: (u32, Option<Instant>),
}

impl KnownService {
    fn of(service: &Service, prompted: Option<Instant>) -> Self {
        let counts = service.counts.unwrap_or_default();
        let settled =
            counts.running == counts.desired || service.mode.is_job() && counts.running == 0;
        let updating = service.is_updating();
        Self {
            version: service.version,
            running: counts.running,
            desired: counts.desired,
            completed: counts.completed,
            settled: settled && !updating,
            updating,
            changed: prompted,
            prompted,
            print: None,
            moves: (0, None),
        }
    }

    /// Notes that it changed.
    fn moved(&mut self, now: Instant) -> Surprise {
        self.changed = Some(now);
        let recent = |at: Option<Instant>, within| at.is_some_and(|at| now - at < within);
        if self.updating || recent(self.prompted, PROMPTED) {
            self.moves = (0, None);
            return Surprise::FULL;
        }
        if !recent(self.moves.1, ONE_MOVE) {
            let before = if recent(self.moves.1, RESTLESS) { self.moves.0 } else { 0 };
            self.moves = (before + 1, Some(now));
        }
        let before = (self.moves.0 - 1).min(MOVES);
        Surprise(1.0 - f64::from(before) / f64::from(MOVES))
    }
}

impl HotServices {
    /// Services that the UI shows or follows.
    pub fn watch(&mut self, services: Vec<ServiceId>) {
        self.watched = services;
    }

    /// Takes a service list in: how much of a surprise what is new in it is.
    pub fn take(&mut self, services: &[Arc<Service>], now: Instant) -> Surprise {
        let first = self.known.is_empty();
        let present: HashSet<&ServiceId> = services.iter().map(|s| &s.id).collect();
        let before = self.known.len();
        self.known.retain(|id, _| present.contains(id));
        let mut surprise = if self.known.len() == before { Surprise::NONE } else { Surprise::FULL };
        for service in services {
            let Some(known) = self.known.get_mut(&service.id) else {
                let since = (!first).then_some(now);
                self.known.insert(service.id.clone(), KnownService::of(service, since));
                surprise = if first { surprise } else { Surprise::FULL };
                continue;
            };
            let fresh = KnownService::of(service, None);
            let is_same =
                |counts: fn(&KnownService) -> (u64, u64, u64)| counts(known) == counts(&fresh);
            let same_spec = known.version == fresh.version;
            let same = same_spec && is_same(|k| (k.running, k.desired, k.completed));
            let KnownService { changed, prompted, print, moves, .. } = *known;
            *known = KnownService { changed, prompted, print, moves, ..fresh };
            if !same_spec {
                known.prompted = Some(now);
            }
            if !same {
                surprise = surprise.or(known.moved(now));
            }
        }
        surprise
    }

    /// Takes in what was told of services' tasks, each with a fingerprint: how much of a surprise it is.
    pub fn told(&mut self, prints: &[(ServiceId, u64)], now: Instant) -> Surprise {
        let mut surprise = Surprise::NONE;
        for (id, print) in prints {
            let Some(known) = self.known.get_mut(id) else { continue };
            if known.print.replace(*print).is_some_and(|before| before != *print) {
                surprise = surprise.or(known.moved(now));
            }
        }
        surprise
    }

    /// An event named this service.
    pub fn touch(&mut self, id: &ServiceId, now: Instant) {
        if let Some(known) = self.known.get_mut(id) {
            (known.changed, known.prompted) = (Some(now), Some(now));
        }
    }

    /// A node changed: any service may have lost a task.
    pub fn touch_all(&mut self, now: Instant) {
        for known in self.known.values_mut() {
            (known.changed, known.prompted) = (Some(now), Some(now));
        }
    }

    /// The services on the screen that exist.
    pub fn in_view(&self) -> Vec<ServiceId> {
        self.watched.iter().filter(|id| self.known.contains_key(*id)).take(BATCH).cloned().collect()
    }

    /// The others that are unsettled or just changed, if they are so few that they can be asked for with
    /// those in view.
    pub fn few_hot(&self, now: Instant) -> Option<Vec<ServiceId>> {
        let hot = self.all_hot(now);
        (hot.len() <= FEW).then(|| hot.into_iter().cloned().collect())
    }

    fn all_hot(&self, now: Instant) -> Vec<&ServiceId> {
        let is_hot = |id: &ServiceId, k: &KnownService| {
            let recent = k.changed.is_some_and(|at| now.duration_since(at) < HOT);
            (recent || !k.settled) && !self.watched.contains(id)
        };
        self.known.iter().filter(|(id, k)| is_hot(id, k)).map(|(id, _)| id).collect()
    }

    /// The same, at most a batch, in turns.
    pub fn hot(&mut self, now: Instant) -> Vec<ServiceId> {
        let mut hot = self.all_hot(now);
        if hot.len() <= BATCH {
            return hot.into_iter().cloned().collect();
        }
        hot.sort();
        let begin = self.turn % hot.len();
        let batch = hot.iter().cycle().skip(begin).take(BATCH).map(|id| (*id).clone()).collect();
        self.turn = begin + BATCH;
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(services: &mut HotServices, print: u64, at: Instant) -> f64 {
        services.told(&[(ServiceId::from("web"), print)], at).0
    }

    fn list(version: u64, running: u64) -> Vec<Arc<Service>> {
        let json = format!(
            r#"[{{"ID":"web","Version":{{"Index":{version}}},"Spec":{{"Name":"web"}},"ServiceStatus":{{"RunningTasks":{running},"DesiredTasks":2}}}}]"#
        );
        crate::engine::ServiceReader::default().read(json.as_bytes()).unwrap().items
    }

    #[test]
    fn a_task_that_crashes_in_a_loop_surprises_less_each_time() {
        let mut services = HotServices::default();
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(services.take(&list(1, 2), at(0)).0, 0.0, "what there is at first is no news");
        assert_eq!(told(&mut services, 1, at(1)), 0.0);
        assert_eq!(services.take(&list(1, 1), at(20)).0, 1.0);
        assert_eq!(told(&mut services, 2, at(21)), 1.0, "the same crash");
        assert!(told(&mut services, 3, at(26)) < 0.7);
        assert!(told(&mut services, 4, at(32)) < 0.4);
        for more in 0..20 {
            assert_eq!(told(&mut services, 5 + more, at(38 + more * 6)), 0.0);
        }
        assert_eq!(told(&mut services, 99, at(400)), 1.0, "after a rest it is one again");
    }

    #[test]
    fn what_someone_changed_is_watched_closely() {
        let mut services = HotServices::default();
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        services.take(&list(1, 2), at(0));
        for more in 0..9 {
            told(&mut services, more, at(10 + more * 6));
        }
        assert_eq!(services.take(&list(2, 2), at(70)).0, 1.0);
        assert_eq!(told(&mut services, 50, at(80)), 1.0);
        services.touch(&ServiceId::from("web"), at(90));
        assert_eq!(told(&mut services, 51, at(100)), 1.0);
    }

    /// Services that are as they should be, and those that are not.
    fn many(settled: usize, unsettled: usize) -> Vec<Arc<Service>> {
        let one = |(i, running)| {
            format!(
                r#"{{"ID":"s{i:03}","Version":{{"Index":1}},"Spec":{{"Name":"s{i}"}},"ServiceStatus":{{"RunningTasks":{running},"DesiredTasks":1}}}}"#
            )
        };
        let all =
            (0..settled).map(|i| (i, 1)).chain((settled..settled + unsettled).map(|i| (i, 0)));
        let json = format!("[{}]", all.map(one).collect::<Vec<_>>().join(","));
        crate::engine::ServiceReader::default().read(json.as_bytes()).unwrap().items
    }

    fn named(names: &[&str]) -> Vec<ServiceId> {
        names.iter().map(|name| ServiceId::from(*name)).collect()
    }

    #[test]
    fn a_service_is_hot_while_it_is_unsettled_and_a_while_after_a_change() {
        let mut services = HotServices::default();
        let start = Instant::now();
        services.take(&many(2, 1), start);
        assert_eq!(services.hot(start), named(&["s002"]), "what is as it should be is not");
        services.touch(&ServiceId::from("s000"), start);
        let mut hot = services.hot(start + HOT - Duration::from_millis(1));
        hot.sort();
        assert_eq!(hot, named(&["s000", "s002"]));
        assert_eq!(services.hot(start + HOT), named(&["s002"]));
        services.touch_all(start + HOT);
        assert_eq!(services.hot(start + HOT).len(), 3);
        // The one that is shown is read for that.
        services.watch(named(&["s002", "gone"]));
        assert_eq!(services.in_view(), named(&["s002"]));
        assert_eq!(services.hot(start + HOT * 2), named(&[]));
        assert_eq!(services.take(&many(2, 0), start).0, 1.0, "one that went is a surprise");
        assert_eq!(services.in_view(), named(&[]));
        assert_eq!(services.take(&many(3, 0), start).0, 1.0, "one that came is as well");
        assert_eq!(services.take(&many(3, 0), start).0, 0.0);
    }

    #[test]
    fn of_many_hot_services_each_has_its_turn() {
        let mut services = HotServices::default();
        let now = Instant::now();
        services.take(&many(0, FEW), now);
        assert_eq!(services.few_hot(now).map(|few| few.len()), Some(FEW));
        services.take(&many(0, FEW + 1), now);
        assert_eq!(services.few_hot(now), None);
        services.take(&many(0, BATCH), now);
        assert_eq!(services.hot(now).len(), BATCH);
        let all = BATCH * 2 + 7;
        services.take(&many(0, all), now);
        let mut turns = HashSet::new();
        for turn in 1..=3 {
            let batch = services.hot(now);
            assert_eq!(batch.len(), BATCH);
            turns.extend(batch);
            assert_eq!(turns.len(), (turn * BATCH).min(all), "turn {turn}");
        }
        services.watch(many(0, all).iter().map(|service| service.id.clone()).collect());
        assert_eq!(services.in_view().len(), BATCH);
    }

    #[test]
    fn an_update_is_watched_to_its_end_and_a_job_while_it_runs() {
        let one = |rest: &str| {
            let json = format!(r#"[{{"ID":"web","Version":{{"Index":1}},{rest}}}]"#);
            crate::engine::ServiceReader::default().read(json.as_bytes()).unwrap().items
        };
        let (mut services, start) = (HotServices::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        let updating = r#""Spec":{"Name":"web"},"UpdateStatus":{"State":"updating"},
            "ServiceStatus":{"RunningTasks":1,"DesiredTasks":1}"#;
        services.take(&one(updating), start);
        assert_eq!(services.hot(at(60)), named(&["web"]), "its counts are right all the time");
        for more in 0..20 {
            told(&mut services, more, at(100 + more * 6));
        }
        assert_eq!(told(&mut services, 99, at(220)), 1.0, "each move is a surprise");

        let job = |running, completed| {
            one(&format!(
                r#""Spec":{{"Name":"web","Mode":{{"ReplicatedJob":{{"TotalCompletions":3}}}}}},
                "ServiceStatus":{{"RunningTasks":{running},"DesiredTasks":1,"CompletedTasks":{completed}}}"#
            ))
        };
        let mut services = HotServices::default();
        services.take(&job(0, 3), start);
        assert_eq!(services.hot(at(60)), named(&[]), "it is over");
        assert_eq!(services.take(&job(0, 2), at(60)).0, 1.0, "it runs again");
    }
}
