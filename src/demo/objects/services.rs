//! Making and removing services, as `POST /services/create` and `DELETE /services/{id}` do.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::ObjectKind;
use crate::demo::{
    http::answer::{ApiError, ApiResult, api_error, build},
    orchestrator::template_text,
    sim::{Nanos, Sim, SimService},
};

/// Makes a service; its tasks start as the simulation goes on.
pub(in crate::demo) fn create(sim: &mut Sim, body: &[u8]) -> ApiResult {
    let mut spec: Value =
        serde_json::from_slice(body).map_err(|e| api_error(400, format!("invalid JSON: {e}")))?;
    let name = spec["Name"].as_str().unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(api_error(
            400,
            "rpc error: code = InvalidArgument desc = meta: name must be provided",
        ));
    }
    if sim.services.values().any(|service| service.name() == name) {
        return Err(api_error(
            409,
            format!(
                "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service {name} already exists"
            ),
        ));
    }
    resolve(sim, &mut spec)?;
    let id = sim.insert_service(spec, sim.now, sim.now);
    sim.dirty.insert(id.clone());
    sim.event("service", "create", &id, json!({ "name": name }));
    Ok(build(StatusCode::CREATED, json!({ "ID": id, "Warnings": null }).to_string()))
}

impl Sim {
    /// Adds a service that has no tasks yet.
    pub fn insert_service(&mut self, spec: Value, created: Nanos, updated: Nanos) -> String {
        let (id, version) = (self.id(), self.bump());
        let vips = self.vips(&spec, &[]);
        let service = SimService {
            id: id.clone(),
            version,
            created,
            updated,
            template: template_text(&spec),
            spec,
            previous: None,
            update_status: None,
            update: None,
            vips,
            tasks: Vec::new(),
            attempts: std::collections::HashMap::new(),
        };
        self.services.insert(id.clone(), service);
        id
    }
}

/// Removes a service and its tasks.
pub(in crate::demo) fn remove(sim: &mut Sim, asked: &str) -> ApiResult {
    let service = sim.service_named(asked);
    let service = service.ok_or_else(|| api_error(404, format!("service {asked} not found")))?;
    let (id, name) = (service.id.clone(), service.name().to_owned());
    sim.remove_service(&id);
    sim.event("service", "remove", &id, json!({ "name": name }));
    Ok(build(StatusCode::OK, ""))
}

/// Fills in what the engine fills in: the number of replicas, and the ids of networks.
pub(in crate::demo) fn resolve(sim: &Sim, spec: &mut Value) -> Result<(), ApiError> {
    let modes = ["Global", "ReplicatedJob", "GlobalJob"];
    if modes.iter().all(|mode| spec["Mode"].get(mode).is_none()) {
        if spec["Mode"]["Replicated"].is_null() {
            spec["Mode"] = json!({ "Replicated": {} });
        }
        if spec["Mode"]["Replicated"]["Replicas"].is_null() {
            spec["Mode"]["Replicated"]["Replicas"] = 1.into();
        }
    }
    let networks = spec.pointer_mut("/TaskTemplate/Networks").and_then(Value::as_array_mut);
    for one in networks.into_iter().flatten() {
        let target = one["Target"].as_str().unwrap_or_default();
        let is_id = sim.networks.iter().any(|n| n["Id"] == target && n["Scope"] == "swarm");
        if is_id {
            continue;
        }
        let id = sim.object_named(ObjectKind::Network, target);
        if id.is_empty() {
            return Err(api_error(404, format!("network {target} not found")));
        }
        one["Target"] = id.into();
    }
    Ok(())
}
