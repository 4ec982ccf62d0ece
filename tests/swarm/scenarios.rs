//! What an operator lives through, in order: later scenarios find the Swarm as earlier ones left it.

use std::{process::Command, time::Duration};

use super::{
    calm, causes, hostile,
    lab::{Lab, wait},
    logs, plans, production, proxy, quorum, reach, triage,
    tui::{LATER, SOON, Tui},
};

type Scenario = fn(&Lab);

pub const ALL: &[(&str, Scenario)] = &[
    ("sees nodes and services of three engines", sees_everything),
    (
        "a voter that looks reachable is lost; a host that joined again is advice",
        quorum::joined_again,
    ),
    ("every kind of endpoint has its own words", endpoints),
    ("a change from outside is seen within a second", change_from_outside),
    ("scales 3 → 5 → 0 → 2, zero only by typing the name", scales),
    ("updates an image and follows it", updates_image),
    ("a bad image fails, shows why, and is rolled back", bad_image),
    ("forces an update", forces),
    ("edits a spec; nonsense is refused at its line", edits_spec),
    ("updates every field at once through the editor", edits_every_field),
    ("a conflict shows the new plan and sends nothing", conflict),
    ("jobs and global services are followed, and can't be scaled where docker can't", other_modes),
    ("scales a marked set", marked_set),
    ("plans: for what the cursor is on, confirmed by who has read them", plans::meant),
    ("plans: a start-first update that can't go on is told before and after", plans::start_first),
    ("read-only refuses and writes nothing", read_only),
    ("escape sequences in names and logs do no harm", hostile_text),
    ("a worker's hostname does no harm, whatever is asked", hostile::hostname),
    ("tasks of more than 100 KiB are read like any other", large_tasks),
    ("fits any size, down to 1x1", any_size),
    ("gives the terminal back on signals and suspends", signals),
    (
        "triage: services broken in two dozen ways, each told first with its cause",
        triage::broken_services,
    ),
    ("triage: updates that fail", triage::failing_updates),
    ("triage: nothing is said of a healthy Swarm in motion", triage::healthy),
    ("causes: of two reasons the right one, of its own spec, of its last run", causes::told_right),
    ("calm: one-shots are done, repeating work waits for its next run", calm::done),
    ("calm: a start may take as long as its health check", calm::slow_starts),
    ("production: nobody is woken for what an ordinary week brings", production::briefly),
    ("triage: the time line, and what outlives skep", triage::time_line),
    ("triage: nodes lost, cut off, drained, and what dies with them", triage::lost_nodes),
    ("nodes: drained, labelled, promoted, demoted, removed, each with its plan", nodes),
    ("a node powered off and returned", node_lost),
    ("the manager under skep powered off and returned", manager_lost),
    ("a write in flight when its manager goes is read back, never sent twice", write_in_flight),
    ("a dead endpoint is passed over at once, whatever ails it", quorum::dead_endpoints),
    ("quorum lost and regained, told everywhere while it lasts", quorum::lost),
    ("a Swarm made anew owes nothing to what never joined", quorum::made_anew),
    (
        "ssh: by key, through a jump host, forwarded or dial-stdio; nothing is left behind",
        reach::by_ssh,
    ),
    ("ssh: host keys and passphrases are asked before the screen, or refused", reach::asked_before),
    ("ssh: a cut link is told and heals, with one login before and one after", reach::cut_link),
    (
        "a worker offers its managers; bad contexts and endpoints are told, the rest goes on",
        reach::bad_input,
    ),
    ("proxy: what haproxy refuses is unknown, the rest goes on", proxy::refusals),
    ("proxy: a silent event stream that is cut is no lost link", proxy::on_screen),
    ("TLS: verified, and each thing that can be wrong with it", reach::tls),
    ("contexts made by docker context create", reach::contexts),
    ("the manager in use is powered off while an update is followed", reach::failover),
    ("writes in flight when their manager is powered off are told right", reach::in_flight),
    ("two clusters: one gone and back, the other stays live", reach::two_clusters),
    ("ssh: what it costs", reach::figures),
    ("logs: dead tasks with their ends, errors by key, a node away named", logs::on_screen),
    ("logs: no line lost, none twice, over updates and power-offs", logs::none_lost),
    ("logs: sixty tasks at once, and one at full speed", logs::many_and_fast),
    ("logs: unreadable drivers, older lines, lines that mean harm", logs::the_rest),
];

/// Those that take long: they run only if they are asked for.
pub const LONG: &[(&str, Scenario)] =
    &[("production: a healthy Swarm for ten minutes", production::ten_minutes)];

pub fn open(lab: &Lab, node: u32) -> Tui {
    let tui = Tui::start(120, 40, &["-H", &lab.endpoint(node)]);
    tui.shows(SOON, "● live");
    tui
}

pub fn skep(args: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_skep"))
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .args(args)
        .output()
        .expect("skep runs");
    let text =
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap_or(-1), text)
}

fn sees_everything(lab: &Lab) {
    lab.web();
    for node in 1..=3 {
        let mut tui = open(lab, node);
        tui.shows(SOON, "nodes 5/5");
        tui.shows(SOON, "managers 3/3");
        tui.line(SOON, &["web", "3/3", "lab/app:1.0"]);
        tui.keys("3");
        tui.shows(SOON, "Nodes 5");
        for (name, engine) in &lab.versions() {
            tui.line(SOON, &[name, engine, "ready", "active"]);
        }
        tui.line(SOON, &["leader"]);
        tui.keys("1/web\rd");
        tui.shows(SOON, "3 of 3 running");
        tui.keys("\x1by");
        tui.shows(SOON, "DB_PASSWORD=<hidden>");
        assert!(!tui.screen().contains("hunter2"), "a secret value is on the screen");
        tui.keys("\x1b");
        // The name goes to the terminal's clipboard (OSC 52).
        tui.keys("cn");
        tui.shows(SOON, "copied web");
        let copied = b"\x1b]52;c;d2Vi";
        assert!(tui.raw().windows(copied.len()).any(|w| w == copied), "the clipboard was told");
        tui.quit();
    }
    let (code, text) = skep(&["-H", &lab.endpoint(1), "snapshot", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("snapshot is JSON");
    assert_eq!(code, 0);
    assert_eq!(json["clusters"][0]["nodes"].as_array().map(Vec::len), Some(5));
    assert_eq!(skep(&["-H", &lab.endpoint(1), "check"]).0, 0);
}

fn endpoints(lab: &Lab) {
    let manager = format!("{}:2377", lab.address(1));
    for (args, code, says) in [
        (vec!["-H", "unix:///no/such.sock", "check"], 3, "no such socket"),
        (vec!["-H", "tcp://127.0.0.1:9", "check"], 3, "connection refused"),
        (vec!["-H", &lab.endpoint(4), "check"], 3, "this node is a worker"),
        (vec!["-H", &lab.endpoint(4), "check"], 3, &manager),
        (vec!["-H", "ftp://nonsense", "check"], 64, "not an endpoint"),
        (vec!["--nonsense"], 64, "--nonsense"),
        (vec!["-H", &lab.endpoint(1)], 1, "skep snapshot"),
    ] {
        let (got, text) = skep(&args);
        assert!(got == code && text.contains(says), "{args:?}: exit {got}\n{text}");
    }
    // A plain tcp:// endpoint, through a relay to a manager's socket.
    let path = lab.endpoint(1).replace("unix://", "");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(engine) = std::os::unix::net::UnixStream::connect(&path) else { continue };
            let (mut a, mut b) =
                (client.try_clone().expect("clone"), engine.try_clone().expect("clone"));
            let (mut c, mut d) = (engine, client);
            std::thread::spawn(move || std::io::copy(&mut a, &mut c));
            std::thread::spawn(move || std::io::copy(&mut b, &mut d));
        }
    });
    let (code, text) = skep(&["-H", &format!("tcp://127.0.0.1:{port}"), "snapshot"]);
    assert!(code == 0 && text.contains("node5"), "{text}");
}

fn change_from_outside(lab: &Lab) {
    let tui = open(lab, 3);
    tui.line(SOON, &["web", "3/3"]);
    // Asked of another manager than the one skep watches.
    lab.docker(2, &["service", "scale", "--detach", "web=4"]);
    let seen = tui.line(SOON, &["web", "/4"]);
    println!("        scale from outside seen after {} ms", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    tui.line(LATER, &["web", "4/4"]);
    tui.shows(SOON, "replicas 3 → 4");
    tui.line(SOON, &["web.4", "running"]);
    lab.docker(2, &["service", "scale", "--detach", "web=3"]);
    tui.line(LATER, &["web", "3/3"]);
    // A crash makes no event at all: it is seen by comparing lists.
    let id = lab.docker(
        1,
        &[
            "service",
            "ps",
            "web",
            "-q",
            "--filter",
            "name=web.1",
            "--filter",
            "desired-state=running",
        ],
    );
    let host =
        lab.docker(1, &["inspect", id.lines().next().unwrap_or(""), "--format", "{{.NodeID}}"]);
    let host = lab.docker(1, &["node", "inspect", &host, "--format", "{{.Description.Hostname}}"]);
    let node: u32 = host.trim_start_matches("node").parse().expect("a node of the lab");
    let container = lab.docker(node, &["ps", "-q", "--filter", "name=web.1."]);
    lab.docker(node, &["kill", &container]);
    let seen = tui.line(SOON, &["web.1", "running → failed"]);
    println!("        crash seen after {} ms", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    lab.converged("web", "3");
    // A drain moves tasks away; the nodes pane and the events tell.
    lab.docker(2, &["node", "update", "--availability", "drain", "node4"]);
    let seen = tui.line(SOON, &["node4", "drain"]);
    println!("        drain seen after {} ms", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    tui.shows(SOON, "availability active → drain");
    lab.docker(2, &["node", "update", "--availability", "active", "node4"]);
    tui.line(SOON, &["node4", "active"]);
    tui.quit();
    lab.converged("web", "3");
}

pub fn scale_to(tui: &mut Tui, n: &str) {
    tui.keys("s");
    tui.shows(SOON, "replicas:");
    tui.keys(n);
    tui.keys("\r");
    tui.shows(SOON, "Plan: scale web");
}

fn scales(lab: &Lab) {
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

fn updates_image(lab: &Lab) {
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
    assert_eq!(lab.inspect("web", "{{.UpdateStatus.State}}"), "completed");
    tui.quit();
}

fn bad_image(lab: &Lab) {
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

fn forces(lab: &Lab) {
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

fn edits_spec(lab: &Lab) {
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
fn edits_every_field(lab: &Lab) {
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

fn conflict(lab: &Lab) {
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

fn other_modes(lab: &Lab) {
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

fn marked_set(lab: &Lab) {
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

fn read_only(lab: &Lab) {
    let version = lab.inspect("web", "{{.Version.Index}}");
    let mut tui = Tui::start(80, 24, &["--read-only", "-H", &lab.endpoint(1)]);
    tui.shows(SOON, "● live");
    tui.shows(SOON, " RO ");
    tui.on_service("web");
    for key in ["s", "u", "r", "f"] {
        tui.keys(key);
        tui.shows(SOON, "read-only: nothing can be changed");
    }
    assert!(!tui.screen().contains("Plan"), "{}", tui.screen());
    tui.quit();
    assert_eq!(lab.inspect("web", "{{.Version.Index}}"), version);
}

fn hostile_text(lab: &Lab) {
    let script = r"while true; do printf '\033]0;pwned\007\033[31mred\033[2J\000nul\tend \342\200\256rtl\n'; sleep 0.3; done";
    lab.docker(
        1,
        &[
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            "hostile",
            "--stop-grace-period",
            "1s",
            "--label",
            "evil=\u{1b}]0;pwned\u{7}\u{1b}[2J",
            "lab/app:1.0",
            "sh",
            "-c",
            script,
        ],
    );
    lab.converged("hostile", "1");
    let mut tui = open(lab, 1);
    tui.on_service("hostile");
    tui.keys("d");
    tui.shows(SOON, "evil=␛]0;pwned␇");
    tui.keys("\x1b");
    tui.keys("l");
    tui.shows(SOON, "Logs of hostile");
    // Colours are honoured, all else is dropped.
    tui.shows(LATER, "red␀nul end rtl");
    tui.shows(SOON, "● live");
    // Before it takes the screen, skep itself asks the terminal for its background.
    let all = tui.raw();
    let taken = b"\x1b[?1049h";
    let begin = all.windows(taken.len()).position(|w| w == taken).expect("the screen was taken");
    let raw = &all[begin..];
    for bad in [&b"\x1b]0;"[..], b"\x07", b"\x1b[31mred", b"\x00", "\u{202e}".as_bytes()] {
        assert!(!raw.windows(bad.len()).any(|w| w == bad), "{bad:?} reached the terminal");
    }
    tui.quit();
    lab.docker(1, &["service", "rm", "hostile"]);
}

/// A dozen variables of 9 KB: each task is larger than what comes at once.
fn large_tasks(lab: &Lab) {
    let value = "x{\"[".repeat(2_250);
    let mut more = Vec::new();
    for i in 0..12 {
        more.extend(["--env".to_owned(), format!("V{i}={value}")]);
    }
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    lab.service("large", 2, &more);
    lab.converged("large", "2");
    let (code, said) = skep(&["-H", &lab.endpoint(1), "snapshot", "--json"]);
    assert_eq!(code, 0, "{said}");
    let snapshot: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let tasks = snapshot["clusters"][0]["tasks"].as_array().expect("tasks").iter();
    let of_it = tasks.filter(|t| t["service"] == "large" && t["state"] == "running").count();
    assert_eq!(of_it, 2, "{said}");
    let mut tui = open(lab, 1);
    tui.keys("2");
    tui.on_service("large");
    tui.keys("\r");
    tui.shows(SOON, "large.2");
    tui.quit();
    lab.docker(1, &["service", "rm", "large"]);
}

fn any_size(lab: &Lab) {
    let mut tui = open(lab, 1);
    for (cols, rows) in [(80, 24), (59, 15), (1, 1), (20, 5), (240, 70), (100, 26), (80, 24)] {
        tui.resize(cols, rows);
        for key in ["1", "2", "3", "4", "5", "6", "7", "?", "\x1b", "1", "d", "\x1b", ":", "\x1b"] {
            tui.keys(key);
        }
    }
    tui.shows(SOON, "● live");
    // On a busy machine the last Esc may have run into the next key.
    tui.keys("1");
    tui.line(SOON, &["web", "3/3"]);
    tui.quit();
}

fn signals(lab: &Lab) {
    for signal in ["TERM", "HUP"] {
        let mut tui = open(lab, 1);
        assert!(tui.in_alternate_screen());
        let pid = tui.pid().to_string();
        Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill runs");
        tui.ended(SOON);
        assert!(!tui.in_alternate_screen(), "SIG{signal} gives the terminal back");
    }
    // Stopping needs a shell that waits: the kernel does not stop an orphan.
    let mut tui = Tui::shell(120, 40);
    tui.keys(&format!("{} -H {}\r", env!("CARGO_BIN_EXE_skep"), lab.endpoint(1)));
    tui.shows(SOON, "● live");
    tui.keys("\x1a");
    tui.shows(SOON, "Stopped");
    assert!(!tui.in_alternate_screen(), "Ctrl-Z gives the terminal back");
    tui.keys("fg\r");
    tui.shows(SOON, "● live");
    assert!(tui.in_alternate_screen());
    tui.keys("q");
    wait(SOON, "the shell has the terminal", || !tui.in_alternate_screen());
    // Raw mode is off again: the shell echoes.
    tui.keys("echo still-$((40+2))\r");
    tui.shows(SOON, "still-42");
}

/// Every write to a node, each checked with docker, and what the guard refuses.
fn nodes(lab: &Lab) {
    let of = |node: &str, what: &str| {
        lab.docker(1, &["node", "inspect", node, "--format", what]).trim().to_owned()
    };
    let mut tui = open(lab, 1);
    tui.shows(SOON, "nodes 5/5");
    tui.keys("3");
    let on = |tui: &mut Tui, node: &str| {
        tui.keys(&format!("/\x15{node}\r"));
        tui.until(SOON, "the cursor is there", |s| {
            s.lines().any(|l| l.contains('›') && l.contains(node))
        });
    };
    on(&mut tui, "node4");
    tui.keys("D");
    tui.shows(SOON, "Plan: drain node4");
    tui.shows(SOON, "+ Availability: drain");
    tui.shows(SOON, "$ docker node update --availability drain node4");
    assert_eq!(of("node4", "{{.Spec.Availability}}"), "active", "not before it is confirmed");
    // What ends with it has to be typed.
    tui.keys(if tui.screen().contains("type node4") { "node4\r" } else { "y" });
    tui.shows(LATER, "✓ drain node4");
    assert_eq!(of("node4", "{{.Spec.Availability}}"), "drain");
    let left = lab.docker(1, &["node", "ps", "node4", "--filter", "desired-state=running", "-q"]);
    assert_eq!(left.trim(), "", "nothing runs there");
    tui.keys("xD");
    tui.shows(SOON, "its availability is drain already");
    tui.keys("A");
    tui.shows(SOON, "Plan: activate node4");
    tui.keys("y");
    tui.shows(LATER, "✓ activate node4");
    assert_eq!(of("node4", "{{.Spec.Availability}}"), "active");
    tui.keys("xP");
    tui.shows(SOON, "Plan: pause node4");
    tui.keys("y");
    tui.shows(LATER, "✓ pause node4");
    tui.keys("xA");
    tui.shows(SOON, "Plan: activate node4");
    tui.keys("y");
    tui.shows(LATER, "✓ activate node4");
    tui.keys("xt");
    tui.shows(SOON, "Labels of node4");
    tui.keys("\x15zone=b \"note=two words\"\r");
    tui.shows(SOON, "Plan: label node4");
    tui.keys("y");
    tui.shows(LATER, "✓ label node4");
    assert_eq!(of("node4", "{{.Spec.Labels.zone}} {{.Spec.Labels.note}}"), "b two words");
    tui.keys("xt");
    tui.shows(SOON, "Labels of node4");
    tui.keys("\x15\r");
    tui.shows(SOON, "Plan: label node4");
    tui.keys("y");
    tui.shows(LATER, "✓ label node4");
    assert_eq!(of("node4", "{{.Spec.Labels}}"), "map[]");
    tui.keys("x+");
    tui.shows(SOON, "4 managers tolerate no more failures than 3");
    tui.keys("y");
    tui.shows(LATER, "✓ promote node4");
    tui.shows(LATER, "managers 4/4");
    tui.keys("x-");
    tui.shows(SOON, "Plan: demote node4");
    tui.keys("y");
    tui.shows(LATER, "✓ demote node4");
    tui.shows(LATER, "managers 3/3");
    tui.keys("x\x1b[3~");
    tui.shows(SOON, "drain it, run 'docker swarm leave' there");
    // Two of three are no quorum once one of them goes.
    on(&mut tui, "node2");
    tui.keys("-");
    tui.shows(SOON, "type \"node2\" to confirm");
    tui.shows(SOON, "tolerates no further failure");
    tui.keys("\x1b");
    tui.quit();
    managers_back(lab);
}

fn node_lost(lab: &Lab) {
    let tui = open(lab, 1);
    tui.shows(SOON, "nodes 5/5");
    lab.crash(5);
    let known =
        || lab.docker(1, &["node", "inspect", "node5", "--format", "{{.Status.State}}"]) == "down";
    wait(LATER, "the manager knows", known);
    let seen = tui.shows(SOON, "nodes 4/5");
    println!("        lost node seen {} ms after the manager knew", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    tui.shows(SOON, "node node5 is down");
    tui.line(LATER, &["web", "3/3"]);
    assert_eq!(skep(&["-H", &lab.endpoint(1), "check"]).0, 2);
    lab.start(5);
    tui.shows(LATER, "nodes 5/5");
    tui.line(SOON, &["node5", "down → ready"]);
    tui.quit();
}

fn manager_lost(lab: &Lab) {
    let mut wall = Tui::start(160, 50, &["--wall", "-H", &lab.endpoint(3)]);
    wall.shows(SOON, "services converged");
    let mut tui = open(lab, 3);
    tui.line(SOON, &["web", "3/3"]);
    tui.on_service("web");
    lab.crash(3);
    tui.shows(LATER, "✗ lost");
    tui.shows(SOON, "next try");
    // Nothing but the loss is on the wall.
    wall.until(SOON, "the wall says so", |s| {
        s.contains("next try") && s.contains("nodes 5/5") && !s.contains("converged")
    });
    // What was known stays on the screen.
    tui.line(SOON, &["web", "lab/app"]);
    tui.keys("s4\r");
    tui.shows(SOON, "replicas:");
    tui.keys("\x1b");
    lab.start(3);
    let back = tui.shows(LATER, "● live");
    println!("        live again {} ms after the engine answered", back.as_millis());
    wall.until(SOON, "the wall lives", |s| s.contains(" live ") && !s.contains("next try"));
    wall.keys("q");
    assert_eq!(wall.ended(SOON), 0);
    tui.until(SOON, "the cursor is where it was", |s| {
        s.lines().any(|l| l.contains('›') && l.contains("web"))
    });
    tui.quit();
    managers_back(lab);
}

pub fn managers_back(lab: &Lab) {
    wait(LATER, "three managers are reachable", || {
        // Without a leader there is no answer for a while.
        let list = lab.try_docker(1, &["node", "ls", "--format", "{{.ManagerStatus}}"]).stdout;
        let list = String::from_utf8_lossy(&list);
        list.lines().filter(|l| *l == "Leader" || *l == "Reachable").count() == 3
    });
}

fn write_in_flight(lab: &Lab) {
    let replicas = || {
        lab.docker(
            1,
            &["service", "inspect", "web", "--format", "{{.Spec.Mode.Replicated.Replicas}}"],
        )
    };
    let before = replicas();
    let mut tui = open(lab, 3);
    tui.on_service("web");
    scale_to(&mut tui, "+1");
    lab.freeze(3);
    tui.keys("y");
    tui.shows(SOON, "sending");
    lab.crash(3);
    tui.shows(LATER, "outcome unknown");
    lab.start(3);
    tui.shows(LATER, "not carried out so far");
    assert_eq!(replicas(), before);
    tui.quit();
    managers_back(lab);
}
