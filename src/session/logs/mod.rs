//! Logs without a screen.

pub(super) mod access;
pub(super) mod ends;
pub(super) mod follow;
#[cfg(test)]
mod scripted;
mod silence;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, time::MissedTickBehavior};

use crate::session::{
    clock::wall,
    jobs::Jobs,
    logs::{
        access::LogAccess,
        follow::{Begin, NO_ANSWER, Tails},
        silence::{Overdue, Silence},
    },
    outbox::Out,
    protocol::{Event, FollowedLog, LogWriterId, SessionEvent, Token},
    watch::refusals::or_refused,
};
use crate::{
    cluster::{Delta, ListId, Scope, ServiceId, Since, Store, TaskId, Timestamp},
    connect::Connector,
    engine::{Engine, EngineError, LogFrame, Output, ServiceReader},
};

/// Interval for checking which tasks exist.
const LOOK: Duration = Duration::from_secs(2);
/// Interval for checking for silent logs.
const TICK: Duration = Duration::from_millis(500);
const VIEW: Token = Token(1);

/// A query for logs.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// Names of services.
    pub services: Vec<String>,
    /// Earliest time of the lines.
    pub since: Option<Since>,
    /// The last lines of each task; all if `None`.
    pub tail: Option<usize>,
    /// Go on as lines come.
    pub follow: bool,
}

/// A line and the task that wrote it.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// When, by the clock of its node; none where its engine does not say.
    pub at: Option<Timestamp>,
    /// Name of the service.
    pub service: String,
    /// Name of the task.
    pub task: String,
    /// Id of the task.
    pub task_id: TaskId,
    /// Host name of its node.
    pub node: String,
    /// Whether it came on stderr.
    pub stderr: bool,
    /// The line, without its end.
    pub text: Vec<u8>,
}

/// An item of the result.
#[derive(Debug)]
pub enum LogSaid {
    /// These tasks are read, each to its end: until one spoke or ended, a line of it may be older than
    /// those of others.
    Reading(Vec<TaskId>),
    /// A task says nothing more, or nothing for now: the lines of others need not wait for its.
    Quiet(TaskId),
    /// Lines of one task, in order.
    Lines(Vec<LogLine>),
    /// A log that can't be read, with the reason.
    Trouble(String),
}

/// Reads logs and tells `said`, until they end; with `follow`, until nobody listens. Gives the number of
/// tasks whose logs could not be read to their end.
///
/// # Errors
/// One line: the engine can't be used, or there is no such service.
pub async fn read_logs(
    connector: Connector,
    query: LogQuery,
    said: mpsc::Sender<LogSaid>,
) -> Result<usize, String> {
    let mut engine = Engine::new(connector);
    let probe = engine.probe(wall).await.map_err(|e| e.to_string())?;
    let mut reading = Reading { engine, store: Store::default(), ids: Vec::new(), list: 0 };
    reading.store.apply(Delta::Cluster(probe.info), wall());
    reading.services(&query.services).await?;
    let (out, mut told) = Out::alone(256);
    let now = wall().shifted(probe.skew);
    let since = query.since.map(|since| since.before(now));
    let mut tails = Tails::beginning(Begin { tail: query.tail, since });
    let access = LogAccess { manager: reading.engine.clone(), nodes: None };
    let mut silence = Silence::default();
    let mut unread: HashMap<TaskId, String> = HashMap::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lists = Jobs::new(reading.engine.endpoint().to_string());
    let mut is_listing = false;
    let mut first = true;
    loop {
        let waiting = Instant::now();
        let mut news: Vec<LogSaid> = Vec::new();
        tokio::select! {
            _ = look.tick(), if !is_listing && (first || query.follow) => {
                is_listing = true;
                lists.spawn(reading.list());
            }
            // What is read goes on meanwhile, also if the list is never answered.
            Some(listed) = lists.next() => {
                is_listing = false;
                match listed.and_then(|listed| listed) {
                    Err(error) if first => return Err(error.to_string()),
                    // It is made again.
                    Err(_) => {}
                    Ok(deltas) => {
                        let tasks = reading.tasks(deltas, query.follow);
                        if first {
                            let ids = tasks.iter().filter_map(|log| log.of.task().cloned());
                            let ids: Vec<TaskId> = ids.collect();
                            silence.begin(ids.iter().cloned());
                            news.push(LogSaid::Reading(ids));
                        }
                        tails.set(&access, &out, VIEW, &tasks);
                        first = false;
                    }
                }
            }
            () = tokio::time::sleep(TICK), if !first && !query.follow => {
                silence.wait(waiting.elapsed().min(TICK * 2));
            }
            event = told.recv() => {
                silence.wait(waiting.elapsed().min(TICK));
                let Some(SessionEvent::Cluster(_, event)) = event else { return Ok(unread.len()) };
                match event {
                    Event::Lines(_, LogWriterId::Task(task), frames) => {
                        silence.heard(&task);
                        if query.follow {
                            unread.remove(&task);
                        }
                        news.push(LogSaid::Lines(reading.lines(&task, frames)));
                    }
                    Event::LogTrouble(_, LogWriterId::Task(task), Some(why)) => {
                        // Without follow a log that can't be read is not waited for.
                        silence.close(&task);
                        let why = reading.why_silent(&task).unwrap_or(why);
                        news.push(LogSaid::Quiet(task.clone()));
                        news.extend(reading.unread(&mut unread, task, why));
                    }
                    Event::LogTrouble(_, LogWriterId::Task(task), None) => {
                        unread.remove(&task);
                    }
                    Event::LogGap(_, LogWriterId::Task(task), from, to) => {
                        let name = reading.name(&task);
                        let secs = from.until(to) as f64 / 1e9;
                        news.push(LogSaid::Trouble(format!("{name}: a gap of {secs:.1} s")));
                    }
                    Event::LogEnd(_, LogWriterId::Task(task)) => {
                        silence.close(&task);
                        unread.remove(&task);
                        news.push(LogSaid::Quiet(task));
                    }
                    _ => {}
                }
            }
        }
        if !first && !query.follow {
            let explained = |task: &TaskId| reading.why_silent(task).is_some();
            for overdue in silence.overdue(since.is_some(), explained) {
                match overdue {
                    Overdue::Release(task) => news.push(LogSaid::Quiet(task)),
                    Overdue::Unread(task) => {
                        let why = reading.why_silent(&task);
                        let why = why.unwrap_or_else(|| NO_ANSWER.to_owned());
                        news.push(LogSaid::Quiet(task.clone()));
                        news.extend(reading.unread(&mut unread, task, why));
                    }
                }
            }
        }
        for news in news {
            if said.send(news).await.is_err() {
                return Ok(unread.len());
            }
        }
        if !first && !query.follow && silence.is_over() {
            return Ok(unread.len());
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
            self.store.apply(Delta::Nodes(nodes.items), wall());
        }
        self.store.apply(Delta::Services(services.items), wall());
        for name in names {
            let found = self.store.service_named(name);
            let id = found
                .map(|s| s.id.clone())
                .ok_or_else(|| format!("no service '{name}'; 'skep snapshot' lists them"))?;
            self.ids.push(id);
        }
        Ok(())
    }

    /// Reads the current tasks.
    fn list(&mut self) -> impl Future<Output = Result<Vec<Delta>, EngineError>> + Send + 'static {
        self.list += 1;
        let list = ListId(self.list);
        let scope = Scope::Services(self.ids.clone());
        let engine = self.engine.clone();
        async move {
            let mut tasks = engine.tasks(&scope).await?;
            let mut deltas = vec![Delta::TasksBegin(list, scope)];
            while let Some(piece) = tasks.next().await? {
                deltas.push(Delta::Tasks(list, piece));
            }
            deltas.push(Delta::TasksEnd(list));
            Ok(deltas)
        }
    }

    /// The tasks that have a log; without follow each is read to where it ends now.
    fn tasks(&mut self, deltas: Vec<Delta>, follow: bool) -> Vec<FollowedLog> {
        for delta in deltas {
            self.store.apply(delta, wall());
        }
        let all = self.ids.iter().flat_map(|id| self.store.tasks_of(id));
        let with_log = all.filter(|t| t.container.is_some());
        let alive = |t: &crate::cluster::Task| follow && !t.state.is_terminal();
        with_log.map(|t| FollowedLog { of: t.id.clone().into(), alive: alive(t) }).collect()
    }

    /// Notes that a log can't be read, and reports it once.
    fn unread(
        &self,
        unread: &mut HashMap<TaskId, String>,
        task: TaskId,
        why: String,
    ) -> Option<LogSaid> {
        let node = self.node(&task);
        let place = if node.is_empty() { String::new() } else { format!(" on {node}") };
        let said = format!("logs of {}{place} can't be read: {why}", self.name(&task));
        let before = unread.insert(task, why.clone());
        (before != Some(why)).then_some(LogSaid::Trouble(said))
    }

    /// The reason for a silent log, as far as the Swarm knows it.
    fn why_silent(&self, task: &TaskId) -> Option<String> {
        let task = self.store.task(task)?;
        let service = self.store.service(&task.service);
        if service.is_some_and(|s| s.log_driver.as_deref() == Some("none")) {
            return Some("its log driver 'none' keeps nothing to read".into());
        }
        let node = self.store.node(task.node.as_ref()?).filter(|n| !n.is_up())?;
        Some(format!("{} is {}", node.hostname, node.state))
    }

    fn name(&self, task: &TaskId) -> String {
        self.store.task(task).map_or_else(|| task.to_string(), |t| self.store.task_name(t))
    }

    fn node(&self, task: &TaskId) -> String {
        let node = self.store.task(task).and_then(|t| t.node.as_ref());
        node.map_or_else(String::new, |n| self.store.hostname(n).to_owned())
    }

    fn lines(&self, id: &TaskId, frames: Vec<LogFrame>) -> Vec<LogLine> {
        let task = self.store.task(id);
        let name = self.name(id);
        let service = task.and_then(|t| self.store.service(&t.service));
        let service = service.map_or_else(String::new, |s| s.name.to_string());
        let node = self.node(id);
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
