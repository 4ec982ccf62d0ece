//! The end of what was told once and can be read no more.

use std::sync::Arc;

use super::{Part, Store};

impl Store {
    /// What an earlier link told of it may be so no more.
    pub(super) fn cannot_read(&mut self, part: Part, why: Arc<str>) {
        self.revision += 1;
        self.roll += 1;
        self.touched.all = true;
        match part {
            Part::Nodes => {
                for id in std::mem::take(&mut self.nodes).into_keys() {
                    self.recount_on(&id, true);
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
            Part::Networks => self.networks.clear(),
            Part::Info | Part::Secrets | Part::Configs | Part::Events => {}
        }
        self.unread.add(part, why);
    }
}
