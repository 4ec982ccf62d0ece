//! Advice: to be mended on a quiet day.

use crate::{
    cluster::Service,
    text::span,
    triage::{Remedy, ServiceContext, rule::Found},
};

/// Whether it serves others: a published port, or replicas behind a name.
fn serves(service: &Service) -> bool {
    service.ports.iter().any(|p| p.published > 0)
}

/// A published service without a health check in its spec: a task that hangs counts as running, and an
/// update can't tell a bad image from a good one. The image may have a check of its own, which the API
/// does not tell.
pub fn no_health_check(s: &ServiceContext<'_>) -> Option<Found> {
    (serves(s.service) && !s.service.health_check && !s.service.mode.is_job()).then(|| {
        Found::advice(format!("{} has no health check in its spec", s.service.name))
            .why("a task that hangs counts as running, and updates can't tell a bad image from a good one (unless the image has a check of its own)")
            .remedy(Remedy::Update, "Ctrl-e: TaskTemplate.ContainerSpec.Healthcheck")
    })
}

/// Without a memory limit one leaking task takes its node, and all on it, along.
pub fn no_limits(s: &ServiceContext<'_>) -> Option<Found> {
    (s.service.limits.memory == 0 && !s.service.mode.is_job()).then(|| {
        Found::advice(format!("{} has no memory limit", s.service.name))
            .why("one task that leaks takes its node, and all that runs there, along")
            .remedy(Remedy::Update, "Ctrl-e: TaskTemplate.Resources.Limits.MemoryBytes")
    })
}

/// `latest` that was not updated for long: what a new task pulls tomorrow may be something else.
pub fn image_latest(s: &ServiceContext<'_>) -> Option<Found> {
    let tag = s.service.image_tag();
    let name = tag.rsplit('/').next().unwrap_or(tag);
    let latest = name.ends_with(":latest") || !name.contains(':');
    let pinned = s.service.image.contains('@');
    let changed = s.changed.filter(|_| latest && !pinned)?;
    if !s.cx.lasts(changed, s.cx.thresholds.latest) {
        return None;
    }
    Some(
        Found::advice(format!("{} runs {tag} unchanged for {}", s.service.name, span(changed.age(s.cx.now))))
            .why("the tag moves on: the next task that is started elsewhere pulls another image than the others run")
            .remedy(Remedy::Update, "name a version"),
    )
}
