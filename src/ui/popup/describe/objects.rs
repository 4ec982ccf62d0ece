//! Networks, secrets, configs, volumes and stacks: what they are, and who uses them.

use std::sync::Arc;

use base64::Engine as _;

use crate::{
    cluster::{
        Config, EndpointMode, Network, Part, Secret, Service, ServiceId, Stack, Subject, Timestamp,
        Volume, eligible, family,
    },
    config::Slot,
    text::{bytes, count},
    ui::{
        chrome::unknown,
        popup::describe::{Sheet, text_of},
        screen::{
            networks::{addresses, flags},
            services,
            volumes::place,
        },
        widget::text,
    },
};

/// Tasks of a service whose addresses are listed.
const TASKS: usize = 12;
/// Lines of a config that are shown.
const LINES: usize = 500;

impl Sheet<'_> {
    /// An object that is not known, or not any more.
    pub(in crate::ui) fn gone(&mut self, part: Part, kind: &str) {
        let why = unknown(self.cluster, part);
        let reading = !self.cluster.model.store.lists(part);
        let said = match why {
            Some(why) => why,
            None if reading => format!("the {kind} is being read…"),
            None => format!("this {kind} is gone"),
        };
        self.say(&said);
    }

    pub(in crate::ui) fn network(&mut self, network: &Network) {
        let store = &self.cluster.model.store;
        let subject = Subject::Network(network.id.clone());
        self.field("name", &network.name);
        self.field("id", network.id.as_str());
        self.field("stack", network.stack().map_or("", |s| s));
        self.field("driver", &network.driver);
        self.field("scope", &network.scope);
        self.field("properties", flags(network));
        let of = store.address_use(network);
        let parts = format!(
            "{} in use at least: {} of tasks, {} of services, {} of nodes; containers that somebody attached are not told",
            addresses(&of),
            of.tasks,
            of.vips,
            of.nodes
        );
        self.field("addresses", parts);
        self.problems(&subject);
        self.field("created", self.when(network.created));
        if !network.subnets.is_empty() {
            self.head("Subnets");
        }
        for subnet in &network.subnets {
            let mut said = subnet.subnet.to_string();
            if !subnet.gateway.is_empty() {
                said += &format!(", gateway {}", subnet.gateway);
            }
            if !subnet.range.is_empty() {
                said += &format!(", addresses from {}", subnet.range);
            }
            self.field("", said);
        }
        self.pairs("Options", &network.options);
        self.labels(&network.labels);
        let services = store.relations().on_network(&network.id).to_vec();
        self.head(if network.ingress { "Services that publish ports" } else { "Services" });
        match (services.is_empty(), network.attachable) {
            (false, _) => {}
            (true, false) => self.say("none: it is unused"),
            (true, true) => {
                self.say("no service joins it; whether containers are attached, no manager tells");
            }
        }
        for service in services.iter().filter_map(|id| store.service(id)) {
            self.on_network(network, service);
        }
    }

    /// A service on a network: its own address and names, and the addresses of its tasks.
    fn on_network(&mut self, network: &Network, service: &Service) {
        let store = &self.cluster.model.store;
        let vips = service.vips.iter().filter(|(of, _)| *of == network.id);
        let vips: Vec<&str> = vips.map(|(_, address)| &**address).collect();
        let aliases = service.aliases.iter().filter(|(of, _)| *of == network.id);
        let mut names = vec![service.name.to_string(), format!("tasks.{}", service.name)];
        names.extend(aliases.map(|(_, alias)| alias.to_string()));
        let own = match (vips.is_empty(), &service.endpoint_mode) {
            (false, _) => format!("virtual IP {}", vips.join(", ")),
            (true, EndpointMode::RoundRobin) => "no address of its own: DNS round robin".into(),
            (true, _) => "no address yet".into(),
        };
        let slot = services::health(service, &self.cluster.model).look().1;
        self.styled(&service.name, own, if slot == Slot::Dim { Slot::Text } else { slot });
        if !network.ingress {
            self.styled("", format!("DNS {}", names.join(", ")), Slot::Dim);
        }
        let tasks = store.tasks_of(&service.id).filter(|task| task.is_live());
        let mut placed: Vec<(String, String)> = tasks
            .flat_map(|task| {
                let here = task.attachments.iter().filter(|a| a.network == network.id);
                let node = task.node.as_ref().map_or("", |id| store.hostname(id));
                here.map(|a| (store.task_name(task), format!("{} on {node}", a.address)))
                    .collect::<Vec<_>>()
            })
            .collect();
        placed.sort_by(|a, b| crate::ui::table::order::natural(&a.0, &b.0));
        let more = placed.len().saturating_sub(TASKS);
        for (name, at) in placed.into_iter().take(TASKS) {
            self.styled("", format!("{name}  {at}"), Slot::Dim);
        }
        if more > 0 {
            self.styled("", format!("and {more} more tasks"), Slot::Dim);
        }
    }

    pub(in crate::ui) fn secret(&mut self, secret: &Secret) {
        let store = &self.cluster.model.store;
        let subject = Subject::Secret(secret.id.clone());
        self.field("name", &secret.name);
        self.field("id", secret.id.as_str());
        self.field("stack", secret.stack().map_or("", |s| s));
        self.field("kept by", secret.driver.as_deref().unwrap_or("the Swarm itself"));
        self.styled("content", "can't be read: no engine tells it to anybody", Slot::Dim);
        self.problems(&subject);
        self.times(secret.created, secret.updated);
        let others = store.secrets().filter(|s| s.id != secret.id);
        self.relatives(&secret.name, others.map(|s| &s.name));
        self.labels(&secret.labels);
        let users = store.relations().with_secret(&secret.id).to_vec();
        self.users("Services that are given it", &users);
    }

    pub(in crate::ui) fn config(&mut self, config: &Config) {
        let store = &self.cluster.model.store;
        let subject = Subject::Config(config.id.clone());
        self.field("name", &config.name);
        self.field("id", config.id.as_str());
        self.field("stack", config.stack().map_or("", |s| s));
        self.field("size", bytes(config.size));
        self.problems(&subject);
        self.times(config.created, config.updated);
        let others = store.configs().filter(|c| c.id != config.id);
        self.relatives(&config.name, others.map(|c| &c.name));
        self.labels(&config.labels);
        let users = store.relations().with_config(&config.id).to_vec();
        self.users("Services that are given it", &users);
        self.content();
    }

    /// The content of a config, which may hold passwords: shown when it is asked for.
    fn content(&mut self) {
        if self.document.is_null() {
            return;
        }
        self.head("Content");
        if !self.reveal {
            return self.say("hidden: it may hold passwords");
        }
        let data = text_of(&self.document["Spec"]["Data"]);
        let Ok(data) = base64::engine::general_purpose::STANDARD.decode(data) else {
            return self.say("it can't be decoded");
        };
        let Ok(content) = String::from_utf8(data) else { return self.say("it is no text") };
        let lines = content.lines().count();
        for line in content.lines().take(LINES) {
            let line = text::clean(line).into_owned();
            let style = self.cluster.style(Slot::Text);
            self.lines.push(ratatui::text::Line::styled(format!("  {line}"), style));
        }
        if lines > LINES {
            self.say(&format!("and {} more lines: y has them all", lines - LINES));
        }
    }

    pub(in crate::ui) fn volume(&mut self, volume: &Volume) {
        let store = &self.cluster.model.store;
        self.field("name", &volume.name);
        self.field("driver", &volume.driver);
        self.field("data", place(volume));
        self.problems(&Subject::Volume(volume.name.clone()));
        let nodes = store.nodes_with(volume);
        self.head("Nodes that hold data of it");
        if nodes.is_empty() {
            self.say("none that is known: no task that mounts it had a container yet");
        }
        for node in nodes {
            let tasks = volume.services.iter().flat_map(|id| store.tasks_of(id));
            let here = tasks.filter(|t| t.node.as_ref() == Some(node) && store.is_running(t));
            let here: Vec<&crate::cluster::Task> = here.collect();
            // A task of a global service goes nowhere else.
            let elsewhere = |service: &Service| {
                let mut others = store.nodes().filter(|other| other.id != *node);
                !service.mode.is_global() && others.any(|other| eligible(service, other))
            };
            let moves = here.iter().any(|t| store.service(&t.service).is_some_and(elsewhere));
            let up = store.node(node).is_some_and(crate::cluster::Node::is_up);
            let mut said = match here.len() {
                0 => "no task runs there now".to_owned(),
                n => format!("{} there", count(n, "task runs", "tasks run")),
            };
            if !up {
                said += "; the node is not ready";
            }
            if volume.is_local() {
                said += match (here.is_empty(), moves) {
                    (true, _) => "; its data are still there, unless somebody removed them",
                    (false, true) => {
                        "; a drain leaves its data behind, and starts with an empty volume elsewhere"
                    }
                    (false, false) => "; a drain ends it and leaves its data behind",
                };
            }
            self.field(store.hostname(node), said);
        }
        self.say(
            "a manager tells no volumes: this follows from mounts and tasks that it still knows",
        );
        let users = volume.services.clone();
        self.users("Services that mount it", &users);
    }

    pub(in crate::ui) fn stack(&mut self, stack: &Stack) {
        let store = &self.cluster.model.store;
        let progress = store.progress(stack);
        self.field("name", if stack.name.is_empty() { "(no stack)" } else { &stack.name });
        let services = format!("{} of {} converged", progress.converged, progress.services);
        let short = progress.converged < progress.services;
        self.styled("services", services, if short { Slot::Busy } else { Slot::Ok });
        self.field("tasks", format!("{} of {} running", progress.running, progress.desired));
        for id in &stack.services {
            self.problems(&Subject::Service(id.clone()));
        }
        match self.last_change(stack) {
            Some((at, said)) => self.field("last change", format!("{}: {said}", self.when(at))),
            None => self.last_update(stack),
        }
        self.users("Services", &stack.services);
        self.head("Images");
        for image in &stack.images {
            let names: Vec<String> =
                image.services.iter().map(|id| self.cluster.service_name(id)).collect();
            let version = text::clean(&image.version).into_owned();
            self.field(&version, format!("{}  {}", image.repository, names.join(", ")));
        }
        let names = |all: Vec<Subject>| {
            let names: Vec<String> = all.iter().map(|one| store.name_of(one)).collect();
            names.join(", ")
        };
        let networks = names(stack.networks.iter().cloned().map(Subject::Network).collect());
        let secrets = names(stack.secrets.iter().cloned().map(Subject::Secret).collect());
        let configs = names(stack.configs.iter().cloned().map(Subject::Config).collect());
        let volumes = names(stack.volumes.iter().cloned().map(Subject::Volume).collect());
        self.head("Uses");
        self.field("networks", networks);
        self.field("secrets", secrets);
        self.field("configs", configs);
        self.field("volumes", volumes);
    }

    /// The service whose record the engine changed last: older than what skep has seen.
    fn last_update(&mut self, stack: &Stack) {
        let services = stack.services.iter().filter_map(|id| self.cluster.model.store.service(id));
        let Some(last) = services.max_by_key(|service| service.updated) else { return };
        let said = format!(
            "{}: {}; what changed and by whom, no engine tells",
            self.when(last.updated),
            last.name
        );
        self.field("last change", said);
    }

    /// The newest change of a spec that skep has seen, with who made it.
    fn last_change(&self, stack: &Stack) -> Option<(Timestamp, String)> {
        let store = &self.cluster.model.store;
        let changes = store.journal().iter().rev();
        let mut mine = changes.filter(|e| {
            e.meaning == crate::cluster::Meaning::Change
                && e.subject.service().is_some_and(|id| stack.services.contains(id))
        });
        mine.next().map(|e| (e.at, format!("{} {}", e.name, e.said())))
    }

    fn times(&mut self, created: Option<Timestamp>, updated: Option<Timestamp>) {
        self.field("created", self.when(created));
        if updated > created {
            self.field("labels changed", self.when(updated));
        }
    }

    /// Others of its family: a rotated object gets a new name.
    fn relatives<'n>(&mut self, name: &str, others: impl Iterator<Item = &'n Arc<str>>) {
        let mut names: Vec<&str> =
            others.map(|other| &**other).filter(|other| family(other) == family(name)).collect();
        names.sort_by(|a, b| crate::ui::table::order::natural(a, b));
        self.field("family", names.join(", "));
    }

    fn labels(&mut self, labels: &[(Arc<str>, Arc<str>)]) {
        self.pairs("Labels", labels);
    }

    fn pairs(&mut self, head: &str, pairs: &[(Arc<str>, Arc<str>)]) {
        if !pairs.is_empty() {
            self.head(head);
        }
        for (key, value) in pairs {
            let pair = self.pair(key, value);
            self.field("", pair);
        }
    }

    /// The services that use it, with how they are.
    fn users(&mut self, head: &str, users: &[ServiceId]) {
        let store = &self.cluster.model.store;
        self.head(head);
        if users.is_empty() {
            self.say("none: it is unused");
        }
        for service in users.iter().filter_map(|id| store.service(id)) {
            let missing = store.missing(service);
            let slot = services::health(service, &self.cluster.model).look().1;
            let said = format!("{}/{}  {}", missing.running, missing.desired, service.image);
            self.styled(&service.name, said, if slot == Slot::Dim { Slot::Text } else { slot });
        }
    }
}
