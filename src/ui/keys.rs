//! Keys of overlays: the top of the stack gets them first.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    Board,
    actions::{Act, Context, Needs},
    app::Effect,
    overlay::{Asking, Overlay, Page, Slip},
    palette::Palette,
};
use crate::{
    action::plan::{
        Change, Confirm, Confirmation, NodeChange, NotApproved, Plan, ScaleTo, Target, from_yaml,
        parse_labels,
    },
    cluster::Subject,
};

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
            Overlay::Ask(_) => self.ask_key(key),
            Overlay::Waiting { .. } | Overlay::Copy { .. } | Overlay::Quit => self.short_key(key),
            Overlay::Plan(_) => self.plan_key(key),
            Overlay::Editor(_) => self.editor_key(key, ctrl),
            Overlay::Page(_) => self.page_key(key),
            Overlay::Help { scroll, .. } => {
                let keymap = &self.settings.keymap;
                match keymap.of(Context::Page, key).map(|action| action.act) {
                    Some(Act::Redraw) => self.effects.push(Effect::Redraw),
                    Some(act) if scroll.act(act) => {}
                    _ => self.close_top(),
                }
            }
            Overlay::Palette(_) => self.palette_key(key),
        }
    }

    pub(super) fn close_top(&mut self) {
        match self.overlays.pop() {
            Some(Overlay::Waiting { .. } | Overlay::Ask(_)) => self.pending = None,
            Some(Overlay::Palette(Palette { before: Some(theme), .. })) => {
                self.settings.appearance.theme = theme;
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

    fn ask_key(&mut self, key: &KeyEvent) {
        let act = self.settings.keymap.of(Context::Prompt, key).map(|action| action.act);
        let opens_editor = act == Some(Act::Edit);
        let Some(Overlay::Ask(ask)) = self.overlays.last_mut() else { return };
        match key.code {
            KeyCode::Esc => self.close_top(),
            _ if opens_editor && ask.asking == Asking::Image => match ask.targets.as_slice() {
                [Target::Service(one)] => {
                    let one = one.clone();
                    self.edit(one);
                }
                _ => ask.error = Some("the editor takes one service at a time".into()),
            },
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
            (Some(Overlay::Quit), KeyCode::Char('y')) if is_plain(key) => {
                self.effects.push(Effect::Quit)
            }
            (Some(Overlay::Waiting { .. }), code) if code != KeyCode::Esc => {}
            _ => self.close_top(),
        }
    }

    fn plan_key(&mut self, key: &KeyEvent) {
        let Some(Overlay::Plan(shown)) = self.overlays.last_mut() else { return };
        // Letters are typed where a word confirms.
        let is_text =
            matches!((&shown.plan.confirm, key.code), (Confirm::Type(_), KeyCode::Char(_)));
        let action =
            self.settings.keymap.of(Context::Plan, key).filter(|_| !is_text || !is_plain(key));
        let answer = match (&shown.plan.confirm, action.map(|a| a.act)) {
            (_, Some(Act::Back)) => return self.close_top(),
            (_, Some(Act::Redraw)) => return self.effects.push(Effect::Redraw),
            (Confirm::Yes, Some(Act::CarryOut)) if is_plain(key) => {
                if key.kind == KeyEventKind::Repeat || !shown.may_be_read(self.last_y, self.now) {
                    shown.slip = Some(Slip::TooSoon);
                    return;
                }
                Confirmation::Yes
            }
            (Confirm::Yes, _) if key.code == KeyCode::Enter => {
                shown.slip = Some(Slip::Wrong);
                return;
            }
            (Confirm::Type(_), _) if key.code == KeyCode::Enter => {
                Confirmation::Typed(shown.typed.text().to_owned())
            }
            (Confirm::Type(_), act) => {
                // Home, End and Ctrl-u are for the line.
                let steps = [Act::Up, Act::Down, Act::PageUp, Act::PageDown];
                if !act.is_some_and(|act| steps.contains(&act) && shown.scroll.act(act)) {
                    shown.slip = None;
                    shown.typed.key(key);
                }
                return;
            }
            (Confirm::Yes, act) => {
                act.map(|act| shown.scroll.act(act));
                return;
            }
        };
        let Some(grant) = self.settings.grant.clone() else { return };
        let Some(Overlay::Plan(shown)) = self.overlays.last_mut() else { return };
        match shown.plan.clone().approve(&grant, &answer) {
            Ok(approved) => self.carry_out(approved),
            Err(NotApproved::Answer) => shown.slip = Some(Slip::Wrong),
            Err(why @ NotApproved::OtherCluster) => self.notice(format!("nothing was sent: {why}")),
        }
    }

    fn editor_key(&mut self, key: &KeyEvent, ctrl: bool) {
        let act = self.settings.keymap.of(Context::Editor, key).map(|action| action.act);
        let shows_plan = act == Some(Act::ShowPlan);
        let Some(Overlay::Editor(editor)) = self.overlays.last_mut() else { return };
        if editor.discarding {
            editor.discarding = false;
            if key.code == KeyCode::Char('y') && is_plain(key) {
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
            _ if shows_plan => {
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
                        let plan = Plan::new(self.no, &[document], &change, self.live_store());
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
        let Some(action) = self.settings.keymap.of(Context::Page, key) else { return };
        match action.act {
            Act::Reveal => page.reveal = !page.reveal,
            Act::Redraw => self.effects.push(Effect::Redraw),
            Act::Yaml => {
                let subject = described(page);
                self.overlays.pop();
                if let Some(subject) = subject {
                    self.yaml_of(&subject);
                }
            }
            Act::Back => self.close_top(),
            act if page.scroll.act(act) => {}
            // Actions work from a page on what it describes.
            act => {
                if let Some(Subject::Service(id)) = described(page)
                    && action.needs == Needs::Service
                {
                    self.overlays.pop();
                    self.act_on(act, id);
                }
            }
        }
    }
}

/// Whether it is the key alone: `Ctrl-y` is no yes.
fn is_plain(key: &KeyEvent) -> bool {
    key.modifiers.is_empty()
}

fn described(page: &Page) -> Option<Subject> {
    match &page.kind {
        super::overlay::PageKind::Describe { subject, .. } => Some(subject.clone()),
        super::overlay::PageKind::Blast(id) => Some(Subject::Node(id.clone())),
        super::overlay::PageKind::Yaml { .. } | super::overlay::PageKind::Stats => None,
    }
}
