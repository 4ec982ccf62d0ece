//! Relations between services and what they use, from the specs of the services alone.
//!
//! The store makes them once for each change of a service ([`super::Store::relations`]): for 5,000
//! services that takes some milliseconds, and then each question is one look.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hashbrown::{HashMap, HashSet};

use super::{
    ConfigId, ImageUse, NetworkId, PublishMode, SecretId, Service, ServiceId, Stack, Volume,
};

/// A service that publishes a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// The service.
    pub service: ServiceId,
    /// On every node, or on those of its tasks.
    pub mode: PublishMode,
    /// The port of its containers.
    pub target: u32,
}

/// Who uses what. All lists are ordered by the names of the services.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    networks: HashMap<NetworkId, Vec<ServiceId>>,
    secrets: HashMap<SecretId, Vec<ServiceId>>,
    configs: HashMap<ConfigId, Vec<ServiceId>>,
    volumes: Vec<Volume>,
    ports: BTreeMap<(u32, Arc<str>), Vec<Publisher>>,
    images: Vec<ImageUse>,
    stacks: Vec<Stack>,
    named_before: HashSet<Arc<str>>,
}

/// Adds a service, which may name one thing twice.
fn add(users: &mut Vec<ServiceId>, service: &ServiceId) {
    if users.last() != Some(service) {
        users.push(service.clone());
    }
}

impl Relations {
    /// Reads the specs.
    pub(super) fn of<'s>(services: impl Iterator<Item = &'s Service>) -> Self {
        // A service that can't be read may use anything: it is left out.
        let mut services: Vec<&Service> = services.filter(|s| !s.is_unread).collect();
        services.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        let mut new = Self::default();
        let mut volumes: BTreeMap<&str, Volume> = BTreeMap::new();
        let mut images: BTreeMap<(&str, &str), Vec<ServiceId>> = BTreeMap::new();
        let mut stacks: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for service in services {
            let id = &service.id;
            // Published ports make it join the routing mesh, which its spec does not name.
            for network in service.networks.iter().chain(service.vips.iter().map(|(net, _)| net)) {
                add(new.networks.entry_ref(network).or_default(), id);
            }
            for secret in &service.secrets {
                add(new.secrets.entry_ref(&secret.id).or_default(), id);
            }
            for config in &service.configs {
                add(new.configs.entry_ref(&config.id).or_default(), id);
            }
            for mount in service.mounts.iter().filter(|m| m.is_named_volume()) {
                let volume = volumes.entry(&mount.source).or_insert_with(|| Volume {
                    name: mount.source.clone(),
                    driver: "local".into(),
                    filesystem: "".into(),
                    is_cluster: &*mount.kind == "cluster",
                    services: Vec::new(),
                });
                if !mount.driver.is_empty() {
                    volume.driver = mount.driver.clone();
                }
                if !mount.filesystem.is_empty() {
                    volume.filesystem = mount.filesystem.clone();
                }
                add(&mut volume.services, id);
            }
            for port in service.ports.iter().filter(|port| port.published > 0) {
                let (mode, target) = (port.mode.clone(), port.target);
                let key = (port.published, port.protocol.clone());
                let publisher = Publisher { service: id.clone(), mode, target };
                new.ports.entry(key).or_default().push(publisher);
            }
            new.named_before.extend(service.named_before.iter().cloned());
            add(images.entry(service.image_parts()).or_default(), id);
            stacks.entry(service.stack.as_deref().unwrap_or_default()).or_default().push(service);
        }
        new.volumes = volumes.into_values().collect();
        new.images = images_used(images);
        new.stacks = stacks.into_iter().map(|(name, services)| stack(name, &services)).collect();
        new
    }

    /// The services that join a network; those with published ports are on the routing mesh.
    pub fn on_network(&self, network: &NetworkId) -> &[ServiceId] {
        self.networks.get(network).map_or(&[], |users| users)
    }

    /// The services that are given a secret.
    pub fn with_secret(&self, secret: &SecretId) -> &[ServiceId] {
        self.secrets.get(secret).map_or(&[], |users| users)
    }

    /// The services that are given a config.
    pub fn with_config(&self, config: &ConfigId) -> &[ServiceId] {
        self.configs.get(config).map_or(&[], |users| users)
    }

    /// Whether a service would use an object after a rollback.
    pub fn is_named_before(&self, id: &str) -> bool {
        self.named_before.contains(id)
    }

    /// All volumes that services mount, by name.
    pub fn volumes(&self) -> &[Volume] {
        &self.volumes
    }

    /// The volume of that name.
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        let at = self.volumes.binary_search_by(|volume| (*volume.name).cmp(name)).ok()?;
        self.volumes.get(at)
    }

    /// All published ports with their protocol, in order, and who publishes them.
    pub fn ports(&self) -> impl Iterator<Item = (u32, &str, &[Publisher])> {
        self.ports.iter().map(|((port, protocol), who)| (*port, &**protocol, &**who))
    }

    /// Who publishes a port, whatever the protocol.
    pub fn publishers(&self, port: u32) -> impl Iterator<Item = &Publisher> {
        let range = (port, Arc::from(""))..(port.saturating_add(1), Arc::from(""));
        self.ports.range(range).flat_map(|(_, who)| who)
    }

    /// All images, each version of each once, by name.
    pub fn images(&self) -> &[ImageUse] {
        &self.images
    }

    /// All stacks by name; the services of none come first, as one without a name.
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// The stack of that name.
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        let at = self.stacks.binary_search_by(|stack| (*stack.name).cmp(name)).ok()?;
        self.stacks.get(at)
    }
}

fn images_used(images: BTreeMap<(&str, &str), Vec<ServiceId>>) -> Vec<ImageUse> {
    let of = |((repository, version), services): ((&str, &str), Vec<ServiceId>)| ImageUse {
        repository: repository.into(),
        version: version.into(),
        services,
    };
    images.into_iter().map(of).collect()
}

fn stack(name: &str, services: &[&Service]) -> Stack {
    let mut images: BTreeMap<(&str, &str), Vec<ServiceId>> = BTreeMap::new();
    for service in services {
        images.entry(service.image_parts()).or_default().push(service.id.clone());
    }
    let all = || services.iter();
    Stack {
        name: name.into(),
        services: all().map(|s| s.id.clone()).collect(),
        images: images_used(images),
        networks: all().flat_map(|s| s.networks.iter().cloned()).collect(),
        secrets: all().flat_map(|s| s.secrets.iter().map(|r| r.id.clone())).collect(),
        configs: all().flat_map(|s| s.configs.iter().map(|r| r.id.clone())).collect(),
        volumes: all()
            .flat_map(|s| s.mounts.iter().filter(|m| m.is_named_volume()))
            .map(|m| m.source.clone())
            .collect::<BTreeSet<_>>(),
    }
}
