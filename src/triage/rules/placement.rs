//! `no suitable node (…)`: which reason, and by how much each node misses.

use crate::{
    cluster::{Node, PublishMode, Service, Task, asked, eligible, unmet},
    triage::{
        Remedy, ServiceLook,
        look::{bytes, count, cpus, names},
        rule::Found,
        why::{NoNode, Why},
    },
};

/// Waiting tasks for which the scheduler gives this reason, if it is the one that leads. Asked first of
/// all: what follows looks at every node.
fn waiting<'a>(s: &ServiceLook<'a>, reason: NoNode) -> Option<Vec<&'a Task>> {
    let tasks = s.because(|why| match why {
        Why::NoNode(reasons) => reasons.iter().any(|(r, _)| *r == reason),
        _ => false,
    });
    // Where nodes are not told, which of them misses what can't be said: the task's own words remain.
    let known = s.look.store.nodes_known();
    (known && !tasks.is_empty() && leads(s, reason)).then_some(tasks)
}

/// Whether this is the reason that rules out the most nodes: the others are in the way of fewer.
fn leads(s: &ServiceLook<'_>, reason: NoNode) -> bool {
    s.trouble.iter().any(|(_, why)| match why {
        Why::NoNode(reasons) => {
            let most = reasons.iter().map(|(_, n)| *n).max().unwrap_or(0);
            reasons.iter().any(|(r, n)| *r == reason && (*n == most || *n == 0))
        }
        _ => false,
    })
}

fn sorted<'a>(nodes: impl Iterator<Item = &'a Node>) -> Vec<&'a Node> {
    let mut nodes: Vec<&Node> = nodes.collect();
    nodes.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    nodes
}

fn found(s: &ServiceLook<'_>, tasks: Vec<&Task>, message: impl Into<String>) -> Found {
    Found::cause(message).tasks(s.look, tasks)
}

/// `scheduling constraints not satisfied on N nodes`.
pub fn constraint(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Constraints)?;
    let nodes = sorted(s.look.store.nodes());
    let mut failing: Vec<&str> = Vec::new();
    for node in &nodes {
        if let Some(constraint) = unmet(&s.service.constraints, node)
            && !failing.contains(&constraint)
        {
            failing.push(constraint);
        }
    }
    let met_by: Vec<&&Node> =
        nodes.iter().filter(|n| unmet(&s.service.constraints, n).is_none()).collect();
    let what = if failing.is_empty() { "its constraints".to_owned() } else { failing.join(", ") };
    // A node that meets them and can't take tasks is the real reason: pinned to what is gone.
    let message = match met_by.as_slice() {
        [] => format!("no node meets {what}"),
        some => format!(
            "only {} meets {what}, and takes no tasks ({})",
            names(some.iter().map(|n| &*n.hostname)),
            names(some.iter().map(|n| if n.is_up() {
                n.availability.word()
            } else {
                n.state.word()
            }))
        ),
    };
    let mut found = found(s, tasks, message)
        .why("the scheduler places tasks only on nodes that meet every constraint")
        .remedy(Remedy::Update, "another constraint (Ctrl-e: Placement.Constraints)")
        .remedy(Remedy::Describe, "or label a node: docker node update --label-add");
    if let [only] = met_by.as_slice()
        && !only.is_up()
    {
        found.blames = Some(crate::cluster::Subject::Node(only.id.clone()));
    }
    for node in nodes.iter().take(5) {
        for constraint in &failing {
            let (key, has) = asked(constraint, node);
            let has = if has.is_empty() { "is not set".to_owned() } else { format!("is {has}") };
            found = found
                .fact(crate::cluster::Timestamp::NEVER, format!("{}: {key} {has}", node.hostname));
        }
    }
    Some(found)
}

/// What a node has left of what tasks reserve.
fn free(s: &ServiceLook<'_>, node: &Node) -> (u64, u64) {
    let tally = s.look.store.node_tally(&node.id);
    (node.nano_cpus.saturating_sub(tally.nano_cpus), node.memory.saturating_sub(tally.memory))
}

/// `insufficient resources on N nodes`.
pub fn resources(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Resources)?;
    let want = s.service.reserved;
    let mut nodes = sorted(s.look.store.nodes().filter(|n| eligible(s.service, n)));
    let short_of_memory = nodes.iter().all(|n| free(s, n).1 < want.memory);
    nodes.sort_by_key(|n| {
        std::cmp::Reverse(if short_of_memory { free(s, n).1 } else { free(s, n).0 })
    });
    let (wants, best) = if short_of_memory {
        let best = nodes.first().map(|n| {
            format!("{} has {} left of {}", n.hostname, bytes(free(s, n).1), bytes(n.memory))
        });
        (format!("{} of memory", bytes(want.memory)), best)
    } else {
        let best = nodes.first().map(|n| {
            format!("{} has {} left of {}", n.hostname, cpus(free(s, n).0), cpus(n.nano_cpus))
        });
        (cpus(want.nano_cpus), best)
    };
    let best = best.unwrap_or_else(|| "no node may take it".into());
    let mut found = found(s, tasks, format!("no node has {wants} to reserve: at best {best}"))
        .why("reservations are kept free whether they are used or not; what the tasks really use does not count")
        .remedy(Remedy::Update, "reserve less (Ctrl-e: Resources.Reservations)")
        .remedy(Remedy::Scale, "fewer replicas, or more nodes");
    for node in nodes.iter().take(5) {
        let (cpu, memory) = free(s, node);
        let misses = |want: u64, have: u64, words: fn(u64) -> String| {
            (want > have).then(|| format!("misses {}", words(want - have)))
        };
        let missing: Vec<String> =
            [misses(want.nano_cpus, cpu, cpus), misses(want.memory, memory, bytes)]
                .into_iter()
                .flatten()
                .collect();
        let text = format!(
            "{}: {} and {} free, {}",
            node.hostname,
            cpus(cpu),
            bytes(memory),
            missing.join(" and ")
        );
        found = found.fact(crate::cluster::Timestamp::NEVER, text);
    }
    Some(found)
}

fn host_ports(service: &Service) -> Vec<u32> {
    service
        .ports
        .iter()
        .filter(|p| p.mode == PublishMode::Host && p.published > 0)
        .map(|p| p.published)
        .collect()
}

/// `host-mode port already in use on N nodes`: by another service, or by its own other tasks.
pub fn port(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Port)?;
    let ports = host_ports(s.service);
    let said = ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let others: Vec<&str> = s
        .look
        .store
        .services()
        .filter(|other| other.id != s.service.id)
        .filter(|other| host_ports(other).iter().any(|p| ports.contains(p)))
        .map(|other| &*other.name)
        .collect();
    let nodes = s.look.store.nodes().filter(|n| eligible(s.service, n)).count();
    let by = if others.is_empty() {
        format!(
            "by its own tasks: it fits once a node, {} for {}",
            count(nodes, "node", "nodes"),
            count(s.missing.desired as usize, "replica", "replicas")
        )
    } else {
        format!("by {} as well", names(others))
    };
    Some(
        found(s, tasks, format!("host port {said} is taken {by}"))
            .why("a port in host mode can be given to one task on a node")
            .remedy(Remedy::Scale, "as many replicas as there are nodes")
            .remedy(
                Remedy::Update,
                "another port, or publish through the mesh (Ctrl-e: EndpointSpec)",
            ),
    )
}

/// `max replicas per node limit exceed`.
pub fn max_per_node(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::MaxPerNode)?;
    let nodes = s.look.store.nodes().filter(|n| eligible(s.service, n)).count();
    let limit = s.service.max_per_node;
    Some(
        found(
            s,
            tasks,
            format!(
                "{limit} a node on {} is {}, not {}",
                count(nodes, "node", "nodes"),
                limit * nodes as u64,
                s.missing.desired
            ),
        )
        .why("--replicas-max-per-node is a limit, not a wish")
        .remedy(Remedy::Scale, "as many replicas as fit")
        .remedy(Remedy::Update, "or a higher limit (Ctrl-e: Placement.MaxReplicas)"),
    )
}

/// `unsupported platform on N nodes`.
pub fn platform(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Platform)?;
    let wants: Vec<String> =
        s.service.platforms.iter().map(|p| format!("{}/{}", p.os, p.arch)).collect();
    let mut have: Vec<String> =
        s.look.store.nodes().map(|n| format!("{}/{}", n.os, n.arch)).collect();
    have.sort_unstable();
    have.dedup();
    Some(
        found(
            s,
            tasks,
            format!(
                "the image is made for {}, the nodes are {}",
                wants.join(", "),
                have.join(", ")
            ),
        )
        .why("the service names the platforms its image was built for")
        .remedy(Remedy::Update, "an image for these nodes"),
    )
}

/// `missing plugin on N nodes`: a volume or log driver, or a network's, that no node has.
pub fn plugin(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Plugin)?;
    let mut drivers: Vec<String> = s
        .service
        .mounts
        .iter()
        .filter(|m| !matches!(&*m.driver, "" | "local"))
        .map(|m| format!("volume driver {}", m.driver))
        .collect();
    drivers.extend(s.service.log_driver.iter().map(|d| format!("log driver {d}")));
    let what = if drivers.is_empty() { "a plugin".to_owned() } else { drivers.join(" and ") };
    Some(
        found(s, tasks, format!("no node has {what}"))
            .why("plugins are installed node by node: docker plugin install")
            .remedy(Remedy::Update, "another driver (Ctrl-e)")
            .remedy(Remedy::Describe, "what it asks for"),
    )
}

/// `cannot fulfill requested CSI volume mounts on N nodes`.
pub fn volume(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Volume)?;
    Some(
        found(s, tasks, "no node can reach its CSI volume")
            .why("the volume is drained, in use elsewhere, or not accessible from the nodes that are left")
            .remedy(Remedy::Describe, "docker volume ls --cluster on a manager"),
    )
}

/// `N nodes not available for new tasks`: down, paused or drained.
pub fn unavailable(s: &ServiceLook<'_>) -> Option<Found> {
    let tasks = waiting(s, NoNode::Unavailable)?;
    let meets = s.look.store.nodes().filter(|n| unmet(&s.service.constraints, n).is_none());
    let out = sorted(meets.filter(|n| !eligible(s.service, n)));
    let said: Vec<String> = out
        .iter()
        .map(|n| {
            let why = if n.is_up() { n.availability.word() } else { n.state.word() };
            format!("{} is {why}", n.hostname)
        })
        .collect();
    let mut found = found(
        s,
        tasks,
        format!("the nodes that would do take no tasks: {}", names(said.iter().map(|s| &**s))),
    )
    .why("a node takes new tasks when it is ready and active")
    .remedy(Remedy::Node, "bring one back, or: docker node update --availability active");
    if let [one] = out.as_slice()
        && !one.is_up()
    {
        found.blames = Some(crate::cluster::Subject::Node(one.id.clone()));
    }
    Some(found)
}
