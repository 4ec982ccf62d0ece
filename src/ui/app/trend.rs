//! The last hour by minutes: what ran, and what failed.

use std::collections::VecDeque;

use crate::cluster::{self, Journal, Store, Timestamp};

/// Minutes that are kept.
pub const MINUTES: usize = 60;

/// Number of running tasks, a value per minute, the newest last.
#[derive(Debug, Default)]
pub struct Trend {
    running: VecDeque<(i64, u64)>,
}

fn minute(at: Timestamp) -> i64 {
    at.nanos().div_euclid(60_000_000_000)
}

impl Trend {
    /// Notes what runs now; a minute keeps its lowest.
    pub fn note(&mut self, store: &Store, now: Timestamp) {
        if !store.is_loaded() {
            return;
        }
        let running = store.health().running;
        match self.running.back_mut() {
            Some((at, lowest)) if *at == minute(now) => *lowest = running.min(*lowest),
            _ => self.running.push_back((minute(now), running)),
        }
        while self.running.len() > MINUTES {
            self.running.pop_front();
        }
    }

    /// Tasks that ran, a value a minute.
    pub fn running(&self) -> Vec<u64> {
        self.running.iter().map(|(_, running)| *running).collect()
    }
}

/// Tasks that failed in each of the last minutes, the newest last.
pub fn failures(journal: &Journal, now: Timestamp, minutes: usize) -> Vec<u64> {
    let since = now.shifted(-60_000_000_000 * i64::try_from(minutes).unwrap_or(0));
    cluster::failures(journal, since, now, minutes).into_iter().map(u64::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Entry, Gravity, Meaning, Subject};

    #[test]
    fn failures_are_counted_by_the_minute() {
        let entry = |secs: i64| Entry {
            seq: 0,
            kept: true,
            at: Timestamp::from_secs(secs),
            kind: "task".into(),
            name: "web.1".into(),
            text: "→ failed".into(),
            subject: Subject::Task(format!("t{secs}").as_str().into(), "web".into()),
            gravity: Gravity::Bad,
            meaning: Meaning::Failure,
            who: None,
        };
        let mut journal = Journal::default();
        journal.recall(vec![entry(30), entry(3_540), entry(3_541), entry(3_605)]);
        let counts = failures(&journal, Timestamp::from_secs(3_610), 3);
        assert_eq!(counts, [0, 2, 1]);
    }
}
