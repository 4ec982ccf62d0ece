//! What could be opened beside the open clusters.

use skep::{
    commands::permit,
    grant::ClusterNo,
    session::SessionEvent,
    ui::{Effect, OpenCluster, Openable, Opening},
};

use crate::driver::Driver;

fn driver() -> Driver {
    let cluster = |no: usize, name: &str, spare: bool| OpenCluster {
        endpoint: format!("ssh://ops@{name}"),
        name: Some(name.into()),
        grant: permit(ClusterNo(no), no == 2, false),
        spare,
        ..OpenCluster::default()
    };
    let openable = |no: Option<usize>, name: &str, source: &'static str| Openable {
        no: no.map(ClusterNo),
        name: name.into(),
        source,
        endpoint: format!("ssh://ops@{name}"),
        answer: no.is_none().then(|| Err("it has no docker endpoint".into())),
    };
    let openable = vec![
        openable(Some(1), "staging", "config"),
        openable(Some(2), "lab \u{1b}[31m", "docker"),
        openable(None, "broken", "docker"),
    ];
    let opening = Opening { openable, ..Opening::default() };
    let clusters =
        vec![cluster(0, "prod", false), cluster(1, "staging", true), cluster(2, "lab", true)];
    Driver::opened(opening, clusters)
}

/// Clusters that were to be opened, and those that were greeted.
fn asked(driver: &mut Driver) -> (Vec<usize>, Vec<usize>) {
    let (mut opened, mut greeted) = (Vec::new(), Vec::new());
    for effect in driver.effects.drain(..) {
        match effect {
            Effect::Open(no) => opened.push(no.0),
            Effect::Greet(no) => greeted.push(no.0),
            _ => {}
        }
    }
    (opened, greeted)
}

fn header(driver: &Driver) -> String {
    driver.screen(120, 40).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn what_could_be_opened_is_asked_and_opened() {
    let mut driver = driver();
    assert_eq!(asked(&mut driver), (vec![], vec![]), "nothing is asked before somebody looks");
    driver.keys(":ctx<enter>");
    assert_eq!(asked(&mut driver), (vec![], vec![1, 2]));
    let answer = Ok("manager n1 of Swarm abc, engine 28.5.2, 3 ms, by ssh".into());
    driver.told(SessionEvent::Greeted { no: ClusterNo(1), answer });
    insta::assert_snapshot!("contexts_80x24", driver.screen(80, 24));
    insta::assert_snapshot!("contexts_120x40", driver.screen(120, 40));
    // One that can't be opened stays where it is.
    driver.keys("jj<enter>");
    assert!(driver.screen(80, 24).contains("Contexts"));
    assert_eq!(asked(&mut driver).0, Vec::<usize>::new());
    driver.keys("gg<enter>");
    assert_eq!(asked(&mut driver).0, [1]);
    assert!(header(&driver).contains("staging"), "{}", header(&driver));
    // It is open once, and the way there and back is as for all that are open.
    driver.keys(":ctx<enter>");
    assert_eq!(asked(&mut driver), (vec![], vec![2]), "what is open is not greeted");
    assert!(driver.screen(80, 24).contains("open: Enter goes there"));
    driver.keys("<enter>[");
    assert_eq!(asked(&mut driver).0, Vec::<usize>::new());
    assert!(header(&driver).contains("prod"), "{}", header(&driver));
}

/// An open cluster can't be closed: one that is known not to answer is not opened, and says why.
#[test]
fn what_does_not_answer_is_not_opened() {
    let mut driver = driver();
    driver.keys(":ctx<enter>");
    driver.told(SessionEvent::Greeted { no: ClusterNo(1), answer: Err("no answer".into()) });
    driver.keys("<enter>");
    assert_eq!(asked(&mut driver).0, Vec::<usize>::new());
    assert!(driver.screen(80, 24).contains("no answer"), "{}", driver.screen(80, 24));
}

/// A context may lead to a Swarm that is open already: then that is what it opens.
#[test]
fn a_second_way_to_a_swarm_leads_to_the_first() {
    let mut driver = driver();
    driver.keys(":contexts<enter><enter>");
    assert_eq!(asked(&mut driver).0, [1]);
    let (gone, into) = (ClusterNo(1), ClusterNo(0));
    driver.told(SessionEvent::Merged { gone, into, read_only: false });
    assert!(header(&driver).contains("prod"), "{}", header(&driver));
    driver.keys(":ctx<enter>");
    assert_eq!(asked(&mut driver), (vec![], vec![2]));
    driver.keys("<enter>");
    assert_eq!(asked(&mut driver).0, Vec::<usize>::new(), "it is not opened again");
}
