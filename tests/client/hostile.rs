//! A Swarm whose every text means harm: whatever is asked, nothing of it reaches a terminal, a report or
//! a file that somebody looks at.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use skep::demo::{Demo, hostile::NAME};

use crate::{
    harm::{harm, without_own_sequences},
    host, serve,
    tui::{LATER, SOON, Tui},
};

/// Runs skep on a terminal to its end; what the terminal got.
fn on_terminal(args: &[&str], env: &[(String, String)]) -> String {
    let mut tui = Tui::start_in(200, 50, args, env);
    tui.ended(LATER);
    String::from_utf8(tui.raw()).unwrap_or_else(|e| panic!("{args:?}: raw bytes: {e}"))
}

/// Everything a terminal got of these is harmless, and there was something to harm.
fn is_harmless(args: &[&str], env: &[(String, String)]) -> String {
    let text = on_terminal(args, env);
    assert_eq!(harm(&text), None, "{args:?}");
    assert!(text.contains("pwned"), "{args:?} showed nothing hostile:\n{text}");
    text
}

fn hostile(more: &[&str]) -> (Demo, tempfile::TempDir, String) {
    let faults: Vec<&str> = std::iter::once("hostile").chain(more.iter().copied()).collect();
    let (demo, dir) = serve("story", &faults);
    let host = host(&demo);
    (demo, dir, host)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_lets_a_swarm_speak_to_the_terminal() {
    let (_demo, _dir, host) = hostile(&[]);
    let service = format!("shop_web{NAME}");
    let nothing = format!("nothing{NAME}");
    for args in [
        &["snapshot"][..],
        &["snapshot", "--json"],
        &["report"],
        &["logs", &service, "--tail", "20"],
        &["logs", &service, "--tail", "20", "--timestamps"],
        &["logs", &service, "--tail", "20", "--json"],
        &["logs", &nothing],
    ] {
        let args: Vec<&str> = [&["-H", &host], args].concat();
        let text = tokio::task::block_in_place(|| is_harmless(&args, &[]));
        if args.contains(&"--json") && !args.contains(&"logs") {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
    // The story goes wrong after some seconds.
    let begun = std::time::Instant::now();
    for args in [&["-H", &host, "check"][..], &["-H", &host, "check", "--json"]] {
        loop {
            let text = tokio::task::block_in_place(|| on_terminal(args, &[]));
            assert_eq!(harm(&text), None, "{args:?}");
            if text.contains("pwned") {
                break;
            }
            assert!(begun.elapsed() < LATER, "nothing is wrong: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_lets_an_engine_speak_to_the_terminal() {
    let faults =
        ["no-leader", "worker", "locked", "expired", "no-swarm", "error", "garbage", "cut"];
    let engines = faults.map(|fault| (fault, hostile(&[fault])));
    let speaks = |fault: &str, host: &str| {
        for command in [
            &["check"][..],
            &["check", "--json"],
            &["snapshot"],
            &["report"],
            &["logs", "shop_web"],
        ] {
            let args: Vec<&str> = [&["-H", host], command].concat();
            let text = on_terminal(&args, &[]);
            assert_eq!(harm(&text), None, "{fault} {args:?}");
        }
    };
    // Most of the time is spent in waiting for them.
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for (fault, (_, _, host)) in &engines {
                scope.spawn(|| speaks(fault, host));
            }
        });
    });
}

/// Names come from scripts, too.
#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_the_command_line_speaks_to_the_terminal() {
    let flag = format!("--{NAME}");
    for args in [
        &["-H", NAME, "check"][..],
        &["-H", "unix:///tmp/\u{202e}\u{200b}pwned", "check"],
        &["-c", NAME, "check"],
        &["--config", NAME, "check"],
        &["--theme", NAME, "--demo"],
        &["--view", NAME, "--demo"],
        &["--demo", NAME],
        &["check", "--only", NAME],
        &["logs", "x", "--since", NAME],
        &["logs", "x", "--tail", NAME],
        &["report", "--out", NAME, "--since", NAME],
        &["demo-serve", "--socket", "/tmp/none", "--fault", NAME],
        &["completions", NAME],
        &[&flag],
        &[NAME],
        &["--budget", NAME],
    ] {
        // clap colours its errors.
        let raw = tokio::task::block_in_place(|| on_terminal(args, &[]));
        let text = without_own_sequences(&raw);
        assert_eq!(harm(&text), None, "{args:?}");
        assert!(text.contains("pwned"), "{args:?}: {text}");
    }
}

/// Somebody else's export of a context, somebody else's config file.
#[tokio::test(flavor = "multi_thread")]
async fn no_context_speaks_to_the_terminal() {
    let (_demo, dir, host) = hostile(&[]);
    let meta = dir.path().join("docker/contexts/meta");
    for (n, endpoint) in [host.as_str(), NAME].into_iter().enumerate() {
        let dir = meta.join(n.to_string());
        fs::create_dir_all(&dir).unwrap();
        let meta = serde_json::json!({
            "Name": format!("c{n}{NAME}"),
            "Metadata": { "Description": NAME },
            "Endpoints": { "docker": { "Host": endpoint } },
        });
        fs::write(dir.join("meta.json"), meta.to_string()).unwrap();
    }
    let config = dir.path().join("config.toml");
    let name = serde_json::to_string(NAME).unwrap().replace('\u{7f}', "\\u007f");
    let clusters = format!("[[cluster]]\nname = {name}\nendpoints = [{host:?}]\n");
    fs::write(&config, clusters).unwrap();
    let config = config.to_str().unwrap();
    let docker = dir.path().join("docker").display().to_string();
    let env = [("DOCKER_CONFIG".to_owned(), docker)];
    let context = format!("c0{NAME}");
    tokio::task::block_in_place(|| {
        is_harmless(&["contexts"], &env);
        is_harmless(&["--config", config, "contexts"], &env);
        is_harmless(&["--config", config, "report"], &env);
        is_harmless(&["-c", &context, "report"], &env);
        is_harmless(&["-c", NAME, "check"], &env);
    });
}

/// In a pipe a log's message is what the container wrote, byte for byte, as docker hands it on. What
/// skep adds is clean there, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_gets_messages_as_they_were_written_and_clean_names() {
    let (_demo, _dir, host) = hostile(&[]);
    let service = format!("shop_web{NAME}");
    let run = async |args: &[&str]| {
        let out = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
            .args(["-H", &host])
            .args(args)
            .env("XDG_STATE_HOME", crate::state_home())
            .output();
        out.await.unwrap().stdout
    };
    let raw = run(&["logs", &service, "--tail", "5"]).await;
    let lines: Vec<&[u8]> = raw.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
    assert!(lines.len() >= 5, "{}", String::from_utf8_lossy(&raw));
    for line in lines {
        let at = line.windows(3).position(|w| w == b" | ").unwrap();
        let prefix = std::str::from_utf8(&line[..at]).unwrap();
        assert_eq!(harm(prefix), None, "{prefix:?}");
        assert!(prefix.starts_with("shop_web") && prefix.contains("pwned"), "{prefix:?}");
        let ends = b"\xff\rpwned~";
        assert!(
            line.ends_with(ends) && line.contains(&0x9b),
            "{:?}",
            String::from_utf8_lossy(line)
        );
    }
    for args in [&["snapshot", "--json"][..], &["check", "--json"]] {
        let json = String::from_utf8(run(args).await).unwrap();
        assert_eq!(harm(&json), None, "{args:?}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(value.to_string().contains('\u{202e}'), "{args:?}: the name itself is in it");
    }
    let json = String::from_utf8(run(&["logs", &service, "--tail", "5", "--json"]).await).unwrap();
    assert_eq!(harm(&json), None);
    for line in json.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["service"], service.as_str());
    }
}

/// Everything below a folder is for nobody else's eyes, and harmless to look at.
fn is_harmless_to_read(dir: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let private = if entry.path().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, private, "{}: {mode:o}", entry.path().display());
        if entry.path().is_dir() {
            files += is_harmless_to_read(&entry.path());
        } else {
            let text = String::from_utf8(fs::read(entry.path()).unwrap()).unwrap();
            assert_eq!(harm(&text), None, "{}", entry.path().display());
            files += usize::from(text.contains("pwned"));
        }
    }
    files
}

/// Every view, page, box and plan; then what was written to files meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn no_screen_and_no_file_lets_a_swarm_speak() {
    let (_demo, dir, host) = hostile(&[]);
    let state = dir.path().join("state");
    let work = dir.path().join("work");
    fs::create_dir_all(&work).unwrap();
    let env = [
        ("XDG_STATE_HOME".to_owned(), state.display().to_string()),
        ("XDG_CONFIG_HOME".to_owned(), state.display().to_string()),
        ("HOME".to_owned(), work.display().to_string()),
    ];
    let args = ["-H", &host, "--log-level", "trace"];
    tokio::task::block_in_place(|| {
        let mut tui = Tui::start_in(140, 40, &args, &env);
        tui.shows(SOON, "live");
        tui.shows(SOON, "pwned");
        let mut at = |keys: &str, shows: &str| {
            tui.keys(keys);
            tui.shows(SOON, shows);
        };
        at("2", " Services ");
        at("/shop_web\r", "›");
        // The end of a page may be below the screen: an update adds lines to it.
        at("d", "Esc back");
        at("\x1b", " Services ");
        at("y", "TaskTemplate");
        at("\x1b", " Services ");
        at("s5\r", "docker service scale");
        at("y", "pwned");
        at("\x1b", " Services ");
        at("u", "image");
        at("\x05", "TaskTemplate");
        at("\x1b", "Enter show the plan");
        at("\x1b", " Services ");
        at("l", " Logs of ");
        at("\x1b", " Services ");
        at("3", " Nodes ");
        at("d", "Esc back");
        at("\x1b", " Nodes ");
        at("y", "Description");
        at("\x1b", " Nodes ");
        at("i", "outside");
        at("d", "Esc back");
        at("\x1b", "Containers of");
        at("y", "HostConfig");
        at("\x1b", "Containers of");
        at("l", " Logs of ");
        at("\x1b", "Containers of");
        at("\x1b", " Nodes ");
        at("V", "ENGINE");
        at("\x1b", " Nodes ");
        at("4", " Tasks ");
        at("d", "pwned");
        at("\x1b", " Tasks ");
        at("5", " Events ");
        at("7", " Problems ");
        at("8", " Clusters ");
        at("1", " Services ");
        at(":tasks shop", "shop_web");
        at("\x1b", " Services ");
        let raw = String::from_utf8(tui.raw()).expect("UTF-8");
        tui.quit();
        let text = without_own_sequences(&raw);
        // Frames are joined without line ends: what begins a line can't be told here.
        let text = text.replace("pwned", "");
        assert_eq!(harm(&text), None);
    });
    assert!(is_harmless_to_read(&state) >= 1, "the audit at least");
}
