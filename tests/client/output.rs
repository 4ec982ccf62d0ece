//! Where answers go: one that could not be written is an error, and only a closed pipe is silent.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use skep::commands::help::TOPICS;

use crate::{host, serve, skep};

/// Every command that answers, with and without an engine.
fn commands(host: &str) -> Vec<Vec<&str>> {
    let engine = ["-H", host];
    let with = |more: &[&'static str]| [&engine, more].concat();
    vec![
        with(&["snapshot"]),
        with(&["snapshot", "--json"]),
        with(&["check"]),
        with(&["check", "--json"]),
        with(&["report"]),
        with(&["logs", "shop_web", "--tail", "20"]),
        vec!["contexts"],
        vec!["config", "--example"],
        vec!["config", "--path"],
        vec!["man"],
        vec!["completions", "bash"],
        vec!["help"],
        vec!["help", "rules"],
        vec!["--help"],
        vec!["--version"],
        vec!["check", "--help"],
    ]
}

/// The exit code and what was said on stderr, with such a stdout.
fn ended(args: &[&str], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(args)
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .env_remove("DOCKER_HOST")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_written_is_an_error() {
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    for args in commands(&host) {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (code, said) = tokio::task::block_in_place(|| ended(&args, full));
        let wanted = if args.contains(&"check") && args[0] == "-H" { 3 } else { 1 };
        assert_eq!(code, Some(wanted), "{args:?}: {said}");
        assert!(said.contains("stdout can't be written: No space left"), "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_silent() {
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    for args in commands(&host) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, said) = tokio::task::block_in_place(|| ended(&args, writer));
        assert_eq!((code, &*said), (Some(0), ""), "{args:?}");
    }
}

/// Topics are listed, completed, and named when one is asked for that is none.
#[tokio::test(flavor = "multi_thread")]
async fn topics_of_the_help_are_found() {
    let (code, list, _) = skep(&["help"]).await;
    assert_eq!(code, 0);
    let (code, out, said) = skep(&["help", "kyes"]).await;
    assert_eq!((code, &*out), (64, ""));
    let shells = ["bash", "zsh", "fish", "elvish", "powershell"];
    for topic in TOPICS {
        assert!(list.contains(topic.name) && said.contains(topic.name), "{}: {said}", topic.name);
        let (code, text, _) = skep(&["help", topic.name]).await;
        assert!(code == 0 && text.lines().count() > 8, "{}", topic.name);
        for shell in shells {
            let (_, script, _) = skep(&["completions", shell]).await;
            assert!(script.contains(topic.name), "{shell} knows {}", topic.name);
        }
    }
}
