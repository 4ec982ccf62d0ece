//! Images: not found, not allowed, not the same everywhere.

use std::collections::BTreeMap;

use crate::{
    cluster::Task,
    text::count,
    triage::{Began, Remedy, ServiceContext, error_class::Why, rule::Found},
};

/// `No such image: X` (rejected): the node has it not and could not pull it. The engine logs why the pull
/// failed and does not put it into the task (moby `executor/container/controller.go`), so where others
/// of the service run, credentials or the way to the registry are the likely reason.
pub fn missing(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::NoImage);
    if tasks.is_empty() {
        return None;
    }
    let on = s.hosts(&tasks);
    let of_it = |t: &&&Task| t.spec.template == tasks[0].spec.template;
    let runs = s.running.iter().filter(of_it).count();
    // Its own: after a rollback the service's is another.
    let image = tasks[0].image_tag();
    let found = if runs > 0 {
        Found::cause(format!("image {image} is not found on {}, and runs elsewhere", on))
            .why("those nodes can't pull it: no credentials (update with --with-registry-auth), no way to the registry, or it was never pushed and lies on the other nodes only")
            .remedy(Remedy::Describe, "try docker pull on that node")
    } else {
        Found::cause(format!("image {image} is not found (on {})", on))
            .why("the name or tag is wrong, it was not pushed, or the registry wants credentials (--with-registry-auth)")
            .remedy(Remedy::Update, "another image")
            .remedy(Remedy::Rollback, "or go back to the one that ran")
    };
    Some(found.tasks(s.cx, tasks))
}

/// `pull access denied`, `unauthorized: authentication required`, `no basic auth credentials`.
pub fn registry_auth(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::RegistryAuth);
    let image = tasks.first()?.image_tag();
    let on = s.hosts(&tasks);
    Some(
        Found::cause(format!("the registry refuses {on} the image {image}"))
            .why("the credentials stored with the service are missing, expired or not allowed to pull")
            .remedy(Remedy::Describe, "docker login, then docker service update --with-registry-auth --force: skep holds no credentials")
            .tasks(s.cx, tasks),
    )
}

/// `toomanyrequests: You have reached your pull rate limit`.
pub fn registry_limit(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::RateLimit);
    (!tasks.is_empty()).then(|| {
        Found::cause("the registry's rate limit is reached")
            .why("the nodes pull too often from this registry, mostly without being logged in")
            .remedy(Remedy::Describe, "log in with --with-registry-auth, or use a mirror")
            .tasks(s.cx, tasks)
    })
}

/// `dial tcp: lookup …: no such host`, `x509: …`, timeouts: the registry does not answer.
pub fn registry_unreachable(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::Registry);
    (!tasks.is_empty()).then(|| {
        Found::cause(format!("{} can't reach the registry", s.hosts(&tasks)))
            .why("name service, routing, a proxy or the registry's certificate")
            .remedy(Remedy::Describe, "try docker pull on that node")
            .tasks(s.cx, tasks)
    })
}

/// `no matching manifest for linux/arm64`, `exec format error`.
pub fn platform(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::WrongPlatform);
    let image = tasks.first()?.image_tag();
    Some(
        Found::cause(format!("image {image} is not made for {}", s.hosts(&tasks)))
            .why("the nodes have another architecture than the image was built for")
            .remedy(
                Remedy::Update,
                "an image for several platforms, or a constraint on node.platform.arch",
            )
            .tasks(s.cx, tasks),
    )
}

/// Running tasks made from one tag with different digests, or one with and one without: they may run
/// different code. A warning once no update replaces them.
pub fn digest_drift(s: &ServiceContext<'_>) -> Option<Found> {
    if s.service.is_updating() {
        return None;
    }
    let mut digests: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for task in &s.running {
        let digest = task.spec.image.split_once('@').map_or("no digest", |(_, d)| d);
        *digests.entry(task.image_tag()).or_default().entry(digest).or_default() += 1;
    }
    let (tag, found) = digests.iter().find(|(_, digests)| digests.len() > 1)?;
    let short = |d: &str| d.trim_start_matches("sha256:").chars().take(8).collect::<String>();
    let said: Vec<String> = found
        .iter()
        .map(|(d, n)| format!("{} of {}", count(*n, "task", "tasks"), short(d)))
        .collect();
    Some(
        Found::warning(
            format!("{} runs different images under {tag}: {}", s.service.name, said.join(", ")),
            Began::Unknown,
        )
        .why("the tag was pushed again, and some tasks were started since")
        .tasks(s.cx, s.running.iter().copied())
        .remedy(Remedy::Force, "replace all tasks by the image of today"),
    )
}
