//! The actor of one cluster: connects to the fastest manager, watches until the link is lost, and goes
//! on with another, or waits and tries again.

mod commands;
mod live;
mod managers;

use std::time::Duration;

use tokio::sync::mpsc;

use crate::session::{
    clock::wall,
    jobs::caught,
    link::backoff::Backoff,
    link::leaderless::leaderless,
    link::managers::Managers,
    link::race::{Winner, race},
    logs::follow::Tails,
    nodes::{NodeEngines, NodeSeen, containers::ContainerLists},
    operations::Writes,
    outbox::Out,
    protocol::{Command, Event, FollowedLog, Generation, Link, Token},
    registrar::{Join, Registrar},
    shell::{OpenShells, ShellStarter},
    watch::budget::Budget,
};
use crate::{
    action::{audit::Audit, execute::Executor},
    cluster::{Leaderless, NodeId, ServiceId},
    connect::{Connector, NodeSettings, SshPrompts},
    engine::{Engine, EngineError, Probe},
    grant::{ClusterNo, ShellGrant, WriteGrant},
    keep::{History, HistoryWriter, Record},
};

/// Interval between attempts while the Swarm has no leader.
const ELECTION: Duration = Duration::from_millis(700);

/// Configuration of a session.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The managers of one cluster. A session without any waits for those that [`Self::mixed`] parts with.
    pub managers: Vec<Connector>,
    /// Whether they were only given together: those of another Swarm become a cluster of its own.
    pub mixed: bool,
    /// Present if this session may write; an executor exists only then.
    pub grant: Option<WriteGrant>,
    /// Present if commands may be run in its containers.
    pub shell: Option<ShellGrant>,
    /// The audit file, and the history that outlives skep.
    pub history: History,
    /// The user who runs skep, for the audit file.
    pub who: String,
    /// Limit of the load on the managers and the link.
    pub budget: Budget,
    /// How the nodes' engines are reached.
    pub nodes: NodeSettings,
}

pub(super) struct Actor {
    config: SessionConfig,
    out: Out,
    inbox: mpsc::Receiver<Command>,
    registrar: Registrar,
    joiner: mpsc::Sender<Join>,
    joins: mpsc::Receiver<Join>,
    managers: Managers,
    /// ID of the Swarm, known once a manager answered.
    swarm: Option<String>,
    generation: Generation,
    /// The UI's requests survive a lost link.
    watched: Vec<ServiceId>,
    logs: (Token, Vec<FollowedLog>),
    tails: Tails,
    nodes: NodeEngines,
    containers: ContainerLists,
    /// The image for a container beside one without a shell.
    debug_image: Option<String>,
    keeper: HistoryWriter,
    /// The Swarm whose history on disk was sent to the UI.
    recalled: Option<String>,
    open_shells: OpenShells,
    /// Shells that an earlier skep left in this Swarm were looked for.
    cleaned_up: bool,
    /// A manager was abandoned because its task list did not arrive, and none has arrived since.
    left_silent: bool,
}

/// Reasons for the end of a link.
enum LinkEnd {
    Gone,
    Lost(EngineError),
    /// Another manager takes over, for this reason.
    Moved(String, Box<Winner>),
}

/// Reasons for a session to end.
enum Over {
    Gone,
    Lost(EngineError),
    /// Another session has this Swarm already.
    Merged(ClusterNo, mpsc::Sender<Join>),
}

/// Tells the UI what is heard of nodes.
async fn tell_of_nodes(mut news: mpsc::UnboundedReceiver<(NodeId, NodeSeen)>, out: Out) {
    while let Some((node, seen)) = news.recv().await {
        let Ok(()) = out.send(Event::Node(node, Box::new(seen))).await else { return };
    }
}

impl Actor {
    /// An actor that has not connected yet.
    pub fn new(
        mut config: SessionConfig,
        out: Out,
        inbox: mpsc::Receiver<Command>,
        registrar: Registrar,
        open_shells: OpenShells,
    ) -> Self {
        let (joiner, joins) = mpsc::channel(8);
        let (teller, tasks) = (out.clone(), tokio::runtime::Handle::current());
        let debug_image = config.nodes.config.debug_image.clone();
        let (nodes, news) = NodeEngines::start(std::mem::take(&mut config.nodes));
        tokio::spawn(tell_of_nodes(news, out.clone()));
        let keeper = HistoryWriter::new(config.history.clone(), move |why| {
            let teller = teller.clone();
            tasks.spawn(async move { teller.send(Event::NotKept(why)).await });
        });
        Self {
            managers: Managers::new(std::mem::take(&mut config.managers)),
            config,
            out,
            inbox,
            registrar,
            joiner,
            joins,
            swarm: None,
            generation: Generation(0),
            watched: Vec::new(),
            logs: (Token(0), Vec::new()),
            tails: Tails::default(),
            nodes,
            containers: ContainerLists::default(),
            debug_image,
            open_shells,
            keeper,
            recalled: None,
            cleaned_up: false,
            left_silent: false,
        }
    }

    /// Runs until the UI is gone, or another session has this Swarm.
    pub async fn run(mut self) {
        let mut backoff = Backoff::default();
        // Why the last link ended.
        let mut why = String::from("not connected yet");
        if !self.has_managers().await {
            return;
        }
        loop {
            self.generation.0 += 1;
            let first = self.managers.endpoint(0);
            self.link(Link::Connecting { endpoint: first }).await;
            let race = race(
                self.managers.candidates(None),
                self.swarm.clone(),
                self.generation,
                self.config.budget,
                self.out.clone(),
            );
            let Ok(finish) = self.meanwhile(race, &why).await else { return };
            // An election is over in seconds, and asking costs little.
            let electing = finish.failed.iter().any(|(_, e)| e.is_leaderless());
            let mut told = leaderless(finish.failed.iter().map(|(_, e)| e), wall());
            let error = match self.note(finish).await {
                Err(error) => error,
                Ok(winner) => match self.stay_live(winner, &mut backoff).await {
                    Over::Gone => return,
                    Over::Merged(into, joiner) => return self.merge(into, &joiner).await,
                    // With others to go to there is nothing to wait for.
                    Over::Lost(error) if self.managers.len() > 1 => {
                        why = error.to_string();
                        self.lost(why.clone(), Duration::ZERO, None).await;
                        continue;
                    }
                    Over::Lost(error) => {
                        told = leaderless([&error], wall());
                        self.managers.trouble(&[(0, error)])
                    }
                },
            };
            let wait = if electing { backoff.wait().min(ELECTION) } else { backoff.wait() };
            tracing::warn!(error, ?wait, "link lost");
            self.lost(error.clone(), wait, told).await;
            why = error;
            let Ok(()) = self.meanwhile(tokio::time::sleep(wait), &why).await else { return };
        }
    }

    /// Goes on as the session that has this Swarm already.
    async fn merge(mut self, into: ClusterNo, joiner: &mpsc::Sender<Join>) {
        let (managers, read_only) = (self.managers.give_up(), self.config.grant.is_none());
        let _ = joiner.send(Join { managers, read_only }).await;
        self.out.merged(into, read_only).await;
    }

    async fn lost(&mut self, why: String, wait: Duration, leaderless: Option<Leaderless>) {
        let endpoint = self.managers.endpoint(0);
        let leaderless = leaderless.map(Box::new);
        self.link(Link::Lost { endpoint, why, wait, leaderless }).await;
        self.tell_managers().await;
    }

    async fn link(&self, link: Link) {
        let _ = self.out.send(Event::Link(self.generation, link)).await;
    }

    async fn tell_managers(&mut self) {
        if let Some(lines) = self.managers.news() {
            let _ = self.out.send(Event::Managers(lines)).await;
        }
    }

    /// Watches through one manager after the other, until none is left.
    async fn stay_live(&mut self, mut winner: Box<Winner>, backoff: &mut Backoff) -> Over {
        loop {
            let id = winner.probe.info.id.to_string();
            let (no, joiner) = (self.out.no(), &self.joiner);
            if !id.is_empty() {
                if let Some((into, joiner)) = self.registrar.claim(&id, no, joiner).await {
                    return Over::Merged(into, joiner);
                }
                self.swarm = Some(id);
            }
            self.managers.uses(Some(winner.at));
            *backoff = Backoff::default();
            let endpoint = winner.engine.endpoint().to_string();
            let end = caught(&endpoint, self.live(winner)).await.unwrap_or_else(LinkEnd::Lost);
            self.tails.pause();
            match end {
                LinkEnd::Gone => return Over::Gone,
                LinkEnd::Lost(error) => return Over::Lost(error),
                LinkEnd::Moved(why, next) => {
                    self.generation.0 += 1;
                    self.lost(why, Duration::ZERO, None).await;
                    winner = next;
                }
            }
        }
    }

    /// Sends the history on disk to the UI, once.
    fn recall(&mut self) {
        if self.recalled == self.swarm {
            return;
        }
        self.recalled.clone_from(&self.swarm);
        let (history, out) = (self.config.history.clone(), self.out.clone());
        let Some(swarm) = self.swarm.clone() else { return };
        tokio::spawn(async move {
            let load = tokio::task::spawn_blocking(move || history.load(&swarm, wall()));
            if let Ok(past) = load.await {
                let entries = past.with_gaps(wall());
                let _ = out.send(Event::Beginnings(past.beginnings)).await;
                let _ = out.send(Event::History(entries, past.quieted)).await;
            }
        });
    }

    fn keep(&self, kept: Record) {
        if let Some(swarm) = &self.swarm {
            self.keeper.keep(swarm, kept, wall());
        }
    }

    /// Sender for managers that belong to this session's Swarm.
    pub fn joiner(&self) -> mpsc::Sender<Join> {
        self.joiner.clone()
    }

    /// Writing has a transport of its own; without a grant there is none.
    fn writes(&self, engine: &Engine, probe: &Probe) -> Option<Writes> {
        let grant = self.config.grant.as_ref()?;
        let audit = Audit::new(self.config.history.audit.clone(), self.config.who.clone());
        // Where the Swarm has no name, its writes are kept under where they went.
        let id = &probe.info.id;
        let cluster = if id.is_empty() { engine.endpoint().to_string() } else { id.to_string() };
        Some(Writes::new(Executor::new(engine, grant, audit, cluster), &self.out))
    }

    /// Starts shells; none without a grant.
    fn shells(&self, engine: &Engine, probe: &Probe) -> Option<ShellStarter> {
        let grant = self.config.shell.clone()?;
        let id = &probe.info.id;
        Some(ShellStarter {
            grant,
            audit: Audit::new(self.config.history.audit.clone(), self.config.who.clone()),
            shells: self.config.history.shells(),
            open: self.open_shells.clone(),
            swarm: if id.is_empty() { engine.endpoint().to_string() } else { id.to_string() },
            nodes: self.nodes.clone(),
            debug_image: self.debug_image.clone(),
            ask: SshPrompts::Never,
        })
    }

    /// Ends what an earlier skep left in this Swarm, once.
    fn clean_up(&mut self, starter: Option<&ShellStarter>) {
        let Some(starter) = starter.filter(|_| !self.cleaned_up).cloned() else { return };
        self.cleaned_up = true;
        let out = self.out.clone();
        tokio::spawn(async move {
            let told = starter.clean_up().await;
            if !told.is_empty() {
                let _ = out.send(Event::ShellsLeft(told)).await;
            }
        });
    }
}
