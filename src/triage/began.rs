//! When a problem began, as well as that is known.

use crate::{cluster::Timestamp, text};

/// When a problem began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Began {
    /// At this time.
    At(Timestamp),
    /// At this time or before: the manager has forgotten what was before it.
    By(Timestamp),
    /// Nothing tells.
    #[default]
    Unknown,
}

impl From<Timestamp> for Began {
    fn from(at: Timestamp) -> Self {
        Self::At(at)
    }
}

impl From<Option<Timestamp>> for Began {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::At)
    }
}

impl Began {
    /// At this time or before, if that is known.
    pub fn by(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::By)
    }

    /// The time, if it is known exactly.
    pub fn exactly(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::By(_) | Self::Unknown => None,
        }
    }

    /// The latest time at which it can have begun.
    pub fn at_latest(self) -> Option<Timestamp> {
        match self {
            Self::At(at) | Self::By(at) => Some(at),
            Self::Unknown => None,
        }
    }

    /// Its age in the fewest letters: `3m`, or `>3m` if it may be older; empty if nothing tells.
    pub fn short(self, now: Timestamp) -> String {
        let age = |at: Timestamp| text::age(at.age(now));
        match self {
            Self::At(at) => age(at),
            Self::By(at) => format!(">{}", age(at)),
            Self::Unknown => String::new(),
        }
    }

    /// Combines two views of one beginning. An exact time holds unless the problem was seen before
    /// it: the manager forgets old tasks, and what is still so does not get younger by that.
    #[must_use]
    pub fn or_earlier(self, other: Self) -> Self {
        let (Some(at), Some(known)) = (self.at_latest(), other.at_latest()) else {
            return if self == Self::Unknown { other } else { self };
        };
        match (self, other) {
            (Self::By(_), Self::At(_)) if known <= at => other,
            (Self::At(_), Self::By(_)) if at <= known => self,
            _ if known < at => other,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_gets_no_younger_and_the_exact_one_holds() {
        let (early, late) = (Timestamp::from_secs(10), Timestamp::from_secs(20));
        let (at, by) = (Began::At, Began::By);
        for (one, other, right) in [
            (Began::Unknown, by(late), by(late)),
            (by(late), by(early), by(early)),
            (by(late), at(early), at(early)),
            (by(early), at(early), at(early)),
            (at(late), by(early), by(early)),
            (at(late), at(early), at(early)),
        ] {
            assert_eq!(one.or_earlier(other), right, "{one:?} {other:?}");
            assert_eq!(other.or_earlier(one), right, "{other:?} {one:?}");
        }
    }
}
