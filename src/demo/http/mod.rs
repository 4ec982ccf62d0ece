//! The Docker Engine HTTP API over the simulation.

pub(super) mod answer;

use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};

use answer::{ApiError, ApiResult, NO_LEADER, Query, api_error, build, ok};

use super::{
    Shared, about, containers,
    filters::Filters,
    hostile,
    objects::{ObjectKind, api, services as made},
    render,
    sim::{Sim, SimService, SimState, SimTask},
    streams,
};

pub(super) fn router(shared: Shared) -> Router {
    Router::new().fallback(handle).with_state(shared)
}

async fn handle(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    shared.note_request(format!("{} {path}", parts.method));
    if !shared.faults.delay.is_zero() {
        tokio::time::sleep(shared.faults.delay).await;
    }
    let query = Query::parse(parts.uri.query().unwrap_or(""));
    let path = match path.strip_prefix("/v1.") {
        Some(rest) => rest.find('/').map_or("", |i| &rest[i..]).to_owned(),
        None => path,
    };
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    if is_denied(&shared, &parts.method, &segments) {
        return forbidden();
    }
    if shared.faults.is_silent_on(first_part(&segments)) {
        std::future::pending::<()>().await;
    }
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let answer = route(&shared, &parts.method, &segments, &query, &body).await;
    let response = answer.unwrap_or_else(|ApiError(status, message)| {
        build(status, json!({ "message": message }).to_string())
    });
    if shared.faults.hostile { hostile::poison(response).await } else { response }
}

fn first_part<'p>(path: &[&'p str]) -> &'p str {
    path.first().map_or("", |part| part.trim_start_matches('_'))
}

fn is_denied(shared: &Shared, method: &Method, path: &[&str]) -> bool {
    let part = first_part(path);
    shared.faults.denies(part) || (method != Method::GET && shared.faults.denies("post"))
}

/// haproxy's refusal: an HTML page for a browser.
fn forbidden() -> Response {
    let page = "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let html = header::HeaderValue::from_static("text/html");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

async fn route(
    shared: &Shared,
    method: &Method,
    path: &[&str],
    query: &Query,
    body: &Bytes,
) -> ApiResult {
    match (method.as_str(), path) {
        ("GET" | "HEAD", ["_ping"]) => {
            let mut pong = build(StatusCode::OK, "OK");
            let api = header::HeaderValue::from_static(about::versions(&shared.faults).1);
            pong.headers_mut().insert("Api-Version", api);
            return Ok(pong);
        }
        ("GET", ["version"]) => return Ok(ok(&about::version(&shared.faults))),
        ("GET", ["info"]) => return Ok(ok(&about::info(shared))),
        _ => {}
    }
    // Workers answer of their containers, too.
    if let ["containers", rest @ ..] = path {
        return of_containers(shared, method, rest, query).await;
    }
    swarm_faults(shared)?;
    if matches!(path, ["nodes" | "services" | "tasks"]) {
        list_faults(shared).await?;
    }
    if let [kind, rest @ ..] = path
        && let Some(kind) = ObjectKind::of(kind)
    {
        return objects(shared, kind, method, rest, query, body).await;
    }
    match (method.as_str(), path) {
        ("GET", ["swarm"]) => Ok(ok(&about::swarm(&shared.sim()))),
        ("GET", ["events"]) => streams::events(shared, query),
        ("GET", ["nodes"]) => list(shared, query, nodes).await,
        ("GET", ["nodes", id]) => node(&shared.sim(), id),
        ("POST", ["nodes", id, "update"]) => update_node(shared, id, query, body),
        ("DELETE", ["nodes", id]) => remove_node(shared, id, query),
        ("GET", ["services"]) if query.is_set("status") => list(shared, query, counted).await,
        ("GET", ["services"]) => list(shared, query, services).await,
        ("GET", ["services", id]) => {
            let sim = shared.sim();
            let service = find_service(&sim, id)?;
            Ok(ok(&render::service(&sim, service, false)))
        }
        ("POST", ["services", "create"]) => made::create(&mut shared.sim_mut(), body),
        ("DELETE", ["services", id]) => made::remove(&mut shared.sim_mut(), id),
        ("POST", ["services", id, "update"]) => update_service(shared, id, query, body),
        ("GET", ["services", id, "logs"]) => {
            let ids = {
                let sim = shared.sim();
                let service = find_service(&sim, id)?;
                service.tasks.iter().map(|n| sim.tasks[n].id.clone()).collect()
            };
            Ok(streams::log_stream(shared, ids, query))
        }
        ("GET", ["tasks"]) if shared.faults.trickle => Ok(trickle()),
        ("GET", ["tasks"]) => list(shared, query, tasks).await,
        ("GET", ["tasks", id]) => {
            let sim = shared.sim();
            let mut out = String::new();
            render::task(&mut out, find_task(&sim, id)?);
            Ok(build(StatusCode::OK, out))
        }
        ("GET", ["tasks", id, "logs"]) => {
            let id = find_task(&shared.sim(), id)?.id.clone();
            Ok(streams::log_stream(shared, vec![id], query))
        }
        ("GET", ["distribution", .., "json"]) => Err(api_error(
            500,
            "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
        )),
        _ => Err(api_error(404, "page not found")),
    }
}

/// The containers of the node itself.
async fn of_containers(
    shared: &Shared,
    method: &Method,
    path: &[&str],
    query: &Query,
) -> ApiResult {
    match (method.as_str(), path) {
        ("GET", ["json"]) => {
            let with_all = query.is_set("all");
            list(shared, query, move |sim, _| containers::list(sim, with_all)).await
        }
        ("GET", [id, "json"]) => containers::inspect(&shared.sim(), id),
        ("GET", [id, "logs"]) => {
            let writer = containers::log_of(&shared.sim(), id)
                .ok_or_else(|| api_error(404, format!("No such container: {id}")))?;
            Ok(streams::log_stream(shared, vec![writer], query))
        }
        ("POST", [_, "exec"]) => {
            Err(api_error(501, "its containers are made up: there is nothing to run in them"))
        }
        _ => Err(api_error(404, "page not found")),
    }
}

fn swarm_faults(shared: &Shared) -> Result<(), ApiError> {
    let faults = &shared.faults;
    if faults.no_leader {
        return Err(api_error(500, NO_LEADER));
    }
    if faults.worker {
        return Err(api_error(
            503,
            "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster \
             state. Please run this command on a manager node or promote the current node to a manager.",
        ));
    }
    if faults.locked {
        return Err(api_error(503, LOCKED));
    }
    if faults.expired {
        return Err(api_error(503, EXPIRED));
    }
    if faults.no_swarm {
        return Err(api_error(
            503,
            "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to \
             connect this node to swarm and try again.",
        ));
    }
    Ok(())
}

async fn list_faults(shared: &Shared) -> Result<(), ApiError> {
    if shared.faults.error {
        return Err(api_error(500, "something broke in the engine"));
    }
    if shared.faults.silent {
        std::future::pending::<()>().await;
    }
    Ok(())
}

const EXPIRED: &str =
    "Swarm certificates have expired. To replace them, leave the swarm and join again.";
const LOCKED: &str = "Swarm is encrypted and needs to be unlocked before it can be used. Please use \
    \"docker swarm unlock\" to unlock it.";

/// The body of a list, with the faults applied. A long one delays no other request, as in the real
/// engine.
async fn list(
    shared: &Shared,
    query: &Query,
    write: impl FnOnce(&Sim, &Filters) -> String + Send + 'static,
) -> ApiResult {
    let (filters, model) = (query.filters()?, shared.clone());
    let body = tokio::task::spawn_blocking(move || write(&model.sim(), &filters)).await;
    let body = body.map_err(|error| api_error(500, error.to_string()))?;
    if shared.faults.garbage {
        return Ok(build(StatusCode::OK, "<html>this is no engine</html>"));
    }
    if shared.faults.cut || shared.faults.endless {
        let half = Bytes::from(body[..body.len() / 2].to_owned());
        let endless = shared.faults.endless;
        let stream = futures_util::stream::unfold(0, move |n: u32| {
            let half = half.clone();
            async move {
                match (n, endless) {
                    (0, _) => Some((Ok(half), 1)),
                    (_, true) => Some((Ok(Bytes::from(vec![b' '; 1 << 16])), n.saturating_add(1))),
                    (_, false) => {
                        // The half must be on its way before the connection goes.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        Some((Err(std::io::Error::other("cut")), n + 1))
                    }
                }
            }
        });
        return Ok(build(StatusCode::OK, Body::from_stream(stream)));
    }
    Ok(build(StatusCode::OK, body))
}

/// A list that arrives at a byte per second.
fn trickle() -> Response {
    let stream = futures_util::stream::unfold("[", |piece| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from(piece)), " "))
    });
    build(StatusCode::OK, Body::from_stream(stream))
}

fn nodes(sim: &Sim, filters: &Filters) -> String {
    let found = sim.nodes.values().filter(|n| {
        filters.passes("id", |v| n.id.starts_with(v))
            && filters.passes("name", |v| n.hostname.contains(v))
            && filters.passes("role", |v| n.spec["Role"] == v)
            && filters.labels("node.label", &n.spec["Labels"])
    });
    Value::Array(found.map(render::node).collect()).to_string()
}

fn node(sim: &Sim, id: &str) -> ApiResult {
    let node = sim.node_named(id).ok_or_else(|| api_error(404, format!("node {id} not found")))?;
    Ok(ok(&render::node(node)))
}

fn stale(query: &Query, version: u64, conflict: bool) -> Result<(), ApiError> {
    let asked: Option<u64> = query.get("version").and_then(|v| v.parse().ok());
    let asked = asked.ok_or_else(|| {
        api_error(400, "invalid version value: strconv.ParseUint: parsing \"\": invalid syntax")
    })?;
    if asked != version || conflict {
        return Err(api_error(500, "rpc error: code = Unknown desc = update out of sequence"));
    }
    Ok(())
}

fn update_node(shared: &Shared, id: &str, query: &Query, body: &Bytes) -> ApiResult {
    let spec: Value =
        serde_json::from_slice(body).map_err(|e| api_error(400, format!("invalid JSON: {e}")))?;
    let mut sim = shared.sim_mut();
    let node = sim.node_named(id).ok_or_else(|| api_error(404, format!("node {id} not found")))?;
    stale(query, node.version, shared.faults.conflict)?;
    let (id, name, old) = (node.id.clone(), node.hostname.clone(), node.spec.clone());
    let (index, now) = (sim.bump(), sim.now);
    if let Some(node) = sim.nodes.get_mut(&id) {
        node.spec = spec.clone();
        node.version = index;
        node.updated = now;
    }
    let mut told = json!({ "name": name });
    for (field, key) in [("Availability", "availability"), ("Role", "role")] {
        if old[field] != spec[field] {
            told[format!("{key}.old")] = old[field].clone();
            told[format!("{key}.new")] = spec[field].clone();
        }
    }
    sim.event("node", "update", &id, told);
    sim.node_changed(&id);
    Ok(build(StatusCode::OK, ""))
}

fn remove_node(shared: &Shared, id: &str, query: &Query) -> ApiResult {
    let mut sim = shared.sim_mut();
    let node = sim.node_named(id).ok_or_else(|| api_error(404, format!("node {id} not found")))?;
    let (id, name) = (node.id.clone(), node.hostname.clone());
    let precondition = |said: String| {
        api_error(400, format!("rpc error: code = FailedPrecondition desc = {said}"))
    };
    if node.manager {
        return Err(precondition(format!(
            "node {id} is a cluster manager and is a member of the raft cluster. It must be demoted to \
             worker before removal"
        )));
    }
    if node.up && !query.is_set("force") {
        return Err(precondition(format!("node {id} is not down and can't be removed")));
    }
    sim.remove_node(&id);
    sim.event("node", "remove", &id, json!({ "name": name }));
    Ok(build(StatusCode::OK, ""))
}

fn find_service<'s>(sim: &'s Sim, id: &str) -> Result<&'s SimService, ApiError> {
    sim.service_named(id).ok_or_else(|| api_error(404, format!("service {id} not found")))
}

fn find_task<'s>(sim: &'s Sim, id: &str) -> Result<&'s SimTask, ApiError> {
    sim.task_named(id).ok_or_else(|| api_error(404, format!("task {id} not found")))
}

fn services(sim: &Sim, filters: &Filters) -> String {
    write_services(sim, filters, false)
}

/// Services with the numbers of their running and desired tasks.
fn counted(sim: &Sim, filters: &Filters) -> String {
    write_services(sim, filters, true)
}

fn write_services(sim: &Sim, filters: &Filters, status: bool) -> String {
    let found = sim.services.values().filter(|s| {
        filters.passes("id", |v| s.id.starts_with(v))
            && filters.passes("name", |v| s.name().starts_with(v))
            && filters.labels("label", &s.spec["Labels"])
            && filters
                .passes("mode", |v| super::orchestrator::mode_of(&s.spec).eq_ignore_ascii_case(v))
    });
    Value::Array(found.map(|s| render::service(sim, s, status)).collect()).to_string()
}

fn update_service(shared: &Shared, id: &str, query: &Query, body: &Bytes) -> ApiResult {
    let mut spec: Value =
        serde_json::from_slice(body).map_err(|e| api_error(400, format!("invalid JSON: {e}")))?;
    let mut sim = shared.sim_mut();
    made::resolve(&sim, &mut spec)?;
    let service = find_service(&sim, id)?;
    stale(query, service.version, shared.faults.conflict)?;
    let rollback = query.get("rollback") == Some("previous");
    let spec = if rollback {
        service.previous.clone().ok_or_else(|| {
            api_error(
                400,
                "rpc error: code = FailedPrecondition desc = service does not have a previous spec",
            )
        })?
    } else {
        spec
    };
    if spec["Name"] != service.spec["Name"] {
        return Err(api_error(
            501,
            "rpc error: code = Unimplemented desc = renaming services is not supported",
        ));
    }
    if super::orchestrator::mode_of(&spec) != super::orchestrator::mode_of(&service.spec) {
        return Err(api_error(
            501,
            "rpc error: code = Unimplemented desc = service mode change is not allowed",
        ));
    }
    let id = service.id.clone();
    sim.update_service(&id, spec, rollback);
    Ok(ok(&json!({ "Warnings": null })))
}

fn tasks(sim: &Sim, filters: &Filters) -> String {
    let by_service = filters.get("service").map(|asked| {
        let mut numbers = Vec::new();
        for name in asked {
            if let Some(service) = sim.service_named(name) {
                numbers.extend(service.tasks.iter().copied());
            }
        }
        numbers
    });
    let fresh = filters.get("_up-to-date").is_some();
    let labels = |t: &SimTask| {
        let service = sim.services.get(&t.service);
        filters.labels("label", service.map_or(&Value::Null, |service| &service.spec["Labels"]))
    };
    let passes = |t: &&SimTask| {
        filters.passes("id", |v| t.id.starts_with(v))
            && labels(t)
            && filters.passes("node", |v| {
                t.node.as_deref().is_some_and(|n| n == v || sim.nodes[n].hostname == v)
            })
            && filters.passes("desired-state", |v| match v {
                "running" => t.desired <= SimState::Running,
                "accepted" => t.desired == SimState::Accepted,
                _ => t.desired > SimState::Running,
            })
            && (!fresh || sim.services.get(&t.service).is_some_and(|s| s.template == t.template))
    };
    let mut out = String::from("[");
    let mut push = |task: &SimTask| {
        if out.len() > 1 {
            out.push(',');
        }
        render::task(&mut out, task);
    };
    match by_service {
        Some(numbers) => {
            numbers
                .iter()
                .filter_map(|n| sim.tasks.get(n))
                .filter(|t| passes(t))
                .for_each(&mut push);
        }
        None => sim.tasks.values().filter(|t| passes(t)).for_each(&mut push),
    }
    out.push(']');
    out
}

/// Networks, secrets and configs.
async fn objects(
    shared: &Shared,
    kind: ObjectKind,
    method: &Method,
    path: &[&str],
    query: &Query,
    body: &Bytes,
) -> ApiResult {
    match (method.as_str(), path) {
        ("GET", []) => list(shared, query, move |sim, by| api::list(sim, kind, by)).await,
        ("GET", [id]) => api::inspect(&shared.sim(), kind, id),
        ("POST", ["create"]) => api::create(&mut shared.sim_mut(), kind, body),
        ("POST", [id, "update"]) => {
            let mut sim = shared.sim_mut();
            stale(query, api::version(&sim, kind, id)?, shared.faults.conflict)?;
            api::update(&mut sim, kind, id, body)
        }
        ("DELETE", [id]) => api::remove(&mut shared.sim_mut(), kind, id),
        _ => Err(api_error(404, "page not found")),
    }
}
