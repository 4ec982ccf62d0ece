//! Log lines of the simulated containers: computed from the task's life, so that every reader sees
//! the same lines at any time.

use super::outside;
use crate::demo::sim::{Nanos, SECOND, Sim, SimTask};

/// A line: its time, whether it is on standard error, and its text.
pub(in crate::demo) struct ContainerLine {
    pub at: Nanos,
    pub stderr: bool,
    pub text: String,
}

struct Voice {
    every: Nanos,
    lines: &'static [&'static str],
    last_words: &'static [&'static str],
}

fn voice(image: &str) -> Voice {
    let name = image.split(['@', ':']).next().unwrap_or(image);
    let name = name.rsplit('/').next().unwrap_or(name);
    match name {
        "web" => Voice {
            every: SECOND * 4 / 10,
            lines: &[
                "GET / 200 12ms",
                "GET /cart 200 31ms",
                "POST /checkout 201 88ms",
                "GET /static/app.js 304 1ms",
                "GET /healthz 200 0ms",
            ],
            last_words: &["received SIGTERM, draining 3 connections", "bye"],
        },
        "api" => Voice {
            every: SECOND * 7 / 10,
            lines: &[
                "level=info msg=\"order accepted\" id=8812 total=49.90",
                "level=info msg=\"stock checked\" sku=hive-2 left=14",
                "level=warn msg=\"slow query\" ms=412 table=orders",
            ],
            last_words: &[
                "level=info msg=\"starting\" version=1.9",
                "level=error msg=\"config: PAYMENT_URL is not set\"",
                "panic: no payment provider",
            ],
        },
        "worker" => Voice {
            every: SECOND,
            lines: &["job 5521 done in 0.8s", "job 5522 done in 1.1s", "queue empty, waiting"],
            last_words: &["connecting to redis:6379", "panic: redis: connection refused"],
        },
        "postgres" => Voice {
            every: SECOND * 15,
            lines: &[
                "LOG:  checkpoint starting: time",
                "LOG:  checkpoint complete: wrote 42 buffers",
            ],
            last_words: &["LOG:  received fast shutdown request"],
        },
        "proxy" => Voice {
            every: SECOND * 2,
            lines: &["10.0.0.7 - - \"GET / HTTP/2\" 200", "10.0.0.9 - - \"GET /api HTTP/2\" 200"],
            last_words: &["stopping"],
        },
        _ => Voice {
            every: SECOND * 5,
            lines: &["alive", "still alive", "all is well"],
            last_words: &["stopped"],
        },
    }
}

/// A container that writes lines.
pub(in crate::demo) struct Talker {
    image: String,
    /// 0 before its start.
    started: Nanos,
    ended: Option<Nanos>,
    /// Its labels, as `details` has them.
    details: String,
}

impl Talker {
    /// The container of a task, or by its own id one that no task has.
    pub fn named(sim: &Sim, id: &str) -> Option<Self> {
        if let Some((image, started, ended)) = outside(sim, id) {
            return Some(Self { image: image.into(), started, ended, details: String::new() });
        }
        sim.task_named(id).map(Self::of)
    }

    fn of(task: &SimTask) -> Self {
        let details = format!(
            "com.docker.swarm.node.id={},com.docker.swarm.service.id={},com.docker.swarm.task.id={} ",
            task.node.as_deref().unwrap_or(""),
            task.service,
            task.id
        );
        let ended = task.is_over().then_some(task.since);
        Self { image: task.image.clone(), started: task.started, ended, details }
    }

    /// Whether it says no more.
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}

/// Its lines from `since` up to now, at most the last `tail`.
pub(in crate::demo) fn lines(
    now: Nanos,
    talker: &Talker,
    since: Nanos,
    tail: Option<usize>,
) -> Vec<ContainerLine> {
    let started = talker.started;
    if started == 0 {
        return Vec::new();
    }
    let voice = voice(&talker.image);
    let over = talker.is_over();
    let end = talker.ended.unwrap_or(now);
    let from = since.max(started);
    let count = |at: Nanos| (at - started).max(0) / voice.every;
    let mut out = Vec::new();
    let last_words = if over { voice.last_words } else { &[] };
    // A container that fails at once says only why.
    let talks = !(over && end - started < 3 * SECOND);
    if talks {
        let (mut first, last) = (count(from), count(end));
        if let Some(tail) = tail {
            first = first.max(last - i64::try_from(tail).unwrap_or(i64::MAX));
        }
        for k in first..last {
            let at = started + k * voice.every;
            let text = voice.lines[usize::try_from(k).unwrap_or(0) % voice.lines.len()];
            out.push(ContainerLine { at, stderr: text.contains("warn"), text: text.to_owned() });
        }
    }
    for (i, text) in last_words.iter().enumerate() {
        let at = end - (last_words.len() - i) as i64 * 1_000_000;
        let bad = text.starts_with("panic") || text.contains("error");
        out.push(ContainerLine { at, stderr: bad, text: (*text).to_owned() });
    }
    out.retain(|l| l.at >= since);
    if let Some(tail) = tail {
        let cut = out.len().saturating_sub(tail);
        out.drain(..cut);
    }
    out
}

/// A frame of the log stream; `more` ends the line.
pub(in crate::demo) fn frame(
    line: &ContainerLine,
    talker: &Talker,
    timestamps: bool,
    details: bool,
    more: &[u8],
) -> Vec<u8> {
    let mut text = String::new();
    if timestamps {
        // Nine digits, always, as Go's RFC3339NanoFixed.
        let at = jiff::Timestamp::from_nanosecond(i128::from(line.at)).unwrap_or_default();
        text += &format!("{at:.9} ");
    }
    if details {
        text += &talker.details;
    }
    text += &line.text;
    framed(if line.stderr { 2 } else { 1 }, &[text.as_bytes(), more, b"\n"].concat())
}

/// A frame with the engine's own message about the stream.
pub(in crate::demo) fn error_frame(said: &str) -> Vec<u8> {
    framed(3, said.as_bytes())
}

fn framed(stream: u8, text: &[u8]) -> Vec<u8> {
    let mut out = vec![stream, 0, 0, 0];
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(text);
    out
}
