//! Risks of a whole deploy, and what docker does without a word.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Recording, StackAction, StackObject, StackPlan, name_of};

/// Risks of the whole.
pub(super) fn of_whole(plan: &mut StackPlan, recording: &Recording) {
    plan.warnings = recording.warnings.iter().map(|said| open_wider(said)).collect();
    plan.warnings.extend(without_digest(plan, recording));
    let planned = |name: &str| {
        plan.changes.iter().any(|change| change.kind == StackObject::Service && change.name == name)
    };
    let of_stack = |service: &&Value| {
        service["Spec"]["Labels"]["com.docker.stack.namespace"] == recording.stack.as_str()
    };
    if recording.is_partial {
        return;
    }
    let services = recording.read.of(StackObject::Service).filter(of_stack);
    let stay: Vec<String> =
        services.map(|service| name_of(service).to_owned()).filter(|name| !planned(name)).collect();
    for name in stay {
        plan.warnings.push(format!(
            "service {name} is not in the files and stays as it is: --prune removes it"
        ));
    }
}

/// A port that is open wider than the file says: docker mentions it in passing.
fn open_wider(said: &str) -> String {
    let port = said.split_once("ignoring IP-address (").and_then(|(_, rest)| rest.split_once(')'));
    match port {
        Some((port, _)) => format!(
            "{port} is published on EVERY address of every node, not only on the one in the file: a Swarm \
             can't do that. Use a host-mode port behind a firewall, or publish none"
        ),
        None => said.to_owned(),
    }
}

/// Images that are written without a digest, a line for each reason.
fn without_digest(plan: &StackPlan, recording: &Recording) -> Vec<String> {
    let mut images: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let written = plan.changes.iter().filter(|c| c.action != StackAction::Unchanged);
    for change in written.filter(|change| change.kind == StackObject::Service) {
        let image = &change.after["TaskTemplate"]["ContainerSpec"]["Image"];
        let Some(image) = image.as_str().filter(|image| !image.contains('@')) else { continue };
        let why = recording.unresolved.iter().find(|(name, _)| name == image);
        images.entry(why.map_or("", |(_, why)| why)).or_default().insert(image);
    }
    let said = images.into_iter().map(|(why, images)| {
        let names = images.into_iter().collect::<Vec<_>>().join(", ");
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        format!("no digest for {names}: nodes may run different images under one tag{why}")
    });
    said.collect()
}
