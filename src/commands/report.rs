//! `skep report`: the incident report of every Swarm.

use std::path::Path;

use super::{
    fault::{FAILED, Fault, UNKNOWN, fault},
    output::{complain, print, write_new},
    read_swarms::read_swarms,
};
use crate::{cluster::Since, connect::Choice, keep::History, triage::Thresholds};

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
            Ok(taken) => {
                missing.extend(taken.unlisted());
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
