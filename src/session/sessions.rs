//! All clusters that are open: a session each, heard through one channel.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use crate::grant::ClusterNo;
use crate::session::{
    actor::{Actor, SessionConfig},
    link::managers::Manager,
    protocol::{Command, Event, Link, SessionEvent},
};

/// The sessions: what goes in and what comes out.
pub struct Sessions {
    commands: Vec<mpsc::Sender<Command>>,
    /// So many of them have managers of their own.
    waiting: usize,
    /// What they tell. When this is full the sessions wait, and so read less from the engines.
    pub told: mpsc::Receiver<SessionEvent>,
    /// Told already, the oldest first.
    pub backlog: Vec<SessionEvent>,
}

impl Sessions {
    /// Starts a session for each; they end when the fleet is dropped. The n-th is cluster number n.
    pub fn start(configs: Vec<SessionConfig>) -> Self {
        let (out, told) = mpsc::channel(256);
        let (registrar, questions) = Registrar::new();
        let (mut commands, mut spares) = (Vec::new(), Vec::new());
        for (no, config) in configs.into_iter().enumerate() {
            let (sender, inbox) = mpsc::channel(64);
            let out = Out { no: ClusterNo(no), told: out.clone() };
            let is_spare = config.managers.is_empty();
            let actor = Actor::new(config, out, inbox, registrar.clone());
            if is_spare {
                spares.push(actor.joiner());
            }
            tokio::spawn(actor.run());
            commands.push(sender);
        }
        let waiting = commands.len() - spares.len();
        tokio::spawn(Registrar::answer(questions, spares));
        Self { commands, waiting, told, backlog: Vec::new() }
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
        let mut heard: HashSet<ClusterNo> = HashSet::new();
        let mut lost = Vec::new();
        let mut live = false;
        while heard.len() < self.waiting
            && let Ok(Some(told)) = tokio::time::timeout_at(end, self.told.recv()).await
        {
            match &told {
                SessionEvent::Cluster(no, Event::Link(_, Link::Lost { why, leaderless, .. })) => {
                    // Without a leader there is something to see: who answers, and who does not.
                    live |= leaderless.is_some();
                    if heard.insert(*no) {
                        lost.push(why.clone());
                    }
                }
                SessionEvent::Cluster(no, Event::Link(_, Link::Live { .. })) => {
                    heard.insert(*no);
                    live = true;
                }
                SessionEvent::Merged { gone, .. } => drop(heard.insert(*gone)),
                SessionEvent::Cluster(..) | SessionEvent::Opened { .. } => {}
            }
            self.backlog.push(told);
        }
        if live || heard.len() < self.waiting || lost.is_empty() { Ok(()) } else { Err(lost) }
    }
}

/// One cluster's way out.
#[derive(Clone, Debug)]
pub(super) struct Out {
    no: ClusterNo,
    told: mpsc::Sender<SessionEvent>,
}

/// The UI is gone.
#[derive(Debug)]
pub(super) struct Gone;

impl Out {
    /// A way out of its own, for a session without a screen.
    pub fn alone(room: usize) -> (Self, mpsc::Receiver<SessionEvent>) {
        let (told, heard) = mpsc::channel(room);
        (Self { no: ClusterNo(0), told }, heard)
    }

    pub async fn send(&self, event: Event) -> Result<(), Gone> {
        self.told.send(SessionEvent::Cluster(self.no, event)).await.map_err(|_| Gone)
    }

    /// What was told, by all clusters, and not taken yet.
    pub fn queued(&self) -> usize {
        self.told.max_capacity() - self.told.capacity()
    }

    pub fn no(&self) -> ClusterNo {
        self.no
    }

    /// This cluster, which had no managers, has some.
    pub async fn opened(&self, endpoint: String) {
        let _ = self.told.send(SessionEvent::Opened { no: self.no, endpoint }).await;
    }

    /// This cluster goes on as another.
    pub async fn merged(&self, into: ClusterNo, read_only: bool) {
        let _ = self.told.send(SessionEvent::Merged { gone: self.no, into, read_only }).await;
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

type Joiner = mpsc::Sender<Join>;

enum Question {
    /// A session has this Swarm.
    Claim {
        swarm: String,
        no: ClusterNo,
        joiner: Joiner,
        answer: oneshot::Sender<Option<(ClusterNo, Joiner)>>,
    },
    /// Where managers of this Swarm belong.
    Home { swarm: String, no: ClusterNo, answer: oneshot::Sender<Option<Joiner>> },
}

impl Registrar {
    fn new() -> (Self, mpsc::Receiver<Question>) {
        let (ask, questions) = mpsc::channel(16);
        (Self(ask), questions)
    }

    /// Answers until all sessions are gone. `spares` are sessions that wait for managers.
    async fn answer(mut questions: mpsc::Receiver<Question>, mut spares: Vec<Joiner>) {
        let mut known: HashMap<String, (ClusterNo, Joiner)> = HashMap::new();
        let mut homes: HashMap<String, Joiner> = HashMap::new();
        while let Some(question) = questions.recv().await {
            match question {
                Question::Claim { swarm, no, joiner, answer } => {
                    let other = known.get(&swarm);
                    let other = other.filter(|(of, joiner)| *of != no && !joiner.is_closed());
                    let other = other.cloned();
                    if other.is_none() {
                        known.retain(|_, (of, _)| *of != no);
                        known.insert(swarm, (no, joiner));
                    }
                    let _ = answer.send(other);
                }
                Question::Home { swarm, no, answer } => {
                    let has = known.get(&swarm).filter(|(of, j)| *of != no && !j.is_closed());
                    let home = has.map(|(_, joiner)| joiner.clone());
                    let home = home.or_else(|| homes.get(&swarm).cloned());
                    let home = home.or_else(|| {
                        let spare = spares.pop()?;
                        homes.insert(swarm, spare.clone());
                        Some(spare)
                    });
                    let _ = answer.send(home);
                }
            }
        }
    }

    /// Which session managers of `swarm` belong to, if there is one or one can be had.
    pub async fn home_of(&self, swarm: &str, no: ClusterNo) -> Option<Joiner> {
        let (answer, got) = oneshot::channel();
        self.0.send(Question::Home { swarm: swarm.to_owned(), no, answer }).await.ok()?;
        got.await.ok().flatten()
    }

    /// Says which Swarm a session has; answers who had it before, if anyone.
    pub async fn claim(
        &self,
        swarm: &str,
        no: ClusterNo,
        joiner: &mpsc::Sender<Join>,
    ) -> Option<(ClusterNo, mpsc::Sender<Join>)> {
        let (answer, got) = oneshot::channel();
        let (swarm, joiner) = (swarm.to_owned(), joiner.clone());
        self.0.send(Question::Claim { swarm, no, joiner, answer }).await.ok()?;
        got.await.ok().flatten()
    }
}
