//! What others read of skep, and what skep reads of its own past: every field, byte for byte or name
//! for name, so that none is renamed and no old file becomes unreadable.
//!
//! Added fields are written into the golden files with `SKEP_GOLDEN=1 cargo test --test model golden`;
//! anything else that these tests find breaks a promise.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use skep::{
    action::{
        audit::Audit,
        plan::{Change, Document, NodeChange, Plan, ScaleTo},
    },
    cluster::{
        Availability, Counts, Entry, Gravity, Meaning, Mode, Subject, TaskState, Timestamp,
        UpdateState,
    },
    commands::{Taken, check, keymap, snapshot_json},
    config::ConfigFile,
    grant::ClusterNo,
    keep::History,
    triage::{Before, Began, Evidence, Problem, Quiet, Quieted, RULES, Rule, Severity, Thresholds},
    ui::{
        Keymap,
        actions::{ACTIONS, KeyContext},
    },
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden").join(name)
}

fn is_written_anew() -> bool {
    std::env::var_os("SKEP_GOLDEN").is_some()
}

/// Where `now` differs from what it was.
fn differences(was: &Value, now: &Value, path: &str, found: &mut Vec<String>) {
    match (was, now) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let inner = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(_), None) => found.push(format!("{inner} is gone")),
                    (None, _) => found.push(format!("{inner} is new: see the top of golden.rs")),
                    (Some(a), Some(b)) => differences(a, b, &inner, found),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{i}]"), found);
            }
        }
        _ if was == now => {}
        _ => found.push(format!("{path} was {was} and is {now}")),
    }
}

fn holds(name: &str, now: &Value) {
    let path = golden(name);
    if is_written_anew() {
        fs::write(&path, format!("{now:#}\n")).unwrap();
    }
    let was: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let mut found = Vec::new();
    differences(&was, now, "", &mut found);
    assert_eq!(found, Vec::<String>::new(), "{name}");
}

/// Something of everything that the JSON can tell. What the rules say is tested elsewhere: here the
/// problems are made by hand.
fn taken() -> Taken {
    let mut c: Cluster = cluster().manager("mgr-1").node("node-2").node("node-3");
    c = c.service("shop_web", 2).port(80);
    c = c.service("shop_api", 1).task(1, TaskState::Failed, "task: non-zero exit (3)", 12);
    c = c
        .update(UpdateState::Paused, "update paused due to failure or early termination of task x");
    c = c.service("import", 0);
    c.last().mode = Mode::ReplicatedJob { total: 3, concurrent: 1 };
    c.last().counts = Some(Counts { running: 1, desired: 3, completed: 2 });
    c = c.down("node-3", "heartbeat failure");
    c = c.network("back", "10.0.1.0/24").secret("db_password").config("conf");
    c.networks[0].options.push(("encrypted".into(), "".into()));
    c.secrets[0].labels.push(("team".into(), "hive".into()));
    let mut taken = Taken::new(
        c.store(),
        NOW,
        "prod".into(),
        "unix:///run/docker.sock".into(),
        Duration::from_millis(42),
        &Thresholds::default(),
    );
    let found = Problem::clone(taken.problems.first().expect("a node is down"));
    let folded = Problem {
        rule: "service-down",
        severity: Severity::Critical,
        object: "shop_api".into(),
        message: "shop_api 0/1: task: non-zero exit (3)".into(),
        since: Began::Unknown,
        cause: Some("exit-code"),
        why: "the program ended by itself".into(),
        evidence: vec![Evidence {
            at: Some(ago(12)),
            text: "shop_api.1 failed".into(),
            task: None,
        }],
        before: Some(Before { at: ago(60), text: "image api:1 → api:2".into() }),
        folded: Vec::new(),
        ..found.clone()
    };
    taken.problems = vec![Arc::new(Problem {
        rule: "node-down",
        severity: Severity::Critical,
        object: "node-3".into(),
        message: "node-3 is down".into(),
        since: ago(240).into(),
        cause: None,
        why: "its engine stopped".into(),
        evidence: Vec::new(),
        before: None,
        folded: vec![Arc::new(folded)],
        ..found
    })];
    taken
}

#[test]
fn golden_snapshot() {
    holds("snapshot.json", &serde_json::from_str(&snapshot_json(&[taken()])).unwrap());
}

#[test]
fn golden_check() {
    let said = |looks: &[Result<Taken, String>]| {
        let (_, text) = check(looks, true);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let all = [
        said(&[Ok(taken())]),
        said(&[Ok(taken()), Err("tcp://10.0.0.9: connection refused".into())]),
        said(&[Err("unix:///no.sock: no such socket".into())]),
    ];
    holds("check.json", &json!(all));
}

fn document(replicas: u64) -> Document {
    let mut document = Document::read(&json!({
        "ID": "s1", "Version": { "Index": 7 },
        "Spec": { "Name": "web", "Mode": { "Replicated": { "Replicas": replicas } },
            "TaskTemplate": { "ContainerSpec": { "Image": "api:1" } } },
    }))
    .unwrap();
    let mut previous = document.spec.clone();
    previous["TaskTemplate"]["ContainerSpec"]["Image"] = "api:0".into();
    document.previous = Some(previous);
    document
}

fn node() -> Document {
    Document::read_node(&json!({
        "ID": "id-of-node5", "Version": { "Index": 9 }, "Description": { "Hostname": "node5" },
        "Spec": { "Labels": {}, "Role": "worker", "Availability": "active" },
    }))
    .unwrap()
}

#[test]
fn golden_audit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let audit = Audit::new(path.clone(), "ann".into());
    let store = cluster().manager("m1").node("node5").node("n6").store();
    let drain = Change::Node(NodeChange::Availability(Availability::Drain));
    let plans = [
        (document(2), Change::Scale(ScaleTo::Exactly(3)), "sent"),
        (document(2), Change::Scale(ScaleTo::Exactly(3)), "taken"),
        (document(2), Change::Image("api:2".into()), "conflict"),
        (document(2), Change::Force, "refused"),
        (document(2), Change::Rollback, "unknown"),
        (node(), drain, "taken"),
    ];
    for (document, change, result) in plans {
        let plan = Plan::new(ClusterNo(0), &[document], &change, &store);
        audit.record("swarm1", &plan.steps[0], result, "a detail").unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = written
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            assert!(Timestamp::parse(line["at"].as_str().unwrap()).is_some());
            line["at"] = "2026-11-21T14:03:11.9Z".into();
            line
        })
        .collect();
    let file = golden("state/audit.jsonl");
    if is_written_anew() {
        fs::write(&file, lines.iter().map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    }
    let was = fs::read_to_string(&file).unwrap();
    let was: Vec<Value> = was.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let mut found = Vec::new();
    differences(&json!(was), &json!(lines), "audit", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

/// Every kind of entry, as 0.1.0 wrote them too.
fn entries() -> Vec<Entry> {
    let web = || Subject::Service("s1".into());
    let node = |id: &str| Subject::Node(id.into());
    let told: [(&str, &str, &str, Subject, Gravity, Meaning); 9] = [
        ("service", "web", "image api:1.8 → api:1.9", web(), Gravity::Note, Meaning::Change),
        ("service", "web", "update started", web(), Gravity::Note, Meaning::Update),
        (
            "task",
            "web.1",
            "running → failed",
            Subject::Task("t1".into(), "s1".into()),
            Gravity::Bad,
            Meaning::Failure,
        ),
        ("node", "node5", "ready → down", node("n5"), Gravity::Bad, Meaning::NodeLost),
        ("node", "node5", "down → ready", node("n5"), Gravity::Good, Meaning::NodeBack),
        ("node", "node2", "now leads the managers", node("n2"), Gravity::Note, Meaning::Leader),
        (
            "action",
            "web",
            "scale: docker service scale web=3",
            web(),
            Gravity::Note,
            Meaning::Action,
        ),
        ("network", "back", "created", Subject::Other, Gravity::Quiet, Meaning::Other),
        (
            "secret",
            "db",
            "written before entries had a meaning",
            Subject::Other,
            Gravity::Note,
            Meaning::Other,
        ),
    ];
    let first = NOW.shifted(-1_000_000_000);
    let made =
        told.into_iter().zip(0..).map(|((kind, name, text, subject, gravity, meaning), i)| {
            let [kind, name, text] = [kind, name, text].map(Arc::from);
            let at = first.shifted(i * 100_000_000);
            let who = (meaning == Meaning::Action).then(|| "ann".into());
            Entry { seq: 0, kept: true, at, kind, name, text, subject, gravity, meaning, who }
        });
    made.collect()
}

fn quieted() -> Vec<Quieted> {
    let muted = Quiet::Muted(NOW.shifted(3_600_000_000_000));
    vec![
        Quieted { key: "trouble s1".into(), quiet: muted, like: String::new() },
        Quieted {
            key: "lost n5".into(),
            quiet: Quiet::Acknowledged,
            like: "critical node5 is down".into(),
        },
    ]
}

/// What is quieted is found again by its key, by every later skep.
#[test]
fn golden_keys_of_quieted_problems() {
    let found = Problem::clone(&taken().problems[0]);
    let key = |rule: &Rule, subject| Problem { rule: rule.id, subject, ..found.clone() }.key();
    let keys = |rule: &Rule| {
        let of_task = Subject::Task("t1".into(), "s1".into());
        json!([
            key(rule, Subject::Service("s1".into())),
            key(rule, of_task),
            key(rule, Subject::Node("n5".into())),
            key(rule, Subject::Other),
        ])
    };
    let name = "quieted_keys.json";
    let mut all: serde_json::Map<String, Value> =
        RULES.iter().map(|rule| (rule.id.to_owned(), keys(rule))).collect();
    if !is_written_anew() {
        // Nobody has quieted anything of a rule that is newer.
        let was = fs::read_to_string(golden(name)).unwrap();
        let was: serde_json::Map<String, Value> = serde_json::from_str(&was).unwrap();
        all.retain(|rule, _| was.contains_key(rule));
    }
    holds(name, &all.into());
}

fn history(dir: &Path) -> History {
    History { timeline: Some(dir.join("timeline")), audit: dir.join("none.jsonl") }
}

#[test]
fn golden_timeline_and_quieted_problems() {
    let dir = tempfile::tempdir().unwrap();
    let here = history(dir.path());
    here.append("swarm1", &entries(), NOW).unwrap();
    here.keep_quieted("swarm1", &quieted()).unwrap();
    for name in ["timeline/swarm1/2026-11-21T14.jsonl", "timeline/swarm1/quieted.json"] {
        let written = fs::read_to_string(dir.path().join(name)).unwrap();
        let file = golden("state").join(name);
        if is_written_anew() {
            fs::write(&file, &written).unwrap();
        }
        assert_eq!(written, fs::read_to_string(file).unwrap(), "{name}");
    }
}

/// A config file that 0.1.0 took is taken as it is, also where it uses keys that mean more by now: what
/// it says holds, and newer keys yield to it.
#[test]
fn a_config_file_of_0_1_0_goes_on_working() {
    let file = ConfigFile::load(Some(&golden("0.1.0/config.toml"))).unwrap();
    assert_eq!(file.clusters.len(), 2);
    let keymap = keymap(&file.keys).unwrap();
    let means = |context, key: &str| {
        let event = Keymap::press(key).unwrap();
        keymap.of(context, &event).map_or("nothing", |action| action.id)
    };
    for given in &file.keys.changes {
        let action = ACTIONS.iter().find(|a| a.id == given.action).unwrap();
        for context in action.contexts.iter().filter(|c| !action.fixed.contains(c)) {
            for key in &given.keys {
                assert_eq!(means(*context, key), action.id, "{key} {}", context.place());
            }
        }
    }
    for (context, key, id) in [
        (KeyContext::Log, "f", "pause"),
        (KeyContext::Log, "e", "zoom"),
        (KeyContext::Table, "e", "zoom"),
        (KeyContext::Table, "t", "dismiss"),
        (KeyContext::Table, "Ctrl-l", "labels"),
        (KeyContext::Wall, "Ctrl-l", "redraw"),
        (KeyContext::Page, "q", "nothing"),
        (KeyContext::Plan, "y", "carry-out"),
        (KeyContext::Plan, "Esc", "back"),
        (KeyContext::Prompt, "Ctrl-e", "edit"),
    ] {
        assert_eq!(means(context, key), id, "{key} {}", context.place());
    }
}

#[test]
fn golden_files_of_every_version_are_read() {
    for version in ["0.1.0", "state"] {
        let past = history(&golden(version)).load("swarm1", NOW);
        // 0.1.0 had no field for who did it: that was a part of the text.
        let written = entries().into_iter().map(|entry| match version {
            "0.1.0" => Entry { text: entry.said().into(), who: None, ..entry },
            _ => entry,
        });
        assert_eq!(past.entries, written.collect::<Vec<_>>(), "{version}");
        assert_eq!(past.quieted, quieted(), "{version}");
        let audit = golden(version).join("audit.jsonl");
        let done = History { timeline: None, audit }.load("swarm1", NOW).entries;
        let said: Vec<String> = done.iter().map(|e| format!("{} {}", e.name, e.said())).collect();
        let scaled = "web scale: docker service scale web=3 by ann";
        assert!(said.iter().any(|s| s == scaled), "{version}: {said:#?}");
        assert!(said.iter().any(|s| s.starts_with("node5 drain")), "{version}: {said:#?}");
        assert!(done.iter().all(|e| e.meaning == Meaning::Action));
    }
}
