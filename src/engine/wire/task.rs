//! Tasks.

use serde::Deserialize;

use super::{Interner, Text, Version, or_default, template::WireTemplate};
use crate::cluster::{NodeId, ServiceId, Task, TaskId, TaskState};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireTask<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: Version,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    spec: WireTemplate<'a>,
    #[serde(rename = "ServiceID", borrow)]
    service_id: Text<'a>,
    slot: u64,
    #[serde(rename = "NodeID", borrow)]
    node_id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    status: WireStatus<'a>,
    #[serde(borrow)]
    desired_state: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireStatus<'a> {
    #[serde(borrow)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    err: Text<'a>,
    #[serde(borrow)]
    container_status: Option<WireContainerStatus<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireContainerStatus<'a> {
    #[serde(rename = "ContainerID", borrow)]
    container_id: Text<'a>,
    exit_code: i64,
}

/// Reads one task; equal strings are shared through `interner`.
pub fn decode_task(json: &[u8], interner: &mut Interner) -> Result<Task, String> {
    let w: WireTask<'_> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let state = TaskState::from_word(&w.status.state);
    let container = w.status.container_status.as_ref();
    let exit_code = container.filter(|_| state.is_terminal()).map(|c| c.exit_code);
    Ok(Task {
        id: TaskId::from(&*w.id),
        version: w.version.index,
        service: ServiceId::from(interner.share(&w.service_id)),
        slot: w.slot,
        node: (!w.node_id.is_empty()).then(|| NodeId::from(interner.share(&w.node_id))),
        desired: TaskState::from_word(&w.desired_state),
        since: w.status.timestamp.time(),
        created: w.created_at.time(),
        updated: w.updated_at.time(),
        message: interner.share(&w.status.message),
        err: interner.share(&w.status.err),
        container: container
            .filter(|c| !c.container_id.is_empty())
            .map(|c| (*c.container_id).into()),
        // A container that never was has no exit code, though the engine writes 0.
        exit_code: exit_code
            .filter(|code| *code != 0 || container.is_some_and(|c| !c.container_id.is_empty())),
        state,
        image: interner.share(&w.spec.container().image),
        reserved: w.spec.resources().reservations.model(),
        template: w.spec.fingerprint(),
    })
}
