//! What is told without a screen: reports, `check` and `snapshot`, from fixtures.

use std::time::Duration;

use skep::{
    cluster::{Delta, Entry, Gravity, Meaning, Part, Since, Store, Subject, TaskState},
    commands::{Taken, check},
    triage::{Thresholds, incident::witnesses},
};

use super::cluster_fixture::{Cluster, NOW, ago, cluster};

fn taken(store: Store) -> Taken {
    let (name, endpoint) = ("prod".into(), "unix:///x".into());
    Taken::new(store, NOW, name, endpoint, Duration::ZERO, &Thresholds::default())
}

fn report(store: Store) -> String {
    taken(store).incident(Since::At(ago(7_200))).markdown()
}

fn entry(age: i64, (kind, name): (&str, &str), text: &str, meaning: Meaning) -> Entry {
    let subject = match kind {
        "task" => Subject::Task(format!("{name}-{age}").as_str().into(), "id-of-web".into()),
        "service" => Subject::Service("id-of-web".into()),
        _ => Subject::Other,
    };
    let gravity = if meaning == Meaning::Failure { Gravity::Bad } else { Gravity::Note };
    let (kind, name, text) = (kind.into(), name.into(), text.into());
    Entry {
        seq: 0,
        kept: true,
        at: ago(age),
        kind,
        name,
        text,
        subject,
        gravity,
        meaning,
        who: None,
    }
}

/// `web`, one of whose tasks fails again and again.
fn looping() -> Cluster {
    let mut c = cluster().manager("m1").node("n2").service("web", 2);
    c.tasks.retain(|t| t.slot != 1);
    for age in [10, 20, 30] {
        c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", age);
    }
    c
}

#[test]
fn what_happens_again_and_again_is_one_row_and_hides_no_change() {
    let mut past = vec![entry(4_000, ("service", "web"), "image a:1 → a:2", Meaning::Change)];
    let fails = |age: i64| {
        let text = format!("→ failed on n{}: task: non-zero exit (3)", age % 3);
        entry(age, ("task", "web.1"), &text, Meaning::Failure)
    };
    past.extend((0..900).map(|n| fails(3_990 - 2 * n)));
    past.push(entry(2_000, ("service", "web"), "image a:2 → a:3", Meaning::Change));
    past.extend((0..600).map(|n| fails(1_990 - 2 * n)));
    let mut store = cluster().manager("m1").service("web", 1).store();
    store.recall(past);
    let report = report(store);
    let rows: Vec<&str> = report.lines().filter(|l| l.contains("| web")).collect();
    assert_eq!(rows.len(), 4, "{rows:#?}");
    assert!(rows[0].ends_with("| service | web | image a:1 → a:2 |"), "{}", rows[0]);
    assert!(rows[1].contains("(900 times until ") && rows[1].contains("this is the last"));
    assert!(rows[2].ends_with("| service | web | image a:2 → a:3 |"), "{}", rows[2]);
    assert!(rows[3].contains("(600 times until "), "{}", rows[3]);
    assert!(rows[1].starts_with(&format!("| {} |", ago(3_990).date_clock())), "{}", rows[1]);
}

#[test]
fn many_small_things_do_not_push_a_change_out_of_the_report() {
    let mut past = vec![entry(4_000, ("service", "web"), "image a:1 → a:2", Meaning::Change)];
    past.extend((0..2_000).map(|n| {
        entry(3_900 - n, ("task", &format!("job.{n}")), "→ failed: no", Meaning::Failure)
    }));
    let mut store = cluster().manager("m1").service("web", 1).store();
    store.recall(past);
    let report = report(store);
    assert!(report.contains("image a:1 → a:2"), "{report}");
    assert!(report.contains("The oldest 1501 rows are left out."), "{report}");
    assert_eq!(report.lines().filter(|l| l.contains("| task |")).count(), 499);
}

#[test]
fn a_finding_is_told_with_what_to_do_and_the_end_of_its_log() {
    let store = looping().store();
    let mut taken = taken(store);
    let tasks = witnesses(&taken.store, &taken.problems);
    assert_eq!(tasks.len(), 1, "of each problem one");
    let told = |taken: &Taken| taken.incident(Since::At(ago(3_600))).markdown();
    assert!(told(&taken).contains("- to do: read the log: what it wrote last"), "{}", told(&taken));
    let lines = vec![(ago(11), "no \u{1b}[31mdatabase`".to_owned()), (ago(10), "bye".to_owned())];
    taken.logs.insert(tasks[0].clone(), Ok(lines));
    let said = told(&taken);
    assert!(
        said.contains(
            "- log of web.1, its last lines:\n  - 14:03:01 `no ␛[31mdatabase'`\n  - 14:03:02 `bye`"
        ),
        "{said}"
    );
    taken.logs.insert(tasks[0].clone(), Err("nothing comes from its node".into()));
    let said = told(&taken);
    assert!(said.contains("- log of web.1: can't be read: nothing comes from its node"), "{said}");
}

/// What can't be read may hide something worse than a warning, whichever way it is unknown.
#[test]
fn a_warning_beside_an_unknown_part_is_unknown() {
    let refused = |part, why: &str| Delta::Unread(part, why.into());
    let gaps = Delta::Gaps(Part::Nodes, "1 of 3 can't be read".into());
    let silent = Delta::Silent(Part::Nodes, "no answer".into(), NOW);
    let optional = refused(Part::Networks, "refused");
    for (delta, expected) in [
        (refused(Part::Nodes, "refused"), 3),
        (gaps, 3),
        (silent, 3),
        (optional, 1),
        (refused(Part::Info, "refused"), 1),
    ] {
        let told = format!("{delta:?}");
        let mut store = looping().store();
        store.apply(delta, NOW);
        let taken = taken(store);
        assert_eq!(taken.incomplete().is_some(), expected == 3, "{told}");
        let (verdict, said) = check(&[Ok(taken)], false);
        assert_eq!(verdict.code(), expected, "{told}: {said}");
    }
}

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

/// What was done before the time that it covers is none of it, nor are passing states; nothing that somebody
/// wrote is Markdown.
#[test]
fn a_report_tells_its_own_time_in_its_own_words() {
    let mut store = looping().store();
    let scaled = |age| entry(age, ("action", "web"), &format!("scale {age}"), Meaning::Action);
    let passing = Entry {
        gravity: Gravity::Quiet,
        ..entry(60, ("task", "web.1"), "new → preparing", Meaning::Other)
    };
    let hostile = entry(70, ("service", "web"), "image [a](http://b) | `c` <d>", Meaning::Change);
    let lost = Entry {
        gravity: Gravity::Bad,
        ..entry(80, ("node", "n2"), "ready → down", Meaning::NodeLost)
    };
    store.recall(vec![scaled(9_000), scaled(100), passing, hostile, lost]);
    let report = report(store);
    assert!(report.contains("scale 100") && !report.contains("scale 9000"), "{report}");
    assert!(!report.contains("new → preparing"), "{report}");
    assert!(report.contains(r"image \[a\](http://b) \| \`c\` \<d\>"), "{report}");
    assert!(report.contains("| **!** ready → down |"), "{report}");
    assert!(report.contains("0 critical, 1 warning."), "advice is none: {report}");
}
