//! Reasons for which the scheduler finds no node, computed for each node from the spec of the waiting task.
//!
//! The engine's error counts each node under the first of its filters that refuses it (ready, resources,
//! plugins, constraints, platform, host ports, replicas a node, volumes; swarmkit `manager/scheduler`).
//! So its largest number is mostly that of nodes that were never eligible. Here the reason on the eligible
//! nodes leads.

use crate::{
    cluster::{
        Availability, Node, NodeState, PublishMode, Service, Task, TaskSpec, supports, unmet,
    },
    triage::{
        ServiceContext,
        error_class::{NoNode, Why},
    },
};

/// Reasons for which a node is not eligible.
const NEVER_MEANT: [NoNode; 2] = [NoNode::Constraints, NoNode::Platform];

/// Reasons for which a service's waiting tasks find no node.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// The tasks that wait.
    pub tasks: Vec<&'a Task>,
    /// Needs of the newest of them.
    pub spec: &'a TaskSpec,
    /// Obstacle on the eligible nodes.
    pub leads: NoNode,
    /// The model shows nothing that is in the way: it is newer than the engine's last try, or does not
    /// know. Then the engine's words are all there is.
    pub is_unexplained: bool,
    /// Other obstacles on those nodes, and on which of them.
    pub besides: Vec<(NoNode, Vec<&'a Node>)>,
}

impl<'a> Refusal<'a> {
    /// Of the tasks of `s` that wait for a node, if there are any.
    pub fn of(s: &ServiceContext<'a>) -> Option<Self> {
        // Where nodes are not told, which of them misses what can't be said: the engine's words remain.
        if !s.cx.store.nodes_known() {
            return None;
        }
        let tasks = s.because(|why| matches!(why, Why::NoNode(_)));
        let newest = *tasks.first()?;
        let stated = s.trouble.iter().find_map(|(task, why)| match why {
            Why::NoNode(reasons) if task.id == newest.id => Some(reasons.as_slice()),
            _ => None,
        })?;
        let asked = Asked { s, spec: &newest.spec, stated, ports: host_ports(s.service) };
        let mut nodes: Vec<&Node> = s.cx.store.nodes().collect();
        nodes.sort_by(|a, b| (&a.hostname, &a.id).cmp(&(&b.hostname, &b.id)));
        let refused: Vec<(&Node, Vec<NoNode>)> =
            nodes.into_iter().map(|node| (node, asked.refuse(node))).collect();
        let (leads, is_unexplained, besides) = lead(&refused, stated);
        Some(Self { spec: &newest.spec, tasks, leads, is_unexplained, besides })
    }
}

/// Requirements of a task on a node.
struct Asked<'s, 'a> {
    s: &'s ServiceContext<'a>,
    spec: &'a TaskSpec,
    stated: &'s [(NoNode, u64)],
    ports: Vec<u32>,
}

impl Asked<'_, '_> {
    /// All that is in the way on this node: first what rules it out for good. Plugins and volumes are not
    /// in the model: the engine's word counts where nothing else explains it.
    fn refuse(&self, node: &Node) -> Vec<NoNode> {
        let store = self.s.cx.store;
        let own = |t: &&Task| t.service == self.s.service.id && t.is_wanted();
        let checks = [
            (NoNode::Constraints, unmet(&self.spec.constraints, node).is_some()),
            (NoNode::Platform, !supports(&self.spec.platforms, node)),
            (NoNode::Unavailable, !takes_tasks(node)),
            (NoNode::Resources, !self.spec.reserved.fits(&store.free_on(node))),
            (NoNode::Port, !self.ports.is_empty() && self.is_port_taken(node)),
            (NoNode::MaxPerNode, {
                let most = self.spec.max_per_node;
                most > 0 && store.tasks_on(&node.id).filter(own).count() as u64 >= most
            }),
        ];
        let mut all: Vec<NoNode> =
            checks.iter().filter(|(_, refuses)| *refuses).map(|(reason, _)| *reason).collect();
        let said = |reason: &NoNode| self.stated.iter().any(|(r, _)| r == reason);
        let meant = !all.iter().any(|r| NEVER_MEANT.contains(r) || *r == NoNode::Unavailable);
        // One that is refused for a reason the engine gives is not among those it counts otherwise.
        if meant && !all.iter().any(said) {
            all.extend([NoNode::Plugin, NoNode::Volume].iter().filter(|r| said(r)));
        }
        all
    }

    fn is_port_taken(&self, node: &Node) -> bool {
        let store = self.s.cx.store;
        store.tasks_on(&node.id).filter(|t| t.is_wanted()).any(|task| {
            store
                .service(&task.service)
                .is_some_and(|other| host_ports(other).iter().any(|p| self.ports.contains(p)))
        })
    }
}

/// Whether the scheduler gives the node tasks.
pub fn takes_tasks(node: &Node) -> bool {
    node.state == NodeState::Ready && node.availability == Availability::Active
}

/// The ports a service publishes on the nodes of its tasks.
pub fn host_ports(service: &Service) -> Vec<u32> {
    let host = service.ports.iter().filter(|p| p.mode == PublishMode::Host && p.published > 0);
    host.map(|p| p.published).collect()
}

type Besides<'a> = Vec<(NoNode, Vec<&'a Node>)>;

/// The reason that leads, whether the model shows none, and what else is in the way.
fn lead<'a>(
    refused: &[(&'a Node, Vec<NoNode>)],
    stated: &[(NoNode, u64)],
) -> (NoNode, bool, Besides<'a>) {
    let first = |reasons: &[NoNode]| reasons.first().copied();
    let of = |is: &dyn Fn(Option<NoNode>) -> bool| -> Vec<&(&'a Node, Vec<NoNode>)> {
        refused.iter().filter(|(_, reasons)| is(first(reasons))).collect()
    };
    let would_do = of(&|r| !r.is_some_and(|r| NEVER_MEANT.contains(&r)));
    if would_do.is_empty() {
        // Some meet the constraints, and are of another platform: those are the nearest.
        let platform = of(&|r| r == Some(NoNode::Platform));
        let leads = if platform.is_empty() { NoNode::Constraints } else { NoNode::Platform };
        let nearest = if platform.is_empty() { refused.iter().collect() } else { platform };
        return (leads, refused.is_empty(), besides(&nearest, leads, true));
    }
    let available =
        of(&|r| r.is_none_or(|r| !NEVER_MEANT.contains(&r) && r != NoNode::Unavailable));
    if available.is_empty() {
        return (NoNode::Unavailable, false, besides(&would_do, NoNode::Unavailable, true));
    }
    let here = |reason: NoNode| {
        available.iter().filter(|(_, reasons)| reasons.contains(&reason)).count() as u64
    };
    let said = |reason: NoNode| -> u64 {
        // `max replicas per node limit exceed` has no number.
        stated.iter().filter(|(r, _)| *r == reason).map(|(_, n)| (*n).max(1)).sum()
    };
    // Of equals the first counts: as the engine asks.
    let most = |of: &[NoNode], counts: &dyn Fn(NoNode) -> u64| {
        let all = of.iter().copied().rev().filter(|r| counts(*r) > 0);
        all.max_by_key(|r| (counts(*r), said(*r)))
    };
    let order =
        [NoNode::Resources, NoNode::Plugin, NoNode::Port, NoNode::MaxPerNode, NoNode::Volume];
    if let Some(leads) = most(&order, &here) {
        return (leads, false, besides(&available, leads, false));
    }
    let all = [NoNode::Unavailable, NoNode::Constraints, NoNode::Platform];
    let leads = most(&order, &said).or_else(|| most(&all, &said)).unwrap_or(NoNode::Resources);
    (leads, true, Vec::new())
}

/// Obstacles on these nodes other than the leading reason: on all of them, or on any.
fn besides<'a>(nodes: &[&(&'a Node, Vec<NoNode>)], leads: NoNode, on_all: bool) -> Besides<'a> {
    let mut found: Besides<'a> = Vec::new();
    for (node, reasons) in nodes.iter().copied() {
        for reason in reasons.iter().filter(|r| **r != leads && !NEVER_MEANT.contains(r)) {
            match found.iter_mut().find(|(r, _)| r == reason) {
                Some((_, on)) => on.push(node),
                None => found.push((*reason, vec![node])),
            }
        }
    }
    found.retain(|(_, on)| !on_all || on.len() == nodes.len());
    found
}
