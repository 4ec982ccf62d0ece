//! Output of a command, apart from the engine's words in its place.

use bytes::Bytes;

use super::refused::OCI;
use crate::engine::{EngineError, Output, ShellReader};

/// The engine's words are never this long.
const WORDS: usize = 8 << 10;

/// Pieces of a command's output.
type SaidPieces = Vec<(Output, Bytes)>;

/// Output of a command. Its first bytes are held back while they may be the engine's, which says so in the
/// stream when there is no such program.
pub(super) struct Saying {
    reader: ShellReader,
    /// Read and not given out yet.
    held: SaidPieces,
    is_held: bool,
}

impl Saying {
    /// Nothing was read yet.
    pub fn new(reader: ShellReader) -> Self {
        Self { reader, held: Vec::new(), is_held: true }
    }

    /// The next pieces; none at the end. What is dropped while it waits is not lost.
    pub async fn next(&mut self) -> Result<Option<SaidPieces>, EngineError> {
        while self.is_held {
            match self.reader.next().await? {
                None => return Ok(None),
                Some(pieces) => self.held.extend(pieces),
            }
            let text = self.text();
            let may_be = text.starts_with(OCI.as_bytes()) || OCI.as_bytes().starts_with(&text);
            self.is_held = may_be && text.len() < WORDS;
        }
        if self.held.is_empty() {
            return self.reader.next().await;
        }
        Ok(Some(std::mem::take(&mut self.held)))
    }

    /// Waits for the first words, and keeps them; false if there are none.
    pub async fn begins(&mut self) -> Result<bool, EngineError> {
        match self.next().await? {
            Some(pieces) => self.held = pieces,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// After its end: what may be the engine's words on why it did not begin.
    pub fn words(&self) -> Option<String> {
        let may_be = self.is_held && self.text().starts_with(OCI.as_bytes());
        may_be.then(|| String::from_utf8_lossy(&self.text()).into_owned())
    }

    /// After its end: what is left to be given out.
    pub fn rest(&mut self) -> SaidPieces {
        std::mem::take(&mut self.held)
    }

    fn text(&self) -> Vec<u8> {
        self.held.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect()
    }
}
