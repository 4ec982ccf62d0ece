//! How nodes are reached, and what their machines say.

use std::sync::Arc;

use skep::{
    cluster::{Disk, Machine, NodeId},
    grant::ClusterNo,
    session::{Command, Event, NodeReach, NodeSeen},
    ui::{Effect, OpenCluster},
};

use crate::{
    cluster_fixture::{Cluster, cluster},
    driver::Driver,
};

fn nodes() -> Cluster {
    cluster().manager("m1").node("n2").node("n3")
}

/// The nodes that the session was last told to keep within reach.
fn looked_at(driver: &Driver) -> Option<Vec<String>> {
    driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Session(ClusterNo(0), Command::Look(nodes)) => {
            Some(nodes.iter().map(ToString::to_string).collect())
        }
        _ => None,
    })
}

fn id(c: &Cluster, at: usize) -> NodeId {
    c.nodes[at].id.clone()
}

fn machine(kernel: &str) -> Machine {
    Machine {
        engine: Some("28.5.2".into()),
        kernel: Some(kernel.into()),
        os: Some("Debian GNU/Linux 12".into()),
        storage: Some("overlay2".into()),
        cgroup: Some("2".into()),
        cpus: Some(4),
        memory: Some(8 << 30),
        available: Some(2 << 30),
        load: Some([0.25, 0.5, 0.75]),
        disk: Some(Disk { total: 100 << 30, free: 3 << 30 }),
        ..Machine::default()
    }
}

fn seen(driver: &mut Driver, node: NodeId, machine: Machine) {
    let seen = NodeSeen { reach: NodeReach::Local, machine: Some(Arc::new(machine)) };
    driver.send(Event::Node(node, Box::new(seen)));
}

#[test]
fn only_what_is_looked_at_is_kept_within_reach() {
    let c = nodes();
    let mut driver = Driver::new(&c, true);
    driver.keys("1245678");
    driver.later(1);
    assert_eq!(looked_at(&driver), None, "no node was looked at");
    driver.keys("<esc>3");
    driver.screen(120, 40);
    driver.later(1);
    assert_eq!(looked_at(&driver), Some(vec![id(&c, 0).to_string()]), "the manager's own alone");
    driver.keys("jd");
    driver.later(1);
    let mut both = vec![id(&c, 0).to_string(), id(&c, 1).to_string()];
    both.sort();
    assert_eq!(looked_at(&driver), Some(both), "and the one whose page is open");
    driver.keys("<esc>1");
    driver.later(1);
    assert_eq!(looked_at(&driver), Some(Vec::new()));
}

#[test]
fn the_list_reaches_its_rows_where_the_user_said_how() {
    let c = nodes();
    let open = OpenCluster { logs_in_to_nodes: true, ..OpenCluster::default() };
    let mut driver = Driver::with(vec![open]);
    driver.connect(0);
    driver.heard([vec![skep::cluster::Delta::Cluster(c.info())], c.deltas(1)].concat());
    driver.keys("3");
    driver.screen(120, 40);
    driver.later(1);
    assert_eq!(looked_at(&driver).map(|nodes| nodes.len()), Some(3));
}

#[test]
fn a_page_tells_how_a_node_is_reached_and_what_is_unknown() {
    let c = nodes();
    let mut driver = Driver::new(&c, true);
    driver.keys("3jd");
    let has = |driver: &Driver, words: &[&str]| {
        let screen = driver.screen(80, 60);
        let line = screen.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(line, "{words:?}: {screen}");
    };
    has(&driver, &["reach", "connecting"]);
    let why = "ssh://n2: no \u{1b}[2Jroute".to_owned();
    let reach = NodeReach::None { why, hint: "say how to log in".into() };
    driver.send(Event::Node(id(&c, 1), Box::new(NodeSeen { reach, machine: None })));
    has(&driver, &["reach", "none: ssh://n2: no ", "route"]);
    has(&driver, &["say how to log in"]);
    assert!(!driver.screen(80, 60).contains('\u{1b}'));
    seen(&mut driver, id(&c, 0), machine("6.1.0"));
    seen(&mut driver, id(&c, 2), machine("6.1.0"));
    seen(&mut driver, id(&c, 1), machine("5.15.0"));
    has(&driver, &["kernel", "5.15.0 (most nodes: 6.1.0)"]);
    has(&driver, &["load", "0.25, 0.50, 0.75", "4 CPUs"]);
    has(&driver, &["memory used", "6/8 GiB, 2 GiB free"]);
    has(&driver, &["disk used", "97/100 GiB, 3 GiB free"]);
    // Neither is told by this machine.
    has(&driver, &["up", "?"]);
    has(&driver, &["pressure", "cpu ?, memory ?, io ?"]);
    let unread = Some("over tcp only the engine is asked".into());
    let bare = Machine { memory: Some(8 << 30), unread, ..Machine::default() };
    seen(&mut driver, id(&c, 1), bare);
    has(&driver, &["memory used", "? of 8 GiB"]);
    has(&driver, &["? because", "over tcp"]);
}

#[test]
fn the_list_marks_what_most_nodes_do_not_have() {
    let c = nodes();
    let mut driver = Driver::new(&c, true);
    driver.keys("3");
    for (at, kernel) in ["6.1.0", "6.1.0", "5.15.0"].into_iter().enumerate() {
        seen(&mut driver, id(&c, at), machine(kernel));
    }
    let screen = driver.screen(220, 20);
    let line = |name: &str| {
        let head = screen.lines().skip_while(|line| !line.contains("KERNEL")).skip(1);
        head.clone().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {screen}"))
    };
    assert!(line("n3").contains("5.15.0 !") && line("n2").contains("6.1.0 "), "{screen}");
    assert!(line("m1").contains("0.25") && line("m1").contains("2 GiB"), "{screen}");
    assert!(!line("n2").contains('!'), "{screen}");
}

#[test]
fn versions_of_all_nodes_are_compared_on_a_page() {
    let mut c = nodes().node("n4").node("n5");
    c.nodes[4].engine = "20.10.24+dfsg1".into();
    let open = OpenCluster { logs_in_to_nodes: true, ..OpenCluster::default() };
    for (open, reached) in [(OpenCluster::default(), 1), (open, 5)] {
        let mut driver = Driver::with(vec![open]);
        driver.connect(0);
        driver.heard([vec![skep::cluster::Delta::Cluster(c.info())], c.deltas(1)].concat());
        driver.keys(":versions<enter>");
        assert_eq!(looked_at(&driver).map(|nodes| nodes.len()), Some(reached));
        let screen = driver.screen(80, 30);
        assert!(screen.contains("? of 5 nodes"), "{screen}");
        for (at, kernel) in ["6.1.0", "6.1.0", "5.15.0"].into_iter().enumerate() {
            seen(&mut driver, id(&c, at), machine(kernel));
        }
        if reached == 5 {
            insta::assert_snapshot!("versions_80x30", driver.screen(80, 30));
            insta::assert_snapshot!("versions_160x30", driver.screen(160, 30));
        }
        let screen = driver.screen(80, 30);
        let has = |words: &[&str]| {
            let line = screen.lines().any(|line| words.iter().all(|word| line.contains(word)));
            assert!(line, "{words:?}: {screen}");
        };
        has(&["ENGINE", "KERNEL", "SYSTEM", "NODES"]);
        has(&["28.5.2", "6.1.0", "Debian 12", "overlay2", " 2 "]);
        has(&["28.5.2", "!5.15.0", "Debian 12", " 1 "]);
        has(&["!20.10.24+dfs…", " ? ", " 1 "]);
        has(&["most nodes have another one"]);
        has(&["   m1 n2"]);
        has(&["? of 2 nodes"]);
        driver.keys("<esc>");
        driver.later(1);
        assert_eq!(looked_at(&driver).map(|nodes| nodes.len()), Some(0), "and left");
    }
    let mut driver = Driver::new(&c, true);
    driver.keys("3V");
    assert!(driver.screen(80, 24).contains("ENGINE"), "{}", driver.screen(80, 24));
}
