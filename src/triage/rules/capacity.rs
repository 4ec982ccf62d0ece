//! Capacity, as reserved: what tasks really use is not in the API.

use std::collections::BinaryHeap;

use crate::{
    cluster::{Node, Task},
    triage::{
        Look, Remedy,
        look::{bytes, count, cpus},
        rule::Found,
    },
};

/// Reservations take nearly all there is on nodes that can be given tasks. A warning: the next
/// deployment stays pending.
pub fn full(look: &Look<'_>) -> Option<Found> {
    let (mut cpu, mut memory) = ((0_u64, 0_u64), (0_u64, 0_u64));
    for node in look.usable() {
        let tally = look.store.node_tally(&node.id);
        cpu = (cpu.0 + tally.nano_cpus, cpu.1 + node.nano_cpus);
        memory = (memory.0 + tally.memory, memory.1 + node.memory);
    }
    let percent = |(used, all): (u64, u64)| {
        u64::try_from(u128::from(used) * 100 / u128::from(all.max(1))).unwrap_or(u64::MAX)
    };
    let limit = look.limits.full_percent;
    let mut said = Vec::new();
    if percent(cpu) >= limit {
        said.push(format!("{} % of CPU ({} of {})", percent(cpu), cpus(cpu.0), cpus(cpu.1)));
    }
    if percent(memory) >= limit {
        said.push(format!(
            "{} % of memory ({} of {})",
            percent(memory),
            bytes(memory.0),
            bytes(memory.1)
        ));
    }
    (!said.is_empty()).then(|| {
        Found::warning(
            format!("{} reserved on the nodes that take tasks", said.join(" and ")),
            crate::cluster::Timestamp::NEVER,
        )
        .why("new tasks find no place although nodes may be idle: reservations count, not use")
        .remedy(Remedy::Node, "which nodes are full; add one, or reserve less")
    })
}

/// Whether what the node with the largest reservations holds would fit on the others: each task, the
/// largest first, on the node with the most memory left. Advice.
pub fn spare(look: &Look<'_>) -> Option<Found> {
    let mut nodes: Vec<&Node> = look.usable().collect();
    if nodes.len() < 2 {
        return None;
    }
    nodes.sort_by_key(|n| {
        let tally = look.store.node_tally(&n.id);
        (std::cmp::Reverse((tally.memory, tally.nano_cpus)), &n.hostname)
    });
    let largest = nodes[0];
    let homeless = homeless(look, largest);
    (homeless > 0).then(|| {
        let held = look.store.node_tally(&largest.id);
        Found::advice(format!(
            "if {} is lost, {} of the {} and {} reserved there would find no place",
            largest.hostname,
            count(homeless, "task", "tasks"),
            cpus(held.nano_cpus),
            bytes(held.memory),
        ))
        .remedy(Remedy::Node, "add a node, or reserve less")
    })
}

/// How many of a node's tasks would find no node with what they reserve, constraints aside.
pub fn homeless(look: &Look<'_>, lost: &Node) -> usize {
    let mut room: BinaryHeap<(u64, u64)> = look
        .usable()
        .filter(|n| n.id != lost.id)
        .map(|n| {
            let tally = look.store.node_tally(&n.id);
            (n.memory.saturating_sub(tally.memory), n.nano_cpus.saturating_sub(tally.nano_cpus))
        })
        .collect();
    let mut tasks: Vec<&Task> =
        look.store.tasks_on(&lost.id).filter(|t| t.is_wanted() && has_reservation(t)).collect();
    tasks.sort_by_key(|t| std::cmp::Reverse((t.spec.reserved.memory, t.spec.reserved.nano_cpus)));
    let mut homeless = 0;
    for task in tasks {
        let (memory, cpu) = (task.spec.reserved.memory, task.spec.reserved.nano_cpus);
        // The node with the most memory may have no CPU left: look further, and put those back.
        let mut full = Vec::new();
        loop {
            match room.pop() {
                Some((m, c)) if m >= memory && c >= cpu => {
                    room.push((m - memory, c - cpu));
                    break;
                }
                Some(other) if other.0 >= memory => full.push(other),
                Some(other) => {
                    full.push(other);
                    homeless += 1;
                    break;
                }
                None => {
                    homeless += 1;
                    break;
                }
            }
        }
        room.extend(full);
    }
    homeless
}

fn has_reservation(task: &Task) -> bool {
    task.spec.reserved.memory > 0 || task.spec.reserved.nano_cpus > 0
}
