//! All clusters that are open: a session each, heard through one channel.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    actor::{Actor, SessionConfig},
    message::{ClusterNo, Command, Event, Link, Told},
    roster::Manager,
};

/// The sessions: what goes in and what comes out.
pub struct Fleet {
    commands: Vec<mpsc::Sender<Command>>,
    /// What they tell. When this is full the sessions wait, and so read less from the engines.
    pub told: mpsc::Receiver<Told>,
    /// Told already, the oldest first.
    pub backlog: Vec<Told>,
}

impl Fleet {
    /// Starts a session for each; they end when the fleet is dropped. The n-th is cluster number n.
    pub fn start(configs: Vec<SessionConfig>) -> Self {
        let (out, told) = mpsc::channel(256);
        let registrar = Registrar::start();
        let commands = configs
            .into_iter()
            .enumerate()
            .map(|(no, config)| {
                let (commands, inbox) = mpsc::channel(64);
                let out = Out { no: ClusterNo(no), told: out.clone() };
                tokio::spawn(Actor::new(config, out, inbox, registrar.clone()).run());
                commands
            })
            .collect();
        Self { commands, told, backlog: Vec::new() }
    }

    /// Hands a command to a cluster's session. Commands are few and a session always takes them;
    /// should it hang, the caller must not.
    pub fn send(&self, no: ClusterNo, command: Command) {
        let Some(commands) = self.commands.get(no.0) else { return };
        if let Err(mpsc::error::TrySendError::Full(command)) = commands.try_send(command) {
            let commands = commands.clone();
            tokio::spawn(async move { commands.send(command).await });
        }
    }

    /// Waits a little for the first word of every cluster, so that what is wrong from the beginning can
    /// be told before the screen is taken, and the first frame is a full one.
    ///
    /// # Errors
    /// None can be used: why, a line each.
    pub async fn first_words(&mut self, patience: Duration) -> Result<(), Vec<String>> {
        let end = tokio::time::Instant::now() + patience;
        let mut waiting: HashSet<ClusterNo> = (0..self.commands.len()).map(ClusterNo).collect();
        let mut lost = Vec::new();
        let mut live = false;
        while !waiting.is_empty()
            && let Ok(Some(told)) = tokio::time::timeout_at(end, self.told.recv()).await
        {
            match &told {
                Told::Cluster(no, Event::Link(_, Link::Lost { why, .. })) => {
                    if waiting.remove(no) {
                        lost.push(why.clone());
                    }
                }
                Told::Cluster(no, Event::Link(_, Link::Live { .. })) => {
                    waiting.remove(no);
                    live = true;
                }
                Told::Merged { gone, .. } => drop(waiting.remove(gone)),
                Told::Cluster(..) => {}
            }
            self.backlog.push(told);
        }
        if live || !waiting.is_empty() || lost.is_empty() { Ok(()) } else { Err(lost) }
    }
}

/// One cluster's way out.
#[derive(Clone, Debug)]
pub(super) struct Out {
    no: ClusterNo,
    told: mpsc::Sender<Told>,
}

/// The UI is gone.
#[derive(Debug)]
pub(super) struct Gone;

impl Out {
    /// A way out of its own, for a session without a screen.
    pub fn alone(room: usize) -> (Self, mpsc::Receiver<Told>) {
        let (told, heard) = mpsc::channel(room);
        (Self { no: ClusterNo(0), told }, heard)
    }

    pub async fn send(&self, event: Event) -> Result<(), Gone> {
        self.told.send(Told::Cluster(self.no, event)).await.map_err(|_| Gone)
    }

    /// What was told, by all clusters, and not taken yet.
    pub fn queued(&self) -> usize {
        self.told.max_capacity() - self.told.capacity()
    }

    pub fn no(&self) -> ClusterNo {
        self.no
    }

    /// This cluster goes on as another.
    pub async fn merged(&self, into: ClusterNo, read_only: bool) {
        let _ = self.told.send(Told::Merged { gone: self.no, into, read_only }).await;
    }
}

/// Managers that turned out to belong to a cluster that has a session already.
pub(super) struct Join {
    pub managers: Vec<Manager>,
    /// Were not to be written to.
    pub read_only: bool,
}

/// Knows which session has which Swarm.
#[derive(Clone)]
pub(super) struct Registrar(mpsc::Sender<Question>);

struct Question {
    swarm: String,
    no: ClusterNo,
    joiner: mpsc::Sender<Join>,
    answer: oneshot::Sender<Option<(ClusterNo, mpsc::Sender<Join>)>>,
}

impl Registrar {
    fn start() -> Self {
        let (ask, mut questions) = mpsc::channel::<Question>(16);
        tokio::spawn(async move {
            let mut known: HashMap<String, (ClusterNo, mpsc::Sender<Join>)> = HashMap::new();
            while let Some(q) = questions.recv().await {
                let other =
                    known.get(&q.swarm).filter(|(no, joiner)| *no != q.no && !joiner.is_closed());
                let answer = other.cloned();
                if answer.is_none() {
                    known.retain(|_, (no, _)| *no != q.no);
                    known.insert(q.swarm, (q.no, q.joiner));
                }
                let _ = q.answer.send(answer);
            }
        });
        Self(ask)
    }

    /// Says which Swarm a session has; answers who had it before, if anyone.
    pub async fn claim(
        &self,
        swarm: &str,
        no: ClusterNo,
        joiner: &mpsc::Sender<Join>,
    ) -> Option<(ClusterNo, mpsc::Sender<Join>)> {
        let (answer, got) = oneshot::channel();
        let question = Question { swarm: swarm.to_owned(), no, joiner: joiner.clone(), answer };
        self.0.send(question).await.ok()?;
        got.await.ok().flatten()
    }
}
