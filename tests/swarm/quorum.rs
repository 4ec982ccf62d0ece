//! The managers' quorum: lost, at risk without showing it, and ways around the managers that are dead.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{
    lab::{Lab, wait},
    nodes::managers_back,
    scenarios::{open, skep},
    tui::{LATER, SOON, Tui},
};

/// All managers' endpoints, those first.
fn hosts(lab: &Lab, order: &[u32]) -> Vec<String> {
    order.iter().flat_map(|n| ["-H".to_owned(), lab.endpoint(*n)]).collect()
}

fn run(hosts: &[String], command: &[&str]) -> (i32, String) {
    let mut args: Vec<&str> = hosts.iter().map(String::as_str).collect();
    args.extend(command);
    skep(&args)
}

fn found(hosts: &[String], rule: &str) -> Option<Value> {
    let (_, text) = run(hosts, &["check", "--json"]);
    let json: Value = serde_json::from_str(&text[text.find('{')?..=text.rfind('}')?]).ok()?;
    json["problems"].as_array()?.iter().find(|p| p["rule"] == rule).cloned()
}

pub fn lost(lab: &Lab) {
    let mut tui = open(lab, 1);
    lab.crash(2);
    tui.shows(LATER, "quorum at risk");
    lab.crash(3);
    // The leader of before takes a while to notice; then lists fail, and its own word is what counts.
    tui.shows(LATER, "✗ no leader");
    let told = tui.line(LATER, &["✗ quorum lost", "1 of 3 managers answers (node1)"]);
    println!("        quorum loss told {} ms after there was no leader", told.as_millis());
    tui.keys("7");
    tui.line(SOON, &["critical", "quorum lost"]);
    tui.keys("2");
    tui.line(SOON, &["web", "lab/app"]);
    let screen = tui.screen();
    assert!(!screen.contains("managers 3/3") && !screen.contains("nodes 4/4"), "{screen}");
    // With all of them given it is certain at once; with one after as long as an election may take.
    let all = hosts(lab, &[1, 2, 3]);
    let begun = Instant::now();
    for (command, wanted) in [("check", 2), ("snapshot", 3), ("report", 3)] {
        let (code, text) = run(&all, &[command]);
        let says = text.contains("quorum lost") && text.contains("(node1)");
        assert!(code == wanted && says, "{command}: {code} {text}");
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let one = found(&hosts(lab, &[1]), "quorum-lost").expect("one endpoint tells it as well");
    assert_eq!(one["severity"], "critical");
    // A fresh screen, and the wall.
    let args: Vec<&str> = all.iter().map(String::as_str).collect();
    let fresh = Tui::start(120, 40, &args);
    fresh.line(SOON, &["✗ no leader", "managers 1/3"]);
    fresh.line(SOON, &["✗ quorum lost", "1 of 3 managers answers (node1)"]);
    let mut wall = Tui::start(160, 50, &[&["--wall"], &args[..]].concat());
    wall.shows(SOON, "quorum lost");
    wall.keys("q");
    fresh.quit();
    tui.line(SOON, &["✗ quorum lost"]);
    lab.start(2);
    lab.start(3);
    tui.shows(LATER, "● live");
    tui.shows(LATER, "managers 3/3");
    tui.quit();
    managers_back(lab);
}

/// What is dead in one of many ways must not stand in the way of what is alive.
pub fn dead_endpoints(lab: &Lab) {
    let gone = format!("unix://{}", lab.path("gone.sock").display());
    // A worker can't see the Swarm.
    for dead in [gone, "tcp://127.0.0.1:1".into(), lab.endpoint(4)] {
        let both = ["-H".to_owned(), dead, "-H".to_owned(), lab.endpoint(1)];
        for command in [&["check"][..], &["snapshot"], &["report"], &["logs", "web", "--tail", "1"]]
        {
            let begun = Instant::now();
            let (code, text) = run(&both, command);
            assert!(code == 0 || command == ["check"] && code < 3, "{command:?}: {code} {text}");
            assert!(begun.elapsed() < Duration::from_secs(5), "{command:?}: {:?}", begun.elapsed());
        }
        let args: Vec<&str> = both.iter().map(String::as_str).collect();
        let tui = Tui::start(120, 40, &args);
        tui.shows(SOON, "● live node1");
        tui.line(SOON, &["web", "lab/app"]);
        tui.quit();
    }
}

/// A manager leaves by force and joins again at its address: its old entry still votes.
///
/// Before any promotion: a manager of 20.10 or 26.1 that has renewed its certificate since its engine
/// started lets no 28.5 join (`missing selected ALPN property`).
pub fn joined_again(lab: &Lab) {
    let id = |node: u32| lab.docker(node, &["info", "--format", "{{.Swarm.NodeID}}"]);
    let state = |id: &str| lab.docker(1, &["node", "inspect", id, "--format", "{{.Status.State}}"]);
    let one = hosts(lab, &[1]);
    let rejoin = |node: u32, role: &str| {
        let old = id(node);
        lab.docker(node, &["swarm", "leave", "--force"]);
        let token = lab.docker(1, &["swarm", "join-token", "-q", role]);
        let manager = format!("{}:2377", lab.address(1));
        lab.docker(node, &["swarm", "join", "--token", &token, &manager]);
        wait(LATER, "the old entry is down", || state(&old) == "down");
        (old, id(node))
    };
    let (old, new) = rejoin(3, "manager");
    let risk = found(&one, "quorum-risk").expect("three of four are one from the end");
    assert!(risk["message"].as_str().unwrap().contains("3 of 4 managers"), "{risk:#}");
    let mut tui = open(lab, 1);
    tui.shows(SOON, "managers 3/4");
    tui.keys("3/node2\rb");
    tui.shows(SOON, "quorum is lost: 2 of 4 managers left, 3 needed");
    tui.keys("\x1b");
    tui.quit();
    // Its vote taken away it is only an old entry, to be deleted.
    lab.docker(1, &["node", "demote", &old]);
    wait(LATER, "it is advice", || found(&one, "node-left-behind").is_some());
    let advice = found(&one, "node-left-behind").unwrap();
    assert!(advice["message"].as_str().unwrap().contains(&new[..12]), "{advice:#}");
    assert!(found(&one, "node-down").is_none() && found(&one, "quorum-risk").is_none());
    lab.docker(1, &["node", "rm", &old]);
    let (old, _) = rejoin(5, "worker");
    assert!(found(&one, "node-left-behind").is_some() && found(&one, "node-down").is_none());
    // Two nodes have this name: what is removed, and what is typed, is the ID.
    let mut tui = open(lab, 1);
    tui.keys("3/down\r");
    tui.line(SOON, &["›", "node5", "down"]);
    tui.keys("\x1b[3~");
    tui.shows(SOON, &format!("docker node rm {old}"));
    tui.shows(SOON, &format!("type \"{}\"", &old[..12]));
    tui.keys("node5\r");
    tui.shows(SOON, "that is not it");
    tui.keys(&format!("\x15{}\r", &old[..12]));
    tui.line(LATER, &["✓", "node5"]);
    tui.quit();
    assert!(!lab.docker(1, &["node", "ls", "-q"]).contains(&old));
    managers_back(lab);
}

/// One of two managers is lost for good, and the other makes the Swarm anew by itself.
pub fn made_anew(big: &Lab) {
    let lab = &big.beside([2, 1]);
    let one = hosts(lab, &[1]);
    lab.service("web", 4, &[]);
    let agent = ["--mode", "global", "--stop-grace-period", "1s", "--no-resolve-image"];
    let create = ["service", "create", "--detach", "--name", "agent"];
    lab.docker(1, &[&create[..], &agent, &["lab/app:1.0", "sleep", "1d"]].concat());
    wait(LATER, "an agent on each node", || {
        run(&one, &["snapshot"]).1.matches("running  running").count() == 7
    });
    lab.crash(2);
    lab.docker(1, &["swarm", "init", "--force-new-cluster", "--advertise-addr", &lab.address(1)]);
    // A host that would join gets no further than its certificate.
    lab.docker(3, &["swarm", "leave", "--force"]);
    lab.break_joins(3);
    let token = lab.docker(1, &["swarm", "join-token", "-q", "worker"]);
    let manager = format!("{}:2377", lab.address(1));
    let nameless = || {
        let list = lab.docker(1, &["node", "ls", "--format", "{{.ID}} {{.Hostname}}/{{.Status}}"]);
        list.lines().find_map(|l| l.strip_suffix(" /Unknown").map(str::to_owned))
    };
    std::thread::scope(|scope| {
        scope.spawn(|| lab.try_docker(3, &["swarm", "join", "--token", &token, &manager]));
        wait(LATER, "an entry without a name", || nameless().is_some());
        lab.crash(3);
    });
    let id = nameless().expect("it never joins");
    let waits = ["service", "ps", "agent", "--filter", "desired-state=running", "-q"];
    wait(LATER, "docker counts a task for it", || lab.docker(1, &waits).lines().count() == 2);
    // What was lost is down, all that can run does, and nothing is owed to what never joined.
    wait(LATER, "the old manager is down", || found(&one, "node-down").is_some());
    let snapshot = || {
        let (_, text) = run(&one, &["snapshot", "--json"]);
        serde_json::from_str::<Value>(&text).map_or(Value::Null, |all| all["clusters"][0].clone())
    };
    wait(LATER, "all of web runs again", || snapshot()["services"][1]["running"] == 4);
    let mut tui = open(lab, 1);
    tui.shows(SOON, "services 2/2");
    assert!(!tui.screen().contains("missing"), "{}", tui.screen());
    tui.keys("7/node2\r");
    tui.shows(SOON, "before --force-new-cluster");
    // The entry is told after a while, and goes with one key.
    wait(LATER, "the entry is told", || found(&one, "node-never-joined").is_some());
    let advice = found(&one, "node-never-joined").unwrap();
    assert!(advice["message"].as_str().unwrap().contains(&id[..12]), "{advice:#}");
    assert!(advice["message"].as_str().unwrap().ends_with("never joined, 1 task waits for it"));
    tui.keys(&format!("3/{}\r\x1b[3~", &id[..12]));
    tui.shows(SOON, &format!("docker node rm {id}"));
    tui.keys("y");
    tui.line(LATER, &["✓", &id[..12]]);
    tui.quit();
    assert_eq!(nameless(), None);
}
