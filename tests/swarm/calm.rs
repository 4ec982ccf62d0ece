//! Nobody is paged for what is meant to be so: one-shots, work that repeats, slow starts and stops, a
//! restarted engine, a removed node.

use super::{
    lab::{Lab, wait},
    scenarios::open,
    triage::{calm, create, first, loud, problems, remove, skep},
    tui::{LATER, SOON},
};

/// How far docker says that a task of a service is: `complete`, `starting`.
fn is_in(lab: &Lab, service: &str, state: &str) -> bool {
    let args = ["service", "ps", "--format", "{{.CurrentState}}", service];
    let out = lab.try_docker(1, &args).stdout;
    let out = String::from_utf8_lossy(&out).to_lowercase();
    out.lines().any(|line| line.starts_with(state))
}

fn reaches(lab: &Lab, service: &str, state: &str) {
    wait(LATER, &format!("{service} is {state}"), || is_in(lab, service, state));
}

/// Nothing is said of a service, above advice.
fn nothing_of(lab: &Lab, service: &str) {
    let all = problems(lab, 1);
    let said: Vec<_> = loud(&all).into_iter().filter(|p| p["object"] == service).collect();
    assert!(!all.is_empty() && said.is_empty(), "{said:#?}");
}

/// What ended, and is meant to have.
pub fn done(lab: &Lab) {
    calm(lab);
    let app = "lab/app:1.0";
    create(lab, "backup", &["--restart-condition", "none", app, "sh", "-c", "echo done"]);
    create(lab, "migrate", &["--restart-condition", "on-failure", app, "sh", "-c", "sleep 1"]);
    let global = ["--mode", "global", "--restart-condition", "none", app, "sh", "-c", "sleep 1"];
    create(lab, "everywhere", &global);
    let args = ["service", "create", "-d", "--no-resolve-image", "--name", "cron"];
    let more = ["--restart-delay", "24h", app, "sh", "-c", "sleep 1"];
    lab.docker(1, &[&args[..], &more[..]].concat());
    for service in ["backup", "migrate", "everywhere", "cron"] {
        reaches(lab, service, "complete");
        nothing_of(lab, service);
    }
    calm(lab);
    assert_eq!(skep(lab, 1, &["check"]).0, 0);
    let mut tui = open(lab, 1);
    tui.keys("2");
    tui.line(SOON, &["·", "backup", "0/1 1 done"]);
    tui.line(SOON, &["·", "migrate", "0/1 1 done"]);
    tui.line(SOON, &["·", "everywhere", "0/5 5 done"]);
    tui.line(SOON, &["·", "cron", "0/1 next in 23h"]);
    tui.until(SOON, "nothing is missing", |s| !s.contains("missing"));
    tui.quit();
    // The last run is the one that counts.
    lab.docker(
        1,
        &["service", "update", "-d", "--no-resolve-image", "--args", "sh -c 'exit 4'", "backup"],
    );
    first(lab, "backup", &["service-down", "update-paused"], "", "non-zero exit (4)");
    for service in ["backup", "migrate", "everywhere", "cron"] {
        remove(lab, service);
    }
    calm(lab);
}

/// A health check that takes its time: nothing is said until it passes, nor when its task is moved.
pub fn slow_starts(lab: &Lab) {
    let check = ["--health-cmd", "true", "--health-interval", "6s", "--health-retries", "3"];
    create(lab, "slow", &[&check[..], &["lab/app:1.0", "sleep", "100000"]].concat());
    let quiet_until_up = |what: &str| {
        reaches(lab, "slow", "starting");
        wait(LATER, what, || {
            nothing_of(lab, "slow");
            !is_in(lab, "slow", "starting") && is_in(lab, "slow", "running")
        });
    };
    quiet_until_up("it has started");
    lab.docker(1, &["service", "update", "-d", "--no-resolve-image", "--force", "slow"]);
    quiet_until_up("it was replaced");
    remove(lab, "slow");
    calm(lab);
}
