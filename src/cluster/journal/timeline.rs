//! Reading the journal as a time line: failures a minute, and which change led to which of them.

use std::collections::HashMap;

use crate::cluster::{Entry, Journal, Meaning, ServiceId, Subject, Timestamp};

/// A failure within this time after a change may be its consequence.
const CONSEQUENCE: i64 = 10 * 60 * 1_000_000_000;

/// Consequence of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Failures of the same service until the next change, or for ten minutes.
    pub failures: u32,
    /// When the first of them was.
    pub first: Timestamp,
}

/// Consequences of each change, by the entry's number.
pub fn consequences(journal: &Journal) -> HashMap<u64, Consequence> {
    let mut last: HashMap<&ServiceId, &Entry> = HashMap::new();
    let mut consequences: HashMap<u64, Consequence> = HashMap::new();
    for entry in journal.iter() {
        match (entry.meaning, &entry.subject) {
            (Meaning::Change, Subject::Service(id)) => {
                last.insert(id, entry);
            }
            (Meaning::Failure, Subject::Task(_, service)) => {
                let Some(cause) = last.get(service) else { continue };
                if cause.at.until(entry.at) > CONSEQUENCE {
                    continue;
                }
                let effect = consequences
                    .entry(cause.seq)
                    .or_insert(Consequence { failures: 0, first: entry.at });
                effect.failures += 1;
            }
            _ => {}
        }
    }
    consequences
}

/// Failures between two instants, in `parts` equal parts.
pub fn failures(journal: &Journal, from: Timestamp, to: Timestamp, parts: usize) -> Vec<u32> {
    let mut counts = vec![0; parts];
    let span = i128::from(to.nanos()) - i128::from(from.nanos());
    if parts == 0 || span <= 0 {
        return counts;
    }
    for entry in journal.iter().rev() {
        if entry.meaning != Meaning::Failure || entry.at < from || entry.at > to {
            continue;
        }
        let at = (i128::from(entry.at.nanos()) - i128::from(from.nanos())) * parts as i128 / span;
        let at = usize::try_from(at).unwrap_or(0).min(parts - 1);
        counts[at] += 1;
    }
    counts
}
