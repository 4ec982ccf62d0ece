//! Containers of one node.

use std::sync::Arc;

use serde::Deserialize;

use super::{Labels, Listed, Text, check_id, element, list, named::Named, or_default};
use crate::{
    cluster::{
        Container, ContainerHealth, ContainerId, ContainerPort, ContainerState, NodeId, TaskId,
        Timestamp,
    },
    text::within,
};

/// Bytes of a name, an image, a status or a command that are kept.
const TEXT: usize = 400;

/// Labels of a task's container.
const TASK: &str = "com.docker.swarm.task.id";
const TASK_NAME: &str = "com.docker.swarm.task.name";
const NODE: &str = "com.docker.swarm.node.id";
/// The label of a container that Docker Compose made.
const PROJECT: &str = "com.docker.compose.project";

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireListed<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    names: Vec<Text<'a>>,
    #[serde(borrow)]
    image: Text<'a>,
    #[serde(borrow)]
    command: Text<'a>,
    created: i64,
    #[serde(borrow, deserialize_with = "or_default")]
    ports: Vec<WireBinding<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireBinding<'a> {
    #[serde(rename = "IP", borrow)]
    ip: Text<'a>,
    private_port: u16,
    public_port: u16,
    #[serde(rename = "Type", borrow)]
    kind: Text<'a>,
}

impl WireBinding<'_> {
    fn model(&self) -> ContainerPort {
        let on_all = matches!(&*self.ip, "0.0.0.0" | "::");
        ContainerPort {
            published: (self.public_port > 0).then_some(self.public_port),
            address: if on_all { "".into() } else { kept(&self.ip) },
            target: self.private_port,
            protocol: kept(&self.kind),
        }
    }
}

impl WireListed<'_> {
    fn model(&self) -> Container {
        let label = |key: &str| self.labels.get(key).map_or("", |value| value);
        // Links give a container more names: `/other/alias`.
        let name = self.names.iter().min_by_key(|name| name.matches('/').count());
        let name = name.map_or("", |name| name.strip_prefix('/').unwrap_or(name));
        let task = Some(label(TASK)).filter(|id| check_id(id).is_ok());
        let named = label(TASK_NAME);
        let named = task.and_then(|id| named.strip_suffix(id)?.strip_suffix('.')).unwrap_or(named);
        let mut ports: Vec<ContainerPort> = self.ports.iter().map(WireBinding::model).collect();
        ports.sort();
        ports.dedup();
        Container {
            id: ContainerId::from(&*self.id),
            name: kept(if name.is_empty() { &self.id } else { name }),
            image: kept(&self.image),
            command: kept(&self.command),
            created: (self.created > 0).then(|| Timestamp::from_secs(self.created)),
            state: ContainerState::from_word(&within(&self.state, TEXT)),
            status: kept(&self.status),
            exit_code: exit_code(&self.status),
            health: health(&self.status),
            ports,
            task: task.map(TaskId::from),
            task_name: kept(named),
            node: Some(label(NODE)).filter(|id| check_id(id).is_ok()).map(NodeId::from),
            project: kept(label(PROJECT)),
        }
    }
}

fn kept(text: &str) -> Arc<str> {
    within(text, TEXT).into()
}

/// The exit code in `Exited (137) 2 hours ago`: a list has it nowhere else.
fn exit_code(status: &str) -> Option<i64> {
    let (word, rest) = status.split_once(" (")?;
    let code = rest.split_once(')')?.0;
    matches!(word, "Exited" | "Restarting").then(|| code.parse().ok())?
}

/// The health in `Up 3 minutes (healthy)`: no list has it elsewhere before API 1.52.
fn health(status: &str) -> ContainerHealth {
    match status.rsplit_once(" (").map(|(_, end)| end) {
        Some("healthy)") => ContainerHealth::Healthy,
        Some("unhealthy)") => ContainerHealth::Unhealthy,
        Some("health: starting)") => ContainerHealth::Starting,
        _ => ContainerHealth::None,
    }
}

/// Reads a list of containers.
///
/// # Errors
/// Returns a description of the fault if the answer is no list.
pub fn decode_containers(json: &[u8]) -> Result<Listed<Container>, String> {
    let read = |text: &str| {
        let (container, length) = element::<WireListed<'_>>(text)?;
        check_id(&container.id)?;
        Ok((container.model(), length))
    };
    list(json, read, |text| Named::read(text, "Image").map(|named| named.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> Container {
        decode_containers(format!("[{json}]").as_bytes()).unwrap().items.remove(0)
    }

    #[test]
    fn a_tasks_container_names_its_task() {
        let container =
            one(r#"{"Id":"c1","Names":["/other/alias","/web.2.t1"],"Created":1700000000,
            "Image":"shop/web:1","State":"running","Status":"Up 3 minutes (unhealthy)",
            "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
                {"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
                {"IP":"127.0.0.1","PrivatePort":81,"PublicPort":8081,"Type":"tcp"},
                {"PrivatePort":9,"Type":"udp"}],
            "Labels":{"com.docker.swarm.task.id":"t1","com.docker.swarm.task.name":"web.2.t1",
                "com.docker.swarm.node.id":"n1"}}"#);
        assert_eq!((&*container.name, &*container.task_name), ("web.2.t1", "web.2"));
        assert_eq!(container.task, Some(TaskId::from("t1")));
        assert_eq!(container.node, Some(NodeId::from("n1")));
        assert_eq!(container.health, ContainerHealth::Unhealthy);
        assert_eq!(container.ports_said(), "9/udp, 8080→80/tcp, 127.0.0.1:8081→81/tcp");
        assert!(container.is_alive() && container.exit_code.is_none());
        assert_eq!(container.created, Some(Timestamp::from_secs(1_700_000_000)));
    }

    #[test]
    fn the_end_of_a_container_is_read_from_its_status() {
        for (status, code, health) in [
            ("Exited (137) 2 hours ago", Some(137), ContainerHealth::None),
            ("Exited (-1) 2 hours ago", Some(-1), ContainerHealth::None),
            ("Restarting (1) 5 seconds ago", Some(1), ContainerHealth::None),
            ("Up 2 seconds (health: starting)", None, ContainerHealth::Starting),
            ("Up 2 hours (healthy)", None, ContainerHealth::Healthy),
            ("Up 2 hours (Paused)", None, ContainerHealth::None),
            ("Created", None, ContainerHealth::None),
            ("Exited (x) (healthy)y", None, ContainerHealth::None),
            ("", None, ContainerHealth::None),
        ] {
            let json = format!(r#"{{"Id":"c1","State":"exited","Status":"{status}"}}"#);
            let container = one(&json);
            assert_eq!((container.exit_code, container.health), (code, health), "{status}");
            assert!(!container.is_alive() && &*container.name == "c1");
        }
    }

    #[test]
    fn what_is_no_container_costs_only_itself_and_long_texts_are_cut() {
        let long = "x".repeat(9_000);
        let json = format!(
            r#"[{{"Id":"c1","Image":"{long}","Command":"{long}","Labels":null,"Ports":null}},
            {{"Id":""}},{{"Id":"{long}"}},{{"Id":7}},null,{{"Id":"c2","Names":null}}]"#
        );
        let listed = decode_containers(json.as_bytes()).unwrap();
        assert_eq!((listed.items.len(), listed.gaps.count), (2, 4));
        assert!(listed.items[0].image.len() < 500 && listed.items[0].command.len() < 500);
        assert!(decode_containers(b"{}").is_err() && decode_containers(b"[{}").is_err());
    }
}
