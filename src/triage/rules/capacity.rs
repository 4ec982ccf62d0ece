//! Capacity, as reserved: what tasks really use is not in the API.

use std::collections::BinaryHeap;

use crate::{
    cluster::{Node, Resource, Resources},
    text::{bytes, count, cpus},
    triage::{Began, Context, Remedy, Severity, context::amount, rule::Found},
};

/// Reservations take nearly all there is on nodes that can be given tasks. A warning: the next
/// deployment stays pending. Generic resources alone are advice: a GPU is there to be given away whole.
pub fn full(cx: &Context<'_>) -> Option<Found> {
    let (mut used, mut all) = (Resources::default(), Resources::default());
    for node in cx.usable() {
        used.add(&cx.store.reserved_on(node));
        all.add(&node.capacity());
    }
    let percent = |used: u64, all: u64| {
        u64::try_from(u128::from(used) * 100 / u128::from(all.max(1))).unwrap_or(u64::MAX)
    };
    let mut severity = Severity::Advice;
    let mut said = Vec::new();
    for (kind, all) in all.parts() {
        let used = used.of(&kind);
        if percent(used, all) < cx.thresholds.full_percent {
            continue;
        }
        let percent = percent(used, all);
        said.push(match &kind {
            Resource::Cpu => format!("{percent} % of CPU ({} of {} CPU)", cpus(used), cpus(all)),
            Resource::Memory => {
                format!("{percent} % of memory ({} of {})", bytes(used), bytes(all))
            }
            Resource::Generic(name) => format!("{percent} % of {name} ({used} of {all})"),
        });
        if !matches!(kind, Resource::Generic(_)) {
            severity = Severity::Warning;
        }
    }
    (!said.is_empty()).then(|| {
        Found::new(
            severity,
            format!("{} reserved on the nodes that take tasks", said.join(" and ")),
            Began::Unknown,
        )
        .why("new tasks find no place although nodes may be idle: reservations count, not use")
        .remedy(Remedy::Node, "which nodes are full; add one, or reserve less")
    })
}

/// Whether what the node with the largest reservations holds would fit on the others: each task, the
/// largest first, on the node with the most memory left. Advice.
pub fn spare(cx: &Context<'_>) -> Option<Found> {
    let mut nodes: Vec<&Node> = cx.usable().collect();
    if nodes.len() < 2 {
        return None;
    }
    nodes.sort_by_key(|n| {
        let tally = cx.store.node_tally(&n.id);
        (std::cmp::Reverse((tally.memory, tally.nano_cpus)), &n.hostname)
    });
    let largest = nodes[0];
    let homeless = homeless(cx, largest);
    (homeless > 0).then(|| {
        let held = cx.store.reserved_on(largest);
        let held: Vec<String> = [(Resource::Cpu, held.nano_cpus), (Resource::Memory, held.memory)]
            .into_iter()
            .chain(held.parts().filter(|(kind, _)| matches!(kind, Resource::Generic(_))))
            .map(|(kind, n)| if kind == Resource::Memory { bytes(n) } else { amount(&kind, n) })
            .collect();
        Found::advice(format!(
            "if {} is lost, {} of the {} reserved there would find no place",
            largest.hostname,
            count(homeless, "task", "tasks"),
            held.join(" and "),
        ))
        .remedy(Remedy::Node, "add a node, or reserve less")
    })
}

/// Number of a node's tasks that would find no node with what they reserve, constraints aside.
pub fn homeless(cx: &Context<'_>, lost: &Node) -> usize {
    let others = cx.usable().filter(|n| n.id != lost.id);
    let mut rooms: Vec<Resources> = others.map(|n| cx.store.free_on(n)).collect();
    // The one with the most memory first.
    let order = |room: &Resources, at: usize| (room.memory, room.nano_cpus, at);
    let mut by_room: BinaryHeap<(u64, u64, usize)> =
        rooms.iter().enumerate().map(|(at, room)| order(room, at)).collect();
    let mut wants: Vec<&Resources> = cx
        .store
        .tasks_on(&lost.id)
        .filter(|t| t.is_wanted() && !t.spec.reserved.is_empty())
        .map(|t| &t.spec.reserved)
        .collect();
    wants.sort_by_key(|want| std::cmp::Reverse((want.memory, want.nano_cpus, &want.generic)));
    let mut homeless = 0;
    for want in wants {
        // It may have none of something else: look further, and put those back.
        let mut full = Vec::new();
        let mut place = None;
        while let Some(top) = by_room.pop() {
            if want.fits(&rooms[top.2]) {
                place = Some(top.2);
                break;
            }
            let no_memory = top.0 < want.memory;
            full.push(top);
            // The others have no more.
            if no_memory {
                break;
            }
        }
        match place {
            Some(at) => {
                rooms[at] = rooms[at].less(want);
                by_room.push(order(&rooms[at], at));
            }
            None => homeless += 1,
        }
        by_room.extend(full);
    }
    homeless
}
