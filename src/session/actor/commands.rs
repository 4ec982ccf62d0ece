//! Commands of the UI: carried out over a live link, and answered as well as can be without one.

use super::Actor;
use crate::{
    action::plan::ReadObject,
    cluster::NodeId,
    engine::Engine,
    keep::Record,
    session::{
        logs::{access::LogAccess, ends, follow},
        nodes::{containers, ends::read_ends},
        operations::{self, Writes},
        outbox::Gone,
        protocol::{Command, Event},
        shell::{ShellFault, ShellStarter},
        watch::Watch,
    },
};

impl Actor {
    pub(super) fn command(
        &mut self,
        command: Command,
        engine: &Engine,
        watch: &mut Watch,
        (writes, starter): (Option<&Writes>, Option<&ShellStarter>),
    ) {
        match command {
            Command::Watch(services) => {
                self.watched.clone_from(&services);
                watch.watch(services);
            }
            Command::Logs(view, tasks) => {
                self.logs = (view, tasks.clone());
                self.tails.set(&self.log_reader(engine), &self.out, view, &tasks);
            }
            Command::OlderLogs(view, tasks) => {
                follow::older(&self.log_reader(engine), &self.out, view, tasks);
            }
            Command::Remember(entries) => self.keep(Record::Entries(entries)),
            Command::Quieted(quieted) => self.keep(Record::Quieted(quieted)),
            Command::Beginnings(all) => self.keep(Record::Beginnings(all)),
            Command::LastLines(task) => ends::last(engine, &self.out, task),
            Command::Look(nodes) => self.nodes.watch(nodes),
            Command::Containers(node) => self.list_containers(node),
            Command::ContainerDocument(token, node, id) => {
                containers::document(&self.nodes, &self.out, token, (node, id));
            }
            Command::Ends(tasks) => read_ends(&self.nodes, &self.out, tasks),
            Command::Attend => watch.attend(),
            Command::Usage => {
                let (out, usage) = (self.out.clone(), Box::new(watch.usage()));
                tokio::spawn(async move { out.send(Event::Usage(usage)).await });
            }
            Command::Documents(token, ids) => operations::read(engine, &self.out, token, ids),
            Command::ReadBack(token, ids) => operations::find(engine, &self.out, token, ids),
            Command::Raw(token, kind, id) => operations::raw(engine, &self.out, token, kind, id),
            Command::CarryOut(approved) => {
                // Another entry may have turned out to be this Swarm, and read-only.
                match writes.filter(|_| self.config.grant.is_some()) {
                    Some(writes) => writes.carry_out(approved),
                    None => {
                        let out = self.out.clone();
                        tokio::spawn(async move {
                            let why = "this cluster is read-only";
                            operations::refuse(&out, &approved.plan().steps, why).await
                        });
                    }
                }
            }
            Command::Deploy(approved) => match writes.filter(|_| self.config.grant.is_some()) {
                Some(writes) => writes.deploy(*approved),
                None => {
                    let out = self.out.clone();
                    tokio::spawn(async move {
                        let why = "this cluster is read-only";
                        operations::refuse(&out, &approved.plan().steps(), why).await
                    });
                }
            },
            Command::Shell(token, approved, means) => {
                let starter = starter.filter(|_| self.config.shell.is_some()).cloned();
                let out = self.out.clone();
                tokio::spawn(async move {
                    let started = match &starter {
                        Some(starter) => starter.start(&approved, means).await,
                        None => Err(ShellFault::NotStarted("this cluster is read-only".into())),
                    };
                    let _ = out.send(Event::Shell(token, Box::new(started))).await;
                });
            }
            Command::Retry => watch.ask_again(),
        }
    }

    /// Reads logs through this manager, and of the nodes' own engines.
    pub(super) fn log_reader(&self, engine: &Engine) -> LogAccess {
        LogAccess { manager: engine.clone(), nodes: Some(self.nodes.clone()) }
    }

    fn list_containers(&mut self, node: Option<NodeId>) {
        self.containers.set(node, &self.nodes, self.config.budget, &self.out);
    }

    /// Waits for `what`, answering meanwhile what can be answered without an engine.
    pub(super) async fn meanwhile<T>(
        &mut self,
        what: impl Future<Output = T>,
        why: &str,
    ) -> Result<T, Gone>
    where
        T: Default,
    {
        tokio::pin!(what);
        loop {
            tokio::select! {
                done = &mut what => return Ok(done),
                Some(join) = self.joins.recv() => self.take_in(join).await,
                command = self.inbox.recv() => match command.ok_or(Gone)? {
                    Command::Watch(services) => self.watched = services,
                    Command::Logs(view, tasks) => self.logs = (view, tasks),
                    Command::Remember(entries) => self.keep(Record::Entries(entries)),
                    Command::Quieted(quieted) => self.keep(Record::Quieted(quieted)),
                    Command::Beginnings(all) => self.keep(Record::Beginnings(all)),
                    Command::Look(nodes) => self.nodes.watch(nodes),
                    Command::Containers(node) => self.list_containers(node),
                    Command::ContainerDocument(token, node, id) => {
                        containers::document(&self.nodes, &self.out, token, (node, id));
                    }
                    Command::Ends(tasks) => read_ends(&self.nodes, &self.out, tasks),
                    Command::Usage | Command::Attend => {}
                    Command::LastLines(task) => {
                        self.out.send(Event::LastLines(task, Err(why.to_owned()))).await?;
                    }
                    Command::OlderLogs(view, tasks) => {
                        for (task, _, _) in tasks {
                            self.out.send(Event::OlderLines(view, task, Vec::new())).await?;
                        }
                    }
                    Command::Documents(token, _) => {
                        self.out.send(Event::Documents(token, Err(why.to_owned()))).await?;
                    }
                    Command::ReadBack(token, targets) => {
                        let unread = |target| (target, ReadObject::Unreadable(why.to_owned()));
                        let found = targets.into_iter().map(unread).collect();
                        self.out.send(Event::ReadBack(token, found)).await?;
                    }
                    Command::Raw(token, _, _) => {
                        self.out.send(Event::Raw(token, Err(why.to_owned()))).await?;
                    }
                    Command::Shell(token, ..) => {
                        let fault = ShellFault::NotReached(why.to_owned());
                        self.out.send(Event::Shell(token, Box::new(Err(fault)))).await?;
                    }
                    Command::CarryOut(approved) => {
                        operations::refuse(&self.out, &approved.plan().steps, why).await?;
                    }
                    Command::Deploy(approved) => {
                        operations::refuse(&self.out, &approved.plan().steps(), why).await?;
                    }
                    // A race that is cut short has no winner: the next one begins at once.
                    Command::Retry => return Ok(T::default()),
                },
            }
        }
    }
}
