//! Several managers, several clusters: who is used, who takes over, and what is one Swarm.

use std::time::{Duration, Instant};

use skep::{
    action::plan::{Change, Confirmation, Document, Plan, ScaleTo},
    cluster::Store,
    commands::permit,
    connect::{Connector, Endpoint, NodeSettings},
    demo::Demo,
    grant::ClusterNo,
    keep::History,
    session::{Budget, Command, Event, Link, Outcome, SessionConfig, SessionEvent, Sessions},
};

use super::{
    host,
    live::Live,
    serve, serve_seed, skep,
    tui::{SOON, Tui},
};

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_of_one_swarm_become_one_cluster() {
    let (one, _a) = serve("calm", &[]);
    let (two, _b) = serve("calm", &[]);
    let (other, _c) = serve_seed(8, "calm", &[]);
    let mut live = Live::open(&[(&[&one], false), (&[&two], true), (&[&other], false)]);
    live.keys("8").await;
    live.until("Clusters 2").await;
    live.until("ready").await;
    let text = live.text();
    let endpoints = [&one, &two].map(|d| d.socket().display().to_string());
    // The one in use and the one that could be.
    assert!(endpoints.iter().all(|e| text.contains(&e[..15])), "{text}");
    // One of the two was not to be written to: then neither is the Swarm.
    live.until("RO").await;
    assert_eq!(text.lines().filter(|l| l.contains("RW")).count(), 1, "{text}");
}

/// What `wanted` makes of the first of a session's events that it knows.
async fn heard<T>(sessions: &mut Sessions, wanted: impl Fn(SessionEvent) -> Option<T>) -> T {
    let first = async {
        loop {
            if let Some(found) = sessions.told.recv().await.and_then(&wanted) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), first).await.expect("it is told")
}

/// An endpoint that is read-only turns out to lead to a Swarm that is open for writing: from then on
/// not even a plan that was approved before leaves.
#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_that_is_read_only_once_is_not_written_to() {
    let (one, dir) = serve("calm", &[]);
    let (two, _b) = serve("calm", &[]);
    let config = |no, demo: &Demo, read_only| SessionConfig {
        managers: vec![Connector::new(Endpoint::Unix(demo.socket().to_owned()))],
        shell: None,
        mixed: false,
        grant: permit(ClusterNo(no), read_only, false),
        history: History { timeline: None, audit: dir.path().join("audit.jsonl") },
        who: "tester".into(),
        budget: Budget::default(),
        nodes: NodeSettings::default(),
    };
    let mut sessions = Sessions::start(vec![config(0, &one, false)], vec![config(1, &two, true)]);
    let is_live =
        |told| matches!(told, SessionEvent::Cluster(_, Event::Link(_, Link::Live { .. })));
    heard(&mut sessions, |told| is_live(told).then_some(())).await;
    sessions.open(ClusterNo(1));
    let merged = heard(&mut sessions, |told| match told {
        SessionEvent::Merged { gone, into, read_only } => Some((gone.0, into.0, read_only)),
        _ => None,
    });
    assert_eq!(merged.await, (1, 0, true));
    // Both are known to the one session: it has taken in what came.
    let managers = |told| match told {
        SessionEvent::Cluster(_, Event::Managers(lines)) => (lines.len() == 2).then_some(()),
        _ => None,
    };
    heard(&mut sessions, managers).await;
    let document = serde_json::json!({ "ID": "s1", "Version": { "Index": 7 }, "Spec": {
        "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let document = Document::read(&document).unwrap();
    let change = Change::Scale(ScaleTo::Exactly(3));
    let plan = Plan::new(ClusterNo(0), &[document], &change, &Store::default());
    let grant = permit(ClusterNo(0), false, false).unwrap();
    let approved = plan.approve(&grant, &Confirmation::Yes).unwrap();
    sessions.send(ClusterNo(0), Command::CarryOut(approved));
    let outcome = heard(&mut sessions, |told| match told {
        SessionEvent::Cluster(_, Event::Outcome(_, outcome)) => Some(outcome),
        _ => None,
    });
    let outcome = outcome.await;
    assert!(
        matches!(&*outcome, Outcome::Refused(why) if why.contains("this cluster is read-only")),
        "{outcome:?}"
    );
    let asked = [one.requests(), two.requests()].concat();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
}

/// Docker's contexts are asked when somebody looks, and opened beside what is open; one that leads to a Swarm
/// that is open already leads there.
#[tokio::test(flavor = "multi_thread")]
async fn a_context_is_opened_beside_the_others() {
    let (own, _a) = serve("calm", &[]);
    let (same, _b) = serve("calm", &[]);
    let (other, dir) = serve_seed(8, "calm", &[]);
    let docker = dir.path().join("docker");
    let hosts =
        [("again", host(&same)), ("other", host(&other)), ("lost", "unix:///nowhere".into())];
    for (name, host) in hosts {
        let meta = docker.join("contexts/meta").join(name);
        std::fs::create_dir_all(&meta).unwrap();
        let endpoints = serde_json::json!({ "docker": { "Host": host } });
        let text = serde_json::json!({ "Name": name, "Endpoints": endpoints }).to_string();
        std::fs::write(meta.join("meta.json"), text).unwrap();
    }
    let env = [("DOCKER_CONFIG".to_owned(), docker.display().to_string())];
    tokio::task::block_in_place(|| {
        let mut tui = Tui::start_in(120, 30, &["-H", &host(&own)], &env);
        tui.shows(SOON, "● live");
        tui.keys(":ctx\r");
        tui.until(SOON, "all are asked", |s| {
            s.matches("manager mgr-").count() == 2 && !s.contains("is asked")
        });
        assert!(
            tui.screen().lines().any(|l| l.contains("lost") && l.contains("no such socket")),
            "{}",
            tui.screen()
        );
        // The default one, then by name: again, lost, other.
        tui.keys("G\r");
        tui.until(SOON, "the other is shown", |s| s.contains(" other ") && s.contains("● live"));
        tui.keys(":ctx\rj\r");
        tui.until(SOON, "the first is shown", |s| !s.lines().next().unwrap().contains("other"));
        tui.keys("8");
        tui.shows(SOON, "Clusters 2");
        tui.quit();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fastest_is_used_and_another_takes_over_when_it_dies() {
    let (slow, _a) = serve("calm", &["delay=150"]);
    let (fast, _b) = serve("calm", &[]);
    let mut live = Live::open(&[(&[&slow, &fast], false)]);
    live.until("● live").await;
    live.keys("2/shop_api\r8").await;
    live.until("ready").await;
    let in_use = |text: &str| text.lines().find(|l| l.contains("in use")).unwrap().to_owned();
    let path = fast.socket().display().to_string();
    assert!(in_use(&live.text()).contains(&path[..15]), "{}", live.text());
    drop(fast);
    let begun = Instant::now();
    live.until("now through").await;
    live.until("● live").await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    live.keys("\u{1b}").await;
    live.keys("2").await;
    live.until("/shop_api").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_owes_an_answer_is_left_for_another() {
    // Takes requests and answers no list: what a manager without quorum does for 20 s.
    let (stuck, _a) = serve("calm", &["silent"]);
    let (well, _b) = serve("calm", &["delay=50"]);
    let mut live = Live::open(&[(&[&stuck, &well], false)]);
    let begun = Instant::now();
    live.until("● live").await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_among_the_managers_is_told_and_not_used() {
    let (ours, _a) = serve("calm", &[]);
    let (stranger, _b) = serve_seed(8, "calm", &["delay=100"]);
    let mut live = Live::open(&[(&[&ours, &stranger], false)]);
    live.until("● live").await;
    live.keys("8").await;
    live.until("another Swarm").await;
    drop(ours);
    live.until("✗ lost").await;
    live.listen(Duration::from_secs(3)).await;
    assert!(!live.text().contains("● live"), "writes must not go to another Swarm");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_given_together_are_one_swarm_until_one_says_otherwise() {
    let (one, _a) = serve("calm", &[]);
    let (two, _b) = serve("calm", &[]);
    let (other, dir) = serve_seed(8, "calm", &[]);
    let gone = dir.path().join("gone.sock");
    let unix = |demo: &skep::demo::Demo| Endpoint::Unix(demo.socket().to_owned());
    let all = vec![Endpoint::Unix(gone), unix(&one), unix(&other), unix(&two)];
    let mut live = Live::together(all);
    let begun = Instant::now();
    live.until("● live").await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    live.keys("8").await;
    // Of four endpoints three are managers of one Swarm, and one is another.
    live.until("Clusters 2").await;
    live.until("no such socket").await;
    assert!(!live.text().contains("another Swarm"), "{}", live.text());
}

/// An endpoint in the way costs nothing: the Swarm is looked at through the one that answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_endpoint_is_passed_over_at_once() {
    let (alive, dir) = serve("calm", &[]);
    let (stuck, _b) = serve("calm", &["silent"]);
    let gone = format!("unix://{}", dir.path().join("gone.sock").display());
    for (dead, says) in [(gone, "no such socket"), (host(&stuck), "")] {
        for command in [&["check"][..], &["snapshot"], &["report"], &["logs", "shop_web"]] {
            let alive = host(&alive);
            let args = [&["-H", &dead, "-H", &alive], command].concat();
            let begun = Instant::now();
            let (code, out, err) = skep(&args).await;
            assert!(code == 0 || command == ["check"] && code < 3, "{args:?}: {code} {out}{err}");
            assert!(begun.elapsed() < Duration::from_secs(15), "{args:?}: {:?}", begun.elapsed());
            if command != ["logs", "shop_web"] {
                assert!(err.contains(says), "{args:?}: {err}");
            }
        }
    }
}

/// Where several Swarms answer, nobody knows whose manager a dead endpoint is.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_swarms_a_dead_endpoint_is_unknown() {
    let (one, dir) = serve("calm", &[]);
    let (other, _b) = serve_seed(8, "calm", &[]);
    let gone = format!("unix://{}", dir.path().join("gone.sock").display());
    let (one, other) = (host(&one), host(&other));
    let (code, out, _) = skep(&["-H", &one, "-H", &other, "check"]).await;
    assert!(code < 3, "{code} {out}");
    let (code, out, _) = skep(&["-H", &one, "-H", &gone, "-H", &other, "check"]).await;
    assert!(code == 3 && out.contains("no such socket"), "{code} {out}");
}

/// A proxy before one of the managers keeps to itself which Swarm it is: it is taken at the user's word,
/// whichever of them is in use.
#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_does_not_tell_its_swarm_is_no_stranger() {
    let cases: [[&[&str]; 2]; 2] =
        [[&["deny=info"], &["delay=150"]], [&[], &["deny=info", "delay=150"]]];
    for faults in cases {
        let (one, _a) = serve("calm", faults[0]);
        let (two, _b) = serve("calm", faults[1]);
        let mut live = Live::open(&[(&[&one, &two], true)]);
        live.until("● live").await;
        live.keys("8").await;
        live.until("ready").await;
        let text = live.text();
        assert!(
            !text.contains("another Swarm") && text.contains("Clusters 1"),
            "{faults:?}: {text}"
        );
        drop(one);
        live.until("now through").await;
        live.until("● live").await;
        assert!(!live.text().contains("another Swarm"), "{faults:?}: {}", live.text());
    }
}

/// What is read of logs is read through whichever manager is in use, also if they were opened while none
/// was.
#[tokio::test(flavor = "multi_thread")]
async fn logs_go_on_through_another_manager_and_begin_with_one() {
    let (fast, _a) = serve("calm", &[]);
    let (slow, dir) = serve("calm", &["delay=150"]);
    let mut live = Live::open(&[(&[&slow, &fast], true)]);
    live.until("● live").await;
    live.keys("2/shop_web\r").await;
    live.keys("l").await;
    live.until("GET / 200").await;
    drop(fast);
    live.until("now through").await;
    live.until("● live").await;
    let logs = |demo: &Demo| demo.requests().iter().any(|r| r.contains("/logs"));
    let begun = Instant::now();
    while !logs(&slow) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", live.text());
        live.listen(Duration::from_millis(50)).await;
    }
    live.keys("\u{1b}").await;
    drop(slow);
    live.until("✗ lost").await;
    live.keys("2l").await;
    let options = skep::demo::Options {
        scenario: "calm".into(),
        size: None,
        seed: 7,
        faults: skep::demo::Faults::default(),
    };
    let again = Demo::start(&dir.path().join("docker.sock"), options).unwrap();
    let begun = Instant::now();
    while !logs(&again) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", live.text());
        live.listen(Duration::from_millis(50)).await;
    }
}

/// Whoever does not want to wait for the next try does not: a dozen of them by themselves take minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_waits_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = SessionConfig {
        managers: vec![Connector::new(Endpoint::Unix(dir.path().join("none.sock")))],
        shell: None,
        mixed: false,
        grant: None,
        history: History { timeline: None, audit: dir.path().join("audit.jsonl") },
        who: "tester".into(),
        budget: Budget::default(),
        nodes: NodeSettings::default(),
    };
    let mut sessions = Sessions::start(vec![config], Vec::new());
    let begun = Instant::now();
    for _ in 0..12 {
        let is_lost =
            |told| matches!(told, SessionEvent::Cluster(_, Event::Link(_, Link::Lost { .. })));
        heard(&mut sessions, |told| is_lost(told).then_some(())).await;
        sessions.send(ClusterNo(0), Command::Retry);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
