//! Applies lists of tasks, and keeps the indices of tasks by service and by node.

use super::{Kind, OpenList, Store, Tally};
use crate::cluster::{
    ContainerEnd, ListId, NodeId, Part, Scope, ServiceId, Task, TaskId, Timestamp,
};

impl Store {
    pub(super) fn upsert_task(&mut self, list: ListId, task: Task, at: Timestamp) {
        let Some(place) = self.tasks.find(&task.id) else { return self.new_task(list, task, at) };
        let Some(row) = self.tasks.row_mut(place) else { return };
        row.seen = row.seen.max(list);
        if task.version < row.task.version || task == row.task {
            return;
        }
        let before = std::mem::replace(&mut row.task, task.clone());
        let (in_service, in_node) = (row.in_service, row.in_node);
        self.moved(Kind::Tasks);
        let (was, is) = (self.weigh(&before), self.weigh(&task));
        self.total.swap(was, is);
        if before.service == task.service {
            let group = self.by_service.entry_ref(&task.service).or_default();
            group.tally.swap(was, is);
            group.revision = self.revision;
        } else {
            self.leave_service(&before.service, in_service, was);
            self.join_service(&task.service, place, is);
        }
        if before.node == task.node {
            if let Some(node) = &task.node {
                self.by_node.entry_ref(node).or_default().tally.swap(was, is);
            }
        } else {
            self.leave_node(before.node.as_ref(), in_node, was);
            self.join_node(task.node.as_ref(), place, is);
        }
        self.touch(&before);
        self.touch(&task);
        if before.state != task.state {
            self.journal_task(Some(&before.state), &task, at);
        }
    }

    fn new_task(&mut self, list: ListId, task: Task, at: Timestamp) {
        if self.by_service.get(&task.service).is_some_and(|group| group.listed > list) {
            return;
        }
        self.moved(Kind::Tasks);
        if self.tasks_known {
            self.journal_task(None, &task, at);
        }
        self.touch(&task);
        let (service, node, one) = (task.service.clone(), task.node.clone(), self.weigh(&task));
        self.total.add(one, true);
        let place = self.tasks.insert(task, list);
        self.join_service(&service, place, one);
        self.join_node(node.as_ref(), place, one);
    }

    pub(super) fn end_list(&mut self, list: ListId, _at: Timestamp) {
        let Some(OpenList { scope, has_gaps }) = self.lists.remove(&list) else { return };
        let gone: Vec<u32> = match &scope {
            Scope::All => {
                if !self.tasks_known && !has_gaps {
                    self.moved_part(Part::Tasks);
                    self.unread.remove(Part::Tasks);
                    self.tasks_known = true;
                    self.touched.all = true;
                    self.unreckoned.extend(self.services.keys().cloned());
                    self.remember();
                }
                self.tasks.rows().filter(|(_, row)| row.seen < list).map(|(at, _)| at).collect()
            }
            Scope::Services(services) => {
                let mut gone = Vec::new();
                for service in services {
                    let Some(group) = self.by_service.get_mut(service) else { continue };
                    group.listed = list;
                    let unseen = |at: &&u32| self.tasks.row(**at).is_some_and(|r| r.seen < list);
                    gone.extend(group.tasks.iter().filter(unseen).copied());
                }
                gone
            }
        };
        for place in gone {
            self.remove_task(place);
        }
    }

    pub(super) fn remove_task(&mut self, place: u32) {
        let Some(row) = self.tasks.row(place) else { return };
        let (task, in_service, in_node) = (row.task.clone(), row.in_service, row.in_node);
        self.moved(Kind::Tasks);
        let one = self.weigh(&task);
        self.total.add(one, false);
        self.leave_service(&task.service, in_service, one);
        self.leave_node(task.node.as_ref(), in_node, one);
        self.touch(&task);
        self.ends.remove(&task.id);
        self.tasks.remove(place);
    }

    /// Takes in what a node says of a task's container.
    pub(super) fn task_ended(&mut self, id: TaskId, end: ContainerEnd) {
        let Some(task) = self.task(&id).cloned() else { return };
        self.ends.insert(id, end);
        self.moved(Kind::Tasks);
        self.touch(&task);
    }

    /// The end of a task's container, if its node was asked.
    pub fn end_of(&self, id: &TaskId) -> Option<&ContainerEnd> {
        self.ends.get(id)
    }

    // --- indices: who belongs where, and what they come to ---

    fn join_service(&mut self, service: &ServiceId, place: u32, one: Tally) {
        let group = self.by_service.entry_ref(service).or_default();
        group.revision = self.revision;
        group.tally.add(one, true);
        group.tasks.push(place);
        if let Some(row) = self.tasks.row_mut(place) {
            row.in_service = group.tasks.len() as u32 - 1;
        }
    }

    fn leave_service(&mut self, service: &ServiceId, at: u32, one: Tally) {
        let Some(group) = self.by_service.get_mut(service) else { return };
        group.revision = self.revision;
        group.tally.add(one, false);
        group.tasks.swap_remove(at as usize);
        if let Some(moved) = group.tasks.get(at as usize)
            && let Some(row) = self.tasks.row_mut(*moved)
        {
            row.in_service = at;
        }
    }

    fn join_node(&mut self, node: Option<&NodeId>, place: u32, one: Tally) {
        let Some(node) = node else { return };
        let group = self.by_node.entry_ref(node).or_default();
        group.tally.add(one, true);
        group.tasks.push(place);
        if let Some(row) = self.tasks.row_mut(place) {
            row.in_node = group.tasks.len() as u32 - 1;
        }
    }

    fn leave_node(&mut self, node: Option<&NodeId>, at: u32, one: Tally) {
        let Some(node) = node else { return };
        let Some(group) = self.by_node.get_mut(node) else { return };
        group.tally.add(one, false);
        group.tasks.swap_remove(at as usize);
        if let Some(moved) = group.tasks.get(at as usize)
            && let Some(row) = self.tasks.row_mut(*moved)
        {
            row.in_node = at;
        }
        if group.tasks.is_empty() {
            self.by_node.remove(node);
        }
    }
}
