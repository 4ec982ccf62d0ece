//! The bytes of a command, both ways.

use bytes::{Buf, Bytes, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use crate::engine::{Output, error::EngineError, error::Result};

/// Bytes read at once at most.
const AT_ONCE: usize = 32 << 10;
/// Before each piece of a command without a terminal: the stream, three zeros, the length.
const HEADER: usize = 8;

/// A connection to a command.
pub struct ShellStream {
    /// Its output.
    pub reader: ShellReader,
    /// Its input.
    pub writer: ShellWriter,
}

/// Output of a command.
pub struct ShellReader {
    stream: ReadHalf<TokioIo<Upgraded>>,
    frames: Option<OutputFrames>,
    endpoint: String,
}

/// Input of a command.
pub struct ShellWriter {
    stream: WriteHalf<TokioIo<Upgraded>>,
    endpoint: String,
}

impl ShellStream {
    /// Over a connection that an engine of this endpoint handed over; `tty`: the bytes are the terminal's,
    /// else they come in frames.
    pub(super) fn new(upgraded: Upgraded, tty: bool, endpoint: String) -> Self {
        let (reader, writer) = tokio::io::split(TokioIo::new(upgraded));
        let frames = (!tty).then(OutputFrames::default);
        Self {
            reader: ShellReader { stream: reader, frames, endpoint: endpoint.clone() },
            writer: ShellWriter { stream: writer, endpoint },
        }
    }
}

impl ShellReader {
    /// The next pieces; `None` at the end. What is dropped while it waits is not lost.
    ///
    /// # Errors
    /// The connection broke, or what comes is no command's.
    pub async fn next(&mut self) -> Result<Option<Vec<(Output, Bytes)>>> {
        let mut bytes = BytesMut::with_capacity(AT_ONCE);
        loop {
            let read = self.stream.read_buf(&mut bytes).await.map_err(|error| {
                EngineError::Broken { endpoint: self.endpoint.clone(), why: error.to_string() }
            })?;
            if read == 0 {
                return Ok(None);
            }
            let Some(frames) = &mut self.frames else {
                return Ok(Some(vec![(Output::Stdout, bytes.freeze())]));
            };
            let pieces = frames.feed(&mut bytes).map_err(|why| EngineError::Garbage {
                endpoint: self.endpoint.clone(),
                why: why.into(),
            })?;
            if !pieces.is_empty() {
                return Ok(Some(pieces));
            }
        }
    }
}

impl ShellWriter {
    /// Sends bytes.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| EngineError::Broken {
            endpoint: self.endpoint.clone(),
            why: error.to_string(),
        })
    }

    /// There is no more to send; what the command says goes on.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }
}

/// The frames of a command without a terminal, as their bytes come.
#[derive(Default)]
struct OutputFrames {
    header: Vec<u8>,
    /// The frame that is being read: its stream, and bytes still to come.
    open: Option<(Output, usize)>,
}

impl OutputFrames {
    fn feed(
        &mut self,
        bytes: &mut BytesMut,
    ) -> std::result::Result<Vec<(Output, Bytes)>, &'static str> {
        let mut pieces = Vec::new();
        while bytes.has_remaining() {
            if let Some((output, left)) = self.open {
                let piece = bytes.split_to(left.min(bytes.len())).freeze();
                let left = left - piece.len();
                self.open = (left > 0).then_some((output, left));
                pieces.push((output, piece));
                continue;
            }
            let missing = HEADER - self.header.len();
            let part = bytes.split_to(missing.min(bytes.len()));
            self.header.extend_from_slice(&part);
            let [stream, 0, 0, 0, a, b, c, d] = self.header[..] else {
                if self.header.len() < HEADER {
                    continue;
                }
                return Err("what the command says comes in no frames");
            };
            let output = match stream {
                0 | 1 => Output::Stdout,
                2 => Output::Stderr,
                3 => Output::Engine,
                _ => return Err("what the command says comes in no frames"),
            };
            let left = u32::from_be_bytes([a, b, c, d]) as usize;
            self.header.clear();
            self.open = (left > 0).then_some((output, left));
        }
        Ok(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let mut whole = Vec::new();
        for (stream, text) in [(1, "out"), (2, "err"), (1, ""), (1, "more")] {
            whole.extend([stream, 0, 0, 0, 0, 0, 0, text.len() as u8]);
            whole.extend(text.bytes());
        }
        for size in 1..=whole.len() {
            let mut frames = OutputFrames::default();
            let (mut out, mut err) = (Vec::new(), Vec::new());
            for part in whole.chunks(size) {
                for (output, piece) in frames.feed(&mut BytesMut::from(part)).unwrap() {
                    if output == Output::Stderr { &mut err } else { &mut out }.extend(piece);
                }
            }
            assert_eq!((&*out, &*err), (&b"outmore"[..], &b"err"[..]), "{size} at once");
        }
        let mut garbage = BytesMut::from(&b"HTTP/1.1 200 OK"[..]);
        assert!(OutputFrames::default().feed(&mut garbage).is_err());
    }
}
