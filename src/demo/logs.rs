//! Log lines of the simulated containers: computed from the task's life, so that every reader sees
//! the same lines at any time.

use super::sim::{Nanos, SECOND, Sim, SimState, SimTask};

/// A line: its time, whether it is on standard error, and its text.
pub(super) struct ContainerLine {
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

/// A task's lines from `since` up to now, at most the last `tail`.
pub(super) fn lines(
    sim: &Sim,
    task: &SimTask,
    since: Nanos,
    tail: Option<usize>,
) -> Vec<ContainerLine> {
    if task.started == 0 {
        return Vec::new();
    }
    let voice = voice(&task.image);
    let over = task.state > SimState::Running;
    let end = if over { task.since } else { sim.now };
    let from = since.max(task.started);
    let count = |at: Nanos| (at - task.started).max(0) / voice.every;
    let mut out = Vec::new();
    let last_words = if over { voice.last_words } else { &[] };
    // A container that fails at once says only why.
    let talks = !(over && end - task.started < 3 * SECOND);
    if talks {
        let (mut first, last) = (count(from), count(end));
        if let Some(tail) = tail {
            first = first.max(last - i64::try_from(tail).unwrap_or(i64::MAX));
        }
        for k in first..last {
            let at = task.started + k * voice.every;
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
pub(super) fn frame(
    line: &ContainerLine,
    task: &SimTask,
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
        text += &format!(
            "com.docker.swarm.node.id={},com.docker.swarm.service.id={},com.docker.swarm.task.id={} ",
            task.node.as_deref().unwrap_or(""),
            task.service,
            task.id
        );
    }
    text += &line.text;
    framed(if line.stderr { 2 } else { 1 }, &[text.as_bytes(), more, b"\n"].concat())
}

/// A frame with the engine's own message about the stream.
pub(super) fn error_frame(said: &str) -> Vec<u8> {
    framed(3, said.as_bytes())
}

fn framed(stream: u8, text: &[u8]) -> Vec<u8> {
    let mut out = vec![stream, 0, 0, 0];
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(text);
    out
}
