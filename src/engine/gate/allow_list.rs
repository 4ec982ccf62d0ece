//! The requests that the gate lets out.

use hyper::Method;

/// Whether the gate lets writes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Only reads.
    ReadOnly,
    /// Updates of services and nodes, the parts of a deploy, and removing a node, as well.
    ReadWrite,
    /// Commands in containers, and a container beside one, as well; no other write.
    Shell,
}

/// A path without its API version.
pub(in crate::engine) fn versionless(path: &str) -> &str {
    let version = path.strip_prefix("/v").filter(|p| p.starts_with(|c: char| c.is_ascii_digit()));
    version.and_then(|p| p.find('/').map(|at| &p[at..])).unwrap_or(path)
}

/// A path without its API version, its query and its first slash.
pub(in crate::engine) fn bare(path: &str) -> &str {
    let path = versionless(path.split('?').next().unwrap_or(path));
    path.strip_prefix('/').unwrap_or(path)
}

/// Paths that may be read: written without their API version. GETs that change nothing; never a secret's
/// data (the engine gives none), never exec, never attach. A `{name}` may hold slashes.
pub const READS: &[&str] = &[
    "/_ping",
    "/version",
    "/info",
    "/events",
    "/swarm",
    "/nodes",
    "/nodes/{id}",
    "/services",
    "/services/{id}",
    "/services/{id}/logs",
    "/tasks",
    "/tasks/{id}",
    "/tasks/{id}/logs",
    "/networks",
    "/networks/{id}",
    "/secrets",
    "/secrets/{id}",
    "/configs",
    "/configs/{id}",
    "/containers/json",
    "/containers/{id}/json",
    "/containers/{id}/logs",
    "/distribution/{name}/json",
];

/// Requests that a grant adds.
pub const WRITES: &[(Method, &str)] = &[
    (Method::POST, "/services/{id}/update"),
    (Method::POST, "/nodes/{id}/update"),
    (Method::DELETE, "/nodes/{id}"),
    (Method::POST, "/networks/create"),
    (Method::POST, "/secrets/create"),
    (Method::POST, "/configs/create"),
    (Method::POST, "/services/create"),
    (Method::POST, "/secrets/{id}/update"),
    (Method::POST, "/configs/{id}/update"),
    (Method::DELETE, "/services/{id}"),
    (Method::DELETE, "/secrets/{id}"),
    (Method::DELETE, "/configs/{id}"),
    (Method::DELETE, "/networks/{id}"),
];

/// Requests that a shell's grant adds.
pub const SHELL: &[(Method, &str)] = &[
    (Method::POST, "/containers/{id}/exec"),
    (Method::POST, "/exec/{id}/start"),
    (Method::POST, "/exec/{id}/resize"),
    (Method::GET, "/exec/{id}/json"),
    (Method::GET, "/containers/{id}/top"),
    (Method::GET, "/images/json"),
    (Method::POST, "/containers/create"),
    (Method::POST, "/containers/{id}/attach"),
    (Method::POST, "/containers/{id}/start"),
    (Method::POST, "/containers/{id}/resize"),
    (Method::DELETE, "/containers/{id}"),
];

/// Whether a request may leave.
pub(super) fn allowed(access: Access, method: &Method, path: &str) -> bool {
    let path = bare(path);
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return false;
    }
    let fits = |pattern: &str| {
        if let Some((before, after)) = bare(pattern).split_once("{name}") {
            let name = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            return name.is_some_and(|name| !name.is_empty());
        }
        let (mut parts, mut pattern) = (path.split('/'), bare(pattern).split('/'));
        let is_same = pattern.by_ref().all(|p| parts.next().is_some_and(|q| p == "{id}" || p == q));
        is_same && parts.next().is_none()
    };
    (*method == Method::GET && READS.iter().any(|pattern| fits(pattern)))
        || match access {
            Access::ReadOnly => &[],
            Access::ReadWrite => WRITES,
            Access::Shell => SHELL,
        }
        .iter()
        .any(|(m, p)| m == method && fits(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_lets_out_nothing_that_writes() {
        let get = ["/_ping", "/v1.41/info", "/v1.41/tasks?filters=x", "/v1.41/services/a/logs?f=1"];
        for path in get.into_iter().chain(["/v1.41/distribution/registry:5000/team/app:1.0/json"]) {
            assert!(allowed(Access::ReadOnly, &Method::GET, path), "{path}");
        }
        let update = "/v1.41/services/a/update?version=1";
        assert!(!allowed(Access::ReadOnly, &Method::POST, update));
        assert!(allowed(Access::ReadWrite, &Method::POST, update));
        for path in ["/v1.41/volumes/create", "/v1.41/swarm/leave", "/v1.41/exec/a/start"] {
            assert!(!allowed(Access::ReadWrite, &Method::POST, path), "{path}");
        }
        for path in [
            "/v1.41/swarm/unlockkey",
            "/v1.41/containers/a/top",
            "/v1.41/containers/a/attach/ws",
            "/v1.41/containers/a/export",
            "/v1.41/containers/a/archive?path=/",
            "/v1.41/services/a/b/c",
            "/v1.41/services/../containers",
            "/v1.41/services//logs",
            "/v1.41/networks/a/logs",
            "/v1.41/distribution/json",
            "/v1.41/distribution/a/../json",
        ] {
            assert!(!allowed(Access::ReadOnly, &Method::GET, path), "{path}");
        }
        for path in ["/v1.41/services/../update", "/v1.41/services//update"] {
            assert!(!allowed(Access::ReadWrite, &Method::POST, path), "{path}");
        }
        assert!(allowed(Access::ReadWrite, &Method::POST, "/v1.41/nodes/a/update?version=1"));
        assert!(allowed(Access::ReadWrite, &Method::DELETE, "/v1.41/nodes/a"));
        for (method, path) in SHELL {
            let path = format!("/v1.41{}", path.replace("{id}", "a"));
            assert!(allowed(Access::Shell, method, &path), "{path}");
            assert!(!allowed(Access::ReadWrite, method, &path) || *method == Method::GET, "{path}");
            assert!(!allowed(Access::ReadOnly, method, &path) || *method == Method::GET, "{path}");
        }
        for (method, path) in WRITES {
            let path = format!("/v1.41{}", path.replace("{id}", "a"));
            assert!(!allowed(Access::Shell, method, &path), "{path}");
        }
        for path in ["/v1.41/containers/a/kill", "/v1.41/images/create", "/v1.41/containers/prune"]
        {
            assert!(!allowed(Access::Shell, &Method::POST, path), "{path}");
        }
        assert!(!allowed(Access::ReadOnly, &Method::DELETE, "/v1.41/nodes/a"));
        assert!(!allowed(Access::ReadOnly, &Method::POST, "/v1.41/nodes/a/update"));
        for path in ["/v1.41/volumes/a", "/v1.41/nodes", "/v1.41/nodes/a/b"] {
            assert!(!allowed(Access::ReadWrite, &Method::DELETE, path), "{path}");
        }
        for method in [Method::PUT, Method::HEAD, Method::PATCH, Method::OPTIONS, Method::CONNECT] {
            assert!(!allowed(Access::ReadWrite, &method, "/v1.41/services/a/update"), "{method}");
        }
    }
}
