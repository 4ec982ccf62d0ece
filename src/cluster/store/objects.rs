//! Networks, secrets and configs: applies their lists, and answers what follows from them and from the
//! services.

use std::{collections::BTreeSet, sync::Arc};

use super::{Kind, Store};
use crate::cluster::{
    Config, ConfigId, Network, NetworkId, NodeId, Part, Relations, Secret, SecretId, ServiceId,
    Stack, Subject, Task, Timestamp, Volume,
};

/// Progress of a stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackProgress {
    /// Its services.
    pub services: usize,
    /// Those that are as they should be.
    pub converged: usize,
    /// Those that an update is replacing tasks of.
    pub updating: usize,
    /// Tasks that run.
    pub running: u64,
    /// Tasks that should run.
    pub desired: u64,
}

impl Store {
    pub(super) fn replace_networks(&mut self, networks: Vec<Network>) {
        let has = |n: &Network| self.networks.get(&n.id) == Some(n);
        let is_same = networks.len() == self.networks.len() && networks.iter().all(has);
        if !self.listed.insert(Part::Networks) && is_same {
            return;
        }
        self.networks = networks.into_iter().map(|n| (n.id.clone(), n)).collect();
        self.objects_moved(Part::Networks);
    }

    pub(super) fn replace_secrets(&mut self, secrets: Vec<Secret>) {
        let has = |s: &Secret| self.secrets.get(&s.id) == Some(s);
        let is_same = secrets.len() == self.secrets.len() && secrets.iter().all(has);
        if !self.listed.insert(Part::Secrets) && is_same {
            return;
        }
        self.secrets = secrets.into_iter().map(|s| (s.id.clone(), s)).collect();
        self.objects_moved(Part::Secrets);
    }

    pub(super) fn replace_configs(&mut self, configs: Vec<Config>) {
        let has = |c: &Config| self.configs.get(&c.id) == Some(c);
        let is_same = configs.len() == self.configs.len() && configs.iter().all(has);
        if !self.listed.insert(Part::Configs) && is_same {
            return;
        }
        self.configs = configs.into_iter().map(|c| (c.id.clone(), c)).collect();
        self.objects_moved(Part::Configs);
    }

    pub(super) fn add_unlisted_network(&mut self, network: Network) {
        if self.unlisted.get(&network.id) != Some(&network) {
            self.unlisted.insert(network.id.clone(), network);
            self.objects_moved(Part::Networks);
        }
    }

    /// Notes that what a service names does not exist.
    pub(super) fn is_absent(&mut self, part: Part, id: Arc<str>, at: Timestamp) {
        if !self.absent.contains_key(&(part, Arc::clone(&id))) {
            self.moved(Kind::of(part));
            self.touch_users(part, &id);
            self.absent.insert((part, id), at);
        }
    }

    /// Forgets what is known of one kind.
    pub(super) fn forget_objects(&mut self, part: Part) {
        match part {
            Part::Networks => {
                self.networks.clear();
                self.unlisted.clear();
            }
            Part::Secrets => self.secrets.clear(),
            Part::Configs => self.configs.clear(),
            _ => {}
        }
        self.listed.remove(&part);
        self.absent.retain(|(absent, _), _| *absent != part);
    }

    /// Notes that objects of a kind came, went or changed.
    fn objects_moved(&mut self, part: Part) {
        self.moved(Kind::of(part));
        self.touched.swarm = true;
        let is_there = |id: &str| match part {
            Part::Networks => self.network(id).is_some(),
            Part::Secrets => self.secrets.contains_key(id),
            _ => self.configs.contains_key(id),
        };
        let found: Vec<(Part, Arc<str>)> =
            self.absent.keys().filter(|(of, id)| *of == part && is_there(id)).cloned().collect();
        for one in found {
            self.touch_users(part, &one.1);
            self.absent.remove(&one);
        }
    }

    /// Marks the services that name an object as changed.
    fn touch_users(&mut self, part: Part, id: &Arc<str>) {
        let relations = self.relations();
        let users = match part {
            Part::Networks => relations.on_network(&NetworkId::from(Arc::clone(id))),
            Part::Secrets => relations.with_secret(&SecretId::from(Arc::clone(id))),
            _ => relations.with_config(&ConfigId::from(Arc::clone(id))),
        };
        let users = users.to_vec();
        self.touched.services.extend(users);
    }
}

impl Store {
    /// Whether networks, secrets or configs are listed: if not, having none of them means nothing.
    pub fn lists(&self, part: Part) -> bool {
        self.listed.contains(&part) && self.unread.why(part).is_none()
    }

    /// All networks of the Swarm, in no order.
    pub fn networks(&self) -> impl ExactSizeIterator<Item = &Network> {
        self.networks.values()
    }

    /// A network that services join, also one that no list has: `host` and `bridge` of the nodes.
    pub fn network(&self, id: &str) -> Option<&Network> {
        self.networks.get(id).or_else(|| self.unlisted.get(id))
    }

    /// The name of an object of any kind; its short id once it is gone.
    pub fn name_of(&self, subject: &Subject) -> String {
        match subject {
            Subject::Node(id) => self.hostname(id).to_owned(),
            Subject::Service(id) => {
                self.service(id).map_or_else(|| id.short().to_owned(), |s| s.name.to_string())
            }
            Subject::Task(id, _) => {
                self.task(id).map_or_else(|| id.short().to_owned(), |task| self.task_name(task))
            }
            Subject::Network(id) => {
                let known = self.network(id.as_str());
                known.map_or_else(|| id.short().to_owned(), |n| n.name.to_string())
            }
            Subject::Secret(id) => {
                let known = self.secret(id.as_str());
                known.map_or_else(|| id.short().to_owned(), |s| s.name.to_string())
            }
            Subject::Config(id) => {
                let known = self.config(id.as_str());
                known.map_or_else(|| id.short().to_owned(), |c| c.name.to_string())
            }
            Subject::Volume(name) => name.to_string(),
            Subject::Container(_, id) => id.short().to_owned(),
            Subject::Stack(name) if name.is_empty() => "services of no stack".to_owned(),
            Subject::Stack(name) => name.to_string(),
            Subject::Other => String::new(),
        }
    }

    /// Whether an object is removed from the Swarm. Nothing is, as long as only a part is known.
    pub fn is_removed(&self, subject: &Subject) -> bool {
        let is_gone = match subject {
            Subject::Service(id) | Subject::Task(_, id) => self.service(id).is_none(),
            Subject::Node(id) => self.nodes_known() && self.node(id).is_none(),
            Subject::Network(id) => {
                self.lists(Part::Networks) && self.network(id.as_str()).is_none()
            }
            Subject::Secret(id) => self.lists(Part::Secrets) && self.secret(id.as_str()).is_none(),
            Subject::Config(id) => self.lists(Part::Configs) && self.config(id.as_str()).is_none(),
            Subject::Volume(name) => self.relations().volume(name).is_none(),
            Subject::Stack(name) => self.relations().stack(name).is_none(),
            Subject::Container(..) | Subject::Other => false,
        };
        self.is_loaded() && self.leaderless().is_none() && is_gone
    }

    /// The services that use an object of any kind, by name.
    pub fn users_of<'s>(&'s self, subject: &'s Subject) -> &'s [ServiceId] {
        let relations = self.relations();
        match subject {
            Subject::Network(id) => relations.on_network(id),
            Subject::Secret(id) => relations.with_secret(id),
            Subject::Config(id) => relations.with_config(id),
            Subject::Volume(name) => relations.volume(name).map_or(&[], |v| &v.services),
            Subject::Stack(name) => relations.stack(name).map_or(&[], |s| &s.services),
            Subject::Service(id) | Subject::Task(_, id) => std::slice::from_ref(id),
            Subject::Node(_) | Subject::Container(..) | Subject::Other => &[],
        }
    }

    /// All secrets, in no order.
    pub fn secrets(&self) -> impl ExactSizeIterator<Item = &Secret> {
        self.secrets.values()
    }

    /// One secret.
    pub fn secret(&self, id: &str) -> Option<&Secret> {
        self.secrets.get(id)
    }

    /// All configs, in no order.
    pub fn configs(&self) -> impl ExactSizeIterator<Item = &Config> {
        self.configs.values()
    }

    /// One config.
    pub fn config(&self, id: &str) -> Option<&Config> {
        self.configs.get(id)
    }

    /// Since when it is known that an object which a service names does not exist; `None` if it does,
    /// or if nobody could look.
    pub fn absent_since(&self, part: Part, id: &str) -> Option<Timestamp> {
        let absent = self.absent.get(&(part, Arc::from(id)));
        absent.copied().filter(|_| self.unread.why(part).is_none())
    }

    /// Who uses what, made once for each change of the services.
    pub fn relations(&self) -> &Relations {
        self.relations.get_or_init(|| Relations::of(self.services()))
    }

    /// The nodes that hold data of a volume, by name: a container that mounts it ran there. The manager
    /// forgets old tasks, and nobody tells it when a volume is removed.
    pub fn nodes_with(&self, volume: &Volume) -> Vec<&NodeId> {
        let tasks = volume.services.iter().flat_map(|id| self.tasks_of(id));
        let mounts = |task: &&Task| {
            let mounts = &task.spec.mounts;
            mounts.iter().any(|m| m.is_named_volume() && m.source == volume.name)
        };
        let has_run = |task: &&Task| task.container.is_some() && !task.never_started();
        let ran = tasks.filter(has_run).filter(mounts);
        let nodes: BTreeSet<&NodeId> = ran.filter_map(|task| task.node.as_ref()).collect();
        let mut nodes: Vec<&NodeId> = nodes.into_iter().collect();
        nodes.sort_by(|a, b| self.hostname(a).cmp(self.hostname(b)).then_with(|| a.cmp(b)));
        nodes
    }

    /// Progress of a stack.
    pub fn progress(&self, stack: &Stack) -> StackProgress {
        let mut sum = StackProgress { services: stack.services.len(), ..StackProgress::default() };
        for service in stack.services.iter().filter_map(|id| self.service(id)) {
            let missing = self.missing(service);
            sum.converged += usize::from(missing.none() && !service.is_updating());
            sum.updating += usize::from(service.is_updating());
            sum.running += missing.running;
            sum.desired += missing.desired;
        }
        sum
    }
}
