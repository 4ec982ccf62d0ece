//! A network that tasks of several nodes join.

use std::sync::Arc;

/// One network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// `10.0.1.0/24`, one or more.
    pub subnets: Vec<Arc<str>>,
}

impl Network {
    /// Number of addresses in its IPv4 subnets: all but the network's own, the broadcast's
    /// and the gateway's. `None` if it names no subnet.
    pub fn addresses(&self) -> Option<u64> {
        let of = |subnet: &Arc<str>| {
            let bits: u32 = subnet.rsplit_once('/')?.1.parse().ok()?;
            let size = 1_u64 << 32_u32.checked_sub(bits)?;
            (!subnet.contains(':')).then_some(size.saturating_sub(3))
        };
        let sizes: Vec<u64> = self.subnets.iter().filter_map(of).collect();
        (!sizes.is_empty()).then(|| sizes.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_subnet_has_few_addresses() {
        let network = |subnets: &[&str]| Network {
            id: "n".into(),
            name: "n".into(),
            subnets: subnets.iter().map(|s| (*s).into()).collect(),
        };
        assert_eq!(network(&["10.0.0.0/29"]).addresses(), Some(5));
        assert_eq!(network(&["10.0.0.0/24", "10.0.1.0/24"]).addresses(), Some(506));
        assert_eq!(network(&["fd00::/64"]).addresses(), None);
        assert_eq!(network(&["nonsense"]).addresses(), None);
    }
}
