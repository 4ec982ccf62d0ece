//! What skep is built from may be given on under the terms that `deny.toml` allows. The workflow runs
//! cargo-deny with the same file; this needs nothing but cargo.

use std::{collections::BTreeSet, fs, process::Command};

use crate::root;

/// Whether an SPDX expression can be met with these licences; those it is met with are noted. A slash
/// is how older crates write `OR`.
fn is_met(expression: &str, allowed: &[String], used: &mut BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed, used);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[String], used: &mut BTreeSet<String>) -> bool {
    let mut met = all(words, allowed, used);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed, used);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[String], used: &mut BTreeSet<String>) -> bool {
    let mut met = one(words, allowed, used);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed, used);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String], used: &mut BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any(words, allowed, used);
        return words.next() == Some(")") && met;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    let is_allowed = allowed.contains(&licence);
    used.extend(is_allowed.then_some(licence));
    is_allowed
}

#[test]
fn licences_are_allowed() {
    let deny: toml::Table = fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let strings = |value: &toml::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let allowed = strings(&deny["licenses"]["allow"]);
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--locked", "--offline", "--format-version", "1"]);
    for target in strings(&deny["graph"]["targets"]) {
        command.args(["--filter-platform", &target]);
    }
    let output = command.current_dir(root()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let built: BTreeSet<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    let mut used = BTreeSet::new();
    let mut refused = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        let is_built = built.contains(package["id"].as_str().unwrap());
        if is_built && !is_met(licence, &allowed, &mut used) {
            refused.push(format!("{}: {licence:?}", package["name"]));
        }
    }
    assert!(built.len() > 100, "{}", built.len());
    assert_eq!(refused, Vec::<String>::new());
    let unused: Vec<_> = allowed.iter().filter(|licence| !used.contains(*licence)).collect();
    assert!(unused.is_empty(), "nothing is built from what has these: {unused:?}");
}

#[test]
fn expressions_are_read() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    let met = |expression| is_met(expression, &allowed, &mut BTreeSet::new());
    for yes in ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "MIT AND (GPL-3.0 OR ISC)"] {
        assert!(met(yes), "{yes}");
    }
    assert!(met("Apache-2.0 WITH LLVM-exception"));
    for no in ["", "LGPL-3.0", "MIT AND LGPL-3.0", "Apache-2.0", "(MIT", "MIT ISC"] {
        assert!(!met(no), "{no}");
    }
}
