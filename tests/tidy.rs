//! The house's own rules: who may import whom, and that the documents say what the code does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use skep::{
    triage::{RULES, Role},
    ui::{Keymap, actions::ACTIONS},
};

/// Rooms and what of ours each may import. `main`, `cli` and `start` join everything together.
const MAY: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("grant", &[]),
    ("keep", &[]),
    ("cluster", &["text"]),
    ("logs", &["text"]),
    ("demo", &[]),
    ("config", &["triage", "text"]),
    ("connect", &["config", "text"]),
    ("triage", &["cluster", "text"]),
    ("action/plan", &["cluster", "grant", "text"]),
    // The pure half of an action after its plan: the UI follows with it.
    ("action/follow", &["cluster", "action::plan", "action::follow", "text"]),
    ("action", &["cluster", "engine", "action", "grant", "keep", "text"]),
    ("engine", &["connect", "cluster", "grant", "text"]),
    (
        "session",
        &["engine", "connect", "cluster", "triage", "action", "logs", "grant", "keep", "text"],
    ),
    (
        "ui",
        &[
            "cluster",
            "triage",
            "action::plan",
            "action::follow",
            "logs",
            "config",
            "grant",
            "session",
            "text",
        ],
    ),
    ("report", &["session", "cluster", "triage", "logs", "text"]),
];

/// Of the session, the UI may know only what they say to each other.
const SESSION_WORDS: &[&str] = &[
    "Command",
    "Event",
    "Fleet",
    "Generation",
    "Link",
    "LogFrame",
    "LogTask",
    "ManagerLine",
    "Names",
    "Outcome",
    "Output",
    "RawKind",
    "Reach",
    "Token",
    "Told",
    "Usage",
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            out.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `crate::a::b` of a source, with groups opened.
fn imports(source: &str) -> BTreeSet<Vec<String>> {
    let code: String =
        source.lines().map(|l| l.split("//").next().unwrap_or("")).collect::<Vec<_>>().join(" ");
    let mut found = BTreeSet::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("crate::") {
        rest = &rest[at + "crate::".len()..];
        open(rest, &mut Vec::new(), &mut found);
    }
    found
}

fn open(text: &str, path: &mut Vec<String>, found: &mut BTreeSet<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let (mut depth, mut begin) = (1, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if (c == ',' && depth == 1) || depth == 0 {
                open(&group[begin..i], path, found);
                begin = i + 1;
            }
            if depth == 0 {
                break;
            }
        }
        return;
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 {
        return;
    }
    path.push(text[..end].to_owned());
    match text[end..].strip_prefix("::") {
        Some(more) if path.len() < 3 => open(more, path, found),
        _ => {
            found.insert(path.clone());
        }
    }
    path.pop();
}

#[test]
fn rooms_import_only_what_they_may() {
    let src = root().join("src");
    let mut breaches = Vec::new();
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let Some((room, may)) = MAY.iter().find(|(room, _)| name.starts_with(room)) else {
            continue;
        };
        let own = room.split('/').next().unwrap();
        for path in imports(&fs::read_to_string(&file).unwrap()) {
            let (head, two) = (path[0].as_str(), path[..path.len().min(2)].join("::"));
            let inside = head == own && !room.contains('/');
            let allowed = inside || may.iter().any(|m| *m == head || *m == two);
            if !allowed {
                breaches.push(format!("{name} imports {}", path.join("::")));
            }
            if *room == "ui" && head == "session" && !SESSION_WORDS.contains(&path[1].as_str()) {
                breaches.push(format!("{name} imports {} of the session", path.join("::")));
            }
        }
    }
    assert_eq!(breaches, Vec::<String>::new());
}

/// Grants are minted in one place, which no room may import; and only what holds one can write.
#[test]
fn only_the_start_mints_grants() {
    let src = root().join("src");
    let minting: Vec<String> = sources(&src)
        .iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("WriteGrant::mint("))
        .map(|file| file.strip_prefix(&src).unwrap().display().to_string())
        .collect();
    assert_eq!(minting, ["start/permit.rs"]);
    assert!(MAY.iter().all(|(_, may)| !may.contains(&"start")));
    let grant = fs::read_to_string(src.join("grant.rs")).unwrap();
    assert!(grant.contains("pub(crate) fn mint("), "not for the whole world");
}

/// One HTTP client, behind the gate: no request goes around its allow-list, limits and counters.
#[test]
fn only_the_gate_has_a_client() {
    let src = root().join("src");
    let clients: Vec<String> = sources(&src)
        .iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("Client::builder("))
        .map(|file| file.strip_prefix(&src).unwrap().display().to_string())
        .collect();
    assert_eq!(clients, ["engine/gate.rs"]);
}

#[test]
fn the_import_reader_opens_groups() {
    let found = imports("use crate::{a::{B, c::D}, e}; fn f() { crate::g::h(); } // crate::no");
    let found: Vec<String> = found.into_iter().map(|p| p.join("::")).collect();
    assert_eq!(found, ["a::B", "a::c::D", "e", "g::h"]);
}

/// The key table of the README is the table of actions.
#[test]
fn readme_has_every_key() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let missing: Vec<String> = ACTIONS
        .iter()
        .map(|a| {
            let shown = Keymap::default().shown(a);
            let keys: Vec<String> = shown.split(' ').map(|k| format!("`{k}`")).collect();
            format!("| {} | {} |", keys.join(" "), a.words)
        })
        .filter(|line| !readme.contains(line))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The README has every flag.
#[test]
fn readme_has_every_flag() {
    use clap::CommandFactory;
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let missing: Vec<String> = skep::cli::Cli::command()
        .get_arguments()
        .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
        .filter(|long| {
            !readme.contains(&format!("| `{long}")) && !readme.contains(&format!(", `{long}"))
        })
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The rule table of the README is the table of rules.
#[test]
fn readme_has_every_rule() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let missing: Vec<String> = RULES
        .iter()
        .map(|rule| {
            let severity = if rule.role == Role::Cause { "cause" } else { rule.severity.word() };
            format!("| `{}` | {} | {severity} |", rule.id, rule.catches)
        })
        .filter(|line| !readme.contains(line))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The design's keys do what the design says.
#[test]
fn the_contract_of_keys() {
    for (key, id) in [
        ("1", "overview"),
        ("2", "services"),
        ("3", "nodes"),
        ("4", "tasks"),
        ("5", "events"),
        ("6", "logs"),
        ("7", "problems"),
        ("Tab", "next-pane"),
        ("Shift-Tab", "previous-pane"),
        ("j", "down"),
        ("k", "up"),
        ("g", "top"),
        ("G", "bottom"),
        ("Ctrl-d", "half-down"),
        ("Ctrl-u", "half-up"),
        ("PgDn", "page-down"),
        ("PgUp", "page-up"),
        ("Enter", "open"),
        ("Esc", "back"),
        ("/", "filter"),
        (":", "palette"),
        ("?", "help"),
        ("s", "scale"),
        ("u", "update"),
        ("r", "rollback"),
        ("f", "force"),
        ("l", "logs-of"),
        ("d", "describe"),
        ("y", "yaml"),
        ("Space", "mark"),
        ("o", "sort"),
        ("O", "reverse"),
        ("c", "copy"),
        ("p", "pause"),
        ("z", "zoom"),
        ("R", "report"),
        ("Ctrl-x", "failed-log"),
        ("q", "quit"),
        ("Ctrl-c", "quit"),
    ] {
        let action = ACTIONS.iter().find(|a| a.keys.contains(&key)).map(|a| a.id);
        assert_eq!(action, Some(id), "{key}");
    }
}

/// No path of a developer's machine, no leftovers.
#[test]
fn nothing_is_left_behind() {
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for (n, line) in text.lines().enumerate() {
            let bad = ["todo!(", "unimplemented!(", "dbg!("].iter().any(|b| line.contains(b));
            assert!(!bad, "{}:{}: {line}", file.display(), n + 1);
        }
    }
}

/// What explains a task's failure is read from the task's own spec: after a rollback the service's is
/// another one.
#[test]
fn causes_are_read_from_the_tasks_own_spec() {
    let rules = root().join("src/triage/rules");
    let fields = [
        "image",
        "limits",
        "reserved",
        "mounts",
        "constraints",
        "restart",
        "platforms",
        "max_per_node",
        "log_driver",
        "health_check",
        "networks",
    ];
    for file in ["exits", "image", "jobs", "parts", "placement", "refusal", "stuck"] {
        let source = fs::read_to_string(rules.join(file).with_extension("rs")).unwrap();
        for field in fields {
            assert!(!source.contains(&format!("service.{field}")), "{file} reads service.{field}");
        }
    }
}
