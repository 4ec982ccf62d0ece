//! Instants of the manager's clock.

use std::{fmt, time::Duration};

/// Nanoseconds since the Unix epoch, UTC. [`Timestamp::NEVER`] stands for Go's zero time.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Timestamp(pub i64);

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
    /// Not set: the engine writes `0001-01-01T00:00:00Z`.
    pub const NEVER: Self = Self(0);

    /// Reads RFC 3339. Anything unreadable, and Go's zero time, is [`Timestamp::NEVER`].
    pub fn parse(text: &str) -> Self {
        if text.starts_with("0001-01-01T") {
            return Self::NEVER;
        }
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|t| i64::try_from(t.as_nanosecond()).ok())
            .map_or(Self::NEVER, Self)
    }

    /// The instant; none if it is not set.
    pub fn set(self) -> Option<Self> {
        self.is_set().then_some(self)
    }

    /// An instant from whole seconds since the epoch.
    pub fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Whether this is a real instant.
    pub fn is_set(self) -> bool {
        self != Self::NEVER
    }

    /// Age at `now`; zero if it lies ahead.
    pub fn age(self, now: Self) -> Duration {
        Duration::from_nanos(u64::try_from(now.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// This instant moved by signed nanoseconds.
    pub fn shifted(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// This instant, later by a duration.
    pub fn later(self, by: Duration) -> Self {
        self.shifted(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or_default()
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
        i64::try_from(then.timestamp().as_nanosecond()).ok().map(Self)
    }

    /// `2026-11-21 14:03:12Z`.
    pub fn date_clock(self) -> String {
        self.jiff().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
    }
}

impl From<i64> for Timestamp {
    fn from(nanos: i64) -> Self {
        Self(nanos)
    }
}

/// RFC 3339 in UTC, or nothing when not set.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_set() { write!(f, "{}", self.jiff()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_engines_write() {
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00Z"), Timestamp::NEVER);
        assert_eq!(Timestamp::parse("nonsense"), Timestamp::NEVER);
        let t = Timestamp::parse("2026-11-21T07:48:45.580120475Z");
        assert_eq!(t.0 % 1_000_000_000, 580_120_475);
        assert_eq!(t.clock(), "07:48:45");
        assert_eq!(Timestamp::parse("2026-11-21T09:48:45.580120475+02:00"), t);
    }

    #[test]
    fn an_instant_ahead_has_no_age() {
        let now = Timestamp::from_secs(100);
        assert_eq!(Timestamp::from_secs(130).age(now), Duration::ZERO);
        assert_eq!(Timestamp::from_secs(70).age(now), Duration::from_secs(30));
    }
}
