//! What is asked for without a screen: one look, logs, contexts.

use std::{io::Write, time::Duration};

use super::{FAILED, Fault, complain, fault, is_written, look::ready_all};
use crate::{
    cluster::{Since, Timestamp},
    config::ConfigFile,
    connect::{Choice, Connector, DockerDir, Endpoint, choose},
    report::{ContextLine, LogPrinter},
    session::{LogQuery, LogSaid, greet, read_logs},
    text::parse_ago,
};

/// A one-off look must end, also on an engine that says nothing.
const LOOK: Duration = Duration::from_secs(60);

/// Prints logs until they end, or nobody reads them any more.
pub(super) async fn logs(
    choice: Choice,
    query: LogQuery,
    mut printer: LogPrinter,
) -> Result<u8, Fault> {
    let endpoints: Vec<Endpoint> = choice.clusters.into_iter().flat_map(|c| c.endpoints).collect();
    let mut why = choice.notices.join("; ");
    let follow = query.follow;
    // Through the first that answers: one that is dead is not waited for.
    let mut ready = ready_all(endpoints);
    while let Some(Ok((endpoint, answer))) = ready.join_next().await {
        if let Err(error) = answer {
            why = error.to_string();
            continue;
        }
        let (said, mut lines) = tokio::sync::mpsc::channel(256);
        let query = query.clone();
        let reader = tokio::spawn(read_logs(Connector::new(endpoint), query, said));
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        // A short wait brings lines of several tasks into their order.
        let mut pause = tokio::time::interval(Duration::from_millis(250));
        loop {
            let goes_on = tokio::select! {
                said = lines.recv() => match said {
                    Some(LogSaid::Reading(tasks)) => {
                        printer.expect(tasks);
                        Ok(())
                    }
                    Some(LogSaid::Ended(task)) => {
                        printer.ended(&task);
                        Ok(())
                    }
                    Some(LogSaid::Trouble(text)) => {
                        complain(&[text]);
                        Ok(())
                    }
                    Some(LogSaid::Lines(lines)) => {
                        printer.take(lines);
                        if follow { Ok(()) } else { printer.print_settled(&mut out) }
                    }
                    None => break,
                },
                _ = pause.tick(), if follow => printer.print(&mut out).and_then(|()| out.flush()),
            };
            // Also when nobody reads any more.
            if goes_on.is_err() {
                return is_written(goes_on).map(|()| 0);
            }
        }
        let printed = printer.print(&mut out).and_then(|()| out.flush());
        if printed.is_err() {
            return is_written(printed).map(|()| 0);
        }
        drop(out);
        match reader.await {
            Ok(Ok(())) => return Ok(0),
            Ok(Err(error)) => why = error,
            Err(error) => why = error.to_string(),
        }
    }
    Err(fault(FAILED)(why))
}

/// `2026-11-21T14:03:12Z`, or so long ago.
pub(super) fn moment(text: &str) -> Result<Since, String> {
    let at = Timestamp::parse(text);
    if at.is_set() {
        return Ok(Since::At(at));
    }
    parse_ago(text)
        .map(Since::Ago)
        .ok_or_else(|| format!("--since {text}: write 2026-11-21T14:03:12Z, 90s, 15m or 2h"))
}

/// Everything that could be opened, each greeted.
pub(super) async fn contexts(file: &ConfigFile, docker: &DockerDir) -> Vec<ContextLine> {
    let current = docker.current();
    let mut found = vec![("default".to_owned(), "docker", Ok(Endpoint::default_socket()))];
    found.extend(docker.contexts().into_iter().map(|c| (c.name, "docker", c.endpoint)));
    let all = choose(&[], &[], file, docker, |_| None).unwrap_or_default();
    for cluster in all.clusters.into_iter().filter(|_| !file.clusters.is_empty()) {
        let name = cluster.name.unwrap_or_default();
        found.extend(cluster.endpoints.into_iter().map(|e| (name.clone(), "config", Ok(e))));
    }
    found.extend(all.notices.into_iter().map(|why| (String::new(), "config", Err(why))));
    let lines = found.into_iter().map(|(name, source, endpoint)| {
        let is_current = source == "docker" && name == current.as_deref().unwrap_or("default");
        async move {
            let shown = endpoint.as_ref().map_or(String::new(), ToString::to_string);
            let answer = match endpoint {
                Err(why) => Err(why),
                Ok(endpoint) => {
                    let connector = Connector::new(endpoint);
                    let own = format!("{shown}: ");
                    match tokio::time::timeout(LOOK, greet(connector.clone())).await {
                        Err(_) => Err("no answer".into()),
                        Ok(Err(error)) => {
                            let said = error.to_string();
                            Err(said.strip_prefix(&own).map(str::to_owned).unwrap_or(said))
                        }
                        Ok(Ok((_, probe))) if probe.unread.is_some() => Ok(format!(
                            "an engine that speaks API {}, {:.0} ms, by {}; which Swarm is unknown: {}",
                            probe.info.api,
                            probe.round_trip.as_secs_f64() * 1_000.0,
                            connector.way(),
                            probe.unread.unwrap_or_default(),
                        )),
                        Ok(Ok((_, probe))) => Ok(format!(
                            "manager {} of Swarm {}, engine {}, {:.0} ms, by {}",
                            probe.info.manager,
                            probe.info.id.chars().take(12).collect::<String>(),
                            probe.info.engine,
                            probe.round_trip.as_secs_f64() * 1_000.0,
                            connector.way(),
                        )),
                    }
                }
            };
            ContextLine { name, current: is_current, source, endpoint: shown, answer }
        }
    });
    futures_util::future::join_all(lines).await
}
