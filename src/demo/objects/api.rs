//! The API of networks, secrets and configs.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{ObjectKind, id_of, is_predefined, labels_of, name_of, text};
use crate::demo::{
    filters::Filters,
    http::answer::{ApiError, ApiResult, api_error, build, ok},
    render,
    sim::Sim,
};

/// The list of a kind.
pub(in crate::demo) fn list(sim: &Sim, kind: ObjectKind, filters: &Filters) -> String {
    let is_local = |o: &Value| o["Scope"] == "local";
    let of_network = |o: &Value| {
        filters.passes("driver", |v| o["Driver"] == v)
            && filters.passes("scope", |v| o["Scope"] == v)
            && filters.passes("type", |v| (v == "builtin") == is_local(o))
    };
    let found = kind.all(sim).iter().filter(|object| {
        !is_predefined(object)
            && filters.passes("id", |v| id_of(object).starts_with(v))
            // The engine takes a part of the name.
            && filters.passes("name", |v| name_of(object).contains(v))
            && filters.labels("label", labels_of(object))
            && (kind != ObjectKind::Network || of_network(object))
    });
    Value::Array(found.cloned().collect()).to_string()
}

/// One object, by its ID, its name, or the beginning of its ID.
fn find<'s>(sim: &'s Sim, kind: ObjectKind, asked: &str) -> Result<&'s Value, ApiError> {
    let all = kind.all(sim);
    let by = |is_it: &dyn Fn(&Value) -> bool| all.iter().find(|object| is_it(object));
    let named = |o: &Value| !is_predefined(o) && name_of(o) == asked;
    let begins = |o: &Value| !is_predefined(o) && asked.len() >= 3 && id_of(o).starts_with(asked);
    by(&|o| id_of(o) == asked)
        .or_else(|| by(&named))
        .or_else(|| by(&begins))
        .ok_or_else(|| api_error(404, format!("{} {asked} not found", kind.word())))
}

/// The document of one object.
pub(in crate::demo) fn inspect(sim: &Sim, kind: ObjectKind, asked: &str) -> ApiResult {
    find(sim, kind, asked).map(ok)
}

/// `POST /secrets/create` and its like.
pub(in crate::demo) fn create(sim: &mut Sim, kind: ObjectKind, body: &[u8]) -> ApiResult {
    let spec: Value =
        serde_json::from_slice(body).map_err(|e| api_error(400, format!("invalid JSON: {e}")))?;
    let name = text(&spec["Name"]).to_owned();
    if name.is_empty() {
        return Err(api_error(400, format!("invalid {} name", kind.word())));
    }
    if kind.all(sim).iter().any(|o| !is_predefined(o) && name_of(o) == name) {
        return Err(api_error(
            409,
            format!("rpc error: code = AlreadyExists desc = {} {name} already exists", kind.word()),
        ));
    }
    let now = sim.now;
    let id = match kind {
        ObjectKind::Network => sim.add_network(&spec, now),
        _ => sim.add_object(kind, &spec, now),
    };
    sim.event(kind.word(), "create", &id, json!({ "name": name }));
    Ok(build(StatusCode::CREATED, json!({ "ID": id, "Id": id, "Warning": "" }).to_string()))
}

/// The version of a secret or a config.
pub(in crate::demo) fn version(sim: &Sim, kind: ObjectKind, asked: &str) -> Result<u64, ApiError> {
    Ok(find(sim, kind, asked)?["Version"]["Index"].as_u64().unwrap_or_default())
}

/// `POST /secrets/{id}/update` and its like: labels, and nothing else.
pub(in crate::demo) fn update(
    sim: &mut Sim,
    kind: ObjectKind,
    asked: &str,
    body: &[u8],
) -> ApiResult {
    let spec: Value =
        serde_json::from_slice(body).map_err(|e| api_error(400, format!("invalid JSON: {e}")))?;
    if kind == ObjectKind::Network {
        return Err(api_error(404, "page not found"));
    }
    let object = find(sim, kind, asked)?;
    let (id, name) = (id_of(object).to_owned(), name_of(object).to_owned());
    let data = match kind {
        ObjectKind::Secret => sim.secret_data.get(&id),
        _ => Some(&object["Spec"]["Data"]),
    };
    let is_same = spec["Data"].is_null() || data.is_none_or(|data| *data == spec["Data"]);
    if spec["Name"] != name.as_str() || !is_same {
        return Err(api_error(
            400,
            "rpc error: code = InvalidArgument desc = only updates to Labels are allowed",
        ));
    }
    let (index, at) = (sim.bump(), render::time(sim.now));
    let found = kind.all_mut(sim).iter_mut().find(|o| id_of(o) == id);
    if let Some(object) = found {
        object["Spec"]["Labels"] = spec["Labels"].clone();
        object["Version"]["Index"] = index.into();
        object["UpdatedAt"] = at.into();
    }
    sim.event(kind.word(), "update", &id, json!({ "name": name }));
    Ok(build(StatusCode::OK, ""))
}

/// `DELETE` of an object that no service uses.
pub(in crate::demo) fn remove(sim: &mut Sim, kind: ObjectKind, asked: &str) -> ApiResult {
    let object = find(sim, kind, asked)?;
    let (id, name) = (id_of(object).to_owned(), name_of(object).to_owned());
    let uses = |spec: &Value| {
        let template = &spec["TaskTemplate"];
        let (list, key) = match kind {
            ObjectKind::Network => (&template["Networks"], "Target"),
            ObjectKind::Secret => (&template["ContainerSpec"]["Secrets"], "SecretID"),
            ObjectKind::Config => (&template["ContainerSpec"]["Configs"], "ConfigID"),
        };
        list.as_array().into_iter().flatten().any(|one| one[key] == id)
    };
    let users: Vec<&str> =
        sim.services.values().filter(|s| uses(&s.spec)).map(|s| s.name()).collect();
    if !users.is_empty() {
        let said = match kind {
            ObjectKind::Network => format!("network {id} is in use by service {}", users[0]),
            _ => format!(
                "{} '{name}' is in use by the following service: {}",
                kind.word(),
                users.join(", ")
            ),
        };
        return Err(api_error(400, format!("rpc error: code = InvalidArgument desc = {said}")));
    }
    kind.all_mut(sim).retain(|o| id_of(o) != id);
    sim.pools.remove(&id);
    sim.event(kind.word(), "remove", &id, json!({ "name": name }));
    Ok(build(StatusCode::NO_CONTENT, ""))
}
