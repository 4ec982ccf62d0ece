//! A container: what its node's engine lists of it now, and what its document says.

use serde_json::Value;

use crate::{
    action::plan::mask_text,
    cluster::{Container, ContainerId, Membership, NodeId, Subject, Timestamp},
    config::Slot,
    text::{bytes, cpus, quote},
    ui::{
        popup::describe::{Sheet, span, text_of, words},
        screen::containers::Look,
        widget::text,
    },
};

/// Results of the health check that are shown.
const CHECKS: usize = 3;

impl Sheet<'_> {
    pub(in crate::ui) fn container(&mut self, node: &NodeId, id: &ContainerId) {
        let model = &self.cluster.model;
        let listed = model.container(node, id).cloned();
        let is_known = model.containers_of(node).is_some_and(|of| of.all.is_some());
        self.field("id", id.as_str());
        self.field("node", model.store.node_label(node));
        match &listed {
            Some(container) => self.listed(node, container),
            None if is_known => self.styled("status", "it is gone", Slot::Critical),
            None => {}
        }
        if self.document.is_object() {
            self.run();
            self.checks();
            self.addresses();
            self.mounted();
            self.given();
        }
        let is_alive = listed.is_some_and(|container| container.is_alive());
        self.by_hand_on(node, id, is_alive);
    }

    /// As its engine lists it now.
    fn listed(&mut self, node: &NodeId, container: &Container) {
        let store = &self.cluster.model.store;
        let membership = store.membership(container, node);
        let look = Look::of(container, &membership, store);
        self.field("name", &container.name);
        let (said, slot) = match &membership {
            Membership::Task(id) => {
                let name = store.task(id).map_or_else(String::new, |task| store.task_name(task));
                (format!("the container of task {name}"), Slot::Text)
            }
            Membership::Unlisted => (
                format!(
                    "of task {}, which the manager does not list: it keeps the last few of a slot",
                    container.task_name
                ),
                Slot::Text,
            ),
            Membership::OtherSwarm => {
                ("of a task of another Swarm, or of an earlier one".to_owned(), Slot::Warn)
            }
            Membership::Outside if container.project.is_empty() => {
                ("outside: no task's, and no manager knows of it".to_owned(), Slot::Info)
            }
            Membership::Outside => {
                (format!("outside: of Compose project {}", container.project), Slot::Info)
            }
            Membership::Unknown => {
                ("of a task; tasks can't be read, so whose is unknown".to_owned(), Slot::Dim)
            }
        };
        self.styled("Swarm", said, slot);
        self.styled("status", &container.status, look.slot());
        if let Membership::Task(id) = &membership
            && let Some(task) = store.task(id)
        {
            self.problems(&Subject::Service(task.service.clone()));
        }
        self.field("image", &container.image);
        self.field("created", self.when(container.created));
        self.field("ports", container.ports_said());
    }

    /// Its command, its state and its exit code.
    fn run(&mut self) {
        let (document, state) = (self.document, &self.document["State"]);
        let at = |value: &Value| {
            // Go's zero time is none.
            Timestamp::parse(text_of(value)).filter(|at| at.nanos() > 0)
        };
        let alive = state["Running"] == true;
        self.field("started", self.when(at(&state["StartedAt"])));
        if !alive && let Some(finished) = at(&state["FinishedAt"]) {
            self.field("ended", self.when(finished));
            let code = state["ExitCode"].as_i64().unwrap_or(0);
            let slot = if code == 0 { Slot::Text } else { Slot::Warn };
            self.styled("exit code", code.to_string(), slot);
        }
        if state["OOMKilled"] == true {
            self.styled("killed", "by the kernel: out of memory", Slot::Critical);
        }
        self.styled("error", text_of(&state["Error"]), Slot::Critical);
        let restarts = document["RestartCount"].as_u64().unwrap_or(0);
        let policy = text_of(&document["HostConfig"]["RestartPolicy"]["Name"]);
        match (policy, restarts) {
            ("" | "no", 0) => {}
            (policy, n) => self.field("restarts", format!("{n}, policy {policy}")),
        }
        let command = [text_of(&document["Path"]).to_owned(), words(&document["Args"])].join(" ");
        self.field("command", mask_text(command.trim()));
        self.field("user", text_of(&document["Config"]["User"]));
        let host = &document["HostConfig"];
        if host["Privileged"] == true {
            self.styled("privileged", "yes: it may do what root may on the node", Slot::Warn);
        }
        let limit = |n: &Value| n.as_u64().filter(|n| *n > 0);
        let limits = [
            limit(&host["Memory"]).map(|n| format!("memory {}", bytes(n))),
            limit(&host["NanoCpus"]).map(|n| format!("cpu {}", cpus(n))),
            limit(&host["PidsLimit"]).map(|n| format!("processes {n}")),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        self.field("limits", limits.join(", "));
        self.field("log driver", text_of(&host["LogConfig"]["Type"]));
    }

    /// Its health check, and what that wrote last.
    fn checks(&mut self) {
        let test = words(&self.document["Config"]["Healthcheck"]["Test"]);
        let health = &self.document["State"]["Health"];
        if !health.is_object() {
            return;
        }
        self.head("Health check");
        self.field("test", mask_text(&test));
        let every = &self.document["Config"]["Healthcheck"]["Interval"];
        if every.as_u64().is_some_and(|n| n > 0) {
            self.field("every", span(every));
        }
        let failing = health["FailingStreak"].as_u64().unwrap_or(0);
        if failing > 0 {
            self.styled("failed", format!("{failing} times in a row"), Slot::Warn);
        }
        let log: Vec<&Value> = health["Log"].as_array().into_iter().flatten().collect();
        for check in log.iter().rev().take(CHECKS) {
            let code = check["ExitCode"].as_i64().unwrap_or(0);
            let at = Timestamp::parse(text_of(&check["End"]));
            let output = crate::text::within(text_of(&check["Output"]), 2_000);
            let output = output.split_whitespace().collect::<Vec<_>>().join(" ");
            let slot = if code == 0 { Slot::Dim } else { Slot::Warn };
            let at = at.map_or_else(String::new, |at| at.clock());
            self.styled(&at, format!("exit {code}  {output}"), slot);
        }
    }

    /// Its networks and addresses.
    fn addresses(&mut self) {
        let networks = &self.document["NetworkSettings"]["Networks"];
        let Some(networks) = networks.as_object().filter(|all| !all.is_empty()) else { return };
        self.head("Networks");
        for (name, network) in networks {
            let addresses = ["IPAddress", "GlobalIPv6Address"].map(|key| text_of(&network[key]));
            let addresses: Vec<&str> = addresses.into_iter().filter(|at| !at.is_empty()).collect();
            let said = if addresses.is_empty() { "no address" } else { &*addresses.join(", ") };
            self.field(name, said);
        }
    }

    fn mounted(&mut self) {
        let mounts: Vec<&Value> =
            self.document["Mounts"].as_array().into_iter().flatten().collect();
        if mounts.is_empty() {
            return;
        }
        self.head("Mounts");
        for mount in mounts {
            let name = text_of(&mount["Name"]);
            let source = if name.is_empty() { text_of(&mount["Source"]) } else { name };
            let read_only = if mount["RW"] == false { ", read-only" } else { "" };
            let kind = text_of(&mount["Type"]);
            let said = format!("{kind} {source}{read_only}");
            self.field(text_of(&mount["Destination"]), said);
        }
    }

    /// Its environment and labels; what looks secret is masked.
    fn given(&mut self) {
        let config = &self.document["Config"];
        let env: Vec<&str> =
            config["Env"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !env.is_empty() {
            self.head("Environment");
        }
        for line in env {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let pair = self.pair(key, value);
            self.field("", pair);
        }
        let Some(labels) = config["Labels"].as_object().filter(|all| !all.is_empty()) else {
            return;
        };
        self.head("Labels");
        for (key, value) in labels {
            let pair = self.pair(key, text_of(value));
            self.field("", pair);
        }
    }

    /// The commands to go on with.
    fn by_hand_on(&mut self, node: &NodeId, id: &ContainerId, is_alive: bool) {
        let short = quote(id.short());
        let host = text::clean(self.cluster.model.store.hostname(node)).into_owned();
        self.head("By hand");
        self.field(&format!("on {host}"), format!("docker inspect {short}"));
        self.field("", format!("docker logs --tail 100 {short}"));
        if is_alive {
            self.field("", format!("docker exec -it {short} sh"));
            self.field("", format!("docker stats --no-stream {short}"));
        }
    }
}
