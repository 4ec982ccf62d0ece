//! All clusters that are open: a session each, heard through one channel.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::grant::ClusterNo;
use crate::session::{
    actor::{Actor, SessionConfig},
    greeting::greeting,
    outbox::Out,
    protocol::{Command, Event, Link, SessionEvent},
    registrar::Registrar,
    shell::{OpenShells, ShellNews},
};

/// The sessions: what goes in and what comes out.
pub struct Sessions {
    commands: HashMap<ClusterNo, mpsc::Sender<Command>>,
    /// Those that are started when somebody asks for them.
    later: HashMap<ClusterNo, SessionConfig>,
    /// Handed to every session.
    out: mpsc::Sender<SessionEvent>,
    registrar: Registrar,
    shells: OpenShells,
    /// Number of sessions that have managers of their own.
    waiting: usize,
    /// Events of all sessions. When this is full the sessions wait, and so read less from the
    /// engines.
    pub told: mpsc::Receiver<SessionEvent>,
    /// News of their shells.
    pub shell_news: mpsc::UnboundedReceiver<ShellNews>,
    /// Events received already, the oldest first.
    pub backlog: Vec<SessionEvent>,
}

impl Sessions {
    /// Starts a session for each; they end when this is dropped. The n-th is cluster number n; those that
    /// come later have the numbers after them.
    pub fn start(configs: Vec<SessionConfig>, later: Vec<SessionConfig>) -> Self {
        let (out, told) = mpsc::channel(256);
        let (registrar, questions) = Registrar::new();
        let (shells, shell_news) = OpenShells::new();
        let (commands, first) = (HashMap::new(), configs.len());
        let later = later.into_iter().enumerate();
        let later = later.map(|(at, config)| (ClusterNo(first + at), config)).collect();
        let mut sessions = Self {
            commands,
            later,
            out,
            registrar,
            shells,
            waiting: 0,
            told,
            shell_news,
            backlog: Vec::new(),
        };
        let mut spares = Vec::new();
        for (no, config) in configs.into_iter().enumerate() {
            let is_spare = config.managers.is_empty();
            let actor = sessions.actor(ClusterNo(no), config);
            if is_spare {
                spares.push(actor.joiner());
            }
            tokio::spawn(actor.run());
        }
        sessions.waiting = sessions.commands.len() - spares.len();
        tokio::spawn(Registrar::answer(questions, spares));
        sessions
    }

    fn actor(&mut self, no: ClusterNo, config: SessionConfig) -> Actor {
        let (sender, inbox) = mpsc::channel(64);
        self.commands.insert(no, sender);
        let out = Out::new(no, self.out.clone());
        Actor::new(config, out, inbox, self.registrar.clone(), self.shells.clone())
    }

    /// Ends the sessions. The shells that they started go on being ended.
    pub fn end(self) -> (OpenShells, mpsc::UnboundedReceiver<ShellNews>) {
        (self.shells, self.shell_news)
    }

    /// Starts a session that was put off.
    pub fn open(&mut self, no: ClusterNo) {
        if let Some(config) = self.later.remove(&no) {
            tokio::spawn(self.actor(no, config).run());
        }
    }

    /// Asks what is at the endpoint of a session that was put off.
    pub fn greet(&self, no: ClusterNo) {
        let Some(config) = self.later.get(&no) else { return };
        let (out, managers) = (self.out.clone(), config.managers.clone());
        tokio::spawn(async move {
            let mut answer = Err("it has no endpoint".to_owned());
            // One that answers is enough.
            for connector in managers {
                answer = greeting(connector).await;
                if answer.is_ok() {
                    break;
                }
            }
            let _ = out.send(SessionEvent::Greeted { no, answer }).await;
        });
    }

    /// Hands a command to a cluster's session. Commands are few and a session always takes them;
    /// should it hang, the caller must not.
    pub fn send(&self, no: ClusterNo, command: Command) {
        let Some(commands) = self.commands.get(&no) else { return };
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
                SessionEvent::Cluster(..)
                | SessionEvent::Opened { .. }
                | SessionEvent::Greeted { .. } => {}
            }
            self.backlog.push(told);
        }
        if live || heard.len() < self.waiting || lost.is_empty() { Ok(()) } else { Err(lost) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::{Leaderless, Timestamp},
        session::protocol::Generation,
    };

    /// The result of the first words of some clusters, and the number of those heard.
    async fn first(waiting: usize, words: &[(usize, Link)]) -> (Result<(), Vec<String>>, usize) {
        let mut sessions = Sessions::start(Vec::new(), Vec::new());
        sessions.waiting = waiting;
        for (no, link) in words {
            let event = Event::Link(Generation(1), link.clone());
            let _ = sessions.out.send(SessionEvent::Cluster(ClusterNo(*no), event)).await;
        }
        // None is waited for that has nothing more to say.
        let patience = if words.len() < waiting { Duration::ZERO } else { Duration::from_secs(60) };
        (sessions.first_words(patience).await, sessions.backlog.len())
    }

    #[tokio::test]
    async fn skep_begins_if_any_cluster_can_be_seen_or_has_not_spoken_yet() {
        let lost = |why: &str| Link::Lost {
            endpoint: "x".into(),
            why: why.into(),
            wait: Duration::ZERO,
            leaderless: None,
        };
        let live = || Link::Live { endpoint: "x".into(), skew: 0, round_trip: Duration::ZERO };
        let leaderless = || match lost("no leader") {
            Link::Lost { endpoint, why, wait, .. } => {
                let since = Timestamp::from_secs(1);
                let told = Leaderless { since, answering: Vec::new(), silent: 1 };
                Link::Lost { endpoint, why, wait, leaderless: Some(Box::new(told)) }
            }
            other => other,
        };
        let why = Err(vec!["no".to_owned(), "none".to_owned()]);
        assert_eq!(first(2, &[(0, lost("no")), (1, lost("none"))]).await, (why, 2));
        assert_eq!(first(2, &[(0, lost("no")), (1, live())]).await, (Ok(()), 2));
        assert_eq!(first(1, &[(0, leaderless())]).await, (Ok(()), 1));
        assert_eq!(first(2, &[(0, lost("no"))]).await.0, Ok(()), "the other may still answer");
        let twice = first(2, &[(0, lost("no")), (0, lost("no again")), (1, lost("none"))]).await;
        assert_eq!(twice.0, Err(vec!["no".to_owned(), "none".to_owned()]), "one word each");
        assert_eq!(first(0, &[]).await, (Ok(()), 0));
    }

    #[tokio::test]
    async fn one_that_was_merged_has_nothing_more_to_say() {
        let mut sessions = Sessions::start(Vec::new(), Vec::new());
        sessions.waiting = 1;
        let (gone, into) = (ClusterNo(1), ClusterNo(0));
        let merged = SessionEvent::Merged { gone, into, read_only: false };
        sessions.out.send(merged).await.expect("there is room");
        let words = sessions.first_words(Duration::from_secs(600));
        let heard = tokio::time::timeout(Duration::from_secs(60), words).await;
        assert_eq!(heard.expect("it is not waited for"), Ok(()));
    }

    #[tokio::test]
    async fn no_command_to_a_busy_session_is_lost() {
        let mut sessions = Sessions::start(Vec::new(), Vec::new());
        let (sender, mut inbox) = mpsc::channel(1);
        sessions.commands.insert(ClusterNo(0), sender);
        (0..5).for_each(|_| sessions.send(ClusterNo(0), Command::Attend));
        for _ in 0..5 {
            let command = tokio::time::timeout(Duration::from_secs(60), inbox.recv()).await;
            assert!(matches!(command, Ok(Some(Command::Attend))), "{command:?}");
        }
    }

    #[tokio::test]
    async fn one_manager_that_answers_is_enough_for_a_greeting() {
        let at = |endpoint: &str| {
            let endpoint = crate::connect::Endpoint::parse(endpoint, None).expect("an endpoint");
            crate::connect::Connector::new(endpoint)
        };
        let config = SessionConfig {
            managers: vec![at("unix:///nowhere/d.sock"), at("tcp://127.0.0.1:1")],
            mixed: false,
            grant: None,
            shell: None,
            history: crate::keep::History { timeline: None, audit: "/nowhere/audit".into() },
            who: String::new(),
            budget: crate::session::Budget::default(),
            nodes: crate::connect::NodeSettings::default(),
        };
        let mut sessions = Sessions::start(Vec::new(), vec![config]);
        sessions.greet(ClusterNo(0));
        let told = tokio::time::timeout(Duration::from_secs(60), sessions.told.recv()).await;
        let Ok(Some(SessionEvent::Greeted { answer: Err(why), .. })) = told else {
            panic!("{told:?}");
        };
        assert!(why.contains("refused"), "the last one was asked as well: {why}");
    }
}
