//! A panic in work beside the screen: told as an error and tried again, never silence.
//!
//! A task that dies takes with it what waits for its answer. So the work of a session runs under
//! [`caught`], and what becomes of it is an error like any other: the link is lost, or the log can't
//! be read, and the screen says so.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::engine::EngineError;

/// Runs `work`; a panic becomes an error. What it held is dropped, so `work` must own what it
/// changes, or its owner must not rely on that afterwards.
pub(super) async fn caught<T>(
    endpoint: &str,
    work: impl Future<Output = T>,
) -> Result<T, EngineError> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| internal(endpoint, said(panic.as_ref())))
}

/// Requests under way beside each other. One that panics is an error, like one that fails.
pub(super) struct Jobs<T> {
    endpoint: String,
    running: JoinSet<T>,
}

impl<T: Send + 'static> Jobs<T> {
    /// No jobs yet.
    pub fn new(endpoint: String) -> Self {
        Self { endpoint, running: JoinSet::new() }
    }

    /// Starts a job.
    pub fn spawn(&mut self, job: impl Future<Output = T> + Send + 'static) {
        self.running.spawn(job);
    }

    /// The next that ends; `None` if none runs. Safe to drop while it waits.
    pub async fn next(&mut self) -> Option<Result<T, EngineError>> {
        let ended = self.running.join_next().await?;
        Some(ended.map_err(|error| match error.try_into_panic() {
            Ok(panic) => internal(&self.endpoint, said(panic.as_ref())),
            Err(error) => internal(&self.endpoint, error.to_string()),
        }))
    }
}

fn internal(endpoint: &str, why: String) -> EngineError {
    EngineError::Internal { endpoint: endpoint.to_owned(), why }
}

/// The message of a panic.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_loses_the_link() {
        let error = caught("unix:///x", async { panic!("index {} of 3", 4) }).await;
        let error: EngineError = error.map(|()| "nothing").expect_err("it panicked");
        assert!(error.to_string().contains("index 4 of 3"), "{error}");
        assert!(error.is_connection() && error.leaves_unknown());
        assert_eq!(caught("unix:///x", async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_job_that_panics_is_not_swallowed() {
        let mut jobs = Jobs::new("unix:///x".into());
        assert!(jobs.next().await.is_none());
        jobs.spawn(async { 7 });
        assert_eq!(jobs.next().await, Some(Ok(7)));
        jobs.spawn(async { panic!("in a job") });
        let error = jobs.next().await.expect("one ran").expect_err("it panicked");
        assert!(error.is_connection() && error.to_string().contains("in a job"), "{error}");
    }
}
