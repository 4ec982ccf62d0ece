//! Commands of the palette.

use crate::{
    action::plan::{Change, NodeChange},
    cluster::{Availability, ConfigId, NodeId, Role, ServiceId, Store, Subject},
    ui::{
        app::{settings::Request, workspace::Workspace},
        input::actions::{self, Act},
        popup::{Asking, Operate},
        screen::{
            kinds::{TogetherView, View},
            logs::LogSource,
            tasks::TaskScope,
        },
    },
};

/// Said of `reach` without two services.
const REACH: &str = "reach whom? reach FROM TO";

impl Workspace<'_> {
    /// Carries a command of the palette out.
    pub(in crate::ui) fn run(&mut self, command: &str) -> Result<(), String> {
        let (verb, name) = match command.trim().split_once(' ') {
            Some((verb, name)) => (verb, Some(name.trim())),
            None => (command.trim(), None),
        };
        if verb == "theme" {
            let theme = self.cluster.settings.appearance.themes.get(name)?;
            self.cluster.say(format!("theme = \"{}\" in the config file keeps it", theme.name()));
            self.cluster.requests.push(Request::Theme(theme));
            self.popups.pop();
            return Ok(());
        }
        if verb == "cluster" {
            let name = name.unwrap_or("");
            if !self.cluster.others.names.iter().any(|n| n == name) {
                return Err(format!(
                    "no cluster '{name}'; there are: {}",
                    self.cluster.others.names.join(", ")
                ));
            }
            self.cluster.requests.push(Request::Named(name.to_owned()));
            self.popups.pop();
            return Ok(());
        }
        if matches!(verb, "q" | "q!" | "exit") {
            self.popups.pop();
            self.act(Act::Quit);
            return Ok(());
        }
        if let Some(done) = self.log_command(verb, name) {
            done?;
            self.popups.pop();
            return Ok(());
        }
        let Some(name) = name else {
            let action = actions::ACTIONS.iter().find(|a| a.id == verb && a.has_name());
            let act = match (action, View::named(verb)) {
                (Some(action), _) => action.act,
                (None, Some(view)) => Act::Go(view),
                (None, None) if verb == "reach" => return Err(REACH.into()),
                (None, None) if verb == "ctx" => Act::Contexts,
                (None, None) => {
                    let over =
                        TogetherView::named(verb).ok_or_else(|| format!("no command '{verb}'"))?;
                    over.act()
                }
            };
            self.popups.pop();
            self.act(act);
            return Ok(());
        };
        if let Some(done) = self.node_command(verb, name) {
            done?;
            return Ok(());
        }
        let of_kind = View::named(verb).filter(|v| !matches!(v, View::Tasks | View::Logs));
        if let Some(view) = of_kind {
            self.popups.pop();
            self.act(Act::Go(view));
            self.set_filter(name);
            return Ok(());
        }
        let named = |name: &str| {
            let service = self.cluster.model.store.service_named(name).map(|s| s.id.clone());
            service.ok_or_else(|| format!("no service '{name}'"))
        };
        if verb == "compare" {
            let configs: Result<Vec<ConfigId>, String> = name
                .split_whitespace()
                .map(|name| {
                    let named = config_named(&self.cluster.model.store, name);
                    named.ok_or_else(|| format!("no config '{name}'"))
                })
                .collect();
            let configs = configs?;
            self.popups.pop();
            self.compare_configs(&configs);
            return Ok(());
        }
        if verb == "reach" {
            let (from, to) = name.split_once(' ').ok_or(REACH)?;
            let (from, to) = (named(from.trim())?, named(to.trim())?);
            self.popups.pop();
            self.open_reach(from, to);
            return Ok(());
        }
        let id = named(name)?;
        let act = match verb {
            "tasks" => Act::Enter,
            "logs" => Act::OpenLogs,
            "describe" => Act::Describe,
            "scale" => Act::Scale,
            "update" => Act::Update,
            "rollback" => Act::Rollback,
            "force" => Act::Force,
            "edit" => Act::Edit,
            "yaml" => Act::Yaml,
            other => return Err(format!("no command '{other}'")),
        };
        self.popups.pop();
        self.act_on(act, id);
        Ok(())
    }

    /// A command for a node by its name; `None` if it is for something else.
    fn node_command(&mut self, verb: &str, name: &str) -> Option<Result<(), String>> {
        let change = match verb {
            "drain" => Some(NodeChange::Availability(Availability::Drain)),
            "activate" => Some(NodeChange::Availability(Availability::Active)),
            "pause-node" => Some(NodeChange::Availability(Availability::Pause)),
            "promote" => Some(NodeChange::Role(Role::Manager)),
            "demote" => Some(NodeChange::Role(Role::Worker)),
            "labels" | "blast" | "node" | "containers" => None,
            _ => return None,
        };
        let id = match node_named(&self.cluster.model.store, name) {
            Ok(id) => id,
            Err(why) => return Some(Err(why)),
        };
        if (change.is_some() || verb == "labels") && self.cluster.is_read_only() {
            return Some(Err("read-only: nothing can be changed from here".into()));
        }
        self.popups.pop();
        match (change, verb) {
            (Some(change), _) => {
                let label = self.cluster.model.store.node_label(&id);
                self.read_and_plan(vec![id.into()], &label, Change::Node(change));
            }
            (None, "labels") => self.ask_labels_of(&id),
            (None, "blast") => self.open_blast(id),
            (None, "containers") => self.open_containers_of(id, None),
            (None, _) => self.describe_subject(Subject::Node(id)),
        }
        Some(Ok(()))
    }

    /// An action on a service that need not be under the cursor.
    pub(in crate::ui) fn act_on(&mut self, act: Act, id: ServiceId) {
        if actions::action(act).writes && self.cluster.is_read_only() {
            return self.cluster.say("read-only: nothing can be changed from here");
        }
        match act {
            Act::Enter => self.open_tasks(TaskScope::Service(id)),
            Act::OpenLogs => {
                let name = self.cluster.service_name(&id);
                self.follow_log(LogSource::Services(vec![id]), name);
                self.go(View::Logs);
            }
            Act::Describe => self.describe_subject(Subject::Service(id)),
            Act::Yaml => self.yaml_of(&Subject::Service(id)),
            Act::Scale => self.ask_for(Asking::Scale, vec![id]),
            Act::Update => self.ask_for(Asking::Image, vec![id]),
            Act::Rollback => self.plan_change(vec![id], Change::Rollback),
            Act::Force => self.plan_change(vec![id], Change::Force),
            Act::Edit => self.edit(id),
            _ => {}
        }
    }
}

/// The config that is called so.
fn config_named(store: &Store, name: &str) -> Option<ConfigId> {
    store.configs().find(|config| &*config.name == name).map(|config| config.id.clone())
}

/// The node that is called so, by its id or by a host name that no other has.
fn node_named(store: &Store, name: &str) -> Result<NodeId, String> {
    if let Some(node) = store.nodes().find(|n| n.id.as_str() == name) {
        return Ok(node.id.clone());
    }
    let mut found: Vec<NodeId> =
        store.nodes().filter(|n| &*n.hostname == name).map(|n| n.id.clone()).collect();
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!("no node '{name}'")),
        some => {
            let ids: Vec<&str> = some.iter().map(NodeId::as_str).collect();
            Err(format!(
                "{} nodes are called {name}: give the id, {}",
                some.len(),
                ids.join(" or ")
            ))
        }
    }
}
