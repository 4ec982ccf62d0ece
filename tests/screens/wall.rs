//! The wall: its pages, what it never does, and ten days of it.

use std::{cell::RefCell, io::Write, rc::Rc, time::Duration};

use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use skep::{
    cluster::{Delta, ListId, Mode, NodeState, RestartCondition, Scope, TaskState},
    session::{Command, Event, Generation, Link},
    ui::{Effect, Keymap, OpenCluster, Opening, WallSettings, actions::ACTIONS, draw},
};

use crate::{
    cluster_fixture::{Cluster, cluster, shop},
    driver::Driver,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn on_the_wall(cluster: &Cluster, wall: WallSettings) -> Driver {
    let open = OpenCluster { endpoint: "unix:///test.sock".into(), ..OpenCluster::default() };
    let opening = Opening { wall: WallSettings { open: true, ..wall }, ..Opening::default() };
    let mut driver = Driver::opened(opening, vec![open]);
    driver.connect(0);
    let mut deltas = vec![Delta::Cluster(cluster.info())];
    deltas.extend(cluster.deltas(1));
    driver.heard(deltas);
    driver.later(1);
    driver
}

fn lose(driver: &mut Driver, generation: u64) {
    let lost = Link::Lost {
        endpoint: "unix:///test.sock".into(),
        why: "unix:///test.sock: connection refused: is the engine running?".into(),
        wait: Duration::from_secs(4),
        leaderless: None,
    };
    driver.send(Event::Link(Generation(generation), lost));
}

#[test]
fn all_pages() {
    let mut driver = on_the_wall(&shop(), WallSettings::default());
    for page in ["figures", "problems", "services", "nodes", "failures"] {
        for (width, height) in SIZES {
            let name = format!("wall_{page}_{width}x{height}");
            insta::assert_snapshot!(name, driver.screen(width, height));
        }
        driver.keys("j");
    }
    lose(&mut driver, 2);
    driver.later(1);
    for (width, height) in SIZES {
        insta::assert_snapshot!(
            format!("wall_lost_{width}x{height}"),
            driver.screen(width, height)
        );
    }
}

#[test]
fn no_key_changes_anything_from_the_wall() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys("w");
    driver.effects.clear();
    for action in ACTIONS.iter().filter(|a| !["quit", "wall", "back"].contains(&a.id)) {
        for key in action.contexts.iter().flat_map(|context| action.keys_in(*context)) {
            driver.press(Keymap::press(key).unwrap());
        }
    }
    driver.keys("y<enter>");
    let harmless = |e: &Effect| {
        matches!(e, Effect::Redraw | Effect::Session(_, Command::Watch(_) | Command::Attend))
    };
    let other: Vec<_> = driver.effects.iter().filter(|e| !harmless(e)).collect();
    assert!(other.is_empty(), "{other:?}");
    driver.keys("w");
    assert!(driver.screen(120, 40).contains("╭ Services"), "and back");
}

#[test]
fn pages_turn_by_themselves_and_stay_when_held() {
    let mut driver = on_the_wall(&shop(), WallSettings::default());
    let title = |d: &Driver| d.screen(120, 40).lines().next().unwrap_or("").to_owned();
    let mut seen = Vec::new();
    for _ in 0..60 {
        driver.later(1);
        driver.heard(vec![]);
        seen.push(title(&driver).split_whitespace().nth(3).unwrap_or("").to_owned());
    }
    seen.dedup();
    assert_eq!(seen[..5], ["Swarm", "Problems", "Services:", "Nodes:", "Failures,"]);
    driver.keys("<space>");
    let held = driver.screen(120, 40).lines().nth(3).map(str::to_owned);
    for _ in 0..60 {
        driver.later(1);
        driver.heard(vec![]);
    }
    assert_eq!(driver.screen(120, 40).lines().nth(3).map(str::to_owned), held);
}

/// Rung and run once for what is new, not for what was there, and not again at once.
#[test]
fn what_is_new_and_critical_is_told_outside() {
    let wall = WallSettings {
        bell: true,
        on_critical: vec!["page-me".into(), "now".into()],
        ..WallSettings::default()
    };
    let mut c = cluster().manager("m1").manager("m2").manager("m3").node("w1").service("web", 2);
    let mut driver = on_the_wall(&c, wall);
    driver.later(30);
    let calls = |d: &Driver| -> Vec<Vec<(&'static str, String)>> {
        let run = |e: &Effect| match e {
            Effect::Run { command, env } => {
                assert_eq!(command, &["page-me", "now"]);
                Some(env.clone())
            }
            _ => None,
        };
        d.effects.iter().filter_map(run).collect()
    };
    assert!(calls(&driver).is_empty());
    for (at, name) in ["w1", "m3"].into_iter().enumerate() {
        let node = c.nodes.iter_mut().find(|n| &*n.hostname == name).unwrap();
        node.state = NodeState::Down;
        node.hostname = format!("{name}\u{1b}[31m").as_str().into();
        node.version += 100;
        driver.heard(vec![Delta::Nodes(c.nodes.clone())]);
        for _ in 0..5 {
            driver.later(1);
        }
        assert_eq!(calls(&driver).len(), 1, "after {} of two", at + 1);
    }
    let first = calls(&driver).remove(0);
    let said = |key: &str| &first.iter().find(|(k, _)| *k == key).unwrap().1;
    assert_eq!(said("SKEP_RULE"), "node-down");
    assert!(!said("SKEP_MESSAGE").contains('\u{1b}'), "{}", said("SKEP_MESSAGE"));
    assert!(driver.effects.iter().any(|e| matches!(e, Effect::Bell)));
    driver.later(70);
    assert_eq!(calls(&driver).len(), 2, "the second, when it may be told again");
}

/// A manager that is gone before the wall's first look at it was there: that is new.
#[test]
fn lost_right_after_the_first_list_is_told_outside() {
    let wall = WallSettings { on_critical: vec!["page-me".into()], ..WallSettings::default() };
    let open = OpenCluster { endpoint: "unix:///test.sock".into(), ..OpenCluster::default() };
    let opening = Opening { wall: WallSettings { open: true, ..wall }, ..Opening::default() };
    let mut driver = Driver::opened(opening, vec![open]);
    driver.connect(0);
    let mut deltas = vec![Delta::Cluster(shop().info())];
    deltas.extend(shop().deltas(1));
    driver.heard(deltas);
    lose(&mut driver, 1);
    driver.later(1);
    let runs = driver.effects.iter().filter(|e| matches!(e, Effect::Run { .. })).count();
    assert_eq!(runs, 1);
}

/// A terminal's side of the cable.
#[derive(Clone)]
struct Cable(Rc<RefCell<vt100::Parser>>, Rc<RefCell<u64>>);

impl Write for Cable {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().process(bytes);
        *self.1.borrow_mut() += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Ten days by a clock of its own, minute by minute, on an emulated terminal: tasks fail, the manager
/// is lost for hours and comes back, the terminal changes its size.
#[test]
fn ten_days() {
    let mut c = shop();
    let mut driver = on_the_wall(&c, WallSettings::default());
    let (cols, rows) = (120_u16, 40_u16);
    let cells = |n: u16| n.try_into().unwrap();
    let parser = Rc::new(RefCell::new(vt100::Parser::new(cells(rows), cells(cols), 0)));
    let cable = Cable(Rc::clone(&parser), Rc::default());
    let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, cols, rows)) };
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(cable.clone()), options).unwrap();
    let (mut generation, mut lost_until, mut losses) = (1, 0, 0);
    let mut pages = std::collections::BTreeSet::new();
    let mut places = std::collections::BTreeSet::new();
    let mut rng = fastrand::Rng::with_seed(3);
    for minute in 0..10 * 24 * 60_i64 {
        driver.later(60);
        if lost_until == minute && minute > 0 {
            generation += 1;
            let endpoint = "unix:///test.sock".to_owned();
            let link = Link::Live { endpoint, skew: 0, round_trip: Duration::from_millis(1) };
            driver.send(Event::Link(Generation(generation), link));
        }
        if minute >= lost_until {
            // Something fails, and is replaced.
            let at = rng.usize(..c.tasks.len());
            c.tasks[at].version += 100_000;
            c.tasks[at].since = Some(driver.now);
            c.tasks[at].state = if rng.bool() { TaskState::Failed } else { TaskState::Running };
            let list = ListId(10 + minute as u64);
            let at = driver.now;
            let deltas = vec![
                Delta::TasksBegin(list, Scope::All),
                Delta::Tasks(list, c.tasks.clone()),
                Delta::TasksEnd(list),
            ];
            driver.send(Event::Heard(Generation(generation), deltas, at));
            driver.later(0);
        }
        if minute >= lost_until && rng.u16(..) < 40 {
            lost_until = minute + rng.i64(2..300);
            losses += 1;
            lose(&mut driver, generation);
            driver.later(1);
        }
        terminal.draw(|frame| draw(&driver.app, frame)).unwrap();
        let screen = parser.borrow().screen().contents();
        let first = screen.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        if minute < lost_until {
            assert!(screen.contains("connection refused"), "minute {minute}:\n{screen}");
            let cell = parser.borrow().screen().cell(20, 60).unwrap().bgcolor();
            assert_ne!(cell, vt100::Color::Default, "the whole screen");
        } else {
            assert!(first.contains("live"), "minute {minute}:\n{screen}");
            pages.insert(first.split_whitespace().nth(3).unwrap_or("").to_owned());
            places.insert(first.len() - first.trim_start().len());
        }
    }
    assert!(losses > 5, "{losses}");
    assert_eq!(pages.len(), 5, "{pages:?}");
    assert!(places.len() > 1, "nothing burns in");
    // The journal is full and bounded, the frames are small.
    assert!(driver.app.cluster().model.store.journal().iter().len() <= 10_000);
    let a_frame = *cable.1.borrow() / (10 * 24 * 60);
    assert!(a_frame < 8_000, "{a_frame} bytes a frame");
}

#[test]
fn services_with_long_names_are_told_apart() {
    let mut c = cluster().manager("m1");
    let places = ["eu-west", "eu-east", "us-west", "us-east"];
    for place in places {
        c = c.service(&format!("payments-production_checkout-gateway-{place}"), 1);
    }
    let mut driver = on_the_wall(&c, WallSettings::default());
    driver.keys("jj");
    for (width, height) in SIZES {
        let screen = driver.screen(width, height);
        for place in places {
            assert!(screen.contains(&format!("-{place}")), "{place} at {width}x{height}: {screen}");
        }
    }
}

/// Work that is done or waits for its next run, and a job; a one-shot whose run failed.
fn work() -> Cluster {
    let mut c = cluster().manager("m1").service("shop_migrate", 0);
    c.last().mode = Mode::Replicated(1);
    c.last().restart.condition = RestartCondition::None;
    c = c.task(1, TaskState::Complete, "", 100).service("shop_broken", 0);
    c.last().mode = Mode::Replicated(1);
    c.last().restart.condition = RestartCondition::None;
    c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 100).service("shop_cron", 0);
    c.last().mode = Mode::Replicated(1);
    c.last().restart.delay = Duration::from_secs(86_400);
    c = c.task(1, TaskState::Complete, "", 100).task(1, TaskState::Ready, "", 98);
    c.tasks.last_mut().unwrap().desired = TaskState::Ready;
    c = c.service("shop_import", 0);
    c.last().mode = Mode::ReplicatedJob { concurrent: 2, total: 2 };
    for slot in 1..=2 {
        c = c.task(slot, TaskState::Complete, "", 100);
    }
    c
}

#[test]
fn what_is_done_does_not_look_down() {
    let mut driver = on_the_wall(&work(), WallSettings::default());
    assert!(driver.screen(80, 24).contains("services converged"));
    driver.keys("jj");
    insta::assert_snapshot!("wall_done_120x40", driver.screen(120, 40));
    let screen = driver.screen(120, 14);
    insta::assert_snapshot!("wall_done_120x14", screen);
    assert_eq!(screen.matches("0/1").count(), 1, "{screen}");
}
