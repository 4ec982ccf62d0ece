//! Containers that end: crash loops, and what their exit codes mean.

use std::collections::BTreeMap;

use crate::{
    cluster::Task,
    text::{bytes, count, span},
    triage::{Began, Remedy, ServiceContext, error_class::Why, rule::Found},
};

/// Characters of an engine's error in a message; the evidence has all of it.
const LONGEST: usize = 300;

/// `, 4 times`; the manager keeps but the last few of a slot, so it may have been more often.
fn times(s: &ServiceContext<'_>, tasks: &[&Task]) -> String {
    let failed = tasks.iter().filter(|t| t.state.is_failure()).count();
    let every = every(s);
    match failed {
        ..=1 => every,
        n if s.history_is_full() => format!(", at least {n} times{every}"),
        n => format!(", {n} times{every}"),
    }
}

/// `, every ~105s`, `, every ~4m`, of what fails at regular times.
fn every(s: &ServiceContext<'_>) -> String {
    let Some(time) = s.rhythm().map(|time| time.as_secs()) else { return String::new() };
    match time {
        0..180 => format!(", every ~{time}s"),
        _ => format!(", every ~{}m", (time + 30) / 60),
    }
}

/// `, 4×`, or `, 4+×` where it is the least: [`times`] where there is no room.
fn marks(s: &ServiceContext<'_>, tasks: &[&Task]) -> String {
    match tasks.iter().filter(|t| t.state.is_failure()).count() {
        ..=1 => String::new(),
        n => format!(", {}", often(s, n)),
    }
}

/// `4×`, or `4+×`: the manager keeps but the last few of a slot, so it may have been more often.
fn often(s: &ServiceContext<'_>, n: usize) -> String {
    format!("{n}{}×", if s.history_is_full() { "+" } else { "" })
}

/// Tasks that fail again and again, also if one runs each time one looks. Told are the rate, the exit
/// codes and whether they say the same. A warning: another rule tells that nothing stays up.
pub fn crash_loop(s: &ServiceContext<'_>) -> Option<Found> {
    let recent = &s.loop_kept();
    let (newest, oldest) = (recent.first()?, recent.last()?);
    let since = oldest.since?;
    let over = since.age(newest.since?);
    let mut codes: BTreeMap<i64, usize> = BTreeMap::new();
    for code in recent.iter().filter_map(|t| t.exit_code) {
        *codes.entry(code).or_default() += 1;
    }
    let exits = match codes.len() {
        0 => String::new(),
        1 => format!(", all with exit {}", codes.keys().next().copied().unwrap_or_default()),
        _ => {
            let all: Vec<String> = codes.iter().map(|(code, n)| format!("{code} ×{n}")).collect();
            format!(", exits {}", all.join(", "))
        }
    };
    let same = recent.iter().all(|t| t.err == newest.err);
    let same = match same {
        true if newest.err.is_empty() => "",
        true => ", the same error each time",
        false => ", different errors",
    };
    // The manager keeps but a few of each slot: there may have been more, and it began before.
    let full = s.history_is_full();
    let least = if full { "at least " } else { "" };
    Some(
        Found::warning(
            format!(
                "{} {} now, but {least}{} within {}{exits}{same}",
                s.service.name,
                s.figures(),
                if recent.iter().any(|t| t.state.is_failure()) {
                    count(recent.len(), "failure", "failures")
                } else {
                    count(recent.len(), "end", "ends")
                },
                span(over.max(std::time::Duration::from_secs(1))) + &every(s),
            ),
            if full { Began::By(since) } else { Began::At(since) },
        )
        .tasks(s.cx, recent.iter().copied())
        .remedy(Remedy::Logs, "what the last one wrote before it ended"),
    )
}

/// Killed tasks by the memory limit each had itself: an update may have changed it since.
fn killed_tasks<'a>(s: &ServiceContext<'a>, limit: impl Fn(u64) -> bool) -> Vec<&'a Task> {
    let mut tasks = s.because(|why| *why == Why::Exit(137));
    tasks.retain(|task| limit(task.spec.limits.memory));
    tasks
}

/// Whether a node says of any of these tasks that the kernel killed it for memory.
fn is_out_of_memory(s: &ServiceContext<'_>, tasks: &[&Task]) -> bool {
    tasks.iter().any(|task| s.cx.store.end_of(&task.id).is_some_and(|end| end.out_of_memory))
}

/// `task: non-zero exit (137)` under `Resources.Limits.MemoryBytes`: most often the kernel killed it for
/// memory, but the API does not tell that (`OOMKilled`) from any other SIGKILL (measured).
pub fn oom_killed(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = killed_tasks(s, |limit| limit > 0);
    let limit = tasks.first()?.spec.limits.memory;
    if is_out_of_memory(s, &tasks) {
        return Some(
            Found::cause(format!("out of memory at its limit of {}{}", bytes(limit), times(s, &tasks)))
                .brief(format!("out of memory, limit {}{}", bytes(limit), marks(s, &tasks)))
                .why("it needed more memory than its limit, and the kernel killed it: the engine of its node says so")
                .remedy(Remedy::Update, "raise the limit (Ctrl-e: Resources.Limits.MemoryBytes)")
                .remedy(Remedy::Rollback, "or go back to the spec that ran")
                .tasks(s.cx, tasks),
        );
    }
    Some(
        Found::cause(format!("killed (exit 137), perhaps at its memory limit of {}{}", bytes(limit), times(s, &tasks)))
            .brief(format!("exit 137, limit {}{}", bytes(limit), marks(s, &tasks)))
            .why("the kernel kills a container that needs more memory than its limit; a SIGKILL from elsewhere looks the same")
            .remedy(Remedy::Update, "raise the limit, if its memory reaches it (Ctrl-e: Resources.Limits.MemoryBytes)")
            .remedy(Remedy::Rollback, "or go back to the spec that ran")
            .tasks(s.cx, tasks),
    )
}

/// The same without a limit: someone or something sent SIGKILL, or the whole node ran out of memory.
pub fn killed(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = killed_tasks(s, |limit| limit == 0);
    if is_out_of_memory(s, &tasks) {
        return Some(
            Found::cause(format!("out of memory, without a memory limit{}", times(s, &tasks)))
                .brief(format!("out of memory{}", marks(s, &tasks)))
                .why("the node itself ran out of memory, and the kernel killed it: the node's engine says so")
                .remedy(Remedy::Update, "limit and reserve memory (Ctrl-e: Resources), or give the node more")
                .tasks(s.cx, tasks),
        );
    }
    (!tasks.is_empty()).then(|| {
        Found::cause(format!("killed (exit 137) without a memory limit{}", times(s, &tasks)))
            .brief(format!("killed, exit 137{}", marks(s, &tasks)))
            .why("SIGKILL from outside: the node itself ran out of memory, it did not stop in its grace period, or someone killed it")
            .remedy(Remedy::Logs, "what it wrote last; dmesg on the node tells of its memory")
            .tasks(s.cx, tasks)
    })
}

/// `dockerexec: unhealthy container` after exit 137 or 143: the engine stopped it because its health
/// check failed as often as it may.
pub fn unhealthy(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| matches!(why, Why::Unhealthy(_)));
    let said = tasks.iter().find_map(|t| s.cx.store.end_of(&t.id).filter(|e| !e.check.is_empty()));
    let said = said.map_or(String::new(), |end| format!("; health check says: {}", end.check));
    (!tasks.is_empty()).then(|| {
        Found::cause(format!("stopped because its health check failed{}{said}", times(s, &tasks)))
            .brief(format!("health check fails{}{said}", marks(s, &tasks)))
            .why("the container ran, but its health check did not pass: it is not ready in time (start period), or does not answer")
            .remedy(Remedy::Logs, "what it wrote until it was stopped")
            .remedy(Remedy::Update, "a longer start period, or another check (Ctrl-e: Healthcheck)")
            .tasks(s.cx, tasks)
    })
}

/// Exit 143 is SIGTERM, obeyed: something asked it to stop that was not the Swarm.
pub fn terminated(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::Exit(143));
    (!tasks.is_empty()).then(|| {
        Found::cause(format!("terminated (exit 143){}", times(s, &tasks)))
            .brief(format!("exit 143{}", marks(s, &tasks)))
            .why("it was sent SIGTERM by something else than the Swarm: a docker stop on the node, a supervisor inside the container")
            .remedy(Remedy::Logs, "what it wrote last")
            .tasks(s.cx, tasks)
    })
}

/// Exit 126 (can't be executed) or 127 (not found), also as `OCI runtime create failed: … exec: "X": …`
/// (texts differ by engine, measured).
pub fn command_failed(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| matches!(why, Why::Command(_)));
    let newest = tasks.first()?;
    let code = newest.exit_code.map_or(String::new(), |c| format!(" (exit {c})"));
    // `exec: "/no/such/cmd": stat …`
    let program = newest.err.split("exec: \"").nth(1).and_then(|rest| rest.split('"').next());
    let what = program.map_or("its command".to_owned(), |p| p.to_owned());
    let fails = if newest.exit_code == Some(126) { "can't be executed" } else { "is not found" };
    Some(
        Found::cause(format!("{what} {fails}{code}{}", times(s, &tasks)))
            .why("the command is not in the image, is not executable, or is made for another platform")
            .remedy(Remedy::Update, "mend the command or the image (Ctrl-e: Command, Args)")
            .remedy(Remedy::Rollback, "or go back to the spec that ran")
            .tasks(s.cx, tasks),
    )
}

/// `starting container failed: …` for another reason: a user, a sysctl, a device that is not there.
pub fn start_failed(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::Start);
    let newest = tasks.first()?;
    let said = newest.err.trim_start_matches("starting container failed: ");
    let said = said.rsplit("runc create failed: ").next().unwrap_or(said);
    Some(
        Found::cause(format!("can't be started: {said}{}", times(s, &tasks)))
            .why("the engine could not make or start the container: its options do not fit the image or the node")
            .remedy(Remedy::Update, "mend the spec (Ctrl-e)")
            .remedy(Remedy::Rollback, "or go back to the spec that ran")
            .tasks(s.cx, tasks),
    )
}

/// `complete` of a service that should go on: restart condition `any`, and no delay that would make it work that
/// repeats. The program is done at once, or has left for the background, where the container does not wait
/// for it.
pub fn ends(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks: Vec<&Task> =
        s.loop_kept().into_iter().filter(|t| t.ended_though_it_serves()).collect();
    (!tasks.is_empty()).then(|| {
        Found::cause("the program ends by itself with exit 0, and is started again")
            .brief(format!("exit 0, {}", often(s, tasks.len())))
            .why("it goes to the background, where its container does not wait for it, or it is a one-shot: those want the restart condition none or on-failure, or a job")
            .remedy(Remedy::Logs, "what it wrote before it ended")
            .remedy(Remedy::Update, "keep it in the foreground, or another restart condition (Ctrl-e: RestartPolicy)")
            .tasks(s.cx, tasks)
    })
}

/// Any other exit is the program's own.
pub fn exit_code(s: &ServiceContext<'_>) -> Option<Found> {
    let own = |why: &Why| matches!(why, Why::Exit(code) if !matches!(code, 137 | 143));
    let tasks = s.because(own);
    let newest = tasks.first()?;
    let mut codes: Vec<i64> = tasks.iter().filter_map(|t| t.exit_code).collect();
    codes.sort_unstable();
    codes.dedup();
    let all: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let all = all.join(", ");
    let (said, brief) = match codes.len() {
        0 => (newest.err.to_string(), newest.err.to_string()),
        1 => (newest.err.to_string(), format!("exit {all}")),
        _ => (format!("task: non-zero exit ({all})"), format!("exits {all}")),
    };
    Some(
        Found::cause(format!("{said}{}", times(s, &tasks)))
            .brief(format!("{brief}{}", marks(s, &tasks)))
            .why("the program ended by itself: its log tells why")
            .remedy(Remedy::Logs, "what it wrote last")
            .remedy(Remedy::Rollback, "or go back to the spec that ran")
            .tasks(s.cx, tasks),
    )
}

/// Errors that no other rule knows, in the engine's own words.
pub fn other(s: &ServiceContext<'_>) -> Option<Found> {
    let told = |why: &Why| matches!(why, Why::NoNode(_)) && s.refusal().is_none();
    let tasks = s.because(|why| *why == Why::Other || told(why));
    let newest = tasks.first()?;
    let mut said: String = newest.err.chars().take(LONGEST).collect();
    if said.len() < newest.err.len() {
        said.push('…');
    }
    let place = if newest.node.is_some() { s.hosts(&tasks) } else { String::new() };
    let on = if place.is_empty() { place } else { format!(" (on {place})") };
    Some(
        Found::cause(format!("{said}{on}{}", times(s, &tasks)))
            .why("these are the engine's own words: skep has no rule for them")
            .remedy(Remedy::Tasks, "its tasks, with the whole error")
            .remedy(Remedy::Update, "mend the spec (Ctrl-e)")
            .remedy(Remedy::Rollback, "or go back to the spec that ran")
            .tasks(s.cx, tasks),
    )
}
