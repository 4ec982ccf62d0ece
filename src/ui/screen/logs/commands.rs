//! Commands of the palette on logs, and logs of more than the selection.

use crate::{
    cluster::{ServiceId, Subject, Timestamp},
    text::parse_ago,
    ui::{
        app::{Effect, workspace::Workspace},
        screen::{
            kinds::View,
            logs::{LogSource, Times},
        },
        table::filter::Filter,
    },
};

impl Workspace<'_> {
    /// Makes text stand out in the log.
    pub(in crate::ui) fn set_highlight(&mut self, text: &str) {
        if let Some(log) = &mut self.screens.logs.log {
            log.highlight = Filter::new(text);
        }
    }

    /// Logs of more than what is under the cursor: its stack, or all that have problems.
    pub(in crate::ui) fn open_more_logs(&mut self) {
        if let Some(Subject::Stack(name)) = self.below().subject() {
            let done = self.logs_of_stack(&name);
            return self.say_if(done);
        }
        let service = match self.below().subject() {
            Some(Subject::Service(id) | Subject::Task(_, id)) => {
                self.cluster.model.store.service(&id)
            }
            _ => None,
        };
        match service.and_then(|s| s.stack.clone()) {
            Some(stack) => drop(self.logs_of_stack(&stack)),
            None => self.cluster.say("this is not part of a stack; l shows its own log"),
        }
    }

    pub(in crate::ui) fn logs_of_problems(&mut self) {
        let mut ids: Vec<ServiceId> = self
            .cluster
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
            return self.cluster.say("no service has a problem");
        }
        self.follow_log(LogSource::Services(ids), "all with problems".into());
        self.screens.go(View::Logs, self.cluster);
    }

    pub(in crate::ui) fn logs_of_stack(&mut self, stack: &str) -> Result<(), String> {
        let services = self.cluster.model.store.services();
        let mut ids: Vec<ServiceId> =
            services.filter(|s| s.stack.as_deref() == Some(stack)).map(|s| s.id.clone()).collect();
        ids.sort();
        if ids.is_empty() {
            return Err(format!("no stack '{stack}'"));
        }
        self.follow_log(LogSource::Services(ids), format!("stack {stack}"));
        self.screens.go(View::Logs, self.cluster);
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
                self.cluster.settings.log_keys.clone_from(&keys);
                if let Some(log) = &mut self.screens.logs.log {
                    log.keys = keys;
                }
                Ok(())
            }
            ("goto", Some(when)) => self.go_to(when),
            ("save", Some(file)) => self.save(file, false),
            ("tee", Some(file)) => self.save(file, true),
            ("tee", None) => {
                if let Some(log) = &mut self.screens.logs.log {
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
        let now = self.cluster.model.now;
        let log = self.screens.logs.log.as_mut().ok_or("no log is open")?;
        let local = log.times == Times::Local;
        let at = moment(when, now, local)
            .ok_or_else(|| format!("'{when}' is no time: write 14:32, 14:32:05 or -15m"))?;
        log.follow();
        let oldest = log.buffer.lines().front().map(|l| l.at);
        log.seek_time(at);
        let before = oldest.is_none_or(|oldest| oldest > at.nanos());
        if before {
            self.screens.logs.read_older(self.cluster);
        }
        self.screens.go(View::Logs, self.cluster);
        Ok(())
    }

    fn save(&mut self, file: &str, go_on: bool) -> Result<(), String> {
        let path = std::path::PathBuf::from(file);
        let log = self.screens.logs.log.as_mut().ok_or("no log is open")?;
        let lines = log.buffer.lines();
        let shown = (0..lines.len()).filter(|at| log.buffer.shows(*at));
        let text: String = shown.map(|at| log.written(&lines[at])).collect();
        let count = text.lines().count();
        if go_on {
            log.tee = Some(path.clone());
        }
        self.cluster.effects.push(Effect::Write { path, text, fresh: true });
        let more = if go_on { ", and what comes; :tee alone ends that" } else { "" };
        self.cluster.say(format!("{count} lines to {file}{more}"));
        Ok(())
    }
}

/// `14:32`, `14:32:05`, `-15m`, `-1h30m`, `90s`.
fn moment(text: &str, now: Timestamp, local: bool) -> Option<Timestamp> {
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

    #[test]
    fn times_as_typed() {
        let now = Timestamp::parse("2026-11-21T14:03:12Z").unwrap();
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
