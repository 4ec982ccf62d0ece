//! Logins that may ask at the terminal, before anything else has it.

use std::time::{Duration, Instant};

use crate::connect::{Connector, SshPrompts};

/// A login, which may ask on the terminal, gets longer.
const LOGIN: Duration = Duration::from_secs(3);
/// Time for other logins once one succeeded.
const GRACE: Duration = Duration::from_millis(300);

/// Logs in over ssh while the terminal may still be used for questions: all at once without any, and
/// then, one after the other, those that had to ask.
pub(super) async fn log_in(connectors: impl Iterator<Item = &Connector>) {
    let mut tries = tokio::task::JoinSet::new();
    for connector in connectors.cloned() {
        tries.spawn(async move {
            let tried = connector.log_in(SshPrompts::Never).await;
            (connector, tried)
        });
    }
    let begun = Instant::now();
    let mut patience = LOGIN;
    let mut ask = Vec::new();
    while let Ok(Some(Ok((connector, tried)))) =
        tokio::time::timeout_at((begun + patience).into(), tries.join_next()).await
    {
        match tried {
            // A manager that is down must not hold up those that are not.
            Ok(()) => patience = patience.min(begun.elapsed() * 2 + GRACE),
            Err(error) if error.answerable => ask.push(connector),
            Err(_) => {}
        }
    }
    // A session waits for the same login.
    tries.detach_all();
    for connector in ask {
        // Why it failed is told by the session, which tries again.
        let _ = connector.log_in(SshPrompts::Terminal).await;
    }
}
