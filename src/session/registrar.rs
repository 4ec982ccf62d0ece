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

#[cfg(test)]
mod tests {
    use super::*;

    fn joiner() -> (Joiner, mpsc::Receiver<Join>) {
        mpsc::channel(1)
    }

    #[tokio::test]
    async fn a_swarm_has_one_session_for_as_long_as_that_lives() {
        let (registrar, questions) = Registrar::new();
        tokio::spawn(Registrar::answer(questions, Vec::new()));
        let ((one, a), (two, _b)) = (joiner(), joiner());
        let claim = async |swarm: &str, no, joiner: &Joiner| {
            registrar.claim(swarm, ClusterNo(no), joiner).await.map(|(no, _)| no.0)
        };
        assert_eq!(claim("red", 1, &one).await, None, "nobody had it");
        assert_eq!(claim("red", 1, &one).await, None, "it is its own");
        assert_eq!(claim("red", 2, &two).await, Some(1));
        assert_eq!(claim("blue", 2, &two).await, None);
        // Made anew, it is another Swarm: the old one is nobody's.
        assert_eq!(claim("green", 1, &one).await, None);
        assert_eq!(claim("red", 3, &two).await, None);
        drop(a);
        assert_eq!(claim("green", 2, &two).await, None, "its session has ended");
    }

    #[tokio::test]
    async fn managers_of_another_swarm_go_where_it_is_or_to_one_spare_session() {
        let (registrar, questions) = Registrar::new();
        let ((spare, _s), (one, _a)) = (joiner(), joiner());
        tokio::spawn(Registrar::answer(questions, vec![spare.clone()]));
        let home = async |swarm: &str, no| registrar.home_of(swarm, ClusterNo(no)).await;
        registrar.claim("red", ClusterNo(1), &one).await;
        assert!(home("red", 2).await.is_some_and(|joiner| joiner.same_channel(&one)));
        assert!(home("blue", 1).await.is_some_and(|joiner| joiner.same_channel(&spare)));
        let again = home("blue", 2).await;
        assert!(again.is_some_and(|joiner| joiner.same_channel(&spare)), "all of one together");
        assert!(home("green", 1).await.is_none(), "there is no other");
        assert!(home("red", 1).await.is_none(), "its own session is no home for a stranger");
    }

    #[tokio::test]
    async fn a_session_that_has_ended_is_no_home() {
        let (registrar, questions) = Registrar::new();
        let ((spare, _s), (one, a)) = (joiner(), joiner());
        tokio::spawn(Registrar::answer(questions, vec![spare.clone()]));
        registrar.claim("red", ClusterNo(1), &one).await;
        drop(a);
        let home = registrar.home_of("red", ClusterNo(2)).await;
        assert!(home.is_some_and(|joiner| joiner.same_channel(&spare)));
    }
}
