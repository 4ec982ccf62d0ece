//! Bad days: each gets a clear message, nothing hangs, nothing panics.

use std::time::{Duration, Instant};

use super::{host, live::Live, serve, skep};

async fn check(faults: &[&str], says: &str, limit: Duration) {
    check_exits(3, faults, says, limit).await;
}

async fn check_exits(expected: i32, faults: &[&str], says: &str, limit: Duration) {
    let (demo, _dir) = serve("calm", faults);
    let begun = Instant::now();
    let (code, out, err) = skep(&["-H", &host(&demo), "check"]).await;
    assert_eq!(code, expected, "{faults:?}: {out}{err}");
    assert!(out.contains(says) && out.trim().lines().count() == 1, "{faults:?}: {out}");
    assert!(begun.elapsed() < limit, "{faults:?} took {:?}", begun.elapsed());
}

const QUICK: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_are_none() {
    check(&["garbage"], "not a Docker Engine", QUICK).await;
    check(&["cut"], "broke off", QUICK).await;
    check(&["error"], "something broke in the engine", QUICK).await;
    check(&["endless"], "larger than", Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_that_cannot_answer() {
    // What an election may take is waited for; then it is a finding, not an unknown.
    let lost = "quorum lost: no leader, 1 of 3 managers answers";
    let limit = Duration::from_secs(17);
    tokio::join!(
        check_exits(2, &["no-leader"], lost, limit),
        check_exits(2, &["no-leader", "silent"], lost, limit),
    );
    check(&["worker"], "point skep at a manager: 10.0.8.1:2377", QUICK).await;
    check(&["locked"], "docker swarm unlock", QUICK).await;
    check(&["no-swarm"], "docker swarm init", QUICK).await;
    check(&["expired"], "certificates have expired", QUICK).await;
    check(&["old"], "engine too old: it speaks API 1.40", QUICK).await;
    check(&["new"], "engine too new: it wants API 1.90", QUICK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_without_a_leader_is_titled_by_its_endpoint() {
    let (demo, _dir) = serve("calm", &["no-leader"]);
    let host = host(&demo);
    let (code, out, err) = skep(&["-H", &host, "report"]).await;
    assert_eq!(code, 3, "{out}{err}");
    assert!(out.starts_with(&format!("# Incident report: {}", &host[..8])), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_says_nothing() {
    let limit = Duration::from_secs(17);
    check(&["silent"], "no answer to GET /nodes within 14s", limit).await;
}

/// One request that is not answered leaves one part unknown, and is named.
#[tokio::test(flavor = "multi_thread")]
async fn one_request_that_is_not_answered() {
    // Of 15 s in all; the rest is for a machine that is busy.
    let limit = Duration::from_secs(17);
    tokio::join!(
        check_exits(0, &["silent=info"], "info unknown: unix:///", limit),
        check_exits(0, &["silent=info"], "no answer to GET /info within 4s", limit),
        check(&["silent=nodes"], "no answer to GET /nodes within 14s", limit),
        check(&["silent=nodes", "silent=info"], "no answer to GET /nodes within 10s", limit),
        check(&["silent=services"], "no answer to GET /services within 14s", limit),
        check(&["silent=tasks"], "tasks unknown: unix:///", limit),
        check(&["silent=tasks"], "no answer to GET /tasks within 14s", limit),
        check(&["trickle"], "no answer to GET /tasks (the rest of it) within 14s", limit),
    );
}

/// Tasks that are not answered any more: old ones are not taken for the present.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_fall_silent_are_unknown() {
    let (demo, _dir) = serve("calm", &["silent=tasks@3000"]);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.until("tasks silent").await;
    let text = live.text();
    assert!(!text.contains("● live") && !text.contains("missing"), "{text}");
    live.keys("4").await;
    live.until("unknown: unix:///").await;
}

/// A manager that is greeted while a leader is elected, when `/info` hangs, is not watched without a name.
#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_does_not_tell_which_it_is_is_asked_again() {
    let (demo, _dir) = serve("calm", &["silent=info@0-13000"]);
    let mut live = Live::start(&demo, true);
    live.until("no answer to GET /info within 4s").await;
    live.until("● live mgr-1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_speaks_no_http() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("odd.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-OpenSSH_9.2\r\n").await;
            std::mem::forget(stream);
        }
    });
    let (code, out, _) = skep(&["-H", &format!("unix://{}", path.display()), "check"]).await;
    assert!(code == 3 && out.contains("not a Docker Engine"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_command_lines_and_configs() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("c.toml");
    std::fs::write(&config, "# mine\nread_onli = true\n").unwrap();
    let config = config.to_str().unwrap();
    for (args, code, says) in [
        (&["--nonsense"][..], 64, "--nonsense"),
        (&["-H", "tcp://h:99999", "check"], 64, "the port must be a number"),
        (&["-H", "ssh://u:pw@h", "check"], 64, "a password can't be part"),
        (&["--config", config], 64, "line 2"),
        (&["--config", config], 64, "read_onli"),
        (&["--config", "/no/such/file"], 64, "/no/such/file"),
        (&["--theme", "nope"], 64, "no theme 'nope'"),
        (&["--view", "nope"], 64, "no view 'nope'"),
        (&["--demo", "--budget", "99"], 64, "0.1 to 50"),
        (&["--demo"], 1, "skep snapshot"),
        (&["demo-serve", "--socket", "/tmp/x", "--fault", "nope"], 64, "no fault 'nope'"),
    ] {
        let (got, out, err) = skep(args).await;
        assert_eq!(got, code, "{args:?}: {out}{err}");
        assert!(err.contains(says), "{args:?}: {err}");
    }
    for (args, says) in
        [(&["completions", "bash"][..], "_skep"), (&["man"], ".TH skep"), (&["--version"], "skep ")]
    {
        let (code, out, _) = skep(args).await;
        assert!(code == 0 && out.contains(says), "{args:?}");
    }
}

/// A terminal that takes nothing any more keeps neither the loop nor the process.
#[test]
fn a_terminal_that_hangs_keeps_nobody() {
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    let pair = native_pty_system()
        .openpty(PtySize { cols: 200, rows: 60, pixel_width: 0, pixel_height: 0 })
        .unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_skep"));
    command.args(["--demo"]);
    command.env("TERM", "xterm-256color");
    command.env("XDG_STATE_HOME", std::env::temp_dir().join("skep-client-tests"));
    // Nobody reads what it draws: the first frames fill what the terminal can hold.
    let mut child = pair.slave.spawn_command(command).unwrap();
    std::thread::sleep(Duration::from_secs(4));
    assert!(child.try_wait().unwrap().is_none(), "it runs");
    let pid = i32::try_from(child.process_id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let begun = Instant::now();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(8), "it does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}
