//! A node: what it is, what it has to give, what runs there, what dies with it.

use std::collections::BTreeMap;

use crate::{
    cluster::{Node, NodeId, Part, Resource, Subject, Task},
    config::Slot,
    ui::{
        chrome::unknown,
        popup::describe::{Sheet, text_of},
        widget::{bar::bar, text},
    },
};

impl Sheet<'_> {
    pub(in crate::ui) fn node(&mut self, id: &NodeId, n: &Node) {
        let store = &self.cluster.model.store;
        self.field("hostname", &n.hostname);
        self.field("id", id.as_str());
        let role = if n.is_leader() { "manager, leads" } else { n.role.word() };
        self.field("role", role);
        let slot = if n.is_up() { Slot::Ok } else { Slot::Critical };
        self.styled("status", format!("{} {}", n.state, n.message), slot);
        self.field("availability", n.availability.word());
        self.problems(&Subject::Node(id.clone()));
        if let Some(manager) = &n.manager {
            self.field("reachability", manager.reachability.word());
            self.field("manager addr", &manager.addr);
        }
        self.field("address", &n.addr);
        self.engine_version(n);
        self.field("joined", self.when(n.created));
        self.field("changed", self.when(n.updated));
        self.machine(n);
        let t = store.node_tally(id);
        self.head("Capacity");
        let unknown = unknown(self.cluster, Part::Tasks);
        let reserved = |said: String, all: String| match &unknown {
            Some(unknown) => format!("{all}; what is reserved is {unknown}"),
            None => said,
        };
        self.field(
            "cpu",
            reserved(
                format!(
                    "{} {} of {} reserved",
                    bar(t.nano_cpus, n.nano_cpus, 10),
                    text::cpus(t.nano_cpus),
                    text::cpus(n.nano_cpus)
                ),
                text::cpus(n.nano_cpus),
            ),
        );
        self.field(
            "memory",
            reserved(
                format!(
                    "{} {} of {} reserved",
                    bar(t.memory, n.memory, 10),
                    text::bytes(t.memory),
                    text::bytes(n.memory)
                ),
                text::bytes(n.memory),
            ),
        );
        let held = store.reserved_on(n);
        for (kind, all) in &n.generic {
            let used = held.of(&Resource::Generic(kind.clone()));
            self.field(kind, format!("{} {used} of {all} reserved", bar(used, *all, 10)));
        }
        for (name, labels) in [("Labels", &n.labels), ("Engine labels", &n.engine_labels)] {
            if !labels.is_empty() {
                self.head(name);
                for (key, value) in labels {
                    let pair = self.pair(key, value);
                    self.field("", pair);
                }
            }
        }
        self.engine();
        if let Some(unknown) = unknown {
            self.head("Tasks here");
            self.say(&unknown);
            return self.history(&Subject::Node(id.clone()));
        }
        // Of one that is down, its findings tell what went with it.
        if n.is_up() {
            self.head("If it dies");
            for said in crate::triage::blast(store, n).sentences() {
                self.field("", said);
            }
        }
        let mut live: Vec<&Task> = store.tasks_on(id).filter(|t| t.is_live()).collect();
        live.sort_by_key(|t| store.task_name(t));
        self.head(&format!("Tasks here ({})", live.len()));
        for task in live.iter().take(100) {
            self.task_line(task);
        }
        self.history(&Subject::Node(id.clone()));
    }

    /// Plugins of its engine, and the issuer of its certificate.
    fn engine(&mut self) {
        let description = &self.document["Description"];
        let mut plugins: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for plugin in description["Engine"]["Plugins"].as_array().into_iter().flatten() {
            plugins.entry(text_of(&plugin["Type"])).or_default().push(text_of(&plugin["Name"]));
        }
        let issuer = issuer(text_of(&description["TLSInfo"]["CertIssuerSubject"]));
        if plugins.is_empty() && issuer.is_none() {
            return;
        }
        self.head("Engine");
        for (kind, names) in plugins {
            self.field(&format!("{} plugins", kind.to_lowercase()), names.join(", "));
        }
        if let Some(issuer) = issuer {
            self.field("certificate by", issuer);
        }
    }
}

/// The common name in a DER subject, which comes as base64.
fn issuer(subject: &str) -> Option<String> {
    use base64::Engine as _;
    let der = base64::engine::general_purpose::STANDARD.decode(subject).ok()?;
    // 2.5.4.3, commonName, then a string of some type and its length.
    let at = der.windows(5).position(|w| w == [0x06, 0x03, 0x55, 0x04, 0x03])? + 5;
    let length = usize::from(*der.get(at + 1)?);
    let name = der.get(at + 2..at + 2 + length)?;
    Some(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_issuer_is_read_from_what_an_engine_sends() {
        let issuer = super::issuer("MBMxETAPBgNVBAMTCHN3YXJtLWNh");
        assert_eq!(issuer.as_deref(), Some("swarm-ca"));
        assert_eq!(super::issuer("not base64"), None);
        assert_eq!(super::issuer("AAAA"), None);
        assert_eq!(super::issuer("BgNVBAMT/w=="), None, "a length beyond the end");
    }
}
