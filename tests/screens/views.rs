//! Every view and overlay, as it looks.

use serde_json::json;
use skep::{
    action::{execute::Outcome, plan::Document},
    cluster::{Delta, EngineEvent, ListId, Scope, ServiceId, TaskState},
    session::{Command, Event, Generation, Link, LogFrame, Output},
    ui::Effect,
};

use crate::{
    cluster_fixture::{Cluster, NOW, ago, cluster, shop},
    driver::Driver,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn check(name: &str, driver: &Driver) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), driver.screen(width, height));
    }
}

pub fn document(name: &str, replicas: u64) -> Document {
    let raw = json!({
        "ID": format!("id-of-{name}"), "Version": { "Index": 42 },
        "Spec": {
            "Name": name, "Labels": { "team": "hive" },
            "TaskTemplate": {
                "ContainerSpec": { "Image": "shop/api:1.8", "Env": ["LOG=info", "DB_PASSWORD=hunter2"] },
                "ForceUpdate": 0,
            },
            "Mode": { "Replicated": { "Replicas": replicas } },
            "UpdateConfig": { "Parallelism": 2, "FailureAction": "pause" },
        },
    });
    Document::read(&raw).unwrap()
}

/// What happened: the engine's words and a task's fall.
fn with_events() -> Driver {
    let cluster = shop();
    let mut driver = Driver::new(&cluster, false);
    let pair = |k: &str, v: &str| (k.into(), v.into());
    driver.heard(vec![Delta::Event(EngineEvent {
        at: ago(5),
        kind: "service".into(),
        action: "update".into(),
        id: "id-of-shop_api".into(),
        attributes: vec![
            pair("image.new", "api:1.9"),
            pair("image.old", "api:1.8"),
            pair("name", "shop_api"),
        ],
    })]);
    let mut task =
        cluster.tasks.iter().find(|t| t.service.as_str() == "id-of-shop_web").unwrap().clone();
    task.version += 1_000;
    task.state = TaskState::Failed;
    task.err = "task: non-zero exit (3)".into();
    task.exit_code = Some(3);
    task.since = Some(NOW);
    let list = ListId(2);
    let scope = Scope::Services(vec![task.service.clone()]);
    driver.heard(vec![
        Delta::TasksBegin(list, scope),
        Delta::Tasks(list, vec![task]),
        Delta::TasksAbort(list),
    ]);
    driver
}

#[test]
fn all_views() {
    for (key, name) in [
        ("1", "overview"),
        ("2", "services"),
        ("3", "nodes"),
        ("4", "tasks"),
        ("5", "events"),
        ("6", "logs_none"),
        ("7", "problems"),
    ] {
        let mut driver = with_events();
        driver.keys(key);
        check(name, &driver);
    }
}

#[test]
fn history_is_folded_under_the_live_task_and_opens() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter><enter>");
    assert!(driver.screen(120, 40).contains("+3"));
    driver.keys("h");
    check("task_history", &driver);
}

#[test]
fn a_plan_its_question_and_what_follows() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>s5<enter>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    check("plan_scale", &driver);
    driver.keys("<enter>");
    assert!(driver.screen(120, 40).contains("Enter does not confirm"));
    driver.keys("y");
    let taken = Outcome::Taken { version: 1, warnings: vec![] };
    driver.send(Event::Outcome(ServiceId::from("id-of-shop_api").into(), Box::new(taken)));
    check("following", &driver);
}

#[test]
fn an_action_that_the_audit_file_lacks_says_so_until_it_is_dismissed() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>s5<enter>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    driver.keys("y");
    let target: skep::action::plan::Target = ServiceId::from("id-of-shop_api").into();
    let why = "No space left on device (os error 28): /state/audit.jsonl";
    driver.send(Event::Unrecorded(target.clone(), why.into()));
    let said = "not in the audit file: No space left on device";
    let times = |driver: &Driver| driver.screen(120, 40).matches(said).count();
    assert_eq!(times(&driver), 2, "at once, and with the action:\n{}", driver.screen(120, 40));
    let refused = Outcome::Refused("no such image".into());
    driver.send(Event::Outcome(target, Box::new(refused)));
    driver.later(60);
    assert_eq!(times(&driver), 1, "{}", driver.screen(120, 40));
    driver.keys("x");
    assert_eq!(times(&driver), 0, "{}", driver.screen(120, 40));
}

#[test]
fn zero_replicas_want_the_name() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>s0<enter>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    driver.keys("y<enter>");
    check("plan_zero", &driver);
    let sent = |d: &Driver| format!("{:?}", d.effects).contains("CarryOut");
    assert!(!sent(&driver));
    driver.keys("<esc>");
    assert!(driver.screen(120, 40).contains("replicas:"), "Esc goes back to the input");
    driver.keys("<enter>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    driver.keys("shop_api<enter>");
    assert!(sent(&driver));
}

#[test]
fn a_conflict_shows_the_new_plan() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>s5<enter>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    driver.keys("y");
    let now = document("shop_api", 4);
    let outcome = Outcome::Conflict(Box::new(now));
    driver.send(Event::Outcome(ServiceId::from("id-of-shop_api").into(), Box::new(outcome)));
    check("conflict", &driver);
}

/// Without a link nobody sees whether the tasks stay up.
#[test]
fn an_action_is_not_done_by_the_time_without_a_link() {
    let swarm = cluster().manager("m1").node("n2").service("web", 3);
    let mut driver = Driver::new(&swarm, false);
    driver.keys("2s3<enter>");
    driver.answer_documents(vec![document("web", 2)]);
    driver.keys("y");
    let taken = Outcome::Taken { version: 1, warnings: vec![] };
    driver.send(Event::Outcome(ServiceId::from("id-of-web").into(), Box::new(taken)));
    driver.later(1);
    driver.lose();
    driver.later(60);
    let is_done = |driver: &Driver| driver.screen(120, 40).contains("✓ scale web");
    assert!(!is_done(&driver), "{}", driver.screen(120, 40));
    driver.connect(0);
    driver.later(1);
    assert!(!is_done(&driver), "{}", driver.screen(120, 40));
    driver.later(10);
    assert!(is_done(&driver), "{}", driver.screen(120, 40));
}

#[test]
fn an_unknown_outcome_is_read_back_once_there_is_a_link() {
    for (replicas, says) in [(5, "converging"), (3, "not carried out so far"), (7, "another spec")]
    {
        let mut driver = Driver::new(&shop(), false);
        driver.keys("2/shop_api<enter>s5<enter>");
        driver.answer_documents(vec![document("shop_api", 3)]);
        driver.keys("y");
        driver.lose();
        let unknown = Outcome::Unknown("connection lost".into());
        driver.send(Event::Outcome(ServiceId::from("id-of-shop_api").into(), Box::new(unknown)));
        assert!(driver.screen(120, 40).contains("outcome unknown"));
        driver.connect(0);
        let mut found = document("shop_api", replicas);
        found.version += u64::from(replicas != 3);
        driver.answer_read_back(found);
        let screen = driver.screen(120, 40);
        assert!(screen.contains(says), "{replicas}: {screen}");
        driver.later(61);
        let late = driver.screen(120, 40);
        assert_eq!(late.contains("not carried out (conn"), replicas == 3, "{late}");
        let writes =
            driver.effects.iter().filter(|e| format!("{e:?}").contains("CarryOut")).count();
        assert_eq!(writes, 1, "never sent twice");
    }
}

#[test]
fn pages() {
    for (keys, name) in
        [("2/shop_api<enter>d", "describe_service"), ("3/node-5<enter>d", "describe_node")]
    {
        let mut driver = with_events();
        driver.keys(keys);
        check(name, &driver);
    }
    let mut driver = with_events();
    driver.keys("2/shop_web<enter><enter>d");
    check("describe_task", &driver);
}

#[test]
fn help_palette_and_editor() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("?");
    check("help", &driver);
    let mut driver = Driver::new(&shop(), false);
    driver.keys(":sc");
    check("palette", &driver);
    let mut driver = Driver::new(&shop(), false);
    driver.keys("2/shop_api<enter>u<c-e>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    check("editor", &driver);
    driver.keys("Nonsense: 1<enter><c-s>");
    assert!(driver.screen(120, 40).contains("line 1: 'Nonsense' is not a field"));
    driver.keys("<esc>");
    assert!(driver.screen(120, 40).contains("discard the changes?"), "what was typed is not lost");
}

#[test]
fn logs_of_a_service() {
    let cluster = shop();
    let mut driver = Driver::new(&cluster, false);
    driver.keys("2/shop_web<enter>l");
    let token = driver
        .effects
        .iter()
        .rev()
        .find_map(|e| match e {
            skep::ui::Effect::Session(_, skep::session::Command::Logs(token, _)) => Some(*token),
            _ => None,
        })
        .unwrap();
    for (i, task) in
        cluster.tasks.iter().filter(|t| t.service.as_str() == "id-of-shop_web").enumerate()
    {
        let frame = |text: &str, output| LogFrame {
            at: Some(ago(10 - i as i64)),
            output,
            text: text.as_bytes().to_vec(),
        };
        let frames = vec![frame("GET / 200", Output::Stdout), frame("warn: slow", Output::Stderr)];
        driver.send(Event::Lines(token, task.id.clone().into(), frames));
    }
    let of_web = |t: &&skep::cluster::Task| t.service.as_str() == "id-of-shop_web";
    let first = cluster.tasks.iter().find(of_web).unwrap().id.clone();
    driver.send(Event::LogTrouble(
        token,
        first.into(),
        Some("node node-5 is not available".into()),
    ));
    check("logs", &driver);
}

#[test]
fn a_lost_link_keeps_the_last_state_dimmed_with_its_age() {
    let mut driver = Driver::new(&shop(), false);
    driver.later(20);
    let lost = Link::Lost {
        endpoint: "unix:///test.sock".into(),
        why: "unix:///test.sock: connection refused; nothing listens there, is dockerd running?"
            .into(),
        wait: std::time::Duration::from_secs(4),
        leaderless: None,
    };
    driver.send(Event::Link(Generation(2), lost));
    check("lost", &driver);
    let before = driver.screen(120, 40);
    driver.heard(vec![Delta::Nodes(vec![])]);
    assert_eq!(driver.screen(120, 40), before, "what comes late from an older link is discarded");
}

#[test]
fn nothing_heard_yet_is_no_emptiness() {
    check("connecting", &Driver::unconnected(false));
}

#[test]
fn every_key_is_calm_while_nothing_is_loaded() {
    for view in ["1", "2", "3", "4", "5", "6", "7"] {
        for keys in [
            "s", "u", "r", "f", "l", "d", "y", "c", "h", "o", "O", "p", "z", "x", "R", " ", "g",
            "G", "<enter>", "<tab>", "<s-tab>", "<c-d>", "<c-u>", "<c-x>", "<c-r>", "<pgdn>",
            "<pgup>", "/x", ":", "?",
        ] {
            let mut driver = Driver::unconnected(false);
            driver.keys(view);
            driver.keys(keys);
            let screen = driver.screen(80, 24);
            assert!(!screen.contains("Plan:"), "{view} {keys}: {screen}");
            driver.keys("<esc><esc>");
            let screen = driver.screen(120, 40);
            assert!(screen.contains("connecting"), "{view} {keys}: {screen}");
        }
    }
}

#[test]
fn paused_shows_the_past_and_says_so() {
    let cluster = shop();
    let mut driver = Driver::new(&cluster, false);
    driver.keys("p");
    driver.later(5);
    let mut deltas = cluster.clone().node("node-6").deltas(2);
    deltas.truncate(1);
    driver.heard(deltas);
    let screen = driver.screen(120, 40);
    assert!(screen.contains("PAUSED 5s") && !screen.contains("node-6"), "{screen}");
    driver.keys("p");
    assert!(driver.screen(120, 40).contains("node-6"), "data flowed on");
}

#[test]
fn ages_use_the_managers_clock() {
    let mut driver = Driver::new(&shop(), false);
    // Our clock is an hour behind the manager's.
    driver.connect(3_600_000_000_000);
    let screen = driver.screen(120, 40);
    assert!(screen.contains("clock 1h behind") && screen.contains("15:03:12"), "{screen}");
}

#[test]
fn read_only_hides_what_writes() {
    let mut driver = Driver::new(&shop(), true);
    let screen = driver.screen(120, 40);
    assert!(screen.contains(" RO ") && !screen.contains("scale"), "{screen}");
    driver.keys("s");
    assert!(driver.screen(120, 40).contains("read-only: nothing can be changed"));
    driver.keys("?");
    let help = driver.screen(120, 60);
    assert!(help.contains("logs of the selection") && !help.contains("scale the selected"));
}

#[test]
fn the_selection_follows_the_object() {
    let mut cluster = shop();
    let mut driver = Driver::new(&cluster, false);
    driver.keys("2oG");
    let on = |d: &Driver| {
        let screen = d.screen(120, 40);
        screen.lines().find(|l| l.contains('›')).unwrap_or("").to_owned()
    };
    let name =
        |line: &str| line.split_whitespace().find(|w| w.contains('_')).unwrap_or("").to_owned();
    let before = name(&on(&driver));
    cluster = cluster.service("zzz_late", 1).service("aaa_early", 1);
    driver.heard(cluster.deltas(2));
    assert_eq!(name(&on(&driver)), before);
    driver.keys("O");
    assert_eq!(name(&on(&driver)), before, "also across a resort");
}

#[test]
fn any_size_can_be_drawn() {
    let mut driver = with_events();
    for keys in ["1", "2", "3", "4", "5", "6", "7", "?", "<esc>:", "<esc>d", "<esc>1s"] {
        driver.keys(keys);
        for (width, height) in [(1, 1), (3, 2), (20, 5), (59, 15), (60, 16), (61, 17), (300, 100)] {
            driver.screen(width, height);
        }
    }
}

#[test]
fn a_summary_when_there_is_no_room() {
    insta::assert_snapshot!("tiny_50x5", Driver::new(&shop(), false).screen(50, 5));
    let calm = Cluster::default().manager("m1").service("web", 2);
    insta::assert_snapshot!("calm_80x24", Driver::new(&calm, false).screen(80, 24));
}

#[test]
fn several_clusters_together() {
    use skep::session::{ManagerLine, Reach, Way};
    let open = |no, name: &str, production| skep::ui::OpenCluster {
        name: Some(name.into()),
        endpoint: format!("ssh://ops@{name}-1"),
        grant: skep::commands::permit(skep::grant::ClusterNo(no), false, false),
        production,
        ..skep::ui::OpenCluster::default()
    };
    let mut driver =
        Driver::with(vec![open(0, "prod", true), open(1, "staging", false), open(2, "lab", false)]);
    let cluster = shop();
    driver.connect(0);
    let mut deltas = vec![skep::cluster::Delta::Cluster(cluster.info())];
    deltas.extend(cluster.deltas(1));
    driver.heard(deltas);
    let line = |host: &str, node: Option<&str>, reach| ManagerLine {
        endpoint: format!("ssh://ops@{host}"),
        way: Way::SshSocket,
        node: node.map(Into::into),
        reach,
    };
    let ms = std::time::Duration::from_millis;
    driver.send(Event::Managers(vec![
        line("prod-1", Some("id-of-mgr-1"), Reach::InUse { round_trip: ms(12) }),
        line("prod-2", Some("id-of-mgr-2"), Reach::Ready { round_trip: ms(31) }),
        line(
            "prod-9",
            None,
            Reach::Out { why: "ssh: connect to host prod-9 port 22: No route to host".into() },
        ),
    ]));
    let why = "ssh://ops@lab-1: the host key is not known: run 'ssh ops@lab-1' once".to_owned();
    let wait = std::time::Duration::from_secs(4);
    let lost = Link::Lost { endpoint: "ssh://ops@lab-1".into(), why, wait, leaderless: None };
    driver.send_to(2, Event::Link(Generation(1), lost));
    driver.keys("8");
    check("clusters", &driver);
    // Whatever is elsewhere in trouble is told in the header of every cluster.
    driver.keys("<esc>]");
    assert!(driver.screen(120, 40).contains("✗ prod +1 "), "the worst, and how many more");
    driver.keys(":cluster prod<enter>2");
    assert!(driver.screen(80, 24).contains("PRODUCTION prod"));
    // The problem of a cluster leads to what it is about.
    driver.keys("]8<tab><tab>j<enter>");
    assert!(driver.screen(120, 40).contains("PRODUCTION prod"), "{}", driver.screen(120, 40));
}

#[test]
fn production_wants_every_plan_typed() {
    let grant = skep::commands::permit(skep::grant::ClusterNo(0), false, true);
    let open = skep::ui::OpenCluster {
        name: Some("prod".into()),
        endpoint: "unix:///test.sock".into(),
        grant,
        production: true,
        ..skep::ui::OpenCluster::default()
    };
    let mut driver = Driver::with(vec![open]);
    driver.connect(0);
    let cluster = shop();
    let mut deltas = vec![skep::cluster::Delta::Cluster(cluster.info())];
    deltas.extend(cluster.deltas(1));
    driver.heard(deltas);
    driver.keys("2/shop_api<enter>s5<enter>");
    driver.answer_documents(vec![document("shop_api", 3)]);
    driver.keys("y<enter>");
    let sent = |d: &Driver| d.effects.iter().any(|e| format!("{e:?}").contains("CarryOut"));
    assert!(!sent(&driver), "y is not enough");
    driver.keys("<c-u>shop_api<enter>");
    assert!(sent(&driver), "{}", driver.screen(120, 40));
}

#[test]
fn what_watching_costs() {
    use skep::session::{Spent, Usage};
    let mut driver = Driver::new(&shop(), true);
    driver.keys(":stats<enter>");
    let asks = |e: &Effect| matches!(e, Effect::Session(_, Command::Usage));
    assert!(driver.effects.iter().any(asks), "it is asked for");
    let ms = std::time::Duration::from_millis;
    let spent = |name, requests, bytes, time, interval| Spent {
        name,
        requests,
        bytes,
        time: ms(time),
        decoding: ms(time / 2),
        interval: ms(interval),
    };
    driver.send(Event::Usage(Box::new(Usage {
        share: 0.05,
        rate: Some(131_072.0),
        over: ms(60_000),
        calm: true,
        events: 12,
        failures: 0,
        requests: 80,
        bytes: 900_000,
        queued: 3,
        spent: vec![
            spent("services, counted", 15, 180_000, 45, 5_000),
            spent("services", 0, 0, 0, 15_000),
            spent("all tasks", 1, 250_000_000, 1_900, 120_000),
        ],
    })));
    check("stats", &driver);
}

#[test]
fn a_filter_finds_a_task_by_any_part_of_it() {
    let mut driver = Driver::new(&shop(), true);
    driver.keys("4");
    let count = |driver: &mut Driver, filter: &str| {
        driver.keys("/<c-u>");
        driver.keys(filter);
        driver.keys("<enter>");
        let screen = driver.screen(160, 50);
        let rows = screen.lines().filter(|l| l.starts_with('│'));
        rows.filter(|l| l.contains("shop_") || l.contains("edge_")).count()
    };
    let all = count(&mut driver, "");
    for (filter, found) in [
        ("shop_web", 6),
        ("WEB", 0),
        ("shop_web.3", 1),
        ("web.", 6),
        ("b.1", 2),
        ("node-4", 3),
        ("failed", 1),
        ("/web\\.[12]$/", 2),
        ("~spw3", 1),
        ("zzz", 0),
    ] {
        let shown = count(&mut driver, filter);
        assert_eq!(shown, found, "{filter}: {}", driver.screen(160, 50));
    }
    assert_eq!(count(&mut driver, "!shop_web"), all - 6);
}

#[test]
fn a_filter_that_is_typed_on_finds_what_a_fresh_one_does() {
    let mut cluster = shop();
    let rows = |d: &Driver| {
        let screen = d.screen(160, 60);
        let named = screen.lines().skip(3).filter(|l| l.contains("shop_") || l.contains("edge_"));
        named.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut typed = Driver::new(&cluster, true);
    typed.keys("4");
    let (mut most, mut list) = (0, 100);
    for text in ["shop_w", "api:1.8", "node-4", "task0000", "weird", "!run", "!weird"] {
        typed.keys("/<c-u>");
        // Tasks change between two letters, and when all is typed: found before and not any more, or
        // the other way.
        for at in 0..text.len() + 10 {
            let so_far = &text[..text.len().min(at + 1)];
            typed.keys(text.get(at..=at).unwrap_or(""));
            list += 1;
            let changed = list as usize * 3 % cluster.tasks.len();
            let task = &mut cluster.tasks[changed];
            task.err = if task.err.is_empty() { "a weird shop_w" } else { "" }.into();
            task.version += 1_000;
            typed.heard(cluster.deltas(list));
            typed.later(2);
            let mut fresh = Driver::new(&cluster, true);
            fresh.now = typed.now;
            fresh.keys(&format!("4/{so_far}"));
            fresh.later(0);
            assert_eq!(rows(&typed), rows(&fresh), "{so_far}");
            most = most.max(rows(&typed).len());
        }
        typed.keys("<enter>");
    }
    assert!(most > 5, "something was found");
}
