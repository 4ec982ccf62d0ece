//! The house's own rules: who may import whom, what skep may be built from, and that the documents say
//! what the code does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod imports;
mod licences;
mod names;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

use skep::{
    commands::help::{COSTS, TOPICS, help, key_rows, rule_rows},
    triage::RULES,
    ui::{
        Keymap,
        actions::{ACTIONS, KeyContext},
    },
};

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

/// A file that fits into a head, and a folder that fits onto a screen.
#[test]
fn files_and_folders_are_small() {
    const LINES: usize = 500;
    const FILES: usize = 15;
    /// A rule's file is found by its theme, a screen's by its kind.
    const TABLES: [&str; 2] = ["triage/rules", "ui/screen"];
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
    assert!((81..95).contains(&RULES.len()) && readme().contains("more than eighty rules"));
}

/// Nothing that only the help has is missing from it.
#[test]
fn the_help_has_every_action_rule_theme_and_context() {
    let topic = |name| help(Some(name)).unwrap();
    let (keys, rules) = (topic("keys"), topic("rules"));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for action in ACTIONS.iter() {
        for context in action.contexts.iter().filter(|c| **c != KeyContext::Wall) {
            let line = format!("{} {}", Keymap::default().shown(action, *context), action.id);
            assert!(words(&keys).contains(&format!("{line} {}", action.words)), "{line}");
        }
    }
    for rule in RULES {
        assert!(words(&rules).contains(&format!(" {}", rule.catches)), "{}", rule.id);
    }
    for context in KeyContext::ALL {
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
    const EVERYWHERE: &[KeyContext] = &[KeyContext::Table, KeyContext::Log];
    const TABLE: &[KeyContext] = &[KeyContext::Table];
    const LOG: &[KeyContext] = &[KeyContext::Log];
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
        (&[KeyContext::Events], "< longer, > shorter"),
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

/// Every public type, function and constant says what it is. Variants and fields may be named well
/// enough.
#[test]
fn public_items_are_documented() {
    struct Bare(Vec<String>);
    impl Bare {
        fn item(&mut self, vis: &syn::Visibility, attrs: &[syn::Attribute], name: &syn::Ident) {
            let is_public = matches!(vis, syn::Visibility::Public(_));
            if is_public && !attrs.iter().any(|a| a.path().is_ident("doc")) {
                self.0.push(name.to_string());
            }
        }
    }
    impl<'a> Visit<'a> for Bare {
        fn visit_item(&mut self, item: &'a syn::Item) {
            match item {
                syn::Item::Fn(i) => self.item(&i.vis, &i.attrs, &i.sig.ident),
                syn::Item::Struct(i) => self.item(&i.vis, &i.attrs, &i.ident),
                syn::Item::Enum(i) => self.item(&i.vis, &i.attrs, &i.ident),
                syn::Item::Trait(i) => self.item(&i.vis, &i.attrs, &i.ident),
                syn::Item::Const(i) => self.item(&i.vis, &i.attrs, &i.ident),
                syn::Item::Type(i) => self.item(&i.vis, &i.attrs, &i.ident),
                _ => {}
            }
            syn::visit::visit_item(self, item);
        }
        fn visit_impl_item_fn(&mut self, i: &'a syn::ImplItemFn) {
            self.item(&i.vis, &i.attrs, &i.sig.ident);
        }
    }
    let mut found = Vec::new();
    for file in sources(&root().join("src")) {
        let mut bare = Bare(Vec::new());
        bare.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        found.extend(bare.0.into_iter().map(|name| format!("{}: {name}", file.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The way from a key to a write is short, and its description names files that exist.
#[test]
fn the_way_to_a_write_is_as_described() {
    let src = root().join("src");
    let doc = fs::read_to_string(src.join("ui/operate/mod.rs")).unwrap();
    let steps: Vec<&str> = doc
        .lines()
        .filter_map(|line| line.strip_prefix("//! ")?.split_once(". "))
        .filter(|(n, _)| n.parse::<usize>().is_ok())
        .map(|(_, step)| step)
        .collect();
    assert!((8..=11).contains(&steps.len()), "{steps:?}");
    for step in steps.into_iter().filter(|step| !step.starts_with("This file")) {
        let path = step.split('`').nth(1).unwrap().replace("::", "/");
        let exists = |file: String| src.join(&file).exists() || src.join("ui").join(&file).exists();
        let there = exists(format!("{path}.rs")) || exists(format!("{path}/mod.rs"));
        assert!(there, "there is no {path}");
    }
}
