//! Tasks that make no progress, by the state they are stuck in. States in their order (swarmkit
//! `api/types.proto`): new, allocated, pending, assigned, accepted, preparing, ready, starting.

use crate::{
    cluster::{NodeState, Subject, Task, TaskCheck, TaskState},
    text::count,
    triage::{Remedy, ServiceContext, rule::Found},
};

/// Tasks without an error that are in one of `states` for longer than that may take.
fn stuck<'a>(s: &ServiceContext<'a>, states: &[TaskState]) -> Vec<&'a Task> {
    let waiting = s.waiting.iter().copied();
    waiting
        .filter(|t| t.err.is_empty() && states.contains(&t.state))
        .filter(|t| s.is_late(t))
        .collect()
}

fn cause(s: &ServiceContext<'_>, tasks: Vec<&Task>, state: &str, why: &str) -> Option<Found> {
    (!tasks.is_empty()).then(|| {
        let on = match s.hosts(&tasks) {
            hosts if hosts.is_empty() => hosts,
            hosts => format!(" on {hosts}"),
        };
        let said = format!("{} in {state}{}", count(tasks.len(), "task waits", "tasks wait"), on);
        Found::cause(said).why(why).remedy(Remedy::Tasks, "its tasks").tasks(s.cx, tasks)
    })
}

/// `new`: the allocator has not given it what its networks need.
pub fn new(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = stuck(s, &[TaskState::New]);
    cause(
        s,
        tasks,
        "new",
        "the manager can't give it an address or a VIP: a network without free addresses, or a leader that is overloaded",
    )
}

/// `pending` and no error yet: the scheduler has not looked at it.
pub fn pending(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = stuck(s, &[TaskState::Pending]);
    cause(
        s,
        tasks,
        "pending",
        "the scheduler has not placed it: many tasks wait, or the leader is overloaded",
    )
}

/// `allocated`: between allocator and scheduler, milliseconds as a rule.
pub fn allocated(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = stuck(s, &[TaskState::Allocated]);
    cause(
        s,
        tasks,
        "allocated",
        "the scheduler does not take it up: the leader is overloaded, or just changed",
    )
}

/// `assigned` or `accepted`: its node was told, and has not begun. A node that is away hears nothing.
pub fn assigned(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = stuck(s, &[TaskState::Assigned, TaskState::Accepted]);
    let away = tasks.iter().find_map(|t| {
        let node = s.cx.store.node(t.node.as_ref()?)?;
        (node.state != NodeState::Ready).then(|| node.id.clone())
    });
    let why = "its node does not begin: it is away, or its engine is busy or hangs";
    let mut found = cause(s, tasks, "assigned", why)?;
    found.blames = away.map(Subject::Node);
    Some(found)
}

/// `preparing`: the image is pulled, networks and volumes are set up. A large image on a slow link takes
/// its time.
pub fn preparing(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = stuck(s, &[TaskState::Preparing]);
    let image = tasks.first().map_or("", |task| task.image_tag());
    let why = format!(
        "the node pulls {image} (a large image, a slow or unreachable registry), or sets up a volume or network"
    );
    cause(s, tasks, "preparing", &why)
}

/// `starting`: the engine starts the container, or it runs and its health check has not passed yet, neither
/// in the time that its own figures give it, nor for as long as any may take.
pub fn starting(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = stuck(s, &[TaskState::Starting]);
    if tasks.is_empty() {
        return None;
    }
    let on = s.hosts(&tasks);
    let wait = count(tasks.len(), "task waits", "tasks wait");
    let (waits_for, why) = match tasks.first().map(|t| t.spec.health) {
        Some(TaskCheck::Own(_)) => (
            " for the health check to pass",
            "its health check has not passed: it starts slowly, or the check asks the wrong thing",
        ),
        Some(TaskCheck::Off) => {
            ("", "the engine has not started its container: it is busy, or hangs")
        }
        Some(TaskCheck::OfImage) | None => (
            "",
            "the engine has not started its container, or, if its image has a health check, that has not passed",
        ),
    };
    Some(
        Found::cause(format!("{wait} in starting on {on}{waits_for}"))
            .why(why)
            .remedy(Remedy::Tasks, "its tasks")
            .tasks(s.cx, tasks)
            .remedy(Remedy::Logs, "what it writes while it starts"),
    )
}
