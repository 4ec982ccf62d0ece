//! What is confirmed, by what, and what an action is for.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde_json::json;
use skep::{
    action::plan::Document,
    cluster::{TaskState, UpdateState},
    session::Command,
    ui::{Effect, Msg},
};

use crate::{
    cluster_fixture::{Cluster, cluster, shop},
    driver::Driver,
};

fn document(name: &str) -> Document {
    Document::read(&json!({
        "ID": format!("id-of-{name}"), "Version": { "Index": 7 },
        "Spec": { "Name": name, "TaskTemplate": { "ContainerSpec": { "Image": "api:1.8" } },
            "Mode": { "Replicated": { "Replicas": 3 } } },
    }))
    .unwrap()
}

fn with_plan() -> Driver {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>f");
    driver.answer_documents(vec![document("shop_api")]);
    assert!(driver.screen(120, 40).contains("Plan: redeploy shop_api"));
    driver.app.drawn(driver.now);
    driver
}

fn sent(driver: &Driver) -> bool {
    driver.effects.iter().any(|e| matches!(e, Effect::Session(_, Command::CarryOut(_))))
}

fn wait(driver: &mut Driver, ms: i64) {
    driver.now = driver.now.shifted(ms * 1_000_000);
}

fn y() -> KeyEvent {
    KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE)
}

#[test]
fn a_y_that_comes_before_the_plan_was_read_confirms_nothing() {
    let mut driver = with_plan();
    wait(&mut driver, 30);
    driver.press(y());
    assert!(!sent(&driver), "typed ahead");
    assert!(driver.screen(120, 40).contains("too soon"), "{}", driver.screen(120, 40));
    wait(&mut driver, 399);
    driver.press(y());
    assert!(!sent(&driver), "the time counts from the last y");
    wait(&mut driver, 400);
    driver.press(y());
    assert!(sent(&driver));
}

#[test]
fn a_key_held_down_confirms_nothing() {
    let mut driver = with_plan();
    for _ in 0..200 {
        driver.press(y());
        wait(&mut driver, 33);
    }
    assert!(!sent(&driver));
    // Held since before the plan came up.
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>f");
    driver.press(y());
    wait(&mut driver, 300);
    driver.answer_documents(vec![document("shop_api")]);
    driver.app.drawn(driver.now.shifted(-200_000_000));
    wait(&mut driver, 90);
    driver.press(y());
    assert!(!sent(&driver));
    // Where the terminal tells that it is a repetition.
    wait(&mut driver, 5_000);
    driver.press(KeyEvent { kind: KeyEventKind::Repeat, ..y() });
    assert!(!sent(&driver));
}

#[test]
fn only_the_key_alone_confirms() {
    let mut driver = with_plan();
    for modifiers in [KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT] {
        wait(&mut driver, 5_000);
        driver.press(KeyEvent::new(KeyCode::Char('y'), modifiers));
        assert!(!sent(&driver), "{modifiers:?}");
    }
    wait(&mut driver, 5_000);
    driver.effects.extend(driver.app.update(Msg::Paste("y".into()), driver.now));
    assert!(!sent(&driver), "pasted");
    wait(&mut driver, 5_000);
    driver.press(y());
    assert!(sent(&driver));
}

#[test]
fn a_plan_that_was_never_drawn_takes_no_answer() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>f");
    driver.answer_documents(vec![document("shop_api")]);
    wait(&mut driver, 5_000);
    driver.press(y());
    assert!(!sent(&driver), "a slow link has not shown it yet");
}

/// What documents were asked for last.
fn asked(driver: &Driver) -> Vec<String> {
    let last = driver.effects.iter().rev().find_map(|e| match e {
        Effect::Session(_, Command::Documents(_, targets)) => Some(targets),
        _ => None,
    });
    last.into_iter().flatten().map(|t| t.id().to_owned()).collect()
}

fn three() -> Cluster {
    cluster().manager("m1").node("n2").service("api", 2).service("db", 1).service("web", 2)
}

#[test]
fn a_mark_that_is_hidden_is_not_acted_on() {
    let mut driver = Driver::new(&three(), false);
    driver.keys("2/api<enter><space>/<c-u>web<enter>");
    assert!(driver.screen(120, 40).contains("1 marked, hidden"), "{}", driver.screen(120, 40));
    driver.keys("f");
    assert_eq!(asked(&driver), ["id-of-web"]);
    // What is read is what would be written to.
    driver.keys("<esc>d");
    assert!(driver.screen(120, 40).contains("service web"));
    driver.keys("<esc>l");
    assert!(driver.screen(120, 40).contains("Logs of web"), "{}", driver.screen(120, 40));
    // Nodes alike.
    let mut driver = Driver::new(&three(), false);
    driver.keys("3/n2<enter><space>/<c-u>m1<enter>D");
    assert_eq!(asked(&driver), ["id-of-m1"]);
}

#[test]
fn marks_count_only_where_the_cursor_is() {
    let mut driver = Driver::new(&three(), false);
    // In the Overview: services marked, and then a task of another one.
    driver.keys("1<home><space><tab><tab><end>");
    driver.keys("f");
    assert_eq!(asked(&driver), ["id-of-web"], "{}", driver.screen(120, 40));
}

#[test]
fn a_set_is_named_in_the_question_and_in_the_plan() {
    let mut driver = Driver::new(&three(), false);
    driver.keys("2<home><space><space>s");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("Scale 2 services") && screen.contains("api, db"), "{screen}");
    driver.keys("4<enter>");
    assert_eq!(asked(&driver), ["id-of-api", "id-of-db"]);
    driver.answer_documents(vec![document("api"), document("db")]);
    let screen = driver.screen(80, 24);
    assert!(screen.contains("2 services: api, db"), "{screen}");
    // The cursor went on to web: one page can't be about two others.
    driver.keys("<esc><esc>d");
    assert!(driver.screen(120, 40).contains("2 are marked"), "{}", driver.screen(120, 40));
    driver.keys("kd");
    assert!(driver.screen(120, 40).contains("service db"));
    driver.keys("<esc>l");
    assert!(driver.screen(120, 40).contains("Logs of 2 services"));
}

#[test]
fn esc_clears_the_marks_before_anything_else() {
    let mut driver = Driver::new(&three(), false);
    driver.keys("2/web<enter><space><esc>");
    let screen = driver.screen(120, 40);
    assert!(!screen.contains("marked") && !screen.contains(" db "), "the filter stays: {screen}");
    driver.keys("<esc>");
    assert!(driver.screen(120, 40).contains(" db "));
}

const SUM: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn a_long_image_is_edited_at_its_end_and_told_where_it_changes() {
    let long = "registry.example.org:5000/team/of/the/shop/some/service/api";
    let mut cluster = three();
    cluster.services[0].image = format!("{long}:1.8@{SUM}").as_str().into();
    let mut driver = Driver::new(&cluster, false);
    driver.keys("2<home>u");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("89abcdef▏"), "the end is shown: {screen}");
    // Back over the digest to the tag: the cursor stays in sight.
    driver.keys("<end>");
    for _ in 0..=SUM.len() {
        driver.press(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE));
    }
    let screen = driver.screen(80, 24);
    assert!(screen.contains("api:1.8▏@sha256:"), "{screen}");
    driver.press(KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
    driver.keys("9");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("digest is that of the old tag"), "{screen}");
    driver.keys("<enter>");
    let mut read = document("api");
    read.spec["TaskTemplate"]["ContainerSpec"]["Image"] = format!("{long}:1.8@{SUM}").into();
    driver.answer_documents(vec![read]);
    let screen = driver.screen(80, 24);
    assert!(screen.contains("is left out: it is the old image's"), "{screen}");
    assert!(screen.contains("+     Image: …") && screen.contains("/api:1.9 "), "{screen}");
    assert!(screen.contains("/api:1.8@sha256:0123"), "{screen}");
}

#[test]
fn an_image_with_an_invalid_digest_is_refused() {
    let mut driver = Driver::new(&three(), false);
    driver.keys("2<home>uapi:1.9@sha256:0123<enter>");
    driver.answer_documents(vec![document("api")]);
    let screen = driver.screen(120, 40);
    assert!(screen.contains("the digest must be sha256:") && !screen.contains("Plan:"), "{screen}");
}

#[test]
fn a_host_name_that_two_nodes_have_is_not_enough() {
    let mut c = cluster().manager("m1").node("n2").node("n3");
    c.nodes[2].hostname = "n2".into();
    let mut driver = Driver::new(&c, false);
    driver.keys(":drain n2<enter>");
    assert!(asked(&driver).is_empty(), "{}", driver.screen(120, 40));
    let mut driver = Driver::new(&c, false);
    driver.keys(":drain id-of-n3<enter>");
    assert_eq!(asked(&driver), ["id-of-n3"]);
    assert!(driver.screen(120, 40).contains("drain n2 (id-of-n3)"));
}

#[test]
fn what_was_acted_on_keeps_the_cursor_when_another_row_comes_above_it() {
    let mut c = cluster().manager("m1").service("pa", 1).task(1, TaskState::Running, "", 900);
    c = c.service("udp", 1).task(1, TaskState::Running, "", 900);
    let mut driver = Driver::new(&c, false);
    driver.keys("2/pa<enter>");
    let row = |driver: &Driver| {
        let screen = driver.screen(120, 40);
        screen.lines().find(|l| l.contains('›')).map(str::to_owned).unwrap_or_default()
    };
    assert!(row(&driver).contains("pa "), "{}", row(&driver));
    driver.keys("f");
    driver.answer_documents(vec![document("pa")]);
    driver.keys("<esc>");
    // The other one matches too now, by its update, and is sorted first.
    c.last().name = "a-udp".into();
    c.last().update = c.clone().update(UpdateState::Paused, "update paused").last().update.clone();
    driver.heard(c.deltas(2));
    driver.later(2);
    let screen = driver.screen(120, 40);
    assert!(screen.contains("a-udp"), "{screen}");
    assert!(row(&driver).contains("pa  "), "{screen}");
}

/// Of many refusals a line says how many: that of a stack was cut after the second.
#[test]
fn what_many_refuse_is_told_in_a_line() {
    let mut driver = Driver::new(&three(), false);
    driver.keys("2<home><space><space><space>r");
    driver.answer_documents(vec![document("api"), document("db"), document("web")]);
    let screen = driver.screen(120, 40);
    assert!(screen.contains("api: ") || screen.contains("api has"), "{screen}");
    assert!(screen.contains("; and 1 more"), "{screen}");
}
