//! A shell to confirm: where it runs, what it is, and what is good to know before.

use crossterm::event::KeyEvent;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::plan::{NotApproved, ShellPlan},
    config::Slot,
    ui::{
        app::cluster::Cluster,
        input::actions::Act,
        popup::{
            behaviour::{Behaviour, Reaction, redraw},
            plan::{AskedBox, Reply, Slip, wrap},
            scroll::Scroll,
        },
        screen::below::Below,
        widget::text,
    },
};

/// A shell on the screen, before it is started.
#[derive(Debug)]
pub struct ShellBox {
    /// Its plan.
    pub plan: ShellPlan,
    /// The answer to it.
    pub answer: Reply,
    /// First line shown.
    pub scroll: Scroll,
    /// Why it came unasked: the container has no shell.
    pub notice: Option<&'static str>,
}

impl ShellBox {
    /// One that is about to come to the screen.
    pub fn new(plan: ShellPlan, notice: Option<&'static str>) -> Self {
        let answer = Reply::new(plan.confirm.clone());
        Self { plan, answer, scroll: Scroll::default(), notice }
    }

    fn lines(&self, cluster: &Cluster, width: usize) -> Vec<Line<'static>> {
        let plan = &self.plan;
        let mut lines = Vec::new();
        if let Some(notice) = self.notice {
            lines.push(Line::styled(notice, cluster.style(Slot::Warn)));
        }
        let rows = [
            ("task", plan.name.as_str()),
            ("node", &plan.host),
            ("container", plan.short_container()),
            ("command", &plan.shown()),
        ];
        for (what, value) in rows {
            lines.push(Line::from(vec![
                Span::styled(format!("{what:<11}"), cluster.style(Slot::Dim)),
                Span::styled(text::clean(value).into_owned(), cluster.style(Slot::Text)),
            ]));
        }
        for warning in plan.warnings() {
            for line in wrap(&format!("! {}", text::clean(&warning)), width) {
                lines.push(Line::styled(line, cluster.style(Slot::Warn)));
            }
        }
        let way_out =
            "Enter ~. leaves it; what it still runs then is ended. It is in the audit file.";
        for line in wrap(way_out, width) {
            lines.push(Line::styled(line, cluster.style(Slot::Dim)));
        }
        lines
    }
}

impl Behaviour for ShellBox {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        let act = self.answer.act_of(key, cluster);
        match act {
            Some(Act::Back) => return Reaction::GivenUp,
            Some(Act::Redraw) => return redraw(),
            _ => {}
        }
        let answer = self.answer.key(key, act, cluster, &mut self.scroll);
        let (Some(answer), Some(grant)) = (answer, &cluster.settings.shell) else {
            return Reaction::Stays;
        };
        match self.plan.clone().approve(grant, &answer) {
            Ok(approved) => Reaction::done_then(|host| host.start_shell(approved)),
            Err(NotApproved::Answer) => {
                self.answer.slip = Some(Slip::Wrong);
                Reaction::Stays
            }
            Err(why @ NotApproved::OtherCluster) => {
                let said = format!("nothing was started: {why}");
                Reaction::stays_then(move |host| host.cluster_mut().notice(said))
            }
        }
    }

    fn paste(&mut self, text: &str) -> Reaction {
        self.answer.typed.insert(text);
        Reaction::Stays
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        let width = (area.width - 4).min(90);
        let asked = AskedBox {
            title: format!("Shell in {}", self.plan.name),
            width,
            lines: self.lines(cluster, width as usize - 4),
            scroll: &self.scroll,
            answer: &self.answer,
        };
        asked.draw(cluster, frame, area);
    }
}
