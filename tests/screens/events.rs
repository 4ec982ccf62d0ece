//! The events: one period for the list and its chart, and whether the list follows.

use skep::{
    cluster::TaskState,
    ui::{OpenCluster, Opening},
};

use crate::{
    cluster_fixture::{Cluster, NOW, ago, cluster, shop},
    driver::Driver,
};

fn line<'s>(screen: &'s str, has: &str) -> &'s str {
    screen.lines().find(|l| l.contains(has)).unwrap_or_else(|| panic!("no {has}:\n{screen}"))
}

/// `web` with a failure at each of these times.
fn failed(at: &[i64]) -> Cluster {
    let c = cluster().manager("m1").service("web", 1);
    at.iter().fold(c, |c, secs| c.task(1, TaskState::Failed, "task: non-zero exit (3)", *secs))
}

#[test]
fn the_list_and_its_chart_are_of_one_period_which_the_title_tells() {
    let mut driver = Driver::new(&failed(&[7_200, 300]), true);
    driver.keys("5");
    for (key, title, chart) in [
        ("", "Events 2 any time", "2 failures in the last 2h"),
        (">", "Events 2/2 last 24h", "2 failures in the last 24h"),
        (">", "Events 2/2 last 6h", "2 failures in the last 6h"),
        (">", "Events 1/2 last 1h", "1 failures in the last 1h"),
        (">", "Events 1/2 last 10m", "1 failures in the last 10m"),
    ] {
        driver.keys(key);
        let screen = driver.screen(120, 40);
        assert!(screen.contains(title) && screen.contains(chart), "{title}, {chart}:\n{screen}");
    }
}

#[test]
fn what_happened_leaves_the_period_as_time_passes() {
    let mut driver = Driver::new(&failed(&[590, 300]), true);
    driver.keys("5>>>>");
    assert!(driver.screen(120, 40).contains("Events 2/2 last 10m"));
    driver.later(11);
    let screen = driver.screen(120, 40);
    assert!(screen.contains("Events 1/2 last 10m"), "{screen}");
    assert!(!screen.contains(&ago(590).clock()) && screen.contains(&ago(300).clock()), "{screen}");
}

#[test]
fn events_that_do_not_follow_say_so() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("5");
    let (title, footer) = ("Events 5", 39);
    let screen = driver.screen(120, 40);
    assert!(!line(&screen, title).contains("PAUSED"));
    assert!(!screen.lines().nth(footer).unwrap().contains("follow"));
    driver.keys("k");
    let screen = driver.screen(120, 40);
    assert!(line(&screen, title).contains("PAUSED +0"), "{screen}");
    assert!(screen.lines().nth(footer).unwrap().starts_with(" G follow"), "{screen}");
    driver.later(1);
    let mut shop = shop();
    shop = shop.task(3, TaskState::Failed, "task: non-zero exit (1)", 0);
    shop.tasks.last_mut().unwrap().since = Some(NOW.shifted(1));
    driver.heard(shop.deltas(2));
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "Events 6").contains("PAUSED +1"), "{screen}");
    driver.keys("1");
    assert!(line(&driver.screen(120, 40), "Events 6").contains("PAUSED +1"), "also as a pane");
    driver.keys("5G");
    assert!(!line(&driver.screen(120, 40), "Events 6").contains("PAUSED"));
}

#[test]
fn those_of_all_clusters_say_so_too() {
    let open = ["a", "b"].map(|name| OpenCluster {
        name: Some(name.into()),
        endpoint: format!("unix:///{name}.sock"),
        ..OpenCluster::default()
    });
    let mut driver = Driver::opened(Opening::default(), open.to_vec());
    driver.connect(0);
    driver.heard([vec![skep::cluster::Delta::Cluster(shop().info())], shop().deltas(1)].concat());
    driver.keys("8<tab><tab><tab>");
    assert!(!line(&driver.screen(120, 40), "Events of all").contains("PAUSED"));
    driver.keys("k");
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "Events of all").contains("PAUSED +0"));
    assert!(screen.lines().nth(39).unwrap().starts_with(" G follow"), "{screen}");
}
