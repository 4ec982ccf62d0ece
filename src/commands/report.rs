//! `skep report`: the incident report of every Swarm.

use std::path::Path;

use super::{
    fault::{FAILED, Fault, UNKNOWN, fault},
    output::{complain, print, write_new},
    read_swarms::read_swarms,
};
use crate::{
    cluster::Since,
    connect::{Choice, Connector},
    keep::History,
    session::read_log_ends,
    triage::{
        Thresholds,
        incident::{no_log, witnesses},
    },
};

/// Prints it, or writes it to a file that does not exist yet.
pub(super) async fn run(
    choice: Choice,
    thresholds: &Thresholds,
    history: History,
    since: Since,
    out: Option<&Path>,
) -> Result<u8, Fault> {
    let mut text = String::new();
    let mut missing = choice.notices;
    let read = read_swarms(choice.clusters, thresholds, Some(history)).await;
    complain(&read.notices);
    for one in read.all {
        match one {
            Ok(mut taken) => {
                let mut tasks = witnesses(&taken.store, &taken.problems);
                tasks.retain(|task| match no_log(&taken.store, task) {
                    Some(why) => {
                        taken.logs.insert(task.clone(), Err(why));
                        false
                    }
                    None => true,
                });
                if let Some(endpoint) = taken.reached.clone().filter(|_| !tasks.is_empty()) {
                    taken.logs.extend(read_log_ends(Connector::new(endpoint), tasks).await);
                }
                missing.extend(taken.incomplete());
                text += &taken.incident(since).markdown();
            }
            Err(why) => missing.push(why),
        }
    }
    complain(&missing);
    match out {
        _ if text.is_empty() => {}
        None => print(&text)?,
        Some(path) => {
            write_new(path, &text)
                .map_err(|e| fault(FAILED)(format!("{}: {e}", path.display())))?;
        }
    }
    Ok(if missing.is_empty() { 0 } else { UNKNOWN })
}
