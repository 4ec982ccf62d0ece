//! A service: what it is in words, where it is reached, what it runs, what pins it where, how it is
//! updated, what changed.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{
    action::plan::{Mark, diff_specs},
    cluster::{
        Mode, Part, Place, PublishMode, Service, ServiceId, Store, Subject, Task, TaskCheck,
        TaskState, changes, without_spare,
    },
    config::Slot,
    text::{bytes, exact},
    ui::{
        chrome::unknown,
        popup::describe::{Sheet, span, text_of, words},
        screen::services,
        widget::text,
    },
};

/// Lines of a difference that are shown.
const DIFF: usize = 60;

impl Sheet<'_> {
    pub(in crate::ui) fn service(&mut self, id: &ServiceId, s: &Service) {
        let subject = Subject::Service(id.clone());
        let store = &self.cluster.model.store;
        let missing = store.missing(s);
        self.field("name", &s.name);
        self.field("id", id.as_str());
        self.field("stack", s.stack.as_deref().unwrap_or(""));
        self.field("in words", self.in_words(s));
        let slot = services::health(s, &self.cluster.model).look().1;
        let slot = if missing.none() { Slot::Ok } else { slot };
        let mut state = match missing.job {
            Some((done, total)) => format!("{done} of {total} done, {} running", missing.running),
            None => format!("{} of {} running", missing.running, missing.desired),
        };
        let rests = &missing.rests;
        if rests.done > 0 {
            state += &format!(", {} done", rests.done);
        }
        if rests.waiting > 0 {
            state += &format!(", the next run is {}", self.when(rests.next_run));
        }
        let starting = store.tasks_of(id).filter(|t| t.state == TaskState::Starting);
        let (checked, started): (Vec<_>, Vec<_>) =
            starting.partition(|t| matches!(t.spec.health, TaskCheck::Own(_)));
        if !checked.is_empty() {
            state += &format!(", {} waiting for the health check to pass", checked.len());
        }
        if !started.is_empty() {
            state += &format!(", {} starting", started.len());
        }
        self.styled("tasks", state, slot);
        self.problems(&subject);
        self.field("created", self.when(s.created));
        let changed = store.changed(s);
        let never = "unknown: it was written again without a change".to_owned();
        self.field("changed", changed.map_or(never, |at| self.when(at)));
        self.field("version", s.version.to_string());
        if let Some(loss) = without_spare(store, s) {
            let node = store.hostname(&loss.node);
            self.field(
                "spare",
                format!(
                    "{node} runs {} of {}: without it {} left until others start",
                    loss.loses,
                    loss.loses + loss.keeps,
                    if loss.keeps == 1 { "1 is".into() } else { format!("{} are", loss.keeps) }
                ),
            );
        }
        self.reached(s);
        self.runs(s);
        self.holds();
        self.placed(s);
        self.updated(s);
        self.previous(s);
        if !s.labels.is_empty() {
            self.head("Labels");
            for (key, value) in &s.labels {
                let pair = self.pair(key, value);
                self.field("", pair);
            }
        }
        let live = last_tasks(store, s);
        self.head("Tasks");
        if let Some(unknown) = unknown(self.cluster, Part::Tasks) {
            self.say(&unknown);
        } else if live.is_empty() {
            self.say(if missing.desired == 0 { "none: it is to run none" } else { "none yet" });
        }
        for task in live.iter().take(50) {
            self.task_line(task);
        }
        if live.len() > 50 {
            self.say(&format!("and {} more; Enter lists them all", live.len() - 50));
        }
        let mut failed: Vec<&Task> = store.tasks_of(id).filter(|t| t.state.is_failure()).collect();
        if !failed.is_empty() {
            failed.sort_by_key(|t| std::cmp::Reverse(t.since));
            self.head("Last failures");
            for task in failed.iter().take(10) {
                self.task_line(task);
            }
        }
        self.history(&subject);
    }

    /// One sentence an operator would say.
    fn in_words(&self, s: &Service) -> String {
        let what = match s.mode {
            Mode::Replicated(1) => "one replica".to_owned(),
            Mode::Replicated(n) => format!("{n} replicas"),
            Mode::Global => "one task on every eligible node".into(),
            Mode::ReplicatedJob { concurrent, total } => {
                format!("a job of {total} runs, {concurrent} at a time")
            }
            Mode::GlobalJob => "a job, once on every eligible node".into(),
            Mode::Other(_) => s.mode.word().to_owned(),
        };
        let image = s.image.split_once('@').map_or(&*s.image, |(tag, _)| tag);
        let mut said = format!("{what} of {image}");
        if s.max_per_node > 0 {
            said += &format!(", at most {} a node", s.max_per_node);
        }
        if !s.constraints.is_empty() {
            said += &format!(", only where {}", s.constraints.join(" and "));
        }
        let policy = &self.document["Spec"]["TaskTemplate"]["RestartPolicy"];
        if self.document.is_object() {
            let often = match policy["MaxAttempts"].as_u64() {
                None | Some(0) => String::new(),
                Some(n) => format!(", {n} times at most"),
            };
            let pause = match policy["Delay"].as_u64() {
                None => "5s".to_owned(),
                Some(_) => span(&policy["Delay"]),
            };
            said += &match text_of(&policy["Condition"]) {
                "none" => "; never restarted".to_owned(),
                // What a job has done is not done again.
                condition if condition == "on-failure" || s.mode.is_job() => {
                    format!("; restarted after {pause} when it fails{often}")
                }
                _ => format!("; restarted after {pause} when it ends{often}"),
            };
        }
        said
    }

    /// Names, addresses and ports, and where they answer.
    fn reached(&mut self, s: &Service) {
        self.head("Reached at");
        let vips = self.document["Endpoint"]["VirtualIPs"].as_array();
        let ingress = |id: &str| self.network_name(id) == "ingress";
        let addresses: Vec<String> = vips
            .into_iter()
            .flatten()
            .map(|vip| (text_of(&vip["NetworkID"]), text_of(&vip["Addr"])))
            .filter(|(id, addr)| !addr.is_empty() && !ingress(id))
            .map(|(id, addr)| {
                format!("{} on {}", addr.split('/').next().unwrap_or(addr), self.network_name(id))
            })
            .collect();
        let mode = text_of(&self.document["Spec"]["EndpointSpec"]["Mode"]).to_owned();
        if !s.networks.is_empty() {
            let names: Vec<String> =
                s.networks.iter().map(|id| self.network_name(id.as_str())).collect();
            self.field("networks", names.join(", "));
            if let Some(unknown) = unknown(self.cluster, Part::Networks) {
                self.styled("", format!("their names are {unknown}"), Slot::Dim);
            }
            let name = if self.is_on_host(s) {
                "none: it listens at its nodes' own addresses".to_owned()
            } else if mode == "dnsrr" {
                format!("{} (DNS round robin: the addresses of all its tasks)", s.name)
            } else {
                format!("{} (one address, spread over its tasks)", s.name)
            };
            self.field("dns", name);
            self.field("", format!("tasks.{} (the addresses of all its tasks)", s.name));
        }
        self.field("virtual ip", addresses.join(", "));
        for port in s.ports.iter().filter(|p| p.published > 0) {
            let where_it = match port.mode {
                PublishMode::Host => {
                    let store = &self.cluster.model.store;
                    let mut on: Vec<&str> = store
                        .tasks_of(&s.id)
                        .filter(|t| store.is_running(t))
                        .filter_map(|t| t.node.as_ref())
                        .map(|id| store.hostname(id))
                        .collect();
                    on.sort_unstable();
                    on.dedup();
                    let more = on.len().saturating_sub(8);
                    on.truncate(8);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let on = match on.is_empty() {
                        true if store.tasks_refused() => "nodes unknown".into(),
                        true => "none runs".into(),
                        false => on.join(", "),
                    };
                    format!("on the nodes of its tasks: {on}{more}")
                }
                _ => "on every node (ingress)".to_owned(),
            };
            let (from, to) = (port.published, port.target);
            self.field("port", format!("{from} → {to}/{} {where_it}", port.protocol));
        }
        if s.networks.is_empty() && s.ports.iter().all(|p| p.published == 0) {
            self.field("", "nowhere: no network of its own and no published port");
        }
    }

    /// The container.
    fn runs(&mut self, s: &Service) {
        self.head("Runs");
        self.field("image", &s.image);
        let document = self.document;
        let c = &document["Spec"]["TaskTemplate"]["ContainerSpec"];
        self.field("command", words(&c["Command"]));
        self.field("arguments", words(&c["Args"]));
        for (name, key) in [
            ("user", "User"),
            ("directory", "Dir"),
            ("hostname", "Hostname"),
            ("stop signal", "StopSignal"),
        ] {
            self.field(name, text_of(&c[key]));
        }
        if c["StopGracePeriod"].is_u64() {
            self.field("stop grace", span(&c["StopGracePeriod"]));
        }
        let check = &c["Healthcheck"];
        if check["Test"].as_array().is_some_and(|t| !t.is_empty()) {
            let or = |key: &str, default: &str| match check[key].as_u64() {
                None | Some(0) => default.to_owned(),
                Some(_) => span(&check[key]),
            };
            let retries = check["Retries"].as_u64().filter(|n| *n > 0).unwrap_or(3);
            self.field("health check", words(&check["Test"]));
            self.field(
                "",
                format!(
                    "every {}, {} to answer, {retries} misses and the task is replaced; starts within {}",
                    or("Interval", "30s"),
                    or("Timeout", "30s"),
                    or("StartPeriod", "0s"),
                ),
            );
        } else if document.is_object() {
            self.field("health check", "none of its own (the image may have one)");
        }
        self.field("log driver", text_of(&document["Spec"]["TaskTemplate"]["LogDriver"]["Name"]));
        let env: Vec<&str> =
            c["Env"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (at, line) in env.iter().enumerate() {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let pair = self.pair(key, value);
            self.field(if at == 0 { "environment" } else { "" }, pair);
        }
    }

    /// Mounts, secrets and configs, and what they pin.
    fn holds(&mut self) {
        let document = self.document;
        let c = &document["Spec"]["TaskTemplate"]["ContainerSpec"];
        let list = |key: &str| c[key].as_array().cloned().unwrap_or_default();
        let (mounts, secrets, configs) = (list("Mounts"), list("Secrets"), list("Configs"));
        if mounts.is_empty() && secrets.is_empty() && configs.is_empty() {
            return;
        }
        self.head("Holds");
        for mount in &mounts {
            let kind = match text_of(&mount["Type"]) {
                "" => "volume",
                kind => kind,
            };
            let driver = text_of(&mount["VolumeOptions"]["DriverConfig"]["Name"]);
            let pins = match (kind, driver) {
                ("bind", _) => "every node it may run on must have that path",
                ("volume", "" | "local") => {
                    "each node has its own: what it writes stays on that node"
                }
                ("volume", _) => "the driver decides where it can be",
                ("cluster", _) => "a CSI volume: the scheduler goes where it is",
                ("tmpfs", _) => "in memory, gone with the task",
                _ => "",
            };
            let only = if mount["ReadOnly"] == true { ", read only" } else { "" };
            let source = match (kind, text_of(&mount["Source"])) {
                // It has none.
                ("tmpfs", _) => String::new(),
                (_, "") => "(anonymous) ".into(),
                (_, source) => format!("{source} "),
            };
            self.field(kind, format!("{source}→ {}{only}", text_of(&mount["Target"])));
            self.styled("", pins, Slot::Dim);
        }
        let kinds = [
            ("secret", secrets, "SecretName", "SecretID"),
            ("config", configs, "ConfigName", "ConfigID"),
        ];
        for (kind, all, name, id) in kinds {
            for one in &all {
                let file = match text_of(&one["File"]["Name"]) {
                    "" => String::new(),
                    file => format!(" as {file}"),
                };
                let store = &self.cluster.model.store;
                let made = match kind {
                    "secret" => store.secret(text_of(&one[id])).and_then(|s| s.created),
                    _ => store.config(text_of(&one[id])).and_then(|c| c.created),
                };
                let age = made.map_or(String::new(), |at| {
                    format!(", made {} ago", text::age(at.age(self.cluster.model.now)))
                });
                self.field(kind, format!("{}{file}{age}", text_of(&one[name])));
            }
            let part = if kind == "secret" { Part::Secrets } else { Part::Configs };
            if !all.is_empty()
                && let Some(unknown) = unknown(self.cluster, part)
            {
                self.styled("", format!("when they were made is {unknown}"), Slot::Dim);
            }
        }
    }

    fn placed(&mut self, s: &Service) {
        let store = &self.cluster.model.store;
        self.head("Placement and resources");
        self.field(
            "constraints",
            if s.constraints.is_empty() { "none".into() } else { s.constraints.join(", ") },
        );
        let spread = self.document["Spec"]["TaskTemplate"]["Placement"]["Preferences"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|p| text_of(&p["Spread"]["SpreadDescriptor"]))
            .collect::<Vec<_>>()
            .join(", ");
        self.field("spread over", spread);
        let eligible = store.nodes().filter(|n| crate::cluster::eligible(s, n)).count();
        let slot = if eligible == 0 && store.nodes_known() { Slot::Critical } else { Slot::Text };
        let on = unknown(self.cluster, Part::Nodes)
            .unwrap_or_else(|| format!("{eligible} of {} nodes", store.nodes().len()));
        self.styled("may run on", on, slot);
        self.field("reserved", resources(&s.reserved));
        self.field("limits", resources(&s.limits));
    }

    fn updated(&mut self, s: &Service) {
        // A change of a job starts it anew: nothing is rolled out.
        if s.mode.is_job() && s.update.is_none() {
            return;
        }
        self.head("Update");
        if let Some(update) = &s.update {
            self.field("state", update.state.word());
            self.field("message", &update.message);
            self.field("started", self.when(update.started));
            self.field("completed", self.when(update.completed));
        } else {
            self.field("state", "never updated");
        }
        if s.mode.is_job() {
            return;
        }
        let c = &s.update_config;
        let at_once = if c.parallelism == 0 {
            "all at once".into()
        } else {
            format!("{} at a time", c.parallelism)
        };
        let apart = match c.delay {
            delay if delay.is_zero() => String::new(),
            delay => format!(", {} apart", exact(delay)),
        };
        self.field(
            "policy",
            format!(
                "{at_once}{apart}, {}, watched {}, on failure {}",
                c.order,
                exact(c.monitor),
                c.on_failure
            ),
        );
    }

    /// Changes that a rollback would undo.
    fn previous(&mut self, s: &Service) {
        let (before, after) = (&self.document["PreviousSpec"], &self.document["Spec"]);
        if !before.is_object() {
            if self.document.is_object() && !s.mode.is_job() {
                self.field("rollback", "no previous spec");
            }
            return;
        }
        let said = changes(&before.to_string(), &after.to_string());
        self.head("Since the previous spec (r goes back to it)");
        if said.is_empty() {
            self.field("", "nothing differs");
        }
        self.field("", said.join(", "));
        let lines = diff_specs(before, after);
        for line in lines.iter().take(DIFF) {
            let (sign, slot) = match line.mark {
                Mark::Same => ("  ", Slot::Dim),
                Mark::Old => ("- ", Slot::Removed),
                Mark::New => ("+ ", Slot::Added),
                Mark::Gap => ("· ", Slot::Info),
            };
            self.styled("", format!("{sign}{}", line.text), slot);
        }
        if lines.len() > DIFF {
            self.say(&format!("and {} more lines; y shows all of it", lines.len() - DIFF));
        }
    }

    fn network_name(&self, id: &str) -> String {
        let known = self.cluster.model.store.network(id).map(|n| n.name.to_string());
        known.unwrap_or_else(|| id.chars().take(12).collect())
    }
}

fn resources(r: &crate::cluster::Resources) -> String {
    let mut parts = Vec::new();
    if r.nano_cpus > 0 {
        parts.push(format!("{} CPU", text::cpus(r.nano_cpus)));
    }
    if r.memory > 0 {
        parts.push(format!("{} memory", bytes(r.memory)));
    }
    parts.extend(r.generic.iter().map(|(kind, n)| format!("{n} {kind}")));
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

/// Live tasks, and where there is none the last one that ended well: runs of a job, finished work.
fn last_tasks<'s>(store: &'s Store, s: &Service) -> Vec<&'s Task> {
    let all = || store.tasks_of(&s.id).filter(|t| s.is_of_this_run(t));
    let mut shown: Vec<&Task> = all().filter(|t| t.is_live()).collect();
    let filled: HashSet<Place<'_>> = shown.iter().map(|t| t.place()).collect();
    let mut done: HashMap<Place<'_>, &Task> = HashMap::new();
    let ended = |t: &&Task| t.state == TaskState::Complete && !filled.contains(&t.place());
    for task in all().filter(ended) {
        let last = done.entry(task.place()).or_insert(task);
        *last = if task.created > last.created { task } else { last };
    }
    shown.extend(done.into_values());
    shown.sort_by_key(|t| (t.slot, t.node.clone(), t.created));
    shown
}
