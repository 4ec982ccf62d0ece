//! A rule, and what it finds. The table of them is [`super::rules::RULES`].

use super::{Began, Context, Remedy, ServiceContext, Severity};
use crate::cluster::{Node, Subject, Task, TaskId, Timestamp};

/// How a rule's findings are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Effect that users feel. Of a service only the worst heads a finding; the others and the causes are
    /// folded into it.
    Symptom,
    /// Why: told with a symptom of the same object, never alone.
    Cause,
    /// A finding of its own.
    Standing,
    /// Worth knowing on a quiet day; those of one rule are told together.
    Advice,
}

/// Subject of a rule: findings of one family are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The managers' majority.
    Quorum,
    /// A service has fewer tasks than it should.
    Shortage,
    /// A rolling update, or its rollback.
    Update,
    /// A node is gone.
    NodeLoss,
    /// Jobs and restart policies.
    Job,
    /// Managers: leader, roles, certificates.
    Manager,
    /// Nodes that are there and not well.
    Node,
    /// Tasks that should be elsewhere, or where none is.
    Tasks,
    /// Images that can't be pulled.
    Image,
    /// Reservations that leave no room.
    Capacity,
    /// Mounts, secrets, configs, networks, ports.
    Part,
    /// Addresses of networks.
    Address,
    /// How containers end.
    Exit,
    /// No node takes a task.
    Placement,
    /// A task waits on its way to running.
    Waiting,
    /// On which nodes a service runs.
    Spread,
    /// A setting that a spec lacks.
    Spec,
}

/// The check of a rule, by the object that it reads.
#[derive(Clone, Copy)]
pub enum Check {
    /// Each node.
    Node(fn(&Context<'_>, &Node) -> Option<Found>),
    /// Each service.
    Service(fn(&ServiceContext<'_>) -> Option<Found>),
    /// The Swarm as a whole.
    Swarm(fn(&Context<'_>) -> Option<Found>),
    /// Networks and stacks, which services share: each has a finding of its own ([`Found::about`]).
    Shared(fn(&Context<'_>) -> Vec<Found>),
}

/// One rule.
pub struct Rule {
    /// Its name, stable for ever: monitoring and configs hold it.
    pub id: &'static str,
    /// Its family.
    pub family: Family,
    /// The most severe it can be.
    pub severity: Severity,
    /// How it is treated.
    pub role: Role,
    /// How much it hurts users, of 100: what is felt first is told first.
    pub harm: u8,
    /// Description of what it catches, for the README.
    pub catches: &'static str,
    /// The function.
    pub check: Check,
}

impl Rule {
    /// Whether what it finds depends on the tasks of other services.
    pub fn counts_others(&self) -> bool {
        matches!(self.family, Family::Placement | Family::Address)
    }
}

/// Finding of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How bad.
    pub severity: Severity,
    /// One plain sentence with the numbers. A cause's is a clause that goes after the symptom.
    pub message: String,
    /// The same in few words: of a symptom what goes after the object's name, of a cause a clause, as
    /// `exit 3, 8×`.
    pub brief: Option<String>,
    /// Position in the sentence at which what it took with it is told: before the details.
    pub toll_at: usize,
    /// When it began.
    pub since: Began,
    /// The probable cause, and what it means.
    pub why: String,
    /// The tasks and nodes it was read from.
    pub evidence: Vec<Evidence>,
    /// First steps to take.
    pub remedies: Vec<(Remedy, String)>,
    /// The object that it is about, if that is not the one that was looked at.
    pub about: Option<Subject>,
    /// Another object that is to blame: a node that took tasks with it.
    pub blames: Option<Subject>,
    /// How much it hurts, if that is less than its rule says.
    pub harm: Option<u8>,
    /// Nothing else is wrong because of it: what is, is told first.
    pub is_over: bool,
}

/// A fact a finding was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// When; none where nothing tells.
    pub at: Option<Timestamp>,
    /// The engine's own words.
    pub text: String,
    /// The task, if its log tells more.
    pub task: Option<TaskId>,
}

impl Found {
    /// A finding of that severity.
    pub fn new(severity: Severity, message: impl Into<String>, since: impl Into<Began>) -> Self {
        let message = message.into();
        Self {
            severity,
            toll_at: message.len(),
            message,
            brief: None,
            since: since.into(),
            why: String::new(),
            evidence: Vec::new(),
            remedies: Vec::new(),
            about: None,
            blames: None,
            harm: None,
            is_over: false,
        }
    }

    /// To be looked at now.
    pub fn critical(message: impl Into<String>, since: impl Into<Began>) -> Self {
        Self::new(Severity::Critical, message, since)
    }

    /// To be looked at today.
    pub fn warning(message: impl Into<String>, since: impl Into<Began>) -> Self {
        Self::new(Severity::Warning, message, since)
    }

    /// Worth knowing.
    pub fn advice(message: impl Into<String>) -> Self {
        Self::new(Severity::Advice, message, Began::Unknown)
    }

    /// A reason, to be told with a symptom.
    pub fn cause(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message, Began::Unknown)
    }

    /// With details, told after what it took with it.
    pub fn details(mut self, details: &str) -> Self {
        self.message += details;
        self
    }

    /// About an object that is neither a service nor a node.
    pub fn about(mut self, subject: Subject) -> Self {
        self.about = Some(subject);
        self
    }

    /// In a few words, where a line has no room for more.
    pub fn brief(mut self, brief: impl Into<String>) -> Self {
        self.brief = Some(brief.into());
        self
    }

    /// With the probable cause.
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// With something to do.
    pub fn remedy(mut self, remedy: Remedy, words: impl Into<String>) -> Self {
        self.remedies.push((remedy, words.into()));
        self
    }

    /// With the tasks it was read from, at most some.
    pub fn tasks<'t>(
        mut self,
        cx: &Context<'_>,
        tasks: impl IntoIterator<Item = &'t Task>,
    ) -> Self {
        self.evidence.extend(tasks.into_iter().take(5).map(|t| Evidence::task(cx, t)));
        self
    }

    /// With a fact.
    pub fn fact(mut self, at: impl Into<Option<Timestamp>>, text: impl Into<String>) -> Self {
        self.evidence.push(Evidence { at: at.into(), text: text.into(), task: None });
        self
    }
}

impl Evidence {
    fn task(cx: &Context<'_>, t: &Task) -> Self {
        let node =
            t.node.as_ref().map_or(String::new(), |n| format!(" on {}", cx.store.hostname(n)));
        let exit = t.exit_code.map_or(String::new(), |c| format!(", exit {c}"));
        let err = if t.err.is_empty() { t.message.as_ref() } else { t.err.as_ref() };
        let mut text = format!("{} {}{node}{exit}: {err}", cx.store.task_name(t), t.state);
        // Its own node may know more than the Swarm.
        if let Some(end) = cx.store.end_of(&t.id) {
            if end.out_of_memory {
                text += "; killed for memory";
            }
            if !end.error.is_empty() && !err.contains(&*end.error) {
                text += &format!("; its engine says: {}", end.error);
            }
            if !end.check.is_empty() {
                text += &format!("; health check says: {}", end.check);
            }
        }
        // A task whose container never was or never ran has no log.
        let task = (t.container.is_some() && !t.never_started()).then(|| t.id.clone());
        Self { at: t.since, text, task }
    }
}
