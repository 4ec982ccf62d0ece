//! The API's JSON, written from the simulation.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{
    orchestrator::{mode_of, replicas},
    sim::{Nanos, Node, Service, Sim, State, Task},
};

/// RFC 3339 with nanoseconds.
pub(super) fn time(at: Nanos) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(at)).unwrap_or_default().to_string()
}

pub(super) fn node(node: &Node) -> Value {
    let state = if node.up { "ready" } else { "down" };
    let mut status = json!({ "State": state, "Addr": node.addr });
    if !node.up {
        status["Message"] = "heartbeat failure".into();
    }
    let mut out = json!({
        "ID": node.id,
        "Version": { "Index": node.version },
        "CreatedAt": time(node.created),
        "UpdatedAt": time(node.updated),
        "Spec": node.spec,
        "Description": {
            "Hostname": node.hostname,
            "Platform": { "Architecture": "x86_64", "OS": "linux" },
            "Resources": { "NanoCPUs": node.nano_cpus, "MemoryBytes": node.memory },
            "Engine": { "EngineVersion": node.engine, "Plugins": [
                { "Type": "Log", "Name": "json-file" },
                { "Type": "Network", "Name": "overlay" },
                { "Type": "Volume", "Name": "local" },
            ] },
            "TLSInfo": {},
        },
        "Status": status,
    });
    if node.manager {
        let reachability = if node.up { "reachable" } else { "unreachable" };
        let mut manager =
            json!({ "Reachability": reachability, "Addr": format!("{}:2377", node.addr) });
        if node.leader {
            manager["Leader"] = true.into();
        }
        out["ManagerStatus"] = manager;
    }
    out
}

pub(super) fn service(sim: &Sim, service: &Service, status: bool) -> Value {
    let ports = &service.spec["EndpointSpec"]["Ports"];
    let mut endpoint = json!({ "Spec": service.spec["EndpointSpec"] });
    if ports.is_array() {
        endpoint["Ports"] = ports.clone();
    }
    if endpoint["Spec"].is_null() {
        endpoint["Spec"] = json!({});
    }
    let mut out = json!({
        "ID": service.id,
        "Version": { "Index": service.version },
        "CreatedAt": time(service.created),
        "UpdatedAt": time(service.updated),
        "Spec": service.spec,
    });
    if let Some(previous) = &service.previous {
        out["PreviousSpec"] = previous.clone();
    }
    out["Endpoint"] = endpoint;
    if let Some(update) = &service.update_status {
        out["UpdateStatus"] = update.clone();
    }
    if status {
        let mine = || service.tasks.iter().map(|n| &sim.tasks[n]);
        // The real engine counts what runs on a node that is down, too (measured).
        let running = mine().filter(|t| t.state == State::Running).count();
        let complete = mine().filter(|t| t.state == State::Complete).count();
        let desired = match mode_of(&service.spec) {
            "Replicated" => replicas(&service.spec),
            "ReplicatedJob" => {
                service.spec["Mode"]["ReplicatedJob"]["MaxConcurrent"].as_u64().unwrap_or(1)
            }
            _ => mine().filter(|t| t.desired <= State::Running).count() as u64,
        };
        out["ServiceStatus"] =
            json!({ "RunningTasks": running, "DesiredTasks": desired, "CompletedTasks": complete });
    }
    out
}

/// Appends a task: by hand, since a list may have 100,000.
pub(super) fn task(out: &mut String, task: &Task) {
    let text = |s: &str| Value::from(s).to_string();
    let _ = write!(
        out,
        r#"{{"ID":"{}","Version":{{"Index":{}}},"CreatedAt":"{}","UpdatedAt":"{}","Labels":{{}},"Spec":{},"ServiceID":"{}""#,
        task.id,
        task.version,
        time(task.created),
        time(task.updated),
        task.template,
        task.service,
    );
    if task.slot > 0 {
        let _ = write!(out, r#","Slot":{}"#, task.slot);
    }
    if let Some(node) = &task.node {
        let _ = write!(out, r#","NodeID":"{node}""#);
    }
    let _ = write!(
        out,
        r#","Status":{{"Timestamp":"{}","State":"{}","Message":{}"#,
        time(task.since),
        task.state.word(),
        text(task.message),
    );
    if !task.err.is_empty() {
        let _ = write!(out, r#","Err":{}"#, text(&task.err));
    }
    if let Some(container) = &task.container {
        let _ = write!(
            out,
            r#","ContainerStatus":{{"ContainerID":"{container}","PID":{},"ExitCode":{}}}"#,
            if task.is_over() { 0 } else { 4242 },
            task.exit,
        );
    }
    let _ = write!(
        out,
        r#","PortStatus":{{}}}},"DesiredState":"{}","Volumes":null}}"#,
        task.desired.word()
    );
}
