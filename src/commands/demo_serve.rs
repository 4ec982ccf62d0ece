//! `skep demo-serve`: the embedded Swarm at a socket, for docker and other clients.

use super::fault::{FAILED, Fault, USAGE, fault};
use crate::{cli::Sub, demo};

/// Serves until it is ended.
pub(super) async fn run(command: &Sub) -> Result<u8, Fault> {
    let Sub::DemoServe { socket, scenario, nodes, services, tasks, churn, seed, fault: faults } =
        command
    else {
        return Ok(0);
    };
    let size =
        (nodes.is_some() || services.is_some() || tasks.is_some() || churn.is_some()).then(|| {
            demo::Size {
                nodes: nodes.unwrap_or(5),
                services: services.unwrap_or(20),
                tasks: tasks.unwrap_or(60),
                churn: churn.unwrap_or(0.0),
            }
        });
    let faults = demo::Faults::parse(faults).map_err(fault(USAGE))?;
    let options = demo::Options { scenario: scenario.clone(), size, seed: *seed, faults };
    demo::serve(socket, options).await.map(|()| 0).map_err(fault(FAILED))
}
