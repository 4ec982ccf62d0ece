//! Texts as long as a message of the engine may be: a frame costs what is seen of them. A view that wraps
//! all of one, or looks at its characters more than a few times, needs minutes for these.

use skep::{
    cluster::{Availability, TaskState},
    session::{Command, Event, LogFrame, Output},
    ui::Effect,
};

use crate::{
    cluster_fixture::{Cluster, ago, cluster},
    driver::Driver,
    views::document,
};

const MEGABYTES: usize = 3 << 20;

/// Everything that someone may write is huge.
fn huge(text: &str) -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("shop_web", 2);
    c.nodes[1].message = text.into();
    c.nodes[1].availability = Availability::Drain;
    c.nodes[1].labels.push(("zone".into(), text.into()));
    c.tasks.clear();
    for (slot, state) in [(1, TaskState::Failed), (2, TaskState::Pending)] {
        c = c.task(slot, state, text, 10);
    }
    let service = c.last();
    service.labels.push(("note".into(), text.into()));
    service.image = text.into();
    service.constraints.push(text.into());
    c
}

#[test]
fn no_view_is_slowed_by_a_text_of_megabytes() {
    for text in ["x".repeat(MEGABYTES), "a word ".repeat(MEGABYTES / 7)] {
        let mut driver = Driver::new(&huge(&text), false);
        for keys in [
            "1", "2", "3", "4", "5", "6", "7", "<tab>", "<esc>7jj", "3jb", "<esc>W", "<esc>2d",
            "<esc>3jd", "<esc>4d", "<esc>2u", "<esc>f",
        ] {
            driver.keys(keys);
            driver.later(1);
            driver.screen(80, 24);
        }
        let mut read = document("shop_web", 2);
        read.name = text.as_str().into();
        driver.answer_documents(vec![read]);
        assert!(driver.screen(80, 24).contains("Plan: redeploy"));
        // What is said, as of an engine that refuses with a page.
        driver.keys("<esc>:no ");
        driver.keys(&text[..20]);
        driver.screen(80, 24);
    }
}

#[test]
fn a_line_of_megabytes_is_read_in_rows() {
    let mut driver = Driver::new(&huge("short"), false);
    driver.keys("2l");
    let asked = driver.effects.iter().rev().find_map(|e| match e {
        Effect::Session(_, Command::Logs(token, tasks)) => Some((*token, tasks[0].of.clone())),
        _ => None,
    });
    let (token, task) = asked.unwrap();
    for line in ["x".repeat(MEGABYTES), format!("{{\"msg\":\"{}\"}}", "y".repeat(900_000))] {
        let frame = LogFrame { at: Some(ago(5)), output: Output::Stdout, text: line.into_bytes() };
        driver.send(Event::Lines(token, task.clone(), vec![frame]));
        for keys in ["", "<space>", "w", "<enter>", "<enter>", "w", "/y<enter>", "/<esc>"] {
            driver.keys(keys);
            driver.screen(200, 60);
        }
    }
}
