//! The right cause: what is in the way on the nodes that would do, the failed task's own spec, a job's
//! last run, and the engine's own words where nobody knows better.

use super::{
    lab::{Lab, wait},
    triage::{calm, create, problems, remove},
    tui::LATER,
};

/// Waits until this is said of a service, with this cause.
fn told(lab: &Lab, object: &str, cause: &str, says: &str) -> serde_json::Value {
    let begun = std::time::Instant::now();
    loop {
        let all = problems(lab, 1);
        let is = |p: &&serde_json::Value| {
            p["object"] == object
                && p["cause"] == cause
                && p["message"].as_str().is_some_and(|said| said.contains(says))
        };
        if let Some(found) = all.iter().find(is) {
            return found.clone();
        }
        let told: Vec<_> = all.iter().filter(|p| p["object"] == object).collect();
        let tasks = || lab.docker(1, &["service", "ps", "--no-trunc", object]);
        let late = begun.elapsed() >= LATER;
        assert!(!late, "not of {object}: {cause}, {says}; but {told:#?}\n{}", tasks());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Broken side by side, each with two reasons or none that a rule knows.
pub fn told_right(lab: &Lab) {
    calm(lab);
    let run = ["lab/app:1.0", "sleep", "100000"];
    // Runs on each node all the while: no engine has stopped, whenever a node was told anew.
    create(lab, "standing", &[&["--mode", "global"][..], &run].concat());
    let on_node5 = ["--constraint", "node.hostname==node5"];
    let port = ["--publish", "mode=host,published=8188,target=80"];
    create(lab, "holder", &[&on_node5[..], &port, &run].concat());
    // Not on the manager's own node, whose engine says how its tasks ended.
    let back = ["--update-failure-action", "rollback"];
    create(lab, "undone", &[&on_node5[..], &back, &run].concat());
    let job = ["--mode", "replicated-job", "--replicas", "2", "lab/app:1.0", "true"];
    create(lab, "nightly", &job);
    lab.converged("holder", "1");
    lab.converged("undone", "1");
    create(lab, "guest", &[&on_node5[..], &port, &run].concat());
    create(lab, "far", &[&on_node5[..], &["--reserve-memory", "999g"], &run].concat());
    create(lab, "train", &[&["--generic-resource", "NVIDIA-GPU=2"][..], &run].concat());
    create(lab, "strange", &[&["--cap-add", "NOSUCH"][..], &run].concat());
    let hog = "sh -c 'a=$(yes | head -c 200000000); sleep 100'";
    let update = ["service", "update", "-d", "--no-resolve-image"];
    let to = ["--limit-memory", "8m", "--image", "lab/app:1.1", "--args", hog, "undone"];
    lab.docker(1, &[&update[..], &to].concat());
    wait(LATER, "the job is done", || {
        let list = ["service", "ls", "--filter", "name=nightly", "--format", "{{.Replicas}}"];
        lab.docker(1, &list).contains("(2/2 completed)")
    });
    lab.docker(1, &[&update[..], &["--force", "--args", "sh -c 'exit 5'", "nightly"]].concat());

    told(lab, "guest", "no-node-port", "host port 8188 is taken by holder on node5");
    let far = told(lab, "far", "no-node-resources", "no node has 999 GiB of memory to reserve");
    assert!(far["message"].as_str().is_some_and(|m| m.contains("at best node5")), "{far}");
    assert!(far["why"].as_str().is_some_and(|w| w.contains("it never ran since")), "{far}");
    told(lab, "train", "no-node-resources", "no node has NVIDIA-GPU");
    told(lab, "strange", "task-error", "unknown capability");
    let job = told(lab, "nightly", "exit-code", "job nightly 0 of 2 done");
    assert_eq!(job["rule"], "job-failed");
    // The memory limit is that of the task that was killed, not the service's of now.
    let says = "update rolled back: killed (exit 137), perhaps at its memory limit of 8 MiB";
    told(lab, "undone", "oom-killed", says);
    for name in ["holder", "guest", "far", "train", "strange", "undone", "nightly", "standing"] {
        remove(lab, name);
    }
    calm(lab);
}
