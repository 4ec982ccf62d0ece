//! Delay before the next attempt.

use std::time::Duration;

/// Doubles from a quarter of a second to ten, with jitter so that many skeps don't come back at once.
#[derive(Debug)]
pub(in crate::session) struct Backoff {
    next: Duration,
}

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The delay before the next attempt.
    pub fn wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait.mul_f64(0.75 + 0.5 * fastrand::f64())
    }
}
