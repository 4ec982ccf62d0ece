//! Networks, secrets, configs and ports: what services name and share.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    cluster::{
        AddressUse, Network, NetworkId, Part, PublishMode, Service, Stack, Subject, Timestamp,
    },
    text::count,
    triage::{Began, Context, Remedy, ServiceContext, context::names, rule::Found},
};

/// Age from which on an object that nobody uses was not made for a service that is still to come.
const UNUSED: Duration = Duration::from_secs(24 * 60 * 60);

/// The engine lets nobody remove what a service names; two clients at the same moment can, and so can a
/// restore.
const GONE: &str =
    "what runs goes on with what it was given; tasks that are started from now on can't be";

fn gone<'n>(
    s: &ServiceContext<'_>,
    (part, word): (Part, &str),
    named: impl Iterator<Item = (&'n str, &'n str)>,
) -> Option<Found> {
    let absent = named.filter_map(|(id, name)| Some((name, s.cx.store.absent_since(part, id)?)));
    // A service that is just changed may name it no more.
    let absent: Vec<(&str, Timestamp)> =
        absent.filter(|(_, at)| s.cx.lasts(*at, s.cx.thresholds.grace)).collect();
    let since = absent.iter().map(|(_, at)| *at).min()?;
    let (what, exist) =
        if absent.len() == 1 { (word.to_owned(), "does") } else { (format!("{word}s"), "do") };
    let which = names(absent.iter().map(|(name, _)| *name));
    Some(
        Found::warning(
            format!("{} names {what} {which}, which {exist} not exist", s.service.name),
            since,
        )
        .why(GONE)
        .remedy(Remedy::Update, format!("name another {word}, or none (Ctrl-e)"))
        .remedy(Remedy::Describe, "what it names"),
    )
}

/// A secret that a service names and that is gone.
pub fn secret_gone(s: &ServiceContext<'_>) -> Option<Found> {
    let named = s.service.secrets.iter().map(|r| (r.id.as_str(), &*r.name));
    gone(s, (Part::Secrets, "secret"), named)
}

/// A config that a service names and that is gone.
pub fn config_gone(s: &ServiceContext<'_>) -> Option<Found> {
    let named = s.service.configs.iter().map(|r| (r.id.as_str(), &*r.name));
    gone(s, (Part::Configs, "config"), named)
}

/// A network that a service joins and that is gone. One that every node has by itself is in no list, and
/// was looked up.
pub fn network_gone(s: &ServiceContext<'_>) -> Option<Found> {
    let named = s.service.networks.iter().map(|id| (id.as_str(), id.short()));
    gone(s, (Part::Networks, "network"), named)
}

/// A network with hardly an address left. Tasks that are on their way out are not counted: in an update
/// there are more for a while.
pub fn network_full(cx: &Context<'_>) -> Vec<Found> {
    let store = cx.store;
    if !store.lists(Part::Networks) || store.tasks_refused() {
        return Vec::new();
    }
    let is_full = |network: &Network| -> Option<AddressUse> {
        let most = network.addresses()?;
        let limit = |used: u64| used * 100 >= most * cx.thresholds.full_percent;
        // Nearly all networks are told from this alone.
        let found =
            limit(store.address_use_at_most(network)).then(|| store.address_use(network))?;
        limit(found.used() - found.leaving).then_some(found)
    };
    let told = |(network, found): (&Network, AddressUse)| {
        let words = format!(
            "network {}: {} of {} addresses are in use ({})",
            network.name,
            found.used(),
            found.capacity.unwrap_or_default(),
            network.subnet_words()
        );
        Found::warning(words, Began::Unknown)
        .about(Subject::Network(network.id.clone()))
        .why("each task, each service's VIP and each node with a task takes an address, and each container attached by hand, which no manager tells; a subnet can't be made larger")
        .remedy(Remedy::Scale, "fewer tasks on this network")
        .remedy(Remedy::Update, "or move services to a network with a larger subnet (Ctrl-e: Networks)")
    };
    let mut full: Vec<(&Network, AddressUse)> =
        store.networks().filter_map(|n| Some((n, is_full(n)?))).collect();
    full.sort_by_key(|(network, _)| (&network.name, &network.id));
    full.into_iter().map(told).collect()
}

/// One port published by several services. On nodes' own ports they may live beside each other, the
/// scheduler sees to that; the routing mesh takes its port on every node.
pub fn port_twice(cx: &Context<'_>) -> Option<Found> {
    let mut said: Vec<String> = Vec::new();
    let shared = cx.store.relations().ports().filter(|(.., publishers)| publishers.len() > 1);
    for (port, protocol, publishers) in shared {
        let services: BTreeSet<&str> = publishers
            .iter()
            .filter_map(|p| cx.store.service(&p.service))
            .map(|s| &*s.name)
            .collect();
        let has_mesh = publishers.iter().any(|p| p.mode != PublishMode::Host);
        if has_mesh && services.len() > 1 {
            said.push(format!("{port}/{protocol} is published by {}", names(services)));
        }
    }
    let (first, others) = said.split_first()?;
    let more = match others.len() {
        0 => String::new(),
        n => format!(" (and {} like it)", count(n, "port", "ports")),
    };
    let mut found = Found::warning(format!("port {first}{more}"), Began::Unknown)
        .why("the routing mesh takes the port on every node, for one service alone; which one gets it is chance")
        .remedy(Remedy::Update, "another port for one of them (Ctrl-e: EndpointSpec.Ports)");
    for one in others {
        found = found.fact(None, format!("port {one}"));
    }
    Some(found)
}

/// Versions of one image in a stack, none of which is on its way to another.
fn versions(cx: &Context<'_>, stack: &Stack) -> Vec<String> {
    let mut images: BTreeMap<&str, Vec<(&str, Vec<&Service>)>> = BTreeMap::new();
    for image in &stack.images {
        let services = image.services.iter().filter_map(|id| cx.store.service(id)).collect();
        images.entry(&image.repository).or_default().push((&image.version, services));
    }
    images.retain(|_, versions| versions.len() > 1);
    let settled = |service: &&Service| {
        !service.is_updating() && cx.lasts(service.changed(), cx.thresholds.update_slow)
    };
    let is_settled = |versions: &[(&str, Vec<&Service>)]| {
        versions.iter().all(|(_, all)| all.iter().all(settled))
    };
    images.retain(|_, versions| is_settled(versions));
    let words = |(version, services): &(&str, Vec<&Service>)| {
        format!("{version} ({})", names(services.iter().map(|s| &*s.name)))
    };
    let of = |(image, versions): (&str, Vec<(&str, Vec<&Service>)>)| {
        let versions: Vec<String> = versions.iter().map(words).collect();
        format!("stack {} runs {image} in versions {}", stack.name, versions.join(" and "))
    };
    images.into_iter().map(of).collect()
}

/// Services of a stack on different versions of one image, though nothing is being deployed. Advice.
pub fn stack_versions(cx: &Context<'_>) -> Vec<Found> {
    let told = |stack: &Stack| {
        let said = versions(cx, stack);
        let (first, others) = said.split_first()?;
        let more = match others.len() {
            0 => String::new(),
            n => format!(", and {n} more like it"),
        };
        let found = Found::advice(format!("{first}{more}"))
            .about(Subject::Stack(stack.name.clone()))
            .why("a deploy that was not finished, or one service that was changed by hand")
            .remedy(Remedy::Update, "one version for all of them, if they belong together");
        Some(others.iter().fold(found, |found, one| found.fact(None, one.clone())))
    };
    let stacks = cx.store.relations().stacks().iter().filter(|stack| !stack.name.is_empty());
    stacks.filter_map(told).collect()
}

/// Names of what no service uses, now or after a rollback.
fn unused<'o>(
    cx: &Context<'_>,
    part: Part,
    all: impl Iterator<Item = (&'o str, &'o str, Option<Timestamp>, bool)>,
) -> Vec<&'o str> {
    let store = cx.store;
    // Of a list with gaps the missing ones may be those that use it.
    if !store.lists(part) || !store.services_known() || store.leaderless().is_some() {
        return Vec::new();
    }
    let relations = store.relations();
    let spare = all.filter(|(id, .., is_used)| !is_used && !relations.is_named_before(id));
    let mut names: Vec<&str> =
        spare.filter(|(_, _, made, _)| cx.lasts(*made, UNUSED)).map(|(_, name, ..)| name).collect();
    names.sort_unstable();
    names
}

fn told_unused(
    names_of: Vec<&str>,
    one: &str,
    many: &str,
    why: &str,
    command: &str,
) -> Option<Found> {
    let how_many = count(names_of.len(), one, many);
    let is = if names_of.len() == 1 { "is" } else { "are" };
    (!names_of.is_empty()).then(|| {
        Found::advice(format!("{how_many} {is} used by no service: {}", names(names_of)))
            .why(why)
            .remedy(Remedy::Describe, format!("if nothing else needs it: {command}"))
    })
}

/// Secrets that no service uses. Advice.
pub fn secret_unused(cx: &Context<'_>) -> Option<Found> {
    let relations = cx.store.relations();
    let used = |id| !relations.with_secret(id).is_empty();
    let all = cx.store.secrets().map(|s| (s.id.as_str(), &*s.name, s.created, used(&s.id)));
    let why = "often one that was rotated: whoever reads it later still finds an old password";
    let names = unused(cx, Part::Secrets, all);
    told_unused(names, "secret", "secrets", why, "docker secret rm")
}

/// Configs that no service uses. Advice.
pub fn config_unused(cx: &Context<'_>) -> Option<Found> {
    let relations = cx.store.relations();
    let used = |id| !relations.with_config(id).is_empty();
    let all = cx.store.configs().map(|c| (c.id.as_str(), &*c.name, c.created, used(&c.id)));
    let why = "every manager keeps it, and sends it along in every snapshot of the Swarm's state";
    let names = unused(cx, Part::Configs, all);
    told_unused(names, "config", "configs", why, "docker config rm")
}

/// Networks that no service joins. Containers may have joined one that can be attached to, of which no
/// manager tells. Advice.
pub fn network_unused(cx: &Context<'_>) -> Option<Found> {
    let relations = cx.store.relations();
    let used = |n: &Network| {
        let joined = |id: &NetworkId| !relations.on_network(id).is_empty();
        n.ingress || n.attachable || n.is_predefined() || joined(&n.id)
    };
    let all = cx.store.networks().map(|n| (n.id.as_str(), &*n.name, n.created, used(n)));
    let why = "its subnet is taken, and no other network can have it";
    let names = unused(cx, Part::Networks, all);
    told_unused(names, "network", "networks", why, "docker network rm")
}
