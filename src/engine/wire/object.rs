//! Networks, secrets and configs.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, de::Visitor};

use super::{
    Labels, Listed, Text, WireDriver, WireVersion, check_id, element, labels, list, named::Named,
    or_default,
};
use crate::cluster::{Config, ConfigId, Network, NetworkId, Secret, SecretId, Subnet};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireNetwork<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    created: Text<'a>,
    #[serde(borrow)]
    scope: Text<'a>,
    #[serde(borrow)]
    driver: Text<'a>,
    #[serde(rename = "EnableIPv6")]
    enable_ipv6: bool,
    #[serde(rename = "IPAM", borrow, deserialize_with = "or_default")]
    ipam: WireIpam<'a>,
    internal: bool,
    attachable: bool,
    ingress: bool,
    #[serde(borrow, deserialize_with = "or_default")]
    options: Labels<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireIpam<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    config: Vec<WireSubnet<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireSubnet<'a> {
    #[serde(borrow)]
    subnet: Text<'a>,
    #[serde(rename = "IPRange", borrow)]
    ip_range: Text<'a>,
    #[serde(borrow)]
    gateway: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    auxiliary_addresses: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

impl WireSubnet<'_> {
    fn model(&self) -> Subnet {
        Subnet {
            subnet: (*self.subnet).into(),
            range: (*self.ip_range).into(),
            gateway: (*self.gateway).into(),
            reserved: self.auxiliary_addresses.len() as u64,
        }
    }
}

impl From<WireNetwork<'_>> for Network {
    fn from(w: WireNetwork<'_>) -> Self {
        Self {
            id: NetworkId::from(&*w.id),
            name: (*w.name).into(),
            driver: (*w.driver).into(),
            scope: (*w.scope).into(),
            subnets: w.ipam.config.iter().map(WireSubnet::model).collect(),
            ipv6: w.enable_ipv6,
            internal: w.internal,
            attachable: w.attachable,
            ingress: w.ingress,
            options: labels(&w.options),
            labels: labels(&w.labels),
            created: w.created.time(),
        }
    }
}

/// A secret or a config.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireObject<'a> {
    #[serde(rename = "ID", borrow)]
    id: Text<'a>,
    version: WireVersion,
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    updated_at: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    spec: WireObjectSpec<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireObjectSpec<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    driver: WireDriver<'a>,
    #[serde(deserialize_with = "or_default")]
    data: Base64Size,
}

/// Size of what is written in base64; the content itself is passed over.
#[derive(Default)]
struct Base64Size(u64);

impl<'de> Deserialize<'de> for Base64Size {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Base64;
        impl Visitor<'_> for Base64 {
            type Value = Base64Size;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text in base64")
            }
            fn visit_str<E>(self, text: &str) -> Result<Base64Size, E> {
                let digits = text.bytes().filter(u8::is_ascii_graphic).filter(|b| *b != b'=');
                Ok(Base64Size(digits.count() as u64 * 3 / 4))
            }
        }
        d.deserialize_str(Base64)
    }
}

/// An object has a name, by which it is used.
fn check(id: &str, name: &str) -> Result<(), serde_json::Error> {
    check_id(id)?;
    if name.is_empty() {
        return Err(serde::de::Error::custom("it has no name"));
    }
    Ok(())
}

/// Reads a list of networks: those of the Swarm, and not those of one node.
///
/// # Errors
/// Returns a description of the fault if the answer is no list.
pub fn decode_networks(json: &[u8]) -> Result<Listed<Network>, String> {
    let read = |text: &str| {
        let (network, length) = element::<WireNetwork<'_>>(text)?;
        check(&network.id, &network.name)?;
        Ok((Network::from(network), length))
    };
    let mut all = list(json, read, |text| Named::read(text, "Name").map(|named| named.name))?;
    all.items.retain(|network| &*network.scope == "swarm");
    Ok(all)
}

/// Reads a list of secrets.
///
/// # Errors
/// Returns a description of the fault if the answer is no list.
pub fn decode_secrets(json: &[u8]) -> Result<Listed<Secret>, String> {
    let read = |text: &str| {
        let (w, length) = element::<WireObject<'_>>(text)?;
        check(&w.id, &w.spec.name)?;
        let secret = Secret {
            id: SecretId::from(&*w.id),
            version: w.version.index,
            name: (*w.spec.name).into(),
            labels: labels(&w.spec.labels),
            driver: (!w.spec.driver.name.is_empty()).then(|| Arc::from(&*w.spec.driver.name)),
            created: w.created_at.time(),
            updated: w.updated_at.time(),
        };
        Ok((secret, length))
    };
    list(json, read, |text| Named::read(text, "Spec.Name").map(|named| named.name))
}

/// Reads a list of configs; their contents are not kept.
///
/// # Errors
/// Returns a description of the fault if the answer is no list.
pub fn decode_configs(json: &[u8]) -> Result<Listed<Config>, String> {
    let read = |text: &str| {
        let (w, length) = element::<WireObject<'_>>(text)?;
        check(&w.id, &w.spec.name)?;
        let config = Config {
            id: ConfigId::from(&*w.id),
            version: w.version.index,
            name: (*w.spec.name).into(),
            labels: labels(&w.spec.labels),
            size: w.spec.data.0,
            created: w.created_at.time(),
            updated: w.updated_at.time(),
        };
        Ok((config, length))
    };
    list(json, read, |text| Named::read(text, "Spec.Name").map(|named| named.name))
}
