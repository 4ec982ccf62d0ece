//! A shell, or another command, in a task's container: what it will be, before it is started.

use std::sync::Arc;

use super::{Confirm, Confirmation, NotApproved};
use crate::{
    cluster::{NodeId, ServiceId, Store, Task, TaskId},
    grant::{ClusterNo, ShellGrant},
    text::quote,
};

/// Run where nothing else is asked for: bash if there is one, else sh.
const SHELL: [&str; 3] = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"];

/// A command that is to be run in a task's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellPlan {
    cluster: ClusterNo,
    /// The task.
    pub task: TaskId,
    /// Its service.
    pub service: ServiceId,
    /// Its name: `web.2`.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// The node's name.
    pub host: String,
    /// Its container.
    pub container: Arc<str>,
    /// The program and its arguments; a shell if there are none.
    pub command: Vec<String>,
    /// The image of a container beside it, in which it is run instead.
    pub beside: Option<String>,
    /// Confirmation that it needs.
    pub confirm: Confirm,
}

/// One that the user confirmed; only [`ShellPlan::approve`] makes one.
#[derive(Clone, Debug)]
pub struct ApprovedShell {
    plan: ShellPlan,
}

impl ApprovedShell {
    /// The approved plan.
    pub fn plan(&self) -> &ShellPlan {
        &self.plan
    }
}

impl ShellPlan {
    /// Plans a command in a task's container; a shell if it has no words.
    ///
    /// # Errors
    /// Why there is nothing to run it in.
    pub fn new(
        grant: &ShellGrant,
        task: &Task,
        command: Vec<String>,
        store: &Store,
    ) -> Result<Self, String> {
        let name = store.task_name(task);
        if !store.is_running(task) {
            let state = task.state.word();
            let node = task.node.as_ref().and_then(|id| store.node(id));
            return Err(match node.filter(|node| !node.is_up()) {
                Some(node) => {
                    format!("{name} can't be reached: its node {} is down", node.hostname)
                }
                None => format!("{name} is not running: it is {state}"),
            });
        }
        let (Some(container), Some(node)) = (task.container.clone(), task.node.clone()) else {
            return Err(format!("{name} has no container yet"));
        };
        let confirm = if grant.wants_typing() { Confirm::Type(name.clone()) } else { Confirm::Yes };
        Ok(Self {
            cluster: grant.cluster(),
            task: task.id.clone(),
            service: task.service.clone(),
            host: store.node_label(&node),
            name,
            node,
            container,
            command,
            beside: None,
            confirm,
        })
    }

    /// The same in a container beside it, made from this image.
    #[must_use]
    pub fn beside(self, image: String) -> Self {
        Self { beside: Some(image), ..self }
    }

    /// The cluster whose task it is for.
    pub fn cluster(&self) -> ClusterNo {
        self.cluster
    }

    /// Whether it is a shell, and not a command that was asked for.
    pub fn is_shell(&self) -> bool {
        self.command.is_empty()
    }

    /// The program and its arguments.
    pub fn words(&self) -> Vec<String> {
        if self.is_shell() { SHELL.map(str::to_owned).into() } else { self.command.clone() }
    }

    /// The command as it is shown: `bash or sh`, or what was asked for.
    pub fn shown(&self) -> String {
        if self.is_shell() {
            return "bash, else sh".into();
        }
        self.command.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
    }

    /// The beginning of the container's id, as docker prints it.
    pub fn short_container(&self) -> &str {
        self.container
            .char_indices()
            .nth(12)
            .map_or(&self.container, |(at, _)| &self.container[..at])
    }

    /// Warnings before it, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let raw = "what the container writes reaches your terminal as it is, as with docker exec";
        let Some(image) = &self.beside else { return vec![raw.into()] };
        vec![
            format!(
                "a container of {image} (of an older image there, if that has no shell) is made beside it, \
                 as root, with its processes and its network; /proc/1/root is its file system"
            ),
            "nothing is pulled, and it is removed afterwards".into(),
            raw.into(),
        ]
    }

    /// Turns it into what is carried out, if the grant is its cluster's and the answer the one it asks for.
    ///
    /// # Errors
    /// The reason for which it is not approved.
    pub fn approve(
        self,
        grant: &ShellGrant,
        answer: &Confirmation,
    ) -> Result<ApprovedShell, NotApproved> {
        self.confirm.check(self.cluster, grant, answer)?;
        Ok(ApprovedShell { plan: self })
    }
}
