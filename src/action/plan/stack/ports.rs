//! Ports that services of a deploy publish on every node: one that gives a port up is written before one that
//! wants it, since the engine refuses a port that is taken.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{StackChange, StackObject};
use crate::cluster::Store;

/// A published number and its protocol.
type Published = (u64, String);

fn published(spec: &Value) -> BTreeSet<Published> {
    let ports = spec["EndpointSpec"]["Ports"].as_array().into_iter().flatten();
    let ports = ports.filter(|port| port["PublishMode"] != "host");
    let ports = ports.filter_map(|port| {
        let protocol = port["Protocol"].as_str().filter(|word| !word.is_empty()).unwrap_or("tcp");
        let number = port["PublishedPort"].as_u64().filter(|number| *number > 0)?;
        Some((number, protocol.to_owned()))
    });
    ports.collect()
}

/// Ports that a service gives up.
fn given_up(change: &StackChange) -> BTreeSet<Published> {
    &published(&change.before) - &published(&change.after)
}

/// Ports that a service publishes and has not published before.
fn wanted(change: &StackChange) -> BTreeSet<Published> {
    &published(&change.after) - &published(&change.before)
}

/// Names of the services that give up what another one wants.
pub(super) fn givers(changes: &[StackChange]) -> BTreeSet<String> {
    let services = || changes.iter().filter(|change| change.kind == StackObject::Service);
    let all: BTreeSet<Published> = services().flat_map(wanted).collect();
    let gives = |change: &&StackChange| !given_up(change).is_disjoint(&all);
    services().filter(gives).map(|change| change.name.clone()).collect()
}

/// Warns of ports that are taken at the moment in which a service is written.
pub(super) fn warn_of_taken(changes: &mut [StackChange], store: &Store) {
    for at in 0..changes.len() {
        let mut said = Vec::new();
        for (number, protocol) in wanted(&changes[at]) {
            let holders = store.services().filter(|service| {
                *service.name != *changes[at].name
                    && service.ports.iter().any(|port| {
                        u64::from(port.published) == number
                            && port.protocol == protocol.as_str().into()
                    })
            });
            let mut holders = holders.filter(|service| {
                let before = changes[..at].iter().filter(|change| *change.name == *service.name);
                !before.flat_map(given_up).any(|port| port == (number, protocol.clone()))
            });
            if let Some(holder) = holders.next() {
                said.push(format!(
                    "port {number} is published by {} already: the engine refuses it",
                    holder.name
                ));
            }
        }
        changes[at].warnings.extend(said);
    }
}
