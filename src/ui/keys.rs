//! Keys of overlays: the top of the stack gets them first.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    Board,
    actions::{self, Act},
    app::Effect,
    board::{TaskScope, View, Wish},
    keymap::Keymap,
    logpane::LogSource,
    overlay::{Asking, Overlay, Page, Scroll},
    palette::{Known, Palette},
};
use crate::{
    action::plan::{
        Change, Confirm, Confirmation, NodeChange, Plan, ScaleTo, Target, from_yaml, parse_labels,
    },
    cluster::{Availability, Role, ServiceId, Subject},
};

/// So many commands are offered again.
const RECENT: usize = 8;

impl Board {
    pub(super) fn paste(&mut self, text: &str) {
        match self.overlays.last_mut() {
            Some(Overlay::Filter(input)) => {
                input.insert(text);
                let text = input.text().to_owned();
                self.set_filter(&text);
            }
            Some(Overlay::Highlight(input)) => {
                input.insert(text);
                let text = input.text().to_owned();
                self.set_highlight(&text);
            }
            Some(Overlay::Ask(ask)) => ask.input.insert(text),
            Some(Overlay::Palette(palette)) => palette.input.insert(text),
            Some(Overlay::Plan(plan)) => plan.typed.insert(text),
            Some(Overlay::Editor(editor)) => {
                editor.area.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
            }
            _ => {}
        }
    }

    pub(super) fn overlay_key(&mut self, key: &KeyEvent) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if ctrl && key.code == KeyCode::Char('c') {
            // Out of anything, without a trace; and out of the question itself.
            if matches!(self.overlays.last(), Some(Overlay::Quit)) {
                self.effects.push(Effect::Quit);
            }
            if !matches!(self.overlays.last(), Some(Overlay::Editor(_))) {
                self.close_top();
                return;
            }
        }
        let Some(top) = self.overlays.last_mut() else { return };
        match top {
            Overlay::Filter(_) => self.filter_key(key),
            Overlay::Highlight(_) => self.highlight_key(key),
            Overlay::Ask(_) => self.ask_key(key, ctrl),
            Overlay::Waiting { .. } | Overlay::Copy { .. } | Overlay::Quit => self.short_key(key),
            Overlay::Plan(_) => self.plan_key(key),
            Overlay::Editor(_) => self.editor_key(key, ctrl),
            Overlay::Page(page) => {
                if !scroll_key(&page.scroll, &self.settings.keymap, key) {
                    self.page_key(key);
                }
            }
            Overlay::Help { scroll } => {
                if !scroll_key(scroll, &self.settings.keymap, key) {
                    self.close_top();
                }
            }
            Overlay::Palette(_) => self.palette_key(key),
        }
    }

    fn close_top(&mut self) {
        match self.overlays.pop() {
            Some(Overlay::Waiting { .. } | Overlay::Ask(_)) => self.pending = None,
            Some(Overlay::Palette(Palette { before: Some(theme), .. })) => {
                self.settings.dress.theme = theme;
            }
            _ => {}
        }
    }

    fn filter_key(&mut self, key: &KeyEvent) {
        let Some(Overlay::Filter(input)) = self.overlays.last_mut() else { return };
        match key.code {
            KeyCode::Enter => {
                self.overlays.pop();
            }
            KeyCode::Esc => {
                self.overlays.pop();
                self.set_filter("");
            }
            KeyCode::Down | KeyCode::Up => {
                let by = if key.code == KeyCode::Down { Act::Down } else { Act::Up };
                self.act(by);
            }
            _ => {
                if input.key(key) {
                    let text = input.text().to_owned();
                    self.set_filter(&text);
                }
            }
        }
    }

    fn highlight_key(&mut self, key: &KeyEvent) {
        let Some(Overlay::Highlight(input)) = self.overlays.last_mut() else { return };
        match key.code {
            KeyCode::Enter => {
                self.overlays.pop();
                self.find(false);
            }
            KeyCode::Esc => {
                self.overlays.pop();
                self.set_highlight("");
            }
            _ => {
                if input.key(key) {
                    let text = input.text().to_owned();
                    self.set_highlight(&text);
                }
            }
        }
    }

    fn ask_key(&mut self, key: &KeyEvent, ctrl: bool) {
        let Some(Overlay::Ask(ask)) = self.overlays.last_mut() else { return };
        match key.code {
            KeyCode::Esc => self.close_top(),
            KeyCode::Char('e') if ctrl && ask.asking == Asking::Image => {
                match ask.targets.as_slice() {
                    [Target::Service(one)] => {
                        let one = one.clone();
                        self.edit(one);
                    }
                    _ => ask.error = Some("the editor takes one service at a time".into()),
                }
            }
            KeyCode::Enter if ask.waiting.is_none() => {
                let text = ask.input.text().trim();
                let change = match ask.asking {
                    Asking::Scale => ScaleTo::parse(text).map(Change::Scale),
                    Asking::Image if text.is_empty() => Err("type an image, as in api:1.9".into()),
                    Asking::Image => Ok(Change::Image(text.to_owned())),
                    Asking::Labels => {
                        parse_labels(text).map(|labels| Change::Node(NodeChange::Labels(labels)))
                    }
                };
                match change {
                    Err(why) => ask.error = Some(why),
                    Ok(change) => {
                        ask.error = None;
                        let targets = ask.targets.clone();
                        let names = self.names_of_targets(&targets);
                        self.read_and_plan(targets, &names, change);
                    }
                }
            }
            _ => {
                if ask.input.key(key) {
                    ask.error = None;
                }
            }
        }
    }

    fn short_key(&mut self, key: &KeyEvent) {
        match (self.overlays.last(), key.code) {
            (Some(Overlay::Copy { id, .. }), KeyCode::Char('i')) => {
                let id = id.clone();
                self.overlays.pop();
                self.say(format!("copied {id}"));
                self.effects.push(Effect::Copy(id));
            }
            (Some(Overlay::Copy { name, .. }), KeyCode::Char('n' | 'c') | KeyCode::Enter) => {
                let name = name.clone();
                self.overlays.pop();
                self.say(format!("copied {name}"));
                self.effects.push(Effect::Copy(name));
            }
            (Some(Overlay::Quit), KeyCode::Char('y')) => self.effects.push(Effect::Quit),
            (Some(Overlay::Waiting { .. }), code) if code != KeyCode::Esc => {}
            _ => self.close_top(),
        }
    }

    fn plan_key(&mut self, key: &KeyEvent) {
        let Some(Overlay::Plan(shown)) = self.overlays.last_mut() else { return };
        let answer = match (&shown.plan.confirm, key.code) {
            (_, KeyCode::Esc) => return self.close_top(),
            (Confirm::Yes, KeyCode::Char('y')) => Confirmation::Yes,
            (Confirm::Yes, KeyCode::Enter) => {
                shown.wrong = true;
                return;
            }
            (Confirm::Type(_), KeyCode::Enter) => {
                Confirmation::Typed(shown.typed.text().to_owned())
            }
            (
                Confirm::Type(_),
                KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown,
            )
            | (Confirm::Yes, _) => {
                scroll_key(&shown.scroll, &self.settings.keymap, key);
                return;
            }
            (Confirm::Type(_), _) => {
                shown.wrong = false;
                shown.typed.key(key);
                return;
            }
        };
        let Some(grant) = self.settings.grant.clone() else { return };
        let Some(Overlay::Plan(shown)) = self.overlays.last_mut() else { return };
        match shown.plan.clone().approve(&grant, &answer) {
            Ok(approved) => self.carry_out(approved),
            Err(_) => shown.wrong = true,
        }
    }

    fn editor_key(&mut self, key: &KeyEvent, ctrl: bool) {
        let Some(Overlay::Editor(editor)) = self.overlays.last_mut() else { return };
        if editor.discarding {
            editor.discarding = false;
            if key.code == KeyCode::Char('y') {
                self.close_top();
            }
            return;
        }
        match key.code {
            KeyCode::Esc => {
                if editor.is_changed() {
                    editor.discarding = true;
                } else {
                    self.close_top();
                }
            }
            KeyCode::Char('c') if ctrl => editor.discarding = editor.is_changed(),
            KeyCode::Char('s') if ctrl => {
                let text = editor.area.lines().join("\n") + "\n";
                match from_yaml(&text, &editor.document.spec) {
                    Err(error) => {
                        let line = error.line.saturating_sub(1) as u16;
                        editor.area.move_cursor(tui_textarea::CursorMove::Jump(line, 0));
                        editor.error = Some(error);
                    }
                    Ok(spec) => {
                        editor.error = None;
                        let document = editor.document.clone();
                        let change = Change::Spec(Box::new(spec));
                        let plan = Plan::new(&[document], &change, self.live_store());
                        self.open_plan(plan, None);
                    }
                }
            }
            _ => {
                if editor.area.input(*key) {
                    editor.error = None;
                }
            }
        }
    }

    fn page_key(&mut self, key: &KeyEvent) {
        let Some(Overlay::Page(page)) = self.overlays.last_mut() else { return };
        match key.code {
            KeyCode::Char('x') => page.reveal = !page.reveal,
            KeyCode::Char('y') => {
                let subject = described(page);
                self.overlays.pop();
                if let Some(subject) = subject {
                    self.yaml_of(&subject);
                }
            }
            KeyCode::Esc | KeyCode::Char('q' | 'd') => self.close_top(),
            // Actions work from a page on what it describes.
            _ => {
                if let Some(Subject::Service(id)) = described(page)
                    && let Some(action) = self.settings.keymap.of(key)
                    && action.context == actions::Context::Service
                {
                    self.overlays.pop();
                    self.act_on(action.act, id);
                }
            }
        }
    }

    fn palette_key(&mut self, key: &KeyEvent) {
        let known = Known::of(&self.scene.store, &self.siblings, &self.settings, &self.recent);
        let Some(Overlay::Palette(palette)) = self.overlays.last_mut() else { return };
        let found = palette.suggestions(&known);
        match key.code {
            KeyCode::Esc => return self.close_top(),
            KeyCode::Down => {
                palette.chosen = (palette.chosen + 1).min(found.len().saturating_sub(1))
            }
            KeyCode::Up => palette.chosen = palette.chosen.saturating_sub(1),
            KeyCode::Tab => {
                if let Some(chosen) = found.get(palette.chosen) {
                    palette.fill(&chosen.command);
                }
            }
            KeyCode::Enter => {
                let typed = palette.input.text().trim().to_owned();
                let exact = found.iter().any(|s| s.command.trim() == typed);
                let (command, key) = match found.get(palette.chosen) {
                    Some(chosen) if !exact || palette.chosen > 0 => {
                        (chosen.command.clone(), chosen.key.clone())
                    }
                    _ => {
                        let same = found.iter().find(|s| s.command == typed);
                        (typed, same.map_or(String::new(), |s| s.key.clone()))
                    }
                };
                if command.ends_with(' ') {
                    palette.fill(&command);
                } else if let Err(why) = self.run(&command) {
                    if let Some(Overlay::Palette(palette)) = self.overlays.last_mut() {
                        palette.error = Some(why);
                    }
                } else {
                    self.recent.retain(|c| *c != command);
                    self.recent.insert(0, command.clone());
                    self.recent.truncate(RECENT);
                    if !key.is_empty() && self.toast.is_none() {
                        self.say(format!("{command}: next time, {key} does that"));
                    }
                }
            }
            _ => {
                palette.input.key(key);
                palette.chosen = 0;
                palette.error = None;
            }
        }
        self.preview();
    }

    /// The theme under the palette's cursor is shown at once.
    fn preview(&mut self) {
        let known = Known::of(&self.scene.store, &self.siblings, &self.settings, &self.recent);
        let Some(Overlay::Palette(palette)) = self.overlays.last_mut() else { return };
        let found = palette.suggestions(&known);
        let name = found.get(palette.chosen).and_then(|s| s.command.strip_prefix("theme "));
        let theme = name.filter(|n| !n.is_empty()).map(|n| self.settings.dress.themes.get(Some(n)));
        match theme {
            Some(Ok(theme)) => {
                let before = std::mem::replace(&mut self.settings.dress.theme, theme);
                palette.before.get_or_insert(before);
            }
            Some(Err(why)) => palette.error = Some(why),
            None => {
                if let Some(theme) = palette.before.take() {
                    self.settings.dress.theme = theme;
                }
            }
        }
    }

    /// Carries a command of the palette out.
    fn run(&mut self, command: &str) -> Result<(), String> {
        let (verb, name) = match command.trim().split_once(' ') {
            Some((verb, name)) => (verb, Some(name.trim())),
            None => (command.trim(), None),
        };
        if verb == "theme" {
            let theme = self.settings.dress.themes.get(name)?;
            self.say(format!("theme = \"{}\" in the config file keeps it", theme.name()));
            self.wishes.push(Wish::Theme(theme));
            self.overlays.pop();
            return Ok(());
        }
        if verb == "cluster" {
            let name = name.unwrap_or("");
            if !self.siblings.iter().any(|n| n == name) {
                return Err(format!(
                    "no cluster '{name}'; there are: {}",
                    self.siblings.join(", ")
                ));
            }
            self.wishes.push(Wish::Named(name.to_owned()));
            self.overlays.pop();
            return Ok(());
        }
        if matches!(verb, "q" | "q!" | "exit") {
            self.overlays.pop();
            self.act(Act::Quit);
            return Ok(());
        }
        if let Some(done) = self.log_command(verb, name) {
            done?;
            self.overlays.pop();
            return Ok(());
        }
        let Some(name) = name else {
            let action = actions::ACTIONS.iter().find(|a| a.id == verb);
            let act = action.map(|a| a.act).ok_or_else(|| format!("no command '{verb}'"))?;
            self.overlays.pop();
            self.act(act);
            return Ok(());
        };
        if let Some(done) = self.node_command(verb, name) {
            done?;
            return Ok(());
        }
        let service = self.scene.store.service_named(name).map(|s| s.id.clone());
        let id = service.ok_or_else(|| format!("no service '{name}'"))?;
        let act = match verb {
            "tasks" => Act::Enter,
            "logs" => Act::OpenLogs,
            "describe" => Act::Describe,
            "scale" => Act::Scale,
            "update" => Act::Update,
            "rollback" => Act::Rollback,
            "force" => Act::Force,
            "yaml" => Act::Yaml,
            other => return Err(format!("no command '{other}'")),
        };
        self.overlays.pop();
        self.act_on(act, id);
        Ok(())
    }

    /// A command for a node by its name; `None` if it is for something else.
    fn node_command(&mut self, verb: &str, name: &str) -> Option<Result<(), String>> {
        let change = match verb {
            "drain" => Some(NodeChange::Availability(Availability::Drain)),
            "activate" => Some(NodeChange::Availability(Availability::Active)),
            "pause-node" => Some(NodeChange::Availability(Availability::Pause)),
            "promote" => Some(NodeChange::Role(Role::Manager)),
            "demote" => Some(NodeChange::Role(Role::Worker)),
            "labels" | "blast" | "node" => None,
            _ => return None,
        };
        let found = self.scene.store.nodes().find(|n| &*n.hostname == name);
        let Some(id) = found.map(|n| n.id.clone()) else {
            return Some(Err(format!("no node '{name}'")));
        };
        if (change.is_some() || verb == "labels") && self.is_read_only() {
            return Some(Err("read-only: nothing can be changed from here".into()));
        }
        self.overlays.pop();
        match (change, verb) {
            (Some(change), _) => {
                self.read_and_plan(vec![id.into()], name, Change::Node(change));
            }
            (None, "labels") => self.ask_labels_of(&id),
            (None, "blast") => self.open_blast(id),
            (None, _) => self.describe_subject(Subject::Node(id)),
        }
        Some(Ok(()))
    }

    /// An action on a service that need not be under the cursor.
    pub(super) fn act_on(&mut self, act: Act, id: ServiceId) {
        if actions::action(act).writes && self.is_read_only() {
            return self.say("read-only: nothing can be changed from here");
        }
        match act {
            Act::Enter => self.open_tasks(TaskScope::Service(id)),
            Act::OpenLogs => {
                let name = self.service_name(&id);
                self.follow_log(LogSource::Services(vec![id]), name);
                self.go(View::Logs);
            }
            Act::Describe => self.describe_subject(Subject::Service(id)),
            Act::Yaml => self.yaml_of(&Subject::Service(id)),
            Act::Scale => self.ask_for(Asking::Scale, vec![id]),
            Act::Update => self.ask_for(Asking::Image, vec![id]),
            Act::Rollback => self.plan_change(vec![id], Change::Rollback),
            Act::Force => self.plan_change(vec![id], Change::Force),
            _ => {}
        }
    }
}

fn described(page: &Page) -> Option<Subject> {
    match &page.kind {
        super::overlay::PageKind::Describe { subject, .. } => Some(subject.clone()),
        super::overlay::PageKind::Blast(id) => Some(Subject::Node(id.clone())),
        super::overlay::PageKind::Yaml { .. } | super::overlay::PageKind::Stats => None,
    }
}

/// Moves a page; false if the key is none of moving. Drawing stops at the last line.
fn scroll_key(scroll: &Scroll, keymap: &Keymap, key: &KeyEvent) -> bool {
    let Some(action) = keymap.of(key) else { return false };
    scroll.by(match action.act {
        Act::Down => 1,
        Act::Up => -1,
        Act::HalfDown => 10,
        Act::HalfUp => -10,
        Act::PageDown => 20,
        Act::PageUp => -20,
        Act::Top => isize::MIN,
        Act::Bottom => isize::MAX,
        _ => return false,
    });
    true
}
