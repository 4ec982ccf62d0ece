//! Problems and the time line, as an on-call goes through them.

use skep::{
    cluster::{
        Delta, Entry, Gravity, Meaning, NodeState, Reachability, Subject, TaskState, UpdateState,
    },
    session::{Command, Event, Generation, Link, LogFrame, Output},
    triage::Quiet,
    ui::{Effect, OpenCluster, Opening},
};

use crate::{
    cluster_fixture::{ago, cluster, shop},
    driver::Driver,
    views::document,
};

fn line<'s>(screen: &'s str, has: &str) -> &'s str {
    screen.lines().find(|l| l.contains(has)).unwrap_or_else(|| panic!("no {has}:\n{screen}"))
}

fn told(driver: &Driver) -> Vec<&Command> {
    let session = driver.effects.iter().filter_map(|e| match e {
        Effect::Session(_, command) => Some(command),
        _ => None,
    });
    session.collect()
}

#[test]
fn a_manager_that_is_away_is_in_the_header_at_80_columns() {
    let mut shop = shop();
    shop.nodes[1].manager.as_mut().unwrap().reachability = Reachability::Unreachable;
    let driver = Driver::new(&shop, false);
    let screen = driver.screen(80, 24);
    let header = screen.lines().next().unwrap();
    assert!(header.contains("managers 2/3"), "{header}");
}

#[test]
fn no_remedy_is_cut() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("7z");
    let screen = driver.screen(80, 24);
    let from = screen.lines().position(|line| line.contains(" do  ")).expect("a remedy");
    let to = screen.lines().position(|line| line.contains(" seen  ")).expect("evidence");
    let remedies: Vec<&str> = screen.lines().skip(from).take(to - from).collect();
    assert!(remedies.iter().all(|line| !line.contains('…')), "{screen}");
}

#[test]
fn a_problem_is_known_muted_and_loud_again() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("7");
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "›").contains("✗ critical") && line(&screen, "›").contains("shop_api"));
    driver.keys("a");
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "– known").contains("shop_api"));
    assert!(line(&screen, " ✗ ").contains("node-5"), "the strip goes on to the next");
    let kept = told(&driver).into_iter().rev().find_map(|c| match c {
        Command::Quieted(quieted) => Some(quieted.clone()),
        _ => None,
    });
    assert_eq!(kept.unwrap()[0].quiet, Quiet::Acknowledged);
    // The cursor stays on it, at the end of what is loud.
    driver.keys("a");
    assert!(line(&driver.screen(120, 40), "›").contains("✗ critical"));
    driver.keys("m");
    assert!(line(&driver.screen(120, 40), "until").contains("15:03:12"));
    driver.keys("m");
    assert!(line(&driver.screen(120, 40), "until").contains("22:03:12"));
    driver.later(8 * 3_600 + 1);
    driver.heard(Vec::new());
    assert!(line(&driver.screen(120, 40), "›").contains("✗ critical"));
}

#[test]
fn a_service_whose_only_task_is_replaced_is_busy_not_down() {
    let replacing = |failed: bool, age| {
        let mut c = cluster().manager("m1").service("web", 1);
        c = c.update(UpdateState::Updating, "update in progress");
        c.tasks.clear();
        if failed {
            c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 1);
        }
        c.task(1, TaskState::Preparing, "", age)
    };
    for (failed, age, glyph) in
        [(false, 3, "◐"), (false, 60, "◐"), (false, 150, "✗"), (true, 3, "✗")]
    {
        let mut driver = Driver::new(&replacing(failed, age), false);
        driver.keys("2");
        let screen = driver.screen(120, 40);
        assert!(line(&screen, " web ").contains(glyph), "{failed} {age}\n{screen}");
    }
}

#[test]
fn the_last_lines_of_the_failed_task_are_evidence() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("7");
    driver.later(1);
    let asked: Vec<_> = told(&driver)
        .into_iter()
        .filter_map(|c| match c {
            Command::LastLines(task) => Some(task.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(asked.len(), 1, "asked once");
    let frame = LogFrame {
        at: Some(ago(13)),
        output: Output::Stderr,
        text: b"java.lang.OutOfMemoryError\x1b[2J".to_vec(),
    };
    driver.send(Event::LastLines(asked[0].clone(), Ok(vec![frame])));
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "OutOfMemoryError").contains(" log "));
}

#[test]
fn read_only_offers_no_write() {
    let offers = |read_only| {
        let mut driver = Driver::new(&shop(), read_only);
        driver.keys("7");
        driver.screen(120, 40)
    };
    assert!(offers(false).contains("roll back: or go back"));
    let screen = offers(true);
    assert!(!screen.contains("roll back") && line(&screen, " do ").contains("logs:"));
}

#[test]
fn what_is_not_heard_of_any_more_does_not_age_into_problems() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("7");
    let mut cluster = shop();
    let at = cluster.tasks.iter().position(|t| t.service.as_str() == "id-of-shop_db").unwrap();
    let mut fresh = cluster.tasks[at].clone();
    fresh.version += 1_000;
    fresh.state = TaskState::Preparing;
    (fresh.created, fresh.since) = (Some(driver.now), Some(driver.now));
    cluster.tasks[at] = fresh;
    driver.heard(cluster.deltas(9));
    driver.later(1);
    let before = driver.screen(120, 40);
    assert!(!before.contains("shop_db 0/1"), "it gets its time\n{before}");
    let endpoint = "unix:///test.sock".to_owned();
    let wait = std::time::Duration::from_secs(5);
    driver.send(Event::Link(
        Generation(1),
        Link::Lost { endpoint, why: "gone".into(), wait, leaderless: None },
    ));
    driver.later(600);
    let lost = driver.screen(120, 40);
    assert!(!lost.contains("shop_db 0/1"), "{lost}");
    // Heard of again, and still preparing: now it is one.
    driver.connect(0);
    driver.heard(cluster.deltas(10));
    let back = driver.screen(120, 40);
    assert!(back.contains("shop_db 0/1"), "{back}");
}

#[test]
fn what_dies_with_a_node() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("3/mgr-2<enter>b");
    for (width, height) in [(80, 24), (120, 40)] {
        insta::assert_snapshot!(format!("blast_{width}x{height}"), driver.screen(width, height));
    }
    driver.keys("<esc>1b");
    assert!(driver.screen(120, 40).contains("no node is selected"));
}

fn entry(secs: i64, name: &str, text: &str, gravity: Gravity, meaning: Meaning) -> Entry {
    Entry {
        seq: 0,
        kept: true,
        at: ago(secs),
        kind: "node".into(),
        name: name.into(),
        text: text.into(),
        subject: Subject::Node(format!("id-of-{name}").as_str().into()),
        gravity,
        meaning,
        who: None,
    }
}

#[test]
fn the_time_line_goes_back_before_skep_came_and_is_sifted() {
    let mut driver = Driver::new(&shop(), true);
    let past = vec![
        entry(7_200, "mgr-2", "ready → down", Gravity::Bad, Meaning::NodeLost),
        entry(7_000, "mgr-2", "down → ready", Gravity::Good, Meaning::NodeBack),
    ];
    driver.send(Event::History(past, Vec::new()));
    driver.keys("5");
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "12:03:12").contains("ready → down"));
    assert!(line(&screen, "failures in the last 2h").contains("4 failures"));
    // In time, by what is bad, by kind, by object.
    driver.keys(">>");
    assert!(driver.screen(120, 40).contains("12:03:12"), "two hours ago is within six");
    driver.keys(">");
    assert!(!driver.screen(120, 40).contains("12:03:12"), "and not within one");
    driver.keys("<<<");
    driver.keys("VV");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("only failures") && !screen.contains("down → ready"));
    driver.keys("<esc>gT");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("only mgr-2") && !screen.contains("shop_api.1"));
    driver.keys("<esc>GS");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("only kind task") && !screen.contains("12:03:12"));
    driver.keys("<esc>");
    assert!(driver.screen(120, 40).contains("12:03:12"));
}

#[test]
fn what_is_done_through_skep_is_in_the_time_line_with_who_did_it() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_web<enter>s7<enter>");
    driver.answer_documents(vec![document("shop_web", 6)]);
    driver.keys("y5");
    let screen = driver.screen(120, 40);
    assert!(line(&screen, "action").contains("scale shop_web 6 → 7 by tester"));
    assert!(
        !told(&driver).iter().any(|c| matches!(c, Command::Remember(entries)
            if entries.iter().any(|e| e.meaning == Meaning::Action))),
        "the audit file has it: not twice"
    );
}

fn written(driver: &Driver) -> Option<(std::path::PathBuf, String, bool)> {
    driver.effects.iter().find_map(|e| match e {
        Effect::Write { path, text, fresh } => Some((path.clone(), text.clone(), *fresh)),
        _ => None,
    })
}

/// skep, started in a folder of the home.
fn in_a_folder(read_only: bool) -> Driver {
    let folder = "/home/ann/incidents/2026-11-21 checkout down".into();
    let opening = Opening { folder, home: Some("/home/ann".into()), ..Opening::default() };
    let open = OpenCluster {
        endpoint: "unix:///test.sock".into(),
        grant: skep::commands::permit(skep::grant::ClusterNo(0), read_only, false),
        ..OpenCluster::default()
    };
    let mut driver = Driver::opened(opening, vec![open]);
    driver.connect(0);
    let mut deltas = vec![Delta::Cluster(shop().info())];
    deltas.extend(shop().deltas(1));
    driver.heard(deltas);
    driver
}

#[test]
fn the_report_is_a_new_file_with_all_that_is_known() {
    let mut driver = in_a_folder(true);
    driver.keys("R");
    assert!(written(&driver).is_none(), "the log is read first");
    assert!(driver.screen(80, 24).contains("reading 1 log for the report…"));
    let asked = told(&driver).into_iter().find_map(|c| match c {
        Command::LastLines(task) => Some(task.clone()),
        _ => None,
    });
    let line =
        LogFrame { at: Some(ago(12)), output: Output::Stderr, text: b"out of memory".to_vec() };
    driver.send(Event::LastLines(asked.unwrap(), Ok(vec![line])));
    let (path, text, fresh) = written(&driver).unwrap();
    let name = "incident-test_sock-20261121T140312Z.md";
    let folder = std::path::Path::new("/home/ann/incidents/2026-11-21 checkout down");
    assert_eq!(path, folder.join(name));
    assert!(fresh);
    // All of the path can be read, on two lines where one is too short.
    let screen = driver.screen(80, 24);
    let shown: String =
        screen.lines().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!("the last hour is written to ~/incidents/2026-11-21 checkout down/{name}");
    assert_eq!(shown, said, "{screen}");
    // It goes with the next key, once it could be read.
    driver.later(1);
    driver.keys("j");
    assert!(!driver.screen(80, 24).contains("the last hour"), "{}", driver.screen(80, 24));
    for says in [
        "# Incident report",
        "### critical: shop\\_api 2/3: update paused",
        "- to do: ",
        "- log of shop\\_api.1, its last lines:\n  - 14:03:00 `out of memory`",
        "## Timeline",
    ] {
        assert!(text.contains(says), "{says}:\n{text}");
    }
}

#[test]
fn a_log_that_is_not_read_in_time_does_not_hold_up_the_report() {
    let mut driver = in_a_folder(true);
    driver.keys("R");
    driver.later(4);
    assert!(written(&driver).is_none());
    driver.keys("R");
    driver.later(1);
    let (_, text, _) = written(&driver).unwrap();
    assert!(text.contains("- log of shop\\_api.1: can't be read: not read within 5s"), "{text}");
    let reports = driver.effects.iter().filter(|e| matches!(e, Effect::Write { .. })).count();
    assert_eq!(reports, 1);
}

#[test]
fn what_is_new_is_handed_on_to_be_kept_and_nothing_twice() {
    let mut driver = Driver::new(&shop(), true);
    let mut cluster = shop();
    for secs in 1..=3 {
        cluster.nodes[1].version += 1;
        cluster.nodes[1].labels = vec![("x".into(), secs.to_string().as_str().into())];
        driver.heard(cluster.deltas(10 + secs));
        driver.later(1);
    }
    let kept: Vec<Entry> = told(&driver)
        .into_iter()
        .filter_map(|c| match c {
            Command::Remember(entries) => Some(entries.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    let mut once: Vec<_> = kept.iter().map(|e| (e.at, e.text.clone())).collect();
    once.dedup();
    assert_eq!(once.len(), kept.len());
    assert!(!kept.is_empty() && kept.iter().all(|e| e.gravity != Gravity::Quiet));
}

/// The shop, with a node that was back before Problems was opened.
fn with_something_over() -> (Driver, crate::cluster_fixture::Cluster) {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("7");
    driver.screen(80, 24);
    // The cursor is on it when it comes back.
    driver.keys("j");
    assert!(line(&driver.screen(80, 24), "›").contains("node-5"));
    driver.keys("<esc>");
    let mut c = shop();
    for node in c.nodes.iter_mut().filter(|n| &*n.hostname == "node-5") {
        node.version += 1_000;
        node.state = NodeState::Ready;
    }
    driver.heard(c.deltas(2));
    driver.later(2);
    (driver, c)
}

#[test]
fn problems_open_at_the_worst_and_what_is_over_comes_last() {
    let (mut driver, mut c) = with_something_over();
    driver.keys("7");
    let screen = driver.screen(80, 24);
    assert!(line(&screen, "›").contains("✗ critical"), "{screen}");
    driver.keys("G");
    let screen = driver.screen(80, 24);
    assert!(line(&screen, "›").contains("✓ resolved"), "{screen}");
    assert!(screen.contains("1 resolved)"), "each row is counted\n{screen}");
    assert!(!screen.contains("  do  ") && line(&screen, " over ").contains("since"), "{screen}");
    // From the Overview it opens at the worst again; and back from a page it is where it was.
    driver.keys("17");
    assert!(line(&driver.screen(80, 24), "›").contains("✗ critical"));
    // A removed node is no news at all.
    c.nodes.retain(|n| &*n.hostname != "node-5");
    driver.heard(c.deltas(3));
    driver.later(2);
    let screen = driver.screen(160, 50);
    assert!(!screen.contains("✓ resolved"), "{screen}");
}

#[test]
fn tab_scrolls_the_detail_of_a_problem_and_z_enlarges_it() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("7");
    let screen = driver.screen(80, 24);
    assert!(line(&screen, "more lines").contains("Tab to scroll here, z to enlarge"), "{screen}");
    let last = |screen: &str| screen.lines().rev().nth(2).unwrap().to_owned();
    driver.keys("<tab>");
    let above = driver.screen(80, 24);
    assert!(above.contains("Problems") && above.contains("lines 1–"), "{above}");
    driver.keys("G");
    let below = driver.screen(80, 24);
    assert_ne!(last(&above), last(&below), "it scrolls\n{below}");
    assert!(line(&below, "✗ critical").contains("shop_api"), "the cursor stays\n{below}");
    driver.keys("<tab>j");
    assert!(line(&driver.screen(80, 24), "›").contains("node-5"), "the list has the keys again");
    driver.keys("kz");
    let large = driver.screen(80, 24);
    assert!(
        large.contains("the same error each time") && !large.contains("STATE"),
        "all of it\n{large}"
    );
    driver.keys("<esc>");
    assert!(driver.screen(80, 24).contains("STATE"));
    for key in ["z", "z", "<tab>", "<s-tab>", "<tab>"] {
        driver.keys(key);
        assert!(!driver.screen(80, 24).contains("Events"), "{key} leads nowhere else");
    }
}

/// Services whose names are long, and alike.
fn long_names() -> crate::cluster_fixture::Cluster {
    let mut c = cluster().manager("mgr-1").manager("mgr-2").manager("mgr-3").node("node-4");
    for name in ["checkout-api", "checkout-web", "checkout-worker", "payments-api"] {
        c = c.service(&format!("ecommerce-production_{name}-eu"), 2);
        c.last().image =
            "registry.example.com:5000/ecommerce/storefront-with-a-long-name:1.8".into();
    }
    let of = "id-of-ecommerce-production_checkout-worker-eu";
    c.tasks.retain(|t| t.service.as_str() != of);
    let at = c.services.iter().position(|s| s.id.as_str() == of).unwrap();
    let worker = c.services.remove(at);
    c.services.push(worker);
    for slot in 1..=2 {
        for age in [10, 20, 30, 40] {
            c = c.task(
                slot,
                TaskState::Failed,
                "task: non-zero exit (3)",
                age + i64::try_from(slot).unwrap(),
            );
        }
    }
    c
}

#[test]
fn long_names_stay_apart_on_a_small_screen() {
    let mut driver = Driver::new(&long_names(), true);
    for (keys, width, height) in [("2", 80, 24), ("4", 80, 24), ("1", 120, 40), ("1", 160, 50)] {
        driver.keys(keys);
        let screen = driver.screen(width, height);
        for name in ["checkout-api", "checkout-web", "checkout-worker", "payments-api"] {
            assert!(screen.contains(&format!("{name}-eu")), "{name}\n{screen}");
        }
    }
}

#[test]
fn a_row_of_problems_has_the_cause_where_its_sentence_has_no_room() {
    let mut driver = Driver::new(&long_names(), true);
    driver.keys("7");
    let screen = driver.screen(80, 24);
    let row = line(&screen, "✗ critical");
    assert!(row.contains("checkout-worker-eu: nothing stays up: exit 3, 8+×"), "{screen}");
    let wide = driver.screen(200, 60);
    let row = line(&wide, "✗ critical");
    assert!(
        row.contains("nothing stays up (0/2 now): task: non-zero exit (3), at least 8 times"),
        "{wide}"
    );
}

#[test]
fn nothing_is_cut_beside_empty_room() {
    let name = format!("acme-corp-product-{}", "x".repeat(43));
    let cluster = shop().service(&name, 1);
    let mut driver = Driver::new(&cluster, false);
    driver.keys("2");
    let screen = driver.screen(160, 50);
    assert!(screen.contains(&name), "{screen}");
}
