//! The pace of the requests: faster when something happens, slower while nothing does.

use std::time::{Duration, Instant};

use super::Watch;
use crate::{
    cluster::Part,
    engine::Price,
    session::watch::{
        budget::{Budget, CALM, Pace, Rhythm, share_out},
        hot_services::Surprise,
        refusals::Refusals,
        usage::RequestKind,
    },
};

/// A rhythm: busy and calm in milliseconds, longest in seconds, and its weight.
const fn rhythm(busy: u64, calm: u64, longest: u64, weight: f64) -> Rhythm {
    Rhythm {
        busy: Duration::from_millis(busy),
        calm: Duration::from_millis(calm),
        longest: Duration::from_secs(longest),
        weight,
    }
}

pub(super) const PULSE: Rhythm = rhythm(800, 6_000, 60, 0.25);
const ROLL: Rhythm = rhythm(2_000, 15_000, 60, 0.05);
const NODES: Rhythm = rhythm(3_000, 30_000, 60, 0.1);
const IN_VIEW: Rhythm = rhythm(700, 5_000, 20, 0.25);
const HOT: Rhythm = rhythm(900, 10_000, 30, 0.15);
const SWEEP: Rhythm = rhythm(10_000, 120_000, 900, 0.2);
/// Events tell of their changes. What is lost of those is found while the Swarm moves anyway; in a calm
/// one they are not asked for. However dear a list is, the next event is not heard more than two seconds
/// before it is read.
const OBJECTS: Rhythm = rhythm(60_000, 86_400_000, 2, 0.1);

/// The rhythms, in the order of [`RequestKind::ALL`].
pub(super) const RHYTHMS: [Rhythm; RequestKind::ALL.len()] =
    [PULSE, ROLL, NODES, IN_VIEW, HOT, SWEEP, OBJECTS, OBJECTS, OBJECTS];

/// After a key press, what is in view is read often for this long.
const ATTENTION: Duration = Duration::from_secs(30);

/// `watch -n2 docker service ls` reads the services as often, with two requests.
const WATCH: f64 = 2.0;
/// The part of its cost that skep may have while nobody does anything. What is read at the start comes
/// on top, and less than it in every minute is wanted.
const BELOW_WATCH: f64 = 0.7;

impl Watch {
    pub(super) fn pace(&mut self, kind: RequestKind) -> &mut Pace {
        &mut self.paces[kind as usize]
    }

    pub(super) fn hurry(&mut self, kinds: &[RequestKind], now: Instant) {
        for kind in kinds {
            // Events tell of changes of all others; tasks are too many to be asked for so often.
            if Refusals::part(*kind) != Some(Part::Tasks) {
                self.refused.hurry(*kind);
            }
            self.pace(*kind).hurry(now);
        }
    }

    /// Accounts for an answer, and shares the budget out anew.
    pub(super) fn paid(&mut self, kind: RequestKind, price: Price, now: Instant) {
        if price.time.is_zero() {
            // None came: that tells nothing of what one costs, nor of the link.
            return self.pace(kind).skip(now);
        }
        self.quickest = self.quickest.min(price.time);
        // A little of it is always the manager's.
        let time = (price.time.saturating_sub(self.quickest)).max(price.time / 8);
        let price = Price { time, ..price };
        self.meter.add(kind, price);
        self.pace(kind).done(price, now);
        if kind == RequestKind::Pulse {
            self.counted = price.bytes;
        }
        self.share_out(now);
    }

    /// Whether someone pressed a key a moment ago.
    pub(super) fn is_attended(&self, now: Instant) -> bool {
        self.attended.is_some_and(|at| now.duration_since(at) < ATTENTION)
    }

    /// Divides the budget. While nobody presses a key and nobody changes anything, it is less than what
    /// people run to watch a Swarm: neither tasks that fail over and over nor those that wait may cost more.
    pub(super) fn share_out(&mut self, now: Instant) {
        let is_asked =
            self.is_attended(now) || self.prompted.is_some_and(|at| now.duration_since(at) < CALM);
        let watch = self.counted as f64 / WATCH * BELOW_WATCH;
        let (rate, least) = if is_asked || self.counted == 0 {
            (self.budget.rate, 0)
        } else {
            (self.budget.rate.min(watch), self.counted / 2)
        };
        let before = std::mem::replace(&mut self.rate, rate);
        let anew = (rate > before * 2.0 || rate < before / 2.0).then_some(now);
        let mut paces: Vec<&mut Pace> = self.paces.iter_mut().collect();
        share_out(Budget { rate, ..self.budget }, least, &mut paces, anew);
    }

    /// Reads everything more often for a while after an event: the less surprising it was, the shorter.
    pub(super) fn stir(&mut self, surprise: Surprise, now: Instant) {
        if let Some(since) = now.checked_sub(CALM.mul_f64(1.0 - surprise.0)) {
            self.stirred = self.stirred.max(since);
        }
        self.rest(now);
    }

    /// Reads lists the less often the longer nothing happens.
    pub(super) fn rest(&mut self, now: Instant) {
        let quiet = now.duration_since(self.stirred);
        for pace in &mut self.paces {
            pace.rest(quiet, now);
        }
        if self.is_attended(now) {
            self.pace(RequestKind::InView).rest(Duration::ZERO, now);
        }
        if self.feed.is_refused() {
            // Nothing else tells of them.
            for kind in [RequestKind::Nodes].into_iter().chain(RequestKind::OBJECTS) {
                self.pace(kind).rest(Duration::ZERO, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::watch::budget::Budget;

    /// However dear the list is and however many events come; and without any it is not asked for.
    #[test]
    fn networks_secrets_and_configs_are_read_soon_after_an_event_and_not_without_one() {
        let mut now = Instant::now();
        let mut pace = Pace::new(OBJECTS, Budget::default(), now);
        let price = Price { time: Duration::from_millis(500), ..Price::default() };
        for _ in 0..10 {
            pace.sent(now);
            pace.done(price, now);
            pace.hurry(now);
            let due = pace.due().expect("none is under way");
            assert!(due <= now + Duration::from_secs(2), "{:?}", due - now);
            now = due;
        }
        pace.rest(CALM, now);
        pace.sent(now);
        pace.done(price, now);
        let due = pace.due().expect("none is under way");
        assert!(due >= now + Duration::from_secs(3_600), "{:?}", due - now);
    }
}
