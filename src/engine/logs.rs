//! Log streams of one task or container: the engine's frames, read into lines.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::FutureExt;

use super::{
    client::Engine,
    error::{EngineError, Result},
    gate::{Answer, Limits},
    lists::encode_text,
};
use crate::{
    cluster::{ContainerId, TaskId, Timestamp},
    text::brief,
};

/// The engine may ask the task's node before it answers.
const DEADLINE: Duration = Duration::from_secs(30);
/// A line longer than this is cut into several.
const LINE_LIMIT: usize = 1 << 20;

/// A frame is never this large.
const FRAME_LIMIT: usize = 64 << 20;

/// Bytes taken at once at most.
const AT_ONCE: usize = 256 << 10;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The engine itself, about the stream.
    Engine,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFrame {
    /// When the engine took it; none where it does not say.
    pub at: Option<Timestamp>,
    /// The output stream.
    pub output: Output,
    /// Without its line end; may hold any byte.
    pub text: Vec<u8>,
}

/// A request for a log.
#[derive(Clone, Copy, Debug)]
pub struct LogRequest {
    /// Go on as lines come.
    pub follow: bool,
    /// Only the last lines; `None` is all.
    pub tail: Option<usize>,
    /// Only lines from then on.
    pub since: Option<Timestamp>,
}

/// Lines as they come.
pub struct LogStream {
    answer: Answer,
    reader: LogReader,
    /// The error that broke it, kept until the lines before it are delivered.
    broken: Option<EngineError>,
}

/// Why a log's bytes can't be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFault {
    /// The bytes are not a log.
    Garbage(&'static str),
    /// The engine says so itself.
    Said(String),
}

/// The engine's frames, read into lines as their bytes come.
#[derive(Debug, Default)]
pub struct LogReader {
    /// Frames, unless the task has a TTY: then the bytes are the log.
    framed: Option<bool>,
    raw: BytesMut,
    partial: [Vec<u8>; 2],
}

impl Engine {
    /// Opens a task's log, which this manager reads of the task's node.
    pub async fn task_logs(&self, task: &TaskId, request: LogRequest) -> Result<LogStream> {
        self.logs(&format!("/tasks/{}/logs", encode_text(task.as_str())), request).await
    }

    /// Opens the log of a container of this engine.
    pub async fn container_logs(
        &self,
        container: &ContainerId,
        request: LogRequest,
    ) -> Result<LogStream> {
        let path = format!("/containers/{}/logs", encode_text(container.as_str()));
        self.logs(&path, request).await
    }

    async fn logs(&self, path: &str, request: LogRequest) -> Result<LogStream> {
        let tail = request.tail.map_or("all".into(), |n| n.to_string());
        let since = request.since.map_or(String::new(), |since| {
            let (secs, nanos) = since.secs_and_nanos();
            format!("&since={secs}.{nanos:09}")
        });
        let path = format!(
            "{path}?stdout=1&stderr=1&timestamps=1&tail={tail}&follow={}{since}",
            u8::from(request.follow),
        );
        let answer = self.get(&path, DEADLINE, Limits::STREAM).await?;
        Ok(LogStream { answer, reader: LogReader::default(), broken: None })
    }
}

impl LogStream {
    /// The next lines; `None` at the end. Silence is normal. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<Option<Vec<LogFrame>>> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let Some(bytes) = self.answer.piece().await? else {
            let rest = self.reader.finish();
            return Ok((!rest.is_empty()).then_some(rest));
        };
        let mut read = bytes.len();
        let (mut lines, mut fault) = self.reader.feed(&bytes);
        // An engine sends every line by itself: all that is there already is taken at once.
        while read < AT_ONCE && fault.is_none() {
            match self.answer.piece().now_or_never() {
                Some(Ok(Some(more))) => {
                    read += more.len();
                    let (found, ended) = self.reader.feed(&more);
                    lines.extend(found);
                    fault = ended;
                }
                Some(Err(error)) => {
                    self.broken = Some(error);
                    break;
                }
                Some(Ok(None)) | None => break,
            }
        }
        if let Some(fault) = fault {
            let error = match fault {
                LogFault::Garbage(why) => self.answer.garbage(why.into()),
                LogFault::Said(said) => EngineError::LogBroke { said },
            };
            if lines.is_empty() {
                return Err(error);
            }
            self.broken = Some(error);
        }
        Ok(Some(lines))
    }
}

impl LogReader {
    /// Takes bytes in; the lines that are complete with them, and why there can be no more.
    pub fn feed(&mut self, bytes: &[u8]) -> (Vec<LogFrame>, Option<LogFault>) {
        self.raw.extend_from_slice(bytes);
        let mut lines = Vec::new();
        let fault = self.read(&mut lines).err();
        (lines, fault)
    }

    /// The rest at the end: a line without a newline.
    pub fn finish(&mut self) -> Vec<LogFrame> {
        let mut rest = Vec::new();
        if self.framed.is_none() {
            // Too short for a frame.
            let all = self.raw.split();
            self.take(0, &all, &mut rest);
        }
        for stream in 0..self.partial.len() {
            if !self.partial[stream].is_empty() {
                let text = std::mem::take(&mut self.partial[stream]);
                rest.push(frame(stream, text));
            }
        }
        rest
    }

    fn read(&mut self, lines: &mut Vec<LogFrame>) -> std::result::Result<(), LogFault> {
        if self.framed.is_none() {
            // A frame begins with its stream's number and three zeros; text never does.
            if self.raw.len() < 4 {
                return Ok(());
            }
            self.framed = Some(self.raw[0] <= 3 && self.raw[1..4] == [0, 0, 0]);
        }
        if self.framed == Some(false) {
            let all = self.raw.split();
            self.take(0, &all, lines);
            return Ok(());
        }
        while self.raw.len() >= 8 {
            let kind = self.raw[0];
            if kind > 3 || self.raw[1..4] != [0, 0, 0] {
                return Err(LogFault::Garbage("a log frame has no valid header"));
            }
            let length = u32::from_be_bytes([self.raw[4], self.raw[5], self.raw[6], self.raw[7]]);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > FRAME_LIMIT {
                return Err(LogFault::Garbage("a log frame is larger than 64 MiB"));
            }
            if self.raw.len() < 8 + length {
                break;
            }
            self.raw.advance(8);
            let payload = self.raw.split_to(length);
            match kind {
                3 => {
                    let said = String::from_utf8_lossy(&payload);
                    return Err(LogFault::Said(brief(said.trim()).into_owned()));
                }
                2 => self.take(1, &payload, lines),
                _ => self.take(0, &payload, lines),
            }
        }
        Ok(())
    }

    /// Cuts bytes into lines. The engine cuts a long line into frames at 16 KiB, each with its own
    /// timestamp: a frame that does not end in a newline goes on in the next of its stream.
    fn take(&mut self, stream: usize, bytes: &[u8], lines: &mut Vec<LogFrame>) {
        let partial = &mut self.partial[stream];
        let continuing = !partial.is_empty();
        let bytes = if continuing && self.framed == Some(true) { strip_time(bytes) } else { bytes };
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || partial.len() > LINE_LIMIT {
                let mut text = std::mem::take(partial);
                while matches!(text.last(), Some(b'\n' | b'\r')) {
                    text.pop();
                }
                lines.push(frame(stream, text));
            }
        }
    }
}

fn frame(stream: usize, text: Vec<u8>) -> LogFrame {
    let output = [Output::Stdout, Output::Stderr, Output::Engine][stream.min(2)];
    let (at, skip) = leading_time(&text);
    LogFrame { at, output, text: text[skip..].to_vec() }
}

/// The timestamp a line begins with, and how many bytes it and its space take.
fn leading_time(text: &[u8]) -> (Option<Timestamp>, usize) {
    let space = text.iter().take(40).position(|b| *b == b' ');
    let word = &text[..space.unwrap_or(text.len())];
    let at = std::str::from_utf8(word).ok().and_then(Timestamp::parse);
    (at, if at.is_some() { word.len() + usize::from(space.is_some()) } else { 0 })
}

fn strip_time(bytes: &[u8]) -> &[u8] {
    &bytes[leading_time(bytes).1..]
}
