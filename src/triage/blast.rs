//! Blast radius: what dies with a node.

use std::collections::HashSet;

use super::context::names;
use crate::cluster::{Node, ServiceId, Store, TaskState, leaving, not_spared};
use crate::text::count;

/// Loss of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// Tasks that run on the node.
    pub loses: u64,
    /// Its tasks that run, on any node.
    pub of: u64,
    /// Tasks on the node that do not run: they start, fail or wait there.
    pub idle: u64,
    /// Its tasks there find no other node: it stays short.
    pub nowhere: bool,
    /// One a node: they do not move, and are not missed.
    pub global: bool,
    /// Less than half of its replicas are left.
    pub halved: bool,
}

impl Hit {
    /// Whether nothing of it would run until it is started elsewhere.
    pub fn ends(&self) -> bool {
        self.loses > 0 && self.loses >= self.of && !self.global
    }

    /// Its share in figures: `loses 1 of 3`, `1 task there does not run yet`.
    pub fn figures(&self) -> String {
        let does = if self.idle == 1 { "does" } else { "do" };
        let idle = format!("{} there {does} not run yet", count(self.idle, "task", "tasks"));
        match (self.loses, self.idle) {
            (0, _) => idle,
            (loses, 0) => format!("loses {loses} of {}", self.of),
            (loses, _) => format!("loses {loses} of {}, {idle}", self.of),
        }
    }
}

/// Effect of the loss of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blast {
    /// Services with tasks on it, the worst hit first.
    pub hits: Vec<Hit>,
    /// Tasks that would find no place, of services of which others do.
    pub homeless: usize,
    /// Managers left, in total, and needed for quorum; only of a manager.
    pub managers: Option<(usize, usize, usize)>,
    /// Tasks that ran there when it was last heard, if it is down.
    pub lost: Option<usize>,
}

/// Judges the loss of `node`, as things stand.
pub fn blast(store: &Store, node: &Node) -> Blast {
    let leaving = leaving(store, node);
    let halved: HashSet<ServiceId> =
        not_spared(store, &node.id).into_iter().map(|(id, _)| id).collect();
    let mut hits: Vec<Hit> = leaving
        .iter()
        .filter_map(|one| {
            let service = store.service(&one.service)?;
            Some(Hit {
                service: one.service.clone(),
                name: service.name.to_string(),
                loses: one.running,
                idle: (one.tasks + one.waiting).saturating_sub(one.running),
                of: store.missing(service).running,
                nowhere: one.is_bound && one.moves() == 0,
                global: one.global,
                halved: halved.contains(&one.service),
            })
        })
        .collect();
    hits.sort_by(|a, b| {
        (b.ends(), b.nowhere, b.loses)
            .cmp(&(a.ends(), a.nowhere, a.loses))
            .then(a.name.cmp(&b.name))
    });
    let managers = node.manager.as_ref().map(|_| {
        let after = store.quorum().losing(&node.id);
        (after.kept(), after.total(), after.needed())
    });
    let moved = leaving.iter().filter(|one| one.moves() > 0);
    let homeless = moved.map(|one| one.homeless).sum::<u64>() as usize;
    let lost = (!node.is_up())
        .then(|| store.tasks_on(&node.id).filter(|task| task.state == TaskState::Running).count());
    Blast { hits, homeless, managers, lost }
}

impl Blast {
    /// In sentences, the worst first.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = self.warnings();
        if let Some(lost) = self.lost {
            let tasks = count(lost, "task ran", "tasks ran");
            said.push(format!("it is down already: {tasks} there when it was last heard"));
        } else if self.hits.is_empty() {
            said.push("no task runs there".into());
        } else if self.homeless == 0 {
            said.push("what is reserved there fits on the others".into());
        }
        said
    }

    /// The bad ones of them.
    pub fn warnings(&self) -> Vec<String> {
        let mut said = Vec::new();
        if let Some((left, all, needed)) = self.managers {
            said.push(if left < needed {
                format!("quorum is lost: {left} of {all} managers left, {needed} needed")
            } else if left == needed {
                format!(
                    "quorum holds with {left} of {all} managers, and tolerates no further failure"
                )
            } else {
                format!("quorum holds: {left} of {all} managers left, {needed} needed")
            });
        }
        let named = |is_so: fn(&Hit) -> bool| -> Vec<&str> {
            self.hits.iter().filter(|h| is_so(h)).map(|h| &*h.name).collect()
        };
        let down = named(|h| h.nowhere && h.ends());
        if !down.is_empty() {
            let (go, it) = if down.len() == 1 { ("goes", "it") } else { ("go", "them") };
            said.push(format!("{} {go} down: no other node may run {it}", names(down)));
        }
        let fewer = named(|h| h.nowhere && !h.ends() && h.loses > 0);
        if !fewer.is_empty() {
            said.push(format!("no other node may run the replicas lost of {}", names(fewer)));
        }
        let bound = named(|h| h.nowhere && h.loses == 0);
        if !bound.is_empty() {
            let they = if bound.len() == 1 { "it" } else { "they" };
            said.push(format!(
                "only this node may run {}: {they} can't start elsewhere",
                names(bound)
            ));
        }
        let end = named(|h| h.ends() && !h.nowhere);
        if !end.is_empty() {
            said.push(format!(
                "{} until started elsewhere: {}",
                count(end.len(), "service ends", "services end"),
                names(end)
            ));
        }
        let halved = named(|h| h.halved && !h.ends() && !h.nowhere);
        if !halved.is_empty() {
            said.push(format!(
                "{}: {}",
                count(
                    halved.len(),
                    "service keeps less than half of its replicas",
                    "services keep less than half of their replicas"
                ),
                names(halved)
            ));
        }
        let short = named(|h| h.loses > 0 && !h.ends() && !h.nowhere && !h.global && !h.halved);
        if !short.is_empty() {
            said.push(format!(
                "{}: {}",
                count(
                    short.len(),
                    "service loses replicas and goes on",
                    "services lose replicas and go on"
                ),
                names(short)
            ));
        }
        if self.homeless > 0 {
            said.push(format!(
                "{} would find no other node",
                count(self.homeless, "task", "tasks")
            ));
        }
        said
    }
}
