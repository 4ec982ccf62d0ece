//! Streaming responses: events and logs.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    Shared,
    containers::logs,
    hostile,
    http::answer::{ApiResult, Query, build},
    sim::Nanos,
};

/// Interval at which log streams look for new lines.
const LOG_STEP: Duration = Duration::from_millis(200);

/// A body that a task of its own fills; it ends when the reader is gone, or after `end`.
pub(super) fn streamed<F>(
    content_type: &'static str,
    end: Option<Duration>,
    feed: impl FnOnce(mpsc::Sender<Bytes>) -> F,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let (tx, rx) = mpsc::channel::<Bytes>(64);
    let feed = feed(tx);
    tokio::spawn(async move {
        match end {
            Some(end) => drop(tokio::time::timeout(end, feed).await),
            None => feed.await,
        }
    });
    let stream = futures_util::stream::unfold(rx, |mut rx| async move {
        rx.recv().await.map(|bytes| (Ok::<_, Infallible>(bytes), rx))
    });
    let mut response = build(StatusCode::OK, Body::from_stream(stream));
    let value = header::HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

pub(super) fn events(shared: &Shared, query: &Query) -> ApiResult {
    let filters = query.filters()?;
    let since = query.instant("since");
    let until = query.instant("until");
    let (past, mut live, now) = {
        let sim = shared.sim();
        let past: Vec<String> = match since {
            None => Vec::new(),
            Some(since) => {
                let after = sim.events.iter().filter(|(at, _)| *at >= since);
                after
                    .filter(|(at, _)| until.is_none_or(|u| *at <= u))
                    .map(|(_, l)| l.clone())
                    .collect()
            }
        };
        (past, sim.publish.subscribe(), sim.now)
    };
    let silent = shared.faults.skip_events;
    let poisoned = shared.faults.hostile;
    let sent = move |line: &str| {
        let line = if poisoned { hostile::event(line) } else { line.to_owned() };
        Bytes::from(line + "\n")
    };
    let end = shared.faults.cut_events;
    Ok(streamed("application/json", end, move |tx| async move {
        let passes = move |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap_or_default();
            let is = |field: &str, v: &str| event[field] == v;
            filters.passes("type", |v| is("Type", v))
                && filters.passes("scope", |v| is("scope", v))
                && filters.passes("event", |v| is("Action", v))
                && filters.passes("service", |v| {
                    event["Actor"]["ID"] == v || event["Actor"]["Attributes"]["name"] == v
                })
        };
        for line in past {
            if !silent && passes(&line) && tx.send(sent(&line)).await.is_err() {
                return;
            }
        }
        if until.is_some_and(|u| u <= now) {
            return;
        }
        let end = until.map(|u| Duration::from_nanos(u64::try_from(u - now).unwrap_or(0)));
        let go_on = async {
            loop {
                let line = tokio::select! {
                    () = tx.closed() => return,
                    line = live.recv() => line,
                };
                match line {
                    Ok(line) => {
                        if !silent && passes(&line) && tx.send(sent(&line)).await.is_err() {
                            return;
                        }
                    }
                    // A slow reader loses events silently, as from the real engine.
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                }
            }
        };
        match end {
            Some(end) => drop(tokio::time::timeout(end, go_on).await),
            None => go_on.await,
        }
    }))
}

/// The engine's message in a log stream that it can't continue.
const BROKEN: &str =
    "Error grabbing logs: rpc error: code = Unknown desc = warning: incomplete log stream";

/// Time after which a log stalls that is to stall.
const STALL: std::time::Duration = std::time::Duration::from_secs(3);

/// The lines of tasks, or of containers that no task has.
pub(super) fn log_stream(shared: &Shared, tasks: Vec<String>, query: &Query) -> Response {
    let follow = query.is_set("follow");
    let timestamps = query.is_set("timestamps");
    let details = query.is_set("details");
    let (out, err) = (query.is_set("stdout"), query.is_set("stderr"));
    let more: &[u8] = if shared.faults.hostile { hostile::LINE } else { b"" };
    let tail = query.get("tail").and_then(|t| t.parse::<usize>().ok());
    let since = query.instant("since").unwrap_or(0);
    let shared = shared.clone();
    streamed("application/vnd.docker.multiplexed-stream", None, move |tx| async move {
        let mut from: HashMap<String, Nanos> = tasks.iter().map(|t| (t.clone(), since)).collect();
        let mut tail = tail;
        let began = std::time::Instant::now();
        let runs_on = |node: &Option<String>| {
            let Some(wanted) = node else { return false };
            let sim = shared.sim();
            let nodes = tasks.iter().filter_map(|t| sim.task_named(t)?.node.as_ref());
            nodes.filter_map(|id| sim.nodes.get(id)).any(|n| n.hostname == *wanted)
        };
        if runs_on(&shared.faults.silent_logs) {
            return tx.closed().await;
        }
        if runs_on(&shared.faults.broken_logs) {
            let _ = tx.send(logs::error_frame(BROKEN).into()).await;
            return;
        }
        loop {
            if follow && shared.faults.stall_logs && began.elapsed() > STALL {
                return tx.closed().await;
            }
            let mut over = true;
            let mut frames: Vec<(Nanos, Vec<u8>)> = Vec::new();
            {
                let sim = shared.sim();
                for (id, from) in &mut from {
                    let Some(talker) = logs::Talker::named(&sim, id) else { continue };
                    over &= talker.is_over();
                    for line in logs::lines(sim.now, &talker, *from, tail) {
                        *from = line.at + 1;
                        if (line.stderr && err) || (!line.stderr && out) {
                            frames.push((
                                line.at,
                                logs::frame(&line, &talker, timestamps, details, more),
                            ));
                        }
                    }
                }
            }
            frames.sort_by_key(|(at, _)| *at);
            tail = None;
            for (_, frame) in frames {
                if tx.send(frame.into()).await.is_err() {
                    return;
                }
            }
            if !follow || over {
                return;
            }
            tokio::select! {
                () = tx.closed() => return,
                () = tokio::time::sleep(LOG_STEP) => {}
            }
        }
    })
}
