//! Containers, as the engine of their own node knows them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;

use crate::{
    cluster::{Container, ContainerEnd, ContainerId},
    engine::{
        client::{Engine, Price},
        error::Result,
        gate::Limits,
        lists::encode_text,
        probe::DEADLINE,
        wire::{Listed, decode_containers},
    },
    text::within,
};

/// Time limit for the headers of a list of containers.
const LIST: Duration = Duration::from_secs(10);

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

    /// All containers of this node, and the cost to its engine.
    ///
    /// # Errors
    /// Why they can't be listed.
    pub async fn containers(&self) -> Result<(Listed<Container>, Price)> {
        let begun = Instant::now();
        let answer = self.get("/containers/json?all=1", LIST, Limits::WHOLE).await?;
        let time = begun.elapsed();
        let body = answer.whole().await?;
        let begun = Instant::now();
        let read =
            decode_containers(&body).map_err(|why| self.garbage("/containers/json", &why))?;
        Ok((read, Price { time, bytes: body.len() as u64, decoding: begun.elapsed() }))
    }

    /// A container's document.
    ///
    /// # Errors
    /// Why it can't be read.
    pub async fn container_document(&self, id: &ContainerId) -> Result<Bytes> {
        let path = format!("/containers/{}/json", encode_text(id.as_str()));
        self.get(&path, DEADLINE, Limits::WHOLE).await?.whole().await
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
