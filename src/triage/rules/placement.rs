//! `no suitable node (…)`: the reason on the eligible nodes, and how much each of them lacks.

use super::refusal::{Refusal, host_ports, takes_tasks};
use crate::{
    cluster::{Node, NodeState, Resource, Subject, TaskSpec, asked, stalled, supports, unmet},
    text::count,
    triage::{
        Remedy, ServiceContext,
        context::{amount, names},
        error_class::NoNode,
        rule::Found,
    },
};

/// Why no node is found, if this reason leads.
fn refused<'s, 'a>(s: &'s ServiceContext<'a>, reason: NoNode) -> Option<&'s Refusal<'a>> {
    // What an update's own order keeps from its new task is told with the update, and freed by its order.
    if stalled(s.service, s.cx.store).is_some_and(|stall| stall.why.is_some()) {
        return None;
    }
    s.refusal().filter(|refusal| refusal.leads == reason)
}

fn sorted<'a>(nodes: impl Iterator<Item = &'a Node>) -> Vec<&'a Node> {
    let mut nodes: Vec<&Node> = nodes.collect();
    nodes.sort_by(|a, b| a.hostname.cmp(&b.hostname));
    nodes
}

/// The eligible nodes: they meet the constraints, are of the platform and take tasks.
fn would_do<'a>(s: &ServiceContext<'a>, spec: &TaskSpec) -> Vec<&'a Node> {
    let meant = |n: &&Node| {
        unmet(&spec.constraints, n).is_none() && supports(&spec.platforms, n) && takes_tasks(n)
    };
    sorted(s.cx.store.nodes().filter(meant))
}

/// The finding, with what else is in the way. What the model does not show is said by the engine alone.
fn found(s: &ServiceContext<'_>, refusal: &Refusal<'_>, message: String) -> Found {
    let mut said = match refusal.tasks.first().filter(|_| refusal.is_unexplained) {
        Some(task) => task.err.to_string(),
        None => message,
    };
    let all = s.cx.store.nodes().len();
    for (reason, nodes) in &refusal.besides {
        let on = if nodes.len() == all && all > 1 {
            "every node".to_owned()
        } else {
            names(nodes.iter().map(|n| &*n.hostname))
        };
        said += &format!("; besides, on {on} {}", in_short(s, refusal, *reason));
    }
    Found::cause(said).tasks(s.cx, refusal.tasks.iter().copied())
}

fn in_short(s: &ServiceContext<'_>, refusal: &Refusal<'_>, reason: NoNode) -> String {
    match reason {
        NoNode::Resources => "too little is left to reserve".to_owned(),
        NoNode::Port => format!("host port {} is taken", numbers(&host_ports(s.service))),
        NoNode::MaxPerNode => format!("{} of its tasks run already", refusal.spec.max_per_node),
        NoNode::Plugin => "a plugin is missing".to_owned(),
        NoNode::Volume => "its CSI volume can't be reached".to_owned(),
        NoNode::Unavailable => "no tasks are taken".to_owned(),
        NoNode::Constraints => "the constraints are not met".to_owned(),
        NoNode::Platform => "the platform is another".to_owned(),
    }
}

fn numbers(ports: &[u32]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The constraints that some node does not meet, each once.
fn failing<'c>(spec: &'c TaskSpec, nodes: &[&Node]) -> Vec<&'c str> {
    let mut failing: Vec<&str> = Vec::new();
    for constraint in nodes.iter().filter_map(|node| unmet(&spec.constraints, node)) {
        if !failing.contains(&constraint) {
            failing.push(constraint);
        }
    }
    failing
}

/// `scheduling constraints not satisfied on N nodes`, and no node meets them.
pub fn constraint(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Constraints)?;
    let nodes = sorted(s.cx.store.nodes());
    let failing = failing(refusal.spec, &nodes);
    let what = if failing.is_empty() { "its constraints".to_owned() } else { failing.join(", ") };
    let mut found = found(s, refusal, format!("no node meets {what}"))
        .why("the scheduler places tasks only on nodes that meet every constraint")
        .remedy(Remedy::Update, "another constraint (Ctrl-e: Placement.Constraints)");
    if failing.iter().any(|c| c.to_ascii_lowercase().starts_with("node.labels.")) {
        found = found.remedy(Remedy::Node, "or give a node that label there (labels)");
    }
    for node in nodes.iter().take(5) {
        for constraint in &failing {
            let (key, has) = asked(constraint, node);
            let has = if has.is_empty() { "is not set".to_owned() } else { format!("is {has}") };
            found = found.fact(None, format!("{}: {key} {has}", node.hostname));
        }
    }
    Some(found)
}

/// `insufficient resources on N nodes`.
pub fn resources(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Resources)?;
    let (want, store) = (&refusal.spec.reserved, s.cx.store);
    let mut nodes = would_do(s, refusal.spec);
    // What every node lacks; or else what most do.
    let lacking = |kind: &Resource, n: u64| {
        nodes.iter().filter(|node| store.free_on(node).of(kind) < n).count()
    };
    let (kind, n) = want.parts().max_by_key(|(kind, n)| lacking(kind, *n))?;
    let free = |node: &Node| store.free_on(node).of(&kind);
    nodes.sort_by_key(|node| std::cmp::Reverse(free(node)));
    let best = nodes.first().map_or_else(
        || "no node may take it".to_owned(),
        |node| {
            let all = amount(&kind, node.capacity().of(&kind));
            format!("{} has {} left of {all}", node.hostname, left(&kind, free(node)))
        },
    );
    let has_any = |node: &Node| node.capacity().of(&kind) > 0;
    let said = match (&kind, nodes.iter().any(|node| has_any(node))) {
        (Resource::Generic(name), false) => {
            let there = store.nodes().any(has_any);
            let which = if there { "no node that takes tasks" } else { "no node" };
            let are = if n == 1 { "is" } else { "are" };
            format!("{which} has {name}, and {n} {are} to be reserved")
        }
        _ => format!("no node has {} to reserve: at best {best}", amount(&kind, n)),
    };
    let found = found(s, refusal, said);
    let mut found = if nodes.iter().any(|node| has_any(node)) {
        found
            .why("reservations are kept free whether they are used or not; what the tasks really use does not count")
            .remedy(Remedy::Update, "reserve less (Ctrl-e: Resources.Reservations)")
            .remedy(Remedy::Scale, "fewer replicas, or more nodes")
    } else {
        found
            .why("a node offers what its engine's config names (node-generic-resources)")
            .remedy(Remedy::Update, "reserve none of it (Ctrl-e: Resources.Reservations)")
            .remedy(Remedy::Node, "or add a node that has it")
    };
    for node in nodes.iter().take(5) {
        let free = store.free_on(node);
        let has: Vec<String> = want.parts().map(|(k, _)| amount(&k, free.of(&k))).collect();
        let misses: Vec<String> = want
            .parts()
            .filter(|(k, n)| *n > free.of(k))
            .map(|(k, n)| amount(&k, n - free.of(&k)))
            .collect();
        let misses = if misses.is_empty() {
            String::new()
        } else {
            format!(", misses {}", misses.join(" and "))
        };
        let text = match &kind {
            Resource::Generic(name) if !has_any(node) => {
                format!("{}: has no {name}", node.hostname)
            }
            _ => format!("{}: {} free{misses}", node.hostname, has.join(" and ")),
        };
        found = found.fact(None, text);
    }
    Some(found)
}

/// As [`amount`], of what is named a moment later.
fn left(kind: &Resource, n: u64) -> String {
    match kind {
        Resource::Generic(_) => n.to_string(),
        _ => amount(kind, n).trim_end_matches(" of memory").to_owned(),
    }
}

/// `host-mode port already in use on N nodes`: by another service, or by its own other tasks.
pub fn port(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Port)?;
    let (ports, store) = (host_ports(s.service), s.cx.store);
    let nodes = would_do(s, refusal.spec);
    let mut others: Vec<&str> = Vec::new();
    // Of each node: whether it is another service there that has the port.
    let (elsewhere, own): (Vec<&Node>, Vec<&Node>) = nodes.iter().copied().partition(|node| {
        let tasks = store.tasks_on(&node.id).filter(|task| task.is_wanted());
        let users = tasks
            .filter(|task| task.service != s.service.id)
            .filter_map(|task| store.service(&task.service))
            .filter(|other| host_ports(other).iter().any(|port| ports.contains(port)));
        let known = others.len();
        others.extend(users.map(|other| &*other.name));
        others.len() > known
    });
    let has_one = |node: &&Node| {
        let mut tasks = store.tasks_on(&node.id).filter(|task| task.is_wanted());
        tasks.any(|task| task.service == s.service.id)
    };
    let own: Vec<&Node> = own.into_iter().filter(has_one).collect();
    others.sort_unstable();
    others.dedup();
    let hosts = |nodes: &[&Node]| names(nodes.iter().map(|node| &*node.hostname));
    let by = if others.is_empty() {
        format!(
            "by its own tasks: it fits once a node, {} for {}",
            count(nodes.len(), "node", "nodes"),
            count(s.missing.desired as usize, "replica", "replicas")
        )
    } else if own.is_empty() {
        format!("by {} on {}", names(others.iter().copied()), hosts(&elsewhere))
    } else {
        format!(
            "by {} on {}, by its own tasks on {}",
            names(others.iter().copied()),
            hosts(&elsewhere),
            hosts(&own)
        )
    };
    let found = found(s, refusal, format!("host port {} is taken {by}", numbers(&ports)))
        .why("a port in host mode can be given to one task on a node");
    let found = if others.is_empty() {
        found.remedy(Remedy::Scale, "as many replicas as there are nodes")
    } else {
        found
    };
    Some(
        found.remedy(
            Remedy::Update,
            "another port, or publish through the mesh (Ctrl-e: EndpointSpec)",
        ),
    )
}

/// `max replicas per node limit exceed`.
pub fn max_per_node(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::MaxPerNode)?;
    let nodes = would_do(s, refusal.spec).len();
    let limit = refusal.spec.max_per_node;
    let said = format!(
        "{limit} a node on {} is {}, not {}",
        count(nodes, "node", "nodes"),
        limit.saturating_mul(nodes as u64),
        s.missing.desired
    );
    Some(
        found(s, refusal, said)
            .why("--replicas-max-per-node is a limit, not a wish")
            .remedy(Remedy::Scale, "as many replicas as fit")
            .remedy(Remedy::Update, "or a higher limit (Ctrl-e: Placement.MaxReplicas)"),
    )
}

/// `unsupported platform on N nodes`.
pub fn platform(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Platform)?;
    let wants: Vec<String> =
        refusal.spec.platforms.iter().map(|p| format!("{}/{}", p.os, p.arch)).collect();
    let meet = |n: &&Node| unmet(&refusal.spec.constraints, n).is_none();
    let mut have: Vec<String> =
        s.cx.store.nodes().filter(meet).map(|n| format!("{}/{}", n.os, n.arch)).collect();
    have.sort_unstable();
    have.dedup();
    let which = if refusal.spec.constraints.is_empty() {
        "the nodes".to_owned()
    } else {
        format!("those that meet {}", refusal.spec.constraints.join(", "))
    };
    let said =
        format!("the image is made for {}, {which} are {}", wants.join(", "), have.join(", "));
    Some(
        found(s, refusal, said)
            .why("the service names the platforms its image was built for")
            .remedy(Remedy::Update, "an image for these nodes"),
    )
}

/// `missing plugin on N nodes`: a volume or log driver, or a network's, that no node has.
pub fn plugin(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Plugin)?;
    let mounts = refusal.spec.mounts.iter();
    let mut drivers: Vec<String> = mounts
        .filter(|m| !matches!(&*m.driver, "" | "local"))
        .map(|m| format!("volume driver {}", m.driver))
        .collect();
    drivers.extend(refusal.spec.log_driver.iter().map(|d| format!("log driver {d}")));
    let what = if drivers.is_empty() { "a plugin".to_owned() } else { drivers.join(" and ") };
    Some(
        found(s, refusal, format!("no node has {what}"))
            .why("plugins are installed node by node: docker plugin install")
            .remedy(Remedy::Update, "another driver (Ctrl-e)")
            .remedy(Remedy::Describe, "what it asks for"),
    )
}

/// `cannot fulfill requested CSI volume mounts on N nodes`.
pub fn volume(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Volume)?;
    Some(
        found(s, refusal, "no node can reach its CSI volume".to_owned())
            .why("the volume is drained, in use elsewhere, or not accessible from the nodes that are left")
            .remedy(Remedy::Describe, "docker volume ls --cluster on a manager"),
    )
}

/// `N nodes not available for new tasks`: those that would do are down, paused or drained.
pub fn unavailable(s: &ServiceContext<'_>) -> Option<Found> {
    let refusal = refused(s, NoNode::Unavailable)?;
    let spec = refusal.spec;
    let nodes = sorted(s.cx.store.nodes());
    let meant = |n: &&&Node| unmet(&spec.constraints, n).is_none() && supports(&spec.platforms, n);
    let out: Vec<&Node> = nodes.iter().filter(meant).copied().collect();
    let how = |n: &Node| {
        let ready = n.state == NodeState::Ready;
        (if ready { n.availability.word() } else { n.state.word() }).to_owned()
    };
    let failing = failing(spec, &nodes);
    let message = if failing.is_empty() {
        let said: Vec<String> =
            out.iter().map(|n| format!("{} is {}", n.hostname, how(n))).collect();
        format!("the nodes that would do take no tasks: {}", names(said.iter().map(|s| &**s)))
    } else {
        let states: Vec<String> = out.iter().map(|n| how(n)).collect();
        format!(
            "only {} {} {}, and {} no tasks ({})",
            names(out.iter().map(|n| &*n.hostname)),
            if out.len() == 1 { "meets" } else { "meet" },
            failing.join(", "),
            if out.len() == 1 { "takes" } else { "take" },
            names(states.iter().map(|s| &**s)),
        )
    };
    let mut found = found(s, refusal, message)
        .why("a node takes new tasks when it is ready and active")
        .remedy(Remedy::Node, "bring it back, or let it take tasks again there (activate)");
    if !failing.is_empty() {
        found =
            found.remedy(Remedy::Update, "or another constraint (Ctrl-e: Placement.Constraints)");
    }
    if let [one] = out.as_slice()
        && !one.is_up()
    {
        found.blames = Some(Subject::Node(one.id.clone()));
    }
    Some(found)
}
