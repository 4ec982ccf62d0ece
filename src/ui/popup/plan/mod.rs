//! A plan: the diff, what it touches, what could go wrong, the docker command, and the question.

mod reply;

use crossterm::event::KeyEvent;
use ratatui::{Frame, layout::Rect, text::Line};

pub(in crate::ui) use self::reply::{Reply, Slip};
use crate::{
    action::plan::{Confirm, NotApproved, Plan},
    config::Slot,
    ui::{
        app::cluster::Cluster,
        chrome::popup,
        input::actions::{Act, KeyContext},
        popup::{
            behaviour::{Behaviour, Reaction, redraw, title},
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
    /// The answer to it.
    pub answer: Reply,
    /// First line shown.
    pub scroll: Scroll,
    /// Why this plan came unasked: a conflict.
    pub notice: Option<String>,
}

impl PlanBox {
    /// A plan that is about to come to the screen.
    pub fn new(plan: Plan, notice: Option<String>) -> Self {
        let answer = Reply::new(plan.confirm.clone());
        Self { plan, answer, scroll: Scroll::default(), notice }
    }
}

impl Behaviour for PlanBox {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        let act = self.answer.act_of(key, cluster);
        match act {
            Some(Act::Back) => return Reaction::GivenUp,
            Some(Act::Redraw) => return redraw(),
            _ => {}
        }
        let answer = self.answer.key(key, act, cluster, &mut self.scroll);
        let Some(answer) = answer else { return Reaction::Stays };
        let Some(grant) = &cluster.settings.grant else { return Reaction::Stays };
        match self.plan.clone().approve(grant, &answer) {
            Ok(approved) => return Reaction::done_then(|host| host.carry_out(approved)),
            Err(NotApproved::Answer) => self.answer.slip = Some(Slip::Wrong),
            Err(why @ NotApproved::OtherCluster) => {
                let said = format!("nothing was sent: {why}");
                return Reaction::stays_then(move |host| host.cluster_mut().notice(said));
            }
        }
        Reaction::Stays
    }

    fn paste(&mut self, text: &str) -> Reaction {
        self.answer.typed.insert(text);
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
        frame.render_widget(self.answer.question(cluster, inner.width.into()), place);
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
