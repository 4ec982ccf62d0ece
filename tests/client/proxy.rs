//! A socket proxy before the engine: what it refuses is unknown, and everything else goes on.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{host, live::Live, serve, skep};

/// One look through a proxy that refuses these.
async fn look(deny: &[&str]) -> (i32, String, Value) {
    let faults: Vec<String> = deny.iter().map(|part| format!("deny={part}")).collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let (demo, _dir) = serve("calm", &faults);
    let (code, out, err) = skep(&["-H", &host(&demo), "check"]).await;
    let (text_code, text, text_err) = skep(&["-H", &host(&demo), "snapshot"]).await;
    let (_, json, _) = skep(&["-H", &host(&demo), "snapshot", "--json"]).await;
    let (report_code, report, _) = skep(&["-H", &host(&demo), "report"]).await;
    let all = [&out, &err, &text, &text_err, &json, &report].map(String::as_str).join("\n");
    assert!(!all.contains("<html") && !all.contains("administrative"), "{deny:?}: {all}");
    // Nodes and tasks are what a Swarm lists; names of networks and the like are an extra.
    let expected = if deny.iter().any(|part| matches!(*part, "nodes" | "tasks")) { 3 } else { 0 };
    assert_eq!([text_code, report_code], [expected; 2], "{deny:?}: {text}{text_err}");
    let json: Value = serde_json::from_str(&json).unwrap();
    (code, format!("{out}{text}{report}"), json["clusters"][0].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_refuses_is_unknown_and_the_rest_goes_on() {
    let (code, _, whole) = look(&[]).await;
    assert!(code == 0 && whole["unknown"].is_null());
    for part in ["info", "nodes", "tasks", "networks", "secrets", "configs", "events", "ping"] {
        let (code, text, state) = look(&[part]).await;
        // Nodes and tasks are what is judged: without them nothing can be called well.
        let judged = matches!(part, "nodes" | "tasks");
        assert_eq!(code, if judged { 3 } else { 0 }, "{part}: {text}");
        // One look opens no event stream; a ping has a stand-in.
        let is_told = !matches!(part, "events" | "ping");
        assert_eq!(state["unknown"][0]["part"] == part, is_told, "{part}: {state}");
        let said = format!("{part} unknown: GET /{part} is refused (403 Forbidden)");
        assert_eq!(text.contains(&said), is_told, "{part}: {text}");
        assert_eq!(state["services"], whole["services"], "{part}");
        for (what, key) in [("nodes", "nodes"), ("tasks", "tasks"), ("info", "id")] {
            if what == part {
                assert!(state[key].is_null(), "{part}: {}", state[key]);
            } else if key != "tasks" {
                assert_eq!(state[key].is_null(), whole[key].is_null(), "{part} {key}");
            }
        }
        assert!(!text.contains("0 nodes") && !text.contains("0 of 0"), "{part}: {text}");
    }
}

/// The proxy's own default but services: little is left, and it is told truly.
#[tokio::test(flavor = "multi_thread")]
async fn services_alone_are_enough() {
    let all = ["info", "nodes", "tasks", "networks", "secrets", "configs", "ping", "version"];
    let (code, text, state) = look(&all).await;
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("services, ") && text.contains("tasks running"), "{text}");
    assert_eq!(state["unknown"].as_array().unwrap().len(), 6, "{state}");
    let (demo, _dir) = serve("calm", &["deny=services"]);
    let (code, out, _) = skep(&["-H", &host(&demo), "check"]).await;
    assert!(code == 3 && out.contains("refuses GET /services (403 Forbidden)"), "{out}");
}

/// A service that is short is found by the engine's own counts, where tasks are not told.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_service_is_found_without_its_tasks() {
    let (demo, _dir) = serve("story", &["deny=tasks"]);
    let (code, out, _) = skep(&["-H", &host(&demo), "check"]).await;
    assert!((1..=3).contains(&code) && out.contains("tasks unknown"), "{out}");
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.keys("7").await;
    live.until("crit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_says_what_is_unknown() {
    let (demo, _dir) = serve("calm", &["deny=nodes", "deny=tasks", "deny=info", "deny=networks"]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.until("nodes ?").await;
    live.until("managers ?").await;
    assert!(live.text().contains("unknown: GET /nodes is refused (403"), "{}", live.text());
    for (keys, says) in [
        ("3", "unknown: GET /nodes is refused (403 Forbidden)"),
        ("4", "unknown: GET /tasks is refused (403 Forbidden)"),
        ("7", "nodes and tasks unknown"),
        ("8", "?"),
    ] {
        live.keys(keys).await;
        live.until(says).await;
        let text = live.text();
        assert!(!text.contains("0/0") && !text.contains("being read…"), "{keys}: {text}");
    }
    live.keys("2/shop_web\rd").await;
    live.until("their names are unknown").await;
    live.until("may run on").await;
    assert!(!live.text().contains("0 of 0"), "{}", live.text());
}

/// A proxy's rules may change: `C` and events ask for what was refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_no_more_is_known_again() {
    let deny = ["networks", "secrets", "nodes"].map(|part| format!("deny={part}@0-1500"));
    let (demo, _dir) = serve("calm", &deny.each_ref().map(String::as_str));
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.keys(":networks\r").await;
    live.until("networks is refused (403 Forbidden)").await;
    live.listen(Duration::from_secs(2)).await;
    live.keys("C").await;
    live.until("shop_net").await;
    live.keys(":secrets\r").await;
    live.until("shop_db_password").await;
    live.keys("3").await;
    live.until("mgr-1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_asks_for_what_was_refused() {
    let (demo, _dir) = serve("calm", &["deny=secrets@0-1500"]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.keys(":secrets\r").await;
    live.until("secrets is refused (403 Forbidden)").await;
    live.listen(Duration::from_secs(2)).await;
    let secret = r#"{"Name":"fresh","Data":"eA=="}"#;
    let post = format!(
        "POST /v1.41/secrets/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\n\r\n{secret}",
        secret.len()
    );
    let mut engine = tokio::net::UnixStream::connect(demo.socket()).await.unwrap();
    engine.write_all(post.as_bytes()).await.unwrap();
    let mut answer = String::new();
    engine.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(" 201 "), "{answer}");
    live.until("fresh").await;
}

/// Without its event stream changes are seen from list to list.
#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_without_events_is_watched() {
    let (demo, _dir) = serve("calm", &["deny=events"]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    live.keys("2/shop_web\rs6\r").await;
    live.until("Plan: scale").await;
    live.confirm().await;
    live.until("converged").await;
    let asked = demo.requests().into_iter().filter(|r| r.ends_with("/events")).count();
    assert_eq!(asked, 1, "asked once, and not again");
}

/// A write that a proxy refuses is refused in words, and nothing is unknown.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_only_reads_says_so() {
    let (demo, _dir) = serve("calm", &["deny=post"]);
    let mut live = Live::start(&demo, false);
    live.until("● live").await;
    live.keys("2/shop_web\rs6\r").await;
    live.until("Plan: scale").await;
    live.confirm().await;
    live.until("refuses POST").await;
}

/// An idle timeout that ends the event stream is no lost link.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_is_opened_again_without_a_word() {
    let (demo, _dir) = serve("calm", &["cut-events=700"]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    let begun = Instant::now();
    let opened = || demo.requests().iter().filter(|r| r.ends_with("/events")).count();
    while opened() < 4 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is opened again");
        live.listen(Duration::from_millis(50)).await;
        let text = live.text();
        assert!(!text.contains("lost") && text.contains("● live"), "{text}");
    }
    live.keys("5").await;
    assert!(!live.text().contains("connection"), "{}", live.text());
}
