//! A network that tasks of several nodes join.

use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};

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
    pub created: Option<Timestamp>,
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
    /// Number of addresses that can be given out: of IPv4 all of its range but the subnet's own, the
    /// broadcast's and the gateway's, where they lie in it, and those set aside. `None` of IPv6, which does
    /// not run out, and of what is no range.
    fn addresses(&self) -> Option<u64> {
        let (first, last) = bounds(&self.subnet)?;
        if self.range.is_empty() {
            return Some((last - first + 1).saturating_sub(3 + self.reserved));
        }
        let (from, to) = bounds(&self.range)?;
        // One that is not named is given from the range.
        let gateway = bounds(&format!("{}/32", self.gateway)).map_or(from, |(address, _)| address);
        let taken: BTreeSet<u64> = [first, last, gateway].into();
        let taken = taken.range(from..=to).count() as u64;
        Some((to - from + 1).saturating_sub(taken + self.reserved))
    }
}

/// The first and the last address of an IPv4 range; `None` of any other text.
fn bounds(range: &str) -> Option<(u64, u64)> {
    let (address, bits) = range.rsplit_once('/')?;
    let size = 1_u64 << 32_u32.checked_sub(bits.parse().ok()?)?;
    let address = u64::from(u32::from(address.parse::<Ipv4Addr>().ok()?));
    let first = address / size * size;
    Some((first, first + size - 1))
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
        // The subnet's own addresses are taken where they lie in the range, and only there.
        let range = |range: &str, gateway: &str| Subnet {
            range: range.into(),
            gateway: gateway.into(),
            ..plain("10.44.0.0/24")
        };
        for (given, gateway, left) in [
            ("10.44.0.248/29", "10.44.0.254", 6),
            ("10.44.0.128/25", "10.44.0.254", 126),
            ("10.44.0.128/25", "10.44.0.1", 127),
            ("10.44.0.64/26", "10.44.0.1", 64),
            ("10.44.0.64/26", "", 63),
            ("10.44.0.0/26", "10.44.0.1", 62),
            ("10.44.0.0/24", "10.44.0.1", 253),
            ("10.44.0.255/32", "10.44.0.1", 0),
        ] {
            assert_eq!(of(&[range(given, gateway)]), Some(left), "{given} {gateway}");
        }
        let part = Subnet { range: "10.0.0.64/28".into(), reserved: 2, ..plain("10.0.0.0/24") };
        assert_eq!(of(&[part]), Some(13));
    }
}
