//! A plan: the diff, what it touches, what could go wrong, the docker command, and the question.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::plan::{Confirm, Confirmation, NotApproved, Plan},
    cluster::Timestamp,
    config::Slot,
    ui::{
        app::cluster::Cluster,
        chrome::popup,
        input::{
            actions::{Act, KeyContext},
            line_editor::LineEditor,
        },
        popup::{
            behaviour::{Behaviour, Reaction, is_plain, redraw, title, typed},
            scroll::{Scroll, scroll_keys, scrolled},
        },
        screen::below::Below,
        widget::{diff, text},
    },
};

/// A plan on the screen.
#[derive(Debug)]
pub struct PlanBox {
    /// The plan.
    pub plan: Plan,
    /// The name typed to confirm a dangerous plan.
    pub typed: LineEditor,
    /// First line shown.
    pub scroll: Scroll,
    /// Error of the last answer.
    pub slip: Option<Slip>,
    /// When it came to the screen; before that nobody can have read it.
    pub drawn: Option<Timestamp>,
    /// Why this plan came unasked: a conflict.
    pub notice: Option<String>,
}

/// Why an answer to a plan was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// Another answer than it asks for.
    Wrong,
    /// A `y` right after it came up, or one of a key held down.
    TooSoon,
}

/// A plan stands on the screen for so long without a `y` before one carries it out: what was typed
/// ahead, and what a held key repeats, says nothing about a plan.
const READ: Duration = Duration::from_millis(400);

impl PlanBox {
    /// A plan that is about to come to the screen.
    pub fn new(plan: Plan, notice: Option<String>) -> Self {
        let (typed, scroll) = (LineEditor::default(), Scroll::default());
        Self { plan, typed, scroll, slip: None, drawn: None, notice }
    }

    /// Whether a `y` pressed now can be meant for it; `last_y` was the one before.
    pub fn may_be_read(&self, last_y: Option<Timestamp>, now: Timestamp) -> bool {
        self.drawn.is_some_and(|drawn| last_y.map_or(drawn, |y| drawn.max(y)).age(now) >= READ)
    }
}

impl PlanBox {
    /// The answer that a key gives, if it gives one.
    fn answer(
        &mut self,
        key: &KeyEvent,
        act: Option<Act>,
        cluster: &Cluster,
    ) -> Option<Confirmation> {
        match (&self.plan.confirm, act) {
            (Confirm::Yes, Some(Act::CarryOut)) if is_plain(key) => {
                let held = key.kind == KeyEventKind::Repeat;
                if held || !self.may_be_read(cluster.remembered.last_y, cluster.now) {
                    self.slip = Some(Slip::TooSoon);
                    return None;
                }
                return Some(Confirmation::Yes);
            }
            (Confirm::Yes, _) if key.code == KeyCode::Enter => self.slip = Some(Slip::Wrong),
            (Confirm::Type(_), _) if key.code == KeyCode::Enter => {
                return Some(Confirmation::Typed(self.typed.text().to_owned()));
            }
            (Confirm::Type(_), act) => {
                // Home, End and Ctrl-u are for the line.
                let steps = [Act::Up, Act::Down, Act::PageUp, Act::PageDown];
                if !act.is_some_and(|act| steps.contains(&act) && self.scroll.act(act)) {
                    self.slip = None;
                    self.typed.key(key);
                }
            }
            (Confirm::Yes, act) => {
                act.map(|act| self.scroll.act(act));
            }
        }
        None
    }
}

impl Behaviour for PlanBox {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        // Letters are typed where a word confirms.
        let is_text =
            matches!((&self.plan.confirm, key.code), (Confirm::Type(_), KeyCode::Char(_)));
        let action = cluster
            .settings
            .keymap
            .of(KeyContext::Plan, key)
            .filter(|_| !is_text || !is_plain(key));
        let act = action.map(|action| action.act);
        match act {
            Some(Act::Back) => return Reaction::GivenUp,
            Some(Act::Redraw) => return redraw(),
            _ => {}
        }
        let Some(answer) = self.answer(key, act, cluster) else { return Reaction::Stays };
        let Some(grant) = &cluster.settings.grant else { return Reaction::Stays };
        match self.plan.clone().approve(grant, &answer) {
            Ok(approved) => return Reaction::done_then(|host| host.carry_out(approved)),
            Err(NotApproved::Answer) => self.slip = Some(Slip::Wrong),
            Err(why @ NotApproved::OtherCluster) => {
                let said = format!("nothing was sent: {why}");
                return Reaction::stays_then(move |host| host.cluster_mut().notice(said));
            }
        }
        Reaction::Stays
    }

    fn paste(&mut self, text: &str) -> Reaction {
        self.typed.insert(text);
        Reaction::Stays
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        let width = (area.width - 4).min(110);
        let lines = lines(cluster, self, width as usize - 4);
        let height = (lines.len() as u16 + 4).min(area.height - 2).max(6);
        let inner =
            popup(cluster, frame, width, height, title(cluster, &plan_title(cluster, self)));
        let inner = Rect { x: inner.x + 1, width: inner.width - 1, ..inner };
        let body = Rect { height: inner.height.saturating_sub(2), ..inner };
        let total = lines.len();
        scrolled(frame, body, lines, &self.scroll);
        if total > body.height as usize {
            // Letters are typed where a word confirms.
            let keys = match self.plan.confirm {
                Confirm::Yes => scroll_keys(cluster, KeyContext::Plan),
                Confirm::Type(_) => "↑ ↓ PgUp PgDn".to_owned(),
            };
            let said = format!("{} of {total} lines, {keys} scroll", body.height);
            let place = Rect { y: body.bottom(), height: 1, ..inner };
            frame.render_widget(Line::styled(said, cluster.style(Slot::Dim)), place);
        }
        let place = Rect { y: inner.bottom() - 1, height: 1, ..inner };
        frame.render_widget(question(cluster, self, inner.width.into()), place);
    }
}

/// `Plan: scale web 3 → 5 on prod`: with several clusters it must be plain which is meant.
fn plan_title(cluster: &Cluster, shown: &PlanBox) -> String {
    let title = &shown.plan.title;
    if cluster.settings.named || cluster.others.names.len() > 1 {
        format!("Plan: {title} on {}", cluster.settings.name)
    } else {
        format!("Plan: {title}")
    }
}

/// The scrolling part.
fn lines(cluster: &Cluster, shown: &PlanBox, width: usize) -> Vec<Line<'static>> {
    let plan = &shown.plan;
    let mut lines = Vec::new();
    let mut say = |said: &str, slot: Slot| {
        for line in wrap(&text::clean(said), width) {
            lines.push(Line::styled(line, cluster.style(slot)));
        }
    };
    if let Some(notice) = &shown.notice {
        say(notice, Slot::Warn);
    }
    if let [first, _, ..] = plan.steps.as_slice() {
        let names: Vec<&str> = plan.steps.iter().map(|step| &*step.name).collect();
        let kind = first.target.kind();
        say(&format!("{} {kind}s: {}", names.len(), names.join(", ")), Slot::Text);
    }
    for warning in &plan.warnings {
        say(&format!("! {warning}"), Slot::Warn);
    }
    for refused in &plan.refused {
        say(&format!("✗ left out: {refused}"), Slot::Critical);
    }
    for step in &plan.steps {
        if plan.steps.len() > 1 {
            lines.push(Line::styled(
                text::clean(&step.title()).into_owned(),
                cluster.style(Slot::Title),
            ));
        }
        lines.extend(diff::lines(|slot| cluster.style(slot), &step.diff, width));
        let touches = format!("→ {}", step.touches);
        for line in wrap(&text::clean(&touches), width) {
            lines.push(Line::styled(line, cluster.style(Slot::Text)));
        }
        for line in wrap(&format!("$ {}", text::clean(&step.command)), width) {
            lines.push(Line::styled(line, cluster.style(Slot::Dim)));
        }
    }
    lines
}

/// The question at the bottom.
fn question(cluster: &Cluster, shown: &PlanBox, width: usize) -> Line<'static> {
    let key = cluster.style(Slot::Key);
    let dim = cluster.style(Slot::Dim);
    match &shown.plan.confirm {
        Confirm::Yes => {
            let mut spans = vec![
                Span::styled(" y ", key),
                Span::raw("carry out   "),
                Span::styled("Esc ", key),
                Span::styled("back without a trace", dim),
            ];
            let said = match shown.slip {
                Some(Slip::Wrong) => "   Enter does not confirm: press y",
                Some(Slip::TooSoon) => "   too soon: read it first",
                None => "",
            };
            spans.push(Span::styled(said, cluster.style(Slot::Warn)));
            Line::from(spans)
        }
        Confirm::Type(word) => {
            let ask = format!(" type \"{}\" to confirm: ", text::clean(word));
            let wrong = if shown.slip.is_some() { "  that is not it" } else { "" };
            let taken = text::width(&ask) + text::width(wrong);
            let (before, after) = typed(&shown.typed, width.saturating_sub(taken).max(10));
            Line::from(vec![
                Span::styled(ask, cluster.style(Slot::Warn)),
                Span::raw(before),
                Span::styled("▏", key),
                Span::raw(after),
                Span::styled(wrong, cluster.style(Slot::Critical)),
            ])
        }
    }
}

/// Breaks text at spaces.
pub(in crate::ui) fn wrap(said: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in said.split(' ') {
        let w = text::width(word);
        if used > 0 && used + 1 + w > width.max(1) {
            lines.push(format!("  {word}"));
            used = w + 2;
            continue;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += w;
        }
    }
    lines
}
