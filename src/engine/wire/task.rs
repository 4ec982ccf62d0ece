//! Tasks.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use serde::{Deserialize, de::value::MapAccessDeserializer};

use super::{
    Interner, LONGEST_ID, Text, WireVersion, check_id,
    members::{Members, UnreadMember, skip},
    or_default,
};
use crate::{
    cluster::{Attachment, NodeId, ServiceId, Task, TaskId, TaskSpec, TaskState},
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
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireAttached<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    addresses: Vec<Cow<'a, str>>,
}

/// Reads the attachments that a text begins with, and how long that is. The network of each is told at
/// length, and is the same for many tasks.
fn attachments(
    text: &str,
    interner: &mut Interner,
    attached: &mut Vec<Attachment>,
) -> Result<usize, serde_json::Error> {
    if !text.starts_with('[') {
        // None, or what is no list.
        return skip(text);
    }
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\n' | b'\r' | b'\t' | b',') => at += 1,
            Some(b'{') => {
                let mut network = None;
                let mut members = Members::of(&text[at..], |name, text| {
                    if name != "Network" {
                        return Ok(None);
                    }
                    let (id, length) = interner.network(text)?;
                    network = Some(id);
                    Ok(Some(length))
                })?;
                let one = WireAttached::deserialize(MapAccessDeserializer::new(&mut members))?;
                at += members.length();
                let network = network.unwrap_or_else(|| interner.share("").into());
                // One that is no address is left out.
                let addresses = one.addresses.iter().filter_map(|text| {
                    text.split('/').next().unwrap_or(text).parse::<IpAddr>().ok()
                });
                attached.extend(
                    addresses.map(|address| Attachment { network: network.clone(), address }),
                );
            }
            Some(b']') => return Ok(at + 1),
            _ => return skip(text),
        }
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

fn task(
    w: &WireTask<'_>,
    interner: &mut Interner,
    attached: &mut Vec<Attachment>,
) -> Result<Task, serde_json::Error> {
    check_id(&w.id)?;
    let state = TaskState::from_word(&w.status.state);
    let container = w.status.container_status.as_ref();
    let exit_code = container.filter(|_| state.is_terminal()).map(|c| c.exit_code);
    // What is over has given its addresses back, though the engine still lists them.
    if state.is_terminal() {
        attached.clear();
    }
    Ok(Task {
        attachments: attached.drain(..).collect(),
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
            "" | "null" => Arc::<TaskSpec>::default(),
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
        let mut attached = Vec::new();
        pieces.feed(bytes, |text| {
            attached.clear();
            let mut members = Members::of(text, |name, text| match name {
                "Spec" => interner.meet(text).map_or_else(|| skip(text), Ok).map(Some),
                "NetworksAttachments" => attachments(text, interner, &mut attached).map(Some),
                _ => Ok(None),
            })?;
            let wire = WireTask::deserialize(MapAccessDeserializer::new(&mut members))?;
            let length = members.length();
            tasks.push(task(&wire, interner, &mut attached)?);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The attachments of each task of a list, as `network address`.
    fn attached(of: &[&str]) -> Vec<Vec<String>> {
        let task = |(i, attached): (usize, &&str)| {
            format!(
                r#"{{"ID":"t{i}","NetworksAttachments":{attached},"Status":{{"State":"running"}}}}"#
            )
        };
        let json: Vec<String> = of.iter().enumerate().map(task).collect();
        let json = format!("[{}]", json.join(","));
        let tasks = TaskReader::default().feed(json.as_bytes()).expect("a list");
        assert_eq!(tasks.len(), of.len(), "{json}");
        let say = |a: &Attachment| format!("{} {}", a.network.as_str(), a.address);
        tasks.iter().map(|task| task.attachments.iter().map(say).collect()).collect()
    }

    #[test]
    fn attachments_are_read_whether_their_network_was_met_before_or_not() {
        let network = |version: u8| {
            format!(
                r#"{{"ID":"hjad8vt902lujal23rr4ml0cy","Version":{{"Index":{version}}},"Spec":{{}}}}"#
            )
        };
        let one = |version| {
            format!(r#"[{{"Network":{},"Addresses":["10.0.1.{version}/24"]}}]"#, network(version))
        };
        let (first, again, changed) = (one(1), one(1), one(2));
        let two = format!(
            r#"[ {{ "Addresses" : ["10.0.0.7/16", "fd00::1/64", "odd"] , "Network" : {{"ID":"short"}} }} , {{"Network":{},"Addresses":null}},{{"Addresses":["10.0.9.9"]}} ]"#,
            network(1)
        );
        let read = attached(&[&first, &again, &changed, &two, "null", "[]", "{}", "[7]"]);
        let id = "hjad8vt902lujal23rr4ml0cy";
        let expected: [&[String]; 8] = [
            &[format!("{id} 10.0.1.1")],
            &[format!("{id} 10.0.1.1")],
            &[format!("{id} 10.0.1.2")],
            &["short 10.0.0.7".into(), "short fd00::1".into(), " 10.0.9.9".into()],
            &[],
            &[],
            &[],
            &[],
        ];
        assert_eq!(read, expected);
    }
}
