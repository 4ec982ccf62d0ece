//! Input of the rules: the model at a moment, and a service with its tasks sorted once for all rules.

use std::{
    cell::{Cell, OnceCell},
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{
    Began, Thresholds,
    error_class::{Why, was_called_off, why},
    rules::refusal::Refusal,
    start_allowance::{engine_restarted, resting},
};
use crate::{
    cluster::{
        Idle, Missing, Node, NodeId, Place, Resource, Service, Store, Task, TaskState, Timestamp,
        UpdateState, UpdateStatus,
    },
    text::{bytes, cpus},
};

/// Time for which failures count, and are given as a reason.
pub const LATELY: Duration = Duration::from_secs(15 * 60);

/// A task that runs for less has not been seen to run.
const BLINK: Duration = Duration::from_secs(3);

/// The model at a moment.
pub struct Context<'a> {
    /// The model.
    pub store: &'a Store,
    /// Now, by the manager's clock.
    pub now: Timestamp,
    /// The thresholds.
    pub thresholds: &'a Thresholds,
    again: Cell<Option<Timestamp>>,
}

impl<'a> Context<'a> {
    /// A look at `store`.
    pub fn new(store: &'a Store, now: Timestamp, thresholds: &'a Thresholds) -> Self {
        Self { store, now, thresholds, again: Cell::new(None) }
    }

    /// Whether a state that began at `since` has lasted for `limit`. If not, the object is examined again when it
    /// will have. A state whose beginning is unknown has lasted long enough.
    pub fn lasts(&self, since: impl Into<Option<Timestamp>>, limit: Duration) -> bool {
        let Some(since) = since.into().filter(|since| since.age(self.now) < limit) else {
            return true;
        };
        self.again_at(since.shifted(nanos(limit)));
        false
    }

    /// Whether `at` is at most `within` ago; if so, asks to be looked at again when it will not be.
    pub fn recent(&self, at: impl Into<Option<Timestamp>>, within: Duration) -> bool {
        let Some(at) = at.into().filter(|at| at.age(self.now) <= within) else { return false };
        self.again_at(at.shifted(nanos(within)));
        true
    }

    fn again_at(&self, at: Timestamp) {
        if at > self.now && self.again.get().is_none_or(|before| at < before) {
            self.again.set(Some(at));
        }
    }

    /// The next time at which time alone may change the findings.
    pub fn take_again(&self) -> Option<Timestamp> {
        self.again.take()
    }

    /// Nodes that can be given tasks.
    pub fn usable(&self) -> impl Iterator<Item = &'a Node> {
        self.store.nodes().filter(|n| {
            n.state == crate::cluster::NodeState::Ready
                && n.availability == crate::cluster::Availability::Active
        })
    }

    /// Since when a node is in its state, as well as can be told: as seen, else as the node's object
    /// says, which moves with every state but not with reachability.
    pub fn state_since(&self, node: &Node) -> Option<Timestamp> {
        let seen = self.store.memory().node(&node.id).and_then(|m| m.state_since);
        seen.or(node.updated)
    }
}

/// A duration as time stamps count.
pub fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// A service with its tasks.
pub struct ServiceContext<'a> {
    /// The model at a moment.
    pub cx: &'a Context<'a>,
    /// The service.
    pub service: &'a Service,
    /// When its spec changed; none where that can't be told.
    pub changed: Option<Timestamp>,
    /// Its progress.
    pub missing: Missing,
    /// All its tasks that the manager keeps.
    pub tasks: Vec<&'a Task>,
    /// Meant to run and not running, the oldest first; not those whose next run is yet to come.
    pub waiting: Vec<&'a Task>,
    /// Running on a node that is up.
    pub running: Vec<&'a Task>,
    /// The ones of those to count on: of a service that fails again and again, those that have run for a
    /// while.
    pub steady: Vec<&'a Task>,
    /// Failed, the newest first.
    pub failures: Vec<&'a Task>,
    /// Failed lately, or ended though it should serve, the newest first, if that is again and again.
    pub looping: Vec<&'a Task>,
    /// Tasks that tell why it does not run as it should, the newest first, and what each says.
    pub trouble: Vec<(&'a Task, Why)>,
    /// Were running on nodes that are down now, and nothing runs in their place.
    pub lost: Vec<&'a Task>,
    /// Places that rest: done, between two runs, given up.
    pub rests: HashMap<Place<'a>, Idle>,
    /// When a task of each place ended last.
    pub(super) ended: HashMap<Place<'a>, Option<Timestamp>>,
    /// Failures of each place since something ended well there, and whether nothing runs there now.
    pub(super) series: Vec<(&'a Task, bool)>,
    /// It is short because something fails, not because something has just begun.
    pub fails_now: bool,
    /// Its own tasks fail.
    pub fails_itself: bool,
    /// It suffers from something else than the update that the engine has undone: that is over.
    pub is_past_undoing: bool,
    refusal: OnceCell<Option<Refusal<'a>>>,
    pub(super) kept_from: OnceCell<HashMap<Place<'a>, Option<Timestamp>>>,
}

impl<'a> ServiceContext<'a> {
    /// Sorts a service's tasks.
    pub fn new(cx: &'a Context<'a>, service: &'a Service) -> Self {
        let store = cx.store;
        // Of a job the runs before the last one are history.
        let tasks: Vec<&Task> =
            store.tasks_of(&service.id).filter(|t| service.is_of_this_run(t)).collect();
        let running: Vec<&Task> = tasks.iter().copied().filter(|t| store.is_running(t)).collect();
        let filled: HashSet<Place<'_>> = running.iter().map(|t| t.place()).collect();
        let (missing, rests) = resting(cx, service, &tasks);
        let on_its_way = |t: &&Task| {
            let waits = t.is_wanted() && !t.state.is_terminal() && !store.is_running(t);
            waits && !store.is_for_nobody(t)
        };
        let rest = |t: &Task| rests.contains_key(&t.place());
        let mut waiting: Vec<&Task> =
            tasks.iter().copied().filter(on_its_way).filter(|t| !rest(t)).collect();
        waiting.sort_by_key(|t| (t.created, &t.id));
        let failed = |t: &&Task| {
            t.state.is_failure()
                && !was_called_off(t)
                && !t.went_with_its_node()
                && !engine_restarted(cx, t)
        };
        let mut failures: Vec<&Task> = tasks.iter().copied().filter(failed).collect();
        failures.sort_by_key(|t| (std::cmp::Reverse(t.since), &t.id));
        let down = |t: &&Task| t.state == TaskState::Running && !store.is_running(t);
        let lost =
            tasks.iter().copied().filter(down).filter(|t| !filled.contains(&t.place())).collect();
        let mut new = Self {
            cx,
            service,
            changed: store.changed(service),
            missing,
            rests,
            ended: HashMap::new(),
            tasks,
            waiting,
            steady: running.clone(),
            running,
            failures,
            looping: Vec::new(),
            trouble: Vec::new(),
            lost,
            series: Vec::new(),
            fails_now: false,
            fails_itself: false,
            is_past_undoing: false,
            refusal: OnceCell::new(),
            kept_from: OnceCell::new(),
        };
        new.find_loop();
        new.find_trouble(&filled);
        new
    }

    /// Failures since it was last changed, if they are many, or many in a short while. A task that
    /// begins between two of them is no cure yet.
    fn find_loop(&mut self) {
        let (cx, thresholds) = (self.cx, self.cx.thresholds);
        // A program that ends well is no failure, unless it ends at once again and again though it should
        // serve: it went to the background, or it is a one-shot with a server's restart policy. One that
        // works for a while, ends and is started again repeats its work.
        let serves = !self.service.mode.is_job();
        let at_once = |t: &&Task| t.ended_though_it_serves() && self.lived(t) < thresholds.grace;
        let ended = self.tasks.iter().copied().filter(|t| serves && at_once(t));
        let all = self.failures.iter().copied().chain(ended);
        // What an update replaces fails for the spec that was: no word about the one in force.
        let since_then =
            |t: &&Task| t.since > self.changed && t.spec.template == self.service.template;
        let mut failed: Vec<&Task> = all.filter(since_then).collect();
        failed.sort_by_key(|t| (std::cmp::Reverse(t.since), &t.id));
        let mut recent: Vec<&Task> = Vec::new();
        let mut places: HashMap<Place<'_>, Vec<&Task>> = HashMap::new();
        for task in failed {
            let lately = cx.recent(task.since, LATELY);
            let known = places.entry(task.place()).or_default();
            // Each soon after the one before it: all that goes on is one story, however long.
            let goes_on = known.last().is_some_and(|next| soon(task.since, next.since));
            if lately || goes_on {
                recent.push(task);
                known.push(task);
            }
        }
        places.retain(|_, all| !all.is_empty());
        let within = |limit: Duration, at: Timestamp| at.age(cx.now) <= limit;
        let since = |limit: Duration| {
            recent.iter().filter(|t| t.since.is_some_and(|at| within(limit, at))).count()
        };
        let (fast, lately) = (since(thresholds.loop_within), since(LATELY));
        // The manager keeps few of each place: where all of those failed, it is many. Where they fail at
        // regular times, the next one will.
        let kept = usize::try_from(cx.store.info().history_limit.saturating_sub(1)).unwrap_or(0);
        let enough = |all: &Vec<&Task>| {
            let least = thresholds.loop_failures;
            all.len() >= kept.max(least) || (all.len() >= least && rhythm(all).is_some())
        };
        let full = places.values().any(enough);
        if fast < thresholds.loop_failures && lately < thresholds.loop_failures + 2 && !full {
            return;
        }
        // What has run for clearly longer than those that failed did is more than the next of them.
        let mut lives: Vec<Duration> = recent.iter().map(|t| self.lived(t)).collect();
        lives.sort_unstable();
        let longer = lives.last().copied().unwrap_or_default().saturating_mul(2);
        // A slow loop is one all the time: each of its tasks runs for longer than the grace, and is gone in
        // a moment. The life of one that ran well before it is no measure of that.
        let slow = lives.get(lives.len() / 2).copied().unwrap_or_default();
        let proof = if slow > thresholds.grace {
            slow.saturating_mul(2)
        } else {
            longer.min(thresholds.grace)
        };
        // Where nothing failed there is nothing to prove.
        let failed_here = |t: &Task| places.contains_key(&t.place());
        self.steady.retain(|t| !failed_here(t) || cx.lasts(t.since, proof.max(BLINK)));
        let failed_since = |t: &Task| {
            recent.iter().any(|failed| failed.place() == t.place() && failed.since > t.since)
        };
        let lasts = |t: &Task| cx.lasts(t.since, longer.max(thresholds.grace));
        let stays = |t: &&Task| !failed_here(t) || (!failed_since(t) && lasts(t));
        let stay = self.running.iter().filter(|t| stays(t)).count() as u64;
        if stay < self.missing.desired {
            self.looping = recent;
        }
    }

    /// Longest time that a task that ended can have run: at most since it was created, less the delay with which it
    /// was started if another had its place before.
    fn lived(&self, task: &Task) -> Duration {
        let is_before =
            |other: &&Task| other.place() == task.place() && other.created < task.created;
        let is_next = self.tasks.iter().any(is_before);
        let delay = if is_next { task.spec.restart.delay } else { Duration::ZERO };
        let lived = task.created.zip(task.since).map(|(created, end)| created.age(end));
        lived.map_or(Duration::MAX, |lived| lived.saturating_sub(delay))
    }

    /// Waiting tasks that say why, failures in places where nothing runs, and all recent ones. Those of
    /// a spec that is not in force any more tell nothing, unless it was that of the update that failed;
    /// nor does one after which its place ran well and was stopped on purpose.
    fn find_trouble(&mut self, filled: &HashSet<Place<'_>>) {
        let mut ended_well: HashMap<Place<'_>, Option<Timestamp>> = HashMap::new();
        let ended = |t: &&&Task| t.state.is_terminal() && !t.state.is_failure();
        // One that ran until its node was lost had ended what failed before it.
        for task in self.tasks.iter().filter(ended).chain(&self.lost) {
            let end = ended_well.entry(task.place()).or_default();
            *end = task.since.max(*end);
        }
        let since_then = |t: &Task| ended_well.get(&t.place()).is_none_or(|at| t.since >= *at);
        let fails_now = |t: &Task| since_then(t) && !filled.contains(&t.place());
        self.is_past_undoing = self.is_past_undoing(fails_now);
        for task in self.tasks.iter().filter(|t| t.state.is_terminal()) {
            let end = self.ended.entry(task.place()).or_default();
            *end = task.since.max(*end);
        }
        let mut trouble: Vec<(&Task, Why)> =
            self.waiting.iter().filter_map(|task| Some((*task, why(task)?))).collect();
        self.fails_now = trouble.iter().any(|(task, _)| self.stays_so(task));
        let relevant = self.failures.iter().copied().filter(|t| self.is_relevant(t));
        for task in relevant.collect::<Vec<_>>() {
            let now = fails_now(task);
            if since_then(task) {
                self.series.push((task, now));
            }
            self.fails_now |= now;
            self.fails_itself |= now && task.state != TaskState::Orphaned;
            let goes_on = || self.looping.iter().any(|t| t.id == task.id);
            let lately = || task.since.is_some_and(|at| at.age(self.cx.now) < LATELY);
            if (now || lately() || goes_on())
                && let Some(why) = why(task)
            {
                trouble.push((task, why));
            }
        }
        trouble.sort_by_key(|(t, _)| (std::cmp::Reverse(t.since), &t.id));
        self.trouble = trouble;
    }

    /// Whether a failed task tells why it does not run as it should: one of the spec in force, or of an
    /// update that failed. Once that is undone it is one or the other.
    fn is_relevant(&self, task: &Task) -> bool {
        let is_of_now = task.spec.template == self.service.template;
        let Some(u) = self.service.update.as_ref().filter(|u| u.is_rollback()) else {
            return is_of_now;
        };
        match (u.state == UpdateState::RollbackCompleted, self.is_past_undoing) {
            (true, true) => is_of_now,
            (true, false) => self.is_of_undone(u, task),
            (false, _) => is_of_now || task.since >= u.started,
        }
    }

    /// Whether a task was made of an update that the engine has undone: while it went on, and of another
    /// spec. One that changed but the placement has the same.
    pub fn is_of_undone(&self, u: &UpdateStatus, task: &Task) -> bool {
        let is_other = task.spec.template != self.service.template;
        task.created >= u.started
            && (is_other || u.completed.is_none() || task.since <= u.completed)
    }

    /// Whether something else has happened since the engine has undone an update: tasks of the spec before
    /// fail, nothing runs, or it is short again much later.
    fn is_past_undoing(&self, fails_now: impl Fn(&Task) -> bool) -> bool {
        let is_over = |u: &&UpdateStatus| u.state == UpdateState::RollbackCompleted;
        let Some(u) = self.service.update.as_ref().filter(is_over) else { return false };
        let fails = self.failures.iter().any(|t| !self.is_of_undone(u, t) && fails_now(t));
        let is_short =
            self.is_short() && (self.running.is_empty() || !self.cx.recent(u.completed, LATELY));
        fails || is_short || !self.looping.is_empty()
    }

    /// The tasks in trouble of one kind.
    pub fn because(&self, is_so: impl Fn(&Why) -> bool) -> Vec<&'a Task> {
        let of_kind = self.trouble.iter().filter(|(_, why)| is_so(why)).map(|(task, _)| *task);
        of_kind.filter(|task| self.is_kept(task)).collect()
    }

    /// Why its waiting tasks find no node. All nodes are asked, once for all rules, and only if some wait.
    pub fn refusal(&self) -> Option<&Refusal<'a>> {
        self.refusal.get_or_init(|| Refusal::of(self)).as_ref()
    }

    /// The nodes these tasks are on, by name, in words; empty if they are on none.
    pub fn hosts(&self, tasks: &[&Task]) -> String {
        let store = self.cx.store;
        let mut on: Vec<&str> =
            tasks.iter().filter_map(|t| Some(store.hostname(t.node.as_ref()?))).collect();
        on.sort_unstable();
        on.dedup();
        names(on)
    }

    /// Number of tasks that can be counted on: as the engine counts them where they are not told.
    pub fn holding(&self) -> u64 {
        if self.cx.store.tasks_refused() { self.missing.running } else { self.steady.len() as u64 }
    }

    /// Whether it is short of tasks, whatever for.
    pub fn is_short(&self) -> bool {
        !self.missing.none()
    }

    /// Whether it fails again and again, and what runs now may be gone in a moment.
    pub fn is_unsteady(&self) -> bool {
        !self.looping.is_empty() && (self.steady.len() as u64) < self.missing.desired
    }

    /// `2/3`, or of a job `1 of 3 done`.
    pub fn figures(&self) -> String {
        match self.missing.job {
            Some((done, total)) => format!("{done} of {total} done"),
            None => {
                let m = &self.missing;
                let done = if m.rests.done > 0 {
                    format!(", {} done", m.rests.done)
                } else {
                    String::new()
                };
                format!("{}/{}{done}", m.running, m.desired)
            }
        }
    }

    /// The time between two failures of a place, if they come at regular times and not fast.
    pub fn rhythm(&self) -> Option<Duration> {
        let mut places: HashMap<Place<'_>, Vec<&Task>> = HashMap::new();
        for task in &self.looping {
            places.entry(task.place()).or_default().push(task);
        }
        let longest = places.into_values().max_by_key(|all| (all.len(), all[0].since))?;
        rhythm(&longest).filter(|time| *time >= Duration::from_secs(60))
    }

    /// Whether none of its tasks ever ran, as far as they are kept, and it was never updated.
    pub fn never_ran(&self) -> bool {
        let ran = |t: &&Task| match t.state {
            TaskState::Running | TaskState::Complete | TaskState::Orphaned => true,
            // How far one got that was stopped or failed, its last progress tells.
            TaskState::Failed | TaskState::Shutdown | TaskState::Remove => {
                t.err.starts_with("task: non-zero exit")
                    || matches!(&*t.message, "started" | "finished")
            }
            _ => false,
        };
        let is_first = self.service.update.is_none() && self.service.previous.is_none();
        is_first && !self.tasks.is_empty() && !self.tasks.iter().any(ran)
    }

    /// Since when it is short or unsteady, as far back as the tasks that are kept tell: its oldest failure
    /// since it was last changed, the creation of the oldest task that waits, or the loss of a node. When
    /// the kept history is full it began before that. Unknown where tasks are not told.
    pub fn short_since(&self) -> Began {
        if self.never_ran() {
            return self.service.created.into();
        }
        if self.cx.store.tasks_refused() {
            return Began::Unknown;
        }
        let store = self.cx.store;
        let lost = self.lost.iter().filter_map(|t| store.node(t.node.as_ref()?));
        let lost = lost.map(|node| self.cx.state_since(node));
        let waiting = self.waiting.iter().map(|t| t.created);
        let failures = self.series.iter().filter(|(_, now)| *now).map(|(t, _)| t.since);
        let looping = self.looping.iter().map(|t| t.since);
        let all = waiting.chain(failures).chain(looping).chain(lost);
        let oldest = all.flatten().min().or(self.changed).max(self.service.created);
        if self.history_is_full() { Began::by(oldest) } else { oldest.into() }
    }

    /// The node that took its tasks with it, if that explains what is missing.
    pub fn lost_node(&self) -> Option<&'a NodeId> {
        self.lost.first().and_then(|t| t.node.as_ref())
    }
}

/// Whether something was soon after something else.
fn soon(at: Option<Timestamp>, next: Option<Timestamp>) -> bool {
    at.zip(next).is_some_and(|(at, next)| at.age(next) <= LATELY)
}

/// The time between the ends of these, the newest first: none may be twice another.
fn rhythm(all: &[&Task]) -> Option<Duration> {
    let mut gaps: Vec<Duration> =
        all.windows(2).filter_map(|w| Some(w[1].since?.age(w[0].since?))).collect();
    gaps.sort_unstable();
    let (first, last) = (gaps.first()?, gaps.last()?);
    (*last <= *first * 2).then(|| gaps[gaps.len() / 2])
}

/// `a, b, c and 4 more`, in the order given.
pub fn names<'n>(all: impl IntoIterator<Item = &'n str>) -> String {
    let all: Vec<&str> = all.into_iter().collect();
    let mut said = all.iter().take(4).copied().collect::<Vec<_>>().join(", ");
    if all.len() > 4 {
        said += &format!(" and {} more", all.len() - 4);
    }
    said
}

/// Amount of a resource: `20 GiB of memory`, `0.25 CPU`, `2 NVIDIA-GPU`.
pub fn amount(kind: &Resource, n: u64) -> String {
    match kind {
        Resource::Memory => format!("{} of memory", bytes(n)),
        Resource::Cpu => format!("{} CPU", cpus(n)),
        Resource::Generic(kind) => format!("{n} {kind}"),
    }
}
