//! A worker whose hostname means harm: its owner chooses it, and every manager shows it.

use std::{process::Command, time::Duration};

use super::{
    harm::{harm, without_own_sequences},
    lab::{Lab, wait},
    scenarios::open,
    tui::{LATER, SOON, Tui},
};

/// A title, the clipboard, colours in C0 and C1, DEL, an override of the writing direction and a
/// zero-width space.
const NAME: &str =
    "evil\u{1b}]0;pwned\u{7}\u{1b}]52;c;cHduZWQ=\u{7}\u{1b}[7777m\u{9b}7777m\u{7f}\u{202e}\u{200b}";
const NODE: u32 = 5;

/// Gives the node its name back, however the scenario ends.
struct Renamed<'a>(&'a Lab);

impl Renamed<'_> {
    /// Names the host as its owner could.
    fn to(&self, name: &str) {
        let engine = format!("^dockerd --data-root {}/n{NODE}/data", self.0.path("").display());
        let engine = engine.replace("//", "/");
        let found = Command::new("pgrep").args(["-f", &engine]).output().expect("pgrep runs");
        let pid = String::from_utf8_lossy(&found.stdout).lines().next().map(str::to_owned);
        let write = "printf %s \"$0\" > /proc/sys/kernel/hostname";
        let status = Command::new("nsenter")
            .args(["--target", &pid.expect("the engine runs"), "--uts", "sh", "-c", write, name])
            .status();
        assert!(status.expect("nsenter runs").success());
    }
}

impl Drop for Renamed<'_> {
    fn drop(&mut self) {
        self.to(&format!("node{NODE}"));
    }
}

pub fn hostname(lab: &Lab) {
    let id = lab.docker(1, &["node", "ls", "--quiet", "--filter", &format!("name=node{NODE}")]);
    let listed =
        || lab.docker(1, &["node", "inspect", id.trim(), "--format", "{{.Description.Hostname}}"]);
    let renamed = Renamed(lab);
    renamed.to(NAME);
    // A node tells about itself every twenty seconds.
    wait(Duration::from_secs(60), "the Swarm knows the name", || listed().contains("pwned"));
    let here = format!("node.id=={}", id.trim());
    let script = r"while true; do printf 'hi\033]0;pwned\007\n'; sleep 0.3; done";
    lab.docker(
        1,
        &[
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            "harm",
            "--constraint",
            &here,
            "--stop-grace-period",
            "1s",
            "lab/app:1.0",
            "sh",
            "-c",
            script,
        ],
    );
    lab.converged("harm", "1");
    let host = lab.endpoint(1);
    wait(SOON, "the log has lines", || {
        let mut tui = Tui::start(200, 50, &["-H", &host, "logs", "harm", "--tail", "3"]);
        tui.ended(LATER);
        let text = String::from_utf8(tui.raw()).expect("UTF-8");
        assert_eq!(harm(&text), None);
        text.contains("harm.1@evil␛]0;pwned␇") && text.contains("| hi")
    });
    for args in [
        &["logs", "harm", "--tail", "3", "--json"][..],
        &["snapshot"],
        &["snapshot", "--json"],
        &["report"],
    ] {
        let args: Vec<&str> = [&["-H", &host], args].concat();
        let mut tui = Tui::start(200, 50, &args);
        tui.ended(LATER);
        let text = String::from_utf8(tui.raw()).expect("UTF-8");
        assert!(text.contains("evil"), "{args:?}: {text}");
        assert_eq!(harm(&text), None, "{args:?}");
    }
    let mut tui = open(lab, 1);
    tui.keys("3");
    tui.line(SOON, &["evil␛", "worker", "ready"]);
    tui.keys("4");
    tui.line(SOON, &["harm.1", "evil␛"]);
    let raw = String::from_utf8(tui.raw()).expect("UTF-8");
    assert_eq!(harm(&without_own_sequences(&raw).replace("pwned", "")), None);
    tui.quit();
    lab.docker(1, &["service", "rm", "harm"]);
    drop(renamed);
    wait(Duration::from_secs(60), "the node has its name back", || listed().trim() == "node5");
}
