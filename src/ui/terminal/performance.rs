//! The performance of skep itself: frames, turns of its loop, memory.

use std::{collections::VecDeque, time::Duration};

/// Frames and turns remembered.
const REMEMBERED: usize = 512;

/// Measured by the loop, shown by `:stats`.
#[derive(Clone, Debug, Default)]
pub struct Performance {
    /// Frames drawn, and bytes they sent to the terminal.
    pub frames: u64,
    pub bytes: u64,
    /// Frames that waited because the terminal was still busy with the last.
    pub held: u64,
    /// Between frames for data now.
    pub between: Duration,
    /// Drawing times of the last frames.
    pub drawing: Durations,
    /// Durations for applying events.
    pub applying: Durations,
    /// Durations of the last turns of the loop: a key waits for at most one.
    pub turns: Durations,
    /// Number of events applied.
    pub told: u64,
    /// Resident memory, bytes.
    pub memory: u64,
}

/// The last durations of something.
#[derive(Clone, Debug, Default)]
pub struct Durations(VecDeque<Duration>);

impl Durations {
    /// Adds one.
    pub fn push(&mut self, time: Duration) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(time);
    }

    /// The median, the 99th percentile, and the worst.
    pub fn figures(&self) -> [Duration; 3] {
        let mut sorted: Vec<_> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let at = |part: usize| sorted.get((sorted.len() * part / 100).min(sorted.len().max(1) - 1));
        [50, 99, 100].map(|part| at(part).copied().unwrap_or_default())
    }
}

/// Resident memory of this process, where the system tells.
pub fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
