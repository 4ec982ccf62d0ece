//! CPU, memory and whatever else nodes have and tasks reserve: all of one kind.

use std::sync::Arc;

/// One kind of resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Memory, in bytes.
    Memory,
    /// CPU, in billionths.
    Cpu,
    /// A generic resource by its kind, in pieces: `NVIDIA-GPU`.
    Generic(Arc<str>),
}

/// Amounts by kind, zero where not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Billionths of a CPU.
    pub nano_cpus: u64,
    /// Bytes.
    pub memory: u64,
    /// Generic resources: each kind once, by name.
    pub generic: Vec<(Arc<str>, u64)>,
}

impl Resources {
    /// Amount of one kind.
    pub fn of(&self, kind: &Resource) -> u64 {
        match kind {
            Resource::Memory => self.memory,
            Resource::Cpu => self.nano_cpus,
            Resource::Generic(kind) => {
                self.generic.iter().find(|(k, _)| k == kind).map_or(0, |(_, n)| *n)
            }
        }
    }

    /// The kinds that are set, with how much.
    pub fn parts(&self) -> impl Iterator<Item = (Resource, u64)> {
        let generic = self.generic.iter().map(|(kind, n)| (Resource::Generic(kind.clone()), *n));
        let own = [(Resource::Memory, self.memory), (Resource::Cpu, self.nano_cpus)];
        own.into_iter().chain(generic).filter(|(_, n)| *n > 0)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.parts().next().is_none()
    }

    /// Whether `free` has all of it.
    pub fn fits(&self, free: &Self) -> bool {
        self.parts().all(|(kind, n)| free.of(&kind) >= n)
    }

    /// The rest after subtracting `used`.
    #[must_use]
    pub fn less(&self, used: &Self) -> Self {
        let left = |kind: &Resource| self.of(kind).saturating_sub(used.of(kind));
        let generic = self.generic.iter();
        Self {
            nano_cpus: left(&Resource::Cpu),
            memory: left(&Resource::Memory),
            generic: generic
                .map(|(kind, _)| (kind.clone(), left(&Resource::Generic(kind.clone()))))
                .collect(),
        }
    }

    /// Adds a number of a generic resource.
    pub fn add_generic(&mut self, kind: &Arc<str>, n: u64) {
        match self.generic.iter_mut().find(|(k, _)| k == kind) {
            Some((_, sum)) => *sum = sum.saturating_add(n),
            None => {
                self.generic.push((kind.clone(), n));
                self.generic.sort();
            }
        }
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Self) {
        self.nano_cpus = self.nano_cpus.saturating_add(other.nano_cpus);
        self.memory = self.memory.saturating_add(other.memory);
        for (kind, n) in &other.generic {
            self.add_generic(kind, *n);
        }
    }
}
