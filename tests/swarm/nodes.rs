//! Nodes: plans for them, their loss, and that of a manager in use.

use std::time::Duration;

use super::{
    lab::{Lab, wait},
    scenarios::{open, skep},
    tui::{LATER, SOON, Tui},
    writes::scale_to,
};

/// Every write to a node, each checked with docker, and what the guard refuses.
pub fn nodes(lab: &Lab) {
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

pub fn node_lost(lab: &Lab) {
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

pub fn manager_lost(lab: &Lab) {
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

pub fn write_in_flight(lab: &Lab) {
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
