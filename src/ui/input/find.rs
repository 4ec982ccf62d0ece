//! Finds objects by anything they carry: name, port, image, digest, label, address, ID; by their names also
//! when letters are left out.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use crate::{
    cluster::{PublishMode, Service, Store, Subject, TaskState},
    ui::table::{filter::Needle, order::natural},
};

/// An object that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundObject {
    /// The object.
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// By what it was found, if not by its name: `publishes 8080/tcp`.
    pub by: String,
    /// The nearer the text is to it, the smaller.
    rank: u8,
    /// The better it fits if letters were left out, the smaller.
    spread: u16,
}

impl FoundObject {
    /// Whether the text is its name or what it is found by, and no part of it.
    pub fn is_exact(&self) -> bool {
        self.rank == EXACT
    }
}

const EXACT: u8 = 0;
const BEGINS: u8 = 1;
const CONTAINS: u8 = 2;
/// In something else that it carries.
const CARRIED: u8 = 3;
/// Its letters stand in the name, with others between them.
const SPREAD: u8 = 4;

/// From so many letters on they are searched with others between them.
const LEAST_OF_SPREAD: usize = 3;
/// The least score of a letter on the average: those that stand alone here and there in a long name have
/// less, those that begin words or follow each other more.
const LEAST_SCORE: u16 = 22;

/// Objects found at most: more are to be found by typing on.
const MOST: usize = 50;
/// An id or a container's id is searched from so many letters on.
const LEAST_OF_ID: usize = 4;

/// How near a text is to one that is searched.
fn rank(text: &str, wanted: &Needle) -> Option<u8> {
    if text.eq_ignore_ascii_case(wanted.text()) {
        Some(EXACT)
    } else if wanted.is_in(text) {
        let begins =
            text.get(..wanted.text().len()).is_some_and(|b| b.eq_ignore_ascii_case(wanted.text()));
        Some(if begins { BEGINS } else { CONTAINS })
    } else {
        None
    }
}

/// Whether a text begins an id.
fn is_id(id: &str, wanted: &str) -> bool {
    wanted.len() >= LEAST_OF_ID && id.starts_with(wanted)
}

/// Finds names in which letters are left out: `shpapi` is `shop_api`.
pub struct Fuzzy {
    matcher: Matcher,
    atom: Atom,
    letters: u16,
    buffer: Vec<char>,
}

impl Fuzzy {
    /// Looks for these letters; nothing is found of too few.
    pub fn new(text: &str) -> Option<Self> {
        let letters = text.chars().count();
        if letters < LEAST_OF_SPREAD || text.chars().any(char::is_whitespace) {
            return None;
        }
        let atom =
            Atom::new(text, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy, false);
        let matcher = Matcher::new(Config::DEFAULT);
        Some(Self { matcher, atom, letters: u16::try_from(letters).ok()?, buffer: Vec::new() })
    }

    /// How far its letters are spread in a name; `None` if they are not in it, or anywhere in it.
    pub fn spread(&mut self, name: &str) -> Option<u16> {
        let name = Utf32Str::new(name, &mut self.buffer);
        let score = self.atom.score(name, &mut self.matcher)?;
        let enough = score >= LEAST_SCORE.saturating_mul(self.letters);
        enough.then_some(u16::MAX - score)
    }
}

/// The objects that a text means, the nearest first.
pub fn find(store: &Store, text: &str) -> Vec<FoundObject> {
    let wanted = &Needle::new(text.trim());
    if wanted.text().is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut fuzzy = Fuzzy::new(wanted.text());
    let mut add = |subject: Subject, name: &str, hit: Option<(u8, String)>| {
        let spread = match &hit {
            Some(_) => 0,
            None => match fuzzy.as_mut().and_then(|fuzzy| fuzzy.spread(name)) {
                Some(spread) => spread,
                None => return,
            },
        };
        let (rank, by) = hit.unwrap_or((SPREAD, String::new()));
        found.push(FoundObject { subject, name: name.to_owned(), by, rank, spread });
    };
    let by_name = |name: &str| rank(name, wanted).map(|rank| (rank, String::new()));
    let by_id = |id: &str| is_id(id, wanted.text()).then(|| (EXACT, format!("id {id}")));
    for service in store.services() {
        let hit = by_name(&service.name)
            .or_else(|| by_id(service.id.as_str()))
            .or_else(|| carried(service, wanted));
        add(Subject::Service(service.id.clone()), &service.name, hit);
    }
    for node in store.nodes() {
        let labels = || label(node.labels.iter().map(|(k, v)| (&**k, &**v)), wanted);
        let address = || {
            let hit = rank(&node.addr, wanted).filter(|_| !node.addr.is_empty())?;
            Some((if hit == EXACT { EXACT } else { CARRIED }, format!("address {}", node.addr)))
        };
        let hit = by_name(&node.hostname)
            .or_else(|| by_id(node.id.as_str()))
            .or_else(address)
            .or_else(labels);
        add(Subject::Node(node.id.clone()), &node.hostname, hit);
    }
    for stack in store.relations().stacks().iter().filter(|stack| !stack.name.is_empty()) {
        add(Subject::Stack(stack.name.clone()), &stack.name, by_name(&stack.name));
    }
    for network in store.networks() {
        let subnet = || {
            let mut all = network.subnets.iter().flat_map(|s| [&s.subnet, &s.gateway]);
            let hit = all.find(|text| !text.is_empty() && text.starts_with(wanted.text()))?;
            Some((if **hit == *wanted.text() { EXACT } else { CARRIED }, hit.to_string()))
        };
        let hit = by_name(&network.name).or_else(|| by_id(network.id.as_str())).or_else(subnet);
        add(Subject::Network(network.id.clone()), &network.name, hit);
    }
    for secret in store.secrets() {
        let hit = by_name(&secret.name).or_else(|| by_id(secret.id.as_str()));
        add(Subject::Secret(secret.id.clone()), &secret.name, hit);
    }
    for config in store.configs() {
        let hit = by_name(&config.name).or_else(|| by_id(config.id.as_str()));
        add(Subject::Config(config.id.clone()), &config.name, hit);
    }
    for volume in store.relations().volumes() {
        add(Subject::Volume(volume.name.clone()), &volume.name, by_name(&volume.name));
    }
    tasks(store, wanted.text(), &mut found);
    found.sort_by(|a, b| {
        let kind = |f: &FoundObject| f.subject.kind();
        a.rank
            .cmp(&b.rank)
            .then_with(|| a.spread.cmp(&b.spread))
            .then_with(|| kind(a).cmp(kind(b)))
            .then_with(|| natural(&a.name, &b.name))
    });
    found.truncate(MOST);
    found
}

/// The thing of a service in which a text is found.
fn carried(service: &Service, wanted: &Needle) -> Option<(u8, String)> {
    if let Ok(number) = wanted.text().parse::<u32>() {
        let port = service.ports.iter().find(|port| port.published == number)?;
        let host = if port.mode == PublishMode::Host { " on its nodes" } else { "" };
        let said = format!("publishes {number}/{}{host} → {}", port.protocol, port.target);
        return Some((EXACT, said));
    }
    if wanted.is_in(&service.image) {
        let (repository, version) = service.image_parts();
        let short = repository.rsplit('/').next().unwrap_or_default();
        let exact = [short, version, &format!("{short}:{version}")].contains(&wanted.text());
        let said = format!("image {}", service.image);
        return Some((if exact { BEGINS } else { CARRIED }, said));
    }
    let alias = service.aliases.iter().find(|(_, alias)| **alias == *wanted.text());
    let alias = alias.map(|(_, alias)| (EXACT, format!("has the DNS name {alias}")));
    let address = || {
        let vip = |vip: &str| vip.split('/').next() == Some(wanted.text());
        let hit = service.vips.iter().find(|(_, address)| vip(address));
        hit.map(|(_, address)| (EXACT, format!("virtual IP {address}")))
    };
    let labels = || label(service.labels.iter().map(|(k, v)| (&**k, &**v)), wanted);
    alias.or_else(address).or_else(labels)
}

/// The label in which a text is found.
fn label<'a>(
    mut labels: impl Iterator<Item = (&'a str, &'a str)>,
    wanted: &Needle,
) -> Option<(u8, String)> {
    // What looks secret is not shown, and so not found either.
    let hit = |(key, value): &(&str, &str)| {
        (wanted.is_in(key) || wanted.is_in(value)) && !crate::cluster::looks_secret(key, value)
    };
    labels.find(hit).map(|(key, value)| (CARRIED, format!("label {key}={value}")))
}

/// Tasks by their address, container or id: only those have nothing to do with their service's name.
fn tasks(store: &Store, wanted: &str, found: &mut Vec<FoundObject>) {
    let address = wanted.parse::<std::net::IpAddr>().ok();
    let is_hex = wanted.len() >= LEAST_OF_ID && wanted.bytes().all(|b| b.is_ascii_alphanumeric());
    if address.is_none() && !is_hex {
        return;
    }
    for task in store.tasks() {
        let by = if address.is_some_and(|at| task.attachments.iter().any(|a| a.address == at)) {
            // An address is given to the next one once a task has ended.
            if task.state != TaskState::Running {
                continue;
            }
            format!("address {wanted}")
        } else if !is_hex {
            continue;
        } else if task.container.as_deref().is_some_and(|id| id.starts_with(wanted)) {
            format!("container {wanted}")
        } else if task.id.as_str().starts_with(wanted) {
            format!("id {}", task.id)
        } else {
            continue;
        };
        found.push(FoundObject {
            subject: Subject::Task(task.id.clone(), task.service.clone()),
            name: store.task_name(task),
            by,
            rank: EXACT,
            spread: 0,
        });
        if found.len() > 4 * MOST {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_may_be_left_out_but_not_any() {
        let found =
            |text: &str, name: &str| Fuzzy::new(text).is_some_and(|mut f| f.spread(name).is_some());
        for (text, name) in [
            ("shpapi", "shop_api"),
            ("sapi", "shop_api"),
            ("edgprx", "edge_proxy"),
            ("dbpw", "db_password"),
            ("mgr2", "mgr-2"),
            ("pgmain", "postgres-main"),
        ] {
            assert!(found(text, name), "{text} is in {name}");
        }
        for (text, name) in [
            ("sap", "observability-stack_exporter"),
            ("web", "warehouse_batch-jobs"),
            ("tas", "stackservice"),
            ("ap", "shop_api"),
            ("shpapix", "shop_api"),
        ] {
            assert!(!found(text, name), "{text} is not in {name}");
        }
    }

    #[test]
    fn the_nearest_name_is_first() {
        let mut fuzzy = Fuzzy::new("sweb").unwrap();
        let [near, far] = ["shop_web", "staging_shop-wide-ebay"].map(|name| fuzzy.spread(name));
        assert!(near.is_some() && far.is_none_or(|far| near.unwrap() < far), "{near:?} {far:?}");
    }
}
