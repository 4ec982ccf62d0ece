//! A filter over tasks: of 100,000 most say the same few things, and each is looked at once.

use std::fmt::Write;

use hashbrown::HashMap;

use crate::{
    cluster::{NodeId, ServiceId, Store, Task, TaskRef, TaskState},
    config::Slot,
    ui::{
        screen::tasks::{
            line::{TaskLine, TaskLook},
            slot,
        },
        table::{
            filter::{Filter, LEAST_OF_ID},
            order::NameOrder,
        },
    },
};

/// State of a task whose node is down, in words.
pub(in crate::ui) const LOST: &str = "running? node down";

/// Whether its container's id begins so.
fn is_of(task: &Task, id: &str) -> bool {
    task.container.as_ref().is_some_and(|container| container.starts_with(id))
}

/// Whether one of its addresses begins so.
fn is_at(task: &Task, begins: &str) -> bool {
    task.attachments.iter().any(|at| at.address.to_string().starts_with(begins))
}

/// Applies a filter to the tasks of one service after the other.
pub(super) struct TaskFilter<'s> {
    store: &'s Store,
    filter: &'s Filter,
    /// Results for the nodes that have a rank.
    nodes: Vec<bool>,
    /// Results for the others, by the address of their ids: looking a name up costs more.
    by_id: HashMap<(*const u8, usize), bool>,
    /// Results by the address of the text.
    texts: HashMap<(*const u8, usize), bool>,
    /// The beginning of a container's id that it may be.
    container: Option<&'s str>,
    /// The beginning of an address that it may be.
    address: Option<&'s str>,
    /// Words of severity that it finds.
    critical: bool,
    lost: bool,
    warning: bool,
    /// It may be the beginning of an id.
    finds_ids: bool,
    /// A name need not be put together: no hit can lie across its parts.
    parts_do: bool,
    /// A task's name; its service's part stands there already.
    name: String,
    service: usize,
    /// The last slot of that service, and whether its name was found.
    named: Option<(u64, bool)>,
}

impl<'s> TaskFilter<'s> {
    /// A filter that has met no task yet.
    pub fn new(store: &'s Store, order: &'s NameOrder, filter: &'s Filter) -> Self {
        let parts_do = filter
            .plain()
            .is_some_and(|t| !t.contains('.') && t.chars().any(|c| !c.is_ascii_digit()));
        let is_hex =
            |text: &&str| text.len() >= LEAST_OF_ID && text.bytes().all(|b| b.is_ascii_hexdigit());
        // A letter or two stand in too many words to mean one of these.
        let means = |word: &str| match filter.plain() {
            Some(text) => text.len() >= LEAST_OF_ID && filter.hits(word),
            None => filter.hits(word),
        };
        let ranked = if filter.is_empty() { &[][..] } else { &order.nodes };
        Self {
            store,
            filter,
            nodes: ranked.iter().map(|node| filter.hits(store.hostname(node))).collect(),
            by_id: HashMap::new(),
            texts: HashMap::new(),
            container: filter.plain().filter(is_hex),
            address: filter.address(),
            critical: means("critical"),
            lost: means(LOST),
            warning: means("warning"),
            finds_ids: filter.plain().is_none_or(|text| text.len() >= LEAST_OF_ID),
            parts_do,
            name: String::new(),
            service: 0,
            named: None,
        }
    }

    /// Whether a service's name passes; its tasks are looked at next.
    pub fn passes_service(&mut self, id: &ServiceId) -> bool {
        let name = self.store.service(id).map_or(id.as_str(), |s| &*s.name);
        self.name.clear();
        self.name.push_str(name);
        self.name.push('.');
        self.service = self.name.len();
        self.named = None;
        self.filter.hits(name)
    }

    /// Whether all tasks pass of a service whose name does or does not.
    pub fn passes_all(&self, name_hits: bool) -> bool {
        self.filter.is_empty()
            || (name_hits && self.filter.plain().is_some() && !self.filter.is_inverted())
    }

    /// Whether a task passes.
    pub fn passes(&mut self, task: &Task, name_hits: bool) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        let hit = (self.parts_do && name_hits)
            || self.finds_look(task)
            || task.node.as_ref().is_some_and(|node| self.finds_node(node))
            || self.finds_own(task);
        hit != self.filter.is_inverted()
    }

    /// Whether each look is found; each is told by a task that has it.
    pub fn looks(&mut self, looks: &[TaskRef]) -> Vec<bool> {
        let store = self.store;
        let found = looks.iter().map(|place| match store.task_at(*place) {
            Some(task) => self.finds_look(task),
            None => false,
        });
        found.collect()
    }

    /// The same as [`Self::passes`] for a task of the service that was named last, with what was found of
    /// its looks.
    pub fn passes_line(&mut self, line: &TaskLine, looks: &[bool], name_hits: bool) -> bool {
        let hit = (self.parts_do && name_hits)
            || looks.get(usize::from(line.look)).is_some_and(|found| *found)
            || self.nodes.get(line.node as usize).is_some_and(|found| *found)
            || self.finds_alone(line);
        hit != self.filter.is_inverted()
    }

    /// Whether it is found in what a task has in common with no other.
    fn finds_alone(&mut self, line: &TaskLine) -> bool {
        let own_look = line.look == TaskLine::OWN_LOOK;
        let own_node = line.node == TaskLine::OWN_NODE;
        let severity = self.critical || self.warning || self.lost;
        let own = self.finds_ids || severity || !self.parts_do || self.address.is_some();
        if !(own || own_look || own_node) {
            return false;
        }
        let Some(task) = self.store.task_at(line.task) else { return false };
        (own_look && self.finds_look(task))
            || (own_node && task.node.as_ref().is_some_and(|node| self.finds_node(node)))
            || self.finds_own(task)
    }

    fn finds_look(&mut self, task: &Task) -> bool {
        let TaskLook { state, desired, image, err, exit } = TaskLook::of(task);
        self.filter.hits(state.word())
            || self.filter.hits(desired.word())
            || self.finds_text(image)
            || self.finds_text(err)
            || exit.is_some_and(|code| self.filter.hits(&format!("exit {code}")))
    }

    fn finds_text(&mut self, text: &str) -> bool {
        let filter = self.filter;
        *self.texts.entry((text.as_ptr(), text.len())).or_insert_with(|| filter.hits(text))
    }

    fn finds_node(&mut self, node: &NodeId) -> bool {
        let (filter, store) = (self.filter, self.store);
        let place = (node.as_str().as_ptr(), node.as_str().len());
        *self.by_id.entry(place).or_insert_with(|| filter.hits(store.hostname(node)))
    }

    /// Whether it is found in the task's name, its ids or its severity.
    fn finds_own(&mut self, task: &Task) -> bool {
        (self.finds_ids && self.filter.hits_id(task.id.as_str()))
            || self.container.is_some_and(|id| is_of(task, id))
            || self.address.is_some_and(|begins| is_at(task, begins))
            || ((self.critical || self.warning || self.lost) && self.finds_severity(task))
            || (!self.parts_do && self.finds_name(task))
    }

    fn finds_severity(&self, task: &Task) -> bool {
        if self.lost && task.state == TaskState::Running && !self.store.is_running(task) {
            return true;
        }
        match slot(task, self.store) {
            Slot::Critical => self.critical,
            Slot::Warn => self.warning,
            _ => false,
        }
    }

    /// Whether it is found in the name of a task, the same as [`Store::task_name`] has it.
    fn finds_name(&mut self, task: &Task) -> bool {
        if let Some((_, found)) = self.named.filter(|(slot, _)| *slot > 0 && *slot == task.slot) {
            return found;
        }
        self.name.truncate(self.service);
        match &task.node {
            _ if task.slot > 0 => {
                let _ = write!(self.name, "{}", task.slot);
            }
            Some(node) => self.name.push_str(self.store.hostname(node)),
            None => self.name.push_str(task.id.short()),
        }
        let found = self.filter.hits(&self.name);
        self.named = Some((task.slot, found));
        found
    }
}
