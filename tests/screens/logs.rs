//! Reading logs: what is shown, found, sifted and taken away.

use skep::{
    cluster::{TaskId, TaskState},
    session::{Command, Event, LogFrame, Output, Token},
    ui::Effect,
};

use crate::{
    cluster_fixture::{Cluster, NOW, ago, cluster, shop},
    driver::Driver,
};

/// A driver that reads the log of a service; the view's token and the tasks followed.
fn reading(cluster: &Cluster, service: &str) -> (Driver, Token, Vec<TaskId>) {
    let mut driver = Driver::new(cluster, false);
    driver.keys(&format!("2/{service}<enter>l"));
    let (token, tasks) = followed(&driver);
    (driver, token, tasks)
}

fn followed(driver: &Driver) -> (Token, Vec<TaskId>) {
    let asked = driver.effects.iter().rev().find_map(|e| match e {
        Effect::Session(_, Command::Logs(token, tasks)) => {
            Some((*token, tasks.iter().filter_map(|t| t.of.task().cloned()).collect()))
        }
        _ => None,
    });
    asked.expect("logs were asked for")
}

fn say(driver: &mut Driver, token: Token, task: &TaskId, lines: &[(i64, &str)]) {
    let frames = lines.iter().map(|(secs, text)| LogFrame {
        at: Some(ago(*secs)),
        output: Output::Stdout,
        text: text.as_bytes().to_vec(),
    });
    driver.send(Event::Lines(token, task.clone().into(), frames.collect()));
}

#[test]
fn a_failing_service_shows_its_dead_tasks_with_their_ends() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_api");
    for task in &tasks {
        say(&mut driver, token, task, &[(200, "starting"), (199, "FATAL: no such table")]);
    }
    let screen = driver.screen(120, 40);
    assert!(screen.contains("── .1 failed") && screen.contains("exit 137"), "{screen}");
    // To the errors, one after the other.
    driver.keys("E");
    let screen = driver.screen(120, 40);
    assert!(screen.lines().any(|l| l.contains('›') && l.contains("FATAL")), "{screen}");
    assert!(screen.contains("PAUSED"), "{screen}");
}

#[test]
fn sifting_by_key() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_web");
    say(&mut driver, token, &tasks[0], &[(9, "one of the first"), (7, "level=error msg=broken")]);
    say(&mut driver, token, &tasks[1], &[(8, "one of the second")]);
    let has = |d: &Driver, text: &str| d.screen(120, 40).contains(text);
    driver.keys("V");
    assert!(has(&driver, "≥ warning") && has(&driver, "broken") && !has(&driver, "of the first"));
    driver.keys("VV");
    assert!(has(&driver, "of the first"));
    driver.keys("T");
    assert!(has(&driver, "one task") && !has(&driver, "of the second"));
    driver.keys("TS");
    assert!(has(&driver, "stdout"));
    driver.keys("SS/second<enter>");
    assert!(has(&driver, "1/3") && !has(&driver, "of the first"));
    // What comes is sifted as well.
    say(&mut driver, token, &tasks[1], &[(1, "second again"), (1, "other")]);
    assert!(has(&driver, "2/5") && has(&driver, "second again") && !has(&driver, "other"));
    driver.keys("<esc>");
    assert!(has(&driver, "of the first"));
    // Where the keys leave nothing, Esc brings all back as well, as it says.
    driver.keys("SS");
    assert!(has(&driver, "Esc clears it"));
    driver.keys("<esc>");
    assert!(has(&driver, "of the first") && has(&driver, "Logs of"));
}

#[test]
fn finding_and_reading_back() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_web");
    let texts: Vec<String> = (0..300)
        .map(|i| format!("line {i} {}", if i % 100 == 7 { "needle" } else { "hay" }))
        .collect();
    let lines: Vec<(i64, &str)> =
        texts.iter().enumerate().map(|(i, t)| (400 - i as i64, t.as_str())).collect();
    say(&mut driver, token, &tasks[0], &lines);
    let cursor = |d: &Driver| {
        let screen = d.screen(100, 30);
        screen.lines().find(|l| l.contains('›')).map(str::to_owned).unwrap_or_default()
    };
    assert!(driver.screen(100, 30).contains("line 299"), "it follows");
    driver.keys("&needle<enter>");
    assert!(cursor(&driver).contains("line 207"), "{}", cursor(&driver));
    driver.keys("N");
    assert!(cursor(&driver).contains("line 107"));
    driver.keys("n");
    assert!(cursor(&driver).contains("line 207"));
    // Moving stays in the window, and what comes is counted.
    driver.keys("kkk");
    assert!(cursor(&driver).contains("line 204"));
    say(&mut driver, token, &tasks[0], &[(1, "new")]);
    assert!(driver.screen(100, 30).contains("PAUSED +1") && cursor(&driver).contains("line 204"));
    driver.keys("G");
    assert!(driver.screen(100, 30).contains("new") && !driver.screen(100, 30).contains("PAUSED"));
    // A time: 14:03:12 is now, the lines are seconds apart.
    driver.keys(":goto -250s<enter>");
    assert!(cursor(&driver).contains("line 150"), "{}", cursor(&driver));
    // Past the oldest line older ones are asked for, once.
    driver.keys("gkk");
    let asked = |d: &Driver| {
        d.effects.iter().filter(|e| matches!(e, Effect::Session(_, Command::OlderLogs(..)))).count()
    };
    assert_eq!(asked(&driver), 1);
    let older =
        vec![LogFrame { at: Some(ago(500)), output: Output::Stdout, text: b"much older".to_vec() }];
    driver.send(Event::OlderLines(token, tasks[0].clone().into(), older));
    driver.keys("g");
    assert!(cursor(&driver).contains("much older"));
}

#[test]
fn a_line_in_full_a_range_and_a_file() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_web");
    let json = r#"{"ts":1,"level":"error","msg":"no user","user":{"id":7}}"#;
    say(&mut driver, token, &tasks[0], &[(5, "first"), (4, json), (3, "third")]);
    assert!(driver.screen(100, 30).contains(r#"ERROR no user user={"id":7}"#));
    driver.keys("kk<enter>");
    driver.keys("j<enter>");
    let screen = driver.screen(100, 30);
    assert!(screen.contains(r#""level": "error","#) && screen.contains(r#""id": 7"#), "{screen}");
    driver.keys("<space>jc");
    let copied = driver.effects.iter().rev().find_map(|e| match e {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.unwrap();
    assert!(copied.lines().count() == 2 && copied.ends_with("third"), "{copied:?}");
    driver.keys(":save /nowhere/at/all.log<enter>");
    let written = driver
        .effects
        .iter()
        .any(|e| matches!(e, Effect::Write { text, fresh: true, .. } if text.lines().count() == 3));
    assert!(written);
}

#[test]
fn long_lines_wrap_or_pan_and_colours_are_kept_but_nothing_else() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_db");
    let long = format!("{}END", "0123456789".repeat(20));
    say(
        &mut driver,
        token,
        &tasks[0],
        &[(9, &long), (8, "a \u{1b}[31mred\u{1b}[0m word\u{1b}[2J\u{1b}]0;x\u{7}")],
    );
    assert!(!driver.screen(80, 24).contains("END"));
    driver.keys("W");
    assert!(driver.screen(80, 24).contains("END"));
    assert!(driver.screen(80, 24).contains("a red word"), "{}", driver.screen(80, 24));
}

#[test]
fn a_corpus_of_evil_lines_changes_nothing_but_its_own_cells() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_db");
    let evil = [
        "\u{1b}[2J\u{1b}[H",
        "\u{1b}]0;t\u{7}",
        "\u{1b}]52;c;aGk=\u{1b}\\",
        "\u{1b}P1$r0m\u{1b}\\",
        "\u{1b}[?1049h",
        "\u{1b}[?2004h",
        "\u{9b}2J",
        "\u{9d}0;t\u{9c}",
        "\u{202e}drow",
        "\u{200b}\u{200b}\u{200b}z",
        "\0\u{7}\u{8}\r\n\t",
        "\u{1b}",
        "\u{1b}[",
        "\u{1b}]never ends",
        "e\u{301}\u{301}\u{301}",
        "👩‍👩‍👧‍👦",
        "\u{feff}\u{fff9}x",
    ];
    for (i, text) in evil.iter().enumerate() {
        say(&mut driver, token, &tasks[0], &[(100 - i as i64, text)]);
    }
    let huge = "x\u{1b}[31m".repeat(1 << 20);
    say(&mut driver, token, &tasks[0], &[(1, &huge)]);
    for keys in ["", "W", "k<enter>", "&x<enter>", "/\u{1b}<enter>"] {
        driver.keys(keys);
        let screen = driver.screen(80, 24);
        let bad = screen.chars().find(|c| {
            c.is_control() && *c != '\n'
                || ('\u{200b}'..='\u{202e}').contains(c)
                    && *c != '…'
                    && !('\u{2010}'..='\u{2027}').contains(c)
        });
        assert_eq!(bad, None, "after {keys:?}:\n{screen}");
        assert_eq!(screen.lines().count(), 24);
    }
}

#[test]
fn from_an_event_to_the_lines_of_that_moment_and_back() {
    let cluster = shop();
    let mut driver = Driver::new(&cluster, false);
    let mut changed = cluster.clone();
    let task = changed.tasks.iter_mut().find(|t| t.service.as_str() == "id-of-shop_web").unwrap();
    task.state = TaskState::Failed;
    task.since = Some(ago(60));
    let id = task.id.clone();
    driver.heard(changed.deltas(2));
    driver.keys("5Gl");
    let (token, _) = followed(&driver);
    say(
        &mut driver,
        token,
        &id,
        &[(120, "long before"), (61, "just before"), (60, "then"), (1, "now")],
    );
    driver.later(1);
    let screen = driver.screen(100, 30);
    assert!(screen.lines().any(|l| l.contains('›')), "{screen}");
    driver.keys("<esc>");
    assert!(driver.screen(100, 30).contains("Events"));
    let _ = NOW;
}

/// What is pasted into a shell must not run by itself.
#[test]
fn a_line_is_copied_without_line_ends() {
    let (mut driver, token, tasks) = reading(&shop(), "shop_web");
    say(&mut driver, token, &tasks[0], &[(5, "first"), (4, "reboot\rhalt\r")]);
    driver.keys("kjc");
    let copied = driver.effects.iter().rev().find_map(|e| match e {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("reboot␍halt"));
}

#[test]
fn a_task_that_is_to_start_again_shows_the_log_of_the_one_before() {
    let mut c = cluster().manager("m1").service("gateway", 1);
    c.tasks.clear();
    for age in [40, 20] {
        c = c.task(1, TaskState::Failed, "task: non-zero exit (1)", age);
    }
    c = c.task(1, TaskState::Ready, "", 2);
    let waits = c.tasks.last_mut().unwrap();
    (waits.container, waits.desired) = (None, TaskState::Ready);
    let mut driver = Driver::new(&c, false);
    driver.keys("2<enter>l");
    let (token, tasks) = followed(&driver);
    assert_eq!(tasks, [c.tasks[0].id.clone(), c.tasks[1].id.clone()]);
    say(&mut driver, token, &tasks[1], &[(21, "no such table")]);
    assert!(driver.screen(80, 24).contains("no such table"), "{}", driver.screen(80, 24));
    // And what comes in its place is followed.
    c = c.task(1, TaskState::Running, "", 0);
    driver.heard(c.deltas(2));
    driver.later(1);
    assert!(followed(&driver).1.contains(&c.tasks[3].id));
}

#[test]
fn the_log_of_a_service_with_a_long_name_tells_slot_and_node() {
    let name = "payments-production_checkout-gateway-eu-west";
    let mut c = cluster().manager("m1").node("node2").node("node3").service(name, 3);
    c = c.task(2, TaskState::Failed, "task: non-zero exit (7)", 30);
    let (mut driver, token, tasks) = reading(&c, name);
    for task in &tasks {
        say(&mut driver, token, task, &[(100, "a line of it"), (99, "another line")]);
    }
    let screen = driver.screen(80, 24);
    for said in [".1 node3 ", ".2 m1 ", "── .2 failed on m1, exit 7"] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    // Of several services their names stand there, and what differs is not cut.
    let c = c.service("payments-production_checkout-gateway-us-east", 2);
    let mut driver = Driver::new(&c, false);
    driver.keys("2L");
    let (token, tasks) = followed(&driver);
    for task in &tasks {
        say(&mut driver, token, task, &[(100, "a line of it")]);
    }
    let screen = driver.screen(120, 40);
    for said in ["eu-west.1 ", "eu-west.2 ", "us-east.1 ", "us-east.2 "] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
}
