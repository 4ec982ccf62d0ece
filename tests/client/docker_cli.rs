//! The real docker CLI against the embedded Swarm, compared with what skep says.

use serde_json::Value;

use super::{host, run, serve, skep};

/// Without the CLI these say that they were skipped; in CI (SKEP_SWARM) that is a failure.
async fn have_docker() -> bool {
    let have = tokio::process::Command::new("docker").arg("--version").output().await.is_ok();
    if !have {
        assert!(std::env::var_os("SKEP_SWARM").is_none(), "the docker CLI is missing");
        eprintln!("skipped: no docker CLI on this machine");
    }
    have
}

async fn docker(host: &str, args: &[&str]) -> String {
    let mut all = vec!["-H", host];
    all.extend(args);
    let (code, out, err) = run("docker", &all).await;
    assert_eq!(code, 0, "docker {args:?}: {err}{out}");
    out + &err
}

async fn snapshot(host: &str) -> Value {
    let (code, out, err) = skep(&["-H", host, "snapshot", "--json"]).await;
    assert_eq!(code, 0, "{err}");
    serde_json::from_str::<Value>(&out).unwrap()["clusters"][0].clone()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or("")
}

/// `node ls`, `service ls`, `service ps` and `stack services` say what skep says.
#[tokio::test(flavor = "multi_thread")]
async fn lists_say_what_skep_says() {
    if !have_docker().await {
        return;
    }
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    let seen = snapshot(&host).await;

    let format =
        "{{.ID}} {{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}} {{.EngineVersion}}";
    let mut said: Vec<String> = docker(&host, &["node", "ls", "--format", format])
        .await
        .lines()
        .map(|l| l.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let mut ours: Vec<String> = seen["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| {
            let manager = match (n["leader"] == true, text(n, "role")) {
                (true, _) => "leader",
                (_, "manager") => "reachable",
                _ => "",
            };
            let words = ["id", "hostname", "state", "availability"].map(|f| text(n, f)).join(" ");
            format!("{words} {manager} {}", text(n, "engine"))
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    said.sort();
    ours.sort();
    assert_eq!(said, ours);

    let services = seen["services"].as_array().unwrap();
    let line = |s: &Value| {
        let job = s["completions"]
            .as_u64()
            .map_or(String::new(), |total| format!(" ({}/{total} completed)", s["completed"]));
        let ports = s["ports"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        format!(
            "{} {} {}/{}{job} {} {ports}",
            text(s, "name"),
            text(s, "mode"),
            s["running"],
            s["desired"],
            text(s, "image")
        )
    };
    let format = "{{.Name}} {{.Mode}} {{.Replicas}} {{.Image}} {{.Ports}}";
    let said = docker(&host, &["service", "ls", "--format", format]).await;
    let mut ours: Vec<String> =
        services.iter().filter(|s| text(s, "mode") != "replicated job").map(line).collect();
    ours.sort();
    let mut said: Vec<String> =
        said.lines().filter(|l| !l.contains("job")).map(str::to_owned).collect();
    said.sort();
    assert_eq!(said, ours);

    let said =
        docker(&host, &["stack", "services", "shop", "--format", "{{.Name}} {{.Replicas}}"]).await;
    let mut said: Vec<&str> = said.lines().collect();
    said.sort_unstable();
    let ours: Vec<String> = services
        .iter()
        .filter(|s| s["stack"] == "shop")
        .map(|s| format!("{} {}/{}", text(s, "name"), s["running"], s["desired"]))
        .collect();
    assert_eq!(said, ours);

    for service in services {
        let name = text(service, "name");
        let format = "{{.ID}} {{.Name}} {{.Node}} {{.DesiredState}}";
        let said = docker(&host, &["service", "ps", name, "--no-trunc", "--format", format]).await;
        let mut said: Vec<String> =
            said.lines().map(|l| l.to_lowercase().replace("\\_ ", "")).collect();
        said.sort();
        let tasks = seen["tasks"].as_array().unwrap().iter().filter(|t| text(t, "service") == name);
        let mut ours: Vec<String> = tasks
            .map(|t| ["id", "name", "node", "desired_state"].map(|f| text(t, f)).join(" "))
            .collect();
        ours.sort();
        assert_eq!(said, ours, "tasks of {name}");
    }
}

/// scale, update --image and rollback converge as the CLI follows them.
#[tokio::test(flavor = "multi_thread")]
async fn writes_converge() {
    if !have_docker().await {
        return;
    }
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    let said = docker(&host, &["service", "scale", "shop_worker=4"]).await;
    assert!(said.contains("shop_worker converged"), "{said}");
    let said =
        docker(&host, &["service", "update", "--image", "shop/worker:3.2", "shop_worker"]).await;
    assert!(said.contains("shop_worker converged"), "{said}");
    let seen = snapshot(&host).await;
    let find = |seen: &Value| {
        let all = seen["services"].as_array().unwrap().clone();
        all.into_iter().find(|s| s["name"] == "shop_worker").unwrap()
    };
    let worker = find(&seen);
    assert_eq!((worker["running"].as_u64(), text(&worker, "image")), (Some(4), "shop/worker:3.2"));
    assert_eq!(text(&worker, "update_state"), "completed");
    docker(&host, &["service", "rollback", "shop_worker"]).await;
    assert_eq!(text(&find(&snapshot(&host).await), "image"), "shop/worker:3.1");
    let events =
        docker(&host, &["events", "--since", "5m", "--until", "0s", "--filter", "type=service"])
            .await;
    assert!(
        events.contains("image.new=shop/worker:3.2") && events.contains("replicas.new=4"),
        "{events}"
    );
}

/// A bad image pauses the update, in the engine's words.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_image_pauses() {
    if !have_docker().await {
        return;
    }
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    let (code, out, err) = run(
        "docker",
        &["-H", &host, "service", "update", "--image", "shop/web:missing", "shop_web"],
    )
    .await;
    assert!(
        code != 0
            && (out + &err).contains("update paused due to failure or early termination of task")
    );
    let ps = docker(&host, &["service", "ps", "shop_web", "--no-trunc"]).await;
    assert!(ps.contains("No such image: shop/web:missing"), "{ps}");
    let (code, out, _) = skep(&["-H", &host, "check"]).await;
    assert!(
        code == 2 && out.contains("update paused: image shop/web:missing is not found"),
        "{out}"
    );
}

/// Logs are framed, labelled and cut as the CLI expects.
#[tokio::test(flavor = "multi_thread")]
async fn logs_are_read() {
    if !have_docker().await {
        return;
    }
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    let said = docker(&host, &["service", "logs", "--tail", "2", "shop_db"]).await;
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.contains("shop_db.1.") && said.contains("checkpoint"), "{said}");
    let said =
        docker(&host, &["service", "logs", "--timestamps", "--since", "3s", "edge_proxy"]).await;
    assert!(said.lines().count() >= 1 && said.contains("HTTP/2"), "{said}");
}

/// Node updates, and objects by name.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_and_objects() {
    if !have_docker().await {
        return;
    }
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    docker(&host, &["node", "update", "--availability", "drain", "node-4"]).await;
    let said =
        docker(&host, &["node", "ls", "--filter", "name=node-4", "--format", "{{.Availability}}"])
            .await;
    assert_eq!(said.trim(), "Drain");
    assert!(docker(&host, &["network", "ls"]).await.contains("shop_net"));
    assert!(docker(&host, &["secret", "ls"]).await.contains("shop_db_password"));
    assert!(docker(&host, &["config", "ls"]).await.contains("shop_proxy_conf"));
    let inspect = docker(&host, &["service", "inspect", "shop_web", "--pretty"]).await;
    assert!(inspect.contains("Service Mode:") && inspect.contains("shop/web:2.2"), "{inspect}");
}
