//! Reading: logs, pages, documents, the clipboard, the pause.

use crate::{
    cluster::{ConfigId, NodeId, ServiceId, Subject},
    session::{Command, RawKind, Token},
    text::clean,
    ui::{
        app::workspace::Workspace,
        popup::{
            Popup,
            copy::CopyChoice,
            describe::compare::{self, Comparison},
            page::{Page, PageKind},
        },
        screen::{
            kinds::View,
            logs::{LogPane, LogPlace, LogSource, LoggedContainer},
            tasks::TaskScope,
        },
    },
};

/// A page's document is read again at most so often.
const READ_AGAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// The ID of an object; volumes and stacks have none.
fn id_of(subject: &Subject) -> Option<String> {
    Some(match subject {
        Subject::Service(id) => id.to_string(),
        Subject::Node(id) => id.to_string(),
        Subject::Task(id, _) => id.to_string(),
        Subject::Network(id) => id.to_string(),
        Subject::Secret(id) => id.to_string(),
        Subject::Config(id) => id.to_string(),
        Subject::Container(_, id) => id.to_string(),
        Subject::Volume(_) | Subject::Stack(_) | Subject::Other => return None,
    })
}

/// The command that reads an object's document, if it has one.
fn reading(subject: &Subject, token: Token) -> Option<Command> {
    let kind = match subject {
        Subject::Service(_) => RawKind::Service,
        Subject::Node(_) => RawKind::Node,
        Subject::Task(..) => RawKind::Task,
        Subject::Network(_) => RawKind::Network,
        Subject::Secret(_) => RawKind::Secret,
        Subject::Config(_) => RawKind::Config,
        Subject::Container(node, id) => {
            return Some(Command::ContainerDocument(token, node.clone(), id.clone()));
        }
        // They are no objects of a manager: what is known of them follows from services.
        Subject::Volume(_) | Subject::Stack(_) | Subject::Other => return None,
    };
    Some(Command::Raw(token, kind, id_of(subject)?))
}

impl Workspace<'_> {
    pub(in crate::ui) fn open_logs(&mut self) {
        let of_services = |ids: Vec<ServiceId>| {
            let names = self.cluster.names_of(&ids);
            (LogSource::Services(ids), names)
        };
        let store = &self.cluster.model.store;
        let used = |s: &Subject| {
            use Subject::{Config, Network, Secret, Stack, Volume};
            matches!(s, Network(_) | Secret(_) | Config(_) | Volume(_) | Stack(_))
        };
        let chosen = self.below().chosen();
        let (source, title) = match self.below().single() {
            _ if chosen.len() > 1 && chosen.iter().all(used) => {
                let mut users: Vec<ServiceId> =
                    chosen.iter().flat_map(|one| store.users_of(one)).cloned().collect();
                users.sort();
                users.dedup();
                if users.is_empty() {
                    return self.cluster.say("no service uses what is marked: there is no log");
                }
                let title = format!("services of {} marked {}s", chosen.len(), chosen[0].kind());
                (LogSource::Services(users), title)
            }
            _ if self.screens.focus() == View::Services
                && self.screens.services.table.current().is_some() =>
            {
                of_services(self.targets())
            }
            Ok(Subject::Service(id)) => of_services(vec![id]),
            Ok(Subject::Task(id, _)) => {
                let task = store.task(&id);
                let name = task.map(|t| store.task_name(t)).unwrap_or_default();
                // One that waits to start, or started again, has its cause in the log of the one before.
                match task.filter(|task| task.is_live()) {
                    Some(task) => (LogSource::Place(LogPlace::of(task)), name),
                    None => (LogSource::Tasks(vec![id]), name),
                }
            }
            Ok(Subject::Node(id)) => {
                let name = store.hostname(&id).to_owned();
                (LogSource::Node(id), name)
            }
            Ok(Subject::Stack(name)) if !name.is_empty() => {
                let done = self.logs_of_stack(&name);
                return self.say_if(done);
            }
            Ok(Subject::Container(node, id)) => {
                let model = &self.cluster.model;
                let Some(container) = model.container(&node, &id) else {
                    return self.cluster.say("this container is gone, and its log with it");
                };
                let (name, alive) = (model.container_name(&node, &id), container.is_alive());
                let title = name.clone();
                (LogSource::Container(LoggedContainer { node, id, name, alive }), title)
            }
            Ok(Subject::Other) => return self.cluster.say("nothing with a log is selected"),
            Ok(other) => {
                let users = store.users_of(&other).to_vec();
                if users.is_empty() {
                    let name = store.name_of(&other);
                    return self.cluster.say(format!("no service uses {name}: there is no log"));
                }
                let title = match &other {
                    // Those of no stack.
                    Subject::Stack(_) => store.name_of(&other),
                    _ => format!("services with {} {}", other.kind(), store.name_of(&other)),
                };
                (LogSource::Services(users), title)
            }
            Err(why) => return self.cluster.say(why),
        };
        // From an event: to the lines of that moment.
        let moment = self.screens.events.entry(self.cluster).map(|entry| entry.at);
        let moment = moment.filter(|_| self.screens.focus() == View::Events);
        let in_problems = self.screens.focus() == View::Problems;
        let witness = in_problems.then(|| self.screens.problems.witness(self.cluster)).flatten();
        self.follow_log(source, title);
        if let (Some(at), Some(log)) = (moment, &mut self.screens.logs.log) {
            log.seek_time(at);
        }
        // From a problem: to the end of the task that is its evidence.
        if let (Some(task), Some(log)) = (witness, &mut self.screens.logs.log)
            && self.cluster.model.store.task(&task).is_some_and(|t| t.state.is_terminal())
        {
            log.seek_end(task.into());
        }
        if self.screens.view == View::Overview && !self.screens.overview.zoomed {
            // In the bottom pane first; a second l, or 6, makes it full size.
            if self.screens.focus() == View::Logs {
                self.go(View::Logs);
            }
            self.screens.overview.enter(View::Logs);
        } else {
            self.go(View::Logs);
        }
    }

    pub(in crate::ui) fn follow_log(&mut self, source: LogSource, title: String) {
        if self.screens.logs.log.as_ref().is_some_and(|l| l.source == source) {
            return;
        }
        let token = self.cluster.token();
        let mut log = LogPane::new(token, source, title);
        log.keys.clone_from(&self.cluster.settings.log_keys);
        self.screens.logs.log = Some(log);
    }

    pub(in crate::ui) fn describe(&mut self) {
        match self.below().single() {
            Ok(subject) => self.describe_subject(subject),
            Err(why) => self.cluster.say(why),
        }
    }

    pub(in crate::ui) fn describe_subject(&mut self, subject: Subject) {
        let title = self.subject_title(&subject);
        let token = self.cluster.token();
        let mut document = None;
        match reading(&subject, token) {
            Some(command) => self.cluster.command(command),
            // Nothing more is to be read.
            None => document = Some(Ok(Box::default())),
        }
        let kind = PageKind::Describe { subject, document, token };
        self.popups.push(Popup::Page(Page::new(title, kind)));
    }

    pub(in crate::ui) fn subject_title(&self, subject: &Subject) -> String {
        let store = &self.cluster.model.store;
        match subject {
            Subject::Service(id) => format!("service {}", self.cluster.service_name(id)),
            Subject::Node(id) => format!("node {}", store.node_label(id)),
            Subject::Task(id, _) => {
                format!(
                    "task {}",
                    store.task(id).map_or_else(|| id.short().into(), |t| store.task_name(t))
                )
            }
            Subject::Container(node, _) => {
                let name = self.cluster.model.name_of(subject);
                format!("container {name} on {}", store.node_label(node))
            }
            other => format!("{} {}", other.kind(), store.name_of(other)).trim().to_owned(),
        }
    }

    pub(in crate::ui) fn yaml(&mut self) {
        match self.below().single() {
            Ok(subject) => self.yaml_of(&subject),
            Err(why) => self.cluster.say(why),
        }
    }

    pub(in crate::ui) fn yaml_of(&mut self, subject: &Subject) {
        let token = self.cluster.token();
        let Some(command) = reading(subject, token) else {
            let said = format!("a {} has no document of its own: d describes it", subject.kind());
            return self.cluster.say(said);
        };
        let title = format!("{} · YAML", self.subject_title(subject));
        let page = PageKind::Yaml { value: None, token };
        self.popups.push(Popup::Page(Page::new(title, page)));
        self.cluster.command(command);
    }

    /// Reads the document of an open page again when the object changed since.
    pub(in crate::ui) fn refresh_page(&mut self) {
        let Some(Popup::Page(page)) = self.popups.last() else { return };
        let PageKind::Describe { subject, document: Some(Ok(document)), .. } = &page.kind else {
            return;
        };
        let store = &self.cluster.model.store;
        let version = match subject {
            Subject::Service(id) => store.service(id).map(|s| s.version),
            Subject::Node(id) => store.node(id).map(|n| n.version),
            Subject::Task(id, _) => store.task(id).map(|t| t.version),
            Subject::Secret(id) => store.secret(id.as_str()).map(|s| s.version),
            Subject::Config(id) => store.config(id.as_str()).map(|c| c.version),
            // A network can't be changed; the others have no document.
            _ => None,
        };
        let is_changed = match subject {
            // Nothing counts its changes.
            Subject::Container(..) => !self.cluster.model.is_paused(),
            _ => version > document["Version"]["Index"].as_u64(),
        };
        let read = &mut self.cluster.remembered.page_read;
        if !is_changed || read.is_some_and(|at| at.age(self.cluster.now) < READ_AGAIN) {
            return;
        }
        *read = Some(self.cluster.now);
        let subject = subject.clone();
        let fresh = self.cluster.token();
        if let Some(Popup::Page(Page { kind: PageKind::Describe { token, .. }, .. })) =
            self.popups.last_mut()
            && let Some(command) = reading(&subject, fresh)
        {
            *token = fresh;
            self.cluster.command(command);
        }
    }

    /// Shows what belongs to a subject that need not be under the cursor.
    pub(in crate::ui) fn jump_to(&mut self, subject: &Subject) {
        match subject {
            Subject::Service(id) => self.open_tasks(TaskScope::Service(id.clone())),
            Subject::Node(id) => self.open_tasks(TaskScope::Node(id.clone())),
            Subject::Task(_, service) => self.open_tasks(TaskScope::Service(service.clone())),
            Subject::Other => self.go(View::Events),
            Subject::Container(node, id) => {
                self.open_containers_of(node.clone(), Some(id.clone()));
            }
            other => self.open_services(other.clone()),
        }
    }

    pub(in crate::ui) fn copy(&mut self) {
        let store = &self.cluster.model.store;
        let (id, name) = match self.below().single() {
            Ok(Subject::Service(id)) => (id.to_string(), self.cluster.service_name(&id)),
            Ok(Subject::Node(id)) => (id.to_string(), store.hostname(&id).to_owned()),
            Ok(Subject::Task(id, _)) => {
                let name = store.task(&id).map_or_else(String::new, |t| store.task_name(t));
                (id.to_string(), name)
            }
            Ok(Subject::Other) => return self.cluster.say("nothing is selected"),
            Ok(other) => {
                let id = id_of(&other);
                let name = self.cluster.model.name_of(&other);
                (id.unwrap_or_else(|| name.clone()), name)
            }
            Err(why) => return self.cluster.say(why),
        };
        // What is pasted must do no more than what is shown.
        let [id, name] = [id, name].map(|text| clean(&text).into_owned());
        self.popups.push(Popup::Copy(CopyChoice { id, name }));
    }

    /// Opens the page of what dies with the node under the cursor.
    pub(in crate::ui) fn blast(&mut self) {
        let node = match self.below().single() {
            Ok(Subject::Node(id)) => Some(id),
            Ok(Subject::Task(id, _)) => {
                self.cluster.model.store.task(&id).and_then(|t| t.node.clone())
            }
            Err(why) => return self.cluster.say(why),
            Ok(_) => None,
        };
        match node {
            Some(id) => self.open_blast(id),
            None => self.cluster.say("no node is selected: 3 lists them"),
        }
    }

    /// Compares what is marked or under the cursor.
    pub(in crate::ui) fn compare(&mut self) {
        let configs: Vec<ConfigId> = self
            .below()
            .chosen()
            .into_iter()
            .filter_map(|subject| match subject {
                Subject::Config(id) => Some(id),
                _ => None,
            })
            .collect();
        self.compare_configs(&configs);
    }

    /// Opens the page that compares two configs, or one with the one of its family before it.
    pub(in crate::ui) fn compare_configs(&mut self, configs: &[ConfigId]) {
        let store = &self.cluster.model.store;
        let both = match configs {
            [old, new] => Ok(compare::by_age(store, [old.clone(), new.clone()])),
            [one] => store
                .config(one.as_str())
                .ok_or_else(|| "this config is gone".to_owned())
                .and_then(|config| match compare::predecessor(store, config) {
                    Some(before) => Ok([before.id.clone(), config.id.clone()]),
                    None => Err(format!(
                        "no config of the family of {} came before it: mark two, or :compare A B",
                        config.name
                    )),
                }),
            [] => Err("configs can be compared: :configs lists them".into()),
            _ => Err(format!("{} are marked: two can be compared", configs.len())),
        };
        let both = match both {
            Ok(both) => both,
            Err(why) => return self.cluster.say(why),
        };
        let title =
            both.each_ref().map(|id| store.name_of(&Subject::Config(id.clone()))).join(" → ");
        let sides = both.map(|id| (id, self.cluster.token()));
        for (id, token) in &sides {
            self.cluster.command(Command::Raw(*token, RawKind::Config, id.to_string()));
        }
        let kind = PageKind::Compare(Box::new(Comparison::new(sides)));
        self.popups.push(Popup::Page(Page::new(title, kind)));
    }

    /// Opens the page that says whether one service can reach another.
    pub(in crate::ui) fn open_reach(&mut self, from: ServiceId, to: ServiceId) {
        let name = |id| self.cluster.service_name(id);
        let title = format!("Can {} reach {}?", name(&from), name(&to));
        self.popups.push(Popup::Page(Page::new(title, PageKind::Reach(from, to))));
    }

    pub(in crate::ui) fn open_blast(&mut self, id: NodeId) {
        let title = format!("What dies with {}?", self.cluster.model.store.node_label(&id));
        self.popups.push(Popup::Page(Page::new(title, PageKind::Blast(id))));
    }
}
