//! References of services to what no list has: looked for once, so that it is known whether it exists.

use std::{collections::HashSet, sync::Arc};

use crate::cluster::{Part, Service};

/// The kinds that services name by their ids.
pub(in crate::session) const OBJECTS: [Part; 3] = [Part::Networks, Part::Secrets, Part::Configs];

/// Ids of one kind.
#[derive(Debug, Default)]
struct Ids {
    /// A list of it was read.
    is_listed: bool,
    listed: HashSet<Arc<str>>,
    /// Named by a service, and to be looked for.
    wanted: HashSet<Arc<str>>,
    /// Looked for in vain: not to be looked for again until the next list.
    settled: HashSet<Arc<str>>,
}

/// Ids of networks, secrets and configs: those listed, and those that only services name.
#[derive(Debug, Default)]
pub(in crate::session) struct References {
    kinds: [Ids; OBJECTS.len()],
    /// Removed lately: a manager that still has a task in a network lists it for up to a minute more
    /// (measured).
    removed: Arc<HashSet<Arc<str>>>,
}

/// Removed objects that are remembered.
const REMOVED: usize = 1_000;

/// The position of a kind.
fn at(part: Part) -> usize {
    OBJECTS.iter().position(|known| *known == part).unwrap_or_default()
}

/// The ids that a service names.
fn named(service: &Service) -> impl Iterator<Item = (Part, &str)> {
    let networks = service.networks.iter().map(|id| (Part::Networks, id.as_str()));
    let secrets = service.secrets.iter().map(|r| (Part::Secrets, r.id.as_str()));
    let configs = service.configs.iter().map(|r| (Part::Configs, r.id.as_str()));
    networks.chain(secrets).chain(configs)
}

impl References {
    /// An object was removed: no list that still has it is believed, no id is used twice.
    pub fn removed(&mut self, id: &str) {
        let removed = Arc::make_mut(&mut self.removed);
        if removed.len() >= REMOVED {
            removed.clear();
        }
        removed.insert(id.into());
    }

    /// The objects that were removed.
    pub fn gone(&self) -> Arc<HashSet<Arc<str>>> {
        Arc::clone(&self.removed)
    }

    /// Takes all services in: the kinds to be listed anew, since a service names what no list has.
    pub fn take<'s>(&mut self, services: impl Iterator<Item = &'s Service>) -> Vec<Part> {
        let mut unknown: [HashSet<Arc<str>>; OBJECTS.len()] =
            std::array::from_fn(|_| HashSet::new());
        for (part, id) in services.flat_map(named) {
            if !self.kinds[at(part)].listed.contains(id) {
                unknown[at(part)].insert(id.into());
            }
        }
        let mut parts = Vec::new();
        for ((part, ids), mut unknown) in OBJECTS.into_iter().zip(&mut self.kinds).zip(unknown) {
            ids.settled.retain(|id| unknown.contains(id));
            unknown.retain(|id| !ids.settled.contains(id));
            if ids.is_listed && unknown.iter().any(|id| !ids.wanted.contains(id)) {
                parts.push(part);
            }
            ids.wanted = unknown;
        }
        parts
    }

    /// The ids of a kind that are looked for: the list that is asked for now tells of them.
    pub fn wanted(&self, part: Part) -> Vec<Arc<str>> {
        self.kinds[at(part)].wanted.iter().cloned().collect()
    }

    /// Takes in the ids of a list, and those that were looked for with it.
    pub fn listed(&mut self, part: Part, listed: Vec<Arc<str>>, sought: Vec<Arc<str>>) {
        let ids = &mut self.kinds[at(part)];
        ids.wanted.retain(|id| !sought.contains(id));
        ids.settled.extend(sought);
        ids.is_listed = true;
        ids.listed = listed.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::decode_service;

    fn service(networks: &[&str], secrets: &[&str]) -> Service {
        let networks: Vec<_> =
            networks.iter().map(|n| serde_json::json!({ "Target": n })).collect();
        let secrets: Vec<_> =
            secrets.iter().map(|s| serde_json::json!({ "SecretID": s, "SecretName": s })).collect();
        let spec = serde_json::json!({ "Name": "web", "TaskTemplate": {
            "ContainerSpec": { "Secrets": secrets }, "Networks": networks } });
        let json = serde_json::json!({ "ID": "web", "Spec": spec }).to_string();
        decode_service(json.as_bytes()).expect("a service")
    }

    fn ids(ids: &[&str]) -> Vec<Arc<str>> {
        ids.iter().map(|id| Arc::from(*id)).collect()
    }

    #[test]
    fn what_no_list_has_is_looked_for_once() {
        let mut references = References::default();
        references.listed(Part::Networks, ids(&["n1"]), vec![]);
        references.listed(Part::Secrets, ids(&["s1"]), vec![]);
        let known = service(&["n1"], &["s1"]);
        assert_eq!(references.take([&known].into_iter()), []);
        let new = service(&["n1", "host"], &["s1", "s2"]);
        let all = || [&known, &new].into_iter();
        assert_eq!(references.take(all()), [Part::Networks, Part::Secrets]);
        assert_eq!(references.take(all()), [], "they are under way");
        assert_eq!(references.wanted(Part::Networks), ids(&["host"]));

        // A kind that could not be listed is not asked for over and over.
        let mut none_listed = References::default();
        assert_eq!(none_listed.take(all()), []);
        assert_eq!(none_listed.wanted(Part::Secrets).len(), 2);

        // One was made in the meantime; the other is in no list.
        let sought = references.wanted(Part::Secrets);
        references.listed(Part::Secrets, ids(&["s1", "s2"]), sought);
        assert_eq!(references.wanted(Part::Secrets), ids(&[]), "it was looked for");
        let sought = references.wanted(Part::Networks);
        references.listed(Part::Networks, ids(&["n1"]), sought);
        assert_eq!(references.take(all()), []);
        assert_eq!(references.wanted(Part::Networks), ids(&[]));
        // Named no more and named again, it may be there by now.
        assert_eq!(references.take([&known].into_iter()), []);
        assert_eq!(references.take(all()), [Part::Networks]);
        let sought = references.wanted(Part::Networks);
        references.listed(Part::Networks, ids(&["n1"]), sought);

        // A list that was on its way before the service was read says nothing of it.
        let newer = service(&["n1"], &["s3"]);
        assert_eq!(references.take([&newer].into_iter()), [Part::Secrets]);
        references.listed(Part::Secrets, ids(&["s1", "s2"]), vec![]);
        assert_eq!(references.wanted(Part::Secrets), ids(&["s3"]));
    }

    #[test]
    fn what_was_removed_is_remembered_within_bounds() {
        let mut references = References::default();
        for n in 0..3 * REMOVED {
            references.removed(&n.to_string());
            assert!(references.gone().contains(n.to_string().as_str()));
            assert!(references.gone().len() <= REMOVED);
        }
    }
}
