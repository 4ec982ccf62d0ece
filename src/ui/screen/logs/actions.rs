//! Keys and commands in a log.

use crossterm::event::KeyCode;

use crate::{
    cluster::{ServiceId, Subject},
    logs::{Kind, Severity, ansi},
    session::Command,
    text::{clean, parse_ago},
    ui::{
        Board,
        app::{Effect, board::View},
        input::actions::Act,
        popup::{LinePrompt, Popup},
        screen::logs::{LogPane, LogSource},
        table::filter::Filter,
    },
};

impl Board {
    /// The log, if there is one; else says how to get one.
    fn log_here(&mut self) -> Option<&mut LogPane> {
        if self.log.is_none() {
            self.say("no log is open: select a service, task or node and press l");
        }
        self.log.as_mut()
    }

    /// An action on the log.
    pub(in crate::ui) fn in_log(&mut self, act: Act) {
        let Some(log) = self.log_here() else { return };
        let said = match act {
            Act::Highlight => {
                let prompt = LinePrompt::highlight(&log.highlight.text);
                self.popups.push(Popup::Line(prompt));
                return;
            }
            Act::NextHit => return self.find(true),
            Act::PreviousHit => return self.find(false),
            Act::NextError | Act::PreviousError => {
                let found = log.find(act == Act::NextError, |l| {
                    l.severity == Severity::Error && l.kind != Kind::Ruler
                });
                if found {
                    return;
                }
                let way = if act == Act::NextError { "after" } else { "before" };
                format!("no error {way} this line")
            }
            Act::OnlyTask => {
                let here = log.here().map(|at| log.buffer.lines()[at].source.clone());
                let only = if log.filter.task.is_some() { None } else { here };
                log.change_filter(|filter| filter.task = only);
                return;
            }
            Act::OnlyNode => {
                let here = log.here().map(|at| log.buffer.lines()[at].source.clone());
                let node = here.and_then(|task| log.writers.get(&task)?.node.clone());
                let only = node.filter(|_| log.filter.host.is_none()).map(|node| {
                    let there = log.writers.iter().filter(|(_, w)| w.node.as_ref() == Some(&node));
                    (node.clone(), there.map(|(task, _)| task.clone()).collect())
                });
                log.change_filter(|filter| filter.host = only);
                return;
            }
            Act::OnlyStream => {
                let next = match log.filter.stream {
                    None => Some(Kind::Stdout),
                    Some(Kind::Stdout) => Some(Kind::Stderr),
                    _ => None,
                };
                log.change_filter(|filter| filter.stream = next);
                return;
            }
            Act::OnlySeverity => {
                let next = match log.filter.severity {
                    Severity::None => Severity::Warning,
                    Severity::Warning => Severity::Error,
                    _ => Severity::None,
                };
                log.change_filter(|filter| filter.severity = next);
                return;
            }
            Act::Wrap => {
                log.wrap = !log.wrap;
                log.pan = 0;
                if log.wrap {
                    "long lines are wrapped".into()
                } else {
                    "long lines are cut: ← → pan".into()
                }
            }
            Act::Times => {
                log.times = log.times.next();
                format!("times: {}", log.times.word())
            }
            _ => return,
        };
        self.say(said);
    }

    pub(in crate::ui) fn pan_log(&mut self, code: KeyCode) {
        if let Some(log) = &mut self.log {
            match code {
                KeyCode::Left => log.pan = log.pan.saturating_sub(20),
                KeyCode::Right => log.pan += 20,
                _ => {}
            }
        }
    }

    /// Goes to the next hit of the highlight, or of the filter.
    pub(in crate::ui) fn find(&mut self, forward: bool) {
        let Some(log) = self.log_here() else { return };
        let wanted =
            [&log.highlight, &log.filter.text].into_iter().find(|f| !f.is_empty()).cloned();
        let Some(wanted) = wanted else {
            return self.say("nothing to look for: & makes text stand out, / filters");
        };
        let hit = |line: &crate::logs::Line<_>| {
            line.kind != Kind::Ruler && wanted.passes([&*ansi::plain(&line.text)].into_iter())
        };
        if !log.find(forward, hit) {
            let way = if forward { "after" } else { "before" };
            self.say(format!("no hit {way} this line"));
        }
    }

    pub(in crate::ui) fn set_highlight(&mut self, text: &str) {
        if let Some(log) = &mut self.log {
            log.highlight = Filter::new(text);
        }
    }

    /// Opens the line under the cursor in full, or closes it.
    pub(in crate::ui) fn open_line(&mut self) {
        let Some(log) = self.log_here() else { return };
        let Some(at) = log.here() else { return };
        let seq = log.buffer.lines()[at].seq;
        if !log.open.remove(&seq) {
            log.open.insert(seq);
        }
        if log.follows() {
            log.toggle_hold();
        }
    }

    /// Begins a range at the line under the cursor, or gives it up.
    pub(in crate::ui) fn mark_line(&mut self) {
        let Some(log) = self.log_here() else { return };
        if log.anchor.take().is_some() {
            return;
        }
        if log.follows() {
            log.toggle_hold();
        }
        log.anchor = log.cursor;
        self.say("a range begins here: move, then c copies it");
    }

    pub(in crate::ui) fn copy_lines(&mut self) {
        let Some(log) = self.log_here() else { return };
        let range = log.range();
        let lines = range.iter().map(|at| &log.buffer.lines()[*at]);
        // A line end would run what is pasted: none but those between lines.
        let text: String = match (log.anchor.is_some(), range.as_slice()) {
            (false, [one]) => {
                let line = ansi::plain(&log.buffer.lines()[*one].text);
                clean(line.trim_end_matches(['\r', '\n'])).into_owned()
            }
            _ => lines.map(|line| log.written(line)).collect(),
        };
        let text = text.trim_end_matches('\n').to_owned();
        log.anchor = None;
        match range.len() {
            0 => self.say("there is no line to copy"),
            n => {
                self.effects.push(Effect::Copy(text));
                let what =
                    if n == 1 { "the line was".to_owned() } else { format!("{n} lines were") };
                self.say(format!("{what} copied"));
            }
        }
    }

    /// Asks for lines from before the oldest one known.
    pub(in crate::ui) fn read_older(&mut self) {
        let Some(log) = self.log.as_mut() else { return };
        let ask = log.older();
        let token = log.token;
        if !ask.is_empty() {
            self.command(Command::OlderLogs(token, ask));
        }
    }

    /// Logs of more than what is under the cursor: its stack, or all that have problems.
    pub(in crate::ui) fn open_more_logs(&mut self) {
        if self.view == View::Problems {
            return self.logs_of_problems();
        }
        let service = match self.subject() {
            Some(Subject::Service(id) | Subject::Task(_, id)) => self.scene.store.service(&id),
            _ => None,
        };
        match service.and_then(|s| s.stack.clone()) {
            Some(stack) => drop(self.logs_of_stack(&stack)),
            None => self.say("this is not part of a stack; l shows its own log"),
        }
    }

    fn logs_of_problems(&mut self) {
        let mut ids: Vec<ServiceId> = self
            .loud()
            .flat_map(|p| std::iter::once(p).chain(p.folded.iter().map(|f| &**f)))
            .filter_map(|p| match &p.subject {
                Subject::Service(id) | Subject::Task(_, id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return self.say("no service has a problem");
        }
        self.follow_log(LogSource::Services(ids), "all with problems".into());
        self.go(View::Logs);
    }

    fn logs_of_stack(&mut self, stack: &str) -> Result<(), String> {
        let services = self.scene.store.services();
        let mut ids: Vec<ServiceId> =
            services.filter(|s| s.stack.as_deref() == Some(stack)).map(|s| s.id.clone()).collect();
        ids.sort();
        if ids.is_empty() {
            return Err(format!("no stack '{stack}'"));
        }
        self.follow_log(LogSource::Services(ids), format!("stack {stack}"));
        self.go(View::Logs);
        Ok(())
    }

    /// `logs problems`, `stack NAME`, `goto TIME`, `keys a,b`, `save FILE`, `tee FILE`; `None` for other commands.
    pub(in crate::ui) fn log_command(
        &mut self,
        verb: &str,
        argument: Option<&str>,
    ) -> Option<Result<(), String>> {
        Some(match (verb, argument) {
            ("logs", Some("problems")) => {
                self.logs_of_problems();
                Ok(())
            }
            ("stack", Some(stack)) => self.logs_of_stack(stack),
            ("keys", keys) => {
                let keys: Vec<String> = keys
                    .unwrap_or_default()
                    .split([',', ' '])
                    .filter(|k| !k.is_empty())
                    .map(str::to_owned)
                    .collect();
                self.settings.log_keys.clone_from(&keys);
                if let Some(log) = &mut self.log {
                    log.keys = keys;
                }
                Ok(())
            }
            ("goto", Some(when)) => self.go_to(when),
            ("save", Some(file)) => self.save(file, false),
            ("tee", Some(file)) => self.save(file, true),
            ("tee", None) => {
                if let Some(log) = &mut self.log {
                    log.tee = None;
                }
                Ok(())
            }
            ("goto" | "save" | "stack", None) => {
                Err(format!("{verb} what? goto 14:32 or -15m, save FILE, stack NAME"))
            }
            _ => return None,
        })
    }

    fn go_to(&mut self, when: &str) -> Result<(), String> {
        let now = self.scene.now;
        let log = self.log.as_mut().ok_or("no log is open")?;
        let local = log.times == super::Times::Local;
        let at = moment(when, now, local)
            .ok_or_else(|| format!("'{when}' is no time: write 14:32, 14:32:05 or -15m"))?;
        log.follow();
        let oldest = log.buffer.lines().front().map(|l| l.at);
        log.seek_time(at);
        let before = oldest.is_none_or(|oldest| oldest > at.0);
        if before {
            self.read_older();
        }
        self.go(View::Logs);
        Ok(())
    }

    fn save(&mut self, file: &str, go_on: bool) -> Result<(), String> {
        let path = std::path::PathBuf::from(file);
        let log = self.log.as_mut().ok_or("no log is open")?;
        let lines = log.buffer.lines();
        let shown = (0..lines.len()).filter(|at| log.buffer.shows(*at));
        let text: String = shown.map(|at| log.written(&lines[at])).collect();
        let count = text.lines().count();
        if go_on {
            log.tee = Some(path.clone());
        }
        self.effects.push(Effect::Write { path, text, fresh: true });
        let more = if go_on { ", and what comes; :tee alone ends that" } else { "" };
        self.say(format!("{count} lines to {file}{more}"));
        Ok(())
    }
}

/// `14:32`, `14:32:05`, `-15m`, `-1h30m`, `90s`.
fn moment(
    text: &str,
    now: crate::cluster::Timestamp,
    local: bool,
) -> Option<crate::cluster::Timestamp> {
    if let Some(ago) = parse_ago(text) {
        return Some(now.shifted(-i64::try_from(ago.as_nanos()).ok()?));
    }
    let mut parts = text.split(':').map(str::parse::<i8>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().transpose().ok()?.unwrap_or(0);
    if parts.next().is_some() {
        return None;
    }
    now.last_at(hour, minute, second, local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Timestamp;

    #[test]
    fn times_as_typed() {
        let now = Timestamp::parse("2026-11-21T14:03:12Z");
        let at = |text: &str| moment(text, now, false).map(|t| t.to_string());
        assert_eq!(at("13:32").as_deref(), Some("2026-11-21T13:32:00Z"));
        assert_eq!(at("14:32:05").as_deref(), Some("2026-11-20T14:32:05Z"), "yesterday's");
        assert_eq!(at("-15m").as_deref(), Some("2026-11-21T13:48:12Z"));
        assert_eq!(at("-1h30m").as_deref(), Some("2026-11-21T12:33:12Z"));
        for wrong in ["25:00", "14", "-5", "-xm", "1:2:3:4", "-999999d", ""] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
