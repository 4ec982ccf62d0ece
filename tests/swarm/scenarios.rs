//! What an operator lives through, in order: later scenarios find the Swarm as earlier ones left it.

use std::{process::Command, time::Duration};

use super::{
    calm, causes, containers, hostile,
    lab::{Lab, wait},
    logs, node_reach, nodes, objects, plans, production, proxy, quorum, reach, shell, stacks,
    triage,
    tui::{LATER, SOON, Tui},
    writes,
};

type Scenario = fn(&Lab);

pub const ALL: &[(&str, Scenario)] = &[
    ("sees nodes and services of three engines", sees_everything),
    (
        "a voter that looks reachable is lost; a host that joined again is advice",
        quorum::joined_again,
    ),
    ("every kind of endpoint has its own words", endpoints),
    ("a change from outside is seen within a second", change_from_outside),
    ("scales 3 → 5 → 0 → 2, zero only by typing the name", writes::scales),
    ("updates an image and follows it", writes::updates_image),
    ("a bad image fails, shows why, and is rolled back", writes::bad_image),
    ("forces an update", writes::forces),
    ("edits a spec; nonsense is refused at its line", writes::edits_spec),
    ("updates every field at once through the editor", writes::edits_every_field),
    ("a conflict shows the new plan and sends nothing", writes::conflict),
    (
        "jobs and global services are followed, and can't be scaled where docker can't",
        writes::other_modes,
    ),
    ("scales a marked set", writes::marked_set),
    ("plans: for what the cursor is on, confirmed by who has read them", plans::meant),
    ("plans: a start-first update that can't go on is told before and after", plans::start_first),
    ("stacks: forty files as docker deploys them", stacks::as_docker_deploys),
    ("stacks: a deploy writes what differs and nothing else", stacks::only_differences),
    ("read-only refuses and writes nothing", read_only),
    ("escape sequences in names and logs do no harm", hostile_text),
    ("a worker's hostname does no harm, whatever is asked", hostile::hostname),
    ("tasks of more than 100 KiB are read like any other", large_tasks),
    ("fits any size, down to 1x1", any_size),
    ("gives the terminal back on signals and suspends", signals),
    (
        "shell: the right size, keys, a paste and the exit code on each engine",
        shell::on_each_engine,
    ),
    ("shell: a command in pipes; read-only, paused and ambiguous are told", shell::in_pipes),
    ("shell: none is left, also by a skep that is killed", shell::none_left),
    ("shell: on another node over ssh, and a cable cut under it", shell::across),
    ("shell: the screen is handed over and taken back whole", shell::on_the_screen),
    ("shell: an image without one gets a container beside it", shell::beside),
    // Before nodes are told anew: an exit 137 in such a moment is put down to the engine.
    ("causes: of two reasons the right one, of its own spec, of its last run", causes::told_right),
    (
        "triage: services broken in two dozen ways, each told first with its cause",
        triage::broken_services,
    ),
    ("triage: updates that fail", triage::failing_updates),
    ("triage: nothing is said of a healthy Swarm in motion", triage::healthy),
    ("calm: one-shots are done, repeating work waits for its next run", calm::done),
    ("calm: a start may take as long as its health check", calm::slow_starts),
    ("production: nobody is woken for what an ordinary week brings", production::briefly),
    ("triage: the time line, and what outlives skep", triage::time_line),
    ("triage: nodes lost, cut off, drained, and what dies with them", triage::lost_nodes),
    ("objects: each kind is what docker's inspect says", objects::as_docker_says),
    ("objects: what is in use stays", objects::in_use),
    ("objects: a network fills up, counted to the last address", objects::full_network),
    (
        "objects: what another client makes and removes is seen within a second",
        objects::seen_within_a_second,
    ),
    ("nodes: drained, labelled, promoted, demoted, removed, each with its plan", nodes::nodes),
    ("a node powered off and returned", nodes::node_lost),
    ("the manager under skep powered off and returned", nodes::manager_lost),
    (
        "a write in flight when its manager goes is read back, never sent twice",
        nodes::write_in_flight,
    ),
    ("a dead endpoint is passed over at once, whatever ails it", quorum::dead_endpoints),
    ("quorum lost and regained, told everywhere while it lasts", quorum::lost),
    ("a Swarm made anew owes nothing to what never joined", quorum::made_anew),
    (
        "ssh: by key, through a jump host, forwarded or dial-stdio; nothing is left behind",
        reach::by_ssh,
    ),
    ("ssh: host keys and passphrases are asked before the screen, or refused", reach::asked_before),
    ("ssh: a cut link is told and heals, with one login before and one after", reach::cut_link),
    (
        "a worker offers its managers; bad contexts and endpoints are told, the rest goes on",
        reach::bad_input,
    ),
    ("proxy: what haproxy refuses is unknown, the rest goes on", proxy::refusals),
    ("proxy: a silent event stream that is cut is no lost link", proxy::on_screen),
    ("TLS: verified, and each thing that can be wrong with it", reach::tls),
    ("contexts made by docker context create", reach::contexts),
    ("the manager in use is powered off while an update is followed", reach::failover),
    ("writes in flight when their manager is powered off are told right", reach::in_flight),
    ("two clusters: one gone and back, the other stays live", reach::two_clusters),
    (
        "within reach: every node's engine, directly, through a manager, by dial-stdio; never the wrong one",
        node_reach::by_command,
    ),
    (
        "within reach: a node's page over a cut cable, and killed it leaves nothing",
        node_reach::on_screen,
    ),
    (
        "within reach: a node's engine says out of memory, and what the health check wrote",
        node_reach::causes,
    ),
    (
        "within reach: all containers of a node with their logs, those outside marked",
        containers::of_a_node,
    ),
    ("ssh: what it costs", reach::figures),
    ("logs: dead tasks with their ends, errors by key, a node away named", logs::on_screen),
    ("logs: no line lost, none twice, over updates and power-offs", logs::none_lost),
    ("logs: sixty tasks at once, and one at full speed", logs::many_and_fast),
    ("logs: unreadable drivers, older lines, lines that mean harm", logs::the_rest),
];

/// Those that take long: they run only if they are asked for.
pub const LONG: &[(&str, Scenario)] =
    &[("production: a healthy Swarm for ten minutes", production::ten_minutes)];

pub fn open(lab: &Lab, node: u32) -> Tui {
    let tui = Tui::start(120, 40, &["-H", &lab.endpoint(node)]);
    tui.shows(SOON, "● live");
    tui
}

pub fn skep(args: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_skep"))
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .args(args)
        .output()
        .expect("skep runs");
    let text =
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap_or(-1), text)
}

fn sees_everything(lab: &Lab) {
    lab.web();
    for node in 1..=3 {
        let mut tui = open(lab, node);
        tui.shows(SOON, "nodes 5/5");
        tui.shows(SOON, "managers 3/3");
        tui.line(SOON, &["web", "3/3", "lab/app:1.0"]);
        tui.keys("3");
        tui.shows(SOON, "Nodes 5");
        for (name, engine) in &lab.versions() {
            tui.line(SOON, &[name, engine, "ready", "active"]);
        }
        tui.line(SOON, &["leader"]);
        tui.keys("1/web\rd");
        tui.shows(SOON, "3 of 3 running");
        tui.keys("\x1by");
        tui.shows(SOON, "DB_PASSWORD=<hidden>");
        assert!(!tui.screen().contains("hunter2"), "a secret value is on the screen");
        tui.keys("\x1b");
        // The name goes to the terminal's clipboard (OSC 52).
        tui.keys("cn");
        tui.shows(SOON, "copied web");
        let copied = b"\x1b]52;c;d2Vi";
        assert!(tui.raw().windows(copied.len()).any(|w| w == copied), "the clipboard was told");
        tui.quit();
    }
    let (code, text) = skep(&["-H", &lab.endpoint(1), "snapshot", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("snapshot is JSON");
    assert_eq!(code, 0);
    assert_eq!(json["clusters"][0]["nodes"].as_array().map(Vec::len), Some(5));
    assert_eq!(skep(&["-H", &lab.endpoint(1), "check"]).0, 0);
}

fn endpoints(lab: &Lab) {
    let manager = format!("{}:2377", lab.address(1));
    for (args, code, says) in [
        (vec!["-H", "unix:///no/such.sock", "check"], 3, "no such socket"),
        (vec!["-H", "tcp://127.0.0.1:9", "check"], 3, "connection refused"),
        (vec!["-H", &lab.endpoint(4), "check"], 3, "this node is a worker"),
        (vec!["-H", &lab.endpoint(4), "check"], 3, &manager),
        (vec!["-H", "ftp://nonsense", "check"], 64, "not an endpoint"),
        (vec!["--nonsense"], 64, "--nonsense"),
        (vec!["-H", &lab.endpoint(1)], 1, "skep snapshot"),
    ] {
        let (got, text) = skep(&args);
        assert!(got == code && text.contains(says), "{args:?}: exit {got}\n{text}");
    }
    // A plain tcp:// endpoint, through a relay to a manager's socket.
    let path = lab.endpoint(1).replace("unix://", "");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(engine) = std::os::unix::net::UnixStream::connect(&path) else { continue };
            let (mut a, mut b) =
                (client.try_clone().expect("clone"), engine.try_clone().expect("clone"));
            let (mut c, mut d) = (engine, client);
            std::thread::spawn(move || std::io::copy(&mut a, &mut c));
            std::thread::spawn(move || std::io::copy(&mut b, &mut d));
        }
    });
    let (code, text) = skep(&["-H", &format!("tcp://127.0.0.1:{port}"), "snapshot"]);
    assert!(code == 0 && text.contains("node5"), "{text}");
}

fn change_from_outside(lab: &Lab) {
    let tui = open(lab, 3);
    tui.line(SOON, &["web", "3/3"]);
    // Asked of another manager than the one skep watches.
    lab.docker(2, &["service", "scale", "--detach", "web=4"]);
    let seen = tui.line(SOON, &["web", "/4"]);
    println!("        scale from outside seen after {} ms", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    tui.line(LATER, &["web", "4/4"]);
    tui.shows(SOON, "replicas 3 → 4");
    tui.line(SOON, &["web.4", "running"]);
    lab.docker(2, &["service", "scale", "--detach", "web=3"]);
    tui.line(LATER, &["web", "3/3"]);
    // A crash makes no event at all: it is seen by comparing lists.
    let id = lab.docker(
        1,
        &[
            "service",
            "ps",
            "web",
            "-q",
            "--filter",
            "name=web.1",
            "--filter",
            "desired-state=running",
        ],
    );
    let host =
        lab.docker(1, &["inspect", id.lines().next().unwrap_or(""), "--format", "{{.NodeID}}"]);
    let host = lab.docker(1, &["node", "inspect", &host, "--format", "{{.Description.Hostname}}"]);
    let node: u32 = host.trim_start_matches("node").parse().expect("a node of the lab");
    let container = lab.docker(node, &["ps", "-q", "--filter", "name=web.1."]);
    lab.docker(node, &["kill", &container]);
    let seen = tui.line(SOON, &["web.1", "running → failed"]);
    println!("        crash seen after {} ms", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    lab.converged("web", "3");
    // A drain moves tasks away; the nodes pane and the events tell.
    lab.docker(2, &["node", "update", "--availability", "drain", "node4"]);
    let seen = tui.line(SOON, &["node4", "drain"]);
    println!("        drain seen after {} ms", seen.as_millis());
    assert!(seen < Duration::from_millis(1_500), "{seen:?}");
    tui.shows(SOON, "availability active → drain");
    lab.docker(2, &["node", "update", "--availability", "active", "node4"]);
    tui.line(SOON, &["node4", "active"]);
    tui.quit();
    lab.converged("web", "3");
}

fn read_only(lab: &Lab) {
    let version = lab.inspect("web", "{{.Version.Index}}");
    let mut tui = Tui::start(80, 24, &["--read-only", "-H", &lab.endpoint(1)]);
    tui.shows(SOON, "● live");
    tui.shows(SOON, " RO ");
    tui.on_service("web");
    for key in ["s", "u", "r", "f"] {
        tui.keys(key);
        tui.shows(SOON, "read-only: nothing can be changed");
    }
    assert!(!tui.screen().contains("Plan"), "{}", tui.screen());
    tui.quit();
    assert_eq!(lab.inspect("web", "{{.Version.Index}}"), version);
}

fn hostile_text(lab: &Lab) {
    let script = r"while true; do printf '\033]0;pwned\007\033[31mred\033[2J\000nul\tend \342\200\256rtl\n'; sleep 0.3; done";
    lab.docker(
        1,
        &[
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            "hostile",
            "--stop-grace-period",
            "1s",
            "--label",
            "evil=\u{1b}]0;pwned\u{7}\u{1b}[2J",
            "lab/app:1.0",
            "sh",
            "-c",
            script,
        ],
    );
    lab.converged("hostile", "1");
    let mut tui = open(lab, 1);
    tui.on_service("hostile");
    tui.keys("d");
    tui.shows(SOON, "evil=␛]0;pwned␇");
    tui.keys("\x1b");
    tui.keys("l");
    tui.shows(SOON, "Logs of hostile");
    // Colours are honoured, all else is dropped.
    tui.shows(LATER, "red␀nul end rtl");
    tui.shows(SOON, "● live");
    // Before it takes the screen, skep itself asks the terminal for its background.
    let all = tui.raw();
    let taken = b"\x1b[?1049h";
    let begin = all.windows(taken.len()).position(|w| w == taken).expect("the screen was taken");
    let raw = &all[begin..];
    for bad in [&b"\x1b]0;"[..], b"\x07", b"\x1b[31mred", b"\x00", "\u{202e}".as_bytes()] {
        assert!(!raw.windows(bad.len()).any(|w| w == bad), "{bad:?} reached the terminal");
    }
    tui.quit();
    lab.docker(1, &["service", "rm", "hostile"]);
}

/// A dozen variables of 9 KB: each task is larger than what comes at once.
fn large_tasks(lab: &Lab) {
    let value = "x{\"[".repeat(2_250);
    let mut more = Vec::new();
    for i in 0..12 {
        more.extend(["--env".to_owned(), format!("V{i}={value}")]);
    }
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    lab.service("large", 2, &more);
    lab.converged("large", "2");
    let (code, said) = skep(&["-H", &lab.endpoint(1), "snapshot", "--json"]);
    assert_eq!(code, 0, "{said}");
    let snapshot: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let tasks = snapshot["clusters"][0]["tasks"].as_array().expect("tasks").iter();
    let of_it = tasks.filter(|t| t["service"] == "large" && t["state"] == "running").count();
    assert_eq!(of_it, 2, "{said}");
    let mut tui = open(lab, 1);
    tui.keys("2");
    tui.on_service("large");
    tui.keys("\r");
    tui.shows(SOON, "large.2");
    tui.quit();
    lab.docker(1, &["service", "rm", "large"]);
}

fn any_size(lab: &Lab) {
    let mut tui = open(lab, 1);
    for (cols, rows) in [(80, 24), (59, 15), (1, 1), (20, 5), (240, 70), (100, 26), (80, 24)] {
        tui.resize(cols, rows);
        for key in ["1", "2", "3", "4", "5", "6", "7", "?", "\x1b", "1", "d", "\x1b", ":", "\x1b"] {
            tui.keys(key);
        }
    }
    tui.shows(SOON, "● live");
    // On a busy machine the last Esc may have run into the next key.
    tui.keys("1");
    tui.line(SOON, &["web", "3/3"]);
    tui.quit();
}

fn signals(lab: &Lab) {
    for signal in ["TERM", "HUP"] {
        let mut tui = open(lab, 1);
        assert!(tui.in_alternate_screen());
        let pid = tui.pid().to_string();
        Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill runs");
        tui.ended(SOON);
        assert!(!tui.in_alternate_screen(), "SIG{signal} gives the terminal back");
    }
    // Stopping needs a shell that waits: the kernel does not stop an orphan.
    let mut tui = Tui::shell(120, 40);
    tui.keys(&format!("{} -H {}\r", env!("CARGO_BIN_EXE_skep"), lab.endpoint(1)));
    tui.shows(SOON, "● live");
    tui.keys("\x1a");
    tui.shows(SOON, "Stopped");
    assert!(!tui.in_alternate_screen(), "Ctrl-Z gives the terminal back");
    tui.keys("fg\r");
    tui.shows(SOON, "● live");
    assert!(tui.in_alternate_screen());
    tui.keys("q");
    wait(SOON, "the shell has the terminal", || !tui.in_alternate_screen());
    // Raw mode is off again: the shell echoes.
    tui.keys("echo still-$((40+2))\r");
    tui.shows(SOON, "still-42");
}
