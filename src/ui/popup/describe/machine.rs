//! A node's machine: how it is reached, and what it says of itself.

use crate::{
    cluster::{Machine, Node},
    config::Slot,
    session::NodeReach,
    ui::{
        popup::describe::Sheet,
        screen::nodes::load,
        widget::{bar::bar, text},
    },
};

/// Fields that have a usual version, in the order of [`Machine::versions`].
const VERSIONS: [&str; 4] = ["kernel", "system", "storage", "cgroup"];

impl Sheet<'_> {
    /// The engine as the Swarm lists it; marked where most nodes have another version.
    pub(super) fn engine_version(&mut self, n: &Node) {
        let said = format!("{} on {} {}", n.engine, n.os, n.arch);
        self.version(n, 0, "engine", said);
    }

    /// The facts of its machine.
    pub(super) fn machine(&mut self, n: &Node) {
        let seen = self.cluster.model.seen(&n.id).cloned().unwrap_or_default();
        self.head("Machine");
        match &seen.reach {
            NodeReach::Untried | NodeReach::Reaching => {
                self.styled("reach", "connecting …", Slot::Dim)
            }
            NodeReach::Local => self.field("reach", "local socket"),
            NodeReach::Ssh { way, jump } => {
                let through = if *jump { ", through the manager" } else { "" };
                self.field("reach", format!("{way}{through}"));
            }
            NodeReach::Tcp { way } => {
                let slot = if way.is_safe() { Slot::Text } else { Slot::Warn };
                self.styled("reach", way.to_string(), slot);
            }
            NodeReach::None { why, hint } => {
                self.styled("reach", format!("none: {why}"), Slot::Warn);
                self.styled("", hint, Slot::Dim);
            }
        }
        let Some(machine) = &seen.machine else {
            if seen.reach.is_within() {
                self.say("reading …");
            }
            return;
        };
        self.facts(n, machine);
    }

    fn facts(&mut self, n: &Node, machine: &Machine) {
        for (at, name) in VERSIONS.into_iter().enumerate() {
            let version = machine.versions()[at + 1].unwrap_or("?").to_owned();
            self.version(n, at + 1, name, version);
        }
        if machine.is_windows {
            self.field("", "a Windows node");
        }
        let unknown = || "?".to_owned();
        self.field("up", machine.uptime.map_or_else(unknown, crate::text::span));
        let cpus = machine.cpus.map_or(String::new(), |n| format!(" on {n} CPUs"));
        let load_said = machine.load.map_or_else(unknown, |[one, five, fifteen]| {
            format!("{one:.2}, {five:.2}, {fifteen:.2} (1, 5, 15 min){cpus}")
        });
        self.field("load", load_said);
        self.free("memory used", machine.available, machine.memory);
        let percent =
            |share: Option<f64>| share.map_or_else(unknown, |share| format!("{share:.1} %"));
        let pressure = machine.pressure;
        let said = [("cpu", pressure.cpu), ("memory", pressure.memory), ("io", pressure.io)]
            .map(|(name, share)| format!("{name} {}", percent(share)));
        self.field("pressure", said.join(", "));
        let disk = machine.disk;
        self.free("disk used", disk.map(|d| d.free), disk.map(|d| d.total));
        if let Some(why) = &machine.unread {
            self.styled("? because", why, Slot::Dim);
        }
    }

    /// How much is left of something.
    fn free(&mut self, name: &str, free: Option<u64>, total: Option<u64>) {
        match (free, total) {
            (Some(free), Some(total)) => {
                let used = total.saturating_sub(free);
                let slot = match load(used, total) {
                    Slot::Dim => Slot::Text,
                    full => full,
                };
                let (part, free) = (text::bytes_of(used, total), text::bytes(free));
                let said = format!("{} {part}, {free} free", bar(used, total, 10));
                self.styled(name, said, slot);
            }
            (None, Some(total)) => self.field(name, format!("? of {}", text::bytes(total))),
            _ => self.field(name, "?"),
        }
    }

    fn version(&mut self, n: &Node, which: usize, name: &str, said: String) {
        match self.cluster.model.odd(n, which) {
            None => self.field(name, said),
            Some(usual) => {
                let said = format!("{said} (most nodes: {usual})");
                self.styled(name, said, Slot::Warn);
            }
        }
    }
}
