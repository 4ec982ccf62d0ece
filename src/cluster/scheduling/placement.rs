//! Placement constraints, read as swarmkit does (`manager/constraint/constraint.go`).

use std::sync::Arc;

use crate::cluster::{Availability, Node, NodeState, Platform, Service};

/// Whether the scheduler could put a task of `service` on `node` as it stands, resources aside.
pub fn eligible(service: &Service, node: &Node) -> bool {
    node.state == NodeState::Ready
        && node.availability == Availability::Active
        && unmet(&service.constraints, node).is_none()
}

/// Whether `node` is of one of these platforms; what is left open fits any, as no platform at all does
/// (swarmkit `manager/scheduler/filter.go`).
pub fn supports(platforms: &[Platform], node: &Node) -> bool {
    let fits = |p: &Platform| {
        (p.os.is_empty() || same_name(&node.os, &p.os, &[]))
            && (p.arch.is_empty() || same_name(&node.arch, &p.arch, ARCHITECTURES))
    };
    platforms.is_empty() || platforms.iter().any(fits)
}

/// The first constraint that `node` does not meet. One that can't be read is taken as met: the
/// engine refuses those on write, so it can only be one that is newer than skep.
pub fn unmet<'c>(constraints: &'c [Arc<str>], node: &Node) -> Option<&'c str> {
    constraints.iter().map(|c| &**c).find(|c| meets(c, node) == Some(false))
}

/// Key of a constraint and the node's value for it: `("node.labels.zone", "b")`.
pub fn asked<'c>(constraint: &'c str, node: &Node) -> (&'c str, String) {
    let key = constraint.split(['=', '!']).next().unwrap_or(constraint).trim();
    let label = |labels: &[(Arc<str>, Arc<str>)], name: &str| {
        labels.iter().find(|(k, _)| &**k == name).map(|(_, v)| v.to_string()).unwrap_or_default()
    };
    let has = match key.to_ascii_lowercase().as_str() {
        "node.id" => node.id.to_string(),
        "node.hostname" => node.hostname.to_string(),
        "node.role" => node.role.to_string(),
        "node.platform.os" => node.os.to_string(),
        "node.platform.arch" => node.arch.to_string(),
        "node.ip" => node.addr.to_string(),
        _ => match (strip(key, "node.labels."), strip(key, "engine.labels.")) {
            (Some(name), _) => label(&node.labels, name),
            (_, Some(name)) => label(&node.engine_labels, name),
            _ => String::new(),
        },
    };
    (key, has)
}

fn meets(constraint: &str, node: &Node) -> Option<bool> {
    let (key, value, want_equal) = match constraint.split_once("!=") {
        Some((key, value)) => (key.trim(), value.trim(), false),
        None => {
            let (key, value) = constraint.split_once("==")?;
            (key.trim(), value.trim(), true)
        }
    };
    let label = |labels: &[(Arc<str>, Arc<str>)], name: &str| {
        labels
            .iter()
            .find(|(k, _)| &**k == name)
            .is_some_and(|(_, v)| v.eq_ignore_ascii_case(value))
    };
    let equal = if key.eq_ignore_ascii_case("node.id") {
        node.id.as_str().eq_ignore_ascii_case(value)
    } else if key.eq_ignore_ascii_case("node.hostname") {
        node.hostname.eq_ignore_ascii_case(value)
    } else if key.eq_ignore_ascii_case("node.role") {
        node.role.word().eq_ignore_ascii_case(value)
    } else if key.eq_ignore_ascii_case("node.platform.os") {
        same_name(&node.os, value, &[])
    } else if key.eq_ignore_ascii_case("node.platform.arch") {
        same_name(&node.arch, value, ARCHITECTURES)
    } else if key.eq_ignore_ascii_case("node.ip") {
        &*node.addr == value
    } else if let Some(name) = strip(key, "node.labels.") {
        label(&node.labels, name)
    } else {
        label(&node.engine_labels, strip(key, "engine.labels.")?)
    };
    Some(equal == want_equal)
}

fn strip<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    (key.get(..prefix.len())?.eq_ignore_ascii_case(prefix)).then(|| &key[prefix.len()..])
}

/// As the kernel and as Go call them.
const ARCHITECTURES: &[(&str, &str)] = &[("x86_64", "amd64"), ("aarch64", "arm64")];

fn same_name(have: &str, want: &str, aliases: &[(&str, &str)]) -> bool {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase();
        aliases.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| (*to).to_owned())
    };
    plain(have) == plain(want)
}
