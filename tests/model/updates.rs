//! Updates that the engine calls failed: those whose tasks only did their work, those it is undoing.

use std::{sync::Arc, time::Duration};

use skep::{
    cluster::{FailureAction, RestartCondition, RestartPolicy, TaskState, UpdateState},
    triage::{Severity, Thresholds, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster};

/// A service without tasks yet that was updated 130 s ago.
fn updated(condition: RestartCondition, delay: u64, replicas: u64, state: UpdateState) -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").node("n4");
    c = c.service("migrate", replicas);
    c.tasks.clear();
    let delay = Duration::from_secs(delay);
    c.last().restart = RestartPolicy { condition, delay, ..RestartPolicy::default() };
    let what = match state {
        UpdateState::Paused => "update paused",
        UpdateState::RollbackPaused => "rollback paused",
        _ => "update rolled back",
    };
    c.update(state, &format!("{what} due to failure or early termination of task x"))
}

/// A task of the spec in force, or of another one.
fn ran(c: Cluster, slot: u64, state: TaskState, age: i64, is_current: bool) -> Cluster {
    let err = if state == TaskState::Failed { "task: non-zero exit (1)" } else { "" };
    let mut c = c.task(slot, state, err, age);
    if !is_current {
        Arc::make_mut(&mut c.tasks.last_mut().unwrap().spec).template = 77;
    }
    c
}

/// The message of the update names the last task.
fn named(mut c: Cluster) -> Cluster {
    let id = c.tasks.last().unwrap().id.to_string();
    let update = c.last().update.as_mut().unwrap();
    update.message = update.message.replace("task x", &format!("task {id}")).as_str().into();
    c
}

/// What is told, advice that every fixture gets left out.
fn said(c: &Cluster) -> Vec<(&'static str, Severity, String)> {
    let all = problems(&c.store(), NOW, &Thresholds::default());
    let of_update = |rule: &str| rule == "update-paused-done";
    let all = all.into_iter().filter(|p| p.severity > Severity::Advice || of_update(p.rule));
    all.map(|p| (p.rule, p.severity, p.message.clone())).collect()
}

#[test]
fn an_update_paused_by_work_that_is_done_is_advice() {
    let policies = [
        (RestartCondition::None, 5),
        (RestartCondition::OnFailure, 5),
        (RestartCondition::Any, 86_400),
    ];
    for (condition, delay) in policies {
        for state in [UpdateState::Paused, UpdateState::RollbackPaused] {
            let c = updated(condition.clone(), delay, 1, state.clone());
            let c = ran(c, 1, TaskState::Complete, 900, false);
            let mut c = named(ran(c, 1, TaskState::Complete, 120, true));
            if delay > 5 {
                c = ran(c, 1, TaskState::Ready, 120, true);
                c.tasks.last_mut().unwrap().desired = TaskState::Ready;
            }
            let said = said(&c);
            let [(rule, severity, message)] = &said[..] else {
                panic!("{condition} {state}: {said:?}")
            };
            assert_eq!((*rule, *severity), ("update-paused-done", Severity::Advice));
            let want = format!("migrate: docker shows its update as {state}, but its work is done");
            assert_eq!(*message, want);
        }
    }
}

#[test]
fn an_update_paused_by_a_failure_or_by_the_end_of_a_server_stays_critical() {
    let c = updated(RestartCondition::None, 5, 1, UpdateState::Paused);
    let failed = named(ran(c.clone(), 1, TaskState::Failed, 120, true));
    assert!(said(&failed).iter().all(|s| s.1 == Severity::Critical), "{:?}", said(&failed));
    assert!(!said(&failed).is_empty());
    let c = updated(RestartCondition::Any, 5, 1, UpdateState::Paused);
    let c = named(ran(c, 1, TaskState::Complete, 120, true));
    let server = ran(c, 1, TaskState::Running, 110, true);
    assert_eq!(said(&server)[0].0, "update-paused");
    assert_eq!(said(&server)[0].1, Severity::Critical);
}

#[test]
fn an_update_paused_before_all_ran_the_new_spec_says_how_many_did_not() {
    let mut c = updated(RestartCondition::None, 5, 3, UpdateState::Paused);
    for slot in 1..=3 {
        c = ran(c, slot, TaskState::Complete, 900, false);
    }
    let c = named(ran(c, 1, TaskState::Complete, 120, true));
    let said = said(&c);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((said[0].0, said[0].1), ("update-paused", Severity::Warning));
    assert_eq!(said[0].2, "migrate 0/3, 3 done: update paused, 2 of 3 have not run the new spec");
}

#[test]
fn a_rollback_because_the_work_was_done_says_so() {
    let c = updated(RestartCondition::None, 5, 1, UpdateState::RollbackCompleted);
    let c = ran(c, 1, TaskState::Complete, 900, true);
    let c = ran(c, 1, TaskState::Complete, 125, false);
    let mut c = ran(c, 1, TaskState::Complete, 120, true);
    let update = c.last().update.as_mut().unwrap();
    (update.message, update.completed) = ("rollback completed".into(), Some(ago(118)));
    let want = "migrate 0/1, 1 done: update rolled back, though its work ended with exit 0";
    assert_eq!(said(&c), [("update-rolled-back", Severity::Warning, want.to_owned())]);
}

#[test]
fn a_failed_update_is_told_while_it_is_being_rolled_back() {
    let rolling = |message: &str| {
        let mut c = cluster().manager("m1").manager("m2").manager("m3").node("n4");
        c = c.service("web", 4).update(UpdateState::RollbackStarted, message);
        let mut c = ran(c, 1, TaskState::Failed, 100, false);
        for task in c.tasks.iter_mut().filter(|t| t.state == TaskState::Running) {
            (task.created, task.updated, task.since) =
                (Some(ago(99)), Some(ago(99)), Some(ago(99)));
        }
        said(&c)
    };
    let failed = rolling("update rolled back due to failure or early termination of task x");
    let want = "web 4/4: update failed, rolling back: task: non-zero exit (1)";
    assert_eq!(failed, [("update-rolled-back", Severity::Warning, want.to_owned())]);
    assert_eq!(rolling("rollback in progress"), [], "asked for");
}

#[test]
fn a_slow_crash_loop_keeps_its_severity_between_two_failures() {
    // Two replicas that run for 25 s and are started again after 5 s.
    for phase in 1..=24 {
        let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 2);
        c.tasks.clear();
        for slot in 1..=2 {
            for round in 0..3 {
                let age = phase + 5 + 30 * round;
                c = ran(c, slot, TaskState::Failed, age, true);
                c.tasks.last_mut().unwrap().created = Some(ago(age + 30));
            }
            c = ran(c, slot, TaskState::Running, phase, true);
        }
        let said = said(&c);
        assert_eq!(
            (said[0].0, said[0].1),
            ("service-down", Severity::Critical),
            "{phase} {said:?}"
        );
        assert!(said[0].2.starts_with("web: nothing stays up (2/2 now)"), "{phase} {said:?}");
    }
}

#[test]
fn an_update_that_ended_while_all_its_tasks_fail_says_so_all_the_time() {
    let ended = |state: UpdateState, phase: i64, age: i64| {
        let mut c = crash_loop(3, 1, phase).update(state, "update completed");
        c.last().update_config.on_failure = FailureAction::Continue;
        let update = c.last().update.as_mut().unwrap();
        (update.started, update.completed) = (Some(ago(age + 12)), Some(ago(age)));
        said(&c)
    };
    for phase in 0..6 {
        let all = ended(UpdateState::Completed, phase, 58);
        assert_eq!((all.len(), all[0].0), (1, "update-endless"), "{phase} {all:?}");
        assert!(all[0].2.contains(": the update ended, and all its new tasks fail"), "{all:?}");
        assert_eq!(ended(UpdateState::Updating, phase, 58)[0].0, "update-endless", "{phase}");
        // Whether they failed from the start is not known any more.
        assert_eq!(ended(UpdateState::Completed, phase, 3_600)[0].0, "service-down", "{phase}");
    }
}

/// A crash loop: each task of each place runs for `life`, and is started again after 5 s. `phase` after the
/// last start; the manager keeps four failures of each place.
fn crash_loop(replicas: u64, life: i64, phase: i64) -> Cluster {
    let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", replicas);
    c.tasks.clear();
    for slot in 1..=replicas {
        let shift = i64::try_from(slot).unwrap() * 7 % (life + 5);
        let phase = (phase + shift) % (life + 5);
        for round in 0..4 {
            let age = phase + 5 + (life + 5) * round;
            c = ran(c, slot, TaskState::Failed, age, true);
            c.tasks.last_mut().unwrap().created = Some(ago(age + life + 5));
        }
        if phase < life {
            c = ran(c, slot, TaskState::Running, phase, true);
        } else {
            // It waits for its delay, and is meant to run.
            c = ran(c, slot, TaskState::Ready, phase - life, true);
            c.tasks.last_mut().unwrap().desired = TaskState::Ready;
        }
    }
    c
}

#[test]
fn a_loop_of_tasks_that_live_for_minutes_holds_its_severity() {
    let lives = [(1, 100), (2, 100), (1, 150), (3, 150), (1, 200), (6, 200)];
    // Four of these do not fit into a quarter of an hour.
    let slower = [(1, 226), (1, 240), (2, 300), (1, 420), (3, 600), (1, 840)];
    for (replicas, life) in lives.into_iter().chain(slower) {
        for phase in (0..life + 5).step_by(9) {
            let said = said(&crash_loop(replicas, life, phase));
            let first = said.first().map(|s| (s.0, s.1));
            let want = Some(("service-down", Severity::Critical));
            assert_eq!(first, want, "{replicas} that live {life} s, at {phase}: {said:?}");
            assert!(said[0].2.starts_with("web: nothing stays up"), "{said:?}");
            let every = match life + 5 {
                secs @ 0..180 => format!("times, every ~{secs}s"),
                secs => format!("times, every ~{}m", (secs + 30) / 60),
            };
            assert!(said[0].2.ends_with(&every), "{said:?}");
        }
    }
}

/// From the third failure at regular times on it is a loop, not each failure for itself.
#[test]
fn a_slow_loop_is_one_before_its_history_is_full() {
    for (kept, life) in [(3, 100), (3, 240), (3, 600), (4, 240)] {
        for phase in (0..life + 5).step_by(9) {
            let mut c = crash_loop(1, life, phase);
            let drop = c.tasks.iter().map(|t| t.since).min().unwrap();
            c.tasks.retain(|t| kept == 4 || t.since != drop);
            c.last().created = Some(ago(6 * life));
            let said = said(&c);
            assert_eq!(
                said[0].0, "service-down",
                "{kept} that lived {life} s, at {phase}: {said:?}"
            );
        }
    }
}

/// What failed once, or now and then, is no loop while it runs.
#[test]
fn failures_now_and_then_are_no_loop() {
    for ages in
        [&[3_600][..], &[1_000], &[400], &[200, 1_300], &[300, 3_900, 7_500], &[200, 500, 1_300]]
    {
        let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 1);
        c.tasks.clear();
        for (at, age) in ages.iter().enumerate() {
            c = ran(c, 1, TaskState::Failed, *age, true);
            let before = ages.get(at + 1).copied().unwrap_or(90_000);
            c.tasks.last_mut().unwrap().created = Some(ago(before - 5));
        }
        let c = ran(c, 1, TaskState::Running, ages[0] - 5, true);
        assert_eq!(said(&c), [], "{ages:?}");
    }
}

#[test]
fn one_that_failed_after_a_long_good_life_is_up_again_soon() {
    // It ran for days, failed four times at once, and runs again.
    let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 1);
    c.tasks.clear();
    for (age, life) in [(260, 250), (250, 2), (243, 2), (236, 2)] {
        c = ran(c, 1, TaskState::Failed, age, true);
        c.tasks.last_mut().unwrap().created = Some(ago(age + life + 5));
    }
    let c = ran(c, 1, TaskState::Running, 230, true);
    let down: Vec<_> = said(&c).into_iter().filter(|s| s.1 == Severity::Critical).collect();
    assert_eq!(down, []);
}

#[test]
fn a_service_mended_by_an_update_is_not_judged_by_what_the_update_replaced() {
    // Tasks of the spec before failed all the while the update went through them, one after the other.
    for newest in [1, 5, 20, 40] {
        let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 6);
        c.tasks.clear();
        c = c.update(UpdateState::Completed, "update completed");
        for slot in 1..=6_u64 {
            let start = newest + 15 * i64::try_from(6 - slot).unwrap();
            for round in 0..3 {
                let age = start + 1 + 35 * round;
                c = ran(c, slot, TaskState::Failed, age, false);
                c.tasks.last_mut().unwrap().created = Some(ago(age + 35));
            }
            c = ran(c, slot, TaskState::Running, start, true);
        }
        assert_eq!(said(&c), [], "{newest} s after the last one");
    }
}

#[test]
fn a_new_task_in_a_place_that_never_failed_is_as_good_as_any() {
    // Slot 1 failed again and again, and has run well for long; slot 6 was moved here a moment ago.
    let mut c = cluster().manager("m1").manager("m2").manager("m3").service("web", 6);
    c.tasks.retain(|t| t.slot != 1 && t.slot != 6);
    for age in [400, 435, 470, 505] {
        c = ran(c, 1, TaskState::Failed, age, true);
        c.tasks.last_mut().unwrap().created = Some(ago(age + 35));
    }
    c = ran(c, 1, TaskState::Running, 395, true);
    for age in [400, 435, 470, 505] {
        c = ran(c, 2, TaskState::Failed, age, true);
        c.tasks.last_mut().unwrap().created = Some(ago(age + 35));
    }
    c.tasks
        .iter_mut()
        .filter(|t| t.slot == 2 && t.state == TaskState::Running)
        .for_each(|t| t.since = Some(ago(395)));
    let c = ran(c, 6, TaskState::Running, 3, true);
    assert_eq!(said(&c), []);
}
