//! `skep snapshot`: the whole state once. The JSON is a contract: fields may be added, never renamed.

mod objects;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::commands::{
    Taken,
    fault::{Fault, UNKNOWN, fault},
    output::{complain, print},
    read_swarms::read_swarms,
    table::{columns, json_text},
};
use crate::{
    cluster::{Mode, Part, PublishMode, Service, Store, Task, Timestamp},
    connect::Choice,
    text::clean,
    triage::{Problem, Thresholds},
};

/// Prints every Swarm that can be read; the exit code tells whether all could.
pub(in crate::commands) async fn run(
    choice: Choice,
    thresholds: &Thresholds,
    json: bool,
) -> Result<u8, Fault> {
    let mut taken = Vec::new();
    let mut missing = choice.notices;
    let read = read_swarms(choice.clusters, thresholds, None).await;
    complain(&read.notices);
    for one in read.all {
        match one {
            Ok(one) => {
                missing.extend(one.incomplete());
                taken.push(one);
            }
            Err(why) => missing.push(why),
        }
    }
    if taken.is_empty() {
        return Err(fault(UNKNOWN)(missing.join("; ")));
    }
    complain(&missing);
    print(&if json { snapshot_json(&taken) } else { snapshot_text(&taken) })?;
    // Some of what was asked for is not in it.
    Ok(if missing.is_empty() { 0 } else { UNKNOWN })
}

pub(super) fn time(at: impl Into<Option<Timestamp>>) -> Value {
    at.into().map_or(Value::Null, |at| at.to_string().into())
}

pub(in crate::commands) fn problems(taken: &Taken) -> Vec<Value> {
    let of = |p: &Problem, head: Option<&Problem>| {
        json!({
            "rule": p.rule,
            "severity": p.severity.word(),
            "object": p.object,
            "message": p.message,
            "since": time(p.since.exactly()),
            // Where the beginning is not known exactly: it began then or earlier.
            "since_at_latest": time(p.since.at_latest().filter(|_| p.since.exactly().is_none())),
            "cause": p.cause,
            "why": p.why,
            "before": p.before.as_ref().map(|b| json!({ "at": time(b.at), "change": b.text })),
            "evidence": p.evidence.iter().map(|e| &e.text).collect::<Vec<_>>(),
            // What explains it, if it is told with something else.
            "folded_into": head.map(|h| json!({ "rule": h.rule, "object": h.object })),
        })
    };
    let each = |p: &Arc<Problem>| {
        let folded = p.folded.iter().map(|f| of(f, Some(p)));
        std::iter::once(of(p, None)).chain(folded).collect::<Vec<_>>()
    };
    taken.problems.iter().flat_map(each).collect()
}

/// The ports of a service, as the docker CLI prints them: `*:8080->80/tcp`.
fn ports(service: &Service) -> Vec<String> {
    let published = service.ports.iter().filter(|p| p.published > 0 && p.mode != PublishMode::Host);
    published.map(|p| format!("*:{}->{}/{}", p.published, p.target, p.protocol)).collect()
}

fn service(taken: &Taken, s: &Service) -> Value {
    let m = taken.store.missing(s);
    let desired = match s.mode {
        // The CLI tells a job's desired tasks from the engine's count.
        Mode::ReplicatedJob { .. } | Mode::GlobalJob => {
            s.counts.map_or(m.desired, |c| c.desired.saturating_sub(c.completed))
        }
        // What is done is not desired any more, as the CLI counts.
        // One for a node that never joined is.
        Mode::Global => {
            let for_nobody = |t: &&Task| t.is_wanted() && taken.store.is_for_nobody(t);
            let for_nobody = taken.store.tasks_of(&s.id).filter(for_nobody).count() as u64;
            (m.desired + for_nobody).saturating_sub(m.rests.done + m.rests.given_up)
        }
        _ => m.desired,
    };
    let mut out = json!({
        "id": s.id.as_str(),
        "name": &*s.name,
        "stack": s.stack.as_deref(),
        "mode": s.mode.word(),
        "running": m.running,
        "desired": desired,
        "image": s.image_tag(),
        "update_state": s.update.as_ref().map(|u| u.state.word()),
        "ports": ports(s),
    });
    if let Some((done, total)) = m.job {
        out["completed"] = done.into();
        out["completions"] = total.into();
    }
    if m.rests.done > 0 {
        out["done"] = m.rests.done.into();
    }
    if m.rests.waiting > 0 {
        out["next_run"] = time(m.rests.next_run);
    }
    out
}

/// A task. The contract: fields may be added, never renamed.
pub(super) fn task_json(store: &Store, t: &Task) -> Value {
    // Here the contract is the docker CLI's own name, also for a global service's task.
    let service = store.service(&t.service).map_or(t.service.as_str(), |s| &*s.name);
    let name = match (&t.node, t.slot) {
        (Some(node), 0) => format!("{service}.{node}"),
        (_, slot) => format!("{service}.{slot}"),
    };
    json!({
        "id": t.id.as_str(),
        "name": name,
        "service": service,
        "slot": (t.slot > 0).then_some(t.slot),
        "node": t.node.as_ref().map(|n| store.hostname(n)),
        "state": t.state.word(),
        "desired_state": t.desired.word(),
        "since": time(t.since),
        "error": (!t.err.is_empty()).then_some(&*t.err),
        "exit_code": t.exit_code,
        "container_id": t.container.as_deref(),
    })
}

/// The whole state as JSON.
pub fn snapshot_json(all: &[Taken]) -> String {
    let at = all.iter().map(|t| t.at).max();
    json_text(
        &json!({ "taken_at": time(at), "clusters": all.iter().map(cluster).collect::<Vec<_>>() }),
    )
}

fn cluster(taken: &Taken) -> Value {
    let store = &taken.store;
    let mut nodes: Vec<_> = store.nodes().collect();
    nodes.sort_by(|a, b| a.hostname.cmp(&b.hostname).then_with(|| a.id.cmp(&b.id)));
    let mut services: Vec<_> = store.services().collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    let mut tasks: Vec<_> = store.tasks().collect();
    tasks.sort_by_cached_key(|t| {
        let service = store.service(&t.service).map_or("", |s| &*s.name).to_owned();
        (service, t.slot, t.node.clone(), std::cmp::Reverse(t.created), t.id.clone())
    });
    let nodes: Vec<Value> = nodes
        .into_iter()
        .map(|n| {
            json!({
                "id": n.id.as_str(),
                "hostname": &*n.hostname,
                "role": n.role.word(),
                "leader": n.is_leader(),
                "state": n.state.word(),
                "availability": n.availability.word(),
                "address": &*n.addr,
                "engine": &*n.engine,
            })
        })
        .collect();
    // Unknown is null, never empty; of what is partly unknown there is what can be read.
    let told = |known: bool, value: Value| if known { value } else { Value::Null };
    let known = |part| store.unread().why(part).is_none() || store.unread().is_partly_read(part);
    let services = services.into_iter().map(|s| service(taken, s)).collect::<Vec<_>>();
    let tasks = tasks.into_iter().map(|t| task_json(&taken.store, t)).collect::<Vec<_>>();
    let mut out = json!({
        "id": told(known(Part::Info), (*store.info().id).into()),
        "name": taken.name,
        "endpoint": taken.endpoint,
        "age_ms": u64::try_from(taken.age.as_millis()).unwrap_or(u64::MAX),
        "nodes": told(known(Part::Nodes), nodes.into()),
        "services": told(known(Part::Services), services.into()),
        "tasks": told(known(Part::Tasks), tasks.into()),
        "problems": problems(taken),
    });
    objects::add(taken, &mut out);
    let unknown = unknown(taken);
    if !unknown.is_empty() {
        out["unknown"] = unknown.into();
    }
    // Nothing is listed then at all.
    if let Some(why) = taken.unlisted() {
        for list in ["id", "nodes", "services", "tasks"].into_iter().chain(objects::ARRAYS) {
            out[list] = Value::Null;
        }
        out["error"] = why.into();
    }
    out
}

/// Parts that the endpoint refuses to list, and the reasons.
pub(in crate::commands) fn unknown(taken: &Taken) -> Vec<Value> {
    let of = |(part, why): (Part, &str)| json!({ "part": part.word(), "why": why });
    taken.store.unread().iter().map(of).collect()
}

/// The whole state as tables for a human.
pub fn snapshot_text(all: &[Taken]) -> String {
    let mut out = String::new();
    for taken in all {
        if all.len() > 1 {
            out += &format!("CLUSTER {} ({})\n\n", clean(&taken.name), clean(&taken.endpoint));
        }
        out += &cluster_text(&cluster(taken));
    }
    out
}

fn cluster_text(cluster: &Value) -> String {
    let mut out = String::new();
    let mut table = |title: &str, fields: &[&str], rows: &Value| {
        out += &format!("{title}\n");
        let list = cluster["unknown"].as_array().into_iter().flatten();
        let why = list.filter(|u| u["part"].as_str() == Some(&title.to_lowercase()));
        // Without a leader nothing is listed, for one reason.
        let error = Some(&cluster["error"]).filter(|_| rows.is_null());
        let why = why.map(|u| &u["why"]).chain(error);
        let why = why.filter_map(Value::as_str).map(clean).next();
        if let Some(why) = &why {
            out += &format!("  unknown: {why}\n");
        }
        if rows.is_null() {
            out.push('\n');
            return;
        }
        let cell = |row: &Value, field: &str| match &row[field] {
            Value::Null => String::new(),
            Value::String(s) => clean(s).into_owned(),
            Value::Array(items) => {
                items.iter().filter_map(Value::as_str).map(clean).collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        };
        let mut lines: Vec<Vec<String>> =
            vec![fields.iter().map(|f| f.to_uppercase().replace('_', " ")).collect()];
        for row in rows.as_array().into_iter().flatten() {
            lines.push(fields.iter().map(|f| cell(row, f)).collect());
        }
        out += &columns(lines);
        out.push('\n');
    };
    table(
        "NODES",
        &["hostname", "role", "leader", "state", "availability", "address", "engine"],
        &cluster["nodes"],
    );
    table(
        "SERVICES",
        &[
            "name",
            "stack",
            "mode",
            "running",
            "desired",
            "completed",
            "completions",
            "image",
            "update_state",
            "ports",
        ],
        &cluster["services"],
    );
    table(
        "TASKS",
        &["name", "node", "state", "desired_state", "since", "exit_code", "error"],
        &cluster["tasks"],
    );
    for (title, fields) in objects::TABLES {
        let rows = &cluster[title.to_lowercase()];
        let mut unknown = cluster["unknown"].as_array().into_iter().flatten();
        let is_refused = unknown.any(|u| u["part"] == title.to_lowercase());
        // Many a Swarm has none of some of them.
        if is_refused || rows.as_array().is_some_and(|rows| !rows.is_empty()) {
            table(title, fields, rows);
        }
    }
    table("PROBLEMS", &["severity", "object", "message", "since"], &cluster["problems"]);
    out
}
