//! The scheduler's side of tasks: where it may put them, where they go when a node is drained, and
//! which slots it leaves without a running one.

mod drain;
mod idle_slots;
mod placement;
mod spare;
mod start_first;

pub use drain::{Leaving, leaving, running_elsewhere};
pub use idle_slots::{Idle, IdleSlots, rests};
pub use placement::{asked, eligible, supports, unmet};
pub use spare::{Loss, all_without_spare, not_spared, without_spare};
pub use start_first::{NoRoom, Stall, no_room_beside, stalled};
