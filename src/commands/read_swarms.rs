//! One look at each cluster, through whichever manager answers first.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    cluster::{Delta, ELECTION, Leaderless, Store, Timestamp},
    commands::{
        Taken,
        ends::add_ends,
        fault::{Fault, USAGE, fault},
    },
    connect::{Connector, Endpoint, Wanted},
    engine::{Engine, EngineError, Probe},
    keep::History,
    session::{greet, leaderless, load},
    triage::Thresholds,
};

/// A one-off look must end, also on an engine that says nothing.
const LIMIT: Duration = Duration::from_secs(60);
/// Time that other endpoints have, once one Swarm is read, to say that they belong to another.
const OTHERS: Duration = Duration::from_secs(10);
/// Time for the first manager to send its lists before the next one is asked as well.
const LEAD: Duration = Duration::from_millis(800);
/// Between two looks at a Swarm without a leader.
const AGAIN: Duration = Duration::from_secs(1);

/// The result.
#[derive(Default)]
pub(super) struct SwarmsRead {
    /// A Swarm each, or why one can't be seen.
    pub all: Vec<Result<Taken, String>>,
    /// Endpoints that could not be used where another of the same Swarm could, and history that can't be
    /// read.
    pub notices: Vec<String>,
}

type Greeting = Result<(Engine, Probe), EngineError>;

/// Greets all at once; they answer in the order in which they can.
pub(super) fn greet_all(endpoints: Vec<Endpoint>) -> JoinSet<(Endpoint, Greeting)> {
    let mut greeted = JoinSet::new();
    for endpoint in endpoints {
        greeted.spawn(async move {
            let greeting = greet(Connector::new(endpoint.clone())).await;
            (endpoint, greeting)
        });
    }
    greeted
}

/// The only cluster there is; `command` wants no other.
pub(super) fn only_cluster(clusters: Vec<Wanted>, command: &str) -> Result<Wanted, Fault> {
    let [cluster] = <[Wanted; 1]>::try_from(clusters).map_err(|all| {
        let names: Vec<_> = all.into_iter().filter_map(|cluster| cluster.name).collect();
        let said = format!("{command} wants one cluster: name it with -c ({})", names.join(", "));
        fault(USAGE)(said)
    })?;
    Ok(cluster)
}

/// Its first manager that answers.
pub(super) async fn first_manager(cluster: &Wanted) -> Result<(Engine, Probe), String> {
    let mut greeted = greet_all(cluster.endpoints.clone());
    let mut why = Vec::new();
    while let Some(Ok((_, greeting))) = greeted.join_next().await {
        match greeting {
            Ok(found) => return Ok(found),
            Err(error) => why.push(error.to_string()),
        }
    }
    Err(why.join("; "))
}

/// [`greet_all`], and makes sure that each lists something: one without quorum may greet and then hang.
pub(super) fn ready_all(endpoints: Vec<Endpoint>) -> JoinSet<(Endpoint, Result<(), EngineError>)> {
    let mut ready = JoinSet::new();
    for endpoint in endpoints {
        ready.spawn(async move {
            let lists = async {
                let (engine, _) = greet(Connector::new(endpoint.clone())).await?;
                match engine.nodes().await {
                    Err(error) if error.is_connection() => Err(error),
                    // That it refuses them is an answer.
                    _ => Ok(()),
                }
            };
            let lists = lists.await;
            (endpoint, lists)
        });
    }
    ready
}

/// One look at every cluster. With what is remembered of each, if `past` is given.
pub(super) async fn read_swarms(
    clusters: Vec<Wanted>,
    thresholds: &Thresholds,
    history: Option<History>,
) -> SwarmsRead {
    let readings =
        clusters.into_iter().map(|cluster| read_swarm(cluster, thresholds, history.as_ref()));
    let mut seen = std::collections::HashSet::new();
    let mut all = SwarmsRead::default();
    for read in futures_util::future::join_all(readings).await {
        all.all.extend(read.all);
        all.notices.extend(read.notices);
    }
    // Several clusters of the config may be one Swarm.
    all.all.retain(|look| match look {
        Ok(taken) if !taken.store.info().id.is_empty() => {
            seen.insert(taken.store.info().id.clone())
        }
        _ => true,
    });
    all
}

/// One round of asking all managers of a cluster.
#[derive(Default)]
struct Round {
    greeted: JoinSet<(Endpoint, Greeting)>,
    loads: JoinSet<(Endpoint, Loaded)>,
    /// Answered, and are not read yet.
    ready: VecDeque<(Endpoint, Engine, Probe)>,
    /// Being read: of which Swarm each is.
    loading: Vec<(Endpoint, Arc<str>)>,
    read: Vec<(Store, Timestamp, Endpoint)>,
    failed: Vec<EngineError>,
    /// Why others can't be used.
    slow: Vec<String>,
}

/// A manager that takes too long has no result.
type Loaded = Option<Result<(Store, Timestamp), EngineError>>;

impl Round {
    /// Asks all managers, and reads each Swarm through the first of its that can.
    async fn ask(cluster: &Wanted) -> Self {
        let greeted = greet_all(cluster.endpoints.clone());
        let mut round = Self { greeted, ..Self::default() };
        let mut waiting = cluster.endpoints.clone();
        let mut end = tokio::time::Instant::now() + LIMIT;
        let mut next_at = tokio::time::Instant::now();
        while round.goes_on(cluster.mixed) {
            if (round.loads.is_empty() || tokio::time::Instant::now() >= next_at)
                && let Some((endpoint, engine, probe)) = round.ready.pop_front()
            {
                next_at = tokio::time::Instant::now() + LEAD;
                round.load(endpoint, engine, probe);
            }
            tokio::select! {
                Some(Ok((endpoint, greeting))) = round.greeted.join_next() => {
                    waiting.retain(|e| *e != endpoint);
                    match greeting {
                        Ok((engine, probe)) => round.ready.push_back((endpoint, engine, probe)),
                        Err(error) => round.failed.push(error),
                    }
                }
                Some(Ok((endpoint, loaded))) = round.loads.join_next() => {
                    if round.loaded(endpoint, loaded) {
                        end = end.min(tokio::time::Instant::now() + OTHERS);
                    }
                }
                () = tokio::time::sleep_until(next_at), if !round.ready.is_empty() => {}
                () = tokio::time::sleep_until(end) => break,
            }
        }
        if cluster.mixed || round.read.is_empty() {
            let said = |endpoint: &Endpoint| format!("{endpoint}: no answer");
            round.slow.extend(waiting.iter().map(said));
            let said = |(endpoint, _): &(Endpoint, _)| format!("{endpoint}: no complete answer");
            round.slow.extend(round.loading.iter().map(said));
        }
        round
    }

    fn is_read(&self, swarm: &str) -> bool {
        self.read.iter().any(|(store, _, _)| *store.info().id == *swarm)
    }

    /// Whether there is anything to wait for.
    fn goes_on(&mut self, mixed: bool) -> bool {
        if !mixed && !self.read.is_empty() {
            return false;
        }
        let mut ready = std::mem::take(&mut self.ready);
        ready.retain(|(_, _, probe)| !self.is_read(&probe.info.id));
        self.ready = ready;
        let loads = self.loading.iter().any(|(_, swarm)| !self.is_read(swarm));
        loads || !self.ready.is_empty() || !self.greeted.is_empty()
    }

    fn load(&mut self, endpoint: Endpoint, engine: Engine, probe: Probe) {
        self.loading.push((endpoint.clone(), probe.info.id.clone()));
        self.loads.spawn(async move {
            (endpoint, tokio::time::timeout(LIMIT, load(&engine, &probe)).await.ok())
        });
    }

    /// Takes in what was read; true if it is a Swarm that was not read before.
    fn loaded(&mut self, endpoint: Endpoint, loaded: Loaded) -> bool {
        self.loading.retain(|(of, _)| *of != endpoint);
        match loaded {
            None => {
                self.slow.push(format!(
                    "{endpoint}: no complete answer within {}",
                    crate::text::exact(LIMIT)
                ));
            }
            Some(Err(error)) => self.failed.push(error),
            Some(Ok((store, at))) if !self.is_read(&store.info().id) => {
                self.read.push((store, at, endpoint));
                return true;
            }
            Some(Ok(_)) => {}
        }
        false
    }
}

async fn read_swarm(
    cluster: Wanted,
    thresholds: &Thresholds,
    history: Option<&History>,
) -> SwarmsRead {
    let begun = Instant::now();
    let name = cluster.name.clone().unwrap_or_else(|| "default".into());
    let mut first: Option<(Instant, Timestamp)> = None;
    loop {
        let round = Round::ask(&cluster).await;
        let told = leaderless(&round.failed, now());
        if let Some(mut told) = told.filter(|_| round.read.is_empty()) {
            // An election is over in seconds, and is no outage.
            let (heard, since) = *first.get_or_insert((Instant::now(), told.since));
            told.since = since;
            if !told.is_certain() && heard.elapsed() < ELECTION {
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            let endpoint = cluster.endpoints.first().map(ToString::to_string).unwrap_or_default();
            let mut taken = without_leader(told, name, endpoint, begun.elapsed(), thresholds);
            taken.titled(cluster.name.as_deref());
            return SwarmsRead { all: vec![Ok(taken)], notices: Vec::new() };
        }
        let why = round.failed.iter().map(ToString::to_string).chain(round.slow);
        if round.read.is_empty() {
            return SwarmsRead { all: vec![Err(in_short(why.collect()))], notices: Vec::new() };
        }
        let mut looks = SwarmsRead::default();
        let several = round.read.len() > 1;
        for (mut store, at, endpoint) in round.read {
            if let Some(history) = history.cloned() {
                let swarm = store.info().id.to_string();
                let load = tokio::task::spawn_blocking(move || history.load(&swarm, at));
                let past = load.await.unwrap_or_default();
                store.recall(past.entries);
                store.recall_beginnings(past.beginnings);
                looks.notices.extend(past.unread);
            }
            let (name, through) = (name.clone(), endpoint.to_string());
            let mut taken = Taken::new(store, at, name, through, begun.elapsed(), thresholds);
            taken.titled(cluster.name.as_deref());
            taken.reached = Some(endpoint);
            add_ends(&mut taken, &cluster, thresholds).await;
            looks.all.push(Ok(taken));
        }
        // Where one Swarm answers, the others are its managers; where several do, nobody knows.
        if several {
            looks.all.extend(why.map(Err));
        } else if cluster.mixed {
            looks.notices.extend(why);
        }
        return looks;
    }
}

/// A Swarm without a leader: nothing is listed, and only the reports of the managers are judged.
fn without_leader(
    told: Leaderless,
    name: String,
    endpoint: String,
    age: Duration,
    thresholds: &Thresholds,
) -> Taken {
    let at = now();
    let mut store = Store::default();
    store.apply(Delta::Leaderless(told), at);
    Taken::new(store, at, name, endpoint, age, thresholds)
}

/// Why none can be used: the first reason, and of how many.
fn in_short(mut why: Vec<String>) -> String {
    match why.len() {
        0 => "there is no manager to try".into(),
        1 => why.remove(0),
        n => format!("none of {n} managers can be used; {}", why.join("; ")),
    }
}

/// Now, by our clock.
pub(super) fn now() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}
