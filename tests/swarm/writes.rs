//! Writes to services: scales, images, every field, conflicts, sets.

use super::{
    lab::{Lab, UPDATE_STATE},
    scenarios::open,
    tui::{LATER, SOON, Tui},
};

pub fn scale_to(tui: &mut Tui, n: &str) {
    tui.keys("s");
    tui.shows(SOON, "replicas:");
    tui.keys(n);
    tui.keys("\r");
    tui.shows(SOON, "Plan: scale web");
}

pub fn scales(lab: &Lab) {
    let before = lab.inspect("web", "{{json .Spec}}");
    let mut tui = open(lab, 1);
    tui.on_service("web");
    scale_to(&mut tui, "5");
    tui.shows(SOON, "docker service scale web=5");
    tui.shows(SOON, "2 replicas start");
    // Enter alone confirms nothing.
    tui.keys("\r");
    tui.shows(SOON, "Enter does not confirm");
    assert_eq!(lab.inspect("web", "{{.Spec.Mode.Replicated.Replicas}}"), "3");
    tui.keys("y");
    tui.line(LATER, &["✓", "scale web 3 → 5", "converged"]);
    assert_eq!(lab.inspect("web", "{{.Spec.Mode.Replicated.Replicas}}"), "5");
    tui.keys("x");

    scale_to(&mut tui, "0");
    tui.shows(SOON, "all replicas stop");
    tui.keys("y\r");
    tui.shows(SOON, "that is not it");
    assert_eq!(lab.inspect("web", "{{.Spec.Mode.Replicated.Replicas}}"), "5");
    tui.keys("\x1b");
    tui.shows(SOON, "replicas:");
    tui.keys("\r");
    tui.shows(SOON, "type \"web\" to confirm");
    tui.keys("web\r");
    tui.line(LATER, &["✓", "scale web 5 → 0", "converged"]);
    assert_eq!(lab.inspect("web", "{{.Spec.Mode.Replicated.Replicas}}"), "0");
    tui.keys("x");

    scale_to(&mut tui, "+2");
    tui.keys("y");
    tui.line(LATER, &["✓", "scale web 0 → 2", "converged"]);
    tui.quit();
    // Nothing but the number was touched.
    let after = lab.inspect("web", "{{json .Spec}}");
    assert_eq!(after, before.replace("\"Replicas\":3", "\"Replicas\":2"));
    let audit = std::fs::read_to_string(crate::state_home().join("skep/audit.jsonl"))
        .expect("an audit file");
    let scaled = |l: &&str| l.contains(r#""action":"scale""#) && l.contains(r#""result":"taken""#);
    assert_eq!(audit.lines().filter(scaled).count(), 3, "{audit}");
    assert!(!audit.contains("hunter2"), "a secret is in the audit file");
}

fn set_image(tui: &mut Tui, image: &str) {
    tui.keys("u");
    tui.shows(SOON, "image:");
    tui.keys(image);
    tui.keys("\r");
    tui.shows(SOON, "Plan: update image of web");
}

pub fn updates_image(lab: &Lab) {
    let mut tui = open(lab, 2);
    tui.on_service("web");
    set_image(&mut tui, "lab/app:1.1");
    tui.line(SOON, &["-", "Image: lab/app:1.0"]);
    tui.line(SOON, &["+", "Image: lab/app:1.1"]);
    tui.shows(SOON, "has no digest");
    tui.shows(SOON, "docker service update --no-resolve-image --image lab/app:1.1 web");
    tui.keys("y");
    tui.line(LATER, &["✓", "update image of web", "converged"]);
    assert_eq!(lab.inspect("web", "{{.Spec.TaskTemplate.ContainerSpec.Image}}"), "lab/app:1.1");
    assert_eq!(lab.inspect("web", UPDATE_STATE), "completed");
    tui.quit();
}

pub fn bad_image(lab: &Lab) {
    let image = || lab.inspect("web", "{{.Spec.TaskTemplate.ContainerSpec.Image}}");
    let before = image();
    let mut tui = open(lab, 1);
    tui.on_service("web");
    set_image(&mut tui, "lab/app:9.9-missing");
    tui.keys("y");
    let (rejected, retried) =
        ("image lab/app:9.9-missing is not found", "can't reach the registry");
    tui.until(LATER, "the cause", |s| s.contains(rejected) || s.contains(retried));
    // An engine that tries again never gives up: the update neither fails nor ends.
    if tui.screen().contains(rejected) {
        tui.line(LATER, &["✗", "update image of web", "failed"]);
        tui.shows(SOON, "Ctrl-r");
        // Its log: there is none, and why.
        tui.keys("\x18");
        tui.shows(SOON, "never had a container: No such image: lab/app:9.9-missing");
    } else {
        tui.line(LATER, &["◐", "update image of web", "converging"]);
        tui.shows(SOON, "failed to resolve");
    }
    // In a log nothing writes.
    if tui.screen().contains("Logs of web") {
        tui.keys("\x1b");
    }
    tui.keys("\x12");
    tui.shows(SOON, "Plan: roll back web");
    tui.line(SOON, &["+", &format!("Image: {before}")]);
    tui.keys("y");
    tui.line(LATER, &["✓", "roll back web", "converged"]);
    assert_eq!(image(), before);
    tui.quit();
}

pub fn forces(lab: &Lab) {
    let mut tui = open(lab, 3);
    tui.on_service("web");
    let before = lab.inspect("web", "{{.Spec.TaskTemplate.ForceUpdate}}");
    tui.keys("f");
    tui.shows(SOON, "docker service update --force web");
    tui.shows(SOON, "running tasks are replaced");
    tui.keys("y");
    tui.line(LATER, &["✓", "redeploy web", "converged"]);
    let after: u32 =
        lab.inspect("web", "{{.Spec.TaskTemplate.ForceUpdate}}").parse().expect("a number");
    assert_eq!(after, before.parse::<u32>().expect("a number") + 1);
    tui.quit();
}

pub fn edits_spec(lab: &Lab) {
    let mut tui = open(lab, 1);
    tui.on_service("web");
    let version = lab.inspect("web", "{{.Version.Index}}");
    tui.keys("u");
    tui.shows(SOON, "Ctrl-e");
    tui.keys("\x05");
    tui.shows(SOON, "Spec of web");
    tui.shows(SOON, "DB_PASSWORD=<hidden>");
    // Nonsense on a line of its own at the top.
    tui.keys("Nonsense: 1\r\x13");
    tui.shows(SOON, "line 1: 'Nonsense' is not a field");
    assert_eq!(lab.inspect("web", "{{.Version.Index}}"), version, "nothing was sent");
    // Ctrl-k to the line's end, and once more to join the next.
    tui.keys("\x1b[H\x0b\x0b\x13");
    tui.until(SOON, "the slip is mended", |s| !s.contains("is not a field"));
    // A label: Labels is the second line, `  team: hive` the third.
    tui.keys("\x1b[B\x1b[B\x1b[F-edited\x13");
    tui.shows(SOON, "Plan: update web");
    tui.line(SOON, &["+", "team: hive-edited"]);
    tui.shows(SOON, "no task is touched");
    tui.shows(SOON, "--label-add team=hive-edited");
    tui.keys("y");
    tui.line(LATER, &["✓", "update web", "converged"]);
    assert_eq!(lab.inspect("web", "{{.Spec.Labels.team}}"), "hive-edited");
    let env = lab.inspect("web", "{{.Spec.TaskTemplate.ContainerSpec.Env}}");
    assert_eq!(env, "[DB_PASSWORD=hunter2]", "a hidden value went through the editor whole");
    tui.quit();
}

/// Env, args, labels, constraints, limits, mounts, ports, networks, secrets, configs, update and
/// rollback policy: the whole spec replaced by a pasted one (JSON is YAML).
pub fn edits_every_field(lab: &Lab) {
    lab.service("all", 2, &["--env", "API_TOKEN=keep-me"]);
    let network = lab.docker(1, &["network", "create", "--driver", "overlay", "skep-net"]);
    let made = |kind: &str| {
        std::fs::create_dir_all(crate::state_home()).expect("a directory");
        let file = crate::state_home().join("value");
        std::fs::write(&file, "hush").expect("a file");
        lab.docker(1, &[kind, "create", &format!("skep-{kind}"), file.to_str().expect("a path")])
    };
    let (secret, config) = (made("secret"), made("config"));
    let mut spec: serde_json::Value =
        serde_json::from_str(&lab.inspect("all", "{{json .Spec}}")).expect("a spec");
    let container = &mut spec["TaskTemplate"]["ContainerSpec"];
    container["Env"] = serde_json::json!(["API_TOKEN=<hidden>", "LEVEL=debug"]);
    container["Args"] = serde_json::json!(["sleep", "99999"]);
    container["Mounts"] = serde_json::json!([{ "Type": "tmpfs", "Target": "/scratch" }]);
    container["Secrets"] = serde_json::json!([{ "SecretID": secret, "SecretName": "skep-secret",
        "File": { "Name": "hush", "UID": "0", "GID": "0", "Mode": 292 } }]);
    container["Configs"] = serde_json::json!([{ "ConfigID": config, "ConfigName": "skep-config",
        "File": { "Name": "/conf", "UID": "0", "GID": "0", "Mode": 292 } }]);
    spec["Labels"] = serde_json::json!({ "tier": "back" });
    spec["TaskTemplate"]["Placement"]["Constraints"] = serde_json::json!(["node.role==manager"]);
    spec["TaskTemplate"]["Resources"] = serde_json::json!({
        "Limits": { "MemoryBytes": 67_108_864, "NanoCPUs": 500_000_000 },
        "Reservations": { "MemoryBytes": 16_777_216 } });
    spec["TaskTemplate"]["Networks"] = serde_json::json!([{ "Target": network }]);
    spec["EndpointSpec"] = serde_json::json!({ "Mode": "vip", "Ports": [{ "Protocol": "tcp", "TargetPort": 80,
        "PublishedPort": 8099, "PublishMode": "ingress" }] });
    spec["UpdateConfig"]["Parallelism"] = 2.into();
    spec["RollbackConfig"] = serde_json::json!({ "Parallelism": 1, "FailureAction": "pause",
        "Monitor": 2_000_000_000_i64, "MaxFailureRatio": 0, "Order": "stop-first" });

    let mut tui = open(lab, 1);
    tui.on_service("all");
    tui.keys("u");
    tui.shows(SOON, "Ctrl-e");
    tui.keys("\x05");
    tui.shows(SOON, "Spec of all");
    // Line by line away, then the new one pasted.
    tui.keys(&"\x0b".repeat(300));
    tui.until(SOON, "the editor is empty", |s| !s.contains("TaskTemplate"));
    let text = serde_json::to_string_pretty(&spec).expect("JSON");
    tui.keys(&format!("\x1b[200~{text}\x1b[201~"));
    tui.shows(SOON, "RollbackConfig");
    tui.keys("\x13");
    tui.shows(SOON, "Plan: update all");
    tui.keys("y");
    tui.line(LATER, &["✓", "update all", "converged"]);
    tui.keys("xd");
    for text in [
        "skep-net",
        "tmpfs  → /scratch",
        "skep-secret",
        "skep-config",
        "node.role==manager",
        "8099 → 80/tcp on every node (ingress)",
    ] {
        tui.shows(SOON, text);
    }
    tui.keys("\x1b");
    tui.quit();
    spec["TaskTemplate"]["ContainerSpec"]["Env"][0] = "API_TOKEN=keep-me".into();
    let now: serde_json::Value =
        serde_json::from_str(&lab.inspect("all", "{{json .Spec}}")).expect("a spec");
    assert_eq!(now, spec);
    lab.docker(1, &["service", "rm", "all"]);
}

pub fn conflict(lab: &Lab) {
    lab.docker(1, &["service", "scale", "--detach", "web=2"]);
    lab.converged("web", "2");
    let mut tui = open(lab, 1);
    tui.on_service("web");
    scale_to(&mut tui, "3");
    lab.docker(
        2,
        &[
            "service",
            "update",
            "--detach",
            "--no-resolve-image",
            "--label-add",
            "by=someone",
            "web",
        ],
    );
    tui.keys("y");
    tui.shows(SOON, "was changed by someone else");
    assert_eq!(lab.inspect("web", "{{.Spec.Mode.Replicated.Replicas}}"), "2", "nothing was sent");
    tui.keys("y");
    tui.line(LATER, &["✓", "scale web 2 → 3", "converged"]);
    assert_eq!(lab.inspect("web", "{{.Spec.Labels.by}}"), "someone", "the other's change survived");
    tui.quit();
}

pub fn other_modes(lab: &Lab) {
    lab.docker(
        1,
        &[
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            "everywhere",
            "--mode",
            "global",
            "--stop-grace-period",
            "1s",
            "--update-parallelism",
            "0",
            "--update-monitor",
            "1s",
            "lab/app:1.0",
            "sleep",
            "100000",
        ],
    );
    lab.docker(
        1,
        &[
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            "once",
            "--mode",
            "replicated-job",
            "--replicas",
            "3",
            "lab/app:1.0",
            "true",
        ],
    );
    let mut tui = open(lab, 1);
    tui.line(LATER, &["everywhere", "5/5"]);
    tui.line(LATER, &["once", "3/3 done"]);
    tui.on_service("everywhere");
    tui.keys("s");
    tui.shows(SOON, "scale can only be used with replicated");
    tui.keys("f");
    tui.shows(SOON, "Plan: redeploy everywhere");
    tui.keys("y");
    tui.line(LATER, &["✓", "redeploy everywhere", "converged"]);
    tui.quit();
    lab.docker(1, &["service", "rm", "everywhere", "once"]);
}

pub fn marked_set(lab: &Lab) {
    lab.service("pair-a", 1, &[]);
    lab.service("pair-b", 1, &[]);
    let mut tui = open(lab, 1);
    tui.on_service("pair-");
    tui.line(SOON, &["pair-b"]);
    tui.keys("  s");
    tui.shows(SOON, "Scale 2 services");
    tui.keys("2\r");
    tui.shows(SOON, "type \"2 services\" to confirm");
    tui.keys("2 services\r");
    tui.line(LATER, &["✓", "scale pair-a 1 → 2"]);
    tui.line(LATER, &["✓", "scale pair-b 1 → 2"]);
    tui.quit();
    lab.docker(1, &["service", "rm", "pair-a", "pair-b"]);
}
