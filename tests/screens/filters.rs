//! Filters look at everything that the object of a row carries, and an empty result says what was searched.

use skep::cluster::{Delta, TaskState};

use crate::{
    cluster_fixture::{Cluster, shop},
    driver::Driver,
};

/// Rows that a filter leaves of a view, at the smallest size, and the title of the pane.
fn found(cluster: &Cluster, view: &str, filter: &str) -> (usize, String) {
    let mut driver = Driver::new(cluster, true);
    driver.keys(&format!("{view}/{filter}<enter>"));
    let screen = driver.screen(80, 24);
    let title = screen.lines().find(|l| l.starts_with('╭')).unwrap_or("").to_owned();
    let shown = title.split_whitespace().find_map(|w| w.split_once('/')?.0.parse().ok());
    (shown.unwrap_or_else(|| panic!("no count\n{screen}")), screen)
}

#[track_caller]
fn finds(cluster: &Cluster, view: &str, all: &[(&str, usize)]) {
    for (filter, count) in all {
        let (shown, screen) = found(cluster, view, filter);
        assert_eq!(shown, *count, "{filter}\n{screen}");
    }
}

#[test]
fn services_by_all_that_they_carry() {
    let mut c = shop();
    c.services[1].labels = vec![
        ("team".into(), "payments".into()),
        ("com.docker.stack.namespace".into(), "shop".into()),
    ];
    c.services[1].constraints = vec!["node.labels.disk==ssd".into()];
    let by = [
        (":443", 1),
        ("443", 1),
        ("443->80", 1),
        ("/tcp", 2),
        ("ingress", 2),
        ("repl", 4),
        ("replicated", 4),
        ("2/3", 2),
        ("sha256:0123", 4),
        ("update paused", 1),
        ("paused", 1),
        ("team=payments", 1),
        ("payments", 1),
        ("disk==ssd", 1),
        ("critical", 1),
        ("db_password", 4),
        ("id-of-shop_w", 1),
        ("docker", 0),
        ("!443", 3),
        ("/^team=/", 1),
    ];
    finds(&c, "2", &by);
}

#[test]
fn nodes_by_all_that_they_carry() {
    let mut c = shop();
    c.nodes[3].labels.push(("rack".into(), "b12".into()));
    c.nodes[4].engine_labels.push(("gpu".into(), "a100".into()));
    let by = [
        ("leader", 1),
        ("manager", 3),
        ("worker", 2),
        ("down", 1),
        ("active", 5),
        ("10.0.0.7", 5),
        ("28.5", 5),
        ("linux", 5),
        ("linux/x86_64", 5),
        ("rack=b12", 1),
        ("gpu=a100", 1),
        ("heartbeat", 1),
        ("reachable", 3),
        ("id-of-node-4", 1),
    ];
    finds(&c, "3", &by);
}

#[test]
fn tasks_by_all_that_they_carry() {
    let mut c = shop();
    let web = c.tasks.iter().position(|t| t.service.as_str() == "id-of-shop_web").unwrap();
    c.tasks[web].container = Some("ab12cd34ef56".into());
    let db = c.tasks.iter().position(|t| t.service.as_str() == "id-of-shop_db").unwrap();
    (c.tasks[db].state, c.tasks[db].exit_code) = (TaskState::Complete, Some(0));
    let at = |address: &str| skep::cluster::Attachment {
        network: "id-of-back".into(),
        address: address.parse().unwrap(),
    };
    c.tasks[web].attachments = Box::new([at("10.0.4.7"), at("fd00::7")]);
    let by = [
        ("ab12cd", 1),
        ("ab12cd34ef56", 1),
        ("12cd", 0),
        ("exit 137", 1),
        ("exit 0", 1),
        ("critical", 4),
        ("node down", 3),
        ("!critical", 9),
        ("10.0.4.7", 1),
        ("10.0.4", 1),
        ("0.4.7", 0),
        ("fd00::7", 1),
    ];
    finds(&c, "4", &by);
    // What is typed on is no narrower: 10 is no address yet.
    let mut driver = Driver::new(&c, true);
    driver.keys("4/10");
    driver.later(1);
    driver.keys(".0.4<enter>");
    assert!(driver.screen(120, 40).contains("Tasks 1/16 "), "{}", driver.screen(120, 40));
}

#[test]
fn tasks_on_a_node_that_goes_down_are_found_then() {
    let mut c = shop();
    let mut driver = Driver::new(&c, true);
    driver.keys("4/node down<enter>");
    assert!(driver.screen(120, 40).contains("Tasks 3/16 "), "{}", driver.screen(120, 40));
    let node = c.nodes.iter_mut().find(|n| &*n.hostname == "node-4").unwrap();
    node.version += 1_000;
    node.state = skep::cluster::NodeState::Down;
    driver.heard(vec![Delta::Nodes(c.nodes)]);
    driver.later(2);
    let screen = driver.screen(120, 40);
    assert!(screen.matches("running? node down").count() > 3, "{screen}");
}

#[test]
fn problems_by_all_that_they_carry() {
    let by = [
        ("critical", 2),
        ("advice", 1),
        ("update-paused", 1),
        ("oom-killed", 1),
        ("raise the limit", 1),
        ("shop_api", 1),
        ("new", 2),
        ("heartbeat", 1),
    ];
    finds(&shop(), "7", &by);
}

#[test]
fn events_by_kind_and_by_who() {
    finds(&shop(), "5", &[("task", 4), ("service", 1), ("shop_api", 5)]);
}

#[test]
fn what_hides_all_rows_says_so_and_what_was_searched() {
    for (view, hides, searched) in [
        ("2", "/zzz hides all 4 services", "name, ID, stack"),
        ("3", "/zzz hides all 5 nodes", "name, ID, role"),
        ("4", "/zzz hides all 16 tasks", "name, ID, node"),
        ("5", "/zzz hides all 5 events", "kind, name"),
        ("7", "/zzz hides all 3 problems", "rule, cause"),
    ] {
        let (shown, screen) = found(&shop(), view, "zzz");
        assert_eq!(shown, 0);
        assert!(screen.contains(&format!("{hides}: Esc shows them")), "{screen}");
        assert!(screen.contains("searched: ") && screen.contains(searched), "{screen}");
    }
    // Events are hidden by more than text.
    let mut driver = Driver::new(&shop(), true);
    driver.later(3_600);
    driver.keys("5>>>>");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("last 10m hides all 5 events: Esc shows them"), "{screen}");
}
