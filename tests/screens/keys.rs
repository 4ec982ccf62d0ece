//! Every key in every view: what is offered does something, and what is not does nothing.

use ratatui::buffer::Cell;
use skep::{
    cluster::{Delta, EngineEvent},
    session::{Command, Event, LogFrame, Output},
    ui::{Effect, Keymap, actions::ACTIONS},
};

use crate::{
    cluster_fixture::{ago, shop},
    driver::Driver,
};

/// How to get there: its name, and the keys.
const PLACES: [(&str, &str); 12] = [
    ("Overview, services", "j"),
    ("Overview, nodes", "<tab>j"),
    ("Overview, tasks", "<tab><tab>j"),
    ("Overview, events", "<tab><tab><tab>k"),
    ("Services", "2j"),
    ("Nodes", "3j"),
    ("Tasks", "4j"),
    ("Tasks of a service", "2/shop_api<enter><enter>j"),
    ("Events", "5k"),
    ("Logs, none", "6"),
    ("Log", "2/shop_web<enter>l6k"),
    ("Problems", "7"),
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
            Some((*token, tasks[0].task.clone()))
        }
        _ => None,
    });
    if let Some((token, task)) = logs {
        let frames = (0..100).map(|i| LogFrame {
            at: ago(200 - i),
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
    driver.keys(&match key.chars().count() {
        1 => key.to_owned(),
        _ => format!("<{}>", key.to_lowercase().replace("ctrl-", "c-")),
    });
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
    for (name, place) in PLACES {
        for read_only in [false, true] {
            let mut driver = there(place, read_only);
            let footer = driver.screen(400, 50).lines().last().unwrap_or("").to_owned();
            driver.keys("?");
            let help = driver.screen(160, 100);
            for action in ACTIONS {
                let Some(key) = action.keys.first() else { continue };
                let line = format!("{:>14}  {}", keymap.shown(action), action.words);
                let listed = help.contains(&line);
                let shown = action.footer && footer.contains(&format!(" {key} {}", action.short));
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
                assert!(!(read_only && action.writes && listed), "{name}: {key} writes");
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
