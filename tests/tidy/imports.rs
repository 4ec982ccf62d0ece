//! Who may import whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use syn::visit::Visit;

use crate::{module_of, root, sources};

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
    ("recorder", &["action::plan", "connect", "engine", "text"]),
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
    "FollowedLog",
    "Generation",
    "Link",
    "LogFrame",
    "LogWriterId",
    "ManagerLine",
    "NoReach",
    "NodeReach",
    "NodeSeen",
    "Outcome",
    "Output",
    "RawKind",
    "Reach",
    "Token",
    "SessionEvent",
    "ShellEnd",
    "ShellFact",
    "ShellFault",
    "ShellInput",
    "ShellLink",
    "ShellNews",
    "ShellMeans",
    "ShellOutput",
    "TerminalSize",
    "Usage",
    "Way",
];

/// Number of files of a room below the screen that may import each other in a circle.
const CIRCLE: usize = 3;
/// The same for files of the UI.
const UI_CIRCLE: usize = 5;

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

/// Files of one room that import each other in a circle.
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
        .filter(|circle| {
            let is_ui = circle.first().is_some_and(|file| file[0] == "ui");
            circle.len() > if is_ui { UI_CIRCLE } else { CIRCLE }
        })
        .map(|circle| circle.iter().map(|file| file.join("::")).collect::<Vec<_>>())
        .collect();
    assert_eq!(large, Vec::<Vec<String>>::new());
}

/// Grants are minted in one place, which no room may import; and only what holds one can write.
#[test]
fn only_start_up_mints_grants() {
    let src = root().join("src");
    let minting: Vec<String> = sources(&src)
        .iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("Grant::mint("))
        .map(|file| file.strip_prefix(&src).unwrap().display().to_string())
        .collect();
    assert_eq!(minting, ["commands/permit.rs"]);
    assert!(MAY.iter().all(|(_, may)| !may.contains(&"commands")));
    let grant = fs::read_to_string(src.join("grant.rs")).unwrap();
    assert_eq!(grant.matches("fn mint(").count(), grant.matches("pub(crate) fn mint(").count());
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
    assert_eq!(clients, ["engine/gate/mod.rs"]);
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
