//! The actor of one cluster: connects to the fastest manager, watches until the link is lost, and goes
//! on with another, or waits and tries again.

use std::time::{Duration, Instant};

use tokio::{sync::mpsc, task::JoinSet};

use crate::session::{
    clock::wall,
    documents,
    jobs::caught,
    link::backoff::Backoff,
    link::leaderless::leaderless,
    link::managers::Managers,
    link::race::{Finish, Winner, race},
    logs::{
        ends,
        follow::{self as follow, Tails},
    },
    outbox::{Gone, Out},
    protocol::{Command, Event, Generation, Link, LogTask, Token},
    registrar::{Join, Registrar},
    watch::Watch,
    watch::budget::Budget,
    writes::{self, Writes},
};
use crate::{
    action::{audit::Audit, execute::Executor, plan::Found},
    cluster::{Leaderless, ServiceId},
    connect::Connector,
    engine::{Engine, EngineError, Probe},
    grant::{ClusterNo, WriteGrant},
    keep::{History, HistoryWriter, Record},
};

/// After this long without an answer a manager is suspected, and others are asked.
const SUSPECT: Duration = Duration::from_secs(2);
/// Minimum time between two moves that are made because a manager is slow.
const SETTLED: Duration = Duration::from_secs(15);
/// Interval between attempts while the Swarm has no leader.
const ELECTION: Duration = Duration::from_millis(700);
/// Interval for probing managers that are not in use; keeps their connections warm.
const ROUND: Duration = Duration::from_secs(20);
const FIRST_ROUND: Duration = Duration::from_millis(500);

/// Configuration of a session.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The managers of one cluster. A session without any waits for those that [`Self::mixed`] parts with.
    pub managers: Vec<Connector>,
    /// They were only given together: those that belong to another Swarm become a cluster of its own.
    pub mixed: bool,
    /// Present if this session may write; an executor exists only then.
    pub grant: Option<WriteGrant>,
    /// The audit file, and the history that outlives skep.
    pub history: History,
    /// The user who runs skep, for the audit file.
    pub who: String,
    /// Limit of the load on the managers and the link.
    pub budget: Budget,
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
    logs: (Token, Vec<LogTask>),
    tails: Tails,
    keeper: HistoryWriter,
    /// The Swarm whose history on disk was sent to the UI.
    recalled: Option<String>,
    /// A manager was abandoned because its task list did not arrive, and none has arrived since.
    left_silent: bool,
}

/// Reasons for the end of a link.
enum End {
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

impl Actor {
    pub fn new(
        mut config: SessionConfig,
        out: Out,
        inbox: mpsc::Receiver<Command>,
        registrar: Registrar,
    ) -> Self {
        let (joiner, joins) = mpsc::channel(8);
        let keeper = HistoryWriter::new(config.history.clone());
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
            keeper,
            recalled: None,
            left_silent: false,
        }
    }

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

    /// Records what a race found out about the managers. Returns the winner, or why there is none.
    async fn note(&mut self, finish: Finish) -> Result<Box<Winner>, String> {
        // Before it was known which Swarm this is, any could answer.
        let mut others = Vec::new();
        for (at, engine, probe) in finish.answered {
            others.push((at, probe.info.id.to_string()));
            self.managers.answered(at, engine, &probe);
        }
        for (at, error) in &finish.failed {
            self.managers.failed(*at, error.to_string());
        }
        let ours = self.swarm.clone();
        let ours = ours.or_else(|| finish.winner.as_ref().map(|w| w.probe.info.id.to_string()));
        // If all of them say so, it is this one that was made anew.
        let anew = finish.winner.is_none() && finish.strangers.len() == self.managers.len();
        for (at, id) in finish.strangers.iter().chain(&others).filter(|_| !anew) {
            // One that does not tell which Swarm it is of is taken at its word.
            let tell = |ours: &&str| ours != id && !ours.is_empty() && !id.is_empty();
            if let Some(ours) = ours.as_deref().filter(tell) {
                self.stranger(*at, id, ours).await;
            }
        }
        self.tell_managers().await;
        if let Some(winner) = finish.winner {
            return Ok(winner);
        }
        let mut others: Vec<_> = finish.strangers.iter().map(|(_, id)| id).collect();
        others.dedup();
        if let [one] = others.as_slice()
            && anew
        {
            let said = format!("this is another Swarm now: {}", short(one));
            self.swarm = None;
            return Err(said);
        }
        if finish.failed.is_empty() {
            return Err("all its managers belong to another Swarm now".into());
        }
        Err(self.managers.trouble(&finish.failed))
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
            let end = caught(&endpoint, self.live(winner)).await.unwrap_or_else(End::Lost);
            self.tails.pause();
            match end {
                End::Gone => return Over::Gone,
                End::Lost(error) => return Over::Lost(error),
                End::Moved(why, next) => {
                    self.generation.0 += 1;
                    self.lost(why, Duration::ZERO, None).await;
                    winner = next;
                }
            }
        }
    }

    /// Watches through one manager until that fails or another is better.
    async fn live(&mut self, winner: Box<Winner>) -> End {
        let Winner { at, engine, probe, mut watch } = *winner;
        let here = engine.endpoint().to_string();
        let writes = self.writes(&engine, &probe);
        watch.open(self.generation).await;
        let (skew, round_trip) = (probe.skew, probe.round_trip);
        self.link(Link::Live { endpoint: here.clone(), skew, round_trip }).await;
        self.tell_managers().await;
        self.recall();
        watch.watch(self.watched.clone());
        self.tails.set(&engine, &self.out, self.logs.0, &self.logs.1);
        let began = Instant::now();
        // Soon for the first time: the race was over before all had answered.
        let mut round = tokio::time::interval_at((began + FIRST_ROUND).into(), ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut looks = JoinSet::new();
        // Others are asked to take over: this manager owes an answer, or is slow.
        let mut rescue = JoinSet::new();
        let mut for_speed = false;
        loop {
            let suspect_at = watch.owes_since().map(|since| since + SUSPECT);
            // Another manager is tried once for tasks that do not come: they may come through none.
            self.left_silent &= !watch.had_tasks();
            let is_silent = watch.has_silent_tasks() && !self.left_silent;
            let suspect_at = suspect_at.or(is_silent.then_some(began));
            if suspect_at.is_none() && !for_speed && !rescue.is_empty() {
                rescue = JoinSet::new();
            }
            let may_suspect = self.managers.len() > 1 && rescue.is_empty() && suspect_at.is_some();
            let suspicion = suspect_at.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                command = self.inbox.recv() => {
                    let Some(command) = command else { return End::Gone };
                    self.command(command, &engine, &mut watch, writes.as_ref());
                }
                Some(join) = self.joins.recv() => self.take_in(join).await,
                happening = watch.next() => {
                    if let Err(error) = watch.take(happening).await {
                        self.managers.failed(at, error.to_string());
                        return End::Lost(error);
                    }
                }
                Some(Ok(finish)) = rescue.join_next() => {
                    if let Ok(winner) = self.note(finish).await {
                        if for_speed {
                            return End::Moved(format!("{here} is slower than another manager"), winner);
                        }
                        let why = match watch.owes_since() {
                            None => {
                                self.left_silent = true;
                                format!("{here}: no answer to GET /tasks")
                            }
                            Some(at) => {
                                let owed = at.elapsed().as_secs_f64();
                                format!("{here}: no answer for {owed:.1} s")
                            }
                        };
                        self.managers.failed(at, why.clone());
                        return End::Moved(why, winner);
                    }
                    for_speed = false;
                }
                () = tokio::time::sleep_until(suspicion.into()), if may_suspect => {
                    for_speed = false;
                    rescue.spawn(self.rescue(at));
                }
                _ = round.tick() => {
                    for (at, mut engine) in self.managers.candidates(None) {
                        looks.spawn(async move {
                            let endpoint = engine.endpoint().to_string();
                            let probe = caught(&endpoint, engine.probe(wall)).await;
                            (at, engine, probe.and_then(|probe| probe))
                        });
                    }
                }
                Some(Ok((of, engine, probe))) = looks.join_next() => {
                    self.looked(at, of, engine, probe).await;
                    if rescue.is_empty() && began.elapsed() > SETTLED && self.managers.has_faster() {
                        for_speed = true;
                        rescue.spawn(self.rescue(at));
                    }
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
            let load = tokio::task::spawn_blocking(move || {
                (history.load(&swarm, wall()), history.load_beginnings(&swarm, wall()))
            });
            if let Ok(((entries, quieted), beginnings)) = load.await {
                let _ = out.send(Event::Beginnings(beginnings)).await;
                let _ = out.send(Event::History(entries, quieted)).await;
            }
        });
    }

    fn keep(&self, kept: Record) {
        if let Some(swarm) = &self.swarm {
            self.keeper.keep(swarm, kept, wall());
        }
    }

    /// Starts a race among all other managers.
    fn rescue(&self, but: usize) -> impl Future<Output = Finish> + Send + use<> {
        let others = self.managers.candidates(Some(but));
        race(others, self.swarm.clone(), self.generation, self.config.budget, self.out.clone())
    }

    /// Handles the result of probing a manager.
    async fn looked(
        &mut self,
        in_use: usize,
        of: usize,
        engine: Engine,
        probe: Result<Probe, EngineError>,
    ) {
        match probe {
            Ok(probe)
                if probe.info.id.is_empty() || self.swarm.as_deref() == Some(&*probe.info.id) =>
            {
                self.managers.answered(of, engine, &probe);
            }
            Ok(probe) => {
                let ours = self.swarm.clone().unwrap_or_default();
                self.stranger(of, &probe.info.id, &ours).await;
            }
            // Watching tells of the one in use.
            Err(_) if of == in_use => {}
            Err(error) => self.managers.failed(of, error.to_string()),
        }
        self.tell_managers().await;
    }

    /// Handles a manager of another Swarm. If the endpoints were only assumed to be managers of one
    /// Swarm, it gets a session of its own; otherwise it is reported as a mistake.
    async fn stranger(&mut self, at: usize, id: &str, ours: &str) {
        if self.config.mixed
            && let Some(joiner) = self.registrar.home_of(id, self.out.no()).await
            && let Some(manager) = self.managers.part(at)
        {
            let join = Join { managers: vec![manager], read_only: self.config.grant.is_none() };
            let _ = joiner.send(join).await;
            return;
        }
        let why = format!("belongs to another Swarm ({}, not {})", short(id), short(ours));
        self.managers.failed(at, why);
    }

    /// Waits for managers if it has none. False if the session is no longer needed.
    async fn has_managers(&mut self) -> bool {
        while self.managers.len() == 0 {
            tokio::select! {
                join = self.joins.recv() => {
                    let Some(join) = join else { return false };
                    self.take_in(join).await;
                    self.out.opened(self.managers.endpoint(0)).await;
                }
                command = self.inbox.recv() => match command {
                    None => return false,
                    Some(Command::Watch(services)) => self.watched = services,
                    Some(_) => {}
                }
            }
        }
        true
    }

    /// Sender for managers that belong to this session's Swarm.
    pub fn joiner(&self) -> mpsc::Sender<Join> {
        self.joiner.clone()
    }

    async fn take_in(&mut self, join: Join) {
        self.managers.join(join.managers);
        if join.read_only {
            self.config.grant = None;
        }
        self.tell_managers().await;
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

    fn command(
        &mut self,
        command: Command,
        engine: &Engine,
        watch: &mut Watch,
        writes: Option<&Writes>,
    ) {
        match command {
            Command::Watch(services) => {
                self.watched.clone_from(&services);
                watch.watch(services);
            }
            Command::Logs(view, tasks) => {
                self.logs = (view, tasks.clone());
                self.tails.set(engine, &self.out, view, &tasks);
            }
            Command::OlderLogs(view, tasks) => follow::older(engine, &self.out, view, tasks),
            Command::Remember(entries) => self.keep(Record::Entries(entries)),
            Command::Quieted(quieted) => self.keep(Record::Quieted(quieted)),
            Command::Beginnings(all) => self.keep(Record::Beginnings(all)),
            Command::LastLines(task) => ends::last(engine, &self.out, task),
            Command::Attend => watch.attend(),
            Command::Usage => {
                let (out, usage) = (self.out.clone(), Box::new(watch.usage()));
                tokio::spawn(async move { out.send(Event::Usage(usage)).await });
            }
            Command::Documents(token, ids) => documents::read(engine, &self.out, token, ids),
            Command::ReadBack(token, ids) => documents::find(engine, &self.out, token, ids),
            Command::Raw(token, kind, id) => documents::raw(engine, &self.out, token, kind, id),
            Command::CarryOut(approved) => {
                // Another entry may have turned out to be this Swarm, and read-only.
                match writes.filter(|_| self.config.grant.is_some()) {
                    Some(writes) => writes.carry_out(approved),
                    None => {
                        let out = self.out.clone();
                        tokio::spawn(async move {
                            writes::refuse(&out, &approved, "this cluster is read-only").await
                        });
                    }
                }
            }
            Command::Retry => {}
        }
    }

    /// Waits for `what`, answering meanwhile what can be answered without an engine.
    async fn meanwhile<T>(&mut self, what: impl Future<Output = T>, why: &str) -> Result<T, Gone>
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
                        let unread = |target| (target, Found::Unreadable(why.to_owned()));
                        let found = targets.into_iter().map(unread).collect();
                        self.out.send(Event::ReadBack(token, found)).await?;
                    }
                    Command::Raw(token, _, _) => {
                        self.out.send(Event::Raw(token, Err(why.to_owned()))).await?;
                    }
                    Command::CarryOut(approved) => {
                        writes::refuse(&self.out, &approved, why).await?;
                    }
                    // A race that is cut short has no winner: the next one begins at once.
                    Command::Retry => return Ok(T::default()),
                },
            }
        }
    }
}

/// The short form of an ID.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
