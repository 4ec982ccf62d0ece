//! Names and texts that mean harm: nothing a terminal obeys is ever in the buffer, and columns align.

use skep::cluster::{Reachability, TaskState};

use crate::{
    cluster_fixture::{cluster, shop},
    driver::Driver,
};

const EVIL: &str = "a\u{1b}]0;pwned\u{7}\u{1b}[2J\u{0}\u{9b}31m\u{202e}b\u{200d}c\u{fe0f}\n\r\t";

#[test]
fn no_view_lets_control_characters_through() {
    let mut evil = shop();
    for node in &mut evil.nodes {
        node.hostname = EVIL.into();
        node.message = EVIL.into();
        node.engine = EVIL.into();
        node.labels.push((EVIL.into(), EVIL.into()));
    }
    let manager = evil.nodes[1].manager.as_mut().unwrap();
    manager.reachability = Reachability::Unreachable;
    evil = evil.service(EVIL, 2).task(1, TaskState::Failed, EVIL, 4);
    evil.last().labels.push((EVIL.into(), EVIL.into()));
    evil.last().image = EVIL.into();
    evil.last().stack = Some(EVIL.into());
    evil.last().constraints.push(EVIL.into());
    let no_node = "no suitable node (scheduling constraints not satisfied on 5 nodes)";
    evil = evil.task(2, TaskState::Pending, no_node, 60);
    evil.last().constraints.push("node.labels.x==1".into());
    for keys in [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "7j",
        "7jj",
        "7jjj",
        "3b",
        "5gT",
        "5gS",
        "2Gd",
        "3d",
        "4Gd",
        "2Gc",
        "2Gs",
        "2Gu",
        "2Gl",
        ":tasks ",
        "/\u{202e}",
    ] {
        let mut driver = Driver::new(&evil, false);
        driver.keys(keys);
        driver.later(1);
        for (width, height) in [(80, 24), (200, 60), (40, 10)] {
            let screen = driver.screen(width, height);
            let bad = screen.chars().find(|c| {
                (c.is_control() && *c != '\n')
                    || ('\u{200b}'..='\u{200f}').contains(c)
                    || ('\u{202a}'..='\u{202e}').contains(c)
                    || ('\u{fe00}'..='\u{fe0f}').contains(c)
            });
            assert_eq!(bad, None, "after {keys:?} at {width}x{height}:\n{screen}");
        }
    }
}

#[test]
fn wide_characters_and_combining_marks_keep_columns_aligned() {
    let c =
        cluster().manager("m1").service("plain", 1).service("蜂の巣", 1).service("bee🐝hive", 1);
    let mut driver = Driver::new(&c.service("cafe\u{301}", 1), false);
    driver.keys("2");
    let screen = driver.screen(80, 24);
    let column = |line: &str| {
        let before = line.split("1/1").next().unwrap();
        unicode_width::UnicodeWidthStr::width(before)
    };
    let rows: Vec<&str> =
        screen.lines().filter(|l| l.contains("1/1") && l.contains("shop/api")).collect();
    assert_eq!(rows.len(), 4, "{screen}");
    assert!(rows.iter().all(|r| column(r) == column(rows[0])), "{screen}");
    assert!(rows.iter().all(|r| unicode_width::UnicodeWidthStr::width(*r) == 80), "{screen}");
}

#[test]
fn the_commands_of_the_task_page_are_quoted() {
    let mut driver = Driver::new(&cluster().manager("m1").service("a; $(reboot)", 1), false);
    driver.keys("4d");
    let screen = driver.screen(120, 60);
    assert!(screen.contains("docker service ps --no-trunc 'a; $(reboot)'"), "{screen}");
}
