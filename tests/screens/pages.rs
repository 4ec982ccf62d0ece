//! What pages and questions say of what does not run, and of what was typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use skep::cluster::{Mode, RestartCondition, TaskState};

use crate::{
    cluster_fixture::{cluster, shop},
    driver::Driver,
    views::document,
};

#[test]
fn a_service_at_zero_has_no_log_to_wait_for() {
    let c = cluster().manager("m1").service("web", 0);
    let mut driver = Driver::new(&c, true);
    driver.keys("2l");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("web is scaled to 0: there is no log"), "{screen}");
}

#[test]
fn a_jobs_page_has_its_runs_and_no_rollout() {
    let mut c = cluster().manager("m1").node("n2").service("import", 0);
    c.last().mode = Mode::ReplicatedJob { concurrent: 2, total: 2 };
    for slot in 1..=2 {
        c = c.task(slot, TaskState::Complete, "", 100);
    }
    let mut driver = Driver::new(&c, true);
    driver.keys("2d");
    let screen = driver.screen(120, 60);
    assert!(screen.contains("import.1") && screen.contains("import.2"), "{screen}");
    assert!(!screen.contains("policy") && !screen.contains("never updated"), "{screen}");
    // Work that is done is no empty section either; what is to run nothing says so.
    let mut c = cluster().manager("m1").service("migrate", 1);
    c.tasks.clear();
    c.last().restart.condition = RestartCondition::None;
    let c = c.task(1, TaskState::Complete, "", 100).service("off", 0);
    let mut driver = Driver::new(&c, true);
    driver.keys("2d");
    assert!(driver.screen(120, 60).contains("migrate.1"), "{}", driver.screen(120, 60));
    driver.keys("<esc>jd");
    assert!(
        driver.screen(120, 60).contains("none: it is to run none"),
        "{}",
        driver.screen(120, 60)
    );
}

#[test]
fn what_is_wrong_with_an_image_is_said_whole() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_web<enter>u");
    for _ in 0..60 {
        driver.press(KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
    }
    driver.keys("shop/web:2@sha256:0123456789abcdef0123456789abcdef<enter>");
    driver.answer_documents(vec![document("shop_web", 6)]);
    let screen = driver.screen(80, 24);
    let said = screen.split_whitespace().filter(|w| *w != "│").collect::<Vec<_>>().join(" ");
    assert!(said.contains("64 hexadecimal digits, which"), "{screen}");
    assert!(said.contains("' is not"), "{screen}");
}
