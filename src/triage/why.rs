//! What the engine's error says: its exact strings, read into kinds. Nothing else looks into them.
//!
//! Sources: measured on real Swarms of engines 20.10, 26.1 and 28.5, or read in moby
//! (`daemon/cluster/executor/container`, `distribution/errors.go`) and swarmkit (`manager/scheduler`).

use crate::cluster::Task;

/// Why the scheduler finds no node, one of the reasons it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoNode {
    /// `insufficient resources on N nodes`
    Resources,
    /// `scheduling constraints not satisfied on N nodes`
    Constraints,
    /// `host-mode port already in use on N nodes`
    Port,
    /// `missing plugin on N nodes`
    Plugin,
    /// `unsupported platform on N nodes`
    Platform,
    /// `max replicas per node limit exceed`
    MaxPerNode,
    /// `N nodes not available for new tasks`
    Unavailable,
    /// `cannot fulfill requested CSI volume mounts on N nodes`
    Volume,
}

/// Something a task refers to and its node does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    Secret,
    Config,
    Network,
    Volume,
}

/// What an error says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// `task: non-zero exit (N)`
    Exit(i64),
    /// `task: non-zero exit (N): dockerexec: unhealthy container`
    Unhealthy(i64),
    /// The container's command can't be executed: exit 126 or 127 with `OCI runtime create failed: … exec:`.
    Command(i64),
    /// `starting container failed: …`, for another reason.
    Start,
    /// `No such image: …`, `manifest unknown`, `not found: manifest`
    NoImage,
    /// `pull access denied`, `unauthorized`, `no basic auth credentials`
    RegistryAuth,
    /// `toomanyrequests`
    RateLimit,
    /// The registry does not answer: `dial tcp`, `no such host`, `x509`, `Client.Timeout`.
    Registry,
    /// `no matching manifest for linux/arm64`, `exec format error`
    WrongPlatform,
    /// `bind source path does not exist: PATH`
    BindMissing(String),
    /// `port is already allocated`, `address already in use`
    PortTaken,
    /// `secret … not found` and the like.
    Missing(Thing),
    /// `node is missing network attachments, ip addresses may be exhausted`
    NoAddress,
    /// `no suitable node (…)`, with on how many nodes each.
    NoNode(Vec<(NoNode, u64)>),
    /// Anything else.
    Other,
}

/// Whether its start was called off, by a drain or an update in that moment: `starting container failed:
/// context canceled` (measured). It ends as failed, and nothing was wrong with it.
pub fn was_called_off(task: &Task) -> bool {
    task.err.ends_with("context canceled")
}

/// What a task's error says; `None` if it has none.
pub fn why(task: &Task) -> Option<Why> {
    let err = &*task.err;
    if err.is_empty() || was_called_off(task) {
        return None;
    }
    let lower = err.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    if let Some(inner) = err.strip_prefix("no suitable node") {
        return Some(Why::NoNode(reasons(inner)));
    }
    // An exit's own error comes after it: `task: non-zero exit (137): dockerexec: unhealthy container`.
    if let Some(rest) = err.strip_prefix("task: non-zero exit (") {
        let code = rest.split(')').next().and_then(|n| n.parse().ok()).unwrap_or(-1);
        if says(&["unhealthy container"]) {
            return Some(Why::Unhealthy(code));
        }
        return Some(match code {
            126 | 127 => Why::Command(code),
            _ => Why::Exit(code),
        });
    }
    Some(if says(&["toomanyrequests", "rate limit"]) {
        Why::RateLimit
    } else if says(&[
        "pull access denied",
        "unauthorized",
        "no basic auth",
        "authentication required",
        "access to the resource is denied",
    ]) {
        Why::RegistryAuth
    } else if says(&[
        "no matching manifest",
        "exec format error",
        "does not match the detected host platform",
    ]) {
        Why::WrongPlatform
    } else if says(&["no such image", "manifest unknown", "manifest for"]) {
        Why::NoImage
    } else if let Some((_, path)) = err.split_once("bind source path does not exist: ") {
        Why::BindMissing(path.to_owned())
    } else if says(&["port is already allocated", "address already in use"]) {
        Why::PortTaken
    } else if says(&[
        "ip addresses may be exhausted",
        "could not find an available ip",
        "no available ip",
    ]) {
        Why::NoAddress
    } else if says(&["not found", "no such", "not available", "unavailable", "missing"])
        && says(&["secret"])
    {
        Why::Missing(Thing::Secret)
    } else if says(&["not found", "no such", "unavailable"]) && says(&["config "]) {
        Why::Missing(Thing::Config)
    } else if lower.starts_with("network ") && says(&["not found"]) {
        Why::Missing(Thing::Network)
    } else if says(&["volume"])
        && says(&["not found", "no such", "error while mounting", "failed to mount"])
    {
        Why::Missing(Thing::Volume)
    } else if says(&[
        "dial tcp",
        "no such host",
        "x509:",
        "client.timeout",
        "tls handshake timeout",
        "i/o timeout",
    ]) {
        Why::Registry
    } else if says(&["oci runtime create failed", "starting container failed"]) {
        // Only what names the executable: `exec: "/app": stat /app: no such file or directory`,
        // `executable file not found in $PATH`, `permission denied`.
        let command = says(&["exec: \"", "executable file not found"]);
        if command { Why::Command(task.exit_code.unwrap_or(127)) } else { Why::Start }
    } else {
        Why::Other
    })
}

/// `(insufficient resources on 3 nodes; 1 node not available for new tasks)`
fn reasons(text: &str) -> Vec<(NoNode, u64)> {
    let kinds = [
        ("insufficient resources", NoNode::Resources),
        ("scheduling constraints", NoNode::Constraints),
        ("host-mode port", NoNode::Port),
        ("missing plugin", NoNode::Plugin),
        ("unsupported platform", NoNode::Platform),
        ("max replicas per node", NoNode::MaxPerNode),
        ("not available for new tasks", NoNode::Unavailable),
        ("CSI volume", NoNode::Volume),
    ];
    let number = |part: &str| part.split_whitespace().find_map(|w| w.parse().ok()).unwrap_or(0);
    text.trim_matches([' ', '(', ')'])
        .split(';')
        .filter_map(|part| {
            let (_, kind) = kinds.iter().find(|(words, _)| part.contains(words))?;
            Some((*kind, number(part)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::NoNode::{Constraints, MaxPerNode, Resources, Unavailable};
    use super::reasons;

    #[test]
    fn the_scheduler_gives_several_reasons_at_once() {
        let said = " (insufficient resources on 3 nodes; scheduling constraints not satisfied on 1 node; 1 node not available for new tasks)";
        assert_eq!(reasons(said), [(Resources, 3), (Constraints, 1), (Unavailable, 1)]);
        assert_eq!(reasons(" (max replicas per node limit exceed)"), [(MaxPerNode, 0)]);
    }
}
