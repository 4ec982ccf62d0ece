//! A plan: the diff, what it touches, what could go wrong, the docker command, and the question.

mod asked;
mod reply;

use crossterm::event::KeyEvent;
use ratatui::{Frame, layout::Rect, text::Line};

pub(in crate::ui) use self::{
    asked::AskedBox,
    reply::{Reply, Slip},
};
use crate::{
    action::plan::{NotApproved, Plan},
    config::Slot,
    ui::{
        app::cluster::Cluster,
        input::actions::Act,
        popup::{
            behaviour::{Behaviour, Reaction, redraw},
            scroll::Scroll,
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
        let asked = AskedBox {
            title: format!("Plan: {}", self.plan.title),
            width,
            lines: lines(cluster, self, width as usize - 4),
            scroll: &self.scroll,
            answer: &self.answer,
        };
        asked.draw(cluster, frame, area);
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
