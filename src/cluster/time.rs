//! Instants of the manager's clock.

use std::{fmt, num::NonZeroI64, time::Duration};

/// An instant: nanoseconds since the Unix epoch, UTC. What never was, or is not known, is `None`, which
/// takes no room: the epoch itself is no instant, it is told as a nanosecond later.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(from = "i64", into = "i64")]
pub struct Timestamp(NonZeroI64);

/// Start of a period: ages count by the manager's clock, which is known only once it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// An instant.
    At(Timestamp),
    /// This long before now.
    Ago(Duration),
}

impl Since {
    /// The instant, when it is `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(age) => now.shifted(i64::try_from(age.as_nanos()).map_or(i64::MIN, |n| -n)),
        }
    }
}

impl Timestamp {
    /// Reads RFC 3339. Anything unreadable is none, and so is what Go writes for a time that is not set,
    /// `0001-01-01T00:00:00Z`, or one that no engine lived in.
    pub fn parse(text: &str) -> Option<Self> {
        let nanos = text.parse::<jiff::Timestamp>().ok()?.as_nanosecond();
        NonZeroI64::new(i64::try_from(nanos).ok()?).map(Self)
    }

    /// An instant from nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        match NonZeroI64::new(nanos) {
            Some(nanos) => Self(nanos),
            None => Self::from_nanos(1),
        }
    }

    /// An instant from whole seconds since the epoch.
    pub fn from_secs(secs: i64) -> Self {
        Self::from_nanos(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    pub fn nanos(self) -> i64 {
        self.0.get()
    }

    /// Whole seconds since the epoch, and nanoseconds after them: as the engine reads a time in a path.
    pub fn secs_and_nanos(self) -> (i64, i64) {
        (self.nanos().div_euclid(1_000_000_000), self.nanos().rem_euclid(1_000_000_000))
    }

    /// Nanoseconds from here to another instant; negative if that was before.
    pub fn until(self, other: Self) -> i64 {
        other.nanos().saturating_sub(self.nanos())
    }

    /// Age at `now`; zero if it lies ahead.
    pub fn age(self, now: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.until(now)).unwrap_or(0))
    }

    /// This instant moved by signed nanoseconds.
    pub fn shifted(self, nanos: i64) -> Self {
        Self::from_nanos(self.nanos().saturating_add(nanos))
    }

    /// This instant, later by a duration.
    pub fn later(self, by: Duration) -> Self {
        self.shifted(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.nanos())).unwrap_or_default()
    }

    /// `14:03:12` in UTC.
    pub fn clock(self) -> String {
        self.jiff().strftime("%H:%M:%S").to_string()
    }

    /// `15:03:12` where this program runs.
    pub fn local_clock(self) -> String {
        self.jiff().to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
    }

    /// The latest instant not after this one at which the clock shows so many hours, minutes and
    /// seconds, in UTC or where this program runs.
    pub fn last_at(self, hour: i8, minute: i8, second: i8, local: bool) -> Option<Self> {
        let zone = if local { jiff::tz::TimeZone::system() } else { jiff::tz::TimeZone::UTC };
        let now = self.jiff().to_zoned(zone);
        let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
        let mut then = now.with().time(time).build().ok()?;
        if then > now {
            then = then.yesterday().ok()?;
        }
        Some(then.timestamp().into())
    }

    /// `2026-11-21 14:03:12Z`.
    pub fn date_clock(self) -> String {
        self.jiff().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
    }
}

impl From<i64> for Timestamp {
    fn from(nanos: i64) -> Self {
        Self::from_nanos(nanos)
    }
}

impl From<Timestamp> for i64 {
    fn from(at: Timestamp) -> Self {
        at.nanos()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Self::from_nanos(i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX))
    }
}

/// RFC 3339 in UTC.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.jiff())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_engines_write() {
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00Z"), None);
        assert_eq!(Timestamp::parse("1970-01-01T00:00:00Z"), None);
        assert_eq!(Timestamp::parse("nonsense"), None);
        let t = Timestamp::parse("2026-11-21T07:48:45.580120475Z").unwrap();
        assert_eq!(t.secs_and_nanos().1, 580_120_475);
        assert_eq!(t.clock(), "07:48:45");
        assert_eq!(Timestamp::parse("2026-11-21T09:48:45.580120475+02:00"), Some(t));
    }

    #[test]
    fn a_time_that_never_was_takes_no_room() {
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
        assert!(None < Some(Timestamp::from_nanos(i64::MIN)), "what never was is before all else");
    }

    #[test]
    fn the_epoch_is_told_as_a_moment_after_it() {
        assert_eq!(Timestamp::from_secs(0).nanos(), 1);
        assert_eq!(Timestamp::from_secs(5).shifted(-5_000_000_000).nanos(), 1);
    }

    #[test]
    fn an_instant_ahead_has_no_age() {
        let now = Timestamp::from_secs(100);
        assert_eq!(Timestamp::from_secs(130).age(now), Duration::ZERO);
        assert_eq!(Timestamp::from_secs(70).age(now), Duration::from_secs(30));
    }
}
