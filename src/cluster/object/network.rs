//! A network that tasks of several nodes join.

use std::{net::IpAddr, sync::Arc};

use super::stack_of;
use crate::cluster::{NetworkId, Timestamp};

/// The label of networks that every node has by itself (`host`, `bridge`): services may join them, and
/// no list has them.
const PREDEFINED: &str = "com.docker.swarm.predefined";

/// One network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Its name.
    pub name: Arc<str>,
    /// `overlay`, `macvlan`, …
    pub driver: Arc<str>,
    /// `swarm`; a network of one node is `local`.
    pub scope: Arc<str>,
    /// Its subnets.
    pub subnets: Vec<Subnet>,
    /// Whether it has IPv6 addresses.
    pub ipv6: bool,
    /// Whether it leads nowhere else.
    pub internal: bool,
    /// Whether containers that are no tasks may join it.
    pub attachable: bool,
    /// Whether it is the routing mesh, over which published ports are reached.
    pub ingress: bool,
    /// Options of its driver, by key.
    pub options: Vec<(Arc<str>, Arc<str>)>,
    /// Labels, by key.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// When it was created.
    pub created: Timestamp,
}

/// A range of addresses of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    /// `10.0.1.0/24`.
    pub subnet: Arc<str>,
    /// The part of it that addresses are given from; empty if that is all of it.
    pub range: Arc<str>,
    /// Address of the gateway; empty if it has none.
    pub gateway: Arc<str>,
    /// Number of addresses that are set aside for others.
    pub reserved: u64,
}

impl Subnet {
    /// Number of addresses that can be given out: of IPv4 all but the network's own, the broadcast's
    /// and the gateway's, and those set aside. `None` of IPv6, which does not run out, and of what is
    /// no range.
    fn addresses(&self) -> Option<u64> {
        let size = |range: &str| {
            let (address, bits) = range.rsplit_once('/')?;
            let bits: u32 = bits.parse().ok()?;
            let is_v4 = matches!(address.parse().ok()?, IpAddr::V4(_));
            is_v4.then(|| 32_u32.checked_sub(bits)).flatten().map(|free| 1_u64 << free)
        };
        let whole = size(&self.subnet)?.saturating_sub(3);
        let range = if self.range.is_empty() { whole } else { size(&self.range)?.min(whole) };
        Some(range.saturating_sub(self.reserved))
    }
}

impl Network {
    /// Number of addresses that its IPv4 subnets have to give. `None` if it names none.
    pub fn addresses(&self) -> Option<u64> {
        let sizes: Vec<u64> = self.subnets.iter().filter_map(Subnet::addresses).collect();
        (!sizes.is_empty()).then(|| sizes.iter().sum())
    }

    /// Its subnets in words: `10.0.1.0/24`.
    pub fn subnet_words(&self) -> String {
        self.subnets.iter().map(|s| &*s.subnet).collect::<Vec<_>>().join(", ")
    }

    /// Whether the traffic between nodes is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.options.iter().any(|(key, value)| &**key == "encrypted" && &**value != "false")
    }

    /// Whether every node has it by itself, and nobody made it.
    pub fn is_predefined(&self) -> bool {
        self.labels.iter().any(|(key, value)| &**key == PREDEFINED && &**value == "true")
    }

    /// The stack it was deployed with.
    pub fn stack(&self) -> Option<&Arc<str>> {
        stack_of(&self.labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_subnet_has_few_addresses() {
        let of = |subnets: &[Subnet]| {
            let sizes: Vec<u64> = subnets.iter().filter_map(Subnet::addresses).collect();
            (!sizes.is_empty()).then(|| sizes.iter().sum::<u64>())
        };
        let plain = |subnet: &str| Subnet { subnet: subnet.into(), ..Subnet::default() };
        assert_eq!(of(&[plain("10.0.0.0/29")]), Some(5));
        assert_eq!(of(&[plain("10.0.0.0/24"), plain("10.0.1.0/24")]), Some(506));
        assert_eq!(of(&[plain("10.0.0.0/24"), plain("fd00::/64")]), Some(253));
        for none in ["fd00::/64", "nonsense", "10.0.0.0/99", "10.0.0.0", "/24", ""] {
            assert_eq!(of(&[plain(none)]), None, "{none}");
        }
        let part = Subnet { range: "10.0.0.64/28".into(), reserved: 2, ..plain("10.0.0.0/24") };
        assert_eq!(of(&[part]), Some(14));
    }
}
