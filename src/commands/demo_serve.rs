//! `skep demo-serve`: the embedded Swarm at a socket, for docker and other clients.

use super::fault::{FAILED, Fault, USAGE, fault};
use crate::{cli::Sub, demo};

/// Serves until it is ended.
pub(super) async fn run(command: &Sub) -> Result<u8, Fault> {
    let Sub::DemoServe {
        socket,
        scenario,
        nodes,
        services,
        tasks,
        stacks,
        networks,
        churn,
        seed,
        fault: faults,
    } = command
    else {
        return Ok(0);
    };
    let counts = [nodes, services, tasks, stacks, networks];
    let size = (counts.iter().any(|n| n.is_some()) || churn.is_some()).then(|| {
        let services = services.unwrap_or(20);
        let stacks = stacks.unwrap_or(services.div_ceil(8));
        demo::Size {
            nodes: nodes.unwrap_or(5),
            services,
            tasks: tasks.unwrap_or(60),
            stacks,
            networks: networks.unwrap_or(stacks),
            churn: churn.unwrap_or(0.0),
        }
    });
    let faults = demo::Faults::parse(faults).map_err(fault(USAGE))?;
    let options = demo::Options { scenario: scenario.clone(), size, seed: *seed, faults };
    demo::serve(socket, options).await.map(|()| 0).map_err(fault(FAILED))
}
