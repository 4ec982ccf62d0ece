//! The event stream, kept open.
//!
//! A proxy ends a stream that is silent for some minutes. That is no lost link: it is opened again from
//! where the watch began, and what was heard already is left out. An engine keeps 256 events for that
//! (engine-facts); what it forgot, the lists that follow tell.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use crate::session::link::backoff::Backoff;
use crate::{
    cluster::{EngineEvent, Timestamp},
    engine::{Engine, EngineError, EventStream},
};

/// Limit of events the engine replays, and so of those to remember.
const REPLAYED: usize = 256;
/// A stream that lived this long is opened again without a delay.
const LONG: Duration = Duration::from_secs(5);

type OpeningStream = Pin<Box<dyn Future<Output = Result<EventStream, EngineError>> + Send>>;

enum FeedState {
    Open(EventStream, Instant),
    Opening(OpeningStream),
    /// No attempt is made before this.
    Resting(Instant),
    Refused,
}

/// An item of the event stream.
pub(in crate::session) enum FeedItem {
    Events(Vec<EngineEvent>),
    /// The stream was opened again: lists are needed for what it missed.
    Reopened,
}

pub(in crate::session) struct Feed {
    engine: Engine,
    since: Timestamp,
    state: FeedState,
    recent: VecDeque<EngineEvent>,
    backoff: Backoff,
}

impl Feed {
    /// Opens the stream. Where it is refused there is none, and why is the second of the pair.
    pub async fn open(
        engine: Engine,
        since: Timestamp,
    ) -> Result<(Self, Option<String>), EngineError> {
        let (state, refused) = match engine.events(since).await {
            Ok(stream) => (FeedState::Open(stream, Instant::now()), None),
            Err(error) if error.is_forbidden() => (FeedState::Refused, Some(error.brief())),
            Err(error) => return Err(error),
        };
        let (recent, backoff) = (VecDeque::new(), Backoff::default());
        Ok((Self { engine, since, state, recent, backoff }, refused))
    }

    /// Whether there is no stream at all.
    pub fn is_refused(&self) -> bool {
        matches!(self.state, FeedState::Refused)
    }

    /// Waits for the next item. Safe to drop while waiting.
    ///
    /// # Errors
    /// The engine itself is lost, not just the stream.
    pub async fn next(&mut self) -> Result<FeedItem, EngineError> {
        loop {
            match &mut self.state {
                FeedState::Open(stream, opened) => match stream.next().await {
                    Ok(Some(events)) => return Ok(FeedItem::Events(self.fresh(events))),
                    // Whatever ended it, the engine is asked before anything is said of the link.
                    Ok(None) | Err(EngineError::Broken { .. }) => {
                        if opened.elapsed() > LONG {
                            self.backoff = Backoff::default();
                            self.reopen();
                        } else {
                            self.rest();
                        }
                    }
                    Err(error) => return Err(error),
                },
                FeedState::Resting(until) => {
                    tokio::time::sleep_until((*until).into()).await;
                    self.reopen();
                }
                FeedState::Opening(opening) => match opening.await {
                    Ok(stream) => {
                        self.state = FeedState::Open(stream, Instant::now());
                        return Ok(FeedItem::Reopened);
                    }
                    Err(error) if error.is_connection() => return Err(error),
                    Err(error) => {
                        tracing::debug!(%error, "the event stream can't be opened again");
                        self.rest();
                    }
                },
                FeedState::Refused => std::future::pending().await,
            }
        }
    }

    fn rest(&mut self) {
        self.state = FeedState::Resting(Instant::now() + self.backoff.wait());
    }

    /// Often the engine knows why the stream ended: it lost its leader, or it is going down.
    fn reopen(&mut self) {
        let (engine, since) = (self.engine.clone(), self.since);
        self.state = FeedState::Opening(Box::pin(async move {
            engine.ask_why().await?;
            engine.events(since).await
        }));
    }

    /// Drops events that were received before.
    fn fresh(&mut self, events: Vec<EngineEvent>) -> Vec<EngineEvent> {
        let fresh: Vec<_> = events.into_iter().filter(|e| !self.recent.contains(e)).collect();
        self.recent.extend(fresh.iter().cloned());
        let over = self.recent.len().saturating_sub(REPLAYED);
        self.recent.drain(..over);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{Connector, Endpoint};

    fn feed() -> Feed {
        Feed {
            engine: Engine::new(Connector::new(Endpoint::Unix("/none".into()))),
            since: Timestamp::from_secs(1),
            state: FeedState::Refused,
            recent: VecDeque::new(),
            backoff: Backoff::default(),
        }
    }

    fn events(ats: std::ops::Range<usize>) -> Vec<EngineEvent> {
        let event = |at: usize| EngineEvent {
            at: Timestamp::from_secs(at as i64 + 1),
            kind: "service".into(),
            action: "update".into(),
            id: "web".into(),
            attributes: Vec::new(),
        };
        ats.map(event).collect()
    }

    #[tokio::test]
    async fn what_an_engine_replays_is_heard_once() {
        let mut feed = feed();
        assert_eq!(feed.fresh(events(0..3)).len(), 3);
        assert_eq!(feed.fresh(events(0..5)), events(3..5), "it begins anew, and goes on");
        assert_eq!(feed.fresh(events(5..5 + REPLAYED)).len(), REPLAYED);
        let all = 5..5 + REPLAYED;
        assert_eq!(feed.fresh(events(all)), [], "as many as it replays");
        assert_eq!(feed.recent.len(), REPLAYED, "and no more are kept");
        assert!(feed.is_refused());
    }
}
