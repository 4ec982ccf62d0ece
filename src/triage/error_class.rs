//! Classes of the engine's errors, read from its exact strings. Nothing else looks into them.
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

/// Class of an error.
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
    /// `port is already allocated`, `bind: address already in use`
    PortTaken,
    /// `secret … not found` and the like.
    Missing(Thing),
    /// `node is missing network attachments, ip addresses may be exhausted`
    NoAddress,
    /// Address management refuses: `failed to allocate gateway (10.255.0.1): Address already in use`.
    AddressConflict,
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

/// Errors that are told by a whole phrase of theirs, in lower case. The first that is found counts.
const PHRASES: &[(Why, &[&str])] = &[
    (Why::RateLimit, &["toomanyrequests", "pull rate limit"]),
    (
        Why::RegistryAuth,
        &[
            "pull access denied",
            "unauthorized: ",
            "no basic auth credentials",
            "authentication required",
            "access to the resource is denied",
        ],
    ),
    (
        Why::WrongPlatform,
        &[
            "no matching manifest for",
            "exec format error",
            "does not match the detected host platform",
            "does not match the specified platform",
        ],
    ),
    (Why::NoImage, &["no such image", "manifest unknown", "manifest for "]),
    (
        Why::NoAddress,
        &[
            "ip addresses may be exhausted",
            "could not find an available ip",
            "no available ip",
            "no available addresses on this pool",
        ],
    ),
    // A port that is taken says so, or that it could not be bound; whatever else is "already in use"
    // is an address of a network (libnetwork `ipamapi`).
    (
        Why::PortTaken,
        &["port is already allocated", "bind: address already in use", "failed to bind host port"],
    ),
    (
        Why::AddressConflict,
        &[
            "failed to allocate gateway",
            "address already in use",
            "pool overlaps with other one on this address space",
            "address pool overlaps with existing pool",
            "non-overlapping ipv4 address pool",
            "predefined address pools have been fully subnetted",
            "requested address is out of range",
        ],
    ),
    (Why::Missing(Thing::Secret), &["unable to get secret from secret store"]),
    (Why::Missing(Thing::Config), &["unable to get config from config store"]),
    (Why::Missing(Thing::Network), &["could not find network"]),
    (
        Why::Missing(Thing::Volume),
        &[
            "error while mounting volume",
            "failed to mount local volume",
            "error looking up volume plugin",
            "no such volume",
        ],
    ),
];

/// Beginning of an error of a request to a registry; that it failed is all that need be said. Log drivers and
/// volume plugins fail with the same `dial tcp`.
const REGISTRY: &[&str] = &[
    "get \"http",
    "get http",
    "head \"http",
    "head http",
    "failed to do request",
    "failed to resolve reference",
    "error pulling image",
];

/// Beginnings of errors of a container that could not be made or started.
const START: &[&str] =
    &["starting container failed", "oci runtime create failed", "failed to create shim"];

/// Class of a task's error; `None` if it has none.
pub fn why(task: &Task) -> Option<Why> {
    let err = &*task.err;
    if err.is_empty() || was_called_off(task) {
        return None;
    }
    if let Some(inner) = err.strip_prefix("no suitable node") {
        let reasons = reasons(inner);
        return Some(if reasons.is_empty() { Why::Other } else { Why::NoNode(reasons) });
    }
    let lower = err.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
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
    if let Some((_, path)) = err.split_once("bind source path does not exist: ") {
        return Some(Why::BindMissing(path.to_owned()));
    }
    if says(START) && says(COMMAND) && !says(&["exec format error"]) {
        return Some(Why::Command(task.exit_code.unwrap_or(127)));
    }
    if let Some(thing) = not_found(&lower) {
        return Some(Why::Missing(thing));
    }
    if let Some((why, _)) = PHRASES.iter().find(|(_, phrases)| says(phrases)) {
        return Some(why.clone());
    }
    Some(if says(START) {
        Why::Start
    } else if says(REGISTRY) {
        if lower.ends_with(": not found") { Why::NoImage } else { Why::Registry }
    } else {
        Why::Other
    })
}

/// Only what names the executable: `exec: "/app": stat /app: no such file or directory`, `executable
/// file not found in $PATH`, `permission denied`.
const COMMAND: &[&str] = &["exec: \"", "executable file not found in"];

/// `secret db_password not found`, `config reference nginx not found`, `network back not found`: the
/// whole of it, for a path or a command may hold any of these words.
fn not_found(lower: &str) -> Option<Thing> {
    let of = |kind: &str| {
        let rest = lower.strip_prefix(kind)?.strip_prefix(' ')?;
        rest.strip_suffix(" not found").filter(|name| name.split(' ').count() <= 2)
    };
    let kinds = [
        ("secret", Thing::Secret),
        ("config", Thing::Config),
        ("network", Thing::Network),
        ("volume", Thing::Volume),
    ];
    kinds.iter().find(|(kind, _)| of(kind).is_some()).map(|(_, thing)| *thing)
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
    use super::{Thing, Why, reasons, why};
    use crate::cluster::{ServiceId, Task, TaskId, TaskSpec, TaskState};

    fn failed(err: &str) -> Task {
        Task {
            attachments: Box::default(),
            id: TaskId::from("t"),
            version: 1,
            service: ServiceId::from("s"),
            slot: 1,
            node: None,
            state: TaskState::Rejected,
            desired: TaskState::Shutdown,
            since: None,
            created: None,
            updated: None,
            message: "".into(),
            err: err.into(),
            container: None,
            exit_code: None,
            run: 0,
            spec: TaskSpec::default().into(),
        }
    }

    #[test]
    fn errors_are_told_by_whole_phrases() {
        let start = "starting container failed: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";
        let cases: &[(&str, Why)] = &[
            (
                "failed to allocate gateway (10.255.0.1): Address already in use",
                Why::AddressConflict,
            ),
            ("starting container failed: Address already in use", Why::AddressConflict),
            ("Pool overlaps with other one on this address space", Why::AddressConflict),
            (
                "starting container failed: driver failed programming external connectivity on endpoint web (0a): Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use",
                Why::PortTaken,
            ),
            (
                "starting container failed: failed to set up container networking: driver failed programming external connectivity on endpoint web (0a): failed to bind host port 0.0.0.0:80/tcp: address already in use",
                Why::PortTaken,
            ),
            ("node is missing network attachments, ip addresses may be exhausted", Why::NoAddress),
            // A dial that is not to a registry.
            (
                "starting container failed: failed to create task for container: failed to initialize logging driver: dial tcp 10.0.0.9:24224: connect: connection refused",
                Why::Start,
            ),
            (
                "failed to resolve reference \"docker.io/no/such:1\": failed to do request: Head \"https://registry-1.docker.io/v2/no/such/manifests/1\": dial tcp: lookup registry-1.docker.io: no such host",
                Why::Registry,
            ),
            (
                "failed to resolve reference \"reg:5000/api:9\": reg:5000/api:9: not found",
                Why::NoImage,
            ),
            ("No such image: no/such:1", Why::NoImage),
            // Words of others' kinds in a command, a path, a volume.
            (
                &format!(
                    "{start}exec: \"/secret-missing\": stat /secret-missing: no such file or directory: unknown"
                ),
                Why::Command(127),
            ),
            (
                &format!(
                    "{start}error mounting \"/srv/config not found\" to rootfs: no such file or directory: unknown"
                ),
                Why::Start,
            ),
            ("secret db_password not found", Why::Missing(Thing::Secret)),
            ("config reference nginx not found", Why::Missing(Thing::Config)),
            ("network back not found", Why::Missing(Thing::Network)),
            (
                "starting container failed: error while mounting volume '/var/lib/docker/volumes/v/_data': failed to mount local volume: mount :/x:/y, data: addr=10.0.0.9: no such device",
                Why::Missing(Thing::Volume),
            ),
            ("exec /app: exec format error", Why::WrongPlatform),
            (&format!("{start}exec /app: exec format error"), Why::WrongPlatform),
            // What nobody has told skep of.
            ("invalid CapAdd: unknown capability: \"CAP_NOSUCH\"", Why::Other),
            ("failed to register layer: write /bin/app: no space left on device", Why::Other),
            ("no suitable node (the moon is full on 3 nodes)", Why::Other),
            ("dial unix \u{0}{\"version\":3", Why::Other),
        ];
        for (err, is) in cases {
            assert_eq!(why(&failed(err)).as_ref(), Some(is), "{err}");
        }
    }

    #[test]
    fn the_scheduler_gives_several_reasons_at_once() {
        let said = " (insufficient resources on 3 nodes; scheduling constraints not satisfied on 1 node; 1 node not available for new tasks)";
        assert_eq!(reasons(said), [(Resources, 3), (Constraints, 1), (Unavailable, 1)]);
        assert_eq!(reasons(" (max replicas per node limit exceed)"), [(MaxPerNode, 0)]);
    }
}
