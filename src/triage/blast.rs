//! Blast radius: what dies with a node.

use std::collections::HashMap;

use super::{
    Limits, Look,
    look::{count, names},
    rules::capacity::homeless,
};
use crate::cluster::{Node, ServiceId, Store, Timestamp, eligible};

/// What one service would lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// Tasks on the node.
    pub loses: u64,
    /// Of so many that run.
    pub of: u64,
    /// No other node may run it: it stays short.
    pub nowhere: bool,
}

impl Hit {
    /// Nothing of it would run until it is started elsewhere.
    pub fn ends(&self) -> bool {
        self.loses >= self.of
    }
}

/// What would die with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blast {
    /// Services with tasks on it, the worst hit first.
    pub hits: Vec<Hit>,
    /// Of its tasks that reserve something, so many would fit nowhere else.
    pub homeless: usize,
    /// Managers that would be left of so many, and needed: only of a manager.
    pub managers: Option<(usize, usize, usize)>,
}

/// What would die with `node`, as things stand.
pub fn blast(store: &Store, node: &Node, now: Timestamp) -> Blast {
    let mut lost: HashMap<&ServiceId, u64> = HashMap::new();
    for task in store.tasks_on(&node.id).filter(|t| store.is_running(t) && t.is_wanted()) {
        *lost.entry(&task.service).or_default() += 1;
    }
    let mut hits: Vec<Hit> = lost
        .into_iter()
        .filter_map(|(id, loses)| {
            let service = store.service(id)?;
            let mut others = store.nodes().filter(|n| n.id != node.id);
            Some(Hit {
                service: id.clone(),
                name: service.name.to_string(),
                loses,
                of: store.missing(service).running,
                nowhere: !service.mode.is_global() && !others.any(|n| eligible(service, n)),
            })
        })
        .collect();
    hits.sort_by(|a, b| {
        (b.ends(), b.nowhere, b.loses)
            .cmp(&(a.ends(), a.nowhere, a.loses))
            .then(a.name.cmp(&b.name))
    });
    let limits = Limits::default();
    let look = Look::new(store, now, &limits);
    let managers = node.manager.as_ref().map(|_| {
        let after = store.quorum().losing(&node.id);
        (after.kept(), after.total(), after.needed())
    });
    Blast { hits, homeless: homeless(&look, node), managers }
}

impl Blast {
    /// In sentences, the worst first.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = self.warnings();
        if self.hits.is_empty() {
            said.push("no task runs there".into());
        } else if self.homeless == 0 {
            said.push("what is reserved there fits on the others".into());
        }
        said
    }

    /// What of it is bad.
    pub fn warnings(&self) -> Vec<String> {
        let mut said = Vec::new();
        if let Some((left, all, needed)) = self.managers {
            said.push(if left < needed {
                format!("quorum is lost: {left} of {all} managers left, {needed} needed")
            } else if left == needed {
                format!("quorum holds with {left} of {all} managers, and stands no further loss")
            } else {
                format!("quorum holds: {left} of {all} managers left, {needed} needed")
            });
        }
        let named = |is_so: fn(&Hit) -> bool| -> Vec<&str> {
            self.hits.iter().filter(|h| is_so(h)).map(|h| &*h.name).collect()
        };
        let stay = named(|h| h.nowhere);
        if !stay.is_empty() {
            said.push(format!("no other node may run {}: it stays away", names(stay)));
        }
        let end = named(|h| h.ends() && !h.nowhere);
        if !end.is_empty() {
            said.push(format!(
                "{} until started elsewhere: {}",
                count(end.len(), "service ends", "services end"),
                names(end)
            ));
        }
        let short = named(|h| !h.ends() && !h.nowhere);
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
                "{} would find no node with what they reserve",
                count(self.homeless, "task", "tasks")
            ));
        }
        said
    }
}
