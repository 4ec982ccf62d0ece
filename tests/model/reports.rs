//! What is told without a screen: reports, `check` and `snapshot`, from fixtures.

use std::time::Duration;

use skep::{cluster::Since, commands::Taken, triage::Thresholds};

use super::cluster_fixture::{NOW, ago, cluster};

/// An age counts back from the manager's clock, whatever ours says.
#[test]
fn the_age_of_a_report_counts_by_the_managers_clock() {
    let store = cluster().manager("m1").service("web", 1).store();
    let (name, endpoint) = ("prod".into(), "unix:///x".into());
    let taken = Taken::new(store, NOW, name, endpoint, Duration::ZERO, &Thresholds::default());
    let covers = |since| taken.incident(since).since;
    assert_eq!(covers(Since::Ago(Duration::from_secs(900))), ago(900));
    assert_eq!(covers(Since::At(ago(60))), ago(60));
    assert!(covers(Since::Ago(Duration::MAX)) < ago(900), "an age without end is no panic");
}
