//! Assigns Swarms to sessions: all managers of one Swarm end up in one session.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};

use super::link::managers::KnownManager;
use crate::grant::ClusterNo;

/// Managers that turned out to belong to a cluster that has a session already.
pub(super) struct Join {
    pub managers: Vec<KnownManager>,
    /// Were not to be written to.
    pub read_only: bool,
}

/// Knows which session has which Swarm.
#[derive(Clone)]
pub(super) struct Registrar(mpsc::Sender<Question>);

type Joiner = mpsc::Sender<Join>;

pub(super) enum Question {
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
    /// A registrar, and the questions that it is to answer.
    pub fn new() -> (Self, mpsc::Receiver<Question>) {
        let (ask, questions) = mpsc::channel(16);
        (Self(ask), questions)
    }

    /// Answers until all sessions are gone. `spares` are sessions that wait for managers.
    pub async fn answer(mut questions: mpsc::Receiver<Question>, mut spares: Vec<Joiner>) {
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

    /// The session for managers of `swarm`, if there is one or a spare one.
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
