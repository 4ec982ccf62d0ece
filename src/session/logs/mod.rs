//! Logs without a screen.

pub(super) mod follow;

use std::{collections::HashSet, time::Duration};

use tokio::sync::mpsc;

use crate::session::{
    clock::wall,
    logs::follow::{Begin, Tails},
    outbox::Out,
    protocol::{Event, LogTask, SessionEvent, Token},
    watch::refusals::or_refused,
};
use crate::{
    cluster::{Delta, ListId, Scope, ServiceId, Since, Store, TaskId, Timestamp},
    connect::Connector,
    engine::{Engine, LogFrame, Output, ServiceReader},
};

/// Between looks for tasks that came or went.
const LOOK: Duration = Duration::from_secs(2);
const VIEW: Token = Token(1);

/// What to read.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// Names of services.
    pub services: Vec<String>,
    /// Not before.
    pub since: Option<Since>,
    /// The last lines of each task; all if `None`.
    pub tail: Option<usize>,
    /// Go on as lines come.
    pub follow: bool,
}

/// A line, with whose it is.
#[derive(Clone, Debug)]
pub struct LogLine {
    pub at: Timestamp,
    pub service: String,
    pub task: String,
    pub task_id: TaskId,
    pub node: String,
    pub stderr: bool,
    pub text: Vec<u8>,
}

/// What was read.
#[derive(Debug)]
pub enum LogSaid {
    /// These tasks are read, each to its end: until one spoke or ended, a line of it may be older than
    /// those of others.
    Reading(Vec<TaskId>),
    /// All of a task was told.
    Ended(TaskId),
    /// Lines of one task, in order.
    Lines(Vec<LogLine>),
    /// What can't be read, and why.
    Trouble(String),
}

/// Reads logs and tells `said`, until they end; with `follow`, until nobody listens.
///
/// # Errors
/// One line: the engine can't be used, or there is no such service.
pub async fn read_logs(
    connector: Connector,
    query: LogQuery,
    said: mpsc::Sender<LogSaid>,
) -> Result<(), String> {
    let mut engine = Engine::new(connector);
    let probe = engine.probe(wall).await.map_err(|e| e.to_string())?;
    let mut reading = Reading { engine, store: Store::default(), ids: Vec::new(), list: 0 };
    reading.store.apply(Delta::Cluster(probe.info), wall());
    reading.services(&query.services).await?;
    let (out, mut told) = Out::alone(256);
    let now = wall().shifted(probe.skew);
    let since = query.since.map_or(Timestamp::NEVER, |since| since.before(now));
    let mut tails = Tails::beginning(Begin { tail: query.tail, since });
    let mut open: HashSet<TaskId> = HashSet::new();
    let mut look = tokio::time::interval(LOOK);
    let mut first = true;
    loop {
        tokio::select! {
            _ = look.tick(), if first || query.follow => {
                // A look that fails is made again; what is read goes on.
                match reading.tasks(query.follow).await {
                    Err(error) if first => return Err(error),
                    Err(_) => {}
                    Ok(tasks) => {
                        if first {
                            open = tasks.iter().map(|t| t.task.clone()).collect();
                            let reading = LogSaid::Reading(open.iter().cloned().collect());
                            if said.send(reading).await.is_err() {
                                return Ok(());
                            }
                        }
                        tails.set(&reading.engine, &out, VIEW, &tasks);
                    }
                }
                first = false;
            }
            event = told.recv() => {
                let Some(SessionEvent::Cluster(_, event)) = event else { return Ok(()) };
                let heard = match event {
                    Event::Lines(_, task, frames) => {
                        said.send(LogSaid::Lines(reading.lines(&task, frames))).await
                    }
                    Event::LogTrouble(_, task, Some(why)) => {
                        let name = reading.name(&task);
                        // Without follow a log that can't be read is not waited for.
                        open.remove(&task);
                        let _ = said.send(LogSaid::Ended(task)).await;
                        said.send(LogSaid::Trouble(format!("{name} can't be read: {why}"))).await
                    }
                    Event::LogGap(_, task, from, to) => {
                        let name = reading.name(&task);
                        let secs = to.0.saturating_sub(from.0) as f64 / 1e9;
                        said.send(LogSaid::Trouble(format!("{name}: a gap of {secs:.1} s"))).await
                    }
                    Event::LogEnd(_, task) => {
                        open.remove(&task);
                        said.send(LogSaid::Ended(task)).await
                    }
                    _ => Ok(()),
                };
                if heard.is_err() {
                    return Ok(());
                }
            }
        }
        if !first && !query.follow && open.is_empty() {
            return Ok(());
        }
    }
}

struct Reading {
    engine: Engine,
    store: Store,
    ids: Vec<ServiceId>,
    list: u64,
}

impl Reading {
    async fn services(&mut self, names: &[String]) -> Result<(), String> {
        let nodes = or_refused(self.engine.nodes()).await.map_err(|e| e.to_string())?;
        let mut reader = ServiceReader::default();
        let services = self.engine.services(&mut reader, false).await;
        let (services, _) = services.map_err(|e| e.to_string())?;
        // Without them lines carry a node's id.
        if let Ok((nodes, _)) = nodes {
            self.store.apply(Delta::Nodes(nodes), wall());
        }
        self.store.apply(Delta::Services(services), wall());
        for name in names {
            let found = self.store.service_named(name);
            let id = found
                .map(|s| s.id.clone())
                .ok_or_else(|| format!("no service '{name}'; 'skep snapshot' lists them"))?;
            self.ids.push(id);
        }
        Ok(())
    }

    /// The tasks that have a log; without follow each is read to where it ends now.
    async fn tasks(&mut self, follow: bool) -> Result<Vec<LogTask>, String> {
        self.list += 1;
        let list = ListId(self.list);
        let scope = Scope::Services(self.ids.clone());
        let mut tasks = self.engine.tasks(&scope).await.map_err(|e| e.to_string())?;
        self.store.apply(Delta::TasksBegin(list, scope), wall());
        while let Some(piece) = tasks.next().await.map_err(|e| e.to_string())? {
            self.store.apply(Delta::Tasks(list, piece), wall());
        }
        self.store.apply(Delta::TasksEnd(list), wall());
        let all = self.ids.iter().flat_map(|id| self.store.tasks_of(id));
        let with_log = all.filter(|t| t.container.is_some());
        let alive = |t: &crate::cluster::Task| follow && !t.state.is_terminal();
        Ok(with_log.map(|t| LogTask { task: t.id.clone(), alive: alive(t) }).collect())
    }

    fn name(&self, task: &TaskId) -> String {
        self.store.task(task).map_or_else(|| task.to_string(), |t| self.store.task_name(t))
    }

    fn lines(&self, id: &TaskId, frames: Vec<LogFrame>) -> Vec<LogLine> {
        let task = self.store.task(id);
        let name = self.name(id);
        let service = task.and_then(|t| self.store.service(&t.service));
        let service = service.map_or_else(String::new, |s| s.name.to_string());
        let node = task.and_then(|t| t.node.as_ref()).map(|n| self.store.hostname(n).to_owned());
        let node = node.unwrap_or_default();
        frames
            .into_iter()
            .map(|f| LogLine {
                at: f.at,
                service: service.clone(),
                task: name.clone(),
                task_id: id.clone(),
                node: node.clone(),
                stderr: f.output == Output::Stderr,
                text: f.text,
            })
            .collect()
    }
}
