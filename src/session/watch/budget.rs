//! Limits the rate of each kind of request: as often as wished, unless that would cost the manager, or
//! the link, more than its share.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{connect::Endpoint, engine::Price};

/// Limits of the load that skep causes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The share of the manager's time skep may use, all requests together.
    pub share: f64,
    /// Bytes of answers a second, in the long run.
    pub rate: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::SHARE, false)
    }
}

impl Budget {
    /// The budget that the user chose: a share of time, and less traffic for a slow link.
    pub fn new(share: f64, low_bandwidth: bool) -> Self {
        Self { share, rate: if low_bandwidth { Self::LOW_RATE } else { Self::RATE } }
    }

    /// The budget for an endpoint: a local socket has no link to spare.
    pub(in crate::session) fn over(self, endpoint: &Endpoint) -> Self {
        let spare = self.rate < Self::RATE || !matches!(endpoint, Endpoint::Unix(_));
        Self { rate: if spare { self.rate } else { f64::INFINITY }, ..self }
    }

    /// Default share of the manager's time.
    pub const SHARE: f64 = 0.05;
    /// Limit over a network.
    pub const RATE: f64 = 128.0 * 1024.0;
    /// Limit with `--low-bandwidth`.
    pub const LOW_RATE: f64 = 6.0 * 1024.0;
}

/// Intervals and weight of a kind of request.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Rhythm {
    /// While something happens.
    pub busy: Duration,
    /// When nothing has happened for a while.
    pub calm: Duration,
    /// The longest interval, whatever it costs: skep must keep watching a manager that is slow in
    /// an outage.
    pub longest: Duration,
    /// Its weight when the budget is too small for all.
    pub weight: f64,
}

/// The pace of one kind of request.
///
/// It pays for what it uses: each answer moves [`Pace::paid`] on by as long as its price buys at
/// the kind's share. What is asked regularly waits for that. Haste may go ahead of it by one request:
/// what just happened is looked at at once, and the rhythm waits the longer for it.
#[derive(Debug)]
pub(in crate::session) struct Pace {
    rhythm: Rhythm,
    request: Duration,
    /// Limit in bytes per second, and the bytes that the least answer counts as.
    rate: f64,
    least: u64,
    share: f64,
    /// Costs of the last requests.
    prices: VecDeque<Price>,
    due: Instant,
    paid: Instant,
    sent: Option<Instant>,
    last_sent: Instant,
    /// Something happened while a request was under way: its answer may be older than that.
    again: bool,
}

/// Time without a change after which a Swarm counts as calm.
pub(in crate::session) const CALM: Duration = Duration::from_secs(20);

/// Prices remembered: the least of them counts, since waiting for a busy manager is no cost to it.
const REMEMBERED: usize = 5;
/// Whoever opens a view waits for nothing, but a key held down must not ask for each row it passes.
const BETWEEN_VIEWS: Duration = Duration::from_millis(150);

impl Pace {
    /// A request that is due at once.
    pub fn new(rhythm: Rhythm, budget: Budget, now: Instant) -> Self {
        Self {
            rhythm,
            request: rhythm.busy,
            rate: budget.rate * rhythm.weight,
            least: 0,
            share: budget.share * rhythm.weight,
            prices: VecDeque::with_capacity(REMEMBERED),
            due: now,
            paid: now,
            sent: None,
            last_sent: now,
            again: false,
        }
    }

    /// Whether one should be sent now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.sent.is_none() && now >= self.due
    }

    /// Whether one is due before half of the other's interval is over.
    pub fn is_due_with(&self, other: &Self, now: Instant) -> bool {
        self.is_due(now + other.request / 2)
    }

    /// When the next is due; `None` while one is under way.
    pub fn due(&self) -> Option<Instant> {
        self.sent.is_none().then_some(self.due)
    }

    /// Whether one is under way.
    pub fn is_running(&self) -> bool {
        self.sent.is_some()
    }

    /// Notes that a request was sent.
    pub fn sent(&mut self, now: Instant) {
        self.sent = Some(now);
        self.last_sent = now;
    }

    /// Notes that the answer arrived.
    pub fn done(&mut self, price: Price, now: Instant) {
        self.sent = None;
        // Nothing to ask for cost nothing, and says nothing of the next time.
        if !price.time.is_zero() {
            if self.prices.len() == REMEMBERED {
                self.prices.pop_front();
            }
            self.prices.push_back(price);
            self.paid = (self.paid.max(now) + self.worth()).min(now + self.rhythm.longest);
        }
        self.due = (now + self.request).max(self.paid);
        if std::mem::take(&mut self.again) {
            self.hurry(now);
        }
    }

    /// Notes that there was nothing to ask for, or that another request answered it.
    pub fn skip(&mut self, now: Instant) {
        self.done(Price::default(), now);
    }

    /// Notes that it can't be asked until then.
    pub fn put_off(&mut self, until: Instant) {
        self.due = until;
    }

    /// Makes it due because something happened: at once, unless that was so a moment ago.
    pub fn hurry(&mut self, now: Instant) {
        if self.sent.is_some() {
            self.again = true;
            return;
        }
        let ahead = self.paid.checked_sub(self.worth()).unwrap_or(now);
        self.due = self.due.min(ahead.max(now));
    }

    /// Makes it due again soon, because it failed.
    pub fn retry(&mut self, now: Instant) {
        self.due = self.due.min(now + self.rhythm.busy);
    }

    /// Makes it due at once because someone looks at it.
    pub fn open(&mut self, now: Instant) {
        if self.sent.is_some() {
            self.again = true;
            self.paid = now;
            return;
        }
        let spacing = BETWEEN_VIEWS.max(self.price().time * 4);
        self.due = self.due.min((self.last_sent + spacing).max(now));
    }

    /// Slows down the longer nothing happens, until it is calm.
    pub fn rest(&mut self, quiet: Duration, now: Instant) {
        let part = (quiet.as_secs_f64() / CALM.as_secs_f64()).min(1.0);
        let slower = self.rhythm.calm.as_secs_f64() / self.rhythm.busy.as_secs_f64();
        let request = self.rhythm.busy.mul_f64(slower.powf(part));
        if request < self.request {
            self.due = self.due.min((self.last_sent + request).max(self.paid).max(now));
        }
        self.request = request;
    }

    /// Its need without a limit.
    fn need(&self) -> Budget {
        let (price, every) = (self.price(), self.request.as_secs_f64());
        Budget { share: price.time.as_secs_f64() / every, rate: price.bytes as f64 / every }
    }

    /// Sets what it may use from now on; what was sent last is paid for anew.
    fn allot(&mut self, budget: Budget, anew: Option<Instant>) {
        (self.share, self.rate) = (budget.share, budget.rate);
        if let Some(now) = anew.filter(|_| self.sent.is_none() && !self.prices.is_empty()) {
            self.paid = self.last_sent + self.worth();
            self.due = (self.last_sent + self.request).max(self.paid).max(now);
        }
    }

    /// Current interval between two requests, if nothing happens.
    pub fn interval(&self) -> Duration {
        self.request.max(self.worth())
    }

    fn price(&self) -> Price {
        let least = |part: fn(&Price) -> Duration| self.prices.iter().map(part).min();
        let time = least(|p| p.time).unwrap_or_default();
        let bytes = self.prices.back().map_or(0, |p| p.bytes.max(self.least));
        Price { time, bytes, ..Price::default() }
    }

    /// Time until the budget has paid for one request.
    fn worth(&self) -> Duration {
        let price = self.price();
        let time = price.time.as_secs_f64() / self.share.max(1e-6);
        let link = price.bytes as f64 / self.rate.max(1.0);
        Duration::from_secs_f64(time.max(link).min(86_400.0)).min(self.rhythm.longest)
    }
}

/// Divides a budget; `anew` if it is another one than before. The least answer counts as so many bytes.
pub(in crate::session) fn share_out(
    budget: Budget,
    least: u64,
    paces: &mut [&mut Pace],
    anew: Option<Instant>,
) {
    paces.iter_mut().for_each(|pace| pace.least = least);
    let of = |part: fn(Budget) -> f64| {
        let needs: Vec<_> = paces.iter().map(|p| (part(p.need()), p.rhythm.weight)).collect();
        fair(part(budget), &needs)
    };
    let (shares, rates) = (of(|budget| budget.share), of(|budget| budget.rate));
    for ((pace, share), rate) in paces.iter_mut().zip(shares).zip(rates) {
        pace.allot(Budget { share, rate }, anew);
    }
}

/// Divides something among needs of some weight: those that need less than their part get what they
/// need, and the others share the rest. Each keeps a minimum for urgent requests.
fn fair(all: f64, needs: &[(f64, f64)]) -> Vec<f64> {
    let mut left = all;
    let mut open: Vec<usize> = (0..needs.len()).collect();
    let mut fair = vec![0.0; needs.len()];
    loop {
        let weights: f64 = open.iter().map(|i| needs[*i].1).sum();
        for i in &open {
            fair[*i] = left * needs[*i].1 / weights.max(1e-9);
        }
        let (content, greedy): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|i| needs[**i].0 <= fair[**i]);
        if content.is_empty() || greedy.is_empty() {
            return fair;
        }
        left -= content.iter().map(|i| needs[*i].0).sum::<f64>();
        open = greedy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { share: 0.05, rate: f64::INFINITY };
    const RHYTHM: Rhythm = Rhythm {
        busy: Duration::from_secs(1),
        calm: Duration::from_secs(5),
        longest: Duration::from_secs(3_600),
        weight: 0.5,
    };

    fn price(ms: u64) -> Price {
        Price { time: Duration::from_millis(ms), bytes: 1_000, ..Price::default() }
    }

    fn after(pace: &Pace, now: Instant) -> Duration {
        pace.due().expect("none is under way").duration_since(now)
    }

    #[test]
    fn a_dear_request_is_made_seldom_and_haste_is_paid_for() {
        let now = Instant::now();
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        pace.sent(now);
        assert!(!pace.is_due(now));
        pace.done(price(1), now);
        assert_eq!(after(&pace, now), Duration::from_secs(1));
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        pace.sent(now);
        pace.done(price(1_000), now);
        assert_eq!(after(&pace, now), Duration::from_secs(40), "1 s of work at 2.5 %");
        pace.hurry(now);
        assert_eq!(pace.due(), Some(now), "what just happened is looked at, however dear");
        pace.sent(now);
        pace.done(price(1_000), now);
        assert_eq!(after(&pace, now), Duration::from_secs(80), "the rhythm pays for haste");
        pace.hurry(now);
        assert_eq!(
            after(&pace, now),
            Duration::from_secs(40),
            "and haste does not break the budget"
        );
    }

    #[test]
    fn one_slow_answer_changes_little_and_none_makes_it_look_away() {
        let now = Instant::now();
        let rhythm = Rhythm { longest: Duration::from_secs(10), ..RHYTHM };
        let mut pace = Pace::new(rhythm, BUDGET, now);
        for ms in [1, 1, 5_000] {
            pace.sent(now);
            pace.done(price(ms), now);
        }
        assert_eq!(after(&pace, now), Duration::from_secs(1));
        for _ in 0..10 {
            pace.sent(now);
            pace.done(price(9_000), now);
        }
        assert_eq!(after(&pace, now), Duration::from_secs(10));
        assert_eq!(pace.interval(), Duration::from_secs(10));
    }

    #[test]
    fn what_happens_during_a_request_is_asked_for_after_it() {
        let now = Instant::now();
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        pace.sent(now);
        pace.hurry(now);
        pace.done(price(2), now);
        assert_eq!(pace.due(), Some(now));
    }

    #[test]
    fn whoever_opens_a_view_waits_for_nothing_but_not_for_each_row_passed() {
        let now = Instant::now();
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        for _ in 0..5 {
            pace.sent(now);
            pace.done(price(20), now);
        }
        pace.open(now);
        assert_eq!(after(&pace, now), BETWEEN_VIEWS);
        assert!(pace.is_due(now + BETWEEN_VIEWS));
    }

    #[test]
    fn it_slows_down_when_nothing_happens_and_is_quick_again_at_once() {
        let now = Instant::now();
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        let mut asked = 0;
        let mut at = now;
        while at < now + CALM {
            pace.rest(at - now, at);
            pace.sent(at);
            pace.done(price(1), at);
            at = pace.due().unwrap();
            asked += 1;
        }
        assert!((9..=11).contains(&asked), "{asked}, and not one a second");
        pace.rest(CALM * 10, at);
        pace.sent(at);
        pace.done(price(1), at);
        assert_eq!(after(&pace, at), Duration::from_secs(5));
        let later = at + Duration::from_secs(3);
        pace.rest(Duration::ZERO, later);
        assert!(pace.is_due(later));
    }

    #[test]
    fn a_slow_link_is_not_filled() {
        let now = Instant::now();
        let budget = Budget { share: 1.0, rate: 100.0 };
        let mut pace = Pace::new(RHYTHM, budget, now);
        pace.sent(now);
        pace.done(price(1), now);
        assert_eq!(after(&pace, now), Duration::from_secs(20), "1,000 bytes at 50 a second");
    }

    #[test]
    fn what_one_does_not_need_the_others_get() {
        let now = Instant::now();
        let paid = |ms| {
            let mut pace = Pace::new(RHYTHM, BUDGET, now);
            pace.sent(now);
            pace.done(price(ms), now);
            pace
        };
        let (mut cheap, mut dear) = (paid(2), paid(500));
        share_out(BUDGET, 0, &mut [&mut cheap, &mut dear], None);
        assert!((dear.share - 0.048).abs() < 1e-9, "{}", dear.share);
        assert_eq!(cheap.interval(), Duration::from_secs(1));
        let (mut a, mut b) = (paid(500), paid(500));
        share_out(BUDGET, 0, &mut [&mut a, &mut b], None);
        assert!((a.share - 0.025).abs() < 1e-9 && (b.share - 0.025).abs() < 1e-9);
    }

    #[test]
    fn bytes_are_shared_out_as_time_is_and_a_small_answer_counts_as_one() {
        let now = Instant::now();
        let paid = |bytes| {
            let mut pace = Pace::new(RHYTHM, BUDGET, now);
            pace.sent(now);
            pace.done(Price { bytes, ..price(1) }, now);
            pace
        };
        let (mut small, mut large) = (paid(100), paid(50_000));
        let budget = Budget { rate: 1_100.0, ..BUDGET };
        share_out(budget, 0, &mut [&mut small, &mut large], None);
        assert_eq!((small.interval(), large.interval()).1, Duration::from_secs(50));
        assert_eq!(small.interval(), Duration::from_secs(1));
        share_out(budget, 1_000, &mut [&mut small, &mut large], Some(now));
        assert!(small.interval() > Duration::from_millis(1_800), "{:?}", small.interval());

        // What was asked under another budget is paid for under this one, and the other way round.
        assert!(after(&large, now) > Duration::from_secs(50));
        share_out(BUDGET, 0, &mut [&mut small, &mut large], Some(now));
        assert_eq!(after(&large, now), Duration::from_secs(1));
    }

    #[test]
    fn a_slow_link_is_spared_also_behind_a_socket() {
        let (socket, tcp) = (Endpoint::Unix("/s".into()), "tcp://10.0.0.1:2375");
        let tcp = Endpoint::parse(tcp, None).expect("an endpoint");
        let rate = |budget: Budget, endpoint| budget.over(endpoint).rate;
        assert!(rate(Budget::default(), &socket).is_infinite());
        assert!((rate(Budget::default(), &tcp) - Budget::RATE).abs() < 1e-9);
        assert!((rate(Budget::new(0.05, true), &socket) - Budget::LOW_RATE).abs() < 1e-9);
    }

    #[test]
    fn a_view_that_is_opened_during_a_request_is_read_right_after_it() {
        let now = Instant::now();
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        for _ in 0..2 {
            pace.sent(now);
            pace.open(now);
            pace.done(price(1_000), now);
            assert_eq!(pace.due(), Some(now), "however much was paid for before");
        }
    }

    #[test]
    fn what_failed_is_tried_again_soon_and_what_can_not_be_asked_waits() {
        let now = Instant::now();
        let mut pace = Pace::new(RHYTHM, BUDGET, now);
        pace.sent(now);
        pace.done(price(1_000), now);
        pace.retry(now);
        assert_eq!(after(&pace, now), RHYTHM.busy);
        pace.put_off(now + Duration::from_secs(60));
        assert_eq!(after(&pace, now), Duration::from_secs(60));
    }
}
