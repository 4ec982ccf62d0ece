//! A day compressed: a million task changes, a cut link every thousand, other sizes and views all the
//! time. In the end the model must be what a fresh load says, and memory must not have grown.

use std::time::{Duration, Instant};

use skep::{
    cluster::{Store, Task},
    connect::{Connector, Endpoint},
    session::load_once,
};

use super::{
    live::Live,
    process::{Relay, Served, memory},
    row,
};

const CHANGES: u64 = 1_000_000;
const PER_LINK: u64 = 1_000;
/// Memory is looked at so often.
const SAMPLE: u64 = 25_000;
const SWARM: &[&str] =
    &["--nodes", "50", "--services", "100", "--tasks", "5000", "--churn", "150", "--seed", "11"];
const SIZES: [(u16, u16); 5] = [(80, 24), (120, 40), (200, 60), (40, 12), (59, 15)];
const KEYS: [&str; 14] = ["1", "2", "3", "4", "5", "7", "8", "j", "k", "G", "g", "o", "H", "\t"];

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

fn tasks(store: &Store) -> Vec<Task> {
    let mut tasks: Vec<Task> = store.tasks().cloned().collect();
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    tasks
}

/// Asserts that two models say the same of the Swarm.
fn compare(ours: &Store, fresh: &Store) {
    let (a, b) = (tasks(ours), tasks(fresh));
    assert_eq!(a.len(), b.len(), "as many tasks");
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a, b);
    }
    assert_eq!(ours.total(), fresh.total());
    assert_eq!(ours.health(), fresh.health());
    for service in fresh.services() {
        assert_eq!(ours.service(&service.id), Some(service));
        assert_eq!(ours.tally(&service.id), fresh.tally(&service.id), "{}", service.name);
    }
    for node in fresh.nodes() {
        assert_eq!(ours.node(&node.id), Some(node));
        assert_eq!(ours.node_tally(&node.id), fresh.node_tally(&node.id), "{}", node.hostname);
    }
}

pub fn soak() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    // In a process of its own: it is skep's memory that is looked at.
    let served = Served::start(SWARM);
    let relay = Relay::to(&served.socket, "soak-relay.sock");
    let endpoint = Endpoint::Unix(relay.socket.clone());
    let mut live = Live::open_at(vec![(vec![endpoint], true)]);
    live.until("● live").await;
    let mut rng = fastrand::Rng::with_seed(5);
    let (begun, pid) = (Instant::now(), std::process::id());
    let (mut changes, mut links) = (0, 1);
    let mut before = live.app.cluster().model.store.revision();
    let mut samples: Vec<u64> = Vec::new();
    while changes < CHANGES {
        live.listen(Duration::from_millis(50)).await;
        let now = live.app.cluster().model.store.revision();
        changes += now - before;
        before = now;
        live.keys(rng.choice(KEYS).unwrap()).await;
        if rng.u8(..) < 40 {
            let (cols, rows) = *rng.choice(&SIZES).unwrap();
            live.resize(cols, rows);
        }
        assert!(!live.text().is_empty());
        // What a cut link missed counts as well: one that is due is cut as soon as it is live.
        if changes >= links * PER_LINK && live.text().contains("● live") {
            links += 1;
            relay.cut();
        }
        if changes >= (samples.len() as u64 + 1) * SAMPLE {
            samples.push(memory(pid, "VmRSS"));
            println!("# {changes} changes: {:.1} MiB", mb(samples[samples.len() - 1]));
        }
        assert!(begun.elapsed() < Duration::from_secs(3_600), "{changes} changes in an hour");
    }
    served.calm();
    live.listen(Duration::from_secs(15)).await;
    // Nothing changes any more: a link of its own reads all of it anew.
    relay.cut();
    live.listen(Duration::from_secs(8)).await;
    let connector = Connector::new(Endpoint::Unix(served.socket.clone()));
    let (fresh, _, _) = load_once(connector).await.unwrap();
    compare(&live.app.cluster().model.store, &fresh);
    // History and the list of events fill up first.
    let quarter = samples.len() / 4;
    let middle = |part: &[u64]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part[part.len() / 2]
    };
    let (early, late) =
        (middle(&samples[quarter..2 * quarter]), middle(&samples[samples.len() - quarter..]));
    let detail = format!(
        "{changes} changes, {links} links, {} tasks with history, {:.0} s; {:.0} MiB in the second \
         quarter, {:.0} in the last; the model is what a fresh load says",
        fresh.task_count(),
        begun.elapsed().as_secs_f64(),
        mb(early),
        mb(late)
    );
    row("soak: memory in the last quarter / in the second", late as f64 / early as f64, &detail);
}
