//! Deploys of stacks: planned, carried out, and compared with what docker does.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{is_full, lab::Lab, scenarios::skep};

/// Files that are deployed by both in every run; the full one takes all.
const DOZEN: [&str; 12] = [
    "anchors",
    "commands",
    "configs",
    "container",
    "full",
    "health",
    "labels",
    "networks",
    "ports-mixed",
    "secrets",
    "several",
    "volumes",
];

/// Files that the docker CLI 20.10 refuses itself, or merges into what the engine refuses: global jobs, none
/// of a version, mounts in two files.
const NEWER: [&str; 3] = ["jobs", "minimal", "several"];

/// Whether the CLI here is as old as that.
fn is_old_cli() -> bool {
    let said = std::process::Command::new("docker").arg("--version").output().unwrap();
    String::from_utf8_lossy(&said.stdout).contains("version 20.")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compose")
}

/// Names of the corpus, each with its files.
fn corpus() -> Vec<(String, Vec<String>)> {
    let files = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| file.unwrap().file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".yml").map(str::to_owned))
        .collect();
    names.sort();
    let path = |name: &str| folder().join(format!("{name}.yml")).to_str().unwrap().to_owned();
    let first = names.iter().filter(|name| !name.contains('.'));
    let all = first.map(|name| {
        let mut files = vec![path(name)];
        let second = format!("{name}.2");
        files.extend(names.contains(&second).then(|| path(&second)));
        (name.clone(), files)
    });
    all.collect()
}

fn with_files(files: &[String]) -> impl Iterator<Item = &str> {
    files.iter().flat_map(|file| ["-c", file])
}

fn docker_deploys(lab: &Lab, name: &str, files: &[String]) {
    let args: Vec<&str> =
        ["stack", "deploy"].into_iter().chain(with_files(files)).chain([name]).collect();
    lab.docker(1, &args);
}

fn skep_stack(lab: &Lab, sub: &str, name: &str, files: &[String], more: &[&str]) -> (i32, String) {
    let endpoint = lab.endpoint(1);
    let args: Vec<&str> = ["-H", &endpoint, "stack", sub, name]
        .into_iter()
        .chain(with_files(files))
        .chain(more.iter().copied())
        .collect();
    skep(&args)
}

fn listed(lab: &Lab, kind: &str, name: &str) -> Vec<String> {
    let label = format!("label=com.docker.stack.namespace={name}");
    let said = lab.docker(1, &[kind, "ls", "-q", "--filter", &label]);
    said.split_whitespace().map(str::to_owned).collect()
}

/// The specs of a stack's services and the networks, secrets and configs it has, ids replaced by names.
fn objects(lab: &Lab, name: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut names = Vec::new();
    let inspect = |kind: &str, id: &str| -> Value {
        let said = lab.docker(1, &[kind, "inspect", id]);
        serde_json::from_str::<Value>(&said).unwrap()[0].clone()
    };
    for kind in ["network", "secret", "config"] {
        for id in listed(lab, kind, name) {
            let object = inspect(kind, &id);
            let spec = if kind == "network" {
                let mut part = serde_json::Map::new();
                for key in ["Name", "Driver", "Attachable", "Internal", "Labels", "EnableIPv6"] {
                    part.insert(key.into(), object[key].clone());
                }
                Value::Object(part)
            } else {
                object["Spec"].clone()
            };
            let id = object["ID"].as_str().or(object["Id"].as_str()).unwrap().to_owned();
            let title = format!("{kind} {}", spec["Name"].as_str().unwrap());
            names.push((id, title.clone()));
            found.insert(title, spec);
        }
    }
    for id in listed(lab, "service", name) {
        let mut text = inspect("service", &id)["Spec"].to_string();
        for (id, title) in &names {
            text = text.replace(id.as_str(), title);
        }
        let mut spec: Value = serde_json::from_str(&text).unwrap();
        // The CLI sends two references to one secret in any order.
        for list in ["Secrets", "Configs"] {
            let list = spec.pointer_mut(&format!("/TaskTemplate/ContainerSpec/{list}"));
            if let Some(Value::Array(items)) = list {
                items.sort_by_key(|one| one["File"]["Name"].to_string());
            }
        }
        found.insert(format!("service {}", spec["Name"].as_str().unwrap()), spec);
    }
    // Stacks of two names are compared.
    let text = serde_json::to_string(&found).unwrap().replace(name, "STACK");
    serde_json::from_str(&text).unwrap()
}

/// What docker deployed needs no change, whatever the file; what skep deploys is what docker deploys.
pub fn as_docker_deploys(lab: &Lab) {
    let mut all = corpus();
    assert!(all.len() >= 43, "{}", all.len());
    if is_old_cli() {
        println!("        left out, since the docker CLI here is 20.10: {}", NEWER.join(", "));
        all.retain(|(name, _)| !NEWER.contains(&name.as_str()));
    }
    let mut wrong = Vec::new();
    for (name, files) in &all {
        let stack = format!("c-{name}");
        docker_deploys(lab, &stack, files);
        let (code, said) = skep_stack(lab, "plan", &stack, files, &[]);
        if code != 0 {
            wrong.push(format!("{name}: exit {code}\n{said}"));
        }
        // A removed job leaves its tasks, and so its network, behind.
        let both = (is_full() && name != "jobs") || DOZEN.contains(&name.as_str());
        let theirs = both.then(|| objects(lab, &stack));
        if theirs.is_none() {
            lab.try_docker(1, &["stack", "rm", &stack]);
            continue;
        }
        lab.try_docker(1, &["stack", "rm", &stack]);
        // Under a name of its own: a 20.10 manager lists networks that are gone for a while. It need not
        // converge: some of the images exist nowhere.
        let stack = format!("s-{name}");
        let (code, said) = skep_stack(lab, "deploy", &stack, files, &["--yes", "--timeout", "0s"]);
        if said.contains('✗') {
            wrong.push(format!("{name}: deploy {code}\n{said}"));
        }
        let ours = objects(lab, &stack);
        for (title, spec) in theirs.into_iter().flatten() {
            if ours.get(&title) != Some(&spec) {
                wrong.push(format!("{title}:\ndocker {spec}\nskep   {:?}", ours.get(&title)));
            }
        }
        lab.try_docker(1, &["stack", "rm", &stack]);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn written(dir: &Path, file: &str, text: &str) -> Vec<String> {
    let path = dir.join(file);
    std::fs::write(&path, text).unwrap();
    vec![path.to_str().unwrap().to_owned()]
}

/// An equal deploy leaves the way back, a change writes one service, a failure stops and says where.
pub fn only_differences(lab: &Lab) {
    let dir = lab.path("stack");
    std::fs::create_dir_all(&dir).unwrap();
    let text = |image: &str, more: &str| {
        format!(
            "version: \"3.8\"\nservices:\n  web: {{ image: \"lab/app:{image}\", command: sleep 100000, stop_grace_period: 1s, deploy: {{ replicas: 2, update_config: {{ monitor: 1s }} }} }}\n  api: {{ image: \"lab/app:1.0\", command: sleep 100000, stop_grace_period: 1s, deploy: {{ update_config: {{ monitor: 1s }} }} }}\n{more}"
        )
    };
    let first = written(&dir, "first.yml", &text("1.0", ""));
    let second = written(&dir, "second.yml", &text("1.1", ""));
    let image = || lab.inspect("twice_web", "{{.Spec.TaskTemplate.ContainerSpec.Image}}");
    let version = |name: &str| lab.inspect(name, "{{.Version.Index}}");
    let (code, said) = skep_stack(lab, "deploy", "twice", &first, &["--yes"]);
    assert!(code == 0 && said.contains("✓ twice_web: converged, 2 of 2 tasks"), "{code} {said}");
    let api = version("twice_api");
    let (code, said) = skep_stack(lab, "deploy", "twice", &second, &["--yes"]);
    assert!(code == 0 && said.contains("2 running tasks restart"), "{code} {said}");
    assert_eq!(version("twice_api"), api, "it was not written");

    // Once more, and docker's way back is still there.
    let web = version("twice_web");
    let (code, said) = skep_stack(lab, "deploy", "twice", &second, &["--yes"]);
    assert!(code == 0 && said.contains("nothing to change"), "{code} {said}");
    assert_eq!(version("twice_web"), web);
    lab.docker(1, &["service", "rollback", "-d", "twice_web"]);
    assert!(image().ends_with(":1.0"), "{}", image());
    // Docker itself loses it.
    docker_deploys(lab, "twice", &second);
    docker_deploys(lab, "twice", &second);
    lab.docker(1, &["service", "rollback", "-d", "twice_web"]);
    assert!(image().ends_with(":1.1"), "docker keeps the way back by now: {}", image());

    // What was changed by hand shows, and is reset as docker would.
    lab.docker(1, &["service", "scale", "-d", "twice_web=4"]);
    let (code, said) = skep_stack(lab, "plan", "twice", &second, &[]);
    assert!(code == 2 && said.contains("replicas 4 → 2"), "{code} {said}");

    // The third of four fails: what is before it stands, what comes after is not sent.
    let more = "  b-refused: { image: \"lab/app:1.0\", command: sleep 100000, cap_add: [NET_ADMIN], deploy: { resources: { reservations: { memory: 1K } } } }\n  z-last: { image: \"lab/app:1.0\", command: sleep 100000 }\n";
    let third = written(&dir, "third.yml", &text("1.1", more));
    let (code, said) = skep_stack(lab, "deploy", "twice", &third, &["--yes"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("✗ create service twice_b-refused") && said.contains("Must be at least"),
        "{said}"
    );
    assert!(
        said.contains("not written:") && said.contains("create service twice_z-last"),
        "{said}"
    );
    let there = listed(lab, "service", "twice").len();
    assert_eq!(there, 2);

    // Without a word about the others, pruning takes the typed name or --yes.
    let only = written(
        &dir,
        "only.yml",
        "version: \"3.8\"\nservices:\n  api: { image: \"lab/app:1.0\", command: sleep 100000, stop_grace_period: 1s, deploy: { update_config: { monitor: 1s } } }\n",
    );
    let (code, said) = skep_stack(lab, "plan", "twice", &only, &[]);
    assert!(
        code == 0 && said.contains("service twice_web is not in the files and stays"),
        "{code} {said}"
    );
    let (code, said) = skep_stack(lab, "deploy", "twice", &only, &["--prune", "--yes"]);
    assert!(code == 0 && said.contains("✓ remove twice_web"), "{code} {said}");
    assert_eq!(listed(lab, "service", "twice").len(), 1);
    // It ends when all is gone, networks as well.
    let (code, said) = skep_stack(lab, "rm", "twice", &[], &["--yes"]);
    assert!(code == 0 && said.contains("✓ remove network twice_default"), "{code} {said}");
    assert!(listed(lab, "network", "twice").is_empty());
    let (code, said) = skep_stack(lab, "rm", "twice", &[], &["--yes"]);
    assert!(code == 1 && said.contains("there is nothing of a stack twice"), "{code} {said}");
}
