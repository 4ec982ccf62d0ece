//! Drops data that was read once and can no longer be read.

use std::sync::Arc;

use super::{Store, counts::Standing};
use crate::cluster::{ListId, Part, Scope};

/// More tasks than any Swarm has: lists that broke off, one after the other, never had an end.
const MOST_TASKS: usize = 1_500_000;

impl Store {
    /// Some elements of a part can't be read: the others are kept, but no conclusions are drawn
    /// from them.
    pub(super) fn has_gaps(&mut self, part: Part, why: Arc<str>, of_all: bool) {
        // A service's own list adds nothing to what the list of all tasks has told.
        if self.unread.why(part).is_some_and(|known| !of_all || *known == *why) {
            return;
        }
        self.moved_part(part);
        self.touched.all = true;
        if part == Part::Tasks {
            // Counting them would tell what is not so.
            self.tasks_known = false;
            self.unreckoned.extend(self.services.keys().cloned());
        }
        self.unread.add_gaps(part, why);
    }

    /// Some of a list of tasks can't be read.
    pub(super) fn list_has_gaps(&mut self, list: ListId, why: Arc<str>) {
        let Some(open) = self.lists.get_mut(&list) else { return };
        open.has_gaps = true;
        let of_all = open.scope == Scope::All;
        self.has_gaps(Part::Tasks, why, of_all);
    }

    /// A part that may have been unknown was read completely.
    pub(super) fn is_read(&mut self, part: Part) {
        if self.unread.remove(part) {
            self.moved_part(part);
            self.touched.all = true;
        }
    }

    /// Lets go of all tasks when more are kept than there can be.
    pub(super) fn bound_tasks(&mut self) {
        if self.tasks.len() > MOST_TASKS {
            self.lists.clear();
            let why = format!("lists named more than {MOST_TASKS}");
            self.cannot_read(Part::Tasks, why.into());
        }
    }

    /// Information from an earlier link may be outdated.
    pub(super) fn cannot_read(&mut self, part: Part, why: Arc<str>) {
        self.moved_part(part);
        self.roll += 1;
        self.touched.all = true;
        match part {
            Part::Nodes => {
                for (id, gone) in std::mem::take(&mut self.nodes) {
                    self.recount_on(&id, Standing::of(Some(&gone)), Standing::of(None));
                }
                self.count_nodes();
            }
            Part::Tasks => {
                let all: Vec<u32> = self.tasks.rows().map(|(place, _)| place).collect();
                for place in all {
                    self.remove_task(place);
                }
                // What is under way would tell only a part.
                self.lists.clear();
                self.tasks_known = false;
                self.unreckoned.extend(self.services.keys().cloned());
            }
            Part::Networks | Part::Secrets | Part::Configs => self.forget_objects(part),
            Part::Info | Part::Services | Part::Events => {}
        }
        self.unread.add(part, why);
    }
}
