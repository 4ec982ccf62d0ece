//! A filter over tasks: of 100,000 most say the same few things, and each is looked at once.

use std::{fmt::Write, sync::Arc};

use hashbrown::HashMap;

use crate::{
    cluster::{NodeId, ServiceId, Store, Task, TaskSpec, TaskState},
    config::Slot,
    ui::{
        screen::tasks::slot,
        table::filter::{Filter, LEAST_OF_ID},
    },
};

/// State of a task whose node is down, in words.
pub(in crate::ui) const LOST: &str = "running? node down";

/// Whether its container's id begins so.
fn is_of(task: &Task, id: &str) -> bool {
    task.container.as_ref().is_some_and(|container| container.starts_with(id))
}

/// Applies a filter to the tasks of one service after the other.
pub(in crate::ui) struct TaskFilter<'s> {
    store: &'s Store,
    filter: &'s Filter,
    /// Results by the address of the text.
    seen: HashMap<(*const u8, usize), bool>,
    /// Results by the number of the state.
    states: [Option<bool>; 16],
    /// The result for the last spec: most tasks of a service have the same.
    image: Option<(*const TaskSpec, bool)>,
    /// The result for the last exit code.
    exit: Option<(i64, bool)>,
    /// The beginning of a container's id that it may be.
    container: Option<&'s str>,
    /// Words of severity that it finds.
    critical: bool,
    lost: bool,
    warning: bool,
    /// A name need not be put together: no hit can lie across its parts.
    parts_do: bool,
    /// A task's name; its service's part stands there already.
    name: String,
    service: usize,
}

impl<'s> TaskFilter<'s> {
    /// A filter that has met no task yet.
    pub fn new(store: &'s Store, filter: &'s Filter) -> Self {
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
        Self {
            store,
            filter,
            seen: HashMap::new(),
            states: [None; 16],
            image: None,
            exit: None,
            container: filter.plain().filter(is_hex),
            critical: means("critical"),
            lost: means(LOST),
            warning: means("warning"),
            parts_do,
            name: String::new(),
            service: 0,
        }
    }

    /// Whether a service's name passes; its tasks are looked at next.
    pub fn passes_service(&mut self, id: &ServiceId) -> bool {
        let name = self.store.service(id).map_or(id.as_str(), |s| &*s.name);
        self.name.clear();
        self.name.push_str(name);
        self.name.push('.');
        self.service = self.name.len();
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
            || task.node.as_ref().is_some_and(|node| self.node(node))
            || self.state(&task.state)
            || self.state(&task.desired)
            || self.image(&task.spec)
            || self.shared(&task.err)
            || task.exit_code.is_some_and(|code| self.exit(code))
            || self.filter.hits_id(task.id.as_str())
            || self.container.is_some_and(|id| is_of(task, id))
            || ((self.critical || self.warning || self.lost) && self.severity(task))
            || (!self.parts_do && self.name(task));
        hit != self.filter.is_inverted()
    }

    fn state(&mut self, state: &TaskState) -> bool {
        let filter = self.filter;
        match self.states.get_mut(usize::from(state.number())) {
            Some(known) if state.number() > 0 => {
                *known.get_or_insert_with(|| filter.hits(state.word()))
            }
            _ => filter.hits(state.word()),
        }
    }

    fn image(&mut self, spec: &Arc<TaskSpec>) -> bool {
        let place = Arc::as_ptr(spec);
        match self.image {
            Some((known, hit)) if known == place => hit,
            _ => {
                let hit = self.shared(&spec.image);
                self.image = Some((place, hit));
                hit
            }
        }
    }

    fn exit(&mut self, code: i64) -> bool {
        match self.exit {
            Some((known, hit)) if known == code => hit,
            _ => {
                let hit = self.filter.hits(&format!("exit {code}"));
                self.exit = Some((code, hit));
                hit
            }
        }
    }

    fn severity(&self, task: &Task) -> bool {
        if self.lost && task.state == TaskState::Running && !self.store.is_running(task) {
            return true;
        }
        match slot(task, self.store) {
            Slot::Critical => self.critical,
            Slot::Warn => self.warning,
            _ => false,
        }
    }

    fn shared(&mut self, text: &str) -> bool {
        if text.is_empty() {
            return self.filter.hits(text);
        }
        let filter = self.filter;
        *self.seen.entry((text.as_ptr(), text.len())).or_insert_with(|| filter.hits(text))
    }

    /// Whether the name of a node passes; remembered by the address of its id, since looking a name up costs
    /// more.
    fn node(&mut self, node: &NodeId) -> bool {
        let (filter, store) = (self.filter, self.store);
        let place = (node.as_str().as_ptr(), node.as_str().len());
        *self.seen.entry(place).or_insert_with(|| filter.hits(store.hostname(node)))
    }

    /// Whether the name of a task passes, the same as [`Store::task_name`] has it.
    fn name(&mut self, task: &Task) -> bool {
        self.name.truncate(self.service);
        match &task.node {
            _ if task.slot > 0 => {
                let _ = write!(self.name, "{}", task.slot);
            }
            Some(node) => self.name.push_str(self.store.hostname(node)),
            None => self.name.push_str(task.id.short()),
        }
        self.filter.hits(&self.name)
    }
}
