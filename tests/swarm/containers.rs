//! All containers of a node, over its own engine: a task's, and those that no manager knows of.

use super::{
    lab::{Lab, wait},
    node_reach::config,
    reach::Ssh,
    tui::{LATER, SOON, Tui},
};

/// Makes containers beside those of the Swarm: one that speaks, one on a terminal, one that failed.
fn outside(lab: &Lab, node: u32) {
    let run = |name: &str, more: &[&str], script: &str| {
        let start = ["run", "--detach", "--network", "none", "--name", name];
        lab.docker(node, &[&start[..], more, &["lab/app:1.0", "sh", "-c", script]].concat());
    };
    run(
        "plain",
        &["--env", "DB_PASSWORD=hunter2"],
        "while true; do echo plain speaks; sleep 1; done",
    );
    run("onatty", &["--tty"], "while true; do echo a terminal speaks; sleep 1; done");
    run("failed", &[], "echo last words; exit 3");
    let state = ["inspect", "--format", "{{.State.Status}}", "failed"];
    wait(SOON, "it has failed", || lab.try_docker(node, &state).stdout.trim_ascii() == b"exited");
}

/// Filters the list of containers, opens the log of the only one that is left, and comes back.
fn log_of(tui: &mut Tui, name: &str, said: &str) {
    tui.keys(&format!("/{name}\r"));
    tui.shows(SOON, &format!("/{name}"));
    tui.keys("l");
    tui.shows(SOON, &format!("Logs of {name}"));
    tui.shows(SOON, said);
    tui.keys("\x1b");
    tui.shows(SOON, &format!("/{name}"));
    tui.keys("\x1b");
    tui.shows(SOON, "Containers of");
}

fn look_at(tui: &mut Tui, node: &str) {
    tui.keys(&format!(":containers {node}\r"));
    tui.shows(SOON, &format!("Containers of {node}"));
    tui.line(LATER, &["talker.", " task ", "Up "]);
    tui.line(SOON, &["plain", "outside", "Up "]);
    tui.line(SOON, &["failed", "outside", "Exited (3)"]);
    log_of(tui, "plain", "plain speaks");
    log_of(tui, "onatty", "a terminal speaks");
    log_of(tui, "failed", "last words");
    log_of(tui, "talker", "a task speaks");
}

pub fn of_a_node(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let direct = config(&ssh, lab, "ssh = \"root@{addr}\"", &[]);
    let talk = "while true; do echo a task speaks; sleep 1; done";
    let create = ["service", "create", "--detach", "--no-resolve-image", "--name", "talker"];
    let how = ["--mode", "global", "lab/app:1.0", "sh", "-c", talk];
    lab.docker(1, &[&create[..], &how].concat());
    // The manager in use, and two workers with other engines.
    [1, 4, 5].into_iter().for_each(|node| outside(lab, node));
    let logins = |node| lab.logins(node);
    let before: Vec<usize> = (1..=5).map(logins).collect();
    let mut tui = ssh.open(&["--config", &direct, "-H", &lab.endpoint(1)]);
    tui.shows(SOON, "● live");
    look_at(&mut tui, "node1");
    assert_eq!((1..=5).map(logins).collect::<Vec<_>>(), before, "the manager costs no login");
    for node in ["node4", "node5"] {
        look_at(&mut tui, node);
    }
    let now: Vec<usize> = (1..=5).map(logins).collect();
    let more: Vec<usize> = now.iter().zip(&before).map(|(now, before)| now - before).collect();
    assert_eq!(more, [0, 0, 0, 1, 1], "one login each, and none at the others");
    // All of one, with nothing secret in it.
    tui.keys("/plain\r");
    tui.shows(SOON, "/plain");
    tui.keys("d");
    tui.line(SOON, &["Swarm", "outside: no task's"]);
    tui.line(SOON, &["command", "plain speaks"]);
    tui.line(SOON, &["DB_PASSWORD=<hidden>"]);
    tui.keys("\x1b");
    tui.shows(SOON, "/plain");
    tui.keys("\x1b");
    // What is lost is said, and comes back by itself.
    tui.shows(SOON, "Containers of node5");
    lab.run(&["cut", "5"]);
    tui.shows(LATER, "not heard any more");
    lab.run(&["heal", "5"]);
    wait(LATER, "it is heard again", || !tui.screen().contains("not heard any more"));
    lab.docker(5, &["rm", "--force", "plain"]);
    wait(LATER, "a container that was removed is gone", || !tui.screen().contains("plain"));
    // The versions of all, whatever they run.
    tui.keys(":versions\r");
    tui.line(SOON, &["ENGINE", "KERNEL", "SYSTEM"]);
    wait(LATER, "all are known", || !tui.screen().contains('?'));
    for (host, version) in lab.versions() {
        let screen = tui.screen();
        let mut rows = screen.lines().skip_while(|line| !line.contains(&version));
        let (row, names) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
        assert!(row.contains("Linux") || row.contains("Debian"), "{screen}");
        assert!(names.contains(&host), "{host}: {screen}");
    }
    tui.keys("\x1b");
    tui.quit();
    lab.docker(1, &["service", "rm", "talker"]);
    for node in [1, 4, 5] {
        lab.try_docker(node, &["rm", "--force", "plain", "onatty", "failed"]);
    }
    ssh.nothing_left();
    wait(LATER, "node5 is ready", || {
        let args = ["node", "inspect", "node5", "--format", "{{.Status.State}}"];
        lab.try_docker(1, &args).stdout.trim_ascii() == b"ready"
    });
}
