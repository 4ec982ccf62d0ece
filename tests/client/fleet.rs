//! Several managers, several clusters: who is used, who takes over, and what is one Swarm.

use std::time::{Duration, Instant};

use super::{live::Live, serve, serve_seed};

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
