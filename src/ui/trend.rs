//! The last hour by minutes: what ran, and what failed.

use std::collections::VecDeque;

use crate::cluster::{Journal, Meaning, Store, Timestamp};

/// Minutes that are kept.
pub const MINUTES: usize = 60;

/// What ran, a value a minute, the newest last.
#[derive(Debug, Default)]
pub struct Trend {
    running: VecDeque<(i64, u64)>,
}

fn minute(at: Timestamp) -> i64 {
    at.0.div_euclid(60_000_000_000)
}

impl Trend {
    /// Notes what runs now; a minute keeps its lowest.
    pub fn note(&mut self, store: &Store, now: Timestamp) {
        if !store.tasks_known() {
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
    let mut counts = vec![0; minutes];
    let this = minute(now);
    for entry in journal.iter().rev() {
        let ago = this - minute(entry.at);
        // Lists name tasks in no order: some are a little out of it.
        if ago > minutes as i64 + 1 {
            break;
        }
        if entry.meaning == Meaning::Failure
            && let Some(count) = usize::try_from(ago)
                .ok()
                .and_then(|ago| counts.len().checked_sub(ago + 1))
                .and_then(|at| counts.get_mut(at))
        {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Entry, Gravity, Subject};

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
        };
        let mut journal = Journal::default();
        journal.recall(vec![entry(30), entry(3_540), entry(3_541), entry(3_605)]);
        let counts = failures(&journal, Timestamp::from_secs(3_610), 3);
        assert_eq!(counts, [0, 2, 1]);
    }
}
