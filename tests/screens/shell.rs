//! A shell in a task's container: asked for, confirmed, handed over, told.

use skep::{
    commands::{permit, permit_shell},
    grant::ClusterNo,
    session::{Event, ShellEnd, ShellFact, ShellFault, ShellLink, ShellNews, Token},
    ui::{Effect, Msg, OpenCluster, ShellOver},
};
use tokio::sync::{mpsc, watch};

use crate::{cluster_fixture::shop, driver::Driver};

fn on_a_task(read_only: bool) -> Driver {
    let mut driver = Driver::new(&shop(), read_only);
    driver.keys("4/shop_web.2<enter>");
    driver
}

fn link(name: &str) -> ShellLink {
    ShellLink {
        input: mpsc::channel(1).0,
        output: mpsc::channel(1).1,
        size: watch::channel(None).0,
        name: name.into(),
    }
}

/// The shell that is to be started.
fn started(driver: &Driver) -> Option<Token> {
    driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Shell(_, token, approved) => {
            assert_eq!(approved.plan().name, "shop_web.2");
            Some(*token)
        }
        _ => None,
    })
}

/// The screen once a shell is over.
fn over(driver: &mut Driver, end: ShellEnd) -> String {
    let over = ShellOver { name: "shop_web.2".into(), end };
    driver.app.update(Msg::ShellOver(ClusterNo(0), over), driver.now);
    driver.screen(120, 24)
}

/// The screen after news of a shell.
fn news(driver: &mut Driver, what: ShellFact) -> String {
    let news = ShellNews { cluster: ClusterNo(0), name: "shop_web.2".into(), what };
    driver.app.update(Msg::ShellNews(news), driver.now);
    driver.screen(120, 24)
}

fn is_handed_over(driver: &Driver) -> bool {
    driver.effects.iter().any(|effect| matches!(effect, Effect::HandOver(..)))
}

#[test]
fn a_shell_is_asked_for_and_handed_the_screen() {
    let mut driver = on_a_task(false);
    driver.keys("!");
    insta::assert_snapshot!("shell_asked", driver.screen(80, 24));
    driver.keys("<enter>");
    assert!(started(&driver).is_none(), "Enter confirms nothing");
    driver.keys("y");
    let token = started(&driver).expect("y does");
    insta::assert_snapshot!("shell_starting", driver.screen(80, 24));
    driver.send(Event::Shell(token, Box::new(Ok(link("shop_web.2")))));
    assert!(is_handed_over(&driver));
    let said = over(&mut driver, ShellEnd::Exited(Some(7)));
    assert!(said.contains("shop_web.2: the shell ended, exit code 7"), "{said}");
    // One whose node is gone.
    let said = over(&mut driver, ShellEnd::Lost("no route".into()));
    assert!(said.contains("the connection to the shell is lost: no route"), "{said}");
    let said = news(&mut driver, ShellFact::Left("no route".into()));
    let left = "what ran in shop_web.2 may still run: no route; skep goes on trying";
    assert!(said.contains(left), "{said}");
}

#[test]
fn what_is_not_recorded_of_it_is_told() {
    let mut driver = on_a_task(false);
    over(&mut driver, ShellEnd::Exited(Some(7)));
    let said = news(&mut driver, ShellFact::Unrecorded("disk full".into()));
    assert!(said.contains("shop_web.2: not in the audit file: disk full"), "{said}");
    let said = news(&mut driver, ShellFact::Unnoted("disk full".into()));
    assert!(said.contains("it is not noted: disk full"), "{said}");
    driver.keys("5");
    let events = driver.screen(140, 24);
    assert!(events.contains("shop_web.2: not in the audit file: disk full"), "{events}");
}

#[test]
fn one_that_nobody_waits_for_gets_no_screen() {
    let mut driver = on_a_task(false);
    driver.keys("!y");
    let token = started(&driver).unwrap();
    driver.keys("<esc>");
    driver.send(Event::Shell(token, Box::new(Ok(link("shop_web.2")))));
    assert!(!is_handed_over(&driver));
}

#[test]
fn without_a_shell_a_container_beside_it_is_offered_and_confirmed_by_itself() {
    let mut driver = on_a_task(false);
    driver.keys("!y");
    let token = started(&driver).unwrap();
    driver.effects.clear();
    let fault = ShellFault::NoShell(vec!["alpine:3.20".into()]);
    driver.send(Event::Shell(token, Box::new(Err(fault))));
    insta::assert_snapshot!("shell_beside", driver.screen(80, 24));
    assert!(started(&driver).is_none());
    driver.keys("y");
    let beside = driver.effects.iter().find_map(|effect| match effect {
        Effect::Shell(_, _, approved) => approved.plan().beside.clone(),
        _ => None,
    });
    assert_eq!(beside.as_deref(), Some("alpine:3.20"));
}

#[test]
fn why_none_runs_is_told() {
    let mut driver = on_a_task(false);
    driver.keys("!y");
    let token = started(&driver).unwrap();
    let why = "shop_web.2 runs on node-2, which can't be reached: no login; run ssh-add";
    let fault = ShellFault::NotReached(why.into());
    driver.send(Event::Shell(token, Box::new(Err(fault))));
    let screen = driver.screen(120, 24);
    assert!(screen.contains(why), "{screen}");
}

#[test]
fn read_only_has_no_shell() {
    let mut driver = on_a_task(true);
    driver.keys("!");
    let screen = driver.screen(120, 24);
    assert!(screen.contains("read-only: nothing can be changed from here"), "{screen}");
    driver.keys("?");
    let help = driver.screen(120, 60);
    assert!(!help.contains("a shell in the task's container"), "{help}");
    driver.keys("<esc>d!y");
    assert!(started(&driver).is_none());
}

#[test]
fn production_wants_the_name() {
    let open = OpenCluster {
        endpoint: "unix:///test.sock".into(),
        grant: permit(ClusterNo(0), false, true),
        shell: permit_shell(ClusterNo(0), false, true),
        production: true,
        ..OpenCluster::default()
    };
    let mut driver = Driver::with(vec![open]);
    driver.connect(0);
    let cluster = shop();
    let mut deltas = vec![skep::cluster::Delta::Cluster(cluster.info())];
    deltas.extend(cluster.deltas(1));
    driver.heard(deltas);
    driver.keys("4/shop_web.2<enter>!y<enter>");
    assert!(started(&driver).is_none());
    insta::assert_snapshot!("shell_production", driver.screen(80, 24));
    driver.keys("<c-u>shop_web.2<enter>");
    assert!(started(&driver).is_some());
}

#[test]
fn a_page_of_a_task_leads_to_its_shell() {
    let mut driver = on_a_task(false);
    driver.keys("d");
    let page = driver.screen(100, 30);
    assert!(page.contains("! shell"), "{page}");
    driver.keys("!y");
    assert!(started(&driver).is_some());
}
