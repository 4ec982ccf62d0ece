//! Help: every key that means something here, from the one table of actions.

use crossterm::event::KeyEvent;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        chrome::popup,
        input::actions::{ACTIONS, Act, Action, KeyContext, Needs, ROWS},
        popup::{
            behaviour::{Behaviour, Reaction, redraw, title},
            scroll::{Scroll, scroll_keys, scrolled},
            stats,
        },
        screen::below::Below,
    },
};

/// The keys of a context, to be read.
#[derive(Debug)]
pub struct Help {
    context: KeyContext,
    scroll: Scroll,
}

impl Help {
    /// That of a context.
    pub fn new(context: KeyContext) -> Self {
        Self { context, scroll: Scroll::default() }
    }
}

impl Behaviour for Help {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        match cluster.settings.keymap.of(KeyContext::Page, key).map(|action| action.act) {
            Some(Act::Redraw) => redraw(),
            Some(act) if self.scroll.act(act) => Reaction::Stays,
            _ => Reaction::GivenUp,
        }
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        let lines = lines(below, self.context);
        let height = (lines.len() as u16 + 2).min(area.height);
        let width = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 3;
        // A page that goes on below says so.
        let said = match lines.len() + 2 > usize::from(area.height) {
            true => {
                format!(
                    "Help · {} scroll, any other key closes",
                    scroll_keys(cluster, KeyContext::Page)
                )
            }
            false => "Help · any other key closes".to_owned(),
        };
        let title = title(cluster, &said);
        let inner = popup(cluster, frame, width, height, title);
        scrolled(frame, inner, lines, &self.scroll);
    }
}

/// The help's lines.
fn lines(below: Below<'_>, context: KeyContext) -> Vec<Line<'static>> {
    let cluster = below.cluster;
    let mut lines = vec![Line::styled(
        format!(
            "{} · {}",
            below.name(),
            if cluster.is_read_only() { "read-only" } else { "read and write" }
        ),
        cluster.style(Slot::Dim),
    )];
    // What is special here first, then what goes everywhere; nothing that does not work now.
    let everywhere = |a: &&Action| {
        ROWS.iter().all(|view| a.contexts.contains(view))
            && matches!(a.needs, Needs::Nothing | Needs::Rows)
    };
    let offered = || ACTIONS.iter().filter(|a| below.offers_in(a, context));
    let here: Vec<_> = offered().filter(|a| !everywhere(a)).collect();
    let all: Vec<_> = offered().filter(everywhere).collect();
    for (title, actions) in [("Here", here), ("Everywhere", all)] {
        if actions.is_empty() {
            continue;
        }
        lines.push(Line::styled(title, cluster.style(Slot::Title)));
        for action in actions {
            let keys = format!("{:>14}  ", cluster.settings.keymap.shown(action, context));
            lines.push(Line::from(vec![
                Span::styled(keys, cluster.style(Slot::Key)),
                Span::styled(action.words, cluster.style(Slot::Text)),
            ]));
        }
    }
    lines.push(Line::default());
    if let Some(usage) = &cluster.link.usage {
        lines.push(Line::styled(stats::budget(usage), cluster.style(Slot::Dim)));
    }
    lines.push(Line::styled(
        "Glyphs: · well   ◐ on its way   ! look at it   ✗ act   ★ leader   – ended",
        cluster.style(Slot::Dim),
    ));
    lines
}
