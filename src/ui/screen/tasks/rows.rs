//! The rows of tasks: by name and slot, older tasks of a slot folded under the one that counts.
//!
//! A table of 100,000 tasks must be filtered and walked within a frame. So each service's tasks are kept
//! in their order, with what they have in common, and what a filter found of them, until one changes.
//! Where many services change at once, those that are not on the screen follow in the frames after it.

use hashbrown::{HashMap, HashSet};

use crate::{
    cluster::{ServiceId, TaskRef},
    ui::{
        app::model::Model,
        screen::tasks::{
            TaskRow, TaskScope,
            filter::TaskFilter,
            line::{TaskLine, in_order},
        },
        table::filter::Filter,
    },
};

/// The rows of each service.
#[derive(Debug, Default)]
pub struct RowsByService {
    roll: Option<u64>,
    blocks: HashMap<ServiceId, ServiceRows>,
    /// Result of the last filter, with the filter.
    found: HashMap<ServiceId, FilteredRows>,
    filter: Filter,
    /// Tasks that may still be put in order now.
    left: usize,
    /// Services are left whose tasks changed since they were put in order.
    behind: bool,
}

/// How much of what changed is put in order at once.
#[derive(Debug)]
pub enum Extent {
    /// All of it.
    All,
    /// The tasks of these services, and about so many others.
    Some {
        /// Services on the screen.
        shown: HashSet<ServiceId>,
        /// Tasks of others.
        others: usize,
    },
}

/// A service's tasks in their order, as of a revision.
#[derive(Debug)]
struct ServiceRows {
    revision: u64,
    lines: Vec<TaskLine>,
    /// A task of each look.
    looks: Vec<TaskRef>,
}

/// Tasks of a service that a filter found, as of a revision.
#[derive(Debug)]
enum FilteredRows {
    All(u64),
    Some { revision: u64, unfolded: bool, rows: Vec<TaskRow> },
}

impl RowsByService {
    /// Whether the rows of some services are not as their tasks are: the next call goes on with them.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// The tasks of a scope that pass a filter, by name and slot, older ones of a slot folded under the
    /// one that counts.
    pub fn tasks(
        &mut self,
        model: &Model,
        scope: &TaskScope,
        filter: &Filter,
        (unfolded, extent): (bool, &Extent),
    ) -> Vec<TaskRow> {
        let (store, order) = (&model.store, &model.order);
        if self.roll != order.roll() {
            self.roll = order.roll();
            self.blocks.clear();
            self.found.clear();
        }
        self.look_for(filter);
        self.behind = false;
        self.left = match extent {
            Extent::All => usize::MAX,
            Extent::Some { others, .. } => *others,
        };
        let mut tasks = TaskFilter::new(store, order, filter);
        let mut rows = Vec::new();
        match scope {
            TaskScope::Node(id) => {
                let passing = store.placed_on(id).filter(|(_, t)| {
                    let name = tasks.passes_service(&t.service);
                    tasks.passes(t, name)
                });
                let (lines, _) = in_order(order, passing);
                fold(&lines, unfolded, |_| true, &mut rows);
            }
            TaskScope::Service(id) => {
                self.block(model, id, &mut tasks, (unfolded, &Extent::All), &mut rows);
            }
            TaskScope::All => {
                rows.reserve(store.task_count());
                let mut strangers: Vec<&ServiceId> = store
                    .services_with_tasks()
                    .filter(|id| !order.service_ranks.contains_key(*id))
                    .collect();
                strangers.sort();
                for id in order.services.iter().chain(strangers) {
                    self.block(model, id, &mut tasks, (unfolded, extent), &mut rows);
                }
            }
        }
        rows
    }

    /// Narrows the last result: where nothing matched, nothing matches when a letter is added.
    fn look_for(&mut self, filter: &Filter) {
        if filter.text == self.filter.text {
            return;
        }
        let narrows = filter.narrows(&self.filter);
        let is_empty =
            |f: &FilteredRows| matches!(f, FilteredRows::Some { rows, .. } if rows.is_empty());
        self.found.retain(|_, found| narrows && is_empty(found));
        self.filter = filter.clone();
    }

    /// The revision that a service's rows are of: the present one, or that of the rows there are.
    fn revision(&mut self, current: u64, id: &ServiceId, extent: &Extent) -> u64 {
        let Extent::Some { shown, .. } = extent else { return current };
        match self.blocks.get(id) {
            Some(block) if block.revision != current && self.left == 0 && !shown.contains(id) => {
                self.behind = true;
                block.revision
            }
            _ => current,
        }
    }

    fn block(
        &mut self,
        model: &Model,
        id: &ServiceId,
        tasks: &mut TaskFilter<'_>,
        (unfolded, extent): (bool, &Extent),
        rows: &mut Vec<TaskRow>,
    ) {
        let (store, order) = (&model.store, &model.order);
        let revision = self.revision(store.tasks_revision(id), id, extent);
        let name = tasks.passes_service(id);
        let mut passes_all = tasks.passes_all(name);
        if !passes_all {
            match self.found.get(id) {
                Some(FilteredRows::All(at)) if *at == revision => passes_all = true,
                Some(FilteredRows::Some { revision: at, unfolded: how, rows: found })
                    if *at == revision && *how == unfolded =>
                {
                    return rows.extend_from_slice(found);
                }
                _ => {}
            }
        }
        if self.blocks.get(id).is_none_or(|block| block.revision != revision) {
            let (lines, looks) = in_order(order, store.placed_of(id));
            self.left = self.left.saturating_sub(lines.len());
            self.blocks.insert(id.clone(), ServiceRows { revision, lines, looks });
        }
        let Some(block) = self.blocks.get(id) else { return };
        if passes_all {
            return fold(&block.lines, unfolded, |_| true, rows);
        }
        let looks = tasks.looks(&block.looks);
        let (before, mut passed) = (rows.len(), 0);
        let passes = |line: &TaskLine| {
            let passes = tasks.passes_line(line, &looks, name);
            passed += usize::from(passes);
            passes
        };
        fold(&block.lines, unfolded, passes, rows);
        let found = if passed == block.lines.len() {
            FilteredRows::All(revision)
        } else {
            FilteredRows::Some { revision, unfolded, rows: rows[before..].to_vec() }
        };
        self.found.insert(id.clone(), found);
    }
}

/// Adds the rows of those tasks that pass: the first of a slot heads the others.
fn fold(
    lines: &[TaskLine],
    unfolded: bool,
    mut passes: impl FnMut(&TaskLine) -> bool,
    rows: &mut Vec<TaskRow>,
) {
    let mut head = None;
    for line in lines {
        if line.heads {
            head = None;
        }
        if !passes(line) {
            continue;
        }
        match head {
            Some(head) if !unfolded => {
                let head: &mut TaskRow = &mut rows[head];
                head.older += 1;
            }
            _ => {
                rows.push(TaskRow { task: line.task, older: 0, nested: head.is_some() });
                head = head.or(Some(rows.len() - 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fastrand::Rng;

    use super::*;
    use crate::{
        cluster::{Delta, ListId, NodeId, Scope, Store, Task, TaskState, Timestamp},
        config::Slot,
        engine::{ServiceReader, TaskReader, decode_nodes},
        ui::{
            screen::tasks::{filter::LOST, slot},
            table::filter::LEAST_OF_ID,
        },
    };

    const WORDS: &[&str] = &["web", "api.7", "a1", "7", "db"];
    const STATES: &[&str] = &["running", "failed", "pending", "shutdown", "dreaming"];
    const ERRORS: &[&str] = &["", "task: non-zero exit (7)", "no suitable node", "API gone"];

    /// Tasks as an engine lists them, of services and on nodes that may be unknown.
    fn tasks(rng: &mut Rng, round: usize) -> Vec<Task> {
        let mut json = String::from("[");
        for i in 0..rng.usize(1..60) {
            let mut one_of = |all: &[&str]| (*rng.choice(all).expect("some")).to_owned();
            let (service, node, image) = (one_of(WORDS), one_of(WORDS), one_of(WORDS));
            let (state, wanted, err) = (one_of(STATES), one_of(STATES), one_of(ERRORS));
            let container = one_of(&["", "cafe07", "7777"]);
            let (slot, code) = (rng.u8(0..12), rng.u8(0..3));
            let comma = if i == 0 { "" } else { "," };
            json += &format!(
                r#"{comma}{{"ID":"webz{i:04}","Version":{{"Index":{round}}},"ServiceID":"id-{service}","NodeID":"id-{node}",
                "Slot":{slot},"Spec":{{"ContainerSpec":{{"Image":"{image}:1.7"}}}},"DesiredState":"{wanted}","Status":{{
                "State":"{state}","Err":"{err}","ContainerStatus":{{"ContainerID":"{container}","ExitCode":{code}}}}}}}"#
            );
        }
        TaskReader::default().feed(format!("{json}]").as_bytes()).expect("tasks")
    }

    /// Nodes and services of some of these names.
    fn known(rng: &mut Rng, store: &mut Store, at: Timestamp) {
        let named = |rng: &mut Rng, rest: fn(&mut Rng, &str) -> String| {
            let some: Vec<_> = WORDS.iter().filter(|_| rng.u8(..) < 190).collect();
            let all: Vec<_> =
                some.iter().map(|w| format!(r#"{{"ID":"id-{w}",{}}}"#, rest(rng, w))).collect();
            format!("[{}]", all.join(","))
        };
        let nodes = named(rng, |rng, name| {
            let state = rng.choice(["ready", "down"]).expect("one");
            format!(r#""Description":{{"Hostname":"host-{name}"}},"Status":{{"State":"{state}"}}"#)
        });
        let services = named(rng, |_, name| format!(r#""Spec":{{"Name":"shop_{name}"}}"#));
        store.apply(Delta::Nodes(decode_nodes(nodes.as_bytes()).expect("nodes").items), at);
        let services = ServiceReader::default().read(services.as_bytes()).expect("services");
        store.apply(Delta::Services(services.items), at);
    }

    /// Whether a filter finds a task, in one text after the other.
    fn finds(store: &Store, filter: &Filter, task: &Task) -> bool {
        let plain = filter.plain();
        let exit = task.exit_code.map_or(String::new(), |code| format!("exit {code}"));
        let node = task.node.as_ref().map_or("", |node| store.hostname(node));
        let (state, desired) = (task.state.word(), task.desired.word());
        let name = store.task_name(task);
        let said = [&name, node, state, desired, &task.spec.image, &task.err, &exit];
        let means = |word| plain.is_none_or(|p| p.len() >= LEAST_OF_ID) && filter.hits(word);
        let is_hex = |p: &&str| p.len() >= LEAST_OF_ID && p.bytes().all(|b| b.is_ascii_hexdigit());
        let container = task.container.as_deref().unwrap_or_default();
        let colour = slot(task, store);
        let lost = task.state == TaskState::Running && !store.is_running(task);
        let hit = said.iter().any(|text| filter.hits(text))
            || filter.hits_id(task.id.as_str())
            || plain.filter(is_hex).is_some_and(|p| container.starts_with(p))
            || (colour == Slot::Critical && means("critical"))
            || (colour == Slot::Warn && means("warning"))
            || (lost && means(LOST));
        filter.is_empty() || hit != filter.is_inverted()
    }

    /// Whatever is typed, in whatever order, and whatever changes in between.
    #[test]
    fn a_filter_finds_the_same_as_looking_at_every_task() {
        const TYPED: &[&str] = &[
            "",
            "7",
            "71",
            "w",
            "we",
            "web",
            "webz",
            "webz0",
            "a",
            "ap",
            "api",
            "api.",
            "api.7",
            ".",
            ".7",
            "API",
            "e",
            "exit",
            "exit 1",
            "x",
            "zq",
            "cafe",
            "cafe0",
            "7777",
            "crit",
            "warn",
            "node",
            "node down",
            "shop",
            "host-w",
            "id-",
            "dream",
            "run",
            "/",
            "/7$",
            "/^shop.*7/",
            "/^webz/",
            "/[",
            "~sw7",
            "~",
            "(7)",
            "no",
        ];
        for seed in 0..400 {
            let mut rng = Rng::with_seed(seed);
            let mut model = Model::at(Timestamp::from_secs(1));
            let mut built = RowsByService::default();
            known(&mut rng, &mut model.store, model.now);
            for round in 1..12 {
                if round == 1 || rng.u8(..) < 60 {
                    let list = ListId(round as u64);
                    let changed = Delta::Tasks(list, tasks(&mut rng, round));
                    let end = if rng.bool() { Delta::TasksEnd } else { Delta::TasksAbort };
                    for delta in [Delta::TasksBegin(list, Scope::All), changed, end(list)] {
                        model.store.apply(delta, model.now);
                    }
                }
                if rng.u8(..) < 40 {
                    known(&mut rng, &mut model.store, model.now);
                }
                model.refresh_order();
                let not = if rng.u8(..) < 80 { "!" } else { "" };
                let filter = Filter::new(&format!("{not}{}", rng.choice(TYPED).expect("one")));
                let scope = match rng.u8(..6) {
                    0 => TaskScope::Node(NodeId::from("id-web")),
                    1 => TaskScope::Service(ServiceId::from("id-web")),
                    _ => TaskScope::All,
                };
                let unfolded = rng.bool();
                let few = Extent::Some { shown: HashSet::new(), others: rng.usize(1..30) };
                let extent = if rng.bool() { Extent::All } else { few };
                let mut rows = built.tasks(&model, &scope, &filter, (unfolded, &extent));
                while built.is_behind() {
                    rows = built.tasks(&model, &scope, &filter, (unfolded, &extent));
                }
                let store = &model.store;
                let of_scope = |t: &&Task| match &scope {
                    TaskScope::All => true,
                    TaskScope::Service(id) => t.service == *id,
                    TaskScope::Node(id) => t.node.as_ref() == Some(id),
                };
                let wanted: BTreeSet<_> = store
                    .tasks()
                    .filter(of_scope)
                    .filter(|task| finds(store, &filter, task))
                    .map(|task| task.id.clone())
                    .collect();
                let case = format!("seed {seed}, round {round}: {:?} {scope:?}", filter.text);
                let counted: u32 = rows.iter().map(|row| row.older + 1).sum();
                assert_eq!(counted as usize, wanted.len(), "{case}");
                let found: BTreeSet<_> = rows
                    .iter()
                    .map(|row| store.task_at(row.task).expect("a task").id.clone())
                    .collect();
                assert!(found.is_subset(&wanted) && found.len() == rows.len(), "{case}");
                assert!(!unfolded || found == wanted, "{case}");
            }
        }
    }
}
