//! Addresses of a network.

use std::{net::Ipv4Addr, sync::Arc};

/// The addresses of a network that can be given out.
pub(in crate::demo) struct Pool {
    /// The network, as tasks have it.
    pub network: Arc<str>,
    first: u32,
    size: u32,
    /// Number of those that were given out at least once.
    used: u32,
    pub free: Vec<u32>,
    bits: u32,
}

/// An address of a task.
pub(in crate::demo) struct Address {
    /// Id of the network.
    pub id: Arc<str>,
    /// The network as JSON.
    pub network: Arc<str>,
    /// With the length of the prefix.
    pub text: String,
    /// As a number.
    pub number: u32,
}

impl Pool {
    /// `10.0.1.0/24`; the first address is the gateway's.
    pub fn of(subnet: &str, network: Arc<str>) -> Option<Self> {
        let (base, bits) = subnet.split_once('/')?;
        let (base, bits) = (base.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok()?);
        let size = (1_u32 << 32_u32.checked_sub(bits).filter(|free| *free < 32)?).checked_sub(3)?;
        Some(Self {
            network,
            first: u32::from(base).checked_add(2)?,
            size,
            used: 0,
            free: Vec::new(),
            bits,
        })
    }

    /// The next that is free.
    pub fn take(&mut self) -> Option<u32> {
        if self.used < self.size {
            self.used += 1;
            return Some(self.first.wrapping_add(self.used - 1));
        }
        self.free.pop()
    }

    /// An address with the length of the prefix.
    pub fn text(&self, number: u32) -> String {
        format!("{}/{}", Ipv4Addr::from(number), self.bits)
    }
}
