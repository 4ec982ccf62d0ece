//! `skep logs`: lines of several tasks in one stream, for pipes.

use std::{
    collections::HashMap,
    io::{self, Write},
    time::Duration,
};

use regex::{Regex, RegexBuilder};
use serde_json::json;

use super::{
    fault::{FAILED, Fault, fault},
    output::{complain, is_written},
    read_swarms::ready_all,
};
use crate::{
    cluster::{TaskId, Timestamp},
    connect::{Choice, Connector, Endpoint},
    logs::ansi,
    session::{LogLine, LogQuery, LogSaid, read_logs},
    text::{clean, clean_json, clean_lines},
};

/// Prints logs until they end, or nobody reads them any more.
pub(super) async fn run(
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
                    Some(LogSaid::Quiet(task)) => {
                        printer.quiet(&task);
                        if follow {
                            Ok(())
                        } else {
                            // The next lines may be long in coming.
                            printer.print_settled(&mut out).and_then(|()| out.flush())
                        }
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
            // Each was told.
            Ok(Ok(unread)) => return Ok(if unread > 0 { FAILED } else { 0 }),
            Ok(Err(error)) => why = error,
            Err(error) => why = error.to_string(),
        }
    }
    Err(fault(FAILED)(why))
}

/// Prints lines in the order of their time.
pub struct LogPrinter {
    grep: Option<Regex>,
    json: bool,
    timestamps: bool,
    terminal: bool,
    held: Vec<LogLine>,
    /// The newest line of each task that may say more.
    open: HashMap<TaskId, Option<Timestamp>>,
}

impl LogPrinter {
    /// A printer; `grep` in small letters ignores case. To a terminal nothing goes that it would obey;
    /// into a pipe a message goes as it was written, byte for byte, and only the name before it is
    /// cleaned: who parses `task@node | ` must be able to.
    ///
    /// # Errors
    /// It is no regular expression.
    pub fn new(
        grep: Option<&str>,
        json: bool,
        timestamps: bool,
        terminal: bool,
    ) -> Result<Self, String> {
        let build = |pattern: &str| {
            let smart = !pattern.chars().any(char::is_uppercase);
            RegexBuilder::new(pattern).case_insensitive(smart).build().map_err(|e| {
                let why = e.to_string();
                format!("--grep: {}", why.lines().last().unwrap_or_default().trim())
            })
        };
        let grep = grep.map(build).transpose()?;
        Ok(Self { grep, json, timestamps, terminal, held: Vec::new(), open: HashMap::new() })
    }

    /// These tasks will be read.
    pub fn expect(&mut self, tasks: Vec<TaskId>) {
        self.open = tasks.into_iter().map(|task| (task, None)).collect();
    }

    /// A task has no more to say, or none for now: nothing is held back for it.
    pub fn quiet(&mut self, task: &TaskId) {
        self.open.remove(task);
    }

    /// Prints what no task can say anything before any more.
    ///
    /// # Errors
    /// Nobody reads it.
    pub fn print_settled(&mut self, out: &mut impl Write) -> io::Result<()> {
        // Where no task says more, all is settled.
        let until = self.open.values().min().copied();
        let is_settled = |line: &LogLine| until.is_none_or(|until| line.at <= until);
        if !self.held.first().is_some_and(is_settled) {
            return Ok(());
        }
        self.held.sort_by_key(|line| line.at);
        let later = self.held.split_off(self.held.partition_point(is_settled));
        self.print(out)?;
        self.held = later;
        Ok(())
    }

    /// Takes lines in.
    pub fn take(&mut self, lines: Vec<LogLine>) {
        if let Some(last) = lines.last()
            && let Some(newest) = self.open.get_mut(&last.task_id)
        {
            *newest = (*newest).max(last.at);
        }
        let wanted = |line: &LogLine| match &self.grep {
            None => true,
            Some(regex) => regex.is_match(&String::from_utf8_lossy(&line.text)),
        };
        self.held.extend(lines.into_iter().filter(wanted));
    }

    /// Prints what came, in order.
    ///
    /// # Errors
    /// Nobody reads it.
    pub fn print(&mut self, out: &mut impl Write) -> io::Result<()> {
        // Stable: lines of one task stay as they came.
        self.held.sort_by_key(|line| line.at);
        for line in std::mem::take(&mut self.held) {
            let at = line.at.map_or(String::new(), |at| at.to_string());
            if self.json {
                let object = json!({
                    "at": at,
                    "service": line.service,
                    "task": line.task,
                    "task_id": line.task_id.as_str(),
                    "node": line.node,
                    "stream": if line.stderr { "stderr" } else { "stdout" },
                    "text": String::from_utf8_lossy(&line.text),
                });
                writeln!(out, "{}", clean_json(&object.to_string()))?;
                continue;
            }
            if self.timestamps {
                write!(out, "{at} ")?;
            }
            write!(out, "{}@{} | ", clean(&line.task), clean(&line.node))?;
            if self.terminal {
                let text = String::from_utf8_lossy(&line.text);
                out.write_all(clean_lines(&ansi::plain(&text)).as_bytes())?;
            } else {
                out.write_all(&line.text)?;
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
