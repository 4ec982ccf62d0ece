//! One open cluster: its model and problems, its link, the actions under way, and what it asks of its
//! session and of the app.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use ratatui::style::Style;

use crate::{
    action::{
        follow::Follow,
        plan::{ShellPlan, Target},
    },
    cluster::{NodeId, ServiceId, Subject, Task, TaskId, Timestamp},
    config::Slot,
    grant::ClusterNo,
    session::{Command, Generation, ManagerLine, Token, Usage},
    triage::{Problem, Severity, Triage},
    ui::{
        app::{
            Effect, Openable,
            link::LinkState,
            model::Model,
            settings::{Elsewhere, Pending, Request, Settings},
            toast::Toast,
            trend::Trend,
        },
        input::actions::{Act, KeyContext},
        operate::report::PendingReport,
        terminal::performance::Performance,
    },
};

/// The session is told at most so often that someone is at the keyboard.
const ATTENTION: Duration = Duration::from_secs(5);
/// Tasks that were asked about, before those that are gone are forgotten.
const ASKED: usize = 1_000;

/// The connection of a cluster, and what the session is asked for.
pub struct Connection {
    /// Its state.
    pub state: LinkState,
    /// The configured managers.
    pub managers: Vec<ManagerLine>,
    /// The endpoint that was live last.
    pub(in crate::ui) through: Option<String>,
    pub(in crate::ui) generation: Generation,
    /// The manager's clock minus ours.
    pub skew: i64,
    /// When the Swarm was last heard, by our clock.
    pub last_heard: Option<Timestamp>,
    /// Services that the session was last asked to keep fresh.
    pub(in crate::ui) watched: Vec<ServiceId>,
    /// Nodes that the session was last asked to keep within reach.
    looked: Vec<NodeId>,
    /// The node whose containers the session was last asked to list.
    listed: Option<NodeId>,
    /// Failed tasks whose nodes were asked how they ended.
    asked_ends: HashSet<TaskId>,
    /// Problems or nodes changed since.
    pub ends_wanted: bool,
    /// When the session was last told that someone is here.
    attended: Option<Timestamp>,
    /// The cost of watching, as last reported.
    pub(in crate::ui) usage: Option<Box<Usage>>,
}

/// Actions under way, and what is read for them.
#[derive(Default)]
pub(in crate::ui) struct Operations {
    /// Writes that are followed.
    pub follows: Vec<Follow>,
    /// Documents being read, and for what.
    pub pending: Option<(Token, Pending)>,
    /// Services being read to learn what became of a write.
    pub reading_back: Option<Token>,
    pub read_back_at: Option<Timestamp>,
    /// A shell that is being started, and what it is to be.
    pub shell: Option<(Token, ShellPlan)>,
    /// A report whose logs are being read.
    pub report: Option<PendingReport>,
}

/// State that outlives the popup it belongs to.
#[derive(Default)]
pub(in crate::ui) struct Remembered {
    /// Commands of the palette, the latest first.
    pub commands: Vec<String>,
    /// When `y` was last pressed, for whatever it was.
    pub last_y: Option<Timestamp>,
    /// When an open page was last read again.
    pub page_read: Option<Timestamp>,
}

/// The other clusters, as far as this one's screen shows them.
#[derive(Default)]
pub(in crate::ui) struct Others {
    /// The worst of those in trouble.
    pub worst: Option<Elsewhere>,
    /// Those that are open.
    pub open: Vec<ClusterNo>,
    /// The names of all, for the palette.
    pub names: Vec<String>,
    /// Those that could be opened, or were.
    pub openable: Vec<Openable>,
    /// An action is in flight in one of them.
    pub busy: bool,
}

/// One open cluster.
pub struct Cluster {
    pub(in crate::ui) no: ClusterNo,
    pub(in crate::ui) settings: Settings,
    /// Whether it is open: it may not be yet, or have gone on as another.
    pub(in crate::ui) is_open: bool,
    /// Our clock.
    pub now: Timestamp,
    /// The model that is drawn.
    pub model: Model,
    pub(in crate::ui) triage: Triage,
    /// The last hour.
    pub(in crate::ui) trend: Trend,
    /// Something was heard since state was derived.
    pub(in crate::ui) has_news: bool,
    /// The model's revision when it last did, and whether it flowed.
    pub(in crate::ui) derived: (u64, bool),
    /// The connection.
    pub link: Connection,
    pub(in crate::ui) operations: Operations,
    pub(in crate::ui) remembered: Remembered,
    pub(in crate::ui) others: Others,
    /// The performance of skep itself.
    pub(in crate::ui) performance: Option<Performance>,
    pub(in crate::ui) toast: Option<Toast>,
    pub(in crate::ui) requests: Vec<Request>,
    pub(in crate::ui) effects: Vec<Effect>,
    next_token: u64,
    /// Something that is drawn changed.
    pub(in crate::ui) dirty: bool,
}

impl Cluster {
    /// A cluster of which nothing was heard yet.
    pub(in crate::ui) fn new(
        no: ClusterNo,
        settings: Settings,
        (endpoint, is_open): (String, bool),
        now: Timestamp,
    ) -> Self {
        let triage = Triage::new(settings.thresholds.clone());
        Self {
            no,
            settings,
            is_open,
            now,
            model: Model::at(now),
            triage,
            trend: Trend::default(),
            has_news: false,
            derived: (0, false),
            link: Connection {
                state: LinkState::Connecting { endpoint },
                managers: Vec::new(),
                through: None,
                generation: Generation::default(),
                skew: 0,
                last_heard: None,
                watched: Vec::new(),
                looked: Vec::new(),
                listed: None,
                asked_ends: HashSet::new(),
                ends_wanted: false,
                attended: None,
                usage: None,
            },
            operations: Operations::default(),
            remembered: Remembered::default(),
            others: Others::default(),
            performance: None,
            toast: None,
            requests: Vec::new(),
            effects: Vec::new(),
            next_token: 1,
            dirty: true,
        }
    }

    /// Someone is there: whoever presses one key may press ten a second.
    pub(in crate::ui) fn attend(&mut self, now: Timestamp) {
        if self.link.attended.is_none_or(|at| at.age(now) >= ATTENTION) {
            self.link.attended = Some(now);
            self.command(Command::Attend);
        }
    }

    /// Hands a command to the session.
    pub(in crate::ui) fn command(&mut self, command: Command) {
        self.effects.push(Effect::Session(self.no, command));
    }

    /// A name for a request and its answer.
    pub(in crate::ui) fn token(&mut self) -> Token {
        self.next_token += 1;
        Token(self.next_token)
    }

    /// Takes the effects to be carried out outside.
    pub(in crate::ui) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether something that is drawn changed since this was last asked.
    pub(in crate::ui) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Whether an action is in flight.
    pub(in crate::ui) fn is_busy(&self) -> bool {
        self.operations.follows.iter().any(|f| !f.is_over())
    }

    /// All problems, the worst first.
    pub fn problems(&self) -> &[Arc<Problem>] {
        self.triage.problems()
    }

    /// Problems that ask for a human, the worst first.
    pub(in crate::ui) fn loud(&self) -> impl Iterator<Item = &Problem> {
        self.problems().iter().map(|p| &**p).filter(|p| p.is_loud())
    }

    /// Brings what is derived from what was heard up to date.
    pub(in crate::ui) fn derive(&mut self, now: Timestamp) {
        self.has_news = false;
        let manager_now = now.shifted(self.link.skew);
        self.model.set_now(manager_now);
        self.age_toast();
        let is_linked = matches!(self.link.state, LinkState::Live { .. });
        for follow in &mut self.operations.follows {
            if is_linked {
                follow.update(self.model.live(), manager_now);
            } else {
                follow.lose_sight();
            }
        }
        if self.is_live() {
            self.read_back();
        }
        self.link.ends_wanted |= self.judge();
        self.ask_for_ends();
        self.remember();
        self.write_report();
        let shown = (self.model.live().revision(), self.is_live());
        self.dirty |= std::mem::replace(&mut self.derived, shown) != shown;
    }

    /// Tells the session which services must be fresh, besides those of actions.
    pub(in crate::ui) fn watch(&mut self, mut wanted: Vec<ServiceId>) {
        let going_on = self.operations.follows.iter().filter(|f| !f.is_over());
        wanted.extend(going_on.filter_map(|f| f.target.service().cloned()));
        wanted.sort();
        wanted.dedup();
        if wanted != self.link.watched {
            self.link.watched.clone_from(&wanted);
            self.command(Command::Watch(wanted));
        }
    }

    /// Tells the session which nodes are looked at.
    pub(in crate::ui) fn look_at(&mut self, mut wanted: Vec<NodeId>) {
        wanted.retain(|node| !node.as_str().is_empty());
        wanted.sort();
        wanted.dedup();
        if wanted != self.link.looked {
            self.link.looked.clone_from(&wanted);
            self.command(Command::Look(wanted));
        }
    }

    /// Tells the session whose containers are looked at.
    pub(in crate::ui) fn list_containers_of(&mut self, node: Option<NodeId>) {
        self.model.list_containers_of(node.as_ref());
        if node != self.link.listed {
            self.link.listed.clone_from(&node);
            self.command(Command::Containers(node));
        }
    }

    /// Asks the nodes of failed tasks how their containers ended, of those that are within reach already.
    fn ask_for_ends(&mut self) {
        if !self.is_live() || !std::mem::take(&mut self.link.ends_wanted) {
            return;
        }
        let (store, link) = (self.model.live(), &mut self.link);
        let own = NodeId::from(&*store.info().manager_id);
        let near = self.model.within_reach().filter(|node| **node != own);
        let tasks = std::iter::once(&own).chain(near).flat_map(|node| store.tasks_on(node));
        let failed = tasks.filter(|t| t.state.is_failure() && !link.asked_ends.contains(&t.id));
        // Problems have far more evidence than these nodes have failed tasks.
        let failed: HashMap<&TaskId, &Task> = failed.map(|task| (&task.id, task)).collect();
        if failed.is_empty() {
            return;
        }
        let problems = self.triage.problems().iter().filter(|p| p.resolved.is_none());
        let all = problems.flat_map(|p| std::iter::once(p).chain(&p.folded));
        let told = all.flat_map(|p| &p.evidence).filter_map(|e| failed.get(e.task.as_ref()?));
        let mut ends = Vec::new();
        for task in told {
            let (Some(node), Some(container)) = (&task.node, &task.container) else { continue };
            if link.asked_ends.insert(task.id.clone()) {
                ends.push((task.id.clone(), node.clone(), Arc::clone(container)));
            }
        }
        if link.asked_ends.len() > ASKED {
            link.asked_ends.retain(|task| store.task(task).is_some());
        }
        if !ends.is_empty() {
            self.command(Command::Ends(ends));
        }
    }

    /// Brings the problems up to date, as far as one turn goes. Returns whether they changed.
    pub(in crate::ui) fn judge(&mut self) -> bool {
        // Time goes on while nothing is heard; what is known then does not age into findings.
        let flows = !self.model.is_paused();
        let judged = if flows && self.is_live() {
            self.triage.update(&mut self.model.store, self.model.now)
        } else {
            // That there is no leader is heard, and the only thing that is.
            flows
                && self.leaderless().is_some()
                && self.triage.look_at_swarm(&self.model.store, self.model.now)
        };
        if judged {
            self.dirty = true;
            self.model.set_troubled(troubled(self.triage.problems()));
        }
        judged
    }

    /// Hands on what must outlive skep.
    pub(in crate::ui) fn remember(&mut self) {
        let store = self.model.live_mut();
        if store.info().id.is_empty() {
            return;
        }
        let fresh = store.take_unkept();
        if !fresh.is_empty() {
            self.command(Command::Remember(fresh));
        }
        if self.is_live()
            && !self.model.is_paused()
            && let Some(all) = self.triage.take_beginnings(&self.model.store, self.model.now)
        {
            self.command(Command::Beginnings(all));
        }
    }

    pub(in crate::ui) fn service_name(&self, id: &ServiceId) -> String {
        self.model.store.service(id).map_or_else(|| id.short().to_owned(), |s| s.name.to_string())
    }

    pub(in crate::ui) fn names_of(&self, targets: &[ServiceId]) -> String {
        match targets {
            [one] => self.service_name(one),
            many => format!("{} services", many.len()),
        }
    }

    /// The name of a target, or the number of several.
    pub(in crate::ui) fn names_of_targets(&self, targets: &[Target]) -> String {
        match targets {
            [Target::Service(id)] => self.service_name(id),
            [Target::Node(id)] => self.model.live().node_label(id),
            [Target::Object(_, name) | Target::New(_, name)] => name.clone(),
            [] => String::new(),
            many => format!("{} {}s", many.len(), many[0].kind()),
        }
    }

    /// All their names.
    pub(in crate::ui) fn each_name(&self, targets: &[Target]) -> String {
        let one = |target| self.names_of_targets(std::slice::from_ref(target));
        targets.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The key to show for an action in a context, if it has one.
    pub(in crate::ui) fn key_of(&self, act: Act, context: KeyContext) -> Option<String> {
        self.settings.keymap.first(act, context)
    }

    /// Style of a slot.
    pub(in crate::ui) fn style(&self, slot: Slot) -> Style {
        self.settings.appearance.theme.style(slot)
    }

    /// Whether what is drawn is old and must look so.
    pub(in crate::ui) fn is_stale(&self) -> bool {
        !self.is_live() && self.link.last_heard.is_some()
    }
}

/// The services of problems that are not over, each with the worst, folded ones included.
fn troubled(problems: &[Arc<Problem>]) -> HashMap<ServiceId, Severity> {
    let mut troubled = HashMap::new();
    for problem in problems.iter().filter(|p| p.resolved.is_none()) {
        for one in std::iter::once(problem).chain(&problem.folded) {
            if let Subject::Service(id) = &one.subject
                && one.severity > Severity::Advice
            {
                let worst = troubled.entry(id.clone()).or_insert(one.severity);
                *worst = one.severity.max(*worst);
            }
        }
    }
    troubled
}
