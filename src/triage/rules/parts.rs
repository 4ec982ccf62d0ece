//! Parts that a task needs and does not get: mounts, secrets, configs, networks, addresses, ports.

use std::collections::BTreeSet;

use crate::{
    cluster::{Task, TaskState},
    text::count,
    triage::{
        Remedy, ServiceContext,
        error_class::{Thing, Why},
        rule::Found,
    },
};

/// `invalid mount config for type "bind": bind source path does not exist: PATH` (rejected).
pub fn bind_missing(s: &ServiceContext<'_>) -> Option<Found> {
    let path = s.trouble.iter().find_map(|(_, why)| match why {
        Why::BindMissing(path) => Some(path.clone()),
        _ => None,
    })?;
    let tasks = s.because(|why| matches!(why, Why::BindMissing(_)));
    Some(
        Found::cause(format!("bind mount source {path} does not exist on {}", s.hosts(&tasks)))
            .why("a bind mount needs the path on every node the task may go to; the engine does not make it")
            .remedy(Remedy::Update, "a volume instead, or a constraint to the nodes that have it (Ctrl-e)")
            .remedy(Remedy::Describe, "or make the path on those nodes")
            .tasks(s.cx, tasks),
    )
}

fn thing(s: &ServiceContext<'_>, thing: Thing, word: &str) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::Missing(thing));
    let newest = tasks.first()?;
    Some(
        Found::cause(format!("{word} missing: {}", newest.err))
            .why(format!("the node was not given the {word} the service names"))
            .remedy(Remedy::Describe, "what the service refers to")
            .remedy(Remedy::Update, "mend the reference (Ctrl-e)")
            .tasks(s.cx, tasks),
    )
}

/// `secret … not found`.
pub fn secret_missing(s: &ServiceContext<'_>) -> Option<Found> {
    thing(s, Thing::Secret, "secret")
}

/// `config … not found`.
pub fn config_missing(s: &ServiceContext<'_>) -> Option<Found> {
    thing(s, Thing::Config, "config")
}

/// `network … not found`.
pub fn network_missing(s: &ServiceContext<'_>) -> Option<Found> {
    thing(s, Thing::Network, "network")
}

/// A volume that is not there or can't be mounted: `error while mounting volume …`.
pub fn volume_failed(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::Missing(Thing::Volume));
    let newest = tasks.first()?;
    let said = newest.err.trim_start_matches("starting container failed: ");
    Some(
        Found::cause(format!("its volume can't be mounted on {}: {said}", s.hosts(&tasks)))
            .why("the volume is not there, its plugin does not answer, or its server or path refuses the mount")
            .remedy(Remedy::Describe, "its mounts and their drivers")
            .remedy(Remedy::Update, "mend the mount (Ctrl-e: Mounts)")
            .tasks(s.cx, tasks),
    )
}

/// `failed to allocate gateway (10.255.0.1): Address already in use`: the engine's address management
/// (libnetwork `ipamapi`) refuses an address or a subnet of a network. No port is meant.
pub fn address_conflict(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::AddressConflict);
    let newest = tasks.first()?;
    let said = newest.err.trim_start_matches("starting container failed: ");
    Some(
        Found::cause(format!("its network can't be set up on {}: {said}", s.hosts(&tasks)))
            .why("that engine has given the address or subnet to another network already: two networks overlap, or one that was removed is still held there")
            .remedy(Remedy::Describe, "its networks; then docker network ls on that node, or restart the engine there")
            .remedy(Remedy::Update, "or another network (Ctrl-e: Networks)")
            .tasks(s.cx, tasks),
    )
}

/// `ip addresses may be exhausted`, and tasks that stay `new` on a network as good as full: the manager
/// says nothing then (measured: a /29 gives 5 addresses, and one goes to the service's VIP).
pub fn address_exhaustion(s: &ServiceContext<'_>) -> Option<Found> {
    let told = s.because(|why| *why == Why::NoAddress);
    let stuck: Vec<&Task> =
        s.waiting.iter().copied().filter(|t| t.state == TaskState::New).collect();
    let stuck_long = stuck.first().is_some_and(|t| s.cx.lasts(t.created, s.cx.thresholds.grace));
    if told.is_empty() && !stuck_long {
        return None;
    }
    let store = s.cx.store;
    // A network is full when all but a few of its addresses can be accounted for: some go to
    // nodes, which no list tells.
    let joins = told.iter().chain(&stuck).flat_map(|task| &task.spec.networks);
    let full = joins.collect::<BTreeSet<_>>().into_iter().find_map(|id| {
        let network = store.network(id.as_str())?;
        let addresses = network.addresses()?;
        let joined = store.services().filter(|other| other.networks.contains(id));
        let used: u64 = joined
            .map(|other| {
                let has = |t: &&Task| !t.state.is_terminal() && t.state != TaskState::New;
                1 + store.tasks_of(&other.id).filter(has).count() as u64
            })
            .sum();
        let nodes = store.nodes().len() as u64;
        (used + nodes >= addresses).then_some((network, addresses))
    });
    let (said, network) = match full {
        Some((network, n)) => {
            let subnets = network.subnet_words();
            (format!("network {} has no address left: {subnets} has {n}", network.name), true)
        }
        None => ("a network of it has no address left".to_owned(), false),
    };
    if told.is_empty() && !network {
        return None;
    }
    let waits = if stuck.is_empty() {
        String::new()
    } else {
        format!(", {} wait", count(stuck.len(), "task", "tasks"))
    };
    Some(
        Found::cause(format!("{said}{waits}"))
            .why("each task, each service's VIP and each node on the network takes an address; a subnet can't be made larger")
            .remedy(Remedy::Scale, "fewer tasks on this network")
            .remedy(Remedy::Update, "or another network with a larger subnet (Ctrl-e: Networks)")
            .tasks(s.cx, told.into_iter().chain(stuck)),
    )
}

/// `port is already allocated`, `address already in use`: not another task of the Swarm (the scheduler
/// keeps those apart), but something else on the node.
pub fn port_taken(s: &ServiceContext<'_>) -> Option<Found> {
    let tasks = s.because(|why| *why == Why::PortTaken);
    (!tasks.is_empty()).then(|| {
        Found::cause(format!("its port is taken on {}", s.hosts(&tasks)))
            .why("a process or container outside of the Swarm holds the port on that node")
            .remedy(Remedy::Describe, "its ports; then ss -ltnp on the node")
            .tasks(s.cx, tasks)
    })
}
