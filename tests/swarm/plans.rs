//! Plans that do what they say, to what the cursor is on, and only when somebody read them.

use std::time::Duration;

use super::{
    lab::Lab,
    scenarios::open,
    triage::{create, first, remove},
    tui::{LATER, SOON},
};

const SUM: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn forced(lab: &Lab, service: &str) -> String {
    lab.inspect(service, "{{.Spec.TaskTemplate.ForceUpdate}}")
}

/// What the cursor is on, what is read, and what is written to are the same.
pub fn meant(lab: &Lab) {
    let image = |name: &str| lab.inspect(name, "{{.Spec.TaskTemplate.ContainerSpec.Image}}");
    create(lab, "pinned", &["--replicas", "0", &format!("lab/app:1.0@{SUM}")]);
    lab.service("marked", 1, &[]);
    lab.service("seen", 1, &[]);
    let mut tui = open(lab, 1);

    // The tag is changed in place: the digest is the old image's, and goes.
    tui.on_service("pinned");
    tui.keys("u");
    tui.shows(SOON, "image:");
    tui.keys(&format!("\x15lab/app:1.1@{SUM}\r"));
    tui.shows(SOON, "is left out");
    tui.keys("y");
    tui.line(LATER, &["✓", "update image of pinned"]);
    assert_eq!(image("pinned"), "lab/app:1.1");
    tui.keys("x");

    // A mark that a filter hides is no target.
    tui.on_service("marked");
    tui.keys(" ");
    tui.on_service("seen");
    tui.shows(SOON, "1 marked, hidden");
    tui.keys("f");
    tui.shows(SOON, "docker service update --force seen");
    // Neither a held key nor one with Ctrl or Alt confirms.
    for _ in 0..50 {
        tui.keys("yy");
        std::thread::sleep(Duration::from_millis(30));
    }
    for other in ["\x19", "\x1by"] {
        std::thread::sleep(Duration::from_millis(600));
        tui.keys(other);
    }
    assert_eq!((forced(lab, "marked"), forced(lab, "seen")), ("0".into(), "0".into()));
    // Alt-y may have been read as Esc, which closes it.
    if !tui.screen().contains("docker service update --force seen") {
        tui.keys("f");
    }
    tui.shows(SOON, "docker service update --force seen");
    tui.keys("y");
    tui.line(LATER, &["✓", "redeploy seen"]);
    assert_eq!((forced(lab, "marked"), forced(lab, "seen")), ("0".into(), "1".into()));
    tui.quit();
    for name in ["pinned", "marked", "seen"] {
        remove(lab, name);
    }
}

/// An update that starts the new task first, for which there is no place beside the old one.
pub fn start_first(lab: &Lab) {
    let pin = "node.hostname==node4";
    let port = "mode=host,published=8099,target=8080";
    let how = ["--constraint", pin, "--publish", port, "--update-order", "start-first"];
    lab.service("beside", 1, &how);
    lab.service(
        "twice",
        1,
        &["--constraint", pin, "--reserve-cpu", "1.2", "--update-order", "start-first"],
    );
    let mut tui = open(lab, 1);
    for (name, why) in [("beside", "host port 8099"), ("twice", "does not fit a second time")] {
        tui.on_service(name);
        tui.keys("u");
        tui.shows(SOON, "image:");
        tui.keys("\x15lab/app:1.1\r");
        tui.shows(SOON, "start-first never gets on here");
        tui.shows(SOON, why);
        tui.keys("y");
        tui.line(LATER, &["!", name, "stuck"]);
        first(lab, name, &["update-stuck"], "", why);
        // Rolled back it goes on: what was before still runs.
        tui.keys("\x12");
        tui.shows(SOON, &format!("Plan: roll back {name}"));
        tui.keys("y");
        tui.line(LATER, &["✓", &format!("roll back {name}")]);
        assert_eq!(lab.inspect(name, "{{.Spec.TaskTemplate.ContainerSpec.Image}}"), "lab/app:1.0");
        tui.keys("x");
        remove(lab, name);
    }
    tui.quit();
}
