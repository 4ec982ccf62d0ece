//! Writes the API's JSON from the simulation.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{
    orchestrator::{mode_of, replicas},
    sim::{Nanos, SECOND, Sim, SimNode, SimService, SimState, SimTask},
};

/// A time in RFC 3339 with nanoseconds.
pub(super) fn time(at: Nanos) -> String {
    let mut out = String::with_capacity(30);
    write_time(&mut out, at);
    out
}

/// Appends a time to a text, quickly: a list may have 300,000 of them.
fn write_time(out: &mut String, at: Nanos) {
    let (seconds, nanos) = (at.div_euclid(SECOND), at.rem_euclid(SECOND));
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // From days to a date: Howard Hinnant's `civil_from_days`, whose years begin in March.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if nanos > 0 {
        let _ = write!(out, ".{nanos:09}");
        // As Go writes it: without zeros at the end.
        out.truncate(out.trim_end_matches('0').len());
    }
    out.push('Z');
}

pub(super) fn node(node: &SimNode) -> Value {
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
            "Engine": { "EngineVersion": node.engine, "Labels": { "skep.embedded": "true" }, "Plugins": [
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

/// A service's addresses as JSON.
fn virtual_ips(service: &SimService) -> Option<Value> {
    let of = |(id, addr): &(String, String)| json!({ "NetworkID": id, "Addr": addr });
    (!service.vips.is_empty()).then(|| service.vips.iter().map(of).collect())
}

pub(super) fn service(sim: &Sim, service: &SimService, status: bool) -> Value {
    let ports = &service.spec["EndpointSpec"]["Ports"];
    let mut endpoint = json!({ "Spec": service.spec["EndpointSpec"] });
    if ports.is_array() {
        endpoint["Ports"] = ports.clone();
    }
    if endpoint["Spec"].is_null() {
        endpoint["Spec"] = json!({});
    }
    if let Some(vips) = virtual_ips(service) {
        endpoint["VirtualIPs"] = vips;
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
        let running = mine().filter(|t| t.state == SimState::Running).count();
        let complete = mine().filter(|t| t.state == SimState::Complete).count();
        let desired = match mode_of(&service.spec) {
            "Replicated" => replicas(&service.spec),
            "ReplicatedJob" => {
                service.spec["Mode"]["ReplicatedJob"]["MaxConcurrent"].as_u64().unwrap_or(1)
            }
            _ => mine().filter(|t| t.desired <= SimState::Running).count() as u64,
        };
        out["ServiceStatus"] =
            json!({ "RunningTasks": running, "DesiredTasks": desired, "CompletedTasks": complete });
    }
    out
}

/// Appends a task, written by hand for speed: a list may have 100,000.
pub(super) fn task(out: &mut String, task: &SimTask) {
    let text = |out: &mut String, s: &str| {
        let plain = s.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
        if plain {
            out.extend(["\"", s, "\""]);
        } else {
            *out += &Value::from(s).to_string();
        }
    };
    let _ =
        write!(out, r#"{{"ID":"{}","Version":{{"Index":{}}},"CreatedAt":""#, task.id, task.version);
    write_time(out, task.created);
    *out += r#"","UpdatedAt":""#;
    write_time(out, task.updated);
    out.extend([
        r#"","Labels":{},"Spec":"#,
        &task.template,
        r#","ServiceID":""#,
        &task.service,
        "\"",
    ]);
    if task.slot > 0 {
        let _ = write!(out, r#","Slot":{}"#, task.slot);
    }
    if let Some(node) = &task.node {
        out.extend([r#","NodeID":""#, node, "\""]);
    }
    *out += r#","Status":{"Timestamp":""#;
    write_time(out, task.since);
    out.extend([r#"","State":""#, task.state.word(), r#"","Message":"#]);
    text(out, task.message);
    if !task.err.is_empty() {
        *out += r#","Err":"#;
        text(out, &task.err);
    }
    if let Some(container) = &task.container {
        let _ = write!(
            out,
            r#","ContainerStatus":{{"ContainerID":"{container}","PID":{},"ExitCode":{}}}"#,
            if task.is_over() { 0 } else { 4242 },
            task.exit,
        );
    }
    out.extend([r#","PortStatus":{}},"DesiredState":""#, task.desired.word(), "\""]);
    for (at, address) in task.addresses.iter().enumerate() {
        *out += if at == 0 { r#","NetworksAttachments":["# } else { "," };
        let parts = [r#"{"Network":"#, &*address.network, r#","Addresses":[""#, &address.text];
        out.extend(parts);
        *out += r#""]}"#;
    }
    *out += if task.addresses.is_empty() { "" } else { "]" };
    *out += r#","Volumes":null}"#;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_library() {
        let mut rng = fastrand::Rng::with_seed(1);
        for at in (0..2_000).map(|_| rng.i64(-SECOND * 4_000_000_000..SECOND * 8_000_000_000)) {
            let library = jiff::Timestamp::from_nanosecond(i128::from(at)).unwrap();
            assert_eq!(time(at), library.to_string());
        }
        assert_eq!(time(1_763_713_737_730_669_150), "2025-11-21T08:28:57.73066915Z");
    }
}
