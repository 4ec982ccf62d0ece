//! The actor: connects, watches until the link is lost, waits, and connects again.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    backoff::Backoff,
    documents,
    message::{Command, Event, Generation, Link, Token},
    tail::Tails,
    watch::{Watch, wall},
};
use crate::{
    action::{
        audit::Audit,
        execute::{Executor, Outcome},
        plan::{Approved, WriteGrant},
    },
    cluster::{ServiceId, TaskId},
    connect::Endpoint,
    engine::{Access, Engine, EngineError},
};

/// What a session needs to know.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The managers of one cluster, tried in turn.
    pub endpoints: Vec<Endpoint>,
    /// Present if this session may write; an executor exists only then.
    pub grant: Option<WriteGrant>,
    /// Where writes are recorded.
    pub audit: PathBuf,
    /// Who runs skep.
    pub who: String,
}

/// A running session: what goes in and what comes out.
pub struct Session {
    /// Commands to it.
    pub commands: mpsc::Sender<Command>,
    /// Its events. When this is full the session waits, and so reads less from the engine.
    pub events: mpsc::Receiver<Event>,
    /// Events taken out of it already, the oldest first.
    pub backlog: Vec<Event>,
}

impl Session {
    /// Starts the actor. It ends when its handle is dropped.
    pub fn start(config: SessionConfig) -> Self {
        let (commands, inbox) = mpsc::channel(64);
        let (out, events) = mpsc::channel(256);
        let actor = Actor {
            config,
            out,
            inbox,
            generation: Generation(0),
            watched: Vec::new(),
            logs: (Token(0), Vec::new()),
            tails: Tails::default(),
        };
        tokio::spawn(actor.run());
        Self { commands, events, backlog: Vec::new() }
    }

    /// Waits a little for the first word, so that what is wrong from the beginning can be told before
    /// the screen is taken, and the first frame is a full one. What was heard goes to the backlog.
    ///
    /// # Errors
    /// Why the engine can't be used, in one line.
    pub async fn first_word(&mut self, patience: Duration) -> Result<(), String> {
        let end = tokio::time::Instant::now() + patience;
        while let Ok(Some(event)) = tokio::time::timeout_at(end, self.events.recv()).await {
            let over = match &event {
                Event::Link(_, Link::Lost { why, .. }) => return Err(why.clone()),
                Event::Link(_, Link::Live { .. }) => true,
                _ => false,
            };
            self.backlog.push(event);
            if over {
                break;
            }
        }
        Ok(())
    }
}

struct Actor {
    config: SessionConfig,
    out: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Command>,
    generation: Generation,
    /// What the UI wants survives a lost link.
    watched: Vec<ServiceId>,
    logs: (Token, Vec<TaskId>),
    tails: Tails,
}

/// The UI is gone.
struct Gone;

impl Actor {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut turn = 0;
        loop {
            let endpoint = self.config.endpoints[turn % self.config.endpoints.len()].clone();
            turn += 1;
            self.generation.0 += 1;
            self.link(Link::Connecting { endpoint: endpoint.to_string() }).await;
            let error = match self.live(endpoint.clone(), &mut backoff).await {
                Ok(Gone) => return,
                Err(error) => error,
            };
            self.tails.clear();
            let wait = backoff.wait();
            tracing::warn!(%error, ?wait, "link lost");
            let next = Instant::now() + wait;
            let why = error.to_string();
            self.link(Link::Lost { endpoint: endpoint.to_string(), why: why.clone(), wait }).await;
            if self.wait(next, &why).await.is_err() {
                return;
            }
        }
    }

    async fn link(&self, link: Link) {
        let _ = self.out.send(Event::Link(self.generation, link)).await;
    }

    /// Connects and watches until the link fails or the UI is gone.
    async fn live(
        &mut self,
        endpoint: Endpoint,
        backoff: &mut Backoff,
    ) -> Result<Gone, EngineError> {
        let mut engine =
            Engine::new(crate::connect::Connector::new(endpoint.clone()), Access::ReadOnly);
        let probe = engine.probe(wall).await?;
        // Writing has a transport of its own; without a grant there is none.
        let executor = self.config.grant.as_ref().map(|_| {
            let audit = Audit::new(self.config.audit.clone(), self.config.who.clone());
            let cluster = probe.info.id.to_string();
            std::sync::Arc::new(Executor::new(engine.for_writing(), audit, cluster))
        });
        let mut watch =
            Watch::begin(engine.clone(), &probe, self.generation, self.out.clone()).await?;
        *backoff = Backoff::default();
        self.link(Link::Live {
            endpoint: endpoint.to_string(),
            skew: probe.skew,
            round_trip: probe.round_trip,
        })
        .await;
        watch.watch(self.watched.clone());
        self.tails.set(&engine, &self.out, self.logs.0, self.logs.1.clone());
        loop {
            tokio::select! {
                biased;
                command = self.inbox.recv() => {
                    let Some(command) = command else { return Ok(Gone) };
                    match command {
                        Command::Watch(services) => {
                            self.watched.clone_from(&services);
                            watch.watch(services);
                        }
                        Command::Logs(view, tasks) => {
                            self.logs = (view, tasks.clone());
                            self.tails.set(&engine, &self.out, view, tasks);
                        }
                        Command::Documents(token, ids) => {
                            documents::read(&engine, &self.out, token, ids);
                        }
                        Command::Raw(token, kind, id) => {
                            documents::raw(&engine, &self.out, token, kind, id);
                        }
                        Command::CarryOut(approved) => self.carry_out(executor.as_ref(), approved),
                        Command::Retry => {}
                    }
                }
                happening = watch.next() => watch.take(happening).await?,
            }
        }
    }

    fn carry_out(&self, executor: Option<&std::sync::Arc<Executor>>, approved: Approved) {
        let Some(executor) = executor.cloned() else { return };
        let out = self.out.clone();
        tokio::spawn(async move {
            // Told as each ends: a set of services is many writes, and one may take 30 s.
            let (tell, mut told) = mpsc::unbounded_channel();
            let work = async move {
                executor
                    .carry_out(&approved, |step, outcome| {
                        let _ = tell.send((step.service.clone(), outcome));
                    })
                    .await;
            };
            let forward = async {
                while let Some((service, outcome)) = told.recv().await {
                    let _ = out.send(Event::Outcome(service, Box::new(outcome))).await;
                }
            };
            tokio::join!(work, forward);
        });
    }

    /// Waits for the next try, answering what can be answered without an engine.
    async fn wait(&mut self, until: Instant, why: &str) -> Result<(), Gone> {
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => return Ok(()),
                command = self.inbox.recv() => match command.ok_or(Gone)? {
                    Command::Watch(services) => self.watched = services,
                    Command::Logs(view, tasks) => self.logs = (view, tasks),
                    Command::Documents(token, _) => {
                        let _ = self.out.send(Event::Documents(token, Err(why.to_owned()))).await;
                    }
                    Command::Raw(token, _, _) => {
                        let _ = self.out.send(Event::Raw(token, Err(why.to_owned()))).await;
                    }
                    Command::CarryOut(approved) => {
                        for step in &approved.plan().steps {
                            let outcome = Outcome::Refused(format!("nothing was sent: {why}"));
                            let event = Event::Outcome(step.service.clone(), Box::new(outcome));
                            let _ = self.out.send(event).await;
                        }
                    }
                    Command::Retry => return Ok(()),
                },
            }
        }
    }
}
