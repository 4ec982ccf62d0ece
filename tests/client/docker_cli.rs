//! The real docker CLI against the embedded Swarm, compared with what skep says.

use std::time::Duration;

use serde_json::Value;

use super::{host, live::Live, run, serve, skep};

/// Without the CLI these say that they were skipped; in CI (SKEP_SWARM) that is a failure.
pub async fn have_docker() -> bool {
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

/// What another client makes and removes is read at once, and nothing else is.
#[tokio::test(flavor = "multi_thread")]
async fn objects_of_another_client_are_read_by_their_events() {
    if !have_docker().await {
        return;
    }
    let (demo, dir) = serve("calm", &[]);
    let host = host(&demo);
    let mut live = Live::start(&demo, true);
    live.until("● live").await;
    live.listen(Duration::from_secs(2)).await;
    let file = dir.path().join("content");
    std::fs::write(&file, "honey").unwrap();
    let file = file.to_str().unwrap();
    for (kind, make) in [
        ("secret", vec!["create", "new", file]),
        ("config", vec!["create", "new", file]),
        ("network", vec!["create", "--driver", "overlay", "new"]),
    ] {
        for args in [make, vec!["rm", "new"]] {
            let before = demo.requests().len();
            docker(&host, &[&[kind], &args[..]].concat()).await;
            live.listen(Duration::from_secs(1)).await;
            let all = demo.requests()[before..].to_vec();
            let ours = |path: &str| {
                let list = format!("GET /v1.51/{path}s");
                all.iter().filter(|request| **request == list).count()
            };
            for other in ["network", "secret", "config"] {
                // The client itself lists none of them.
                let wanted = usize::from(other == kind);
                assert_eq!(ours(other), wanted, "{kind} {args:?}: {other} in {all:?}");
            }
        }
    }
}

/// `ls` and `inspect` of networks, secrets and configs say what skep says.
#[tokio::test(flavor = "multi_thread")]
async fn objects_are_listed_and_inspected() {
    if !have_docker().await {
        return;
    }
    let (demo, _dir) = serve("calm", &[]);
    let host = host(&demo);
    let names = |said: String| {
        let mut names: Vec<String> = said.lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    let format = ["--format", "{{.Name}}"];
    let swarm = ["network", "ls", "--filter", "scope=swarm", "--format", "{{.Name}}"];
    assert_eq!(
        names(docker(&host, &swarm).await),
        ["edge_public", "ingress", "mon_net", "shop_net"]
    );
    let local = ["network", "ls", "--filter", "scope=local", "--format", "{{.Name}}"];
    assert_eq!(
        names(docker(&host, &local).await),
        ["bridge", "docker_gwbridge", "host", "none"],
        "each of them once"
    );
    let secrets = ["shop_db_password", "edge_tls-1", "edge_tls-2"];
    for name in secrets {
        let said = docker(&host, &["secret", "inspect", name]).await;
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(text(&said[0]["Spec"], "Name"), name);
        assert!(said[0]["Spec"]["Data"].is_null(), "{said}");
    }
    let listed = names(docker(&host, &[&["secret", "ls"], &format[..]].concat()).await);
    assert_eq!(listed, ["edge_tls-1", "edge_tls-2", "shop_db_password"]);
    let filter = ["secret", "ls", "--filter", "name=edge", "--format", "{{.Name}}"];
    assert_eq!(names(docker(&host, &filter).await), ["edge_tls-1", "edge_tls-2"]);
    let said = docker(&host, &["config", "inspect", "--pretty", "shop_proxy_conf-2"]).await;
    assert!(said.contains("listen 8080;"), "{said}");
    let labelled = ["config", "ls", "--filter", "label=com.docker.stack.namespace=mon"];
    let said = docker(&host, &[&labelled[..], &format].concat()).await;
    assert_eq!(said.trim(), "mon_agent_conf");
    // What skep lists is what docker lists, with the users that docker does not tell.
    let seen = snapshot(&host).await;
    let column = |array: &str, field: &str| -> Vec<String> {
        let all = seen[array].as_array().unwrap().iter();
        all.map(|one| text(one, field).to_owned()).collect()
    };
    assert_eq!(column("networks", "name"), ["edge_public", "ingress", "mon_net", "shop_net"]);
    assert_eq!(column("secrets", "name"), listed);
    assert_eq!(
        column("configs", "name"),
        ["mon_agent_conf", "shop_proxy_conf-1", "shop_proxy_conf-2"]
    );
    assert_eq!(column("volumes", "name"), ["mon_agent_state", "shop_db_data"]);
    let stacks = ["stack", "ls", "--format", "{{.Name}} {{.Services}}"];
    let ours: Vec<String> = seen["stacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stack| format!("{} {}", text(stack, "name"), stack["services"]))
        .collect();
    assert_eq!(names(docker(&host, &stacks).await), ours);
    assert_eq!(
        seen["secrets"][2]["services"],
        serde_json::json!(["shop_api", "shop_db", "shop_worker"])
    );
    assert_eq!(seen["volumes"][1]["nodes"], serde_json::json!(["node-6"]));
    let ids = ["network", "ls", "--no-trunc", "--filter", "scope=swarm", "--format", "{{.ID}}"];
    let mut ours = column("networks", "id");
    ours.sort();
    assert_eq!(names(docker(&host, &ids).await), ours);
    let inspect = |name: &'static str| {
        let host = host.clone();
        async move {
            let said = docker(&host, &["network", "inspect", name]).await;
            serde_json::from_str::<Value>(&said).unwrap()[0].clone()
        }
    };
    let shop = inspect("shop_net").await;
    assert_eq!(text(&shop["IPAM"]["Config"][0], "Subnet"), "10.0.1.0/24");
    assert!(inspect("mon_net").await["Options"].get("encrypted").is_some());
    assert_eq!(inspect("ingress").await["Ingress"], true);
    // What is in use stays, as on a real Swarm.
    for (kind, name, said) in [
        ("network", "shop_net", "is in use by service"),
        ("secret", "edge_tls-2", "is in use by the following service: edge_proxy"),
        ("config", "mon_agent_conf", "is in use by the following service: mon_agent"),
    ] {
        let (code, out, err) = run("docker", &["-H", &host, kind, "rm", name]).await;
        assert!(code != 0 && (out + &err).contains(said), "{kind} {name}: {said}");
    }
    let (code, ..) = run("docker", &["-H", &host, "secret", "inspect", "nowhere"]).await;
    assert_eq!(code, 1);
    // Services and tasks have addresses on them.
    let vip = "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}";
    let said = docker(&host, &["service", "inspect", "shop_web", "--format", vip]).await;
    assert!(said.starts_with("10.0.1."), "{said}");
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
    assert!(docker(&host, &["config", "ls"]).await.contains("shop_proxy_conf-2"));
    let inspect = docker(&host, &["service", "inspect", "shop_web", "--pretty"]).await;
    assert!(inspect.contains("Service Mode:") && inspect.contains("shop/web:2.2"), "{inspect}");
}
