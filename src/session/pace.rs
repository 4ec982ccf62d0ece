//! How often each kind of request may be made: as often as wished, unless that would cost the
//! manager more than its share.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The share of the manager's time skep may use, all requests together.
pub(super) const BUDGET: f64 = 0.05;

/// The pace of one kind of request.
#[derive(Debug)]
pub(super) struct Pace {
    /// As often as is of use.
    wish: Duration,
    /// At least so often, whatever it costs: a manager that is slow in an outage must not make skep
    /// look away.
    longest: Duration,
    /// This kind's part of the budget.
    share: f64,
    /// What the last requests cost.
    costs: VecDeque<Duration>,
    due: Instant,
    running: bool,
    /// Something happened while one was under way: its answer may be older than that.
    again: bool,
    /// When one was last brought forward: haste has an allowance of its own, or what is asked
    /// regularly up to the budget would leave nothing for what just happened.
    hastened: Option<Instant>,
}

/// Costs remembered: the least of them counts, since waiting for a busy manager is no cost to it.
const REMEMBERED: usize = 5;

impl Pace {
    /// `part` of the whole budget, due at once.
    pub fn new(wish: Duration, longest: Duration, part: f64, now: Instant) -> Self {
        let costs = VecDeque::with_capacity(REMEMBERED);
        // Half for the rhythm, half for haste.
        let share = BUDGET * part / 2.0;
        Self { wish, longest, share, costs, due: now, running: false, again: false, hastened: None }
    }

    /// Whether one should be sent now.
    pub fn is_due(&self, now: Instant) -> bool {
        !self.running && now >= self.due
    }

    /// When the next is due; `None` while one is under way.
    pub fn due(&self) -> Option<Instant> {
        (!self.running).then_some(self.due)
    }

    /// Whether one is under way.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// One was sent.
    pub fn sent(&mut self) {
        self.running = true;
    }

    /// It came back after `cost` of the manager's time.
    pub fn done(&mut self, cost: Duration, now: Instant) {
        self.running = false;
        // Nothing to ask for cost nothing, and says nothing of the next time.
        if !cost.is_zero() {
            if self.costs.len() == REMEMBERED {
                self.costs.pop_front();
            }
            self.costs.push_back(cost);
        }
        self.due = now + self.interval();
        if std::mem::take(&mut self.again) {
            self.hurry(now);
        }
    }

    /// Something happened: at once, unless it was at once a moment ago.
    pub fn hurry(&mut self, now: Instant) {
        if self.running {
            self.again = true;
            return;
        }
        let at = self.hastened.map_or(now, |last| (last + self.affordable()).max(now));
        if at < self.due {
            self.due = at;
            self.hastened = Some(at);
        }
    }

    /// Wishes another rhythm from now on.
    pub fn wish(&mut self, wish: Duration, now: Instant) {
        if wish < self.wish {
            self.due = self.due.min(now + wish.max(self.affordable()));
        }
        self.wish = wish;
    }

    fn affordable(&self) -> Duration {
        let cost = self.costs.iter().min().copied().unwrap_or_default();
        cost.div_f64(self.share).min(self.longest)
    }

    fn interval(&self) -> Duration {
        self.wish.max(self.affordable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_dear_request_is_made_seldom() {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::from_secs(1), HOUR, 0.5, now);
        pace.sent();
        assert!(!pace.is_due(now));
        pace.done(Duration::from_millis(1), now);
        assert_eq!(pace.due(), Some(now + Duration::from_secs(1)));
        for _ in 0..50 {
            pace.sent();
            pace.done(Duration::from_secs(1), now);
        }
        let seldom = Some(now + Duration::from_secs(78));
        assert!(pace.due() > seldom, "1 s of work at 1.25 % is every 80 s");
        pace.hurry(now);
        assert_eq!(pace.due(), Some(now), "what just happened is looked at, however dear");
        pace.sent();
        pace.done(Duration::from_secs(1), now);
        pace.hurry(now);
        assert!(pace.due() > seldom, "but haste does not break the budget");
    }

    #[test]
    fn one_slow_answer_changes_little_and_none_makes_it_look_away() {
        let now = Instant::now();
        let longest = Duration::from_secs(10);
        let mut pace = Pace::new(Duration::from_secs(1), longest, 0.5, now);
        for ms in [1, 1, 5_000] {
            pace.sent();
            pace.done(Duration::from_millis(ms), now);
        }
        assert_eq!(pace.due(), Some(now + Duration::from_secs(1)));
        for _ in 0..10 {
            pace.sent();
            pace.done(Duration::from_secs(9), now);
        }
        assert_eq!(pace.due(), Some(now + longest));
    }

    #[test]
    fn haste_brings_a_cheap_request_forward() {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::from_secs(30), HOUR, 0.5, now);
        pace.sent();
        pace.done(Duration::from_millis(2), now);
        pace.hurry(now);
        assert_eq!(pace.due(), Some(now));
        pace.sent();
        pace.done(Duration::from_millis(2), now);
        pace.hurry(now);
        assert_eq!(pace.due(), Some(now + Duration::from_millis(160)));
    }

    #[test]
    fn what_happens_during_a_request_is_asked_for_after_it() {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::from_secs(30), HOUR, 0.5, now);
        pace.sent();
        pace.hurry(now);
        pace.done(Duration::from_millis(2), now);
        assert_eq!(pace.due(), Some(now));
    }
}
