//! The state of every node's reach, owned by one task.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

use super::{
    NoReach, NodeNews, NodeReach, NodeSeen,
    known_node::{KnownNode, ReachState, Waiter, WithinReach},
};
use crate::{
    cluster::{Machine, NodeId},
    connect::SshPrompts,
    engine::Engine,
    session::{jobs::caught, link::backoff::Backoff},
};

/// Times of a registry.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReachTimes {
    /// A node that nobody has needed for so long is left.
    unused: Duration,
    /// Between two signs of life of a node that is watched: with the time that one may take, a lost node is
    /// told within 15 s.
    round: Duration,
    /// Between two readings of the facts, where more than a few nodes are watched.
    slow_round: Duration,
    /// The same failure is told again for so long before a request tries anew.
    fresh: Duration,
    /// Without a connection that stands, who answers is checked again after this time.
    check_again: Duration,
    tick: Duration,
}

impl Default for ReachTimes {
    fn default() -> Self {
        Self {
            unused: Duration::from_secs(300),
            round: Duration::from_secs(5),
            slow_round: Duration::from_secs(30),
            fresh: Duration::from_secs(2),
            check_again: Duration::from_secs(20),
            tick: Duration::from_millis(500),
        }
    }
}

/// Number of watched nodes whose facts are read at every round.
const FEW: usize = 2;

/// The manager in use and its own node.
pub(super) type OwnNode = (Engine, NodeId);

#[derive(Debug)]
pub(super) enum NodeRequest {
    Manager(Engine, NodeId),
    Engine(NodeId, SshPrompts, oneshot::Sender<Result<Engine, NoReach>>),
    Look(NodeId, oneshot::Sender<NodeSeen>),
    /// The engine of a node that is within reach already.
    Within(NodeId, oneshot::Sender<Option<Engine>>),
    Watch(Vec<NodeId>),
}

/// Result of a job.
enum JobResult {
    Login(Result<Arc<WithinReach>, NoReach>),
    /// The facts, if they were read; why there was no sign of life.
    Round(Result<Option<Arc<Machine>>, String>),
}

/// `L` reaches a node.
pub(super) struct Registry<L> {
    login: L,
    tell: mpsc::UnboundedSender<NodeNews>,
    manager: Option<OwnNode>,
    nodes: HashMap<NodeId, KnownNode>,
    watched: Vec<NodeId>,
    times: ReachTimes,
    jobs: JoinSet<(NodeId, u64, JobResult)>,
}

impl<L, F> Registry<L>
where
    L: Fn(Option<OwnNode>, NodeId, SshPrompts) -> F + Send + 'static,
    F: Future<Output = Result<WithinReach, NoReach>> + Send + 'static,
{
    /// A registry that has reached nothing yet.
    pub fn new(login: L, tell: mpsc::UnboundedSender<NodeNews>, times: ReachTimes) -> Self {
        let (nodes, watched) = (HashMap::new(), Vec::new());
        Self { login, tell, manager: None, nodes, watched, times, jobs: JoinSet::new() }
    }

    /// Runs until nobody can ask any more; every connection ends with it.
    pub async fn run(mut self, mut asked: mpsc::UnboundedReceiver<NodeRequest>) {
        loop {
            let is_idle = self.nodes.is_empty();
            tokio::select! {
                request = asked.recv() => match request {
                    Some(request) => self.request(request).await,
                    None => return,
                },
                Some(Ok((node, generation, result))) = self.jobs.join_next() => {
                    self.ended(&node, generation, result);
                }
                () = tokio::time::sleep(self.times.tick), if !is_idle => self.tick(),
            }
        }
    }

    async fn request(&mut self, request: NodeRequest) {
        match request {
            NodeRequest::Manager(engine, node) => {
                let before = self.manager.replace((engine, node.clone())).map(|(_, own)| own);
                for own in before.into_iter().chain([node]) {
                    if let Some(known) = self.nodes.get_mut(&own)
                        && known.waiters.is_empty()
                    {
                        known.becomes(ReachState::Untried);
                    }
                }
            }
            NodeRequest::Engine(node, ask, answer) => {
                // It needs no check: the manager said itself which node it is.
                if let Some((engine, own)) = &self.manager
                    && *own == node
                {
                    let _ = answer.send(Ok(engine.clone()));
                    return;
                }
                self.need(node, ask, Waiter::Engine(answer)).await;
            }
            NodeRequest::Look(node, answer) => {
                self.need(node, SshPrompts::Never, Waiter::Look(answer)).await;
            }
            NodeRequest::Within(node, answer) => {
                let _ = answer.send(self.within(&node).await);
            }
            NodeRequest::Watch(nodes) => {
                for node in &nodes {
                    self.nodes.entry(node.clone()).or_insert_with(KnownNode::new).used =
                        Instant::now();
                }
                self.watched = nodes;
                self.tick();
            }
        }
    }

    async fn within(&self, node: &NodeId) -> Option<Engine> {
        if let Some((engine, own)) = &self.manager
            && own == node
        {
            return Some(engine.clone());
        }
        let ReachState::Within(within) = &self.nodes.get(node)?.state else { return None };
        let stands = match within.reach {
            NodeReach::Ssh { .. } => within.engine.connector().is_logged_in().await,
            _ => true,
        };
        stands.then(|| within.engine.clone())
    }

    /// Answers now, if the node is within reach, or when that is known.
    async fn need(&mut self, node: NodeId, ask: SshPrompts, waiter: Waiter) {
        let known = self.nodes.entry(node.clone()).or_insert_with(KnownNode::new);
        known.used = Instant::now();
        let is_good = match &known.state {
            ReachState::Within(within) => match within.reach {
                NodeReach::Ssh { .. } => within.engine.connector().is_logged_in().await,
                _ => known.since.elapsed() < self.times.check_again,
            },
            ReachState::Out(_) => {
                known.since.elapsed() < self.times.fresh && ask == SshPrompts::Never
            }
            ReachState::Reaching => true,
            ReachState::Untried => false,
        };
        known.waiters.push(waiter);
        if is_good {
            self.answer(&node);
        } else {
            self.log_in(&node, ask);
        }
    }

    fn log_in(&mut self, node: &NodeId, ask: SshPrompts) {
        let Some(known) = self.nodes.get_mut(node) else { return };
        known.becomes(ReachState::Reaching);
        let (generation, id) = (known.generation, node.clone());
        let login = (self.login)(self.manager.clone(), node.clone(), ask);
        self.jobs.spawn(async move {
            let reached = caught(id.short(), login).await;
            let reached = reached.unwrap_or_else(|e| Err(NoReach::new(e.to_string(), "report it")));
            (id, generation, JobResult::Login(reached.map(Arc::new)))
        });
        self.tell(node);
    }

    /// Answers those who wait for a node, if its state is known.
    fn answer(&mut self, node: &NodeId) {
        let Some(known) = self.nodes.get_mut(node) else { return };
        let mut looks = Vec::new();
        match &known.state {
            ReachState::Untried | ReachState::Reaching => return,
            ReachState::Within(within) => {
                for waiter in known.waiters.drain(..) {
                    match waiter {
                        Waiter::Engine(answer) => drop(answer.send(Ok(within.engine.clone()))),
                        Waiter::Look(answer) => looks.push(answer),
                    }
                }
            }
            ReachState::Out(no) => {
                for waiter in known.waiters.drain(..) {
                    match waiter {
                        Waiter::Engine(answer) => drop(answer.send(Err(no.clone()))),
                        Waiter::Look(answer) => {
                            let reach = no.clone().into();
                            let _ = answer.send(NodeSeen { reach, machine: None });
                        }
                    }
                }
            }
        }
        let is_read = known.machine.is_some();
        for answer in looks {
            if is_read {
                let _ = answer.send(known.seen());
            } else {
                known.waiters.push(Waiter::Look(answer));
            }
        }
        if !known.waiters.is_empty() && !known.is_asked {
            self.ask(&node.clone(), true);
        }
    }

    /// Asks for a sign of life, and for the facts.
    fn ask(&mut self, node: &NodeId, with_facts: bool) {
        let Some(known) = self.nodes.get_mut(node) else { return };
        let ReachState::Within(within) = &known.state else { return };
        let now = Instant::now();
        (known.is_asked, known.round) = (true, Some(now));
        if with_facts {
            known.facts = Some(now);
        }
        let (within, generation, id) = (Arc::clone(within), known.generation, node.clone());
        self.jobs.spawn(async move {
            let round = async {
                within.engine.sign_of_life().await.map_err(|e| e.to_string())?;
                Ok(match with_facts {
                    true => Some(Arc::new(within.engine.machine(&within.info).await)),
                    false => None,
                })
            };
            let round = caught(id.short(), round).await.unwrap_or_else(|e| Err(e.to_string()));
            (id, generation, JobResult::Round(round))
        });
    }

    fn ended(&mut self, node: &NodeId, generation: u64, result: JobResult) {
        let Some(known) = self.nodes.get_mut(node) else { return };
        if known.generation != generation {
            return;
        }
        match result {
            JobResult::Login(Ok(within)) => {
                known.becomes(ReachState::Within(within));
                known.backoff = Backoff::default();
            }
            JobResult::Login(Err(no)) => {
                // What only an answer can mend is not tried for its own sake: sshd counts failures.
                let wait = if no.answerable { self.times.unused } else { known.backoff.wait() };
                known.becomes(ReachState::Out(no));
                known.retry = Instant::now() + wait;
            }
            JobResult::Round(Ok(machine)) => {
                known.is_asked = false;
                if let Some(machine) = machine {
                    known.machine = Some(machine);
                } else {
                    return;
                }
            }
            JobResult::Round(Err(why)) => {
                known.becomes(ReachState::Out(NoReach::new(why, "it is tried again by itself")));
                known.retry = Instant::now() + known.backoff.wait();
            }
        }
        self.answer(node);
        self.tell(node);
        self.tick();
    }

    fn tell(&self, node: &NodeId) {
        if let Some(known) = self.nodes.get(node) {
            let _ = self.tell.send((node.clone(), known.seen()));
        }
    }

    /// Does what is due: logins, rounds, and leaving what nobody needs.
    fn tick(&mut self) {
        let now = Instant::now();
        let pace = if self.watched.len() > FEW { self.times.slow_round } else { self.times.round };
        let is_due = |last: Option<Instant>, pace| last.is_none_or(|last| now - last >= pace);
        for node in self.watched.clone() {
            let Some(known) = self.nodes.get_mut(&node) else { continue };
            known.used = now;
            match &known.state {
                ReachState::Untried => self.log_in(&node, SshPrompts::Never),
                ReachState::Out(_) if now >= known.retry => self.log_in(&node, SshPrompts::Never),
                ReachState::Within(_)
                    if !known.is_asked && is_due(known.round, self.times.round) =>
                {
                    let with_facts = is_due(known.facts, pace);
                    self.ask(&node, with_facts);
                }
                _ => {}
            }
        }
        let is_unused = |known: &KnownNode| {
            known.waiters.is_empty()
                && now - known.used >= self.times.unused
                && !matches!(known.state, ReachState::Reaching)
        };
        let unused = self.nodes.extract_if(|_, known| is_unused(known));
        for (node, known) in unused {
            if !matches!(known.state, ReachState::Untried) {
                let _ = self.tell.send((node, NodeSeen::default()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::{super::NodeEngines, *};
    use crate::{
        connect::{Connector, Endpoint},
        engine::NodeInfo,
    };

    /// An engine that nothing is asked of.
    fn engine() -> Engine {
        Engine::new(Connector::new(Endpoint::Unix("/nowhere".into())))
    }

    fn within() -> WithinReach {
        let info = NodeInfo::default();
        WithinReach { engine: engine(), info, reach: NodeReach::Local }
    }

    /// A registry of which these logins fail, and their number.
    fn registry(
        times: ReachTimes,
        fails: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> (NodeEngines, mpsc::UnboundedReceiver<NodeNews>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let login = move |_, _, _| {
            let fails = fails(counted.fetch_add(1, Relaxed));
            async move {
                tokio::task::yield_now().await;
                if fails { Err(NoReach::new("no", "mend it")) } else { Ok(within()) }
            }
        };
        let ((requests, asked), (tell, news)) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        tokio::spawn(Registry::new(login, tell, times).run(asked));
        (NodeEngines(requests), news, count)
    }

    /// The next news of a node.
    async fn heard(news: &mut mpsc::UnboundedReceiver<NodeNews>) -> &'static str {
        match news.recv().await.expect("the registry runs").1.reach {
            NodeReach::Untried => "untried",
            NodeReach::Reaching => "reaching",
            NodeReach::None { .. } => "out",
            _ => "within",
        }
    }

    const SHORT: Duration = Duration::from_millis(5);
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_node_is_reached_once_and_left_when_nobody_needs_it() {
        let times = ReachTimes { unused: SHORT, tick: SHORT, ..ReachTimes::default() };
        let (engines, mut news, count) = registry(times, |_| false);
        let node = NodeId::from("n1");
        let (a, b) = tokio::join!(engines.engine(&node), engines.engine(&node));
        assert!(a.is_ok() && b.is_ok() && count.load(Relaxed) == 1, "both wait for one login");
        assert_eq!(heard(&mut news).await, "reaching");
        assert_eq!(heard(&mut news).await, "within");
        assert_eq!(heard(&mut news).await, "untried", "left when nobody needed it for long");
        assert!(engines.engine(&node).await.is_ok() && count.load(Relaxed) == 2);
    }

    #[tokio::test]
    async fn a_failure_is_told_again_while_it_is_fresh_and_tried_again_while_it_is_watched() {
        let times = ReachTimes { fresh: LONG, tick: SHORT, round: LONG, ..ReachTimes::default() };
        let (engines, mut news, count) = registry(times, |n| n < 2);
        let node = NodeId::from("n1");
        let no = engines.engine(&node).await.unwrap_err();
        assert_eq!((&*no.why, &*no.hint), ("no", "mend it"));
        assert_eq!(engines.engine(&node).await.unwrap_err(), no, "it is fresh");
        assert_eq!(count.load(Relaxed), 1);
        engines.watch(vec![node]);
        for said in ["reaching", "out", "reaching", "out", "reaching", "within"] {
            assert_eq!(heard(&mut news).await, said);
        }
    }

    #[tokio::test]
    async fn a_node_without_a_sign_of_life_is_told() {
        // Its engine is at no socket.
        let times = ReachTimes { tick: SHORT, ..ReachTimes::default() };
        let (engines, mut news, _) = registry(times, |n| n > 0);
        engines.watch(vec![NodeId::from("n1")]);
        for said in ["reaching", "within", "out", "reaching"] {
            assert_eq!(heard(&mut news).await, said);
        }
    }

    #[tokio::test]
    async fn the_managers_own_node_costs_no_login() {
        let (engines, _news, count) = registry(ReachTimes::default(), |_| true);
        let own = NodeId::from("n1");
        engines.use_manager(engine(), own.clone());
        assert!(engines.engine(&own).await.is_ok());
        assert!(engines.engine(&NodeId::from("n2")).await.is_err());
        assert_eq!(count.load(Relaxed), 1);
    }
}
