//! `skep logs` when a node with tasks does not answer.

use std::time::{Duration, Instant};

use skep::{
    cluster::TaskId,
    connect::{Connector, Endpoint},
    session::read_log_ends,
};

use super::{host, serve, skep};

/// The nodes that tasks of this service have lines from.
async fn nodes(host: &str, service: &str) -> Vec<String> {
    let (code, lines, said) = skep(&["-H", host, "logs", service, "--tail", "3"]).await;
    assert_eq!((code, &*said), (0, ""), "{lines}");
    let mut nodes: Vec<String> = lines
        .lines()
        .filter_map(|l| Some(l.split_once('@')?.1.split_once(" | ")?.0.to_owned()))
        .collect();
    nodes.sort();
    nodes.dedup();
    nodes
}

/// The same Swarm, once well and once with a node whose logs fail so.
async fn with_a_node_that(fault: &str) -> (String, (i32, String, String), Duration) {
    let (well, _dir) = serve("calm", &[]);
    let nodes = nodes(&host(&well), "shop_web").await;
    assert!(nodes.len() > 1, "{nodes:?}");
    let bad = nodes[0].clone();
    let (demo, _dir) = serve("calm", &[&format!("{fault}={bad}")]);
    let begun = Instant::now();
    let at = host(&demo);
    let args = ["-H", &at, "logs", "shop_web", "--tail", "3"];
    let reading = skep(&args);
    let ended = tokio::time::timeout(Duration::from_secs(30), reading).await.expect("it ends");
    for node in &nodes[1..] {
        assert!(ended.1.contains(&format!("@{node} | ")), "{node}: {ended:?}");
    }
    assert!(!ended.1.contains(&format!("@{bad} | ")), "{ended:?}");
    (bad, ended, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_says_nothing_is_named_and_the_others_are_shown() {
    let (bad, (code, lines, said), took) = with_a_node_that("silent-logs").await;
    assert_eq!(code, 1, "{lines}{said}");
    let told = format!(" on {bad} can't be read: nothing comes from its node");
    assert!(said.contains("logs of shop_web.") && said.contains(&told), "{said}");
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_the_engine_gives_up_is_named_with_its_words() {
    let (bad, (code, lines, said), _) = with_a_node_that("broken-logs").await;
    assert_eq!(code, 1, "{lines}{said}");
    let told = format!(" on {bad} can't be read: Error grabbing logs: ");
    assert!(said.contains("logs of shop_web.") && said.contains(&told), "{said}");
    let mut all: Vec<&str> = said.lines().collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), said.lines().count(), "each is told once: {said}");
}

/// The lines of the others come while the silent one is still waited for.
#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_the_others_do_not_wait_for_a_silent_one() {
    let (well, _dir) = serve("calm", &[]);
    let bad = nodes(&host(&well), "shop_web").await.remove(0);
    let (demo, _dir) = serve("calm", &[&format!("silent-logs={bad}")]);
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(["-H", &host(&demo), "logs", "shop_web", "--tail", "3"])
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .env_remove("DOCKER_HOST")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let mut out = tokio::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let read = tokio::io::AsyncBufReadExt::read_line(&mut out, &mut line);
    tokio::time::timeout(Duration::from_secs(6), read).await.expect("a line comes").unwrap();
    assert!(begun.elapsed() < Duration::from_secs(6) && !line.is_empty(), "{line}");
    assert!(child.try_wait().unwrap().is_none(), "the silent one is still waited for");
}

/// A log that is followed says nothing either where its node hangs: that is told, and it is read on.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_is_told_while_logs_are_followed() {
    let (well, _dir) = serve("calm", &[]);
    let bad = nodes(&host(&well), "shop_web").await.remove(0);
    let (demo, _dir) = serve("calm", &[&format!("silent-logs={bad}")]);
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(["-H", &host(&demo), "logs", "shop_web", "--follow", "--tail", "1"])
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .env_remove("DOCKER_HOST")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = tokio::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    let read = tokio::io::AsyncBufReadExt::read_line(&mut said, &mut line);
    tokio::time::timeout(Duration::from_secs(40), read).await.expect("it is told").unwrap();
    assert!(
        line.contains(&format!(" on {bad} can't be read: nothing comes from its node")),
        "{line}"
    );
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
}

/// What a report has of logs: those of a node that hangs hold up neither it nor the others.
#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_logs_are_read_in_bounded_time() {
    let (well, _dir) = serve("calm", &[]);
    let bad = nodes(&host(&well), "shop_web").await.remove(0);
    let (demo, _dir) = serve("calm", &[&format!("silent-logs={bad}")]);
    let (_, json, _) = skep(&["-H", &host(&demo), "snapshot", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let tasks = json["clusters"][0]["tasks"].as_array().unwrap();
    let tasks: Vec<(TaskId, bool)> = tasks
        .iter()
        .filter(|task| task["state"] == "running")
        .map(|task| (task["id"].as_str().unwrap().into(), task["node"] == bad.as_str()))
        .collect();
    let (hang, answer): (Vec<_>, Vec<_>) = tasks.iter().partition(|(_, hangs)| *hangs);
    assert!(!hang.is_empty() && !answer.is_empty(), "{tasks:?}");
    let begun = Instant::now();
    let asked = tasks.iter().map(|(task, _)| task.clone()).collect();
    let endpoint = Endpoint::parse(&host(&demo), None).unwrap();
    let ends = read_log_ends(Connector::new(endpoint), asked).await;
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    assert_eq!(ends.len(), tasks.len());
    for (task, hangs) in &tasks {
        match &ends[task] {
            Ok(lines) => assert!(!hangs && !lines.is_empty() && lines.len() <= 10, "{lines:?}"),
            Err(why) => assert!(*hangs && why == "nothing comes from its node", "{why}"),
        }
    }
}
