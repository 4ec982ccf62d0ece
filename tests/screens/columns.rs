//! Which columns a table has depends on its room, and not on what happens to be in them.

use skep::cluster::TaskState;

use crate::{
    cluster_fixture::{cluster, shop},
    driver::Driver,
};

/// The heads of the first table.
fn heads(driver: &Driver, width: u16, height: u16) -> Vec<String> {
    let screen = driver.screen(width, height);
    let head = screen.lines().find(|l| l.contains(" NAME") || l.contains(" TASK")).unwrap();
    let words = head.split_whitespace().filter(|w| w.chars().any(char::is_uppercase));
    words.map(|w| w.trim_matches(['│', '▴', '▾']).to_owned()).collect()
}

#[test]
fn ports_of_services_are_there_at_80_columns() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("2");
    let screen = driver.screen(80, 24);
    assert!(heads(&driver, 80, 24).contains(&"PORTS".to_owned()), "{screen}");
    assert!(screen.contains("443→80") && screen.contains(":80"), "{screen}");
    for column in ["REPLICAS", "IMAGE", "UPDATE"] {
        assert!(heads(&driver, 80, 24).contains(&column.to_owned()), "{screen}");
    }
}

#[test]
fn columns_do_not_come_and_go_with_the_data() {
    let calm = cluster().manager("m1").manager("m2").service("web", 2);
    let mut noisy = shop();
    noisy.services[0].ports.clear();
    noisy = noisy.task(9, TaskState::Failed, "a very long error that goes on and on and on", 3);
    for view in ["2", "3", "4"] {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let of = |c| {
                let mut driver = Driver::new(c, true);
                driver.keys(view);
                heads(&driver, width, height)
            };
            assert_eq!(of(&calm), of(&noisy), "view {view} at {width}");
        }
    }
}

#[test]
fn the_error_wins_over_what_is_wanted_and_the_image() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("4");
    let screen = driver.screen(80, 24);
    let heads = heads(&driver, 80, 24);
    assert!(heads.contains(&"ERROR".to_owned()), "{screen}");
    assert!(!heads.contains(&"DESIRED".to_owned()) && !heads.contains(&"IMAGE".to_owned()));
    assert!(screen.contains("task: non-zero exit"), "{screen}");
}
