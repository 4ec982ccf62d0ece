//! The house's own rules: who may import whom, and that the documents say what the code does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

use skep::{
    commands::help::{COSTS, TOPICS, help, key_rows, rule_rows},
    triage::RULES,
    ui::{
        Keymap,
        actions::{ACTIONS, Context},
    },
};

/// Rooms and what of ours each may import. `main`, `cli` and `commands` join everything together.
const MAY: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("grant", &[]),
    ("cluster", &["text"]),
    ("logs", &["text"]),
    ("demo", &[]),
    ("config", &["triage", "text"]),
    ("connect", &["config", "text"]),
    ("triage", &["cluster", "text"]),
    ("keep", &["cluster", "triage", "text"]),
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
];

/// Of the session, the UI may know only what they say to each other.
const SESSION_WORDS: &[&str] = &[
    "Command",
    "Event",
    "Sessions",
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
    "SessionEvent",
    "Usage",
    "Way",
];

/// So many files of a room below the screen may import each other in a circle.
const CIRCLE: usize = 3;

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

/// The module that a file under `src` is: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`.
fn module_of(file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut parts: Vec<String> =
        path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// Every path into this crate that a source names: in `use`, in code and in what macros get, written
/// from `crate` or `super`.
struct Paths {
    /// The module whose code is read.
    at: Vec<String>,
    found: BTreeSet<Vec<String>>,
    /// What `pub use` makes known under the module's own name.
    shown: BTreeMap<String, Vec<String>>,
}

impl Paths {
    fn of(module: Vec<String>, source: &str) -> Self {
        let mut paths = Self { at: module, found: BTreeSet::new(), shown: BTreeMap::new() };
        paths.visit_file(&syn::parse_file(source).unwrap());
        paths
    }

    /// From the crate's root; none if it leads into another crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.at.clone(),
            _ => return None,
        };
        let mut rest = &path[usize::from(path[0] != "super")..];
        while let Some(after) = rest.strip_prefix(&["super".to_owned()]) {
            base.pop();
            rest = after;
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn add(&mut self, path: &[String]) {
        self.found.extend(self.absolute(path).filter(|p| !p.is_empty()));
    }

    fn open(&mut self, tree: &syn::UseTree, path: &mut Vec<String>, is_shown: bool) {
        match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.open(&part.tree, path, is_shown);
                path.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.open(item, path, is_shown));
            }
            syn::UseTree::Name(syn::UseName { ident })
            | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                let itself = ident == "self";
                let known = match tree {
                    syn::UseTree::Rename(renamed) => renamed.rename.to_string(),
                    _ if itself => path.last().cloned().unwrap_or_default(),
                    _ => ident.to_string(),
                };
                path.extend((!itself).then(|| ident.to_string()));
                self.add(path);
                if is_shown {
                    // A plain path starts at a module of this one.
                    let from_here = ["self".to_owned()].into_iter().chain(path.iter().cloned());
                    let from_here: Vec<String> = from_here.collect();
                    let target = self.absolute(path).or_else(|| self.absolute(&from_here));
                    self.shown.extend(target.map(|target| (known, target)));
                }
                path.truncate(path.len() - usize::from(!itself));
            }
            syn::UseTree::Glob(_) => self.add(path),
        }
    }

    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Punct(p) if p.as_char() == ':' => colons += 1,
                proc_macro2::TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add(&std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.add(&std::mem::take(&mut path));
                    colons = 0;
                    if let proc_macro2::TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.add(&path);
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let is_shown = !matches!(item.vis, syn::Visibility::Inherited);
        self.open(&item.tree, &mut Vec::new(), is_shown);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.add(&parts);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'a syn::Macro) {
        self.tokens(called.tokens.clone());
    }

    /// Who may see something is no import.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        // Tests may look at anything.
        let is_test = module.attrs.iter().any(|a| a.path().is_ident("cfg"));
        if !is_test {
            self.at.push(module.ident.to_string());
            syn::visit::visit_item_mod(self, module);
            self.at.pop();
        }
    }
}

fn paths(file: &Path) -> Paths {
    Paths::of(module_of(file), &fs::read_to_string(file).unwrap())
}

#[test]
fn rooms_import_only_what_they_may() {
    let src = root().join("src");
    let mut breaches = Vec::new();
    let mut used = BTreeSet::new();
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let Some((room, may)) = MAY.iter().find(|(room, _)| name.starts_with(room)) else {
            continue;
        };
        used.insert(*room);
        for path in paths(&file).found {
            let (head, two) = (path[0].as_str(), path[..path.len().min(2)].join("::"));
            let inside = path.iter().map(String::as_str).zip(room.split("/")).all(|(a, b)| a == b);
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
    let unused: Vec<_> = MAY.iter().filter(|(room, _)| !used.contains(room)).collect();
    assert!(unused.is_empty(), "these rules match no file: {unused:?}");
}

/// Files of one room that import each other in a circle, below the screen.
#[test]
fn circles_are_small() {
    let src = root().join("src");
    let all: BTreeMap<Vec<String>, Paths> =
        sources(&src).iter().map(|file| (module_of(file), paths(file))).collect();
    // The file a path leads into, through what modules show of others.
    let file_of = |path: &[String]| {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let at = (0..=path.len()).rev().find(|n| all.contains_key(&path[..*n]))?;
            let shown = path.get(at).and_then(|name| all[&path[..at]].shown.get(name));
            let Some(target) = shown else { return Some(path[..at].to_vec()) };
            path = [target.as_slice(), &path[at + 1..]].concat();
        }
        None
    };
    let edges: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = all
        .iter()
        .map(|(module, paths)| {
            let to = paths.found.iter().filter_map(|path| file_of(path));
            (module, to.filter(|to| to != module).collect())
        })
        .collect();
    let reached = |from: &Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(at) = next.pop() {
            for to in edges.get(&at).into_iter().flatten() {
                if to.first() == from.first() && seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let reach: BTreeMap<_, _> = all.keys().map(|module| (module, reached(module))).collect();
    let mut circles = BTreeSet::new();
    for (module, to) in &reach {
        let circle: BTreeSet<_> =
            to.iter().filter(|other| reach[other].contains(*module)).cloned().collect();
        circles.insert(circle);
    }
    let large: Vec<_> = circles
        .into_iter()
        .filter(|circle| circle.len() > CIRCLE)
        .filter(|circle| circle.first().is_some_and(|file| file[0] != "ui"))
        .map(|circle| circle.iter().map(|file| file.join("::")).collect::<Vec<_>>())
        .collect();
    assert_eq!(large, Vec::<Vec<String>>::new());
}

/// A file that fits into a head, and a folder that fits onto a screen.
#[test]
fn files_and_folders_are_small() {
    const LINES: usize = 500;
    const FILES: usize = 15;
    /// A rule's file is found by its theme, and a screen's by the table of views.
    const TABLES: [&str; 3] = ["triage/rules", "ui", "ui/view"];
    let src = root().join("src");
    let mut large = Vec::new();
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for file in sources(&src) {
        let name = file.strip_prefix(&src).unwrap();
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        large.extend((lines > LINES).then(|| format!("{}: {lines} lines", name.display())));
        *folders.entry(name.parent().unwrap().display().to_string()).or_default() += 1;
    }
    for table in TABLES {
        assert!(folders.remove(table).is_some_and(|files| files > FILES), "{table} is small now");
    }
    let full = folders.into_iter().filter(|(_, files)| *files > FILES);
    large.extend(full.map(|(folder, files)| format!("{folder}: {files} files")));
    assert_eq!(large, Vec::<String>::new());
}

/// Grants are minted in one place, which no room may import; and only what holds one can write.
#[test]
fn only_start_up_mints_grants() {
    let src = root().join("src");
    let minting: Vec<String> = sources(&src)
        .iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("WriteGrant::mint("))
        .map(|file| file.strip_prefix(&src).unwrap().display().to_string())
        .collect();
    assert_eq!(minting, ["commands/permit.rs"]);
    assert!(MAY.iter().all(|(_, may)| !may.contains(&"commands")));
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
    let source = "use crate::{a::{B, c::D as E, f::*}, e}; pub use k::L; use super::super::m;
        fn f() -> super::n::O { crate::g::h(); println!(\"{}\", crate::i::J); } // crate::no";
    let paths = Paths::of(vec!["x".into(), "y".into()], source);
    let found: Vec<String> = paths.found.iter().map(|p| p.join("::")).collect();
    assert_eq!(found, ["a::B", "a::c::D", "a::f", "e", "g::h", "i::J", "m", "x::n::O"]);
    assert_eq!(paths.shown["L"].join("::"), "x::y::k::L");
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The rows of the README's table with this head.
fn readme_table(head: &str) -> Vec<String> {
    let readme = readme();
    let rows: Vec<String> = readme
        .lines()
        .skip_while(|line| *line != head)
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(str::to_owned)
        .collect();
    assert!(rows.len() > 3, "{head}");
    rows
}

/// Reference text is in the binary; the README is to be read.
#[test]
fn the_readme_is_short() {
    let lines = readme().lines().count();
    assert!(lines < 230, "{lines} lines: what is looked up belongs into 'skep help TOPIC'");
}

/// What the README's tables say is what the program's own tables say.
#[test]
fn readme_tables_are_the_programs() {
    let costs = COSTS
        .iter()
        .map(|[figure, ratio, measured]| format!("| {figure} | {ratio} | {measured} |"));
    for (head, known) in [
        ("| key | does |", key_rows()),
        ("| rule | what it catches | severity |", rule_rows().collect()),
        ("| figure | ratio | measured |", costs.collect()),
    ] {
        let other: Vec<String> =
            readme_table(head).into_iter().filter(|row| !known.contains(row)).collect();
        assert_eq!(other, Vec::<String>::new(), "{head}");
    }
    let topics: Vec<String> =
        TOPICS.iter().map(|t| format!("| `skep help {}` | {} |", t.name, t.about)).collect();
    assert_eq!(readme_table("| topic | about |"), topics);
    assert!((71..80).contains(&RULES.len()) && readme().contains("more than seventy rules"));
}

/// Nothing that only the help has is missing from it.
#[test]
fn the_help_has_every_action_rule_theme_and_context() {
    let topic = |name| help(Some(name)).unwrap();
    let (keys, rules) = (topic("keys"), topic("rules"));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for action in ACTIONS {
        for context in action.contexts.iter().filter(|c| **c != Context::Wall) {
            let line = format!("{} {}", Keymap::default().shown(action, *context), action.id);
            assert!(words(&keys).contains(&format!("{line} {}", action.words)), "{line}");
        }
    }
    for rule in RULES {
        assert!(words(&rules).contains(&format!(" {}", rule.catches)), "{}", rule.id);
    }
    for context in Context::ALL {
        assert!(keys.contains(context.id()), "{}", context.id());
    }
}

/// The help has every flag of every command.
#[test]
fn the_help_has_every_flag() {
    use clap::CommandFactory;
    let flags = help(Some("flags")).unwrap();
    let command = skep::cli::Cli::command();
    let visible = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let missing: Vec<String> = visible
        .flat_map(clap::Command::get_arguments)
        .chain(command.get_arguments())
        .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
        .filter(|long| !flags.contains(long))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The design's keys do what the design says.
#[test]
fn the_contract_of_keys() {
    const EVERYWHERE: &[Context] = &[Context::Table, Context::Log];
    const TABLE: &[Context] = &[Context::Table];
    const LOG: &[Context] = &[Context::Log];
    let views =
        "1 overview, 2 services, 3 nodes, 4 tasks, 5 events, 6 logs, 7 problems, 8 clusters";
    let all = "Tab next-pane, Shift-Tab previous-pane, j down, k up, g top, G bottom, \
               Ctrl-d half-down, Ctrl-u half-up, PgDn page-down, PgUp page-up, Enter open, Esc back, \
               / filter, : palette, ? help, l logs-of, y yaml, Space mark, c copy, p pause, z zoom, \
               w wall, R report, Ctrl-x failed-log, Ctrl-l redraw, q quit, Ctrl-c quit";
    let table = "s scale, u update, r rollback, f force, d describe, o sort, O reverse, e edit, \
                 t labels, b blast";
    let log = "f page-down, b page-up, d half-down, u half-up, F bottom, e next-error, t times";
    let keymap = Keymap::default();
    for (contexts, pairs) in [
        (EVERYWHERE, views),
        (EVERYWHERE, all),
        (TABLE, table),
        (LOG, log),
        (&[Context::Events], "< longer, > shorter"),
    ] {
        for (pair, context) in pairs.split(", ").flat_map(|p| contexts.iter().map(move |c| (p, c)))
        {
            let (key, id) = pair.split_once(' ').unwrap();
            let found = keymap.of(*context, &Keymap::press(key).unwrap()).map(|a| a.id);
            assert_eq!(found, Some(id), "{key} {}", context.place());
        }
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

/// Who did something, what a state or a rule is about, whether a way is safe: these are fields. Nothing
/// is told apart by looking for words in a text that skep itself wrote.
#[test]
fn no_meaning_is_read_out_of_a_sentence() {
    const READS: [&str; 8] = [
        "rule.starts_with(",
        "rule.contains(",
        ".id.starts_with(",
        ".word().starts_with(",
        "split_once(\" by \")",
        "way.contains(",
        ".replacen(",
        "line.contains(\"--",
    ];
    let mut found = Vec::new();
    // The embedded Swarm finds objects by the beginning of their ids, as the engine does.
    let rooms = sources(&root().join("src"))
        .into_iter()
        .filter(|f| module_of(f).first().is_none_or(|room| room != "demo"));
    for file in rooms {
        let text = fs::read_to_string(&file).unwrap();
        // Tests come last and may read what is said.
        let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate() {
            if READS.iter().any(|read| line.contains(read)) {
                found.push(format!("{}:{}: {}", file.display(), n + 1, line.trim()));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// The first lines of doc comments, with their places.
fn docs(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    let mut is_going_on = false;
    for (n, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let doc = line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! "));
        if let Some(doc) = doc.filter(|_| !is_going_on) {
            found.push((n + 1, doc.to_owned()));
        }
        is_going_on = line.starts_with("///") || line.starts_with("//!");
    }
    found
}

/// Docs say what something is, as to a colleague: not in riddles, and not in words that nobody uses.
#[test]
fn docs_and_texts_are_plain() {
    const RIDDLES: [&str; 14] = [
        "So many ",
        "So much ",
        "So long ",
        "So often ",
        "For so long",
        "Of what ",
        "Of a ",
        "Of those",
        "Whose",
        "Which.",
        "What ",
        "How many ",
        "How long ",
        "Told ",
    ];
    /// Of texts that users see, in every room.
    const TEXTS: [&str; 8] = [
        "told and not taken",
        "know of it",
        "know of a problem",
        "put finished actions away",
        "of a longer time",
        "stands the loss",
        "stands no further",
        "loud again",
    ];
    let mut found = Vec::new();
    for file in sources(&root().join("src")) {
        let place = |n: usize| format!("{}:{n}", file.display());
        let riddles = docs(&file)
            .into_iter()
            .filter(|(_, doc)| RIDDLES.iter().any(|riddle| doc.starts_with(riddle)));
        found.extend(riddles.map(|(n, doc)| format!("{}: {doc}", place(n))));
        for (n, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if TEXTS.iter().any(|text| line.contains(text)) {
                found.push(format!("{}: {}", place(n + 1), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
