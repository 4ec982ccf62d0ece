//! The shells of this skep that may run on a node: nobody ends skep before it has tried to end them.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, watch};

use crate::{
    engine::Process,
    grant::ClusterNo,
    keep::{HeldNote, MOST_DAYS, ShellNote},
    text::count,
};

/// Processes that are named at most.
const MOST_NAMED: usize = 4;

/// News of a shell, beside its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellNews {
    /// The cluster.
    pub cluster: ClusterNo,
    /// The task.
    pub name: String,
    /// The news.
    pub what: ShellFact,
}

/// A fact about a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellFact {
    /// Its begin or its end is not in the audit file, and why.
    Unrecorded(String),
    /// It is not noted for the next skep, and why.
    Unnoted(String),
    /// Its processes may still run: the reason why they could not be ended.
    Left(String),
    /// Processes of it still run after it was ended, and nothing more can be done from here.
    Stays(Vec<Process>),
    /// Its node has left the Swarm.
    NodeGone,
    /// Nobody could end what it ran for so long that nobody tries any more: the reason.
    GivenUp(String),
}

impl std::fmt::Display for ShellNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.name;
        match &self.what {
            ShellFact::Unrecorded(why) => write!(f, "{name}: not in the audit file: {why}"),
            ShellFact::Unnoted(why) => write!(
                f,
                "{name}: if skep is killed no other one ends this shell: it is not noted: {why}"
            ),
            ShellFact::Left(why) => write!(f, "what ran in {name} may still run: {why}"),
            ShellFact::NodeGone => {
                write!(f, "what ran in {name} may still run: its node has left the Swarm")
            }
            ShellFact::GivenUp(why) => write!(
                f,
                "what ran in {name} may still run, and is given up after {MOST_DAYS} days: {why}"
            ),
            ShellFact::Stays(processes) => {
                let still = count(processes.len(), "process", "processes");
                let run = if processes.len() == 1 { "runs" } else { "run" };
                let shown = processes.iter().take(MOST_NAMED);
                let shown = shown.map(|one| format!("{} (PID {})", one.name, one.pid));
                let more = if processes.len() > MOST_NAMED { ", …" } else { "" };
                let names = shown.collect::<Vec<_>>().join(", ");
                write!(
                    f,
                    "{still} of the shell in {name} still {run} on its node and can be ended only there: \
                     {names}{more}"
                )
            }
        }
    }
}

/// Counts the shells that may run; clones count the same ones.
#[derive(Clone, Debug)]
pub struct OpenShells {
    all: watch::Sender<Counted>,
    news: mpsc::UnboundedSender<ShellNews>,
}

/// Shells that nobody has tried to end yet.
#[derive(Debug, Default)]
struct Counted {
    /// None may be started any more.
    is_closed: bool,
    next: usize,
    open: BTreeMap<usize, (ClusterNo, String)>,
}

/// A shell that may run, until this is dropped.
#[derive(Debug)]
pub(super) struct OpenShell {
    no: usize,
    teller: ShellTeller,
}

/// Tells news of a shell.
#[derive(Clone, Debug)]
pub(super) struct ShellTeller {
    cluster: ClusterNo,
    name: String,
    of: OpenShells,
}

impl OpenShells {
    /// None so far, and their news.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<ShellNews>) {
        let (news, told) = mpsc::unbounded_channel();
        (Self { all: watch::Sender::default(), news }, told)
    }

    /// Counts one that is about to be started; none when skep is about to end.
    pub(super) fn open(&self, cluster: ClusterNo, name: &str) -> Option<OpenShell> {
        let mut opened = None;
        self.all.send_modify(|all| {
            if !all.is_closed {
                opened = Some(all.next);
                all.open.insert(all.next, (cluster, name.to_owned()));
                all.next += 1;
            }
        });
        opened.map(|no| OpenShell { no, teller: self.teller(cluster, name) })
    }

    /// Tells news of a shell that is in a task of this name.
    pub(super) fn teller(&self, cluster: ClusterNo, name: &str) -> ShellTeller {
        ShellTeller { cluster, name: name.to_owned(), of: self.clone() }
    }

    /// Lets no more be started, and waits until each is gone or can't be ended; or until `enough`. Returns
    /// those that were not heard of by then.
    pub async fn close(&self, enough: impl Future<Output = ()>) -> Vec<ShellNews> {
        self.all.send_modify(|all| all.is_closed = true);
        let mut all = self.all.subscribe();
        tokio::select! {
            _ = all.wait_for(|all| all.open.is_empty()) => {}
            () = enough => {}
        }
        let left = |(cluster, name): &(ClusterNo, String)| {
            let what = ShellFact::Left("no answer".into());
            ShellNews { cluster: *cluster, name: name.clone(), what }
        };
        self.all.borrow().open.values().map(left).collect()
    }
}

/// A shell that may run: this skep waits for it, and the next one finds its note.
#[derive(Debug)]
pub(super) struct Tracked {
    pub held: HeldNote,
    pub open: OpenShell,
}

impl Tracked {
    /// Its note.
    pub fn note(&self) -> &ShellNote {
        self.held.note()
    }

    /// It is gone.
    pub fn forget(self) {
        self.held.forget();
        drop(self.open);
    }
}

impl OpenShell {
    /// Tells something of it.
    pub fn tell(&self, what: ShellFact) {
        self.teller.tell(what);
    }

    /// Tells its news, also when it is no longer waited for.
    pub fn teller(&self) -> ShellTeller {
        self.teller.clone()
    }
}

impl ShellTeller {
    /// Tells something of it.
    pub fn tell(&self, what: ShellFact) {
        let (cluster, name) = (self.cluster, self.name.clone());
        let _ = self.of.news.send(ShellNews { cluster, name, what });
    }
}

impl Drop for OpenShell {
    fn drop(&mut self) {
        self.teller.of.all.send_modify(|all| drop(all.open.remove(&self.no)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_each_and_starts_none() {
        let (shells, mut news) = OpenShells::new();
        let one = shells.open(ClusterNo(1), "web.1").expect("it may be started");
        one.tell(ShellFact::Unrecorded("disk full".into()));
        let told = news.recv().await.expect("news");
        assert_eq!(told.to_string(), "web.1: not in the audit file: disk full");
        let left = shells.close(std::future::ready(())).await;
        assert_eq!(
            left.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["what ran in web.1 may still run: no answer"]
        );
        assert!(shells.open(ClusterNo(1), "web.2").is_none());
        let (closed, ()) = tokio::join!(shells.close(std::future::pending()), async {
            tokio::task::yield_now().await;
            drop(one);
        });
        assert_eq!(closed, []);
    }
}
