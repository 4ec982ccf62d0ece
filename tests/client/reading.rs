//! skep's own session against the embedded Swarm: what it reads, and what it must never send.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyModifiers};
use skep::{
    cluster::Part,
    commands::permit,
    connect::{Connector, Endpoint},
    demo::Demo,
    engine::{Engine, ServiceReader},
    grant::ClusterNo,
    session::load_once,
    ui::{
        Keymap,
        actions::{ACTIONS, KeyContext},
    },
};

use super::{
    host,
    live::{Live, now},
    serve, skep,
};

/// A stream that falls silent while its task writes on is noticed and opened anew; no line is shown
/// twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_stalls_goes_on() {
    let (demo, _dir) = serve("calm", &["stall-logs"]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.keys("2/shop_web\r").await;
    live.keys("l").await;
    live.until("GET / 200").await;
    let newest = |text: &str| {
        let line = text.lines().rfind(|l| l.contains("GET") || l.contains("POST"));
        line.unwrap_or_default().trim_start_matches('│').chars().take(8).collect::<String>()
    };
    live.listen(Duration::from_secs(6)).await;
    let stalled = newest(&live.text());
    let begun = Instant::now();
    while newest(&live.text()) == stalled {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", live.text());
        live.listen(Duration::from_millis(200)).await;
    }
    let logs = |r: &&String| r.contains("/logs");
    assert!(demo.requests().iter().filter(logs).count() > 4, "opened anew");
}

/// There is nothing behind the addresses of the embedded Swarm's nodes, and nobody logs in to them.
#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_swarm_has_no_machines() {
    let (demo, _dir) = serve("calm", &[]);
    let (code, text, _) = skep(&["-H", &host(&demo), "nodes", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let nodes = json["nodes"].as_array().unwrap();
    let by = |how: &str| nodes.iter().filter(|node| node["reach"] == how).collect::<Vec<_>>();
    assert!(code == 0 && by("local").len() == 1 && by("none").len() == nodes.len() - 1, "{text}");
    for node in by("none") {
        let why = node["why"].as_str().unwrap_or_default();
        assert!(why.contains("has no machines to log in to"), "{node}");
    }
}

/// Containers of the manager's own node, whoever made them: listed while they are looked at, and their logs
/// read of that node's engine.
#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_containers_and_their_logs() {
    let (demo, _dir) = serve("calm", &[]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    let lists = |demo: &Demo| {
        let lists = demo.requests().into_iter().filter(|r| r.ends_with("/containers/json"));
        lists.count()
    };
    assert_eq!(lists(&demo), 0, "nobody looked");
    live.keys(":containers mgr-1\r").await;
    live.until("node-exporter").await;
    live.until("edge_proxy.mgr-1").await;
    assert!(live.text().contains("outside, mirror"), "{}", live.text());
    live.keys("/node-exporter\rl").await;
    live.until("container on mgr-1").await;
    live.until("still alive").await;
    let before = lists(&demo);
    live.listen(Duration::from_secs(8)).await;
    assert!(lists(&demo) <= before + 1, "nobody looks any more");
    // One that ended, and a task's.
    live.keys(":containers mgr-1\r").await;
    live.key(KeyCode::Esc, KeyModifiers::NONE).await;
    live.until("restic").await;
    live.keys("/restic\rl").await;
    live.until("stopped").await;
    live.keys(":containers mgr-1\r").await;
    live.key(KeyCode::Esc, KeyModifiers::NONE).await;
    live.until("edge_proxy").await;
    live.keys("/edge_proxy\rl").await;
    live.until("HTTP/2").await;
    let logs = demo.requests().into_iter().filter(|r| r.contains("/containers/"));
    assert!(logs.filter(|r| r.ends_with("/logs")).count() >= 3);
    assert!(!demo.requests().iter().any(|r| r.contains("/tasks/")), "of no manager");
}

/// Where keys are pressed: every view, logs, and pages about a service, a node, a task, a problem and a
/// container. At an @ the list of containers is waited for.
const PLACES: [(&str, KeyContext); 17] = [
    ("1", KeyContext::Table),
    ("2", KeyContext::Table),
    ("3", KeyContext::Table),
    ("4", KeyContext::Table),
    ("5", KeyContext::Events),
    ("6", KeyContext::Log),
    ("7", KeyContext::Problems),
    ("8", KeyContext::Clusters),
    ("2l", KeyContext::Log),
    ("2d", KeyContext::Page),
    ("3d", KeyContext::Page),
    ("4d", KeyContext::Page),
    ("7d", KeyContext::Page),
    ("2u", KeyContext::Prompt),
    (":containers mgr-1\r@", KeyContext::Table),
    (":containers mgr-1\r@d", KeyContext::Page),
    (":containers mgr-1\r@l", KeyContext::Log),
];

/// Presses every key of every action of the table in these places, and says yes to whatever opens.
async fn press_everything(live: &mut Live, places: &[(&str, KeyContext)]) {
    let keymap = Keymap::default();
    for (place, context) in places {
        for action in ACTIONS.iter() {
            let by_name = [format!(":{}\r", action.id)];
            // Also those it has elsewhere: here they may mean something else, or nothing.
            let elsewhere = action.keys_in.iter().flat_map(|(_, keys)| keys.iter());
            let mut keys: Vec<&str> = action.keys.iter().chain(elsewhere).copied().collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys.into_iter().map(Some).chain([None]) {
                let (way, rest) = place.split_once('@').unwrap_or((place, ""));
                live.keys(way).await;
                if way.len() < place.len() {
                    // What is paused is not read.
                    if live.text().contains("PAUSED") {
                        live.keys("p").await;
                    }
                    live.until("node-exporter").await;
                }
                live.keys(rest).await;
                match key {
                    Some(key) => {
                        let event = Keymap::press(key).unwrap_or_else(|| panic!("{key} is no key"));
                        let is_here = action.contexts.contains(context)
                            && action.keys_in(*context).contains(&key);
                        let means = keymap.of(*context, &event).map(|a| a.id);
                        assert_eq!(means == Some(action.id), is_here, "{key} {}", context.place());
                        live.key(event.code, event.modifiers).await;
                    }
                    None => live.keys(&by_name[0]).await,
                }
                if action.writes {
                    live.listen(Duration::from_millis(10)).await;
                    live.confirm().await;
                    live.key(KeyCode::Char('u'), KeyModifiers::CONTROL).await;
                    live.keys("+1\r").await;
                    live.listen(Duration::from_millis(10)).await;
                    live.confirm().await;
                } else {
                    live.keys("y\ry").await;
                }
                for _ in 0..4 {
                    live.key(KeyCode::Esc, KeyModifiers::NONE).await;
                }
            }
        }
        live.listen(Duration::from_millis(100)).await;
    }
    live.listen(Duration::from_secs(1)).await;
}

fn writes(demo: &Demo) -> Vec<String> {
    demo.requests().into_iter().filter(|r| !r.starts_with("GET ")).collect()
}

/// Every action of the table in every view, read-only: the engine sees nothing but reads.
#[tokio::test(flavor = "multi_thread")]
async fn read_only_sends_no_write_whatever_is_pressed() {
    let (demo, _dir) = serve("story", &[]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.until("shop_api").await;
    press_everything(&mut live, &PLACES).await;
    assert_eq!(live.carried_out, 0);
    assert_eq!(writes(&demo), Vec::<String>::new());
    assert!(demo.requests().len() > 10, "it did read");
    let documents = demo.requests().into_iter().filter(|r| r.contains("/containers/"));
    assert!(documents.filter(|r| r.ends_with("/json")).count() > 10, "containers as well");
}

/// The same keys write where they may: else the test above would prove nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_keys_write_where_they_may() {
    let (demo, _dir) = serve("calm", &[]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    live.until("shop_api").await;
    press_everything(&mut live, &PLACES[1..3]).await;
    let writes = writes(&demo).join("\n");
    assert!(live.carried_out > 3, "{writes}");
    assert!(writes.contains("/services/") && writes.contains("/nodes/"), "{writes}");
}

/// A write with all that follows: the plan, the convergence, the audit line.
#[tokio::test(flavor = "multi_thread")]
async fn a_scale_goes_all_the_way() {
    let (demo, _dir) = serve("calm", &[]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    live.keys("2/shop_web\rs6\r").await;
    live.until("Plan: scale shop_web 4 → 6").await;
    live.confirm().await;
    live.until("converged").await;
    live.until("6/6").await;
    let audit = std::fs::read_to_string(live.dir.path().join("audit.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        audit.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let results: Vec<&str> = lines.iter().map(|l| l["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["sent", "taken"]);
    assert_eq!(lines[0]["command"], "docker service scale shop_web=6");
    assert_eq!(lines[0]["who"], "tester");
    // By the Swarm's own id: an endpoint may lead to another one tomorrow.
    assert!(lines.iter().all(|l| l["cluster"].as_str().unwrap().len() == 25), "{audit}");
    let posts = demo.requests().into_iter().filter(|r| r.starts_with("POST")).count();
    assert_eq!(posts, 1, "one write, sent once");
}

/// A version that is always stale ends, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_never_right_gives_up() {
    let (demo, _dir) = serve("calm", &["conflict"]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    live.keys("2/shop_web\rs6\r").await;
    live.until("Plan: scale").await;
    live.confirm().await;
    live.until("keeps changing").await;
}

/// A lost engine keeps its last state on the screen, and skep comes back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_engine_comes_back() {
    let (demo, dir) = serve("calm", &[]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    live.until("shop_db").await;
    drop(demo);
    // Its connections end with it; the UI tells the reason and keeps what it had.
    live.until("✗ lost").await;
    assert!(live.text().contains("shop_db"), "{}", live.text());
    let options = skep::demo::Options {
        scenario: "calm".into(),
        size: None,
        seed: 7,
        faults: skep::demo::Faults::default(),
    };
    let _again = Demo::start(&dir.path().join("docker.sock"), options).unwrap();
    live.until("● live").await;
}

/// Events that never come are made up for by the lists.
#[tokio::test(flavor = "multi_thread")]
async fn lost_events_are_no_lost_changes() {
    let (demo, _dir) = serve("calm", &["skip-events"]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    let grant = permit(ClusterNo(0), false, false).unwrap();
    let other = Engine::new(Connector::new(Endpoint::Unix(demo.socket().to_owned())));
    let mut other = other.for_writing(&grant);
    other.probe(now).await.unwrap();
    let (services, _) = other.services(&mut ServiceReader::default(), true).await.unwrap();
    let web = services.iter().find(|s| &*s.name == "shop_web").unwrap();
    let mut document = other.document_of("services", web.id.as_str()).await.unwrap();
    document["Spec"]["Mode"]["Replicated"]["Replicas"] = 5.into();
    other.update_service(&web.id, web.version, &document["Spec"], false).await.unwrap();
    live.until("5/5").await;
}

/// Networks, secrets and configs of the embedded Swarm, by the lists.
#[tokio::test(flavor = "multi_thread")]
async fn networks_secrets_and_configs_are_listed() {
    let (demo, _dir) = serve("calm", &[]);
    let endpoint = Endpoint::Unix(demo.socket().to_owned());
    let (store, _, _) = load_once(Connector::new(endpoint)).await.unwrap();
    for part in [Part::Networks, Part::Secrets, Part::Configs] {
        assert!(store.lists(part), "{part:?}");
    }
    assert!(store.networks().any(|n| &*n.name == "shop_net" && n.addresses() == Some(253)));
    assert!(store.secrets().any(|s| &*s.name == "shop_db_password" && s.created.is_some()));
    assert!(store.configs().any(|c| &*c.name == "shop_proxy_conf-2" && c.size > 0));
}

/// bollard, over our connector, looks up what no list has.
#[tokio::test(flavor = "multi_thread")]
async fn bollard_looks_up_a_network() {
    let (demo, _dir) = serve("calm", &[]);
    let mut engine = Engine::new(Connector::new(Endpoint::Unix(demo.socket().to_owned())));
    engine.probe(now).await.unwrap();
    let (list, _) = engine.networks().await.unwrap();
    let shop = list.iter().find(|n| &*n.name == "shop_net").unwrap();
    let found = engine.unlisted_network(&shop.id).await.unwrap().unwrap();
    assert_eq!(
        (&found.name, &found.driver, found.created),
        (&shop.name, &shop.driver, shop.created)
    );
    assert_eq!(engine.unlisted_network(&"nowhere".into()).await, Ok(None));
    let path = format!("GET /v1.51/networks/{}", shop.id);
    assert!(demo.requests().contains(&path), "the API version is sent");
}

/// The story's trouble is seen within its first minute.
#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told() {
    let (demo, _dir) = serve("story", &[]);
    let mut live = Live::start(&demo, false);
    live.until("update paused").await;
    live.until("shop_worker").await;
    live.keys("7").await;
    live.until("crit").await;
}

/// A Swarm by numbers has those numbers.
#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_by_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let size = skep::demo::Size {
        nodes: 50,
        services: 40,
        tasks: 3_000,
        stacks: 5,
        networks: 5,
        churn: 20.0,
    };
    let options = skep::demo::Options {
        scenario: String::new(),
        size: Some(size),
        seed: 3,
        faults: skep::demo::Faults::default(),
    };
    let demo = Demo::start(&dir.path().join("docker.sock"), options).unwrap();
    let endpoint = Endpoint::Unix(demo.socket().to_owned());
    let (store, _, _) = load_once(Connector::new(endpoint)).await.unwrap();
    assert_eq!((store.nodes().len(), store.services().len()), (50, 40));
    assert!(store.total().running > 2_900, "{:?}", store.total());
    let mut live = Live::start(&demo, true);
    live.until("running → failed").await;
}

/// Stacks, services and networks in such numbers as large Swarms have.
#[tokio::test(flavor = "multi_thread")]
async fn many_stacks_and_networks() {
    let dir = tempfile::tempdir().unwrap();
    let size = skep::demo::Size {
        nodes: 20,
        services: 500,
        tasks: 1_500,
        stacks: 30,
        networks: 200,
        churn: 0.0,
    };
    let options = skep::demo::Options {
        scenario: String::new(),
        size: Some(size),
        seed: 5,
        faults: skep::demo::Faults::default(),
    };
    let demo = Demo::start(&dir.path().join("docker.sock"), options).unwrap();
    let endpoint = Endpoint::Unix(demo.socket().to_owned());
    let (store, _, _) = load_once(Connector::new(endpoint)).await.unwrap();
    let relations = store.relations();
    assert_eq!((relations.stacks().len(), store.services().len()), (30, 500));
    assert_eq!(store.networks().filter(|n| !n.ingress).count(), 200);
    assert_eq!((store.secrets().len(), store.configs().len()), (30, 30));
    assert!(relations.volumes().len() > 50, "{}", relations.volumes().len());
    // Each network is joined, and no address is given twice.
    let joined = store.networks().filter(|n| !relations.on_network(&n.id).is_empty()).count();
    assert_eq!(joined, 201);
    let running = store.tasks().filter(|t| !t.state.is_terminal());
    let mut addresses: Vec<_> = running
        .flat_map(|t| t.attachments.iter().map(|a| (a.network.clone(), a.address)))
        .collect();
    let all = addresses.len();
    addresses.sort();
    addresses.dedup();
    assert!(all >= 1_500 && addresses.len() == all, "{} of {all}", addresses.len());
}

/// When nothing happens little is asked; and what is in view is asked for at once by a key.
#[tokio::test(flavor = "multi_thread")]
async fn a_calm_swarm_is_left_in_peace() {
    let (demo, _dir) = serve("calm", &[]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.listen(Duration::from_secs(33)).await;
    let before = demo.requests().len();
    live.listen(Duration::from_secs(10)).await;
    let asked = demo.requests()[before..].to_vec();
    assert!((3..=9).contains(&asked.len()), "{asked:?}");
    // Their events tell of them.
    let listed = |kind: &str| demo.requests().iter().filter(|r| r.ends_with(kind)).count();
    for kind in ["/networks", "/secrets", "/configs"] {
        assert_eq!(listed(kind), 1, "{kind}");
    }
    // A service runs on the network of its node, which no list has.
    let looked_up = demo.requests().iter().filter(|r| r.contains("/networks/")).count();
    assert_eq!(looked_up, 1);
    let before = demo.requests().len();
    live.keys("j").await;
    live.listen(Duration::from_secs(1)).await;
    let asked = demo.requests()[before..].to_vec();
    assert!(asked.iter().any(|r| r.ends_with("/tasks")), "{asked:?}");
}

/// Whatever lies where history is kept, a report is written in time, and says what it could not read.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_does_not_wait_for_what_is_no_file() {
    let (demo, dir) = serve("calm", &[]);
    let (_, json, _) = skep(&["-H", &host(&demo), "snapshot", "--json"]).await;
    let state: serde_json::Value = serde_json::from_str(&json).unwrap();
    let swarm = state["clusters"][0]["id"].as_str().unwrap();
    let kept = dir.path().join("skep");
    let timeline = kept.join("timeline").join(swarm);
    std::fs::create_dir_all(&timeline).unwrap();
    let pipes = [kept.join("audit.jsonl"), timeline.join("beginnings.json")];
    for pipe in &pipes {
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let endless = timeline.join("2026-11-21T14.jsonl");
    std::os::unix::fs::symlink("/dev/zero", &endless).unwrap();
    let large = timeline.join("2026-11-21T15.jsonl");
    std::fs::File::create(&large).unwrap().set_len(3 << 30).unwrap();
    let report = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(["-H", &host(&demo), "report"])
        .env("XDG_STATE_HOME", dir.path())
        .env("XDG_CONFIG_HOME", dir.path())
        .env_remove("DOCKER_HOST")
        .kill_on_drop(true)
        .output();
    let report = tokio::time::timeout(Duration::from_secs(30), report).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&report.stderr);
    assert!(report.status.success() && !report.stdout.is_empty(), "{said}");
    for no_file in [&pipes[0], &pipes[1], &endless] {
        let line = format!("not in the history: {} is no regular file", no_file.display());
        assert!(said.contains(&line), "{line}: {said}");
    }
    assert!(said.contains(&format!("{} is larger than 16 MiB", large.display())), "{said}");
}

/// What may not leave does not leave, whoever asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_transport_lets_nothing_out() {
    use skep::{
        cluster::{NodeId, ServiceId},
        connect::{Connector, Endpoint},
        engine::{Engine, EngineError},
    };
    let (demo, _dir) = serve("calm", &[]);
    let engine = Engine::new(Connector::new(Endpoint::Unix(demo.socket().to_owned())));
    let spec = serde_json::json!({ "Name": "x" });
    let (service, node) = (ServiceId::from("s1"), NodeId::from("n1"));
    let tried = [
        engine.update_service(&service, 1, &spec, false).await.map(drop),
        engine.update_service(&service, 1, &spec, true).await.map(drop),
        engine.update_node(&node, 1, &spec).await,
        engine.remove_node(&node).await,
    ];
    for tried in tried {
        assert!(matches!(tried, Err(EngineError::ReadOnly { .. })), "{tried:?}");
    }
    assert_eq!(demo.requests(), Vec::<String>::new());
}
