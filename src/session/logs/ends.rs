//! The last lines of tasks, read once: evidence for a problem's detail and for a report.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::follow::NO_ANSWER;
use crate::{
    cluster::TaskId,
    connect::Connector,
    engine::{Engine, LogFrame, LogRequest},
    logs::ansi::plain_text,
    session::{jobs::caught, outbox::Out, protocol::Event, watch::lists::greet},
    text::exact,
    triage::incident::LogEnds,
};

/// Lines read of each.
const LINES: usize = 10;
/// Time limit for one log.
const EACH: Duration = Duration::from_secs(3);
/// Time limit for all logs together.
const ALL: Duration = Duration::from_secs(8);
/// Number of logs read in parallel.
const AT_ONCE: usize = 10;

/// The last lines of a task, or why they can't be read.
async fn end_of(engine: &Engine, task: &TaskId) -> Result<Vec<LogFrame>, String> {
    let request = LogRequest { follow: false, tail: Some(LINES), since: None };
    let read = async {
        let mut found = Vec::new();
        let mut stream = engine.task_logs(task, request).await.map_err(|e| e.to_string())?;
        while let Some(frames) = stream.next().await.map_err(|e| e.to_string())? {
            found.extend(frames.into_iter().filter(|f| f.at.is_some()));
        }
        found.drain(..found.len().saturating_sub(LINES));
        Ok(found)
    };
    let endpoint = engine.endpoint().to_string();
    match caught(&endpoint, tokio::time::timeout(EACH, read)).await {
        Ok(Ok(lines)) => lines,
        Ok(Err(_)) => Err(NO_ANSWER.into()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// Reads the last lines of a task for the screen.
pub(in crate::session) fn last(engine: &Engine, out: &Out, task: TaskId) {
    let (engine, out) = (engine.clone(), out.clone());
    tokio::spawn(async move {
        let lines = end_of(&engine, &task).await;
        let _ = out.send(Event::LastLines(task, lines)).await;
    });
}

/// Reads the last lines of these tasks within a time limit; a log that did not arrive by then is an
/// error.
pub async fn read_log_ends(connector: Connector, tasks: Vec<TaskId>) -> LogEnds {
    let late = || Err(format!("not read within {}", exact(ALL)));
    let mut ends: LogEnds = tasks.iter().map(|task| (task.clone(), late())).collect();
    let read = async {
        let (engine, _) = match greet(connector).await {
            Ok(greeted) => greeted,
            Err(error) => {
                ends.values_mut().for_each(|end| *end = Err(error.to_string()));
                return;
            }
        };
        let all = stream::iter(tasks).map(|task| {
            let engine = engine.clone();
            async move {
                let lines = end_of(&engine, &task).await;
                (
                    task,
                    lines.map(|frames| {
                        frames.iter().filter_map(|f| Some((f.at?, plain_text(&f.text)))).collect()
                    }),
                )
            }
        });
        let mut all = std::pin::pin!(all.buffer_unordered(AT_ONCE));
        while let Some((task, lines)) = all.next().await {
            ends.insert(task, lines);
        }
    };
    let _ = tokio::time::timeout(ALL, read).await;
    ends
}
