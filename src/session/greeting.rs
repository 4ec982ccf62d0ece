//! Whether an endpoint answers, and what is there, in words: before it is opened.

use std::time::Duration;

use super::watch::lists::greet;
use crate::{connect::Connector, text::took};

/// An engine that says nothing is waited for no longer.
const LIMIT: Duration = Duration::from_secs(60);

/// Greets an endpoint without reading lists.
///
/// # Errors
/// Why nothing can be used there, without the address.
pub async fn greeting(connector: Connector) -> Result<String, String> {
    let own = format!("{}: ", connector.endpoint());
    let (_, probe) = match tokio::time::timeout(LIMIT, greet(connector.clone())).await {
        Err(_) => return Err("no answer".into()),
        Ok(Err(error)) => {
            let said = error.to_string();
            return Err(said.strip_prefix(&own).map(str::to_owned).unwrap_or(said));
        }
        Ok(Ok(greeted)) => greeted,
    };
    let (trip, way) = (took(probe.round_trip), connector.way());
    Ok(match &probe.unread {
        Some(why) => format!(
            "an engine that speaks API {}, {trip}, by {way}; which Swarm is unknown: {why}",
            probe.info.api
        ),
        None => format!(
            "manager {} of Swarm {}, engine {}, {trip}, by {way}",
            probe.info.manager,
            probe.info.id.chars().take(12).collect::<String>(),
            probe.info.engine,
        ),
    })
}
