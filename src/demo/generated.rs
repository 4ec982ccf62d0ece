//! Generated Swarms of any size.

use serde_json::json;

use super::{
    Size,
    objects::ObjectKind,
    sim::Sim,
    story::{DAY, PLAIN, Shape, spec},
};

/// A generated Swarm: services share the tasks unevenly, as real ones do.
pub(super) fn by_numbers(sim: &mut Sim, size: Size) {
    let managers = match size.nodes {
        0..=2 => 1,
        3..=4 => 3,
        _ => 5,
    };
    for i in 0..size.nodes.max(1) {
        let (a, b) = (i / 250, i % 250 + 1);
        let zone = ["a", "b", "c"][i % 3];
        let name = format!("node-{:04}", i + 1);
        sim.add_node(
            &name,
            &format!("10.8.{a}.{b}"),
            i < managers,
            i == 0,
            json!({ "zone": zone }),
        );
    }
    let services = size.services.max(1);
    let stacks = size.stacks.clamp(1, services);
    let networks = by_stack(sim, stacks, size.networks);
    let mut left = size.tasks;
    for i in 0..services {
        let fair = left / (services - i);
        let count = if i + 1 == services {
            left
        } else {
            sim.rng.usize(fair / 2..=fair + fair / 2).min(left)
        };
        left -= count;
        // All services of a stack stand together.
        let at = i * stacks / services;
        let (stack, name) = (format!("stack{at}"), format!("svc{i:04}"));
        let own: Vec<&String> = networks.iter().skip(at).step_by(stacks).collect();
        let joins: Vec<&str> =
            own.get(i % own.len().max(1)).map(|name| name.as_str()).into_iter().collect();
        let (secret, config) = (format!("{stack}_key"), format!("{stack}_conf"));
        let data = format!("{stack}_data{}", i % 3);
        let (secret, config) = ([secret.as_str()], [config.as_str()]);
        let volume = [(data.as_str(), "/data")];
        let image = format!("registry.local/team{}/{name}:1.{}", i % 20, i % 7);
        let shape = Shape {
            stack: &stack,
            name: &name,
            image: &image,
            mode: json!({ "Replicated": { "Replicas": count } }),
            port: (i % 5 == 0).then(|| (20_000 + (i % 10_000) as u32, 8080)),
            env: &["LOG_LEVEL=info"],
            networks: &joins,
            secrets: if i % 4 == 0 { &secret } else { &[] },
            configs: if i % 3 == 0 { &config } else { &[] },
            volumes: if i % 7 == 0 { &volume } else { &[] },
            ..PLAIN
        };
        let age = sim.rng.i64(1..30) * DAY;
        let spec = spec(sim, &shape);
        sim.add_service(spec, age);
    }
    sim.churn = size.churn;
}

/// Networks, a secret and a config for each stack; the names of the networks.
fn by_stack(sim: &mut Sim, stacks: usize, networks: usize) -> Vec<String> {
    let created = sim.now - 60 * DAY;
    let large = |at: usize| json!([{ "Subnet": format!("10.{}.0.0/16", at % 256) }]);
    sim.add_network(
        &json!({ "Name": "ingress", "Ingress": true, "IPAM": { "Config": large(0) } }),
        created,
    );
    let mut names = Vec::new();
    for at in 0..networks.max(1) {
        let stack = format!("stack{}", at % stacks);
        let name = format!("{stack}_net{}", at / stacks);
        let labels = json!({ "com.docker.stack.namespace": stack });
        let config = json!({ "Config": large(at + 1) });
        sim.add_network(&json!({ "Name": name, "Labels": labels, "IPAM": config }), created);
        names.push(name);
    }
    sim.add_local_networks(created);
    for at in 0..stacks {
        let labels = json!({ "com.docker.stack.namespace": format!("stack{at}") });
        let secret = json!({ "Name": format!("stack{at}_key"), "Labels": labels });
        sim.add_object(ObjectKind::Secret, &secret, created);
        let config =
            json!({ "Name": format!("stack{at}_conf"), "Labels": labels, "Data": "aG9uZXkK" });
        sim.add_object(ObjectKind::Config, &config, created);
    }
    names
}
