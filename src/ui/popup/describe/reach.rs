//! "Can A reach B?": what a manager knows of the way from one service to another, and what it can't know.

use std::collections::HashSet;

use ratatui::text::Line;
use serde_json::Value;

use crate::{
    cluster::{EndpointMode, NetworkId, PublishMode, Service, ServiceId, Subject},
    config::Slot,
    text::count,
    ui::{app::cluster::Cluster, popup::describe::Sheet},
};

/// The page's lines.
pub(in crate::ui) fn lines(
    cluster: &Cluster,
    (from, to): (&ServiceId, &ServiceId),
    width: usize,
) -> Vec<Line<'static>> {
    let store = &cluster.model.store;
    let document = &Value::Null;
    let mut page = Sheet { cluster, document, reveal: false, lines: Vec::new(), width };
    let (Some(from), Some(to)) = (store.service(from), store.service(to)) else {
        page.say("one of the two services is gone");
        return page.lines;
    };
    page.reach(from, to);
    page.lines
}

impl Sheet<'_> {
    fn reach(&mut self, from: &Service, to: &Service) {
        let store = &self.cluster.model.store;
        let here: HashSet<&NetworkId> = from.networks.iter().collect();
        // What every node has of its own (host, bridge) joins nothing over nodes.
        let joins = |id: &&NetworkId| {
            here.contains(id)
                && store.network(id.as_str()).is_none_or(|n| &*n.scope == "swarm" && !n.ingress)
        };
        let common: Vec<&NetworkId> = to.networks.iter().filter(joins).collect();
        let running = |service: &Service| store.missing(service).running;
        let (ours, theirs) = (running(from), running(to));
        let (said, slot) = match (common.is_empty(), ours, theirs) {
            (true, ..) if self.is_on_host(to) => {
                ("at its nodes' own addresses, on whatever port it listens; by no name", Slot::Text)
            }
            (true, ..) => {
                ("no network in common: not by name, at most by a published port", Slot::Warn)
            }
            (_, 0, _) => ("nothing of it runs that could reach the other", Slot::Warn),
            (.., 0) => ("nothing of the other runs that could be reached", Slot::Critical),
            _ => ("as far as a manager knows, yes", Slot::Ok),
        };
        self.styled("can it?", said, slot);
        self.field(&from.name, format!("{} running", count(ours as usize, "task", "tasks")));
        self.field(&to.name, format!("{} running", count(theirs as usize, "task", "tasks")));
        self.problems(&Subject::Service(to.id.clone()));
        self.head("Networks in common");
        if common.is_empty() {
            self.say("none");
        }
        for id in common {
            let network = store.network(id.as_str());
            let name = store.name_of(&Subject::Network(id.clone()));
            let vip = to.vips.iter().find(|(of, _)| of == id).map(|(_, address)| address);
            let way = match (&to.endpoint_mode, vip) {
                (EndpointMode::RoundRobin, _) => {
                    format!("{} resolves to the addresses of its tasks (DNS round robin)", to.name)
                }
                (_, Some(vip)) => format!("{} resolves to its virtual IP {vip}", to.name),
                (_, None) => "it has no address there yet".to_owned(),
            };
            self.field(&name, way);
            let aliases = to.aliases.iter().filter(|(of, _)| of == id);
            let aliases: Vec<&str> = aliases.map(|(_, alias)| &**alias).collect();
            if !aliases.is_empty() {
                self.field("", format!("also as {}", aliases.join(", ")));
            }
            if network.is_some_and(crate::cluster::Network::is_encrypted) {
                self.field("", "encrypted between nodes: they need ESP (IP protocol 50) to pass");
            }
        }
        self.published(to);
        self.head("A manager can't know");
        self.say(
            "whether it listens, on which port and address inside; what its image lets in; whether \
             nodes reach each other on 4789/udp, 7946/tcp and 7946/udp",
        );
    }

    /// Whether its tasks have the network of their nodes.
    pub(in crate::ui) fn is_on_host(&self, service: &Service) -> bool {
        let store = &self.cluster.model.store;
        let mut networks = service.networks.iter().filter_map(|id| store.network(id.as_str()));
        networks.any(|network| &*network.driver == "host")
    }

    /// Published ports, where they answer, and who else wants them.
    fn published(&mut self, to: &Service) {
        let store = &self.cluster.model.store;
        self.head("Published ports");
        let ports: Vec<_> = to.ports.iter().filter(|port| port.published > 0).collect();
        if ports.is_empty() && self.is_on_host(to) {
            self.say("none: it listens on its nodes' own network");
        } else if ports.is_empty() {
            self.say("none: from outside of its networks it can't be reached");
        }
        for port in ports {
            let name = format!("{}/{}", port.published, port.protocol);
            let on = match port.mode {
                PublishMode::Host => {
                    let tasks = store.tasks_of(&to.id).filter(|task| store.is_running(task));
                    let mut nodes: Vec<&str> = tasks
                        .filter_map(|task| task.node.as_ref())
                        .map(|id| store.hostname(id))
                        .collect();
                    nodes.sort_unstable();
                    nodes.dedup();
                    match nodes.is_empty() {
                        true => "on the nodes of its tasks: none runs".to_owned(),
                        false => format!("on the nodes of its tasks only: {}", nodes.join(", ")),
                    }
                }
                _ => "on every node (routing mesh)".to_owned(),
            };
            self.field(&name, format!("→ {} inside, {on}", port.target));
            let others = store.relations().publishers(port.published);
            let others: Vec<String> = others
                .filter(|other| other.service != to.id)
                .map(|other| self.cluster.service_name(&other.service))
                .collect();
            if !others.is_empty() {
                self.styled("", format!("also published by {}", others.join(", ")), Slot::Warn);
            }
        }
    }
}
