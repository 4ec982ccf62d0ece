//! The event stream: one JSON object after the other.

use std::time::Duration;

use serde_json::json;

use super::{
    client::Engine,
    error::Result,
    gate::{Answer, Limits},
    lists::encode,
    wire::decode_event,
};
use crate::cluster::{EngineEvent, Timestamp};

/// The engine answers at once, before there is any event.
const DEADLINE: Duration = Duration::from_secs(10);
/// Longest event skep reads; a longer one means the stream is garbage.
const LINE_LIMIT: usize = 4 << 20;

/// Events as they come.
pub struct EventStream {
    answer: Box<Answer>,
    reader: EventReader,
}

/// Reads events, a line each, as their bytes come.
#[derive(Debug, Default)]
pub struct EventReader(Vec<u8>);

impl Engine {
    /// Opens the stream of Swarm-scoped events from `since` on. Silence on it is normal, so it has
    /// no deadline: the lists beside it tell whether the engine is alive.
    pub async fn events(&self, since: Timestamp) -> Result<EventStream> {
        let filters = encode(&json!({ "scope": ["swarm"] }));
        let (secs, nanos) = since.secs_and_nanos();
        let path = format!("/events?since={secs}.{nanos:09}&filters={filters}");
        let answer = Box::new(self.get(&path, DEADLINE, Limits::STREAM).await?);
        Ok(EventStream { answer, reader: EventReader::default() })
    }
}

impl EventStream {
    /// The next events; `None` when the engine ended the stream. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<Option<Vec<EngineEvent>>> {
        let Some(bytes) = self.answer.piece().await? else { return Ok(None) };
        self.reader.feed(&bytes).map(Some).map_err(|why| self.answer.garbage(why))
    }
}

impl EventReader {
    /// Takes bytes in; the events that are complete with them.
    ///
    /// # Errors
    /// When an event does not end.
    pub fn feed(&mut self, bytes: &[u8]) -> std::result::Result<Vec<EngineEvent>, String> {
        let Self(buffer) = self;
        let mut scanned = buffer.len();
        buffer.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut used = 0;
        while let Some(end) = buffer[scanned..].iter().position(|b| *b == b'\n') {
            let line = &buffer[used..scanned + end];
            used = scanned + end + 1;
            scanned = used;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match decode_event(line) {
                Ok(event) => events.push(event),
                Err(error) => tracing::warn!(error, "an event can't be read"),
            }
        }
        buffer.drain(..used);
        if buffer.len() > LINE_LIMIT { Err("an event does not end".into()) } else { Ok(events) }
    }
}
