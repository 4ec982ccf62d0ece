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

/// Fingerprint of each service in the last list.
#[derive(Debug, Default)]
pub(in crate::session) struct HotServices {
    known: HashMap<ServiceId, Known>,
    watched: Vec<ServiceId>,
    turn: usize,
}

#[derive(Debug)]
struct Known {
    version: u64,
    running: u64,
    desired: u64,
    completed: u64,
    settled: bool,
    changed: Option<Instant>,
}

impl HotServices {
    /// Services that the UI shows or follows.
    pub fn watch(&mut self, services: Vec<ServiceId>) {
        self.watched = services;
    }

    /// Takes a service list in; true if some service is new or changed.
    pub fn take(&mut self, services: &[Arc<Service>], now: Instant) -> bool {
        let mut changed = false;
        let first = self.known.is_empty();
        let present: HashSet<&ServiceId> = services.iter().map(|s| &s.id).collect();
        let before = self.known.len();
        self.known.retain(|id, _| present.contains(id));
        changed |= self.known.len() != before;
        for service in services {
            let counts = service.counts.unwrap_or_default();
            let settled = (counts.running == counts.desired
                || service.mode.is_job() && counts.running == 0)
                && !service.is_updating();
            let fresh = Known {
                version: service.version,
                running: counts.running,
                desired: counts.desired,
                completed: counts.completed,
                settled,
                changed: None,
            };
            match self.known.get_mut(&service.id) {
                None => {
                    let since = (!first).then_some(now);
                    changed |= !first;
                    self.known.insert(service.id.clone(), Known { changed: since, ..fresh });
                }
                Some(known) => {
                    let same = (known.version, known.running, known.desired, known.completed)
                        == (fresh.version, fresh.running, fresh.desired, fresh.completed);
                    let since = if same { known.changed } else { Some(now) };
                    changed |= !same;
                    *known = Known { changed: since, ..fresh };
                }
            }
        }
        changed
    }

    /// An event named this service.
    pub fn touch(&mut self, id: &ServiceId, now: Instant) {
        if let Some(known) = self.known.get_mut(id) {
            known.changed = Some(now);
        }
    }

    /// A node changed: any service may have lost a task.
    pub fn touch_all(&mut self, now: Instant) {
        for known in self.known.values_mut() {
            known.changed = Some(now);
        }
    }

    /// The services on the screen that exist.
    pub fn in_view(&self) -> Vec<ServiceId> {
        self.watched.iter().filter(|id| self.known.contains_key(*id)).take(BATCH).cloned().collect()
    }

    /// The others that are unsettled or just changed, at most a batch, in turns.
    pub fn hot(&mut self, now: Instant) -> Vec<ServiceId> {
        let mut hot: Vec<&ServiceId> = self
            .known
            .iter()
            .filter(|(id, k)| {
                let recent = k.changed.is_some_and(|at| now.duration_since(at) < HOT);
                (recent || !k.settled) && !self.watched.contains(id)
            })
            .map(|(id, _)| id)
            .collect();
        if hot.len() <= BATCH {
            return hot.into_iter().cloned().collect();
        }
        hot.sort();
        let begin = self.turn % hot.len();
        self.turn = begin + BATCH;
        hot.iter().cycle().skip(begin).take(BATCH).map(|id| (*id).clone()).collect()
    }
}
