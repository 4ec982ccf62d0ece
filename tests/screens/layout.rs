//! What has room beside what, and where keys lead.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use skep::{session::Command, ui::Effect};

use crate::{
    cluster_fixture::{cluster, shop},
    driver::Driver,
    views::document,
};

fn follows(driver: &Driver) -> bool {
    let tasks = |e: &Effect| matches!(e, Effect::Session(_, Command::Logs(_, t)) if !t.is_empty());
    driver.effects.iter().any(tasks)
}

#[test]
fn the_key_of_logs_opens_that_of_the_selection() {
    for from in ["1", "2/shop_web<enter>", "3", "4", "7"] {
        let mut driver = Driver::new(&shop(), true);
        driver.keys(from);
        driver.keys("6");
        driver.later(1);
        let screen = driver.screen(120, 40);
        assert!(screen.contains("╭ Log"), "{from}\n{screen}");
        assert!(follows(&driver), "{from}\n{screen}");
    }
    let mut driver = Driver::new(&shop(), true);
    driver.keys("2/zzz<enter>6");
    assert!(!follows(&driver), "nothing is selected");
}

#[test]
fn actions_under_way_cover_nothing_that_goes_on() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for view in ["1", "5"] {
            let mut driver = Driver::new(&shop(), false);
            driver.keys("2/shop_api<enter>s5<enter>");
            driver.answer_documents(vec![document("shop_api", 3)]);
            driver.keys("y");
            driver.keys("<esc>");
            driver.keys(view);
            if view == "1" {
                driver.keys("<tab><tab><tab>");
            }
            let screen = driver.screen(width, height);
            let at = |has: &str| screen.lines().position(|l| l.contains(has));
            let newest = at("scale shop_api 3 → 5 by tester");
            assert!(newest.is_some() && newest < at(" Actions "), "{view}\n{screen}");
        }
    }
}

#[test]
fn no_half_of_the_screen_is_empty_beside_a_list_that_is_cut() {
    let mut c = cluster().manager("m1").manager("m2").manager("m3");
    for n in 0..40 {
        c = c.service(&format!("svc{n:02}"), 1);
    }
    let driver = Driver::new(&c, true);
    let screen = driver.screen(200, 60);
    let shown = (0..40).filter(|n| screen.contains(&format!("svc{n:02} "))).count();
    assert!(shown >= 34, "{shown} of 40\n{screen}");
}

#[test]
fn what_was_seen_again_and_again_is_one_line() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("7z");
    let screen = driver.screen(120, 60);
    assert!(screen.contains("4×, 1m ago to 12s ago  shop_api.1 failed"), "{screen}");
    assert_eq!(screen.matches("shop_api.1 failed on mgr-1").count(), 1, "{screen}");
}

/// Whatever key is pressed in a log, nothing is written, planned or asked for that would be.
#[test]
fn no_key_in_a_log_writes() {
    let plain = (' '..='~').map(|c| (KeyCode::Char(c), KeyModifiers::NONE));
    let ctrl = ('a'..='z').map(|c| (KeyCode::Char(c), KeyModifiers::CONTROL));
    let named = [KeyCode::Enter, KeyCode::Delete, KeyCode::Backspace, KeyCode::Insert];
    let named = named.map(|code| (code, KeyModifiers::NONE));
    for (code, modifiers) in plain.chain(ctrl).chain(named) {
        let mut driver = Driver::new(&shop(), false);
        driver.keys("2/shop_web<enter>l6");
        driver.press(KeyEvent::new(code, modifiers));
        driver.later(1);
        driver.keys("y");
        let writes = |e: &Effect| {
            let asked = matches!(e, Effect::Session(_, Command::Documents(..)));
            asked || format!("{e:?}").contains("CarryOut")
        };
        assert!(!driver.effects.iter().any(writes), "{code:?} {modifiers:?}");
        let screen = driver.screen(120, 40);
        assert!(!screen.contains("Plan:") && !screen.contains("replicas:"), "{code:?}\n{screen}");
    }
}
