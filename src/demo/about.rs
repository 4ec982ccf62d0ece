//! The engine's description of itself: `/version`, `/info` and `/swarm`.

use serde_json::{Value, json};

use super::{
    Faults, Shared,
    http::answer::{API, NO_LEADER},
    render,
    sim::Sim,
};

const API_MIN: &str = "1.24";
const ENGINE: &str = "28.5.2";

/// The oldest and the newest API version that this engine offers.
pub(super) fn versions(faults: &Faults) -> (&'static str, &'static str) {
    match (faults.old, faults.new) {
        (true, _) => ("1.12", "1.40"),
        (_, true) => ("1.90", "1.99"),
        _ => (API_MIN, API),
    }
}

pub(super) fn version(faults: &Faults) -> Value {
    let (oldest, newest) = versions(faults);
    json!({
        "Platform": { "Name": "skep embedded Swarm" },
        "Version": ENGINE,
        "ApiVersion": newest,
        "MinAPIVersion": oldest,
        "GitCommit": "0000000",
        "GoVersion": "go1.24",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "6.1",
    })
}

pub(super) fn info(shared: &Shared) -> Value {
    let sim = shared.sim();
    let me = sim.nodes.values().find(|n| n.leader);
    let managers: Vec<Value> = sim
        .nodes
        .values()
        .filter(|n| n.manager)
        .map(|n| json!({ "NodeID": n.id, "Addr": format!("{}:2377", n.addr) }))
        .collect();
    let faults = &shared.faults;
    let state = if faults.locked {
        "locked"
    } else if faults.expired {
        "error"
    } else if faults.no_swarm {
        "inactive"
    } else {
        "active"
    };
    let manages = !(faults.worker || faults.no_swarm || faults.locked || faults.expired);
    let mut cluster = swarm(&sim);
    if faults.wrong_cluster {
        cluster["ID"] = format!("{:025}", sim.now % 1_000_000_007).into();
    }
    json!({
        "ID": "skep-demo",
        "Name": me.map_or("demo", |n| n.hostname.as_str()),
        "ServerVersion": ENGINE,
        "SystemTime": render::time(sim.now),
        "OperatingSystem": "skep embedded Swarm",
        "KernelVersion": "6.1",
        "Driver": "overlay2",
        "CgroupVersion": "2",
        "DockerRootDir": "/var/lib/docker",
        "OSType": "linux",
        "Architecture": "x86_64",
        "NCPU": 4,
        "MemTotal": 8_i64 << 30,
        "Swarm": {
            "NodeID": me.map_or("", |n| n.id.as_str()),
            "NodeAddr": me.map_or("", |n| n.addr.as_str()),
            "LocalNodeState": state,
            "ControlAvailable": manages,
            "Error": match (faults.no_leader, faults.expired) {
                (true, _) => NO_LEADER,
                (_, true) => "certificate (1 - 25ptwcm1) not valid after Mon, 01 Jan 2026 00:00:00 UTC: expired certificate",
                _ => "",
            },
            "RemoteManagers": managers,
            "Nodes": sim.nodes.len(),
            "Managers": managers.len(),
            "Cluster": if manages { cluster } else { Value::Null },
        },
    })
}

pub(super) fn swarm(sim: &Sim) -> Value {
    json!({
        "ID": sim.cluster_id,
        "Version": { "Index": 10 },
        "CreatedAt": render::time(sim.created),
        "UpdatedAt": render::time(sim.created),
        "Spec": {
            "Name": "default",
            "Labels": {},
            "Orchestration": { "TaskHistoryRetentionLimit": 5 },
            "Raft": { "SnapshotInterval": 10000, "KeepOldSnapshots": 0,
                "LogEntriesForSlowFollowers": 500, "ElectionTick": 10, "HeartbeatTick": 1 },
            "Dispatcher": { "HeartbeatPeriod": 5_000_000_000_i64 },
            "CAConfig": { "NodeCertExpiry": 7_776_000_000_000_000_i64 },
            "TaskDefaults": {},
            "EncryptionConfig": { "AutoLockManagers": false },
        },
        "RootRotationInProgress": false,
    })
}
