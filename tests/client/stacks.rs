//! Deploys of stacks through the real docker CLI, on the embedded Swarm.

use std::{os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use super::{docker_cli::have_docker, host, run, serve, skep};

const FILE: &str = r#"
version: "3.8"
services:
  web:
    image: lab/app:1.0
    environment: { LEVEL: info, DB_PASSWORD: hunter2 }
    deploy: { replicas: 2, update_config: { monitor: 500ms } }
    networks: [front]
    configs: [cfg]
    secrets: [pw]
  agent:
    image: lab/app:1.0
    deploy: { mode: global, update_config: { monitor: 500ms } }
networks: { front: {} }
configs: { cfg: { file: ./cfg.txt } }
secrets: { pw: { file: ./pw.txt } }
"#;

/// Writes the file, with some of its text replaced.
fn file(dir: &Path, name: &str, changes: &[(&str, &str)]) -> String {
    let mut text = FILE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    std::fs::write(dir.join("cfg.txt"), "a = 1").unwrap();
    std::fs::write(dir.join("pw.txt"), "secret").unwrap();
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The plan writes nothing, the deploy only what differs, and docker finds it as if it had deployed.
#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_planned_and_deployed() {
    if !have_docker().await {
        return;
    }
    let (demo, dir) = serve("calm", &[]);
    let host = host(&demo);
    let first = file(dir.path(), "a.yml", &[]);
    let of = |sub: &str, file: &str, more: &[&str]| {
        let mut all: Vec<String> = vec!["-H".into(), host.clone(), "stack".into(), sub.into()];
        all.extend(["new", "-c", file].map(str::to_owned));
        all.extend(more.iter().map(|word| (*word).to_owned()));
        async move { skep(&all.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let (code, out, err) = of("plan", &first, &[]).await;
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.starts_with("Stack new: 6 to create; no running task restarts\n"), "{out}");
    assert!(demo.requests().iter().all(|r| r.starts_with("GET")), "a plan only reads");

    let (code, out, err) = of("deploy", &first, &["--yes"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("✓ new_web: converged, 2 of 2 tasks"), "{out}");
    let (code, said, err) = run("docker", &["-H", &host, "stack", "services", "new"]).await;
    assert!(code == 0 && said.contains("2/2") && said.contains("global"), "{said}{err}");
    let (_, said, _) =
        run("docker", &["-H", &host, "stack", "ps", "new", "--format", "{{.Name}}"]).await;
    assert!(
        said.lines().all(|name| name.starts_with("new_")) && said.contains("new_web.2"),
        "{said}"
    );

    // Once more: nothing but the check of the secret is sent.
    let before = demo.requests().len();
    let (code, out, _) = of("deploy", &first, &["--yes"]).await;
    assert_eq!(code, 0, "{out}");
    let sent: Vec<String> =
        demo.requests()[before..].iter().filter(|r| !r.starts_with("GET")).cloned().collect();
    assert!(sent.len() == 1 && sent[0].contains("/secrets/"), "{sent:?}");

    // Unasked, it writes nothing at all.
    let before = demo.requests().len();
    let (code, out, err) = of("deploy", &first, &[]).await;
    assert!(code == 0 && out.contains("nothing to change"), "{out}{err}");
    assert!(demo.requests()[before..].iter().all(|r| r.starts_with("GET")));

    // A change of one service writes that one.
    let second = file(
        dir.path(),
        "b.yml",
        &[("LEVEL: info", "LEVEL: debug"), ("replicas: 2", "replicas: 3")],
    );
    let (code, out, _) = of("plan", &second, &["--json"]).await;
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &plan["changed"]), (2, &Value::Bool(true)));
    let changed: Vec<&Value> =
        plan["changes"].as_array().unwrap().iter().filter(|c| c["action"] != "unchanged").collect();
    assert_eq!(changed.len(), 1, "{out}");
    assert_eq!(
        (changed[0]["name"].as_str(), changed[0]["restarts"].as_u64()),
        (Some("new_web"), Some(2))
    );
    assert!(!out.contains("hunter2"), "{out}");
    let before = demo.requests().len();
    let (code, out, err) = of("deploy", &second, &["--yes"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let sent = demo.requests()[before..]
        .iter()
        .filter(|r| r.contains("/services/") && r.starts_with("POST"))
        .count();
    assert_eq!(sent, 1);
    // The engine's own way back is still there.
    let (code, _, err) = run("docker", &["-H", &host, "service", "rollback", "new_web"]).await;
    assert_eq!(code, 0, "{err}");
    let (_, image, _) = run(
        "docker",
        &[
            "-H",
            &host,
            "service",
            "inspect",
            "new_web",
            "--format",
            "{{.Spec.Mode.Replicated.Replicas}}",
        ],
    )
    .await;
    assert_eq!(image.trim(), "2");

    // Another content of the secret stops it before anything else is written.
    std::fs::write(dir.path().join("pw.txt"), "other").unwrap();
    let before = demo.requests().len();
    let (code, out, err) = of("deploy", &second, &["--yes"]).await;
    assert!(
        code == 1
            && out.contains("✗ secret new_pw: ")
            && out.contains("if its file has another content"),
        "{out}{err}"
    );
    assert!(
        err.contains("failed: secret new_pw") && err.contains("not written: deploy new_web"),
        "{err}"
    );
    let posts = demo.requests()[before..].iter().filter(|r| r.starts_with("POST")).count();
    assert_eq!(posts, 1);

    // Another content of the config is told, and made anew if that is wanted.
    std::fs::write(dir.path().join("pw.txt"), "secret").unwrap();
    std::fs::write(dir.path().join("cfg.txt"), "a = 2").unwrap();
    let (_, out, _) = of("plan", &second, &[]).await;
    assert!(out.contains("--rotate makes it anew"), "{out}");
    let before = demo.requests().len();
    let (code, out, err) = of("deploy", &second, &["--yes"]).await;
    let why = "nothing was written: config new_cfg has another content in the file";
    assert!(code == 1 && err.contains(why), "{out}{err}");
    assert!(demo.requests()[before..].iter().all(|r| r.starts_with("GET")));
    let (code, out, err) = of("deploy", &second, &["--yes", "--rotate"]).await;
    assert!(code == 0 && out.contains("✓ create config new_cfg-"), "{out}{err}");
    let (code, out, _) = of("plan", &second, &[]).await;
    assert!(code == 0 && out.contains("new_cfg-"), "it is known by its content: {out}");

    let all: Vec<&str> = vec!["-H", &host, "stack", "ls"];
    let (code, out, _) = skep(&all).await;
    assert!(code == 0 && out.lines().any(|l| l.trim_start().starts_with("new ")), "{out}");
    let (code, out, err) = skep(&["-H", &host, "stack", "rm", "new"]).await;
    assert!(code == 1 && err.contains("--yes"), "{out}{err}");
    let (code, out, err) = skep(&["-H", &host, "stack", "rm", "new", "--yes"]).await;
    assert!(code == 0 && out.contains("✓ remove network new_front"), "{out}{err}");
    let (code, _, err) = skep(&["-H", &host, "stack", "rm", "new", "--yes"]).await;
    assert!(code == 1 && err.contains("there is nothing of a stack new"), "{err}");
}

/// A deploy that does not converge is undone as a whole, what was made and removed included.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deploy_goes_back_as_a_whole() {
    if !have_docker().await {
        return;
    }
    let (demo, dir) = serve("calm", &[]);
    let host = host(&demo);
    let first = file(dir.path(), "a.yml", &[]);
    let (code, out, err) =
        skep(&["-H", &host, "stack", "deploy", "new", "-c", &first, "--yes"]).await;
    assert_eq!(code, 0, "{out}{err}");
    // One fails, one is replaced, one is new, and with it a network.
    let second = file(
        dir.path(),
        "b.yml",
        &[
            ("image: lab/app:1.0\n    environment", "image: shop/web:missing\n    environment"),
            ("mode: global", "replicas: 1"),
            (
                "networks: { front: {} }",
                "  more: { image: \"lab/app:1.0\", networks: [back] }\nnetworks: { front: {}, back: {} }",
            ),
        ],
    );
    let args = ["-H", &host, "stack", "deploy", "new", "-c", &second, "--yes", "--go-back"];
    let (code, out, err) = skep(&args).await;
    assert!(code == 1 && err.contains("what was before is back"), "{out}{err}");
    for words in ["✓ remove new_more", "✓ remove network new_back", "✓ create service new_agent"]
    {
        assert!(out.contains(words), "{words}: {out}{err}");
    }
    let (code, out, _) = skep(&["-H", &host, "stack", "plan", "new", "-c", &first]).await;
    assert!(code == 0 && !out.contains("is not in the files"), "{out}");
}

/// A file that docker refuses, an answer that is missing, and read-only.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_without_a_plan_that_was_answered() {
    if !have_docker().await {
        return;
    }
    let (demo, dir) = serve("calm", &[]);
    let host = host(&demo);
    let good = file(dir.path(), "a.yml", &[]);
    let bad = file(
        dir.path(),
        "bad.yml",
        &[("deploy: { mode: global, update_config: { monitor: 500ms } }", "include: x")],
    );
    for (args, code, words) in [
        (
            vec!["stack", "plan", "new", "-c", &*bad],
            1,
            "docker: services.agent Additional property include is not allowed",
        ),
        (vec!["stack", "plan", "new", "-c", "/nowhere.yml"], 1, "no such file"),
        (vec!["stack", "plan", "", "-c", &*good], 1, "docker: "),
        (vec!["stack", "deploy", "new", "-c", &*good], 1, "--yes carries it out"),
        (vec!["--read-only", "stack", "deploy", "new", "-c", &*good, "--yes"], 4, "read-only"),
        (vec!["stack", "plan", "new"], 64, "--compose-file"),
        (vec!["stack", "deploy", "new", "-c", &*good, "--timeout", "soon"], 64, "--timeout"),
    ] {
        let all: Vec<&str> = ["-H", &host].into_iter().chain(args.iter().copied()).collect();
        let (got, out, err) = skep(&all).await;
        assert!(got == code && err.contains(words), "{args:?}: {got} {out}{err}");
    }
    let out = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(["-H", &host, "stack", "plan", "new", "-c", &good])
        .env("PATH", dir.path())
        .env("XDG_STATE_HOME", dir.path())
        .output()
        .await
        .unwrap();
    let err = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(1) && err.contains("put it in PATH"), "{err}");
    assert!(demo.requests().iter().all(|r| r.starts_with("GET")));
}

/// A CLI that is too old, refuses, or sends something else.
#[tokio::test(flavor = "multi_thread")]
async fn a_strange_cli_is_told() {
    let (demo, dir) = serve("calm", &[]);
    let (host, file) = (host(&demo), file(dir.path(), "a.yml", &[]));
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let version = "case $1 in --version) echo 'Docker version 28.0.0, build x'; exit;; esac";
    for (script, words) in [
        ("echo Docker version 19.03.8, build x".to_owned(), "too old"),
        ("echo hello".to_owned(), "it tells no version"),
        (format!("{version}; echo 'no such luck' >&2; exit 1"), "docker: no such luck"),
        (
            format!(
                "{version}; s=${{DOCKER_HOST#unix://}}; curl -s --unix-socket $s -X POST http://x/v1.41/swarm/leave >&2; exit 1"
            ),
            "/swarm/leave is no part of one",
        ),
        (
            format!(
                "{version}; s=${{DOCKER_HOST#unix://}}; setsid curl -s --unix-socket $s http://x/_ping; exit 1"
            ),
            "connected in its place",
        ),
    ] {
        let cli = bin.join("docker");
        std::fs::write(&cli, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&cli, std::fs::Permissions::from_mode(0o755)).unwrap();
        let out = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
            .args(["-H", &host, "stack", "plan", "new", "-c", &file])
            .env("PATH", &path)
            .env("XDG_STATE_HOME", dir.path())
            .output()
            .await
            .unwrap();
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.code() == Some(1) && err.contains(words), "{script}: {err}");
    }
    assert!(demo.requests().iter().all(|r| r.starts_with("GET")));
}
