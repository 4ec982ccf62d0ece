//! Containers, as the engine of their own node knows them.

use serde::Deserialize;

use crate::{
    cluster::ContainerEnd,
    engine::{client::Engine, error::Result, gate::Limits, lists::encode_text, probe::DEADLINE},
    text::within,
};

/// Bytes of a container's error, or of its health check's output, that are kept.
const WORDS: usize = 200;

/// `GET /containers/{id}/json`, as far as it is of the end.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireEnded {
    state: Option<WireEndState>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireEndState {
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    error: String,
    health: Option<WireChecks>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireChecks {
    log: Option<Vec<WireCheck>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct WireCheck {
    exit_code: i64,
    output: String,
}

impl WireEnded {
    fn end(self) -> ContainerEnd {
        let state = self.state.unwrap_or_default();
        let checks = state.health.and_then(|health| health.log).unwrap_or_default();
        let failed = checks.into_iter().rev().find(|check| check.exit_code != 0);
        ContainerEnd {
            out_of_memory: state.oom_killed,
            error: words(&state.error).into(),
            check: words(&failed.unwrap_or_default().output).into(),
        }
    }
}

/// A text in one short line.
fn words(text: &str) -> String {
    let line = within(text, 4 * WORDS).split_whitespace().collect::<Vec<_>>().join(" ");
    within(&line, WORDS).into_owned()
}

impl Engine {
    /// The end of a container of this node.
    ///
    /// # Errors
    /// Why it can't be read.
    pub async fn container_end(&self, container: &str) -> Result<ContainerEnd> {
        let path = format!("/containers/{}/json", encode_text(container));
        let body = self.get(&path, DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        let read = serde_json::from_slice::<WireEnded>(&body);
        read.map(WireEnded::end).map_err(|e| self.garbage("/containers/{id}/json", &e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(json: &str) -> ContainerEnd {
        serde_json::from_str::<WireEnded>(json).unwrap().end()
    }

    #[test]
    fn the_last_check_that_failed_is_told_in_a_short_line() {
        assert_eq!(end("{}"), ContainerEnd::default());
        let long = "x".repeat(9_000);
        let json = format!(
            r#"{{"State":{{"OOMKilled":true,"Error":"{long}","Health":{{"Log":[
            {{"ExitCode":1,"Output":"old"}},{{"ExitCode":1,"Output":"db\n  unreachable\n"}},
            {{"ExitCode":0,"Output":"ok"}}]}}}}}}"#
        );
        let end = end(&json);
        assert!(end.out_of_memory && end.error.len() < 300, "{}", end.error);
        assert_eq!(&*end.check, "db unreachable");
    }
}
