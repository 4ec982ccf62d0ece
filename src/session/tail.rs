//! Following logs: one stream a task, so that one node that is away costs only its own lines.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::task::AbortHandle;

use super::{
    fleet::Out,
    message::{Event, Token},
};
use crate::{
    cluster::{TaskId, Timestamp},
    engine::{Engine, TaskLogRequest},
};

/// Lines read of the past when a task's log is opened.
const TAIL: usize = 500;
/// Wait before a failed stream is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// The log streams under way.
#[derive(Debug, Default)]
pub(super) struct Tails {
    view: Token,
    running: HashMap<TaskId, AbortHandle>,
    /// When each was last heard, to go on from there over another link.
    heard: HashMap<TaskId, Arc<AtomicI64>>,
}

impl Tails {
    /// Follows these tasks and no others; streams that already run go on.
    pub fn set(&mut self, engine: &Engine, out: &Out, view: Token, tasks: Vec<TaskId>) {
        if view != self.view {
            self.pause();
            self.heard.clear();
            self.view = view;
        }
        self.running.retain(|task, handle| {
            let keep = tasks.contains(task);
            if !keep {
                handle.abort();
            }
            keep
        });
        for task in tasks {
            if let Entry::Vacant(free) = self.running.entry(task) {
                let heard = Arc::clone(self.heard.entry(free.key().clone()).or_default());
                let job = follow(engine.clone(), out.clone(), view, free.key().clone(), heard);
                free.insert(tokio::spawn(job).abort_handle());
            }
        }
    }

    /// Ends all streams; [`Tails::set`] goes on after the last line heard.
    pub fn pause(&mut self) {
        for (_, handle) in self.running.drain() {
            handle.abort();
        }
    }
}

impl Drop for Tails {
    fn drop(&mut self) {
        self.pause();
    }
}

/// Follows one task's log until it ends. A stream that breaks is resumed after the last line heard.
async fn follow(engine: Engine, out: Out, view: Token, task: TaskId, heard: Arc<AtomicI64>) {
    let mut last = match heard.load(Ordering::Relaxed) {
        0 => Timestamp::NEVER,
        at => Timestamp(at),
    };
    let mut in_trouble = false;
    loop {
        let request = TaskLogRequest {
            task: task.clone(),
            follow: true,
            tail: (!last.is_set()).then_some(TAIL),
            since: last,
        };
        let ended = match engine.task_logs(&request).await {
            Err(error) => Err(error),
            Ok(mut stream) => loop {
                match stream.next().await {
                    Ok(Some(mut frames)) => {
                        // `since` takes the line of that very instant in again.
                        frames.retain(|f| !f.at.is_set() || f.at > last);
                        if frames.is_empty() {
                            continue;
                        }
                        last = frames.iter().map(|f| f.at).max().unwrap_or(last).max(last);
                        if std::mem::take(&mut in_trouble)
                            && out.send(Event::LogTrouble(view, task.clone(), None)).await.is_err()
                        {
                            return;
                        }
                        if out.send(Event::Lines(view, task.clone(), frames)).await.is_err() {
                            return;
                        }
                        heard.store(last.0, Ordering::Relaxed);
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            },
        };
        match ended {
            // The task is over and so is its log.
            Ok(()) => return,
            Err(error) => {
                in_trouble = true;
                let why = Some(error.to_string());
                if out.send(Event::LogTrouble(view, task.clone(), why)).await.is_err() {
                    return;
                }
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
