//! The longest tables: a key to its frame, every way of sorting, a filter as it is typed.

use std::time::{Duration, Instant};

use ratatui::{Terminal, backend::TestBackend};
use skep::{
    cluster::{Delta, ListId, Scope, Store, Task, TaskState},
    ui::draw,
};

use super::{
    cluster_fixture::{Cluster, NOW, ago, cluster},
    driver::Driver,
    median, ms,
    process::memory,
    ratio, row,
};

const FRAME: Duration = Duration::from_millis(33);

/// Types keys, a frame for each; the longest of them.
fn slowest(driver: &mut Driver, terminal: &mut Terminal<TestBackend>, keys: &[&str]) -> Duration {
    let each = keys.iter().map(|key| {
        let begun = Instant::now();
        driver.keys(key);
        terminal.draw(|frame| draw(&driver.app, frame)).unwrap();
        begun.elapsed()
    });
    each.max().unwrap()
}

/// Tells that the first tasks changed.
fn change(driver: &mut Driver, tasks: &[Task], round: u64) {
    let tasks: Vec<Task> = tasks
        .iter()
        .map(|t| Task { version: t.version + 2_000_000 + round, ..t.clone() })
        .collect();
    let list = ListId(10_000 + round);
    let scope = Scope::Services(vec![tasks[0].service.clone()]);
    let deltas =
        [Delta::TasksBegin(list, scope), Delta::Tasks(list, tasks), Delta::TasksAbort(list)];
    driver.heard(deltas.into());
}

/// In the Tasks view: how long a key takes to its frame when 50 tasks changed before it.
fn key_after_changes(driver: &mut Driver, cluster: &Cluster) -> (Duration, Terminal<TestBackend>) {
    driver.keys("4");
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let mut round = 0;
    let took = median(25, || {
        round += 1;
        driver.now = driver.now.shifted(10_000_000_000);
        change(driver, &cluster.tasks[..50], round);
        driver.keys("j");
        terminal.draw(|frame| draw(&driver.app, frame)).unwrap();
    });
    (took, terminal)
}

pub fn tables(large: &Cluster) {
    let mut driver = Driver::new(large, true);
    let (took, mut terminal) = key_after_changes(&mut driver, large);
    row(
        "a key to its frame, with 50 task changes before it, over 100,000 / one frame",
        ratio(took, FRAME),
        &format!("{:.1} ms of 33 ms", ms(took)),
    );
    longest(&mut driver, &mut terminal, "100,000 tasks");
    driver.keys("<esc>:");
    let typed = ["a", "b", "1", "2", "<c-u>", "1", "0", ".", "0", ".", "3", ".", "7", "<c-u>"];
    let named = ["s", "v", "c", "9", "9", "<c-u>", "s", "t", "k", "9", "9", "9"];
    let found = slowest(&mut driver, &mut terminal, &[&typed[..], &named[..]].concat());
    let detail = format!("{:.1} ms, the slowest key", ms(found));
    row("`:` over 100,000 tasks as it is typed / one frame", ratio(found, FRAME), &detail);
}

/// Sort, filter and jump over what the driver has in its Tasks view.
fn longest(driver: &mut Driver, terminal: &mut Terminal<TestBackend>, what: &str) {
    // Every column, both ways.
    let sorted = slowest(driver, terminal, &["o", "O"].repeat(10));
    let detail = format!("{:.1} ms, the slowest of every column both ways", ms(sorted));
    row(&format!("sort {what} / one frame"), ratio(sorted, FRAME), &detail);
    driver.keys("/");
    let filtered = slowest(driver, terminal, &["z", "q", "<c-u>", "s", "v", "c", "1", ".", "7"]);
    let inverted =
        slowest(driver, terminal, &["<c-u>", "!", "s", "v", "c", "1", "<c-u>", "!", "z", "q"]);
    driver.keys("<esc>");
    let detail = format!("{:.1} ms, the slowest key", ms(filtered));
    row(&format!("filter {what} as it is typed / one frame"), ratio(filtered, FRAME), &detail);
    let detail = format!("{:.1} ms, the slowest key", ms(inverted));
    row("the same inverted (!) / one frame", ratio(inverted, FRAME), &detail);
    let jumped = slowest(driver, terminal, &["G", "g", "G", "<pgup>", "g"]);
    let detail = format!("{:.1} ms", ms(jumped));
    row(&format!("jump to the end of {what} / one frame"), ratio(jumped, FRAME), &detail);
}

/// 100,000 live tasks and 400,000 that ended: what the model takes, and whether it stays quick.
pub fn history() {
    let mut c = cluster().manager("m1").manager("m2").manager("m3");
    for n in 0..4_997 {
        c = c.node(&format!("node-{n:04}"));
    }
    for s in 0..2_000 {
        c = c.service(&format!("stack_svc{s:04}"), 50);
    }
    let live = c.tasks.clone();
    for (at, task) in live.iter().enumerate() {
        for age in 1..=4_i64 {
            let mut old = task.clone();
            old.id = format!("old{at:09}{age:013}").as_str().into();
            old.state = TaskState::Failed;
            old.desired = TaskState::Shutdown;
            old.err = "task: non-zero exit (1)".into();
            old.exit_code = Some(1);
            old.since = Some(ago(age * 600));
            old.created = Some(ago(age * 600 + 60));
            c.tasks.push(old);
        }
    }
    let pid = std::process::id();
    let before = memory(pid, "VmRSS");
    let mut store = Store::default();
    store.apply(Delta::Cluster(c.info()), NOW);
    let begun = Instant::now();
    for delta in c.deltas(1) {
        store.apply(delta, NOW);
    }
    let applied = begun.elapsed();
    // The texts are the fixture's: only the rows and their indices are the store's own.
    let each = (memory(pid, "VmRSS") - before) as f64 / 500_000.0;
    println!(
        "| model of 100,000 live and 400,000 old tasks | | {each:.0} bytes a task beside its texts, read in in {:.0} ms |",
        ms(applied)
    );
    drop(store);
    let mut driver = Driver::new(&c, true);
    let (took, mut terminal) = key_after_changes(&mut driver, &c);
    row(
        "the same key among 500,000 tasks / one frame",
        ratio(took, FRAME),
        &format!("{:.1} ms of 33 ms", ms(took)),
    );
    longest(&mut driver, &mut terminal, "100,000 slots with 400,000 old tasks");
}
