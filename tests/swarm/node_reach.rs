//! Every node's engine: directly, through a manager, by dial-stdio, and never the wrong one.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    lab::{Lab, wait},
    reach::{Ssh, keygen},
    tui::{LATER, SOON},
};

/// Settings of nodes: each has its socket at a place of its own, as all share this machine's files.
pub fn config(ssh: &Ssh, lab: &Lab, general: &str, own: &[(u32, &str)]) -> String {
    let mut text = format!("[nodes]\n{general}\n");
    for node in 1..=5 {
        let ways = own.iter().filter(|(n, _)| *n == node).map(|(_, way)| *way);
        let ways = ways.collect::<Vec<_>>().join("\n");
        let socket = lab.path(&format!("n{node}/docker.sock"));
        let socket = format!("socket = \"{}\"", socket.display());
        let socket = if ways.contains("socket") { "" } else { &socket };
        text += &format!("[nodes.node{node}]\n{socket}\n{ways}\n");
    }
    let file = ssh.path("skep.toml");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// The nodes as JSON, by host name.
fn nodes(ssh: &Ssh, config: &str, endpoint: &str) -> Vec<Value> {
    let (code, text) = ssh.skep(&["--config", config, "-H", endpoint, "nodes", "--json"]);
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(code, 0, "{text}");
    let mut nodes = json["nodes"].as_array().expect("a list").clone();
    nodes.sort_by_key(|node| node["hostname"].to_string());
    assert_eq!(nodes.len(), 5, "{text}");
    nodes
}

fn is_reached(node: &Value, how: &str) {
    assert_eq!(node["reach"], how, "{node:#}");
    for fact in ["engine", "kernel", "os", "arch", "storage", "cgroup"] {
        assert!(node[fact].is_string(), "{fact}: {node:#}");
    }
    for fact in ["load1", "mem_total", "mem_available", "disk_total", "disk_free", "uptime_s"] {
        assert!(node[fact].as_f64().is_some_and(|n| n >= 0.0), "{fact}: {node:#}");
    }
    assert!(node["mem_total"].as_u64() > node["mem_available"].as_u64(), "{node:#}");
    assert!(node["disk_total"].as_u64() > node["disk_free"].as_u64(), "{node:#}");
}

/// Has all nodes' sshd read its config anew, with one line more or less.
fn sshd(lab: &Lab, text: &str) {
    let config = lab.path("sshd_config");
    fs::write(&config, text).unwrap();
    let listener = format!("^sshd: /usr/sbin/sshd -f {}", config.display());
    let told = Command::new("pkill").args(["-HUP", "-f", &listener]).status();
    assert!(told.unwrap().success());
}

pub fn by_command(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let direct = "ssh = \"root@{addr}\"";
    let all = config(&ssh, lab, direct, &[]);
    let found = nodes(&ssh, &all, &lab.endpoint(1));
    is_reached(&found[0], "local");
    found[1..].iter().for_each(|node| is_reached(node, "ssh"));
    for ((host, version), node) in lab.versions().iter().zip(&found) {
        let engine = node["engine"].as_str().unwrap_or_default();
        assert!(node["hostname"] == **host && engine.starts_with(version), "{host}: {node:#}");
    }
    ssh.nothing_left();

    // Through the manager: one login there, whatever the number of nodes.
    let through = config(&ssh, lab, "jump = true", &[]);
    let before = lab.logins(1);
    nodes(&ssh, &through, &lab.ssh(1)).iter().for_each(|node| is_reached(node, "ssh"));
    assert_eq!(lab.logins(1), before + 1);
    ssh.nothing_left();

    // A key that may forward nothing, and an sshd that allows one session a connection.
    let plain = ssh.path("plain");
    keygen(&["-t", "ed25519", "-N", "", "-f", &plain.display().to_string()]);
    let authorized = lab.path("authorized_keys");
    let keys = fs::read_to_string(&authorized).unwrap();
    let public = fs::read_to_string(ssh.path("plain.pub")).unwrap();
    fs::write(&authorized, format!("{keys}no-port-forwarding {public}")).unwrap();
    let users = fs::read_to_string(ssh.path("config")).unwrap();
    let host = format!(
        "Host nofwd\n  HostName {}\n  User root\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n",
        lab.address(4),
        plain.display(),
        ssh.path("known").display()
    );
    fs::write(ssh.path("config"), host + &users).unwrap();
    let stdio = config(&ssh, lab, direct, &[(4, "ssh = \"nofwd\"")]);
    is_reached(&nodes(&ssh, &stdio, &lab.endpoint(1))[3], "ssh");
    fs::write(&authorized, keys).unwrap();
    let daemon = fs::read_to_string(lab.path("sshd_config")).unwrap();
    sshd(lab, &format!("{daemon}MaxSessions 1\n"));
    nodes(&ssh, &all, &lab.endpoint(1))[1..].iter().for_each(|node| is_reached(node, "ssh"));
    sshd(lab, &daemon);

    // Two addresses swapped: neither is used, and both are told.
    let (two, three) = (lab.path("n2/docker.sock"), lab.path("n3/docker.sock"));
    let way = |node: u32, socket: &std::path::Path| {
        format!("ssh = \"root@{}\"\nsocket = \"{}\"", lab.address(node), socket.display())
    };
    let (to_three, to_two) = (way(3, &three), way(2, &two));
    let swapped = config(&ssh, lab, direct, &[(2, &to_three), (3, &to_two)]);
    let found = nodes(&ssh, &swapped, &lab.endpoint(1));
    for (node, other) in [(&found[1], "node3"), (&found[2], "node2")] {
        let why = node["why"].as_str().unwrap_or_default();
        assert!(node["reach"] == "none" && node["load1"].is_null(), "{node:#}");
        assert!(why.contains(&format!("another node answers, {other}")), "{why}");
    }
    is_reached(&found[3], "ssh");

    // What is told in 80 columns.
    let args = ["--config", &swapped, "-H", &lab.endpoint(1), "nodes"];
    let (code, text) = ssh.skep(&args);
    assert!(code == 0 && text.contains("ENGINE") && text.contains("it is not used"), "{text}");
    let (code, text) = ssh.skep(&["-H", &lab.endpoint(1), "nodes", "--login"]);
    assert!(code == 1 && text.contains("stdin is none"), "{text}");
    ssh.nothing_left();
}

pub fn on_screen(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let direct = config(&ssh, lab, "ssh = \"root@{addr}\"", &[]);
    let before: Vec<usize> = (1..=5).map(|node| lab.logins(node)).collect();
    let mut tui = ssh.open(&["--config", &direct, "-H", &lab.endpoint(1)]);
    tui.shows(SOON, "● live");
    for key in ["1", "2", "4", "5", "7", "8"] {
        tui.keys(key);
        tui.shows(SOON, "skep");
    }
    let now: Vec<usize> = (1..=5).map(|node| lab.logins(node)).collect();
    assert_eq!(now, before, "no node was looked at");
    // The list logs in to all, as the config says how; the page has one's facts.
    tui.keys("3");
    tui.shows(SOON, "Nodes 5");
    wait(SOON, "every node is logged in to", || {
        (2..=5).all(|node| lab.logins(node) > before[node as usize - 1])
    });
    assert_eq!(lab.logins(1), before[0], "the manager itself costs no login");
    tui.keys("/node4\rd");
    tui.line(SOON, &["reach", "ssh, forwarded socket"]);
    tui.line(SOON, &["memory used", "GiB", "free"]);
    tui.line(SOON, &["disk used", "free"]);
    let begun = Instant::now();
    lab.run(&["cut", "4"]);
    tui.line(LATER, &["reach", "none:"]);
    let told = begun.elapsed();
    println!("        a lost node is told after {:.1} s", told.as_secs_f64());
    assert!(told < Duration::from_secs(15), "{told:?}");
    lab.run(&["heal", "4"]);
    let back = tui.line(LATER, &["reach", "ssh, forwarded socket"]);
    println!("        within reach again {:.1} s after the cable", back.as_secs_f64());
    // The engine alone: the connection stands, and nobody answers over it.
    lab.restart_engine(4);
    tui.line(LATER, &["reach", "ssh, forwarded socket"]);
    tui.line(LATER, &["memory used", "GiB", "free"]);
    let killed = Command::new("kill").args(["-9", &tui.pid().to_string()]).status();
    assert!(killed.unwrap().success());
    ssh.nothing_left();
    wait(LATER, "node4 is ready", || {
        let args = ["node", "inspect", "node4", "--format", "{{.Status.State}}"];
        lab.try_docker(1, &args).stdout.trim_ascii() == b"ready"
    });
}

pub fn causes(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let direct = config(&ssh, lab, "ssh = \"root@{addr}\"", &[]);
    let hog = "a=$(yes | head -c 200000000); sleep 100";
    let create = |name: &str, node: &str, more: &[&str]| {
        let place = format!("node.hostname=={node}");
        let start = ["service", "create", "--detach", "--no-resolve-image", "--name", name];
        let how = ["--restart-delay", "1s", "--constraint", &place];
        lab.docker(1, &[&start[..], &how, more].concat());
    };
    let limit = ["--limit-memory", "8m", "lab/app:1.0", "sh", "-c", hog];
    create("near", "node1", &limit);
    create("far", "node4", &limit);
    let check = ["--health-cmd", "echo db unreachable; exit 1", "--health-interval", "1s"];
    let check = [&check[..], &["--health-retries", "1", "lab/app:1.0", "sleep", "1000"]].concat();
    create("sick", "node1", &check);
    let mut tui = ssh.open(&["--config", &direct, "-H", &lab.endpoint(1)]);
    tui.shows(SOON, "● live");
    // Of the manager's own node without another login; of a node that nobody looked at, not at all.
    tui.keys("7");
    tui.line(LATER, &["near", "out of memory"]);
    tui.line(LATER, &["sick", "health check says: db unreachable"]);
    tui.line(LATER, &["far", "exit 137, limit 8 MiB"]);
    tui.keys("3/node4\rd");
    tui.line(SOON, &["reach", "ssh, forwarded socket"]);
    tui.keys("\x1b");
    tui.shows(SOON, "Nodes 1/5");
    tui.keys("7");
    tui.line(LATER, &["far", "out of memory"]);
    tui.quit();
    // A look that ends reaches the manager's own node, and others where the config says how.
    let at = lab.endpoint(1);
    for command in ["check", "report"] {
        let look = |config: &[&str]| ssh.skep(&[config, &["-H", &at, command]].concat()).1;
        let says = |text: &str, name: &str, what: &str| {
            text.lines().any(|line| line.contains(name) && line.contains(what))
        };
        let own = look(&[]);
        assert!(says(&own, "near", "out of memory"), "{own}");
        assert!(says(&own, "sick", "health check says: db unreachable"), "{own}");
        assert!(says(&own, "far", "perhaps at its memory limit"), "{own}");
        let all = look(&["--config", &direct]);
        assert!(says(&all, "far", "out of memory") && says(&all, "near", "out of memory"), "{all}");
    }
    lab.docker(1, &["service", "rm", "near", "far", "sick"]);
    ssh.nothing_left();
}
