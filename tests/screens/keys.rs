//! Every key in every view: what is offered does something, and what is not does nothing.

use ratatui::buffer::Cell;
use skep::{
    cluster::{Delta, EngineEvent},
    session::{Command, Event, LogFrame, Output},
    ui::{
        Effect, Keymap,
        actions::{ACTIONS, KeyContext},
    },
};

use crate::{
    cluster_fixture::{ago, shop},
    driver::Driver,
};

/// How to get there: its name, what its keys are, and those that lead there.
const PLACES: [(&str, KeyContext, &str); 12] = [
    ("Overview, services", KeyContext::Table, "j"),
    ("Overview, nodes", KeyContext::Table, "<tab>j"),
    ("Overview, tasks", KeyContext::Table, "<tab><tab>j"),
    ("Overview, events", KeyContext::Events, "<tab><tab><tab>k"),
    ("Services", KeyContext::Table, "2j"),
    ("Nodes", KeyContext::Table, "3j"),
    ("Tasks", KeyContext::Table, "4j"),
    ("Tasks of a service", KeyContext::Table, "2/shop_api<enter><enter>j"),
    ("Events", KeyContext::Events, "5k"),
    ("Logs, none", KeyContext::Log, "2/zzz<enter>6"),
    ("Log", KeyContext::Log, "2/shop_web<enter>l6k"),
    ("Problems", KeyContext::Problems, "7"),
];

/// At one of the ends these do nothing.
const MOVES: [&str; 10] = [
    "up",
    "down",
    "top",
    "bottom",
    "half-up",
    "half-down",
    "page-up",
    "page-down",
    "next-error",
    "previous-error",
];

fn there(keys: &str, read_only: bool) -> Driver {
    let mut driver = Driver::new(&shop(), read_only);
    let events = (0..40).map(|i| {
        Delta::Event(EngineEvent {
            at: ago(600 - i * 10),
            kind: "secret".into(),
            action: "create".into(),
            id: format!("s{i}").as_str().into(),
            attributes: vec![],
        })
    });
    driver.heard(events.collect());
    driver.later(1);
    driver.keys(keys);
    let logs = driver.effects.iter().rev().find_map(|e| match e {
        Effect::Session(_, Command::Logs(token, tasks)) if !tasks.is_empty() => {
            Some((*token, tasks[0].of.clone()))
        }
        _ => None,
    });
    if let Some((token, task)) = logs {
        let frames = (0..100).map(|i| LogFrame {
            at: Some(ago(200 - i)),
            output: if i % 2 == 0 { Output::Stdout } else { Output::Stderr },
            text: format!(
                "line {i} {} {}",
                if i % 10 == 0 { "ERROR" } else { "" },
                "on ".repeat(80)
            )
            .into_bytes(),
        });
        driver.send(Event::Lines(token, task, frames.collect()));
        driver.keys("kkk");
    }
    driver.effects.clear();
    driver
}

/// The screen without its bottom line, which may say why nothing was done.
fn body(driver: &Driver) -> Vec<Cell> {
    let mut cells = driver.buffer(160, 50).content;
    cells.truncate(160 * 49);
    cells
}

fn press(driver: &mut Driver, key: &str) {
    let event = Keymap::press(key).unwrap_or_else(|| panic!("{key} is no key"));
    driver.press(event);
}

/// Whether a key does more than say that it can't.
fn does_something(place: &str, read_only: bool, from: &str, key: &str) -> bool {
    let mut driver = there(place, read_only);
    driver.keys(from);
    driver.effects.clear();
    let before = body(&driver);
    press(&mut driver, key);
    let told = |e: &Effect| !matches!(e, Effect::Session(_, Command::Watch(_) | Command::Attend));
    // A filter is typed, and the beginning of a range told, in the bottom line.
    let screen = driver.screen(160, 50);
    let bottom = screen.lines().last().unwrap_or("");
    let below = ["Enter keep", "a range begins"].iter().any(|said| bottom.contains(said));
    below || body(&driver) != before || driver.effects.iter().any(told)
}

#[test]
fn what_is_offered_works_and_what_is_not_does_nothing() {
    let mut wrong = Vec::new();
    let keymap = Keymap::default();
    for (name, context, place) in PLACES {
        for read_only in [false, true] {
            let mut driver = there(place, read_only);
            let footer = driver.screen(400, 50).lines().last().unwrap_or("").to_owned();
            driver.keys("?");
            let help = driver.screen(160, 100);
            for action in ACTIONS.iter() {
                let line = format!("{:>14}  {}", keymap.shown(action, context), action.words);
                let listed = help.contains(&line);
                assert!(!(read_only && action.writes && listed), "{name}: {} writes", action.id);
                let has_keys = action.contexts.contains(&context);
                assert!(has_keys || !listed, "{name}: {} has no keys there", action.id);
                if !has_keys {
                    continue;
                }
                for key in action.keys_in(context) {
                    let shown =
                        action.footer && footer.contains(&format!(" {key} {}", action.short));
                    let moves = MOVES.contains(&action.id);
                    let from: &[&str] = if moves { &["", "g", "G"] } else { &[""] };
                    let does = from.iter().any(|from| does_something(place, read_only, from, key));
                    if does != listed || (shown && !does) {
                        wrong.push(format!(
                            "{name}, {}: {key} ({}) is {} and does {}",
                            if read_only { "read-only" } else { "read and write" },
                            action.id,
                            if listed { "offered" } else { "not offered" },
                            if does { "something" } else { "nothing" },
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A log is read as in a pager, and no key in it leads to a plan, a prompt or an editor.
#[test]
fn a_log_is_read_as_in_a_pager() {
    let log = "2/shop_web<enter>l6k";
    for (key, as_key) in
        [("f", "PgDn"), ("b", "PgUp"), ("d", "Ctrl-d"), ("u", "Ctrl-u"), ("F", "G")]
    {
        for from in ["", "g", "<pgup>"] {
            let [one, other] = [key, as_key].map(|key| {
                let mut driver = there(log, false);
                driver.keys(from);
                press(&mut driver, key);
                driver.screen(160, 50)
            });
            assert_eq!(one, other, "{key} and {as_key} after {from:?}");
        }
    }
    let keys: Vec<&str> =
        ACTIONS.iter().filter(|a| a.writes).flat_map(|a| a.keys.iter().copied()).collect();
    for key in keys.into_iter().chain(["D", "Delete", "+", "-", "Ctrl-r", "r", "s"]) {
        let mut driver = there(log, false);
        press(&mut driver, key);
        let asks = |e: &Effect| matches!(e, Effect::Session(_, Command::Documents(..)));
        assert!(!driver.effects.iter().any(asks), "{key}");
        let screen = driver.screen(160, 50);
        assert!(!["replicas:", "image:", "labels:"].iter().any(|p| screen.contains(p)), "{screen}");
    }
    let mut driver = there(log, false);
    driver.keys("s");
    assert!(driver.screen(160, 50).contains("scale has no key in a log"));
}

/// The editor opens at once, on the service under the cursor; Ctrl-l draws anew wherever one is.
#[test]
fn keys_that_came_with_contexts() {
    let mut driver = there("2/shop_api<enter>", false);
    driver.keys("e");
    assert!(driver.asked_documents().is_some());
    let mut driver = there("3j", false);
    driver.keys("t");
    assert!(driver.screen(120, 40).contains("Labels of"));
    for place in ["2j", "7", "2/shop_web<enter>l6k", "8", "2d", "?", "w"] {
        let mut driver = there(place, false);
        driver.keys("<c-l>");
        let redrawn = |e: &Effect| matches!(e, Effect::Redraw);
        assert!(driver.effects.iter().any(redrawn), "{place}");
    }
}

/// The help over the view of all clusters has that view's keys.
#[test]
fn help_is_of_the_view_on_the_screen() {
    let mut driver = there("8", false);
    driver.keys("?");
    let help = driver.screen(160, 100);
    assert!(help.contains("Clusters · read and write"), "{help}");
    let keymap = Keymap::default();
    for action in ACTIONS.iter() {
        let line = format!("{:>14}  {}", keymap.shown(action, KeyContext::Clusters), action.words);
        // There is one cluster, and no action.
        let has_more = ["next-cluster", "previous-cluster", "dismiss"].contains(&action.id);
        let works = action.contexts.contains(&KeyContext::Clusters) && !has_more;
        assert_eq!(help.contains(&line), works, "{}", action.id);
    }
}

#[test]
fn esc_that_dismisses_a_message_does_not_also_go_back() {
    for (view, leads_to) in [("2", "Services"), ("7", "Problems"), ("8", "Managers of")] {
        let mut driver = Driver::new(&shop(), true);
        driver.keys(view);
        driver.keys("s");
        let said = driver.screen(120, 40).lines().last().unwrap().to_owned();
        driver.later(1);
        driver.keys("<esc>");
        let screen = driver.screen(120, 40);
        assert_ne!(screen.lines().last().unwrap(), said, "the message is gone");
        assert!(!screen.contains("Tasks of"), "{view} is still there: {leads_to}\n{screen}");
        driver.keys("<esc>");
        assert!(driver.screen(120, 40).contains("Tasks of"), "and now it goes back");
    }
    // What was pressed before a message could be read was not for it.
    let mut driver = Driver::new(&shop(), true);
    driver.keys("2s<esc>");
    assert!(driver.screen(120, 40).contains("Tasks of"));
}
