//! Stacks, networks, secrets, configs and volumes of a snapshot.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{Taken, time};
use crate::cluster::{Config, Network, Part, Secret, ServiceId, Store, Timestamp, Volume};

/// The arrays of a cluster.
pub(super) const ARRAYS: [&str; 5] = ["stacks", "networks", "secrets", "configs", "volumes"];

/// The tables of the text form.
pub(super) const TABLES: [(&str, &[&str]); 5] = [
    ("STACKS", &["name", "services", "converged", "running", "desired"]),
    ("NETWORKS", &["name", "driver", "scope", "subnets", "services"]),
    ("SECRETS", &["name", "created", "services"]),
    ("CONFIGS", &["name", "created", "services"]),
    ("VOLUMES", &["name", "driver", "services", "nodes"]),
];

/// The array of a part; null where it is unknown, which is not empty.
fn told(store: &Store, part: Part, objects: impl Iterator<Item = Value>) -> Value {
    let is_known = store.lists(part) || store.unread().is_partly_read(part);
    if is_known { objects.collect() } else { Value::Null }
}

fn names(store: &Store, services: &[ServiceId]) -> Vec<Value> {
    services.iter().filter_map(|id| store.service(id)).map(|s| (*s.name).into()).collect()
}

/// Adds the arrays to a cluster.
pub(super) fn add(taken: &Taken, out: &mut Value) {
    let store = &taken.store;
    let relations = store.relations();
    let services_known = store.services_known() || store.unread().is_partly_read(Part::Services);
    let of_services = |all: Vec<Value>| if services_known { all.into() } else { Value::Null };
    let stacks = relations.stacks().iter().filter(|stack| !stack.name.is_empty()).map(|stack| {
        let progress = store.progress(stack);
        json!({
            "name": &*stack.name,
            "services": progress.services,
            "converged": progress.converged,
            "running": progress.running,
            "desired": progress.desired,
        })
    });
    out["stacks"] = of_services(stacks.collect());
    let mut networks: Vec<&Network> = store.networks().collect();
    networks.sort_by_key(|n| (&n.name, &n.id));
    out["networks"] = told(store, Part::Networks, networks.into_iter().map(|n| network(store, n)));
    let mut secrets: Vec<&Secret> = store.secrets().collect();
    secrets.sort_by_key(|s| (&s.name, &s.id));
    let secret = |s: &Secret| {
        let services = names(store, relations.with_secret(&s.id));
        object(s.id.as_str(), &s.name, &s.labels, (s.created, s.updated), services)
    };
    out["secrets"] = told(store, Part::Secrets, secrets.into_iter().map(secret));
    let mut configs: Vec<&Config> = store.configs().collect();
    configs.sort_by_key(|c| (&c.name, &c.id));
    let config = |c: &Config| {
        let services = names(store, relations.with_config(&c.id));
        object(c.id.as_str(), &c.name, &c.labels, (c.created, c.updated), services)
    };
    out["configs"] = told(store, Part::Configs, configs.into_iter().map(config));
    let volumes = relations.volumes().iter().map(|v| volume(store, v));
    out["volumes"] = of_services(volumes.collect());
}

fn network(store: &Store, n: &Network) -> Value {
    let subnets: Vec<&str> = n.subnets.iter().map(|s| &*s.subnet).collect();
    json!({
        "id": n.id.as_str(),
        "name": &*n.name,
        "driver": &*n.driver,
        "scope": &*n.scope,
        "subnets": subnets,
        "attachable": n.attachable,
        "internal": n.internal,
        "encrypted": n.is_encrypted(),
        "ingress": n.ingress,
        "services": names(store, store.relations().on_network(&n.id)),
    })
}

/// A secret or a config.
fn object(
    id: &str,
    name: &str,
    labels: &[(Arc<str>, Arc<str>)],
    (created, updated): (Option<Timestamp>, Option<Timestamp>),
    services: Vec<Value>,
) -> Value {
    let labels: BTreeMap<&str, &str> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
    json!({
        "id": id,
        "name": name,
        "created": time(created),
        "updated": time(updated),
        "labels": labels,
        "services": services,
    })
}

fn volume(store: &Store, v: &Volume) -> Value {
    // Without tasks nobody knows where its data lie.
    let nodes = (!store.tasks_refused()).then(|| {
        let nodes = store.nodes_with(v).into_iter();
        nodes.map(|id| store.hostname(id)).collect::<Vec<_>>()
    });
    json!({
        "name": &*v.name,
        "driver": &*v.driver,
        "services": names(store, &v.services),
        "nodes": nodes,
    })
}
