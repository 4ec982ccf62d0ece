//! Tasks.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use serde::{Deserialize, de::value::MapAccessDeserializer};

use super::{
    Interner, LONGEST_ID, Text, WireVersion, check_id,
    members::{Members, UnreadMember},
    or_default,
};
use crate::{
    cluster::{Attachment, NetworkId, NodeId, ServiceId, Task, TaskId, TaskSpec, TaskState},
    engine::json_array::{Gaps, Pieces},
    text::brief,
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireTask<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: WireVersion,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow)]
    spec: UnreadMember<'a>,
    #[serde(rename = "ServiceID", borrow)]
    service_id: Text<'a>,
    slot: u64,
    #[serde(rename = "NodeID", borrow)]
    node_id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    status: WireStatus<'a>,
    #[serde(borrow)]
    desired_state: Text<'a>,
    #[serde(deserialize_with = "or_default")]
    job_iteration: WireVersion,
    #[serde(borrow, deserialize_with = "or_default")]
    networks_attachments: Vec<WireAttached<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireAttached<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    network: WireAttachedTo<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    addresses: Vec<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireAttachedTo<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
}

impl WireAttached<'_> {
    /// Its addresses; one that is none is left out.
    fn model(&self, interner: &mut Interner) -> Vec<Attachment> {
        let ip = |text: &str| text.split('/').next().unwrap_or(text).parse::<IpAddr>().ok();
        let addresses = self.addresses.iter().filter_map(|text| ip(text));
        let mut of = |address| {
            let network = NetworkId::from(interner.share(&self.network.id));
            Attachment { network, address }
        };
        addresses.map(&mut of).collect()
    }
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

/// Commands are made with it, and requests.
fn is_container_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn task(w: &WireTask<'_>, interner: &mut Interner) -> Result<Task, serde_json::Error> {
    check_id(&w.id)?;
    let state = TaskState::from_word(&w.status.state);
    let container = w.status.container_status.as_ref();
    let exit_code = container.filter(|_| state.is_terminal()).map(|c| c.exit_code);
    // What is over has given its addresses back, though the engine still lists them.
    let attached = w.networks_attachments.iter().filter(|_| !state.is_terminal());
    let attachments = attached.flat_map(|one| one.model(interner)).collect();
    Ok(Task {
        attachments,
        id: TaskId::from(&*w.id),
        version: w.version.index,
        service: ServiceId::from(interner.share(&w.service_id)),
        slot: w.slot,
        node: (!w.node_id.is_empty()).then(|| NodeId::from(interner.share(&w.node_id))),
        desired: TaskState::from_word(&w.desired_state),
        since: w.status.timestamp.time(),
        created: w.created_at.time(),
        updated: w.updated_at.time(),
        message: interner.share(&brief(&w.status.message)),
        err: interner.share(&brief(&w.status.err)),
        container: container
            .filter(|c| is_container_id(&c.container_id))
            .map(|c| (*c.container_id).into()),
        // A container that never was has no exit code, though the engine writes 0.
        exit_code: exit_code
            .filter(|code| *code != 0 || container.is_some_and(|c| !c.container_id.is_empty())),
        state,
        run: w.job_iteration.index,
        spec: match w.spec.0 {
            b"" | b"null" => Arc::<TaskSpec>::default(),
            text => interner.spec(text)?,
        },
    })
}

/// Reads a task list as its bytes come, in little memory.
#[derive(Debug, Default)]
pub struct TaskReader {
    pieces: Pieces,
    interner: Interner,
}

impl TaskReader {
    /// Takes bytes in; the tasks that are complete with them.
    ///
    /// # Errors
    /// Returns a description of the fault if the answer is no list.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Task>, String> {
        let mut tasks = Vec::new();
        let Self { pieces, interner } = self;
        pieces.feed(bytes, |bytes| {
            let mut members = Members::of(bytes, "Spec", |text| interner.meet(text))?;
            let wire = WireTask::deserialize(MapAccessDeserializer::new(&mut members))?;
            let length = members.length();
            tasks.push(task(&wire, interner)?);
            Ok(length)
        })?;
        Ok(tasks)
    }

    /// Elements that could not be read so far.
    pub fn gaps(&self) -> &Gaps {
        self.pieces.gaps()
    }

    /// Bytes of texts that are kept for what was read.
    pub(in crate::engine) fn text_bytes(&self) -> usize {
        self.interner.text_bytes
    }

    /// Goes on from the middle of a list, where an element begins.
    pub(in crate::engine) fn begin_inside(&mut self) {
        self.pieces = Pieces::inside();
    }

    /// Whether an element may begin next.
    pub(in crate::engine) fn is_between(&self) -> bool {
        self.pieces.is_between()
    }

    /// Goes on from where another reader of the same list is.
    pub(in crate::engine) fn go_on_as(&mut self, other: &mut Self) {
        self.pieces.go_on_as(std::mem::take(&mut other.pieces));
    }

    /// # Errors
    /// When the list is not complete.
    pub fn finish(&self) -> Result<(), String> {
        self.pieces.finish()
    }
}
