//! Groups findings by root cause, and ranks the problems by harm.

use crate::text::count;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Before, Family, Problem, Remedy, Role, Severity, context::names, rule::Found, rules::RULES,
};
use crate::cluster::{Meaning, Service, Store, Subject, Task, Timestamp};

/// Findings about one object: the rule's place in the table, and the finding.
pub(super) type Raw = Vec<(usize, Found)>;

/// Longest time between a change and a problem that it may have caused.
const BEFORE: i64 = 30 * 60 * 1_000_000_000;
/// Longest time between an action of skep and the change that it made.
const TOGETHER: i64 = 15 * 1_000_000_000;

/// A problem before grouping.
#[derive(Clone)]
struct Head {
    problem: Arc<Problem>,
    /// The object to blame for it.
    blames: Option<Subject>,
    /// Position in its message at which its consequences are inserted.
    toll_at: usize,
}

/// Findings about one object, made into problems. It holds until something else is found there:
/// of a thousand problems few change at once.
pub(super) struct Made {
    heads: Vec<Head>,
    advice: Vec<(usize, Arc<Problem>)>,
}

impl Made {
    /// Of an object's findings.
    pub fn new(store: &Store, subject: &Subject, found: &Raw) -> Self {
        let of = |role: Role| found.iter().filter(move |(at, _)| RULES[*at].role == role);
        let mut heads: Vec<(Problem, Option<Subject>, usize)> = Vec::new();
        heads.extend(symptoms(store, subject, found).map(|(p, blames)| (p, blames, 0)));
        for (at, one) in of(Role::Standing) {
            heads.push((problem(store, subject, *at, one), one.blames.clone(), one.toll_at));
        }
        for (head, ..) in &mut heads {
            head.folded.sort_by(|a, b| b.harm.cmp(&a.harm).then_with(|| a.object.cmp(&b.object)));
            if head.severity > Severity::Advice {
                head.before = before(store, head);
            }
        }
        let advice = of(Role::Advice)
            .map(|(at, one)| (*at, Arc::new(problem(store, subject, *at, one))))
            .collect();
        let head =
            |(problem, blames, toll_at)| Head { problem: Arc::new(problem), blames, toll_at };
        Self { heads: heads.into_iter().map(head).collect(), advice }
    }
}

/// Groups all findings into problems, in no order.
pub(super) fn fold<'m>(made: impl Iterator<Item = &'m Made>) -> Vec<Arc<Problem>> {
    let mut heads = Vec::new();
    let mut advice: BTreeMap<usize, Vec<Arc<Problem>>> = BTreeMap::new();
    for one in made {
        heads.extend(one.heads.iter().cloned());
        for (at, problem) in &one.advice {
            advice.entry(*at).or_default().push(Arc::clone(problem));
        }
    }
    let mut all = blame(heads);
    all.extend(advice.into_iter().map(|(at, found)| together(at, found)));
    all
}

/// Urgency of a problem, the most urgent first: severity, harm, number of consequences. It depends on nothing
/// that only a longer watch knows: a skep that has just started orders as one that watched all along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency<'p>(Reverse<Severity>, Reverse<u8>, Reverse<usize>, &'p str, &'static str);

impl<'p> Urgency<'p> {
    /// Urgency of a problem of that severity and harm, with so many other objects folded into it, about `object`.
    pub fn new(
        severity: Severity,
        (harm, others): (u8, usize),
        object: &'p str,
        rule: &'static str,
    ) -> Self {
        Self(Reverse(severity), Reverse(harm), Reverse(others), object, rule)
    }
}

impl Problem {
    /// Its urgency.
    pub fn urgency(&self) -> Urgency<'_> {
        Urgency::new(self.severity, (self.harm, self.others()), &self.object, self.rule)
    }

    /// Number of other objects that it explains.
    pub fn others(&self) -> usize {
        self.folded.iter().filter(|folded| folded.subject != self.subject).count()
    }
}

/// The most urgent first; known ones below the loud, then advice, and what is over last.
pub(crate) fn rank(problems: &mut [Arc<Problem>]) {
    problems.sort_by(|a, b| {
        let over = |p: &Problem| p.resolved.is_some();
        let known = |p: &Problem| p.quiet.is_some();
        let advice = |p: &Problem| p.severity == Severity::Advice;
        (over(a), advice(a), known(a))
            .cmp(&(over(b), advice(b), known(b)))
            .then(b.resolved.cmp(&a.resolved))
            .then_with(|| a.urgency().cmp(&b.urgency()))
    });
}

fn harm(at: usize, found: &Found) -> u8 {
    found.harm.unwrap_or(RULES[at].harm)
}

fn problem(store: &Store, subject: &Subject, at: usize, found: &Found) -> Problem {
    let subject = found.about.as_ref().unwrap_or(subject);
    let object = match subject {
        Subject::Node(id) => store.hostname(id).to_owned(),
        Subject::Service(id) | Subject::Task(_, id) => {
            store.service(id).map_or_else(|| id.short().to_owned(), |s| s.name.to_string())
        }
        Subject::Other => "swarm".to_owned(),
        other => store.name_of(other),
    };
    // A sentence about an object mostly begins with its name.
    let rest = || found.message.strip_prefix(&*object).map(str::to_owned);
    let brief = found.brief.clone().or_else(rest).unwrap_or_default();
    Problem {
        rule: RULES[at].id,
        severity: found.severity,
        subject: subject.clone(),
        object,
        message: found.message.clone(),
        brief,
        since: found.since,
        cause: None,
        why: found.why.clone(),
        evidence: found.evidence.clone(),
        before: None,
        remedies: found.remedies.clone(),
        folded: Vec::new(),
        harm: harm(at, found),
        resolved: None,
        times: 1,
        quiet: None,
        noticed: None,
    }
}

/// Leaves the remedies that can work: a rollback to another spec that did not fail itself, the log of
/// a container that there was.
fn keep_workable(store: &Store, problem: &mut Problem) {
    let service = match &problem.subject {
        Subject::Service(id) | Subject::Task(_, id) => store.service(id),
        _ => None,
    };
    let Some(service) = service else { return };
    let has_log = problem.evidence.iter().any(|e| e.task.is_some());
    problem.remedies.retain(|(remedy, _)| match remedy {
        Remedy::Rollback => {
            service.can_roll_back() && store.failed_before_rollback(service).is_none()
        }
        Remedy::Logs => has_log,
        _ => true,
    });
}

/// The worst of a service's symptoms, with the cause that is believed most.
fn symptoms(store: &Store, subject: &Subject, found: &Raw) -> Option<(Problem, Option<Subject>)> {
    let mut symptoms: Vec<&(usize, Found)> =
        found.iter().filter(|(at, _)| RULES[*at].role == Role::Symptom).collect();
    // Of equally bad ones that of an update tells more: it has the figures as well.
    symptoms.sort_by_key(|(at, f)| {
        let rule = &RULES[*at];
        (f.is_over, Reverse((f.severity, rule.family == Family::Update, rule.harm)), *at)
    });
    let (at, head) = symptoms.first()?;
    let mut causes: Vec<&(usize, Found)> =
        found.iter().filter(|(at, _)| RULES[*at].role == Role::Cause).collect();
    // What was seen last is why it is so now; that a task waits is the least that can be said.
    causes.sort_by_key(|(at, f)| {
        let newest = f.evidence.iter().filter_map(|e| e.at).max();
        (RULES[*at].family == Family::Waiting, Reverse(newest), *at)
    });
    let mut main = problem(store, subject, *at, head);
    main.harm = symptoms.iter().map(|(at, f)| harm(*at, f)).max().unwrap_or(main.harm);
    let mut blames = head.blames.clone();
    if let Some((at, cause)) = causes.first() {
        main.cause = Some(RULES[*at].id);
        main.message = format!("{}: {}", main.message, cause.message);
        let why = cause.brief.as_ref().unwrap_or(&cause.message);
        if !main.brief.is_empty() {
            main.brief = format!("{}: {why}", main.brief);
        }
        main.why = if main.why.is_empty() {
            cause.why.clone()
        } else {
            format!("{}; {}", main.why, cause.why)
        };
        // The cause's own facts and advice are the sharper ones.
        let mut evidence = cause.evidence.clone();
        evidence.extend(main.evidence.drain(..).filter(|e| !cause.evidence.contains(e)));
        main.evidence = evidence;
        let mut remedies = cause.remedies.clone();
        let known = |remedies: &[(Remedy, String)], r| remedies.iter().any(|(k, _)| *k == r);
        for (remedy, words) in main.remedies.drain(..) {
            if !known(&remedies, remedy) {
                remedies.push((remedy, words));
            }
        }
        main.remedies = remedies;
        blames = cause.blames.clone().or(blames);
    } else if blames.is_none()
        && !store.tasks_refused()
        && matches!(main.rule, "service-down" | "service-below")
    {
        main.message += ": its tasks do not start";
    }
    main.evidence.truncate(8);
    keep_workable(store, &mut main);
    main.folded = symptoms[1..]
        .iter()
        .chain(causes.iter().skip(1))
        .map(|(at, f)| Arc::new(problem(store, subject, *at, f)))
        .collect();
    Some((main, blames))
}

/// Folds problems into the lost node or manager that explains them.
fn blame(heads: Vec<Head>) -> Vec<Arc<Problem>> {
    const LOST: [&str; 2] = ["node-down", "node-disconnected"];
    // What a lost node's own other findings are: the same story.
    const SAME: [&str; 3] = ["manager-unreachable", "cert-expiry", "node-flapping"];
    let lost: HashMap<Subject, usize> = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| LOST.contains(&head.problem.rule))
        .map(|(at, head)| (head.problem.subject.clone(), at))
        .collect();
    let quorum = heads.iter().position(|h| h.problem.family() == Some(Family::Quorum));
    let mut into: Vec<Option<usize>> = vec![None; heads.len()];
    for (at, Head { problem, blames, .. }) in heads.iter().enumerate() {
        if LOST.contains(&problem.rule) {
            continue;
        }
        let blamed = blames.as_ref().and_then(|subject| lost.get(subject));
        let same = SAME.contains(&problem.rule).then(|| lost.get(&problem.subject)).flatten();
        into[at] = blamed.or(same).copied();
        if into[at].is_none() && problem.rule == "manager-unreachable" {
            into[at] = quorum;
        }
    }
    let toll_at: Vec<usize> = heads.iter().map(|head| head.toll_at).collect();
    let mut kept: Vec<Option<Arc<Problem>>> = heads.into_iter().map(|h| Some(h.problem)).collect();
    for at in 0..kept.len() {
        if let Some(to) = into[at]
            && let Some(problem) = kept[at].take()
            && let Some(head) = &mut kept[to]
        {
            let head = Arc::make_mut(head);
            head.severity = head.severity.max(problem.severity);
            head.harm = head.harm.max(problem.harm);
            // Remedies for quorum come before those for one node.
            if problem.family() == Some(Family::Quorum) {
                head.remedies.splice(0..0, problem.remedies.iter().cloned());
            }
            head.folded.push(problem);
        }
    }
    let took = |p: &Problem| LOST.contains(&p.rule) || p.family() == Some(Family::Quorum);
    let all = kept.into_iter().zip(toll_at).filter_map(|(head, at)| Some((head?, at)));
    let mut all: Vec<(Arc<Problem>, usize)> = all.collect();
    for (head, toll_at) in all.iter_mut().filter(|(p, _)| took(p) && !p.folded.is_empty()) {
        let head = Arc::make_mut(head);
        head.folded.sort_by(|a, b| b.harm.cmp(&a.harm).then_with(|| a.object.cmp(&b.object)));
        if LOST.contains(&head.rule) {
            let toll = toll(&head.folded);
            head.message.insert_str(*toll_at, &toll);
            let state = if head.rule == "node-down" { "down" } else { "disconnected" };
            if !toll.is_empty() {
                head.brief = format!(" is {state}{toll}");
            }
        }
    }
    all.into_iter().map(|(head, _)| head).collect()
}

/// `; quorum at risk; shop_db is down; 3 services are short of replicas`
fn toll(folded: &[Arc<Problem>]) -> String {
    let named = |rule: &str| -> Vec<&str> {
        folded.iter().filter(|p| p.rule == rule).map(|p| &*p.object).collect()
    };
    let mut said = String::new();
    if folded.iter().any(|p| p.rule == "quorum-risk") {
        said += "; quorum at risk: one more loss stops the Swarm";
    }
    let down = named("service-down");
    if !down.is_empty() {
        said += &format!(
            "; {} {} down",
            names(down.iter().copied()),
            if down.len() == 1 { "is" } else { "are" }
        );
    }
    let short = named("service-below").len() + named("global-missing").len();
    if short > 0 {
        said += &format!("; {} short of replicas", count(short, "service is", "services are"));
    }
    said
}

/// Merges advice of one rule about several objects.
fn together(at: usize, mut found: Vec<Arc<Problem>>) -> Arc<Problem> {
    found.sort_unstable_by(|a, b| a.object.cmp(&b.object));
    if let [_] = found.as_slice() {
        return found.remove(0);
    }
    let mut one = Problem::clone(&found[0]);
    one.subject = Subject::Other;
    one.object = format!("{} objects", found.len());
    let all = names(found.iter().map(|p| &*p.object));
    one.message = format!("{}: {} ({all})", RULES[at].catches, found.len());
    one.brief.clear();
    one.evidence.clear();
    one.folded = found;
    Arc::new(one)
}

/// Changes of an update that the engine undid, as far as its tasks tell: no spec of it is kept.
fn undone(store: &Store, service: &Service, started: Timestamp) -> String {
    let of_it = |t: &&Task| t.created >= Some(started) && t.spec.template != service.template;
    let task = store.tasks_of(&service.id).filter(of_it).max_by_key(|t| t.created);
    task.map_or(String::new(), |task| match (service.image_tag(), task.image_tag()) {
        (before, after) if before != after => format!("image {before} → {after}"),
        (image, _) => format!("another spec of the same image {image}"),
    })
}

/// Last change shortly before: of the service itself, by its own journal or the spec before the last
/// update; of a node likewise.
fn before(store: &Store, problem: &Problem) -> Option<Before> {
    let memory = store.memory();
    let mut changes: Vec<(Timestamp, Meaning, Arc<str>)> =
        memory.changes(&problem.subject).map(|c| (c.at, c.meaning, Arc::clone(&c.text))).collect();
    if let Subject::Service(id) = &problem.subject
        && let Some(service) = store.service(id)
        && let Some(update) = &service.update
        && let Some(started) = update.started
        && !changes
            .iter()
            .any(|(at, m, _)| *m == Meaning::Change && *at >= started.shifted(-TOGETHER))
    {
        let said = if service.was_undone() {
            undone(store, service, started)
        } else if update.is_rollback() {
            String::new()
        } else {
            service.last_changes().join(", ")
        };
        if !said.is_empty() {
            changes.push((started, Meaning::Change, said.into()));
        }
    }
    changes.sort_by_key(|(at, _, _)| *at);
    // A failure may be told by another clock: a moment after still counts as before.
    let near = |at: Timestamp| {
        let since = problem.since.exactly();
        since.is_none_or(|since| at <= since.shifted(5_000_000_000) && at >= since.shifted(-BEFORE))
    };
    let (at, _, text) =
        changes.iter().rev().find(|(at, m, _)| *m == Meaning::Change && near(*at))?;
    let who = memory
        .changes(&problem.subject)
        .rev()
        .find(|c| c.meaning == Meaning::Action && c.at.until(*at).abs() <= TOGETHER)
        .and_then(|c| c.who.as_ref())
        .map_or(String::new(), |who| format!(" (by {who}, through skep)"));
    Some(Before { at: *at, text: format!("{text}{who}") })
}
