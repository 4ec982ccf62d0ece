//! What is new stands in front on every screen, and an old trouble does not hide it.

use skep::{
    cluster::{NodeState, TaskState},
    ui::{Opening, WallSettings},
};

use crate::{
    cluster_fixture::{Cluster, ago, cluster},
    driver::Driver,
};

/// A Swarm with services whose images have been missing for eleven minutes.
fn with_old_ones() -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").node("n4");
    for name in ["db", "cache"] {
        c = c.service(name, 1);
        c.last().created = Some(ago(660));
        let id = c.last().id.clone();
        c.tasks.retain(|t| t.service != id);
        c = c.task(1, TaskState::Rejected, "No such image: shop/db:9", 660);
    }
    c
}

/// The same after a node has been lost, twelve seconds ago.
fn and_then_a_node(driver: &mut Driver) {
    driver.later(60);
    let mut c = with_old_ones();
    let node = c.nodes.last_mut().unwrap();
    node.version += 1_000;
    node.state = NodeState::Down;
    node.updated = Some(driver.now);
    driver.heard(c.deltas(2));
    driver.later(1);
    driver.later(11);
}

fn row<'s>(screen: &'s str, has: &str) -> &'s str {
    screen.lines().find(|l| l.contains(has)).unwrap_or_else(|| panic!("no {has}:\n{screen}"))
}

#[test]
fn a_node_that_is_lost_now_is_not_hidden_by_an_image_that_is_missing_for_long() {
    let mut driver = Driver::new(&with_old_ones(), false);
    let strip = |d: &Driver, width| d.screen(width, 24).lines().nth(1).unwrap().to_owned();
    assert!(strip(&driver, 80).contains("cache") && strip(&driver, 80).contains("+1 more"));
    and_then_a_node(&mut driver);
    for width in [80, 120, 200] {
        let strip = strip(&driver, width);
        assert!(strip.contains("new: n4 is down") || strip.contains("new: node n4 is down"));
        assert!(strip.contains("since 12s  +2 older  7"), "{strip}");
    }
    driver.keys("7");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = driver.screen(width, height);
        assert!(row(&screen, "›").contains("n4 is down"), "{screen}");
        assert!(row(&screen, "›").contains("new 12s"), "{screen}");
        assert!(screen.contains("(3 to act on, 1 new) "), "{screen}");
    }
    // The one that is read keeps the cursor when it is new no more.
    driver.keys("<tab>");
    driver.later(6 * 60);
    driver.heard(Vec::new());
    driver.later(0);
    driver.keys("<tab>");
    let screen = driver.screen(120, 40);
    assert!(row(&screen, "›").contains("n4 is down"), "{screen}");
    assert!(!screen.contains("new"), "{screen}");
    assert!(strip(&driver, 80).contains("cache") && strip(&driver, 80).contains("+2 more"));
    driver.keys("g");
    assert!(row(&driver.screen(120, 40), "›").contains("cache"));
}

#[test]
fn the_wall_and_the_view_of_all_clusters_begin_with_what_is_new() {
    let mut driver = Driver::new(&with_old_ones(), true);
    and_then_a_node(&mut driver);
    driver.keys("8");
    let screen = driver.screen(120, 40);
    let at = |has: &str| screen.lines().position(|l| l.contains(has)).unwrap();
    assert!(at("new 12s  node n4 is down") < at(" cache"), "{screen}");
    driver.keys("<esc>");

    let opening = Opening {
        wall: WallSettings { open: true, ..WallSettings::default() },
        ..Opening::default()
    };
    let open = skep::ui::OpenCluster {
        endpoint: "unix:///test.sock".into(),
        ..skep::ui::OpenCluster::default()
    };
    let mut wall = Driver::opened(opening, vec![open]);
    wall.connect(0);
    let mut deltas = vec![skep::cluster::Delta::Cluster(with_old_ones().info())];
    deltas.extend(with_old_ones().deltas(1));
    wall.heard(deltas);
    wall.later(1);
    and_then_a_node(&mut wall);
    let mut pages = 0;
    for _ in 0..6 {
        let screen = wall.screen(120, 40);
        let title = screen.lines().next().unwrap();
        if title.contains("Problems") {
            let first = screen.lines().find(|l| l.contains("✗  12s")).unwrap();
            assert!(first.contains("new: node n4 is down"), "{screen}");
            assert!(screen.find("n4 is down") < screen.find("cache"), "{screen}");
            pages += 1;
        } else if title.contains("Swarm") {
            assert!(screen.contains("✗ new: node n4 is down"), "{screen}");
            pages += 1;
        }
        wall.keys("j");
    }
    assert!(pages >= 2, "the page of problems and another");
}

/// Of equally severe ones the newest is in front, though the other comes first by name.
#[test]
fn the_newest_of_those_that_are_new_is_in_front() {
    let broken = |c: Cluster, name: &str, driver: &Driver| {
        let mut c = c.service(name, 1);
        c.last().created = Some(driver.now);
        let id = c.last().id.clone();
        c.tasks.retain(|t| t.service != id);
        let mut c = c.task(1, TaskState::Rejected, "No such image: shop/late:9", 2);
        let task = c.tasks.last_mut().unwrap();
        (task.since, task.created) = (Some(driver.now), Some(driver.now));
        c
    };
    let mut driver = Driver::new(&with_old_ones(), false);
    driver.later(60);
    let first = broken(with_old_ones(), "aaa", &driver);
    driver.heard(first.deltas(2));
    driver.later(60);
    let both = broken(first, "zzz", &driver);
    driver.heard(both.deltas(3));
    driver.later(30);
    let strip = driver.screen(120, 40).lines().nth(1).unwrap().to_owned();
    assert!(strip.contains("new: zzz") && strip.contains("+1 new"), "{strip}");
}
