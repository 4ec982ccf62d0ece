//! The containers of a node.

use serde_json::{Value, json};
use skep::{
    cluster::{ContainerId, NodeId, TaskState},
    engine::decode_containers,
    session::{
        Command, Event, FollowedLog, LogFrame, LogWriterId, NoReach, NodeReach, NodeSeen, Output,
        Token,
    },
    ui::Effect,
};

use crate::{
    cluster_fixture::{Cluster, NOW, cluster},
    driver::Driver,
};

/// One node as manager and one as worker, and tasks whose containers have ids.
fn swarm() -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("web", 2);
    c = c.task(1, TaskState::Failed, "task: non-zero exit (137)", 60);
    c = c.task(2, TaskState::Shutdown, "", 600);
    let node = c.nodes[1].id.clone();
    for (at, task) in c.tasks.iter_mut().enumerate() {
        task.node = Some(node.clone());
        task.container = Some(format!("c{at}").as_str().into());
    }
    c
}

fn line(id: &str, name: &str, status: &str, labels: Value) -> Value {
    let state = match status.split_whitespace().next() {
        Some("Exited") => "exited",
        Some("Created") => "created",
        _ => "running",
    };
    json!({
        "Id": id, "Names": [format!("/{name}")], "Image": "shop/web:2.3@sha256:0123",
        "Command": "sleep 1000", "Created": NOW.nanos() / 1_000_000_000 - 7_200, "State": state,
        "Status": status, "Labels": labels,
        "Ports": [{ "IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp" }],
    })
}

fn of_task(c: &Cluster, at: usize, status: &str) -> Value {
    let task = &c.tasks[at];
    let labels = json!({
        "com.docker.swarm.task.id": task.id.as_str(),
        "com.docker.swarm.task.name": format!("web.{}.{}", task.slot, task.id),
        "com.docker.swarm.node.id": c.nodes[1].id.as_str(),
    });
    line(&format!("c{at}"), &format!("web.{}.{}", task.slot, task.id), status, labels)
}

/// All there can be.
fn all(c: &Cluster) -> Vec<Value> {
    let labels = |task: &str, node: &str| {
        json!({
            "com.docker.swarm.task.id": task,
            "com.docker.swarm.task.name": format!("old.3.{task}"),
            "com.docker.swarm.node.id": node,
        })
    };
    let here = c.nodes[1].id.as_str();
    vec![
        of_task(c, 0, "Up 12 days"),
        of_task(c, 1, "Up 12 days (unhealthy)"),
        of_task(c, 2, "Exited (137) 60 seconds ago"),
        of_task(c, 3, "Exited (143) 10 minutes ago"),
        line("d0", "old.3.gone", "Exited (1) 2 days ago", labels("gone", here)),
        line("d1", "old.3.far", "Up 2 days", labels("far", "another-node")),
        line("d2", "exporter", "Up 2 days", json!({})),
        line("d3", "shop-db-1", "Up 2 days", json!({ "com.docker.compose.project": "shop" })),
        line("d4", "backup", "Exited (1) 3 hours ago", json!({})),
        // It says that it is of a task, and the task has another container.
        line("d5", "liar", "Up 2 days", labels(c.tasks[0].id.as_str(), here)),
    ]
}

fn listed(driver: &mut Driver, node: &NodeId, all: &[Value]) {
    let json = Value::Array(all.to_vec()).to_string();
    let listed = decode_containers(json.as_bytes()).unwrap();
    driver.send(Event::Containers(node.clone(), Box::new(Ok(listed))));
}

/// The nodes whose containers the session was told to list, one after the other.
fn asked(driver: &Driver) -> Vec<Option<String>> {
    let of = |effect: &Effect| match effect {
        Effect::Session(_, Command::Containers(node)) => {
            Some(node.as_ref().map(ToString::to_string))
        }
        _ => None,
    };
    driver.effects.iter().filter_map(of).collect()
}

/// The screen of n2 with all its containers.
fn open(c: &Cluster) -> Driver {
    let mut driver = Driver::new(c, true);
    driver.keys("3ji");
    listed(&mut driver, &c.nodes[1].id, &all(c));
    driver
}

fn rows(driver: &Driver, width: u16) -> Vec<String> {
    let screen = driver.screen(width, 30);
    let rows = screen.lines().skip_while(|line| !line.contains("NAME")).skip(1);
    rows.take_while(|line| line.contains('│')).map(str::to_owned).collect()
}

#[test]
fn what_is_not_well_comes_first_and_what_is_outside_is_marked() {
    let c = swarm();
    let driver = open(&c);
    for (width, height) in [(80, 24), (160, 24)] {
        insta::assert_snapshot!(
            format!("containers_{width}x{height}"),
            driver.screen(width, height)
        );
    }
    let rows = rows(&driver, 160);
    let is = |at: usize, words: &[&str]| {
        assert!(words.iter().all(|word| rows[at].contains(word)), "{words:?}: {rows:#?}");
    };
    is(0, &["✗", "web.2", "task", "unhealthy"]);
    is(1, &["✗", "backup", "outside", "Exited (1)"]);
    is(2, &["✗", "web.1", "task", "Exited (137)"]);
    is(3, &["·", "exporter", "outside"]);
    is(4, &["·", "liar", "outside"]);
    is(5, &["·", "old.3.far", "other Swarm"]);
    is(6, &["·", "shop-db-1", "outside, shop"]);
    is(7, &["·", "web.1", "task", "Up 12 days"]);
    is(8, &["–", "old.3", "unlisted task"]);
    is(9, &["–", "web.2", "task", "Exited (143)"]);
}

#[test]
fn they_are_asked_for_only_while_they_are_looked_at() {
    let c = swarm();
    let mut driver = Driver::new(&c, true);
    driver.keys("1234567890");
    driver.later(5);
    assert_eq!(asked(&driver), [], "nobody looked");
    driver.keys("3ji");
    let n2 = Some(c.nodes[1].id.to_string());
    assert_eq!(asked(&driver), vec![n2.clone()]);
    listed(&mut driver, &c.nodes[1].id, &all(&c));
    driver.keys("d<esc>y<esc>");
    driver.later(5);
    assert_eq!(asked(&driver), vec![n2.clone()], "a page lies over the list");
    driver.keys("p");
    assert_eq!(asked(&driver), [n2.clone(), None], "what is paused is not read");
    let m1 = c.nodes[0].id.clone();
    listed(&mut driver, &c.nodes[1].id, &[]);
    assert!(driver.screen(160, 30).contains("exporter"), "what is paused stays");
    driver.keys("p");
    assert_eq!(asked(&driver), [n2.clone(), None, n2.clone()]);
    driver.keys("w");
    assert_eq!(asked(&driver).last(), Some(&None), "the wall lies over it");
    driver.keys("w1");
    driver.later(5);
    assert_eq!(asked(&driver).last(), Some(&None));
    // Without a node it is that of the manager in use; by name any other.
    let mut driver = Driver::new(&c, true);
    driver.keys(":containers<enter>");
    assert_eq!(asked(&driver), [Some(m1.to_string())]);
    driver.keys(":containers n2<enter>");
    assert_eq!(asked(&driver).last(), Some(&n2));
    driver.keys(":co<enter>");
    assert_eq!(asked(&driver).last(), Some(&n2), "it stays");
}

#[test]
fn a_task_leads_to_its_container() {
    let c = swarm();
    let mut driver = Driver::new(&c, true);
    driver.keys("4/web.1<enter>i");
    listed(&mut driver, &c.nodes[1].id, &all(&c));
    let rows = rows(&driver, 160);
    let under = rows.iter().find(|row| row.contains('›')).expect("a cursor");
    assert!(under.contains("web.1") && under.contains("Up 12 days"), "{rows:#?}");
}

#[test]
fn a_node_without_an_engine_to_ask_says_why_and_what_to_do() {
    let c = swarm();
    let mut driver = Driver::new(&c, true);
    driver.keys("3ji");
    let node = c.nodes[1].id.clone();
    assert!(driver.screen(80, 24).contains("Containers of n2 ?"), "{}", driver.screen(80, 24));
    let seen = NodeSeen { reach: NodeReach::Reaching, machine: None };
    driver.send(Event::Node(node.clone(), Box::new(seen)));
    assert!(driver.screen(80, 24).contains("connecting to the node"));
    let no = |why: &str| NoReach {
        why: why.into(),
        hint: "say how to log in".into(),
        answerable: true,
        gone: false,
    };
    let told = |driver: &mut Driver, why| {
        driver.send(Event::Containers(node.clone(), Box::new(Err(no(why)))));
    };
    told(&mut driver, "no \u{1b}[2Jroute");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("can't be listed: no ") && screen.contains("say how"), "{screen}");
    assert!(!screen.contains('\u{1b}'));
    // Rows that were there stay, and are said to be old.
    listed(&mut driver, &node, &all(&c));
    assert!(!driver.screen(80, 24).contains("not heard"));
    told(&mut driver, "cable cut");
    let screen = driver.screen(80, 24);
    assert!(screen.contains("not heard any more: cable cut") && screen.contains("exporter"));
    listed(&mut driver, &node, &[]);
    assert!(driver.screen(80, 24).contains("no containers"));
    // What can't be read is told; of another node nothing is heard.
    listed(&mut driver, &node, &[json!({ "Id": 7 }), all(&c).remove(6)]);
    let screen = driver.screen(80, 24);
    assert!(screen.contains("1 more can't be read") && screen.contains("exporter"), "{screen}");
    listed(&mut driver, &c.nodes[0].id, &all(&c));
    assert!(!driver.screen(80, 24).contains("shop-db-1"));
}

#[test]
fn tasks_that_can_not_be_read_make_no_outsiders() {
    let c = swarm();
    let mut driver = Driver::unconnected(true);
    driver.connect(0);
    let nodes = c.deltas(1).remove(0);
    driver.heard(vec![skep::cluster::Delta::Cluster(c.info()), nodes]);
    driver.keys(":containers n2<enter>");
    listed(&mut driver, &c.nodes[1].id, &all(&c));
    let screen = driver.screen(160, 30);
    let web = screen.lines().find(|line| line.contains("web.1")).expect("a row");
    assert!(!web.contains("outside") && web.contains('?'), "{screen}");
}

#[test]
fn it_is_filtered_and_sorted_as_other_lists() {
    let c = swarm();
    let mut driver = open(&c);
    for (filter, found) in
        [("outside", 4), ("unlisted", 1), ("exporter", 1), ("8080", 10), ("d2", 1), ("!outside", 6)]
    {
        driver.keys(&format!("/{filter}<enter>"));
        let screen = driver.screen(160, 30);
        assert!(screen.contains(&format!(" {found}/10 ")), "{filter}: {screen}");
        driver.keys("<esc>");
    }
    driver.keys("/nothing<enter>");
    assert!(driver.screen(120, 30).contains("hides all 10 containers"));
    driver.keys("<esc>o");
    assert!(rows(&driver, 160)[0].contains("backup"), "by name");
}

/// The document of the container under the cursor, as an engine tells it.
fn document() -> Value {
    json!({
        "Id": "d2", "Path": "/bin/exporter", "Args": ["--all"], "RestartCount": 3,
        "State": { "Running": false, "OOMKilled": true, "Error": "no \u{1b}[2J good",
            "StartedAt": "2026-11-21T13:00:00.5Z", "FinishedAt": "2026-11-21T13:30:00Z",
            "ExitCode": 137, "Health": { "FailingStreak": 2, "Log": [
                { "End": "2026-11-21T13:29:00Z", "ExitCode": 1, "Output": "db\nunreachable" }] } },
        "HostConfig": { "Memory": 67_108_864, "NanoCpus": 500_000_000, "Privileged": true,
            "RestartPolicy": { "Name": "always" }, "LogConfig": { "Type": "json-file" } },
        "Config": { "Env": ["A=1", "DB_PASSWORD=hunter2"], "Labels": { "api-token": "t0k3n" },
            "Healthcheck": { "Test": ["CMD", "true"], "Interval": 5_000_000_000_i64 } },
        "Mounts": [{ "Type": "bind", "Source": "/var/run/docker.sock",
            "Destination": "/var/run/docker.sock", "RW": true }],
        "NetworkSettings": { "Networks": { "bridge": { "IPAddress": "172.17.0.2" } } },
    })
}

/// The last request for a container's document.
fn asked_document(driver: &Driver) -> Option<(Token, NodeId, ContainerId)> {
    driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Session(_, Command::ContainerDocument(token, node, id)) => {
            Some((*token, node.clone(), id.clone()))
        }
        _ => None,
    })
}

#[test]
fn a_page_has_all_of_a_container_and_hides_what_looks_secret() {
    let c = swarm();
    let mut driver = open(&c);
    driver.keys("/exporter<enter><enter>");
    let (token, node, id) = asked_document(&driver).expect("its document is read");
    assert_eq!((node, id.as_str()), (c.nodes[1].id.clone(), "d2"));
    driver.send(Event::Raw(token, Ok(Box::new(document()))));
    insta::assert_snapshot!("container_page", driver.screen(100, 50));
    let screen = driver.screen(100, 60);
    assert!(!screen.contains("hunter2") && !screen.contains("t0k3n"), "{screen}");
    assert!(!screen.contains('\u{1b}'));
    driver.keys("x");
    let screen = driver.screen(100, 60);
    assert!(screen.contains("hunter2") && screen.contains("t0k3n"), "{screen}");
    // It stays live: read again, and gone when its engine lists it no more.
    driver.effects.clear();
    driver.later(3);
    let (token, ..) = asked_document(&driver).expect("it is read again");
    listed(&mut driver, &c.nodes[1].id, &[]);
    driver.send(Event::Raw(token, Err("no such container".into())));
    let screen = driver.screen(100, 60);
    assert!(screen.contains("it is gone") && screen.contains("no such container"), "{screen}");
}

#[test]
fn its_raw_document_is_masked_and_it_is_copied_by_its_name() {
    let c = swarm();
    let mut driver = open(&c);
    driver.keys("/exporter<enter>y");
    let (token, ..) = asked_document(&driver).expect("its document is read");
    driver.send(Event::Raw(token, Ok(Box::new(document()))));
    let screen = driver.screen(100, 90);
    assert!(screen.contains("Env:") && !screen.contains("hunter2"), "{screen}");
    assert!(!screen.contains("t0k3n"), "{screen}");
    driver.keys("<esc>cn");
    let copied = |e: &Effect| matches!(e, Effect::Copy(text) if text == "exporter");
    assert!(driver.effects.iter().any(copied));
}

#[test]
fn nothing_it_shows_is_obeyed_by_a_terminal() {
    const EVIL: &str = "a\u{1b}]0;pwned\u{7}\u{1b}[2J\u{0}\u{9b}31m\u{202e}b\u{200d}c\n\r\t";
    let c = swarm();
    let mut driver = Driver::new(&c, true);
    driver.keys("3ji");
    let mut evil = line("d9", EVIL, EVIL, json!({ "com.docker.compose.project": EVIL }));
    for key in ["Image", "Command", "State"] {
        evil[key] = EVIL.into();
    }
    evil["Ports"] = json!([{ "IP": EVIL, "PrivatePort": 1, "PublicPort": 2, "Type": EVIL }]);
    listed(&mut driver, &c.nodes[1].id, &[evil]);
    for keys in ["", "d", "<esc>c", "<esc>/\u{202e}"] {
        driver.keys(keys);
        for (width, height) in [(80, 24), (240, 60), (40, 10)] {
            let screen = driver.screen(width, height);
            let bad = screen.chars().find(|c| {
                (c.is_control() && *c != '\n')
                    || ('\u{200b}'..='\u{200f}').contains(c)
                    || ('\u{202a}'..='\u{202e}').contains(c)
            });
            assert_eq!(bad, None, "after {keys:?} at {width}x{height}:\n{screen}");
        }
    }
}

#[test]
fn a_hundred_thousand_containers_are_drawn() {
    let c = swarm();
    let mut driver = Driver::new(&c, true);
    driver.keys("3ji");
    let many: Vec<Value> =
        (0..100_000).map(|n| json!({ "Id": format!("e{n}"), "Status": "Up 1 second" })).collect();
    listed(&mut driver, &c.nodes[1].id, &many);
    driver.keys("G/e99999<enter>");
    assert!(driver.screen(80, 24).contains(" 1/100000 "), "{}", driver.screen(80, 24));
}

/// The logs that the session was last told to follow.
fn followed(driver: &Driver) -> Option<(Token, Vec<FollowedLog>)> {
    driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Session(_, Command::Logs(token, logs)) => Some((*token, logs.clone())),
        _ => None,
    })
}

#[test]
fn its_log_is_read_of_its_own_engine() {
    let c = swarm();
    let node = c.nodes[1].id.clone();
    let mut driver = open(&c);
    driver.keys("/exporter<enter>l");
    let (token, logs) = followed(&driver).expect("a log is followed");
    let of = |id: &str| LogWriterId::Container(node.clone(), ContainerId::from(id));
    assert_eq!(logs, [FollowedLog { of: of("d2"), alive: true }]);
    assert_eq!(asked(&driver).last(), Some(&None), "the list is not on the screen");
    let frame = |secs: i64, text: &str| LogFrame {
        at: Some(NOW.shifted(-secs * 1_000_000_000)),
        output: Output::Stdout,
        text: text.into(),
    };
    driver.send(Event::Lines(token, of("d2"), vec![frame(9, "one"), frame(8, "two")]));
    let screen = driver.screen(80, 24);
    assert!(screen.contains("Logs of exporter container on n2"), "{screen}");
    assert!(screen.contains("one") && screen.contains("two"), "{screen}");
    driver.keys("gk");
    let older = |effect: &Effect| match effect {
        Effect::Session(_, Command::OlderLogs(_, asked)) => Some(asked.clone()),
        _ => None,
    };
    let older = driver.effects.iter().find_map(older).expect("older lines are read");
    assert_eq!(older, [(of("d2"), NOW.shifted(-9_000_000_000), 2)]);
    let why = Some("no such container".to_owned());
    driver.send(Event::LogTrouble(token, of("d2"), why));
    assert!(driver.screen(80, 24).contains("exporter can't be read: no such container"));
    // Back at the list the cursor is where it was. One that ended is read to its end.
    driver.keys("<esc><esc>");
    listed(&mut driver, &node, &all(&c));
    driver.keys("/backup<enter>l");
    let (again, logs) = followed(&driver).expect("a log is read");
    assert!(again != token);
    assert_eq!(logs, [FollowedLog { of: of("d4"), alive: false }]);
}

#[test]
fn going_back_the_cursor_is_where_it_was() {
    let c = swarm();
    let mut driver = open(&c);
    driver.keys("jjjl");
    let under = |driver: &Driver| {
        let rows = rows(driver, 160);
        rows.into_iter().find(|row| row.contains('›')).unwrap_or_default()
    };
    driver.keys("<esc>");
    assert!(driver.screen(80, 24).contains("reading …"), "{}", driver.screen(80, 24));
    driver.keys("d");
    assert!(driver.screen(80, 24).contains("nothing is selected"), "no old row is acted on");
    listed(&mut driver, &c.nodes[1].id, &all(&c));
    assert!(under(&driver).contains("exporter"), "{}", driver.screen(160, 30));
}

#[test]
fn a_shell_is_asked_for_in_the_container_of_a_task_that_runs() {
    let c = swarm();
    let node = c.nodes[1].id.clone();
    for (filter, keys, asks) in [
        ("c0", "!", true),
        ("c0", "d!", true),
        // One that ended, and one that is no task's.
        ("c2", "!", false),
        ("exporter", "!", false),
        ("exporter", "d!", false),
    ] {
        let mut driver = Driver::new(&c, false);
        driver.keys("3ji");
        listed(&mut driver, &node, &all(&c));
        driver.keys(&format!("/{filter}<enter>{keys}"));
        let screen = driver.screen(120, 40);
        assert_eq!(screen.contains("Shell in web.1"), asks, "{filter} {keys}: {screen}");
    }
    let mut driver = open(&c);
    driver.keys("/c0<enter>!");
    assert!(driver.screen(120, 40).contains("read-only"), "{}", driver.screen(120, 40));
}
