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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_twice_as_long_each_time_up_to_a_limit_and_never_quite_as_others_do() {
        let mut backoff = Backoff::default();
        let mut wanted = FIRST;
        let mut waits = Vec::new();
        for _ in 0..40 {
            let wait = backoff.wait();
            assert!(wait >= wanted.mul_f64(0.75) && wait <= wanted.mul_f64(1.25), "{wait:?}");
            waits.push(wait);
            wanted = (wanted * 2).min(LONGEST);
        }
        waits.drain(..10);
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 10, "not all at once");
    }
}
