//! A stack: services that were deployed together, and what they share.

use std::{collections::BTreeSet, sync::Arc};

use crate::cluster::{ConfigId, NetworkId, SecretId, ServiceId};

/// The label by which `docker stack deploy` marks what it makes.
pub const STACK_LABEL: &str = "com.docker.stack.namespace";

/// The stack that an object with these labels was deployed with.
pub(super) fn stack_of(labels: &[(Arc<str>, Arc<str>)]) -> Option<&Arc<str>> {
    labels.iter().find(|(key, _)| &**key == STACK_LABEL).map(|(_, stack)| stack)
}

/// One stack, as the specs of its services tell it. The services of no stack are one without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its name; empty for what belongs to none.
    pub name: Arc<str>,
    /// Its services, by name.
    pub services: Vec<ServiceId>,
    /// Its images, each version of each once, by name.
    pub images: Vec<ImageUse>,
    /// Networks that its services join.
    pub networks: BTreeSet<NetworkId>,
    /// Secrets that its services are given.
    pub secrets: BTreeSet<SecretId>,
    /// Configs that its services are given.
    pub configs: BTreeSet<ConfigId>,
    /// Names of the volumes that its services mount.
    pub volumes: BTreeSet<Arc<str>>,
}

/// A version of an image, and the services that run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    /// The image without its version: `registry:5000/shop/api`.
    pub repository: Arc<str>,
    /// Its tag, or its digest where it has no tag.
    pub version: Arc<str>,
    /// The services, by name.
    pub services: Vec<ServiceId>,
}

/// The repository of an image, and its version: the tag if it has one (`latest` if it names nothing),
/// else the digest.
pub(in crate::cluster) fn image_parts(image: &str) -> (&str, &str) {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    // A colon before the last slash is that of a registry's port.
    let from = name.rfind('/').map_or(0, |slash| slash + 1);
    match (name[from..].split_once(':'), digest) {
        (Some((short, tag)), _) => (&name[..from + short.len()], tag),
        (None, "") => (name, "latest"),
        (None, digest) => (name, digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_repository_and_a_version() {
        for (image, repository, version) in [
            ("postgres:16", "postgres", "16"),
            ("shop/api:1.8@sha256:0123", "shop/api", "1.8"),
            ("registry:5000/shop/api:1.8", "registry:5000/shop/api", "1.8"),
            ("registry:5000/shop/api", "registry:5000/shop/api", "latest"),
            ("registry:5000/shop/api@sha256:01", "registry:5000/shop/api", "sha256:01"),
            ("", "", "latest"),
        ] {
            assert_eq!(image_parts(image), (repository, version), "{image}");
        }
    }
}
