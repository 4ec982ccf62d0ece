//! Progress of a deploy, a line for each change: for a terminal and for a pipeline's log.

use std::time::{Duration, Instant};

use crate::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, StackObject, Step, Target},
    },
    cluster::{ServiceId, Store, Timestamp},
    commands::{
        fault::{FAILED, Fault, fault},
        output::{complain, print},
        read_swarms::now,
    },
    session::{Event, Link, Outcome, SessionEvent},
    text::{clean, exact},
};
use serde_json::Value;

/// Interval between two looks at what is followed.
const LOOK: Duration = Duration::from_millis(250);
/// Time to find a manager.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that is followed, and its last line.
struct Followed {
    follow: Follow,
    told: String,
}

/// A deploy under way.
pub(super) struct Progress {
    steps: Vec<Step>,
    /// Number of steps that ended, and those that went well.
    ended: usize,
    done: Vec<String>,
    /// The steps that went well.
    written_steps: Vec<Step>,
    failed: Vec<String>,
    not_sent: Vec<String>,
    /// Steps of which nobody knows whether they were written.
    unknown: Vec<String>,
    /// The first step is on its way.
    is_sent: bool,
    store: Store,
    /// Services that were written and are not listed yet as they are now.
    awaited: Vec<Step>,
    followed: Vec<Followed>,
    is_watched: bool,
    /// There is no link to see anything by.
    is_blind: bool,
    skew: Option<i64>,
    begun: Instant,
    written: Option<Instant>,
    timeout: Duration,
}

impl Progress {
    /// Progress of these steps.
    pub fn new(steps: Vec<Step>, timeout: Duration) -> Self {
        Self {
            steps,
            ended: 0,
            done: Vec::new(),
            written_steps: Vec::new(),
            failed: Vec::new(),
            not_sent: Vec::new(),
            unknown: Vec::new(),
            is_sent: false,
            store: Store::default(),
            awaited: Vec::new(),
            followed: Vec::new(),
            is_watched: true,
            is_blind: false,
            skew: None,
            begun: Instant::now(),
            written: None,
            timeout,
        }
    }

    /// Whether there is a manager to write to.
    pub fn is_live(&self) -> bool {
        self.skew.is_some()
    }

    /// Whether every step has ended.
    pub fn has_ended(&self) -> bool {
        self.written.is_some()
    }

    /// Time until the next look.
    pub fn pause(&self) -> Duration {
        LOOK
    }

    /// Services to keep fresh, if they changed.
    pub fn watched(&mut self) -> Option<Vec<ServiceId>> {
        if std::mem::replace(&mut self.is_watched, true) {
            return None;
        }
        let ids = self.followed.iter().filter_map(|one| one.follow.target.service().cloned());
        Some(ids.collect())
    }

    fn now(&self) -> Timestamp {
        now().shifted(self.skew.unwrap_or_default())
    }

    /// Takes in news of the session.
    pub fn hear(&mut self, told: SessionEvent) -> Result<(), Fault> {
        let SessionEvent::Cluster(_, event) = told else { return Ok(()) };
        match event {
            Event::Link(_, Link::Live { skew, .. }) => {
                self.skew = Some(skew);
                self.is_blind = false;
            }
            Event::Link(_, Link::Lost { why, wait, .. }) if self.is_sent => {
                self.is_blind = true;
                for one in &mut self.followed {
                    one.follow.lose_sight();
                }
                complain(&[format!("{why}; trying again in {}", exact(wait))]);
            }
            Event::Link(_, Link::Lost { why, .. }) if self.begun.elapsed() >= PATIENCE => {
                return Err(fault(FAILED)(format!("nothing was written: {why}")));
            }
            Event::Heard(_, deltas, at) => {
                for delta in deltas {
                    self.store.apply(delta, at);
                }
                self.look()?;
            }
            Event::Unrecorded(_, why) => complain(&[format!("not in the audit file: {why}")]),
            Event::Outcome(target, outcome) => self.outcome(&target, *outcome)?,
            _ => {}
        }
        Ok(())
    }

    /// Takes in what became of a step. Steps end in their order.
    fn outcome(&mut self, target: &Target, outcome: Outcome) -> Result<(), Fault> {
        let Some(step) = self.steps.get(self.ended).filter(|s| s.target == *target).cloned() else {
            return Ok(());
        };
        self.ended += 1;
        let title = match (&step.target, &step.change) {
            (Target::Object(StackObject::Secret, _), Change::Deploy(_)) => {
                format!("secret {} has the content of its file", step.name)
            }
            _ => step.title(),
        };
        match outcome {
            Outcome::Taken { version, warnings } => {
                print(&format!("✓ {}\n", clean(&title)))?;
                complain(&warnings);
                self.done.push(title);
                let after = if is_service(&step) { Value::Null } else { step.after.clone() };
                self.written_steps.push(Step { after, ..step.clone() });
                self.follow(step, version);
            }
            Outcome::Refused(_) if self.has_stopped() => self.not_sent.push(step.title()),
            Outcome::Refused(why) => {
                let why = match (&step.target, &step.change) {
                    (Target::Object(StackObject::Secret, _), Change::Deploy(_)) => format!(
                        "{why}; a secret can't be changed: if its file has another content, give it another \
                         name in the file"
                    ),
                    _ => why,
                };
                self.fails(&step, &why)?;
            }
            Outcome::Conflict(_) => {
                let why = "somebody changed it since it was read: plan again";
                self.fails(&step, why)?;
            }
            Outcome::Unknown(why) => {
                let why = format!("it is not known whether it was written: {why}");
                print(&format!("? {}: {}\n", clean(&step.title()), clean(&why)))?;
                self.unknown.push(step.title());
            }
        }
        if self.ended == self.steps.len() {
            self.written = Some(Instant::now());
        }
        Ok(())
    }

    fn fails(&mut self, step: &Step, why: &str) -> Result<(), Fault> {
        let title = match &step.target {
            Target::Object(StackObject::Secret, _) => format!("secret {}", step.name),
            _ => step.title(),
        };
        self.failed.push(title.clone());
        print(&format!("✗ {}: {}\n", clean(&title), clean(why)))
    }

    fn follow(&mut self, step: Step, version: u64) {
        if is_service(&step) && matches!(step.change, Change::Deploy(_)) {
            self.awaited.push(Step { version, ..step });
        }
    }

    /// Looks at what is followed, and tells what changed.
    pub fn look(&mut self) -> Result<(), Fault> {
        if self.is_blind {
            return Ok(());
        }
        let now = self.now();
        let store = &self.store;
        let found = self.awaited.extract_if(.., |step| {
            let listed = match &step.target {
                Target::Service(id) => store.service(id),
                _ => store.services().find(|service| *service.name == *step.name),
            };
            let listed = listed.filter(|service| service.version >= step.version);
            let Some(service) = listed else { return false };
            step.target = Target::Service(service.id.clone());
            // The plan does not know the ids of what was made for it: the engine's own word does.
            step.before = Value::Null;
            step.after = serde_json::from_str(&service.spec).unwrap_or_default();
            true
        });
        for step in found {
            let written = self.written_steps.iter_mut().rev();
            let is_same = |one: &&mut Step| one.name == step.name && is_service(one);
            if let Some(written) = written.into_iter().find(is_same) {
                written.after = step.after.clone();
            }
            let mut follow = Follow::new(&step, now);
            follow.sent(step.version);
            self.followed.push(Followed { follow, told: String::new() });
            self.is_watched = false;
        }
        for one in &mut self.followed {
            one.follow.update(&self.store, now);
            let line = line(&one.follow);
            // Its tasks are not known yet.
            let is_new = one.follow.total == 0 && one.follow.phase == Phase::Converging;
            if line != one.told && !is_new {
                print(&format!("{}\n", clean(&line)))?;
                one.told = line;
            }
        }
        Ok(())
    }

    /// The exit code, once there is nothing more to wait for.
    pub fn ended(&mut self) -> Result<Option<u8>, Fault> {
        let Some(written) = self.written else { return Ok(None) };
        if self.has_stopped() {
            self.left();
            return Ok(Some(FAILED));
        }
        let over = self.awaited.is_empty() && self.followed.iter().all(|f| f.follow.is_over());
        if over {
            let is_done = |one: &Followed| one.follow.phase == Phase::Done;
            let failed = self.followed.iter().filter(|one| !is_done(one)).count();
            if failed > 0 {
                complain(&[format!(
                    "{failed} of {} services did not converge",
                    self.followed.len()
                )]);
            }
            return Ok(Some(if failed == 0 { 0 } else { FAILED }));
        }
        if written.elapsed() >= self.timeout {
            let waits = self.followed.iter().filter(|one| !one.follow.is_over());
            let mut names: Vec<&str> = waits.map(|one| &*one.follow.name).collect();
            names.extend(self.awaited.iter().map(|step| &*step.name));
            let said =
                format!("not converged within {}: {}", exact(self.timeout), names.join(", "));
            complain(&[said]);
            return Ok(Some(FAILED));
        }
        Ok(None)
    }

    /// The steps that were done. Those of services have the spec that the engine had then, if it was seen.
    pub fn into_done(self) -> Vec<Step> {
        self.written_steps
    }

    /// Whether a step did not end as it should, so that the rest was not sent.
    fn has_stopped(&self) -> bool {
        !self.failed.is_empty() || !self.unknown.is_empty()
    }

    /// Notes that the first step is on its way.
    pub fn sent(&mut self) {
        self.is_sent = true;
    }

    /// Says what was written and what was not, when it ends before its time.
    pub fn left(&self) {
        let rest = self.steps.get(self.ended..).unwrap_or_default();
        let rest: Vec<String> =
            self.unknown.iter().cloned().chain(rest.iter().map(Step::title)).collect();
        let told = [
            ("written", &self.done),
            ("failed", &self.failed),
            ("not written", &self.not_sent),
            ("not known, look before you try again", &rest),
        ];
        let told = told.into_iter().filter(|(_, list)| !list.is_empty());
        let lines: Vec<String> =
            told.map(|(words, list)| format!("{words}: {}", list.join(", "))).collect();
        complain(&lines);
    }
}

fn is_service(step: &Step) -> bool {
    step.target.kind() == StackObject::Service.word()
}

/// A service's line.
fn line(follow: &Follow) -> String {
    let name = &follow.name;
    let tasks = format!("{} of {} tasks", follow.done, follow.total);
    let mut text = match &follow.phase {
        Phase::Sending | Phase::Unknown { .. } => return format!("  {name}: waiting"),
        Phase::Converging if follow.rolling_back => {
            format!("  {name}: rolling back, {tasks} up to date")
        }
        Phase::Converging => format!("  {name}: {tasks} up to date"),
        Phase::Verifying(_) => format!("  {name}: {tasks} up to date, watched"),
        Phase::Done => format!("✓ {name}: converged, {tasks}"),
        Phase::Failed(why) => format!("✗ {name}: {why}"),
    };
    if let Some((_, error)) = follow.failing.as_ref().filter(|_| follow.phase != Phase::Done) {
        text += &format!("; a task failed: {error}");
    }
    if let Some(stuck) = follow.stuck.as_ref().filter(|_| !follow.is_over()) {
        text += &format!("; {stuck}");
    }
    text
}
