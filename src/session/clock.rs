//! The clock of the machine that skep runs on.

use crate::cluster::Timestamp;

/// Our time. A manager's differs from it by its skew.
pub(super) fn wall() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}
