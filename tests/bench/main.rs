//! Figures, as ratios measured in one run: `cargo bench`. They are not tests: a slow machine must not
//! fail a build, and a ratio moves far less than a time.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "figures are printed")]

#[path = "../fixtures/cluster.rs"]
mod cluster_fixture;

#[path = "../screens/driver.rs"]
#[allow(dead_code, reason = "the screens use more of it")]
mod driver;

#[path = "../client/live.rs"]
#[allow(dead_code, reason = "the client tests use more of it")]
mod live;

mod cost;
mod process;
mod scale;
mod soak;
mod tables;

use std::{
    cell::Cell,
    fmt::Write,
    hint::black_box,
    rc::Rc,
    time::{Duration, Instant},
};

use ratatui::{Terminal, backend::CrosstermBackend};
use skep::{
    cluster::{Delta, ListId, NodeState, Scope, Store, Task, TaskState},
    engine::TaskReader,
    triage::{Thresholds, Triage, problems},
    ui::draw,
};

use cluster_fixture::{Cluster, NOW, cluster};
use driver::Driver;

/// The median of some runs.
fn median(runs: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let begun = Instant::now();
            run();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(1e-9)
}

fn row(what: &str, ratio: f64, detail: &str) {
    println!("| {what} | {ratio:.2} | {detail} |");
}

/// A task list of `count` running tasks, as an engine writes it: 1.1 KB each.
fn json(count: usize) -> String {
    let mut out = String::from("[");
    for i in 0..count {
        if i > 0 {
            out.push(',');
        }
        let _ = write!(
            out,
            r#"{{"ID":"{i:025}","Version":{{"Index":{i}}},"CreatedAt":"2026-11-21T07:48:57.73066915Z","UpdatedAt":"2026-11-21T07:49:03.075069828Z","Labels":{{}},"Spec":{{"ContainerSpec":{{"Image":"registry.local/team/app:1.{}@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Args":["sh","-c","while true; do echo hello; sleep 1; done"],"Env":["A=1","LOG_LEVEL=info","URL=http:\/\/a\/?x=1\u0026y=2"],"Init":false,"DNSConfig":{{}},"Isolation":"default"}},"Resources":{{"Limits":{{"MemoryBytes":67108864}},"Reservations":{{"NanoCPUs":100000000}}}},"Placement":{{}},"Networks":[{{"Target":"8qg1bnbjz9qup72ynfj0j4mk2"}}],"ForceUpdate":0}},"ServiceID":"service{:018}","Slot":{},"NodeID":"node{:021}","Status":{{"Timestamp":"2026-11-21T07:49:03.062077219Z","State":"running","Message":"started","ContainerStatus":{{"ContainerID":"85b592990be927be237aaf147209258f4e0c94d0e844e036e8ee7ba17404138e","PID":823,"ExitCode":0}},"PortStatus":{{}}}},"DesiredState":"running","Volumes":null}}"#,
            i % 7,
            i % 2000,
            i / 2000 + 1,
            i % 500,
        );
    }
    out.push(']');
    out
}

fn decode(json: &[u8]) -> Vec<Task> {
    let (mut reader, mut out) = (TaskReader::default(), Vec::new());
    for chunk in json.chunks(64 << 10) {
        out.extend(reader.feed(chunk).unwrap());
    }
    reader.finish().unwrap();
    out
}

fn big(services: usize, tasks_each: u64) -> Cluster {
    let mut c = cluster().manager("m1");
    for n in 0..50 {
        c = c.node(&format!("node-{n:03}"));
    }
    for s in 0..services {
        c = c.service(&format!("stack_svc{s:04}"), tasks_each);
    }
    c
}

fn decoding() {
    let json = json(100_000);
    let copy = median(5, || {
        black_box(json.as_bytes().to_vec());
    });
    let took = median(3, || {
        black_box(decode(json.as_bytes()));
    });
    let detail = format!(
        "{:.0} MB in {:.0} ms; a copy takes {:.0} ms",
        json.len() as f64 / 1e6,
        took.as_secs_f64() * 1e3,
        copy.as_secs_f64() * 1e3
    );
    row("decode a list of 100,000 tasks / copy its bytes", ratio(took, copy), &detail);
}

/// 500 tasks changed, applied to a store.
fn batch(store: &mut Store, tasks: &[Task], round: u64) {
    let list = ListId(100 + round);
    let changed: Vec<Task> = tasks
        .iter()
        .take(500)
        .map(|t| {
            let mut t = t.clone();
            t.version += 1_000_000 + round;
            t.state = if round.is_multiple_of(2) { TaskState::Failed } else { TaskState::Running };
            t
        })
        .collect();
    let scope = Scope::Services(vec![tasks[0].service.clone()]);
    store.apply(Delta::TasksBegin(list, scope), NOW);
    store.apply(Delta::Tasks(list, changed), NOW);
    store.apply(Delta::TasksAbort(list), NOW);
}

fn applying(small: &Cluster, large: &Cluster) {
    let time = |c: &Cluster| {
        let mut store = c.store();
        let mut round = 0;
        median(9, || {
            round += 1;
            batch(&mut store, &c.tasks, round);
        })
    };
    let (a, b) = (time(large), time(small));
    let detail = format!("{:.2} ms / {:.2} ms", a.as_secs_f64() * 1e3, b.as_secs_f64() * 1e3);
    row("apply 500 changed tasks to 100,000 / to 1,000", ratio(a, b), &detail);
}

fn drawing(small: &Cluster, large: &Cluster) {
    for (key, name) in [
        ("1", "Overview"),
        ("2", "Services"),
        ("3", "Nodes"),
        ("4", "Tasks"),
        ("5", "Events"),
        ("7", "Problems"),
    ] {
        let time = |c: &Cluster| {
            let mut driver = Driver::new(c, true);
            driver.keys(key);
            let mut terminal = Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
            median(25, || {
                terminal.draw(|frame| draw(&driver.app, frame)).unwrap();
            })
        };
        let (a, b) = (time(large), time(small));
        let detail = format!("{:.2} ms / {:.2} ms", a.as_secs_f64() * 1e3, b.as_secs_f64() * 1e3);
        row(&format!("draw {name} over 100,000 tasks / over 1,000"), ratio(a, b), &detail);
    }
}

/// All rules over 5,000 nodes, 2,000 services and 100,000 tasks: from nothing, after a delta, and the
/// longest a key waits while a lost node makes everything be looked at anew.
fn triage() {
    let mut c = cluster().manager("m1").manager("m2").manager("m3");
    for n in 0..4_997 {
        c = c.node(&format!("node-{n:04}"));
    }
    for s in 0..2_000 {
        c = c.service(&format!("stack_svc{s:04}"), 50);
    }
    let mut store = c.store();
    let thresholds = Thresholds::default();
    let scratch = median(5, || {
        black_box(problems(&store, NOW, &thresholds));
    });
    let detail = format!("{:.0} ms", ms(scratch));
    row(
        "all rules over 100,000 tasks / 200 ms",
        ratio(scratch, Duration::from_millis(200)),
        &detail,
    );
    let mut triage = Triage::new(thresholds);
    store.take_touched();
    triage.look_at_all(&store, NOW);
    let mut round = 0;
    for services in [1, 50, 500] {
        let mut times: Vec<Duration> = (0..25)
            .map(|_| {
                round += 1;
                let bad = round % 2 == 1;
                let changed: Vec<Task> = (0..services)
                    .map(|s| {
                        let mut t = c.tasks[s * 50].clone();
                        t.version += 1_000_000 + round;
                        t.state = if bad { TaskState::Failed } else { TaskState::Running };
                        t.err = if bad { "task: non-zero exit (1)".into() } else { "".into() };
                        t
                    })
                    .collect();
                let list = ListId(1_000 + round);
                store.apply(Delta::TasksBegin(list, Scope::Services(vec![])), NOW);
                store.apply(Delta::Tasks(list, changed), NOW);
                store.apply(Delta::TasksAbort(list), NOW);
                let begun = Instant::now();
                triage.update(&mut store, NOW);
                begun.elapsed()
            })
            .collect();
        times.sort();
        let took = times[times.len() / 2];
        let detail = format!("{:.2} ms, at worst {:.2}", ms(took), ms(times[times.len() - 1]));
        let name = format!("rules after {services} changed tasks of as many services / 5 ms");
        row(&name, ratio(took, Duration::from_millis(5)), &detail);
    }
    let mut nodes = c.nodes.clone();
    nodes[4_000].state = NodeState::Down;
    nodes[4_000].version += 1_000_000;
    store.apply(Delta::Nodes(nodes), NOW);
    let (mut turns, mut worst) = (0, Duration::ZERO);
    loop {
        let begun = Instant::now();
        triage.update(&mut store, NOW);
        worst = worst.max(begun.elapsed());
        turns += 1;
        if !triage.has_work() {
            break;
        }
    }
    let detail = format!("{:.1} ms, {turns} turns, keys go between", ms(worst));
    let name = "longest turn of the rules after a lost node / one frame";
    row(name, ratio(worst, Duration::from_millis(33)), &detail);
}

/// Counts what is written.
#[derive(Clone, Default)]
struct Count(Rc<Cell<usize>>);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What an idle second costs the terminal's link.
fn idle_bytes() {
    let mut driver = Driver::new(&cluster_fixture::shop(), true);
    let sent = Count::default();
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(sent.clone()),
        ratatui::TerminalOptions {
            viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 120, 40)),
        },
    )
    .unwrap();
    terminal.draw(|frame| draw(&driver.app, frame)).unwrap();
    let first = sent.0.get();
    let seconds = 60;
    for _ in 0..seconds {
        driver.heard(vec![]);
        driver.later(1);
        terminal.draw(|frame| draw(&driver.app, frame)).unwrap();
    }
    let bytes = (sent.0.get() - first) as f64 / f64::from(seconds);
    let detail = format!("{bytes:.0} bytes; the first frame takes {first}");
    row("bytes of an idle second at 120x40 / 300", bytes / 300.0, &detail);
}

/// What a long log costs: its memory, and looking through all of it.
fn logs() {
    use skep::logs::{Buffer, Incoming, LineKind};
    let resident = || -> f64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: f64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
        pages * 4_096.0
    };
    let count = 1_000_000;
    let text = |i: usize| {
        format!("2026-11-21 10:00:00 INFO  request {i} took {} ms at /api/v1/orders/{i}", i % 977)
    };
    let before = resident();
    let mut buffer: Buffer<u32> = Buffer::with_limit(count);
    let mut bytes = 0;
    let begun = Instant::now();
    for task in 0..20 {
        let lines = (0..count / 20).map(|i| {
            let text = text(i * 20 + task).into_bytes();
            bytes += text.len();
            Incoming { at: (i * 20 + task) as i64 + 1, kind: LineKind::Stdout, text }
        });
        let lines: Vec<_> = lines.collect();
        for piece in lines.chunks(500) {
            buffer.extend(&(task as u32), piece.iter().cloned(), |_| true);
        }
    }
    let taken = begun.elapsed();
    let memory = resident() - before;
    let detail =
        format!("{:.0} MB for {:.0} MB of text in {count} lines", memory / 1e6, bytes as f64 / 1e6);
    row("memory of a log / its bytes", memory / bytes as f64, &detail);
    let frame = Duration::from_millis(33);
    let mut look = |lines: usize| {
        median(5, || {
            buffer.refilter();
            buffer.go_on(lines, |line| line.text.contains("took 976"));
        })
    };
    let (some, turn) = (look(50_000), look(100_000));
    row("filter over 50,000 lines / a frame", ratio(some, frame), &format!("{:.1} ms", ms(some)));
    row(
        "a turn of a filter over 1,000,000 / a frame",
        ratio(turn, frame),
        &format!("{:.1} ms, ten turns, keys go between", ms(turn)),
    );
    println!("| taking in 1,000,000 lines of 20 tasks | | {:.2} s |", taken.as_secs_f64());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// All figures, or those named: `cargo bench -- triage`.
fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|n| n == name);
    println!("| figure | ratio | measured |\n|---|---|---|");
    if wanted("decoding") {
        decoding();
    }
    if wanted("screens") {
        let (small, large) = (big(20, 50), big(2_000, 50));
        applying(&small, &large);
        drawing(&small, &large);
        tables::tables(&large);
    }
    if wanted("triage") {
        triage();
    }
    if wanted("history") {
        tables::history();
    }
    if wanted("idle") {
        idle_bytes();
    }
    if wanted("logs") {
        logs();
    }
    if wanted("largest") {
        scale::largest();
    }
    if wanted("quiet") {
        cost::quiet();
    }
    // These need a real Swarm, and time: only when they are named.
    for (name, figure) in [
        ("quiet-real", cost::quiet_real as fn()),
        ("pending", cost::pending),
        ("hour", cost::hour),
        ("soak", soak::soak),
    ] {
        if named.iter().any(|n| n == name) {
            figure();
        }
    }
    let _ = std::fs::remove_dir_all(process::scratch());
}
