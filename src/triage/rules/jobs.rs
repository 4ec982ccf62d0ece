//! Jobs, and restart policies that give up.

use crate::{
    cluster::{Idle, Mode, RestartCondition, Task},
    text::count,
    triage::{Remedy, ServiceContext, rule::Found},
};

/// A job with failed tasks that is not done, tried again or not. A warning: a job serves nobody.
pub fn failed(s: &ServiceContext<'_>) -> Option<Found> {
    let (done, total) = s.missing.job?;
    let failures = &s.failures;
    if done >= total {
        return None;
    }
    let stuck = s.waiting.iter().any(|t| !t.err.is_empty());
    if failures.is_empty() && !stuck {
        return None;
    }
    let alive = s.running.len() + s.waiting.len();
    // Between two tries there is a moment without any.
    let ended = failures.first().map(|t| t.since).unwrap_or_default();
    let over = alive == 0 && s.cx.lasts(ended, s.cx.thresholds.stuck);
    let goes_on = if over { "not tried any more" } else { "still trying" };
    let since = s.short_since();
    let shown = failures.iter().copied().chain(s.waiting.iter().copied());
    Some(
        Found::warning(
            format!(
                "job {} {}: {}, {goes_on}",
                s.service.name,
                s.figures(),
                count(failures.len(), "failed task", "failed tasks")
            ),
            since,
        )
        .tasks(s.cx, shown)
        .remedy(Remedy::Logs, "what the failed task wrote")
        .remedy(Remedy::Force, "run the job anew"),
    )
}

/// Tasks whose last run failed and that are not started again, for the restart policy says so (`Condition`
/// none, or `MaxAttempts` used up): the service stays short for ever.
pub fn attempts_used_up(s: &ServiceContext<'_>) -> Option<Found> {
    if !s.is_short() || !matches!(s.service.mode, Mode::Replicated(_) | Mode::Global) {
        return None;
    }
    let given_up = |t: &&&Task| s.rests.get(&t.place()) == Some(&Idle::GivenUp);
    let newest = s.tasks.iter().filter(given_up).max_by_key(|t| t.created)?;
    let policy = &newest.spec.restart;
    let said = match (&policy.condition, policy.max_attempts) {
        (RestartCondition::None, _) => "its restart policy is none".to_owned(),
        (_, n) if n > 0 => {
            format!("its {} are used up", count(n as usize, "restart attempt", "restart attempts"))
        }
        _ => return None,
    };
    let end = if newest.err.is_empty() { newest.state.to_string() } else { newest.err.to_string() };
    Some(
        Found::cause(format!("{end}; not started again: {said}"))
            .why("the engine gives up on these tasks; only a new update or a forced one starts them again")
            .remedy(Remedy::Force, "start them again")
            .remedy(Remedy::Update, "or another restart policy (Ctrl-e: RestartPolicy)")
            .tasks(s.cx, [*newest]),
    )
}
